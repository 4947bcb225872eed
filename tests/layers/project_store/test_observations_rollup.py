"""Hours and days: by hand, against a plain second opinion, in any order, over a whole year."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.project_store.observations import ObservationStore
from layers.project_store.observations_rollup import KINDS, Values, hours_of, midnights
from layers.sensors.records import Delivery, Flag
from tests.layers.project_store.observing import (
    HOUR,
    MINUTE,
    NOON,
    as_rows,
    assert_same,
    delivery_of,
    midnight,
    plain_days,
    plain_hours,
    readings_of,
    stream_of,
)

STATISTICS = ("value", "mean", "count", "meter")


@pytest.fixture
def store(shared):
    return shared.observations


def hours_by_hand(statistic, pairs):
    count = len(pairs)
    values = Values(
        np.ones(count, np.int64), np.array([at for at, _ in pairs]),
        np.array([float(value) for _, value in pairs]), np.zeros(count, np.int64),
        np.full(count, KINDS[statistic]),
    )  # fmt: skip
    table = hours_of(values).droplevel("stream")
    return table.set_axis(table.index - NOON)


def test_counts_are_summed():
    table = hours_by_hand("count", [(NOON, 4), (NOON + 59 * MINUTE, 6), (NOON + HOUR, 1)])
    assert table.loc[0].tolist() == [5, 4, 6, 10, 2, 0]
    assert table.loc[HOUR, "sum"] == 1


def test_momentary_values_weigh_as_long_as_they_stand():
    # 10 for the first quarter (held from 11:50), 20 for half an hour, 40 for the last quarter
    pairs = [(NOON - 10 * MINUTE, 10), (NOON + 15 * MINUTE, 20), (NOON + 45 * MINUTE, 40)]
    row = hours_by_hand("value", pairs).loc[0]
    assert row["mean"] == pytest.approx((15 * 10 + 30 * 20 + 15 * 40) / 60)
    assert (row["low"], row["high"], row["n"]) == (10, 40, 2)


def test_a_value_of_long_ago_is_not_held():
    pairs = [(NOON - 110 * MINUTE, 10), (NOON + 30 * MINUTE, 20)]  # 140 minutes apart
    assert hours_by_hand("value", pairs).loc[0, "mean"] == 20
    pairs[0] = (NOON - 90 * MINUTE, 10)  # two hours
    assert hours_by_hand("value", pairs).loc[0, "mean"] == 15


def test_regular_values_have_their_plain_mean():
    pairs = [(NOON + n * 10 * MINUTE, n) for n in range(6)]
    assert hours_by_hand("value", pairs).loc[0, "mean"] == pytest.approx(2.5)


def test_a_meter_counts_differences_spread_over_the_hours_between():
    # 12:45 100, 13:15 104: two in each hour; 13:45 110; then exchanged at 14:15
    pairs = [
        (NOON + 45 * MINUTE, 100), (NOON + 75 * MINUTE, 104), (NOON + 105 * MINUTE, 110),
        (NOON + 135 * MINUTE, 3), (NOON + 180 * MINUTE, 6),
    ]  # fmt: skip
    table = hours_by_hand("meter", pairs)
    assert table["sum"].tolist() == pytest.approx([2, 2 + 6 + 0, 3, 0])
    assert table["flags"].tolist() == [0, 0, Flag.JUMP, 0]
    assert table["n"].tolist() == [1, 2, 1, 1]
    assert table["mean"].equals(table["sum"])


def test_a_meter_read_around_the_full_hour_loses_no_hour():
    pairs = [(NOON - 2000, 0), (NOON + HOUR + 3000, 10), (NOON + 2 * HOUR - 1000, 20)]
    table = hours_by_hand("meter", [*pairs, (NOON + 3 * HOUR, 30)])
    assert table["sum"].sum() == pytest.approx(30)
    assert table.loc[0, "sum"] == pytest.approx(10, rel=2e-3)
    assert table.loc[HOUR, "sum"] == pytest.approx(10, rel=2e-3)


def test_what_a_meter_counted_over_a_long_gap_stands_at_its_end_and_says_so():
    table = hours_by_hand("meter", [(NOON, 100), (NOON + 30 * HOUR, 130)])
    assert table["sum"].to_dict() == {0: 0, 30 * HOUR: 30}
    assert table["flags"].to_dict() == {0: 0, 30 * HOUR: Flag.GAP}


@pytest.mark.parametrize("shared", ["sqlite"], indirect=True)
def test_a_year_with_both_clock_changes(store, source):
    """Every 40 minutes of a German year; days of 23 and 25 hours."""
    first, last = (int(datetime(y, 12, 31, 23, tzinfo=UTC).timestamp()) for y in (2025, 2026))
    stream = stream_of(source, "value")
    days = checked(store, stream, np.arange(first * 1000, last * 1000, 40 * MINUTE))
    counts = days["n"].to_numpy()
    spring, autumn = (datetime(2026, 3, 29).timetuple().tm_yday, 298)
    assert (counts[spring - 1], counts[autumn - 1]) == (35, 37)
    assert np.delete(counts, [spring - 1, autumn - 1]).tolist() == [36] * 363


@pytest.mark.parametrize("statistic", STATISTICS)
def test_both_clock_changes(store, source, statistic):
    changes = [datetime(2026, month, day, tzinfo=UTC) for month, day in ((3, 28), (10, 24))]
    begins = [int(change.timestamp() * 1000) for change in changes]
    times = np.concatenate([np.arange(b, b + 72 * HOUR, 7 * MINUTE) for b in begins])
    checked(store, stream_of(source, statistic), times)


def checked(store, stream, times):
    """Write values at times; hours and days are right before and after rolling up."""
    series = pd.Series(np.arange(len(times)) % 977 / 7, pd.to_datetime(times, unit="ms", utc=True))
    store.import_series(stream, series)
    number = store.stream(stream.key).number
    before = {step: store.series(number, step=step) for step in ("hour", "day")}
    pairs = zip(times.tolist(), series.tolist(), strict=True)
    hours = plain_hours(stream.statistic, {at: (value, 0) for at, value in pairs})
    assert_same(as_rows(before["hour"]), hours)
    assert_same(as_rows(before["day"]), plain_days(stream.statistic, hours))
    store.roll_up()
    for step, table in before.items():
        pd.testing.assert_frame_equal(store.series(number, step=step), table)
    return before["day"]


def test_midnights_where_the_clock_is_changed_at_midnight():
    """In Beirut the day of the change begins at one o'clock."""
    day = int(datetime(2026, 3, 28, 22, 30, tzinfo=UTC).timestamp() * 1000)
    begin = midnights(np.array([day]), "Asia/Beirut")[0]
    assert begin == int(datetime(2026, 3, 28, 22, tzinfo=UTC).timestamp() * 1000)
    moments = NOON + np.arange(0, 400 * 24 * HOUR, 7 * HOUR + 13)
    found = midnights(moments, "Europe/Berlin")
    assert found.tolist() == [midnight(moment) for moment in moments.tolist()]


minutes = st.integers(0, 60 * 60).map(lambda minute: NOON + 7 * HOUR + minute * MINUTE)
days_apart = st.sampled_from([0, 1, 2, 9]).map(lambda days: days * 24 * HOUR)
moments = st.tuples(minutes, days_apart).map(sum)
values = st.integers(-3, 40).map(float)
flagged = st.sampled_from([0, 0, 0, Flag.RANGE, Flag.JUMP])
sets = st.dictionaries(moments, st.tuples(values, flagged), min_size=1, max_size=25)
NAMES = iter(range(10**9))


@pytest.mark.parametrize(
    ("shared", "examples"), [("sqlite", 15), ("postgresql", 4)], indirect=["shared"]
)
def test_order_repetition_and_splitting_do_not_matter(store, examples):
    @given(
        statistic=st.sampled_from(STATISTICS), readings=sets, seed=st.integers(0, 10**6),
        cuts=st.integers(1, 5), rolls=st.lists(st.booleans(), min_size=6, max_size=6),
    )  # fmt: skip
    @settings(max_examples=examples, deadline=None, derandomize=True)
    def check(**drawn):
        in_any_order(store, **drawn)

    check()


def in_any_order(store, *, statistic, readings, seed, cuts, rolls):
    """Whatever comes first, twice, or in which write: the same values, hours and days."""
    stream = stream_of(f"any{next(NAMES)}", statistic)
    rows = [row for at, (value, flag) in readings.items()
            for row in readings_of(stream, [(at, value)], int(flag))]  # fmt: skip
    chance = random.Random(seed)
    rows += chance.choices(rows, k=len(rows) // 2)
    chance.shuffle(rows)
    done = [0, 0, 0, 0]
    for turn in range(cuts):
        part = tuple(rows[turn::cuts])
        written = store.write([Delivery(stream.source, part, (stream,))])
        done = [a + b for a, b in zip(done, written, strict=True)]
        if rolls[turn]:
            store.roll_up()
    number = store.stream(stream.key).number
    raw = store.series(number)
    assert as_rows(raw) == {
        at: {"value": value, "flags": int(flag)} for at, (value, flag) in readings.items()
    }
    assert done == [len(readings), len(rows) - len(readings), 0, 0]
    hours = plain_hours(statistic, readings)
    assert_same(as_rows(store.series(number, step="hour")), hours)
    assert_same(as_rows(store.series(number, step="day")), plain_days(statistic, hours))
    if rolls[5]:
        store.roll_up()
        assert_same(as_rows(store.series(number, step="hour")), hours)
        assert_same(as_rows(store.series(number, step="day")), plain_days(statistic, hours))
    last = max(readings)
    assert store.latest([number])["value"].tolist() == [readings[last][0]]


def test_a_revised_value_changes_its_hour_and_its_day(store, source):
    stream = stream_of(source, "count")
    pairs = [(NOON + n * 30 * MINUTE, 10.0) for n in range(8)]
    store.write([delivery_of(stream, pairs)])
    store.roll_up()
    store.write([delivery_of(stream, [(NOON + 30 * MINUTE, 100.0)])])
    number = store.stream(stream.key).number
    for _ in range(2):
        assert store.series(number, step="hour")["sum"].tolist() == [110, 20, 20, 20]
        assert store.series(number, step="day")["sum"].tolist() == [170]
        store.roll_up()


def test_days_of_another_zone(opened, source):
    """Who opens the store for another place sees the days of that place."""
    store = opened().observations
    stream = stream_of(source, "count")
    begin = midnight(NOON)
    store.write([delivery_of(stream, [(begin + n * HOUR, 1.0) for n in range(48)])])
    store.roll_up()
    number = store.stream(stream.key).number
    elsewhere = ObservationStore(store.database, zone="America/New_York")
    for _ in range(2):
        assert elsewhere.series(number, step="day")["sum"].tolist() == [6, 24, 18]
        assert store.series(number, step="day")["sum"].tolist() == [24, 24]
        elsewhere.roll_up()
    store.roll_up()
    assert store.series(number, step="day")["sum"].tolist() == [24, 24]


def test_a_stream_that_turns_out_to_be_of_another_kind_is_rolled_up_anew(store, source):
    stream = stream_of(source, "mean")
    store.write([delivery_of(stream, [(NOON + n * HOUR, 5.0 * n) for n in range(4)])])
    store.roll_up()
    number = store.stream(stream.key).number
    assert store.series(number, step="hour")["mean"].tolist() == [0, 5, 10, 15]
    store.write([Delivery(source, streams=(replace(stream, statistic="meter"),))])
    for _ in range(2):
        assert store.series(number, step="hour")["sum"].tolist() == [5, 5, 5, 0]
        assert store.series(number, step="day")["sum"].tolist() == [15]
        store.roll_up()
