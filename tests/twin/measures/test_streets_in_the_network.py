"""What the networks of mobility make of measured streets: ways are barred, opened, slowed."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from tests.twin.measures.street_town import TOWN, degrees, done, line, measure
from twin.mobility.network import mode_network


def way_m(state, mode, start, end):
    """Return the length of the shortest way between two junctions by scipy."""
    city = state.city
    tables = (city.streets, city.nodes, city.tables["turns"].iloc[:0])
    network = mode_network(*tables, state.assumptions, mode, street_points=city.street_points)
    place = city.nodes.index.get_indexer([start, end])
    graph = network.graph
    metres = np.maximum(network.length_m, 1e-6)
    shape = (graph.n, graph.n)
    ends, order = np.unique(
        np.column_stack([graph.tails, graph.heads]), axis=0, return_inverse=True
    )
    least = np.full(len(ends), np.inf)
    np.minimum.at(least, order.ravel(), metres)
    matrix = csr_array((least, (ends[:, 0], ends[:, 1])), shape=shape)
    source, target = network.out_nodes[place[0]], network.in_nodes[place[1]]
    if min(source, target) < 0:
        return np.inf
    return float(dijkstra(matrix, indices=source)[target])


def test_today():
    assert way_m(TOWN, "car", "n01", "n11") == pytest.approx(100)
    assert way_m(TOWN, "bike", "n01", "n11") == pytest.approx(100)


@pytest.mark.parametrize(
    ("one", "car", "others"),
    [
        (measure("street_closure", select={"ids": ["b:0:f"]}), 300, 100),
        (measure("modal_filter", points=degrees((50, 100))), 300, 100),
        (measure("one_way", select={"ids": ["b:0:b"]}), 300, 100),
        # a bike is pushed where one may walk
        (measure("one_way", bikes_both_ways=False, select={"ids": ["b:0:b"]}), 300, 100),
        (measure("one_way", select={"ids": ["b:0:f"]}), 100, 100),
        (measure("street_closure", modes=["bike", "walk"], select={"names": ["Weg B"]}), 100, 300),
    ],
    ids=[
        "closure",
        "filter",
        "one-way back",
        "one-way for all",
        "one-way there",
        "nobody but cars",
    ],
)
def test_ways_are_barred(one, car, others):
    after = done(one)
    assert way_m(after, "car", "n01", "n11") == pytest.approx(car, abs=0.1)
    assert way_m(after, "bike", "n01", "n11") == pytest.approx(others, abs=0.1)
    assert way_m(after, "walk", "n01", "n11") == pytest.approx(others, abs=0.1)


def test_a_new_link_is_a_short_cut_for_those_who_may_use_it():
    road = done(measure("new_link", id="new", line=line((0, 0), (100, 100))))
    assert way_m(road, "car", "n00", "n11") == pytest.approx(100 * 2**0.5, abs=0.1)
    path = done(measure("new_link", id="new", street_class="path", line=line((0, 0), (100, 100))))
    assert way_m(path, "car", "n00", "n11") == pytest.approx(200, abs=0.1)
    assert way_m(path, "bike", "n00", "n11") == pytest.approx(100 * 2**0.5, abs=0.1)
    one = measure("new_link", id="new", both_directions=False, line=line((0, 0), (100, 100)))
    assert way_m(done(one), "car", "n11", "n00") == pytest.approx(200, abs=0.1)


def test_slower_and_controlled_otherwise():
    def seconds(state, street):
        city = state.city
        network = mode_network(
            city.streets, city.nodes, city.tables["turns"], state.assumptions, "car",
            street_points=city.street_points,
        )  # fmt: skip
        row = city.streets.index.get_loc(street)
        return float(network.time_s[network.street == row][0])

    slow = done(measure("speed_limit", speed_kmh=15, select={"ids": ["c"]}))
    assert seconds(slow, "c:0:f") > 1.5 * seconds(TOWN, "c:0:f")
    free = done(measure("junction_control", control="roundabout", nodes=["n11"]))
    assert seconds(free, "b:0:f") < seconds(TOWN, "b:0:f")
    calm = done(measure("junction_control", control="signals", nodes=["n10"]))
    assert seconds(calm, "e:0:b") > seconds(TOWN, "e:0:b")


def test_the_last_way_out_may_be_closed():
    """It is allowed; the models count who is cut off."""
    shut = done(measure("street_closure", select={"ids": ["a:0:f", "d:0:f"]}))
    assert way_m(shut, "car", "n00", "n11") == np.inf
    assert way_m(shut, "walk", "n00", "n11") == pytest.approx(200)
