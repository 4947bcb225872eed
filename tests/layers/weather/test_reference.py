"""The year that stands in: like the real year it comes from, and like a real year it does not."""

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.build import build_city
from layers.source_data import SourceData
from layers.weather import read_raw, read_weather
from layers.weather.hours import hours_of, keys_of
from layers.weather.reference import LABEL, reference_weather
from layers.weather.sequence import course_of_year, days_to_hours, normals, with_memory
from layers.weather.stand_in import height_of, place_of, stand_in
from layers.weather.sun import extraterrestrial, sun_at
from tests.conftest import CRS, make_tables, make_toy_city, shared
from twin.assumptions import assumptions
from twin.schema import TABLES
from twin.validation import faults_of

KOELN = {"latitude": 50.93, "longitude": 6.96, "height_m": 49.0}
MONTH = hours_of(2015).month.to_numpy()
GOLDEN = [[-0.3, 0.0, 1.6], [6.0, 202.0, 1.8], [17.4, 330.0, 3.3], [0.0, 0.0, 1.3]]


@cache
def koeln() -> pd.DataFrame:
    """Return the stand-in at the place its figures come from, inner city as there."""
    known = assumptions().replaced({"reference_weather.inner_city": 0.0})
    return reference_weather(**KOELN, given=known)


@cache
def real() -> pd.DataFrame:
    path = shared("data/weather/DWD_TRY2015_Koeln_509319069572_Jahr.dat")
    return read_weather([path]).tables["weather"]


@cache
def summary(name: str) -> dict[str, float]:
    """Return the published key figures of a real year."""
    with shared("refs/energy/weather_summary.csv").open(encoding="utf-8") as file:
        row = next(row for row in csv.DictReader(file) if row["file"].startswith(name))
    return {key: float(value) for key, value in row.items() if key not in ("file", "source")}


def by_month(values, how="mean"):
    return pd.Series(np.asarray(values)).groupby(MONTH).agg(how).to_numpy()


def degree_days(temperature, limit):
    """Return Gradtagzahl: 20 °C less the daily mean, on days below the limit."""
    days = np.asarray(temperature).reshape(365, 24).mean(axis=1)
    return (20 - days[days < limit]).sum()


def memory(temperature):
    """Return how much of a warm day the next one keeps, within months."""
    days = pd.Series(np.asarray(temperature).reshape(365, 24).mean(axis=1))
    left = days - days.groupby(MONTH[::24]).transform("mean")
    return left.autocorr(1)


def test_it_is_a_valid_year_of_hours():
    year = reference_weather(50.8, 7.15)
    assert faults_of(TABLES["weather"], year, crs="") == []
    assert year.index.tolist() == keys_of(hours_of(2015), 1.0).tolist()
    assert year.notna().all().drop(["wind_direction_deg", "pressure_hpa"]).all()
    for column in ("temperature", "ghi", "dni", "dhi", "wind"):
        assert (year[f"{column}_source"] == LABEL).all()


def test_the_same_place_has_the_same_year():
    """A few hours as this machine wrote them first: another machine must write the same."""
    one, two = (
        reference_weather(50.8, 7.15, height_m=60),
        reference_weather(50.8, 7.15, height_m=60),
    )
    pd.testing.assert_frame_equal(one, two)
    got = one[["temperature_c", "ghi_wm2", "wind_ms"]].iloc[[0, 2000, 4332, 8759]]
    assert got.to_numpy().tolist() == GOLDEN


def test_sun_and_light_fit_together():
    year = reference_weather(50.8, 7.15, height_m=60)
    elevation, azimuth = sun_at(hours_of(2015), lat=50.8, lon=7.15, offset_h=1, height_m=60)
    assert year["sun_elevation_deg"].to_numpy() == pytest.approx(elevation, abs=1e-4)
    assert year["sun_azimuth_deg"].to_numpy() == pytest.approx(azimuth, abs=1e-4)
    beam = year["dni_wm2"] * np.sin(np.radians(year["sun_elevation_deg"].clip(lower=0)))
    assert (year["ghi_wm2"] - year["dhi_wm2"] - beam).abs().max() < 0.2
    above = extraterrestrial(hours_of(2015)) * np.sin(np.radians(np.maximum(elevation, 0)))
    assert (year["ghi_wm2"] <= 0.82 * above + 1).all()
    assert (year["ghi_wm2"][elevation < -1] == 0).all()


def test_monthly_means_are_those_of_koeln():
    wanted = by_month(real()["temperature_c"])
    assert by_month(koeln()["temperature_c"]) == pytest.approx(wanted, abs=0.06)
    assert koeln()["temperature_c"].mean() == pytest.approx(
        summary("DWD_TRY2015_Koeln_509319069572_Jahr")["t_mean"], abs=0.03
    )
    for column, near in (("humidity_percent", 2.0), ("longwave_wm2", 8.0), ("wind_ms", 0.05)):
        assert by_month(koeln()[column]) == pytest.approx(by_month(real()[column]), abs=near)


def test_degree_days_are_those_of_koeln():
    """Nothing above was fitted to them: they test the spread of daily means."""
    known = summary("DWD_TRY2015_Koeln_509319069572_Jahr")
    assert degree_days(koeln()["temperature_c"], 15) == pytest.approx(
        known["GTZ_20_15_Kd"], rel=0.02
    )
    assert degree_days(koeln()["temperature_c"], 12) == pytest.approx(
        known["GTZ_20_12_Kd"], rel=0.02
    )


def test_sun_is_that_of_koeln():
    known = summary("DWD_TRY2015_Koeln_509319069572_Jahr")
    assert koeln()["ghi_wm2"].sum() / 1000 == pytest.approx(known["ghi_kWh_m2"], rel=0.005)
    wanted = by_month(real()["ghi_wm2"], "sum")
    assert by_month(koeln()["ghi_wm2"], "sum") == pytest.approx(wanted, rel=0.01)
    share = koeln()["dhi_wm2"].sum() / koeln()["ghi_wm2"].sum()
    assert share == pytest.approx(known["dhi_kWh_m2"] / known["ghi_kWh_m2"], abs=0.025)
    assert koeln()["dni_wm2"].sum() == pytest.approx(real()["dni_wm2"].sum(), rel=0.05)


def test_warm_days_and_bright_hours_are_as_frequent_as_in_koeln():
    shares = [5, 25, 50, 75, 95]
    for column, near in (
        ("temperature_c", 0.7),
        ("ghi_wm2", 35),
        ("wind_ms", 0.7),
        ("humidity_percent", 6),
    ):
        got, wanted = np.percentile(koeln()[column], shares), np.percentile(real()[column], shares)
        assert got == pytest.approx(wanted, abs=near), column


def test_a_warm_day_is_followed_by_a_warm_one_as_in_koeln():
    assert memory(koeln()["temperature_c"]) == pytest.approx(
        memory(real()["temperature_c"]), abs=0.06
    )
    for column in ("temperature_c", "ghi_wm2"):  # from hour to hour
        steps = koeln()[column].diff().std() / real()[column].diff().std()
        assert 0.75 < steps < 1.2, column
    days = [year["temperature_c"].to_numpy().reshape(365, 24) for year in (koeln(), real())]
    ranges = [(day.max(axis=1) - day.min(axis=1)).mean() for day in days]
    assert ranges[0] == pytest.approx(ranges[1], rel=0.06)


def test_essen_whose_year_was_not_used_comes_out():
    """Key figures of the real TRY2015 of Essen, 51.4562° N 7.0568° E; the region lies at 60 m."""
    known = summary("DWD_TRY2015_Region5_Essen")
    year = reference_weather(51.4562, 7.0568, height_m=60)
    assert year["temperature_c"].mean() == pytest.approx(known["t_mean"], abs=0.5)
    assert degree_days(year["temperature_c"], 15) == pytest.approx(known["GTZ_20_15_Kd"], rel=0.08)
    assert year["ghi_wm2"].sum() / 1000 == pytest.approx(known["ghi_kWh_m2"], rel=0.04)
    share = year["dhi_wm2"].sum() / year["ghi_wm2"].sum()
    assert share == pytest.approx(known["dhi_kWh_m2"] / known["ghi_kWh_m2"], abs=0.03)


@pytest.mark.parametrize("station", [2, 4, 7, 9, 12, 14])
def test_stations_all_over_germany(station):
    """
    Real test reference years of 2010, whose places the corrections come from.

    Their period (1988-2007) is about 0.6 K colder than that of 2015.
    """
    package = pytest.importorskip("demandlib", reason="demandlib, which holds them, is missing")
    folder = Path(package.__file__).parent / "vdi" / "resources_weather"
    path = folder / f"TRY2010_{station:02d}_Jahr.dat"
    place = read_raw([path])
    year = read_weather([path]).tables["weather"]
    got = reference_weather(place.lat, place.lon, height_m=place.height_m)
    warmer = got["temperature_c"].mean() - year["temperature_c"].mean()
    assert warmer == pytest.approx(0.5, abs=0.6)
    assert got["ghi_wm2"].sum() == pytest.approx(year["ghi_wm2"].sum(), rel=0.07)
    assert got["temperature_c"].std() == pytest.approx(year["temperature_c"].std(), rel=0.1)


def test_the_derived_figures_are_what_the_real_year_gives():
    def monthly(name):
        return assumptions().array(f"reference_weather.{name}", [f"{m:02d}" for m in range(1, 13)])

    assert monthly("temperature") == pytest.approx(by_month(real()["temperature_c"]), abs=0.006)
    assert monthly("wind") == pytest.approx(by_month(real()["wind_ms"]), abs=0.006)
    sine = np.sin(np.radians(real()["sun_elevation_deg"].clip(lower=0)))
    above = by_month(sine * extraterrestrial(hours_of(2015)), "sum")
    assert monthly("clearness") == pytest.approx(
        by_month(real()["ghi_wm2"], "sum") / above, abs=6e-4
    )


@given(st.floats(47.3, 54.9), st.floats(6, 14.9), st.floats(0, 1200))
@settings(max_examples=6)
def test_higher_is_colder_and_a_neighbour_has_nearly_the_same(latitude, longitude, height):
    here = reference_weather(latitude, longitude, height_m=height)
    up = reference_weather(latitude, longitude, height_m=height + 300)
    near = reference_weather(latitude + 0.02, longitude, height_m=height)
    assert up["temperature_c"].mean() < here["temperature_c"].mean() - 1
    assert up["ghi_wm2"].sum() < here["ghi_wm2"].sum()
    assert (near["temperature_c"] - here["temperature_c"]).abs().max() <= 0.11
    assert (near["ghi_wm2"] - here["ghi_wm2"]).abs().max() <= 20
    assert faults_of(TABLES["weather"], here, crs="") == []


def test_numbers_that_look_drawn():
    drawn = normals("a name", 20_000)
    assert abs(drawn.mean()) < 0.03
    assert drawn.std() == pytest.approx(1, abs=0.02)
    assert abs(np.corrcoef(drawn[1:], drawn[:-1])[0, 1]) < 0.02
    assert abs(np.corrcoef(drawn, normals("b name", 20_000))[0, 1]) < 0.02
    kept = with_memory(drawn, 0.7)
    assert kept.std() == pytest.approx(1, abs=0.05)
    assert np.corrcoef(kept[1:], kept[:-1])[0, 1] == pytest.approx(0.7, abs=0.02)
    assert with_memory(drawn, 0.0) == pytest.approx(drawn)


@given(st.lists(st.floats(-50, 50), min_size=12, max_size=12))
@settings(max_examples=20)
def test_the_course_of_a_year_meets_its_months(monthly):
    days = course_of_year(np.array(monthly))
    got = pd.Series(days).groupby(MONTH[::24]).mean().to_numpy()
    assert got == pytest.approx(monthly, abs=1e-9)
    assert days_to_hours(days).shape == (365, 24)


def test_a_city_without_weather_gets_it_and_says_so():
    tables = make_toy_city().tables
    city = build_city(SourceData("Toytown", CRS, tables, make_toy_city().info.sources[0]))
    assert (city.weather["temperature_source"] == LABEL).all()
    record = next(source for source in city.info.sources if source.key == "reference_weather")
    assert "DWD" in record.licence
    assert "Deutscher Wetterdienst" in record.attribution
    assert record.tables == ("weather",)
    (seen,) = [f for f in city.info.findings if f.code == "reference_weather"]
    assert (seen.severity, seen.count, seen.total) == ("warning", 8760, 8760)
    shares = {f.column for f in city.info.findings if f.code.startswith("estimated_")}
    assert {"temperature_c", "ghi_wm2"} <= shares


def test_weather_of_a_source_stays():
    tables = {**make_tables(), "weather": reference_weather(50.0, 8.0).assign(temperature_c=11.5)}
    done, seen, records = stand_in(tables, crs=CRS)
    assert done["weather"] is tables["weather"]
    assert (list(seen), records) == ([], ())


def test_outside_germany_nothing_stands_in():
    tables = make_tables()
    houses = tables["buildings"]
    tables["buildings"] = houses.set_geometry(houses.geometry.translate(0, 1_100_000))
    done, seen, records = stand_in(tables, crs=CRS)  # 60.7° N
    assert done["weather"].empty
    assert records == ()
    assert [f.code for f in seen] == ["no_weather"]


def test_place_and_height_of_a_town():
    tables = make_tables()
    latitude, longitude = place_of(tables, crs=CRS)
    assert (latitude, longitude) == pytest.approx((50.815, 7.155), abs=0.02)
    assert np.isnan(height_of(tables))
    tables["buildings"] = tables["buildings"].assign(ground_m=[50.0, 70.0, 60.0])
    assert height_of(tables) == 60
    nowhere = {**tables, "buildings": tables["buildings"].iloc[:0]}
    assert place_of(nowhere, crs=CRS) == pytest.approx((50.815, 7.155), abs=0.02)
