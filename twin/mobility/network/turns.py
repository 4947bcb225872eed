"""Turn rules: which turns are forbidden, and junctions taken apart so that searches obey them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from twin.mobility.network.links import MOTOR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.network.links import Flags, Floats, Ints, Links

LOOK_M = 15.0
"""The direction of a street at a junction is that of its first or last metres."""


@dataclass(frozen=True, eq=False)
class Expanded:
    """
    Nodes and links with the junctions of turn rules taken apart.

    The first links are the streets of `Links`, then the turns, then ways from the row of a junction
    into the streets that leave it (where ways begin) and from the streets that lead to it into its
    last node (where ways end).
    """

    tail: Ints
    head: Ints
    seconds: Floats  # (links after the streets,) of turns; 0 where ways begin and end
    junction: Ints  # (n,) row of the nodes table
    ends: Ints  # (rows of the nodes table,) node where ways end


def bound_turns(turns: pd.DataFrame, mode: str) -> pd.DataFrame:
    """Return the turn restrictions that bind a mode; nobody on foot is bound."""
    if mode == "walk":
        return turns.iloc[:0]
    free = turns["except_modes"].astype(object).where(turns["except_modes"].notna(), "")
    binds = np.array([mode not in str(modes).split() for modes in free], dtype=bool)
    return turns[binds]


def turn_rows(
    turns: pd.DataFrame, streets: pd.DataFrame, nodes: pd.DataFrame
) -> tuple[pd.DataFrame, Ints]:
    """
    Return `kind`, `from`, `to` (rows of streets) of the restrictions, and their junctions (rows).

    A restriction whose streets are gone, or no longer meet at its junction, says nothing.
    """
    start = streets.index.get_indexer(pd.Index(turns["from_link"]))
    end = streets.index.get_indexer(pd.Index(turns["to_link"]))
    via = nodes.index.get_indexer(pd.Index(turns["via_node"])).astype(np.int32)
    there = (start >= 0) & (end >= 0) & (via >= 0)
    kept, start, end, via = turns[there], start[there], end[there], via[there]
    at = kept["via_node"].to_numpy(object)
    arrives = streets["to_node"].iloc[start].to_numpy(object) == at
    leaves = streets["from_node"].iloc[end].to_numpy(object) == at
    rows = pd.DataFrame({"kind": kept["kind"].astype(str).to_numpy(), "from": start, "to": end})
    return rows[arrives & leaves].reset_index(drop=True), via[arrives & leaves]


def split_at(links: Links, via: Ints, signals: Flags, count: int) -> Flags:
    """Return which of `count` junctions are taken apart: with rules, for motor traffic signals."""
    split = signals.copy() if links.mode in MOTOR else np.zeros(count, dtype=bool)
    split[via] = True
    arrives = np.bincount(links.head, minlength=count) > 0
    return np.asarray(split & arrives & (np.bincount(links.tail, minlength=count) > 0))


def turn_pairs(links: Links, split: Flags, rules: pd.DataFrame) -> tuple[Ints, Ints]:
    """
    Return all turns allowed at the junctions taken apart: places in `links` of both streets.

    `no_*` forbids a turn. `only_*` forbids all others from that street, if its own goal may be
    used at all. Turning back is not allowed unless a rule says so or there is no other way on.
    """
    into = pd.DataFrame({"node": links.head, "into": np.arange(len(links.row))})[split[links.head]]
    out = pd.DataFrame({"node": links.tail, "out": np.arange(len(links.row))})[split[links.tail]]
    pairs = into.merge(out, on="node")
    start, end = links.row[pairs["into"]], links.row[pairs["out"]]
    key = _key(start, end)
    is_only = rules["kind"].str.startswith("only_").to_numpy(bool)
    rule_key = _key(rules["from"].to_numpy(), rules["to"].to_numpy())
    usable = np.isin(rules["to"].to_numpy(), links.row)
    ordered = np.isin(key, rule_key[is_only & usable])
    bound = np.isin(start, rules["from"].to_numpy()[is_only & usable])
    banned = np.isin(key, rule_key[~is_only]) | (bound & ~ordered)
    back = (links.opposite[start] == end) & ~ordered
    onward = pd.Series(~banned & ~back).groupby(pairs["into"].to_numpy()).transform("any")
    keep = ~banned & ~(back & onward.to_numpy(bool))
    return (
        pairs["into"].to_numpy(np.int32)[keep],
        pairs["out"].to_numpy(np.int32)[keep],
    )


def _key(start: NDArray[np.integer], end: NDArray[np.integer]) -> NDArray[np.int64]:
    return np.asarray(start, np.int64) * 2**31 + np.asarray(end, np.int64)


def turn_seconds(
    lines: NDArray[np.object_], into: Ints, out: Ints, given: Assumptions, mode: str
) -> Floats:
    """
    Return the seconds of each turn by the angle between two lines (place in `lines` of each).

    Left beyond `network.straight_within`, right beyond it on the other side, back within it of the
    way one came. Only motor traffic has turn costs.
    """
    if mode not in MOTOR or not len(into):
        return np.zeros(len(into))
    before, after = lines[into], lines[out]
    came = _bearing(shapely.line_interpolate_point(before, -LOOK_M), shapely.get_point(before, -1))
    goes = _bearing(shapely.get_point(after, 0), shapely.line_interpolate_point(after, LOOK_M))
    turned = np.degrees(np.angle(goes / came))
    near = given["network.straight_within"]
    cost = {
        name: given[f"network.turn_delay.{name}"] for name in ("left", "right", "straight", "back")
    }
    return np.select(
        [np.abs(turned) <= near, np.abs(turned) >= 180 - near / 2, turned > 0],
        [cost["straight"], cost["back"], cost["left"]],
        default=cost["right"],
    )


def _bearing(start: NDArray[np.object_], end: NDArray[np.object_]) -> NDArray[np.complex128]:
    """Return the directions from points to points as complex numbers, east where they coincide."""
    step = shapely.get_x(end) - shapely.get_x(start)
    step = step + 1j * (shapely.get_y(end) - shapely.get_y(start))
    return np.where(np.abs(step) > 0, step, 1.0)


def expand(
    links: Links, split: Flags, pairs: tuple[Ints, Ints], seconds: Floats, count: int
) -> Expanded:
    """
    Return nodes and links with the junctions of `split` taken apart; `count` rows of junctions.

    Node i is row i of the nodes table; behind them one node for each street that leaves a junction
    taken apart, one for each that leads to it, and one for the end of ways there.
    """
    apart = np.flatnonzero(split)
    leaves, arrives = split[links.tail], split[links.head]
    tail, head = links.tail.copy(), links.head.copy()
    tail[leaves] = count + np.arange(leaves.sum())
    head[arrives] = count + leaves.sum() + np.arange(arrives.sum())
    ends = np.arange(count, dtype=np.int32)
    first = count + leaves.sum() + arrives.sum()
    ends[apart] = first + np.arange(len(apart))
    into, out = pairs
    parts = (
        (tail, head),
        (head[into], tail[out]),
        (links.tail[leaves], tail[leaves]),
        (head[arrives], ends[links.head[arrives]]),
    )
    junction = np.concatenate([np.arange(count), links.tail[leaves], links.head[arrives], apart])
    return Expanded(
        np.concatenate([part[0] for part in parts]).astype(np.int32),
        np.concatenate([part[1] for part in parts]).astype(np.int32),
        np.concatenate([seconds, np.zeros(leaves.sum() + arrives.sum())]),
        junction.astype(np.int32),
        ends,
    )
