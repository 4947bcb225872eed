"""Moments, numbers and JSON of feeds, against the standard library and by hand."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.sensors.json_text import loads
from layers.sensors.values import RefusedError, clean, is_twice, milliseconds, number, zone_of
from twin.errors import SourceError

NOW = 1_790_000_000_000  # September 2026
BERLIN = "Europe/Berlin"
REASONS = {"no_time", "time_past", "time_future"}


def utc(*parts):
    return int(datetime(*parts, tzinfo=UTC).timestamp() * 1000)


def reason(call, *args, **more):
    with pytest.raises(RefusedError) as caught:
        call(*args, **more)
    return caught.value.reason


def outcome(call, *args, **more):
    """Give what a call gives, or the reason for which it refuses."""
    try:
        return call(*args, **more)
    except RefusedError as error:
        return error.reason


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2013-10-31T22:55:00Z", None, utc(2013, 10, 31, 22, 55)),
        ("2013-10-31 23:55:00", BERLIN, utc(2013, 10, 31, 22, 55)),
        ("2013-07-31 23:55", BERLIN, utc(2013, 7, 31, 21, 55)),
        ("2013-10-31 23:55:00+01:00", BERLIN, utc(2013, 10, 31, 22, 55)),
        ("2013-10-31 23:55:00 +0100", None, utc(2013, 10, 31, 22, 55)),
        ("2013-10-31 23:55:00 MEZ", None, utc(2013, 10, 31, 22, 55)),
        ("2013-10-31T22:55:00.123456789Z", None, utc(2013, 10, 31, 22, 55) + 123),
        ("31.10.2013 23:55", BERLIN, utc(2013, 10, 31, 22, 55)),
        ("31.10.13, 7.05 Uhr", BERLIN, utc(2013, 10, 31, 6, 5)),
        ("31.10.2013", BERLIN, utc(2013, 10, 30, 23)),  # begin of the local day
        ("2013-07-01", BERLIN, utc(2013, 6, 30, 22)),
        ("20131031", None, utc(2013, 10, 31)),
        ("201310312355", None, utc(2013, 10, 31, 23, 55)),
        ("2013-10-31 24:00:00", None, utc(2013, 11, 1)),
        ("31.10.2013 24:00", None, utc(2013, 11, 1)),
        ("2013-10-31T22:00:00Z/2013-10-31T23:00:00Z", None, utc(2013, 10, 31, 22)),
        ("2013/10/31 22:55", None, utc(2013, 10, 31, 22, 55)),
        ("Thu, 31 Oct 2013 22:55:00 GMT", None, utc(2013, 10, 31, 22, 55)),
        ("1383260100", None, utc(2013, 10, 31, 22, 55)),
        (1383260100, None, utc(2013, 10, 31, 22, 55)),
        (1383260100.25, None, utc(2013, 10, 31, 22, 55) + 250),
        (1383260100000, None, utc(2013, 10, 31, 22, 55)),
        (1383260100000000, None, utc(2013, 10, 31, 22, 55)),
        (1383260100000000000, None, utc(2013, 10, 31, 22, 55)),
        (date(2013, 7, 1), BERLIN, utc(2013, 6, 30, 22)),
        (datetime(2013, 7, 1, 2, tzinfo=timezone(timedelta(hours=2))), None, utc(2013, 7, 1)),
    ],
)
def test_a_moment_is_read_in_all_usual_spellings(text, zone, expected):
    assert milliseconds(text, zone, now=NOW) == expected


def test_forms_that_are_told():
    assert milliseconds("31/10/13 23h", BERLIN, "%d/%m/%y %Hh") == utc(2013, 10, 31, 22)
    assert milliseconds(1383260100, form="s") == utc(2013, 10, 31, 22, 55)
    assert milliseconds("41578,5", form="excel") == utc(2013, 10, 31, 12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "no_time"), (None, "no_time"), (True, "no_time"), ("31/10/2013", "no_time"),
        ("yesterday", "no_time"), (math.nan, "no_time"), (math.inf, "no_time"), ([1], "no_time"),
        ("2013-13-01", "no_time"), ("x" * 10_000, "no_time"), ("1970-01-01", "time_past"),
        (0, "time_past"), ("1989-12-31T23:59:59Z", "time_past"), ("2099-01-01", "time_future"),
        (1e300, "time_future"), (10**400, "no_time"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_moment_is_refused_by_reason(text, expected):
    assert reason(milliseconds, text, now=NOW) == expected


def test_a_clock_may_be_ahead_by_a_day_and_not_more():
    assert milliseconds(NOW + 86_400_000, now=NOW) == NOW + 86_400_000
    assert reason(milliseconds, NOW + 86_400_001, now=NOW) == "time_future"


@given(st.integers(utc(1995, 1, 1), utc(2026, 1, 1)))
def test_local_times_are_those_of_the_standard_library(at):
    at -= at % 1000
    local = datetime.fromtimestamp(at / 1000, ZoneInfo(BERLIN))
    text = local.strftime("%Y-%m-%d %H:%M:%S")
    assert milliseconds(text, BERLIN, fold=local.fold) == at
    assert milliseconds(local.isoformat()) == at
    assert is_twice(text, BERLIN) == (
        local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    )


def test_the_doubled_hour_is_the_first_one_unless_told_and_the_missing_hour_is_refused():
    first, second = (milliseconds("2013-10-27 02:30", BERLIN, fold=fold) for fold in (0, 1))
    assert (first, second) == (utc(2013, 10, 27, 0, 30), utc(2013, 10, 27, 1, 30))
    with pytest.raises(RefusedError, match="left out") as caught:
        milliseconds("2014-03-30 02:30", BERLIN)
    assert caught.value.reason == "no_time"
    assert (
        milliseconds("2014-03-30 03:00", BERLIN) - milliseconds("2014-03-30 01:00", BERLIN)
        == 3_600_000
    )
    assert milliseconds("2014-03-30 02:30", "CET") == utc(2014, 3, 30, 1, 30)  # all year the same


@pytest.mark.parametrize("zone", ["Mars/Olympus", "+99:00", "../etc/passwd", "Europe/Berlin\0"])
def test_a_zone_that_is_none_is_said(zone):
    with pytest.raises(SourceError, match="no time zone"):
        zone_of(zone)


@pytest.mark.parametrize(
    ("text", "decimal", "expected"),
    [
        ("1.234", "", 1.234), ("1,234", "", 1.234), ("1.234", ",", 1234), ("1,234", ".", 1234),
        ("1.234,5", "", 1234.5), ("1,234.5", "", 1234.5), ("1.234.567", "", 1234567),
        ("-0,5", "", -0.5), ("1e5", "", 1e5), ("\u22123", "", -3), ("1\u202f234,5", "", 1234.5),
        (7, "", 7), (7.5, "", 7.5), (" 21 ", "", 21),
    ],
)  # fmt: skip
def test_numbers_with_comma_point_and_thousands(text, decimal, expected):
    assert number(text, decimal=decimal) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("12 µg", "no_number"), ("", "no_number"), (None, "no_number"), (True, "no_number"),
        ("on", "no_number"), ([1], "no_number"), ({}, "no_number"), ("1_000", "no_number"),
        ("0x10", "no_number"), ("1.2.3", "no_number"), ("\u0663", "no_number"),
        ("9" * 1000, "no_number"), ("NaN", "not_finite"), (math.nan, "not_finite"),
        ("-inf", "not_finite"), ("1e400", "not_finite"), (10**400, "not_finite"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused_by_reason(value, expected):
    assert reason(number, value) == expected


def test_truth_values_and_words_are_numbers_only_where_the_mapping_says_so():
    assert [number(v, booleans=True) for v in (True, "OFF", "ja")] == [1, 0, 1]
    assert number("frei", words={"frei": 0, "belegt": 1}) == 0
    assert reason(number, "kaputt", words={"frei": 0}) == "no_number"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@settings(max_examples=50)
@given(ANYTHING, st.sampled_from(["", ",", "."]), st.booleans())
def test_a_number_is_finite_or_refused(value, decimal, booleans):
    found = outcome(number, value, decimal=decimal, booleans=booleans)
    assert found in {"no_number", "not_finite"} or math.isfinite(found)


@given(
    ANYTHING, st.sampled_from([None, BERLIN, "+01:00"]), st.sampled_from(["", "s", "excel", "%d"])
)
def test_a_moment_is_within_the_window_or_refused(value, zone, form):
    found = outcome(milliseconds, value, zone, form, now=NOW)
    assert found in REASONS or utc(1990, 1, 1) <= found <= NOW + 86_400_000


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_a_number_survives_being_written_in_german(value):
    written = f"{value:,.3f}".translate(str.maketrans(",.", ".,"))
    assert number(written, decimal=",") == float(f"{value:.3f}")


@settings(max_examples=50)
@given(ANYTHING.filter(lambda v: not isinstance(v, bytes)))
def test_json_that_is_sound_is_read_as_the_standard_library_does(value):
    try:
        text = json.dumps(value)
    except TypeError:
        return
    assert repr(loads(text)) == repr(json.loads(text))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "not_json"), (b"\xff\xfe", "not_json"), (b"{", "not_json"), (b"abc", "not_json"),
        (b'{"a":1,"a":2}', "not_json"), (b"[" * 100_000, "too_large"),
        (b"[" * 80 + b"]" * 80, "too_large"), (b" " * 5_000_001, "too_large"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, "too_large"),
    ],
)  # fmt: skip
def test_json_bombs_and_garbage_are_refused(data, expected):
    assert reason(loads, data) == expected


def test_numbers_too_large_to_hold_come_back_as_infinity_and_are_refused_one_by_one():
    read = loads(b'{"a": 1e400, "b": ' + b"9" * 500_000 + b', "c": NaN, "d": 1}')
    assert read["d"] == 1
    assert [reason(number, read[key]) for key in "abc"] == ["not_finite"] * 3


@given(st.text(), st.integers(1, 50))
def test_a_cleaned_text_is_one_short_line_that_can_be_stored(text, most):
    found = clean(text, most)
    assert len(found) <= most
    assert found.isprintable()
    assert found.encode("utf-8").decode("utf-8") == found
