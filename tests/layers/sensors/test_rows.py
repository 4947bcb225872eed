"""Whole tables read by a mapping: the same as row by row; rows in order at clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.sensors.columns import Folds
from layers.sensors.mapping import Mapping
from layers.sensors.rows import read_rows
from twin.errors import SourceError

NOW = 1_790_000_000_000
WIDE = Mapping.model_validate(
    {
        "stream": ["place", "lane"],
        "time": {"path": "time", "zone": "Europe/Berlin"},
        "location": {"lon": "x", "lat": "y", "needed": True},
        "none": ["", "-999"],
        "suspect": {"ok": "yes"},
        "values": [
            {"path": "t", "property": "air_temperature", "unit_path": "u"},
            {"path": "n", "property": "vehicles", "when": {"ok": [1, "yes"]}},
            {"path": "n", "property": "vehicles", "series": "odd", "when": {"ok": {"not": [1]}}},
        ],
    }
)

CELLS = {
    "place": ["a", "b", ""],
    "lane": ["1", "2", ""],
    "time": ["2024-05-01 12:00", "01.05.2024 12:05", "1970-01-01", "2099-01-01", "x", "",
             "2024-03-31 02:30", "1714557600"],
    "x": ["7.1", "7,1", "0", "", "x"],
    "y": ["50.8", "50.8", "0"],
    "t": ["20", "20,5", "-999", "NaN", "warm", "", "inf"],
    "u": ["°C", "°F", "", "kg"],
    "n": ["5", "1.5e3", "true", ""],
    "ok": ["1", "yes", "0", "1.0"],
}  # fmt: skip


def read(mapping, table, **more):
    table.index = range(2, len(table) + 2)
    return read_rows(mapping, table, source="town", received=NOW, **more)


@settings(max_examples=15)
@given(
    st.lists(
        st.fixed_dictionaries({k: st.sampled_from(v) for k, v in CELLS.items()}),
        min_size=1,
        max_size=12,
    )
)
def test_a_table_says_the_same_as_its_rows_one_by_one(rows):
    # the place of a series is the last one that it tells, so each row has its own series here
    rows = [{**row, "lane": f"{row['lane']}{n}"} for n, row in enumerate(rows)]
    table = read(WIDE, pd.DataFrame(rows, dtype="str"))
    single = [WIDE.read(row, source="town", received=NOW) for row in rows]
    assert sorted(table.readings) == sorted(r for found in single for r in found.readings)
    assert {s.key: s for s in table.streams} == {s.key: s for f in single for s in f.streams}
    ours = sorted(r.reason for r in table.refused)
    assert ours == sorted(r.reason for f in single for r in f.refused if r.reason != "no_value")


def test_refusals_say_their_row_and_many_are_counted_without_words():
    mapping = Mapping.model_validate({"values": [{"path": "t", "property": "air_temperature"}]})
    found = read(mapping, pd.DataFrame({"t": ["1", "warm", *["kalt"] * 100]}))
    assert found.refused[0].detail == "row 3, t: 'warm'"
    assert len(found.refused) == 101
    assert {r.reason for r in found.refused} == {"no_number"}
    assert [bool(r.detail) for r in found.refused].count(True) == 20


def local_times(zone, begin, count, step):
    """Give local texts and the moments they mean, made by the standard library."""
    moments = [begin + step * n for n in range(count)]
    texts = [m.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S") for m in moments]
    return texts, [int(m.timestamp() * 1000) for m in moments]


@pytest.mark.parametrize(
    ("zone", "begin"),
    [
        ("Europe/Berlin", datetime(2013, 10, 26, 20, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2014, 3, 29, 20, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2024, 4, 6, 10, tzinfo=UTC)),  # by half an hour
    ],
)
@pytest.mark.parametrize("step_min", [5, 30])
@pytest.mark.parametrize("cut", [0, 13])
def test_clock_changes_are_told_by_the_order_of_the_rows(zone, begin, step_min, cut):
    count = 12 * 60 // step_min
    texts, moments = local_times(zone, begin, count, timedelta(minutes=step_min))
    mapping = Mapping.model_validate(
        {
            "stream": "s",
            "time": {"path": "time", "zone": zone},
            "values": [{"path": "v", "property": "vehicles", "when": {"kind": "car"}},
                       {"path": "v", "property": "bicycles", "when": {"kind": "bike"}}],
        }
    )  # fmt: skip
    kinds, places = ("car", "bike"), ("a", "b")
    rows = [
        {"time": text, "s": place, "kind": kind, "v": str(n)}
        for n, text in enumerate(texts)
        for place in places
        for kind in kinds
    ]
    table = pd.DataFrame(rows)
    folds = Folds()  # kept over the parts in which a file is read
    parts = [part for part in (table[: cut * 4 + 1], table[cut * 4 + 1 :]) if len(part)]
    found = [read(mapping, part.copy(), folds=folds) for part in parts]
    readings = [r for part in found for r in part.readings]
    for key in {r.stream for r in readings}:
        mine = sorted((r.value, r.at) for r in readings if r.stream == key)
        assert [at for _, at in mine] == moments


def test_rows_sorted_by_local_time_are_told_apart_where_a_time_comes_again():
    texts = ["2013-10-27 02:00", "2013-10-27 02:00", "2013-10-27 02:30", "2013-10-27 02:30"]
    mapping = Mapping.model_validate(
        {"time": {"path": "t", "zone": "Europe/Berlin"}, "values": [{"path": "v", "property": "x"}]}
    )
    found = read(mapping, pd.DataFrame({"t": texts, "v": ["1", "2", "3", "4"]}))
    minutes = [(r.at - 1_382_832_000_000) // 60_000 for r in found.readings]
    assert minutes == [0, 60, 30, 90]


def test_columns_that_are_no_texts():
    table = pd.DataFrame(
        {
            "time": pd.to_datetime(["2024-05-01 12:00", None, "2024-05-01 13:00"]),
            "v": [1.5, 2.5, np.inf],
            "b": [True, False, True],
            "n": pd.array([1, None, 3], dtype="Int64"),
        }
    )
    mapping = Mapping.model_validate(
        {
            "time": {"path": "time"},
            "values": [
                {"path": "v", "property": "speed"},
                {"path": "b", "property": "charging_used", "booleans": True},
                {"path": "n", "property": "vehicles"},
            ],
        }
    )
    found = read(mapping, table)
    assert sorted(r.value for r in found.readings) == [1.0, 1.0, 1.0, 1.5, 3.0]
    assert sorted(r.reason for r in found.refused) == ["no_time", "no_time", "not_finite"]


def test_date_and_clock_in_two_columns():
    mapping = Mapping.model_validate(
        {
            "time": {"path": "Datum", "clock": "Uhrzeit", "zone": "Europe/Berlin"},
            "values": [{"path": "v", "property": "speed"}],
        }
    )
    table = pd.DataFrame({"Datum": ["31.10.2013"], "Uhrzeit": ["23:55"], "v": ["1"]})
    assert read(mapping, table).readings[0].at == 1_383_260_100_000


def test_missing_columns_are_named():
    mapping = Mapping.model_validate(
        {"stream": "s", "values": [{"path": "v", "property": "speed"}]}
    )
    with pytest.raises(SourceError, match=r"lacks the columns s; it has v, w\."):
        read(mapping, pd.DataFrame({"v": ["1"], "w": ["2"]}))
