"""On which dates which service runs, and which date is typical for a kind of day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layers.transit.notes import noted
from twin.classes import DAY_TYPES
from twin.errors import SourceError

if TYPE_CHECKING:
    from twin.provenance import Finding

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LONGEST_DAYS = 731
"""Of a timetable without end ("2099") the newest two years are looked at."""
LEAST_SHARE = 0.5
"""Dates with fewer trips than this share of the busiest are no typical ones: public holidays and
the thin ends of a timetable period."""
MIDDLE_OF_WEEK = (1, 2, 3)
LIKE_SHARE = 0.05
"""Two dates have the same service where their trips differ by no more than this share."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class ServiceDays:
    """Which services run when: `runs[service, date]`."""

    services: pd.Index[Any]
    dates: pd.DatetimeIndex
    runs: Array  # bool

    def on(self, date: pd.Timestamp) -> pd.Index[Any]:
        """Return the services that run on a date."""
        return self.services[self.runs[:, self.dates.get_loc(date)]]

    def within(self, span: pd.DataFrame) -> ServiceDays:
        """Return the dates that `feed_info` calls valid; all where it names none that are."""
        first, last = (
            pd.to_datetime(span[name], format="%Y%m%d", errors="coerce").min()
            for name in ("feed_start_date", "feed_end_date")
        )
        valid = np.ones(len(self.dates), dtype=bool)
        if not pd.isna(first):
            valid &= self.dates >= first
        if not pd.isna(last):
            valid &= self.dates <= last
        if not self.runs[:, valid].any():
            return self
        return ServiceDays(self.services, self.dates[valid], self.runs[:, valid])


def service_days(
    calendar: pd.DataFrame, exceptions: pd.DataFrame
) -> tuple[ServiceDays, list[Finding]]:
    """
    Combine `calendar` and `calendar_dates`, either of which may be empty.

    Where both speak of a date, the exception holds. Raises `SourceError` where no date is left.
    """
    calendar, faults = _checked_calendar(calendar)
    exceptions, more = _checked_exceptions(exceptions)
    dates = _window(calendar, exceptions)
    services = pd.Index(
        sorted({*calendar["service_id"], *exceptions["service_id"]}), dtype="str", name="service_id"
    )
    runs = np.zeros((len(services), len(dates)), dtype=bool)
    row = services.get_indexer(pd.Index(calendar["service_id"]))
    first = np.searchsorted(dates, calendar["start"])
    last = np.searchsorted(dates, calendar["end"], side="right")
    day = np.arange(len(dates))
    inside = (day >= first[:, None]) & (day < last[:, None])
    flags = calendar[list(WEEKDAYS)].to_numpy(dtype=bool)[:, dates.day_of_week]
    runs[row] = inside & flags
    known = exceptions["date"].isin(dates)
    seen = exceptions[known]
    of_service = services.get_indexer(pd.Index(seen["service_id"]))
    runs[of_service, dates.get_indexer(pd.Index(seen["date"]))] = (
        seen["exception_type"] == "1"
    ).to_numpy()
    return ServiceDays(services, dates, runs), [*faults, *more]


def choose_date(days: ServiceDays, trips_of: pd.Series[Any], day: str) -> tuple[pd.Timestamp, str]:
    """
    Return the date whose timetable is read and its kind of day.

    `day` is a kind of day or an ISO date. `trips_of` counts the trips of each service. The
    typical date is the one whose number of trips (to within 5 %) most other dates of its kind
    share; dates with less than half of the trips of the busiest are left out as public holidays
    or ends of the timetable. Among equals the number that occurs most often, then Tuesday to
    Thursday (as traffic surveys count weekdays), then more trips, then the earliest date.
    """
    trips = trips_of.reindex(days.services).fillna(0.0).to_numpy(dtype=float) @ days.runs
    if day not in DAY_TYPES:
        return _date_asked(days, trips, day)
    kind = np.array(DAY_TYPES)[np.maximum(days.dates.day_of_week - 4, 0)]
    mine = np.flatnonzero((kind == day) & (trips > 0))
    if not len(mine):
        template = "The timetable has no trips on a {day}."
        hint = "Choose another day: {days}."
        offered = ", ".join(dict.fromkeys(kind[trips > 0]))
        raise SourceError(template, hint=hint, day=day, days=offered or "-")
    mine = mine[trips[mine] >= LEAST_SHARE * trips[mine].max()]
    count = trips[mine]
    alike = np.sort(count)
    company = np.searchsorted(alike, count * (1 + LIKE_SHARE), side="right") - np.searchsorted(
        alike, count * (1 - LIKE_SHARE), side="left"
    )
    same = np.unique(count, return_inverse=True, return_counts=True)
    middle = np.isin(days.dates[mine].day_of_week, MIDDLE_OF_WEEK)
    best = np.lexsort((mine, -count, ~middle, -same[2][same[1]], -company))[0]
    return days.dates[mine[best]], day


def _date_asked(days: ServiceDays, trips: Array, day: str) -> tuple[pd.Timestamp, str]:
    date = pd.to_datetime(day, format="%Y-%m-%d", errors="coerce")
    if pd.isna(date):
        template = "{day} is neither a kind of day nor a date."
        hint = "Write weekday, saturday, sunday or a date such as 2026-03-17."
        raise SourceError(template, hint=hint, day=day)
    served = days.dates[trips > 0]
    if date not in served:
        template = "The timetable has no trips on {day}; it holds from {first} to {last}."
        first, last = (served[[0, -1]] if len(served) else days.dates[[0, -1]]).strftime("%Y-%m-%d")
        hint = "Choose a date in between."
        raise SourceError(template, hint=hint, day=day, first=first, last=last)
    return date, DAY_TYPES[max(date.weekday() - 4, 0)]


def _checked_calendar(raw: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    start, end = (
        pd.to_datetime(raw[name], format="%Y%m%d", errors="coerce")
        for name in ("start_date", "end_date")
    )
    good = raw["service_id"].notna() & start.notna() & end.notna() & (start <= end)
    again = raw["service_id"].duplicated() & good
    flags = {name: raw[name] == "1" for name in WEEKDAYS}
    out = raw[["service_id"]].assign(start=start, end=end, **flags)[good & ~again]
    message = "{count} of {total} services have no usable dates in the calendar."
    twice = "{count} services stand twice in the calendar; the first counts."
    return out, [
        *noted("calendar_bad", "trips", raw["service_id"][~good], message, total=len(raw)),
        *noted("calendar_twice", "trips", raw["service_id"][again], twice),
    ]


def _checked_exceptions(raw: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    date = pd.to_datetime(raw["date"], format="%Y%m%d", errors="coerce")
    good = raw["service_id"].notna() & date.notna() & raw["exception_type"].isin(["1", "2"])
    out = raw.assign(date=date)[good]
    message = "{count} of {total} exceptions of the calendar have no usable date or type."
    seen = raw["service_id"][~good]
    out = out.sort_values(["service_id", "date", "exception_type"], kind="stable")
    out = out.drop_duplicates(["service_id", "date"])  # runs and does not run: it runs
    return out, noted("exception_bad", "trips", seen, message, total=len(raw))


def _window(calendar: pd.DataFrame, exceptions: pd.DataFrame) -> pd.DatetimeIndex:
    runs = exceptions["date"][exceptions["exception_type"] == "1"]
    starts = pd.concat([calendar["start"], runs])
    if starts.empty:
        raise SourceError(
            "The timetable names no date on which anything runs.",
            hint="Ask the publisher for the whole feed.",
        )
    last = pd.concat([calendar["end"], runs]).max()
    last = min(last, starts.max() + pd.Timedelta(days=366))
    first = max(starts.min(), last - pd.Timedelta(days=LONGEST_DAYS - 1))
    return pd.date_range(first, last, freq="D")
