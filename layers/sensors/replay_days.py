"""
A recorded day laid on today's clock: which day is played, and when each of its values comes.

All of it is a pure function of the record and the day, so what is played twice is the same twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

DAY_MS = 86_400_000
Rows = pd.DataFrame
"""Columns stream (position), at (ms UTC), value and released (ms UTC, when it is told)."""


@dataclass(frozen=True)
class Days:
    """Recorded days by local date: `wall` is milliseconds after midnight on the clock there."""

    rows: pd.DataFrame  # stream, wall, value, delay; by date and wall
    starts: tuple[int, ...]  # first row of each date, and one behind the last
    dates: tuple[date, ...]
    zone: ZoneInfo

    @property
    def most_delay_ms(self) -> int:
        """Return the longest time from what a value tells about until it is told."""
        return int(self.rows["delay"].max()) if len(self.rows) else 0


def days_of(table: pd.DataFrame, zone: ZoneInfo) -> Days:
    """
    Return a record by local days.

    Of an hour that the clock has twice the first is taken; a first or last day with less than
    half of the values of the others is no whole day and left out.

    Parameters
    ----------
    table
        Columns stream, at (ms UTC), value and delay (ms).
    """
    moments = pd.to_datetime(table["at"].to_numpy(), unit="ms", utc=True)
    local = moments.tz_convert(zone).tz_localize(None)
    once = local.tz_localize(zone, ambiguous=np.ones(len(local), bool)) == moments
    wall = local.as_unit("ms").asi8
    rows = pd.DataFrame(
        {
            "stream": table["stream"].to_numpy(),
            "day": wall // DAY_MS,
            "wall": wall % DAY_MS,
            "value": table["value"].to_numpy(),
            "delay": table["delay"].to_numpy(),
        }
    )[np.asarray(once)]
    rows = rows.sort_values(["day", "wall", "stream"], kind="stable", ignore_index=True)
    rows = rows[rows["day"].isin(_whole(rows["day"]))].reset_index(drop=True)
    numbers, starts = np.unique(rows["day"].to_numpy(), return_index=True)
    dates = tuple(date(1970, 1, 1) + timedelta(days=int(n)) for n in numbers)
    return Days(rows.drop(columns="day"), (*map(int, starts), len(rows)), dates, zone)


def _whole(days: pd.Series) -> list[int]:
    counts = days.value_counts().sort_index()
    enough = counts >= counts.median() / 2
    inside = (counts.index != counts.index.min()) & (counts.index != counts.index.max())
    return list(counts.index[enough | inside])


def recorded_day(day: date, dates: Sequence[date], first: date | None = None) -> date | None:
    """
    Return which recorded day is played on a day.

    The same day of the week where there is one, else another working day or another free day,
    else any; several take turns. With `first` the record is played once from that day on.

    >>> recorded_day(date(2026, 11, 23), [date(2024, 5, 6), date(2024, 5, 7)])
    datetime.date(2024, 5, 6)
    """
    if first is not None:
        position = (day - first).days
        return dates[position] if 0 <= position < len(dates) else None
    if not dates:
        return None
    same = [d for d in dates if d.weekday() == day.weekday()]
    if same:
        return same[day.toordinal() // 7 % len(same)]
    alike = [d for d in dates if (d.weekday() < 5) == (day.weekday() < 5)] or list(dates)
    return alike[day.toordinal() % len(alike)]


def played(days: Days, day: date, first: date | None = None) -> Rows:
    """Return the values of one day as they are played, by the time they are told."""
    chosen = recorded_day(day, days.dates, first)
    if chosen is None:
        return pd.DataFrame({name: np.empty(0, "int64") for name in ("stream", "at", "value")} | {
            "released": np.empty(0, "int64")
        })  # fmt: skip
    position = days.dates.index(chosen)
    rows = days.rows.iloc[days.starts[position] : days.starts[position + 1]]
    parts = [
        (rows[keep], at[keep]) for at, keep in _moments(rows["wall"].to_numpy(), day, days.zone)
    ]
    found = pd.concat([part.drop(columns="wall") for part, _ in parts], ignore_index=True)
    found["at"] = np.concatenate([at for _, at in parts])
    found["released"] = found["at"] + found.pop("delay")
    return found.sort_values(["released", "at", "stream"], kind="stable", ignore_index=True)


def _moments(
    wall: NDArray[np.int64], day: date, zone: ZoneInfo
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.bool_]]]:
    """
    Give the moments of clock times on a day, and which of them there are.

    An hour that the clock leaves out has none, one that it has twice is played twice.
    """
    naive = (day - date(1970, 1, 1)).days * DAY_MS
    begin, end = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    before, after = _offset(begin, zone), _offset(end - 1, zone)
    change = _change(begin, end, zone) if before != after else end
    early = naive + wall - before
    yield early, early < change
    if before != after:
        late = naive + wall - after
        yield late, late >= change


def _change(begin: int, end: int, zone: ZoneInfo) -> int:
    """Return the first millisecond after the clock was changed between two moments."""
    before = _offset(begin, zone)
    while end - begin > 1:
        middle = (begin + end) // 2
        begin, end = (middle, end) if _offset(middle, zone) == before else (begin, middle)
    return end


def _offset(at: int, zone: ZoneInfo) -> int:
    found = datetime.fromtimestamp(at / 1000, zone).utcoffset() or timedelta()
    return int(found / timedelta(milliseconds=1))


def midnight(day: date, zone: ZoneInfo) -> int:
    """Return when a local day begins, milliseconds UTC."""
    begin = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    return round(1000 * begin.timestamp())


def local_day(at: int, zone: ZoneInfo) -> date:
    """Return the local date of a moment in milliseconds UTC."""
    return datetime.fromtimestamp(at / 1000, zone).date()


def between(days: Days, after: int, until: int, first: date | None = None) -> Iterator[Rows]:
    """Give what is told after one moment up to and with another, a day at a time."""
    begin = after
    while begin < until:
        end = min(until, midnight(local_day(begin, days.zone) + timedelta(days=1), days.zone))
        end = end if end > begin else min(until, begin + DAY_MS)
        rows = _window(days, begin, end, first)
        if len(rows):
            yield rows
        begin = end


def _window(days: Days, after: int, until: int, first: date | None) -> Rows:
    day = local_day(after - days.most_delay_ms, days.zone)
    parts = []
    while midnight(day, days.zone) <= until:
        rows = played(days, day, first)
        parts.append(rows[(rows["released"] > after) & (rows["released"] <= until)])
        day += timedelta(days=1)
    found = pd.concat(parts, ignore_index=True)
    return found.sort_values(["released", "at", "stream"], kind="stable", ignore_index=True)
