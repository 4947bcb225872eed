"""Tables cut to an area, worked out by hand on the toy town."""

import geopandas as gpd
import pytest
import shapely
from shapely import box

from layers.clip import clip_tables
from tests.conftest import CRS, make_tables

E, N = 370_000.0, 5_631_000.0


def degrees(*bounds):
    """Give a box in metres from the town's origin as an area in degrees, finely drawn."""
    west, south, east, north = bounds
    ring = shapely.segmentize(box(E + west, N + south, E + east, N + north), 5)
    return gpd.GeoSeries([ring], crs=CRS).to_crs("EPSG:4326").iloc[0]


def test_what_touches_stays_what_lies_outside_goes():
    kept = clip_tables(make_tables(), degrees(0, 0, 35, 60))
    assert kept["buildings"].index.tolist() == ["b1", "b2"]  # b2 from 30 to 50 m lies astride
    assert kept["places"].empty
    assert kept["trees"].empty
    assert kept["landuse"].index.tolist() == ["l1"]


def test_geometry_is_never_cut():
    tables = make_tables()
    kept = clip_tables(tables, degrees(0, 0, 35, 60))
    for name in ("buildings", "landuse", "streets"):
        before = tables[name].loc[kept[name].index, "geometry"]
        assert kept[name].geometry.geom_equals(before).all()


def test_the_input_is_not_changed():
    tables = make_tables()
    copies = {name: table.copy() for name, table in tables.items()}
    clip_tables(tables, degrees(0, 0, 35, 60))
    for name, table in tables.items():
        assert table.equals(copies[name]), name


def test_the_network_stays_and_dead_ends_outside_are_its_edge():
    tables = make_tables()
    tables["nodes"] = tables["nodes"].assign(is_boundary=False)
    kept = clip_tables(tables, degrees(-50, -50, 150, 60))
    assert kept["streets"].equals(tables["streets"])
    assert kept["nodes"]["is_boundary"].to_dict() == {"n1": False, "n2": False, "n3": True}


def test_a_street_that_ends_within_five_metres_of_the_boundary_counts_as_cut():
    tables = make_tables()
    tables["nodes"] = tables["nodes"].assign(is_boundary=False)
    kept = clip_tables(tables, degrees(-4, -50, 206, 60))
    assert kept["nodes"]["is_boundary"].to_dict() == {"n1": True, "n2": False, "n3": False}


def test_an_edge_known_before_stays_one():
    kept = clip_tables(make_tables(), degrees(-500, -500, 500, 500))
    assert kept["nodes"]["is_boundary"].to_dict() == {"n1": True, "n2": False, "n3": True}


def test_a_part_stays_with_its_building():
    tables = make_tables()
    buildings = tables["buildings"].copy()
    buildings.loc["b3", "part_of"] = "b2"
    buildings.loc["b2", "has_parts"] = True
    kept = clip_tables({**tables, "buildings": buildings}, degrees(0, 0, 35, 60))
    assert kept["buildings"].index.tolist() == ["b1", "b2", "b3"]


@pytest.mark.parametrize(
    ("level", "bounds", "stays"),
    [
        (8, (0, 0, 100, 100), True),  # the municipality itself
        (8, (-900, 0, 100, 100), True),  # larger, but it covers the area
        (8, (50, 0, 150, 100), True),  # half of it
        (10, (85, 85, 115, 115), True),  # a quarter with a quarter of itself, 2 % of the area
        (8, (99.9, 0, 400, 100), False),  # a neighbour; the lines differ a little
        (6, (-900, -900, 900, 900), False),  # the Landkreis around it
        (6, (0, 0, 105, 100), True),  # a kreisfreie Stadt is as good as the area
        (10, (98, 98, 118, 118), False),
    ],
)
def test_districts_of_the_area(level, bounds, stays):
    west, south, east, north = bounds
    shape = box(E + west, N + south, E + east, N + north)
    districts = gpd.GeoDataFrame({"level": [float(level)]}, geometry=[shape], crs=CRS)
    kept = clip_tables({"districts": districts}, degrees(0, 0, 100, 100))
    assert len(kept["districts"]) == stays


def test_empty_tables_pass():
    tables = {name: table.iloc[:0] for name, table in make_tables().items()}
    assert all(table.empty for table in clip_tables(tables, degrees(0, 0, 1, 1)).values())
