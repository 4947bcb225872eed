"""Barriers on ways: whom they stop, and the short link that says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layers.osm.access import MODES, MOTOR, access_word
from layers.osm.tags import choose, map_each, table, tag
from layers.osm.topology import Edges, Vertices

if TYPE_CHECKING:
    from layers.osm.raw import RawOsm

GATE_M = 1.0
"""Length of the link that stands for a barrier, at most, or a third of the next stretch."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Barriers:
    """Barriers at nodes: who may pass and what kind of access cars have there."""

    passes: pd.DataFrame  # index node id, columns modes (bool) and "car_access"

    def insert(self, vertices: Vertices, ways: pd.DataFrame) -> tuple[Vertices, Array]:
        """
        Return vertices with a second one beside each barrier, and the node ids of the barriers.

        The second vertex has the negative id of the barrier. A barrier where three or more
        stretches meet has no effect: it cannot be told which of them it closes.
        """
        node, run = vertices.node, vertices.run
        index = np.flatnonzero(np.isin(node, self.passes.index))
        if not len(index):
            return vertices, np.array([], dtype=np.int64)
        has_next = np.append(run[1:] == run[:-1], [False])
        has_before = np.append([False], run[1:] == run[:-1])
        stretches = pd.Series(has_next[index].astype(int) + has_before[index])
        meets = stretches.groupby(node[index]).transform("sum").to_numpy()
        first = ~pd.Series(node[index]).duplicated().to_numpy()
        at = index[(meets <= 2) & first]
        after = has_next[at]
        other = np.where(after, at + 1, at - 1)
        step = vertices.xy[other] - vertices.xy[at]
        length = np.hypot(*step.T)
        reach = np.minimum(GATE_M, length / 3) / np.maximum(length, 1e-9)
        beside = (vertices.xy[at] + step * reach[:, None]).round(3)
        place = np.where(after, at + 1, at)
        return (
            Vertices(
                np.insert(vertices.way, place, vertices.way[at]),
                np.insert(node, place, -node[at]),
                np.insert(vertices.xy, place, beside, axis=0),
                np.insert(run, place, run[at]),
                vertices.cut,
            ),
            node[at],
        )

    def apply(self, attributes: pd.DataFrame, edges: Edges, gates: Array) -> pd.DataFrame:
        """Return the attributes of every edge, closed where it is the link of a barrier."""
        out = attributes.copy()
        short = edges.gates() & np.isin(np.abs(edges.start), gates)
        if not short.any():
            return out
        rows = self.passes.loc[np.abs(edges.start[short])]
        for side in "fb":
            for mode in MODES:
                column = f"allow_{mode}_{side}"
                values = out[column].to_numpy(dtype=bool).copy()
                values[short] &= rows[mode].to_numpy(dtype=bool)
                out[column] = values
            kind = out[f"car_access_{side}"].to_numpy(dtype=object).copy()
            kind[short] = np.where(
                rows["car_access"].notna() & out[f"allow_car_{side}"].to_numpy()[short],
                rows["car_access"].to_numpy(dtype=object),
                np.where(out[f"allow_car_{side}"].to_numpy()[short], kind[short], "no"),
            )
            out[f"car_access_{side}"] = kind
        return out


def barriers_of(raw: RawOsm) -> Barriers:
    """Return the barriers that stop anybody or make a way private."""
    data = table()["barrier"]
    kind = tag(raw.nodes, "barrier").str.strip().str.lower()
    nodes = raw.nodes[kind.notna() & ~kind.isin(data["not_a_barrier"])]
    kind = kind.reindex(nodes.index)
    out = {
        mode: ~kind.map(lambda k, m=mode: m in data.get(k, ())).to_numpy(dtype=bool)
        for mode in MODES
    }
    car_access = np.full(len(nodes), None, dtype=object)
    values = table()["streets"]["access_values"]
    for mode, keys in table()["streets"]["access_keys"].items():
        group = "motor" if mode in MOTOR else mode
        for key in reversed(keys):
            word = map_each(tag(nodes, key), access_word)
            said = word.notna().to_numpy()
            # access=yes beside a bollard means people, not cars: only special keys open it
            opens = np.array([w in values and group in values[w]["open"] for w in word], dtype=bool)
            opens &= out[mode] if key == "access" else True
            out[mode] = np.where(said, opens, out[mode])
            if mode == "car":
                named = np.array([values[w]["kind"] if w in values else None for w in word], object)
                car_access = np.where(said, named, car_access)
    frame = pd.DataFrame(out, index=[int(key[5:]) for key in nodes.index])
    frame["car_access"] = choose(car_access == "public", None, car_access)
    stops = ~frame[list(MODES)].all(axis=1) | frame["car_access"].notna()
    return Barriers(frame[stops])
