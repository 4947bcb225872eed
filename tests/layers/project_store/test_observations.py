"""What is written is there once, whatever comes twice, late, wrong or at the same time."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pandas as pd
import pytest

from layers.project_store.observations import ObservationStore
from layers.sensors.records import Datastream, Delivery, Flag, Reading, Refusal
from tests.layers.project_store.observing import (
    HOUR,
    MINUTE,
    NOON,
    delivery_of,
    readings_of,
    stream_of,
)
from twin.errors import StoreError
from twin.sentences import Sentence, Word, say

pytestmark = pytest.mark.usefixtures("shared")


@pytest.fixture
def store(shared):
    return shared.observations


@pytest.fixture
def stream(source):
    return stream_of(source)


def number_of(store, stream):
    return store.stream(stream.key).number


def refused(store, source):
    table = store.refusals()
    return table[table["source"] == source].set_index("reason")


def test_the_same_again_changes_nothing_and_another_value_counts(store, stream):
    first = delivery_of(stream, [(NOON, 1.0), (NOON + MINUTE, 2.0)])
    assert store.write([first]) == (2, 0, 0, 0)
    assert store.write([first]) == (0, 2, 0, 0)
    again = Delivery(stream.source, (Reading(stream.key, NOON, 5.0, Flag.LATE),))
    assert store.write([again]) == (0, 0, 1, 0)
    table = store.series(number_of(store, stream))
    assert table["value"].tolist() == [5.0, 2.0]
    assert table["flags"].tolist() == [Flag.LATE, 0]
    assert str(table.index.tz) == "UTC"
    assert table.index[0] == pd.Timestamp(NOON, unit="ms", tz="UTC")


def test_the_last_of_several_values_in_one_write_counts(store, stream):
    pairs = [(NOON, 1.0), (NOON, 1.0), (NOON, 2.0), (NOON - HOUR, 7.0)]
    assert store.write([delivery_of(stream, pairs)]) == (2, 1, 1, 0)
    assert store.series(number_of(store, stream))["value"].tolist() == [7.0, 2.0]


def test_a_revised_last_value_is_the_latest_and_an_earlier_one_is_not(store, stream):
    store.write([delivery_of(stream, [(NOON, 1.0)])])
    store.write([delivery_of(stream, [(NOON - HOUR, 9.0), (NOON, 3.0)])])
    store.write([delivery_of(stream, [(NOON - 2 * HOUR, 8.0)])])
    number = number_of(store, stream)
    row = store.latest([number]).loc[number]
    assert (row["value"], row["key"]) == (3.0, stream.key)
    assert row["at"] == pd.Timestamp(NOON, unit="ms", tz="UTC")
    kept = store.stream(number)
    assert kept.first == datetime(2026, 6, 1, 10, tzinfo=UTC)
    assert kept.last == datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_what_cannot_be_kept_is_counted_by_reason_and_the_rest_is_kept(store, stream):
    bad = [math.nan, math.inf, None, "warm", 10**400, -1e308]
    rows = [Reading(stream.key, NOON + step, value) for step, value in enumerate(bad)]
    rows += [Reading(stream.key, 10**18, 1.0), Reading(stream.key, -(10**20), 1.0)]
    rows += [Reading("nobody/knows\x00\ud800", NOON, 1.0), Reading(stream.key, NOON, 4.0)]
    told = (Refusal(stream.source, "not_json", "x" * 1000),)
    assert store.write([Delivery(stream.source, tuple(rows), (stream,), told)]) == (1, 0, 0, 10)
    counted = refused(store, stream.source)["count"].to_dict()
    assert counted == {
        "not_finite": 4, "no_number": 2, "time_future": 1, "time_past": 1, "unknown_stream": 1,
        "not_json": 1,
    }  # fmt: skip
    assert refused(store, stream.source).loc["not_json", "detail"] == "x" * 300
    assert store.series(number_of(store, stream))["value"].tolist() == [4.0]


def test_what_comes_again_is_not_refused_twice_however_it_is_bundled(store, source):
    garbage = [Refusal(source, "not_json", f"{n}") for n in range(3)]
    store.write([Delivery(source, refused=tuple(garbage))])
    again = [one._replace(again=True) for one in garbage]
    assert store.write([Delivery(source, refused=tuple(again[:2])), Delivery(source)]).refused == 0
    store.write([Delivery(source, refused=(again[2], garbage[1]))])  # one is no repetition
    lost = Refusal(source, "not_json", "of a killed one", again=True)
    assert store.write([Delivery(source, refused=(lost, again[0]))]).refused == 1
    found = refused(store, source).loc["not_json"]
    assert (found["count"], found["detail"]) == (5, "of a killed one")


def test_everything_of_a_write_or_nothing(store, stream):
    broken = Delivery(stream.source, cursor=("page", {"wrong": object()}))
    whole = delivery_of(stream, [(NOON, 1.0)], refused=(Refusal(stream.source, "unit"),))
    marker = store.changes()[0]
    with pytest.raises(TypeError):
        store.write([whole, broken])
    assert store.stream(stream.key) is None
    assert refused(store, stream.source).empty
    assert store.state(stream.source) is None
    assert store.changes(marker) == (marker, ())


def test_a_cursor_is_kept_with_the_values_and_the_last_one_counts(store, stream):
    assert store.cursor(stream.source, "page") is None
    one = delivery_of(stream, [(NOON, 1.0)], cursor=("page", {"next": "https://a/?b=1"}))
    store.write([one, replace(one, cursor=("page", {"next": None, "seen": [1, 2]}))])
    assert store.cursor(stream.source, "page") == {"next": None, "seen": [1, 2]}
    assert store.cursor("another", "page") is None


def test_a_changed_datastream_changes_its_row_and_its_places_are_remembered(store, source):
    old = stream_of(source, lon=7.0, lat=50.0, extra={"b": [1, {"c": None}], "a": "ä"})
    row = (store.write([delivery_of(old)]), store.stream(old.key))[1]
    assert row.stream == old
    assert row.places == ()
    marker = store.changes()[0]
    store.write([delivery_of(old)])
    assert store.changes(marker)[1] == ()
    for step in range(1, 31):
        store.write([delivery_of(replace(old, lon=7.0 + step))])
    row = store.stream(row.number)
    assert row.stream.lon == 37.0
    assert [place.lon for place in row.places] == [17.0 + step for step in range(20)]
    assert store.changes(marker)[1] == (row.number,)


def test_a_datastream_with_odd_texts_and_numbers_is_kept(store, source):
    odd = Datastream(
        key=f"{source}/\x00", source=source, name="<script>\ud800", property="noise", unit="dB",
        lon=math.nan, lat=math.inf, low=3, people=True, extra={"x": "\x00"},
    )  # fmt: skip
    assert store.write([Delivery(source, (Reading(odd.key, NOON, 1),), (odd,))]).new == 1
    kept = store.stream(odd.key).stream
    assert (kept.key, kept.name) == (f"{source}/?", "<script>?")
    assert (kept.lon, kept.lat, kept.low, kept.people) == (None, None, 3.0, True)
    assert kept.extra == {"x": "\x00"}
    marker = store.changes()[0]
    store.write([Delivery(source, streams=(odd,))])
    assert store.changes(marker)[1] == ()  # it is the same one


def test_changes_tell_what_was_written_since_and_nothing_else(store, source):
    streams = [stream_of(source, name=f"n{n}") for n in range(3)]
    store.write([Delivery(source, streams=tuple(streams))])
    numbers = [number_of(store, one) for one in streams]
    marker, _ = store.changes()
    store.write([delivery_of(streams[1], [(NOON, 1.0)])])
    after, changed = store.changes(marker)
    assert changed == (numbers[1],)
    assert after > marker
    store.write([delivery_of(streams[1], [(NOON, 1.0)])])  # nothing new
    assert store.changes(after)[1] == ()
    store.write([delivery_of(streams[1], [(NOON, 2.0)])])  # a late revision is
    assert store.changes(after)[1] == (numbers[1],)
    assert set(numbers) <= set(store.changes(after + 10**6)[1])  # of a database put back


def test_states_of_feeds(store, source):
    why = say(
        "{server} is away since {when}: {what}",
        server="mqtt", when=datetime(2026, 1, 1, tzinfo=UTC),
        what=(Word("noise", "streams.property"), say("wait {n} s", n=2.5), None),
    )  # fmt: skip
    times = iter([1000.0, 2000.0, 3000.0, 4000.0])
    timed = ObservationStore(store.database, clock=lambda: next(times))
    timed.set_state(source, "waiting", why)
    timed.set_state(source, "waiting", say("still away"))
    state = timed.state(source)
    assert (state.state, state.since.timestamp(), str(state.why)) == ("waiting", 1000, "still away")
    timed.set_state(source, "connected", why)
    timed.write([Delivery(source)])
    state = store.state(source)
    assert (state.state, state.since.timestamp(), state.why) == ("connected", 3000, why)
    assert isinstance(state.why.values["what"][1], Sentence)
    assert state.last_message.timestamp() == 4000
    assert state in store.states()
    store.forget(source)
    assert store.state(source) is None


def test_as_it_stood_at_a_moment(store, source):
    one, two = stream_of(source, name="one"), stream_of(source, name="two")
    store.write([delivery_of(one, [(NOON, 1.0), (NOON + HOUR, 2.0)])])
    store.write([delivery_of(two, [(NOON + HOUR, 3.0)])])
    numbers = [number_of(store, one), number_of(store, two)]
    then = store.at(NOON + HOUR - 1, numbers)
    assert then.index.tolist() == numbers[:1]
    assert then["value"].tolist() == [1.0]
    summer = timezone(timedelta(hours=2))
    then = store.at(datetime(2026, 6, 1, 15, tzinfo=summer), numbers)
    assert then["value"].tolist() == [2.0, 3.0]
    assert list(then.columns) == list(store.latest(numbers).columns)
    assert set(numbers) <= set(store.at(NOON + 2 * HOUR).index)
    assert store.at(NOON - 1, numbers).empty
    assert store.latest([]).empty
    assert store.latest(pd.Index(numbers)).index.tolist() == numbers  # numbers of NumPy
    assert store.at(NOON, pd.Series(numbers)).index.tolist() == numbers[:1]
    assert store.stream(then.index[0]).stream == one
    assert len(store.series(then.index[1])) == 1


def test_spans_are_open_at_the_end_and_of_too_many_the_newest_come(store, stream):
    store.write([delivery_of(stream, [(NOON + n * HOUR, float(n)) for n in range(5)])])
    number = number_of(store, stream)
    assert store.series(number, NOON + HOUR, NOON + 3 * HOUR)["value"].tolist() == [1.0, 2.0]
    assert store.series(number, most=2)["value"].tolist() == [3.0, 4.0]
    for step in ("hour", "day"):
        assert store.series(number, step=step, most=1)["high"].tolist() == [4.0]
    assert store.series(10**6).empty
    assert store.series(10**6, step="day").empty
    with pytest.raises(StoreError, match="not as week"):
        store.series(number, step="week")


def test_a_long_table_of_one_property(store, source):
    streams = [stream_of(source, name=f"n{n}", property=f"of {source}") for n in range(2)]
    other = stream_of(source, name="other")
    for one in (*streams, other):
        store.write([delivery_of(one, [(NOON, 1.0), (NOON + 30 * MINUTE, 3.0)])])
    raw = store.table(property=f"of {source}", step="raw")
    assert raw["key"].tolist() == [streams[0].key] * 2 + [streams[1].key] * 2
    hours = store.table(property=f"of {source}", since=NOON, step="hour")
    assert hours["mean"].tolist() == [2.0, 2.0]
    assert list(hours.columns[:3]) == ["number", "key", "at"]
    assert store.table(numbers=[number_of(store, other)], step="day")["n"].tolist() == [2]
    assert store.table(property="nothing", step="day").empty


def test_a_series_comes_in_whole_and_goes_out_again(store, stream):
    times = pd.date_range("2024-10-26", periods=300, freq="15min", tz="Europe/Berlin")
    values = pd.Series([float(n) for n in range(300)], index=times)
    values.iloc[7] = math.nan
    assert store.import_series(stream, values) == (299, 0, 0, 1)
    out = store.series(number_of(store, stream))
    assert out["value"].tolist() == values.dropna().tolist()
    assert (out.index == values.dropna().index).all()
    assert store.import_series(stream, out) == (0, 299, 0, 0)
    naive = pd.Series([5.0], index=pd.to_datetime(["2024-01-01"]))
    store.import_series(stream, naive, flags=Flag.SUSPECT)
    first = store.series(number_of(store, stream)).iloc[0]
    assert (first["flags"], first.name.isoformat()) == (256, "2024-01-01T00:00:00+00:00")


def test_thousands_at_once(store, source):
    """More than what fits into one statement of any kind."""
    streams = tuple(stream_of(source, name=f"n{n}") for n in range(700))
    rows = tuple(r for one in streams for r in readings_of(one, [(NOON, 1.0), (NOON + 1, 2.0)]))
    assert store.write([Delivery(source, rows, streams)]).new == 1400
    later = tuple(row._replace(value=row.value * (1 + (row.at == NOON))) for row in rows)
    assert store.write([Delivery(source, later[::-1], streams)]) == (0, 700, 700, 0)
    numbers = [r.number for r in store.streams() if r.stream.source == source]
    assert len(numbers) == 700
    assert store.latest(numbers)["value"].tolist() == [2.0] * 700
