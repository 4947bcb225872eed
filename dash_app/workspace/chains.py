"""Streets between two clicks: the shortest chain of links, whichever way traffic may run."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely
from pyproj import Transformer

from twin.errors import TwinError
from twin.mobility.graph import Graph, graph_of
from twin.mobility.paths import trees, way
from twin.selection.drawn import projected

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.city import City

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]

Mode = Literal["any", "car", "bike", "walk"]
MODES: tuple[Mode, ...] = ("any", "car", "bike", "walk")

LonLat = tuple[float, float]

REACH_M = 150.0
"""A click farther from every street than this means none."""

AGAINST = 1.001
"""What a metre against a one-way street counts: of two carriageways the right one is taken."""

MOST_POINTS = 200


class ChainError(TwinError):
    """Between two clicks there are no streets that hang together."""


@dataclass(frozen=True)
class Chain:
    """Links in the order they are passed, in the direction they are passed where there is one."""

    ids: tuple[str, ...]
    names: tuple[str, ...]  # of the streets, each once
    line: dict[str, Any]  # GeoJSON LineString in degrees
    length_m: float


@dataclass(frozen=True, eq=False)
class _Net:
    """All links both ways: `row` and `forward` say which link of the table each step is."""

    graph: Graph
    costs: Floats
    row: Rows  # by link of the graph
    ahead: NDArray[np.bool_]  # whether the link of the table runs that way
    tail: NDArray[np.int32]  # by row of the table
    head: NDArray[np.int32]
    open: NDArray[np.bool_]  # by row of the table


@dataclass(frozen=True)
class _NetOf:
    key: str
    mode: Mode
    city: City = field(compare=False)


def chain(city: City, points: Sequence[Any], mode: Mode = "any") -> Chain:
    """
    Return the shortest chain of streets from click to click.

    The streets clicked on are part of it, whole. Ways follow the junctions of the network, so a
    bridge is never left in its middle; one-way streets are passed in both directions.

    Parameters
    ----------
    city
        The town, with what measures before have built.
    points
        Two or more of: longitude and latitude, or the id of a link.
    mode
        `car`, `bike`, `walk`: only streets open to it; `any`: every street.

    Raises
    ------
    ChainError
        A click lies on no street, or no way leads on from it.
    """
    if not 2 <= len(points) <= MOST_POINTS:
        template = "A chain of streets needs 2 to {most} points, got {count}."
        raise ChainError(
            template, hint="Click on two streets.", most=MOST_POINTS, count=len(points)
        )
    net = _net(_NetOf(city.hashes["streets"], mode, city))
    rows = [_clicked(city, net, point) for point in points]
    steps: list[tuple[int, bool]] = []  # row of the table, whether it is passed as drawn
    for start, end in pairwise(rows):
        same = _pair(city, start) == _pair(city, end)
        part = [(end, True)] if same else _between(net, start, end)
        if not part:
            raise ChainError(
                "No way leads from {start} to {end}.",
                hint="Click on streets that hang together, or choose each by itself.",
                start=_called(city, start), end=_called(city, end),
            )  # fmt: skip
        again = bool(steps) and _pair(city, steps[-1][0]) == _pair(city, part[0][0])
        steps += part[1:] if again else part
    return _chain(city, steps)


@lru_cache(maxsize=6)
def _net(of: _NetOf) -> _Net:
    streets = of.city.streets
    nodes = of.city.nodes.index
    tail = nodes.get_indexer(streets["from_node"]).astype(np.int32)
    head = nodes.get_indexer(streets["to_node"]).astype(np.int32)
    may = np.ones(len(streets), bool)
    if of.mode != "any":
        may = streets[f"allow_{of.mode}"].to_numpy(bool)
    may = may & (tail >= 0) & (head >= 0)
    known = np.flatnonzero(may)
    back = known[~_has_reverse(streets, may)[known]]
    row = np.concatenate([known, back])
    ahead = np.concatenate([np.ones(len(known), bool), np.zeros(len(back), bool)])
    length = streets["length_m"].to_numpy(float)
    costs = length[row] * np.where(ahead, 1.0, AGAINST)
    graph = graph_of(
        np.where(ahead, tail[row], head[row]), np.where(ahead, head[row], tail[row]), len(nodes)
    )
    order = graph.order
    return _Net(graph, costs[order], row[order], ahead[order], tail, head, may)


def _has_reverse(streets: gpd.GeoDataFrame, may: NDArray[np.bool_]) -> NDArray[np.bool_]:
    other = streets.index.get_indexer(streets["reverse_id"].fillna(""))
    found: NDArray[np.bool_] = (other >= 0) & may[np.maximum(other, 0)]
    return found


def _clicked(city: City, net: _Net, point: Any) -> int:
    """Return the row of the street that is meant."""
    streets = city.streets
    if isinstance(point, str):
        row = int(streets.index.get_indexer([point])[0])
        if row < 0:
            raise ChainError("There is no street {id}.", hint="Click on a street.", id=point)
        return row
    spot = shapely.Point(_xy(city, point))
    nearest = _nearest(city, net, spot)
    if nearest is None:
        raise ChainError(
            "No street is within {metres} m of the click.",
            hint="Click nearer to a street.", metres=REACH_M,
        )  # fmt: skip
    return nearest


def _xy(city: City, point: Any) -> Floats:
    try:
        lon, lat = float(point[0]), float(point[1])
        good = bool(np.isfinite([lon, lat]).all()) and abs(lon) <= 180 and abs(lat) <= 90
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        good = False
    if not good:
        template = "{point} is no place on the map."
        hint = "Give longitude and latitude in degrees."
        raise ChainError(template, hint=hint, point=str(point)[:60])
    found: Floats = projected([(lon, lat)], city.crs)[0]
    return found


def _nearest(city: City, net: _Net, spot: shapely.Point) -> int | None:
    """Return the open street nearest to a place; of equally near ones the first."""
    reach = spot.buffer(REACH_M)
    near = np.sort(city.streets.sindex.query(reach))
    near = near[net.open[near]]
    if not len(near):
        return None
    away = shapely.distance(np.asarray(city.streets.geometry.array)[near], spot)
    best = int(np.argmin(away))
    return int(near[best]) if away[best] <= REACH_M else None


def _between(net: _Net, start: int, end: int) -> list[tuple[int, bool]]:
    """Return the steps from one street to another, both included; none where no way leads."""
    first, last = (net.tail[start], net.head[start]), (net.tail[end], net.head[end])
    dist, link = trees(net.graph, net.costs, np.array(first, np.int32))
    options = [(float(dist[a, last[b]]), a, b) for a in (0, 1) for b in (0, 1)]
    cost, a, b = min(options)
    if not np.isfinite(cost):
        return []
    steps = way(net.graph, link[a], int(last[b]))
    middle = [(int(net.row[step]), bool(net.ahead[step])) for step in steps]
    return [(start, a == 1), *middle, (end, b == 0)]


def _pair(city: City, row: int) -> tuple[str, ...]:
    """Return the ids of a link and its opposite, which are one street."""
    key = str(city.streets.index[row])
    other = city.streets["reverse_id"].iloc[row]
    return tuple(sorted([key, str(other)] if isinstance(other, str) else [key]))


def _called(city: City, row: int) -> str:
    name = city.streets["name"].iloc[row]
    return str(name) if isinstance(name, str) else str(city.streets.index[row])


def _chain(city: City, steps: list[tuple[int, bool]]) -> Chain:
    streets = city.streets
    turned = [_turned(city, row, ahead=ahead) for row, ahead in steps]
    rows = [row for row, _ in turned]
    parts = [
        shapely.get_coordinates(streets.geometry.array[row])[:: 1 if ahead else -1]
        for row, ahead in turned
    ]
    points = np.concatenate([parts[0], *(part[1:] for part in parts[1:])])
    back = Transformer.from_crs(city.crs, "EPSG:4326", always_xy=True)
    lonlat = np.round(np.column_stack(back.transform(points[:, 0], points[:, 1])), 6)
    names = streets["name"].iloc[rows]
    length = float(streets["length_m"].to_numpy(float)[rows].sum())
    line = {"type": "LineString", "coordinates": lonlat.tolist()}
    ids = tuple(dict.fromkeys(str(key) for key in streets.index[rows]))
    return Chain(ids, tuple(dict.fromkeys(names.dropna().astype(str))), line, length)


def _turned(city: City, row: int, *, ahead: bool) -> tuple[int, bool]:
    """Return the link that runs the way it is passed, where there is one."""
    if ahead:
        return row, True
    other = city.streets["reverse_id"].iloc[row]
    found = int(city.streets.index.get_indexer([other])[0]) if isinstance(other, str) else -1
    return (found, True) if found >= 0 else (row, False)
