"""Through traffic and lorries."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.twin.mobility.demand.towns import GIVEN, make_town
from twin.mobility.demand.vehicles import heavy_share, lorries, through_traffic
from twin.mobility.tables import Skims


def gates_only(wanted, minutes, km=20.0):
    """Gates on a circle, as far apart as it takes to be as fast as they wish where not said."""
    n = len(wanted)
    turn = np.arange(n) * 2 * np.pi / n
    table = pd.DataFrame(
        {
            "is_gate": True, "through": wanted, "through_heavy": 0.1, "through_kmh": 60.0,
            "x": np.cos(turn), "y": np.sin(turn),
        },
        index=[f"gate_{number}" for number in range(n)],
    )  # fmt: skip
    minutes = np.broadcast_to(np.asarray(minutes, float), (n, n)).copy()
    return table, Skims(table.index, {"car": minutes}, {"car": np.full((n, n), km)})


def through(*gates):
    return through_traffic(*gates_only(*gates), GIVEN)


def test_three_equal_gates_in_a_triangle_by_hand():
    np.testing.assert_allclose(through([100.0] * 3, 20), 50 * (1 - np.eye(3)), atol=1e-3)


def test_margins_hold_and_nobody_turns_back():
    wanted = np.array([500.0, 400, 300, 300, 200, 100])
    found = through(wanted, 15)
    assert (np.diag(found) == 0).all()
    np.testing.assert_allclose(found, found.T)
    np.testing.assert_allclose(found.sum(axis=1), wanted, rtol=1e-3)


def test_traffic_goes_across_and_by_the_fast_road():
    found = through([100.0] * 4, 20)
    assert found[0, 2] / found[0, 1] == pytest.approx(1.1 / 0.6, rel=1e-3)  # straight on
    slow = np.full((4, 4), 40.0)  # half as fast as they wish, but for one road
    slow[0, 2] = slow[2, 0] = 20.0
    found = through([100.0] * 4, slow)
    assert found[0, 2] > 0.95 * found[0].sum()
    assert found[1].sum() == pytest.approx(100 * 0.5 ** GIVEN["demand.through_sharpness"], rel=0.01)


def test_who_comes_by_motorway_goes_on_by_motorway():
    table, skims = gates_only([100.0] * 4, 20)
    on_it = np.zeros((4, 4))
    on_it[0, 1] = on_it[1, 0] = 20.0  # all the way between the first two
    more = Skims(skims.ids, skims.minutes, skims.km, {"car_fast_km": on_it})
    found = through_traffic(table, more, GIVEN)
    assert found[0, 1] > 0.9 * found[0].sum()
    assert found[2, 3] > 0.9 * found[2].sum()


def test_a_gate_cannot_have_more_than_the_others():
    assert through([900.0, 100, 100], 20).sum(axis=1)[0] == pytest.approx(190, rel=0.01)
    assert through([900.0, 100], 20)[0, 1] == 100


def test_one_gate_and_gates_without_a_way():
    assert through([900.0], 1).sum() == 0
    assert through([9.0, 9, 9], np.where(np.eye(3, dtype=bool), 1.0, np.inf)).sum() == 0
    table, _ = gates_only([9.0, 9.0], 1)
    assert through_traffic(table, Skims(table.index, {}, {}), GIVEN).sum() == 0
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
