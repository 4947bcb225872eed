"""Where points meet a network, gates of a town and connectors of its zones."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from shapely import box

from tests.twin.mobility.network.town import CRS, nodes_of, streets_of, turns_of
from twin.assumptions import assumptions
from twin.mobility.network import connectors, gate_connectors, gates, meet, mode_network

if TYPE_CHECKING:
    from twin.mobility.tables import Access, ModeNetwork

GIVEN = assumptions()
WALK = 1.2 / 4.8 * 3.6
"""Seconds a metre from a door to the street."""


def met(network: ModeNetwork, *xy: tuple[float, float]) -> Access:
    """Return where places meet the network."""
    ids = pd.Index([f"p{i}" for i in range(len(xy))])
    return meet(network, np.array(xy, float), ids, GIVEN)


def line(ways: list[str], changes: Any = None) -> tuple[Any, Any]:
    """Return streets along the x axis: a at 0, b at 100, c at 200 m, x and y 100 m above."""
    nodes = nodes_of({"a": (0, 0), "b": (100, 0), "c": (200, 0), "x": (0, 100), "y": (200, 100)})
    return streets_of(nodes, ways, changes), nodes


def test_a_point_reaches_both_ends_of_its_street() -> None:
    streets, nodes = line(["a-b", "b-c"])
    net = mode_network(streets, nodes, turns_of(), GIVEN, "walk")
    access = met(net, (25, 10))
    names = net.node_ids[access.node[0]].tolist()
    assert names == (["a", "b"] if net.street_ids[access.street[0]] == "a-b" else ["b", "a"])
    a, b = sorted(access.seconds[0])
    assert a == pytest.approx(10 * WALK + 25 / 4.8 * 3.6)
    assert b == pytest.approx(10 * WALK + 75 / 4.8 * 3.6)
    np.testing.assert_array_equal(np.sort(access.arriving()[1][0]), np.sort(access.seconds[0]))


def test_one_way_streets_are_left_ahead_and_reached_from_behind() -> None:
    streets, nodes = line(["a>b", "b-c", "c-y", "y-x", "x-a"])
    net = mode_network(streets, nodes, turns_of(), GIVEN, "car")
    access = met(net, (25, 0))
    time = 100 / (50 * 0.85) * 3.6
    assert net.node_ids[access.node[0][access.node[0] >= 0]].tolist() == ["b"]
    assert sorted(access.seconds[0]) == [pytest.approx(0.75 * time), np.inf]
    node, seconds = access.arriving()
    assert net.node_ids[node[0][node[0] >= 0]].tolist() == ["a"]
    assert sorted(seconds[0]) == [pytest.approx(0.25 * time), np.inf]


def test_islands_are_met_only_where_nothing_else_is_near() -> None:
    places = {"a": (0, 0), "b": (500, 0), "x": (0, 30), "y": (50, 30), "u": (0, 900), "v": (9, 900)}
    nodes = nodes_of(places)
    streets = streets_of(nodes, ["a-b", "x-y", "u-v"])
    net = mode_network(streets, nodes, turns_of(), GIVEN, "walk")
    access = met(net, (25, 29), (5, 890), (0, 5000))
    streets_met = [net.street_ids[row] if row >= 0 else None for row in access.street]
    assert streets_met[0] in ("a-b", "b-a")
    assert streets_met[1] in ("u-v", "v-u")
    assert streets_met[2] is None
    assert access.node[2].tolist() == [-1, -1]
    assert np.isinf(access.seconds[2]).all()


def test_no_door_opens_on_a_motorway() -> None:
    nodes = nodes_of({"a": (0, 0), "b": (500, 0), "x": (0, 90), "y": (500, 90)})
    fast = {"class": "motorway", "allow_walk": False}
    streets = streets_of(nodes, ["a-b", "x-y", "a-x", "b-y"], {"x-y": fast, "y-x": fast})
    net = mode_network(streets, nodes, turns_of(), GIVEN, "car")
    access = met(net, (250, 80), (250, 485))  # the second has nothing else within 400 m
    assert net.street_ids[access.street[0]] in ("a-b", "b-a")
    assert net.street_ids[access.street[1]] in ("x-y", "y-x")


def test_no_points_and_no_streets() -> None:
    streets, nodes = line(["a-b"])
    none = mode_network(streets.assign(allow_walk=False), nodes, turns_of(), GIVEN, "walk")
    assert met(none, (5, 5)).street.tolist() == [-1]
    net = mode_network(streets, nodes, turns_of(), GIVEN, "walk")
    empty = meet(net, np.zeros((0, 2)), pd.Index([], dtype=str), GIVEN)
    assert empty.node.shape == empty.seconds.shape == (0, 2)


@cache
def ring() -> tuple[Any, ModeNetwork]:
    """Return a ring of streets and its network on foot."""
    streets, nodes = line(["a-b", "b-c", "c-y", "y-x", "x-b"])
    return streets, mode_network(streets, nodes, turns_of(), GIVEN, "walk")


@settings(max_examples=30)
@drawn(st.lists(st.tuples(st.floats(-300, 500), st.floats(-300, 400)), min_size=1, max_size=12))
def test_the_street_met_is_the_nearest(points: list[tuple[float, float]]) -> None:
    streets, net = ring()
    access = met(net, *points)
    place = shapely.points(np.array(points))
    away = shapely.distance(place[:, None], streets.geometry.to_numpy()[None, :]).min(axis=1)
    found = shapely.distance(place, streets.geometry.to_numpy()[access.street])
    near = away <= 400
    np.testing.assert_allclose(found[near], away[near], atol=1e-9)
    np.testing.assert_array_equal(access.street >= 0, near)


# --------------------------------------------------------------------- gates


def town_with_edge() -> tuple[Any, Any]:
    """Return a street a-b in town, a motorway with two carriageways and a lane over the edge."""
    places = {
        "a": (0, 0), "b": (500, 0), "e1": (3000, 0), "e2": (3000, 20), "l": (0, 3000),
        "s": (500, 3000), "i1": (-900, 9000), "i2": (-900, 9900),
    }  # fmt: skip
    nodes = nodes_of(places)
    nodes["is_boundary"] = nodes.index.isin(["e1", "e2", "l", "s", "i2"])
    motorway = {"class": "motorway", "ref": "A 1", "speed_kmh": 120.0, "lanes": 2.0}
    changes = {
        "b-e1": motorway, "e2-b": motorway, "a-l": {"class": "tertiary"},
        "l-a": {"class": "tertiary"}, "b-s": {"class": "service"}, "s-b": {"class": "service"},
        "i1-i2": {"class": "primary"}, "i2-i1": {"class": "primary"},
    }  # fmt: skip
    return streets_of(nodes, ["a-b", "b>e1", "e2>b", "a-l", "b-s", "i1-i2"], changes), nodes


def test_carriageways_are_one_gate_and_driveways_none() -> None:
    streets, nodes = town_with_edge()
    found = gates(streets, nodes, GIVEN)
    assert found["class"].tolist() == ["motorway", "tertiary"]
    motorway, lane = found.iloc[0], found.iloc[1]
    assert (motorway["out_node_id"], motorway["in_node_id"]) == ("e2", "e1")
    assert (lane["out_node_id"], lane["in_node_id"]) == ("l", "l")
    assert motorway["weight"] == pytest.approx(2 * 2 * 2000 * 0.5)
    assert lane["weight"] == pytest.approx(2 * 1583 * 0.06)


def test_gates_feed_the_network() -> None:
    streets, nodes = town_with_edge()
    net = mode_network(streets, nodes, turns_of(), GIVEN, "car")
    found = gate_connectors(net, nodes, gates(streets, nodes, GIVEN), first=7)
    assert found["zone"].tolist() == [7, 8]
    assert net.node_ids[found["node"]].tolist() == ["e2", "l"]
    assert net.node_ids[found["in_node"]].tolist() == ["e1", "l"]


def test_a_town_that_ends_nowhere_has_no_gates() -> None:
    streets, nodes = town_with_edge()
    found = gates(streets, nodes.assign(is_boundary=False), GIVEN)
    assert len(found) == 0
    net = mode_network(streets, nodes, turns_of(), GIVEN, "car")
    assert len(gate_connectors(net, nodes, found, first=0)) == 0
    assert set(found.columns) >= {"x", "y", "node_id", "weight"}


# --------------------------------------------------------------------- connectors


@cache
def grid_town(control: str = "none") -> tuple[ModeNetwork, gpd.GeoDataFrame]:
    """Return streets every 200 m and two zones, the second without buildings."""
    places = {f"{x}{y}": (200.0 * x, 200.0 * y) for x in range(5) for y in range(3)}
    nodes = nodes_of(places, control=control)
    ways = [f"{x}{y}-{x + 1}{y}" for x in range(4) for y in range(3)]
    ways += [f"{x}{y}-{x}{y + 1}" for x in range(5) for y in range(2)]
    net = mode_network(streets_of(nodes, ways), nodes, turns_of(), GIVEN, "car")
    shapes = [box(-50, -50, 450, 450), box(450, -50, 850, 450)]
    return net, gpd.GeoDataFrame(index=["z1", "z2"], geometry=shapes, crs=CRS)


def feed(net: ModeNetwork, zones: gpd.GeoDataFrame, xy: Any, weight: Any) -> pd.DataFrame:
    """Return the connectors of points that all lie in the first zone."""
    return connectors(net, np.array(xy, float), ["z1"] * len(xy), weight, zones, GIVEN)


def test_zones_are_fed_where_their_people_are() -> None:
    net, zones = grid_town()
    xy = [(10, 5), (5, 12), (395, 5), (5, 395), (395, 398)]
    found = feed(net, zones, xy, [10, 10, 20, 20, 20])
    assert found.groupby("zone")["weight"].sum().tolist() == pytest.approx([1, 1])
    own = found[found["zone"] == 0]
    weights = dict(zip(net.node_ids[own["node"]], own["weight"], strict=True))
    assert weights == pytest.approx({"00": 0.25, "20": 0.25, "02": 0.25, "22": 0.25})
    near = own["seconds"].to_numpy()[net.node_ids[own["node"]] == "22"]
    assert near == pytest.approx(np.hypot(5, 2) * 1.3 / 20 * 3.6)


def test_a_zone_where_all_junctions_have_rules_is_fed() -> None:
    net, zones = grid_town(control="signals")
    crossings = net.in_nodes[net.in_nodes >= 0] != net.out_nodes[net.out_nodes >= 0]
    assert crossings.sum() == 11  # all but the four corners
    found = feed(net, zones, [(200, 205)], [1])
    assert found.groupby("zone")["weight"].sum().tolist() == pytest.approx([1, 1])


@settings(max_examples=15)
@drawn(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=1, max_size=30),
    st.randoms(use_true_random=False),
)
def test_the_order_of_buildings_changes_nothing(points: Any, chance: Any) -> None:
    net, zones = grid_town()
    weight = [1.0 + (x * 7 + y) % 5 for x, y in points]
    rows = list(range(len(points)))
    chance.shuffle(rows)
    one = feed(net, zones, points, weight)
    two = feed(net, zones, [points[i] for i in rows], [weight[i] for i in rows])
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    assert one.groupby("zone")["weight"].sum().to_numpy() == pytest.approx(1)
    assert one.groupby("zone").size().between(1, 4).all()


def test_no_main_part_no_connectors() -> None:
    nodes = nodes_of({"a": (0, 0), "b": (100, 0)})
    net = mode_network(streets_of(nodes, ["a>b"]), nodes, turns_of(), GIVEN, "car")
    _, zones = grid_town()
    found = feed(net, zones, [(1, 1)], [1])
    assert found.columns.tolist() == ["zone", "node", "in_node", "weight", "seconds"]
    assert len(found) == 0
