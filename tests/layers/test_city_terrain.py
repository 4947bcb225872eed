import numpy as np
import pytest

from layers.city_terrain import MOST_CELLS, city_terrain
from tests.conftest import CRS, make_tables
from twin.raster import Raster

E, N = 370_000.0, 5_631_000.0


class Plane:
    """A surface that tells how it was asked."""

    crs = CRS

    def __init__(self, cell_m=1.0, bounds=(E - 1e4, N - 1e4, E + 1e4, N + 1e4)):
        self.cell_m = cell_m
        self._bounds = bounds

    def bounds(self, _crs):
        return self._bounds

    def read(self, bounds, *, crs, cell_m):
        west, south, east, north = bounds
        shape = (int((north - south) // cell_m), int((east - west) // cell_m))
        return Raster(np.full(shape, 50, "float32"), west, north, cell_m)


def test_a_small_town_keeps_the_cells_of_the_source():
    raster = city_terrain(make_tables(), {"terrain": Plane()}, crs=CRS)["terrain"]
    assert raster.cell_m == 1.0
    west, south, east, north = raster.bounds
    assert (west, east) == pytest.approx((E - 200, E + 400), abs=1)
    assert south < N < north


@pytest.mark.parametrize("scale", [10, 100])
def test_a_large_town_gets_larger_cells_and_never_too_many(scale):
    tables = make_tables()
    tables["nodes"] = tables["nodes"].set_geometry(
        tables["nodes"].geometry.scale(scale, scale, origin=(E, N)).translate(0, 50 * scale)
    )
    tables["buildings"] = tables["buildings"].set_geometry(
        tables["buildings"].geometry.scale(scale, scale, origin=(E, N))
    )
    far = Plane(bounds=(E - 1e6, N - 1e6, E + 1e6, N + 1e6))
    raster = city_terrain(tables, {"terrain": far}, crs=CRS)["terrain"]
    assert raster.cells.size <= MOST_CELLS
    assert raster.cell_m in {1, 2, 5, 10, 20}


def test_no_finer_than_the_source():
    assert city_terrain(make_tables(), {"terrain": Plane(27.3)}, crs=CRS)["terrain"].cell_m == 50


def test_no_terrain_here_no_raster():
    elsewhere = Plane(bounds=(0, 0, 100, 100))
    assert city_terrain(make_tables(), {"terrain": elsewhere}, crs=CRS) == {}
    assert city_terrain(make_tables(), {}, crs=CRS) == {}
