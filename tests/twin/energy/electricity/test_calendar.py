"""Holidays and summer time, against published calendars."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from dateutil.easter import easter as easter_of_dateutil

from twin.energy.electricity.calendar import (
    SATURDAY,
    STATES,
    SUNDAY,
    WEEKDAY,
    clock_shift,
    day_types,
    easter,
    holidays,
)
from twin.errors import ModelError


def dates(found):
    return [str(day)[5:] for day in found]


def test_easter_as_dateutil_has_it():
    for year in range(1900, 2200):
        assert str(easter(year)) == str(easter_of_dateutil(year))


def test_holidays_of_2025_in_nrw():
    """As published by the Land, with Fronleichnam and Allerheiligen."""
    assert dates(holidays(2025, state="NW")) == [
        "01-01", "04-18", "04-21", "05-01", "05-29", "06-09", "06-19", "10-03", "11-01", "12-25",
        "12-26",
    ]  # fmt: skip


def test_holidays_differ_by_land():
    """Counts as `holidays` 0.109 of PyPI gives them for 2026; Buß- und Bettag on 18 November."""
    counts = {state: len(holidays(2026, state=state)) for state in STATES}
    assert counts == {
        "BW": 12, "BY": 12, "BE": 10, "BB": 12, "HB": 10, "HH": 10, "HE": 10, "MV": 11, "NI": 10,
        "NW": 11, "RP": 11, "SL": 12, "SN": 11, "ST": 11, "SH": 10, "TH": 11,
    }  # fmt: skip
    assert "11-18" in dates(holidays(2026, state="SN"))
    assert "11-22" in dates(holidays(2028, state="SN"))
    assert "09-20" in dates(holidays(2026, state="TH"))
    assert "05-08" in dates(holidays(2025, state="BE"))
    assert "05-08" not in dates(holidays(2026, state="BE"))


def test_days_are_told_apart():
    days = {
        "2025-01-01": SUNDAY, "2025-01-02": WEEKDAY, "2025-01-04": SATURDAY, "2025-01-05": SUNDAY,
        "2025-06-19": SUNDAY,  # Fronleichnam, a Thursday
        "2025-12-24": SATURDAY,  # a Wednesday
        "2025-12-31": SATURDAY,
        "2028-12-24": SUNDAY,  # is one: stays one
        "2025-11-01": SUNDAY,  # Allerheiligen on a Saturday
    }  # fmt: skip
    got = day_types(np.array(list(days), "datetime64[D]"), state="NW")
    assert got.tolist() == list(days.values())
    berlin = day_types(np.array(["2025-06-19"], "datetime64[D]"), state="BE")
    assert berlin.tolist() == [WEEKDAY]


@pytest.mark.parametrize("year", [2015, 2024, 2025, 2045])
def test_clocks_as_the_time_zone_database_has_them(year):
    hours = np.arange(f"{year}-01-01", f"{year + 1}-01-01", dtype="datetime64[h]")
    zone = ZoneInfo("Europe/Berlin")
    wanted = [
        datetime.fromtimestamp(int(second) - 3600, UTC).astimezone(zone).utcoffset().seconds // 3600
        for second in hours.astype("datetime64[s]").astype(np.int64)
    ]
    assert (clock_shift(hours).astype(np.int64) + 1).tolist() == wanted


def test_a_land_that_is_none():
    with pytest.raises(ModelError, match="no Land XX"):
        holidays(2025, state="XX")
