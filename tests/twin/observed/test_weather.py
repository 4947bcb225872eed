from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from twin.errors import ModelError
from twin.observed.weather import (
    base_of_summer,
    compare_station,
    corrected_demand,
    daily_means,
    degree_day_months,
    degree_days,
    degree_days_over,
    degree_days_to_date,
    reference_means,
)

TRY = Path(__file__).parents[4] / "shared/data/weather/DWD_TRY2015_Koeln_509319069572_Jahr.dat"
real = pytest.mark.skipif(not TRY.exists(), reason="the weather of the DWD is not beside it")


def hours(first, values):
    return pd.Series(values, pd.date_range(first, periods=len(values), freq="h", tz="UTC"))


def days(first, values):
    return pd.Series(values, pd.date_range(first, periods=len(values), freq="D"), dtype=float)


def a_year(year=2026):
    """Make hours of a year that swing around 10 °C."""
    index = pd.date_range(f"{year}-01-01", f"{year + 1}-01-01", freq="h", inclusive="left",
                          tz="Etc/GMT-1")  # fmt: skip
    wave = 10 - 9 * np.cos(2 * np.pi * (index.day_of_year - 15) / 365)
    return pd.Series(wave + 4 * np.sin(2 * np.pi * (index.hour - 9) / 24), index)


def test_a_day_begins_at_midnight_of_cet_in_summer_too():
    # 23 UTC is the first hour of the next day in CET, in July as in January
    for first in ("2026-01-10T23:00", "2026-07-10T23:00"):
        means = daily_means(hours(first, [20.0] * 24 + [5.0]))
        assert means["mean_c"].tolist()[0] == 20
        assert means["hours"].tolist() == [24, 1]
        assert means.index[0].day == 11


def test_the_mean_of_the_dwd_needs_21_hours_or_the_four_main_ones():
    whole = hours("2026-01-10T23:00", np.arange(24.0))
    assert daily_means(whole)["mean_c"].tolist() == [11.5]
    lacking = whole.drop(whole.index[[1, 2, 3]])
    assert daily_means(lacking)["mean_c"].tolist() == [pytest.approx((276 - 6) / 21)]
    four = whole.drop(whole.index[[1, 2, 3, 4]])
    assert daily_means(four)["mean_c"].tolist() == [(0 + 6 + 12 + 18) / 4]
    none = whole.drop(whole.index[[0, 1, 2, 3]])
    assert np.isnan(daily_means(none)["mean_c"].iloc[0])
    assert np.isnan(daily_means(whole.where(whole > 4))["mean_c"].iloc[0])
    endless = whole.replace({7.0: np.inf})
    assert daily_means(endless)["mean_c"].tolist() == [pytest.approx((276 - 7) / 23)]


def test_days_without_anything_are_there_without_a_mean():
    both = pd.concat([hours("2026-01-10T23:00", [1.0] * 24), hours("2026-01-13T23:00", [2.0] * 24)])
    means = daily_means(both)
    assert means["mean_c"].isna().tolist() == [False, True, True, False]
    assert means["hours"].tolist() == [24, 0, 0, 24]
    assert daily_means(hours("2026-01-01", [np.nan])).empty


def test_degree_days_as_published():
    # table of Gelsenwasser: mean outside 20, 15, 14, 0, -5 °C -> 0, 0, 6, 20, 25
    found = degree_days(pd.Series([20.0, 15.0, 14.0, 0.0, -5.0, np.nan]))
    assert found["gt"].tolist()[:5] == [0, 0, 6, 20, 25]
    assert found["hgt"].tolist()[:5] == [0, 0, 1, 15, 20]
    assert found.iloc[5].isna().all()


def test_a_year_to_date_is_compared_over_the_same_days():
    reference = days("2015-01-01", [5.0] * 365)
    own = days("2026-01-01", [2.0] * 40)
    own.iloc[3] = np.nan
    found = degree_days_to_date(own, reference)
    assert (found.days, found.lacking) == (39, 1)
    assert (found.gt, found.gt_reference) == (39 * 18, 39 * 15)
    assert (found.hgt, found.hgt_reference) == (39 * 13, 39 * 10)
    assert found.ratio == pytest.approx(1.2)
    assert "20 % more than in the weather year" in str(found.said)
    assert str(found.first) == "2026-01-01"
    assert str(found.last) == "2026-02-09"
    same = degree_days_to_date(days("2026-01-01", [5.0] * 40), reference)
    assert "as in the weather year" in str(same.said)
    milder = degree_days_to_date(days("2026-01-01", [8.0] * 40), reference)
    assert "20 % less" in str(milder.said)


def test_a_station_that_began_late_lacks_the_days_before():
    reference = days("2015-01-01", [5.0] * 365)
    found = degree_days_to_date(days("2026-03-01", [5.0] * 20), reference)
    assert (found.days, found.lacking) == (20, 59)
    leap = degree_days_to_date(days("2024-01-01", [5.0] * 366), reference)
    assert (leap.days, leap.lacking) == (365, 0)
    years = pd.concat([days("2025-01-01", [-10.0] * 365), days("2026-01-01", [5.0] * 20)])
    assert degree_days_to_date(years, reference).ratio == 1
    assert degree_days_to_date(years, reference, year=2025).gt == 365 * 30


def test_days_over_the_turn_of_a_year():
    reference = days("2015-01-01", np.r_[[5.0] * 181, [15.0] * 184])
    own = days("2025-12-01", [0.0] * 62)  # December against 15 °C, January against 5 °C
    found = degree_days_over(own, reference)
    assert (found.gt, found.gt_reference) == (62 * 20, 31 * 15)
    assert (found.days, found.lacking) == (62, 0)
    assert degree_days_to_date(own, reference).days == 31
    whole = degree_days_over(days("2023-01-01", [0.0] * 1096), reference)
    assert (whole.days, whole.lacking) == (1095, 0)  # three years, one leap day
    gap = own.copy()
    gap.iloc[10] = np.nan
    assert degree_days_over(gap.drop(gap.index[20]), reference).lacking == 2


def test_little_is_not_judged():
    reference = days("2015-01-01", [5.0] * 365)
    assert "at least 14" in str(degree_days_to_date(days("2026-01-01", [5.0] * 13), reference).said)
    warm = degree_days_to_date(days("2026-07-01", [25.0] * 20), days("2015-07-01", [25.0] * 20))
    assert np.isnan(warm.ratio)
    nothing = degree_days_to_date(days("2026-01-01", []), reference)
    assert (nothing.days, nothing.first) == (0, None)


@real
def test_the_weather_year_of_koeln_has_the_degree_days_of_its_region():
    body = TRY.read_text("latin-1").split("***")[1]
    rows = [line.split() for line in body.splitlines() if line.strip()]
    table = [(int(row[2]), int(row[3]), int(row[4]), float(row[5])) for row in rows]
    # by another way: hours 1 to 24 of the file itself, day by day
    total, months = 0.0, dict.fromkeys(range(1, 13), 0.0)
    for month, day in sorted({(m, d) for m, d, _, _ in table}):
        mean = np.mean([t for m, d, _, t in table if (m, d) == (month, day)])
        if mean < 15:
            total += 20 - mean
            months[month] += 20 - mean
    index = [f"2015-{m:02d}-{d:02d}T{h - 1:02d}:00+01:00" for m, d, h, _ in table]
    weather = pd.DataFrame({"temperature_c": [t for *_, t in table]}, index=index)
    means = reference_means(weather)
    assert len(means) == 365
    assert degree_days(means)["gt"].sum() == pytest.approx(total, rel=1e-9)
    of_months = degree_day_months(means, means)
    assert of_months["gt"].to_dict() == pytest.approx(months)
    assert of_months["days"].sum() == 365
    # VDI 2067: thousandths of a year by month, mean of Germany
    usual = np.array([170, 150, 130, 80, 40, 40 / 3, 40 / 3, 40 / 3, 30, 80, 120, 160])
    share = 1000 * of_months["gt"].to_numpy() / total
    assert np.abs(share - usual).max() < 30
    assert 2600 < total < 3200  # Offenbach (evo-energie): 2,641 in 2020, 3,121 in 2021


# ---- demand


def test_demand_is_corrected_without_its_base():
    found = corrected_demand(1200, 3000, 3300, base_kwh=200)
    assert (found.corrected, found.factor, found.said) == (1300, 1.1, None)
    assert corrected_demand(1200, 3000, 3000, base_kwh=200).corrected == 1200
    assert corrected_demand(1200, 3000, 3300, base_kwh=1200).corrected == 1200
    mild = corrected_demand(1000, 2500, 3300)
    assert mild.corrected == pytest.approx(1320)


def test_where_nothing_was_heated_nothing_is_corrected():
    found = corrected_demand(300, 0, 500, base_kwh=300)
    assert found.corrected == 300
    assert np.isnan(found.factor)
    assert found.said is not None
    assert corrected_demand(300, 5, 500).said is not None


@pytest.mark.parametrize(
    "given", [(-1, 1, 1, 0), (1, -1, 1, 0), (1, 1, np.nan, 0), (1, 1, 1, 2), (np.inf, 1, 1, 0)]
)
def test_wrong_numbers_are_refused(given):
    with pytest.raises(ModelError, match="cannot be corrected"):
        corrected_demand(*given[:3], base_kwh=given[3])


def test_the_base_is_what_is_used_in_summer():
    mean = days("2026-01-01", [0.0] * 20 + [16.0] * 11)
    heat = days("2026-01-01", [100.0] * 20 + [10.0, 10, 10, 10, 10, 12, 12, 12, 12, 12, 500])
    assert base_of_summer(heat, mean) == (12, 11)
    base, count = base_of_summer(heat.iloc[:25], mean)
    assert np.isnan(base)
    assert count == 5


# ---- station against the weather year


def test_a_station_that_is_two_kelvin_warmer():
    reference = a_year(2015)
    station = (a_year(2026) + 2).tz_convert("UTC").iloc[: 24 * 59]
    text = pd.Series(reference.to_numpy(), reference.index.strftime("%Y-%m-%dT%H:%M+01:00"))
    found = compare_station(station, text)
    assert found.months["bias"].tolist() == pytest.approx([2, 2])
    assert found.months["coverage"].tolist() == pytest.approx([1, 1])
    assert found.hours == 24 * 59
    assert found.bias == pytest.approx(2)
    gap = found.quantiles["observed"] - found.quantiles["reference"]
    assert gap.tolist() == pytest.approx([2] * len(gap))
    assert "2 K warmer" in str(found.said)
    assert "As warm as" in str(compare_station(station - 2, reference).said)
    colder = compare_station(station - 4, reference)
    assert "2 K colder" in str(colder.said)


def test_nothing_in_common_with_the_weather_year():
    found = compare_station(hours("2026-01-01", []), a_year())
    assert found.hours == 0
    assert np.isnan(found.bias)
    assert found.months.empty
    assert found.quantiles.empty
    assert "compared: 0;" in str(found.said)
    with pytest.raises(ModelError, match="no time zone"):
        compare_station(pd.Series([1.0], pd.DatetimeIndex(["2026-01-01"])), a_year())


def test_a_leap_day_has_no_counterpart():
    found = compare_station(a_year(2024), a_year(2015))
    assert found.hours == 8760
