"""Sets of assumptions: a model reads them, a scenario replaces some, a range moves one."""

import math

import pytest

from twin.assumptions import Assumption, AssumptionError, Assumptions, assumptions

ENTRIES = {
    "heat.set_point": Assumption("heat.set_point", 20, 18, 22, "°C", "practice", "made up"),
    "co2.gas.2025": Assumption("co2.gas.2025", 240, 200, 250, "g/kWh", "own", "made up"),
    "co2.gas.2045": Assumption("co2.gas.2045", 140, 100, 200, "g/kWh", "own", "made up"),
}
GIVEN = Assumptions(ENTRIES)


def test_values_by_name_class_and_year():
    assert GIVEN["heat.set_point"] == 20
    assert GIVEN.by_class("co2.gas") == {"2025": 240, "2045": 140}
    assert GIVEN.at("co2.gas", 2035) == 190
    assert GIVEN.at("co2.gas", 2060) == 140
    assert GIVEN.array("co2.gas", ["2045", "2025"]).tolist() == [140, 240]


def test_an_own_value_keeps_the_unit_says_whose_it_is_and_changes_the_hash():
    mine = GIVEN.replaced({"heat.set_point": 24})
    entry = mine.entry("heat.set_point")
    assert (entry.value, entry.unit, entry.status, entry.high) == (24, "°C", "user", 24)
    assert mine.hash != GIVEN.hash
    assert mine.of(["co2"]).hash == GIVEN.of(["co2"]).hash
    assert GIVEN["heat.set_point"] == 20


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(AssumptionError, match=r"heat.set_point.*Give a number in °C.*18 to 22"):
        GIVEN.replaced({"heat.set_point": value})


def test_unknown_names_are_named():
    for ask in (
        lambda: GIVEN["heat.setpoint"],
        lambda: GIVEN.replaced({"heat.setpoint": 1}),
        lambda: GIVEN.at_end("heat.setpoint", "low"),
        lambda: GIVEN.at("heat.setpoint", 2030),
    ):
        with pytest.raises(AssumptionError, match=r"no assumption called heat\.setpoint"):
            ask()


def test_one_end_of_a_range_moves_all_classes_together():
    low = GIVEN.at_end("co2.gas", "low")
    assert low.by_class("co2.gas") == {"2025": 200, "2045": 100}
    assert low["heat.set_point"] == 20


def test_what_carries_no_theme_is_asked_for_as_city():
    given = assumptions().of(["city"])
    assert "storey_height.detached" in given
    assert "heat.albedo" not in given
    assert "storey_height.detached" not in assumptions().of(["heat"])
