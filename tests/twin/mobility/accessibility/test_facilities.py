"""Which places count as what, and where parks are entered."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import Point, Polygon, box

from tests.twin.mobility.accessibility.grid_town import CRS
from twin.assumptions import assumptions
from twin.classes import FACILITIES, LANDUSE_CLASSES, PLACE_CLASSES, STOP_CLASSES
from twin.mobility.accessibility import facilities
from twin.mobility.accessibility.facilities import COLUMNS, edge_points, facility_kinds

GIVEN = assumptions()


def frame(rows, columns, shapes):
    index = [f"{columns[0][0]}{place}" for place in range(len(rows))]
    return gpd.GeoDataFrame(rows, index=index, columns=columns, geometry=shapes, crs=CRS)


@pytest.fixture
def town():
    places = frame(
        [
            ("school", "primary school", "Grundschule"), ("health", "veterinary", "Tierarzt"),
            ("health", None, None), ("hospital", "hospital", "Klinik"),
            ("daily_needs", "kiosk", None), ("daily_needs", "supermarket", "Markt"),
            ("parking", "parking", None), ("leisure", "park", "Stadtpark"),
        ],
        ["class", "detail", "name"], [Point(k, 0) for k in range(8)],
    )  # fmt: skip
    landuse = frame(
        [("park", 10_000.0), ("park", 400.0), ("farmland", 90_000.0)],
        ["class", "area_m2"], [box(0, 0, 100, 100), box(0, 0, 20, 20), box(0, 0, 300, 300)],
    )  # fmt: skip
    stops = frame(
        [
            ("bus", "st", "A"), ("bus", "st", "B"), ("taxi", None, None), ("rail", None, None),
            ("bus", None, "Markt"), ("bus", None, "Markt"), ("tram", None, "Markt"),
            ("bus", None, "Kirche"), ("bus", None, "Kirche"),
        ],
        ["class", "parent_id", "name"], [Point(0, 30 * k**2) for k in range(9)],
    )  # fmt: skip
    return places, landuse, stops


def test_what_counts_as_what(town):
    buildings = frame([("A",), ("B",)], ["name"], [box(0, 0, 2, 2), box(4, 4, 6, 6)])
    jobs = pd.Series([0.0, 7.5], buildings.index)
    found = facilities(*town, GIVEN, buildings=buildings, jobs=jobs)
    assert list(found.columns) == COLUMNS
    assert found.index.is_unique
    counts = found.groupby("kind", sort=False)["id"].nunique()
    # by hand: the vet, the kiosk, the car park, the small lawn and the taxi rank are none; the
    # buses at the market are one stop and its tram another, the two churches are far apart
    assert counts.to_dict() == {
        "school": 1, "daily_needs": 1, "health": 2, "park": 1, "stop": 6, "jobs": 1,
    }  # fmt: skip
    assert found.loc["jobs:n1:0", ["weight", "x", "y"]].tolist() == [7.5, 5.0, 5.0]
    assert (found["kind"] == "park").sum() == 8  # 400 m around, every 50 m
    assert found.loc[found["name"] == "Klinik", "place"].tolist() == ["hospital"]


def test_the_order_of_the_tables_does_not_matter(town):
    turned = [table.iloc[::-1] for table in town]
    pd.testing.assert_frame_equal(facilities(*turned, GIVEN), facilities(*town, GIVEN))


def test_a_town_without_anything_has_no_facilities(town):
    found = facilities(*(table.iloc[:0] for table in town), GIVEN)
    assert found.empty
    assert list(found.columns) == COLUMNS


def test_every_word_of_the_rules_is_one_of_ours():
    rules = facility_kinds()
    words = {"places": PLACE_CLASSES, "landuse": LANDUSE_CLASSES, "stops": STOP_CLASSES}
    for table, classes in words.items():
        assert set(rules.loc[rules["table"] == table, "class"]) <= set(classes)
    assert set(rules["kind"]) <= {*FACILITIES, ""}
    assert set(FACILITIES) - set(rules["kind"]) == {"jobs"}  # comes from the buildings
    assert not rules.duplicated(["table", "class", "detail"]).any()


def test_edges_of_a_park_with_a_pond_are_lined_with_points():
    hole = [(40, 40), (60, 40), (60, 60), (40, 60)]
    park = Polygon([(0, 0), (100, 0), (100, 100), (0, 100)], [hole])
    row, at = edge_points(np.array([park]), 30.0)
    assert (row == 0).all()
    outer = shapely.LineString(park.exterior)
    on_outer = shapely.distance(shapely.points(at), outer) < 1e-9
    assert on_outer.sum() == 14  # 400 / 30 rounded up
    assert (~on_outer).sum() == 3
    along = np.sort(shapely.line_locate_point(outer, shapely.points(at[on_outer])))
    assert np.diff(along).max() <= 30.0
