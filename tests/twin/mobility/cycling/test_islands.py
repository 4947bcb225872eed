"""Islands of low stress, missing links and routes of cyclists, worked out by hand."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from tests.twin.mobility.network.town import nodes_of, streets_of, turns_of
from twin.assumptions import assumptions
from twin.errors import ModelError
from twin.mobility.cycling import (
    barriers,
    between_islands,
    calm_town,
    calm_trips,
    cyclists,
    detours,
    low_stress_islands,
    missing_links,
    reachable,
    stress,
)
from twin.mobility.cycling.gaps import Candidates, _greedy
from twin.mobility.network import meet, mode_network

if TYPE_CHECKING:
    from twin.mobility.cycling import Islands
    from twin.mobility.tables import ModeNetwork

GIVEN = assumptions()
CALM = {"speed_kmh": 30.0}
BUSY = {"class": "primary", "speed_kmh": 70.0, "lanes": 2.0}

# three calm streets a-b, c-d, e-f in a row, joined by busy ones of 300 m and 100 m
ROW = {"a": (0, 0), "b": (200, 0), "c": (500, 0), "d": (700, 0), "e": (800, 0), "f": (1000, 0)}
BUSY_WAYS = ("b-c", "d-e")


@cache
def row() -> tuple[ModeNetwork, pd.Series, Islands, Any]:
    """Return network, levels and islands of the row of streets, and where people are."""
    nodes = nodes_of(ROW)
    both = [key for way in BUSY_WAYS for key in (way, "-".join(way.split("-")[::-1]))]
    ways = ["a-b", "b-c", "c-d", "d-e", "e-f"]
    calm = dict.fromkeys(("a-b", "b-a", "c-d", "d-c", "e-f", "f-e"), CALM)
    streets = streets_of(nodes, ways, calm | dict.fromkeys(both, BUSY))
    net = mode_network(streets, nodes, turns_of(), GIVEN, "bike")
    lts = stress(streets, None, GIVEN)["lts"]
    xy = np.array([[100.0, 5], [600, 5], [900, 5]])
    people = pd.DataFrame({"residents": [100.0, 50, 10], "jobs": [0.0, 40, 60]})
    islands = low_stress_islands(net, lts, meet(net, xy, people.index, GIVEN), people, GIVEN)
    return net, lts, islands, (xy, people)


def test_islands_hold_their_people() -> None:
    _, _, islands, _ = row()
    assert islands.table["length_km"].tolist() == pytest.approx([0.4, 0.4, 0.4])
    assert islands.table["residents"].tolist() == [100, 50, 10]
    assert islands.point.tolist() == [0, 1, 2]
    assert (islands.street >= 0).sum() == 6  # the busy ones are on none


def test_joining_what_gains_most_per_metre_first() -> None:
    net, _, islands, (xy, people) = row()
    # without decay every job counts alike: R_i x share of the jobs on the other island
    far = GIVEN.replaced({"cycling.reach": 1e12})
    potential = reachable(islands, xy, people["residents"], people["jobs"], far)
    residents, share = np.array([100.0, 50, 10]), np.array([0, 0.4, 0.6])
    np.testing.assert_allclose(potential, residents[:, None] * share[None, :], atol=1e-6)
    found = missing_links(net, islands, potential, GIVEN)
    # d-e: (50 x 0.6 + 10 x 0.4) / 100 m = 0.34; b-c: 100 x 0.4 / 300 m = 0.13, then 100 x 1 / 300
    assert found["streets"].tolist() == [("d-e", "e-d"), ("b-c", "c-b")]
    assert found["length_m"].tolist() == pytest.approx([100, 300])
    assert found["gain"].tolist() == pytest.approx([34, 100])
    assert found["gain_per_m"].tolist() == pytest.approx([0.34, 1 / 3])
    assert found["total"].tolist() == pytest.approx([26 + 34, 160])
    assert (found["junctions"].str.len() == 0).all()


def test_the_whole_chain() -> None:
    net, lts, _, (xy, people) = row()
    access = meet(net, xy, people.index, GIVEN)
    far = GIVEN.replaced({"cycling.reach": 1e12})
    town = calm_town(net, lts, access, people, xy, far)
    assert (town.calm, town.residents) == (pytest.approx(26), 160)
    assert town.links["streets"].tolist() == [("d-e", "e-d"), ("b-c", "c-b")]
    assert town.calm + town.links["gain"].sum() == pytest.approx(160)


def test_nobody_gains_no_links() -> None:
    net, _, islands, _ = row()
    assert len(missing_links(net, islands, np.zeros((3, 3)), GIVEN)) == 0
    short = GIVEN.replaced({"cycling.chain_most": 150.0})
    found = missing_links(net, islands, np.ones((3, 3)), short)
    assert found["streets"].tolist() == [("d-e", "e-d")]


def test_streets_nobody_gets_to_are_no_candidates() -> None:
    nodes = nodes_of({"a": (0, 0), "b": (200, 0), "x": (900, 0), "y": (990, 0)})
    busy = {"x-y": BUSY, "y-x": BUSY}
    streets = streets_of(nodes, ["a-b", "x-y"], {"a-b": CALM, "b-a": CALM} | busy)
    net = mode_network(streets, nodes, turns_of(), GIVEN, "bike")
    lts = stress(streets, None, GIVEN)["lts"]
    people = pd.DataFrame({"residents": [1.0]})
    access = meet(net, np.array([[50.0, 0]]), people.index, GIVEN)
    islands = low_stress_islands(net, lts, access, people, GIVEN)
    assert len(missing_links(net, islands, np.ones((1, 1)), GIVEN)) == 0


def test_a_town_without_buildings() -> None:
    net, lts, _, _ = row()
    nobody = pd.DataFrame({"residents": [], "jobs": []}, index=pd.Index([], dtype=str))
    none = np.zeros((0, 2))
    islands = low_stress_islands(net, lts, meet(net, none, nobody.index, GIVEN), nobody, GIVEN)
    assert islands.table["length_km"].tolist() == pytest.approx([0.4, 0.4, 0.4])
    potential = reachable(islands, none, nobody["residents"], nobody["jobs"], GIVEN)
    assert potential.tolist() == [[0] * 3] * 3
    unknown = pd.DataFrame({"residents": [np.nan], "jobs": [3.0]})
    xy = np.array([[100.0, 5]])
    some = low_stress_islands(net, lts, meet(net, xy, unknown.index, GIVEN), unknown, GIVEN)
    assert some.table.loc[0, ["residents", "jobs"]].tolist() == [0, 3]


def test_near_destinations_count_more() -> None:
    _, _, islands, (xy, people) = row()
    near = GIVEN.replaced({"cycling.reach": 300.0})
    potential = reachable(islands, xy, people["residents"], people["jobs"], near)
    np.testing.assert_allclose(potential.sum(axis=1), people["residents"])
    assert potential[0, 1] / potential[0, 2] > 40 / 60


def test_trips_between_islands() -> None:
    net, _, islands, _ = row()
    table = pd.DataFrame({"zone": [0, 0, 1], "weight": [0.25, 0.75, 1.0]})
    node = [net.out_nodes[list(ROW).index(key)] for key in ("a", "c", "f")]
    trips = np.array([[0.0, 8.0], [4.0, 0.0]])
    found = between_islands(trips, table.assign(node=node), islands)
    np.testing.assert_allclose(found, [[0, 0, 2], [0, 0, 6], [1, 3, 0]])


def crossing(control: str) -> tuple[Islands, ModeNetwork, Any]:
    """Return the islands of a calm street that crosses a fast road."""
    nodes = nodes_of({"w": (-300, 0), "m": (0, 0), "e": (300, 0), "n": (0, 400), "s": (0, -400)})
    nodes.loc["m", "control"] = control
    fast = dict.fromkeys(("m-n", "n-m", "m-s", "s-m"), BUSY)
    calm = dict.fromkeys(("w-m", "m-w", "m-e", "e-m"), CALM)
    streets = streets_of(nodes, ["w-m", "m-e", "m-n", "m-s"], fast | calm)
    net = mode_network(streets, nodes, turns_of(), GIVEN, "bike")
    lts = stress(streets, None, GIVEN)["lts"]
    xy = np.array([[-150.0, 3], [150, 3]])
    people = pd.DataFrame({"residents": [80.0, 20], "jobs": [0.0, 9]})
    access = meet(net, xy, people.index, GIVEN)
    shut = barriers(streets, nodes, lts, GIVEN)
    islands = low_stress_islands(net, lts, access, people, GIVEN, shut=shut)
    return islands, net, reachable(islands, xy, people["residents"], people["jobs"], GIVEN)


def test_fast_roads_are_crossed_at_signals_only() -> None:
    assert len(crossing("signals")[0].table) == 1
    islands, net, potential = crossing("none")
    assert islands.table["residents"].tolist() == [80, 20]
    found = missing_links(net, islands, potential, GIVEN)
    assert found["junctions"].tolist() == [("m",)]
    assert found["streets"].tolist() == [()]
    assert found["length_m"].tolist() == [25]
    assert found["gain"].tolist() == pytest.approx([80])  # all jobs are on the other side


def test_crossings_of_people_on_foot_make_a_junction_safe() -> None:
    nodes = nodes_of({"m": (0, 0), "n": (0, 400)})
    streets = streets_of(nodes, ["m-n"], {"m-n": BUSY, "n-m": BUSY})
    lts = stress(streets, None, GIVEN)["lts"]
    points = pd.DataFrame({"class": ["crossing_zebra"]}, index=["m"])
    assert barriers(streets, nodes, lts, GIVEN).tolist() == [True, True]
    assert barriers(streets, nodes, lts, GIVEN, points).tolist() == [False, True]


@st.composite
def choices(draw: Any) -> tuple[Any, Any, Any]:
    """Draw candidates between islands, the metres of each one's two links, and what is gained."""
    k = draw(st.integers(2, 6))
    pairs = [(i, j) for i in range(k) for j in range(i + 1, k)]
    ends = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=8, unique=True))
    links = draw(st.lists(st.integers(0, 9), min_size=2 * len(ends), max_size=2 * len(ends)))
    metres = draw(st.lists(st.integers(5, 400), min_size=10, max_size=10))
    gain = draw(st.lists(st.integers(0, 50), min_size=k * k, max_size=k * k))
    return ends, np.reshape(links, (-1, 2)), (np.array(metres, float), np.reshape(gain, (k, k)))


@settings(max_examples=30)
@drawn(choices())
def test_the_list_is_that_of_a_plain_search(drawn_case: tuple[Any, Any, Any]) -> None:
    ends, links, (metres, gain) = drawn_case
    offsets = np.arange(0, 2 * len(ends) + 1, 2, dtype=np.int32)
    found = Candidates(np.array(ends, np.int32), offsets, links.ravel().astype(np.int32))
    ours = _greedy(found, metres, gain.astype(float), 50)
    groups = [{i} for i in range(len(gain))]
    built: set[int] = set()
    for c, length, gained, _ in ours:
        scores = []
        for (a, b), own in zip(ends, links, strict=True):
            left, right = (next(g for g in groups if end in g) for end in (a, b))
            pairs = [] if left is right else [(i, j) for i in left for j in right]
            people = sum(gain[i, j] + gain[j, i] for i, j in pairs)
            far = sum(metres[link] for link in own if link not in built)
            scores.append((people / max(far, 10.0), people, far))
        best = max(score for score, _, _ in scores)
        assert (scores[c][0], scores[c][1], scores[c][2]) == pytest.approx((best, gained, length))
        joined = [g for g in groups if ends[c][0] in g or ends[c][1] in g]
        groups = [g for g in groups if g not in joined] + [set().union(*joined)]
        built |= set(links[c].tolist())
    assert sum(g for _, _, g, _ in ours) <= gain.sum() - np.trace(gain) + 1e-9


# --------------------------------------------------------------------- routes

GRID = {f"{x}{y}": (150.0 * x, 150.0 * y) for x in range(4) for y in range(3)}


@cache
def grid() -> tuple[ModeNetwork, pd.Series]:
    """Return a grid of streets, some busy, and their levels."""
    nodes = nodes_of(GRID)
    ways = [f"{x}{y}-{x + 1}{y}" for x in range(3) for y in range(3)]
    ways += [f"{x}{y}-{x}{y + 1}" for x in range(4) for y in range(2)]
    busy = {key: BUSY for x in range(3) for key in (f"{x}1-{x + 1}1", f"{x + 1}1-{x}1")}
    streets = streets_of(nodes, ways, busy)
    lts = stress(streets, None, GIVEN)["lts"]
    return mode_network(streets, nodes, turns_of(), GIVEN, "bike", stress=lts), lts


def connectors_at(*places: str) -> pd.DataFrame:
    """Return connectors of one zone a junction."""
    net = grid()[0]
    node = [int(net.out_nodes[list(GRID).index(key)]) for key in places]
    columns = {"zone": range(len(node)), "node": node, "in_node": node}
    return pd.DataFrame({**columns, "weight": 1.0, "seconds": 0.0})


def test_all_on_the_cheapest_way_without_spread() -> None:
    net, _ = grid()
    table = connectors_at("00", "32", "30")
    trips = np.array([[5.0, 7, 0], [0, 0, 2], [0, 1, 0]])
    one = GIVEN.replaced({"cycling.route_spread": 0.0, "cycling.route_draws": 1})
    found = cyclists(net, table, trips, one)
    graph = nx.DiGraph()
    for tail, head, cost in zip(net.graph.tails, net.graph.heads, net.cost, strict=True):
        graph.add_edge(int(tail), int(head), cost=cost)
    expected = sum(
        trips[i, j] * nx.shortest_path_length(graph, table["node"][i], table["node"][j], "cost")
        for i in range(3) for j in range(3) if i != j
    )  # fmt: skip
    cost = pd.Series(net.cost, net.street_ids[net.street])
    assert (found.street * cost.reindex(found.street.index)).sum() == pytest.approx(expected)
    assert (found.served, found.inside, found.unserved) == (10, 5, 0)


@settings(max_examples=15)
@drawn(st.lists(st.floats(0, 1000), min_size=16, max_size=16))
def test_no_trip_is_lost(values: list[float]) -> None:
    net, _ = grid()
    table = connectors_at("00", "32", "30", "11")
    table.loc[3, ["node", "in_node"]] = -1  # nobody gets to the last zone
    trips = np.array(values).reshape(4, 4)
    found = cyclists(net, table, trips, GIVEN)
    assert found.served + found.inside + found.unserved == pytest.approx(trips.sum())
    assert found.unserved == pytest.approx(trips[3, :3].sum() + trips[:3, 3].sum())
    assert found.conservation_error <= 1e-6
    assert (found.street >= 0).all()


def test_draws_spread_cyclists_and_are_the_same_every_time() -> None:
    net, _ = grid()
    table, trips = connectors_at("00", "32"), np.array([[0, 100.0], [0, 0]])
    many = GIVEN.replaced({"cycling.route_draws": 12})
    one, two = (cyclists(net, table, trips, many).street for _ in range(2))
    pd.testing.assert_series_equal(one, two, check_exact=True)
    assert (one > 0).sum() > 5  # more than one way of five blocks


def test_a_matrix_of_other_zones_is_refused() -> None:
    with pytest.raises(ModelError, match="matrix of bicycle trips is 1 x 1"):
        cyclists(grid()[0], connectors_at("00", "32"), np.ones((1, 1)), GIVEN)


def test_detours_that_avoid_stress() -> None:
    net, lts = grid()
    table = connectors_at("01", "31", "00")  # both ends of the busy street, and a corner
    metres = detours(net, lts, table, 3, GIVEN)
    assert metres["shortest"][0, 1] == pytest.approx(450)
    assert metres["calm"][0, 1] == pytest.approx(750)
    trips = np.array([[0, 6.0, 2], [0, 0, 0], [0, 0, 9]])
    found = calm_trips(trips, metres, GIVEN)
    assert found["any_calm_share"] == 1
    assert found["calm_share"] == pytest.approx(0.25)
    assert found["mean_detour"] == pytest.approx((6 * 750 / 450 + 2) / 8)
    assert calm_trips(np.zeros((3, 3)), metres, GIVEN)["mean_detour"] == 1
