from __future__ import annotations

import gzip

import numpy as np
import pytest

from dash_app.map.binary import unpack
from dash_app.map.frame import Frame
from dash_app.map.terrain import FLAT, MAX_BYTES, coarse, encode_terrain, hillshade
from tests.conftest import CRS
from twin.raster import Raster

FRAME = Frame.around(CRS, (370_000, 5_631_000))


def slope(to_east: float, to_north: float, n: int = 20) -> np.ndarray:
    """Cells of one metre on a plane that falls towards (east, north) by so much."""
    rows, columns = np.mgrid[0:n, 0:n].astype(float)
    return 100 - columns * to_east + rows * to_north


def test_level_ground_is_neither_light_nor_dark():
    assert (hillshade(slope(0, 0), 1.0) == FLAT).all()


@pytest.mark.parametrize(
    ("to_east", "to_north", "bright"),
    [(-1, 1, True), (-1, 0, True), (0, 1, True), (1, -1, False), (1, 0, False), (0, -1, False)],
)
def test_slopes_to_the_north_west_lie_in_the_light(to_east, to_north, bright):
    shade = hillshade(slope(0.3 * to_east, 0.3 * to_north), 1.0)
    assert len(np.unique(shade)) == 1  # a plane is one grey
    assert (shade > FLAT).all() if bright else (shade < FLAT).all()


def test_the_grey_of_a_slope_by_hand():
    """45 degrees to the north-west: cosines 1, 0.854 and 0.854 (by hand), level ground 0.707."""
    steep = slope(-np.sqrt(0.5), np.sqrt(0.5))
    light = 0.5 * 1 + 0.5 * (0.5 + 0.5 * np.sqrt(0.5))
    expected = FLAT + 110 * (light / np.sqrt(0.5) - 1)
    assert hillshade(steep, 1.0)[10, 10] == pytest.approx(expected, abs=1)


def test_a_flat_town_is_exaggerated_up_to_a_limit():
    gentle, steep = hillshade(slope(0.04, 0), 1.0), hillshade(slope(0.3, 0), 1.0)
    assert abs(int(gentle[5, 5]) - int(steep[5, 5])) <= 2
    nearly_level = hillshade(slope(0.002, 0), 1.0)
    assert FLAT - 12 < nearly_level[5, 5] < FLAT


def test_unknown_cells_count_as_level():
    cells = slope(0.3, 0)
    cells[5, 5] = np.nan
    shade = hillshade(cells, 1.0)
    assert shade[5, 5] == FLAT
    assert shade[15, 15] != FLAT
    assert (hillshade(np.full((4, 4), np.nan), 1.0) == FLAT).all()
    assert (hillshade(np.zeros((1, 3)), 1.0) == FLAT).all()


def test_means_of_squares_leave_out_what_is_unknown():
    cells = np.array([[1.0, 3, 7], [5, 7, np.nan], [np.nan, np.nan, 2]])
    assert coarse(cells, 2) == pytest.approx(np.array([[4, 7], [np.nan, 2]]), nan_ok=True)


def test_the_picture_keeps_its_place_and_its_budget():
    rng = np.random.default_rng(1)
    rough = rng.normal(0, 3, (900, 1302)).astype(np.float32)
    data = encode_terrain(Raster(rough, 369_000.0, 5_632_000.0, 2.0), FRAME)
    assert len(gzip.compress(data, 6)) <= MAX_BYTES
    header, columns = unpack(data)
    assert header["width"] % 4 == 0
    assert len(columns["grey"]) == header["width"] * header["height"]
    assert columns["grey"].max() * header["step"] <= 255
    net = columns["xy"].reshape(header["mesh"], header["mesh"], 2)
    west_north = FRAME.from_city([[369_000.0, 5_632_000.0]])[0]
    assert net[0, 0] == pytest.approx(west_north, abs=0.01)
    cell_m = 1800 / header["height"]
    corner = [[369_000.0 + header["width"] * cell_m, 5_632_000.0 - 1800]]
    assert net[-1, -1] == pytest.approx(FRAME.from_city(corner)[0], abs=cell_m)
