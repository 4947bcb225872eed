"""Figures in words: digits, units, changes and targets."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dash_app.components.amounts import (
    amount,
    change,
    direction_of,
    figure,
    fitting,
    rounded,
    target_of,
    target_words,
    unit_parts,
)
from dash_app.i18n import translator
from twin.indicators import INDICATORS

DE, EN = translator("de"), translator("en")
HEAT, BIKE = INDICATORS["heat_demand"], INDICATORS["mode_bike"]


@given(st.floats(min_value=1e-6, max_value=1e12))
def test_three_digits_are_off_by_half_a_percent_at_most(value: float) -> None:
    assert abs(rounded(value) - value) <= 0.00501 * value
    assert len(f"{rounded(value):.12g}".replace(".", "").strip("0").split("e")[0]) <= 3


@pytest.mark.parametrize(
    ("after", "before", "words", "verdict"),
    [
        (880.0, 1000.0, "12\u202f% weniger", "better"),
        (1015.0, 1000.0, "1,5\u202f% mehr", "worse"),
        (1000.2, 1000.0, "gleich", "even"),
        (5000.0, 1000.0, "4.000\u202fMWh/a mehr", "worse"),  # no "400 % more"
        (40.0, 0.0, "40\u202fMWh/a mehr", "worse"),
        (-10.0, 20.0, "30\u202fMWh/a weniger", "better"),
    ],
)
def test_changes_are_said_in_words(after: float, before: float, words: str, verdict: str) -> None:
    moved = change(DE, HEAT, after, before)
    assert (moved.words, moved.verdict) == (words, verdict)


def test_percent_changes_in_points_and_not_in_percent() -> None:
    assert change(DE, BIKE, 18.9, 17.0).words == "1,9 Punkte mehr"
    assert change(DE, BIKE, 18.0, 17.0).words == "1 Punkt mehr"
    assert change(EN, BIKE, 15.0, 17.0).words == "2 points less"
    assert change(DE, BIKE, 18.9, 17.0).verdict == "better"


def test_what_is_neither_good_nor_bad_gets_no_verdict() -> None:
    assert change(DE, INDICATORS["investment"], 2.0, 1.0).verdict == "none"
    assert change(DE, HEAT, math.nan, 1.0).words == "–"


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_a_change_turns_round_with_its_sides(one: float, other: float) -> None:
    turned = {"rise": "fall", "fall": "rise", "even": "even"}
    assert turned[direction_of("MWh/a", one, other)] == direction_of("MWh/a", other, one)


@given(st.sampled_from(sorted({i.unit for i in INDICATORS.values()})), st.floats(1e-3, 1e9))
def test_a_unit_that_fits_keeps_the_amount(unit: str, value: float) -> None:
    known = {"GWh/a": 1e3, "MWh/a": 1.0, "million EUR": 1e6, "EUR": 1.0, "million EUR/a": 1e6,
             "EUR/a": 1.0, "MW": 1e3, "kW": 1.0, "MWp": 1e3, "kWp": 1.0}  # fmt: skip
    shown, factor = fitting(unit, [value])
    if shown == unit:
        assert factor == 1.0
    else:
        assert value * factor * known[shown] == pytest.approx(value * known[unit])


def test_targets_say_what_is_missing() -> None:
    targets = {"heat_demand": {2030: 900.0, 2040: 500.0}, "mode_bike": {2030: 25.0}}
    near = target_of(targets, "heat_demand", 2030)
    assert near is not None
    assert target_words(DE, HEAT, near, 1020.0) == "Ziel 2030: 900, noch \u221212\u202f%"
    assert target_words(DE, HEAT, near, 899.0) == "Ziel 2030: 900, erreicht"
    share = target_of(targets, "mode_bike", 2025)
    assert share is not None
    assert target_words(DE, BIKE, share, 17.0) == "Ziel 2030: 25\u202f%, noch +8"
    later = target_of(targets, "heat_demand", 2035)
    past = target_of(targets, "heat_demand", 2045)
    assert later is not None
    assert past is not None
    assert (later.year, past.year) == (2040, 2040)
    assert target_of(targets, "emissions", 2030) is None


def test_numbers_have_a_real_minus_and_units_a_low_two() -> None:
    assert figure(DE, -1234.5) == "\u22121.230"
    assert amount(EN, 58_349.0, "t CO2e/a") == "58,300\u202ft CO2e/a"
    assert [type(part).__name__ for part in unit_parts(DE, "t CO2e/a")] == [
        "str", "str", "Sub", "str"
    ]  # fmt: skip
