"""Average days of a counter of vehicles, from its hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from twin.classes import DAY_TYPES
from twin.energy.electricity.calendar import day_types
from twin.errors import ModelError
from twin.sentences import Sentence, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from numpy.typing import NDArray

KINDS = DAY_TYPES
LEAST_SHARE = 0.75
"""Share of an hour's intervals that must be there (as in the data of Berlin's detectors)."""
LEAST_DAY_H, LEAST_TRAFFIC = 20, 100.0
"""Hours of a day without a vehicle, and vehicles on usual days, for the day to be left out."""
WEEK = (5 / 7, 1 / 7, 1 / 7)
HOURS = 24


@dataclass(frozen=True, eq=False)
class CountProfile:
    """
    The average day of a counter.

    `hours` has a row an hour of the local day (0 to 23) and a column a kind of day: `weekday`
    (Monday to Friday), `saturday`, `sunday` (and public holidays); vehicles an hour. `dtvw`
    are the vehicles of a workday, `dtv` those of a mean day of the week; NaN where an hour or a
    kind of day was never counted.
    """

    hours: pd.DataFrame
    days: Mapping[str, int]  # with at least one hour, by kind
    dtvw: float
    dtv: float
    expected: int  # hours from the first to the last
    lacking: int  # of these
    left_out: int  # hours whose values are doubtful
    notes: tuple[Sentence, ...] = ()

    @property
    def coverage(self) -> float:
        """Share of the hours that took part or were left out as of school holidays."""
        return 1.0 - (self.lacking + self.left_out) / self.expected if self.expected else 0.0


def full_hours(
    table: pd.DataFrame, interval_s: float | None = None, *, is_rate: bool = False
) -> pd.Series[float]:
    """
    Return vehicles an hour from sums of shorter intervals; hours with too little are missing.

    An hour counts where at least 75 % of its intervals are there, and is scaled up to all of them.

    Parameters
    ----------
    table
        By hour: `n` values, and their `sum` (vehicles of each interval) or, where the values are
        vehicles an hour (`is_rate`), their `mean`.
    interval_s
        Length of an interval; without it the most frequent `n` counts as a full hour.

    Raises
    ------
    ModelError
        An interval is longer than an hour.
    """
    n = table["n"].to_numpy(float)
    if interval_s is None or not 0 < interval_s < np.inf:
        usual = float(pd.Series(n[n > 0]).mode().max()) if (n > 0).any() else 1.0
    else:
        usual = 3600.0 / interval_s
    if usual < 1:
        template = "Counts of {minutes} minutes say nothing about hours."
        hint = "Choose a counter that reports at least every hour."
        raise ModelError(template, hint=hint, minutes=round((interval_s or 0) / 60))
    total = table["mean"] if is_rate else table["sum"] / n * usual
    return total.where((n >= LEAST_SHARE * usual) & (n > 0)).rename("vehicles")


def count_profile(
    hours: pd.Series[float],
    *,
    zone: str = "Europe/Berlin",
    state: str = "NW",
    doubtful: pd.Series[bool] | None = None,
    school_holidays: Sequence[tuple[date, date]] = (),
) -> CountProfile:
    """
    Return the average days of a counter.

    Public holidays count as Sundays, 24 and 31 December as Saturdays. Workdays of school holidays
    are left out where there are others (BASt: traffic of workdays is that outside of them). Each
    hour is the mean of the days that have it, so that a missing hour does not spoil its day.

    Parameters
    ----------
    hours
        Vehicles by begin of the hour, with a time zone.
    doubtful
        Same index: hours that are left out, e.g. those with a flag.
    school_holidays
        First and last day of each.

    Raises
    ------
    ModelError
        The times have no zone.
    """
    if not isinstance(hours.index, pd.DatetimeIndex) or hours.index.tz is None:
        template = "The counts have no time zone."
        hint = "Give their times in UTC."
        raise ModelError(template, hint=hint)
    there = pd.Series(np.isfinite(hours.to_numpy(float)), hours.index)
    kept = there if doubtful is None else there & ~doubtful.reindex(hours.index, fill_value=False)
    span = pd.DatetimeIndex(hours[there].index)
    expected = int((span.max() - span.min()) / pd.Timedelta(1, "h")) + 1 if len(span) else 0
    table = _by_day(hours[kept], zone, state)
    table, notes = _without_school(table, school_holidays)
    table, dead = _without_dead(table)
    means = _means(table)
    days = {name: len(np.unique(table.day[table.kind == code])) for code, name in enumerate(KINDS)}
    totals = means.sum(skipna=False)
    return CountProfile(
        means,
        days,
        float(totals["weekday"]),
        float((totals * np.array(WEEK)).sum(skipna=False)),
        expected,
        expected - int(there.sum()),
        int(there.sum() - kept.sum()),
        (*notes, *dead),
    )


class _Table(NamedTuple):
    """Local day, hour of the day, kind of day and vehicles of each hour."""

    day: NDArray[np.datetime64]
    hour: NDArray[np.int64]
    kind: NDArray[np.int64]
    vehicles: NDArray[np.float64]


def _by_day(hours: pd.Series[float], zone: str, state: str) -> _Table:
    local = pd.DatetimeIndex(hours.index).tz_convert(zone).tz_localize(None)
    day = local.to_numpy().astype("datetime64[D]")
    kinds = day_types(day, state=state) if len(day) else np.zeros(0)
    return _Table(
        day,
        local.hour.to_numpy(np.int64),
        kinds.astype(np.int64),
        np.asarray(hours, np.float64),
    )


def _means(table: _Table) -> pd.DataFrame:
    """Return the mean of each hour by kind of day; missing where there is none."""
    code, size = table.hour * len(KINDS) + table.kind, HOURS * len(KINDS)
    count = np.bincount(code, minlength=size).astype(float)
    total = np.bincount(code, table.vehicles, minlength=size)
    means = np.divide(total, count, out=np.full(size, np.nan), where=count > 0)
    index = pd.RangeIndex(HOURS, name="hour")
    return pd.DataFrame(means.reshape(HOURS, len(KINDS)), index, list(KINDS))


def _without_school(
    table: _Table, holidays: Sequence[tuple[date, date]]
) -> tuple[_Table, tuple[Sentence, ...]]:
    """Return the table without workdays of school holidays, where others are left."""
    away = np.zeros(len(table.day), bool)
    for first, last in holidays:
        away |= (table.day >= np.datetime64(first)) & (table.day <= np.datetime64(last))
    work = table.kind == KINDS.index("weekday")
    count = len(np.unique(table.day[away & work]))
    if not count:
        return table, ()
    if not (work & ~away).any():
        return table, (say("All workdays lie in school holidays."),)
    note = say("Workdays in school holidays that are left out: {count}", count=count)
    kept = ~(away & work)
    return _Table(*(column[kept] for column in table)), (note,)


def _without_dead(table: _Table) -> tuple[_Table, tuple[Sentence, ...]]:
    """
    Return the table without days on which nothing was counted where much is on others.

    Such a counter is dead or its road is closed; a mean with it is neither.
    """
    days, code = np.unique(table.day, return_inverse=True)
    totals = np.bincount(code, table.vehicles, minlength=len(days))
    hours = np.bincount(code, minlength=len(days))
    dead = (totals == 0) & (hours >= LEAST_DAY_H)
    if not dead.any() or _usual(totals[~dead]) < LEAST_TRAFFIC:
        return table, ()
    note = say("Days without a single vehicle that are left out: {count}", count=int(dead.sum()))
    kept = ~dead[code]
    return _Table(*(column[kept] for column in table)), (note,)


def _usual(totals: NDArray[np.float64]) -> float:
    return float(np.median(totals)) if len(totals) else 0.0
