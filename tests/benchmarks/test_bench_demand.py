"""Travel demand: fit and answer of a town, how they grow with the zones, memory."""

from __future__ import annotations

import pytest

from tests.benchmarks.measure import run
from tests.twin.mobility.demand.towns import GIVEN, make_town
from twin.mobility.demand import calibrate, demand
from twin.mobility.demand.gravity import furness

SIDES = [(7, 10), (14, 24), (29, 24)]  # 49, 196 and 841 zones
PEAK = """
from tests.twin.mobility.demand.towns import GIVEN, make_town
from twin.mobility.demand import calibrate, demand
zones, skims = make_town(side={side}, gates=24, width=700.0)
if {answer}:
    fitted = calibrate(zones, skims, GIVEN)
    print(sum(demand(zones, skims, fitted, GIVEN).unserved.values()))
"""


def town(side, gates):
    return make_town(side=side, gates=gates, width=9800.0 / side)


@pytest.mark.parametrize(("side", "gates"), SIDES)
def test_calibrate(benchmark, side, gates):
    zones, skims = town(side, gates)
    fitted = benchmark.pedantic(calibrate, args=(zones, skims, GIVEN), rounds=3, warmup_rounds=1)
    benchmark.extra_info |= {"zones": zones.count, "rounds": fitted.rounds}
    assert abs(fitted.shares - fitted.targets).max() < 0.02


@pytest.mark.parametrize(("side", "gates"), SIDES)
def test_demand(benchmark, side, gates):
    zones, skims = town(side, gates)
    fitted = calibrate(zones, skims, GIVEN)
    found = benchmark.pedantic(
        demand, args=(zones, skims, fitted, GIVEN), rounds=7, warmup_rounds=1
    )
    benchmark.extra_info["zones"] = zones.count
    assert found.unserved["no_way"] < 1e-6


def test_calibrate_from_a_neighbour(benchmark):
    zones, skims = town(14, 24)
    fitted = calibrate(zones, skims, GIVEN)
    again = benchmark.pedantic(
        calibrate, args=(zones, skims, GIVEN), kwargs={"start": fitted}, rounds=5
    )
    assert again.rounds <= 3


def test_balancing_beside_aequilibrae(benchmark):
    """Furness of 220 zones; AequilibraE's IpfCore on the same matrix and tolerance in this run."""
    ipf = pytest.importorskip("aequilibrae.distribution.ipf_core")
    import time  # noqa: PLC0415

    import numpy as np  # noqa: PLC0415

    rng = np.random.default_rng(4)
    seed = np.exp(-rng.uniform(0, 4, (220, 220)))
    rows = rng.uniform(10, 1000, 220)
    columns = rng.permutation(rows)
    found = benchmark.pedantic(
        furness, args=(seed, rows, columns), kwargs={"tolerance": 1e-9}, rounds=9, warmup_rounds=1
    )
    theirs = seed.copy()
    ipf.ipf_core(theirs.copy(), rows, columns, max_iterations=500, tolerance=1e-9, cores=1)
    started = time.perf_counter()
    ipf.ipf_core(theirs, rows, columns, max_iterations=500, tolerance=1e-9, cores=1)
    benchmark.extra_info["aequilibrae_s"] = time.perf_counter() - started
    np.testing.assert_allclose(found.matrix, theirs, rtol=1e-3, atol=1e-4 * rows.max() / 220)


def test_peak_memory(benchmark):
    def peak():
        base = run("-c", PEAK.format(side=14, answer=False)).peak_mb
        return run("-c", PEAK.format(side=14, answer=True)).peak_mb - base

    benchmark.extra_info["peak_mb"] = benchmark.pedantic(peak, rounds=1)
    assert benchmark.extra_info["peak_mb"] < 500
