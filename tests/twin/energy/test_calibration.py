"""From calculated demand to expected consumption, and to measured blocks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from tests.twin.energy.stocks import houses
from twin.assumptions import assumptions
from twin.energy.calibration import calibration, calibration_findings, prebound
from twin.errors import ModelError

GIVEN = assumptions()
USEFUL = GIVEN["stock.delivered_per_useful"]


def test_factors_at_the_points_of_the_relation():
    useful = np.array([0, 100, 150, 200, 500, 900]) / USEFUL
    assert prebound(useful, GIVEN) == pytest.approx([1.1, 1.0, 0.92, 0.84, 0.5, 0.5])


@examples(st.floats(0, 800), st.floats(0, 200))
def test_expected_heat_never_falls_when_calculated_rises(low, more):
    for given in (GIVEN, GIVEN.at_end("stock.prebound", "low")):
        both = np.array([low, low + more])
        expected = both * prebound(both, given)
        assert expected[1] >= expected[0] - 1e-9


def test_german_homes_use_about_thirty_percent_less_than_calculated():
    # Sunikka-Blank and Galvin (2012): 3,400 homes, on average 30 % less, calculated about 225
    assert 1 - prebound(np.array([225 / USEFUL]), GIVEN)[0] == pytest.approx(0.25, abs=0.1)
    assert prebound(np.array([40 / USEFUL]), GIVEN)[0] > 1


def blocks(count=40):
    pick = np.random.default_rng(5)
    stock = houses(
        count, block_id=[f"B{i % 4}" for i in range(count)],
        heated_area_m2=pick.uniform(80, 900, count).round(2),
    )  # fmt: skip
    return stock, pd.Series(pick.uniform(30, 350, count), stock.index)


def heat(stock, each, table):
    return (table["factor"] * each * stock["heated_area_m2"]).groupby(stock["block_id"]).sum()


def test_without_measurement_every_factor_is_the_relation():
    stock, each = blocks()
    table = calibration(stock, each, GIVEN)
    assert table.index.equals(stock.index)
    assert (table["factor"] == prebound(each.to_numpy(), GIVEN)).all()
    assert set(table["factor_source"]) == {"estimated:prebound"}


def test_measured_blocks_are_met_and_only_they():
    stock, each = blocks()
    measured = pd.DataFrame({"heat_kwh": [900_000.0, 50_000.0]}, ["B1", "B3"])
    plain, table = (
        calibration(stock, each, GIVEN),
        calibration(stock, each, GIVEN, measured=measured),
    )
    got = heat(stock, each, table)
    assert got[["B1", "B3"]].tolist() == pytest.approx([900_000.0, 50_000.0], rel=1e-12)
    others = stock["block_id"].isin(["B0", "B2"])
    assert (table.loc[others, "factor"] == plain.loc[others, "factor"]).all()
    assert set(table.loc[others, "factor_source"]) == {"estimated:prebound"}
    assert set(table.loc[~others, "factor_source"]) == {"measured:block"}
    inside = stock.index[stock["block_id"] == "B1"]
    ratio = table.loc[inside, "factor"] / plain.loc[inside, "factor"]
    assert ratio.to_numpy() == pytest.approx(np.full(10, ratio.iloc[0]))  # one for the whole block


def test_order_of_buildings_and_blocks_does_not_matter_bit_for_bit():
    stock, each = blocks()
    measured = pd.DataFrame({"heat_kwh": [1e6, 5e4, 3e5]}, ["B1", "B3", "B0"])
    table = calibration(stock, each, GIVEN, measured=measured)
    turned = calibration(stock.iloc[::-1], each, GIVEN, measured=measured.iloc[::-1])
    pd.testing.assert_frame_equal(table, turned.loc[table.index], check_exact=True)


def test_a_table_may_say_where_its_values_come_from():
    stock, each = blocks()
    measured = pd.DataFrame({"heat_kwh": [1e6], "source": ["registered:heat_demand"]}, ["B1"])
    table = calibration(stock, each, GIVEN, measured=measured)
    assert set(table["factor_source"]) == {"estimated:prebound", "registered:heat_demand"}


def test_blocks_that_do_not_fit_are_found_and_change_nothing_else():
    stock, each = blocks()
    stock.loc[stock["block_id"] == "B2", "heated_area_m2"] = 0.0
    expected = heat(stock, each, calibration(stock, each, GIVEN))
    measured = pd.DataFrame(
        {"heat_kwh": [expected["B0"] * 3, expected["B1"] * 0.1, 5000.0, 10.0, expected["B3"]]},
        ["B0", "B1", "B2", "elsewhere", "B3"],
    )
    found = calibration_findings(stock, each, GIVEN, measured=measured)
    assert {f.code: (f.count, f.examples) for f in found} == {
        "block_without_heat": (2, ("B2", "elsewhere")),
        "block_below_expected": (1, ("B1",)),
        "block_above_expected": (1, ("B0",)),
    }
    table = calibration(stock, each, GIVEN, measured=measured)
    assert np.isfinite(table["factor"]).all()
    assert set(table.loc[stock["block_id"] == "B2", "factor_source"]) == {"estimated:prebound"}


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
def test_measurements_that_cannot_be_are_named(value):
    stock, each = blocks()
    measured = pd.DataFrame({"heat_kwh": [value, 5.0]}, ["B1", "B2"])
    with pytest.raises(ModelError, match=r"1 blocks cannot be used: B1"):
        calibration(stock, each, GIVEN, measured=measured)


def test_zero_measured_heat_is_zero_heat():
    stock, each = blocks()
    measured = pd.DataFrame({"heat_kwh": [0.0]}, ["B1"])
    table = calibration(stock, each, GIVEN, measured=measured)
    assert (table.loc[stock["block_id"] == "B1", "factor"] == 0).all()
