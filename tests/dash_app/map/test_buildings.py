from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from shapely import Polygon, box

from dash_app.map.binary import unpack
from dash_app.map.buildings import NO_ANGLE, drawn_rows, encode_far, encode_near
from dash_app.map.frame import Frame
from tests.conftest import CRS, make_toy_city
from twin.classes import ROOF_TYPES
from twin.schema import BUILDINGS
from twin.validation import conform

E, N = 370_000.0, 5_631_000.0
FRAME = Frame.around(CRS, (E, N))


def test_a_tile_gives_back_footprints_heights_and_roofs():
    table = make_toy_city().buildings
    header, columns = unpack(encode_near(table, np.array([0, 2]), FRAME))
    assert columns["row"].tolist() == [0, 2]
    assert (columns["height"] * header["z_step"]).tolist() == pytest.approx([6, 12])
    assert [header["roofs"][code] for code in columns["roof"]] == ["gabled", "flat"]
    assert columns["roof_angle"].tolist() == [NO_ANGLE, NO_ANGLE]
    xy = columns["xy"].reshape(-1, 2) * header["xy_step"]
    assert columns["points"].tolist() == [4, 4]
    assert Polygon(xy[:4]).area == pytest.approx(100, rel=0.02)
    expected = FRAME.from_city([[E + 120, N + 35]])[0]
    assert xy[4:].mean(axis=0) == pytest.approx(expected, abs=0.1)


def test_courtyards_and_parts_are_kept():
    yard = Polygon(box(E, N, E + 40, N + 40).exterior, [box(E + 9, N + 9, E + 30, N + 30).exterior])
    rows = {"roof_type": "flat", "height_m": [9.0, 5.0], "min_height_m": [0.0, 3.0]}
    raw = gpd.GeoDataFrame(
        {**rows, "has_parts": [False, False], "roof_direction_deg": [np.nan, 271.0]},
        index=["a", "b"], geometry=[yard, box(E, N, E + 5, N + 5)], crs=CRS,
    )  # fmt: skip
    table = conform(BUILDINGS, raw, crs=CRS)
    header, columns = unpack(encode_near(table, np.array([0, 1]), FRAME))
    assert columns["rings"].tolist() == [2, 1]
    assert (columns["base"] * header["z_step"]).tolist() == pytest.approx([0, 3])
    assert columns["roof_angle"].tolist() == [NO_ANGLE, 136]
    assert header["roofs"] == list(ROOF_TYPES)


def test_outlines_whose_parts_carry_the_volume_are_not_drawn():
    table = make_toy_city().buildings.assign(has_parts=[False, True, False])
    assert drawn_rows(table).tolist() == [0, 2]


def test_from_afar_a_building_is_its_smallest_rectangle():
    table = make_toy_city().buildings
    header, columns = unpack(encode_far(table, np.array([0, 1, 2]), FRAME))
    sides = columns["sides"].reshape(-1, 2, 2) * header["xy_step"]
    size = np.abs(np.linalg.det(sides))
    assert size == pytest.approx([100, 200, 1200], rel=0.03)
    assert columns["row"].tolist() == [0, 1, 2]
