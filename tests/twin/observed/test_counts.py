from datetime import date

import numpy as np
import pandas as pd
import pytest

from twin.assumptions import assumptions
from twin.errors import ModelError
from twin.mobility.counts import adjust, shares_of
from twin.observed.count_days import count_profile, full_hours
from twin.observed.counts import adjustment_table, compare_counts, counted_hours, hourly_flows

SHARES = pd.DataFrame({"car": np.arange(24) / 276, "truck": np.full(24, 1 / 24)})
REVERSE = pd.Series({"a": "b", "b": "a", "c": None}, dtype=object)


def hours_of(first, days, value=lambda local: 10.0 * local.hour, zone="Europe/Berlin"):
    begin = pd.Timestamp(first, tz=zone)
    index = pd.date_range(begin, begin + pd.DateOffset(days=days), freq="h", inclusive="left")
    return pd.Series([float(value(time)) for time in index], index.tz_convert("UTC"))


# ---- hours and days


def test_an_hour_counts_with_three_quarters_of_its_intervals():
    table = pd.DataFrame({"sum": [120.0, 90.0, 80.0, 0.0], "n": [12, 9, 8, 0]})
    found = full_hours(table, 300)
    assert found.tolist()[:2] == [120.0, 120.0]
    assert found.isna().tolist() == [False, False, True, True]
    assert full_hours(table.assign(n=[4, 4, 3, 2])).tolist()[2] == pytest.approx(80 * 4 / 3)
    for none in (0.0, -1.0, np.nan, np.inf):
        assert full_hours(table, none).equals(full_hours(table))
    assert full_hours(table.iloc[:0]).empty
    rate = pd.DataFrame({"mean": [600.0, 500.0], "n": [4, 1]})
    assert full_hours(rate, 900, is_rate=True).tolist()[0] == 600
    with pytest.raises(ModelError, match="1440 minutes"):
        full_hours(table, 86_400)


def test_an_average_day_by_hand():
    # a Monday to the Sunday after it, all hours 10 x hour; 276 x 10 vehicles a day
    profile = count_profile(hours_of("2026-06-08", 7))
    assert profile.days == {"weekday": 5, "saturday": 1, "sunday": 1}
    assert profile.dtvw == profile.dtv == 2760
    assert profile.hours["weekday"].tolist() == [10 * hour for hour in range(24)]
    assert (profile.expected, profile.lacking, profile.left_out) == (168, 0, 0)


def test_a_week_is_five_weekdays_a_saturday_and_a_sunday():
    week = hours_of("2026-06-08", 7, lambda local: (7, 7, 7, 7, 7, 3, 1)[local.weekday()])
    profile = count_profile(week)
    assert profile.dtvw == 24 * 7
    assert profile.dtv == pytest.approx(24 * (5 * 7 + 3 + 1) / 7)
    assert profile.dtv == pytest.approx(week.sum() / 7)


def test_public_holidays_are_sundays_and_school_holidays_are_left_out():
    # Thursday 4 June 2026 is Fronleichnam in Nordrhein-Westfalen, not in Berlin
    week = hours_of("2026-06-01", 7, lambda local: 5 if local.day == 4 else 50)
    assert count_profile(week).days == {"weekday": 4, "saturday": 1, "sunday": 2}
    assert count_profile(week).dtvw == 24 * 50
    assert count_profile(week, state="BE").days["weekday"] == 5
    away = [(date(2026, 6, 2), date(2026, 6, 3))]
    found = count_profile(week, school_holidays=away)
    assert found.days["weekday"] == 2
    assert ": 2" in str(found.notes[0])
    only = count_profile(week, school_holidays=[(date(2026, 1, 1), date(2026, 12, 31))])
    assert only.days["weekday"] == 4
    assert only.notes


def test_missing_and_doubtful_hours_do_not_spoil_their_day():
    hours = hours_of("2026-06-08", 5)
    doubtful = pd.Series(False, hours.index)
    wrong = hours.copy()
    wrong.iloc[30] = 9999.0
    doubtful.iloc[30] = True
    wrong.iloc[50] = np.nan
    profile = count_profile(wrong.drop(wrong.index[60]), doubtful=doubtful)
    assert profile.dtvw == 2760
    assert (profile.expected, profile.lacking, profile.left_out) == (120, 2, 1)
    assert profile.coverage == pytest.approx(117 / 120)


def test_hours_that_were_never_counted_leave_the_day_unknown():
    day = hours_of("2026-06-08", 1)
    profile = count_profile(day.iloc[6:22])
    assert np.isnan(profile.dtvw)
    assert profile.hours["weekday"].notna().sum() == 16
    assert np.isnan(count_profile(day).dtv)  # no weekend


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_days_on_which_clocks_change(day, hours):
    series = hours_of(day, 1, lambda local: local.hour)
    assert len(series) == hours
    found = count_profile(series).hours["sunday"].dropna()
    assert found.tolist() == found.index.tolist()
    assert len(found) == (23 if hours == 23 else 24)


def test_days_of_a_dead_counter_are_left_out_and_told():
    week = hours_of("2026-06-08", 5)
    dead = week.copy()
    dead.iloc[24:48] = 0.0
    found = count_profile(dead)
    assert found.dtvw == 2760
    assert found.days["weekday"] == 4
    assert str(found.notes[0]) == "Days without a single vehicle that are left out: 1"
    assert count_profile(dead.iloc[24:48]).dtvw == 0  # nothing tells that it is dead
    quiet = (week > 200) * 1.0  # a farm track: some days have nobody
    quiet.iloc[24:48] = 0.0
    assert count_profile(quiet).days["weekday"] == 5


def test_nothing_counted():
    none = pd.Series(dtype=float, index=pd.DatetimeIndex([], tz="UTC"))
    profile = count_profile(none)
    assert np.isnan(profile.dtvw)
    assert profile.coverage == 0
    with pytest.raises(ModelError, match="no time zone"):
        count_profile(pd.Series([1.0], pd.DatetimeIndex(["2026-01-01"])))


# ---- against the model


def flows(**day):
    traffic = pd.DataFrame({"car": day, "truck": dict.fromkeys(day, 0.0)}, dtype=float)
    return hourly_flows(traffic, SHARES)


def test_flows_of_an_hour_are_shares_of_the_day():
    traffic = pd.DataFrame({"car": [2760.0, 0.0], "truck": [240.0, 24.0]}, index=["a", "b"])
    found = hourly_flows(traffic, SHARES)
    assert found.loc["a"].tolist() == pytest.approx([10 * hour + 10 for hour in range(24)])
    assert found.sum(axis=1).tolist() == pytest.approx([3000, 24])


def counted(vehicles, street="a", counter="k1", both=False, hours=range(24)):
    return pd.DataFrame({
        "counter": counter, "street": street, "both": both, "hour": list(hours),
        "vehicles": [float(v) for v in vehicles],
    })  # fmt: skip


def test_geh_by_hand():
    # 1000 counted and 1100 modelled: sqrt(2 x 100^2 / 2100) = 3.086; 100 and 160: 5.262
    model = pd.DataFrame([[1100.0, 160.0]], index=["a"], columns=[0, 1])
    found = compare_counts(counted([1000, 100], hours=(0, 1)), model)
    assert found.hours["geh"].round(3).tolist() == [3.086, 5.262]
    assert found.hours["is_good"].tolist() == [True, False]
    assert found.good_percent == 50
    row = found.counters.loc["k1"]
    assert (row["counted_day"], row["modelled_day"], row["deviation"]) == (1100, 1260, 160)
    assert row["deviation_percent"] == pytest.approx(100 * 160 / 1100)
    assert found.verdict.level == "unknown"  # two hours only


def test_a_perfect_model_is_good():
    model = flows(a=2760.0, b=1380.0)
    found = compare_counts(counted(model.loc["a"]), model)
    assert (found.good_percent, found.verdict.level) == (100, "good")
    assert found.by_hour.rmse == pytest.approx(0)
    assert found.streets["deviation_percent"].to_dict() == pytest.approx({"a": 0})


def test_a_counter_of_both_directions_meets_both():
    model = flows(a=2760.0, b=1380.0, c=5.0)
    both = counted(model.loc["a"] + model.loc["b"], both=True)
    found = compare_counts(both, model, reverse=REVERSE)
    assert found.by_day.bias == pytest.approx(0)
    assert sorted(found.streets.index) == ["a", "b"]
    alone = compare_counts(counted([0] * 24, street="c", both=True), model, reverse=REVERSE)
    assert alone.counters["modelled_day"].tolist() == pytest.approx([5])
    assert np.isnan(alone.counters["deviation_percent"].iloc[0])
    assert list(alone.streets.index) == ["c"]


def test_what_cannot_be_compared_is_named():
    table = pd.concat([
        counted([1] * 24, street="gone", counter="far"),
        counted([np.nan] * 24, counter="mute"),
        counted([5] * 3, counter="short", hours=range(3)),
    ])  # fmt: skip
    found = compare_counts(table, flows(a=100.0))
    assert list(found.counters.index) == ["short"]
    assert [str(said) for said in found.left_out] == [
        "On no street with modelled traffic (1): far",
        "Without a counted hour (1): mute",
    ]
    nothing = compare_counts(table.iloc[:0], flows(a=100.0), reverse=REVERSE)
    assert nothing.verdict.level == "unknown"
    assert np.isnan(nothing.good_percent)


def test_faults_are_told_at_once():
    table = counted([-1, 2], hours=(3, 24))
    with pytest.raises(ModelError, match=r"not 0 to 23; vehicles below 0\."):
        compare_counts(table, flows(a=1.0))
    with pytest.raises(ModelError, match="no column vehicles"):
        compare_counts(table.drop(columns="vehicles"), flows(a=1.0))
    with pytest.raises(ModelError, match="twice"):
        compare_counts(pd.concat([counted([1] * 24)] * 2), flows(a=1.0))


def test_counters_become_a_table_for_the_adjustment():
    week = count_profile(hours_of("2026-06-08", 5))
    day = count_profile(hours_of("2026-06-08", 1, lambda local: 5.0 * local.hour))
    night = count_profile(hours_of("2026-06-08", 1).iloc[:4])
    places = pd.DataFrame(
        {"street": ["a", "c", "c", "a"], "both": [True, False, False, False]},
        index=["k1", "k2", "k3", "k4"],
    )
    profiles = {"k1": week, "k2": week, "k3": day, "k4": night, "unplaced": week}
    found = adjustment_table(profiles, places, reverse=REVERSE).set_index("street")
    assert found.loc[["a", "b"], "vehicles_day"].tolist() == [1380, 1380]
    # five days of 2760 and one of 1380
    assert found.loc["c", "vehicles_day"] == pytest.approx((5 * 2760 + 1380) / 6)
    assert found.loc["a", "weight"] == pytest.approx(1 / 1380)
    lone = adjustment_table({"k3": day}, places).set_index("street")
    assert lone.loc["c", "weight"] == pytest.approx(1 / 5 / 1380)
    assert adjustment_table({}, places).empty
    long = counted_hours(profiles, places)
    assert set(long["counter"]) == {"k1", "k2", "k3", "k4"}
    assert counted_hours({}, places).empty


def test_adjusting_to_a_counter_brings_the_model_to_it():
    trips = np.array([[0.0, 1000.0], [500.0, 0.0]])
    selected = [np.array([[0.0, 1000.0], [0.0, 0.0]]), np.array([[0.0, 0.0], [500.0, 0.0]])]
    places = pd.DataFrame({"street": ["a"], "both": [True]}, index=["k1"])
    profile = count_profile(hours_of("2026-06-08", 5, lambda local: 80.0))
    counts = adjustment_table({"k1": profile}, places, reverse=REVERSE)
    adjusted = adjust(trips, counts, shares_of(selected, trips), assumptions())
    assert counts["vehicles_day"].tolist() == [960, 960]
    assert adjusted.trips[0, 1] == pytest.approx(960, rel=0.01)
    assert adjusted.trips[1, 0] == pytest.approx(960, rel=0.01)
