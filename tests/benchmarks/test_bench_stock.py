"""Stock, zones and seasonal demand of a town, and how they grow with it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.benchmarks.measure import run
from tests.twin.energy.stocks import cube, houses, town
from twin.assumptions import assumptions
from twin.classes import AGE_CLASSES, REFURBISHMENT, SIZE_CLASSES
from twin.energy.calibration import calibration
from twin.energy.seasonal import seasonal_demand
from twin.energy.stock import initial_stock
from twin.energy.zones import make_zones

GIVEN = assumptions()
BUILDINGS = 27_000


def mixed(count):
    """Return a stock of all classes with envelopes."""
    pick = np.random.default_rng(7)
    stock = houses(
        count,
        size_class=pick.choice(SIZE_CLASSES, count),
        age_class=pick.choice(AGE_CLASSES, count),
        refurbishment=pick.choice(REFURBISHMENT, count),
        heated_area_m2=pick.uniform(80, 2000, count),
        block_id=[f"B{i % 600}" for i in range(count)],
    )
    return stock, cube(stock, volume=4 * stock["heated_area_m2"])


def test_initial_stock(benchmark):
    city = town(BUILDINGS, blocks=600)
    stock = benchmark.pedantic(initial_stock, args=(city, GIVEN), rounds=5, warmup_rounds=1)
    assert len(stock) == BUILDINGS


@pytest.mark.parametrize("count", [100, 2700, 27_000, 108_000])
def test_zones(benchmark, count):
    stock, envelopes = mixed(count)
    zones = benchmark.pedantic(
        make_zones, args=(stock, envelopes, GIVEN), rounds=7, warmup_rounds=1
    )
    assert len(zones) == count


@pytest.mark.parametrize("count", [100, 27_000])
def test_seasonal_demand(benchmark, count):
    stock, envelopes = mixed(count)
    heat = benchmark.pedantic(
        seasonal_demand, args=(stock, envelopes, GIVEN), rounds=7, warmup_rounds=1
    )
    assert len(heat) == count


def test_calibration_to_measured_blocks(benchmark):
    stock, _ = mixed(BUILDINGS)
    each = pd.Series(120.0, stock.index)
    measured = pd.DataFrame({"heat_kwh": 1e6}, [f"B{i}" for i in range(600)])
    table = benchmark.pedantic(
        calibration, args=(stock, each, GIVEN), kwargs={"measured": measured}, rounds=5
    )
    assert (table["factor_source"] == "measured:block").all()


MEMORY = """
import resource
from tests.benchmarks.test_bench_stock import GIVEN, mixed
from twin.energy.zones import make_zones
stock, envelopes = mixed(27_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
make_zones(stock, envelopes, GIVEN)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def test_memory_of_zones(benchmark):
    done = benchmark.pedantic(run, args=("-c", MEMORY), rounds=1)
    print(f"\n27,000 zones: {float(done.output):.0f} MB on top, {done.peak_mb:.0f} MB in all")
