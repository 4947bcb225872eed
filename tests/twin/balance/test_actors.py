"""Who pays: money is conserved between actors; law tables; limiting cases."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from tests.twin.energy.supply.houses import make_stock
from twin.assumptions import assumptions
from twin.balance import by_actor, town_owned
from twin.balance.actors import BETWEEN, OUTSIDE, landlord_share, rented
from twin.classes import ACTORS, BUILDING_USES, SIZE_CLASSES

given = assumptions()
RUNNING = ("energy_eur", "operation_eur", "feed_in_eur", "district_heat_eur", "co2_eur", "co2_kg")
CAPITAL = ("retrofit_eur", "heating_eur", "pv_eur", "battery_eur")


def costs_of(stock, **euros):
    running = pd.DataFrame(dict.fromkeys(RUNNING, 0.0), index=stock.index)
    capital = pd.DataFrame(
        dict.fromkeys((*CAPITAL, "retrofit_levy_eur", "heating_levy_eur"), 0.0), index=stock.index
    )
    for name, values in euros.items():
        table = running if name in running else capital
        table[name] = values
    return running, capital


def shares(values, given=given):
    return landlord_share(np.array(values, float), given).tolist()


def test_landlords_share_in_ten_steps_as_the_law_says():
    """CO2KostAufG, annex to sections 5 to 7: kg CO2 per m² and year."""
    table = [
        (0, 12, 0.0),
        (12, 17, 0.1),
        (17, 22, 0.2),
        (22, 27, 0.3),
        (27, 32, 0.4),
        (32, 37, 0.5),
        (37, 42, 0.6),
        (42, 47, 0.7),
        (47, 52, 0.8),
        (52, 1000, 0.95),
    ]
    for low, high, share in table:
        assert shares([low, (low + high) / 2, high - 0.001]) == [share] * 3


@drawn(st.integers(1, 30), st.integers(0, 2**32 - 1), st.booleans())
def test_what_one_pays_another_receives(count, seed, known):
    rng = np.random.default_rng(seed)
    stock = make_stock(
        count,
        use=list(rng.choice(BUILDING_USES, count)),
        size_class=list(rng.choice(SIZE_CLASSES, count)),
        heated_area_m2=rng.uniform(0, 3000, count),
    )
    names = (*RUNNING, *CAPITAL, "retrofit_levy_eur", "heating_levy_eur")
    running, capital = costs_of(stock, **{name: rng.uniform(0, 1e4, count) for name in names})
    running["energy_eur"] += running["district_heat_eur"]
    cost = float(rng.uniform(0, 1e5)) if known else None
    table = by_actor(stock, running, capital, given, network_cost_eur=cost)
    assert table.index.tolist() == [*OUTSIDE, *BETWEEN]
    assert table[list(ACTORS)].loc[list(BETWEEN)].sum(axis=1).to_numpy() == pytest.approx(
        0, abs=1e-6
    )
    assert table["total"].to_numpy() == pytest.approx(table[list(ACTORS)].sum(axis=1).to_numpy())
    delivered = running["district_heat_eur"].sum()
    outside = (
        capital[list(CAPITAL)].to_numpy().sum()
        + running["energy_eur"].sum()
        - delivered
        + running["operation_eur"].sum()
        - running["feed_in_eur"].sum()
        + (delivered if cost is None else cost)
    )
    assert table["total"].sum() == pytest.approx(outside)


def test_owners_who_live_in_their_house_pay_all_of_it():
    stock = make_stock()
    nobody_lets = given.replaced({"balance.rented_share.detached": 0.0})
    running, capital = costs_of(stock, energy_eur=2_000.0, operation_eur=300.0, heating_eur=1_500.0)
    table = by_actor(stock, running, capital, nobody_lets)
    assert table["owner"].sum() == pytest.approx(3_800)
    assert table[["tenant", "utility", "town"]].eq(0).all(axis=None)


def test_a_let_house_by_hand():
    """100 m² of living area, all let; 3,000 kg CO2 make 30 kg/m²: the landlord pays 40 %."""
    stock = make_stock(size_class="apartments", heated_area_m2=100 / 0.85)
    let = given.replaced({"balance.rented_share.apartments": 1.0})
    running, capital = costs_of(
        stock, energy_eur=2_000.0, operation_eur=400.0, co2_eur=200.0, co2_kg=3_000.0,
        retrofit_eur=1_000.0, retrofit_levy_eur=20_000.0, heating_levy_eur=10_000.0,
    )  # fmt: skip
    table = by_actor(stock, running, capital, let)
    assert table.loc["energy", "tenant"] == 2_000
    assert table.loc["operation", ["owner", "tenant"]].tolist() == [200, 200]
    assert table.loc["co2_share", ["owner", "tenant"]].tolist() == pytest.approx([80, -80])
    assert table.loc["retrofit_levy", ["owner", "tenant"]].tolist() == pytest.approx([-1600, 1600])
    # 8 % of 10,000 € would be 800 €, the cap is 0.50 €/m² and month
    assert table.loc["heating_levy", "tenant"] == pytest.approx(600)
    assert table.loc["capital", "owner"] == 1_000


def test_the_levy_is_capped_with_the_one_for_heating():
    stock = make_stock(size_class="apartments", heated_area_m2=100 / 0.85)
    let = given.replaced({"balance.rented_share.apartments": 1.0})
    running, capital = costs_of(stock, retrofit_levy_eur=1e6, heating_levy_eur=1e6)
    table = by_actor(stock, running, capital, let)
    both = table.loc[["retrofit_levy", "heating_levy"], "tenant"]
    assert both.tolist() == pytest.approx([3_000, 600])  # 3 €/m² and month together


def test_the_town_pays_for_its_schools():
    stock = make_stock(use="education", size_class="non_residential")
    running, capital = costs_of(stock, energy_eur=9_000.0, operation_eur=500.0, heating_eur=4_000.0)
    table = by_actor(stock, running, capital, given)
    assert table["town"].sum() == pytest.approx(13_500)
    assert table[["owner", "tenant"]].eq(0).all(axis=None)
    assert town_owned(stock, given).tolist() == [1.0]
    assert rented(stock, given).tolist() == [0.0]


def test_businesses_share_the_co2_cost_half_and_half():
    stock = make_stock(use="office", size_class="non_residential")
    let = given.replaced({"balance.rented_share.non_residential": 1.0})
    running, capital = costs_of(stock, energy_eur=5_000.0, co2_eur=400.0, co2_kg=10.0)
    assert by_actor(stock, running, capital, let).loc["co2_share", "owner"] == 200


def test_the_utility_gains_what_networks_cost_less():
    stock = make_stock(system="district_heat")
    running, capital = costs_of(stock, energy_eur=2_000.0, district_heat_eur=2_000.0)
    table = by_actor(stock, running, capital, given, network_cost_eur=1_500.0)
    assert table["utility"].sum() == pytest.approx(-500)
    assert table["total"].sum() == pytest.approx(1_500)
