"""Which links a mode can reach and leave again: strongly connected parts of the network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

Array = np.ndarray[Any, Any]


def reach_classes(start: Array, end: Array, allowed: Array, length: Array) -> Array:
    """
    Return for each link "main", "only_in", "only_out", "island" or "not_allowed".

    Parameters
    ----------
    start, end
        Node number of each link, from 0.
    allowed
        Whether the mode may use the link.
    length
        [m]; the strongly connected part with the longest links is the main one.

    Notes
    -----
    only_in: it can be reached from the main part, but there is no way back; only_out: the reverse;
    island: neither. Strong components after Pearce (scipy).
    """
    out = np.full(len(start), "not_allowed", dtype=object)
    if not allowed.any():
        return out
    size = int(max(start.max(), end.max())) + 1
    ones = np.ones(int(allowed.sum()), dtype=np.int8)
    graph = csr_array((ones, (start[allowed], end[allowed])), shape=(size, size))
    part = connected_components(graph, directed=True, connection="strong")[1]
    within = allowed & (part[start] == part[end])
    if not within.any():
        out[allowed] = "island"
        return out
    main = int(np.bincount(part[start[within]], weights=length[within]).argmax())
    seed = int(np.flatnonzero(part == main)[0])
    from_main, to_main = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
    from_main[breadth_first_order(graph, seed, return_predecessors=False)] = True
    to_main[breadth_first_order(graph.T.tocsr(), seed, return_predecessors=False)] = True
    inward, outward = from_main[start], to_main[end]
    kind = np.select(
        [inward & outward, inward, outward], ["main", "only_in", "only_out"], default="island"
    )
    return np.where(allowed, kind, "not_allowed").astype(object)


def islands(start: Array, end: Array, reach: Array) -> Array:
    """Return one link (its number) of every separate piece that the links marked "island" form."""
    lost = reach == "island"
    if not lost.any():
        return np.array([], dtype=np.int64)
    nodes = np.unique(np.concatenate([start[lost], end[lost]]), return_inverse=True)
    count = int(lost.sum())
    ones = np.ones(count, dtype=np.int8)
    pairs = (nodes[1][:count], nodes[1][count:])
    graph = csr_array((ones, pairs), shape=(len(nodes[0]),) * 2)
    piece = connected_components(graph, directed=False)[1][pairs[0]]
    return np.asarray(np.flatnonzero(lost)[np.unique(piece, return_index=True)[1]])


def with_reach(links: pd.DataFrame) -> pd.DataFrame:
    """Return links with `car_reach`, `bike_reach`, `walk_reach`."""
    codes = pd.factorize(pd.concat([links["from_node"], links["to_node"]]))[0]
    start, end = codes[: len(links)], codes[len(links) :]
    length = links["length_m"].to_numpy(dtype=float)
    return links.assign(
        **{
            f"{mode}_reach": reach_classes(
                start, end, links[f"allow_{mode}"].to_numpy(dtype=bool), length
            )
            for mode in ("car", "bike", "walk")
        }
    )
