"""From A to B on every mode: by hand on the grid, with a bus that runs once."""

from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString, Point

from tests.twin.mobility.accessibility.grid_town import (
    BLOCK_M,
    CRS,
    grid_streets,
    meeting,
    network_of,
)
from tests.twin.mobility.accessibility.test_nearest import by_scipy, some, town
from twin.assumptions import assumptions
from twin.errors import ModelError
from twin.mobility.accessibility import (
    Transit,
    compare_trips,
    minutes_from_stops,
    nearest_minutes,
    route,
    transit_minutes,
    trip,
)
from twin.mobility.accessibility.rides import ride_line
from twin.mobility.network import meet
from twin.mobility.transit import access_along_streets, compile_timetable
from twin.schema import TABLES
from twin.validation import conform

GIVEN = assumptions()
SIDE = 12


@cache
def grid():
    streets, nodes = grid_streets(SIDE)
    modes = {"walk": BLOCK_M / 1.25, "bike": 30.0, "car": 12.0}
    return streets, {
        mode: network_of(streets, nodes, mode=mode, seconds=seconds)
        for mode, seconds in modes.items()
    }


A = (0.5 * BLOCK_M, 0.0)  # the middle of the first block
B = (10.0 * BLOCK_M, 3.5 * BLOCK_M)


def test_every_mode_worked_out_by_hand():
    _, networks = grid()
    options = trip(networks, {}, A, B, GIVEN, crs=CRS)
    found = options.table()
    blocks = 9.5 + 3.5  # half a block to the corner, nine on, three up, half a block
    assert list(found.index) == ["walk", "bike", "car"]
    assert found["km"].tolist() == pytest.approx([blocks * BLOCK_M / 1000] * 3)
    assert found.loc["walk", "minutes"] == pytest.approx(blocks * BLOCK_M / 1.25 / 60)
    assert found.loc["bike", "minutes"] == pytest.approx(blocks * 0.5 + 1)
    assert found.loc["car", "minutes"] == pytest.approx(blocks * 0.2 + 2)
    km = blocks * BLOCK_M / 1000
    assert found["cost_eur"].tolist() == pytest.approx([0, 0, km * 0.149])
    assert found["co2e_g"].tolist() == pytest.approx([0, 0, km * 152])
    paid = trip(networks, {}, A, B, GIVEN, parking_eur=2.5).table()
    assert paid.loc["car", "cost_eur"] == pytest.approx(km * 0.149 + 2.5)


def test_lines_run_from_door_to_door_over_streets():
    streets, networks = grid()
    legs = trip(networks, {}, A, B, GIVEN, crs=CRS).legs()
    assert legs.crs == CRS
    network = shapely.union_all(streets.geometry.to_numpy()).buffer(0.01)
    for line in legs.geometry:
        assert shapely.get_coordinates(line)[[0, -1]].tolist() == [list(A), list(B)]
        assert network.covers(line)


def test_a_route_is_as_long_as_its_line_and_as_quick_as_scipy_says():
    network, homes, places, _ = town()
    expected = by_scipy(network, network.time_s, homes, places)
    for i, k in ((0, 0), (7, 3), (23, 8), (41, 5)):
        ends = _joined(some(homes, np.array([i])), some(places, np.array([k])))
        at = np.vstack([_place(network, ends, end) for end in (0, 1)])
        found = route(network, network.time_s, ends, at)
        assert found.seconds / 60 == pytest.approx(expected[i, k])
        assert found.metres == pytest.approx(found.metres_by_street.sum())
        for before, after in zip(found.streets[:-1], found.streets[1:], strict=True):
            gap = shapely.distance(network.lines[before], network.lines[after])
            assert gap == pytest.approx(0)


def _joined(one, other):
    values = {
        name: np.concatenate([getattr(one, name), getattr(other, name)])
        for name in ("node", "seconds", "street", "in_node", "in_seconds", "share", "detour_s")
    }
    return type(one)(ids=one.ids.append(other.ids), **values)


def _place(network, ends, row):
    line = network.lines[ends.street[row]]
    point = shapely.line_interpolate_point(line, ends.share[row], normalized=True)
    return shapely.get_coordinates(point)


def test_the_way_is_chosen_by_cost_and_told_by_time():
    streets, networks = grid()
    bike = networks["bike"]
    loud = bike.cost.copy()
    along = [streets.index.get_loc(f"s{k}-{k + 1}") for k in range(SIDE - 1)]
    loud[np.isin(bike.street, along)] *= 4
    quiet = {"bike": type(bike)(**{**vars(bike), "cost": loud})}
    stress = pd.Series(1.0, streets.index)
    stress.iloc[along] = 4.0
    direct = trip({"bike": bike}, {}, A, (10.0 * BLOCK_M, 0.0), GIVEN, stress=stress)
    around = trip(quiet, {}, A, (10.0 * BLOCK_M, 0.0), GIVEN, stress=stress)
    assert direct.table().loc["bike", "stress_share"] == pytest.approx(1.0)
    # half a block and the last one on the main street, one up, nine beside it, one down
    assert around.table().loc["bike", "stress_share"] < 0.15
    assert around.table().loc["bike", "minutes"] == pytest.approx(11.5 * 0.5 + 1)


def test_traffic_and_closures_change_the_trip():
    _, networks = grid()
    before = trip(networks, {}, A, B, GIVEN)
    slow = np.full(networks["car"].graph.m, 24.0)
    walls = np.isin(networks["walk"].graph.heads % SIDE, [5])
    shut = np.where(walls, np.inf, networks["walk"].time_s)
    after = trip(networks, {"car": slow, "walk": shut}, A, B, GIVEN)
    told = compare_trips(before, after)
    assert told.loc[("car", "minutes"), "difference"] == pytest.approx(12 * 0.2)
    assert told.loc[("walk", "minutes"), "after"] == np.inf
    assert np.isnan(told.loc[("walk", "minutes"), "difference"])
    assert told.loc[("bike", "minutes"), "difference"] == 0
    assert after.by_mode["walk"].legs == ()


def test_from_a_door_to_itself():
    _, networks = grid()
    found = trip(networks, {}, A, A, GIVEN).table()
    assert found["minutes"].tolist() == pytest.approx([0, 1, 2])
    assert found["km"].tolist() == [0, 0, 0]


def test_points_in_the_fields_are_refused_by_name():
    _, networks = grid()
    with pytest.raises(ModelError, match=r"no street within 400 m of -5000 0, 90000 9\."):
        trip(networks, {}, (-5000, 0), (90000, 9), GIVEN)


@cache
def bus():
    """Give a bus every ten minutes from the lower left corner straight to the lower right one."""
    streets, nodes = grid_streets(SIDE)
    walk = network_of(streets, nodes, seconds=BLOCK_M / 1.25)
    right = (SIDE - 1) * BLOCK_M
    departures = range(7 * 3600, 9 * 3600, 600)
    raw = {
        "stops": gpd.GeoDataFrame(
            {"name": ["West", "East"], "class": "bus"}, index=["west", "east"],
            geometry=[Point(0, 0), Point(right, 0)], crs=CRS,
        ),
        "lines": gpd.GeoDataFrame(
            {"name": ["1"], "class": "bus", "course_source": "tagged", "departures": 12.0},
            index=["l1"], geometry=[LineString([(0, 0), (right / 2, -60), (right, 0)])], crs=CRS,
        ),
        "trips": pd.DataFrame(
            {"line_id": "l1", "day_type": "weekday"}, index=[f"t{d}" for d in departures]
        ),
        "stop_times": pd.DataFrame(
            [
                (f"t{d}", stop, place, d + 120 * place, d + 120 * place, True, True)
                for d in departures
                for place, stop in enumerate(["west", "east"])
            ],
            columns=[
                "trip_id", "stop_id", "sequence", "arrival_s", "departure_s", "boarding",
                "alighting",
            ],
        ),
        "transfers": pd.DataFrame(index=[]),
    }  # fmt: skip
    raw["stop_times"].index = [f"x{k}" for k in range(len(raw["stop_times"]))]
    tables = {name: conform(TABLES[name], table, crs=CRS) for name, table in raw.items()}
    timetable = compile_timetable(
        tables["stops"], tables["lines"], tables["trips"], tables["stop_times"],
        tables["transfers"], GIVEN,
    )  # fmt: skip
    return walk, Transit(timetable, tables["lines"])


def test_a_bus_is_taken_where_it_runs():
    """A is half a block from the west stop: 48 s; the bus at 8:10 takes two minutes."""
    walk, transit = bus()
    b = (11 * BLOCK_M, BLOCK_M)  # a block above the east stop: 96 s
    found = trip({"walk": walk}, {}, A, b, GIVEN, transit=transit, departure_s=8 * 3600, crs=CRS)
    option = found.by_mode["transit"]
    assert [leg.mode for leg in option.legs] == ["walk", "bus", "walk"]
    assert option.minutes == pytest.approx(10 + 2 + 1.6, abs=0.05)
    assert option.transfers == 0
    assert option.cost_eur == GIVEN["accessibility.fare_eur"]
    ridden = option.legs[1].geometry
    assert shapely.get_coordinates(ridden)[1].tolist() == [5.5 * BLOCK_M, -60]
    assert option.co2e_g == pytest.approx(ridden.length / 1000 * 111)
    too_late = trip({"walk": walk}, {}, A, b, GIVEN, transit=transit, departure_s=22 * 3600)
    assert too_late.by_mode["transit"].legs == ()


def test_minutes_by_bus_to_the_nearest():
    """
    School at the east stop, home at the west one: between 7 and 9 half of the departures wait five
    minutes at most.
    """
    walk, transit = bus()
    table = transit.timetable
    stops = meet(walk, np.column_stack([table.x, table.y]), table.stop_ids, GIVEN)
    school = meeting(walk, [walk.street_ids.get_loc(f"s{SIDE - 2}-{SIDE - 1}")], [1.0])
    homes = meeting(walk, [0, walk.street_ids.get_loc("s120-121")], [0.0, 0.5])
    on_foot = nearest_minutes(walk, walk.time_s, homes, school, ["school"]).minutes
    from_stops = minutes_from_stops(table, walk, stops, school, ["school"], GIVEN)
    assert from_stops.loc["west", "school"] == pytest.approx(5 + 2, abs=1.1)
    near = access_along_streets(table, walk, stops, homes, GIVEN)
    found = transit_minutes(near, from_stops, on_foot)["school"]
    assert found.iloc[0] == pytest.approx(from_stops.loc["west", "school"])
    assert found.iloc[0] < on_foot["school"].iloc[0]
    assert found.iloc[1] == on_foot["school"].iloc[1]  # too far from the stop: on foot all the way


def test_rides_without_a_course_run_straight():
    stops = np.array([(0.0, 0.0), (10.0, 5.0), (20.0, 0.0)])
    assert ride_line(None, stops).equals(LineString(stops))
    elsewhere = LineString([(0, 900), (20, 900)])
    assert ride_line(elsewhere, stops).equals(LineString(stops))
