"""Parcels, use of land, water and districts of the cadastre."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely

from layers.alkis import land_class
from layers.cadastre.findings import finding
from layers.cadastre.prepare import municipality_key

if TYPE_CHECKING:
    from twin.provenance import Finding

REGISTERED = "registered"
MUNICIPALITY, TRACT = 8.0, 10.0  # administrative levels in Germany
MARK = r"^(\d{2})(\d{4})(\d{3}|_{3})(\d{5})([\d_]{4})"
"""Land, Gemarkung, Flur, Zähler, Nenner of a Flurstückskennzeichen."""


def translate_parcels(raw: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Return the rows of `parcels`; the official area counts, the drawn one where it is missing."""
    mark = raw["mark"].fillna("").str.extract(MARK)
    numerator = _number(raw["numerator"]).fillna(_number(mark[3]))
    denominator = _number(raw["denominator"]).fillna(_number(mark[4].str.strip("_")))
    field = _number(raw["field"]).fillna(_number(mark[2]))
    official = pd.to_numeric(raw["area"], errors="coerce")
    official = official.where(official > 0)
    drawn = pd.Series(shapely.area(raw.geometry.array).round(1), index=raw.index)
    message = "{count} of {total} parcels have no official area; the drawn one is taken."
    missing = raw.index[official.isna()]
    found = finding("parcel_area", "parcels", missing, message, total=len(raw), column="area_m2")
    source = pd.Series(REGISTERED, index=raw.index).mask(official.isna(), "registered:outline")
    table = {
        "number": _written(raw["tract"], field, numerator, denominator),
        "tract": raw["tract"],
        "area_m2": official.fillna(drawn),
        "area_source": source,
        "location": raw["location"],
    }
    return gpd.GeoDataFrame(table, geometry=raw.geometry.array, index=raw.index, crs=raw.crs), found


def translate_land(
    raw: gpd.GeoDataFrame,
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, list[Finding]]:
    """Return the rows of `landuse` and of `water`; a use nobody knows becomes "other"."""
    use = land_class(raw["use"], raw["kind"])
    unknown = use["class"].isna()
    message = "{count} of {total} areas have a use that the catalogue does not know."
    found = finding("use", "landuse", raw["use"][unknown].fillna("?"), message, total=len(raw))
    wet = use["table"] == "water"
    table = {
        "name": raw["name"],
        "class": use["class"].fillna("other"),
        "area_m2": shapely.area(raw.geometry.array).round(1),
        "land_source": REGISTERED,
        "is_tunnel": False,
    }
    frame = gpd.GeoDataFrame(table, geometry=raw.geometry.array, index=raw.index, crs=raw.crs)
    return frame[~wet], frame[wet], found


def translate_districts(
    units: gpd.GeoDataFrame | None, tracts: gpd.GeoDataFrame | None
) -> gpd.GeoDataFrame | None:
    """
    Return the rows of `districts`: municipalities and Gemarkungen, keyed by their official keys.

    A Gemarkung that is given only in its Fluren is put together from them.
    """
    parts = []
    if units is not None and len(units):
        kind = units["kind"].fillna("").str.lower()
        towns = units[kind.str.contains(r"gemeinde$|^stadt$|^gemeinde|kreisfreie stadt")]
        keys = "ags:" + towns["key"].fillna("").map(municipality_key)
        parts.append(_areas(towns, towns["name"], keys, MUNICIPALITY))
    if tracts is not None and len(tracts):
        parts.append(_tracts(tracts))
    parts = [part for part in parts if len(part)]
    if not parts:
        return None
    whole = pd.concat(parts)
    return whole[~whole.index.duplicated()]


def _tracts(raw: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    kind = raw["kind"].fillna("gemarkung").str.lower().str.replace(" ", "")
    whole = raw[kind == "gemarkung"]
    keys = whole["key"].fillna(whole["name"])
    done = _areas(whole, whole["name"], "gemarkung:" + keys, TRACT)
    fields = raw[kind.str.contains("flur|teil") & raw["key"].notna()]
    joined = fields.assign(tract=fields["key"].str[:6], name=fields["above"]).dissolve("tract")
    keys = "gemarkung:" + pd.Series(joined.index, index=joined.index)
    parts = _areas(joined, joined["name"], keys, TRACT)
    return pd.concat([done, parts[~parts.index.isin(done.index)]])


def _areas(
    raw: gpd.GeoDataFrame, names: pd.Series[Any], keys: pd.Series[Any], level: float
) -> gpd.GeoDataFrame:
    table = {
        "name": names.fillna(keys.str.replace(r"^.*:", "", regex=True)).to_numpy(),
        "level": level,
        "boundary_source": REGISTERED,
    }
    shapes = raw.geometry.array
    index = pd.Index(keys.to_numpy(), dtype="str")
    frame = gpd.GeoDataFrame(table, geometry=shapes, index=index, crs=raw.crs)
    if frame.index.has_duplicates:  # an exclave that is an object of its own
        frame = frame.dissolve(frame.index, aggfunc="first")
    return frame.assign(area_m2=frame.area.round(1))


def _number(values: pd.Series[Any]) -> pd.Series[Any]:
    """Return numbers without leading zeros as text ("Flur 7", "007", "7.0" are all 7)."""
    digits = values.astype("str").str.extract(r"(\d+)(?:\.0+)?$")[0]
    return digits.str.lstrip("0").mask(digits.str.strip("0") == "")


def _written(
    tract: pd.Series[Any],
    field: pd.Series[Any],
    numerator: pd.Series[Any],
    denominator: pd.Series[Any],
) -> pd.Series[Any]:
    """Return the parcel number as written on paper: "Sieglar, Flur 12, 345/6"."""
    number = (numerator + ("/" + denominator).fillna("")).fillna("")
    start = (tract + ", ").fillna("") + ("Flur " + field + ", ").fillna("")
    return (start + number).str.strip(", ").mask(number == "")
