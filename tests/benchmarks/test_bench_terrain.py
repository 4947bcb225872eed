"""60 km² of 1 m terrain and surface: read, sampled for 20,000 buildings, averaged to a raster."""

import json

import pytest

from tests.benchmarks.measure import run

TILES = """
import sys
from pathlib import Path
from tests.town_files.terrain import write_dgm1, write_xyz
folder, wide, high = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
bounds = (370_000, 5_631_000, 370_000 + 1000 * wide, 5_631_000 + 1000 * high)
if sys.argv[4] == "xyz":
    write_xyz(bounds, folder)
else:
    write_dgm1(bounds, folder)
    write_dgm1(bounds, folder, kind="surface")
"""

HEIGHTS = """
import json, sys, time
from pathlib import Path
import geopandas as gpd, numpy as np, pandas as pd, shapely
from layers.heights import add_heights
from layers.terrain import read_terrain
from twin.schema import TABLES
from twin.validation import conform

CRS = "EPSG:25832"
rng = np.random.default_rng(1)
clock, took = time.perf_counter, {}
start = clock()
data = read_terrain(sorted(Path(sys.argv[1]).glob("*.tif")), cache_dir=Path(sys.argv[1]))
took["read"] = clock() - start
west, south, east, north = data.surfaces["terrain"].bounds(CRS)
count, junctions = int(sys.argv[2]), int(sys.argv[3])
x, y = rng.uniform(west, east - 30, count), rng.uniform(south, north - 30, count)
shapes = shapely.box(x, y, x + rng.uniform(6, 25, count), y + rng.uniform(6, 25, count))
buildings = gpd.GeoDataFrame(
    {"use": "residential", "min_height_m": 0.0}, index=[f"b{i}" for i in range(count)],
    geometry=shapes, crs=CRS)
x, y = rng.uniform(west, east, junctions), rng.uniform(south, north, junctions)
nodes = gpd.GeoDataFrame(
    {"control": "none", "degree": 2.0}, index=[f"n{i}" for i in range(junctions)],
    geometry=shapely.points(x, y), crs=CRS)
a, b = nodes.index[:-1], nodes.index[1:]
streets = gpd.GeoDataFrame(
    {"from_node": a, "to_node": b, "length_m": 100.0, "class": "residential"},
    index=[f"w{i}" for i in range(len(a))],
    geometry=shapely.linestrings(np.stack([np.c_[x[:-1], y[:-1]], np.c_[x[1:], y[1:]]], axis=1)),
    crs=CRS)
raw = {"buildings": buildings, "nodes": nodes, "streets": streets}
tables = {name: conform(TABLES[name], frame, crs=CRS) for name, frame in raw.items()}
start = clock()
done, _ = add_heights(tables, data.surfaces, crs=CRS)
took["heights"] = clock() - start
assert done["nodes"]["elevation_m"].notna().all() and done["buildings"]["ground_m"].notna().all()
start = clock()
raster = data.surfaces["terrain"].read((west, south, east, north), crs=CRS, cell_m=5)
took["raster"] = clock() - start
assert not np.isnan(raster.cells).any()
print(json.dumps(took))
"""


def made(tmp_path, wide, high, kind="tif"):
    script = tmp_path / "tiles.py"
    script.write_text(TILES)
    run("-c", f"import sys; sys.argv[0]=''; exec(open({str(script)!r}).read())",
        str(tmp_path / "tiles"), str(wide), str(high), kind)  # fmt: skip
    return tmp_path / "tiles"


@pytest.mark.parametrize(("wide", "high", "buildings"), [(5, 3, 5_000), (10, 6, 20_000)])
def test_heights_of_a_town(benchmark, tmp_path, wide, high, buildings):
    """Required for 60 km²: well under 30 s and 1.5 GB."""
    folder = made(tmp_path, wide, high)
    runs = []

    def measure():
        runs.append(run("-c", HEIGHTS, str(folder), str(buildings), str(buildings // 2)))

    benchmark.pedantic(measure, rounds=3)
    result = sorted(runs, key=lambda one: one.seconds)[1]
    took = {name: round(value, 1) for name, value in json.loads(result.output).items()}
    benchmark.extra_info.update(peak_mb=round(result.peak_mb), **took)
    print(
        f"\n{wide * high} km², {buildings:,} buildings: {result.seconds:.1f} s, "
        f"{result.peak_mb:.0f} MB peak, {took}"
    )


TEXT = """
import sys
from pathlib import Path
from layers.terrain import read_terrain
read_terrain(sorted(Path(sys.argv[1]).glob("*.xyz")), cache_dir=Path(sys.argv[2]))
"""


def test_text_is_converted_once(benchmark, tmp_path):
    """4 km² of `.xyz` (1 m), the first time and again."""
    folder = made(tmp_path, 2, 2, "xyz")
    first = run("-c", TEXT, str(folder), str(tmp_path / "cache"))
    again = []

    def measure():
        again.append(run("-c", TEXT, str(folder), str(tmp_path / "cache")))

    benchmark.pedantic(measure, rounds=3)
    result = sorted(again, key=lambda one: one.seconds)[1]
    benchmark.extra_info.update(first_s=round(first.seconds, 1), peak_mb=round(first.peak_mb))
    print(
        f"\n4 km² of text: first {first.seconds:.1f} s, {first.peak_mb:.0f} MB peak; "
        f"again {result.seconds:.1f} s"
    )
