"""Buildings and addresses of the cadastre; parts, structures and what lies underground apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.alkis import building_use
from layers.alkis.catalogue import plain_name
from layers.cadastre.addresses import addresses_of
from layers.cadastre.findings import finding

if TYPE_CHECKING:
    from twin.provenance import Finding

REGISTERED = "registered"
UNDERGROUND = r"unter der erdoberfläche|^1200$"
MOST_STOREYS = 150
UNSPECIFIED = "9998"  # the register says that nobody knows


def translate_buildings(raw: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Return the rows of `buildings`: what stands above ground and can be entered.

    Left out and counted: parts (their outline belongs to a building that is there as well),
    structures such as canopies and tanks, buildings below the ground.
    """
    use = _uses(raw)
    kind = raw["kind"].fillna("").map(plain_name)
    part = kind.str.startswith("bauteil")
    structure = ~part & (use["is_structure"] | ~kind.str.match(r"^(?:$|geb(?:ä|ae)ude)"))
    below = raw["position"].fillna("").str.lower().str.contains(UNDERGROUND)
    below &= ~part & ~structure
    found = _left_out(raw, part=part, structure=structure, below=below)
    kept = ~(part | structure | below)
    raw, use = raw[kept], use[kept]
    storeys, absurd = _storeys(raw["storeys"])
    message = "{count} numbers of storeys are absurd and are left out."
    found += finding("storeys", "buildings", absurd, message, column="storeys")
    known = use["use"] != "unknown"
    unspecified = raw["key"].fillna("").str.endswith(UNSPECIFIED)
    unspecified |= use["function"] == building_use(pd.Series([UNSPECIFIED]))["function"].iloc[0]
    unread = use["function"][~known & use["function"].notna() & ~unspecified]
    message = "{count} of {total} buildings have a function that the catalogue does not know."
    found += finding(
        "function", "buildings", unread, message, severity="info", total=len(raw), column="use"
    )
    table = {
        "name": raw["name"],
        "function": use["function"],
        "use": use["use"],
        "use_source": np.where(known, REGISTERED, "unknown"),
        "size_class": use["size_class"],
        "size_class_source": _source(use["size_class"]),
        "storeys": storeys,
        "storeys_source": _source(storeys),
        "footprint_m2": shapely.area(raw.geometry.array).round(1),
        "has_parts": False,
    }
    return gpd.GeoDataFrame(table, geometry=raw.geometry.array, index=raw.index, crs=raw.crs), found


def translate_addresses(
    raw: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, towns: pd.Series[Any]
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """
    Return the rows of `addresses`, each in the middle of its building, and the first of each.

    `towns` are names of municipalities by key.
    """
    found = addresses_of(raw.loc[buildings.index, "address"])
    keys = raw["municipality"].map(towns) if len(towns) else pd.Series(None, index=raw.index)
    found["locality"] = keys.reindex(found["row"]).astype("str").to_numpy()
    found["building_id"] = found["row"]
    first = found.drop_duplicates("row").set_index("row")[["street", "housenumber", "locality"]]
    numbered = found[found["housenumber"].notna()]
    place = numbered.groupby("row").cumcount()
    numbered.index = pd.Index(numbered["row"] + ":" + place.astype("str"), dtype="str")
    points = shapely.point_on_surface(buildings.geometry.reindex(numbered["row"]).array)
    shapes = shapely.set_precision(np.asarray(points, dtype=object), 0.001)
    frame = gpd.GeoDataFrame(numbered.drop(columns="row"), geometry=shapes, crs=buildings.crs)
    return frame, first.reindex(buildings.index)


def _uses(raw: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return what key and name say: the key where the catalogue knows it, else the name."""
    by_key = building_use(raw["key"])
    by_name = building_use(raw["function"])
    unread = (by_key["use"] == "unknown") & ~by_key["is_structure"] & raw["function"].notna()
    use = by_key.mask(unread, by_name)
    use["function"] = raw["function"].fillna(use["function"])  # the official word as it stands
    use["is_structure"] = use["is_structure"].astype(bool)
    return use


def _left_out(
    raw: gpd.GeoDataFrame, *, part: pd.Series[Any], structure: pd.Series[Any], below: pd.Series[Any]
) -> list[Finding]:
    total = len(raw)
    message = "{count} of {total} objects are parts inside a building and are left out."
    found = finding("parts", "buildings", raw.index[part], message, severity="info", total=total)
    message = "{count} of {total} objects are structures such as canopies, no buildings; left out."
    found += finding(
        "structures", "buildings", raw.index[structure], message, severity="info", total=total
    )
    message = "{count} of {total} buildings lie below the ground and are left out."
    return found + finding(
        "underground", "buildings", raw.index[below], message, severity="info", total=total
    )


def _storeys(values: pd.Series[Any]) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """Return storeys above ground; zero means that the register does not say it."""
    storeys = pd.to_numeric(values, errors="coerce")
    absurd = values.notna() & ~storeys.between(0, MOST_STOREYS)
    return storeys.where(storeys.between(1, MOST_STOREYS)), values[absurd]


def _source(values: pd.Series[Any]) -> pd.Series[Any]:
    return pd.Series(REGISTERED, index=values.index).where(values.notna())
