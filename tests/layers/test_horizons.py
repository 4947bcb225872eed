"""Horizons when a city is built: by tiles, only where a surface model knows the roofs."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

from layers import horizons as module
from layers.build import build_city
from layers.horizons import add_horizons
from layers.source_data import SourceData
from tests.conftest import CRS, make_tables
from twin.provenance import Source
from twin.raster import Raster
from twin.schema import TABLES
from twin.validation import conform, faults_of

E, N = 370_000.0, 5_631_000.0


@dataclass
class Painted:
    """A surface of 1 m in memory, with what was read of it."""

    cells: np.ndarray
    west: float
    north: float
    cell_m: float = 1.0
    crs: str = CRS

    @property
    def raster(self):
        return Raster(self.cells, self.west, self.north, 1.0)

    def bounds(self, crs):
        assert crs == CRS
        return self.raster.bounds

    def sample(self, x, y, *, crs):
        assert crs == CRS
        return self.raster.sample(x, y)

    def read(self, bounds, *, crs, cell_m):
        assert (crs, cell_m) == (CRS, 1.0)
        west, south, east, north = (int(np.floor(v)) for v in bounds)
        top, left = int(self.north) - north, west - int(self.west)
        part = self.cells[top : top + north - south, left : left + east - west]
        return Raster(part, float(west), float(north), 1.0)


def town_with_wall():
    """Flat houses of 5 m on both sides of a tile border, a wall of 20 m south of the first."""
    edge = np.ceil(E / module.TILE_M) * module.TILE_M
    shapes = [box(edge - 40, N, edge - 20, N + 15), box(edge + 20, N, edge + 40, N + 15)]
    buildings = gpd.GeoDataFrame(
        {
            "has_parts": False, "use": "residential", "height_m": 5.0, "min_height_m": 0.0,
            "roof_type": "flat", "roof_height_m": 0.0, "footprint_m2": 300.0,
            "ground_m": 50.0, "ground_source": "measured:terrain",
            "height_source": "measured:lod2", "roof_type_source": "tagged", "use_source": "tagged",
            "roof_height_source": "tagged",
        },
        index=["a", "b"], geometry=shapes, crs=CRS,
    )  # fmt: skip
    nothing = pd.DataFrame(index=[])
    tables = {name: conform(table, nothing, crs=CRS) for name, table in TABLES.items()}
    tables["buildings"] = conform(TABLES["buildings"], buildings, crs=CRS)
    surface = Painted(np.full((400, 400), 50.0, np.float32), edge - 200, N + 200)
    for shape, height in [*((s, 55.0) for s in shapes), (box(edge - 90, N - 30, edge, N - 25), 70)]:
        west, south, east, north = (int(v) for v in shape.bounds)
        rows = slice(int(surface.north) - north, int(surface.north) - south)
        surface.cells[rows, west - int(surface.west) : east - int(surface.west)] = height
    return tables, surface


def test_a_wall_in_the_south_shades_the_roof_before_it():
    tables, surface = town_with_wall()
    steps = []
    done, findings = add_horizons(
        tables, {"surface": surface}, crs=CRS, progress=lambda *told: steps.append(told)
    )
    table = done["horizons"]
    assert faults_of(TABLES["horizons"], table, crs="") == []
    assert table["building_id"].tolist() == ["a", "b"]
    assert findings == []
    a = table.loc["a:e1"]
    assert a["h180"] == pytest.approx(np.degrees(np.arctan(15 / 32.5)), abs=1)
    assert a["h000"] == 0
    assert a["sky_view"] < 0.97 < table.loc["b:e1", "sky_view"]
    assert tables["horizons"].empty
    assert [share for _, share in steps] == [0.0, 0.5]


def test_tiles_leave_no_trace(monkeypatch):
    tables, surface = town_with_wall()
    cut = add_horizons(tables, {"surface": surface}, crs=CRS)[0]["horizons"]
    monkeypatch.setattr(module, "TILE_M", 1e7)
    whole = add_horizons(tables, {"surface": surface}, crs=CRS)[0]["horizons"]
    pd.testing.assert_frame_equal(cut, whole)


def test_roofs_outside_are_named():
    tables, surface = town_with_wall()
    west = Painted(surface.cells[:, :190], surface.west, surface.north)
    done, findings = add_horizons(tables, {"surface": west}, crs=CRS)
    assert done["horizons"].index.tolist() == ["a:e1"]
    assert [(f.code, f.count, f.total, f.examples) for f in findings] == [
        ("no_horizon", 1, 2, ("b:e1",))
    ]


def test_a_coarse_surface_says_nothing_of_roofs():
    tables, surface = town_with_wall()
    surface.cell_m = 10.0
    done, findings = add_horizons(tables, {"surface": surface}, crs=CRS)
    assert done["horizons"].empty
    assert [f.code for f in findings] == ["surface_too_coarse"]


@pytest.mark.parametrize("kind", ["terrain", "above_ground"])
def test_other_surfaces_do_not_count(kind):
    tables, surface = town_with_wall()
    done, findings = add_horizons(tables, {kind: surface}, crs=CRS)
    assert done["horizons"].empty
    assert findings == []


def test_a_city_is_built_with_them():
    tables, surface = town_with_wall()
    toy = make_tables()
    zero = {
        "licence": "CC0-1.0", "attribution": "made up",
        "licence_url": "https://creativecommons.org/publicdomain/zero/1.0/",
    }  # fmt: skip
    sources = [
        SourceData(
            "toy", CRS, {"buildings": tables["buildings"], "nodes": toy["nodes"]},
            Source("osm", "Toy", **zero), kind="osm",
        ),
        SourceData(
            "", CRS, {}, Source("surface", "Surface", **zero),
            surfaces={"surface": surface}, kind="surface",
        ),
    ]  # fmt: skip
    city = build_city(sources)
    assert len(city.horizons) == 2
    assert set(city.horizons["horizon_source"]) == {"measured:surface"}
