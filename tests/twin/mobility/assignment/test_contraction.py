"""The small graph has the ways of the large one, between the nodes that stay."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.mobility.assignment.contraction import contracted
from twin.mobility.graph import graph_of
from twin.mobility.paths import distances


@st.composite
def graphs(draw):
    """Give graphs with long chains both ways and one way, dead ends, loops, parallel links."""
    n = draw(st.integers(1, 14))
    node = st.integers(0, n - 1)
    ends = draw(st.lists(st.tuples(node, node), max_size=18))
    both = draw(st.lists(st.booleans(), min_size=18, max_size=18))
    links = [
        e for e, twice in zip(ends, both, strict=False) for e in ([e, e[::-1]] if twice else [e])
    ]
    start = n
    for _ in range(draw(st.integers(0, 3))):
        length = draw(st.integers(1, 4))
        chain = [draw(node), *range(start, start + length)]
        if draw(st.booleans()):
            chain.append(draw(node))
        start += length
        pairs = list(itertools.pairwise(chain))
        links += pairs + ([(b, a) for a, b in pairs] if draw(st.booleans()) else [])
    tails, heads = zip(*links, strict=True) if links else ((), ())
    graph = graph_of(tails, heads, start)
    costs = draw(st.lists(st.sampled_from([0, 1, 2, 5]), min_size=graph.m, max_size=graph.m))
    return graph, np.array(costs, float), draw(st.integers(0, n))


@settings(max_examples=30)
@given(graphs())
def test_distances_stay(case):
    graph, costs, kept = case
    small = contracted(graph, kept)
    assert small.node[:kept].tolist() == list(range(kept))
    sums = np.array([costs[small.member[a:b]].sum() for a, b in
                     zip(small.first[:-1], small.first[1:], strict=True)])  # fmt: skip
    there = np.flatnonzero(small.node >= 0)
    before = distances(graph, costs, there)[:, there] if len(there) else np.empty((0, 0))
    little = graph_of(small.tails, small.heads, small.nodes)
    assert np.array_equal(little.order, np.arange(little.m))
    after = distances(little, sums, np.arange(small.nodes))
    # pruned ways lead nowhere: kept nodes see each other as before
    assert np.array_equal(before[:kept, :kept], after[:kept, :kept])
    assert (after >= before).all()


@settings(max_examples=30)
@given(graphs())
def test_members_are_ways_and_each_link_belongs_to_one(case):
    graph, _, kept = case
    small = contracted(graph, kept)
    assert len(np.unique(small.member)) == len(small.member)
    for s in range(len(small.tails)):
        member = small.member[small.first[s] : small.first[s + 1]]
        assert np.array_equal(graph.heads[member[:-1]], graph.tails[member[1:]])
        assert small.node[graph.tails[member[0]]] == small.tails[s]
        assert small.node[graph.heads[member[-1]]] == small.heads[s]
        assert (small.of[member] == s).all()
        assert (small.node[graph.heads[member[:-1]]] == -1).all()


def test_a_street_both_ways_with_a_dead_end_by_hand():
    # 0 = 2 = 3 = 1 both ways, 3 = 4 a dead end, 5 -> 2 nobody can come from
    pairs = [(0, 2), (2, 3), (3, 1), (3, 4)]
    links = pairs + [(b, a) for a, b in pairs] + [(5, 2)]
    graph = graph_of(*zip(*links, strict=True), 6)
    small = contracted(graph, 2)
    assert small.tails.tolist() == [0, 1]
    assert small.heads.tolist() == [1, 0]
    ends = [(graph.tails[e], graph.heads[e]) for e in small.member]
    assert ends == [(0, 2), (2, 3), (3, 1), (1, 3), (3, 2), (2, 0)]
    assert (small.of < 0).sum() == 3
