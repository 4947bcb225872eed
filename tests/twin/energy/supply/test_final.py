"""Final energy: a house by hand, energy conserved, the law's climate-neutral part."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from tests.twin.energy.supply.houses import made_up_climate, make_heat, make_stock
from twin.assumptions import assumptions
from twin.classes import CARRIERS, HEAT_SYSTEMS
from twin.energy.supply import (
    SERIES,
    efficiency,
    final_energy,
    heat_series,
    hot_water_series,
    installed_year,
    seasonal_performance,
    space_series,
)
from twin.energy.supply.final import UNPIPED
from twin.errors import ModelError

given = assumptions()


@cache
def year_of_hours():
    """Return degree hours and series of the made-up climate."""
    climate = made_up_climate()
    series = heat_series(climate, given)
    degrees = np.maximum(15.0 - climate.temperature_c, 0.0)
    return degrees, np.asarray(series.values), seasonal_performance(series, climate, given)


def electric_heat(stock, space, water):
    """Return useful heat and its electricity under the made-up climate, hour by hour."""
    degrees, values, performance = year_of_hours()
    hourly = values @ (degrees / degrees.sum())
    even = values.mean(axis=1)
    heat = make_heat(
        stock,
        space,
        water,
        hourly[space_series(stock, given)] * space,
        even[hot_water_series(stock, given)] * water,
    )
    return heat, performance


def test_a_gas_house_by_hand():
    stock = make_stock(system_year=2012.0)
    final = final_energy(stock, make_heat(stock, 15_000, 2_000), 2025, given).iloc[0]
    made = 15_000 * 1.07 + 2_000 * 1.3  # losses of distribution
    assert final["gas_kwh"] == pytest.approx(made / 0.96)
    assert final.drop("gas_kwh").eq(0).all()
    assert final.index.tolist() == [f"{name}_kwh" for name in CARRIERS]


def test_an_air_heat_pump_by_hand():
    stock = make_stock(system="air_heat_pump")
    heat = make_heat(stock, 15_000, 2_000, space_el=4_600, water_el=870)
    final = final_energy(stock, heat, 2025, given).iloc[0]
    assert final["electricity_kwh"] == pytest.approx(5_470)
    assert final["ambient_heat_kwh"] == pytest.approx(15_000 * 1.07 + 2_000 * 1.3 - 5_470)
    assert final.sum() == pytest.approx(15_000 * 1.07 + 2_000 * 1.3)


def test_district_heat_holds_the_loss_of_the_substation():
    stock = make_stock(system="district_heat")
    final = final_energy(stock, make_heat(stock), 2025, given).iloc[0]
    assert final["district_heat_kwh"] == pytest.approx((15_000 * 1.07 + 2_000 * 1.3) / 0.955)


def test_direct_heat_is_its_electricity():
    stock = make_stock(system="direct_electric")
    final = final_energy(stock, make_heat(stock, 100, 20, 100, 20), 2025, given).iloc[0]
    assert final["electricity_kwh"] == 120
    assert final.sum() == 120


def test_without_heating_nothing_is_taken():
    stock = make_stock(system="none")
    assert final_energy(stock, make_heat(stock), 2025, given).to_numpy().sum() == 0


@drawn(
    st.lists(st.sampled_from(HEAT_SYSTEMS[:-1]), min_size=1, max_size=12),
    st.floats(0, 1e6),
    st.floats(0, 1e5),
    st.integers(1970, 2045),
    st.integers(2025, 2045),
)
def test_what_goes_in_is_useful_heat_and_losses(systems, space, water, built, year):
    stock = make_stock(system=systems, system_year=float(built))
    heat, performance = electric_heat(stock, space, water)
    final = final_energy(stock, heat, year, given, performance=performance)
    installed = installed_year(stock, year, given).to_numpy("float64")
    factor = efficiency(stock["system"].cat.codes.to_numpy(), installed, given)
    burnt = final.drop(columns=["electricity_kwh", "ambient_heat_kwh"]).sum(axis=1) * factor
    into = burnt + final["electricity_kwh"] + final["ambient_heat_kwh"]
    piped = ~stock["system"].isin(UNPIPED)
    out = space * (1 + 0.07 * piped) + water * (1 + 0.3 * piped)
    assert into.to_numpy() == pytest.approx(out.to_numpy(), rel=1e-5, abs=1e-6)
    assert (final.to_numpy() >= 0).all()


def test_a_hybrid_splits_as_the_hours_do():
    """Electricity times performance is the heat made while the heat pump ran."""
    stock = make_stock(system="hybrid_heat_pump", age_class="1984_2001")
    degrees, values, _ = year_of_hours()
    heat, performance = electric_heat(stock, 10_000.0, 0.0)
    final = final_energy(stock, heat, 2025, given, performance=performance).iloc[0]
    runs = values[SERIES.index("hybrid_55")] > 0
    share = degrees[runs].sum() / degrees.sum()
    boiler = final["gas_kwh"] * 0.95
    assert boiler == pytest.approx(10_000 * 1.07 * (1 - share), rel=0.06)
    pumped = final["electricity_kwh"] + final["ambient_heat_kwh"]
    assert pumped + boiler == pytest.approx(10_700)


@pytest.mark.parametrize(
    ("installed", "year", "share"),
    [(2026, 2040, 0), (2027, 2028, 0), (2027, 2029, 0.1), (2027, 2035, 0.3), (2030, 2040, 0.6),
     (2030, 2045, 1), (2015, 2034, 0), (2015, 2035, 0.3)],
)  # fmt: skip
def test_new_boilers_take_their_climate_neutral_part(installed, year, share):
    """A boiler of 2015 is replaced in 2035 and then falls under the law."""
    stock = make_stock(system=["gas_boiler", "oil_boiler"], system_year=float(installed))
    final = final_energy(stock, make_heat(stock), year, given)
    for row, fuel in enumerate(("gas", "oil")):
        green, fossil = final[f"green_{fuel}_kwh"].iloc[row], final[f"{fuel}_kwh"].iloc[row]
        assert green / (green + fossil) == pytest.approx(share)


def test_what_a_hybrid_pumps_counts_for_the_law():
    stock = make_stock(system="hybrid_heat_pump", system_year=2030.0, age_class="1984_2001")
    pumped_share = 2_000 * 3.61 / 10_000
    heat = make_heat(stock, 10_000, 0, space_el=2_000)
    final = {y: final_energy(stock, heat, y, given).iloc[0] for y in (2035, 2040, 2045)}
    assert pumped_share > 0.6
    assert final[2040]["green_gas_kwh"] == 0  # more than 60 % are pumped
    assert final[2045]["gas_kwh"] == 0
    weak = make_heat(stock, 10_000, 0, space_el=1_000)  # 36.1 % pumped
    found = final_energy(stock, weak, 2040, given).iloc[0]
    boiler = found["gas_kwh"] + found["green_gas_kwh"]
    assert found["green_gas_kwh"] / boiler == pytest.approx((0.6 - 0.361) / (1 - 0.361))


@drawn(st.sampled_from(HEAT_SYSTEMS[:-1]), st.floats(100, 1e5), st.floats(1.01, 3))
def test_less_heat_never_takes_more(system, space, factor):
    stock = make_stock(system=[system, system])
    heat, performance = electric_heat(stock, space, 500.0)
    more = heat * factor
    little, much = (
        final_energy(stock, h, 2035, given, performance=performance) for h in (heat, more)
    )
    assert (much.to_numpy() >= little.to_numpy() - 1e-9).all()


def test_each_building_is_worked_out_by_itself():
    rng = np.random.default_rng(5)
    stock = make_stock(
        system=list(rng.choice(HEAT_SYSTEMS, 60)),
        system_year=list(np.where(rng.random(60) < 0.5, np.nan, rng.integers(1980, 2030, 60))),
    )
    heat, performance = electric_heat(stock, 12_000.0, 1_500.0)
    all_of_them = final_energy(stock, heat, 2040, given, performance=performance)
    mixed = rng.permutation(60)
    again = final_energy(stock.iloc[mixed], heat, 2040, given, performance=performance)
    pd.testing.assert_frame_equal(again, all_of_them.iloc[mixed])
    one = final_energy(stock.iloc[[7]], heat.iloc[[7]], 2040, given, performance=performance)
    pd.testing.assert_frame_equal(one, all_of_them.iloc[[7]])


def test_rows_without_heat_are_unheated():
    stock = make_stock(2)
    final = final_energy(stock, make_heat(stock).iloc[[0]], 2025, given)
    assert final.iloc[1].eq(0).all()
    assert final.iloc[0].sum() > 0


def test_the_input_stays_as_it_is():
    stock = make_stock(3, system_year=np.nan)
    heat = make_heat(stock)
    before = stock.copy(deep=True), heat.copy(deep=True)
    final_energy(stock, heat, 2035, given)
    pd.testing.assert_frame_equal(stock, before[0])
    pd.testing.assert_frame_equal(heat, before[1])


def test_every_fault_of_the_heat_is_named_at_once():
    stock = make_stock(2)
    heat = make_heat(stock).drop(columns="hot_water_electric_kwh")
    heat.loc["b1", "space_kwh"] = -5.0
    heat.loc["b0", "hot_water_kwh"] = np.nan
    with pytest.raises(ModelError) as caught:
        final_energy(stock, heat, 2025, given)
    for fault in ("no column hot_water_electric", "space_kwh of b1 is -5", "hot_water_kwh of b0"):
        assert fault in str(caught.value)
