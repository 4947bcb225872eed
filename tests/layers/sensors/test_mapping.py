"""Messages read by a mapping: paths, units, conditions, places."""

from __future__ import annotations

import contextlib
import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from layers.sensors.mapping import Mapping
from layers.sensors.paths import KEY, STAR, get, path_of, walk
from layers.sensors.records import Flag
from twin.errors import SourceError

NOW = 1_714_600_000_000
AT = 1_714_557_600_000  # 2024-05-01 12:00 in Berlin

KEYS = st.text(string.ascii_letters + " .[]'\"*@$é\\", min_size=1, max_size=8)


def mapping(*values, **more):
    given = [{"property": "air_temperature", **value} for value in values]
    return Mapping.model_validate({"values": given, **more})


def read(made, message, **more):
    return made.read(message, source="town", received=NOW, **more)


def numbers(found):
    return [reading.value for reading in found.readings]


def reasons(found):
    return [refusal.reason for refusal in found.refused]


@settings(max_examples=40)
@given(st.lists(KEYS | st.integers(0, 3), min_size=1, max_size=4), st.integers())
def test_a_quoted_path_leads_to_any_key(steps, leaf):
    message, text = leaf, ""
    for step in reversed(steps):
        message = [None] * step + [message] if isinstance(step, int) else {step: message}
    for step in steps:
        escaped = str(step).replace("\\", "\\\\").replace('"', '\\"')
        text += f"[{step}]" if isinstance(step, int) else f'["{escaped}"]'
    assert get(message, path_of(text)) == leaf


@settings(max_examples=50)
@given(st.text(max_size=40))
def test_any_text_is_a_path_or_said_to_be_none(text):
    with contextlib.suppress(SourceError):
        path = path_of(text)
        assert all(isinstance(step, (str, int, tuple)) or step in {STAR, KEY} for step in path)
        get({"a": [1]}, path)


def test_stars_are_walked_together_and_in_order():
    message = {"a": [{"v": 1, "k": "x"}, {"v": 2, "k": "y"}], "o": {"n": {"v": 3}}}
    assert [found for _, found in walk(message, path_of("a[*].v"))] == [1, 2]
    assert get(message, path_of("a[*].k"), (1,)) == "y"
    assert list(walk(message, path_of("o[*].@key"))) == [(("n",), "n")]
    assert get(message, path_of("a[-1].v")) == 2


def test_a_message_becomes_readings_in_the_units_of_the_twin():
    made = mapping(
        {"path": "data.temp", "unit": "°F"},
        {"path": "data.load", "property": "heat_power", "unit": "W", "when": {"status": "ok"}},
        stream="station",
        time={"path": "time", "zone": "Europe/Berlin"},
        location={"lon": "pos.lon", "lat": "pos.lat"},
    )
    message = {
        "station": "Nord / Süd", "time": "2024-05-01 12:00", "status": "ok",
        "pos": {"lon": 7.1, "lat": "50,8"}, "data": {"temp": "68", "load": 12_000},
    }  # fmt: skip
    found = read(made, message)
    assert [(r.at, r.value) for r in found.readings] == [(AT, 20.0), (AT, 12.0)]
    assert [s.key for s in found.streams] == [
        "town/Nord-Süd/air_temperature", "town/Nord-Süd/heat_power",
    ]  # fmt: skip
    assert [s.unit for s in found.streams] == ["Cel", "kW"]
    assert (found.streams[0].lon, found.streams[0].lat) == (7.1, 50.8)
    assert len(read(made, {**message, "status": "test"}).readings) == 1


def test_a_list_with_names_is_told_apart_by_conditions():
    made = mapping(
        {"path": "v[*].value", "property": "pm10", "when": {"v[*].type": "P1"}},
        {"path": "v[*].value", "property": "pm2_5", "when": {"v[*].type": ["P2", "p2"]}},
        stream="id",
    )
    message = {"id": 7, "v": [{"type": "P2", "value": "8.1"}, {"type": "P1", "value": "15.3"}]}
    assert {r.stream: r.value for r in read(made, message).readings} == {
        "town/7/pm10": 15.3, "town/7/pm2_5": 8.1,
    }  # fmt: skip


def test_keys_with_dots_bare_numbers_and_what_came_with_the_message():
    assert numbers(read(mapping({"path": "air.temp"}), {"air.temp": 1, "air": {"temp": 2}})) == [1]
    for name in ("Temp.", "Luft [°C]", "a..b", "Kanal [1]", "PM2.5 [µg/m³]", "x]y"):
        assert numbers(read(mapping({"path": name}), {name: 7})) == [7]
    assert numbers(read(mapping({"path": "@"}), 21.5)) == [21.5]
    made = mapping({"path": "@"}, stream="$topic[1]")
    found = read(made, 21.5, context={"topic": ["town", "bridge"]})
    assert found.streams[0].key == "town/bridge/air_temperature"
    rows = mapping({"path": "t"}, rows="items[*]", stream="n", time={"path": "$root.at"})
    found = read(rows, {"at": AT, "items": [{"n": "a", "t": 1}, {"n": "b", "t": 2}]})
    assert [(r.stream, r.at) for r in found.readings] == [
        ("town/a/air_temperature", AT), ("town/b/air_temperature", AT),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("message", "more"),
    [
        (  # as Open-Meteo: lists side by side
            {"hourly": {"time": ["2024-05-01T10:00", "2024-05-01T11:00"], "t": [20, 21]}},
            {"values": [{"path": "hourly.t[*]"}], "time": {"path": "hourly.time[*]"}},
        ),
        (  # rows without names
            {"columns": ["time", "t"], "data": [[AT, 20], [AT + 3_600_000, 21]]},
            {"values": [{"path": "[1]"}], "rows": "data[*]", "time": {"path": "[0]"}},
        ),
        (  # an object by time
            {"data": {"2024-05-01T10:00": {"t": 20}, "2024-05-01T11:00": {"t": 21}}},
            {"values": [{"path": "t"}], "rows": "data[*]", "time": {"path": "$key"}},
        ),
        (
            {"data": {"2024-05-01T10:00": 20, "2024-05-01T11:00": 21}},
            {"values": [{"path": "data[*]"}], "time": {"path": "data[*].@key"}},
        ),
    ],
)
def test_usual_forms_of_series(message, more):
    values = [{"property": "air_temperature", **value} for value in more.pop("values")]
    found = read(Mapping.model_validate({"values": values, **more}), message)
    assert [(r.at, r.value) for r in found.readings] == [(AT, 20), (AT + 3_600_000, 21)]


def test_what_the_source_doubts_itself_is_kept_and_flagged():
    made = mapping({"path": "t"}, suspect={"quality": {"not": ["good"]}, "age": {"above": 60}})
    messages = ({"quality": "good"}, {"quality": "bad"}, {"quality": "good", "age": 61})
    found = [read(made, {"t": 1, **message}).readings[0].flags for message in messages]
    assert found == [0, Flag.SUSPECT, Flag.SUSPECT]


def test_the_order_is_reading_factor_offset_unit():
    made = mapping({"path": "t", "unit": "K", "factor": 0.1, "offset": 100})
    assert numbers(read(made, {"t": 1931.5})) == [20.0]


def test_categories_truth_values_and_spellings_of_none():
    made = mapping({"path": "s", "property": "occupancy", "categories": {"frei": 0, "voll": 100}})
    assert [numbers(read(made, {"s": s})) for s in ("frei", "voll")] == [[0], [100]]
    assert reasons(read(made, {"s": "defekt"})) == ["no_number"]
    assert numbers(read(mapping({"path": "s", "booleans": True}), {"s": True})) == [1]
    assert reasons(read(mapping({"path": "s"}), {"s": True})) == ["no_number"]
    none = mapping({"path": "s"}, none=["-999", "n/a"])
    assert [read(none, {"s": s})[1:] for s in (-999.0, "-999", "n/a", None)] == [((), ())] * 4


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({}, "no_value"), ([], "no_value"), (7, "no_value"), ({"t": "warm"}, "no_number"),
        ({"t": [1]}, "no_number"), ({"t": float("nan")}, "not_finite"),
        ({"t": 1, "at": None}, "no_time"), ({"t": 1}, "no_time"),
        ({"t": 1, "at": "1970-01-01"}, "time_past"), ({"t": 1, "at": "2099-01-01"}, "time_future"),
        ({"t": 1, "at": AT, "u": "kg"}, "unit"), ({"t": 1, "at": AT, "u": "warm"}, "unit"),
        ({"t": 1, "at": AT, "n": ""}, "unknown_stream"),
        ({"t": 1, "at": AT, "n": "a", "x": 400, "y": 1}, "no_location"),
        ({"t": 1, "at": AT, "n": "a", "x": 0, "y": 0}, "no_location"),
        ({"t": 1, "at": AT, "n": "a"}, "no_location"),
    ],
)  # fmt: skip
def test_bad_messages_are_refused_by_reason(message, reason):
    made = mapping(
        {"path": "t", "unit_path": "u"}, stream="n", time={"path": "at"},
        location={"lon": "x", "lat": "y", "needed": True},
    )  # fmt: skip
    found = read(made, message)
    assert (reasons(found), found.readings) == ([reason], ())


@settings(max_examples=50)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["t", "at", "n", "u", "x", "y", "v"]), inner)
        ),
    )
)
def test_no_message_makes_it_fail(message):
    made = mapping(
        {"path": "t", "unit_path": "u"}, {"path": "v[*].t", "series": "v", "when": {"v[*].n": 1}},
        stream="n", device="x", time={"path": "at"},
        location={"geometry": "v", "lon": "x", "lat": "y"},
    )  # fmt: skip
    found = read(made, message)
    assert {r.stream for r in found.readings} == {s.key for s in found.streams}
    json.dumps([r.detail for r in found.refused]).encode()


def test_a_unit_of_the_message_is_converted():
    made = mapping({"path": "t", "property": "air_pressure", "unit_path": "u"})
    assert numbers(read(made, {"t": 101_325, "u": "Pa"})) == [1013.25]


def test_the_number_of_a_device_is_in_neither_key_nor_name():
    made = mapping({"path": "t"}, device="eui")
    first, again, other = (
        read(made, {"t": 1, "eui": eui}).streams[0] for eui in ("A1", "A1", "B2")
    )
    assert first == again
    assert first.key != other.key
    assert first.device == "A1"
    assert "A1" not in first.key + first.name


def test_a_stamp_at_the_end_is_moved_to_the_begin_of_its_interval():
    made = mapping({"path": "t"}, time={"path": "at", "stamp": "end", "interval_s": 3600})
    found = read(made, {"t": 1, "at": AT})
    assert found.readings[0].at == AT - 3_600_000
    assert found.streams[0].interval_s == 3600


def test_in_the_doubled_hour_a_live_message_is_of_the_hour_in_which_it_came():
    made = mapping({"path": "t"}, time={"path": "at", "zone": "Europe/Berlin"})
    first = 1_382_833_800_000  # 2013-10-27 02:30 summer time
    for now, expected in ((first + 5_000, 0), (first + 3_605_000, 3_600_000)):
        found = made.read({"t": 1, "at": "2013-10-27 02:30"}, source="town", received=now)
        assert found.readings[0].at - first == expected


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"values": []}, "at least 1"),
        ({"values": [{"path": "t", "property": "air_temperature", "unit": "kg"}]}, "converted"),
        ({"values": [{"path": "t", "property": "air_temperature", "unit": "warm"}]}, "no unit"),
        ({"values": [{"path": "a[*", "property": "speed"}]}, "not written as a path"),
        ({"values": [{"path": "a", "property": "speed"}] * 2}, "Two values"),
        ({"values": [{"path": "a", "property": "speed", "factor": 0}]}, "factor of 0"),
        ({"values": [{"path": "a", "property": "speed"}], "time": {"zone": "Mars"}}, "time zone"),
        ({"values": [{"path": "a", "property": "speed"}], "time": {"stamp": "end"}}, "interval_s"),
        ({"values": [{"path": "a", "property": "speed"}], "location": {"lon": "x"}}, "belong"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused_before_it_runs(given, words):
    with pytest.raises(ValidationError, match=words):
        Mapping.model_validate(given)


def test_places_come_from_a_table_beside_the_feed(tmp_path):
    (tmp_path / "places.csv").write_text(
        "Nr;Name;Ost;Nord;Alarm\n7;Brücke;500000;5538630,70;220,5\n8;;;;\n", "utf-8"
    )
    made = mapping(
        {"path": "t", "property": "water_level"},
        stream="n",
        places={
            "file": str(tmp_path / "places.csv"), "key": "Nr", "lon": "Ost", "lat": "Nord",
            "crs": "EPSG:25832", "name": "Name", "alert_above": "Alarm",
        },
    )  # fmt: skip
    seven, eight, nine = (read(made, {"n": n, "t": 1}).streams[0] for n in (7, "8", 9))
    assert (seven.name, seven.alert_above) == ("Brücke", 220.5)
    assert (round(seven.lon, 3), round(seven.lat, 3)) == (9.0, 50.0)
    assert [(s.name, s.lon) for s in (eight, nine)] == [("8", None), ("9", None)]


def test_lines_of_a_street_in_two_features_are_one(tmp_path):
    def feature(key, kind, coordinates):
        geometry = {"type": kind, "coordinates": coordinates}
        return {"type": "Feature", "properties": {"id": key}, "geometry": geometry}

    features = [
        feature("s", "LineString", [[7.0, 50.0], [7.1, 50.0]]),
        feature("s", "MultiLineString", [[[7.1, 50.0], [7.3, 50.0]]]),
        feature("p", "Polygon", [[[7, 50], [8, 50], [8, 51], [7, 50]]]),
        feature("odd", "Point", ["a", None]),
    ]
    path = tmp_path / "s.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    made = mapping({"path": "t"}, stream="n", places={"file": str(path), "key": "id"})
    street, area, odd = (read(made, {"n": n, "t": 1}).streams[0] for n in ("s", "p", "odd"))
    assert street.line.startswith("LINESTRING")
    assert (round(street.lon, 4), street.lat) == (7.15, 50.0)
    assert (area.line, odd.lon) == ("", None)
    assert 7 < area.lon < 8


@pytest.mark.parametrize(
    ("content", "words"),
    [("<html>", "JSON"), ('{"features": 7}', "list of places"), ('{"features": [7]}', "lacks")],
)
def test_a_table_of_places_that_is_none_is_said(tmp_path, content, words):
    path = tmp_path / "p.geojson"
    path.write_text(content)
    made = mapping({"path": "t"}, stream="n", places={"file": str(path), "key": "nr"})
    with pytest.raises(SourceError, match=words):
        read(made, {"n": 1, "t": 1})
