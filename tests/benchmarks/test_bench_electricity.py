"""
Electricity of a town.

Required: 27,000 buildings by Baublock in at most 100 ms. Peer: demandlib, where it is installed,
for the profiles of a year; NumPy with an array a building for the hours.
"""

import time

import numpy as np
import pandas as pd
import pytest

from layers.weather.reference import reference_weather
from tests.benchmarks.measure import run
from tests.twin.energy.electricity.stock import many
from tests.twin.energy.electricity.test_transformers import grid
from twin.assumptions import assumptions
from twin.energy.electricity import (
    PROFILES,
    appliance_parts,
    electricity_hours,
    load_profiles,
    profiles_of_parts,
    residual_load,
    transformer_areas,
)
from twin.energy.electricity.calendar import holidays

GIVEN = assumptions().of(["electricity"])
SIZES = [7_000, 27_000, 108_000]
PER_BLOCK = 25
PEAK = """
import resource
from tests.benchmarks.test_bench_electricity import year_of
year_of({count})
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def year_of(count):
    """Return yearly figures, profiles, hours and residual load of a town."""
    stock = many(count, blocks=count // PER_BLOCK)
    groups = stock["block_id"].str[1:].astype("int32").to_numpy()
    return by_block(stock, groups, load_profiles())


def by_block(stock, groups, profiles):
    parts, rows = appliance_parts(stock, GIVEN), profiles_of_parts(stock)
    return electricity_hours(parts, rows, profiles, groups, count=int(groups.max()) + 1)


@pytest.mark.parametrize("count", SIZES)
def test_hours_by_block(benchmark, count):
    """Yearly demand of every building and the hours of its Baublock, 25 buildings a block."""
    stock = many(count, blocks=count // PER_BLOCK)
    groups = stock["block_id"].str[1:].astype("int32").to_numpy()
    profiles = load_profiles()
    by_block(stock.iloc[:100], groups[:100], profiles)  # compiles
    power = benchmark.pedantic(by_block, args=(stock, groups, profiles), rounds=7)
    assert power.shape[1] == 8760
    print(f"\n{count:,} buildings: {1000 * benchmark.stats.stats.median:.0f} ms")


@pytest.mark.parametrize("blocks", [270, 1_080, 4_320])
def test_residual_load(benchmark, blocks):
    draw = np.random.default_rng(1)
    load = draw.integers(0, 90_000, (blocks, 8760), dtype=np.int32)
    pv = draw.integers(0, 90_000, (blocks, 8760), dtype=np.int32)
    residual_load(load[:1], pv[:1])  # compiles
    benchmark.pedantic(residual_load, args=(load, pv), rounds=5)
    print(f"\n{blocks:,} blocks: {1000 * benchmark.stats.stats.median:.0f} ms")


@pytest.mark.parametrize("side", [80, 160, 320])
def test_transformer_areas(benchmark, side):
    city, stock = grid(side, blocks=side // 5)
    areas = benchmark.pedantic(transformer_areas, args=(city, stock, GIVEN), rounds=3)
    median = 1000 * benchmark.stats.stats.median
    print(f"\n{side * side:,} buildings, {areas.nunique()} areas: {median:.0f} ms")


def test_profiles_of_a_year(benchmark):
    benchmark.pedantic(load_profiles, rounds=5, warmup_rounds=1)
    print(f"\nsix profiles: {1000 * benchmark.stats.stats.median:.1f} ms", end="")
    slp = pytest.importorskip("demandlib.bdew", reason="demandlib is not installed")
    clock = pd.date_range("2025-01-01", "2025-12-31 23:45", freq="15min")
    free = [pd.Timestamp(day).date() for day in holidays(2025)]
    begun = time.perf_counter()
    for name in PROFILES[:-1]:
        getattr(slp, name)(clock, holidays=free).resample("h").mean()
    print(f"; demandlib, five: {1000 * (time.perf_counter() - begun):.0f} ms")


def test_the_year_that_stands_in(benchmark):
    benchmark.pedantic(reference_weather, args=(50.8, 7.15), rounds=5, warmup_rounds=1)
    print(f"\nreference year: {1000 * benchmark.stats.stats.median:.0f} ms")


def test_building_by_building_for_comparison(benchmark):
    """What linearity saves: 2,000 buildings with hours of their own in NumPy."""
    stock = many(2_000, blocks=80)
    parts, rows = appliance_parts(stock, GIVEN).to_numpy(), profiles_of_parts(stock)
    groups, profiles = stock["block_id"].str[1:].astype("int32").to_numpy(), load_profiles()

    def each():
        hours = sum(parts[:, i, None] * profiles.values[rows[:, i]] for i in (0, 1))
        sums = np.zeros((80, 8760))
        np.add.at(sums, groups, hours)
        return sums

    wanted = benchmark.pedantic(each, rounds=3)
    power = electricity_hours(parts, rows, profiles, groups, count=80)
    assert np.abs(power / 1000 - wanted).max() < 0.001
    print(f"\n2,000 buildings one by one: {benchmark.stats.stats.median:.2f} s")


@pytest.mark.parametrize("count", [100, 27_000])
def test_memory(benchmark, count):
    """Peak of a process that works out a town; the small one is what Python and Numba need."""
    code = PEAK.format(count=count)
    done = benchmark.pedantic(run, args=("-c", code), rounds=1)
    print(f"\n{count:,} buildings: {float(done.output):.0f} MB, {done.seconds:.1f} s with start")
