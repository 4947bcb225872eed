"""Which streets a mode may use, from which junction to which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twin.errors import ModelError

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]
    Flags = NDArray[np.bool_]

MODES = ("car", "truck", "bike", "walk")
MOTOR = ("car", "truck")


@dataclass(frozen=True, eq=False)
class Links:
    """The directed links one mode may use, in the order of the streets table."""

    mode: str
    row: Ints  # (k,) of the streets table
    tail: Ints  # (k,) row of the nodes table
    head: Ints  # (k,)
    pushed: Flags  # (k,) bicycles are pushed here
    opposite: Ints  # of every street the row of the opposite one, -1 for none


def links_of(streets: gpd.GeoDataFrame, nodes: gpd.GeoDataFrame, mode: str) -> Links:
    """
    Return the links a mode may use.

    Bicycles go wherever riding or walking is allowed; where only walking is, they are pushed.
    Raises `ModelError` for a mode there is not and for streets that end at no junction of the
    table; both lists are complete.
    """
    if mode not in MODES:
        template = "There is no network for {mode}."
        hint = "There is one for each of: {modes}."
        raise ModelError(template, hint=hint, mode=mode, modes=", ".join(MODES))
    tail, head = ends_of(streets, nodes)
    allowed = flags(streets, f"allow_{mode}")
    usable = allowed | flags(streets, "allow_walk") if mode == "bike" else allowed
    lost = usable & ((tail < 0) | (head < 0))
    if lost.any():
        template = "{count} streets begin or end at a junction that is not in the table: {streets}."
        hint = "Every from_node and to_node must be in the table of junctions."
        raise ModelError(
            template, hint=hint, count=int(lost.sum()), streets=named(streets.index[lost])
        )
    row = np.flatnonzero(usable).astype(np.int32)
    back = streets.index.get_indexer(pd.Index(streets["reverse_id"])).astype(np.int32)
    return Links(mode, row, tail[row], head[row], ~allowed[row], back)


def ends_of(streets: pd.DataFrame, nodes: pd.DataFrame) -> tuple[Ints, Ints]:
    """Return the rows of the nodes table where each street begins and ends, -1 where there is none.

    >>> streets = pd.DataFrame({"from_node": ["a"], "to_node": ["c"]})
    >>> [end.tolist() for end in ends_of(streets, pd.DataFrame(index=["a", "b"]))]
    [[0], [-1]]
    """
    tail, head = (
        nodes.index.get_indexer(pd.Index(streets[end])).astype(np.int32)
        for end in ("from_node", "to_node")
    )
    return tail, head


def fronts_of(streets: pd.DataFrame) -> Flags:
    """Tell which streets houses may stand on: no motorways, ramps, tunnels and bridges."""
    fast = streets["class"].isin(["motorway", "trunk"]).to_numpy() & ~flags(streets, "allow_walk")
    above = flags(streets, "is_ramp") | flags(streets, "is_tunnel") | flags(streets, "is_bridge")
    return np.asarray(~(fast | above))


def flags(table: pd.DataFrame, column: str) -> Flags:
    """Return a column of yes and no as an array."""
    return table[column].to_numpy(dtype=bool)


def by_category(given: Assumptions, name: str, column: pd.Series[Any]) -> Floats:
    """Return for each row the assumption of its class."""
    classes = pd.Categorical(column)
    return np.asarray(given.array(name, classes.categories)[classes.codes], float)


def named(ids: pd.Index[str], most: int = 10) -> str:
    """
    Return ids as a list in one sentence, cut short.

    >>> named(pd.Index(["a", "b", "c"]), most=2)
    'a, b, ...'
    """
    return ", ".join([*map(str, ids[:most]), *(["..."] if len(ids) > most else [])])
