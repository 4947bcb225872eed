"""Judging readings, and comparing a city's counters with its flows: speed and memory."""

import numpy as np
import pandas as pd

from layers.sensors.quality import Judge, flags_of
from layers.sensors.records import Datastream, Reading
from tests.twin.observed.test_segments import TOWN, wkt
from twin.observed.count_days import count_profile
from twin.observed.counts import compare_counts, counted_hours
from twin.observed.segments import match_segments

STREAMS = {
    f"m/{n}": Datastream(
        f"m/{n}", "m", "x", "air_temperature", "Cel", interval_s=60.0 if n % 2 else None
    )
    for n in range(2_000)
}
YEAR = pd.date_range("2025-01-01", periods=8760, freq="h", tz="UTC")


def test_readings_a_second(benchmark):
    dice, keys = np.random.default_rng(1), list(STREAMS)
    values = 10 + dice.random(100_000)
    batches = [
        tuple(
            Reading(keys[n % 2000], 10**12 + n // 2000 * 60_000 + n % 2000, float(values[n]))
            for n in range(first, first + 500)
        )
        for first in range(0, 100_000, 500)
    ]

    def judge():
        own = Judge(STREAMS)
        for batch in batches:
            own.judge(batch, STREAMS, batch[-1].at)

    benchmark.pedantic(judge, rounds=5)
    print(f"\n{100_000 / benchmark.stats['median']:.0f} readings a second")


def test_a_year_of_hours(benchmark):
    series = pd.Series(10 + np.random.default_rng(1).random(len(YEAR)), YEAR)
    found = benchmark(flags_of, series, STREAMS["m/0"])
    assert (found == 0).all()


def test_a_year_of_fifty_counters(benchmark):
    dice = np.random.default_rng(1)
    hours = [pd.Series(dice.poisson(300.0, len(YEAR)).astype(float), YEAR) for _ in range(50)]
    places = pd.DataFrame({"street": [f"s{n}" for n in range(50)], "both": False})
    flows = pd.DataFrame(300.0, places["street"], range(24))

    def compare():
        profiles = {n: count_profile(series) for n, series in enumerate(hours)}
        return compare_counts(counted_hours(profiles, places), flows)

    assert benchmark(compare).verdict.level == "good"


def test_a_thousand_segments(benchmark):
    lines = {f"s{n}": wkt((0, 5 + n % 3), (600, 5 + n % 3)) for n in range(1_000)}
    found = benchmark.pedantic(match_segments, args=(lines, TOWN), rounds=3)
    assert found["line"].nunique() == 1_000
