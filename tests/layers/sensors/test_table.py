"""Files as a source: growing, replaced, broken off, killed in between."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from layers.project_store import open_store
from layers.sensors.table import TableConfig, table_source
from layers.sensors.table_text import PIECE, Content, Shape, pieces, read_head, table_of
from tests.layers.sensors.feeding import eventually
from tests.layers.sensors.tables import Kept, config, look, source
from twin.errors import SourceError

BEGIN = datetime(2024, 5, 1, tzinfo=UTC)
HEADER = "time;s;v\n"


def lines(first, count, place="a"):
    moments = [BEGIN + timedelta(minutes=n) for n in range(first, first + count)]
    return "".join(f"{m:%Y-%m-%dT%H:%M:%SZ};{place};{m.minute + 0.5}\n" for m in moments)


def settled(path):
    """Let a file look as if nobody had touched it for a while."""
    os.utime(path, (1_700_000_000, path.stat().st_mtime + 1 - 10_000))


PACKED = gzip.compress((HEADER + lines(0, 1_000)).encode(), 1)


def write(path, text, mode="w"):
    with path.open(mode, encoding="utf-8", newline="") as stream:
        stream.write(text)


def minutes(kept):
    return sorted((at - int(BEGIN.timestamp() * 1000)) // 60_000 for _, at in kept.values)


def test_a_growing_file_is_read_on_and_half_a_line_waits(tmp_path):
    path = tmp_path / "a.csv"
    made, kept = config(file=str(path)), Kept()
    of = source(made)
    write(path, HEADER + lines(0, 3) + "2024-05-01T00:03:00Z;a;1")
    assert look(made, kept, of) == ""
    assert minutes(kept) == [0, 1, 2]
    write(path, "7.5\n" + lines(4, 2), "a")
    look(made, kept, of)
    assert minutes(kept) == [0, 1, 2, 3, 4, 5]
    assert kept.values["table/a/speed", int(BEGIN.timestamp() * 1000) + 180_000] == 17.5
    write(path, lines(6, 1), "a")
    look(made, kept)  # by a worker that was started anew
    assert minutes(kept) == list(range(7))
    assert kept.doubled == 0


def test_the_last_line_of_a_file_that_lies_still_counts_without_its_end(tmp_path):
    path = tmp_path / "a.csv"
    made, kept = config(file=str(path)), Kept()
    write(path, HEADER + lines(0, 2).rstrip("\n"))
    settled(path)
    look(made, kept)
    assert minutes(kept) == [0, 1]
    write(path, "5\n" + lines(2, 1), "a")  # somebody was still writing all the same
    look(made, kept)
    assert minutes(kept) == [0, 1, 2]
    assert kept.values["table/a/speed", int(BEGIN.timestamp() * 1000) + 60_000] == 1.55


def test_a_device_that_moves_is_told_and_one_that_is_silent_about_it_stays(tmp_path):
    path = tmp_path / "a.csv"
    mapping = {
        "stream": "s", "time": {"path": "time"}, "location": {"lon": "x", "lat": "y"},
        "values": [{"path": "v", "property": "speed"}],
    }  # fmt: skip
    made, kept = config(file=str(path), mapping=mapping), Kept()
    of, places = source(made), []
    rows = ("00:00:00Z;a;1;7.1;50.8\n", "00:01:00Z;a;1;7.9;50.8\n", "00:02:00Z;a;1;;\n")
    write(path, "time;s;v;x;y\n")
    for row in rows:
        write(path, f"2024-05-01T{row}", "a")
        look(made, kept, of)
        places.append(kept.streams["table/a/speed"].lon)
    assert places == [7.1, 7.9, 7.9]
    assert len(kept.values) == 3


def test_truncated_replaced_and_put_aside(tmp_path):
    path = tmp_path / "a.csv"
    made, kept = config(file=str(path)), Kept()
    write(path, HEADER + lines(0, 5))
    look(made, kept)
    write(path, HEADER + lines(10, 2))  # shorter than what was read
    look(made, kept)
    write(path, HEADER + lines(20, 50))  # longer, another content
    look(made, kept)
    write(path, lines(70, 2), "a")
    path.rename(tmp_path / "a.csv.1")  # with two lines that nobody has read yet
    write(path, HEADER + lines(72, 3))
    look(made, kept)
    assert minutes(kept) == [*range(5), 10, 11, *range(20, 75)]
    assert kept.doubled == 0


def test_columns_that_change_are_said_and_come_back(tmp_path):
    path = tmp_path / "a.csv"
    made, kept = config(file=str(path)), Kept()
    of = source(made)
    write(path, HEADER + lines(0, 1))
    look(made, kept, of)
    write(path, "time;place;speed\n2024-05-01T00:09:00Z;a;1\n")
    for _ in range(3):
        assert "lacks the columns s, v; it has time, place, speed." in look(made, kept, of)
    assert [refusal.reason for refusal in kept.refused] == ["unknown_format"]  # told once
    write(path, "v;time;s\n3;2024-05-01T00:09:00Z;a\n")
    assert look(made, kept, of) == ""
    assert minutes(kept) == [0, 9]


def test_bad_rows_are_refused_with_their_line_and_the_good_ones_stay(tmp_path):
    path = tmp_path / "a.csv"
    rows = [
        "2024-05-01T00:00:00Z;a;1", "2024-05-01T00:01:00Z;a", "", "1970-01-01;a;1",
        "2099-01-01;a;1", "2024-05-01T00:02:00Z;a;warm", "2024-05-01T00:03:00Z;a;NaN",
        f"2024-05-01T00:04:00Z;{'x' * 600_000};2", '2024-05-01T00:05:00Z;"a";"5"',
    ]  # fmt: skip
    write(path, HEADER + "\n".join(rows) + "\n")
    made, kept = config(file=str(path), most_bytes=100_000), Kept()
    assert look(made, kept) == ""
    assert minutes(kept) == [0, 5]
    said = {refusal.reason: refusal.detail for refusal in kept.refused}
    assert said["unknown_format"] == "row 3: 2 cells where 3 are expected"
    assert said["time_past"].startswith("row 5, v:")
    assert said["no_number"] == "row 7, v: 'warm'"
    assert said["not_finite"] == "row 8, v: 'NaN'"
    assert set(said) - {"unknown_format", "time_past", "no_number", "not_finite"} == {
        "time_future", "too_large",
    }  # fmt: skip


def test_a_line_of_ten_megabytes_is_left_out_wherever_it_stands(tmp_path):
    path = tmp_path / "a.csv"
    long = "9" * (10 * PIECE) + "\n"
    write(path, HEADER + lines(0, 2) + long + lines(2, 2) + long[:-1])
    made, kept = config(file=str(path), most_bytes=PIECE), Kept()
    look(made, kept)
    assert minutes(kept) == [0, 1, 2, 3]
    write(path, "9\n" + lines(4, 1), "a")  # the end of the second one, which was still written
    look(made, kept)
    assert minutes(kept) == [0, 1, 2, 3, 4]
    assert [refusal.reason for refusal in kept.refused] == ["too_large"] * 2


@pytest.fixture
def small_pieces(monkeypatch):
    """Read in small pieces, so that little data has many."""
    monkeypatch.setattr("layers.sensors.table_text.PIECE", 4_096)
    monkeypatch.setattr("layers.sensors.table_read.AT_ONCE", 50)


@pytest.mark.usefixtures("small_pieces")
def test_a_worker_that_is_killed_loses_and_doubles_nothing(tmp_path):
    path = tmp_path / "a.csv.gz"
    count = 1_000  # several pieces
    path.write_bytes(gzip.compress((HEADER + lines(0, count)).encode(), 1))
    made, kept = config(file=str(path)), Kept()
    deaths = 0
    while True:
        kept.killed_after = kept.deliveries + 1
        try:
            look(made, kept)
            break
        except KeyboardInterrupt:
            deaths += 1
    assert deaths >= 3
    assert minutes(kept) == list(range(count))
    assert kept.doubled == 0


def test_the_doubled_hour_is_told_apart_over_pieces_and_deaths(tmp_path, monkeypatch):
    monkeypatch.setattr("layers.sensors.table_text.PIECE", 300)
    moments = [datetime(2013, 10, 26, 22, tzinfo=UTC) + timedelta(minutes=5 * n) for n in range(96)]
    local = [moment.astimezone(ZoneInfo("Europe/Berlin")) for moment in moments]
    rows = [f"{m:%d.%m.%Y %H:%M};{s};{n}\n" for n, m in enumerate(local) for s in "ab"]
    path = tmp_path / "a.csv"
    write(path, HEADER + "".join(rows))
    mapping = {
        "stream": "s", "time": {"path": "time", "zone": "Europe/Berlin"},
        "values": [{"path": "v", "property": "speed"}],
    }  # fmt: skip
    made, kept = config(file=str(path), mapping=mapping), Kept()
    for _ in rows:
        kept.killed_after = kept.deliveries + 1
        try:
            look(made, kept)
            break
        except KeyboardInterrupt:
            continue
    expected = {
        (f"table/{s}/speed", int(m.timestamp() * 1000)): n
        for n, m in enumerate(moments)
        for s in "ab"
    }
    assert kept.values == expected
    assert kept.deliveries > 10
    assert "folds" not in kept.cursors[f"file:{path}"]  # long forgotten


def test_the_real_store_keeps_values_and_cursors_of_a_source_that_dies(tmp_path, monkeypatch):
    monkeypatch.setattr("layers.sensors.table_text.PIECE", 2_048)
    path = tmp_path / "a.csv"
    write(path, HEADER + lines(0, 400) + "never;a;1\n")
    made = config(file=str(path))
    with open_store(tmp_path / "feeds.sqlite") as store:
        feeds = store.observations

        class Killed(Kept):
            def put(self, delivery):
                super().put(delivery)
                feeds.write([delivery])

            def cursor(self, name):
                return feeds.cursor("table", name)

        for _ in range(50):
            dying = Killed(killed_after=1)
            try:
                look(made, dying)
                break
            except KeyboardInterrupt:
                continue
        kept = feeds.table(step="raw")
        refused = feeds.refusals().set_index("reason")["count"].to_dict()
    assert len(kept) == 400
    assert kept["value"].tolist() == [n % 60 + 0.5 for n in range(400)]
    assert refused == {"no_time": 1}


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("kind", ["json", "parquet"])
def test_files_that_are_read_as_a_whole_go_on_where_they_were_killed(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    count = 120
    moments = [BEGIN + timedelta(minutes=n) for n in range(count)]
    table = pd.DataFrame({"time": moments, "s": "a", "v": 1.5})
    if kind == "json":
        rows = [{"time": m.isoformat(), "s": "a", "v": 1.5} for m in moments]
        path.write_text(json.dumps(rows))
    else:
        table.to_parquet(path)
    made, kept = config(file=str(path)), Kept()
    for killed_after in (1, 2, None):
        kept.killed_after = killed_after
        try:
            look(made, kept)
        except KeyboardInterrupt:
            assert killed_after == kept.deliveries
    look(made, kept)
    assert minutes(kept) == list(range(count))
    assert kept.doubled == 0


@pytest.mark.parametrize(
    ("content", "given"),
    [
        (b"time,s,v\n2024-05-01T00:00:00Z,a,1.5\n", {}),
        (b"time\ts\tv\r\n2024-05-01T00:00:00Z\ta\t1,5\r\n", {}),
        ("\ufefftime;s;v\n2024-05-01T00:00:00Z;a;1,5\n".encode(), {}),
        ("time;s;v\n2024-05-01T00:00:00Z;a;1,5\n".encode("utf-16"), {}),
        (b"# of 2024\n\ntime;s;v\n2024-05-01T00:00:00Z;a;1,5\n", {"comment": "#"}),
        ("Zählung\ntime;s;v\n2024-05-01T00:00:00Z;a;1,5\n".encode("cp1252"), {"skip_lines": 1}),
        (b"sep=;\r\ntime;s;v\r\n2024-05-01T00:00:00Z;a;1,5\r\n", {}),
        (b"2024-05-01T00:00:00Z|a|1.5\n", {"names": ["time", "s", "v"], "separator": "|"}),
        (b'{"time":"2024-05-01T00:00:00Z","s":"a","v":1.5}\n{"s":}\n', {}),
        (b'[{"time":"2024-05-01T00:00:00Z","s":"a","v":1.5}]', {}),
    ],
)
def test_tables_are_told_by_their_first_bytes(tmp_path, content, given):
    path = tmp_path / "feed"
    path.write_bytes(content)
    kept = Kept()
    assert look(config(file=str(path), **given), kept) == ""
    assert list(kept.values.values()) == [1.5]


def test_thousands_are_told_from_decimals_by_the_whole_column(tmp_path):
    path = tmp_path / "a.csv"
    made, kept = config(file=str(path)), Kept()
    write(path, HEADER + "2024-05-01T00:00:00Z;a;1.204\n2024-05-01T00:01:00Z;a;17,5\n")
    look(made, kept)
    write(path, "2024-05-01T00:02:00Z;a;2.408\n", "a")
    look(made, kept)
    assert sorted(kept.values.values()) == [17.5, 1204, 2408]


def test_json_that_is_being_written_is_waited_for(tmp_path):
    path = tmp_path / "a.json"
    text = '[{"time": "2024-05-01T00:00:00Z", "s": "a", "v": 1}]'
    made, kept = config(file=str(path)), Kept()
    of = source(made)
    write(path, text[:20])
    assert (look(made, kept, of), kept.refused) == ("", [])
    write(path, text)
    look(made, kept, of)
    assert list(kept.values.values()) == [1]


def test_geojson_and_a_pattern_of_files(tmp_path):
    def feature(n):
        place = {"type": "Point", "coordinates": [7.1, 50.8]}
        told = {"time": f"2024-05-0{n + 1}T00:00:00Z", "s": "a", "v": n}
        return {"type": "Feature", "geometry": place, "properties": told}

    for n in range(3):
        (tmp_path / f"{n}.geojson").write_text(
            json.dumps({"type": "FeatureCollection", "features": [feature(n)]})
        )
    mapping = {
        "stream": "properties.s", "time": {"path": "properties.time"},
        "location": {"geometry": "geometry"},
        "values": [{"path": "properties.v", "property": "speed"}],
    }  # fmt: skip
    kept = Kept()
    assert look(config(file=str(tmp_path / "*.geojson"), mapping=mapping), kept) == ""
    assert sorted(kept.values.values()) == [0, 1, 2]
    assert kept.streams["table/a/speed"].lat == 50.8


@pytest.mark.parametrize(
    ("name", "content", "words", "reason"),
    [
        ("a.json", b"<!DOCTYPE html><html>", "web page", "unknown_format"),
        ("a.csv", b"<html><body>Fehler 500", "web page", "unknown_format"),
        ("a.json", b'{"v": 1', "no valid JSON", "not_json"),
        ("a.json", b"[" * 50_000, "nested too deeply", "too_large"),
        ("a.json", b" " * 5_000_000 + b"1", "Raise most_bytes", "too_large"),
        ("a.csv.gz", PACKED[:-200], "unpacked", "unknown_format"),
        ("a.csv.gz", b"\x1f\x8bgarbage", "unpacked", "unknown_format"),
        ("a.parquet", b"PAR1garbagePAR1", "cannot be read as parquet", "unknown_format"),
        ("a.xlsx", b"PK\x03\x04garbage", "cannot be read as xlsx", "unknown_format"),
        ("a.csv", b"\n\n\n", "no line with the names", "unknown_format"),
        ("a.csv", b"\x00" * 1000, "lacks the columns", "unknown_format"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_said_in_one_sentence(tmp_path, name, content, words, reason):
    (tmp_path / name).write_bytes(content)
    settled(tmp_path / name)
    kept = Kept()
    said = look(config(file=str(tmp_path / name)), kept)
    assert words in said
    assert kept.reasons == [reason]


@pytest.mark.usefixtures("small_pieces")
def test_what_comes_before_the_break_is_kept_and_the_mended_file_goes_on(tmp_path):
    path = tmp_path / "a.csv.gz"
    whole = gzip.compress((HEADER + lines(0, 3_000)).encode())
    path.write_bytes(whole[: len(whole) // 2])
    made, kept = config(file=str(path)), Kept()
    assert "copy it again" in look(made, kept)
    assert 0 < len(kept.values) < 3_000
    path.write_bytes(whole)
    assert look(made, kept) == ""
    assert minutes(kept) == list(range(3_000))
    assert kept.doubled == 0


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(st.text("ab;\"\n ,'é", max_size=12), min_size=3, max_size=3),
        min_size=1,
        max_size=30,
    ),
    st.integers(1, 60),
    st.sampled_from(["\n", "\r\n"]),
)
def test_pieces_hold_the_rows_that_the_standard_library_finds(monkeypatch, rows, size, end):
    monkeypatch.setattr("layers.sensors.table_text.PIECE", 64)  # of the names
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";", lineterminator=end).writerows([["time", "s", "v"], *rows])
    data = out.getvalue().encode()
    content = Content("a.csv", lambda: io.BytesIO(data), len(data), "")
    head = read_head(content, Shape(separator=";"))
    monkeypatch.setattr("layers.sensors.table_text.PIECE", size)
    tables = [table_of(piece, head) for piece in pieces(content, head.at, head.line, 10_000, ";")]
    found = [list(row) for table, odd in tables for row in table.itertuples(index=False)]
    # a row of nothing but blanks is none, and so is an empty line; both are left out alike
    assert [row for row in found if any(row)] == [row for row in rows if any(row)]
    assert not any(odd for _, odd in tables)


def test_a_quote_that_is_never_closed_holds_up_a_few_lines_only(tmp_path):
    path = tmp_path / "a.csv"
    made, kept = config(file=str(path)), Kept()
    write(path, HEADER + lines(0, 1) + '2024-05-01T00:01:00Z;5" Rohr;1\n' + lines(2, 1))
    look(made, kept)
    assert minutes(kept) == [0, 1, 2]
    write(path, '2024-05-01T00:03:00Z;"a;1\n' + lines(4, 5), "a")
    look(made, kept)
    write(path, lines(9, 60), "a")
    look(made, kept)
    assert minutes(kept) == [0, 1, 2, *range(4, 69)]
    assert [refusal.detail for refusal in kept.refused] == ["row 5: 2 cells where 3 are expected"]


def test_a_flood_of_streams_ends_at_the_limit(tmp_path):
    path = tmp_path / "a.csv"
    write(path, HEADER + "".join(lines(n, 1, f"p{n}") for n in range(50)))
    kept = Kept()
    look(config(file=str(path), most_streams=10), kept)
    assert len(kept.streams) == len(kept.values) == 10
    assert [refusal.reason for refusal in kept.refused] == ["too_many_streams"] * 40


def test_it_runs_until_it_is_stopped_and_says_how_it_is(tmp_path):
    path = tmp_path / "a.csv"
    kept, stop = Kept(), threading.Event()
    of = source(config(file=str(path), every_s=0.02))
    thread = threading.Thread(target=of.run, args=(kept, stop))
    thread.start()
    try:
        eventually(lambda: kept.states, "that the missing file is told")
        write(path, HEADER + lines(0, 2))
        eventually(lambda: len(kept.values) == 2, "that the file is read")
        write(path, lines(2, 2), "a")
        eventually(lambda: len(kept.values) == 4, "that what was added is read")
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()
    assert kept.states[0][0] == "waiting"
    assert "There is no file" in kept.states[0][1]
    assert kept.states[-1][0] == "connected"


def test_read_once_it_ends(tmp_path):
    path = tmp_path / "a.csv"
    write(path, HEADER + lines(0, 2))
    kept = Kept()
    source(config(file=str(path), once=True)).run(kept, threading.Event())
    assert kept.states[-1] == ("stopped", "")
    assert len(kept.values) == 2


def test_a_dry_run_says_what_it_found_and_keeps_nothing(tmp_path):
    path = tmp_path / "a.csv"
    rows = "".join(f"2024-05-01 00:0{n};a;1.{n}00\n" for n in range(5))
    write(path, HEADER + rows + "2024-05-01 00:09;a;warm\n")
    mapping = {
        "stream": "s", "time": {"path": "time"}, "values": [{"path": "v", "property": "vehicles"}]
    }  # fmt: skip
    found = source(config(file=str(path), mapping=mapping)).check(5)
    assert [stream.key for stream in found.streams] == ["table/a/vehicles"]
    assert len(found.readings) == 5
    assert found.extra["columns"] == ["time", "s", "v"]
    assert found.extra["rows"][0] == ["2024-05-01 00:00", "a", "1.000"]
    assert found.refused[0].detail == "row 7, v: 'warm'"
    told = " ".join(map(str, found.notes))
    for words in (
        "columns are time, s, v",
        "first row is 2024-05-01 00:00, a, 1.000",
        "no place: a",
        "as UTC",
        "1.000 in v",
    ):
        assert words in told
    write(path, "x,y\n1,2\n")
    with pytest.raises(SourceError, match="lacks the columns s, time, v"):
        source(config(file=str(path), mapping=mapping)).check(5)
    write(path, HEADER + rows)
    for at, said in (((7.15, 50.81), ""), ((50.81, 7.15), "look exchanged at a")):
        place = {"lon": at[0], "lat": at[1]}
        notes = source(config(file=str(path), mapping=mapping, at=place)).check(5).notes
        told = " ".join(map(str, notes))
        assert "no place" not in told
        assert said in told
        assert ("exchanged" in told) == bool(said)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "either file or url"),
        ({"file": "a", "url": "https://x.example"}, "either file or url"),
        ({"url": "file:///etc/passwd"}, "no address that is asked"),
        ({"url": "ftp://x.example/a"}, "no address that is asked"),
        ({"url": "https://user:word@x.example/a"}, "does not stand in an address"),
        ({"url": "ftp://user:word@x.example/a"}, "does not stand in an address"),
        ({"url": "https://x.example", "every_s": 1}, "asked at most every"),
        ({"file": "a", "mapping": None}, "needs a mapping"),
        ({"file": "a", "format": "uba"}, "needs a mapping"),
        ({"file": "a", "user": "x"}, "belong together"),
        ({"file": "a", "formt": "uba"}, "Extra inputs"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(given, words):
    mapping = {"values": [{"path": "v", "property": "speed"}]}
    with pytest.raises(ValidationError, match=words):
        TableConfig.model_validate({"name": "t", "mapping": mapping, **given})


def test_relative_files_begin_beside_the_configuration(tmp_path):
    write(tmp_path / "a.csv", HEADER + lines(0, 1))
    kept = Kept()
    table_source(config(file="a.csv", once=True), tmp_path).run(kept, threading.Event())
    assert len(kept.values) == 1
