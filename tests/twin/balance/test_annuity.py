"""Annuities against the table of VDI 2067 and against present values."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from tests.twin.energy.supply.houses import make_stock
from twin.assumptions import assumptions
from twin.balance import annuity_factor, capital_costs

given = assumptions()


@pytest.mark.parametrize(
    ("interest", "years", "expected"),
    [(0.03, 20, 0.0672), (0.05, 15, 0.0963), (0.07, 20, 0.0944), (0.06, 10, 0.1359),
     (0.04, 30, 0.0578), (0.0, 20, 0.05)],
)  # fmt: skip
def test_factors_are_those_of_the_tables(interest, years, expected):
    """Annuity tables of textbooks (VDI 2067-1 uses the same factor), four digits."""
    assert annuity_factor(interest, years) == pytest.approx(expected, abs=5e-5)


@drawn(st.floats(0.001, 0.15), st.integers(1, 60))
def test_the_payments_are_worth_the_investment(interest, years):
    worth = sum(annuity_factor(interest, years) / (1 + interest) ** t for t in range(1, years + 1))
    assert worth == pytest.approx(1.0)


def table_of(stock, **euros):
    names = ("retrofit_eur", "heating_eur", "pv_eur", "battery_eur")
    columns = dict.fromkeys((*names, "retrofit_levy_eur", "heating_levy_eur"), 0.0) | euros
    return pd.DataFrame(columns, index=stock.index)


def test_investments_are_paid_for_as_long_as_they_are_used():
    stock = make_stock(system="air_heat_pump")
    made = table_of(stock, retrofit_eur=40_000.0, heating_eur=30_000.0, battery_eur=5_000.0)
    history = [(2030, made)]
    in_use = {
        year: capital_costs(history, stock, year, given).iloc[0]
        for year in (2029, 2030, 2044, 2045, 2050)
    }
    assert in_use[2029].eq(0).all()
    assert in_use[2030]["heating_eur"] == pytest.approx(30_000 * 0.0672157, rel=1e-5)
    assert in_use[2044]["battery_eur"] > 0 == in_use[2045]["battery_eur"]
    assert in_use[2050]["heating_eur"] == 0
    assert in_use[2050]["retrofit_eur"] == in_use[2030]["retrofit_eur"]


def test_stages_add_up_and_what_is_demolished_drops_out():
    stock = make_stock(2)
    first, second = table_of(stock, pv_eur=10_000.0), table_of(stock, pv_eur=3_000.0)
    both = capital_costs([(2030, first), (2035, second)], stock, 2035, given)
    alone = [capital_costs([(2030, t)], stock, 2035, given) for t in (first, second)]
    pd.testing.assert_frame_equal(both, alone[0] + alone[1])
    left = capital_costs([(2030, first)], stock.iloc[[1]], 2035, given)
    assert left.index.tolist() == ["b1"]
    assert np.isfinite(left.to_numpy()).all()
