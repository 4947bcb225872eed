from fractions import Fraction

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from layers.census.apportion import hamilton, hashed, systematic

groups = st.lists(
    st.tuples(
        st.integers(0, 500),
        st.lists(st.integers(0, 1000), min_size=1, max_size=8),
    ),
    min_size=1,
    max_size=6,
)


def laid_out(cells):
    group = np.repeat(np.arange(len(cells)), [len(w) for _, w in cells])
    weight = np.concatenate([np.array(w, float) for _, w in cells])
    return group, weight, np.array([t for t, _ in cells])


@given(groups)
def test_every_group_sums_to_its_total_within_one_of_its_quota(cells):
    group, weight, total = laid_out(cells)
    given_out = hamilton(group, weight, total)
    assert (np.bincount(group, weights=given_out, minlength=len(total)) == total).all()
    assert (given_out >= 0).all()
    for number, (whole, weights) in enumerate(cells):
        shares = weights if sum(weights) else [1] * len(weights)
        for got, share in zip(given_out[group == number], shares, strict=True):
            quota = Fraction(whole * share, sum(shares))
            assert abs(got - quota) < 1


def test_largest_remainders_by_hand():
    # Hare quota of the textbook: 10 seats for 47, 16, 15.8, 12, 6.1, 3.1 thousand votes
    votes = np.array([47_000, 16_000, 15_800, 12_000, 6_100, 3_100.0])
    assert hamilton(np.zeros(6, int), votes, np.array([10])).tolist() == [5, 2, 1, 1, 1, 0]


def test_ties_go_to_the_earlier_row_and_no_weight_means_equal_shares():
    assert hamilton(np.zeros(3, int), np.ones(3), np.array([4])).tolist() == [2, 1, 1]
    assert hamilton(np.zeros(2, int), np.zeros(2), np.array([3])).tolist() == [2, 1]
    assert hamilton(np.array([], int), np.array([]), np.array([5])).tolist() == []


def test_absurd_weights_do_no_harm():
    weights = np.array([1e300, 1e300, np.nan, np.inf, -5, 1e-300])
    given_out = hamilton(np.zeros(6, int), weights, np.array([11]))
    assert given_out.sum() == 11
    assert given_out.tolist() == [6, 5, 0, 0, 0, 0]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6), st.floats(0.01, 0.99))
def test_as_many_members_as_counts_gives_the_counts_exactly(counts, start):
    members = sum(counts)
    table = np.array([counts], float)
    rows = np.zeros(members, int)
    found = systematic(rows, np.ones(members), table, np.array([start]))
    assert np.bincount(found, minlength=len(counts)).tolist() == counts if members else True


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=6).filter(any),
    st.integers(1, 30),
    st.floats(0.01, 0.99),
)
def test_more_or_fewer_members_get_their_quota_rounded_down_or_up(counts, members, start):
    rows = np.zeros(members, int)
    found = systematic(rows, np.ones(members), np.array([counts], float), np.array([start]))
    got = np.bincount(found, minlength=len(counts))
    for number, count in zip(got, counts, strict=True):
        quota = Fraction(count * members, sum(counts))
        assert abs(number - quota) < 1
        assert count or not number, "a class that nobody counted"


def test_over_many_groups_no_class_is_favoured():
    cells = 4000
    table = np.tile([7.0, 3.0], (cells, 1))
    start = hashed(pd.Index([f"c{i}" for i in range(cells)]))
    found = systematic(np.arange(cells), np.ones(cells), table, start)
    assert abs((found == 1).mean() - 0.3) < 0.02
