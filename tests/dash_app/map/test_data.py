from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

from dash_app.map.data import MapData, heart
from layers.build import build_city
from layers.sample_city import make_sample
from tests.conftest import make_tables, make_toy_city
from tests.dash_app.rich import enrich
from twin.city import City
from twin.schema import TABLES
from twin.validation import conform


def test_the_heart_is_where_the_most_is_built_and_halls_do_not_count_for_all():
    rng = np.random.default_rng(3)
    town = rng.uniform([5000, 5000], [5700, 5700], (400, 2))
    halls = rng.uniform([0, 0], [900, 900], (12, 2))
    low = np.vstack([town, halls])
    size = np.vstack([np.full((400, 2), 12.0), np.full((12, 2), 150.0)])
    x, y = heart(np.hstack([low, low + size]), np.full(412, 10.0))
    assert (x, y) == pytest.approx((5350, 5350), abs=150)


def test_a_city_without_buildings_or_anything_still_has_a_map():
    empty = {
        name: conform(t, make_tables()[name].iloc[:0], crs="EPSG:25832")
        for name, t in TABLES.items()
    }
    index = json.loads(gzip.decompress(MapData(City("Nowhere", "EPSG:25832", empty)).index().body))
    assert index["tiles"] == {"buildings": [], "ground": [], "trees": []}
    assert -180 < index["camera"]["lon"] < 180


def test_a_part_is_made_once_and_warming_makes_the_first_view():
    data = MapData(make_toy_city())
    data.warm()
    key = data.building_grid.keys[0]
    assert f"near/{key}" in data._parts  # what the thread leaves behind
    assert data.near(key) is data.near(key)
    assert data.index() is data.index()


@pytest.mark.parametrize("roofs", ["estimated", "measured"])
def test_a_model_hamlet_keeps_to_the_budget_of_bytes(roofs):
    """1.5 MB for 15,000 buildings and a column are 100 bytes for each."""
    city = build_city(make_sample(buildings=400))
    city = enrich(city) if roofs == "measured" else city
    data = MapData(city)
    parts = [data.near(key) for key in data.building_grid.keys]
    size = sum(len(part.body) for part in parts) + len(data.column("buildings", "height_m").body)
    drawn = int(data.building_grid.counts().sum())
    assert drawn == int((~city.buildings["has_parts"]).sum())
    assert size / drawn < 100
