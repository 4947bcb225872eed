"""Walks to stops and between them: along streets by hand, by straight line, of whole zones."""

import numpy as np
import pandas as pd
import pytest

from tests.twin.mobility.network.town import nodes_of, streets_of, turns_of
from tests.twin.mobility.transit.feeds import compiled, make_feed
from twin.assumptions import assumptions
from twin.mobility.network import meet, mode_network
from twin.mobility.transit import (
    StopAccess,
    access_along_streets,
    access_by_line,
    onward,
    walks_between,
    zone_access,
)

GIVEN = assumptions()
PACE = 3.6 / GIVEN["network.walk_speed"]
H = 8 * 3600
# a river between the two banks: the bridge is 800 m off
PLACES = {"a": (0, 0), "b": (800, 0), "c": (800, 100), "d": (0, 100), "e": (-3000, 0)}
STOPS = {"north": (0, 100), "south": (0, 0), "middle": (400, 0), "far": (-3000, 0)}


@pytest.fixture(scope="module")
def town():
    nodes = nodes_of(PLACES)
    streets = streets_of(nodes, ["a-b", "b-c", "c-d", "a-e"])
    network = mode_network(streets, nodes, turns_of(), GIVEN, "walk")
    halts = [(stop, H + 60 * i, H + 60 * i) for i, stop in enumerate(STOPS)]
    feed = make_feed(STOPS, [("L", halts)])
    ids = feed["stops"].index
    xy = np.array([STOPS[stop] for stop in ids], float)
    return network, feed, compiled(feed, GIVEN), meet(network, xy, ids, GIVEN)


def test_stops_across_the_river_are_as_far_as_the_bridge(town):
    network, feed, timetable, stops = town
    walks = walks_between(feed["stops"].index, network, stops, GIVEN)
    told = walks.set_index(["from_stop", "to_stop"])["seconds"]
    # 400 m along one street; both ways; all others are over 6 minutes
    assert set(told.index) == {("south", "middle"), ("middle", "south")}
    np.testing.assert_allclose(told.to_numpy(), 400 * PACE, rtol=1e-9)
    with_streets = compiled(feed, GIVEN, walks=walks)
    south, north, middle = (timetable.stop_ids.get_loc(s) for s in ("south", "north", "middle"))
    assert with_streets.foot_s(south, middle) == 300 + 60
    assert timetable.foot_s(south, north) == round(100 * 1.3 * PACE + 0.499) + 60  # as the crow


def test_doors_reach_stops_along_streets(town):
    network, _, timetable, stops = town
    doors = np.array([[100.0, 0.0], [600.0, 0.0], [800.0, 100.0]])
    met = meet(network, doors, pd.Index(["x", "y", "z"]), GIVEN)
    access = access_along_streets(timetable, network, stops, met, GIVEN)
    found = {}
    for place, name in enumerate("xyz"):
        rows, seconds = access.start(place)
        found[name] = dict(zip(timetable.stop_ids[rows], seconds.tolist(), strict=True))
    assert found["x"] == {"south": 75, "middle": 225}
    assert found["y"] == {"south": 450, "middle": 150, "north": 825}
    assert found["z"] == {"south": 675, "middle": 375, "north": 600}


def test_going_on_on_foot_from_the_stops(town):
    network, _, _, stops = town
    minutes = np.full(len(STOPS), np.inf)
    south, far = (stops.ids.get_loc(stop) for stop in ("south", "far"))
    minutes[south], minutes[far] = 10, 20
    by_node = pd.Series(onward(minutes, network, stops, GIVEN), network.node_ids)
    assert by_node["a"] == pytest.approx(10)
    assert by_node["b"] == pytest.approx(20)
    assert by_node["c"] == pytest.approx(21.25)
    assert by_node["e"] == pytest.approx(20)
    assert np.isinf(by_node["d"])  # 21 minutes on foot
    assert np.isinf(onward(np.full(len(STOPS), np.inf), network, stops, GIVEN)).all()


def test_by_straight_line_and_detour(town):
    timetable = town[2]
    access = access_by_line(timetable, np.array([[0.0, -100.0], [9000.0, 0.0]]), GIVEN)
    rows, seconds = access.start(0)
    told = dict(zip(timetable.stop_ids[rows], seconds.tolist(), strict=True))
    assert told == {"south": 98, "north": 195, "middle": 403}
    assert access.places == 2
    assert len(access.start(1)[0]) == 0


def test_a_zone_is_as_far_as_its_people():
    """Three of four people are 2 minutes from stop 0; stop 1 is near one of forty only."""
    access = StopAccess(
        np.array([0, 1, 2, 3], np.int32),
        np.array([0, 0, 1], np.int32),
        np.array([120, 240, 60], np.int32),
    )
    found = zone_access(town_of(2), access, np.array([0, 0, 0]), np.array([30, 9, 1]), 2)
    assert found.start(0)[0].tolist() == [0]
    assert found.start(0)[1].tolist() == [np.ceil((30 * 120 + 9 * 240) / 39)]
    assert found.start(1)[0].size == 0


def town_of(stops):
    halts = [(f"s{i}", H + i, H + i) for i in range(stops)]
    return compiled(make_feed({f"s{i}": (900 * i, 0) for i in range(stops)}, [("L", halts)]), GIVEN)
