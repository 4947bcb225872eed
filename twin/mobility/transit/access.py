"""Which stops are within a walk of which door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from twin.errors import ModelError
from twin.mobility import paths
from twin.mobility.transit.footpaths import seconds_per_m
from twin.mobility.transit.raptor import Ends
from twin.mobility.transit.timetable import whole_seconds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.tables import Access, ModeNetwork
    from twin.mobility.transit.timetable import Ints, Timetable

    Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class StopAccess:
    """Stops near places (zones, buildings, a click): of place i `offsets[i]:offsets[i + 1]`."""

    offsets: Ints  # (places + 1,)
    stop: Ints  # row of the timetable's stops, rising within a place
    seconds: Ints  # on foot between the place and the stop

    @property
    def places(self) -> int:
        """Number of places."""
        return len(self.offsets) - 1

    def start(self, place: int) -> tuple[Ints, Ints]:
        """Return the stops of one place and the seconds to them."""
        part = slice(self.offsets[place], self.offsets[place + 1])
        return self.stop[part], self.seconds[part]

    def by_stop(self, stops: int) -> Ends:
        """Return the same by stop, of so many stops, as kernels take it."""
        place = np.repeat(np.arange(self.places, dtype=np.int32), np.diff(self.offsets))
        order = np.argsort(self.stop, kind="stable")
        counts = np.bincount(self.stop, minlength=stops)
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        return Ends(offsets, place[order], self.seconds[order], self.places)


def stop_access(timetable: Timetable, table: pd.DataFrame, places: int) -> StopAccess:
    """
    Return the stops of each place out of a table with `place`, `stop` and `seconds`.

    `place` counts from 0, `stop` is an id or a row of the timetable. Of several rows for a pair
    the shortest counts. `ModelError` names stops that are not there and seconds below 0.
    """
    stop = table["stop"].to_numpy()
    if not np.issubdtype(stop.dtype, np.integer):
        stop = timetable.stop_ids.get_indexer(pd.Index(stop))
    seconds, place = table["seconds"].to_numpy(float), table["place"].to_numpy(np.int64)
    inside = (stop >= 0) & (stop < timetable.stops) & (place >= 0) & (place < places)
    wrong = ~inside | ~(seconds >= 0)
    if wrong.any():
        template = "{count} ways to stops are not usable, the first is {row}."
        hint = "They need a known place, a known stop and 0 seconds or more."
        first = table[wrong].iloc[0].to_dict()
        raise ModelError(template, hint=hint, count=int(wrong.sum()), row=first)
    return _by_place(place, stop.astype(np.int64), seconds, places)


def _by_place(place: Array, stop: Array, seconds: Array, places: int) -> StopAccess:
    order = np.lexsort((seconds, stop, place))
    place, stop, seconds = place[order], stop[order], seconds[order]
    first = np.append(True, (np.diff(place) != 0) | (np.diff(stop) != 0))[: len(place)]
    kept = first & np.isfinite(seconds)
    return _in_order(place[kept], stop[kept], seconds[kept], places)


def _in_order(place: Array, stop: Array, seconds: Array, places: int) -> StopAccess:
    offsets = np.concatenate([[0], np.cumsum(np.bincount(place, minlength=places))])
    return StopAccess(offsets.astype(np.int32), stop.astype(np.int32), whole_seconds(seconds))


def access_along_streets(
    timetable: Timetable,
    network: ModeNetwork,
    stops: Access,
    places: Access,
    given: Assumptions,
) -> StopAccess:
    """
    Return the stops within `transit.longest_access` on foot of each place, along streets.

    `network` is that of walking, `stops` and `places` where they meet it
    (`twin.mobility.network.meet`); `stops` has one row for each of the timetable. The way from a
    stop to a place is taken for the way back as well.
    """
    limit = given["transit.longest_access"] * 60
    served = np.flatnonzero(timetable.served)
    pairs = _walked(network, stops, served, places, limit)
    return _in_order(pairs["b"], pairs["a"], pairs["seconds"], len(places.ids))


def walks_between(
    timetable_stops: pd.Index[str],
    network: ModeNetwork,
    stops: Access,
    given: Assumptions,
) -> pd.DataFrame:
    """
    Return the walks between stops along streets, up to `transit.longest_transfer`.

    `stops` says where each stop meets the walking network. Columns `from_stop`, `to_stop`,
    `seconds`, for `compile_timetable(..., walks=)`.
    """
    limit = given["transit.longest_transfer"] * 60
    pairs = _walked(network, stops, np.arange(len(timetable_stops)), stops, limit)
    ids = timetable_stops.to_numpy()
    other = pairs["a"] != pairs["b"]
    return pd.DataFrame(
        {
            "from_stop": ids[pairs["a"][other]],
            "to_stop": ids[pairs["b"][other]],
            "seconds": pairs["seconds"][other],
        }
    )


def _walked(
    network: ModeNetwork, stops: Access, rows: Array, places: Access, limit: float
) -> dict[str, Array]:
    """Return stops (of `rows`) and places up to a limit: `a`, `b`, `seconds`; sorted by b, a."""
    node, own = stops.node[rows], stops.seconds[rows]
    usable = (node >= 0) & (own <= limit)
    ends = np.unique(node[usable])
    found = paths.reach(network.graph, network.time_s, ends, limit=limit)
    end = np.repeat(ends, np.diff(found.offsets))
    i, k = _joined(node.ravel(), end, network.graph.n)  # ends of stops with what they reach
    to, last = places.arriving()
    m, n = _joined(found.nodes[k], to.ravel(), network.graph.n)
    a, b = rows[i[m] // 2], n // 2  # two ends a point
    seconds = (own.ravel()[i] + found.costs[k])[m] + last.ravel()[n]
    along = _along(network, stops, rows, places)
    values = (np.concatenate(pair) for pair in zip((a, b, seconds), along, strict=True))
    a, b, seconds = values
    near = seconds <= limit
    a, b, seconds = a[near], b[near], seconds[near]
    key = b * len(stops.ids) + a
    order = np.argsort(key)
    first = np.flatnonzero(np.diff(key[order], prepend=-1))
    least = np.minimum.reduceat(seconds[order], first) if len(first) else seconds
    return {"a": a[order[first]], "b": b[order[first]], "seconds": least}


def _joined(left: Array, right: Array, nodes: int) -> tuple[Array, Array]:
    """Return all pairs of places in two lists of nodes that hold the same node; -1 is none."""
    order = np.argsort(right, kind="stable")
    order = order[np.searchsorted(right[order], 0) :]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(right[order], minlength=nodes))])
    kept = np.flatnonzero(left >= 0)
    count = np.diff(offsets)[left[kept]]
    pairs = np.repeat(kept, count)
    shift = offsets[left[kept]] - np.concatenate([[0], np.cumsum(count)[:-1]])
    return pairs, order[np.repeat(shift, count) + np.arange(len(pairs))]


def _along(
    network: ModeNetwork, stops: Access, rows: Array, places: Access
) -> tuple[Array, Array, Array]:
    """Return stops (of `rows`) and places on one street, and the seconds along it."""
    one, other = (_on_streets(network, access) for access in (stops, places))
    i, k = _joined(one[0][rows], other[0], len(network.street_ids))
    a = rows[i]
    takes = np.full(len(network.street_ids), np.inf)
    links = network.street >= 0
    takes[network.street[links]] = network.time_s[links]
    part = np.abs(one[1][a] - other[1][k])
    way = np.where(part > 0, takes[one[0][a]], 0.0) * part
    return a, k, one[2][a] + way + other[2][k]


def _on_streets(network: ModeNetwork, access: Access) -> tuple[Array, Array, Array]:
    """Return of each point the lower row of its street's two, share from its start, detour."""
    if access.share is None or access.detour_s is None:
        nothing = np.zeros(len(access.ids))
        return np.full(len(nothing), -1), nothing, nothing
    street = access.street
    other = street if network.reverse is None else network.reverse[street]
    turned = (street >= 0) & (other >= 0) & (other < street)
    share = np.where(turned, 1 - access.share, access.share)
    return np.where(turned, other, street), share, access.detour_s


def access_by_line(timetable: Timetable, xy: Array, given: Assumptions) -> StopAccess:
    """Return the stops within a walk of points (p, 2) by straight line and `transit.detour`."""
    limit = given["transit.longest_access"] * 60
    served = np.flatnonzero(timetable.served)
    tree = cKDTree(np.column_stack([timetable.x, timetable.y])[served])
    reach = limit / seconds_per_m(given)
    near = tree.query_ball_point(np.asarray(xy, float), reach, return_sorted=True)
    place = np.repeat(np.arange(len(near)), [len(one) for one in near])
    stop = served[np.concatenate([np.asarray(one, np.int64) for one in [*near, []]])]
    dx = timetable.x[stop] - np.asarray(xy, float)[place, 0]
    dy = timetable.y[stop] - np.asarray(xy, float)[place, 1]
    return _by_place(place, stop, np.hypot(dx, dy) * seconds_per_m(given), len(near))


def zone_access(
    timetable: Timetable,
    access: StopAccess,
    zone: Array,
    weight: Array,
    zones: int,
) -> StopAccess:
    """
    Return the stops of each zone out of those of the points in it, e.g. its buildings.

    Parameters
    ----------
    access
        Stops near the points.
    zone, weight
        Of each point: place of its zone (-1: none), and how many people it stands for.

    The walk is the mean over the points that have the stop within reach; a stop counts where it
    is within reach of at least a tenth of the weight that has any stop at all.
    """
    point = np.repeat(np.arange(access.places), np.diff(access.offsets))
    table = pd.DataFrame(
        {
            "zone": np.asarray(zone)[point],
            "stop": access.stop,
            "weight": np.asarray(weight, float)[point],
        }
    )
    table["walked"] = table["weight"] * access.seconds
    table = table[(table["zone"] >= 0) & (table["weight"] > 0)]
    sums = table.groupby(["zone", "stop"], as_index=False)[["weight", "walked"]].sum()
    near = np.zeros(access.places, bool)
    near[point] = True
    inside = (np.asarray(zone) >= 0) & near
    whole = np.bincount(
        np.asarray(zone)[inside], np.asarray(weight, float)[inside], minlength=zones
    )
    enough = sums["weight"].to_numpy() >= LEAST_SHARE * whole[sums["zone"].to_numpy()]
    sums = sums[enough]
    seconds = (sums["walked"] / sums["weight"]).to_numpy()
    return _by_place(sums["zone"].to_numpy(), sums["stop"].to_numpy(), seconds, zones)


LEAST_SHARE = 0.1
"""Of the people of a zone who must be able to walk to a stop."""
