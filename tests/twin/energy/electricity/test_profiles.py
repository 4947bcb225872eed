"""Load profiles against the published tables, by hand, and against demandlib where it is there."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import shared
from twin.energy.electricity import PROFILES, LoadProfiles, load_profiles
from twin.energy.electricity.calendar import holidays
from twin.energy.electricity.profiles import BDEW, DYNAMIC, dynamisation
from twin.errors import ModelError

YEAR = load_profiles(2025)


def published(name):
    """Return the quarter hours as the BDEW publishes them, (96, 36) [kWh of 1 GWh a year]."""
    path = shared(f"refs/energy/load_profiles/{name.lower()}.csv")
    return pd.read_csv(path, header=[0, 1], index_col=0)


def hour_of(day, hour):
    return int(
        (np.datetime64(f"{day}T{hour:02d}", "h") - np.datetime64("2025-01-01", "h")).astype(int)
    )


@pytest.mark.parametrize("year", [2015, 2024, 2025])
def test_every_profile_sums_to_one_and_has_power_in_every_hour(year):
    profiles = load_profiles(year)
    assert profiles.names == PROFILES
    assert profiles.values.shape == (len(PROFILES), 8760)
    assert profiles.values.sum(axis=1) == pytest.approx(1, abs=1e-12)
    assert (profiles.values > 0).all()


@pytest.mark.parametrize(
    ("day", "hour", "month", "kind", "clock"),
    [
        ("2025-01-15", 7, "Januar", "WT", 7),  # winter: the clock is CET
        ("2025-07-16", 7, "Juli", "WT", 8),  # summer: the clock is an hour ahead
        ("2025-07-19", 18, "Juli", "SA", 19),
        ("2025-06-19", 11, "Juni", "FT", 12),  # Fronleichnam, a Thursday
        ("2025-12-24", 20, "Dezember", "SA", 20),
        ("2025-06-30", 23, "Juli", "WT", 0),  # by the clock it is July already
    ],
)
def test_an_hour_is_four_published_quarters(day, hour, month, kind, clock):
    """Relative to a January night, so that the scale of the year falls out."""
    for name in BDEW:
        table, row = published(name), YEAR.values[YEAR.index(name)]
        moved = {"Juli": 1} if (day, hour) == ("2025-06-30", 23) else {}
        number = pd.Timestamp(day).day_of_year + moved.get(month, 0)
        wanted = table[month, kind].iloc[4 * clock : 4 * clock + 4].sum()
        base = table["Januar", "WT"].iloc[8:12].sum()
        if name in DYNAMIC:
            wanted *= dynamisation(np.array([float(number)]))[0]
            base *= dynamisation(np.array([15.0]))[0]
        got = row[hour_of(day, hour)] / row[hour_of("2025-01-15", 2)]
        assert got == pytest.approx(wanted / base, rel=2e-4), name


def test_the_year_of_the_publisher_is_a_gigawatt_hour():
    """Its figures are made so that a year comes to 1,000,000 kWh: any year within 0.5 %."""
    for name in BDEW:
        table, row = published(name), YEAR.values[YEAR.index(name)]
        hour = hour_of("2025-01-15", 7)
        factor = dynamisation(np.array([15.0]))[0] if name in DYNAMIC else 1.0
        year = table["Januar", "WT"].iloc[28:32].sum() * factor / row[hour]
        assert year == pytest.approx(1e6, rel=5e-3), name


def test_the_function_by_hand():
    """-3.92e-10 d⁴ + 3.2e-7 d³ - 7.02e-5 d² + 0.0021 d + 1.24 at d = 100."""
    assert dynamisation(np.array([100.0]))[0] == pytest.approx(1.24 + 0.21 - 0.702 + 0.32 - 0.0392)
    year = dynamisation(np.arange(1, 366).astype(float))
    assert year.mean() == pytest.approx(1, abs=0.005)
    assert 180 < year.argmin() < 215
    assert year[[0, 364]] == pytest.approx(1.25, abs=0.02)  # no step at the turn of the year


def test_households_peak_in_the_evening_and_shops_by_day():
    day = slice(hour_of("2025-01-15", 0), hour_of("2025-01-16", 0))
    assert 18 <= YEAR.values[YEAR.index("H25"), day].argmax() <= 20
    assert 9 <= YEAR.values[YEAR.index("G25"), day].argmax() <= 13
    assert YEAR.values[YEAR.index("flat")] == pytest.approx(1 / 8760)


def test_a_leap_year_leaves_out_29_february():
    leap, day = load_profiles(2024), slice(58 * 24, 60 * 24)
    assert leap.values.shape[1] == 8760
    both = leap.values[leap.index("H25"), day].reshape(2, 24)
    assert both[0].argmax() != 0
    assert (both[0] != both[1]).any()  # 28 February, then 1 March


@pytest.mark.filterwarnings("ignore")  # it uses what pandas gives up
def test_as_demandlib_has_it():
    """The same hours, but for 24 and 31 December, which it takes for usual days."""
    slp = pytest.importorskip("demandlib.bdew", reason="demandlib is not installed")
    clock = pd.date_range("2025-01-01", "2025-12-31 23:45", freq="15min")
    free = [pd.Timestamp(day).date() for day in holidays(2025)]
    cet = pd.date_range("2025-01-01", periods=8760, freq="h", tz="Etc/GMT-1")
    local = cet.tz_convert("Europe/Berlin").tz_localize(None)
    same = ~np.isin(cet.strftime("%m-%d"), ["12-24", "12-31"])
    for name in BDEW:
        theirs = getattr(slp, name)(clock, holidays=free).resample("h").mean().reindex(local)
        ratio = (YEAR.values[YEAR.index(name)] / theirs.to_numpy())[same]
        assert ratio == pytest.approx(ratio[0], rel=1e-9), name


@given(st.lists(st.floats(0, 1e6), min_size=24, max_size=24).filter(lambda day: sum(day) > 0))
def test_a_profile_of_ones_own(day):
    more = YEAR.with_profile("cars", np.tile(day, 365))
    assert more.names == (*PROFILES, "cars")
    assert more.values[-1].sum() == pytest.approx(1)
    assert (more.values[:-1] == YEAR.values).all()
    assert len(YEAR.names) == len(PROFILES)


@pytest.mark.parametrize(
    "values",
    [
        np.ones(24),
        np.zeros(8760),
        np.full(8760, -1.0),
        np.full(8760, np.nan),
        np.full(8760, np.inf),
    ],
)
def test_what_is_no_profile(values):
    with pytest.raises(ModelError, match="Load profile cars"):
        LoadProfiles((), np.zeros((0, 8760))).with_profile("cars", values)
