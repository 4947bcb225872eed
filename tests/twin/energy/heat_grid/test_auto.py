import numpy as np
import pandas as pd
import pytest

from tests.twin.energy.heat_grid.town import (
    grid_town,
    house_table,
    make_city,
    street_table,
)  # fmt: skip
from twin.assumptions import assumptions
from twin.energy.heat_grid import (
    auto_networks,
    existing_network_of,
    existing_networks,
    lay_network,
    make_ground,
    network_price,
)  # fmt: skip
from twin.errors import ModelError

GIVEN = assumptions().replaced({"grid.area_min_heat": 100, "grid.area_min_buildings": 4})
TOWN = grid_town(6, seed=1)


def stock_of(town, system="gas_boiler"):
    return pd.DataFrame({"system": system, "network_id": None}, index=town.buildings.index)


def heat_of(town, kwh=90_000.0):
    return pd.DataFrame({"space_kwh": 0.8 * kwh, "hot_water_kwh": 0.2 * kwh},
                        index=town.buildings.index)  # fmt: skip


def test_dense_streets_become_a_network_that_can_be_laid():
    (found,) = auto_networks(TOWN, stock_of(TOWN), heat_of(TOWN), GIVEN)
    ground = make_ground(TOWN, GIVEN)
    ids = TOWN.buildings.index
    assert found.id.startswith("auto:s")
    assert found.start_year == 2030
    assert sum(found.sources.values()) == pytest.approx(1)
    assert set(ground.connections["section_id"]) <= set(found.streets)
    assert found.area.contains(TOWN.buildings.geometry).all()
    connected = pd.DataFrame({"annual_kwh": 90_000.0, "peak_kw": 50.0}, index=ids)
    design = lay_network(found, TOWN, connected, GIVEN, ground=ground)
    assert design.buildings["reached"].all()


def test_thin_streets_do_not():
    # three houses of 20 MWh on 100 m: 600 kWh/(m a)
    assert auto_networks(TOWN, stock_of(TOWN), heat_of(TOWN, 20_000.0), GIVEN) == ()
    found = auto_networks(TOWN, stock_of(TOWN), heat_of(TOWN, 20_000.0), GIVEN, threshold_kwh_m=500)
    assert len(found) == 1


def test_own_heating_decides():
    heat, stock, ids = heat_of(TOWN), stock_of(TOWN), TOWN.buildings.index
    cheap = pd.Series(0.05, index=ids)
    assert auto_networks(TOWN, stock, heat, GIVEN, decentral=cheap) == ()
    dear = auto_networks(TOWN, stock, heat, GIVEN, decentral=pd.Series(0.5, index=ids))
    every = auto_networks(TOWN, stock, heat, GIVEN)
    assert dear[0].streets == every[0].streets


def test_a_thin_branch_is_dropped():
    """A dense street, and a long one with a few houses that only just passes the threshold."""
    nodes = {"a": (0, 0), "b": (300, 0), "c": (900, 0)}
    places = [(x, 10) for x in range(10, 300, 20)] + [(880, 10)] * 2
    town = make_city(street_table([("a", "b"), ("b", "c")], nodes), house_table(places))
    kwh = np.array([100_000.0] * 15 + [150_000.0] * 2)
    heat = pd.DataFrame({"space_kwh": kwh, "hot_water_kwh": 0.0}, index=town.buildings.index)
    own = pd.Series(0.19, index=town.buildings.index)
    given = GIVEN.replaced({"grid.auto_start": 2030})
    every = auto_networks(town, stock_of(town), heat, given, threshold_kwh_m=400)
    assert every[0].streets == ("s0000:b", "s0001:b")
    some = auto_networks(town, stock_of(town), heat, given, threshold_kwh_m=400, decentral=own)
    assert some[0].streets == ("s0000:b",)
    # by hand: with the branch all customers together are worse off than without it
    rate = given["grid.connection_rate"]
    ids = town.buildings.index
    gains = []
    for chosen in (ids, ids[:15]):
        table = pd.DataFrame({"annual_kwh": kwh[: len(chosen)] * rate}, index=chosen)
        table["peak_kw"] = table["annual_kwh"] / given["grid.consumer_full_load_hours"]
        design = lay_network(every[0], town, table, given)
        price = network_price(design, every[0], 2030, given)
        gains.append((0.19 - price) * design.summary["supplied_kwh"])
    assert gains[1] > gains[0]


def test_buildings_on_district_heat_are_left_out():
    on = stock_of(TOWN, "district_heat")
    assert auto_networks(TOWN, on, heat_of(TOWN), GIVEN) == ()


def test_the_same_networks_in_any_order():
    heat, stock = heat_of(TOWN), stock_of(TOWN)
    rng = np.random.default_rng(5)
    heat *= rng.uniform(0.1, 1.5, (len(heat), 1))
    own = pd.Series(rng.uniform(0.1, 0.3, len(heat)), index=heat.index)
    found = auto_networks(TOWN, stock, heat, GIVEN, decentral=own)
    mixed = heat.sample(frac=1, random_state=1)
    again = auto_networks(TOWN, stock.sample(frac=1, random_state=2), mixed, GIVEN, decentral=own)
    assert len(found) > 0
    assert [(p.id, p.streets, p.area.wkb) for p in found] == [
        (p.id, p.streets, p.area.wkb) for p in again
    ]


def test_a_town_without_streets_is_told_so():
    town = make_city(None, house_table([(0, 0)]))
    with pytest.raises(ModelError, match="no streets"):
        auto_networks(town, stock_of(town), heat_of(town), GIVEN)


def two_estates():
    """Seven houses in the west, six in the east 2 km away, one in between, one on gas."""
    west = [(x, 0) for x in range(0, 210, 30)]
    east = [(x, 0) for x in range(2000, 2180, 30)]
    return make_city(None, house_table([*west, *east, (700, 0), (90, 40)], street="Am Bach"))


def test_existing_networks_by_hand():
    town = two_estates()
    stock = stock_of(town, "district_heat")
    stock.loc["h0014", "system"] = "gas_boiler"
    of = existing_network_of(town, stock, GIVEN)
    assert of.value_counts().to_dict() == {"existing:h0000": 8, "existing:h0007": 6}
    assert of["h0013"] == "existing:h0000"  # alone, so the nearest one feeds it
    plans = existing_networks(town, stock, GIVEN)
    assert list(plans) == ["existing:h0000", "existing:h0007"]
    first = plans["existing:h0000"]
    assert first.exists
    assert first.name == "Am Bach"
    assert sum(first.sources.values()) == pytest.approx(1)
    inside = first.area.covers(town.buildings.geometry)
    assert inside[:7].all()
    assert inside["h0013"]
    assert not inside[7:13].any()


def test_networks_with_a_name_keep_it():
    town = two_estates()
    stock = stock_of(town, "district_heat")
    stock["network_id"] = "stadtwerke"
    assert list(existing_networks(town, stock, GIVEN)) == ["stadtwerke"]
    assert list(existing_networks(town, stock_of(town), GIVEN)) == []
    assert len(existing_network_of(town, stock_of(town), GIVEN)) == 0


def test_a_few_scattered_customers_are_one_network():
    town = make_city(None, house_table([(0, 0), (3000, 0), (6000, 0)]))
    assert len(existing_networks(town, stock_of(town, "district_heat"), GIVEN)) == 1


def test_homes_compare_without_tax():
    """What a home pays with tax counts as what an office pays without."""
    rng = np.random.default_rng(3)
    ids = TOWN.buildings.index
    own = pd.Series(rng.uniform(0.14, 0.2, len(ids)), index=ids)
    heat = heat_of(TOWN)
    office = stock_of(TOWN).assign(use="office")
    found = auto_networks(TOWN, office, heat, GIVEN, decentral=own)
    homes = auto_networks(TOWN, office.assign(use="residential"), heat, GIVEN, decentral=own * 1.19)
    assert len(found) > 0
    assert [p.streets for p in found] == [p.streets for p in homes]
    taxed = auto_networks(TOWN, office.assign(use="residential"), heat, GIVEN, decentral=own)
    assert sum(len(p.streets) for p in taxed) < sum(len(p.streets) for p in found)
