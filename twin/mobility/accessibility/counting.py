"""How much can be reached within some minutes: schools, shops, jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numba import njit

from twin.mobility.accessibility.directly import Along, Points, along_of, direct, points_of, take
from twin.mobility.accessibility.isochrones import check_minutes
from twin.mobility.paths import distances
from twin.mobility.paths.threads import in_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    from twin.mobility.tables import Access, ModeNetwork

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]

BLOCK = 256
"""Points whose ways are held at once (memory: this times the nodes of the network)."""


class _Block(NamedTuple):
    """Facilities whose points come one after the other, with the way to each from every node."""

    offsets: Ints  # (facilities + 1,) of the points
    weight: Floats  # (facilities,)
    column: Ints  # (facilities,) kind
    place: Ints  # (points, 2) column of `far` of both ends
    far: Floats  # (n + 1, ends) seconds from each node


def within(
    network: ModeNetwork,
    costs: ArrayLike,
    origins: Access,
    facilities: Access,
    table: pd.DataFrame,
    *,
    minutes: float,
    start_s: float = 0.0,
) -> pd.DataFrame:
    """
    Return the weight of all facilities each origin reaches within so many minutes, by kind.

    Parameters
    ----------
    costs, origins, facilities, start_s
        As in `nearest_minutes`.
    table
        Rows beside `facilities`: kind, id, weight. A facility with several points (a park) counts
        once, with the way to the nearest of them.

    Returns
    -------
    DataFrame
        Index of the origins, a column a kind in the order they occur in `table`: number of schools,
        shops, parks, stops; number of jobs.
    """
    check_minutes([minutes])
    limit = 60.0 * minutes - start_s
    kinds = list(dict.fromkeys(table["kind"]))
    order = np.lexsort((table["id"].to_numpy(str), pd.Categorical(table["kind"], kinds).codes))
    sorted_ = table.iloc[order]
    ends = take(points_of(network, facilities, arriving=True), order)
    starts, along = points_of(network, origins), along_of(network, costs)
    total = np.zeros((len(origins.ids), len(kinds)))
    for first, last in _blocks(sorted_):
        part = take(ends, np.arange(first, last))
        block = _block(network, costs, sorted_.iloc[first:last], part, (kinds, limit))
        in_rows(
            lambda a, b, block=block, part=part: _add(
                starts, part, along, block, limit, total, (a, b)
            ),
            len(total), least=2_000,
        )  # fmt: skip
    return pd.DataFrame(total, origins.ids, pd.Index(kinds, dtype="object"))


def _blocks(table: pd.DataFrame) -> Iterator[tuple[int, int]]:
    """Yield rows from and to, so many that facilities are whole and blocks no larger than need be."""
    new = (table[["kind", "id"]] != table[["kind", "id"]].shift()).any(axis=1).to_numpy()
    begins = np.append(np.flatnonzero(new), len(table))
    at = 0
    while at < len(begins) - 1:
        last = max(at + 1, int(np.searchsorted(begins, begins[at] + BLOCK, side="right")) - 1)
        yield int(begins[at]), int(begins[last])
        at = last


def _block(
    network: ModeNetwork,
    costs: ArrayLike,
    table: pd.DataFrame,
    ends: Points,
    asked: tuple[list[str], float],
) -> _Block:
    """Search from the ends of some facilities against the links."""
    kinds, limit = asked
    back = network.graph.reversed()
    nodes, place = np.unique(ends.node, return_inverse=True)
    there = nodes < back.n
    far = np.full((network.graph.n + 1, len(nodes)), np.inf)
    against = np.asarray(costs, np.float64)[back.order]
    far[:-1, there] = distances(back, against, nodes[there], limit=max(limit, 0.0)).T
    new = (table[["kind", "id"]] != table[["kind", "id"]].shift()).any(axis=1).to_numpy()
    begins = np.flatnonzero(new)
    return _Block(
        np.append(begins, len(table)).astype(np.int32),
        table["weight"].to_numpy(np.float64)[begins],
        pd.Categorical(table["kind"], kinds).codes[begins].astype(np.int32),
        place.reshape(ends.node.shape).astype(np.int32),
        far,
    )


@njit(cache=True, nogil=True)
def _add(
    origins: Points,
    ends: Points,
    along: Along,
    block: _Block,
    limit: float,
    total: Floats,
    rows: tuple[int, int],
) -> None:  # pragma: no cover
    """Add the weight of each facility of a block to the origins that reach it."""
    for i in range(rows[0], rows[1]):
        for f in range(len(block.weight)):
            best = np.inf
            for k in range(block.offsets[f], block.offsets[f + 1]):
                for start in range(2):
                    way = block.far[origins.node[i, start]]
                    begun = origins.seconds[i, start]
                    for end in range(2):
                        best = min(best, begun + way[block.place[k, end]] + ends.seconds[k, end])
                best = min(best, direct(origins, i, ends, k, along))
            if best <= limit:
                total[i, block.column[f]] += block.weight[f]
