"""The chain: nothing is lost, what should change changes, and odd towns work."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from tests.twin.mobility.demand.towns import (
    GIVEN,
    crow_skims,
    gates_of,
    grid,
    make_town,
    places_of,
    stock_of,
    table_of,
)
from twin.classes import MODES, PURPOSES
from twin.errors import ModelError
from twin.mobility.demand import calibrate, demand
from twin.mobility.demand.destination import margins
from twin.mobility.demand.generation import productions
from twin.mobility.tables import Demand, Skims, ZoneSystem

if TYPE_CHECKING:
    from twin.mobility.demand.calibration import Calibration

RATE = GIVEN["demand.mobile_share"] * GIVEN["demand.trips_per_mobile"]


@cache
def today() -> tuple[ZoneSystem, Skims, Calibration, Demand]:
    zones, skims = make_town()
    fitted = calibrate(zones, skims, GIVEN)
    return zones, skims, fitted, demand(zones, skims, fitted, GIVEN)


def total(matrices):
    return float(sum(matrix.sum() for matrix in matrices.values()))


def people_unserved(found):
    return found.unserved["no_way"] + found.unserved["no_destination"]


def same(one, other):
    assert all(np.array_equal(one.trips[mode], other.trips[mode]) for mode in MODES)
    assert all(np.array_equal(one.vehicles[name], other.vehicles[name]) for name in one.vehicles)
    pd.testing.assert_frame_equal(one.by_zone, other.by_zone, check_exact=True)


def test_same_skims_same_trips_bit_for_bit():
    zones, skims, fitted, before = today()
    same(before, demand(zones, skims, fitted, GIVEN))
    copies = {mode: values.copy() for mode, values in skims.minutes.items()}
    same(before, demand(zones, replace(skims, minutes=copies), fitted, GIVEN))


def test_the_input_stays_as_it_was():
    zones, skims, fitted, _ = today()
    table, minutes = zones.table.copy(), skims.minutes["car"].copy()
    calibrate(zones, skims, GIVEN)
    demand(zones, skims, fitted, GIVEN)
    pd.testing.assert_frame_equal(zones.table, table, check_exact=True)
    assert np.array_equal(skims.minutes["car"], minutes)


def test_residents_make_the_trips_of_the_survey():
    zones, _, _, found = today()
    residents = zones.table["residents"][~zones.table["is_gate"]]
    trips = found.by_zone.filter(like="trips_").sum(axis=1)
    np.testing.assert_allclose(trips, RATE * residents, rtol=1e-9)
    assert people_unserved(found) == pytest.approx(0, abs=1e-6)


def test_modes_purposes_and_directions_add_up():
    zones, _, _, found = today()
    assert total(found.trips) == pytest.approx(total(found.purposes))
    for matrix in (*found.trips.values(), *found.vehicles.values()):
        np.testing.assert_allclose(matrix, matrix.T, atol=1e-9)
        assert (matrix >= 0).all()
        assert np.isfinite(matrix).all()
    gate = zones.table["is_gate"].to_numpy()
    assert sum(m[np.ix_(gate, gate)].sum() for m in found.trips.values()) == 0
    assert found.vehicles["car"][np.ix_(gate, gate)].sum() > 0  # through traffic
    assert np.diag(found.vehicles["car"])[gate].sum() == 0


def test_margins_of_work_and_school_hold():
    zones, _, fitted, found = today()
    made = productions(zones.table, fitted.rate_scale, GIVEN)
    for place in (0, 1):
        level = fitted.level(place, fitted.jobs_now(zones), GIVEN)
        z = zones.count
        wanted = margins(
            zones.table, made[place], PURPOSES[place], level, GIVEN, np.ones((2 * z, z))
        )
        gate = zones.table["is_gate"].to_numpy()
        rows = wanted.rows[:z] + wanted.rows[z:]
        matrix = found.purposes[PURPOSES[place]]
        columns = matrix.sum(axis=0)
        np.testing.assert_allclose(matrix.sum(axis=1)[~gate], rows[~gate], rtol=1e-9)
        np.testing.assert_allclose(
            columns[~gate], wanted.columns[~gate], rtol=1e-4, atol=1e-7 * rows.sum()
        )
        assert columns[gate].sum() == pytest.approx(wanted.columns[gate].sum(), rel=1e-6)
        assert matrix[gate].sum() == pytest.approx(rows[gate].sum(), rel=1e-9)


def test_shares_that_leave_town_are_those_assumed():
    zones, _, _, found = today()
    gate = zones.table["is_gate"].to_numpy()
    for purpose, matrix in found.purposes.items():
        name = "out_commuter_share" if purpose == "work" else f"outside_share.{purpose}"
        out = matrix[np.ix_(~gate, gate)].sum() / matrix[~gate].sum()
        assert out == pytest.approx(GIVEN[f"demand.{name}"], abs=1e-3)
    work = found.purposes["work"]
    held = work[np.ix_(gate, ~gate)].sum() / work[:, ~gate].sum()
    assert held == pytest.approx(GIVEN["demand.in_commuter_share"], abs=1e-6)


def test_gates_are_used_by_capacity_and_by_the_way_to_them():
    zones, skims, fitted, _ = today()
    gate = np.flatnonzero(zones.table["is_gate"].to_numpy())
    far = {mode: minutes.copy() for mode, minutes in skims.minutes.items()}
    for minutes in far.values():
        minutes[:, gate[1]] += 30
        minutes[gate[1], :] += 30

    def out(minutes):
        found = demand(zones, replace(skims, minutes=minutes), fitted, GIVEN)
        return found.purposes["work"][:, gate].sum(axis=0)

    near, farther = out(skims.minutes), out(far)
    assert near[0] > near[1] > near[2]  # motorway, federal road, country road
    assert farther[1] < 0.8 * near[1]  # trains, too, go that way
    assert farther.sum() == pytest.approx(near.sum())


def test_home_office_takes_work_trips_and_nothing_else():
    zones, skims, fitted, before = today()
    more = GIVEN.replaced({"demand.home_office": 0.4})
    after = demand(zones, skims, fitted, more)
    for purpose in PURPOSES[1:]:
        assert np.array_equal(after.purposes[purpose], before.purposes[purpose])
    fewer = (1 - 0.4) / (1 - GIVEN["demand.home_office"])
    np.testing.assert_allclose(
        after.purposes["work"], before.purposes["work"] * fewer, rtol=1e-6, atol=1e-9
    )


def changed(stock=None, places=None, given=GIVEN):
    """Answer today's town with another stock or other places."""
    zones, skims, fitted, _ = today()
    shapes = grid(4)
    stock = stock_of(shapes) if stock is None else stock
    places = places_of(shapes) if places is None else places
    table = table_of(shapes, stock, places, gates_of(shapes, 3), given)
    return demand(replace(zones, table=table), skims, fitted, given)


def test_new_dwellings_add_the_trips_of_their_people():
    zones, _, _, before = today()
    stock = stock_of(grid(4))
    stock.loc["home_zone_005", "residents"] += 300
    after = changed(stock)
    trips = after.by_zone.filter(like="trips_").sum(axis=1)
    more = trips - before.by_zone.filter(like="trips_").sum(axis=1)
    assert more["zone_005"] == pytest.approx(300 * RATE)
    assert more.drop("zone_005").abs().max() < 1e-6
    gate = zones.table["is_gate"].to_numpy()
    for purpose in ("shopping", "leisure", "education"):  # visitors are those of today
        rows = [found.purposes[purpose][gate].sum() for found in (before, after)]
        assert rows[1] == pytest.approx(rows[0])


def test_new_jobs_are_filled_and_trips_of_residents_stay():
    zones, _, fitted, before = today()
    stock = stock_of(grid(4))
    stock.loc["work_zone_006", "heated_area_m2"] += 10_000.0  # an office for 300
    after = changed(stock)
    jobs = 10 * GIVEN["demand.jobs_per_1000m2.office"]
    more = after.purposes["work"].sum(axis=0) - before.purposes["work"].sum(axis=0)
    per_job = GIVEN["demand.rate_employed.work"] * (1 - GIVEN["demand.home_office"])
    assert more[6] == pytest.approx(jobs * per_job * fitted.rate_scale, rel=1e-4)
    zone = ~zones.table["is_gate"].to_numpy()
    rows = [found.purposes["work"][zone].sum(axis=1) for found in (before, after)]
    np.testing.assert_allclose(rows[1], rows[0], rtol=1e-9)
    for purpose in PURPOSES[1:]:
        if GIVEN.by_class(f"demand.attraction_{purpose}" if purpose != "education" else
                          "demand.pupils_per_place").get("jobs_service") is None:  # fmt: skip
            assert np.array_equal(after.purposes[purpose], before.purposes[purpose])


def test_a_moved_school_moves_pupils_and_who_brings_them():
    _, _, _, before = today()
    places = places_of(grid(4))
    school = places.index[places["detail"] == "secondary school"][0]
    places.loc[[school], "geometry"] = grid(4).geometry.centroid.iloc[[10]].array
    after = changed(places=places)
    gone, come = (after.purposes["education"] - before.purposes["education"]).sum(axis=0)[[8, 10]]
    assert come > 100
    assert gone == pytest.approx(-come, rel=1e-3)
    for purpose in ("work", "shopping", "errand", "leisure"):
        assert np.array_equal(after.purposes[purpose], before.purposes[purpose])


def test_the_order_of_zones_does_not_matter():
    zones, skims, _, _ = today()
    station = (zones.ids == "zone_006").astype(float)  # else it is the first of equal ones
    zones = replace(zones, table=zones.table.assign(rail_stops=station))
    before = demand(zones, skims, calibrate(zones, skims, GIVEN), GIVEN)
    turn = np.random.default_rng(2).permutation(zones.count)
    back = np.argsort(turn)
    ids = zones.ids[turn]

    def moved(values):
        return {name: value[np.ix_(turn, turn)] for name, value in values.items()}

    other = Skims(ids, moved(skims.minutes), moved(skims.km), moved(skims.more))
    system = ZoneSystem(ids, zones.table.iloc[turn], {})
    after = demand(system, other, calibrate(system, other, GIVEN), GIVEN)
    for mode in MODES:
        found = after.trips[mode][np.ix_(back, back)]
        np.testing.assert_allclose(found, before.trips[mode], rtol=1e-4, atol=1e-4)


def test_modes_without_a_way_leave_their_trips_to_the_rest():
    zones, skims, fitted, before = today()
    blocked = {**skims.minutes, "car": np.full_like(skims.minutes["car"], np.inf)}
    after = demand(zones, replace(skims, minutes=blocked), fitted, GIVEN)
    assert after.trips["car"].sum() == after.trips["passenger"].sum() == 0
    assert total(after.trips) == pytest.approx(total(before.trips))
    assert after.vehicles["car"].sum() == 0
    assert after.unserved["through"] == pytest.approx(before_through(fitted, zones))
    assert after.unserved["truck"] > 0


def before_through(fitted, zones):
    heavy = zones.table["through_heavy"].to_numpy(float)
    share = (heavy[:, None] + heavy[None, :]) / 2
    return (fitted.through * (1 - share)).sum()


def test_cut_off_zones_are_counted_and_not_dropped():
    zones, skims, fitted, before = today()
    cut = np.zeros((zones.count, zones.count), bool)
    cut[3, :] = cut[:, 3] = True
    off = {mode: np.where(cut, np.inf, values) for mode, values in skims.minutes.items()}
    after = demand(zones, replace(skims, minutes=off), fitted, GIVEN)
    made = RATE * zones.table["residents"].iloc[3]
    assert after.unserved["no_way"] == pytest.approx(made, rel=1e-6)
    assert after.by_zone.iloc[3].sum() == 0
    others = after.by_zone.filter(like="trips_").sum(axis=1).drop("zone_003")
    wanted = before.by_zone.filter(like="trips_").sum(axis=1).drop("zone_003")
    np.testing.assert_allclose(others, wanted, rtol=1e-9)


@settings(max_examples=8)
@drawn(st.integers(1, 3), st.integers(0, 3), st.integers(0, 10_000))
def test_trips_are_served_or_counted_in_any_town(side, gates, number):
    rng = np.random.default_rng(number)
    shapes = grid(side)
    stock = stock_of(shapes)
    stock["residents"] *= rng.integers(0, 2, len(stock))
    stock["heated_area_m2"] *= rng.integers(0, 2, len(stock))
    places = places_of(shapes)
    places = places[rng.random(len(places)) < 0.3]
    table = table_of(shapes, stock, places, gates_of(shapes, gates))
    skims = crow_skims(table)
    lost = rng.random((len(table), len(table))) < 0.3
    minutes = {mode: np.where(lost, np.inf, m) for mode, m in skims.minutes.items()}
    zones, skims = ZoneSystem(table.index, table, {}), replace(skims, minutes=minutes)
    fitted = calibrate(zones, skims, GIVEN)
    found = demand(zones, skims, fitted, GIVEN)
    made = productions(table, fitted.rate_scale, GIVEN)
    wanted = 0.0
    for place, purpose in enumerate(PURPOSES):
        level = fitted.level(place, fitted.jobs_now(zones), GIVEN)
        seed = np.ones((2 * len(table), len(table)))
        wanted += margins(table, made[place], purpose, level, GIVEN, seed).rows.sum()
    assert total(found.trips) + people_unserved(found) == pytest.approx(wanted, abs=1e-6)
    assert total(found.trips) == pytest.approx(total(found.purposes), abs=1e-6)
    assert all(np.isfinite(matrix).all() for matrix in found.trips.values())


def test_one_zone_and_no_gate():
    zones, skims = make_town(side=1, gates=0)
    fitted = calibrate(zones, skims, GIVEN)
    assert len(set(fitted.beta)) == 1  # nothing to fit it to
    found = demand(zones, skims, fitted, GIVEN)
    assert total(found.trips) == pytest.approx(RATE * zones.table["residents"].sum())
    assert people_unserved(found) == pytest.approx(0, abs=1e-9)


def test_no_jobs_at_all():
    shapes = grid(3)
    stock = stock_of(shapes)
    stock = stock[stock["use"] == "residential"]
    zones, skims = make_town(side=3, gates=2, stock=stock)
    found = demand(zones, skims, calibrate(zones, skims, GIVEN), GIVEN)
    gate = zones.table["is_gate"].to_numpy()
    work = found.purposes["work"]
    assert work.sum() == pytest.approx(work[:, gate].sum())  # everybody leaves
    zones, skims = make_town(side=3, gates=0, stock=stock)
    found = demand(zones, skims, calibrate(zones, skims, GIVEN), GIVEN)
    assert found.purposes["work"].sum() == 0
    assert found.unserved["no_destination"] > 0  # nowhere to go, and said


def test_nobody_lives_here():
    shapes = grid(2)
    stock = stock_of(shapes).assign(residents=0.0)
    zones, skims = make_town(side=2, gates=2, stock=stock)
    found = demand(zones, skims, calibrate(zones, skims, GIVEN), GIVEN)
    assert found.by_zone.to_numpy().sum() == 0
    assert all(np.isfinite(matrix).all() for matrix in found.vehicles.values())


def test_a_calibration_of_other_zones_is_refused():
    _, _, fitted, _ = today()
    zones, skims = make_town(side=3, gates=3)
    with pytest.raises(ModelError, match="calibrated for 19 zones"):
        demand(zones, skims, fitted, GIVEN)
