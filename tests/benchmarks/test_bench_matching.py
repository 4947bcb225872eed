"""
Matching footprints of two and three sources.

Required: 20,000 against 20,000 in at most 5 s on 2 cores, growing about as n log n.
"""

import os
import re

import pytest

from layers.matching import match_buildings
from layers.osm import read_osm
from tests.benchmarks.measure import run
from tests.conftest import shared
from tests.layers.matching.towns import CRS, grid, pairs_found, redrawn

SIZES = [5_000, 20_000, 80_000]


@pytest.mark.parametrize("count", SIZES)
def test_match_two_sources(benchmark, count):
    """OpenStreetMap, a metre off and each corner up to 0.4 m, against the cadastre."""
    cadastre = grid(count)
    osm = grid(count, key="osm:w", shift=(1.0, -0.4), jitter=0.4)
    sources = {"osm": osm, "cadastre": cadastre}
    matched = benchmark.pedantic(match_buildings, args=(sources,), rounds=3)
    assert len(matched.buildings) == count
    benchmark.extra_info["seconds_per_10k"] = round(
        benchmark.stats.stats.median / count * 10_000, 2
    )
    print(f"\n{count:,} x {count:,}: {benchmark.stats.stats.median:.2f} s")


def test_match_three_sources(benchmark):
    """The cadastre, its city model under the same keys, and OpenStreetMap; 20,000 each."""
    osm = grid(20_000, key="osm:w", shift=(1.0, -0.4), jitter=0.4)
    sources = {"osm": osm, "cadastre": grid(20_000), "lod2": grid(20_000)}
    matched = benchmark.pedantic(match_buildings, args=(sources,), rounds=3)
    assert set(matched.buildings["known_by"]) == {"cadastre lod2 osm"}


def test_one_source_costs_little(benchmark):
    matched = benchmark.pedantic(match_buildings, args=({"osm": grid(20_000)},), rounds=3)
    assert len(matched.buildings) == 20_000


def test_match_a_real_town_drawn_again(benchmark):
    """Neubrandenburg, 15,334 buildings, against itself cut, joined, shaken and a metre off."""
    buildings = read_osm(shared("data/osm/neubrandenburg.osm.pbf")).tables["buildings"]
    truth = buildings[buildings["part_of"].isna()].to_crs(CRS)
    truth = truth.set_axis("DE" + truth.index).rename_axis(buildings.index.name)
    osm, pairs = redrawn(truth)
    sources = {"osm": osm, "cadastre": truth}
    matched = benchmark.pedantic(match_buildings, args=(sources,), rounds=3)
    found = pairs_found(matched, "osm", set(truth.index))
    right = len(found & pairs)
    print(f"\nprecision {right / len(found):.4f}, recall {right / len(pairs):.4f}")
    assert right >= 0.98 * max(len(found), len(pairs))


MEMORY = """
import resource, sys
from layers.matching import match_buildings
from tests.layers.matching.towns import grid
cadastre = grid({count})
osm = grid({count}, key="osm:w", shift=(1.0, -0.4), jitter=0.4)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
match_buildings({{"osm": osm, "cadastre": cadastre}})
print("grew", (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


@pytest.mark.parametrize("count", SIZES)
def test_memory(benchmark, tmp_path, monkeypatch, count):
    """Memory that matching itself adds to the tables it is given."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([".", os.environ.get("PYTHONPATH", "")]))
    script = tmp_path / "match.py"
    script.write_text(MEMORY.format(count=count))
    done = benchmark.pedantic(run, args=(str(script),), rounds=1)
    grew = float(re.search(r"grew ([\d.]+)", done.output).group(1))
    benchmark.extra_info["grew_mb"] = round(grew)
    print(f"\n{count:,}: matching adds {grew:.0f} MB, process {done.peak_mb:.0f} MB at most")
