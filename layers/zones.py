"""
Traffic zones: neighbouring blocks joined within their district to zones of about equal weight.

In each district the lightest zone joins the neighbour with which it makes the most compact and
least heavy one, until the district has its number of zones. So every zone hangs together wherever
its blocks do, and no choice depends on chance.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.blocks import borders, keys_of
from layers.census.apportion import hamilton
from twin.assumptions import assumed
from twin.schema import ZONES
from twin.validation import conform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

LABEL = "estimated:blocks"
SUMS = ("buildings", "dwellings", "residents")
SMALLEST_GAP_M = 1e-6  # blocks across a river are neighbours of last resort


def make_zones(
    blocks: gpd.GeoDataFrame,
    districts: gpd.GeoDataFrame,
    *,
    residents: pd.Series[float] | None = None,
    zones: int | None = None,
) -> tuple[gpd.GeoDataFrame, pd.Series[str]]:
    """
    Return the traffic zones and, for every block, the key of its zone.

    Parameters
    ----------
    blocks
        Table `blocks` with districts (`make_blocks`).
    districts
        Table `districts`, for the names of the zones.
    residents
        By block; the column of the table where left out.
    zones
        How many; by default one for every 400 residents (`zone_residents`), at least one a
        district, at most one a block.

    Returns
    -------
    Table `zones`, keyed `zone:E_N`, and a series by block. Blocks without a district make zones of
    their own.
    """
    ordered = blocks.sort_index()
    weight = ordered["residents"] if residents is None else residents.reindex(ordered.index)
    load = np.asarray(weight.fillna(0).clip(lower=0), dtype=np.float64)
    district = ordered["district_id"].astype("object").fillna("").to_numpy()
    names, group = np.unique(district.astype(str), return_inverse=True)
    wanted = _number_of_zones(group, load, len(names), zones)
    shapes = np.asarray(ordered.geometry.array)
    label = np.full(len(ordered), -1)
    for number in range(len(names)):
        rows = np.flatnonzero(group == number)
        parts = _partition(shapes[rows], load[rows], int(wanted[number]))
        label[rows] = parts + (label.max() + 1)
    table, keys = _zones_table(ordered, label, districts)
    of_block = pd.Series(keys[label], index=ordered.index, dtype="str", name="zone_id")
    return table, of_block.reindex(blocks.index)


def _number_of_zones(
    group: NDArray[np.int64], weight: NDArray[np.float64], groups: int, zones: int | None
) -> NDArray[np.int64]:
    """Share the zones out among the districts by residents: at least one, at most their blocks."""
    wanted = zones or round(weight.sum() / assumed("zone_residents"))
    people = np.bincount(group, weights=weight, minlength=groups).astype(np.float64)
    blocks = np.bincount(group, minlength=groups)
    number = np.ones(groups, dtype=np.int64)
    spare = max(0, wanted - groups)
    while spare > 0 and (number < blocks).any():
        free = np.flatnonzero(number < blocks)
        more = hamilton(np.zeros(len(free), dtype=np.int64), people[free], np.array([spare]))
        more = np.minimum(more, blocks[free] - number[free])
        number[free] += more
        spare -= int(more.sum())
    return number


def _partition(shapes: NDArray[Any], weight: NDArray[np.float64], zones: int) -> NDArray[np.int64]:
    """Return the zone of each block, 0 to zones - 1."""
    left, right, border = borders(shapes)
    left, right, border = _connected(shapes, left, right, border)
    graph = _Zones.of(shapes, weight, left, right, border)
    while len(graph.weight) > zones:
        lightest = min(graph.weight, key=lambda z: (graph.weight[z], graph.area[z], z))
        graph.join(lightest, graph.best_neighbour(lightest))
    roots = np.array([graph.root(block) for block in range(len(shapes))], dtype=np.int64)
    found: NDArray[np.int64] = np.unique(roots, return_inverse=True)[1]
    return found


def _connected(
    shapes: NDArray[Any],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    border: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Tie parts of a district that touch nowhere to the block nearest to them."""
    part = _parts(len(shapes), left, right)
    while part.max(initial=0) > 0:
        inside = part == part[-1]
        near = shapely.STRtree(shapes[~inside])
        own, other = near.query_nearest(shapes[inside], all_matches=False)
        gap = shapely.distance(shapes[inside][own], shapes[~inside][other])
        best = int(np.lexsort((other, own, gap))[0])
        pair = sorted((np.flatnonzero(inside)[own[best]], np.flatnonzero(~inside)[other[best]]))
        left, right = np.append(left, pair[0]), np.append(right, pair[1])
        border = np.append(border, SMALLEST_GAP_M)
        part = _parts(len(shapes), left, right)
    return left, right, border


def _parts(size: int, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    from scipy.sparse import coo_array  # noqa: PLC0415 - a quarter second that most never need
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    graph = coo_array((np.ones(len(left)), (left, right)), shape=(size, size))
    found: NDArray[np.int64] = connected_components(graph, directed=False)[1].astype(np.int64)
    return found


@dataclass
class _Zones:
    """Zones while they grow: sums of what they hold, and how long their common borders are."""

    weight: dict[int, float]
    area: dict[int, float]
    length: dict[int, float]
    borders: dict[int, dict[int, float]]
    mean: float
    joined: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        shapes: NDArray[Any],
        weight: NDArray[np.float64],
        left: NDArray[np.int64],
        right: NDArray[np.int64],
        border: NDArray[np.float64],
    ) -> _Zones:
        """Begin with every block as its own zone."""
        near: dict[int, dict[int, float]] = {i: {} for i in range(len(shapes))}
        for a, b, metres in zip(left.tolist(), right.tolist(), border.tolist(), strict=True):
            near[a][b] = near[b][a] = metres
        return cls(
            dict(enumerate(weight.tolist())),
            dict(enumerate(shapely.area(shapes).tolist())),
            dict(enumerate(shapely.length(shapes).tolist())),
            near,
            max(float(weight.mean()), 1e-9),
        )

    def best_neighbour(self, zone: int) -> int:
        """Return the neighbour with the best shape and the smallest weight together."""
        target = sum(self.weight.values()) / max(len(self.weight) - 1, 1) or self.mean

        def cost(other: int) -> tuple[float, int]:
            length = self.length[zone] + self.length[other] - 2 * self.borders[zone][other]
            area = self.area[zone] + self.area[other]
            roundness = length**2 / (4 * np.pi * area)  # 1 for a circle, more for all else
            load = (self.weight[zone] + self.weight[other]) / target
            return roundness * (1 + load), other

        return min(self.borders[zone], key=cost)

    def join(self, zone: int, other: int) -> None:
        """Let `other` take `zone` in."""
        self.length[other] += self.length.pop(zone) - 2 * self.borders[zone][other]
        self.area[other] += self.area.pop(zone)
        self.weight[other] += self.weight.pop(zone)
        self.joined[zone] = other
        for third, metres in self.borders.pop(zone).items():
            del self.borders[third][zone]
            if third != other:
                common = self.borders[other].get(third, 0.0) + metres
                self.borders[other][third] = self.borders[third][other] = common

    def root(self, block: int) -> int:
        """Return the zone that holds a block now."""
        while block in self.joined:
            block = self.joined[block]
        return block


def _zones_table(
    blocks: gpd.GeoDataFrame, label: NDArray[np.int64], districts: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, NDArray[Any]]:
    grouped = blocks.groupby(label)
    united = gpd.GeoSeries(blocks.geometry.array).groupby(label).agg(shapely.union_all)
    shapes = shapely.normalize(shapely.set_precision(united.to_numpy(), 0.001))
    keys = np.array(keys_of(shapes, "zone"), dtype=object)
    frame = gpd.GeoDataFrame(
        {
            "area_m2": shapely.area(shapes).round(1),
            "boundary_source": LABEL,
            "district_id": grouped["district_id"].first().to_numpy(),
            **{name: grouped[name].sum().to_numpy() for name in SUMS},
            "dwellings_source": LABEL,
            "residents_source": LABEL,
        },
        index=pd.Index(keys, dtype="str"),
        geometry=shapes,
        crs=blocks.crs,
    )
    table = conform(ZONES, frame, crs=blocks.crs.to_string())
    return table.assign(name=_names(table, districts)), keys


def _names(zones: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> pd.Series[Any]:
    """Call the zones of a district by its name and a number, from north to south."""
    town = zones["district_id"].map(districts["name"]).astype("str")
    north = -shapely.get_y(shapely.centroid(zones.geometry.array))
    order = pd.Series(north, index=zones.index).groupby(town).rank(method="first")
    number = order.fillna(0).astype("int64").astype("str")
    named: pd.Series[Any] = (town + " " + number).where(town.notna()).astype("str")
    return named


def shape_report(zones: gpd.GeoDataFrame) -> Mapping[str, float]:
    """
    Return number, median compactness and balance of zones for the quality report.

    Compactness is that of Polsby and Popper, 4 π area / perimeter², 1 for a circle. Balance is the
    spread of residents: 10th and 90th percentile of zones that have any.
    """
    shapes = zones.geometry.array
    compact = 4 * np.pi * shapely.area(shapes) / shapely.length(shapes) ** 2
    lived_in = zones.loc[zones["residents"] > 0, "residents"]
    low, middle, high = np.quantile(lived_in, [0.1, 0.5, 0.9]) if len(lived_in) else (0.0, 0.0, 0.0)
    return {
        "zones": float(len(zones)),
        "polsby_popper_median": round(float(np.median(compact)), 3) if len(zones) else 0.0,
        "residents_p10": round(float(low), 1),
        "residents_median": round(float(middle), 1),
        "residents_p90": round(float(high), 1),
    }
