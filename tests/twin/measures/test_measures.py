"""What each kind of measure does to the small town."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from tests.conftest import CRS
from tests.twin.scenario.town import E, N, area, make_state, scenario
from twin.assumptions import assumptions
from twin.energy.seasonal import seasonal_demand
from twin.measures import MEASURES
from twin.measures.plots import footprints
from twin.scenario import ScenarioError, plan
from twin.schema import BUILDINGS, ENVELOPES, ROOFS
from twin.validation import validate

TOWN = make_state()
MIX = {"air_heat_pump": 0.6, "gas_boiler": 0.4}


def run(*measures, **more):
    return plan(TOWN.city, scenario(*measures, **more), TOWN.assumptions, base=TOWN)


def last(*measures, **more):
    return run(*measures, **more).states[-1]


def test_apply_alone_does_what_the_run_does():
    """A measure by itself gives the state that a scenario of it gives."""
    (measure,) = scenario({"kind": "retrofit", "pace_percent": 4, "order": "random"}).measures
    for state in run({"kind": "retrofit", "pace_percent": 4, "order": "random"}).states:
        alone = measure.apply(TOWN, state.year).stock
        assert alone.equals(state.stock)
    assert measure.problems(TOWN, 2030) == []
    assert measure.problems(TOWN.replace(stock=TOWN.stock.iloc[39:]), 2030)
    assert measure.problems(TOWN.replace(stock=TOWN.stock.iloc[39:]), 2020) == []


def test_retrofit_leaves_what_is_better():
    stock = last({"kind": "retrofit", "standard": "usual"}).stock
    assert stock["refurbishment"].value_counts().to_dict() == {
        "usual": 38, "advanced": 1, "existing": 1
    }  # fmt: skip
    assert stock["refurbishment"].dtype == TOWN.stock["refurbishment"].dtype
    assert stock["refurbished_year"].isna().sum() == 2


def test_heating_change_is_for_heated_buildings_with_another_system():
    stock = last({"kind": "heating_change", "to": "gas_boiler"}).stock
    assert (stock["system"] == "gas_boiler").sum() == 39
    changed = stock["system_year"] == 2026
    assert list(stock.index[changed]) == list(stock.index[:10])


def test_network_along_a_street_connects_its_houses():
    """Houses that reach up to E+100 are nearest to the first street, the others to the second."""
    net = {"kind": "heat_network", "id": "n", "streets": ["w1:0:b"], "sources": MIX,
           "connection_percent": 100, "start_year": 2031, "end_year": 2040}  # fmt: skip
    found = run(net, {"kind": "network_sources", "network_id": "n", "start_year": 2041,
                      "sources": {"geothermal": 1}, "flow_c": 70})  # fmt: skip
    counts = [int((s.stock["network_id"] == "n").sum()) for s in found.states]
    west = TOWN.city.buildings.bounds["minx"] <= E + 100
    assert counts[-1] == int(west.sum())
    assert counts[:2] == [0, 0]
    assert counts[2] == pytest.approx(counts[-1] / 2, abs=0.5)
    on = found.states[-1].stock["network_id"] == "n"
    assert (found.states[-1].stock["system"][on] == "district_heat").all()
    assert set(west.index[west]) == set(on.index[on])
    plans = [state.networks.get("n") for state in found.states]
    assert plans[:2] == [None, None]
    assert plans[3].sources == MIX
    assert plans[4].sources == {"geothermal": 1}
    assert (plans[4].flow_c, plans[4].return_c, plans[4].start_year) == (70, 50, 2031)


def test_networks_found_automatically():
    """About 20 MWh a house and 5 houses on 25 m: far above any threshold; two streets, one net."""
    own = {"grid.area_min_heat": 10.0, "grid.area_min_buildings": 5.0}
    net = {"kind": "heat_network", "id": "n", "auto": {"threshold_kwh_m": 500}, "sources": MIX,
           "connection_percent": 50}  # fmt: skip
    state = last(net, assumptions=own)
    assert list(state.networks) == ["n:1"]
    assert len(state.supply_areas["n:1"]) == 39
    assert (state.stock["network_id"] == "n:1").sum() == 20
    heat = seasonal_demand(TOWN.stock.iloc[:39], TOWN.city.envelopes, TOWN.assumptions)
    assert state.stock["network_id"][heat.nlargest(20).index].notna().all()
    inside = last({**net, "area": area(0, 0, 60, 40)}, assumptions=own)
    assert 0 < len(inside.supply_areas["n:1"]) < 10
    with pytest.raises(Exception, match=r"No street reaches 9000 kWh/\(m·a\)"):
        last({**net, "auto": {"threshold_kwh_m": 9000}}, assumptions=own)


def test_a_network_is_extended_without_new_sources():
    first = {"kind": "heat_network", "id": "n", "area": area(0, 0, 60, 40), "sources": MIX,
             "connection_percent": 100}  # fmt: skip
    more = {"kind": "heat_network", "id": "more", "network_id": "n", "area": area(60, 0, 120, 40),
            "connection_percent": 100, "start_year": 2035}  # fmt: skip
    found = run(first, more).states
    before, after = ((s.stock["network_id"] == "n").sum() for s in (found[1], found[-1]))
    assert 0 < before < after
    assert found[-1].networks["n"].sources == MIX
    with pytest.raises(Exception, match="There is a network n already"):
        run(first, {**more, "sources": MIX})


def test_a_network_needs_customers():
    net = {"kind": "heat_network", "id": "n", "area": area(0, 0, 60, 40), "sources": MIX,
           "connection_percent": 100}  # fmt: skip
    with pytest.raises(ScenarioError, match=r"Measure 2 .* have district heat already"):
        last(net, {**net, "id": "again"})
    with pytest.raises(ScenarioError, match="No heated building would be served"):
        last({**net, "area": area(900, 900, 950, 950)})


def test_photovoltaics_to_a_target():
    """Footprints of 64 to 103 m² at 0.08 kWp/m²: the largest roofs first, the last one in part."""
    stock = last({"kind": "photovoltaics", "target_kwp": 30, "battery_kwh_per_kwp": 1.5}).stock
    new = stock["pv_kwp"].drop("h01")
    assert new.sum() == pytest.approx(30)
    assert set(new.index[new > 0]) == {"h39", "h38", "h37", "h36"}
    assert new["h39"] == pytest.approx(103 * 0.08)
    assert new["h36"] == pytest.approx(30 - (103 + 102 + 101) * 0.08)
    assert stock["battery_kwh"].sum() == pytest.approx(45)
    assert stock["pv_kwp"]["h01"] == 5


@pytest.mark.parametrize(
    ("fields", "total"),
    [
        ({}, sum(64 + n for n in range(40) if n != 1) * 0.08),
        ({"roof_percent": 50}, sum(64 + n for n in range(40) if n != 1) * 0.04),
        ({"kwp_per_building": 5.12}, 39 * 5.12),
    ],
)
def test_size_of_roofs(fields, total):
    found = run({"kind": "photovoltaics", **fields})
    assert found.states[-1].stock["pv_kwp"].drop("h01").sum() == pytest.approx(total)
    assert not found.notes


def test_small_roofs_are_said():
    found = run({"kind": "photovoltaics", "kwp_per_building": 7})
    assert "23 of 39 roofs carry less than 7 kWp" in str(found.notes[0])
    assert found.states[-1].stock["pv_kwp"].max() == 7


def test_roofs_below_the_least_yield_stay_empty():
    with pytest.raises(Exception, match="It is for roofs without photovoltaics"):
        last({"kind": "photovoltaics", "minimum_yield_kwh_kwp": 1000})


def test_battery_where_there_are_modules():
    stock = last({"kind": "battery", "kwh_per_kwp": 2}).stock
    assert stock["battery_kwh"].to_dict() == {
        key: 10.0 if key == "h01" else 0.0 for key in stock.index
    }
    assert last({"kind": "battery", "kwh": 3}).stock["battery_kwh"].sum() == 3


def test_behaviour():
    stock = last({"kind": "behaviour", "set_point_c": 19, "select": {"blocks": ["bl1"]}}).stock
    assert stock["set_point_c"].value_counts().to_dict() == {19.0: 20, 20.0: 20}
    stock = last({"kind": "behaviour", "delta_k": -2}).stock
    assert (stock["set_point_c"].drop("h39") == 18).all()


def test_demolition_takes_every_trace_of_a_building():
    state = last({"kind": "demolition", "select": {"ids": ["h00", "h07"]}})
    left = TOWN.stock.index.drop(["h00", "h07"])
    assert list(state.stock.index) == list(left)
    assert list(state.city.buildings.index) == list(left)
    assert list(state.city.envelopes.index) == list(left)
    assert state.city.places["building_id"].isna().all()
    assert state.city.streets is TOWN.city.streets
    assert state.city.hashes["streets"] == TOWN.city.hashes["streets"]
    assert state.city.hashes["buildings"] != TOWN.city.hashes["buildings"]
    again = last({"kind": "demolition", "select": {"ids": ["h07", "h00"]}})
    assert again.city.hash == state.city.hash
    assert last({"kind": "demolition", "select": {"ids": ["h07"]}}).city.hash != state.city.hash


def test_use_change():
    given = assumptions()
    stock = last({"kind": "use_change", "use": "residential", "heated": True,
                  "select": {"ids": ["h39"]}}).stock  # fmt: skip
    one = stock.loc["h39"]
    assert (one["use"], one["size_class"], one["system"]) == (
        "residential", "apartments", "air_heat_pump"
    )  # fmt: skip
    assert one["heated_area_m2"] == pytest.approx((128 + 78) * given["measures.heated_share"])
    assert one["dwellings"] == round(one["heated_area_m2"] / given["living_area_per_dwelling"])
    assert one["residents"] == one["dwellings"] * given["residents_per_dwelling"]
    office = last({"kind": "use_change", "use": "office", "select": {"ids": ["h02"]}}).stock
    changed = office.loc["h02"]
    assert (changed["size_class"], changed["dwellings"], changed["residents"]) == (
        "non_residential", 0, 0
    )  # fmt: skip
    assert office.drop("h02").equals(TOWN.stock.drop("h02"))


def test_new_development():
    build = {"kind": "new_development", "id": "new", "area": area(0, 90, 190, 190), "dwellings": 20}
    build |= {"start_year": 2028, "end_year": 2031, "standard": "advanced"}
    found = run(build)
    states = {state.year: state for state in found.states}
    assert len(states[2025].stock) == 40
    fresh = states[2045].stock.drop(TOWN.stock.index)
    assert list(fresh.index) == [f"new:{n:04d}" for n in range(1, 5)]  # 6 dwellings the most
    assert fresh["dwellings"].sum() == pytest.approx(20)
    assert sorted(fresh["system_year"]) == [2028, 2029, 2030, 2031]
    assert len(states[2030].stock) == 43
    city = states[2045].city
    for name, table in (("buildings", BUILDINGS), ("roofs", ROOFS), ("envelopes", ENVELOPES)):
        validate(table, city.tables[name], crs=CRS)
        assert len(city.tables[name]) == len(TOWN.city.tables[name]) + 4
    new = city.buildings.loc[fresh.index]
    assert (new["district_id"] == "d1").sum() > 0
    assert shapely.area(new.geometry.to_numpy()) == pytest.approx(new["footprint_m2"])
    assert len(city.hash) == len(TOWN.city.hash)
    warm = last(build, {"kind": "retrofit", "select": {"ids": ["h01", "h02"]}, "start_year": 2035})
    assert len(warm.stock) == 44


def test_floor_area_is_built_as_asked():
    hall = {"kind": "new_development", "id": "hall", "area": area(0, 90, 190, 190)}
    state = last({**hall, "floor_area_m2": 2500, "use": "office", "size_class": "non_residential"})
    new = state.city.buildings.drop(TOWN.city.buildings.index)
    assert new["floor_area_m2"].sum() == pytest.approx(2500)
    assert state.stock["dwellings"].sum() == TOWN.stock["dwellings"].sum()


def test_new_buildings_keep_their_distance():
    town = TOWN.city.buildings.geometry.array
    place = shapely.box(E - 20, N - 20, E + 210, N + 120)
    found = footprints(place, town, size_m2=100.0, spacing_m=6.0)
    assert len(found) > 10
    shapes = gpd.GeoSeries([*town, *found])
    new = shapes.iloc[len(town) :]
    for shape in new:
        others = shapes.distance(shape)
        assert np.sort(others)[1] >= 6 - 1e-6
    assert shapely.covers(place, np.array(new)).all()
    assert shapely.equals(found, footprints(place, town[::-1], size_m2=100.0, spacing_m=6.0)).all()
    assert len(footprints(shapely.box(0, 0, 5, 5), town, size_m2=100.0, spacing_m=6.0)) == 0


def test_prices_change_from_their_year_on():
    before = TOWN.assumptions.at("balance.price_gas_household", 2030)
    found = run(
        {"kind": "energy_price", "assumption": "balance.price_gas_*", "factor": 2,
         "start_year": 2031},
        {"kind": "energy_price", "assumption": "balance.co2_price", "value": 300},
    ).states  # fmt: skip
    at = [s.assumptions.at("balance.price_gas_household", 2030) for s in found]
    assert at == pytest.approx([before, before, 2 * before, 2 * before, 2 * before])
    assert found[1].assumptions.at("balance.co2_price", 2037) == 300
    assert found[0].assumptions.hash == TOWN.assumptions.hash
    entry = next(e for k, e in found[1].assumptions.entries.items() if "co2_price" in k)
    assert (entry.status, entry.value) == ("user", 300)


def test_the_electricity_mix_follows_its_path_in_balance_and_networks():
    state = last({"kind": "grid_mix", "start_year": 2027, "path": {"2030": 200, "2045": 20}})
    given = state.assumptions

    def total(year):
        return sum(given.at(f"balance.emission_electricity_{part}", year)
                   for part in ("direct", "upstream"))  # fmt: skip

    assert [total(year) for year in (2030, 2045)] == pytest.approx([200, 20])
    assert total(2035) == pytest.approx(140)
    assert given.at("grid.electricity_emission", 2040) == pytest.approx(80e-6)
    old = TOWN.assumptions
    assert total(2025) == old.at("balance.emission_electricity_direct", 2025) + old.at(
        "balance.emission_electricity_upstream", 2025
    )


def test_every_kind_has_a_line():
    fields = {
        "heating_change": {"to": "air_heat_pump"}, "heat_network": {"auto": {}},
        "network_sources": {"network_id": "n", "sources": MIX}, "battery": {"kwh": 5},
        "new_development": {"area": area(0, 0, 9, 9), "dwellings": 9},
        "use_change": {"use": "office"}, "behaviour": {"delta_k": -1},
        "energy_price": {"assumption": "a", "factor": 1.5}, "grid_mix": {"path": {"2030": 100}},
        "speed_limit": {"speed_kmh": 30}, "street_closure": {"select": {"names": ["Am Bach"]}},
        "modal_filter": {"points": [[7.1, 50.8]]}, "one_way": {"select": {"ids": ["w1:0:f"]}},
        "lanes": {"lanes": 2}, "new_link": {"line": {"coordinates": [[7.1, 50.8], [7.2, 50.8]]}},
        "cycle_facility": {"facility": "track", "select": {"names": ["Am Bach"]}},
        "cycle_street": {"select": {"names": ["Am Bach"]}},
        "junction_control": {"control": "signals", "nodes": ["n1"]}, "parking": {"price_eur": 2},
        "car_sharing": {"cars": 5}, "mobility_hub": {"shared_bikes": 5},
        "charging_points": {"points": 9}, "electric_fleet": {"path_percent": {"2045": 90}},
        "work_from_home": {"share_percent": 20}, "place_moved": {"place": "p1", "closed": True},
        "transit_headway": {"classes": ["bus"], "headway_min": 10},
        "transit_line": {"stops": ["Am Bach", "Markt"]}, "transit_line_removed": {"lines": ["1"]},
        "transit_stop": {"to": [7.1, 50.8]}, "transit_priority": {"saved_percent": 10},
    }  # fmt: skip
    listed = [{"kind": kind, "id": kind, **fields.get(kind, {})} for kind in MEASURES]
    lines = {m.is_a: str(m.summary()) for m in scenario(*listed).measures}
    assert lines["retrofit"] == "Retrofit to usual standard: all buildings, in 2026"
    assert lines["network_sources"] == (
        "Sources of network n: 60 % air heat pump, 40 % gas boiler, from 2026"
    )
    assert len(set(lines.values())) == len(MEASURES)
    assert not any("{" in line for line in lines.values())


def test_roofs_are_those_of_the_solar_model_where_there_is_weather(monkeypatch):
    """Every roof carries 3 kWp, those of the second row yield too little; h39 is not known."""
    weather = pd.DataFrame({"temperature_c": [5.0]}, index=pd.Index(["2015-01-01T00:00+01:00"]))
    city = TOWN.city.replace(weather=weather)
    asked = []

    def potential(city, given, *, min_yield, planes_potential):
        asked.append(min_yield)
        good = np.arange(39) < 20
        kwp = np.where(good | (min_yield < 700), 3.0, 0.0)
        table = pd.DataFrame({"kwp": kwp, "yield_kwh_kwp": np.where(kwp > 0, 950.0, np.nan)})
        return table.set_axis(TOWN.stock.index[:39])

    monkeypatch.setattr("twin.selection.columns.city_potential", lambda *_: None)
    monkeypatch.setattr("twin.selection.columns.building_potential", potential)
    base = TOWN.replace(city=city, baseline=city)
    found = scenario({"kind": "photovoltaics", "minimum_yield_kwh_kwp": 700.5})
    stock = plan(city, found, base.assumptions, base=base).states[-1].stock
    new = stock["pv_kwp"].drop("h01")
    assert (new.iloc[:19] == 3).all()
    assert (new.iloc[19:38] == 0).all()
    assert new["h39"] == pytest.approx(103 * base.assumptions["measures.roof_kwp_per_m2"])
    assert set(asked) == {700.5}
