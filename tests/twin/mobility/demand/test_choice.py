"""Logit and costs against numbers worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.twin.mobility.demand.towns import GIVEN, make_town
from twin.classes import MODES
from twin.errors import ModelError
from twin.mobility.demand import transit_inside
from twin.mobility.demand.choice import choose
from twin.mobility.demand.costs import Costs, costs_of
from twin.mobility.tables import Skims

WALK, BIKE, TRANSIT, CAR, PASSENGER = range(5)


def one_pair(utilities):
    """Return costs of a single pair of zones with these utilities."""
    values = np.array(utilities, float)
    top = values[np.isfinite(values)].max() if np.isfinite(values).any() else 0.0
    with np.errstate(invalid="ignore"):
        relative = np.where(np.isfinite(values), np.exp(values - top), 0.0)
    nothing = np.ones((5, 1, 1))
    return Costs(
        relative[:, None, None], np.array([[top]]), nothing, nothing, nothing[0], nothing[0]
    )


def shares(choice, costs):
    part = [choice.part(costs.relative, m)[0, 0] for m in range(5)]
    return np.array(part) / choice.total[0, 0]


def test_multinomial_logit_by_hand():
    # exp(U): walk 1, bike 2, transit 1, car 4; nobody rides along: shares 1/8, 2/8, 1/8, 4/8
    costs = one_pair([0, math.log(2), 0, math.log(4), -np.inf])
    given = GIVEN.replaced({"demand.parking_paid.work": 0.0})
    choice = choose(costs, np.zeros(5), "work", drives=True, parking_eur=np.zeros(1), given=given)
    np.testing.assert_allclose(shares(choice, costs), [0.125, 0.25, 0.125, 0.5, 0.0])
    assert choice.logsum(costs.top)[0, 0] == pytest.approx(math.log(8))
    without = choose(costs, np.zeros(5), "work", drives=False, parking_eur=np.zeros(1), given=given)
    np.testing.assert_allclose(shares(without, costs), [0.25, 0.5, 0.25, 0.0, 0.0])


def test_constants_and_parking_by_hand():
    costs = one_pair([0, -np.inf, -np.inf, 0, -np.inf])
    asc = np.array([0, 0, 0, math.log(3), 0])
    given = GIVEN.replaced({"demand.parking_paid.shopping": 0.5})
    choice = choose(costs, asc, "shopping", drives=True, parking_eur=np.array([4.0]), given=given)
    # half the drivers pay 4 EUR a stay, 2 EUR a trip
    car = 3 * (0.5 + 0.5 * math.exp(-2))
    assert shares(choice, costs)[CAR] == pytest.approx(car / (1 + car))


def test_no_way_at_all():
    costs = one_pair([-np.inf] * 5)
    choice = choose(costs, np.zeros(5), "work", drives=True, parking_eur=np.zeros(1), given=GIVEN)
    assert choice.total[0, 0] == 0
    assert choice.logsum(costs.top)[0, 0] == -np.inf
    assert choice.per_total(np.array([[5.0]]))[0, 0] == 0


def utility(costs, mode, i, j):
    return math.log(costs.relative[mode, i, j]) + costs.top[i, j]


def test_utilities_of_a_pair_by_hand():
    zones, skims = make_town(side=3, gates=0)
    given = GIVEN.replaced({"demand.damping": 0.0})
    costs = costs_of(zones, skims, given)
    i, j = 0, 5
    km = skims.km["walk"][i, j]
    search = zones.table["parking_search_min"].iloc[j] / 2
    assert utility(costs, WALK, i, j) == pytest.approx(-6 / 60 * km * 12)
    assert utility(costs, BIKE, i, j) == pytest.approx(-11 / 60 * km * 4)
    wait, changes = 6.0, skims.more["transit_transfers"][i, j]
    felt = 10 + 3.5 * km + (given["demand.wait_factor"] - 1) * wait
    felt += changes * given["demand.transfer_minutes"]
    money = given["demand.transit_eur_trip"] + given["demand.transit_eur_km"] * km
    assert utility(costs, TRANSIT, i, j) == pytest.approx(-0.1 * felt - money)
    driving = -0.1 * (2 + 1.8 * km + search)
    assert utility(costs, CAR, i, j) == pytest.approx(driving - 0.149 * km)
    along = driving - given["demand.passenger_pays"] * 0.149 * km
    assert utility(costs, PASSENGER, i, j) == pytest.approx(along)


def test_damping_counts_a_long_trip_less():
    zones, skims = make_town(side=8, gates=0)
    costs = costs_of(zones, skims, GIVEN)
    plain = costs_of(zones, skims, GIVEN.replaced({"demand.damping": 0.0}))
    far, start = skims.km["walk"][0, -1], GIVEN["demand.damping_km"]
    assert far > start
    wanted = (far / start) ** -GIVEN["demand.damping"]
    assert utility(costs, CAR, 0, -1) / utility(plain, CAR, 0, -1) == pytest.approx(wanted)
    assert utility(costs, CAR, 0, 1) == pytest.approx(utility(plain, CAR, 0, 1))


def test_a_tour_needs_its_way_back():
    zones, skims = make_town(side=3, gates=0)
    one_way = skims.minutes["car"].copy()
    one_way[0, 5] = np.inf
    costs = costs_of(zones, replace(skims, minutes={**skims.minutes, "car": one_way}), GIVEN)
    assert costs.relative[CAR, 0, 5] == costs.relative[CAR, 5, 0] == 0
    assert costs.relative[WALK, 5, 0] > 0


def test_the_way_outside_counts():
    zones, skims = make_town(side=3, gates=2)
    costs = costs_of(zones, skims, GIVEN)
    far = zones.table["outside_km"].iloc[-2]
    assert far == GIVEN["demand.outside_km.motorway"]
    assert costs.km[CAR, 0, -2] == pytest.approx(skims.km["car"][0, -2] + far)
    speed = GIVEN["demand.outside_speed_kmh.car"]
    assert costs.minutes[CAR, 0, -2] == pytest.approx(
        skims.minutes["car"][0, -2] + far * 60 / speed
    )


def test_trips_out_of_town_by_train_begin_at_the_nearest_station():
    zones, skims = make_town(side=3, gates=2)
    rail = np.zeros(zones.count)
    rail[[0, 8]] = 1
    zones = replace(zones, table=zones.table.assign(rail_stops=rail))
    costs = costs_of(zones, skims, GIVEN)
    bus, walk = skims.minutes["transit"], skims.minutes["walk"]
    to_station = min(bus[7, 0], bus[7, 8], walk[7, 0], walk[7, 8])
    ride = zones.table["outside_km"].iloc[-1] * 60 / GIVEN["demand.outside_speed_kmh.transit"]
    wanted = to_station + ride + GIVEN["demand.outside_transit_minutes"]
    assert costs.minutes[TRANSIT, 7, -1] == pytest.approx(wanted)
    assert costs.minutes[TRANSIT, -1, 7] == pytest.approx(wanted)
    trips = np.zeros((zones.count, zones.count))
    trips[7, -1], trips[-2, 7], trips[0, -1], trips[1, 2] = 10, 4, 3, 5
    inside = transit_inside(zones, skims, trips)
    assert inside[7, 8] == 10
    assert inside[8, 7] == 4
    assert inside[1, 2] == 5
    assert inside.sum() == 19  # zone 0 has its station: nothing to ride


def test_without_a_timetable_only_the_train_is_left():
    zones, skims = make_town(side=3, gates=2)
    none = {mode: values for mode, values in skims.minutes.items() if mode != "transit"}
    costs = costs_of(zones, replace(skims, minutes=none, more={}), GIVEN)
    assert (costs.relative[TRANSIT, :9, :9] == 0).all()
    ride = zones.table["outside_km"].iloc[-1] * 60 / GIVEN["demand.outside_speed_kmh.transit"]
    wanted = GIVEN["demand.station_minutes"] + ride + GIVEN["demand.outside_transit_minutes"]
    assert costs.minutes[TRANSIT, 0, -1] == pytest.approx(wanted)


def test_stress_of_cyclists_counts_in_part():
    zones, skims = make_town(side=3, gates=0)
    cost = skims.minutes["bike"] + 8.0
    cost[0, 1] = np.inf
    stressed = costs_of(zones, replace(skims, more={**skims.more, "bike_cost": cost}), GIVEN)
    calm = costs_of(zones, skims, GIVEN)
    less = 11 / 60 * 8.0 * GIVEN["demand.bike_stress_share"]
    found = utility(calm, BIKE, 2, 5) - utility(stressed, BIKE, 2, 5)
    assert found == pytest.approx(less)


def test_skims_of_other_zones_are_refused():
    zones, skims = make_town(side=3, gates=0)
    other = Skims(skims.ids[::-1], skims.minutes, skims.km)
    with pytest.raises(ModelError, match="9 zones"):
        costs_of(zones, other, GIVEN)


def test_skims_that_cannot_be_are_named_all_at_once():
    zones, skims = make_town(side=2, gates=0)
    bad = {"car": -skims.minutes["car"], "walk": skims.minutes["walk"] * np.nan}
    wrong = replace(skims, minutes={**skims.minutes, **bad}, km={"bike": np.ones((3, 3))})
    with pytest.raises(ModelError, match=r"minutes \(walk\), minutes \(car\), km \(bike\)"):
        costs_of(zones, wrong, GIVEN)


def test_only_buses_have_kilometres_of_their_own():
    zones, skims = make_town(side=2, gates=2)
    only = Skims(skims.ids, {"transit": skims.minutes["transit"]}, {"transit": skims.km["walk"]})
    costs = costs_of(zones, only, GIVEN)
    assert np.isfinite(costs.km[TRANSIT]).all()
    bare = costs_of(zones, Skims(skims.ids, only.minutes, {}), GIVEN)
    assert np.isfinite(bare.distance).all()
    assert (bare.inside == 0).all()
    car = replace(skims, km={"bike": skims.km["bike"]})  # minutes by car without kilometres
    np.testing.assert_allclose(costs_of(zones, car, GIVEN).km, costs_of(zones, skims, GIVEN).km)


def test_order_of_modes():
    assert MODES == ("walk", "bike", "transit", "car", "passenger")
