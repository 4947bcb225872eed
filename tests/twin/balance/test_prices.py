"""Prices against published bills, the CO2 price within them, feed-in by plant size."""

import numpy as np
import pandas as pd
import pytest

from tests.twin.energy.supply.houses import make_stock
from twin.assumptions import assumptions
from twin.balance import SECTORS, co2_price, feed_in_tariff, prices, sectors_of
from twin.balance.prices import BOUGHT, co2_cost
from twin.classes import BUILDING_USES

given = assumptions()


def test_gas_of_2025_is_what_the_bill_says():
    """12.24 ct per gross kWh (BDEW, mean of 2025, houses); 20,000 kWh billed."""
    net_kwh = 20_000 / 1.109
    assert prices(2025, given).loc["gas", "household"] * net_kwh == pytest.approx(2_448, rel=1e-3)


def test_co2_price_within_the_gas_bill():
    """20,000 kWh billed at 45 €/t: 194 € a year with VAT (tga-fachplaner.de 2024)."""
    old = given.replaced({"balance.co2_price.2025": 45.0})
    cost = co2_cost("gas", "household", (2025,), old)[0] * 20_000 / 1.109
    assert cost == pytest.approx(194, abs=1)


def test_a_higher_co2_price_makes_fossil_fuels_dearer_and_nothing_else():
    dear = given.replaced({"balance.co2_price.2030": 150.0})
    rise = prices(2030, dear) - prices(2030, given)
    fossil = ["gas", "oil", "coal"]
    assert rise.drop(fossil).eq(0).all(axis=None)
    assert rise.loc["gas", "business"] == pytest.approx(50 * 0.201 / 1000)
    assert rise.loc["oil", "household"] == pytest.approx(50 * 0.266 / 1000 * 1.19)


def test_co2_price_is_linear_between_its_years():
    assert co2_price(2025, given) == 55
    assert co2_price(2028, given) == pytest.approx(80)  # half-way between 60 and 100
    assert co2_price(2060, given) == co2_price(2045, given)


def test_every_bought_carrier_has_a_price_in_every_year():
    for year in (2025, 2031, 2045, 2060):
        table = prices(year, given)
        assert table.index.tolist() == list(BOUGHT)
        assert table.columns.tolist() == list(SECTORS)
        assert (table > 0).all(axis=None)
        assert (table["household"] >= table["business"]).all()


def tariff(kwp, built, year):
    plant = pd.Series([float(kwp)]), pd.Series([built], dtype="float64")
    return feed_in_tariff(*plant, year, given).iloc[0]


def test_feed_in_by_size_and_year():
    assert tariff(8, 2025, 2025) == pytest.approx(0.0786)
    by_hand = (10 * 7.86 + 20 * 6.80) / 30 / 100  # EEG from August 2025
    assert tariff(30, 2025, 2030) == pytest.approx(by_hand, rel=1e-3)
    by_hand = (10 * 7.86 + 30 * 6.80 + 60 * 5.56) / 100 / 100
    assert tariff(100, 2025, 2030) == pytest.approx(by_hand, rel=2e-3)
    assert tariff(8, 2004, 2023) == pytest.approx(0.574)
    assert tariff(8, 2004, 2024) == pytest.approx(0.045)  # after 20 years
    assert tariff(8, np.nan, 2025) == tariff(8, 2025, 2025)
    assert tariff(0, np.nan, 2025) > 0


def test_each_use_has_a_sector():
    stock = make_stock(use=list(BUILDING_USES))
    found = dict(zip(BUILDING_USES, sectors_of(stock, given), strict=True))
    assert found["residential"] == found["mixed"] == "households"
    assert found["industrial"] == "industry"
    assert found["education"] == found["public"] == "municipal"
    assert found["office"] == found["retail"] == "services"
