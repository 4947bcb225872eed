"""Minutes to the nearest facility: by hand, by scipy, and what must always hold."""

import dataclasses
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from tests.small_town import small_town
from tests.twin.mobility.accessibility.grid_town import grid_streets, meeting, network_of
from twin.assumptions import assumptions
from twin.errors import ModelError
from twin.mobility.accessibility import isochrones, nearest_minutes, up_to_stress, within
from twin.mobility.network import meet, mode_network

KINDS = ["school", "stop"]


def grid(side=3, **more):
    streets, nodes = grid_streets(side, **more)
    return streets, network_of(streets, nodes)


def row(streets, name):
    return streets.index.get_loc(name)


def test_minutes_in_a_town_of_four_blocks():
    """
    A minute a block:

    6 - 7 - 8      school in the middle of 7-8
    |   |   |      house a in the middle of 0-1, house b a quarter from 4 on 4-7
    3 - 4 - 5
    |   |   |
    0 - 1 - 2
    """
    streets, network = grid()
    school = meeting(network, [row(streets, "s7-8")], [0.5], 6.0, ["school"])
    houses = meeting(
        network, [row(streets, "s0-1"), row(streets, "s4-7")], [0.5, 0.25], 12.0, ["a", "b"]
    )
    found = nearest_minutes(network, network.time_s, houses, school, ["school"])
    # a: half a block to 1, two up, half to the school; b: three quarters up, half along
    assert found.minutes["school"].tolist() == pytest.approx([3.0 + 0.3, 1.25 + 0.3])
    assert found.minutes["school"].dtype == np.float32
    assert found.facility["school"].tolist() == [0, 0]
    later = nearest_minutes(network, network.time_s, houses, school, ["school"], start_s=60.0)
    assert later.minutes["school"].tolist() == pytest.approx([4.3, 2.55])


@pytest.mark.parametrize("house", ["s7-8", "s8-7"])
def test_neighbours_go_along_the_street_whichever_direction_they_met(house):
    streets, network = grid()
    school = meeting(network, [row(streets, "s7-8")], [0.5], 6.0)
    share = 0.4 if house == "s7-8" else 0.6
    home = meeting(network, [row(streets, house)], [share], 12.0)
    found = nearest_minutes(network, network.time_s, home, school, ["school"])
    assert found.minutes["school"].tolist() == pytest.approx([0.1 + 0.3])


def test_a_one_way_street_is_driven_one_way():
    streets, network = grid(one_way={(7, 8)})
    school = meeting(network, [row(streets, "s7-8")], [0.5])
    before, behind = (meeting(network, [row(streets, "s7-8")], [share]) for share in (0.4, 0.6))
    at_end = meeting(network, [row(streets, "s5-8")], [1.0])

    def minutes(home):
        found = nearest_minutes(network, network.time_s, home, school, ["school"])
        return found.minutes.iloc[0, 0]

    assert minutes(before) == pytest.approx(0.1)
    # round the block 8-5-4-7: the rest of the street, three sides, and half of it again
    assert minutes(behind) == pytest.approx(0.4 + 3 + 0.5)
    assert minutes(at_end) == pytest.approx(3 + 0.5)
    back = nearest_minutes(network, network.time_s, school, at_end, ["stop"])
    assert back.minutes.iloc[0, 0] == pytest.approx(0.5)


def test_without_a_way_minutes_are_infinite():
    streets, network = grid()
    homes = meeting(network, [0, 0], [0.5, 0.5])
    homes.node[1], homes.seconds[1] = -1, np.inf
    homes.street[1] = -1
    school = meeting(network, [row(streets, "s7-8")], [0.5])
    found = nearest_minutes(network, network.time_s, homes, school, ["school"])
    assert np.isfinite(found.minutes["school"]).tolist() == [True, False]
    assert found.facility["school"].tolist() == [0, -1]
    shut = np.where(np.isin(network.graph.heads, [7, 8]), np.inf, network.time_s)
    shut[network.graph.tails == 7] = np.inf
    found = nearest_minutes(network, shut, homes, school, ["school"])
    assert not np.isfinite(found.minutes["school"]).any()


@cache
def town(seed=1):
    """Give a network with random seconds, homes and facilities on it."""
    rng = np.random.default_rng(seed)
    streets, nodes = grid_streets(7, one_way={(3, 4), (10, 17), (24, 25), (30, 37)})
    network = network_of(streets, nodes, seconds=rng.uniform(20, 90, len(streets)))
    homes = meeting(network, rng.integers(0, len(streets), 60), rng.random(60), rng.random(60) * 30)
    places = meeting(network, rng.integers(0, len(streets), 9), rng.random(9), rng.random(9) * 30)
    table = pd.DataFrame(
        {
            "kind": ["school"] * 3 + ["stop"] * 6, "id": list("aabcdefgh"),
            "weight": [5.0, 5.0, 1.0, 1.0, 1.0, 2.0, 1.0, 1.0, 1.0],
        }
    )  # fmt: skip
    return network, homes, places, table


def by_scipy(network, costs, homes, places):
    """Give minutes from each home to each place: every pair of ends, and along the street."""
    graph = network.graph
    closed = ~np.isfinite(costs)
    matrix = csr_array(
        (costs[~closed], (graph.tails[~closed], graph.heads[~closed])), shape=(graph.n, graph.n)
    )
    far = dijkstra(matrix)
    found = np.full((len(homes.ids), len(places.ids)), np.inf)
    for i in range(found.shape[0]):
        for k in range(found.shape[1]):
            for a in range(2):
                for b in range(2):
                    if homes.node[i, a] >= 0 and places.in_node[k, b] >= 0:
                        way = far[homes.node[i, a], places.in_node[k, b]]
                        both = homes.seconds[i, a] + places.in_seconds[k, b]
                        found[i, k] = min(found[i, k], both + way)
            along = _along(network, costs, homes, places, i, k)
            found[i, k] = min(found[i, k], along)
    return found / 60


def _along(network, costs, homes, places, i, k):
    here, there = homes.street[i], places.street[k]
    share = places.share[k]
    if network.reverse[here] == there:
        share = 1 - share
    elif here != there:
        return np.inf
    used = here if share >= homes.share[i] else network.reverse[here]
    link = np.flatnonzero(network.street == used) if used >= 0 else []
    if not len(link):
        return np.inf
    rest = homes.detour_s[i] + places.detour_s[k]
    return abs(share - homes.share[i]) * costs[link[0]] + rest


def test_scipy_finds_the_same():
    network, homes, places, table = town()
    expected = by_scipy(network, network.time_s, homes, places)
    found = nearest_minutes(network, network.time_s, homes, places, table["kind"])
    for kind in KINDS:
        columns = np.flatnonzero(table["kind"] == kind)
        assert found.minutes[kind].tolist() == pytest.approx(expected[:, columns].min(axis=1))
        best = columns[expected[:, columns].argmin(axis=1)]
        assert found.facility[kind].tolist() == best.tolist()


@pytest.mark.parametrize("minutes", [1.0, 3.0, 120.0])
def test_what_is_within_reach_is_what_scipy_counts(minutes, monkeypatch):
    network, homes, places, table = town()
    far = by_scipy(network, network.time_s, homes, places)
    far = np.column_stack([far[:, :2].min(axis=1), far[:, 2:]])  # the first school has two doors
    weight = table["weight"].to_numpy()[1:]
    expected = np.where(far <= minutes, weight, 0.0)
    for block in (1, 256):
        monkeypatch.setattr("twin.mobility.accessibility.counting.BLOCK", block)
        found = within(network, network.time_s, homes, places, table, minutes=minutes)
        assert found["school"].tolist() == expected[:, :2].sum(axis=1).tolist()
        assert found["stop"].tolist() == expected[:, 2:].sum(axis=1).tolist()
    with pytest.raises(ModelError, match="0 minutes"):
        within(network, network.time_s, homes, places, table, minutes=0)


def some(access, rows):
    return dataclasses.replace(
        access,
        ids=access.ids[rows],
        **{
            field.name: getattr(access, field.name)[rows]
            for field in dataclasses.fields(access)
            if field.name != "ids"
        },
    )


@settings(max_examples=20)
@over(st.sets(st.integers(0, 163), max_size=12))
def test_closing_streets_never_makes_a_way_shorter(closed):
    network, homes, places, table = town()
    before = nearest_minutes(network, network.time_s, homes, places, table["kind"]).minutes
    shut = np.isin(np.arange(network.graph.m), list(closed))
    costs = np.where(shut, np.inf, network.time_s)
    after = nearest_minutes(network, costs, homes, places, table["kind"]).minutes
    assert (after >= before - 1e-6).all(axis=None)
    columns = [np.flatnonzero(table["kind"] == kind) for kind in KINDS]
    expected = by_scipy(network, costs, homes, places)
    for kind, rows in zip(KINDS, columns, strict=True):
        assert after[kind].tolist() == pytest.approx(expected[:, rows].min(axis=1))


@settings(max_examples=20)
@over(st.integers(0, 160), st.floats(0, 1))
def test_one_more_facility_never_makes_a_way_longer(street, share):
    network, homes, places, table = town()
    before = nearest_minutes(network, network.time_s, homes, places, table["kind"]).minutes
    more = meeting(network, [street], [share])
    joined = dataclasses.replace(
        places,
        ids=places.ids.append(more.ids),
        **{
            field.name: np.concatenate([getattr(places, field.name), getattr(more, field.name)])
            for field in dataclasses.fields(places)
            if field.name != "ids"
        },
    )
    kinds = [*table["kind"], "school"]
    after = nearest_minutes(network, network.time_s, homes, joined, kinds).minutes
    assert (after <= before).all(axis=None)
    assert after["stop"].equals(before["stop"])


def test_one_by_one_and_in_any_order_it_is_the_same_to_the_last_bit():
    network, homes, places, table = town()
    whole = nearest_minutes(network, network.time_s, homes, places, table["kind"]).minutes
    order = np.random.default_rng(3).permutation(len(homes.ids))
    turned = some(homes, order)
    found = nearest_minutes(network, network.time_s, turned, places, table["kind"]).minutes
    assert (found.to_numpy() == whole.to_numpy()[order]).all()
    for i in range(0, len(homes.ids), 7):
        alone = some(homes, np.array([i]))
        found = nearest_minutes(network, network.time_s, alone, places, table["kind"]).minutes
        assert found.iloc[0].tolist() == whole.iloc[i].tolist()
    reached = within(network, network.time_s, homes, places, table, minutes=4)
    again = within(network, network.time_s, turned, places, table, minutes=4)
    assert (again.to_numpy() == reached.to_numpy()[order]).all()


def test_children_ride_around_the_loud_street():
    streets, network = grid()
    stress = pd.Series(1.0, streets.index)
    stress[["s3-4", "s4-3"]] = 4.0
    stress["s6-7"] = np.nan  # pushed
    home = meeting(network, [row(streets, "s0-3")], [1.0])
    school = meeting(network, [row(streets, "s4-5")], [0.0])
    for level, blocks in ((4, 1), (3, 3)):
        costs = up_to_stress(network, network.time_s, stress, level)
        found = nearest_minutes(network, costs, home, school, ["school"])
        assert found.minutes.iloc[0, 0] == pytest.approx(blocks)


def test_nothing_to_reach_and_nobody_to_go():
    network, homes, places, table = town()
    nothing, nobody = some(places, np.array([], int)), some(homes, np.array([], int))
    found = nearest_minutes(network, network.time_s, homes, nothing, [])
    assert found.minutes.shape == (60, 0)
    found = nearest_minutes(network, network.time_s, nobody, places, table["kind"])
    assert found.minutes.shape == (0, 2)
    assert within(network, network.time_s, homes, nothing, table.iloc[:0], minutes=5).shape == (
        60,
        0,
    )
    late = within(network, network.time_s, homes, places, table, minutes=1, start_s=61)
    assert not late.to_numpy().any()


@pytest.mark.parametrize("mode", ["walk", "car"])
def test_on_the_streets_of_the_model_town_scipy_finds_the_same(mode):
    """With turn rules, one-way streets and everything else a real network has."""
    city, given = small_town(), assumptions()
    network = mode_network(city.streets, city.nodes, city.turns, given, mode)
    rng = np.random.default_rng(5)
    west, south, east, north = city.streets.total_bounds
    at = rng.uniform((west, south), (east, north), (50, 2))
    met = meet(network, at, pd.Index([f"p{k}" for k in range(50)]), given)
    homes, places = some(met, np.arange(40)), some(met, np.arange(40, 50))
    expected = by_scipy(network, network.time_s, homes, places)
    found = nearest_minutes(network, network.time_s, homes, places, ["any"] * 10).minutes["any"]
    assert np.isfinite(found).mean() > 0.5
    assert found.tolist() == pytest.approx(expected.min(axis=1))


def test_any_number_of_threads_gives_the_same_bits(monkeypatch):
    network, homes, places, table = town()
    found = []
    for threads in (1, 5):
        monkeypatch.setattr("twin.mobility.paths.threads.workers", lambda count=threads: count)
        counted = within(network, network.time_s, homes, places, table, minutes=4)
        near = nearest_minutes(network, network.time_s, homes, places, table["kind"]).minutes
        areas = isochrones(network, network.time_s, homes, 4)
        found.append((counted.to_numpy(), near.to_numpy(), areas.offsets, areas.costs))
    for one, other in zip(*found, strict=True):
        assert (one == other).all()
