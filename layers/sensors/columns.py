"""Reading whole columns: each spelling once, with the same rules as for single values."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layers.sensors.values import PLAIN, RefusedError, is_twice, number, zone_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from layers.sensors.mapping import Value
    from layers.sensors.records import Reason

MANY = 20_000
DAY_MS = 86_400_000
APART_MS = 3 * 3_600_000


@dataclass
class Folds:
    """
    Tells the first from the second hour where the clocks go back, by the order of the rows.

    The second begins where the times of a series go back, or where one comes again. `last` is kept
    by series from one part of a table to the next.
    """

    last: dict[str, tuple[int, bool]] = field(default_factory=dict)

    def is_second(self, series: str, at: int) -> bool:
        """Return whether a time of the doubled hour (`at` as if it were the first) is later."""
        before, second = self.last.get(series, (at - 1, False))
        if abs(at - before) > APART_MS:
            before, second = at - 1, False
        again = at == before
        second = second or at < before
        self.last[series] = (at, second)
        return second or again

    def forget(self, newest: int) -> None:
        """Forget what lies hours before the newest time; it tells nothing any more."""
        self.last = {
            series: (at, second)
            for series, (at, second) in self.last.items()
            if newest - at <= APART_MS
        }


@dataclass(frozen=True)
class Parsed:
    """A column that was read: the values, and why a row has none (-1: it has one)."""

    values: NDArray[Any]
    fault: NDArray[np.intp]
    faults: tuple[tuple[Reason, str], ...]


def doubled_hours(unique: Any, parsed: Parsed, zone: str, form: str) -> dict[int, tuple[int, int]]:
    """Return the times that may mean two moments: their number, first and second moment."""
    if isinstance(zone_of(zone), timezone):
        return {}
    sound = np.flatnonzero(parsed.fault < 0)
    days = parsed.values[sound] // DAY_MS
    odd = [day for day in np.unique(days).tolist() if _goes_back(zone, day)]
    found = {}
    for code in sound[np.isin(days, odd)].tolist():
        if is_twice(plain(unique[code]), zone, form):
            first = int(parsed.values[code])
            found[code] = (first, first + _goes_back(zone, first // DAY_MS))
    return found


@lru_cache(maxsize=1024)
def _goes_back(zone: str, day: int) -> int:
    """Return by how many milliseconds the clocks of a zone go back about a day (of UTC)."""
    ends = [datetime.fromtimestamp(day * 86_400 + s, UTC) for s in (-3_600, 90_000)]
    before, after = (end.astimezone(zone_of(zone)).utcoffset() for end in ends)
    if before is None or after is None:
        return 0
    return max(0, round((before - after).total_seconds() * 1000))


def by_unique(column: pd.Series[Any], test: Callable[[object], bool]) -> NDArray[np.bool_]:
    """Return what a test says of each cell."""
    codes, unique = pd.factorize(hashable(column), use_na_sentinel=False)
    return np.array([test(cell) for cell in unique], bool)[codes]


def number_column(column: pd.Series[Any], value: Value, decimal: str) -> Parsed:
    """Return a column as numbers; `decimal` where the value has no sign of its own."""
    sign = value.decimal or decimal

    def read(cell: object) -> float:
        return number(plain(cell), decimal=sign, booleans=value.booleans, words=value.categories)

    if column.dtype.kind in "iuf" and not value.categories:
        values = column.to_numpy(float)
        return Parsed(values, np.where(np.isfinite(values), -1, 0), (("not_finite", "infinity"),))
    codes, unique = pd.factorize(hashable(column))
    cells = list(unique)
    values = np.zeros(len(cells))
    fault = np.full(len(cells), -1, np.intp)
    slow = list(range(len(cells)))
    if len(cells) > MANY and sign != "," and not value.categories:
        easy = [n for n, c in enumerate(cells) if isinstance(c, str) and PLAIN.fullmatch(c)]
        values[easy] = [float(cells[n]) for n in easy]
        slow = sorted({*slow} - {n for n in easy if math.isfinite(values[n])})
    parsed = each([cells[n] for n in slow], read, np.float64)
    values[slow], fault[slow] = parsed.values, parsed.fault
    return Parsed(values[codes], fault[codes], parsed.faults)


def each(unique: Any, read: Callable[[Any], Any], dtype: type) -> Parsed:
    """Read every cell; faults are told apart by their words."""
    values: NDArray[Any] = np.zeros(len(unique), dtype)
    fault = np.full(len(unique), -1, np.intp)
    faults: list[tuple[Reason, str]] = []
    for place, cell in enumerate(unique):
        try:
            values[place] = read(cell)
        except RefusedError as error:
            fault[place] = len(faults)
            faults.append((error.reason, error.detail))
    return Parsed(values, fault, tuple(faults))


def hashable(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column whose cells can be compared: lists and objects as their text."""
    if column.dtype != object:
        return column
    return column.map(lambda cell: str(cell) if isinstance(cell, (dict, list)) else cell)


def is_missing(cell: object) -> bool:
    """Return whether a cell of a table is empty."""
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return True
    return isinstance(cell, float) and cell != cell  # noqa: PLR0124 - NaN


def plain(cell: Any) -> Any:
    """Return a cell without numpy around it."""
    return cell.item() if isinstance(cell, np.generic) and cell.dtype.kind in "iufb" else cell
