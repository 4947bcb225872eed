"""Through traffic and lorries."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.twin.mobility.demand.towns import GIVEN, make_town
from twin.mobility.demand.vehicles import heavy_share, lorries, through_traffic
from twin.mobility.tables import Skims


def gates_only(wanted, km):
    ids = [f"gate_{n}" for n in range(len(wanted))]
    table = pd.DataFrame({"is_gate": True, "through": wanted, "through_heavy": 0.1}, index=ids)
    km = np.asarray(km, float)
    return table, Skims(table.index, {"car": km}, {"car": km})


def test_three_equal_gates_in_a_triangle_by_hand():
    table, skims = gates_only([100.0, 100.0, 100.0], np.full((3, 3), 5.0))
    found = through_traffic(table, skims)
    np.testing.assert_allclose(found, 50 * (1 - np.eye(3)), atol=1e-3)


def test_margins_hold_and_nobody_turns_back():
    rng = np.random.default_rng(1)
    km = rng.uniform(2, 15, (6, 6))
    wanted = np.array([500.0, 400, 300, 300, 200, 100])
    found = through_traffic(*gates_only(wanted, km))
    assert (np.diag(found) == 0).all()
    np.testing.assert_allclose(found, found.T)
    np.testing.assert_allclose(found.sum(axis=1), wanted, rtol=1e-3)


def test_far_pairs_take_more():
    km = np.array([[0, 2, 9, 9], [2, 0, 9, 9], [9, 9, 0, 2], [9, 9, 2, 0]], float)
    found = through_traffic(*gates_only([100.0] * 4, km))
    assert found[0, 2] > 5 * found[0, 1]


def test_a_gate_cannot_have_more_than_the_others():
    found = through_traffic(*gates_only([900.0, 100, 100], np.full((3, 3), 4.0)))
    assert found.sum(axis=1)[0] == pytest.approx(190, rel=0.01)
    assert through_traffic(*gates_only([900.0, 100], np.full((2, 2), 4.0)))[0, 1] == 100


def test_one_gate_and_gates_without_a_way():
    assert through_traffic(*gates_only([900.0], [[0.0]])).sum() == 0
    apart = np.where(np.eye(3, dtype=bool), 1.0, np.inf)
    assert through_traffic(*gates_only([9.0, 9, 9], apart)).sum() == 0
    table, _ = gates_only([9.0, 9.0], np.ones((2, 2)))
    assert through_traffic(table, Skims(table.index, {}, {})).sum() == 0
    np.testing.assert_allclose(heavy_share(table), 0.1)


def test_lorries_start_and_end_at_jobs():
    zones, skims = make_town(side=3, gates=2)
    table = zones.table
    jobs = table["jobs"].to_numpy(float)
    found = lorries(table, skims, jobs, GIVEN)
    rate = GIVEN.by_class("demand.truck_trips_per_job")
    made = sum(rate[s] * table[f"jobs_{s}"] for s in rate).to_numpy(float)
    np.testing.assert_allclose(found.sum(axis=1)[:9], made[:9], rtol=1e-3)
    np.testing.assert_allclose(found, found.T)
    out = GIVEN["demand.truck_outside_share"]
    assert found[:9, 9:].sum() == pytest.approx(out * made.sum())
    assert found[9:, 9:].sum() == 0
    double = lorries(table, skims, 2 * jobs, GIVEN)
    np.testing.assert_allclose(double, 2 * found, rtol=1e-6)


def test_no_jobs_no_lorries_and_no_gate_no_way_out():
    zones, skims = make_town(side=2, gates=0)
    assert lorries(zones.table, skims, np.zeros(4), GIVEN).sum() == 0
    jobs = zones.table["jobs"].to_numpy(float)
    assert lorries(zones.table, skims, jobs, GIVEN).sum() > 0
