"""Mobility in the chain: what a measure on the street changes, and what it leaves alone."""

import numpy as np
import pandas as pd
import pytest

from layers.build import build_city
from layers.sample_city import make_sample
from tests.twin.simulate.conftest import RETROFIT, scenario
from twin.classes import MODES
from twin.compare import difference
from twin.errors import ModelError
from twin.indicators import explain, indicator_table
from twin.memo import Memo
from twin.mobility.demand import transit_inside
from twin.simulate import Observed, simulate, zone_ids
from twin.simulate.reach import typical_day

ONE = (2030,)


@pytest.fixture(scope="module")
def place():
    return build_city([make_sample(buildings=1500)])


@pytest.fixture(scope="module")
def known():
    return Memo()


@pytest.fixture(scope="module")
def today(place, known):
    return simulate(place, scenario(stages=ONE), memo=known)


@pytest.fixture(scope="module")
def busiest(today):
    """The street inside the town that most cars use."""
    flow = today.last.answers["traffic"]["car"]
    inner = today.last.state.city.streets["reverse_id"].notna()
    return flow[inner].idxmax()


UNTOUCHED = {
    "heat", "roofs", "networks", "walk_network", "walk_near", "service", "ride_skims", "spread",
    "prosumers",
}  # fmt: skip
"""What follows neither from speed nor from access by car."""


def city_value(results, name):
    return indicator_table(results)["value"][name, "city", "city", results.last.year]


def test_trips_are_shared_among_buildings_and_none_is_lost(today):
    found = today.last
    travel, table = found.answers["travel"], found.answers["mobility_table"]
    for mode in MODES:
        by_zone = travel.demand.by_zone[f"trips_{mode}"].sum()
        assert table[f"trips_{mode}"].sum() == pytest.approx(by_zone)
    assert table["residents_met"].sum() == pytest.approx(found.state.stock["residents"].sum())
    driven = travel.demand.vehicles["car"].sum() * travel.peak_share
    inside = travel.equilibrium.unserved["intrazonal"]
    assert travel.equilibrium.conservation_error < 1e-6
    assert inside < driven


def test_mode_shares_meet_the_survey(today):
    shares = {name: city_value(today, f"mode_{name}") for name in ("walk", "bike", "transit")}
    assert shares == pytest.approx({"walk": 23, "bike": 17, "transit": 10}, abs=2)
    assert city_value(today, "mode_car") == pytest.approx(50, abs=2)


def test_the_equilibrium_is_as_exact_as_differences_need(today):
    travel = today.last.answers["travel"]
    assert travel.equilibrium.gap <= 1e-6
    assert travel.settled <= 1e-3


def test_a_measure_on_buildings_leaves_travel_as_it_is(place, known, today):
    before = known.computed["travel"]
    other = simulate(place, scenario(RETROFIT, stages=ONE), memo=known)
    assert known.computed["travel"] == before
    assert other.last.answers["travel"] is today.last.answers["travel"]
    changed = (
        difference(today, other)["change"].xs("city", level="level").droplevel(["area", "year"])
    )
    assert changed["heat_demand"] < 0
    assert (changed[["mode_car", "traffic_km", "noise_day", "charging"]] == 0).all()


def test_a_speed_limit_leaves_heat_and_those_on_foot_alone(place, known, today, busiest):
    before = dict(known.computed)
    slow = {"kind": "speed_limit", "id": "slow", "start_year": 2026, "speed_kmh": 20,
            "select": {"ids": [busiest]}}  # fmt: skip
    other = simulate(place, scenario(slow, stages=ONE), memo=known)
    made = {name for name, count in known.computed.items() if count > before.get(name, 0)}
    assert {"car_network", "travel", "traffic"} <= made
    assert not made & UNTOUCHED
    old, new = (r.last.answers["traffic"]["car"][busiest] for r in (today, other))
    assert new <= old


def test_a_cycle_street_of_residents_leaves_heat_and_those_on_foot_alone(
    place, known, today, busiest
):
    before = dict(known.computed)
    calm = {"kind": "cycle_street", "id": "calm", "start_year": 2026, "cars": "residents",
            "select": {"ids": [busiest]}}  # fmt: skip
    other = simulate(place, scenario(calm, stages=ONE), memo=known)
    made = {name for name, count in known.computed.items() if count > before.get(name, 0)}
    assert {"car_network", "travel", "traffic", "stress"} <= made
    assert not made & UNTOUCHED
    old, new = (r.last.answers["traffic"]["car"][busiest] for r in (today, other))
    assert new <= old


def test_a_closed_street_carries_nothing_and_a_fresh_run_says_the_same(place, known, busiest):
    shut = {"kind": "street_closure", "id": "shut", "start_year": 2026, "modes": ["car", "truck"],
            "select": {"ids": [busiest]}}  # fmt: skip
    other = simulate(place, scenario(shut, stages=ONE), memo=known)
    assert other.last.answers["traffic"].loc[busiest, ["car", "truck"]].sum() == 0
    assert other.last.answers["travel"].equilibrium.conservation_error < 1e-6
    fresh = simulate(place, scenario(shut, stages=ONE), memo=Memo())
    pd.testing.assert_frame_equal(indicator_table(other), indicator_table(fresh), check_exact=True)


def test_cars_charge_what_they_drive(today):
    found = today.last
    charging = found.answers["charging"]
    kw = found.hourly["charging_w"].sum() / 1000
    assert kw == pytest.approx(charging.by_building.to_numpy().sum(), rel=0.01)
    assert city_value(today, "charging") * 1000 == pytest.approx(charging.by_building.sum().sum())


def test_passengers_of_public_transport_are_all_on_a_line_or_counted(today):
    answers = today.last.answers
    inputs, travel = answers["travel_inputs"], answers["travel"]
    zones = inputs.ground.zones
    trips = transit_inside(zones, travel.skims, travel.demand.trips["transit"]).sum()
    found = answers["passengers"]
    assert found.journeys + found.unserved.sum() == pytest.approx(trips)
    assert found.lines["boardings"].sum() >= found.journeys


def test_an_electric_fleet_charges_more_and_gives_off_less(place, known, today):
    fleet = {"kind": "electric_fleet", "id": "fleet", "start_year": 2026,
             "path_percent": {"2030": 90}}  # fmt: skip
    other = simulate(place, scenario(fleet, stages=ONE), memo=known)
    assert city_value(other, "charging") > 2 * city_value(today, "charging")
    assert city_value(other, "emissions_traffic") < 0.7 * city_value(today, "emissions_traffic")
    assert city_value(other, "mode_car") == city_value(today, "mode_car")
    assert city_value(other, "import_peak") > city_value(today, "import_peak")


def test_parking_that_costs_moves_people_off_the_car(place, known, today):
    dear = {"kind": "parking", "id": "dear", "start_year": 2026, "price_eur": 8}
    other = simulate(place, scenario(dear, stages=ONE), memo=known)
    assert city_value(other, "mode_car") < city_value(today, "mode_car") - 0.5
    trips = [city_value(other, f"mode_{name}") for name in ("walk", "bike", "transit", "car")]
    assert sum(trips) == pytest.approx(100)


def test_counts_move_the_matrix_and_scenarios_follow(place, today, busiest):
    flow = today.last.answers["traffic"].loc[busiest, ["car", "truck"]].sum()
    counted = pd.DataFrame({"street": [busiest], "vehicles_day": [flow * 1.3]})
    other = simulate(place, scenario(stages=ONE), observed=Observed(counts=counted), memo=Memo())
    travel = other.last.answers["travel"]
    fit = travel.correction.counts.iloc[0]
    assert abs(fit["after"] - fit["count"]) < 0.3 * abs(fit["before"] - fit["count"])
    after = other.last.answers["traffic"].loc[busiest, ["car", "truck"]].sum()
    assert after == pytest.approx(flow * 1.3, rel=0.1)
    assert travel.equilibrium.conservation_error < 1e-6


def test_a_matrix_from_outside_takes_the_place_of_the_model(place, today):
    own = today.last.answers["travel"].demand
    known = Observed(vehicles={"car": own.vehicles["car"] * 2})
    assert zone_ids(place, scenario(stages=ONE)).equals(own.ids)
    other = simulate(place, scenario(stages=ONE), observed=known, memo=Memo())
    found = other.last.answers["travel"].demand.vehicles
    np.testing.assert_allclose(found["car"], own.vehicles["car"] * 2)
    np.testing.assert_allclose(found["truck"], own.vehicles["truck"])
    wrong = Observed(vehicles={"car": np.ones((2, 2))})
    with pytest.raises(ModelError, match="zones and gates"):
        simulate(place, scenario(stages=ONE), observed=wrong, memo=Memo())


def test_a_bus_every_few_minutes_saves_time(place, known, today):
    often = {"kind": "transit_headway", "id": "often", "start_year": 2026, "headway_min": 5,
             "classes": ["bus"]}  # fmt: skip
    other = simulate(place, scenario(often, stages=ONE), memo=known)
    assert city_value(other, "mode_transit") > city_value(today, "mode_transit")
    gained = other.last.answers["benefit"].by_mode
    assert gained.loc["transit", "hours"] > 0
    nothing = today.last.answers["benefit"].by_mode
    assert (nothing[["hours", "money_eur", "total_eur"]] == 0).all(axis=None)


def test_what_closes_the_only_way_is_said(place, known):
    streets = place.streets
    ends = place.nodes.index[place.nodes["degree"] == 1]
    last = streets.index[streets["to_node"].isin(ends) & streets["allow_car"]]
    shut = {"kind": "street_closure", "id": "shut", "start_year": 2026,
            "modes": ["car", "truck", "bike", "walk"], "select": {"ids": list(last)}}  # fmt: skip
    other = simulate(place, scenario(shut, stages=ONE), memo=known)
    gains = other.last.answers["gains"]
    assert gains["lose"].sum() > 0
    assert all(str(sentence) for sentence in other.last.said)


def test_a_figure_of_mobility_says_where_it_comes_from(today):
    told = explain(today, "traffic_km", 2030)
    assert told.value > 0
    assert {shares.column for shares in told.inputs} == {"streets.speed_kmh", "streets.lanes"}
    assert sum(told.inputs[0].shares.values()) == pytest.approx(1)
    assert any(entry.name.startswith("demand.") for entry in told.assumptions)


def test_a_timetable_of_another_day_is_used_where_there_is_no_weekday(place):
    assert typical_day(place.trips) == "weekday"
    assert typical_day(place.trips.assign(day_type="sunday")) == "sunday"
    other = place.replace(trips=place.trips.assign(day_type="sunday"))
    found = simulate(other, scenario(stages=ONE), memo=Memo())
    assert city_value(found, "mode_transit") > 0


def test_a_town_without_streets_has_no_mobility_and_all_the_rest(place):
    empty = {name: place.tables[name].iloc[:0] for name in ("streets", "nodes", "street_points")}
    found = simulate(place.replace(**empty), scenario(stages=ONE), memo=Memo())
    names = set(indicator_table(found).index.get_level_values("indicator"))
    assert "heat_demand" in names
    assert not names & {"mode_car", "traffic_km", "noise_day", "access_school"}
    assert found.last.answers["travel"] is None
    assert np.isnan(found.last.answers["mobility_table"].to_numpy()).all()


def test_hours_of_a_block_are_made_when_they_are_asked_for(today):
    load, charging = today.last.answers["car_load"], today.last.answers["charging"]
    every = load.all()
    assert every.dtype == np.int32
    assert every.shape == (len(load), 8760)
    block = int(every.sum(axis=1).argmax())
    assert (load[block] == every[block]).all()
    assert load[block, 4000] == every[block, 4000]
    kwh = charging.by_building.to_numpy().sum()
    assert every.sum() / 1000 == pytest.approx(kwh, rel=0.01)
