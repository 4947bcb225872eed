"""Moments in addresses, and days of the town's clock where clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from dash_app.sensing.moments import local_day, local_text, moment_of, moment_text


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-07-01T08:00", "2026-07-01T06:00Z"),
        ("2026-12-01T08:00", "2026-12-01T07:00Z"),
        ("2026-12-01T08:00Z", "2026-12-01T08:00Z"),
        ("2026-12-01T08:00 01:00", "2026-12-01T07:00Z"),  # a plus sign read as a blank
        ("2026-10-25T02:30", "2026-10-25T00:30Z"),  # told twice: the first
        ("2026-03-29T02:30", "2026-03-29T01:30Z"),  # told never: as if the clock went on
    ],
)
def test_a_moment_is_told_in_utc(text: str, utc: str) -> None:
    assert moment_text(moment_of(text)) == utc


@pytest.mark.parametrize(
    "text", ["", "now", "2026-07-01", "1989-12-31T23:00Z", "2150-01-01T00:00Z", "T" * 50]
)
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        moment_of(text)


@pytest.mark.parametrize(
    ("day", "begin", "hours"),
    [
        (date(2026, 3, 29), datetime(2026, 3, 28, 23, tzinfo=UTC), 23),
        (date(2026, 10, 25), datetime(2026, 10, 24, 22, tzinfo=UTC), 25),
        (date(2026, 11, 22), datetime(2026, 11, 21, 23, tzinfo=UTC), 24),
    ],
)
def test_a_day_of_the_towns_clock(day: date, begin: datetime, hours: int) -> None:
    found = local_day(day)
    assert (found.begin, found.hours) == (begin, hours)
    assert local_day(found.begin) == local_day(found.end - timedelta(seconds=1)) == found
    assert local_day(found.end).date == day + timedelta(1)


def test_both_hours_of_the_long_night_are_told_apart() -> None:
    first, second = moment_of("2026-10-25T00:30Z"), moment_of("2026-10-25T01:30Z")
    assert local_text(first) == "2026-10-25T02:30:00+02:00"
    assert local_text(second) == "2026-10-25T02:30:00+01:00"
