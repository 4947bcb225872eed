"""Rows of a table that somebody picks out: by a lasso, by area, by conditions, one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from pydantic import ValidationError
from pyproj import Transformer

from dash_app.workspace.preview import read_measure
from dash_app.workspace.reached import on_streets
from twin.errors import TwinError
from twin.selection import Area, Selector, StreetSelector, select, select_streets
from twin.selection.drawn import projected
from twin.selection.streets import one_of_two

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from twin.state import State

TABLES = (
    "buildings",
    "streets",
    "stops",
    "lines",
    "nodes",
    "places",
    "blocks",
    "districts",
    "zones",
)
"""Tables that rows can be picked out of."""

TOLERANCES_M = (1.0, 2.0, 5.0, 10.0, 20.0)
"""A lasso drawn by hand is kept to the first of these that leaves few positions."""

FEW_POSITIONS = 1000

MOST_POSITIONS = 200_000
SLIVER_M2 = 4.0


class ChoiceError(TwinError):
    """What is asked for cannot be understood; every reason is in `faults`."""

    def __init__(
        self, template: str, *, faults: tuple[Any, ...] = (), hint: str = "", **values: object
    ) -> None:
        self.faults = faults
        super().__init__(template, hint=hint, **values)


@dataclass(frozen=True, eq=False)
class Choice:
    """Rows picked out; `area` is the lasso as a measure takes it."""

    table: str
    ids: pd.Index[str]
    count: int  # of streets both directions are one
    residents: float | None = None
    length_m: float | None = None
    area: dict[str, Any] | None = None


def choose(state: State, asked: Mapping[str, Any]) -> Choice:
    """
    Return the rows that all of what is asked for holds for.

    Parameters
    ----------
    state
        The town, with what measures before have built.
    asked
        `table` and any of `area` (GeoJSON in degrees, may cross itself), `ids`, `districts`,
        `blocks` (buildings and blocks), `names` (streets), `where` (conditions on columns of
        buildings or streets, as in a measure).

    Raises
    ------
    ChoiceError
        There is no such table, or a part of what is asked for cannot be read.
    """
    table = asked.get("table")
    if table not in TABLES:
        raise ChoiceError(
            "Rows cannot be picked out of {table}.", hint="Tables are: {known}.",
            table=str(table)[:40], known=", ".join(TABLES),
        )  # fmt: skip
    area = lasso(asked["area"], state.city.crs) if asked.get("area") else None
    selection = {name: asked[name] for name in _FIELDS.get(table, ()) if asked.get(name)}
    if area is not None:
        selection["area"] = area
    if table == "buildings":
        return _buildings(state, selection, area)
    if table == "streets":
        return _streets(state, selection, area)
    ids = _others(state, table, asked, area)
    return Choice(table, ids, len(ids), area=area)


_FIELDS = {
    "buildings": ("ids", "districts", "blocks", "where"),
    "streets": ("ids", "names", "districts", "where", "classes", "both_directions"),
}


def lasso(drawn: object, crs: str) -> dict[str, Any]:
    """
    Return a drawn area as a measure takes it: valid, simple, GeoJSON with six decimals.

    What crosses itself becomes all it goes round; thousands of points become as many as it takes
    to stay within a metre.
    """
    shapes = [
        shapely.Polygon(projected(rings[0], crs), [projected(hole, crs) for hole in rings[1:]])
        for rings in _rings(drawn)
    ]
    found = shapely.union_all([shapely.make_valid(shape) for shape in shapes])
    polygons = [
        part for part in shapely.get_parts(shapely.get_parts(found))
        if part.geom_type == "Polygon" and part.area >= SLIVER_M2
    ]  # fmt: skip
    if not polygons:
        raise ChoiceError(
            "The drawn area has no surface.", hint="Draw round what you want to choose."
        )
    whole = _simpler(shapely.union_all(polygons))
    parts = [part for part in shapely.get_parts(whole) if part.geom_type == "Polygon"]
    back = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    coordinates = [_positions(part, back) for part in parts]
    if len(coordinates) == 1:
        return {"type": "Polygon", "coordinates": coordinates[0]}
    return {"type": "MultiPolygon", "coordinates": coordinates}


def _simpler(area: shapely.Geometry) -> shapely.Geometry:
    found = area
    for tolerance in TOLERANCES_M:
        found = shapely.make_valid(shapely.simplify(area, tolerance))
        if shapely.get_num_coordinates(found) <= FEW_POSITIONS:
            break
    return found


def _positions(part: shapely.Polygon, back: Transformer) -> list[list[list[float]]]:
    rings = [part.exterior, *part.interiors]
    found = []
    for ring in rings:
        x, y = shapely.get_coordinates(ring).T
        found.append(np.round(np.column_stack(back.transform(x, y)), 6).tolist())
    return found


def _rings(drawn: object) -> list[list[NDArray[np.float64]]]:
    """Return by polygon the rings of a GeoJSON area, or raise what is wrong with it."""
    shape: Any = drawn
    if isinstance(shape, dict) and shape.get("type") == "Feature":
        shape = shape.get("geometry")
    kind = shape.get("type") if isinstance(shape, dict) else None
    template = "The drawn area cannot be read."
    hint = "Give a Polygon of GeoJSON, longitude and latitude in degrees."
    if kind not in {"Polygon", "MultiPolygon"}:
        raise ChoiceError(template, hint=hint)
    try:
        parts = [shape["coordinates"]] if kind == "Polygon" else list(shape["coordinates"])
        found = [[np.asarray(ring, float)[:, :2] for ring in part] for part in parts]
        rings = [ring for part in found for ring in part]
        total = sum(len(ring) for ring in rings)
        good = all(found) and all(len(ring) >= 3 and _in_degrees(ring) for ring in rings)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError):
        raise ChoiceError(template, hint=hint) from None
    if not good or not rings:
        raise ChoiceError(template, hint=hint)
    if total > MOST_POSITIONS:
        template = "The drawn area has {count} points, more than {most}."
        raise ChoiceError(template, hint="Draw it simpler.", count=total, most=MOST_POSITIONS)
    return found


def _in_degrees(ring: NDArray[np.float64]) -> bool:
    lon, lat = np.abs(ring[:, 0]), np.abs(ring[:, 1])
    return bool(np.isfinite(ring).all() and (lon <= 180).all() and (lat <= 90).all())


def _read(kind: str, model: type[Any], selection: Mapping[str, Any]) -> Any:
    """Return a selector, or raise all that is wrong with it in the words of a measure."""
    try:
        return model.model_validate(selection)
    except ValidationError:
        probe = {"kind": kind, "id": "probe", "select": dict(selection), **_PROBES[kind]}
        remarks = read_measure(probe)[1]
        raise ChoiceError("The selection cannot be read.", faults=remarks) from None


_PROBES = {"demolition": {}, "speed_limit": {"speed_kmh": 30}}


def _buildings(state: State, selection: Mapping[str, Any], area: dict[str, Any] | None) -> Choice:
    selector: Selector = _read("demolition", Selector, selection)
    ids = select(state, selector)
    residents = float(state.stock["residents"].reindex(ids).sum())
    return Choice("buildings", ids, len(ids), residents, area=area)


def _streets(state: State, selection: Mapping[str, Any], area: dict[str, Any] | None) -> Choice:
    selector: StreetSelector = _read("speed_limit", StreetSelector, selection)
    ids = select_streets(state, selector)
    streets = state.city.streets
    rows = streets.index.get_indexer(ids)
    first = one_of_two(streets, rows)
    length = float(streets["length_m"].to_numpy(float)[first].sum())
    opposite = pd.Index(streets["reverse_id"].iloc[rows].dropna().astype(str), dtype="str")
    residents, _ = on_streets(state.baseline or state.city, ids, opposite)
    return Choice("streets", ids, len(first), residents, length, area)


def _others(
    state: State, table: str, asked: Mapping[str, Any], area: dict[str, Any] | None
) -> pd.Index[str]:
    frame = state.city.tables[table]
    mine = np.ones(len(frame), bool)
    if ids := asked.get("ids"):
        mine &= frame.index.isin([str(key) for key in ids])
    if area is not None:
        drawn = Area.model_validate(area).geometry(state.city.crs)
        shapely.prepare(drawn)
        spots = shapely.point_on_surface(np.asarray(frame.geometry.array))
        mine &= shapely.contains_xy(drawn, shapely.get_x(spots), shapely.get_y(spots))
    found: pd.Index[str] = frame.index[mine]
    return found
