"""The fit to the survey, the check against other years and places, and how demand answers."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.conftest import shared
from tests.twin.mobility.demand.towns import GIVEN, make_town
from twin.classes import MODES, PURPOSES
from twin.mobility.demand import calibrate, demand
from twin.mobility.demand.calibration import BOUNDS

SURVEYS = {
    "Troisdorf 2016": {"walk": 0.17, "bike": 0.17, "transit": 0.12, "car_all": 0.54},
    "Rhein-Sieg-Kreis 2023": {"walk": 0.24, "bike": 0.09, "transit": 0.11, "car_all": 0.57},
}


@cache
def town():
    """A town of 81 zones on 9.7 km with five roads out: about the size of Troisdorf."""
    zones, skims = make_town(side=9, gates=5)
    return zones, skims, calibrate(zones, skims, GIVEN)


def residents_shares(found):
    trips = np.array([found.by_zone[f"trips_{mode}"].sum() for mode in MODES])
    return trips / trips.sum()


def test_mode_shares_are_those_of_the_survey():
    zones, skims, fitted = town()
    walk, bike, transit, car, along = residents_shares(demand(zones, skims, fitted, GIVEN))
    wanted = GIVEN.by_class("demand.mode_share")
    assert walk == pytest.approx(wanted["walk"], abs=0.001)
    assert bike == pytest.approx(wanted["bike"], abs=0.001)
    assert transit == pytest.approx(wanted["transit"], abs=0.001)
    assert car + along == pytest.approx(wanted["car_all"], abs=0.001)
    assert (car + along) / car == pytest.approx(GIVEN["demand.car_occupancy"], abs=0.01)
    assert fitted.rounds < 60


@pytest.mark.parametrize("name", SURVEYS)
def test_another_survey_can_take_its_place(name):
    zones, skims = make_town()
    survey = {f"demand.mode_share.{mode}": share for mode, share in SURVEYS[name].items()}
    given = GIVEN.replaced(survey)
    found = demand(zones, skims, calibrate(zones, skims, given), given)
    shares = residents_shares(found)
    total = sum(SURVEYS[name].values())  # they are rounded
    wanted = [SURVEYS[name][mode] / total for mode in ("walk", "bike", "transit", "car_all")]
    np.testing.assert_allclose([*shares[:3], shares[3:].sum()], wanted, atol=0.002)


def test_mean_lengths_are_met_or_at_their_bound():
    fitted = town()[2]
    for place in range(len(PURPOSES)):
        off = abs(fitted.length_km[place] / fitted.length_target_km[place] - 1)
        assert off < 0.005 or fitted.beta[place] in BOUNDS
    assert (np.abs(fitted.length_km / fitted.length_target_km - 1) < 0.005).sum() >= 4


def test_kilometres_are_those_of_the_survey_without_being_fitted():
    # Troisdorf 2023: 8.6 km a trip; Rhein-Sieg-Kreis 2023: car 73, transit 20, walk 4, bike 2 % of
    # the person-km. The town of the test is none of these: tens of percent are what can be asked.
    zones, skims, fitted = town()
    found = demand(zones, skims, fitted, GIVEN).by_zone.sum()
    km = np.array([found[f"km_{mode}"] for mode in MODES])
    trips = np.array([found[f"trips_{mode}"] for mode in MODES])
    assert km.sum() / trips.sum() == pytest.approx(8.6, rel=0.2)
    walk, bike, transit, car, along = km / km.sum()
    assert 0.02 < walk < 0.06
    assert 0.01 < bike < 0.08
    assert 0.12 < transit < 0.28
    assert 0.63 < car + along < 0.83


def test_a_second_fit_from_the_first_is_at_once_there():
    zones, skims, fitted = town()
    again = calibrate(zones, skims, GIVEN, start=fitted)
    assert again.rounds <= 2
    np.testing.assert_allclose(again.asc, fitted.asc, atol=0.01)


def test_a_mode_without_any_way_has_no_share():
    zones, skims = make_town(gates=0)
    minutes = {mode: values for mode, values in skims.minutes.items() if mode != "transit"}
    fitted = calibrate(zones, replace(skims, minutes=minutes, more={}), GIVEN)
    transit = MODES.index("transit")
    assert fitted.shares[transit] == fitted.targets[transit] == 0
    np.testing.assert_allclose(fitted.shares, fitted.targets, atol=1e-4)
    assert fitted.targets.sum() == pytest.approx(1)


def test_known_jobs_of_the_town_are_believed():
    given = GIVEN.replaced({"demand.jobs_total": 12_000.0})
    zones, skims = make_town(given=given)
    fitted = calibrate(zones, skims, given)
    assert fitted.jobs_scale == 1
    assert fitted.jobs_now(zones).sum() == pytest.approx(12_000)
    found = demand(zones, skims, fitted, given)
    gate = zones.table["is_gate"].to_numpy()
    per_job = GIVEN["demand.rate_employed.work"] * (1 - GIVEN["demand.home_office"])
    worked = found.purposes["work"][:, ~gate].sum()
    assert worked == pytest.approx(12_000 * per_job * fitted.rate_scale, rel=1e-6)


# --- how demand answers -----------------------------------------------------------------------


def elasticity(before, after, what, factor):
    return float(np.log(after[what] / before[what]) / np.log(factor))


@cache
def answers():
    """Elasticities of trips and kilometres: cost of driving, its time, parking, buses, fares."""
    zones, skims, fitted = town()

    def found(given=GIVEN, table=None, **changes):
        minutes = {**skims.minutes, **changes.pop("minutes", {})}
        other = replace(skims, minutes=minutes, more={**skims.more, **changes})
        system = zones if table is None else replace(zones, table=table)
        return demand(system, other, fitted, given).by_zone.sum()

    today = found()
    fuel = found(GIVEN.replaced({"demand.car_eur_km": GIVEN["demand.car_eur_km"] * 1.1}))
    slow = found(minutes={"car": skims.minutes["car"] * 1.1})
    fare_names = ("demand.transit_eur_trip", "demand.transit_eur_km")
    fare = found(GIVEN.replaced({name: GIVEN[name] * 1.1 for name in fare_names}))
    wait = skims.more["transit_wait"] / 2
    often = found(minutes={"transit": skims.minutes["transit"] - wait}, transit_wait=wait)
    paid = zones.table.assign(parking_eur=2.0)
    dear = found(table=zones.table.assign(parking_eur=2.2))
    return {
        "fuel": elasticity(today, fuel, "km_car", 1.1),
        "fuel, transit": elasticity(today, fuel, "trips_transit", 1.1),
        "car time": elasticity(today, slow, "km_car", 1.1),
        "fare": elasticity(today, fare, "trips_transit", 1.1),
        "fare, car": elasticity(today, fare, "km_car", 1.1),
        "frequency": elasticity(today, often, "trips_transit", 2.0),
        "parking": elasticity(found(table=paid), dear, "trips_car", 1.1),
    }


def ranges():
    """Ranges of the reference table, by topic."""
    with shared("refs/mobility/elasticities.csv").open(encoding="utf-8") as file:
        return {row["topic"]: row["value"] for row in csv.DictReader(file)}


def test_signs_of_the_answers():
    found = answers()
    assert all(found[name] < 0 for name in ("fuel", "car time", "fare", "parking"))
    assert all(found[name] > 0 for name in ("fuel, transit", "fare, car", "frequency"))
    assert abs(found["fare, car"]) < abs(found["fuel"])  # few ride the bus


def test_size_of_the_answers():
    found = answers()
    # all costs of driving together: vehicle travel with respect to generalised cost, short run
    assert -1.0 <= found["fuel"] + found["car time"] + found["parking"] <= -0.5
    assert -0.9 <= found["fare"] <= -0.2  # short to long run
    assert -0.3 <= found["parking"] <= -0.1
    assert 0.2 <= found["frequency"] <= 1.1


def test_the_ranges_are_those_of_the_reference():
    table = ranges()
    assert table["vehicle travel w.r.t. generalised cost, short run"] == "-0.5 to -1.0"
    assert table["transit fare, short / long run"] == "-0.2..-0.5 / -0.6..-0.9"
    assert table["parking price on car trips"] == "-0.1 to -0.3"
    assert table["transit service (veh-km/frequency), short / long run"] == "0.5-0.7 / 0.7-1.1"


def test_figures_of_the_survey_are_those_of_the_facts():
    facts = {
        fact["id"]: fact["value"]
        for fact in json.loads(shared("refs/troisdorf/facts.json").read_text("utf-8"))["facts"]
    }
    split = facts["mobility.modal_split_2023_closed"]
    names = {"walk": "walk", "bike": "bike", "pt": "transit", "car": "car_all"}
    for theirs, ours in names.items():
        assert GIVEN[f"demand.mode_share.{ours}"] == pytest.approx(split[theirs] / 100)
    assert GIVEN["demand.mobile_share"] == facts["mobility.mobile_share_weekday"] / 100
    assert GIVEN["demand.trips_per_mobile"] == facts["mobility.trips_per_mobile_person"]
    ruhr = json.loads(shared("refs/mobility/mode_choice_NRW_matsim_ruhr.json").read_text("utf-8"))
    assert GIVEN["demand.car_eur_km"] == -ruhr["modes"]["car"]["EUR_per_km"]
    per_hour = ruhr["performing_util_per_h"]
    assert GIVEN["demand.value_of_time.walk"] == per_hour
    bike = per_hour - ruhr["modes"]["bike"]["travel_util_h"]
    assert GIVEN["demand.value_of_time.bike"] == bike
    for ours, theirs in (("car", "car"), ("transit", "pt"), ("passenger", "ride")):
        assert GIVEN[f"demand.asc_start.{ours}"] == ruhr["modes"][theirs]["asc"]
