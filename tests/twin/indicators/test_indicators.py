"""Indicators add up, explain themselves, know their range."""

import math

import pandas as pd
import pytest

from tests.twin.indicators.made import COLUMNS, GIVEN, results
from twin.compare import compare, difference, ranking
from twin.errors import ModelError
from twin.indicators import INDICATORS, Indicator, explain, indicator_table
from twin.indicators.ranges import bounds, spread, with_bounds

NAMES = ["heat.warm", "balance.dear"]


def spread_of(saved=0.0):
    base = results(saved=saved)
    return spread(base, lambda given: results(given, saved=saved), NAMES)


def test_sums_and_ratios_by_city_district_and_block():
    table = indicator_table(results())["value"]
    assert table["heat_demand", "city", "city", 2025] == 40
    assert table["heat_demand", "district", "north", 2025] == 30
    assert table["heat_demand", "block", "2", 2030] == 20
    assert table["heat_demand_m2", "city", "city", 2025] == 100
    assert table["heat_peak", "city", "city", 2025] == 0.02
    assert ("heat_demand", "block", "nan", 2025) not in table.index


def test_a_ratio_over_nothing_is_missing_not_infinite():
    ratio = Indicator("r", "R", "", "r", top=("a",), bottom=("b",))
    sums = pd.DataFrame({"a": [1.0], "b": [0.0]}, ["city"])
    assert math.isnan(ratio.values(sums, pd.DataFrame())["city"])


def test_the_range_is_the_root_of_the_sum_of_squares_of_single_runs():
    moved = spread_of()
    assert moved.loc[("heat_demand", 2025, "heat.warm")].tolist() == pytest.approx([-8, 12])
    assert moved.loc[("heat_demand", 2025, "balance.dear")].tolist() == [0, 0]
    # bill 4,000 EUR: heat -800 or +1,200, price -2,000 or +2,000
    reach = bounds(moved).loc[("energy_cost", 2025)]
    assert reach.tolist() == pytest.approx(
        [math.hypot(800, 2000) / 1e6, math.hypot(1200, 2000) / 1e6]
    )


def test_years_that_were_not_run_get_a_range_between_those_that_were():
    base = results(years=(2025, 2030, 2035), saved=100)
    moved = spread(base, lambda given: results(given, years=(2025, 2035), saved=100), NAMES)
    full = spread(base, lambda given: results(given, years=(2025, 2030, 2035), saved=100), NAMES)
    ends = ("heat_demand", 2025, "heat.warm"), ("heat_demand", 2035, "heat.warm")
    for key in ends:
        assert moved.loc[key].tolist() == pytest.approx(full.loc[key].tolist())
    between = moved.loc[("heat_demand", 2030, "heat.warm")].tolist()
    assert between == pytest.approx(full.loc[("heat_demand", 2030, "heat.warm")].tolist(), rel=0.02)


def test_areas_get_the_relative_range_of_the_city():
    table = with_bounds(indicator_table(results()), spread_of())
    north = table.loc[("heat_demand", "district", "north", 2025)]
    assert (north["low"], north["value"], north["high"]) == pytest.approx((24, 30, 39))


def test_an_explanation_holds_all_that_makes_the_figure():
    told = explain(results(), "heat_demand", 2025, spread=spread_of())
    assert (told.value, told.unit, told.data_date) == (40, "MWh/a", "2026-01-01")
    assert (told.low, told.high) == pytest.approx((32, 52))
    by_column = {entry.column: entry.shares for entry in told.inputs}
    assert by_column["age_class"] == {"registered": 0.25, "tagged": 0.25, "estimated": 0.5}
    assert [entry.name for entry in told.assumptions] == ["heat.warm"]
    assert [driver.name for driver in told.drivers] == ["heat.warm"]
    assert told.as_dict()["inputs"][0]["shares"]
    block = explain(results(), "heat_demand", 2025, level="block", area="1")
    assert (block.value, block.low) == (10, None)
    assert block.inputs[0].shares == {"registered": 1.0}


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        ({"name": "heat"}, "no indicator called heat"),
        ({"year": 2031}, "no stage in 2031"),
        ({"level": "block", "area": "9"}, "no value for block 9"),
    ],
)
def test_what_is_not_there_is_said(ask, said):
    wanted = {"name": "heat_demand", "year": 2025, **ask}
    with pytest.raises(ModelError, match=said):
        explain(results(), wanted.pop("name"), wanted.pop("year"), **wanted)


def test_comparison_has_a_column_a_scenario_and_the_difference_a_sign():
    one, other = results(), results(saved=100)
    table = compare({"trend": one, "plan": other})
    assert table.loc[("heat_demand", "city", "city", 2030)].tolist() == [40, 38.5]
    change = difference(one, other).loc[("heat_demand", "city", "city", 2030)]
    assert (change["change"], change["percent"]) == pytest.approx((-1.5, -3.75))
    assert (difference(one, one)["change"].dropna() == 0).all()


def test_a_ranking_holds_where_both_move_alike():
    one, other = results(), results(saved=100)
    told = ranking(one, other, (spread_of(), spread_of(saved=100)))
    assert told.loc[("heat_demand", 2030)].tolist() == pytest.approx([-1.5, -1.5, -1.5, True])
    assert not told.loc[("heat_demand", 2025), "change"]
    # the bill of the saved heat goes from 50 to 150 EUR with the price, never to nothing
    assert told.loc[("energy_cost", 2030), "holds"]


def test_rankings_over_different_runs_are_refused():
    with pytest.raises(ModelError, match="not run with the same stages"):
        ranking(results(), results(), (spread_of(), spread_of().iloc[:4]))


def test_every_indicator_has_words_a_unit_and_something_to_sum():
    for indicator in INDICATORS.values():
        assert indicator.label
        assert len(indicator.formula) > 15
        assert indicator.top or indicator.peak
        assert set(indicator.top) <= set(COLUMNS)
    assert GIVEN.of(["heat"]).entries
