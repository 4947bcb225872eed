"""What is reached within some minutes: by hand, nested, cut where the time runs out."""

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from tests.twin.mobility.accessibility.grid_town import (
    BLOCK_M,
    CRS,
    grid_streets,
    meeting,
    network_of,
)
from tests.twin.mobility.accessibility.test_nearest import some, town
from twin.assumptions import assumptions
from twin.errors import ModelError
from twin.mobility.accessibility import (
    isochrone,
    isochrones,
    nearest_minutes,
    seconds_by_node,
    seconds_to_points,
)
from twin.mobility.accessibility.isochrones import streets_reached, widened
from twin.mobility.paths import distances

GIVEN = assumptions()


def square(side=9, **more):
    streets, nodes = grid_streets(side, **more)
    return streets, network_of(streets, nodes)


def covered(network, seconds, minutes):
    links, share = streets_reached(network, network.time_s, seconds, minutes)
    lines = [
        shapely.ops.substring(network.lines[network.street[link]], 0, part, normalized=True)
        for link, part in zip(links, share, strict=True)
    ]
    return shapely.union_all(lines).length / BLOCK_M


@pytest.mark.parametrize(("minutes", "blocks"), [(0.5, 2), (1, 4), (2, 16), (2.5, 26), (3, 36)])
def test_streets_from_a_crossing_in_the_middle(minutes, blocks):
    """From junctions k blocks away 4 (2k + 1) blocks lead farther."""
    streets, network = square()
    middle = meeting(network, [streets.index.get_loc("s40-41")], [0.0])
    _, seconds = isochrone(network, network.time_s, middle, [minutes], GIVEN)
    assert covered(network, seconds, minutes) == pytest.approx(blocks)


def test_the_area_of_half_a_minute_from_a_crossing_is_a_cross():
    streets, network = square()
    middle = meeting(network, [streets.index.get_loc("s40-41")], [0.0])
    areas, _ = isochrone(network, network.time_s, middle, [0.5], GIVEN, crs=CRS)
    r, arm = GIVEN["accessibility.buffer.walk"], BLOCK_M / 2
    caps = np.pi * r * r * 2  # four half circles, made of four chords a quarter
    cross = 2 * (2 * arm) * 2 * r - (2 * r) ** 2
    assert areas["area_m2"].tolist() == pytest.approx([cross + caps], rel=0.02)
    assert areas.crs == CRS


def test_from_the_middle_of_a_street_both_ways():
    streets, network = square()
    home = meeting(network, [streets.index.get_loc("s40-41")], [0.25], 6.0)
    areas, seconds = isochrone(network, network.time_s, home, [0.2, 1.0], GIVEN)
    # 12 s, half of it to the street: six seconds each way, 12 m
    r = GIVEN["accessibility.buffer.walk"]
    assert areas["area_m2"][0] == pytest.approx(24 * 2 * r + np.pi * r * r, rel=0.03)
    assert seconds[40] == pytest.approx(6 + 15)
    assert seconds[41] == pytest.approx(6 + 45)


def test_a_one_way_street_leads_one_way():
    streets, network = square(one_way={(40, 41)})
    home = meeting(network, [streets.index.get_loc("s40-41")], [0.5])
    _, seconds = isochrone(network, network.time_s, home, [1.0], GIVEN)
    assert np.flatnonzero(np.isfinite(seconds)).tolist() == [41]


@settings(max_examples=10)
@over(st.integers(0, 59), st.lists(st.integers(1, 8), min_size=2, max_size=3, unique=True))
def test_areas_are_valid_and_lie_in_each_other(row, minutes):
    network, homes, _, _ = town()
    one = some_row(homes, row)
    areas, _ = isochrone(network, network.time_s, one, minutes, GIVEN)
    assert areas["minutes"].tolist() == sorted(minutes)
    assert areas.geometry.is_valid.all()
    shapes = areas.geometry.to_numpy()
    for inner, outer in pairwise(shapes):
        assert shapely.difference(inner, outer).area < 1e-3
    assert areas["area_m2"].is_monotonic_increasing


def some_row(access, row):
    return some(access, np.array([row]))


def test_many_at_once_are_those_one_by_one_and_the_full_search_cut_off():
    network, homes, _, _ = town()
    limit = 4.0
    reached = isochrones(network, network.time_s, homes, limit)
    full = distances(network.graph, network.time_s, np.arange(network.graph.n))
    for row in range(len(homes.ids)):
        seconds = seconds_by_node(reached, row, network.graph.n)
        alone = isochrones(network, network.time_s, some_row(homes, row), limit)
        assert (seconds_by_node(alone, 0, network.graph.n) == seconds).all()
        ends = [
            full[node] + far
            for node, far in zip(homes.node[row], homes.seconds[row], strict=True)
            if node >= 0
        ]
        expected = np.min(ends, axis=0)
        expected[expected > limit * 60] = np.inf
        assert seconds == pytest.approx(expected)


def test_seconds_to_buildings_are_the_minutes_to_the_nearest():
    """Forwards from the home and backwards from the facility it is the same way."""
    network, homes, places, _ = town()
    one = some_row(places, 4)
    back = nearest_minutes(network, network.time_s, homes, one, ["stop"]).minutes["stop"]
    for row in range(0, 60, 5):
        home = some_row(homes, row)
        reached = isochrones(network, network.time_s, home, 120)
        seconds = seconds_by_node(reached, 0, network.graph.n)
        far = seconds_to_points(network, network.time_s, home, seconds, one) / 60
        assert far.tolist() == pytest.approx([back.iloc[row]])
    near = seconds_to_points(network, network.time_s, one, np.full(network.graph.n, np.inf), one)
    assert near.tolist() == pytest.approx(2 * one.detour_s)


def test_courts_are_closed_and_parks_stay_open():
    ring = shapely.LinearRing([(0, 0), (300, 0), (300, 300), (0, 300)])
    line = np.array([shapely.LineString(ring)], object)
    hole = (300 - 2 * 40) ** 2
    assert len(widened(line, 40.0, hole + 100).interiors) == 0
    assert len(widened(line, 40.0, hole - 1000).interiors) == 1
    assert widened(line[:0], 40.0, 0.0).is_empty


@pytest.mark.parametrize("minutes", [[0], [-5], [121], [5, float("nan")], []])
def test_minutes_that_cannot_be_asked(minutes):
    network, homes, _, _ = town()
    with pytest.raises(ModelError, match="cannot be asked"):
        isochrone(network, network.time_s, some_row(homes, 0), minutes, GIVEN)
