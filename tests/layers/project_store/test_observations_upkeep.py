"""Values and hours that are kept for a time only: what was made of them stays as it was."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from layers.project_store import Retention
from layers.project_store import observations_upkeep as upkeep
from layers.project_store.observations import ObservationStore
from layers.sensors.records import Delivery, Reading
from tests.layers.project_store.observing import HOUR, MINUTE, delivery_of, midnight, stream_of

DAY = 24 * HOUR
NOW = midnight(1_780_000_000_000) + 100 * DAY
STATISTICS = ("value", "mean", "count", "meter")


@pytest.fixture
def store(shared):
    return ObservationStore(shared.database, clock=lambda: NOW / 1000)


def filled(store, source, statistic="mean", *, days=16, every=30 * MINUTE):
    stream = stream_of(source, statistic)
    pairs = [(at, float((at // every) % 50)) for at in range(NOW - days * DAY, NOW, every)]
    store.write([delivery_of(stream, pairs)])
    return stream, store.stream(stream.key).number


def both(store, number):
    return [store.series(number, step=step) for step in ("hour", "day")]


@pytest.mark.parametrize("statistic", STATISTICS)
def test_pruned_values_leave_their_hours_and_pruned_hours_their_days(store, source, statistic):
    stream, number = filled(store, source, statistic)
    hours, days = both(store, number)
    store.prune(Retention(raw_days=5))
    raw = store.series(number)
    kept = raw[raw.index >= pd.Timestamp(NOW - 5 * DAY, unit="ms", tz="UTC")]
    assert len(raw) == len(kept) + 1 == 5 * 48 + 1  # and the one that the next hour builds on
    for step, table in zip(("hour", "day"), (hours, days), strict=True):
        pd.testing.assert_frame_equal(store.series(number, step=step), table)
    store.prune(Retention(raw_days=5, hourly_days=10))
    left = store.series(number, step="hour")
    limit = pd.Timestamp(midnight(NOW - 10 * DAY), unit="ms", tz="UTC")
    pd.testing.assert_frame_equal(left, hours[hours.index >= limit])
    pd.testing.assert_frame_equal(store.series(number, step="day"), days)
    assert store.prune(Retention(raw_days=5, hourly_days=10)) == (0, 0)
    # what comes in later builds on what is there
    store.write([delivery_of(stream, [(NOW, 1.0), (NOW - 4 * DAY + 1, 7.0)])])
    store.roll_up()
    pd.testing.assert_frame_equal(store.series(number, step="day").iloc[:11], days.iloc[:11])


def test_a_late_value_for_a_pruned_hour_is_counted_and_changes_nothing(store, source):
    stream, number = filled(store, source)
    store.prune(Retention(raw_days=5, hourly_days=10))
    before = both(store, number)
    old = NOW - 6 * DAY + 7
    for at in (old, NOW - 12 * DAY + 7):  # whose values are gone, whose hours are gone
        late = Delivery(source, (Reading(stream.key, at, 99.0), Reading(stream.key, NOW, 1.0)))
        assert store.write([late]).refused == 1
    table = store.refusals()
    row = table[table["source"] == source].iloc[0]
    assert (row["reason"], row["count"]) == ("time_past", 2)
    store.roll_up()
    after = both(store, number)
    pd.testing.assert_frame_equal(after[0].iloc[:-1], before[0])
    pd.testing.assert_frame_equal(after[1].iloc[:-1], before[1])


def test_older_values_may_come_in_after_pruning_where_there_were_none(store, source):
    """The history of a source is filled in backwards."""
    stream, number = filled(store, source, "count", days=10)
    store.prune(Retention(raw_days=5, hourly_days=7))
    before = both(store, number)
    begin = NOW - 40 * DAY
    history = [(at, 1.0) for at in range(begin, begin + 3 * DAY, HOUR)]
    assert store.write([delivery_of(stream, history)]) == (72, 0, 0, 0)
    for _ in range(2):
        hours, days = both(store, number)
        assert days["sum"].iloc[:3].tolist() == [24, 24, 24]
        pd.testing.assert_frame_equal(days.iloc[3:], before[1])
        pd.testing.assert_frame_equal(hours.iloc[72:], before[0])
        store.roll_up()
    store.prune(Retention(raw_days=5, hourly_days=7))
    pd.testing.assert_frame_equal(store.series(number, step="day"), days)
    pd.testing.assert_frame_equal(store.series(number, step="hour"), before[0])
    assert store.write([delivery_of(stream, history)]) == (0, 0, 0, 72)


def test_a_moment_whose_values_are_gone_is_shown_by_its_hour(store, source):
    mean, mean_number = filled(store, source, "mean", days=4)
    _, count_number = filled(store, source, "count", days=4)
    moment = NOW - 3 * DAY + 40 * MINUTE
    asked = [mean_number, count_number]
    hours = store.table(numbers=asked, since=NOW - 3 * DAY, until=NOW - 3 * DAY + HOUR)
    assert store.at(moment, asked)["at"].dt.minute.tolist() == [30, 30]
    store.prune(Retention(raw_days=2))
    then = store.at(moment, asked)
    assert then["at"].dt.minute.tolist() == [0, 0]
    assert then["value"].tolist() == [hours["mean"].iloc[0], hours["sum"].iloc[1]]
    assert then["key"].iloc[0] == mean.key
    assert store.at(NOW - DAY + 40 * MINUTE, asked)["at"].dt.minute.tolist() == [30, 30]


def test_hours_stay_while_their_values_do(store, source):
    _, number = filled(store, source, days=6)
    before = both(store, number)
    store.prune(Retention(hourly_days=1))
    store.prune(Retention(raw_days=5, hourly_days=1))
    assert len(store.series(number, step="hour")) >= 5 * 24
    pd.testing.assert_frame_equal(store.series(number, step="day"), before[1])


def test_a_silent_stream_keeps_its_last_value(store, source):
    stream = stream_of(source)
    store.write([delivery_of(stream, [(NOW - 90 * DAY, 1.0), (NOW - 80 * DAY, 2.0)])])
    number = store.stream(stream.key).number
    store.prune(Retention(raw_days=1, hourly_days=1))
    assert store.latest([number])["value"].tolist() == [2.0]
    assert store.at(NOW, [number])["value"].tolist() == [2.0]
    assert store.series(number, step="day")["sum"].tolist() == [1.0, 2.0]


def test_many_values_are_removed_slice_by_slice(store, source, monkeypatch):
    monkeypatch.setattr("layers.project_store.observations_upkeep.SLICE", 37)
    _, number = filled(store, source, days=8)
    before = both(store, number)
    assert store.roll_up(seconds=0) == 0
    assert store.prune(Retention(raw_days=2, hourly_days=3), seconds=0) == (0, 0)
    removed = store.prune(Retention(raw_days=2, hourly_days=3))
    assert removed[0] >= 6 * 48 - 1
    pd.testing.assert_frame_equal(store.series(number, step="day"), before[1])
    left = before[0].index >= pd.Timestamp(midnight(NOW - 3 * DAY), unit="ms", tz="UTC")
    pd.testing.assert_frame_equal(store.series(number, step="hour"), before[0][left])


def test_the_running_hour_is_left_until_it_has_ended(store, source):
    stream = stream_of(source, "count")
    store.write([delivery_of(stream, [(NOW - 1, 1.0), (NOW, 2.0), (NOW + 1, 3.0)])])
    store.roll_up()
    assert store.roll_up() == 0
    number = store.stream(stream.key).number
    assert store.series(number, step="hour")["sum"].tolist() == [1, 5]
    later = ObservationStore(store.database, clock=lambda: NOW / 1000 + 3600)
    assert later.roll_up() >= 1
    assert store.series(number, step="hour")["sum"].tolist() == [1, 5]


def test_hours_full_of_values_are_rolled_up_few_at_a_time(store, source, monkeypatch):
    whole, read = upkeep.fresh_hours, []

    def counted(*given):
        table = whole(*given)
        read.append(int(table["n"].sum()))
        return table

    monkeypatch.setattr(upkeep, "fresh_hours", counted)
    stream = stream_of(source)
    begin = NOW - 40 * HOUR
    at = np.arange(begin, NOW, 1_000)
    index = pd.to_datetime(at, unit="ms", utc=True)
    store.import_series(stream, pd.DataFrame({"value": 1.0}, index=index))
    assert store.roll_up() >= 40
    assert sum(read) == len(at)
    assert max(read) < 2 * upkeep.VALUES  # not all 144,000
