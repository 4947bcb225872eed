"""Adjustment to counts: fits what can be fitted, keeps the structure, tells what it cannot."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.sparse import csr_array

from tests.tools.sioux_falls import sioux_falls
from tests.tools.tntp_read import problem_of_net
from twin.assumptions import assumptions
from twin.errors import ModelError
from twin.mobility.assignment import select_link, solve
from twin.mobility.counts import adjust, adjust_with_assignment, geh, shares_of

GIVEN = assumptions()
WIDE = GIVEN.replaced({"counts.most_factor": 1000.0})


def counts(*values, **more):
    streets = [f"s{i}" for i in range(len(values))]
    return pd.DataFrame({"street": streets, "vehicles_day": np.array(values, float), **more})


def test_one_count_on_one_pair_by_hand():
    trips = np.array([[0.0, 100.0], [50.0, 0.0]])
    found = adjust(trips, counts(150), csr_array([[0, 1.0, 0, 0]]), GIVEN)
    assert found.trips == pytest.approx(np.array([[0, 150.0], [50, 0]]))
    row = found.table.iloc[0]
    assert (row["count"], row["before"]) == (150, 100)
    assert row["after"] == pytest.approx(150)
    assert row["geh_before"] == pytest.approx(np.sqrt(2 * 5**2 / 25))  # 10 and 15 an hour
    assert found.summary["total_after"] == pytest.approx(200)
    assert found.summary["change_percent"] == pytest.approx(100 / 3)


def test_two_pairs_share_a_count_in_proportion():
    """Spiess: pairs on the same street are multiplied alike by the first step."""
    trips = np.array([[0.0, 100.0], [300.0, 0.0]])
    found = adjust(trips, counts(600), csr_array([[0, 1.0, 1.0, 0]]), GIVEN)
    assert found.trips == pytest.approx(np.array([[0, 150.0], [450, 0]]), rel=1e-6)


def town(seed=1, z=12, streets=25, seen=0.06):
    rng = np.random.default_rng(seed)
    true = rng.gamma(1, 50, (z, z))
    shares = csr_array(
        (rng.random((streets, z * z)) < seen) * rng.uniform(0.3, 1, (streets, z * z))
    )
    return true, true * np.exp(rng.normal(0, 0.4, (z, z))) * 0.8, shares


def test_counts_of_a_town_are_met():
    true, prior, shares = town()
    found = adjust(prior, counts(*(shares @ true.ravel())), shares, WIDE, iterations=3000)
    assert found.summary["r2_before"] < 0.9
    assert found.summary["r2_after"] > 0.999999
    assert found.table["geh_after"].max() < 0.1
    assert abs(found.trips.sum() / true.sum() - 1) < abs(prior.sum() / true.sum() - 1)


def test_minimum_equals_that_of_scipy():
    """Contradicting counts and weights: the same least misfit as a bounded general solver."""
    _, prior, shares = town(2, z=3, streets=6, seen=0.6)
    shares = csr_array(np.vstack([shares.toarray(), shares.toarray()[:2]]))
    target = np.append(shares[:6] @ prior.ravel() * [2, 0.4, 1, 1.5, 0.7, 1.2], [5.0, 400.0])
    weight = np.linspace(1, 2, 8)
    table = counts(*target, weight=weight)
    found = adjust(prior, table, shares, GIVEN, iterations=20_000)

    def misfit(g):
        wrong = shares @ g - target
        return 0.5 * (weight * wrong**2).sum(), shares.T @ (weight * wrong)

    start = prior.ravel()
    best = minimize(misfit, start, jac=True, bounds=list(zip(start / 3, start * 3, strict=True)))
    assert found.summary["misfit_after"] == pytest.approx(best.fun, rel=1e-3)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.floats(1.1, 8))
def test_structure_survives(seed, most):
    _, prior, shares = town(seed, z=5, streets=6)
    prior[0, :3] = 0.0
    target = np.random.default_rng(seed).uniform(0, 4000, 6)
    bounded = GIVEN.replaced({"counts.most_factor": most})
    found = adjust(prior, counts(*target), shares, bounded)
    assert (found.trips[prior == 0] == 0).all()
    there = prior > 0
    factor = found.trips[there] / prior[there]
    assert factor.min() >= 1 / most - 1e-9
    assert factor.max() <= most + 1e-9
    unseen = (shares.sum(axis=0) == 0).reshape(prior.shape)
    assert (found.trips[unseen] == prior[unseen]).all()
    assert found.summary["misfit_after"] <= found.summary["misfit_before"]


def test_met_counts_change_nothing():
    true, _, shares = town(3)
    found = adjust(true, counts(*(shares @ true.ravel())), shares, GIVEN)
    assert np.array_equal(found.trips, true)
    assert found.summary["change_percent"] == 0.0


def test_a_count_no_path_passes_is_told_and_changes_nothing():
    trips = np.array([[0.0, 100.0], [50.0, 0.0]])
    found = adjust(trips, counts(900, 100), csr_array([[0, 0, 0, 0], [0, 1.0, 0, 0]]), GIVEN)
    assert found.table["is_reached"].tolist() == [False, True]
    assert found.summary["unreached"] == 1
    assert np.array_equal(found.trips, trips)


def test_a_count_of_zero_goes_to_the_bound():
    trips = np.array([[0.0, 90.0], [50.0, 0.0]])
    found = adjust(trips, counts(0), csr_array([[0, 1.0, 0, 0]]), GIVEN)
    assert found.trips[0, 1] == pytest.approx(30.0)
    assert found.summary["at_bound"] == pytest.approx(90 / 140)


def test_contradicting_counts_meet_between():
    trips = np.array([[0.0, 100.0], [50.0, 0.0]])
    twice = csr_array([[0, 1.0, 0, 0], [0, 1.0, 0, 0]])
    found = adjust(trips, counts(100, 200, weight=[1.0, 1.0]), twice, GIVEN)
    assert found.trips[0, 1] == pytest.approx(150)
    assert (found.table["geh_after"] > 1).all()


@pytest.mark.parametrize(
    ("trips", "value", "columns"),
    [([[0, -1.0], [0, 0]], 5, 4), ([[0, 1.0], [0, 0]], -5, 4), ([[0, 1.0], [0, 0]], np.nan, 4),
     ([[0, 1.0], [0, 0]], 5, 9)],
)  # fmt: skip
def test_wrong_input_is_refused(trips, value, columns):
    with pytest.raises(ModelError):
        adjust(np.array(trips, float), counts(value), csr_array(np.ones((1, columns))), GIVEN)


def test_shares_of_select_links():
    trips = np.array([[0.0, 10.0], [5.0, 0.0]])
    selected = [np.array([[0.0, 4.0], [5.0, 0.0]]), np.zeros((2, 2))]
    assert shares_of(selected, trips).toarray().tolist() == [[0, 0.4, 1.0, 0], [0, 0, 0, 0]]


def test_geh():
    assert geh(np.array([100.0, 0.0, 0.0]), np.array([64.0, 0.0, 8.0])) == pytest.approx(
        [np.sqrt(2 * 36**2 / 164), 0.0, 4.0]
    )


def test_with_routes_that_follow():
    """Two ways that share by their load: the flows of the last assignment fit the counts."""

    def assign(trips):
        through = trips[0, 1]
        first = 1.0 / (1.0 + np.exp((through - 1000) / 500))
        return csr_array([[0, first, 0, 0], [0, 1 - first, 0.5, 0]])

    start = np.array([[0.0, 900.0], [400.0, 0.0]])
    true = np.array([[0.0, 1300.0], [500.0, 0.0]])
    target = assign(true) @ true.ravel()
    found, record = adjust_with_assignment(start, counts(*target), assign, GIVEN, rounds=30)
    misfits = [row["misfit_after"] for row in record]
    assert misfits[0] == found.summary["misfit_before"]
    assert found.summary["misfit_after"] == min(misfits)
    assert found.summary["misfit_after"] < 0.05 * misfits[0]
    assert found.table["after"].to_numpy() == pytest.approx(
        assign(found.trips) @ found.trips.ravel()
    )
    assert found.table["before"].to_numpy() == pytest.approx(assign(start) @ start.ravel())


def test_sioux_falls_finds_back_what_was_counted():
    """Flows of the true matrix at equilibrium are the counts, a disturbed matrix the start."""
    problem = problem_of_net(*sioux_falls())
    kind = problem.classes[0]
    links = np.arange(0, 76, 5)
    true = solve(problem, gap=1e-6)

    def assign(trips):
        classes = (dataclasses.replace(kind, demand=trips),)
        found = solve(dataclasses.replace(problem, classes=classes), gap=1e-6)
        passing = [select_link(found, [link]).demand[kind.name] for link in links]
        shares = shares_of(passing, trips)
        assert shares @ trips.ravel() == pytest.approx(found.flow[0][links], abs=1e-3)
        return shares

    noise = np.random.default_rng(1).normal(0, 0.4, kind.demand.shape)
    start = 0.9 * kind.demand * np.exp(noise)
    target = counts(*true.flow[0][links])
    found, _ = adjust_with_assignment(start, target, assign, GIVEN, rounds=6)
    assert found.summary["misfit_after"] < 0.01 * found.summary["misfit_before"]
    assert found.table["geh_after"].max() < found.table["geh_before"].max() / 5
    far = np.abs(start / kind.demand.clip(1e-9) - 1)[kind.demand > 0].mean()
    assert np.abs(found.trips / kind.demand.clip(1e-9) - 1)[kind.demand > 0].mean() < far * 1.05
    assert abs(found.trips.sum() / kind.demand.sum() - 1) < 0.05
