"""Formats of services: sensor.community and the Umweltbundesamt, in their published forms."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.sensors.formats import sensor_community, uba
from layers.sensors.values import milliseconds
from tests.layers.sensors.tables import NOW_MS, Kept, config, look, source

MEASUREMENT = {
    "id": 123456,
    "timestamp": "2026-09-07 12:00:05",
    "sampling_rate": None,
    "location": {
        "id": 456, "latitude": "50.814", "longitude": "7.16", "altitude": "62.1", "country": "DE",
        "exact_location": 0, "indoor": 0,
    },
    "sensor": {"id": 98789, "pin": "1", "sensor_type": {"id": 14, "name": "SDS011"}},
    "sensordatavalues": [
        {"id": 1, "value": "15.30", "value_type": "P1"},
        {"id": 2, "value": "8.10", "value_type": "P2"},
    ],
}  # fmt: skip

ARCHIVE = """\
sensor_id;sensor_type;location;lat;lon;timestamp;P1;durP1;ratioP1;P2;durP2;ratioP2
98789;SDS011;456;50.814;7.160;2026-09-07T12:02:35;16.00;;;8.50;;
98789;SDS011;456;50.814;7.160;2026-09-07T12:05:00;nan;;;;;
"""

MEASURES = {
    "request": {"station": "1041", "date_from": "2026-07-01", "time_from": "01:00:00"},
    "indices": {
        "data": {
            "station id": {
                "date start": ["component id", "scope id", "value", "date end", "index"]
            }
        }
    },
    "data": {
        "1041": {
            "2026-07-01 00:00:00": [5, 2, 24, "2026-07-01 01:00:00", "1"],
            "2026-07-01 01:00:00": [5, 2, None, "2026-07-01 02:00:00", "0"],
            "2026-07-01 23:00:00": [5, 2, "17", "2026-07-01 24:00:00", "0"],
        }
    },
}  # fmt: skip

STATIONS = {
    "indices": ["station id", "station code", "station name", "..."],
    "data": {
        "1041": ["1041", "DENW006", "Lünen-Niederaden", "Lünen", "", "1981-01-01", None, "7.5691",
                 "51.5922", "10"]
    },
}  # fmt: skip


def test_an_answer_of_sensor_community():
    indoor, other = copy.deepcopy(MEASUREMENT), copy.deepcopy(MEASUREMENT)
    indoor["location"]["indoor"] = 1
    other["sensordatavalues"] = [
        {"value": "101325.00", "value_type": "pressure"},
        {"value": "unknown", "value_type": "temperature"},
        {"value": "1.0", "value_type": "counts_per_minute"},
    ]
    found = sensor_community.read([MEASUREMENT, indoor, other], source="air", received=NOW_MS)
    values = {r.stream.rsplit("/", 1)[1]: r.value for r in found.readings}
    assert values == {"pm10": 15.3, "pm2_5": 8.1, "air_pressure": 1013.25}
    assert {r.at for r in found.readings} == {milliseconds("2026-09-07T12:00:05Z", now=NOW_MS)}
    assert found.refused == ()
    assert {s.name for s in found.streams} == {"SDS011, 456"}
    assert all("98789" not in s.key + s.name and s.device == "98789" for s in found.streams)
    assert (found.streams[0].lon, found.streams[0].lat) == (7.16, 50.814)


def test_the_archive_goes_on_with_the_streams_of_the_answers(tmp_path):
    (tmp_path / "2026-09-07_sds011_sensor_98789.csv").write_text(ARCHIVE)
    (tmp_path / "live.json").write_text(json.dumps([MEASUREMENT]))
    kept = Kept()
    for name in ("*.csv", "live.json"):
        made = config(format="sensor_community", file=str(tmp_path / name))
        assert look(made, kept) == ""
    assert len(kept.streams) == 2
    assert sorted(kept.values.values()) == [8.1, 8.5, 15.3, 16.0]
    assert kept.refused == []
    stream = next(iter(kept.streams.values()))
    assert (stream.licence, stream.attribution) == (
        "Database Contents License (DbCL) 1.0", "sensor.community",
    )  # fmt: skip


def test_a_file_that_is_none_of_the_archive_is_said(tmp_path):
    (tmp_path / "a.csv").write_text("time;v\n2024-05-01;1\n")
    made = config(format="sensor_community", file=str(tmp_path / "a.csv"))
    assert "no file of this format; its columns are time, v" in look(made, Kept())


def test_hours_of_the_uba_begin_when_their_key_says_in_winter_time_all_year():
    found = uba.read(MEASURES, source="uba", received=NOW_MS, stations=uba.stations(STATIONS))
    # in July the first hour of the day (time_from=1) is from 23 to 24 o'clock UTC of the day before
    expected = [("2026-06-30T23:00:00Z", 24.0), ("2026-07-01T22:00:00Z", 17.0)]
    assert [(r.at, r.value) for r in found.readings] == [
        (milliseconds(text, now=NOW_MS), value) for text, value in expected
    ]
    (stream,) = found.streams
    assert (stream.key, stream.property, stream.unit, stream.statistic) == (
        "uba/1041/no2", "no2", "ug/m3", "mean",
    )  # fmt: skip
    assert (stream.name, stream.lon, stream.lat) == ("Lünen-Niederaden", 7.5691, 51.5922)
    assert stream.interval_s == 3600


def test_the_begin_of_an_hour_of_the_uba_is_an_hour_before_its_end():
    rows = MEASURES["data"]["1041"]
    found = uba.read(MEASURES, source="uba", received=NOW_MS)
    ends = {
        milliseconds(row[3], "+01:00", now=NOW_MS) for row in rows.values() if row[2] is not None
    }
    assert {r.at + 3_600_000 for r in found.readings} == ends


def test_other_scopes_components_and_the_air_quality_index():
    data = {"7": {
        "2026-07-01 00:00:00": [[2, 4, 0.5, "2026-07-01 01:00:00", 0], [1, 1, 20, "", 0]],
        "2026-07-01 01:00:00": [99, 2, 1, "", 0],
        "2026-07-01 02:00:00": ["2026-07-01 03:00:00", 1, 0, [3, 61, 1, "1.0"], [9, None, 1, ""]],
    }}  # fmt: skip
    found = uba.read({"indices": [], "data": data}, source="uba", received=NOW_MS)
    assert {r.stream: r.value for r in found.readings} == {
        "uba/7/co/mean-of-8-hours": 0.5, "uba/7/pm10/mean-of-the-day": 20.0, "uba/7/o3": 61.0,
    }  # fmt: skip
    assert {s.property: s.unit for s in found.streams} == {
        "co": "mg/m3", "pm10": "ug/m3", "o3": "ug/m3",
    }  # fmt: skip
    assert [(r.reason, r.detail) for r in found.refused] == [
        ("unknown_format", "station 7, 2026-07-01 01:00:00: component 99 is not known")
    ]


def test_the_uba_as_a_source_with_its_stations(tmp_path):
    (tmp_path / "measures.json").write_text(json.dumps(MEASURES))
    (tmp_path / "stations.json").write_text(json.dumps(STATIONS))
    made = config(
        format="uba",
        file=str(tmp_path / "measures.json"),
        stations=str(tmp_path / "stations.json"),
    )
    kept = Kept()
    assert look(made, kept) == ""
    assert kept.streams["table/1041/no2"].lat == 51.5922
    checked = source(made).check(5)
    assert len(checked.readings) == 2


@pytest.mark.parametrize("message", [[], {}, 7, None, "x", {"data": 7}, {"error": "no"}])
def test_what_is_no_answer_of_a_service_is_refused(message):
    assert [r.reason for r in uba.read(message, source="u", received=NOW_MS).refused] == [
        "unknown_format"
    ]
    found = sensor_community.read(message, source="s", received=NOW_MS)
    assert not found.readings
    assert {r.reason for r in found.refused} <= {"unknown_format"}


WORDS = st.sampled_from(
    ["data", "indices", "1041", "2026-07-01 00:00:00", "sensordatavalues", "location", "sensor",
     "value", "value_type", "P1", "timestamp", "2026-09-07 12:00:05", "id", "sensor_type", "indoor"]
)  # fmt: skip
ANSWERS = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 50) | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=15,
)


@settings(max_examples=50)
@given(ANSWERS)
def test_no_answer_makes_a_format_fail(message):
    for found in (
        uba.read({"indices": 1, "data": message}, source="x", received=NOW_MS),
        sensor_community.read(message, source="x", received=NOW_MS),
    ):
        assert {r.stream for r in found.readings} <= {s.key for s in found.streams}
    assert isinstance(uba.stations(message), dict)
