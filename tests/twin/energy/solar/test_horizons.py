"""Horizons against an endless wall, every cell looked at, and GRASS r.horizon."""

import os
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.features import geometry_mask
from rasterio.transform import from_origin

from layers.citymodel import read_citymodel
from tests.conftest import CRS, shared
from twin.assumptions import assumptions
from twin.energy.solar import planes_of
from twin.energy.solar.horizons import Eyes, _ground, horizons, look_around, sky_view
from twin.errors import ModelError
from twin.raster import Raster
from twin.schema import TABLES
from twin.validation import conform

GIVEN = assumptions()
TURNS = np.arange(0, 360, 10)
WEST, NORTH = 1000.0, 3000.0


def raster_of(cells, cell_m=1.0):
    return Raster(np.asarray(cells, np.float32), WEST, NORTH, cell_m)


def eyes_at(x, y, z, *, tilt=0.0, azimuth=0.0, start=1.0):
    values = np.broadcast_arrays(*(np.atleast_1d(np.asarray(v, float)) for v in (x, y, z)))
    extra = (np.full(values[0].shape, float(v)) for v in (azimuth, tilt, start))
    return Eyes(*values, *extra)


def plane_at(x, y, *, tilt=0.0, azimuth=np.nan, height=0.0, area=1.0, own=0.0, above=0.0):
    row = {
        "x": x, "y": y, "azimuth_deg": azimuth, "tilt_deg": tilt, "area_m2": area,
        "own_m": own, "height_m": height, "above_m": above,
    }  # fmt: skip
    return pd.DataFrame([row], index=["p"])


def wall_in_the_south(height, distance, *, size=1001):
    """Ground at 0 with a wall along a row of cells, `distance` south of the middle."""
    cells = np.zeros((size, size), np.float32)
    cells[size // 2 + distance, :] = height
    return raster_of(cells), (WEST + size / 2, NORTH - size / 2)


@pytest.mark.parametrize(("height", "distance"), [(10, 10), (10, 40), (30, 25), (3, 60)])
def test_an_endless_wall(height, distance):
    """Its top stands at atan(H cos f / D), f from the direction towards it."""
    surface, (x, y) = wall_in_the_south(height, distance)
    angles, view = horizons(plane_at(x, y), surface, GIVEN)
    facing = -np.cos(np.radians(TURNS))
    expected = np.degrees(np.arctan(height * np.clip(facing, 0, None) / distance))
    seen = facing > 0.3  # farther along, the wall ends at the edge of the raster
    assert angles[0][seen] == pytest.approx(expected[seen], abs=1.5)
    assert (angles[0][facing < 0] == 0).all()
    # sky factor of a level point before a wall: (1 + cos of the angle of its top) / 2
    top = np.arctan(height / distance)
    assert view[0] == pytest.approx((1 + np.cos(top)) / 2, abs=0.01)


@pytest.mark.parametrize("tilt", [0, 20, 45, 90])
def test_sky_view_of_a_tilted_plane_before_a_wall(tilt):
    """Facing a wall of top angle w, the sky from there to behind: (cos w + cos t) / (1 + cos t)."""
    fine = np.arange(0, 360, 10)
    top = np.radians(30)
    edge = np.degrees(np.arctan(np.tan(top) * np.clip(np.cos(np.radians(fine - 180)), 0, None)))
    view = sky_view(edge[None, :], np.array([180.0]), np.array([float(tilt)]))
    t = np.radians(tilt)
    assert view[0] == pytest.approx((np.cos(top + t) + 1) / (1 + np.cos(t)), abs=0.004)


def test_an_open_sky_is_whole_and_a_shaft_is_dark():
    tilt, azimuth = np.array([0.0, 35.0, 90.0]), np.array([0.0, 180.0, 77.0])
    assert sky_view(np.zeros((3, 36)), azimuth, tilt).tolist() == [1, 1, 1]
    assert sky_view(np.full((3, 36), 90.0), azimuth, tilt) == pytest.approx(0, abs=1e-12)


def test_a_ring_of_one_height_leaves_cos_squared():
    view = sky_view(np.full((1, 36), 40.0), np.array([0.0]), np.array([0.0]))
    assert view[0] == pytest.approx(np.cos(np.radians(40)) ** 2)


def every_cell(surface, x, y, z, reach):
    """The slow way: look at every cell of every ray."""
    best = np.zeros(36)
    rows, columns = surface.cells.shape
    for place, turn in enumerate(np.radians(TURNS)):
        k = np.arange(1, reach + 1)
        at = (x - surface.west) / surface.cell_m, (surface.north - y) / surface.cell_m
        column = np.floor(at[0] + k * np.sin(turn)).astype(int)
        row = np.floor(at[1] - k * np.cos(turn)).astype(int)
        away = surface.cell_m * np.hypot(column + 0.5 - at[0], row + 0.5 - at[1])
        inside = (column >= 0) & (row >= 0) & (column < columns) & (row < rows)
        rise = surface.cells[row[inside], column[inside]].astype(float) - z
        found = np.where(rise > 0.5, rise / away[inside], 0.0)
        best[place] = max(found.max(initial=0.0), 0.0)
    return best


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(5, 130), st.integers(5, 130), st.sampled_from([1, 2.5]))
def test_blocks_passed_over_hide_nothing(seed, rows, columns, cell):
    rng = np.random.default_rng(seed)
    cells = rng.gamma(0.3, 8, (rows, columns)).astype(np.float32)
    cells[rng.random((rows, columns)) < 0.02] = np.nan
    surface = raster_of(cells, cell)
    x, y = WEST + rng.random() * columns * cell, NORTH - rng.random() * rows * cell
    found = look_around(eyes_at(x, y, 2.0), _ground(surface), 100, 0.5)[0]
    known = raster_of(np.nan_to_num(cells, nan=-1e9), cell)
    assert found == pytest.approx(every_cell(known, x, y, 2.0, 100), rel=1e-12)


def gabled_house(*, pitch=1.0, half=5, length=21, base=4.0, size=301):
    """A ridge from west to east in the middle of flat ground; heights of cell centres."""
    cells = np.zeros((size, size), np.float32)
    middle = size // 2
    for row in range(middle - half, middle + half + 1):
        off = abs(row - middle)
        cells[row, middle - length // 2 : middle + length // 2 + 1] = base + pitch * (half - off)
    return cells, middle


def test_a_roof_alone_is_its_own_obstacle_nowhere():
    cells, middle = gabled_house()
    south = plane_at(
        WEST + middle + 0.5, NORTH - middle - 3.0, tilt=45, azimuth=180, height=6.5, area=70
    )
    angles, view = horizons(south, raster_of(cells), GIVEN)
    assert (angles == 0).all()
    assert view[0] == 1


def test_a_dormer_above_the_plane_shades_it():
    cells, middle = gabled_house()
    cells[middle + 2 : middle + 5, middle + 3 : middle + 6] = 11.0
    south = plane_at(
        WEST + middle + 0.5, NORTH - middle - 3.0, tilt=45, azimuth=180, height=6.5, area=4
    )
    angles, view = horizons(south, raster_of(cells), GIVEN)
    assert angles[0, 9] > 30  # east
    assert angles[0, 27] == 0  # west
    assert view[0] < 1


def test_an_estimated_roof_does_not_look_at_its_own_house():
    cells, middle = gabled_house()
    guess = plane_at(WEST + middle + 0.5, NORTH - middle - 3, height=np.nan, own=13, area=200)
    assert (horizons(guess, raster_of(cells), GIVEN)[0] == 0).all()


def test_hills_of_a_terrain_model():
    """Without buildings in the raster the roof stands on it by its own height."""
    cells = np.zeros((400, 400), np.float32)
    cells[:, 300:] = 50.0
    plane = plane_at(WEST + 200, NORTH - 200, height=np.nan, above=10.0)
    angles, _ = horizons(plane, raster_of(cells), GIVEN, bare=True)
    assert angles[0, 9] == pytest.approx(np.degrees(np.arctan(40 / 100.5)), abs=0.5)
    assert angles[0, 27] == 0


def test_roofs_off_the_raster_are_unknown():
    surface, (x, y) = wall_in_the_south(10, 10, size=101)
    planes = pd.concat([plane_at(x, y), plane_at(x + 900, y, height=np.nan)])
    angles, view = horizons(planes, surface, GIVEN)
    assert np.isfinite(view).tolist() == [True, False]
    assert np.isnan(angles[1]).all()


def test_an_empty_surface_is_refused():
    with pytest.raises(ModelError, match="empty"):
        horizons(plane_at(0, 0), raster_of(np.zeros((0, 0))), GIVEN)


def hilly(size=120):
    y, x = np.mgrid[0:size, 0:size]
    hills = 12 * np.sin(x / 17) * np.cos(y / 23) + 6 * np.sin((x + 2 * y) / 31)
    hills[40:52, 60:75] += 15
    hills[80:95, 20:30] += 25
    return hills.astype(np.float32)


def grass_horizons(folder, cells, points):
    """Run r.horizon in a location of its own; angles [deg] (points, 36) from north clockwise."""
    tif = folder / "surface.tif"
    profile = {
        "driver": "GTiff", "height": cells.shape[0], "width": cells.shape[1], "count": 1,
        "dtype": "float32", "crs": "EPSG:25832", "transform": from_origin(WEST, NORTH, 1, 1),
    }  # fmt: skip
    with rasterio.open(tif, "w", **profile) as file:
        file.write(cells, 1)
    script = folder / "run.sh"
    lines = ["set -e", f"r.in.gdal -o input={tif} output=dem --quiet", "g.region raster=dem"]
    lines += [
        f"r.horizon elevation=dem direction=0 step=10 maxdistance=400 coordinates={x},{y} "
        f"file={folder}/{i}.csv --quiet"
        for i, (x, y) in enumerate(points)
    ]
    script.write_text("\n".join(lines))
    place = folder / "location"
    clean = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("PYTHON", "VIRTUAL", "GDAL", "PROJ"))
    }
    clean["PATH"] = "/usr/bin:/bin"
    done = subprocess.run(
        ["grass", "-c", "EPSG:25832", str(place), "--exec", "sh", str(script)],
        capture_output=True, text=True, check=False, env={**clean, "HOME": str(folder)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found = []
    for i in range(len(points)):
        table = np.loadtxt(folder / f"{i}.csv", delimiter=",", skiprows=1)
        by_turn = dict(zip((90 - table[:, 0]).astype(int) % 360, table[:, -1], strict=True))
        found.append([by_turn[turn] for turn in TURNS.tolist()])
    return np.degrees(found) if np.max(found) < 1.6 else np.array(found)


@pytest.mark.skipif(shutil.which("grass") is None, reason="needs GRASS (apt install grass-core)")
def test_as_grass_sees_it(tmp_path):
    cells = hilly()
    rng = np.random.default_rng(5)
    at = rng.integers(20, 100, (12, 2))
    points = [(WEST + c + 0.5, NORTH - r - 0.5) for r, c in at]
    peer = np.clip(grass_horizons(tmp_path, cells, points), 0, None)
    x, y = np.array(points).T
    eyes = eyes_at(x, y, cells[at[:, 0], at[:, 1]].astype(float))
    ours = np.degrees(np.arctan(look_around(eyes, _ground(raster_of(cells)), 400, 0.0)))
    assert peer.max() > 30
    off = abs(ours - peer)
    assert np.median(off) < 0.05
    assert np.quantile(off, 0.9) < 0.5
    assert ours.mean() == pytest.approx(peer.mean(), rel=0.01)


def painted(roofs, ground):
    """A surface of 0.5 m that shows exactly the planes of a LoD2 tile on level ground."""
    west, south, east, north = (int(v) for v in np.add(roofs.total_bounds, (-60, -60, 60, 60)))
    place = from_origin(west, north, 0.5, 0.5)
    cells = np.full((2 * (north - south), 2 * (east - west)), ground, np.float32)
    for shape in roofs.geometry:
        corner = shapely.get_coordinates(shape, include_z=True)
        offset = corner - corner[0]
        fit = np.linalg.lstsq(offset[:, :2], offset[:, 2], rcond=None)[0]
        inside = geometry_mask([shapely.force_2d(shape)], cells.shape, place, invert=True)
        row, column = np.nonzero(inside)
        x, y = west + (column + 0.5) / 2 - corner[0, 0], north - (row + 0.5) / 2 - corner[0, 1]
        height = corner[0, 2] + fit[0] * x + fit[1] * y
        cells[row, column] = np.maximum(cells[row, column], height)
    return Raster(cells, float(west), float(north), 0.5)


def test_real_roofs_do_not_shade_themselves_but_the_garages_beside():
    tile = read_citymodel([shared("data/citymodel/LoD2_32_280_5659_1_NW.gml")]).tables
    buildings = conform(TABLES["buildings"], tile["buildings"], crs=CRS)
    roofs = conform(TABLES["roofs"], tile["roofs"], crs=CRS)
    planes = planes_of(buildings, roofs, GIVEN)
    planes = planes[planes["usable_share"] > 0]
    ground = float(buildings["ground_m"].median())
    _, view = horizons(planes, painted(roofs, ground), GIVEN)
    high = (planes["above_m"] > 6).to_numpy()
    low = (planes["above_m"] < 3.5).to_numpy()
    assert high.sum() > 30
    assert low.sum() > 20
    assert np.median(view[high]) > 0.99
    assert np.quantile(view[high], 0.1) > 0.95
    assert np.median(view[low]) < 0.95
    assert view.min() < 0.75
