"""Heat supply and balance of a town: final energy, greenhouse gas, money, who pays."""

import numpy as np
import pandas as pd
import pytest

from tests.twin.energy.supply.houses import made_up_climate, make_stock
from twin.assumptions import assumptions
from twin.balance import (
    best_decentral,
    by_actor,
    capital_costs,
    emissions,
    investments,
    running_costs,
)
from twin.classes import AGE_CLASSES, BUILDING_USES, HEAT_SYSTEMS, REFURBISHMENT, SIZE_CLASSES
from twin.energy.supply import (
    default_performance,
    final_energy,
    heat_series,
    hot_water_series,
    space_series,
)

given = assumptions()


def make_town(count):
    rng = np.random.default_rng(1)
    words = {
        "use": BUILDING_USES,
        "size_class": SIZE_CLASSES,
        "age_class": AGE_CLASSES,
        "refurbishment": REFURBISHMENT,
        "system": HEAT_SYSTEMS,
    }
    columns = {name: rng.choice(classes, count) for name, classes in words.items()}
    years = np.where(rng.random(count) < 0.5, np.nan, rng.integers(1985, 2025, count))
    stock = make_stock(
        count, **columns, heated_area_m2=rng.uniform(50, 900, count), system_year=years
    )
    table = default_performance(given)
    per_heat = (table["share"] / table["performance"]).to_numpy()
    space, water = stock["heated_area_m2"] * 110.0, stock["heated_area_m2"] * 15.0
    heat = pd.DataFrame(
        {
            "space_kwh": space,
            "hot_water_kwh": water,
            "space_electric_kwh": space * per_heat[space_series(stock, given)],
            "hot_water_electric_kwh": water * per_heat[hot_water_series(stock, given)],
        }
    )
    loads = pd.DataFrame(
        {
            "peak_kw": stock["heated_area_m2"] * 0.06,
            "heated_area_m2": stock["heated_area_m2"],
            "appliances_kwh": 3000.0,
        }
    )
    return stock, heat, loads


def balance(stock, after, heat, loads):
    """Work out one stage from useful heat to who pays."""
    final = final_energy(after, heat, 2035, given)
    gas = emissions(final, 2035, given)
    made = investments(stock, after, loads, years=(2030, 2035), given=given)
    capital = capital_costs([(2035, made)], after, 2035, given)
    running = running_costs(after, final, loads, 2035, given)
    return gas, by_actor(after, running, capital, given)


@pytest.mark.parametrize("count", [3_000, 27_000, 100_000])
def test_a_stage_of_a_town(benchmark, count):
    """27,000 buildings at most 50 ms."""
    stock, heat, loads = make_town(count)
    after = stock.assign(pv_kwp=8.0, pv_year=2033.0)
    gas, actors = benchmark.pedantic(
        balance, args=(stock, after, heat, loads), rounds=15, warmup_rounds=2
    )
    assert gas.to_numpy().sum() > 0
    assert actors["total"].sum() > 0
    print(f"\n{count:,} buildings: {benchmark.stats['median'] * 1000:.0f} ms")


@pytest.mark.parametrize("count", [3_000, 27_000, 100_000])
def test_the_best_decentral_system(benchmark, count):
    stock, heat, loads = make_town(count)
    useful = heat["space_kwh"] + heat["hot_water_kwh"]
    found = benchmark.pedantic(
        best_decentral,
        args=(stock, useful, loads["peak_kw"], 2030, given),
        rounds=15,
        warmup_rounds=2,
    )
    assert found["heat_cost_eur_kwh"].notna().all()
    print(f"\n{count:,} buildings: {benchmark.stats['median'] * 1000:.0f} ms")


def test_a_year_of_cop(benchmark):
    """17 series of 8,760 hours."""
    climate = made_up_climate()
    series = benchmark(heat_series, climate, given)
    assert series.values.shape[1] == 8760
    print(f"\nseries: {benchmark.stats['median'] * 1000:.1f} ms")


def test_peer_hplib(benchmark):
    """The same year of one heat pump at one flow temperature by hplib, where it is installed."""
    hplib = pytest.importorskip("hplib.hplib", reason="hplib is no dependency")
    air = made_up_climate().temperature_c
    pump = hplib.get_parameters("Generic", group_id=1, t_in=-7, t_out=52, p_th=10_000)
    found = benchmark(hplib.simulate, air, np.full(8760, 40.0), pump, air)
    assert np.size(found["COP"]) > 0
    print(f"\nhplib: {benchmark.stats['median'] * 1000:.1f} ms a series")
