from itertools import product

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.assumptions import assumptions
from twin.energy.heat_grid.flows import (
    best_cut,
    centre_of_load,
    effective_number,
    hang,
    path_sums,
    simultaneity,
    subtree_sums,
)  # fmt: skip

GIVEN = assumptions()
#        0
#       / \
#      1   2      2 - 3, 2 - 4, 4 - 5
START = np.array([0, 2, 2, 2, 4])
END = np.array([1, 0, 3, 4, 5])


def test_hang_and_sum_by_hand():
    hung = hang(7, START, END, 0)
    assert hung.parent.tolist() == [-1, 0, 0, 2, 2, 4, -1]  # node 6 is not in the tree
    assert hung.pipe.tolist() == [-1, 0, 1, 2, 3, 4, -1]
    values = np.arange(7.0).reshape(-1, 1)
    sums = subtree_sums(hung.order, hung.parent, values)[:, 0]
    assert sums.tolist() == [15, 1, 14, 3, 9, 5, 6]
    along = path_sums(hung.order, hung.parent, np.array([0.0, 1, 2, 3, 4, 5, 0]))
    assert along.tolist() == [0, 1, 2, 5, 6, 11, 0]
    assert values[:, 0].tolist() == list(range(7))


def tree_of(seed, n):
    rng = np.random.default_rng(seed)
    end = np.arange(1, n)
    start = np.array([rng.integers(0, i) for i in range(1, n)])
    return start, end, rng


@given(st.integers(0, 10_000), st.integers(2, 12))
@settings(max_examples=30)
def test_the_centre_has_the_least_moment(seed, n):
    start, end, rng = tree_of(seed, n)
    length, load = rng.uniform(1, 9, n - 1), rng.uniform(0.1, 5, n)
    tree = nx.Graph()
    tree.add_weighted_edges_from(zip(start, end, length, strict=True))
    far = dict(nx.all_pairs_dijkstra_path_length(tree))
    moments = [sum(load[b] * far[a][b] for b in range(n)) for a in range(n)]
    found = centre_of_load(n, start, end, load)
    assert moments[found] == pytest.approx(min(moments))


@given(st.integers(0, 10_000), st.integers(2, 8))
@settings(max_examples=30)
def test_the_cut_is_the_best_of_all(seed, n):
    start, end, rng = tree_of(seed, n)
    worth = rng.normal(0, 5, n)
    hung = hang(n, start, end, 0)
    keep = best_cut(hung.order, hung.parent, worth)

    def sound(kept):
        return kept[0] and all(kept[hung.parent[i]] for i in range(1, n) if kept[i])

    best = max(worth[list(k)].sum() for k in map(np.array, product([False, True], repeat=n))
               if sound(k) for k in [np.flatnonzero(k)])  # fmt: skip
    assert sound(keep)
    assert worth[keep].sum() == pytest.approx(best)


def test_simultaneity_by_hand():
    # at 10: (10 / 53.84382392)^1.762743268 = 0.0514; 0.44968 + 0.55123 / 1.0514 = 0.9740
    found = simultaneity(np.array([1.0, 10.0, 53.84382392, 1e9]), GIVEN)
    assert found == pytest.approx([1.0, 0.9740, 0.7253, 0.4497], abs=2e-4)


def test_equal_consumers_count_as_they_are():
    peaks, number = np.array([7.0 * 12]), effective_number(np.array([84.0]), np.array([49.0 * 12]))
    assert number == pytest.approx(12)
    assert effective_number(np.array([0.0]), np.array([0.0])) == [1.0]
    assert peaks == [84]


@given(st.lists(st.floats(0.01, 1000), min_size=1, max_size=60), st.floats(0.0, 1000))
@settings(max_examples=80)
def test_one_more_consumer_never_lowers_the_flow(peaks, more):
    def flow(values):
        total, square = np.array([sum(values)]), np.array([sum(v * v for v in values)])
        return float((total * simultaneity(effective_number(total, square), GIVEN))[0])

    assert flow([*peaks, more]) >= flow(peaks) * (1 - 1e-9)
    assert flow(peaks) >= max(peaks) * (1 - 1e-3)
    assert flow(peaks) <= sum(peaks) * (1 + 1e-12)
