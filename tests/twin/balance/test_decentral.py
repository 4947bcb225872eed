"""Full cost of decentral heat by hand, limits, and as the measure of a heat network."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from tests.twin.energy.supply.houses import make_stock
from twin.assumptions import assumptions
from twin.balance import annuity_factor, best_decentral, decentral_costs, prices
from twin.balance.decentral import DECENTRAL
from twin.energy.supply import neutral_share

given = assumptions()


def series(stock, value):
    return pd.Series(value, index=stock.index, dtype="float64")


def costs(stock, kwh=17_000.0, kw=12.0, year=2025, given=given):
    return decentral_costs(stock, series(stock, kwh), series(stock, kw), year, given)


def test_gas_by_hand():
    """Boiler of 2025, 20 years, prices of each year mixed and discounted."""
    boiler = 4634 * 12**0.46
    fixed = boiler * (annuity_factor(0.03, 20) + 0.018) + 60
    weights = np.array([1.03 ** -(t + 1) for t in range(20)])
    gas = [prices(2025 + t, given).loc["gas", "household"] for t in range(20)]
    energy = np.average(gas, weights=weights) * (1 + 0.85 * 0.07 + 0.15 * 0.3) / 0.96
    found = costs(make_stock()).iloc[0]["gas_boiler"]
    assert found == pytest.approx(fixed / 17_000 + energy)
    assert 0.20 < found < 0.32


def test_an_air_heat_pump_by_hand():
    pump = 5909 * 12**0.71
    fixed = pump * (annuity_factor(0.03, 20) + 0.015)
    weights = np.array([1.03 ** -(t + 1) for t in range(20)])
    power = [prices(2025 + t, given).loc["electricity", "household"] for t in range(20)]
    energy = np.average(power, weights=weights) * (0.85 / 2.79 + 0.15 / 2.29)  # flow of 65 °C
    found = costs(make_stock(age_class="1949_1968")).iloc[0]["air_heat_pump"]
    assert found == pytest.approx(fixed / 17_000 + energy)


def test_after_the_law_gas_carries_its_climate_neutral_part():
    stock = make_stock()
    law = costs(stock, year=2027).iloc[0]["gas_boiler"]
    none = {f"supply.neutral_fuel_share.{y}": 0.0 for y in (2029, 2030, 2035, 2040, 2045)}
    free = costs(stock, year=2027, given=given.replaced(none)).iloc[0]["gas_boiler"]
    years = np.arange(2027, 2047)
    weights = 1.03 ** -(years - 2026.0)
    table = [prices(int(y), given)["household"] for y in years]
    dearer = [
        neutral_share(int(y), given) * (p["green_gas"] - p["gas"])
        for y, p in zip(years, table, strict=True)
    ]
    expected = np.average(dearer, weights=weights) * (1 + 0.85 * 0.07 + 0.15 * 0.3) / 0.96
    assert law - free == pytest.approx(expected)


def test_variable_operation_is_part_of_the_cost():
    stock = make_stock()
    worn = given.replaced({"supply.om_variable.biomass_boiler": 0.004})
    more = costs(stock, given=worn).iloc[0] - costs(stock).iloc[0]
    assert more["biomass_boiler"] == pytest.approx(0.004)
    assert more.drop("biomass_boiler").eq(0).all()


def test_a_subsidy_makes_heat_cheaper():
    stock = make_stock()
    helped = given.replaced({"balance.subsidy.air_heat_pump": 0.5})
    less = costs(stock).iloc[0] - costs(stock, given=helped).iloc[0]
    saved = 0.5 * 5909 * 12**0.71 * annuity_factor(0.03, 20) / 17_000
    assert less["air_heat_pump"] == pytest.approx(saved)
    assert less.drop("air_heat_pump").eq(0).all()


@drawn(st.floats(2, 400), st.floats(800, 2500), st.integers(2025, 2045))
def test_more_heat_from_the_same_generator_is_cheaper(kw, hours, year):
    stock = make_stock(2)
    useful = pd.Series([kw * hours, kw * hours * 1.2], index=stock.index)
    found = decentral_costs(stock, useful, series(stock, kw), year, given)
    assert (found.iloc[1] < found.iloc[0]).all()


def test_the_best_is_the_cheapest_of_those_allowed():
    rng = np.random.default_rng(8)
    stock = make_stock(
        100,
        age_class=list(rng.choice(["until_1918", "1984_2001", "2010_2016"], 100)),
        use=list(rng.choice(["residential", "office"], 100)),
    )
    useful = pd.Series(rng.uniform(2e3, 4e5, 100), index=stock.index)
    load = useful / 1500
    table = decentral_costs(stock, useful, load, 2030, given)
    best = best_decentral(stock, useful, load, 2030, given)
    assert best["heat_cost_eur_kwh"].to_numpy() == pytest.approx(table.min(axis=1).to_numpy())
    assert best["system"].astype(str).tolist() == table.idxmin(axis=1).tolist()
    few = best_decentral(stock, useful, load, 2030, given, allowed=["oil_boiler", "gas_boiler"])
    assert set(few["system"]) <= {"oil_boiler", "gas_boiler"}
    assert (few["heat_cost_eur_kwh"] >= best["heat_cost_eur_kwh"]).all()


def test_without_heat_there_is_no_cost():
    stock = make_stock(2)
    useful = pd.Series([0.0, 10_000.0], index=stock.index)
    best = best_decentral(stock, useful, series(stock, 8.0), 2025, given)
    assert best.iloc[0].isna().all()
    assert best.iloc[1].notna().all()
    assert tuple(costs(stock).columns) == DECENTRAL
