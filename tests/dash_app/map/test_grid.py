from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from shapely import Point, Polygon, box

from dash_app.map.frame import Frame
from dash_app.map.grid import Grid

CRS = "EPSG:25832"
E, N = 370_000.0, 5_631_000.0


def boxes(*corners: tuple[float, float]) -> gpd.GeoSeries:
    return gpd.GeoSeries([box(E + x, N + y, E + x + 10, N + y + 10) for x, y in corners], crs=CRS)


def test_every_row_stands_in_exactly_one_tile():
    rng = np.random.default_rng(1)
    shapes = boxes(*rng.uniform(0, 5000, (200, 2)).tolist())
    grid = Grid.of(shapes.array, size=1000)
    rows = np.concatenate([grid.rows_of(key) for key in grid.keys])
    assert sorted(rows.tolist()) == list(range(200))
    assert grid.counts().sum() == 200


def test_the_middle_of_a_feature_decides():
    grid = Grid.of(boxes((994, 0), (996, 0)).array, size=1000)
    assert grid.rows_of("370_5631").tolist() == [0]
    assert grid.rows_of("371_5631").tolist() == [1]
    assert "372_5631" not in grid
    with pytest.raises(KeyError):
        grid.rows_of("372_5631")


def test_boxes_hold_what_their_tile_holds_also_beyond_its_square():
    frame = Frame.around(CRS, (E, N))
    shapes = gpd.GeoSeries([box(E - 2000, N, E + 2400, N + 10)], crs=CRS)
    (tile,) = Grid.of(shapes.array, size=1000).describe(frame)
    west, south, east, north = tile["box"]
    corners = frame.from_city([[E - 2000, N], [E + 2400, N + 10], [E - 2000, N + 10]])
    assert (corners >= [west, south]).all()
    assert (corners <= [east, north]).all()
    assert tile["count"] == 1


def test_wanted_rows_only_and_nothing_empty():
    shapes = gpd.GeoSeries([Point(E, N), Polygon(), Point(E, N)], crs=CRS)
    grid = Grid.of(shapes.array, size=1000, rows=np.array([0, 1]))
    assert grid.rows.tolist() == [0]
    assert Grid.of(shapes.array[:0], size=1000).describe(Frame.around(CRS, (E, N))) == []
