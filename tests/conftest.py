"""A city so small that every expected number can be worked out by hand."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import settings
from shapely import LineString, Point, box

from twin.city import City
from twin.provenance import CityInfo, Finding, Source
from twin.schema import TABLES
from twin.validation import conform, validate_all

# geometry work is slow on a busy machine; a time limit per example only makes tests flaky
settings.register_profile("city", deadline=None, derandomize=True)
settings.load_profile("city")

# applications that are given no store must not write into the projects of whoever runs the tests
os.environ["TWIN_STORE"] = str(Path(tempfile.mkdtemp(prefix="twin-tests-")) / "projects.sqlite")

CRS = "EPSG:25832"
SHARED = Path(__file__).parents[2] / "shared"


def shared(path: str) -> Path:
    """Give a file of `../shared`, or skip the test with the reason where it is absent."""
    found = SHARED / path
    if not found.exists():
        pytest.skip(f"needs the real data in {found}")
    return found


def make_tables() -> dict[str, pd.DataFrame]:
    """Two houses and a school on a street of two links that cross at the origin of (E0, N0)."""
    e, n = 370_000.0, 5_631_000.0
    raw = {
        "buildings": gpd.GeoDataFrame(
            {
                "name": [None, None, "Grundschule"],
                "has_parts": False,
                "use": ["residential", "residential", "education"],
                "use_source": "tagged",
                "height_m": [6.0, 9.0, 12.0],
                "height_source": ["tagged:height", "tagged:levels", "estimated:class"],
                "min_height_m": 0.0,
                "storeys": [2.0, 3.0, 3.0],
                "storeys_source": ["tagged", "tagged", "estimated"],
                "roof_type": ["gabled", "flat", "flat"],
                "roof_type_source": ["tagged", "estimated", "estimated"],
                "footprint_m2": [100.0, 200.0, 1200.0],
                "street": ["Am Bach", "Am Bach", None],
                "housenumber": ["1", "3", None],
                "district_id": "d1",
            },
            index=["b1", "b2", "b3"],
            geometry=[
                box(e + 10, n + 10, e + 20, n + 20),
                box(e + 30, n + 10, e + 50, n + 20),
                box(e + 100, n + 20, e + 140, n + 50),
            ],
            crs=CRS,
        ),
        "nodes": gpd.GeoDataFrame(
            {"control": "none", "is_boundary": [True, False, True], "degree": [1.0, 2.0, 1.0]},
            index=["n1", "n2", "n3"],
            geometry=[Point(e, n), Point(e + 100, n), Point(e + 200, n)],
            crs=CRS,
        ),
        "streets": gpd.GeoDataFrame(
            {
                "from_node": ["n1", "n2", "n2"],
                "to_node": ["n2", "n1", "n3"],
                "way_id": ["w1", "w1", "w2"],
                "reverse_id": ["w1:0:b", "w1:0:f", None],
                "name": "Am Bach",
                "class": "residential",
                "is_ramp": False,
                "is_roundabout": False,
                "length_m": 100.0,
                "speed_kmh": [30.0, 30.0, 50.0],
                "speed_source": ["tagged", "tagged", "estimated:class"],
                "lanes": 1.0,
                "lanes_source": "estimated:class",
                **dict.fromkeys(["allow_car", "allow_truck", "allow_bus"], True),
                **dict.fromkeys(["allow_bike", "allow_walk"], True),
                "car_access": "public",
                "cycle_facility": "none",
                "is_bridge": False,
                "is_tunnel": False,
                "level": 0.0,
                "car_reach": ["main", "main", "only_in"],
                "bike_reach": ["main", "main", "only_in"],
                "walk_reach": "main",
            },
            index=["w1:0:f", "w1:0:b", "w2:0:f"],
            geometry=[
                LineString([(e, n), (e + 100, n)]),
                LineString([(e + 100, n), (e, n)]),
                LineString([(e + 100, n), (e + 200, n)]),
            ],
            crs=CRS,
        ),
        "landuse": gpd.GeoDataFrame(
            {"class": ["residential"], "area_m2": [6000.0]},
            index=["l1"],
            geometry=[box(e, n, e + 100, n + 60)],
            crs=CRS,
        ),
        "trees": gpd.GeoDataFrame(
            {
                "leaf": ["broadleaved"],
                "height_m": [12.0],
                "height_source": ["estimated"],
                "crown_m": [6.0],
                "crown_source": ["estimated"],
                "position_source": ["tagged"],
            },
            index=["t1"],
            geometry=[Point(e + 60, n + 30)],
            crs=CRS,
        ),
        "places": gpd.GeoDataFrame(
            {"name": ["Grundschule"], "class": ["school"], "building_id": ["b3"]},
            index=["p1"],
            geometry=[Point(e + 120, n + 35)],
            crs=CRS,
        ),
        "districts": gpd.GeoDataFrame(
            {"name": "Mitte", "level": 10.0, "area_m2": 40_000.0, "boundary_source": "tagged"},
            index=["d1"],
            geometry=[box(e - 50, n - 50, e + 200, n + 110)],
            crs=CRS,
        ),
    }
    nothing = pd.DataFrame(index=[])
    return {name: conform(table, raw.get(name, nothing), crs=CRS) for name, table in TABLES.items()}


def make_toy_city() -> City:
    """Return a new, valid city of three buildings."""
    tables = make_tables()
    validate_all(tables, crs=CRS)
    source = Source(
        key="toy",
        title="Toy city",
        licence="CC0-1.0",
        licence_url="https://creativecommons.org/publicdomain/zero/1.0/",
        attribution="made up for tests",
        tables=tuple(tables),
    )
    seen = Finding("toy", "buildings", 1, "{count} of {total} heights are estimated.", total=3)
    return City("Toytown", CRS, tables, CityInfo("2026-01-01", (source,), (seen,)))


@pytest.fixture
def toy_city() -> City:
    return make_toy_city()
