"""The few nodes a zone is fed through."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from twin.mobility.network.meet import meet

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import ArrayLike

    from twin.assumptions import Assumptions
    from twin.mobility.network.links import Flags, Floats, Ints
    from twin.mobility.tables import ModeNetwork

LEAST_SPLIT_M = 150.0
"""Points that lie closer together than this need no second node."""
COLUMNS = ("zone", "node", "in_node", "weight", "seconds")


def connectors(
    network: ModeNetwork,
    xy: Floats,
    zone: ArrayLike,
    weight: ArrayLike,
    zones: gpd.GeoDataFrame,
    given: Assumptions,
) -> pd.DataFrame:
    """
    Return the nodes each zone is fed through.

    Columns: zone (place in `zones`), node, in_node, weight, seconds (see `ZoneSystem`).

    Parameters
    ----------
    xy, zone, weight
        Places (p, 2) of the buildings, ids of the zones they lie in, and what they count (e.g.
        residents and jobs). A zone without any building is fed from a point inside it.

    Notes
    -----
    The points of a zone are cut at the weighted median of their longer side, and again, into at
    most `network.connectors` groups; a group is fed through the node where the point nearest to its
    middle meets the network. Only nodes of the main part from which one can leave and to which one
    can come are used, those without turn rules first. `weight` is the share of the group, `seconds`
    the mean way of its points. The order of the buildings changes nothing.
    """
    place, points, counts = _sorted_points(xy, zone, weight, zones)
    usable, plain = _usable(network)
    if not usable.any() or not len(points):
        return pd.DataFrame({name: [] for name in COLUMNS}).astype(
            {"zone": np.int32, "node": np.int32, "in_node": np.int32}
        )
    group = _groups(place, points, counts, int(given["network.connectors"]))
    middle = np.column_stack([_mean(group, points[:, axis], counts) for axis in (0, 1)])
    away = np.hypot(*(middle[group] - points).T)
    order = np.lexsort((np.arange(len(group)), away, group))
    central = points[order][np.unique(group[order], return_index=True)[1]]
    preferred = plain if plain.any() else usable
    row = _row_met(network, central, preferred, given)
    chosen = np.where(row >= 0, row, _nearest_row(network, middle, preferred))
    return _table(network, (place, points, counts), chosen[group], given)


def _sorted_points(
    xy: Floats, zone: ArrayLike, weight: ArrayLike, zones: gpd.GeoDataFrame
) -> tuple[Ints, Floats, Floats]:
    """Return place of the zone, place [m] and weight of all points, in an order of their own."""
    place = zones.index.get_indexer(pd.Index(np.asarray(zone, object))).astype(np.int32)
    counts = np.nan_to_num(np.asarray(weight, float))
    total = np.bincount(place[place >= 0], weights=counts[place >= 0], minlength=len(zones))
    counts = np.where((total == 0)[place] & (place >= 0), 1.0, np.maximum(counts, 0))
    keep = (place >= 0) & (counts > 0)
    empty = np.setdiff1d(np.arange(len(zones)), place[keep]).astype(np.int32)
    inner = zones.geometry.iloc[empty].representative_point()
    place = np.concatenate([place[keep], empty])
    inside = np.column_stack([inner.x, inner.y]).reshape(-1, 2)
    points = np.concatenate([np.asarray(xy, float).reshape(-1, 2)[keep], inside])
    counts = np.concatenate([counts[keep], np.ones(len(empty))])
    order = np.lexsort((counts, points[:, 1], points[:, 0], place))
    return place[order], points[order], counts[order]


def _usable(network: ModeNetwork) -> tuple[Flags, Flags]:
    """Return junctions of the main part one can leave and come to; those without turn rules."""
    graph, n = network.graph, network.graph.n
    leaves = np.bincount(graph.tails[network.main], minlength=n) > 0
    comes = np.bincount(graph.heads[network.main], minlength=n) > 0
    out, into = network.out_nodes, network.in_nodes
    usable = (out >= 0) & (into >= 0) & leaves[out] & comes[into]
    return usable, usable & (out == into)


def _groups(place: Ints, points: Floats, counts: Floats, most: int) -> Ints:
    """Return the number of each point's group; groups are numbered from 0 in the order of zones."""
    group = place.astype(np.int64)
    for _ in range(int(math.log2(max(most, 1)))):
        _, group = np.unique(group, return_inverse=True)
        low, high = (
            np.column_stack(
                [pd.Series(points[:, axis]).groupby(group).agg(end).to_numpy() for axis in (0, 1)]
            )
            for end in ("min", "max")
        )
        side = high - low
        along = np.where(side[:, 0] >= side[:, 1], 0, 1)[group]
        value = points[np.arange(len(points)), along]
        order = np.lexsort((points[:, 0], points[:, 1], value, group))
        sums = pd.Series(counts[order]).groupby(group[order]).cumsum().to_numpy()
        total = np.bincount(group, weights=counts)[group[order]]
        upper = np.zeros(len(group), dtype=bool)
        upper[order] = sums - counts[order] / 2 > total / 2
        wide = side.max(axis=1) > LEAST_SPLIT_M
        group = 2 * group + (upper & wide[group])
    return np.unique(group, return_inverse=True)[1].astype(np.int32)


def _mean(group: Ints, values: Floats, counts: Floats) -> Floats:
    """Return the weighted mean of each group."""
    return np.bincount(group, weights=values * counts) / np.bincount(group, weights=counts)


def _row_met(network: ModeNetwork, points: Floats, usable: Flags, given: Assumptions) -> Ints:
    """Return the junction (row of nodes) each point meets the network at, -1 for none usable."""
    access = meet(network, points, pd.RangeIndex(len(points)).astype(str), given)
    row_of = np.full(network.graph.n + 1, -1, np.int32)
    rows = np.flatnonzero(usable)
    for nodes in (network.out_nodes, network.in_nodes):
        row_of[nodes[rows]] = rows
    arriving = access.arriving()
    rows_met = np.concatenate([row_of[access.node], row_of[arriving[0]]], axis=1)
    seconds = np.concatenate([access.seconds, arriving[1]], axis=1)
    seconds = np.where(rows_met >= 0, seconds, np.inf)
    best = seconds.argmin(axis=1)
    return np.asarray(rows_met[np.arange(len(points)), best], np.int32)


def _nearest_row(network: ModeNetwork, xy: Floats, usable: Flags) -> Ints:
    """Return the usable junction (row of nodes) nearest to each place."""
    rows = np.flatnonzero(usable)
    tree = cKDTree(np.column_stack([network.x[rows], network.y[rows]]))
    return np.asarray(rows[tree.query(xy)[1]], np.int32)


def _table(
    network: ModeNetwork, sorted_points: tuple[Ints, Floats, Floats], row: Ints, given: Assumptions
) -> pd.DataFrame:
    """Return the connectors; `row` is the junction each point is fed through."""
    place, points, counts = sorted_points
    away = np.hypot(points[:, 0] - network.x[row], points[:, 1] - network.y[row])
    speed = given[f"network.connector_speed.{network.mode}"] / 3.6
    table = pd.DataFrame({"zone": place, "row": row, "weight": counts, "away": away * counts})
    out = table.groupby(["zone", "row"], as_index=False).sum()
    total = out.groupby("zone")["weight"].transform("sum")
    junction = out["row"].to_numpy()
    return pd.DataFrame(
        {
            "zone": out["zone"].astype(np.int32),
            "node": network.out_nodes[junction],
            "in_node": network.in_nodes[junction],
            "weight": out["weight"] / total,
            "seconds": out["away"] / out["weight"] * given["network.connector_detour"] / speed,
        }
    )
