"""A region of several towns: a few different ones, repeated on a grid and tied by roads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.sample_city.landscape import CRS
from twin.schema import TABLES
from twin.validation import conform

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SPACING_M = (13_500.0, 15_000.0)
VARIANTS = 4
"""How many different towns a region repeats."""

SOURCE = "estimated:model_town"


def make_region(
    make: Callable[[pd.DataFrame, int, int], Mapping[str, Any]],
    districts: pd.DataFrame,
    homes: int,
    seed: int,
) -> dict[str, Any]:
    """
    Return the tables of as many towns as hold `homes` residential buildings.

    `make(districts, homes, seed)` gives one town; the last town of the region is a smaller one.
    """
    full = int(districts["residential_buildings"].sum())
    whole, rest = divmod(homes, full)
    made = [make(districts, full, seed + i) for i in range(min(VARIANTS, whole))]
    towns = [made[i % len(made)] for i in range(whole)]
    if rest >= 60:
        towns.append(make(districts, rest, seed + VARIANTS))
    columns = int(np.ceil(np.sqrt(len(towns))))
    parts = [_moved(town, i, columns) for i, town in enumerate(towns)]
    roads = _roads_between([part["streets"] for part in parts], parts, columns)
    tables = {name: _join([part.pop(name) for part in parts], name) for name in TABLES}
    tables["streets"] = pd.concat([tables["streets"], roads]).sort_index()
    return tables


def _moved(tables: Mapping[str, Any], number: int, columns: int) -> dict[str, Any]:
    """Return the tables of a town shifted to its place, keys and references renamed."""
    shift = SPACING_M[0] * (number % columns), SPACING_M[1] * (number // columns)
    prefix = f"model:{number + 1}:"
    result: dict[str, Any] = {}
    for name, table in tables.items():
        moved = table.copy()
        moved.index = prefix + moved.index.str.removeprefix("model:")
        for column in moved.columns:
            if column.endswith(("_id", "_node", "_link")) or column == "part_of":
                moved[column] = prefix + moved[column].str.removeprefix("model:")
        if isinstance(moved, gpd.GeoDataFrame) and any(shift):
            moved = moved.set_geometry(_shifted(moved.geometry.to_numpy(), shift))
        result[name] = moved
    return result


def _shifted(shapes: Any, shift: tuple[float, float]) -> Any:
    def move(xy: Any) -> Any:
        return xy + np.array(shift)

    return gpd.GeoSeries(shapely.transform(shapes, move), crs=CRS).array


def _join(parts: list[Any], name: str) -> Any:
    joined = pd.concat(parts)
    joined.index.name = TABLES[name].key
    return joined.sort_index()


def _roads_between(streets: list[Any], parts: list[dict[str, Any]], columns: int) -> Any:
    """Tie each town to its neighbours east and north: without them none could drive across."""
    gates = [_gates(table, part["nodes"]) for table, part in zip(streets, parts, strict=True)]
    rows = []
    for i, gate in enumerate(gates):
        if (i + 1) % columns and i + 1 < len(gates):
            rows.append((gate["east"], gates[i + 1]["west"]))
        if i + columns < len(gates):
            rows.append((gate["north"], gates[i + columns]["south"]))
    pairs = [(a, b) for a, b in rows for a, b in ((a, b), (b, a))]
    ids = [f"model:road_{i // 2}:{'fb'[i % 2]}" for i in range(len(pairs))]
    opposite = [f"model:road_{i // 2}:{'bf'[i % 2]}" for i in range(len(pairs))]
    line = [shapely.LineString([a[1], b[1]]) for a, b in pairs]
    frame = gpd.GeoDataFrame(
        {
            "from_node": [a[0] for a, _ in pairs],
            "to_node": [b[0] for _, b in pairs],
            "way_id": [i[:-2] for i in ids],
            "reverse_id": opposite,
            "class": "primary",
            "length_m": shapely.length(np.array(line, object)),
            "speed_kmh": 100.0,
            "speed_source": SOURCE,
            "lanes": 1.0,
            "lanes_source": SOURCE,
            **dict.fromkeys(("allow_car", "allow_truck", "allow_bus"), True),
            **dict.fromkeys(("allow_bike", "allow_walk"), True),
            "car_access": "public",
            "cycle_facility": "none",
            "level": 0.0,
            **dict.fromkeys(("car_reach", "bike_reach", "walk_reach"), "main"),
        },
        index=ids,
        geometry=line,
        crs=CRS,
    )
    return conform(TABLES["streets"], frame, crs=CRS)


def _gates(streets: Any, nodes: Any) -> dict[str, tuple[str, Any]]:
    """Return the outermost main road junction of a town on each side: node and point."""
    main = streets["class"].isin(["primary", "secondary", "tertiary"])
    own = nodes.loc[np.unique(streets.loc[main, "from_node"])]
    x, y = own.geometry.x, own.geometry.y
    found = {"east": x.idxmax(), "west": x.idxmin(), "north": y.idxmax(), "south": y.idxmin()}
    return {side: (str(key), own.geometry[key]) for side, key in found.items()}
