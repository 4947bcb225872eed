"""Hourly heat of a town: speed, memory, growth with buildings, and a peer in the same run."""

import dataclasses
import sys

import numpy as np
import pytest

from tests.benchmarks import measure
from tests.twin.energy.heat_demand.made import make_year, make_zones
from twin.assumptions import assumptions
from twin.energy.heat_demand import heat_hours, warm_up

GIVEN = assumptions()
PEER = "needs RC_BuildingSimulator: pip install rcbsim==0.3b0"


def channels(count: int) -> dict:
    """Blocks of 30 buildings, electricity of heat pumps for a third, a network for another."""
    rows = np.arange(count)
    blocks = (count // 30) + 1
    electric = np.where(rows % 3 == 0, rows // 30 + blocks, -1)
    series = np.ones((10, 8760), np.float32)
    series[1] = 0.3
    return {
        "scale": np.full(count, 0.9),
        "groups": np.column_stack(
            [rows // 30, electric, np.where(rows % 3 == 1, 2 * blocks, -1)]
        ).astype(np.int32),
        "series": series,
        "series_index": np.tile(np.array([0, 1, 0], np.int32), (count, 1)),
    }


@pytest.mark.parametrize("count", [1_000, 5_000, 25_000, 100_000])
def test_a_town(benchmark, count):
    """25,000 buildings x 8,760 hours: at most 2 s on 2 cores."""
    zones, climate, options = make_zones(count), make_year(GIVEN), channels(count)
    warm_up()
    rows = benchmark.pedantic(
        heat_hours, args=(zones, climate, GIVEN), kwargs=options, rounds=3, warmup_rounds=1
    )
    assert rows.computed == count
    print(f"\n{count} buildings: {benchmark.stats['median']:.2f} s")


def test_a_measure_on_100_buildings(benchmark):
    zones, climate, options = make_zones(25_000), make_year(GIVEN), channels(25_000)
    before = heat_hours(zones, climate, GIVEN, **options)
    opaque = zones.opaque_w_k.copy()
    opaque[::250] *= 0.5
    better = dataclasses.replace(zones, opaque_w_k=opaque)
    rows = benchmark.pedantic(
        heat_hours, args=(better, climate, GIVEN), kwargs={**options, "before": before},
        rounds=10, warmup_rounds=2,
    )  # fmt: skip
    assert rows.computed == 200
    print(f"\n100 of 25,000 buildings: {benchmark.stats['median'] * 1000:.0f} ms")


SCRIPT = """
import sys
from tests.benchmarks.test_bench_heat import GIVEN, channels, heat_hours, make_year, make_zones
count = int(sys.argv[1])
heat_hours(make_zones(count), make_year(GIVEN), GIVEN, **channels(count))
"""


@pytest.mark.parametrize("count", [10, 25_000, 100_000])
def test_memory(benchmark, count):
    """25,000 buildings: at most 1 GB, Python and tables included."""
    done = benchmark.pedantic(measure.run, args=("-c", SCRIPT, str(count)), rounds=1)
    print(f"\n{count} buildings: {done.peak_mb:.0f} MB, {done.seconds:.1f} s with start of Python")


def test_peer_rc_building_simulator(benchmark):
    """The same norm in Python, one building at a time, 8,760 hours."""
    peer = pytest.importorskip("rcbsim.building_physics", reason=PEER)
    climate = make_year(GIVEN)
    zone = peer.Zone(window_area=20.0, walls_area=150.0, floor_area=120.0, room_vol=300.0,
                     total_internal_area=540.0)  # fmt: skip
    sun = climate.window_wm2 @ np.full(5, 2.0)

    def year():
        mass, total = 20.0, 0.0
        for hour in range(8760):
            zone.solve_energy(360.0, sun[hour], climate.temperature_c[hour], mass)
            mass = zone.t_m_next
            total += zone.heating_demand
        return total

    assert benchmark.pedantic(year, rounds=2) > 0
    print(f"\nRC_BuildingSimulator: {1 / benchmark.stats['median']:.1f} buildings a second",
          file=sys.stdout)  # fmt: skip
