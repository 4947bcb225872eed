import numpy as np
import pandas as pd
import pytest

from tests.twin.energy.heat_grid.town import customers, line_town, plan
from twin.assumptions import assumptions
from twin.energy.heat_grid import compare_decentral, lay_network, network_price
from twin.energy.heat_grid.costs import annuity_factor, investment, yearly_costs
from twin.energy.heat_grid.plant import make_plant

GIVEN = assumptions()


def test_annuity_pays_the_loan_back():
    rate, debt = annuity_factor(0.06, 15), 1.0
    for _ in range(15):
        debt = debt * 1.06 - rate
    assert debt == pytest.approx(0, abs=1e-12)


def test_investment_and_yearly_cost_by_hand():
    given = GIVEN.replaced({"grid.interest": 0.05})
    pipes = pd.DataFrame({"cost_eur": [60_000.0, 40_000.0]})
    houses = pd.DataFrame({"connection_eur": [10_000.0], "substation_eur": [6_000.0]})
    plant = make_plant(plan(sources={"gas_boiler": 1.0}), 150_000, 50, given)
    parts = investment(pipes, houses, plant, given)
    # 150 MWh at 1500 h: 100 kW at 100 EUR
    assert parts == pytest.approx(
        {"pipes": 100_000, "connections": 10_000, "substations": 6_000, "plant": 10_000,
         "planning": 15_120, "subsidy": 0}
    )  # fmt: skip
    figures = {"supplied_kwh": 130_000, "pump_kwh": 1_000}
    costs = yearly_costs(parts, figures, plant, given)
    long, short = 1.12 * 0.0582782, 1.12 * 0.0802426  # 5 % over 40 and 20 years
    assert costs["capital_eur_a"] == pytest.approx(110_000 * long + 16_000 * short, rel=1e-5)
    assert costs["upkeep_eur_a"] == pytest.approx(1000 + 100 + 120 + 250 + 130 * 1.44)
    assert costs["energy_eur_a"] == pytest.approx(150_000 / 0.92 * 0.065 + 2_500 * 0.193)
    assert costs["sales_eur_a"] == 0


def test_a_subsidy_lowers_investment_and_capital_alike():
    given = GIVEN.replaced({"grid.subsidy": 0.4})
    town = line_town([(20, 10), (150, 10), (280, 10)])
    ids = town.buildings.index
    full = lay_network(plan(), town, customers(ids), GIVEN)
    less = lay_network(plan(), town, customers(ids), given)
    assert sum(less.investment_eur.values()) == pytest.approx(0.6 * full.summary["investment_eur"])
    assert less.summary["capital_eur_a"] == pytest.approx(0.6 * full.summary["capital_eur_a"])


@pytest.fixture(scope="module")
def design():
    town = line_town([(20, 10), (150, 10), (280, 10)])
    return lay_network(plan(), town, customers(town.buildings.index), GIVEN)


def test_price_is_all_cost_over_all_heat(design):
    price = network_price(design, design.plan, 2030, GIVEN)
    names = ("capital_eur_a", "upkeep_eur_a", "energy_eur_a", "sales_eur_a")
    assert price == pytest.approx(sum(design.summary[n] for n in names) / 60_000)
    assert price == design.summary["price_eur_kwh"]


def test_price_follows_prices_and_sources(design):
    price = network_price(design, design.plan, 2030, GIVEN)
    dear = network_price(design, design.plan, 2030, GIVEN, prices={"electricity": 0.4})
    power = design.final_energy_kwh["electricity"]
    assert dear - price == pytest.approx(power * (0.4 - 0.193) / 60_000)
    gas = plan(sources={"gas_boiler": 1.0})
    again = lay_network(gas, line_town([(20, 10), (150, 10), (280, 10)]),
                        design.buildings, GIVEN)  # fmt: skip
    assert network_price(design, gas, 2030, GIVEN) == pytest.approx(again.summary["price_eur_kwh"])


def test_no_price_before_the_first_heat(design):
    assert np.isnan(network_price(design, design.plan, 2025, GIVEN))


def test_against_own_heating(design):
    own = pd.Series({"h0000": 0.1, "h0001": 5.0})
    found = compare_decentral(design, 0.2, own)
    assert found["network_is_cheaper"].tolist() == [False, True, False]
    assert found["saving_eur_a"].tolist()[:2] == pytest.approx([-2000, 96_000])
    assert np.isnan(found["saving_eur_a"].iloc[2])
