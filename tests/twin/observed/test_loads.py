import numpy as np
import pandas as pd
import pytest

from tests.small_town import answered, small_town
from twin.energy.electricity.calendar import day_types
from twin.errors import ModelError
from twin.observed.loads import block_hours, compare_load, duration_curve, hourly_kw
from twin.rowwise import HOURS

CET = "Etc/GMT-1"


def year_of(values, year=2025):
    index = pd.date_range(f"{year}-01-01", periods=HOURS, freq="h", tz=CET)
    return pd.Series(values, index.strftime("%Y-%m-%dT%H:%M+01:00"), dtype=float)


def measured(first, values):
    index = pd.date_range(first, periods=len(values), freq="h", tz=CET)
    return pd.Series(values, index.tz_convert("UTC"), dtype=float)


def test_power_of_an_hour_from_what_the_store_has():
    index = pd.date_range("2026-01-01", periods=4, freq="h", tz="UTC")
    table = pd.DataFrame(
        {"mean": [1.0, 2, 3, 4], "sum": [4.0, 8, 9, 4], "n": [4, 4, 3, 1]}, index
    )  # fmt: skip
    assert hourly_kw(table, "mean").tolist() == [1, 2, 3, 4]
    assert hourly_kw(table, "meter").tolist() == [4, 8, 9, 4]
    assert hourly_kw(table, "count", 900).tolist()[:3] == [4, 8, 12]
    assert hourly_kw(table, "count", 900).isna().iloc[3]


def test_the_same_load_fits_wholly():
    model = year_of(50 + 30 * np.sin(np.arange(HOURS) * 2 * np.pi / 24))
    own = measured("2025-03-01", model.to_numpy()[59 * 24 : 69 * 24])
    found = compare_load(own, model)
    assert found.by_hour.rmse == pytest.approx(0)
    assert found.verdict.level == "good"
    assert found.energy_kwh == pytest.approx((12_000, 12_000))
    assert found.peak_kw == pytest.approx((80, 80))
    assert found.months.loc[3, "hours"] == 240
    assert len(found.day) == 24
    assert (found.hours, found.lacking, found.left_out) == (240, 0, 0)


def test_electricity_meets_days_of_the_same_kind():
    kinds = day_types(np.arange("2025-01-01", "2026-01-01", dtype="datetime64[D]"))
    model = year_of(np.repeat(np.array([100.0, 60.0, 20.0])[kinds], 24))
    days = np.arange("2026-05-01", "2026-07-01", dtype="datetime64[D]")
    own = measured("2026-05-01", np.repeat(np.array([100.0, 60.0, 20.0])[day_types(days)], 24))
    assert compare_load(own, model).by_hour.rmse == pytest.approx(0)
    assert compare_load(own, model, by_weekday=False).by_hour.rmse > 10


def test_heat_meets_its_date():
    model = year_of(np.arange(HOURS))
    own = measured("2024-02-27", [np.nan] * 24 + [1.0] * 72)  # over a leap day
    found = compare_load(own, model, by_weekday=False)
    assert found.hours == 48  # 28 February and 1 March
    first = 58 * 24
    assert found.energy_kwh[1] == sum(range(first, first + 48))


def test_heat_meets_days_of_its_temperature():
    # a house that needs 10 kW a kelvin below 20 °C, at night half as much; two other winters
    dice = np.random.default_rng(4)
    night = np.where(np.arange(24) < 6, 0.5, 1.0)

    def heat(mean_c):
        return (10 * np.maximum(20 - mean_c, 0)[:, None] * night).ravel()

    wave = 10 - 9 * np.cos(2 * np.pi * (np.arange(365) - 20) / 365)
    reference = pd.Series(wave, pd.date_range("2015-01-01", periods=365))
    colder = wave[:90] - 2 + dice.normal(0, 2, 90)
    own_c = pd.Series(colder, pd.date_range("2026-01-01", periods=90))
    own, model = measured("2026-01-01", heat(colder)), year_of(heat(wave))
    by_date = compare_load(own, model, by_weekday=False)
    alike = compare_load(own, model, weather=(own_c, reference))
    assert not by_date.in_weather
    assert alike.in_weather
    assert alike.by_hour.rmse < by_date.by_hour.rmse / 3
    assert abs(alike.by_hour.nmbe) < 2 < abs(by_date.by_hour.nmbe)
    # days colder than any of the model by over 1 K are left out, and days without a temperature
    lost = int((colder < wave.min() - 1).sum())
    assert 24 * max(lost - 5, 0) <= alike.unlike <= 24 * (lost + 5)
    unknown = compare_load(own, model, weather=(own_c.iloc[:40], reference))
    assert unknown.hours + unknown.unlike == 90 * 24
    assert unknown.unlike >= 50 * 24
    # a model that needs a tenth more is seen to do so
    more = compare_load(own, model * 1.1, weather=(own_c, reference))
    assert more.by_hour.nmbe == pytest.approx(10, abs=2)


def test_summer_time_is_no_shift():
    model = year_of(np.tile(np.arange(24.0), 365))
    index = pd.date_range("2026-07-01", periods=48, freq="h", tz="Europe/Berlin")
    own = pd.Series((index.hour - 1) % 24, index, dtype=float)  # an hour behind its clock is CET
    assert compare_load(own, model, by_weekday=False).by_hour.rmse == pytest.approx(0)


def test_doubtful_and_missing_hours_are_left_out_and_counted():
    model = year_of(np.full(HOURS, 10.0))
    own = measured("2026-01-05", np.full(100, 10.0))
    own.iloc[7], own.iloc[8] = 999.0, np.nan
    doubtful = own > 500
    found = compare_load(own.drop(own.index[50]), model, doubtful=doubtful)
    assert found.by_hour.rmse == pytest.approx(0)
    assert (found.hours, found.lacking, found.left_out) == (97, 2, 1)


def test_nothing_measured_and_a_model_that_is_no_year():
    none = compare_load(measured("2026-01-05", []), year_of(np.ones(HOURS)))
    assert none.verdict.level == "unknown"
    assert none.hours == none.lacking == 0
    assert none.months.empty
    with pytest.raises(ModelError, match="100 hours"):
        compare_load(measured("2026-01-05", [1.0]), pd.Series(np.ones(100)))


def test_a_duration_curve_is_the_load_sorted():
    rng = np.random.default_rng(1)
    load = pd.DataFrame({"observed": rng.random(101), "modelled": rng.random(101)})
    curve = duration_curve(load)
    assert curve["observed"].to_numpy() == pytest.approx(np.sort(load["observed"])[::-1])
    assert curve.index[0] == 0
    assert curve.index[-1] == 1


def test_blocks_add_up_to_the_town():
    found = answered().last
    blocks = small_town().blocks.index
    whole = sum(block_hours(found.answers, block) for block in blocks)
    town = found.hourly / 1000
    assert (found.answers["systems"]["block_id"].isin(blocks)).all()
    assert whole["heat"].to_numpy() == pytest.approx(town["heat_w"].to_numpy(), abs=0.05)
    used = town["electricity_w"] + town["charging_w"]
    assert whole["electricity"].to_numpy() == pytest.approx(used.to_numpy(), abs=0.05)
    assert whole["pv"].to_numpy() == pytest.approx(town["pv_w"].to_numpy(), abs=0.05)
    grid = town["import_w"] - town["feed_in_w"]
    assert whole["net"].to_numpy() == pytest.approx(grid.to_numpy(), abs=0.05)
    with pytest.raises(ModelError, match="no Baublock nowhere"):
        block_hours(found.answers, "nowhere")
