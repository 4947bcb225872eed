"""The time axis of a chart: days, weeks and years of the town's clock, as long as they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from babel.dates import get_day_names, get_month_names

from dash_app.sensing.moments import ZONE, local_day

if TYPE_CHECKING:
    from dash_app.i18n import Translator

DAYS = {"day": 1, "week": 7}


@dataclass(frozen=True)
class TimeAxis:
    """From and to (milliseconds since 1970 UTC), the places that carry a text, and words for it."""

    since: int
    until: int
    texts: tuple[tuple[float, str], ...]
    words: str
    lines: tuple[float, ...] = ()  # borders of days, where there are several


def ms_of(moment: datetime) -> int:
    """Return a moment as milliseconds since 1970 UTC."""
    return round(moment.timestamp() * 1000)


def axis_of(t: Translator, span: str, now: int, back: int = 0) -> TimeAxis:
    """
    Return the axis of a day, of seven days or of twelve months of the town's clock.

    `now` (milliseconds) lies in the last of them, `back` counts spans before it. A day of a clock
    change has 23 or 25 hours and is drawn as long.
    """
    today = datetime.fromtimestamp(now / 1000, ZONE).date()
    if span == "year":
        return _year(t, today, back)
    days = DAYS.get(span, 1)
    last = today - timedelta(days=back * days)
    first = last - timedelta(days=days - 1)
    since, until = ms_of(local_day(first).begin), ms_of(local_day(last).end)
    if days == 1:
        return TimeAxis(since, until, _hours(last), t.date(last))
    words = t.text("{first} to {last}", first=t.date(first), last=t.date(last))
    every = [first + timedelta(days=n) for n in range(days)]
    names = get_day_names("abbreviated", locale=t.lang)
    texts = tuple(
        (_at(day, 12), f"{str(names[day.weekday()]).rstrip('.')} {day.day}.") for day in every
    )
    return TimeAxis(since, until, texts, words, tuple(_at(day, 0) for day in every[1:]))


def _at(day: date, hour: int) -> float:
    return float(ms_of(datetime.combine(day, time(hour), ZONE)))


def _hours(day: date) -> tuple[tuple[float, str], ...]:
    texts = [(_at(day, hour), str(hour)) for hour in (0, 6, 12, 18)]
    return (*texts, (float(ms_of(local_day(day).end)), "24"))


def _year(t: Translator, today: date, back: int) -> TimeAxis:
    """Return twelve months that end with this one."""
    end = _month(today, 1 - 12 * back)
    first = _month(end, -12)
    names = get_month_names("abbreviated", locale=t.lang)
    months = [_month(first, n) for n in range(12)]
    texts = tuple((_at(m + timedelta(days=14), 0), str(names[m.month]).rstrip(".")) for m in months)
    since, until = ms_of(local_day(first).begin), ms_of(local_day(end).begin)
    last = end - timedelta(days=1)
    words = t.text("{first} to {last}", first=t.date(first), last=t.date(last))
    return TimeAxis(since, until, texts, words, tuple(_at(m, 0) for m in months[1:]))


def _month(day: date, ahead: int) -> date:
    """Return the first of a month, some months ahead."""
    count = day.year * 12 + day.month - 1 + ahead
    return date(count // 12, count % 12 + 1, 1)
