"""Tiles to standard tables: one CRS, every object once, everything odd counted."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NoReturn

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.citymodel.findings import findings_of
from layers.citymodel.planes import plausible
from layers.citymodel.raw import RawModel, count_odd, join, take_objects, take_polygons
from layers.citymodel.reference import corners_in, target_crs
from layers.citymodel.same import merge_same, name_objects, root_rows
from layers.citymodel.surfaces import SIDES, envelope_rows, roof_rows, side_of
from layers.citymodel.tables import building_rows, measure
from layers.source_data import SourceData
from twin.errors import SourceError
from twin.schema import TABLES
from twin.validation import conform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from layers.citymodel.raw import Tile
    from layers.source_data import Area, Progress
    from twin.provenance import Source


def translate(
    tiles: Sequence[Tile],
    source: Source,
    *,
    area: Area | None = None,
    progress: Progress | None = None,
) -> SourceData:
    """
    Translate tiles that were read; their order does not matter.

    Raises
    ------
    SourceError
        A tile with buildings names no CRS or an unknown one, or no tile holds any building.
    """
    say = progress or (lambda _step, _share: None)
    say("Bring tiles into one coordinate system", 0.0)
    counts, examples = count_odd(tiles)
    odd = {name: (counts[name], examples[name]) for name in counts}
    crs = target_crs(tiles)
    if not crs:
        _refuse_nothing(area)
    models = [_placed(tile, crs, odd) for tile in tiles]
    if not any(len(model.corners) for model in models):
        _refuse_nothing(None)
    say("Join buildings that several tiles hold", 0.2)
    model, more = _once(join(models))
    model = _within(model, area, crs)
    if not len(model.corners):
        _refuse_nothing(area)
    say("Measure roofs, walls and footprints", 0.4)
    found = measure(model)
    rows, odd_buildings = building_rows(found)
    roofs, odd_roofs = roof_rows(found)
    for seen in (more, found.odd, odd_buildings, odd_roofs):
        odd |= {name: (len(ids), ids) for name, ids in seen.items() if ids}
    say("Write tables of the city", 0.8)
    there = ~shapely.is_missing(found.footprint)
    raw = {
        "buildings": rows[there].set_index("building_id"),
        "roofs": roofs,
        "envelopes": envelope_rows(found),
    }
    raw["addresses"] = _addresses(found.model.addresses, rows)
    tables = {name: _conformed(name, frame, crs) for name, frame in _tied(raw).items()}
    structures = list(
        rows["building_id"][rows["is_structure"] & there & (found.root == rows.index)]
    )
    odd["structure"] = (len(structures), structures)
    say("Done", 1.0)
    return SourceData(
        name="",
        crs=crs,
        tables=tables,
        source=dataclasses.replace(source, tables=tuple(tables), date=_newest(model)),
        findings=findings_of(odd, tables, tiles),
        report={"citymodel": _report(tiles, model, tables)},
        kind="lod2",
    )


def _refuse_nothing(area: Area | None) -> NoReturn:
    if area is None:
        template = "The city model files hold no building."
        hint = "Check that they are LoD1 or LoD2 tiles with buildings, and not empty."
        raise SourceError(template, hint=hint)
    template = "No building of the city model lies in the area."
    hint = "Check that the tiles and the area belong to the same place."
    raise SourceError(template, hint=hint)


def _placed(tile: Tile, crs: str, odd: dict[str, tuple[int, list[str]]]) -> RawModel:
    """Return the model of a tile in `crs`; note what was odd about its axes."""
    if not len(tile.model.corners):
        return tile.model
    corners, seen = corners_in(tile, crs)
    if seen:
        count, names = odd.get(seen, (0, []))
        odd[seen] = (count + 1, [*names, tile.name])
    model = dataclasses.replace(tile.model, corners=corners)
    good = plausible(model)
    if not good.all():
        ids = model.objects["object_id"].astype(object).to_numpy()
        count, names = odd.get("polygon_absurd", (0, []))
        lost = list(ids[model.polygon_object[~good]])
        odd["polygon_absurd"] = (count + len(lost), [*names, *lost])
    return take_polygons(model, good)


def _once(model: RawModel) -> tuple[RawModel, dict[str, list[str]]]:
    model, named = name_objects(model)
    model, seen = merge_same(model)
    return model, {"id_missing": named, **seen}


def _within(model: RawModel, area: Area | None, crs: str) -> RawModel:
    """Keep buildings, with all their parts, whose middle lies in the area."""
    if area is None or not len(model.corners):
        return model
    root = root_rows(model.objects["parent"].to_numpy())
    owner = root[model.corner_object]
    count = np.bincount(owner, minlength=len(root))
    x, y = (
        np.bincount(owner, model.corners[:, axis], minlength=len(root)) / np.maximum(count, 1)
        for axis in (0, 1)
    )
    shape = area.within(crs)
    shapely.prepare(shape)
    inside: NDArray[np.bool_] = shapely.contains_xy(shape, x, y) & (count > 0)
    return take_objects(model, inside[root])


def _addresses(addresses: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return each address of a whole building once, at a point inside it."""
    row = addresses["object"].to_numpy(dtype=np.int64)
    whole = rows["part_of"].astype(object).where(rows["part_of"].notna(), rows["building_id"])
    place = rows.set_index("building_id")["geometry"]
    frame = addresses.drop(columns="object").assign(building_id=whole.to_numpy()[row])
    frame = frame.drop_duplicates(["building_id", "street", "housenumber"])
    shape = place.reindex(frame["building_id"]).to_numpy(dtype=object)
    frame = frame.assign(geometry=shapely.set_precision(shapely.point_on_surface(shape), 0.001))
    frame = frame[~shapely.is_missing(shape)]
    words = frame[["street", "housenumber"]].astype("str").fillna("")
    key = frame["building_id"].astype("str") + ":" + words["street"] + " " + words["housenumber"]
    named: pd.DataFrame = frame.set_axis(key.str.strip(), axis=0)
    return named


def _tied(raw: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Leave out buildings without height and what names them; give each its first address."""
    high = raw["buildings"]["height_m"].notna()
    raw["buildings"] = _whole_families(raw["buildings"][high])
    known = raw["buildings"].index
    for name in ("roofs", "addresses"):
        raw[name] = raw[name][raw[name]["building_id"].isin(known)]
    raw["envelopes"] = raw["envelopes"][raw["envelopes"].index.isin(known)]
    words = ["street", "housenumber", "postcode", "locality"]
    by_number = raw["addresses"].sort_values(["building_id", "street", "housenumber"])
    first = by_number.drop_duplicates("building_id").set_index("building_id")[words]
    whole = (
        raw["buildings"]["part_of"]
        .astype(object)
        .where(raw["buildings"]["part_of"].notna(), raw["buildings"].index.to_series())
    )
    of_whole = first.reindex(whole).set_axis(known, axis=0)
    raw["buildings"] = pd.concat([raw["buildings"], of_whole], axis=1)
    return raw


def _whole_families(buildings: pd.DataFrame) -> pd.DataFrame:
    """Let parts and outlines stand for themselves where the other one is left out."""
    part_of = buildings["part_of"].astype(object)
    part_of = part_of.where(part_of.isin(buildings.index), None)
    has_parts = buildings["has_parts"] & buildings.index.isin(part_of.dropna())
    return buildings.assign(part_of=part_of, has_parts=has_parts)


def _conformed(name: str, frame: pd.DataFrame, crs: str) -> Any:
    table = TABLES[name]
    if table.geometry:
        frame = gpd.GeoDataFrame(frame, geometry="geometry", crs=crs)
    return conform(table, frame, crs=crs)


def _newest(model: RawModel) -> str:
    dates = model.objects["date"].dropna()
    dates = dates[dates.astype("str").str.fullmatch(r"\d{4}-\d{2}-\d{2}")]
    return str(dates.max()) if len(dates) else ""


def _report(
    tiles: Sequence[Tile], model: RawModel, tables: dict[str, pd.DataFrame]
) -> dict[str, Any]:
    """Return the figures of this reading for the quality report."""
    buildings, roofs = tables["buildings"], tables["roofs"]
    whole = buildings["part_of"].isna()
    return {
        "tiles": len(tiles),
        "tiles_empty": sum(not len(tile.model.corners) for tile in tiles),
        "buildings": int(whole.sum()),
        "parts": int((~whole).sum()),
        "roof_surfaces": int(model.objects["roof_surfaces"].fillna(0).sum()),
        "roof_planes": len(roofs),
        "roof_m2": roofs_by_side(roofs),
    }


ORIENTED = 10.0
"""Tilt [°] below which a plane counts as flat where roofs are counted by orientation."""


def roofs_by_side(roofs: pd.DataFrame) -> dict[str, float]:
    """Return roof area [m²] by orientation: north (315° to 45°), east, south, west, flat."""
    tilted = (roofs["tilt_deg"] >= ORIENTED).to_numpy()
    area = roofs["area_m2"].to_numpy()
    side = side_of(np.nan_to_num(roofs["azimuth_deg"].to_numpy()))
    sums = {s: float(area[tilted & (side == n)].sum().round(1)) for n, s in enumerate(SIDES)}
    return {**sums, "flat": float(area[~tilted].sum().round(1))}
