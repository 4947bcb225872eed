"""
Moments and local days: UTC inside, the clock of the town on screen, right where clocks change.

`2026-10-25T00:30Z` and `2026-10-25T01:30Z` are both half past two by the clock of that night, so
addresses carry UTC; a time without zone is read as the town's clock (of two the first).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2150, 1, 1, tzinfo=UTC)


class LocalDay(NamedTuple):
    """A day of the town's clock; it has 23 to 25 hours."""

    date: date
    begin: datetime  # UTC
    end: datetime  # UTC, the begin of the next day

    @property
    def hours(self) -> int:
        """Hours of the day."""
        return round((self.end - self.begin) / timedelta(hours=1))


def moment_of(text: str) -> datetime:
    """
    Return the moment that an ISO text means, in UTC; without zone by the clock of the town.

    >>> moment_of("2026-11-22T08:00").isoformat()
    '2026-11-22T07:00:00+00:00'

    Raises
    ------
    ValueError
        It is no moment between 1990 and 2150.
    """
    if len(text) > 40 or "T" not in text:
        raise ValueError(text)
    told = datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign of an address read as blank
    try:
        found = (told if told.tzinfo else told.replace(tzinfo=ZONE)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error
    if not EARLIEST <= found < LATEST:
        raise ValueError(text)
    return found


def moment_text(moment: datetime) -> str:
    """
    Return a moment as addresses carry it, to the minute.

    >>> moment_text(moment_of("2026-07-01T08:00"))
    '2026-07-01T06:00Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def local_text(moment: datetime) -> str:
    """
    Return a moment by the clock of the town, with what it is ahead of UTC.

    >>> local_text(moment_of("2026-07-01T06:00Z"))
    '2026-07-01T08:00:00+02:00'
    """
    return moment.astimezone(ZONE).isoformat(timespec="seconds")


def local_day(when: datetime | date) -> LocalDay:
    """
    Return the day of the town's clock that holds a moment, or that a date names.

    >>> local_day(date(2026, 3, 29)).hours, local_day(date(2026, 10, 25)).hours
    (23, 25)
    """
    day = when.astimezone(ZONE).date() if isinstance(when, datetime) else when
    begin, end = (
        datetime.combine(one, time(), ZONE).astimezone(UTC) for one in (day, day + timedelta(1))
    )
    return LocalDay(day, begin, end)
