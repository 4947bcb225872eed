"""The climate of a year: values, hash, and weather that is not one."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from layers.weather import read_weather
from tests.conftest import shared
from tests.twin.energy.heat_demand.made import make_weather
from twin.assumptions import assumptions
from twin.energy.climate import PLANES, make_climate
from twin.energy.zone import ORIENTATIONS
from twin.errors import ModelError

GIVEN = assumptions()


def test_planes_are_those_of_the_zones():
    assert tuple(PLANES) == ORIENTATIONS


def test_orientations_rank_as_in_germany():
    """South over east and west over north in winter; the clear sky is colder than the air."""
    climate = make_climate(make_weather(), GIVEN)
    january = dict(zip(ORIENTATIONS, climate.irradiance_wm2[:744].sum(axis=0), strict=True))
    assert january["south"] > january["horizontal"] > january["east"] > january["north"] > 0
    assert january["east"] == pytest.approx(january["west"], rel=0.02)
    assert (climate.window_wm2 <= climate.irradiance_wm2 + 1e-9).all()
    np.testing.assert_allclose(climate.sky_k.min(), 10, atol=0.1)
    np.testing.assert_allclose(climate.sky_k.max(), 13.5, atol=0.1)


def test_without_longwave_the_sky_is_that_of_the_norm():
    weather = make_weather()
    missing = weather.assign(longwave_wm2=np.nan)
    for hours in (missing, weather.drop(columns="longwave_wm2")):
        assert set(make_climate(hours, GIVEN).sky_k) == {11.0}


def test_hash_follows_values_and_nothing_else():
    weather = make_weather()
    climate = make_climate(weather, GIVEN)
    assert climate.hash == make_climate(weather.copy(), GIVEN).hash
    changed = climate.temperature_c.copy()
    changed[5000] += 0.001
    assert dataclasses.replace(climate, temperature_c=changed).hash != climate.hash
    assert make_climate(weather, GIVEN.replaced({"heat.albedo": 0.25})).hash != climate.hash


def test_input_is_never_changed():
    weather = make_weather()
    before = weather.copy()
    make_climate(weather, GIVEN)
    pd.testing.assert_frame_equal(weather, before)


def test_leap_day_is_left_out():
    weather = make_weather()
    starts = pd.date_range("2016-01-01", periods=8784, freq="h")
    leap = (starts.month == 2) & (starts.day == 29)
    whole = pd.DataFrame(index=starts.strftime("%Y-%m-%dT%H:%M+01:00"), columns=weather.columns)
    whole = whole.astype(float)
    whole.loc[~leap] = weather.to_numpy()
    whole.loc[leap] = 99.0
    assert make_climate(whole, GIVEN).hash == make_climate(weather, GIVEN).hash


def gap(weather):
    weather.iloc[[3, 4000], 0] = np.nan
    return weather


BROKEN = {
    "missing hours": lambda w: w.drop(w.index[[100, 101, 7000]]),
    "no value": gap,
    "order": lambda w: w.iloc[[1, 0, *range(2, 8760)]],
    "twice": lambda w: pd.concat([w, w.iloc[[17]]]),
    "no column": lambda w: w.drop(columns=["dni_wm2", "sun_azimuth_deg"]),
    "half hours": lambda w: w.set_axis(w.index.str.replace(":00+", ":30+"), axis=0),
    "no time": lambda w: w.set_axis([*w.index[:-1], "tomorrow"], axis=0),
    "empty": lambda w: w.iloc[:0],
}


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("missing hours", ["missing: 01-05 04:00, 01-05 05:00, 10-19 16:00"]),
        ("no value", ["no temperature_c: 2015-01-01T03:00+01:00, 2015-06-16T16:00+01:00"]),
        ("order", ["out of order: 01-01 00:00"]),
        ("twice", ["twice: 01-01 17:00"]),
        ("no column", ["no column dni_wm2", "no column sun_azimuth_deg"]),
        ("half hours", ["no full hour: 01-01 00:30", "and 8755 more"]),
        ("no time", ["no time: tomorrow"]),
        ("empty", ["it is empty"]),
    ],
)
def test_what_is_no_year_is_refused_in_one_sentence(kind, said):
    with pytest.raises(ModelError) as error:
        make_climate(BROKEN[kind](make_weather()), GIVEN)
    assert all(part in str(error.value) for part in said)
    assert "8,760 hours" in str(error.value)


def test_all_faults_come_at_once():
    weather = BROKEN["missing hours"](make_weather())
    weather.iloc[3, 0] = np.nan
    with pytest.raises(ModelError, match=r"missing: .*; no temperature_c: "):
        make_climate(weather.drop(columns="ghi_wm2"), GIVEN)


def test_test_reference_year_of_cologne():
    """Global and mean temperature against `weather_summary.csv`; the sky by its long-wave."""
    path = shared("data/weather/DWD_TRY2015_Koeln_509319069572_Jahr.dat")
    climate = make_climate(read_weather([path]).tables["weather"], GIVEN)
    assert climate.temperature_c.mean() == pytest.approx(12.18, abs=0.01)
    assert climate.irradiance_wm2[:, 4].sum() / 1000 == pytest.approx(1041.6, rel=0.001)
    assert 8 < climate.sky_k.mean() < 16
