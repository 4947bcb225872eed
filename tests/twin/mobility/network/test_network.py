"""Networks of the modes against hand-worked cases and a second way to search."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from tests.conftest import shared
from tests.twin.mobility.network.town import (
    cross,
    nodes_of,
    streets_of,
    turns_of,
)
from twin.assumptions import assumptions
from twin.classes import STREET_CLASSES
from twin.errors import ModelError
from twin.mobility.network import lane_capacity, matched, mode_network
from twin.mobility.network.control import junction_delay, junctions
from twin.mobility.network.links import links_of
from twin.mobility.network.speeds import bike_speed_kmh, surface_kind, walk_speed_kmh

if TYPE_CHECKING:
    from twin.mobility.tables import ModeNetwork

GIVEN = assumptions()
NO_TURNS = turns_of()


def link(network: ModeNetwork, street: str) -> int:
    """Return the link of a street."""
    row = network.street_ids.get_loc(street)
    return int(np.flatnonzero(network.street == row)[0])


def times(network: ModeNetwork) -> Any:
    """Return the time of the fastest way from each junction to each, by scipy."""
    n = network.graph.n
    best = np.full((n, n), np.inf)
    weight = np.maximum(network.time_s, 1e-9)  # scipy takes 0 for no link
    np.minimum.at(best, (network.graph.tails, network.graph.heads), weight)
    out, into = network.out_nodes, network.in_nodes
    away = dijkstra(csr_array(np.where(np.isinf(best), 0, best)), indices=np.maximum(out, 0))
    usable = (out >= 0)[:, None] & (into >= 0)
    return np.where(usable, away[:, np.maximum(into, 0)], np.inf)


def seconds(network: ModeNetwork, start: str, goal: str, nodes: pd.DataFrame) -> float:
    """Return the time of the fastest way between two junctions."""
    return float(times(network)[nodes.index.get_loc(start), nodes.index.get_loc(goal)])


def free_of_junctions(**values: float) -> Any:
    """Return assumptions without any delay at junctions and turns, with `values` of turns."""
    kinds = ("signals", "crossing_signals", "stop", "give_way", "right_before_left", "roundabout")
    zero = {f"network.{kind}_delay.{mode}": 0.0 for kind in kinds for mode in ("car", "bike")}
    turns = {f"network.turn_delay.{key}": value for key, value in values.items()}
    return GIVEN.replaced({**zero, **turns})


# --------------------------------------------------------------------- who may go where


def test_modes_use_what_is_open_to_them() -> None:
    nodes = nodes_of({"a": (0, 0), "b": (100, 0), "c": (200, 0)})
    streets = streets_of(nodes, ["a>b", "b-c"], {"b-c": {"allow_car": False, "allow_truck": False}})
    net = {m: mode_network(streets, nodes, NO_TURNS, GIVEN, m) for m in ("car", "bike", "walk")}
    assert seconds(net["car"], "a", "b", nodes) == pytest.approx(100 / (50 * 0.85) * 3.6)
    assert np.isinf(seconds(net["car"], "b", "a", nodes))
    assert np.isinf(seconds(net["car"], "a", "c", nodes))
    # against the one-way street bicycles are pushed
    assert seconds(net["bike"], "a", "b", nodes) == pytest.approx(100 / 17 * 3.6)
    assert seconds(net["bike"], "b", "a", nodes) == pytest.approx(100 / 4 * 3.6)
    assert seconds(net["walk"], "b", "a", nodes) == pytest.approx(100 / 4.8 * 3.6)


def test_streets_without_an_opposite_link() -> None:
    nodes = nodes_of({"a": (0, 0), "b": (100, 0), "c": (50, 80)})
    streets = streets_of(nodes, ["a>b", "b>c", "c>a"])
    streets = streets[streets["allow_car"]].assign(reverse_id=None)
    for mode in ("car", "bike", "walk"):
        net = mode_network(streets, nodes, NO_TURNS, GIVEN, mode)
        assert net.main.all()
        assert len(net.street) == 3


def test_contraflow_is_ridden() -> None:
    nodes = nodes_of({"a": (0, 0), "b": (100, 0)})
    changes = {"b-a": {"allow_bike": True, "cycle_facility": "contraflow"}}
    net = mode_network(streets_of(nodes, ["a>b"], changes), nodes, NO_TURNS, GIVEN, "bike")
    assert seconds(net, "b", "a", nodes) == pytest.approx(100 / 17 * 3.6)


def test_restricted_access_costs_but_takes_no_time() -> None:
    nodes = nodes_of({"a": (0, 0), "b": (100, 0)})
    changes = {"a-b": {"car_access": "destination"}}
    net = mode_network(streets_of(nodes, ["a-b"], changes), nodes, NO_TURNS, GIVEN, "car")
    one, other = link(net, "a-b"), link(net, "b-a")
    assert net.time_s[one] == net.time_s[other]
    assert net.cost[one] == pytest.approx(5 * net.cost[other])


def test_the_main_part_is_found_in_this_table() -> None:
    places = {"a": (0, 0), "b": (100, 0), "c": (100, 100), "x": (900, 0), "y": (950, 0)}
    nodes = nodes_of(places)
    streets = streets_of(nodes, ["a-b", "b>c", "x-y"])
    net = mode_network(streets, nodes, NO_TURNS, GIVEN, "car")
    main = {net.street_ids[s]: bool(m) for s, m in zip(net.street, net.main, strict=True)}
    assert main == {"a-b": True, "b-a": True, "b-c": False, "x-y": False, "y-x": False}


def test_bad_tables_are_refused_with_names() -> None:
    streets, nodes = cross()
    with pytest.raises(ModelError, match="no network for tram"):
        mode_network(streets, nodes, NO_TURNS, GIVEN, "tram")
    with pytest.raises(ModelError, match=r"2 streets begin or end .*: m-w, w-m"):
        mode_network(streets, nodes.drop("w"), NO_TURNS, GIVEN, "car")
    none = streets.assign(capacity_vehh=[0.0, *[np.nan] * 6, 0.0])
    with pytest.raises(ModelError, match=r"2 streets open to cars .* zero: m-n, w-m"):
        mode_network(none, nodes, NO_TURNS, GIVEN, "car")
    closed = none.assign(allow_car=~(none["capacity_vehh"] == 0))
    assert len(mode_network(closed, nodes, NO_TURNS, GIVEN, "car").street) == 6


def test_a_town_without_streets_gives_an_empty_network() -> None:
    streets, nodes = cross()
    net = mode_network(streets.assign(allow_car=False), nodes, NO_TURNS, GIVEN, "car")
    rule = turns_of(("no_left_turn", "s-m", "m-w", None))
    gone = mode_network(streets.iloc[:0], nodes, rule, GIVEN, "car")
    for one in (net, gone):
        assert one.graph.m == 0
        assert set(one.out_nodes) == set(one.in_nodes) == {-1}


# --------------------------------------------------------------------- speed and capacity


def test_every_row_of_the_german_link_types() -> None:
    table = pd.read_csv(shared("refs/mobility/cr_functions_DE_sumo_visum_cologne.csv"))
    kinds = {"0-1": "motorway", "2": "primary", "3": "secondary", ">=4": "tertiary"}
    low = table["speed_mps_from"].fillna(0.0)
    high = table["speed_mps_to"].fillna(low + 20)
    for share in (0.01, 0.5, 1.0):  # upper bounds belong to a row, lower ones to the one before
        speed = (low + share * (high - low)).to_numpy() * 3.6
        found = lane_capacity(table["road_class(-priority)"].map(kinds), speed)
        np.testing.assert_array_equal(found[0], table["capacity_veh_h_lane"])
        flow = 0.7 * table["capacity_veh_h_lane"].to_numpy()
        own = 1 + found[1] * (flow / found[0]) ** found[2]
        a, c, b = (table[key].to_numpy() for key in ("a", "c_capfactor", "b_in_source"))
        np.testing.assert_allclose(
            own, 1 + a * (flow / (table["capacity_veh_h_lane"] * c)) ** b, rtol=1e-12
        )


def test_link_types_as_published() -> None:
    # 30 km/h: qmax 800, a 1, c 0.9, b 3: twice the time at 720; motorway: c 1.3, so at 2,600
    kinds, flow = pd.Series(["secondary", "motorway"]), np.array([720.0, 2600.0])
    capacity, alpha, beta = lane_capacity(kinds, np.array([30.0, 120.0]))
    assert capacity.tolist() == [800, 2000]
    assert 1 + alpha * (flow / capacity) ** beta == pytest.approx([2.0, 2.0])
    edges = lane_capacity(pd.Series(["tertiary"] * 3), np.array([7.0, 7.001, 9.0]) * 3.6)[0]
    assert edges.tolist() == [412.5, 600, 600]


def test_capacity_of_a_street() -> None:
    nodes = nodes_of({"a": (0, 0), "b": (100, 0), "c": (200, 0), "d": (300, 0), "e": (400, 0)})
    changes = {
        "a-b": {"class": "primary", "lanes": 2.0},
        "b-c": {"class": "primary", "capacity_vehh": 700.0},
        "c-d": {"class": "secondary", "lanes": 0.0},
        "d-e": {"class": "residential"},
    }
    streets = streets_of(nodes, ["a-b", "b-c", "c-d", "d-e"], changes)
    net = mode_network(streets, nodes, NO_TURNS, GIVEN, "car")
    found = [net.capacity_vehh[link(net, key)] for key in changes]
    assert found == [3000, 700, 750, 800]


def test_all_classes_have_all_assumptions() -> None:
    for name in ("car_speed_share", "most_lane_capacity", "gate_use"):
        assert set(GIVEN.by_class(f"network.{name}")) == set(STREET_CLASSES)


def test_walking_speed_is_toblers() -> None:
    # Tobler: 6 exp(-3.5 |s + 0.05|) km/h, 5.04 on the flat
    slope = np.array([-20.0, -5, 0, 5, 12])
    tobler = 6 * np.exp(-3.5 * np.abs(slope / 100 + 0.05))
    flat = 6 * np.exp(-3.5 * 0.05)
    np.testing.assert_allclose(walk_speed_kmh(slope, GIVEN), 4.8 * tobler / flat)


def test_riding_speed_by_gradient() -> None:
    found = bike_speed_kmh(np.array([np.nan, 0, 5, -5, 30, -30.0]), GIVEN)
    np.testing.assert_allclose(found, [17, 17, 17 - 7.2, 17 + 4.3, 5, 28])


def test_bikes_lose_time_uphill_on_cobbles_and_stress() -> None:
    nodes = nodes_of({"a": (0, 0), "b": (100, 0), "c": (200, 0), "d": (300, 0)})
    changes = {
        "a-b": {"gradient_percent": 5.0}, "b-a": {"gradient_percent": -5.0},
        "b-c": {"surface": "cobblestone"}, "c-d": {"cycle_facility": "sidewalk_allowed"},
    }  # fmt: skip
    streets = streets_of(nodes, ["a-b", "b-c", "c-d"], changes)
    stress = pd.Series({"b-c": 4, "d-c": 2})
    net = mode_network(streets, nodes, NO_TURNS, GIVEN, "bike", stress=stress)
    flat = 100 / 17 * 3.6
    time = {key: net.time_s[link(net, key)] for key in streets.index}
    assert time["a-b"] == pytest.approx(100 / 9.8 * 3.6)
    assert time["b-c"] == pytest.approx(flat / 0.8)
    assert time["c-d"] == pytest.approx(flat / 0.65)
    assert time["d-c"] == pytest.approx(flat)
    cost = {key: net.cost[link(net, key)] for key in streets.index}
    assert cost["a-b"] == pytest.approx(time["a-b"] * 1.15)
    assert cost["b-c"] == pytest.approx(time["b-c"] * 2.4)
    assert cost["d-c"] == pytest.approx(time["d-c"] * 1.2)


def test_surfaces_unknown_and_known() -> None:
    words = ["asphalt", "cobblestone:flattened", "fine_gravel", "gravel", None, None, "SAND"]
    kinds = ["residential"] * 5 + ["track", "track"]
    table = pd.DataFrame({"surface": pd.Series(words, dtype="str"), "class": kinds})
    expected = ["paved", "cobbled", "compacted", "loose", "paved", "compacted", "loose"]
    assert surface_kind(table).tolist() == expected


# --------------------------------------------------------------------- junctions


def test_delay_by_control() -> None:
    main = {key: {"class": "primary"} for key in ("m-n", "n-m", "m-s", "s-m")}
    for control, major, minor in (
        ("signals", 14, 14), ("none", 0, 5), ("stop", 0, 7), ("give_way", 0, 5),
        ("roundabout", 4, 4),
    ):  # fmt: skip
        streets, nodes = cross(control, changes=main)
        links = links_of(streets, nodes, "car")
        found = junction_delay(streets, links, junctions(streets, nodes), GIVEN)
        delay = dict(zip(streets.index, found, strict=True))
        assert (delay["n-m"], delay["e-m"], delay["m-n"]) == (major, minor, 0), control


def test_alike_streets_wait_for_the_right() -> None:
    for control, wait in (("none", 2.5), ("priority_to_right", 2.5), ("stop", 3.5)):
        streets, nodes = cross(control)
        links = links_of(streets, nodes, "car")
        found = junction_delay(streets, links, junctions(streets, nodes), GIVEN)
        assert dict(zip(streets.index, found, strict=True))["n-m"] == wait


def test_two_signals_of_one_junction_are_one_wait() -> None:
    places = {"m": (0, 0), "k": (30, 0), "n": (0, 200), "s": (0, -200), "o": (30, 200),
              "u": (30, -200)}  # fmt: skip
    nodes = nodes_of(places)
    nodes.loc[["m", "k"], "control"] = "signals"
    streets = streets_of(nodes, ["n-m", "m-s", "o-k", "k-u", "m-k"])
    links = links_of(streets, nodes, "car")
    delay = junction_delay(streets, links, junctions(streets, nodes), GIVEN)
    found = dict(zip(streets.index, delay, strict=True))
    assert (found["n-m"], found["m-k"], found["k-m"]) == (14, 0, 0)


def test_points_between_junctions_delay_cars_both_ways() -> None:
    streets, nodes = cross()
    points = pd.DataFrame(
        {"class": ["crossing_zebra", "level_crossing", "barrier"],
         "link_id": ["m-n", "m-n", "m-e"]}, index=["p", "q", "r"],
    )  # fmt: skip
    plain = mode_network(streets, nodes, NO_TURNS, GIVEN, "car")
    with_points = mode_network(streets, nodes, NO_TURNS, GIVEN, "car", street_points=points)
    more = with_points.time_s - plain.time_s
    assert more[link(plain, "m-n")] == more[link(plain, "n-m")] == pytest.approx(7)
    assert more.sum() == pytest.approx(14)


def test_left_turns_cost_at_signals() -> None:
    streets, nodes = cross("signals")
    given = free_of_junctions(left=8, right=2, straight=0)
    net = mode_network(streets, nodes, NO_TURNS, given, "car")
    base = 400 / (50 * 0.85) * 3.6
    assert seconds(net, "s", "n", nodes) == pytest.approx(base)
    assert seconds(net, "s", "w", nodes) == pytest.approx(base + 8)
    assert seconds(net, "s", "e", nodes) == pytest.approx(base + 2)
    assert seconds(net, "m", "e", nodes) == pytest.approx(base / 2)  # a way may begin there


def test_forbidden_turns_are_not_made() -> None:
    streets, nodes = cross()
    given = free_of_junctions(left=0, right=0, straight=0)
    turns = turns_of(
        ("no_left_turn", "s-m", "m-w", "bike"), ("only_straight_on", "e-m", "m-w", None)
    )
    car = mode_network(streets, nodes, turns, given, "car")
    bike = mode_network(streets, nodes, turns, given, "bike")
    block = {"car": 200 / (50 * 0.85) * 3.6, "bike": 200 / 17 * 3.6}
    for net, start, goal, blocks in (
        (car, "s", "w", 4), (bike, "s", "w", 2),  # cars turn back at the next dead end
        (car, "e", "n", 4), (bike, "e", "s", 4), (car, "e", "w", 2), (bike, "e", "w", 2),
    ):  # fmt: skip
        expected = pytest.approx(blocks * block[net.mode])
        assert seconds(net, start, goal, nodes) == expected, (net.mode, start, goal)
    walk = mode_network(streets, nodes, turns, given, "walk")
    assert walk.graph.n == len(nodes)


def test_a_rule_whose_street_is_closed_binds_nobody() -> None:
    streets, nodes = cross()
    streets.loc["m-w", "allow_car"] = False
    turns = turns_of(("only_straight_on", "e-m", "m-w", None))
    net = mode_network(streets, nodes, turns, GIVEN, "car")
    assert np.isfinite(seconds(net, "e", "n", nodes))
    gone = mode_network(streets.drop("m-w"), nodes, turns, GIVEN, "car")
    assert np.isfinite(seconds(gone, "e", "n", nodes))


def test_turning_back_only_at_dead_ends() -> None:
    nodes = nodes_of({"a": (0, 0), "b": (100, 0), "c": (200, 0)})
    streets = streets_of(nodes, ["a-b", "b-c"])
    turns = turns_of(("no_straight_on", "a-b", "b-c", None))
    net = mode_network(streets, nodes, turns, GIVEN, "car")
    assert bool(net.main[link(net, "a-b")])  # one may turn back where there is no other way
    assert np.isinf(seconds(net, "a", "c", nodes))


def test_links_of_cars_and_lorries_match() -> None:
    streets, nodes = cross("signals")
    streets.loc["m-w", "allow_truck"] = False
    turns = turns_of(("no_left_turn", "s-m", "m-w", "car"), ("no_straight_on", "n-m", "m-s", "car"))
    car = mode_network(streets, nodes, turns, GIVEN, "car")
    truck = mode_network(streets, nodes, turns, GIVEN, "truck")
    there = matched(car, truck)
    both = there >= 0
    assert np.unique(there[both]).size == both.sum() == truck.graph.m
    np.testing.assert_array_equal(car.street[both], truck.street[there[both]])
    places = (car.node_ids[car.graph.tails[both]], truck.node_ids[truck.graph.tails[there[both]]])
    np.testing.assert_array_equal(*places)


# --------------------------------------------------------------------- any network

GRID = {f"{x}{y}": (100.0 * x, 100.0 * y) for x in range(3) for y in range(3)}
PAIRS = [f"{x}{y}-{x + 1}{y}" for x in range(2) for y in range(3)]
PAIRS += [f"{x}{y}-{x}{y + 1}" for x in range(3) for y in range(2)]
KINDS = ("no_left_turn", "no_u_turn", "only_right_turn", "only_straight_on")


@st.composite
def towns(draw: Any) -> tuple[Any, Any, Any]:
    """Draw a grid of streets, some one way, with signals and turn rules."""
    ways = [draw(st.sampled_from([p, p, p.replace("-", ">"), None])) for p in PAIRS]
    nodes = nodes_of(GRID, control=[draw(st.sampled_from(["none", "signals"])) for _ in GRID])
    streets = streets_of(nodes, [way for way in ways if way] or PAIRS[:1])
    rules = []
    for _ in range(draw(st.integers(0, 8))):
        start = draw(st.sampled_from(list(streets.index)))
        after = [s for s in streets.index if s.split("-")[0] == start.split("-")[1]]
        if after:
            rules.append((draw(st.sampled_from(KINDS)), start, draw(st.sampled_from(after)), None))
    return streets, nodes, turns_of(*rules)


def allowed_turns(
    streets: pd.DataFrame, turns: pd.DataFrame, split: set[str]
) -> dict[str, list[str]]:
    """Return the streets a car may go on to from each, from the words of the rules."""
    usable = streets.index[streets["allow_car"]].tolist()
    rules = list(zip(turns["kind"], turns["from_link"], turns["to_link"], strict=True))
    out = {}
    for a in usable:
        only = {b for kind, f, b in rules if f == a and kind.startswith("only") and b in usable}
        no = {b for kind, f, b in rules if f == a and kind.startswith("no")}
        goals = [b for b in usable if b.split("-")[0] == a.split("-")[1] and b not in no]
        goals = [b for b in goals if b in only] if only else goals
        back = "-".join(a.split("-")[::-1])
        if a.split("-")[1] in split and back not in only and goals != [back]:
            goals = [b for b in goals if b != back]
        out[a] = goals
    return out


def fastest(start: str, town: tuple[Any, Any, Any], time: dict[str, float]) -> dict[str, float]:
    """Search over streets, not junctions, each step by the rules; the way ends at a junction."""
    streets, nodes, turns = town
    usable = streets.index[streets["allow_car"]].tolist()
    arms: dict[str, set[str]] = {key: set() for key in nodes.index}
    for a, b in (street.split("-") for street in usable):
        arms[a].add(b)
        arms[b].add(a)
    split = {
        key for key in nodes.index if nodes["control"][key] == "signals" and len(arms[key]) > 2
    }
    split |= set(turns["via_node"])
    onward = allowed_turns(streets, turns, split)
    best: dict[str, float] = {}
    queue = [(time[s], s) for s in usable if s.split("-")[0] == start]
    heapq.heapify(queue)
    while queue:
        cost, street = heapq.heappop(queue)
        if best.setdefault(street, cost) < cost:
            continue
        a, b = (complex(*GRID[key]) for key in street.split("-"))
        for after in onward[street]:
            turned = (complex(*GRID[after.split("-")[1]]) - b) / (b - a)
            wait = {1: 0.0, 1j: 8.0, -1j: 2.0, -1: 15.0}[turned]
            more = wait if street.split("-")[1] in split else 0.0
            if after not in best:
                heapq.heappush(queue, (cost + time[after] + more, after))
    goal: dict[str, float] = {}
    for street, cost in best.items():
        end = street.split("-")[1]
        goal[end] = min(goal.get(end, np.inf), cost)
    return goal


@settings(max_examples=30)
@drawn(towns())
def test_fastest_ways_obey_the_rules(town: tuple[Any, Any, Any]) -> None:
    streets, nodes, turns = town
    net = mode_network(streets, nodes, turns, GIVEN, "car")
    time = {net.street_ids[s]: t for s, t in zip(net.street, net.time_s, strict=True) if s >= 0}
    found = pd.DataFrame(times(net), nodes.index, nodes.index)
    for start in ("00", "11", "21"):
        expected = fastest(start, town, time)
        for goal in set(GRID) - {start}:
            assert found.loc[start, goal] == pytest.approx(expected.get(goal, np.inf))


@settings(max_examples=10)
@drawn(towns(), st.randoms(use_true_random=False))
def test_the_order_of_the_table_changes_nothing(town: tuple[Any, Any, Any], chance: Any) -> None:
    streets, nodes, turns = town
    rows = list(range(len(streets)))
    chance.shuffle(rows)
    one = mode_network(streets, nodes, turns, GIVEN, "car")
    two = mode_network(streets.iloc[rows], nodes, turns, GIVEN, "car")
    np.testing.assert_array_equal(times(one), times(two))
    tables = [
        pd.DataFrame({"t": n.time_s, "c": n.capacity_vehh, "main": n.main}, n.street)
        for n in (one, two)
    ]
    tables = [t[t.index >= 0] for t in tables]
    for table, net in zip(tables, (one, two), strict=True):
        table.index = net.street_ids[table.index]
    pd.testing.assert_frame_equal(tables[0].sort_index(), tables[1].sort_index())
