"""The street graph cut at the house connections, and what can be reached in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    Ints = NDArray[np.intp]
    Floats = NDArray[np.float64]

SHORTEST_M = 1e-3
"""Weight of a piece without length: a sparse matrix takes 0 for no edge."""


@dataclass(frozen=True, eq=False)
class Pieces:
    """
    Streets cut at the taps: nodes 0 to n - 1, one edge a piece of a section.

    Pieces stand in the order of section and position, so that nothing depends on the order of the
    buildings.
    """

    n: int
    start: Ints  # node at the lower position
    end: Ints
    section: Ints  # row of the sections
    from_m: Floats  # position on the section
    to_m: Floats
    weight: Floats  # length times laying factor
    tap: Ints  # node of each tap, in the order of the taps given


def cut_streets(sections: gpd.GeoDataFrame, tap_section: Ints, tap_m: Floats) -> Pieces:
    """
    Cut sections at taps (row of the section and position on it) and number the nodes.

    Taps at the same place share a node; junctions come first, sorted by id. A column `reluctance`
    makes sections longer for the layout only.
    """
    length = sections["length_m"].to_numpy(float)
    ends = np.concatenate([sections["from_node"].to_numpy(str), sections["to_node"].to_numpy(str)])
    names, junction = np.unique(ends, return_inverse=True)
    count = len(sections)
    where = np.clip(tap_m, 0.0, length[tap_section])
    places, tap = np.unique(
        np.column_stack([tap_section, np.round(where, 2)]), axis=0, return_inverse=True
    )
    tap = tap.reshape(-1)
    rows = np.arange(count)
    section = np.concatenate([rows, places[:, 0].astype(np.intp), rows])
    position = np.concatenate([np.zeros(count), places[:, 1], length])
    node = np.concatenate([junction[:count], len(names) + np.arange(len(places)), junction[count:]])
    rank = np.repeat([0, 1, 2], [count, len(places), count])  # first end, taps, last end
    order = np.lexsort((position, rank, section))
    section, position, node = section[order], position[order], node[order]
    inner = np.flatnonzero(section[1:] == section[:-1])
    piece = section[inner]
    span = np.maximum(position[inner + 1] - position[inner], 0.0)
    factor = sections["laying_factor"].to_numpy(float)
    if "reluctance" in sections:
        factor = factor * sections["reluctance"].to_numpy(float)
    return Pieces(
        n=len(names) + len(places),
        start=node[inner],
        end=node[inner + 1],
        section=piece,
        from_m=position[inner],
        to_m=position[inner] + span,
        weight=np.maximum(span * factor[piece], SHORTEST_M),
        tap=len(names) + tap,
    )


def parts(n: int, start: Ints, end: Ints) -> Ints:
    """Return the number of the connected part that each node lies in."""
    links = csr_array((np.ones(len(start), np.int8), (start, end)), shape=(n, n))
    return np.asarray(connected_components(links, directed=False)[1], np.intp)


def heaviest_part(part: Ints, tap: Ints, heat_kwh: Floats) -> int:
    """Return the connected part with the most heat; the lowest number if several have it."""
    heat = np.bincount(part[tap], weights=heat_kwh, minlength=int(part.max()) + 1)
    return int(np.argmax(heat))


def rows_of(sections: gpd.GeoDataFrame, ids: pd.Series[str]) -> Ints:
    """Return the rows of sections by id, -1 for what is none."""
    return np.asarray(sections.index.get_indexer(pd.Index(ids)), np.intp)
