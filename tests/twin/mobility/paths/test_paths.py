"""Shortest ways against scipy, on graphs with parallel links, loops, zero costs and islands."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from twin.errors import ModelError
from twin.mobility.graph import graph_of
from twin.mobility.paths import distances, nearest, reach, trees, way


@st.composite
def graphs(draw):
    n = draw(st.integers(1, 12))
    ends = st.tuples(
        st.integers(0, n - 1), st.integers(0, n - 1), st.sampled_from([0, 0.1, 0.3, 1, 2.7, np.inf])
    )
    rows = draw(st.lists(ends, max_size=40))
    tails, heads, costs = zip(*rows, strict=True) if rows else ((), (), ())
    graph = graph_of(tails, heads, n)
    return graph, np.asarray(costs, float)[graph.order]


def by_scipy(graph, costs, limit=np.inf):
    least = {}
    for a, b, c in zip(graph.tails.tolist(), graph.heads.tolist(), costs.tolist(), strict=True):
        if np.isfinite(c):
            least[a, b] = min(c, least.get((a, b), np.inf))
    rows = np.array(list(least) or np.empty((0, 2)), int)
    matrix = csr_array((list(least.values()), (rows[:, 0], rows[:, 1])), shape=(graph.n, graph.n))
    return dijkstra(matrix, limit=limit)


def length(graph, costs, links):
    total = 0.0
    for link in links:
        total += costs[link]
    return total


@settings(max_examples=30)
@given(graphs(), st.sampled_from([0.0, 0.7, 3.0]))
def test_the_same_as_scipy_to_the_last_bit(case, limit):
    graph, costs = case
    everywhere = np.arange(graph.n)
    expected = by_scipy(graph, costs)
    assert np.array_equal(distances(graph, costs, everywhere), expected)
    near = by_scipy(graph, costs, limit)
    assert np.array_equal(distances(graph, costs, everywhere, limit=limit), near)
    found = reach(graph, costs, everywhere, limit=limit)
    for i in everywhere:
        part = slice(found.offsets[i], found.offsets[i + 1])
        assert np.array_equal(near[i, found.nodes[part]], found.costs[part])
        assert np.isfinite(near[i]).sum() == len(found.nodes[part])
        assert (np.diff(found.costs[part]) >= 0).all()


@settings(max_examples=30)
@given(graphs())
def test_a_tree_leads_along_ways_as_long_as_it_says(case):
    graph, costs = case
    dist, link = trees(graph, costs, np.arange(graph.n))
    for source in range(graph.n):
        for target in range(graph.n):
            links = way(graph, link[source], target)
            ends = np.r_[source, graph.heads[links]]
            assert np.array_equal(graph.tails[links], ends[:-1])
            if np.isfinite(dist[source, target]):
                assert ends[-1] == target
                assert length(graph, costs, links) == dist[source, target]
            else:
                assert len(links) == 0


@settings(max_examples=30)
@given(graphs(), st.data())
def test_nearest_is_the_least_over_all_seeds(case, data):
    graph, costs = case
    nodes = st.lists(st.integers(0, graph.n - 1), min_size=1, max_size=5)
    seeds = np.array(data.draw(nodes))
    begin = np.array(data.draw(st.lists(st.sampled_from([0, 0.4, 2]), min_size=5, max_size=5)))
    begin = begin[: len(seeds)].astype(float)
    cost, seed = nearest(graph, costs, seeds, begin)
    # scipy sums from the node on, the seed's own cost comes last: equal up to rounding only
    each = by_scipy(graph, costs)[seeds] + begin[:, None]
    assert cost == pytest.approx(each.min(axis=0), abs=1e-12)
    assert np.array_equal(seed == -1, np.isinf(cost))
    hit = seed >= 0
    assert each[seed[hit], np.flatnonzero(hit)] == pytest.approx(cost[hit], abs=1e-12)


def test_threads_do_not_change_a_bit(monkeypatch):
    rng = np.random.default_rng(3)
    graph = graph_of(rng.integers(0, 3000, 12_000), rng.integers(0, 3000, 12_000), 3000)
    costs = rng.uniform(0, 1, graph.m)
    sources = np.arange(0, 3000, 50)
    answers = []
    for threads in (1, 2, 5):
        monkeypatch.setattr("twin.mobility.paths.threads.workers", lambda n=threads: n)
        found = reach(graph, costs, sources, limit=0.5)
        answers.append((*trees(graph, costs, sources), *found))
    for other in answers[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(answers[0], other, strict=True))


def test_what_is_no_cost_is_said():
    graph = graph_of([0, 1], [1, 2], 3)
    with pytest.raises(ModelError, match="negative or no number"):
        distances(graph, [1.0, -1.0], [0])
    with pytest.raises(ModelError, match="negative or no number"):
        distances(graph, [1.0, np.nan], [0])
    with pytest.raises(ModelError, match="1 costs for 2 links"):
        distances(graph, [1.0], [0])
    with pytest.raises(ModelError, match="no node 3"):
        trees(graph, [1.0, 1.0], [0, 3])
    with pytest.raises(ModelError, match="seeds"):
        nearest(graph, [1.0, 1.0], [0], [-1.0])
