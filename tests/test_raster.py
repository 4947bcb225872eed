import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.raster_file import read_raster, write_raster
from twin.raster import Raster


def plane(*, a=0.5, b=-0.25, rows=4, columns=6, cell=10.0, west=100.0, north=900.0):
    """Heights a·x + b·y at the cell centres."""
    x = west + cell * (np.arange(columns) + 0.5)
    y = north - cell * (np.arange(rows) + 0.5)
    return Raster((a * x + b * y[:, None]).astype("float32"), west, north, cell)


@given(st.floats(105, 155), st.floats(865, 895))
def test_a_plane_is_sampled_exactly_between_the_outer_centres(x, y):
    found = plane().sample(np.array([x]), np.array([y]))
    assert found[0] == pytest.approx(0.5 * x - 0.25 * y, abs=1e-3)


def test_outside_is_unknown_and_the_outer_half_cell_takes_the_edge():
    raster = plane()
    x, y = np.array([99.0, 100.0, 161.0, 130.0]), np.array([880.0, 895.0, 880.0, 859.0])
    found = raster.sample(x, y)
    assert np.isnan(found).tolist() == [True, False, True, True]
    assert found[1] == pytest.approx(raster.cells[0, 0])


def test_an_unknown_cell_makes_only_its_surroundings_unknown():
    cells = plane().cells.copy()
    cells[1, 2] = np.nan
    raster = Raster(cells, 100.0, 900.0, 10.0)
    assert np.isnan(raster.sample(np.array([125.0]), np.array([885.0])))[0]
    assert np.isnan(raster.sample(np.array([122.0]), np.array([885.0])))[0]
    assert np.isfinite(raster.sample(np.array([115.0]), np.array([885.0])))[0]


def test_the_hash_counts_values_and_place_only(tmp_path):
    raster = plane()
    assert raster.hash == plane().hash
    assert raster.hash != plane(west=110.0).hash
    assert raster.hash != plane(a=0.51).hash
    write_raster(raster, tmp_path / "a.tif", crs="EPSG:25832")
    back = read_raster(tmp_path / "a.tif")
    assert back.hash == raster.hash
    assert back.bounds == (100.0, 860.0, 160.0, 900.0)
