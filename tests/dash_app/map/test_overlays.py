from __future__ import annotations

import gzip
import json

import geopandas as gpd
import numpy as np
import pytest
import shapely

from dash_app.map.binary import unpack
from dash_app.map.data import MapData
from dash_app.map.overlays import line_width
from tests.conftest import make_toy_city
from tests.dash_app.rich import enrich

CITY = enrich(make_toy_city())


def part(data: MapData, name: str) -> tuple[dict, dict]:
    [key] = data.overlay_grids[name].keys
    return unpack(gzip.decompress(data.overlay(name, key).body))


@pytest.mark.parametrize("name", ["blocks", "zones", "cells"])
def test_areas_are_covered_by_their_triangles(name):
    data = MapData(CITY)
    header, columns = part(data, name)
    xy = columns["area_xy"].reshape(-1, 2) * header["xy_step"]
    first = np.repeat(np.cumsum(columns["area_points"]) - columns["area_points"], 1)
    owner = np.repeat(np.arange(len(columns["area_row"])), columns["area_triangles"] * 3)
    corners = xy[columns["area_corners"] + first[owner]].reshape(-1, 3, 2)
    areas = shapely.area(shapely.polygons(corners))
    by_row = np.bincount(owner[::3], weights=areas)
    assert by_row == pytest.approx(CITY.tables[name].area.to_numpy(), rel=0.01)


def test_parcels_bring_borders_only_and_are_wanted_from_close_by():
    data = MapData(CITY)
    keys = data.overlay_grids["parcels"].keys
    parts = [unpack(gzip.decompress(data.overlay("parcels", key).body))[1] for key in keys]
    rows = sorted(int(row) for columns in parts for row in columns["area_row"])
    assert rows == list(range(len(CITY.parcels)))
    assert "area_corners" not in parts[0]
    index = json.loads(gzip.decompress(data.index().body))
    assert index["overlays"]["parcels"]["from_zoom"] == 16


def test_lines_come_with_service_and_colour_the_busy_first():
    header, columns = part(MapData(CITY), "lines")
    assert columns["line_row"].tolist() == [0, 1]
    assert columns["line_colour"].tolist() == [0xC8504A, -1]
    assert header["rows"] == 2
    widths = columns["line_width"] * header["width_step"]
    assert widths == pytest.approx([np.sqrt(1.8), np.sqrt(0.4)], abs=0.03)
    assert line_width(np.array([np.nan, 1e6])).tolist() == [0.5, 2.5]


def test_a_colour_that_is_none_is_not_believed():
    lines = CITY.lines.assign(colour=["red", "#12345"])
    _, columns = part(MapData(CITY.replace(lines=lines)), "lines")
    assert columns["line_colour"].tolist() == [-1, -1]


def test_a_city_without_them_offers_none():
    data = MapData(make_toy_city())
    index = json.loads(gzip.decompress(data.index().body))
    assert set(index["overlays"]) == {"districts"}
    assert index["terrain"] is False
    with pytest.raises(KeyError):
        data.overlay("parcels", "0_0")
    with pytest.raises(KeyError):
        data.terrain()


def test_gradients_are_shown_without_their_sign():
    values = unpack(gzip.decompress(MapData(CITY).column("streets", "gradient_percent").body))[1]
    assert values["value"] == pytest.approx(CITY.streets["gradient_percent"].abs().to_numpy())
    assert (CITY.streets["gradient_percent"] < 0).any()
    assert isinstance(CITY.parcels, gpd.GeoDataFrame)
