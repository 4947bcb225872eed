"""
Stages that work building by building and add up hours: recompute only the rows that changed.

A kernel gives each row its own results and adds whole watts to hourly sums by group. Whole numbers
make the sums exact: taking a row out and putting it back gives the same bits as never touching it,
in any order of rows and with any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

HOURS = 8760

Inputs = Mapping[str, NDArray[Any]]  # by name; first axis is the row
Kernel = Callable[[Inputs, NDArray[np.int32]], pd.DataFrame]
"""Takes the inputs of some rows and zeroed sums (groups, 8760) [W] to add to; gives a row each."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Inputs and results of a stage: `table` by row, `sums` hourly by group."""

    ids: pd.Index[str]
    inputs: Inputs
    groups: NDArray[np.int32]  # (rows, channels): the group each channel adds to; -1 for none
    table: pd.DataFrame
    sums: Mapping[int, NDArray[np.int32]]  # group -> (8760,) [W]; arrays are shared, never changed
    computed: int  # rows that the kernel was run for, for the record


def run_rows(
    ids: pd.Index[str],
    inputs: Inputs,
    groups: NDArray[np.int32],
    kernel: Kernel,
    *,
    before: Rows | None = None,
) -> Rows:
    """
    Run a kernel over all rows, or over those that differ from `before`.

    Parameters
    ----------
    ids
        Key of each row, unique.
    inputs
        Everything the kernel reads, by name; arrays with one entry (or line) a row.
    groups
        (rows, channels), numbers of the hourly sums each row adds to, -1 for none. The kernel
        finds them as input `groups`, renumbered to the lines of the sums it is given.
    before
        Result of the same stage to start from; the answer does not depend on it.
    """
    if before is None or set(before.inputs) != set(inputs):
        table, sums = _call(inputs, groups, np.arange(len(ids)), kernel)
        return Rows(ids, inputs, groups, _keyed(table, ids), sums, len(ids))
    old, new, kept = _differences(ids, inputs, groups, before)
    removed = _call(before.inputs, before.groups, old, kernel)[1]
    table, added = _call(inputs, groups, new, kernel)
    table = _merge(before.table, _keyed(table, ids[new]), kept, ids)
    sums = _move(before.sums, removed, added, set(np.unique(groups).tolist()))
    return Rows(ids, inputs, groups, table, sums, len(old) + len(new))


def _differences(
    ids: pd.Index[str], inputs: Inputs, groups: NDArray[np.int32], before: Rows
) -> tuple[NDArray[np.intp], NDArray[np.intp], pd.Index[str]]:
    """Return rows of before to take out, rows to put in, and the ids that stay as they are."""
    place = before.ids.get_indexer(ids)
    here = np.flatnonzero(place >= 0)
    there = place[here]
    same = (groups[here] == before.groups[there]).all(axis=1)
    for name, values in inputs.items():
        equal = values[here] == before.inputs[name][there]
        same &= equal if equal.ndim == 1 else equal.all(axis=tuple(range(1, equal.ndim)))
    old = np.ones(len(before.ids), bool)
    old[there[same]] = False
    new = np.ones(len(ids), bool)
    new[here[same]] = False
    return np.flatnonzero(old), np.flatnonzero(new), ids[here[same]]


def _call(
    inputs: Inputs, groups: NDArray[np.int32], rows: NDArray[np.intp], kernel: Kernel
) -> tuple[pd.DataFrame, dict[int, NDArray[np.int32]]]:
    chosen = groups[rows]
    used, lines = np.unique(chosen, return_inverse=True)
    lines = lines.reshape(chosen.shape).astype(np.int32)
    if len(used) and used[0] == -1:
        used, lines = used[1:], (lines - 1).astype(np.int32)
    sums = np.zeros((len(used), HOURS), np.int32)
    given = {name: values[rows] for name, values in inputs.items()}
    table = kernel({**given, "groups": lines}, sums)
    return table, {int(group): line for group, line in zip(used, sums, strict=True)}


def _keyed(table: pd.DataFrame, ids: pd.Index[str]) -> pd.DataFrame:
    return table.set_axis(ids, axis=0)


def _merge(
    before: pd.DataFrame, new: pd.DataFrame, kept: pd.Index[str], ids: pd.Index[str]
) -> pd.DataFrame:
    """Put new rows beside those that stay; each column is copied once."""
    if len(new) == 0 and kept.equals(before.index) and kept.equals(ids):
        return before
    stay, come = before.index.get_indexer(ids), new.index.get_indexer(ids)
    stay[come >= 0] = -1
    columns = {}
    for name in before.columns:
        old, fresh = before[name].to_numpy(), new[name].to_numpy()
        values = old[stay] if len(old) else np.zeros(len(ids), fresh.dtype)
        values[come >= 0] = fresh[come[come >= 0]]
        columns[name] = values
    return pd.DataFrame(columns, index=ids)


def _move(
    before: Mapping[int, NDArray[np.int32]],
    removed: Mapping[int, NDArray[np.int32]],
    added: Mapping[int, NDArray[np.int32]],
    used: set[int],
) -> dict[int, NDArray[np.int32]]:
    """Take out and put in, sharing the sums that no changed row touches."""
    sums = {group: line for group, line in before.items() if group in used}
    for group in {**removed, **added}.keys() & used:
        line = before.get(group, np.zeros(HOURS, np.int32))
        line = line - removed.get(group, np.int32(0)) + added.get(group, np.int32(0))
        sums[group] = line
    return sums
