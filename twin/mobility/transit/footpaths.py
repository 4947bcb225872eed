"""Walks between stops, and what the timetable says on changing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from twin.mobility.transit.timetable import whole_seconds

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Array = NDArray[Any]

SEATED = ("timed", "in_seat")
"""Kinds of transfers that take no time: the vehicle waits, or goes on as another trip."""
NEVER_S = 1_000_000
"""So long takes a change that is not possible: longer than any journey."""


def footpaths(
    stops: gpd.GeoDataFrame,
    transfers: pd.DataFrame,
    given: Assumptions,
    *,
    served: Array,
    walks: pd.DataFrame | None = None,
) -> tuple[Array, Array, Array]:
    """
    Return walks between served stops, where those of each begin, and the time to change there [s].

    A walk takes its way and `transit.change` on top. What the transfers table says on a pair of
    stops goes before: `minimum_time` takes the place of the walk, `timed` and `in_seat` take no
    time, `impossible` is none at all. A rule for a station holds for all its platforms that have
    none of their own. Walks are rows of stop and seconds, in order of the stop they begin at.
    """
    count, slack = len(stops), given["transit.change"]
    found = near_stops(stops, given, served) if walks is None else _by_row(walks, stops.index)
    found = found.assign(seconds=found["seconds"] + slack, strength=0)
    own = pd.DataFrame({"a": served, "b": served, "seconds": slack, "strength": 0})
    rules = _rules(stops, transfers, given, served)
    every = pd.concat([found[found["a"] != found["b"]], own, rules], ignore_index=True)
    first = ["a", "b", "strength", "seconds"]
    every = every.sort_values(first, ascending=[True, True, False, True])
    every = every.drop_duplicates(["a", "b"])
    a, b = every["a"].to_numpy(np.int64), every["b"].to_numpy(np.int64)
    seconds = whole_seconds(every["seconds"].to_numpy(float).clip(max=NEVER_S))
    change = np.full(count, NEVER_S, np.int32)
    change[a[a == b]] = seconds[a == b]
    on = (a != b) & (seconds < NEVER_S)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(a[on], minlength=count))])
    return np.column_stack([b[on], seconds[on]]), offsets, change


def near_stops(stops: gpd.GeoDataFrame, given: Assumptions, served: Array) -> pd.DataFrame:
    """Return the walks between near stops along straight lines: rows `a`, `b`, `seconds`."""
    xy = shapely.get_coordinates(stops.geometry.to_numpy())[served]
    reach = given["transit.longest_transfer"] * 60 / seconds_per_m(given)
    pairs = cKDTree(xy).query_pairs(reach, output_type="ndarray")
    a, b = np.concatenate([pairs, pairs[:, ::-1]]).T
    return pd.DataFrame({"a": served[a], "b": served[b], "seconds": walk_s(xy, a, b, given)})


def seconds_per_m(given: Assumptions) -> float:
    """Return the seconds a metre of straight line takes on foot."""
    return given["transit.detour"] * 3.6 / given["network.walk_speed"]


def walk_s(xy: Array, a: Array, b: Array, given: Assumptions) -> Array:
    """Return the seconds between points on foot, by straight line and detour."""
    return np.asarray(np.hypot(*(xy[a] - xy[b]).T) * seconds_per_m(given))


def _by_row(walks: pd.DataFrame, ids: pd.Index[Any]) -> pd.DataFrame:
    rows = pd.DataFrame(
        {
            "a": ids.get_indexer(pd.Index(walks["from_stop"])),
            "b": ids.get_indexer(pd.Index(walks["to_stop"])),
            "seconds": walks["seconds"].to_numpy(float),
        }
    )
    known: pd.DataFrame = rows[(rows["a"] >= 0) & (rows["b"] >= 0)]
    return known


def _rules(
    stops: gpd.GeoDataFrame, transfers: pd.DataFrame, given: Assumptions, served: Array
) -> pd.DataFrame:
    """
    Return what the transfers table says on pairs of served stops.

    `strength` is 3 for a rule between two stops, 2 where one and 1 where both are stations. Where
    several kinds speak of one pair, the shortest time holds.
    """
    a, b = (stops.index.get_indexer(pd.Index(transfers[f"{end}_stop"])) for end in ("from", "to"))
    kind = transfers["kind"].astype(str).to_numpy()
    least = transfers["min_time_s"].to_numpy(float)
    rows = pd.DataFrame({"from": a, "to": b, "kind": kind, "least": least, "strength": 3})
    rows = rows[(a >= 0) & (b >= 0)]
    members = _members(stops, served)
    for end, own in (("from", "a"), ("to", "b")):
        rows = rows.merge(members.rename(columns={"stop": own, "rule": end}), on=end)
        rows["strength"] -= rows[own] != rows[end]
    xy = shapely.get_coordinates(stops.geometry.to_numpy())
    walk = walk_s(xy, rows["a"].to_numpy(), rows["b"].to_numpy(), given)
    rows["seconds"] = rows["least"].fillna(pd.Series(walk, rows.index) + given["transit.change"])
    rows.loc[rows["kind"].isin(SEATED), "seconds"] = 0.0
    rows.loc[rows["kind"] == "impossible", "seconds"] = np.inf
    found: pd.DataFrame = rows[["a", "b", "seconds", "strength"]]
    return found


def _members(stops: gpd.GeoDataFrame, served: Array) -> pd.DataFrame:
    """Return the served stops a rule for a stop or station speaks of."""
    parent = stops.index.get_indexer(pd.Index(stops["parent_id"]))[served]
    own = pd.DataFrame({"stop": served, "rule": served})
    of_station = pd.DataFrame({"stop": served, "rule": parent})
    both: pd.DataFrame = pd.concat([own, of_station[parent >= 0]], ignore_index=True)
    return both
