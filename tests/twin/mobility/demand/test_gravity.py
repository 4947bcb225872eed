"""Balancing against a published example and a plain loop; the deterrence parameter is found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from twin.mobility.demand.destination import seed_of
from twin.mobility.demand.gravity import deterrence, furness, hyman, singly

BASE = np.array(
    [[5, 50, 100, 200], [50, 5, 100, 300], [50, 100, 5, 100], [100, 200, 250, 20]], float
)
ORIGINS = np.array([400.0, 460.0, 400.0, 702.0])
DESTINATIONS = np.array([260.0, 400.0, 500.0, 802.0])
AFTER_THREE = [
    [5.25, 44.12, 98.24, 254.25],
    [45.30, 3.81, 84.78, 329.11],
    [77.04, 129.50, 7.21, 186.58],
    [132.41, 222.57, 309.77, 32.07],
]
"""Ortúzar and Willumsen, Modelling Transport, doubly constrained growth factors: the matrix above
grown to these origins and destinations, after three rounds of rows and columns."""


def plain_loop(seed, rows, columns, rounds):
    table = [list(map(float, line)) for line in seed]
    n, m = len(table), len(table[0])
    for _ in range(rounds):
        for i in range(n):
            total = sum(table[i])
            table[i] = [v * rows[i] / total for v in table[i]] if total else table[i]
        for j in range(m):
            total = sum(table[i][j] for i in range(n))
            for i in range(n):
                table[i][j] *= columns[j] / total if total else 1.0
    return np.array(table)


def test_the_loop_is_the_published_one():
    np.testing.assert_allclose(plain_loop(BASE, ORIGINS, DESTINATIONS, 3), AFTER_THREE, atol=0.006)


def test_published_example_to_its_end():
    found = furness(BASE, ORIGINS, DESTINATIONS)
    wanted = plain_loop(BASE, ORIGINS, DESTINATIONS, 200)
    np.testing.assert_allclose(found.matrix, wanted, rtol=1e-6)
    assert found.row_error < 1e-12
    assert found.column_error < 1e-8
    assert found.iterations < 100


@settings(max_examples=25)
@drawn(st.integers(1, 7), st.integers(1, 7), st.integers(0, 10_000))
def test_margins_hold_and_structure_stays(n, m, number):
    rng = np.random.default_rng(number)
    seed = rng.uniform(0.01, 5, (n, m))
    rows = rng.uniform(0, 100, n)
    columns = rng.dirichlet(np.ones(m)) * rows.sum()
    found = furness(seed, rows, columns).matrix
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), rows, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.sum(axis=0), columns, rtol=1e-5, atol=1e-6 * rows.sum())
    if n > 1 and m > 1 and found.min() > 0:  # cross ratios are those of the seed
        ratio = found[0, 0] * found[1, 1] / found[0, 1] / found[1, 0]
        assert ratio == pytest.approx(seed[0, 0] * seed[1, 1] / seed[0, 1] / seed[1, 0], rel=1e-6)


def test_parts_without_a_way_keep_their_rows_and_say_so():
    found = furness(np.eye(2), np.array([10.0, 20.0]), np.array([20.0, 10.0]))
    np.testing.assert_allclose(found.matrix, np.diag([10.0, 20.0]))
    assert found.row_error == 0
    assert found.column_error == pytest.approx(1 / 3)


def test_a_row_without_seed_is_empty():
    found = furness(np.array([[1.0, 1.0], [0.0, 0.0]]), np.array([4.0, 6.0]), np.array([2.0, 2.0]))
    np.testing.assert_allclose(found.matrix, [[2.0, 2.0], [0.0, 0.0]])
    assert found.row_error == pytest.approx(0.6)


def test_singly_by_hand():
    seed = np.array([[1.0, 1 / 3], [0.0, 0.0]])
    found = singly(seed, np.array([100.0, 7.0]), np.array([1.0, 3.0]))
    np.testing.assert_allclose(found, [[50.0, 50.0], [0.0, 0.0]])


def test_deterrence_is_exp_against_the_best_of_the_row():
    found = deterrence(np.array([[-1.0, -3.0], [-np.inf, -np.inf]]))
    np.testing.assert_allclose(found, [[1.0, np.exp(-2.0)], [0.0, 0.0]])


def test_the_place_is_chosen_by_utility_up_to_a_scale_and_then_by_distance():
    logsums = np.array([[-1.0, -3.0], [-2.0, -1.0]] * 2)
    km = np.array([[0.5, 4.0], [4.0, 0.5]])
    gate = np.array([False, False])
    soft = seed_of(logsums, km, 0.4, 0.6, gate)
    assert soft[0, 1] == pytest.approx(np.exp(-0.4 * 2))
    firm = seed_of(logsums, km, 1.0, 0.6, gate)
    assert firm[0, 1] == pytest.approx(np.exp(-0.6 * 2 - 0.4 * 3.5))
    closed = seed_of(logsums, km, 0.4, 0.6, np.array([False, True]))
    assert closed[1, 1] == closed[3, 1] == 0  # nothing from gate to gate
    assert closed[0, 1] > 0


def lengths(beta, km, rows, columns):
    matrix = furness(np.exp(-beta * km), rows, columns).matrix
    return float((matrix * km).sum() / matrix.sum())


@pytest.mark.parametrize("target", [2.0, 3.0, 3.8])
def test_hyman_reaches_the_mean_length(target):
    rng = np.random.default_rng(3)
    xy = rng.uniform(0, 8, (20, 2))
    km = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)) + 0.3
    rows = rng.uniform(1, 9, 20)
    beta = hyman(lambda b: lengths(b, km, rows, rows), target, 0.3, bounds=(0.001, 5))
    assert lengths(beta, km, rows, rows) == pytest.approx(target, rel=2e-4)


def test_hyman_on_a_law_known_by_heart():
    # exponential lengths have the mean 1 / beta
    assert hyman(lambda b: 1 / b, 2.5, 1.0, bounds=(0.01, 9)) == pytest.approx(0.4, rel=1e-3)


def test_hyman_stays_in_its_bounds():
    assert hyman(lambda b: 1 / b, 0.2, 1.0, bounds=(0.1, 2.0)) == 2.0
    assert hyman(lambda b: 1 / b, 50.0, 1.0, bounds=(0.1, 2.0)) == 0.1
    assert 0.1 <= hyman(lambda b: 3.0, 2.0, 1.0, bounds=(0.1, 2.0)) <= 2.0  # nothing to be had
