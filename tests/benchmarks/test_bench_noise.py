"""Noise at the walls of a made town of streets and houses: speed, memory, growth with size."""

import sys
import time

import numpy as np
import pytest

from tests.benchmarks import measure
from tests.twin.mobility.noise.made import GIVEN, flows, houses, nodes, streets
from twin.mobility.noise import facade_levels, noise_emission, sound_spread

BLOCK_M = 80.0


def town(count):
    """Squares of streets with 10 houses each; every fifth street is a main road."""
    side = max(2, round(np.sqrt(count / 10)))
    at = BLOCK_M * np.arange(side + 1)
    lines = [[(x, y), (x + BLOCK_M, y)] for y in at for x in at[:-1]]
    lines += [[(y, x), (y, x + BLOCK_M)] for y in at for x in at[:-1]]
    main = np.tile(np.repeat(np.arange(side + 1) % 5 == 0, side), 2)
    kind = np.where(main, "secondary", "residential")
    network = streets(*lines, **{"class": kind, "speed_kmh": np.where(main, 50.0, 30.0)})
    x, y = np.meshgrid(at[:-1], at[:-1])
    row = np.arange(5)[:, None, None]
    left, low = (x + 10 + 12 * row).ravel(), np.broadcast_to(y + 8, (5, *y.shape)).ravel()
    boxes = [
        (a, b + up, a + 10, b + up + 12) for up in (0, 50) for a, b in zip(left, low, strict=True)
    ]
    car = np.where(main, 4000.0, 200.0)
    return network, nodes(network), flows(network, car, car * 0.04), houses(*boxes)


@pytest.mark.parametrize("count", [2_000, 20_000, 50_000])
def test_spread_over_a_town(benchmark, count):
    """Once for a town: 20,000 buildings x streets up to 500 m, screens between."""
    network, ends, _, places = town(count)
    sound_spread(*town(60)[:2], places[:5], GIVEN)  # compiles
    busy = time.process_time()
    found = benchmark.pedantic(sound_spread, args=(network, ends, places, GIVEN), rounds=3)
    busy = (time.process_time() - busy) / 3
    took = benchmark.stats["median"]
    pairs = len(found.values)
    print(f"\n{len(places)} buildings, {len(network)} streets, {pairs} pairs: {took:.2f} s, "
          f"{busy:.2f} s of processors")  # fmt: skip


def test_levels_of_new_flows(benchmark):
    network, ends, load, places = town(20_000)
    spread = sound_spread(network, ends, places, GIVEN)

    def levels():
        return facade_levels(spread, noise_emission(network, load, GIVEN))

    found = benchmark.pedantic(levels, rounds=5, warmup_rounds=1)
    assert found["day_db"].between(30, 80).all()
    print(f"\nother flows on {len(network)} streets: {benchmark.stats['median'] * 1000:.0f} ms")


def test_after_one_edit(benchmark):
    """A street less: only the buildings that heard it are computed again."""
    network, ends, _, places = town(20_000)
    before = sound_spread(network, ends, places, GIVEN)
    closed = network.drop(index=network.index[len(network) // 3])
    found = benchmark.pedantic(
        sound_spread, args=(closed, ends, places, GIVEN), kwargs={"before": before}, rounds=5,
        warmup_rounds=1,
    )  # fmt: skip
    print(f"\n{found.computed} of {len(places)} buildings: {benchmark.stats['median']:.2f} s")


SCRIPT = """
import sys
from tests.benchmarks.test_bench_noise import GIVEN, sound_spread, town
network, ends, load, places = town(int(sys.argv[1]))
sound_spread(network, ends, places, GIVEN)
"""


@pytest.mark.parametrize("count", [100, 20_000, 50_000])
def test_memory(benchmark, count):
    done = benchmark.pedantic(measure.run, args=("-c", SCRIPT, str(count)), rounds=1)
    print(f"\n{count} buildings: {done.peak_mb:.0f} MB", file=sys.stdout)
