"""The whole chain: a path of five stages, one measure on a hundred buildings, growth, memory."""

import json

import pytest

from layers.build import build_city
from layers.sample_city import make_sample
from tests.benchmarks.measure import ROOT, run
from twin.energy.heat_demand import warm_up
from twin.indicators import INDICATORS
from twin.indicators.evaluate import year_values
from twin.memo import Memo
from twin.scenario import load_scenario
from twin.simulate import simulate

SCENARIOS = sorted((ROOT / "data/scenarios").glob("*.json"))
TREND = ROOT / "data/scenarios/trend.json"


@pytest.fixture(scope="module")
def town():
    city = build_city([make_sample()])
    warm_up()
    first = json.loads(TREND.read_text("utf-8")) | {"stages": [2025, 2030]}
    simulate(build_city([make_sample(buildings=200)]), load_scenario(first))  # compiles the rest
    return city


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_path_of_five_stages(benchmark, town, path):
    """Wanted: 2025 to 2045 with five stages at most 5 s."""
    scenario = load_scenario(path.read_text("utf-8"))
    found = benchmark.pedantic(
        lambda: simulate(town, scenario, memo=Memo()), rounds=3, warmup_rounds=1
    )
    assert len(found.years) == 5
    print(f"\n{path.stem}: {benchmark.stats['median']:.2f} s, {len(town.buildings):,} buildings")


@pytest.mark.parametrize("path", [*SCENARIOS, None], ids=lambda p: p.stem if p else "nothing else")
def test_a_measure_on_100_buildings(benchmark, town, path):
    """Wanted: a measure on 100 buildings -> all energy indicators of a year at most 200 ms."""
    base = json.loads(path.read_text("utf-8")) if path else {"name": "none", "format": 2}
    homes = town.buildings.index[town.buildings["use"] == "residential"]
    memo = Memo()
    simulate(town, load_scenario({**base, "stages": [2045]}), memo=memo)
    turns = iter(range(100))

    def edit():
        ids = [str(key) for key in homes[next(turns) * 100 :][:100]]
        retrofit = {"kind": "retrofit", "id": "edit", "standard": "advanced", "start_year": 2030,
                    "select": {"ids": ids}}  # fmt: skip
        measures = [*base.get("measures", []), retrofit]
        return (load_scenario({**base, "stages": [2045], "measures": measures}),), {}

    def answer(scenario):
        year = simulate(town, scenario, memo=memo).last
        return [year_values(year, level) for level in ("city", "district", "block")]

    found = benchmark.pedantic(answer, setup=edit, rounds=15, warmup_rounds=2)
    assert len(found[0][1]) == len(INDICATORS)
    print(
        f"\nedit on {path.stem if path else 'nothing'}: {benchmark.stats['median'] * 1000:.0f} ms"
    )


@pytest.mark.parametrize("count", [2_000, 7_000, 27_000, 100_000])
def test_growth_and_memory(benchmark, tmp_path, count):
    script = tmp_path / "run.py"
    script.write_text(GROWTH)
    runs = []
    benchmark.pedantic(lambda: runs.append(run(str(script), str(count), str(TREND))), rounds=1)
    seconds = float(runs[0].output.split()[-1])
    print(f"\n{count:,} buildings: path {seconds:.1f} s, {runs[0].peak_mb:.0f} MB with the build")


GROWTH = """
import sys, time
from pathlib import Path
from layers.build import build_city
from layers.sample_city import make_sample
from twin.energy.heat_demand import warm_up
from twin.scenario import load_scenario
from twin.simulate import simulate

city = build_city([make_sample(buildings=int(sys.argv[1]))])
warm_up()
scenario = load_scenario(Path(sys.argv[2]).read_text("utf-8"))
simulate(build_city([make_sample(buildings=200)]), scenario)
started = time.perf_counter()
simulate(city, scenario)
print(time.perf_counter() - started)
"""
