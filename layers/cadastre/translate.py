"""From prepared layers to the standard tables; nothing is read or written here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely

from layers.cadastre.buildings import translate_addresses, translate_buildings
from layers.cadastre.land import translate_districts, translate_land, translate_parcels
from layers.cadastre.prepare import municipality_key, same_municipality
from twin.errors import SourceError
from twin.schema import TABLES
from twin.validation import conform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twin.provenance import Finding

Frames = dict[str, gpd.GeoDataFrame]


def translate(
    frames: Mapping[str, gpd.GeoDataFrame], *, crs: str
) -> tuple[dict[str, pd.DataFrame], list[Finding]]:
    """Return the standard tables of prepared layers, and what was noticed."""
    tables: dict[str, gpd.GeoDataFrame] = {}
    found: list[Finding] = []
    if "buildings" in frames:
        raw = frames["buildings"]
        buildings, seen = translate_buildings(raw)
        addresses, first = translate_addresses(raw, buildings, _towns(frames))
        tables |= {"buildings": buildings.assign(**first), "addresses": addresses}
        found += seen
    if "parcels" in frames:
        tables["parcels"], seen = translate_parcels(frames["parcels"])
        found += seen
    land = next((frames[k] for k in ("landuse", "landuse_of_parcels") if k in frames), None)
    if land is not None:
        tables["landuse"], tables["water"], seen = translate_land(land)
        found += seen
    districts = translate_districts(frames.get("units"), frames.get("tracts"))
    if districts is not None:
        tables["districts"] = districts
    return {name: conform(TABLES[name], table, crs=crs) for name, table in tables.items()}, found


def only_municipality(frames: Frames, wanted: str) -> Frames:
    """
    Return what belongs to one municipality: by its key, else by lying inside its boundary.

    Raises `SourceError` where neither is known, or nothing belongs to it.
    """
    shape = _shape_of(frames, wanted)
    kept = {}
    for kind, frame in frames.items():
        keys = frame["key"] if kind == "units" else frame.get("municipality")
        if keys is not None and keys.notna().any():
            kept[kind] = frame[same_municipality(keys, wanted).to_numpy()]
        elif shape is not None:
            points = shapely.point_on_surface(frame.geometry.array)
            kept[kind] = frame[shapely.contains(shape, points)]
        elif kind in {"buildings", "parcels"}:
            template = "The cadastre does not say what belongs to the municipality {key}."
            hint = "Give the layer VerwaltungsEinheit as well, or leave the municipality out."
            raise SourceError(template, hint=hint, key=wanted)
        else:
            kept[kind] = frame
    if not any(map(len, kept.values())):
        template = "The cadastre holds nothing of the municipality {key}."
        hint = "Check the key: eight digits such as 05382068 for Troisdorf."
        raise SourceError(template, hint=hint, key=wanted)
    return kept


def _shape_of(frames: Frames, wanted: str) -> Any:
    units = frames.get("units")
    if units is None or units.empty:
        return None
    own = units[same_municipality(units["key"], wanted).to_numpy()]
    if own.empty:
        return None
    shape = shapely.union_all(own.geometry.array)
    shapely.prepare(shape)
    return shape


def _towns(frames: Mapping[str, gpd.GeoDataFrame]) -> pd.Series[Any]:
    """Return names of municipalities by their key as the buildings write it."""
    pairs = []
    if "parcels" in frames:
        pairs.append(frames["parcels"][["municipality", "town"]].set_axis(["key", "name"], axis=1))
    if "units" in frames:
        pairs.append(frames["units"][["key", "name"]])
    if not pairs or "buildings" not in frames:
        return pd.Series(dtype="str")
    known = pd.concat([pd.DataFrame(pair) for pair in pairs]).dropna().drop_duplicates()
    plain = {municipality_key(k): n for k, n in zip(known["key"], known["name"], strict=True)}
    keys = frames["buildings"]["municipality"].dropna().unique()
    return pd.Series({key: plain.get(municipality_key(key)) for key in keys}, dtype="str")
