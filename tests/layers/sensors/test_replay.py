"""Recorded days played again: which day, when, once each, whatever happens to the worker."""

from __future__ import annotations

import json
import threading
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from pydantic import ValidationError

from layers.project_store import open_store
from layers.sensors.records import Datastream, Delivery, Flag, Reading
from layers.sensors.replay import ReplayConfig, ReplaySource, read_tape
from layers.sensors.replay_days import between, days_of, played, recorded_day
from tests.layers.sensors.feeding import eventually
from twin.errors import SourceError

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 5, 4)


def ms(text):
    return round(1000 * datetime.fromisoformat(text).timestamp())


def hours(day, count=24):
    """Give one stream with a value for each hour of the clock of a day: its number."""
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    naive = [(begin + timedelta(hours=h)).replace(tzinfo=BERLIN) for h in range(count)]
    at = [round(1000 * moment.timestamp()) for moment in naive]
    return pd.DataFrame(
        {"stream": 0, "at": at, "value": [float(h) for h in range(count)], "delay": 0}
    )


def clock_and_value(rows):
    local = pd.to_datetime(rows["at"], unit="ms", utc=True).dt.tz_convert(BERLIN)
    return list(zip(local.dt.strftime("%H:%M%z"), rows["value"], strict=True))


class Sink:
    """Keeps what is put in memory; ends the replay after so many readings, as SIGKILL would."""

    def __init__(self, stop, cursors=None, most=10**9):
        self.stop, self.cursors, self.most = stop, dict(cursors or {}), most
        self.readings, self.refused, self.streams, self.states = [], [], {}, []

    def put(self, delivery):
        if len(self.readings) >= self.most:
            self.stop.set()
            return
        self.readings += delivery.readings
        self.refused += delivery.refused
        self.streams |= {stream.key: stream for stream in delivery.streams}
        if delivery.cursor:
            self.cursors[delivery.cursor[0]] = json.loads(json.dumps(delivery.cursor[1]))

    def cursor(self, name):
        return self.cursors.get(name)

    def state(self, state, why=None):
        self.states.append((state, str(why)))


@pytest.fixture
def day(tmp_path):
    """Give a file with Monday and Tuesday of two streams, every ten minutes."""
    times = pd.date_range(MONDAY, periods=288, freq="10min", tz=BERLIN)
    table = pd.DataFrame(
        {
            "stream": ["Am Bach/temp"] * 288 + ["Am Bach/count"] * 288,
            "time": [*times.strftime("%Y-%m-%dT%H:%M:%S%z")] * 2,
            "value": [*range(288)] * 2,
        }
    )
    table.to_csv(tmp_path / "day.csv", index=False)
    (tmp_path / "day.streams.json").write_text(
        json.dumps(
            [
                {"stream": "Am Bach/temp", "property": "air_temperature", "unit": "°C",
                 "name": "Am Bach", "lon": 7.15, "lat": 50.81},
                {"stream": "Am Bach/count", "property": "vehicles", "interval_s": 600},
            ]
        )
    )  # fmt: skip
    return tmp_path


def source(folder, now, **more):
    given = ReplayConfig(name="demo", file=str(folder / "day.csv"), **more)
    return ReplaySource(given, clock=lambda: now / 1000)


class CaughtUp(threading.Event):
    """Ends a replay as soon as it would wait for the clock."""

    def wait(self, timeout=None):
        self.set()
        return True


def run(replay, cursors=None, most=10**9):
    """Run a replay until it has caught up with its clock, or is ended after so many readings."""
    sink = Sink(CaughtUp(), cursors, most)
    replay.run(sink, sink.stop)
    return sink


# -- which day


@pytest.mark.parametrize(
    ("day", "recorded", "expected"),
    [
        (date(2026, 11, 23), [date(2024, 5, 6), date(2024, 5, 7)], date(2024, 5, 6)),  # Mondays
        (date(2026, 11, 25), [date(2024, 5, 6), date(2024, 5, 11)], date(2024, 5, 6)),  # working
        (date(2026, 11, 29), [date(2024, 5, 6), date(2024, 5, 11)], date(2024, 5, 11)),  # free
        (date(2026, 11, 29), [date(2024, 5, 6)], date(2024, 5, 6)),
        (date(2026, 11, 29), [], None),
    ],
)
def test_the_recorded_day_of_the_same_kind_is_played(day, recorded, expected):
    assert recorded_day(day, recorded) == expected


def test_several_recorded_mondays_take_turns():
    mondays = [MONDAY + timedelta(weeks=n) for n in range(3)]
    chosen = [recorded_day(date(2026, 11, 23) + timedelta(weeks=n), mondays) for n in range(6)]
    assert set(chosen) == set(mondays)
    assert chosen[:3] == chosen[3:]


def test_a_record_played_once_follows_its_own_order_and_ends():
    recorded = [MONDAY + timedelta(days=n) for n in range(2)]
    first = date(2026, 11, 26)
    found = [recorded_day(first + timedelta(days=n), recorded, first) for n in range(-1, 3)]
    assert found == [None, *recorded, None]


# -- when, by hand with the clock changes of 2026


def test_a_usual_day_is_laid_on_the_same_clock():
    rows = played(days_of(hours(MONDAY), BERLIN), date(2026, 11, 23))
    assert rows["at"].tolist()[:2] == [ms("2026-11-22T23:00Z"), ms("2026-11-23T00:00Z")]
    assert clock_and_value(rows)[8] == ("08:00+0100", 8.0)
    assert len(rows) == 24


def test_on_the_day_of_23_hours_the_missing_one_is_left_out():
    rows = played(days_of(hours(MONDAY), BERLIN), date(2026, 3, 29))
    found = clock_and_value(rows)
    assert found[1:3] == [("01:00+0100", 1.0), ("03:00+0200", 3.0)]
    assert len(found) == 23


def test_on_the_day_of_25_hours_the_doubled_one_is_played_twice():
    rows = played(days_of(hours(MONDAY), BERLIN), date(2026, 10, 25))
    found = clock_and_value(rows)
    assert found[2:4] == [("02:00+0200", 2.0), ("02:00+0100", 2.0)]
    assert len(found) == 25
    assert rows["at"].is_unique


def test_of_a_recorded_day_of_25_hours_the_first_of_the_doubled_is_taken():
    at = [ms("2026-10-25T00:00+02:00") + 3_600_000 * n for n in range(25)]
    table = pd.DataFrame(
        {"stream": 0, "at": at, "value": [float(n) for n in range(25)], "delay": 0}
    )
    rows = played(days_of(table, BERLIN), date(2026, 11, 29))  # a Sunday as well
    assert len(rows) == 24
    assert clock_and_value(rows)[2:4] == [("02:00+0100", 2.0), ("03:00+0100", 4.0)]


def test_a_day_of_which_hardly_anything_was_recorded_is_left_out():
    late = hours(MONDAY).iloc[23:].assign(at=lambda t: t["at"] - 86_400_000)  # 23:00 on Sunday
    days = days_of(pd.concat([late, hours(MONDAY)]), BERLIN)
    assert days.dates == (MONDAY,)


def test_every_cut_gives_the_same_values_once():
    """Property: however the time is cut into pieces, their sum is the whole."""
    days = days_of(hours(MONDAY).assign(delay=3_600_000), BERLIN)
    begin, end = ms("2026-10-23T00:00Z"), ms("2026-10-28T00:00Z")
    whole = pd.concat(list(between(days, begin, end)))
    assert len(whole) == 24 * 5  # one each hour, the doubled one of the 25th as well
    for step in (5_000_001, 86_400_000, 200_000_000):
        cuts = [*range(begin, end, step), end]
        pieces = pd.concat([part for a, b in pairwise(cuts) for part in between(days, a, b)])
        assert pieces.to_numpy().tolist() == whole.to_numpy().tolist()
    assert (whole["released"] - whole["at"] == 3_600_000).all()


# -- the source


def test_on_start_the_day_up_to_now_is_there_at_once(day):
    now = ms("2026-11-23T08:05+01:00")  # a Monday
    sink = run(source(day, now))
    by_key = {key: [r for r in sink.readings if r.stream == key] for key in sink.streams}
    heat, count = by_key["demo/Am-Bach/temp"], by_key["demo/Am-Bach/count"]
    assert [r.value for r in heat] == list(range(49))  # 00:00 to 08:00
    assert heat[-1].at == ms("2026-11-23T08:00+01:00")
    # the last count of the day before is told at midnight, that from 08:00 on is not over yet
    assert [r.value for r in count] == [143, *range(48)]
    assert all(r.flags & Flag.REPLAYED for r in sink.readings)
    kept = sink.streams["demo/Am-Bach/temp"]
    assert (kept.replayed, kept.unit, kept.name, kept.lat) == (True, "Cel", "Am Bach", 50.81)
    assert sink.streams["demo/Am-Bach/count"].unit == "{vehicle}"


def test_days_before_are_filled_in_as_well(day):
    now = ms("2026-11-23T08:05+01:00")
    sink = run(source(day, now, days_before=7))
    assert len(sink.readings) == 7 * 288 + 98
    assert min(r.at for r in sink.readings) == ms("2026-11-15T23:50+01:00")


def test_it_goes_on_after_any_break_without_gap_or_double(day):
    now = ms("2026-11-23T23:30+01:00")
    whole = run(source(day, now, days_before=3)).readings
    cursors, found = {}, []
    for most in (1, 1, 500, 10**9):
        sink = run(source(day, now, days_before=3), cursors, most)
        cursors, found = sink.cursors, found + sink.readings
    assert sorted(found) == sorted(whole)
    assert len({(r.stream, r.at) for r in found}) == len(found) == 3 * 288 + 284


def test_what_was_missed_during_a_break_is_played(day):
    first = run(source(day, ms("2026-11-23T08:05+01:00")))
    later = run(source(day, ms("2026-11-24T06:00+01:00")), first.cursors)
    found = first.readings + later.readings
    heat = [r for r in found if r.stream.endswith("temp")]
    assert [r.value for r in heat] == [*range(144), *range(144, 144 + 37)]  # Monday, Tuesday
    steps = {b.at - a.at for a, b in pairwise(heat)}
    assert steps == {600_000}


def test_with_its_own_times_and_as_fast_as_it_goes(day):
    replay = source(day, ms("2026-11-23T08:00Z"), shift="none", speed="max")
    sink = run(replay)
    assert len(sink.readings) == 576
    assert min(r.at for r in sink.readings) == ms("2026-05-04T00:00+02:00")
    assert sink.states[-1][0] == "stopped"
    again = run(replay, sink.cursors)
    assert again.readings == []


def test_at_speed_the_clock_of_the_record_runs_faster(day):
    now = [ms("2026-11-23T08:00Z") / 1000]
    given = ReplayConfig(name="demo", file=str(day / "day.csv"), shift="none", speed=60)
    replay = ReplaySource(given, clock=lambda: now[0])
    sink = Sink(threading.Event())
    thread = threading.Thread(target=replay.run, args=(sink, sink.stop), daemon=True)
    thread.start()
    eventually(lambda: sink.states and sink.states[-1][0] == "connected")
    assert sink.readings == []
    now[0] += 60  # an hour of the record
    eventually(lambda: len(sink.readings) >= 11)
    sink.stop.set()
    thread.join(10)
    heat = [r.value for r in sink.readings if r.stream.endswith("temp")]
    assert heat == [*range(6)]  # 00:00 to 00:50, one before a whole hour


def test_what_cannot_be_read_is_counted_once(day):
    text = (day / "day.csv").read_text()
    odd = ["zz,2026-05-04T00:00Z,1", "Am Bach/temp,never,1", "Am Bach/temp,2026-05-04T00:00Z,warm",
           "Am Bach/temp,2026-05-04T00:00Z,nan", "Am Bach/temp,1970-01-01T00:00Z,1",
           "Am Bach/temp,2099-01-01T00:00Z,1", "Am Bach/temp,2026-05-04T00:00Z,"]  # fmt: skip
    (day / "day.csv").write_text(text + "\n".join(odd) + "\n")
    now = ms("2026-11-23T08:05+01:00")
    sink = run(source(day, now))
    reasons = sorted(one.reason for one in sink.refused)
    assert reasons == sorted(
        ["unknown_stream", "no_time", "no_number", "not_finite", "time_past", "time_future",
         "no_value"]
    )  # fmt: skip
    assert any("warm" in one.detail for one in sink.refused)
    again = run(source(day, now), sink.cursors)
    assert again.refused == []


def test_check_shows_the_last_values_and_keeps_nothing(day):
    found = source(day, ms("2026-11-23T08:05+01:00")).check(1)
    assert {r.stream: r.value for r in found.readings} == {
        "demo/Am-Bach/temp": 48.0, "demo/Am-Bach/count": 47.0,
    }  # fmt: skip
    assert "from 2026-05-04 to 2026-05-05" in str(found.notes[0])


# -- files


@pytest.mark.parametrize("time", ["2026-05-04 02:00", "2026-05-04T00:00:00Z", "1777852800000"])
def test_times_may_be_local_with_an_offset_or_milliseconds(tmp_path, time):
    (tmp_path / "day.csv").write_text(f"stream;time;value\na;{time};1,5\n")
    (tmp_path / "day.streams.csv").write_text("stream,property,lat,lon\na,no2,50.8,7.1\n")
    tape = read_tape(ReplayConfig(name="x", file=str(tmp_path / "day.csv"), shift="none"))
    assert tape.record.table[["at", "value"]].to_numpy().tolist() == [[1777852800000, 1.5]]
    assert tape.record.streams[0].lon == 7.1


def test_a_parquet_file_is_read_as_well(tmp_path):
    at = pd.date_range(MONDAY, periods=3, freq="h", tz="UTC")
    table = pd.DataFrame({"key": "a", "at": at, "value": [1.0, 2.0, float("nan")], "flags": 0})
    table.to_parquet(tmp_path / "day.parquet")
    (tmp_path / "day.streams.toml").write_text('[[stream]]\nstream = "a"\nproperty = "no2"\n')
    tape = read_tape(ReplayConfig(name="x", file=str(tmp_path / "day.parquet"), shift="none"))
    assert tape.record.table["value"].tolist() == [1.0, 2.0]
    assert tape.record.refused[0][0].reason == "not_finite"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "cannot be read"),
        ({"day.csv": "a,b\n1,2\n"}, "has no column stream, time, value; it has a, b"),
        ({"day.csv": "stream,time,value\n"}, "no description of its streams"),
        (
            {"day.csv": "stream,time,value\n",
             "day.streams.toml": '[[stream]]\nstream = "a"\nproprty = "no2"\n'},
            "stream[0].proprty is no setting; property is meant, perhaps",
        ),
        (
            {"day.csv": "stream,time,value\n", "day.streams.json": '{"a": {"property": "no2", '},
            "cannot be read",
        ),
        ({"day.csv": "stream,time,value\n", "day.streams.json": "[]"}, "names no stream"),
    ],
)  # fmt: skip
def test_a_faulty_file_is_told_in_words(tmp_path, files, said):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(SourceError) as told:
        read_tape(ReplayConfig(name="x", file=str(tmp_path / "day.csv")))
    assert said in str(told.value)


def test_all_faults_of_a_description_are_told_at_once(tmp_path):
    (tmp_path / "day.csv").write_text("stream,time,value\n")
    (tmp_path / "day.streams.toml").write_text(
        '[[stream]]\nstream = "a"\nunit = "furlong"\nlat = 95\n'
    )
    with pytest.raises(SourceError) as told:
        read_tape(ReplayConfig(name="x", file=str(tmp_path / "day.csv")))
    for part in ("stream[0].property is missing", "furlong is no unit", "stream[0].lat is 95"):
        assert part in str(told.value)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"file": "a", "database": "b"},
        {"file": "a", "shift": "none", "loop": True},
        {"file": "a", "speed": "max"},
        {"file": "a", "speed": 0},
        {"file": "a", "zone": "Mars"},
        {"file": "a", "since": "2026-05-05", "until": "2026-05-04"},
    ],
)
def test_what_contradicts_itself_is_refused(given):
    with pytest.raises(ValidationError):
        ReplayConfig.model_validate({"name": "x", **given})


# -- out of a store


def test_days_of_a_store_are_played_again(tmp_path):
    begin = ms("2026-05-04T00:00+02:00")
    stream = Datastream("air/7/no2", "air", "Nord", "no2", "ug/m3", lon=7.1, lat=50.8)
    with open_store(tmp_path / "old.sqlite", check=None) as store:
        readings = tuple(Reading(stream.key, begin + 3_600_000 * n, n) for n in range(48))
        store.observations.write([Delivery("air", readings, streams=(stream,))])
    given = ReplayConfig(
        name="again",
        database=str(tmp_path / "old.sqlite"),
        until="2026-05-04",
        zone="Europe/Berlin",
    )
    replay = ReplaySource(given, clock=lambda: ms("2026-11-23T10:30+01:00") / 1000)
    sink = run(replay)
    assert [r.value for r in sink.readings] == list(range(11))
    assert sink.readings[0].at == ms("2026-11-23T00:00+01:00")
    played_stream = sink.streams["again/air/7/no2"]
    assert (played_stream.name, played_stream.replayed, played_stream.lon) == ("Nord", True, 7.1)


def test_a_store_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(SourceError, match="There is no database"):
        read_tape(ReplayConfig(name="x", database=str(tmp_path / "none.sqlite")))
    assert not list(tmp_path.iterdir())
