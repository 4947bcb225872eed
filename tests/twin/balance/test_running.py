"""Running costs: a single-family house by hand from useful heat to euros."""

import pandas as pd
import pytest

from tests.twin.energy.supply.houses import make_heat, make_stock
from twin.assumptions import assumptions
from twin.balance import fossil_imports, network_tariffs, running_costs
from twin.energy.supply import final_energy

given = assumptions()


def loads_of(stock, peak_kw=12.0, **kwh):
    return pd.DataFrame({"peak_kw": peak_kw, **kwh}, index=stock.index)


def run(stock, heat, year=2025, heat_price=None, **kwh):
    final = final_energy(stock, heat, year, given)
    loads = loads_of(stock, **kwh)
    return running_costs(stock, final, loads, year, given, heat_price=heat_price).iloc[0]


def test_a_gas_house_by_hand():
    """15,000 kWh for rooms and 2,000 kWh for water, boiler of 2012, 12 kW."""
    stock = make_stock(system_year=2012.0)
    found = run(stock, make_heat(stock))
    burnt = (15_000 * 1.07 + 2_000 * 1.3) / 0.96  # 19,427 kWh net
    gas = burnt * 1.109 * 0.1224  # billed by the gross kWh
    assert gas == pytest.approx(2_637, abs=1)
    assert found["gas_eur"] == pytest.approx(gas)
    co2 = burnt / 1000 * 0.201 * 55 * 1.19
    assert found["co2_eur"] == pytest.approx(co2)
    assert found["co2_kg"] == pytest.approx(burnt * 0.201)
    boiler = 4634 * 12**0.46
    assert found["operation_eur"] == pytest.approx(boiler * 0.018 + 60)
    assert found["total_eur"] == pytest.approx(gas + boiler * 0.018 + 60)


def test_a_heat_pump_house_with_sun_by_hand():
    stock = make_stock(system="air_heat_pump", pv_kwp=10.0, pv_year=2025.0)
    heat = make_heat(stock, space_el=4_600, water_el=870)
    found = run(stock, heat, appliances_kwh=3_000.0, self_used_kwh=3_500.0, fed_in_kwh=6_000.0)
    # 3,000 kWh of the sun replace appliances, 500 kWh the heat pump's electricity
    assert found["appliances_eur"] == 0
    assert found["electricity_eur"] == pytest.approx((5_470 - 500) * 0.28)
    assert found["feed_in_eur"] == pytest.approx(6_000 * 0.0786)
    upkeep = 5909 * 12**0.71 * 0.015 + 1836 * 10**0.85 * 0.015
    assert found["operation_eur"] == pytest.approx(upkeep)
    total = found["energy_eur"] + upkeep - found["feed_in_eur"]
    assert found["total_eur"] == pytest.approx(total)
    assert found["co2_kg"] == 0


def test_variable_operation_goes_by_the_heat_made():
    stock = make_stock(system="air_heat_pump")
    heat = make_heat(stock, space_el=4_600, water_el=870)
    final = final_energy(stock, heat, 2025, given)
    worn = given.replaced({"supply.om_variable.air_heat_pump": 0.01})
    new, old = (running_costs(stock, final, loads_of(stock), 2025, g) for g in (given, worn))
    rise = (old - new)["operation_eur"].iloc[0]
    assert rise == pytest.approx(0.01 * (15_000 * 1.07 + 2_000 * 1.3))


def test_district_heat_costs_what_its_network_asks():
    stock = make_stock(3, system="district_heat")
    final = final_energy(stock, make_heat(stock), 2025, given)
    own = pd.Series({"b0": 0.12})
    found = running_costs(stock, final, loads_of(stock), 2025, given, heat_price=own)
    kwh = final["district_heat_kwh"].iloc[0]
    assert found["district_heat_eur"].tolist() == pytest.approx(
        [0.12 * kwh, 0.15 * kwh, 0.15 * kwh]
    )
    assert found["operation_eur"].eq(0).all()  # the price holds the substation
    flat = running_costs(stock, final, loads_of(stock), 2025, given, heat_price=0.1)
    assert flat["district_heat_eur"].sum() == pytest.approx(0.3 * kwh)


def test_businesses_buy_at_their_own_prices():
    home, office = make_stock(system_year=2012.0), make_stock(use="office", system_year=2012.0)
    assert run(office, make_heat(office))["gas_eur"] == pytest.approx(
        run(home, make_heat(home))["gas_eur"] * 0.085 / 0.1224
    )


def test_energy_is_the_sum_of_its_carriers():
    stock = make_stock(3, system=["gas_boiler", "air_heat_pump", "coal_stove"])
    heat = make_heat(stock, space_el=[0.0, 4_000.0, 0.0], water_el=[0.0, 800.0, 2_000.0])
    final = final_energy(stock, heat, 2035, given)
    found = running_costs(stock, final, loads_of(stock, appliances_kwh=2_500.0), 2035, given)
    carriers = [c for c in found if c.endswith("_eur")][: list(found).index("energy_eur")]
    assert found[carriers].sum(axis=1).tolist() == pytest.approx(found["energy_eur"].tolist())
    assert (found[["co2_eur"]].to_numpy().ravel() <= found["energy_eur"]).all()


def test_imports_avoided_by_hand():
    gas, pump = make_stock(system_year=2012.0), make_stock(system="air_heat_pump")
    before = final_energy(gas, make_heat(gas), 2025, given)
    after = final_energy(pump, make_heat(pump, space_el=4_600, water_el=870), 2025, given)
    avoided = fossil_imports(before, given) - fossil_imports(after, given)
    burnt = (15_000 * 1.07 + 2_000 * 1.3) / 0.96
    assert avoided.sum(axis=1).iloc[0] == pytest.approx(burnt * 1.109 * 0.045)


def test_network_operators_take_their_tariff():
    final = pd.DataFrame(
        {"gas_kwh": [9_000.0], "green_gas_kwh": [1_000.0], "electricity_kwh": [500.0]}
    )
    found = network_tariffs(final, given)
    assert found["gas"] == pytest.approx(10_000 * 1.109 * 0.0233)
    assert found["electricity"] == pytest.approx(500 * 0.1095)
    assert network_tariffs(final[["gas_kwh"]], given)["electricity"] == 0
