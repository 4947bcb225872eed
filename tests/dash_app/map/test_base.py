from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from shapely import LineString, box

from dash_app.map import base
from dash_app.map.binary import unpack
from dash_app.map.frame import Frame
from dash_app.map.style import AREA_CODES, AREAS, LANDUSE, LINE_CODES, STREETS, WATERWAYS
from tests.conftest import CRS, make_toy_city
from twin.classes import LANDUSE_CLASSES, STREET_CLASSES, WATER_CLASSES
from twin.schema import WATER
from twin.validation import conform

E, N = 370_000.0, 5_631_000.0
FRAME = Frame.around(CRS, (E, N))


def test_every_class_has_a_paint():
    assert set(LANDUSE) == set(LANDUSE_CLASSES)
    assert set(STREETS) == set(STREET_CLASSES)
    assert set(WATERWAYS) <= set(WATER_CLASSES)
    assert set(LANDUSE.values()) <= set(AREAS)
    assert {*STREETS.values(), *WATERWAYS.values(), "ramp", "rail", "siding"} <= set(LINE_CODES)


def water_city():
    city = make_toy_city()
    raw = gpd.GeoDataFrame(
        {"class": ["lake", "stream", "ditch"], "is_tunnel": [False, False, True]},
        index=["x", "y", "z"],
        geometry=[
            box(E, N + 80, E + 30, N + 100),
            LineString([(E, N + 70), (E + 50, N + 70)]),
            LineString([(E, N + 75), (E + 50, N + 75)]),
        ],
        crs=CRS,
    )
    return city.replace(water=conform(WATER, raw, crs=CRS))


def test_one_of_two_directions_is_drawn_and_pipes_are_not():
    rows = base.ground_rows(water_city())
    assert rows["streets"].tolist() == [0, 2]
    assert rows["water"].tolist() == [0]
    assert rows["waterways"].tolist() == [1]


def test_a_ground_tile_holds_areas_bottom_up_and_lines():
    city = water_city()
    ground = base.Ground.of(city, size=4000)
    (key,) = {key for grid in ground.grids.values() for key in grid.keys}
    header, columns = unpack(base.encode_ground(ground, key, FRAME))
    assert columns["area_code"].tolist() == [AREA_CODES["housing"], AREA_CODES["water"]]
    assert columns["area_triangles"].tolist() == [2, 2]
    assert columns["streets_code"].tolist() == [LINE_CODES["residential"]] * 2
    assert columns["streets_row"].tolist() == [0, 2]
    assert columns["waterways_code"].tolist() == [LINE_CODES["stream"]]
    assert columns["waterways_row"].tolist() == [1]
    length = np.diff(columns["streets_xy"].reshape(-1, 2, 2), axis=1) * header["xy_step"]
    assert np.hypot(length[:, 0, 0], length[:, 0, 1]) == pytest.approx([100, 100], rel=0.01)
    assert header["names"][0][0] == "Am Bach"


def test_bridges_and_tunnels_are_told_apart():
    city = make_toy_city()
    streets = city.streets.assign(is_bridge=[True, True, False], is_tunnel=[False, False, True])
    city = city.replace(streets=streets)
    ground = base.Ground.of(city, size=4000)
    key = ground.grids["streets"].keys[0]
    _, columns = unpack(base.encode_ground(ground, key, FRAME))
    assert columns["streets_flags"].tolist() == [base.BRIDGE, base.TUNNEL]


def test_trees():
    header, columns = unpack(base.encode_trees(make_toy_city().trees, np.array([0]), FRAME))
    assert columns["crown"] * header["xy_step"] == pytest.approx([6.0])
    assert columns["height"] * header["xy_step"] == pytest.approx([12.0])
    assert columns["needles"].tolist() == [0]
