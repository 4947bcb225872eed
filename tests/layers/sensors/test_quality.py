from __future__ import annotations

import json
import math
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.project_store import open_store
from layers.sensors.properties import PROPERTIES
from layers.sensors.quality import (
    DOUBTFUL,
    Judge,
    flags_of,
    is_silent,
    rule_of,
)
from layers.sensors.records import Datastream, Delivery, Flag, Reading

MINUTE, HOUR = 60_000, 3_600_000
START = 1_700_000_000_000
WARM = Datastream("a/1", "a", "A", "air_temperature", "Cel", interval_s=600)


def judged(values, stream=WARM, *, every=10 * MINUTE, judge=None, delay=0, at=START):
    """Judge values one by one that come at an even step; a pair is (value, minutes after START)."""
    judge = judge or Judge()
    found = []
    pairs = [v if isinstance(v, tuple) else (v, n * every / MINUTE) for n, v in enumerate(values)]
    for value, minutes in pairs:
        when = at + round(minutes * MINUTE)
        reading = Reading(stream.key, when, value, 0, when + delay)
        found += judge.judge((reading,), {stream.key: stream}, when)
    return [Flag(reading.flags) for reading in found]


def test_a_calm_series_is_not_odd():
    assert set(judged([10, 10.5, 11, 11.2, 11.1])) == {Flag.NONE}


def test_values_are_kept_as_they_are_in_their_order():
    readings = tuple(Reading("a/1", START + at * HOUR, v, 128, 5) for at, v in ((2, 99), (1, -99)))
    found = Judge().judge(readings, {"a/1": WARM}, START)
    assert [(r.at, r.value, r.received) for r in found] == [
        (r.at, r.value, r.received) for r in readings
    ]
    assert all(r.flags & Flag.REPLAYED and r.flags & Flag.RANGE for r in found)


@pytest.mark.parametrize(
    ("stream", "inside", "outside"),
    [
        (WARM, (-45, 50), (-45.1, 50.1, -999)),
        (replace(WARM, unit="K"), (228.2, 323.1), (20.0, 324)),
        (replace(WARM, unit="[degF]"), (-48.9, 121.9), (123,)),
        (replace(WARM, low=-10, high=30), (-10, 30), (-10.5, 31)),
        (replace(WARM, high=30), (-45, 30), (31, -46)),
        (replace(WARM, property="hum", unit="%"), (-1e9, 1e9), (math.nan,)),
        (replace(WARM, unit="km"), (1e6,), (math.inf * 0,)),
    ],
)
def test_range_is_that_of_the_stream_else_of_its_property_in_its_unit(stream, inside, outside):
    for value in inside:
        assert not judged([value], stream)[0] & Flag.RANGE
    for value in outside:
        assert judged([value], stream)[0] & Flag.RANGE


@pytest.mark.parametrize("interval", [math.nan, -5.0, 0.0, math.inf])
def test_limits_that_are_none_are_not_taken(interval):
    odd = replace(WARM, low=math.nan, high=math.nan, interval_s=interval)
    assert judged([10, 10.1, 60], odd) == [0, 0, Flag.RANGE]
    assert rule_of(odd).interval_ms == 0
    assert not is_silent(odd, START, START + 20 * HOUR)


def test_a_jump_is_told_until_the_value_is_back():
    found = judged([10, 10.1, 25, 10.2, 10.3])
    assert found == [Flag.NONE, Flag.NONE, Flag.JUMP, Flag.NONE, Flag.NONE]


def test_a_new_level_is_believed_after_the_time_it_would_have_taken():
    # 20 K at 15 K an hour take 80 minutes: eight values after the last at the old level
    found = judged([10, 10, *[30 + n / 100 for n in range(12)]])
    assert [bool(flag & Flag.JUMP) for flag in found] == [False] * 2 + [True] * 8 + [False] * 4


def test_a_short_step_leaves_room_for_noise():
    fast = replace(WARM, interval_s=10)
    assert judged([10, 13.7, 10.1], fast, every=10_000) == [Flag.NONE] * 3
    assert judged([10, 13.8], fast, every=10_000)[1] == Flag.JUMP


def test_a_value_out_of_range_is_not_what_others_are_compared_with():
    assert judged([10, -999, 10.2]) == [Flag.NONE, Flag.RANGE, Flag.NONE]


def test_a_meter_that_falls_jumps_once():
    meter = replace(WARM, property="heat_meter", unit="kW.h", statistic="meter")
    assert judged([100, 101, 3, 4], meter) == [Flag.NONE, Flag.NONE, Flag.JUMP, Flag.NONE]


def test_a_value_is_stuck_after_the_hours_of_its_property():
    found = judged([7.5] * 80 + [7.6])
    first = 12 * 6 + 1  # more than twelve hours after the first
    assert [bool(flag & Flag.STUCK) for flag in found] == [n >= first for n in range(80)] + [False]


def test_few_values_far_apart_and_equal_by_chance_are_not_stuck():
    daily = replace(WARM, interval_s=86_400)
    assert judged([7, 7, 7], daily, every=24 * HOUR) == [Flag.NONE] * 3
    assert judged([7] * 4, daily, every=24 * HOUR)[3] == Flag.STUCK


def test_a_run_ends_where_there_was_nothing():
    found = judged([(7.5, 0), (7.5, 10), (7.5, 20), (7.5, 900), (7.5, 910)])
    assert found == [0, 0, 0, Flag.GAP, 0]


def test_a_gap_is_longer_than_three_intervals():
    assert judged([(1, 0), (1.1, 30), (1.2, 60.1), (1.3, 70)]) == [0, 0, Flag.GAP, 0]


def test_the_interval_is_learnt_where_none_is_told():
    free = replace(WARM, interval_s=None)
    minutes = [0, 10, 20, 30, 40, 50, 60, 70, 101, 111, 121]
    found = judged([(10 + m / 100, m) for m in minutes], free)
    assert [flag for flag in found if flag] == [Flag.GAP]
    assert found[8] == Flag.GAP


def test_a_stream_that_tells_changes_only_has_no_gaps():
    free = replace(WARM, property="free_spaces", unit="{space}", interval_s=None)
    minutes = np.cumsum([1, 7, 2, 40, 3, 90, 1, 25, 300, 2, 11, 60, 1, 500])
    assert not any(judged([(n, m) for n, m in enumerate(minutes)], free))


def test_a_clock_ahead_is_told_and_does_not_make_the_others_late():
    judge = Judge()
    now = START + 10 * HOUR
    for at, expected in ((-20, 0), (0, 0), (61_000, Flag.SKEW), (59_000, 0), (59_500, 0)):
        (found,) = judge.judge((Reading("a/1", now + at, 10.0),), {"a/1": WARM}, now)
        assert found.flags == expected, at


def test_what_is_older_than_the_newest_is_late_and_changes_nothing():
    judge = Judge()
    assert judged([(10, 0), (10, 20), (45, 10), (10.1, 30)], judge=judge) == [
        0,
        0,
        Flag.LATE,
        0,
    ]


def test_what_comes_together_is_judged_in_order_of_time():
    minutes = (30, 0, 20, 10)
    readings = tuple(Reading("a/1", START + m * MINUTE, m / 10) for m in minutes)
    found = Judge().judge(readings, {"a/1": WARM}, START + HOUR)
    assert [r.at for r in found] == [r.at for r in readings]
    assert not any(r.flags for r in found)


def test_what_comes_long_after_is_late_once_others_came_in_time():
    history = Judge()
    assert judged([1, 1.1, 1.2], judge=history, delay=5 * HOUR) == [0, 0, 0]
    assert judged([1.3], judge=history, at=START + HOUR) == [Flag.GAP]
    assert judged([1.4], judge=history, at=START + 2 * HOUR, delay=2 * HOUR) == [
        Flag.GAP | Flag.LATE
    ]


def test_a_played_day_has_no_clock_of_its_own():
    judge = Judge()
    for hour in range(4):
        reading = Reading("a/1", START + hour * 10 * MINUTE, 1.0 + hour, Flag.REPLAYED)
        (found,) = judge.judge((reading,), {"a/1": WARM}, START - HOUR if hour else START)
        assert found.flags == Flag.REPLAYED


def test_the_first_value_of_another_place_is_told():
    here = replace(WARM, lon=7.15, lat=50.81)
    near, far = replace(here, lat=50.8105), replace(here, lat=50.82)
    assert not Judge.moved(here, near)
    assert Judge.moved(here, far)
    judge = Judge()
    moves = (here, near, far, far, here, replace(here, lon=None))
    found = [
        judged([10 + n / 10], stream, judge=judge, at=START + n * 10 * MINUTE)[0]
        for n, stream in enumerate(moves)
    ]
    assert found == [0, 0, Flag.MOVED, 0, Flag.MOVED, 0]


def test_what_creeps_away_has_moved_at_last():
    judge = Judge()
    found = [
        judged([10], replace(WARM, lon=7.15, lat=50.8 + n * 0.0004), judge=judge,
               at=START + n * 10 * MINUTE)[0]
        for n in range(4)
    ]  # fmt: skip
    assert found == [0, 0, 0, Flag.MOVED]  # 133 m, in steps of 44 m


def test_streams_do_not_touch_each_other_and_few_are_remembered():
    judge = Judge(most=10)
    streams = {f"a/{n}": replace(WARM, key=f"a/{n}") for n in range(100)}
    readings = tuple(Reading(key, START, float(n % 40)) for n, key in enumerate(streams))
    assert not any(r.flags for r in judge.judge(readings, streams, START))
    assert judge.remembered == 10


def test_a_reading_of_no_known_stream_is_judged_by_its_times():
    found = Judge().judge((Reading("x", START, 1e12), Reading("x", START + HOUR, 1)), {}, START)
    assert [r.flags for r in found] == [0, Flag.SKEW]


def test_after_a_restart_it_goes_on_where_the_store_ends():
    values = [10, 10.1, 10.1, 10.2, 40, 10.3, 10.4]
    whole = judged(values)
    for cut in range(1, len(values)):
        first = whole[:cut]
        latest = pd.DataFrame({
            "key": ["a/1"],
            "at": pd.to_datetime([START + (cut - 1) * 10 * MINUTE], unit="ms", utc=True),
            "value": [values[cut - 1]],
            "flags": [int(first[-1])],
            "received": pd.to_datetime([START + (cut - 1) * 10 * MINUTE], unit="ms", utc=True),
        })  # fmt: skip
        judge = Judge()
        judge.seed(latest, {"a/1": WARM})
        rest = judged(values[cut:], judge=judge, at=START + cut * 10 * MINUTE)
        assert first + rest == whole, cut


def test_what_was_stuck_before_a_restart_still_is_and_a_gap_over_it_is_told():
    latest = pd.DataFrame({
        "key": ["a/1"], "at": pd.to_datetime([START], unit="ms", utc=True), "value": [7.5],
        "flags": [int(Flag.STUCK)],
    })  # fmt: skip
    for minutes, expected in ((10, Flag.STUCK), (60, Flag.GAP)):
        judge = Judge()
        judge.seed(latest, {"a/1": WARM})
        assert judged([7.5], judge=judge, at=START + minutes * MINUTE) == [expected]


def test_silent_is_what_says_nothing_for_three_intervals():
    assert is_silent(WARM, None, START)
    assert not is_silent(WARM, START, START + 30 * MINUTE)
    assert is_silent(WARM, START, START + 31 * MINUTE)
    mean = replace(WARM, statistic="mean")
    assert not is_silent(mean, START, START + 40 * MINUTE)
    assert not is_silent(replace(WARM, interval_s=10), START, START + 4 * MINUTE)
    unknown = replace(WARM, interval_s=None)
    assert not is_silent(unknown, START, START + 23 * HOUR)
    assert is_silent(unknown, START, START + 25 * HOUR)


steps = st.one_of(st.sampled_from([0, 10, 10, 10, 10, 20, 31, 200]), st.integers(1, 400))
numbers = st.one_of(
    st.sampled_from([7.0, 7.0, 7.0, 8.0, -999.0, 30.0]), st.floats(-60, 60, width=32)
)


@settings(max_examples=120, deadline=None)
@given(
    st.lists(st.tuples(steps, numbers, st.sampled_from([0, 0, 0, 30, 200, -2])), max_size=60),
    st.sampled_from([None, 600.0]),
    st.sampled_from(["air_temperature", "electric_meter", "free_spaces", "relative_humidity"]),
)
def test_a_whole_series_is_judged_as_value_by_value(rows, interval, name):
    stream = replace(
        WARM, property=name, unit=PROPERTIES[name].unit, interval_s=interval,
        statistic=PROPERTIES[name].statistic,
    )  # fmt: skip
    at = START + MINUTE * np.cumsum([row[0] for row in rows], dtype=np.int64)
    came = at + MINUTE * np.array([row[2] for row in rows], np.int64)
    values = [row[1] for row in rows]
    judge = Judge()
    one_by_one = [
        judge.judge((Reading("a/1", int(a), v, 0, int(c)),), {"a/1": stream}, 0)[0].flags
        for a, v, c in zip(at, values, came, strict=True)
    ]
    index = pd.to_datetime(at, unit="ms", utc=True)
    series = pd.Series(values, index, dtype=float)
    received = pd.Series(pd.to_datetime(came, unit="ms", utc=True), index)
    assert flags_of(series, stream, received=received).to_list() == one_by_one


def test_what_is_missing_in_a_series_carries_no_flag_and_is_no_value():
    index = pd.date_range("2026-03-29", periods=6, freq="10min", tz="Europe/Berlin")
    series = pd.Series([10, np.nan, np.nan, np.nan, 10.1, 99], index)
    assert flags_of(series, WARM).to_list() == [0, 0, 0, 0, int(Flag.GAP), int(Flag.RANGE)]
    shuffled = series.iloc[[5, 0, 4, 2, 1, 3]]
    assert flags_of(shuffled, WARM).equals(flags_of(series, WARM).reindex(shuffled.index))
    assert flags_of(series.iloc[:0], WARM).empty


def test_flags_that_comparisons_leave_out_are_those_of_wrong_values():
    assert not DOUBTFUL & (Flag.GAP | Flag.LATE | Flag.REPLAYED | Flag.MOVED)


BERN = Path(__file__).parents[4] / "shared/data/sensors/sta_bern_timeseries_11117.json"


@pytest.mark.skipif(not BERN.exists(), reason="the real series of Bern is not beside the project")
def test_a_real_station_is_hardly_odd():
    rows = [
        (row["phenomenonTime"], row["result"])
        for row in json.loads(BERN.read_text())["Observations"]
        if row["Datastream"]["@iot.id"] == "11117-temperature"
    ]
    series = pd.Series([row[1] for row in rows], pd.to_datetime([row[0] for row in rows], utc=True))
    flags = flags_of(series, replace(WARM, interval_s=None))
    assert len(series) > 100
    assert (flags & DOUBTFUL > 0).mean() < 0.01


def test_limits_follow_the_unit():
    kelvin, fahrenheit = (rule_of(replace(WARM, unit=unit)) for unit in ("K", "[degF]"))
    assert kelvin.low == pytest.approx(228.15)
    assert fahrenheit.step * HOUR == pytest.approx(27)  # 15 K an hour


readings = st.builds(
    Reading,
    st.sampled_from(["a/1", "a/2", "other"]),
    st.integers(-(10**15), 10**15) | st.integers(START, START + 10**8),
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(0, 511),
    st.integers(0, 10**14),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(readings, max_size=8), max_size=6))
def test_whatever_comes_is_given_back_with_its_value(batches):
    judge = Judge(most=2)
    streams = {"a/1": WARM, "a/2": replace(WARM, key="a/2", unit="km", interval_s=None)}
    for batch in batches:
        found = judge.judge(tuple(batch), streams, START)
        for before, after in zip(batch, found, strict=True):
            assert after[:2] == before[:2]
            assert after.value == before.value or math.isnan(before.value)
            assert after.flags & before.flags == before.flags
    assert judge.remembered <= 2


def test_what_the_store_remembers_seeds_the_judge(tmp_path):
    with closing(open_store(tmp_path / "projects.db")) as store:
        kept = store.observations
        came = START + 5_000
        kept.write([Delivery("a", (Reading("a/1", START, 10.0, 0, came),), (WARM,))])
        judge = Judge()
        judge.seed(kept.latest(), {row.stream.key: row.stream for row in kept.streams()})
    soon, spike, late = (
        Reading("a/1", START + minutes * MINUTE, value, 0, START + minutes * MINUTE + delay)
        for minutes, value, delay in ((10, 10.1, 0), (20, 30.0, 0), (30, 10.2, 2 * HOUR))
    )
    flags = [r.flags for r in judge.judge((soon, spike, late), {"a/1": WARM}, START)]
    assert flags == [0, Flag.JUMP, Flag.LATE]
