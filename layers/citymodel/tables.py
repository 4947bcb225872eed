"""From the objects and polygons of a model to buildings, roofs, walls and addresses."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from layers.alkis import building_use, plain_id, roof_type
from layers.citymodel.planes import measure_polygons, name_faces, wall_signs
from layers.citymodel.raw import CEILING, FLOOR, GROUND, ROOF, RawModel, take_polygons
from layers.citymodel.same import root_rows
from layers.citymodel.shapes import plans_by_object, polygons_of, unions

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEGENERATE = 1e-4  # m²
OFF_PLANE = 0.05  # m that a corner may lie off its plane
OPEN = 0.02  # share of the surface by which the faces of a body may fail to close it
OWN_BODY = 0.5  # share of its outline under parts from which on a building's own body is theirs
MEASURED = "measured:lod2"
REGISTERED = "registered:lod2"

CITYGML_ROOFS = {
    "1010": "skillion", "1020": "skillion", "1030": "gabled", "1040": "hipped",
    "1050": "half_hipped", "1060": "mansard", "1070": "pyramidal", "1080": "pyramidal",
    "1090": "dome", "1100": "other", "1110": "round", "1120": "pyramidal", "1130": "other",
}  # fmt: skip
"""Roof types of the code list in annex C of CityGML 2.0 that the AdV list has not."""


@dataclass(frozen=True)
class Measured:
    """A model with everything that its polygons tell; `odd` names rows by kind of oddity."""

    model: RawModel
    planes: pd.DataFrame
    kind: NDArray[np.int64]
    footprint: NDArray[np.object_]  # by object: its own, that of its parts where it has none
    root: NDArray[np.int64]
    leaf: NDArray[np.bool_]  # objects with a body: parts, and buildings without parts
    roofed: NDArray[np.bool_]  # leaves whose roof is modelled; LoD1 has flat tops everywhere
    base: NDArray[np.float64]
    top: NDArray[np.float64]
    odd: dict[str, list[str]]


def measure(model: RawModel) -> Measured:
    """Measure and repair a model; nothing in it is fatal."""
    ids = model.objects["object_id"].astype(object).to_numpy()
    odd: dict[str, list[str]] = {}
    planes = measure_polygons(model)
    tiny = planes["area"].to_numpy() < DEGENERATE
    odd["polygon_degenerate"] = list(ids[model.polygon_object[tiny]])
    model, planes = take_polygons(model, ~tiny), planes[~tiny].reset_index(drop=True)
    off = planes["off_plane"].to_numpy() > OFF_PLANE
    odd["polygon_not_planar"] = list(ids[model.polygon_object[off]])
    kind, sign = name_faces(model, planes)
    own, footprint_odd = _footprints(model, planes, kind)
    odd |= {name: list(ids[rows]) for name, rows in footprint_odd.items()}
    model, own, doubled = _bodies_beside_parts(model, own)
    odd["body_and_parts"] = list(ids[doubled])
    planes = _turned(planes, sign)
    beside = wall_signs(model, planes, kind, own)
    planes = _turned(planes, beside)
    odd["polygon_turned"] = list(ids[model.polygon_object[sign * beside < 0]])
    return _bodies(model, planes, kind, own, odd)


def _turned(planes: pd.DataFrame, sign: NDArray[np.float64]) -> pd.DataFrame:
    return planes.assign(**{name: planes[name] * sign for name in ("x", "y", "z", "moment")})


def _footprints(
    model: RawModel, planes: pd.DataFrame, kind: NDArray[np.int64]
) -> tuple[NDArray[np.object_], dict[str, NDArray[np.int64]]]:
    """Return the footprint by object: its ground, else the shadow of its roofs."""
    plans, owner, count = (
        polygons_of(model, heights=False),
        model.polygon_object,
        len(model.objects),
    )
    ground = kind == GROUND
    shapes, repaired = plans_by_object(plans[ground], owner[ground], count)
    bare = shapely.is_missing(shapes)
    over = np.isin(kind, (ROOF, FLOOR, CEILING)) & bare[owner]
    over &= np.abs(planes["z"].to_numpy()) > DEGENERATE
    shadow, _ = plans_by_object(plans[over], owner[over], count)
    missing = np.flatnonzero(bare & ~shapely.is_missing(shadow))
    shapes[missing] = shadow[missing]
    return shapes, {"footprint_repaired": repaired, "ground_missing": missing}


def _bodies_beside_parts(
    model: RawModel, own: NDArray[np.object_]
) -> tuple[RawModel, NDArray[np.object_], NDArray[np.int64]]:
    """
    Make the own body of a building with parts a part too, unless its parts fill it.

    Where they do, its own polygons stay out of roofs and walls (its row is no leaf).
    """
    parent = model.objects["parent"].to_numpy()
    root = root_rows(parent)
    count = len(root)
    is_part = parent >= 0
    of_parts = unions(_only(own, is_part), root, count)
    both = np.flatnonzero(~shapely.is_missing(of_parts) & ~shapely.is_missing(own) & ~is_part)
    if not len(both):
        return model, own, both
    shared = shapely.area(shapely.intersection(own[both], of_parts[both]))
    filled = shared >= OWN_BODY * shapely.area(own[both])
    beside = both[~filled]
    if not len(beside):
        return model, own, both
    number = np.arange(count)
    number[beside] = count + np.arange(len(beside))
    added = model.objects.iloc[beside].assign(
        object_id=model.objects["object_id"].iloc[beside] + ":body", parent=beside
    )
    objects = pd.concat([model.objects, added], ignore_index=True)
    moved = dataclasses.replace(model, objects=objects, polygon_object=number[model.polygon_object])
    body = own[beside]
    own = np.concatenate([own, body])
    own[beside] = None
    return moved, own, both


def _bodies(
    model: RawModel,
    planes: pd.DataFrame,
    kind: NDArray[np.int64],
    own: NDArray[np.object_],
    odd: dict[str, list[str]],
) -> Measured:
    """Sum polygons up by object and objects by building."""
    count, owner = len(model.objects), model.polygon_object
    parent = model.objects["parent"].to_numpy()
    root = root_rows(parent)
    with_parts = np.zeros(count, dtype=bool)
    with_parts[root[(parent >= 0) & ~shapely.is_missing(own)]] = True
    around = unions(_only(own, parent >= 0), root, count)
    footprint = np.where(shapely.is_missing(own), around, own)
    base, top = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(base, owner, planes["low"].to_numpy())
    np.maximum.at(top, owner, planes["high"].to_numpy())
    ground = kind == GROUND
    on_ground = np.full(count, np.inf)
    np.minimum.at(on_ground, owner[ground], planes["low"].to_numpy()[ground])
    base = np.where(np.isfinite(on_ground), on_ground, base)
    np.minimum.at(base, root, base.copy())
    np.maximum.at(top, root, top.copy())
    base, top = (np.where(np.isfinite(values), values, np.nan) for values in (base, top))
    empty = shapely.is_missing(footprint)
    ids = model.objects["object_id"].astype(object).to_numpy()
    odd["without_shape"] = list(ids[empty])
    leaf = ~with_parts & ~empty
    odd["shell_open"] = list(ids[_open(planes, kind, owner, count) & leaf])
    roofed = leaf & ~(model.objects["lod"].astype(float) < 2).to_numpy()
    return Measured(model, planes, kind, footprint, root, leaf, roofed, base, top, odd)


def _only(values: NDArray[np.object_], chosen: NDArray[np.bool_]) -> NDArray[np.object_]:
    """Return the chosen values and nothing elsewhere."""
    out = np.full(len(values), None, dtype=object)
    out[chosen] = values[chosen]
    return out


def _open(
    planes: pd.DataFrame, kind: NDArray[np.int64], owner: NDArray[np.int64], count: int
) -> NDArray[np.bool_]:
    """Tell which bodies their faces do not close: the vector areas of a closed one sum to zero."""
    left = np.column_stack(
        [np.bincount(owner, planes[name].to_numpy(), minlength=count) for name in "xyz"]
    )
    surface = np.bincount(owner, planes["area"].to_numpy(), minlength=count)
    bodies = np.bincount(owner, kind != GROUND, minlength=count) > 0
    gap: NDArray[np.bool_] = np.linalg.norm(left, axis=1) > OPEN * surface
    return bodies & gap


def building_rows(found: Measured) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Return the buildings table's rows by row of object, and what was odd."""
    objects, root, base = found.model.objects, found.root, found.base
    ids = objects["object_id"].astype(object).to_numpy()
    is_part = root != np.arange(len(root))
    has_parts = np.zeros(len(root), dtype=bool)
    has_parts[root[is_part & ~shapely.is_missing(found.footprint)]] = True
    height, odd = _heights(found, ids)
    lifted = np.where(is_part, base - base[root], 0.0)
    frame = pd.DataFrame(
        {
            "name": objects["name"],
            "other_ids": _official(objects),
            "part_of": _only(ids[root], is_part),
            "has_parts": has_parts & ~is_part,
            "height_m": np.where(height + lifted <= 500, height + lifted, np.nan).round(3),
            "min_height_m": lifted.round(3).clip(0, 500),
            "ground_m": base[root].round(3),
            "footprint_m2": shapely.area(found.footprint).round(2),
            "storeys": _between(objects["storeys"], 0, 150),
            "year_built": _between(objects["year"], 500, 2100),
        }
    )
    frame = pd.concat([frame, _uses(objects, root), _roofs_of(found)], axis=1)
    label_of_height = np.where(objects["lod"].astype(float) == 1, "measured:lod1", MEASURED)
    for column, label in (
        ("height_m", label_of_height), ("ground_m", MEASURED), ("storeys", REGISTERED),
        ("year_built", REGISTERED), ("roof_type", MEASURED), ("roof_height_m", MEASURED),
    ):  # fmt: skip
        name = column.removesuffix("_m") + "_source"
        frame[name] = pd.Series(label, frame.index, dtype="str").where(frame[column].notna())
    return frame.assign(building_id=ids, geometry=found.footprint), odd


def _official(objects: pd.DataFrame) -> pd.Series[Any]:
    """Return the id of the cadastre where the model has one of its own beside it."""
    official = plain_id(objects["official_id"].astype("str"))
    return official.where(official.notna() & (official != objects["object_id"].astype("str")))


def _heights(
    found: Measured, ids: NDArray[np.object_]
) -> tuple[NDArray[np.float64], dict[str, list[str]]]:
    """Return the height above the own base: as measured in the file, else of the polygons."""
    said = found.model.objects["measured_height"].astype(float).to_numpy()
    drawn = found.top - found.base
    absurd = ~np.isnan(said) & ~((said >= 0.5) & (said <= 500))
    height = np.where(np.isnan(said) | absurd, drawn, said)
    height = np.where((height >= 0.5) & (height <= 500), height, np.nan)
    differ = ~absurd & (np.abs(said - drawn) > np.maximum(1.0, 0.2 * said)) & (drawn > 0.5)
    return height, {
        "height_absurd": list(ids[absurd]),
        "height_differs": list(ids[differ]),
        "height_unknown": list(ids[np.isnan(height) & ~shapely.is_missing(found.footprint)]),
    }


def _between(values: pd.Series[Any], low: float, high: float) -> pd.Series[Any]:
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    return numbers.where((numbers >= low) & (numbers <= high))


def _uses(objects: pd.DataFrame, root: NDArray[np.int64]) -> pd.DataFrame:
    """Return what the cadastre's function says; parts take that of their building."""
    own = objects["function"].astype(object).where(objects["function"].notna(), None)
    text = own.where(own.notna(), own.iloc[root].reset_index(drop=True)).astype("str")
    there = text.notna()
    said = building_use(text.fillna(""))
    known = there & (said["use"] != "unknown")
    non_residential = said["size_class"].where(known)
    label = pd.Series(REGISTERED, objects.index, dtype="str")
    return pd.DataFrame(
        {
            "use": said["use"].where(known, "unknown"),
            "use_source": label.where(known, "unknown"),
            "function": said["function"].where(there),
            "size_class": non_residential,
            "size_class_source": label.where(non_residential.notna()),
            "is_structure": said["is_structure"] & known,
        }
    )


def _roofs_of(found: Measured) -> pd.DataFrame:
    """Return shape, height and direction of the roof by object, as far as file and planes say."""
    code = found.model.objects["roof_code"].astype("str")
    shape = roof_type(code.where(code.str.strip() != "9999"))  # "Sonstiges": nothing said
    shape = shape.fillna(code.str.strip().map(CITYGML_ROOFS)).astype(object)
    planes = found.planes.assign(owner=found.model.polygon_object)[found.kind == ROOF]
    tilt = tilts(planes)
    leaning = planes[tilt > FLAT_ROOF]
    by_object = leaning.groupby("owner")
    height = by_object["high"].max() - by_object["low"].min()
    height = height.reindex(found.model.objects.index)
    all_flat = pd.Series(tilt <= FLAT_ROOF, planes.index).groupby(planes["owner"]).all()
    all_flat = all_flat.reindex(found.model.objects.index, fill_value=False).astype(bool)
    lod2 = pd.Series(found.roofed, height.index)
    largest = leaning.sort_values(["owner", "area"]).drop_duplicates("owner", keep="last")
    direction = pd.Series(azimuths(largest), largest["owner"]).reindex(height.index)
    shape = shape.where(shape.notna(), pd.Series("flat", shape.index).where(all_flat & lod2))
    shape = _of_largest_part(shape, found)
    return pd.DataFrame(
        {
            "roof_type": shape,
            "roof_height_m": height.mask(all_flat, 0.0).where(lod2).round(2).clip(0, 100),
            "roof_direction_deg": direction.where(lod2).round(1) % 360,
        }
    )


def _of_largest_part(shape: pd.Series[Any], found: Measured) -> pd.Series[Any]:
    """Give an outline that says nothing of its roof the shape over its largest part."""
    part = found.leaf & (found.root != np.arange(len(found.root))) & shape.notna().to_numpy()
    size = pd.DataFrame(
        {"root": found.root, "area": shapely.area(found.footprint), "shape": shape}
    )[part]
    largest = size.sort_values(["root", "area", "shape"]).drop_duplicates("root", keep="last")
    return shape.where(shape.notna(), largest.set_index("root")["shape"].reindex(shape.index))


FLAT_ROOF = 5.0
"""Tilt [°] up to which a plane makes a flat roof; flat roofs are laid with 1 to 3° for the rain."""
LEVEL = 1.0
"""Tilt [°] up to which a plane has no direction: mm in its corners would decide it."""


def tilts(planes: pd.DataFrame) -> NDArray[np.float64]:
    """Return the tilt [°] of planes against the horizontal."""
    flat = np.hypot(planes["x"].to_numpy(), planes["y"].to_numpy())
    tilt: NDArray[np.float64] = np.degrees(np.arctan2(flat, planes["z"].to_numpy()))
    return tilt


def azimuths(planes: pd.DataFrame) -> NDArray[np.float64]:
    """Return the direction [°] planes look to, 0 = grid north, clockwise."""
    towards = np.arctan2(planes["x"].to_numpy(), planes["y"].to_numpy())
    azimuth: NDArray[np.float64] = np.degrees(towards) % 360
    return azimuth
