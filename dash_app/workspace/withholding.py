"""
Which sums of areas are withheld, so that none speaks of a few addresses, not even by subtraction.

Pure arithmetic on counts; `privacy` feeds it and is the only one to use it.

Published are the sums of Baublöcke, of districts and of the city. Buildings are known here by the
part of a Baublock that lies in one district; parts of no Baublock or no district are never
published by themselves. What can be had by adding and subtracting sums is then either a sum of
published Baublöcke, or the rest of some districts: what their Baublöcke do not say. So the rest
of each district must be nothing or reach the limit, and where a Baublock crosses a border with a
small part, its districts must have a rest at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from dash_app.workspace.bridges import bridges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

NOWHERE = ""
"""Key of what lies in no Baublock or no district."""


class Withheld(NamedTuple):
    """Keys of what is not published."""

    blocks: frozenset[str]
    districts: frozenset[str]
    city: bool


def withheld_areas(parts: pd.DataFrame, limit: int) -> Withheld:
    """
    Return the areas whose sums are withheld.

    Parameters
    ----------
    parts
        A row for each building or part of a Baublock: `block` and `district` (`NOWHERE` for none),
        `addresses` and `used` (whether there is anything to protect).
    limit
        Addresses a published sum speaks of at least.
    """
    used = parts[parts["used"].to_numpy(bool)]
    table = used.groupby(["block", "district"], sort=True)["addresses"].sum().reset_index()
    if not len(table):
        return Withheld(frozenset(), frozenset(), city=False)
    found = _Search.of(table, limit)
    found.settle()
    blocks = found.block_names[found.hidden & (found.block_names != NOWHERE)]
    districts = found.district_names[found.dark & (found.district_names != NOWHERE)]
    return Withheld(
        frozenset(blocks), frozenset(districts), city=int(table["addresses"].sum()) < limit
    )


class _Search:
    """What is hidden so far; `settle` hides more until nothing can be had by subtraction."""

    def __init__(self, table: pd.DataFrame, limit: int) -> None:
        self.limit = limit
        self.block, names = pd.factorize(table["block"], sort=True)
        self.block_names = np.asarray(names, object)
        self.district, names = pd.factorize(table["district"], sort=True)
        self.district_names = np.asarray(names, object)
        self.count = table["addresses"].to_numpy(np.int64)
        self.of_block = np.bincount(self.block, self.count).astype(np.int64)
        self.of_district = np.bincount(self.district, self.count).astype(np.int64)
        crossing = np.bincount(self.block) > 1
        small = np.bincount(self.block, self.count < limit) > 0
        self.splinter: Bools = crossing & small
        self.hidden: Bools = (self.of_block < limit) | (self.block_names == NOWHERE)
        self.dark: Bools = (self.of_district < limit) | (self.district_names == NOWHERE)

    @classmethod
    def of(cls, table: pd.DataFrame, limit: int) -> _Search:
        """Start with what is too small by itself."""
        return cls(table, limit)

    def settle(self) -> None:
        """Hide the smallest that helps, until every rest is nothing or large enough."""
        while True:
            column = np.where(self.dark[self.district], -1, self.district)  # the dark ones are one
            wrong = self._too_small(column)
            if not len(wrong) or not self._hide_in(int(wrong[0]), column):
                return

    def _too_small(self, column: Ints) -> Ints:
        """Return the columns whose rest may not stay as it is, the smallest number first."""
        place = column + 1
        size = len(self.district_names) + 1
        away = self.hidden[self.block]
        rest = np.bincount(place[away], self.count[away], size)
        there = np.bincount(place[away], minlength=size) > 0
        touched = np.bincount(place[self.splinter[self.block] & ~away], minlength=size) > 0
        found: Ints = np.flatnonzero((rest < self.limit) & (there | touched)) - 1
        return found[::-1]  # districts first: what they hide may serve the dark ones as well

    def _hide_in(self, column: int, columns: Ints) -> bool:
        """Hide the next smallest Baublock of a column, or else the next smallest district."""
        inside = np.unique(self.block[(columns == column) & ~self.hidden[self.block]])
        if len(inside):
            self.hidden[inside[np.argmin(self.of_block[inside])]] = True
            return True
        bright = np.flatnonzero(~self.dark)
        if column >= 0:
            self.dark[column] = True
        elif len(bright):
            self.dark[bright[np.argmin(self.of_district[bright])]] = True
        return column >= 0 or len(bright) > 0


def withheld_alone(counts: pd.Series[int], used: pd.Series[bool], limit: int) -> pd.Series[bool]:
    """
    Return which areas are withheld where the sum of all of them is known, too.

    Parameters
    ----------
    counts, used
        Addresses by area, and whether there is anything to protect. The row `NOWHERE`, where there
        is one, is what lies in no area: never published, but it hides the others.

    Returns
    -------
    True where fewer than `limit` addresses are, and for the next smallest ones until those withheld
    have that many together; index as given.
    """
    some = used.to_numpy(bool)
    number = counts.to_numpy(np.int64)
    away = some & ((number < limit) | (counts.index == NOWHERE))
    rest = int(number[away].sum())
    if away.any() and rest < limit:
        left = np.flatnonzero(some & ~away)
        order = left[np.argsort(number[left], kind="stable")]
        total = rest + np.cumsum(number[order])
        more = int(np.searchsorted(total, limit)) + 1
        away[order[:more]] = True
    return pd.Series(away, counts.index)


def withheld_against(
    rows: pd.Series[str], columns: pd.Series[str], counts: pd.Series[int], limit: int
) -> frozenset[str]:
    """
    Return the columns that must be withheld as well, because rows are published besides.

    Parameters
    ----------
    rows, columns
        Where each building in use counts in two ways of summing up, say Baublock and street; what
        is withheld carries the name of the rest it is known in (`NOWHERE` for columns).
    counts
        Addresses by building.

    Notes
    -----
    What a row and a column have in common can be worked out from all sums exactly where, drawn as
    an edge between the two, it closes no circle. Such an edge of few addresses costs its column.
    """
    table = pd.DataFrame({"row": rows, "column": columns, "count": counts})
    shared = table.groupby(["row", "column"], sort=True)["count"].sum().reset_index()
    found: set[str] = set()
    while True:
        column = shared["column"].where(~shared["column"].isin(found), NOWHERE)
        row_at, row_names = pd.factorize(shared["row"])
        column_at, names = pd.factorize(column)
        alone = bridges(row_at, column_at + len(row_names), len(row_names) + len(names))
        few = (shared["count"].to_numpy() < limit) & (column != NOWHERE).to_numpy()
        more = set(column[alone & few])
        if not more:
            return frozenset(found)
        found |= more
