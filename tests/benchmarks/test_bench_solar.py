"""Photovoltaics of 100,000 planes, horizons of 20,000 roofs, batteries; pvlib and GRASS beside."""

import json
import shutil

import pytest

from tests.benchmarks.measure import run

PLANES = """
import json, sys, time
import numpy as np, pandas as pd
from tests.twin.energy.solar.light import made_weather
from twin.assumptions import assumptions
from twin.energy.solar import pv_hours, pv_year
clock, count = time.perf_counter, int(sys.argv[1])
rng, given, weather = np.random.default_rng(1), assumptions(), made_weather()
ids = [f"p{i}" for i in range(count)]
planes = pd.DataFrame({"building_id": [f"b{i // 40}" for i in range(count)],
    "azimuth_deg": rng.uniform(0, 360, count), "tilt_deg": rng.uniform(0, 60, count)}, index=ids)
table = pd.DataFrame(rng.uniform(0, 15, (count, 36)), ids,
    [f"h{a:03d}" for a in range(0, 360, 10)]).assign(sky_view=0.95)
pv_year(planes[:20], weather, table, given)
took, runs = {}, []
for _ in range(3):
    start, busy = clock(), time.process_time()
    year = pv_year(planes, weather, table, given)
    runs.append((clock() - start, time.process_time() - busy))
took["year"], took["cpu"] = sorted(runs)[1]
start = clock()
names, sums = pv_hours(pd.Series(5.0, index=ids), planes, weather, table, given)
took["hours"] = clock() - start
# every plane rounds its hours to whole watts, up to half a watt off
made = sums.sum(dtype=float) / 5000
assert abs(made / year["yield_kwh_kwp"].sum() - 1) < 1e-3
print(json.dumps(took))
"""

HORIZONS = """
import json, sys, time
import geopandas as gpd, numpy as np, pandas as pd, shapely
from rasterio.features import rasterize
from rasterio.transform import from_origin
from tests.twin.energy.solar.test_planes import NO_ROOFS, houses
from twin.assumptions import assumptions
from twin.energy.solar import horizons, planes_of
from twin.raster import Raster
clock, count = time.perf_counter, int(sys.argv[1])
side, rng, given = int(30 * count**0.5), np.random.default_rng(1), assumptions()
# houses on a jittered grid of 30 m, a tree of 8 to 15 m beside every second one
grid = np.stack(np.meshgrid(np.arange(0, side, 30), np.arange(0, side, 30)), -1).reshape(-1, 2)
corner = grid[:count] + rng.uniform(2, 10, (len(grid[:count]), 2))
wide, high = rng.uniform(8, 16, (2, len(corner)))
shapes = shapely.box(corner[:, 0], corner[:, 1], corner[:, 0] + wide, corner[:, 1] + high)
top = rng.uniform(6, 14, len(shapes))
place = from_origin(0, side, 1, 1)
cells = rasterize(zip(shapes, top), out_shape=(side, side), transform=place)
tree = shapely.buffer(shapely.points(corner[::2] - 3), 3)
cells = np.maximum(cells, rasterize(zip(tree, rng.uniform(8, 15, len(tree))),
    out_shape=(side, side), transform=place)).astype(np.float32)
surface = Raster(cells, 0.0, float(side), 1.0)
planes = planes_of(houses(shapes, ground_m=0.0, height_m=top), NO_ROOFS, given)
planes = planes.assign(own_m=0.0)  # as measured roofs: three points each
horizons(planes[:50], surface, given)
start = clock()
angles, view = horizons(planes, surface, given)
print(json.dumps({"seconds": clock() - start, "planes": len(planes)}))
"""

BATTERY = """
import json, sys, time
import numpy as np
from twin.assumptions import assumptions
from twin.energy.solar import dispatch
count, rng = int(sys.argv[1]), np.random.default_rng(1)
load = np.tile(rng.gamma(1, 400, 8760).astype("f4"), (count, 1))
sun = np.tile(np.maximum(rng.normal(0, 1500, 8760), 0).astype("f4"), (count, 1))
dispatch(load[:2], sun[:2], np.full(2, 5.0), assumptions())
start = time.perf_counter()
dispatch(load, sun, np.full(count, 5.0), assumptions())
print(json.dumps({"seconds": time.perf_counter() - start}))
"""

PVLIB = """
import json, sys, time
from tests.twin.energy.solar.light import made_weather
from tests.twin.energy.solar.test_yields import by_pvlib
weather = made_weather()
start = time.perf_counter()
for i in range(20):
    by_pvlib(weather, 5.0 + 2 * i, 17.0 * i)
print(json.dumps({"planes_per_second": 20 / (time.perf_counter() - start)}))
"""

GRASS = """
import json, os, subprocess, sys, tempfile, time
import numpy as np, rasterio
from rasterio.transform import from_origin
from tests.twin.energy.solar.test_horizons import hilly
from twin.energy.solar.horizons import Eyes, _ground, look_around
from twin.raster import Raster
size = int(sys.argv[1])
cells = hilly(size)
folder = tempfile.mkdtemp()
with rasterio.open(f"{folder}/dem.tif", "w", driver="GTiff", height=size, width=size, count=1,
        dtype="float32", crs="EPSG:25832", transform=from_origin(0, size, 1, 1)) as file:
    file.write(cells, 1)
clean = {"PATH": "/usr/bin:/bin", "HOME": folder}
steps = f"r.in.gdal -o input={folder}/dem.tif output=dem --quiet; g.region raster=dem; "
look = "r.horizon elevation=dem step=10 maxdistance=500 output=h --quiet"
steps += f"date +%s.%N; {look}; date +%s.%N"
done = subprocess.run(["grass", "-c", "EPSG:25832", f"{folder}/place", "--exec", "sh", "-c", steps],
    capture_output=True, text=True, check=True, env=clean)
first, last = (float(v) for v in done.stdout.split()[-2:])
y, x = np.mgrid[0:size, 0:size]
x, y = x.ravel() + 0.5, size - y.ravel() - 0.5
nought, one = np.zeros(size * size), np.ones(size * size)
eyes = Eyes(x, y, cells.ravel().astype(float), nought, nought, one)
ground = _ground(Raster(cells, 0.0, float(size), 1.0))
look_around(Eyes(*(v[:9] for v in eyes)), ground, 500, 0.0)
start = time.perf_counter()
look_around(eyes, ground, 500, 0.0)
ours = time.perf_counter() - start
print(json.dumps({"grass": size**2 / (last - first), "ours": size**2 / ours}))
"""


def told(code, *arguments):
    done = run("-c", code, *map(str, arguments))
    return json.loads(done.output.splitlines()[-1]), done.peak_mb


def test_peer_pvlib(benchmark):
    found = benchmark.pedantic(lambda: told(PVLIB)[0], rounds=3)
    print(f"\npvlib, the same chain: {found['planes_per_second']:.0f} planes a second")


@pytest.mark.parametrize("count", [10_000, 100_000, 200_000])
def test_planes_of_a_town(benchmark, count):
    """Required: 100,000 planes x 8,760 h at most 2 s on two cores."""
    took, peak = benchmark.pedantic(lambda: told(PLANES, count), rounds=1)
    print(
        f"\n{count} planes: year {took['year']:.2f} s ({count / took['year']:,.0f} a second; "
        f"{took['cpu']:.2f} s of one core), "
        f"hours by building {took['hours']:.2f} s, peak {peak:.0f} MB"
    )


@pytest.mark.parametrize("count", [5_000, 20_000])
def test_horizons_of_a_town(benchmark, count):
    """Required: 20,000 roofs on a raster of 1 m at most 60 s."""
    took, peak = benchmark.pedantic(lambda: told(HORIZONS, count), rounds=1)
    print(f"\n{count} roofs, {took['planes']} planes: {took['seconds']:.1f} s, peak {peak:.0f} MB")


@pytest.mark.skipif(shutil.which("grass") is None, reason="needs GRASS (apt install grass-core)")
def test_peer_grass(benchmark):
    found = benchmark.pedantic(lambda: told(GRASS, 200)[0], rounds=1)
    print(
        f"\n36 directions, 500 m: GRASS r.horizon {found['grass']:,.0f} points a second, "
        f"here {found['ours']:,.0f}"
    )


@pytest.mark.parametrize("count", [1_000, 10_000])
def test_batteries(benchmark, count):
    took, peak = benchmark.pedantic(lambda: told(BATTERY, count), rounds=1)
    print(f"\n{count} batteries x 8,760 h: {took['seconds']:.2f} s, peak {peak:.0f} MB")
