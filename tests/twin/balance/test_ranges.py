"""Every assumption of supply and balance at both ends of its range: the chain holds."""

import numpy as np
import pandas as pd
import pytest

from tests.twin.energy.supply.houses import made_up_climate, make_heat, make_stock
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
    final_energy,
    heat_series,
    hot_water_series,
    seasonal_performance,
    space_series,
)

given = assumptions()
THEMES = ("supply", "balance")
NAMES = sorted({".".join(name.split(".")[:2]) for name in given if name.split(".")[0] in THEMES})
CLIMATE = made_up_climate()


def make_town(count=40):
    rng = np.random.default_rng(6)
    return make_stock(
        count,
        use=list(rng.choice(BUILDING_USES, count)),
        size_class=list(rng.choice(SIZE_CLASSES, count)),
        age_class=list(rng.choice(AGE_CLASSES, count)),
        refurbishment=list(rng.choice(REFURBISHMENT, count)),
        system=list(rng.choice(HEAT_SYSTEMS, count)),
        system_year=list(
            np.where(rng.random(count) < 0.3, np.nan, rng.integers(1980, 2026, count))
        ),
        heated_area_m2=list(rng.uniform(60, 2000, count)),
        pv_kwp=list(rng.uniform(0, 60, count)),
        pv_year=2012.0,
    )


def chain(stock, after, given):
    """Return greenhouse gas, payments by actor and best decentral cost of one stage."""
    series = heat_series(CLIMATE, given)
    even = np.asarray(series.values).mean(axis=1)
    space, water = stock["heated_area_m2"] * 100.0, stock["heated_area_m2"] * 15.0
    electric = (
        space * even[space_series(after, given)],
        water * even[hot_water_series(after, given)],
    )
    heat = make_heat(after, space, water, *electric)
    performance = seasonal_performance(series, CLIMATE, given)
    final = final_energy(after, heat, 2035, given, performance=performance)
    loads = pd.DataFrame(
        {"peak_kw": space / 1800, "heated_area_m2": stock["heated_area_m2"], "fed_in_kwh": 900.0}
    )
    made = investments(stock, after, loads, years=(2030, 2035), given=given)
    capital = capital_costs([(2035, made)], after, 2035, given)
    running = running_costs(after, final, loads, 2035, given)
    own = best_decentral(after, space + water, loads["peak_kw"], 2035, given)
    tables = (final, emissions(final, 2035, given), made, capital, running, own.iloc[:, 1:])
    for table in tables:
        assert np.isfinite(table.to_numpy("float64")).all()
    assert (final.to_numpy() >= 0).all()
    assert (made.to_numpy() >= 0).all()
    return by_actor(after, running, capital, given)


def stages():
    stock = make_town()
    after = stock.assign(
        system=pd.Categorical(["air_heat_pump"] * 10 + list(stock["system"])[10:], HEAT_SYSTEMS),
        refurbishment=pd.Categorical(["advanced"] * len(stock), REFURBISHMENT),
        battery_kwh=5.0,
    )
    return stock, after


@pytest.mark.parametrize("end", ["low", "high"])
def test_the_chain_holds_at_both_ends_of_every_range(end):
    stock, after = stages()
    as_it_is = chain(stock, after, given)
    for first in range(6):
        ends = given
        for name in NAMES[first::6]:  # some at once, for the time it takes
            ends = ends.at_end(name, end)
        table = chain(stock, after, ends)
        assert np.isfinite(table.to_numpy()).all()
        assert not table.equals(as_it_is)


def test_nobody_changes_the_input():
    stock, after = stages()
    before = stock.copy(deep=True), after.copy(deep=True)
    chain(stock, after, given)
    pd.testing.assert_frame_equal(stock, before[0])
    pd.testing.assert_frame_equal(after, before[1])


def test_the_order_of_buildings_does_not_matter():
    stock, after = stages()
    mixed = np.random.default_rng(1).permutation(len(stock))
    one, other = chain(stock, after, given), chain(stock.iloc[mixed], after.iloc[mixed], given)
    assert other.to_numpy() == pytest.approx(one.to_numpy())
