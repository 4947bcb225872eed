"""
A whole town of official data: LoD2, cadastre, terrain and census through `build_city`.

Required: 20,000 buildings and 60 km² of terrain of 1 m in at most 3 minutes and 4 GB; 20,000
footprints against 20,000 in at most 5 s. The sizes show how it grows. The files of a size are
written once a run, or kept in `$TWIN_BENCH_TOWN`.
"""

import json
import os
from pathlib import Path

import pytest

from layers.sample_city import make_sample
from tests.benchmarks.measure import run
from tests.town_files.terrain import write_dgm1
from tests.town_files.town import terrain_bounds, write_town

SIZES = [2_000, 6_000, 20_000]
KM2_PER_BUILDING = 60 / 20_000
THEMES = ("gpkg", "lod2", "census")

READ = """
import json, sys, time
from pathlib import Path
from layers.cadastre import read_cadastre
from layers.census import read_census
from layers.citymodel import read_citymodel
from layers.terrain import read_terrain

folder = Path(sys.argv[1])
readers = {"gpkg": read_cadastre, "lod2": read_citymodel, "census": read_census,
           "dgm1": read_terrain}
steps, data = {}, []
for kind, read in readers.items():
    if kind in sys.argv[2:]:
        begin = time.perf_counter()
        data.append(read(sorted((folder / kind).iterdir())))
        steps[kind] = round(time.perf_counter() - begin, 1)
"""

BUILD = (
    READ
    + """
from layers.build import build_city

def say(step, share):
    global begin, last
    steps[last] = round(steps.get(last, 0) + time.perf_counter() - begin, 1)
    begin, last = time.perf_counter(), step

begin, last = time.perf_counter(), "start"
city = build_city(data, name="Musterstadt", progress=say)
print(json.dumps({"buildings": len(city.buildings), "roofs": len(city.tables["roofs"]),
                  "steps": steps}))
"""
)

MATCH = (
    READ
    + """
from layers.matching import match_buildings

tables = {"cadastre": data[0].tables["buildings"], "lod2": data[1].tables["buildings"]}
begin = time.perf_counter()
found = match_buildings(tables)
print(json.dumps({"seconds": time.perf_counter() - begin, "buildings": len(found.buildings),
                  "given": {name: len(table) for name, table in tables.items()}}))
"""
)


@pytest.fixture(scope="module")
def towns(tmp_path_factory):
    """Give the folder of a town by size, its files written at the first call."""
    kept = os.environ.get("TWIN_BENCH_TOWN")
    root = Path(kept) if kept else tmp_path_factory.mktemp("town")

    def folder(size):
        home = root / str(size)
        if not (home / "done").exists():
            write_town(home, buildings=size, formats=THEMES)
            tables = make_sample(buildings=size).tables
            write_dgm1(_square(terrain_bounds(tables), size * KM2_PER_BUILDING), home / "dgm1")
            (home / "done").touch()
        return home

    return folder


def _square(bounds, km2):
    """Give whole tiles around the middle of the town, about as many as km² are asked for."""
    west, south, east, north = bounds
    across = max(round(km2**0.5), 1)
    along = max(round(km2 / across), 1)
    left = round((west + east) / 2000 - across / 2) * 1000
    low = round((south + north) / 2000 - along / 2) * 1000
    return left, low, left + across * 1000, low + along * 1000


def _measured(benchmark, script, *arguments):
    runs = []
    benchmark.pedantic(lambda: runs.append(run(str(script), *arguments)), rounds=1)
    known = json.loads(runs[0].output.splitlines()[-1])
    benchmark.extra_info.update(peak_mb=round(runs[0].peak_mb), **known)
    return runs[0], known


@pytest.mark.parametrize("size", SIZES)
def test_build_a_town(benchmark, towns, tmp_path, size):
    script = tmp_path / "build.py"
    script.write_text(BUILD)
    result, known = _measured(benchmark, script, str(towns(size)), *THEMES, "dgm1")
    print(
        f"\n{benchmark.name}: {result.seconds:.1f} s, {result.peak_mb:.0f} MB peak, "
        f"{known['buildings']:,} buildings, {known['roofs']:,} roofs, {known['steps']}"
    )


@pytest.mark.parametrize("size", SIZES)
def test_match_cadastre_and_city_model(benchmark, towns, tmp_path, size):
    script = tmp_path / "match.py"
    script.write_text(MATCH)
    _, known = _measured(benchmark, script, str(towns(size)), "gpkg", "lod2")
    print(f"\n{benchmark.name}: {known['seconds']:.1f} s for {known['given']}")
