from __future__ import annotations

import geopandas as gpd
import pytest
from shapely import LineString, Point, box

from dash_app.map.frame import Frame
from dash_app.map.labels import RANKS, labels_json, marks_json
from tests.conftest import CRS, make_toy_city
from twin.classes import PLACE_CLASSES
from twin.schema import DISTRICTS, PLACES, STOPS
from twin.validation import conform

E, N = 370_000.0, 5_631_000.0
FRAME = Frame.around(CRS, (E, N))


def points(table, data):
    n = len(next(iter(data.values())))
    frame = gpd.GeoDataFrame(
        data, index=[f"k{i}" for i in range(n)],
        geometry=[Point(E + i, N) for i in range(n)], crs=CRS,
    )  # fmt: skip
    return conform(table, frame, crs=CRS)


def test_ranks_are_for_classes_that_exist():
    assert set(RANKS) <= set(PLACE_CLASSES)


def test_labels_stand_on_their_building_and_the_important_come_first():
    labels = labels_json(make_toy_city(), FRAME)
    assert [label[0] for label in labels] == ["Mitte", "Grundschule"]
    district, school = labels
    assert district[4] == "district"
    assert school[3] == 12.0  # height of the school
    assert school[7:] == ["places", 0]


def test_settlements_of_the_source_win_over_districts_and_the_nameless_are_left_out():
    data = {"name": ["Spich", None, "WC"], "class": ["suburb", "worship", "public_service"]}
    data["detail"] = [None, None, "toilets"]
    city = make_toy_city().replace(places=points(PLACES, data))
    assert [label[0] for label in labels_json(city, FRAME)] == ["Spich"]


def test_a_stop_is_named_once_and_a_station_earlier_than_a_bus_stop():
    data = {"name": ["Markt", "Markt", "Hauptbahnhof"], "class": ["bus", "bus", "rail"]}
    city = make_toy_city().replace(stops=points(STOPS, data))
    found = {label[0]: label for label in labels_json(city, FRAME) if label[7] == "stops"}
    assert sorted(found) == ["Hauptbahnhof", "Markt"]
    assert found["Hauptbahnhof"][6] < found["Markt"][6]


def test_stops_and_borders_in_metres_and_a_shared_border_once():
    one, two = box(E, N, E + 100, N + 100), box(E + 100, N, E + 200, N + 100)
    rows = {"name": ["A", "B"], "level": 10.0, "area_m2": 10_000.0}
    frame = gpd.GeoDataFrame(rows, index=["a", "b"], geometry=[one, two], crs=CRS)
    stops = points(STOPS, {"name": ["Markt"], "class": ["bus"]})
    city = make_toy_city().replace(districts=conform(DISTRICTS, frame, crs=CRS), stops=stops)
    marks = marks_json(city, FRAME)
    assert marks["stops"][0] == pytest.approx([0, 0, 0], abs=1)
    length = sum(LineString(line).length for line in marks["borders"])
    assert length == pytest.approx(700, rel=0.01)  # 2 x 400 less the shared 100
