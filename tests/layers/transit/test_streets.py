import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString, Point

from layers.transit import attach_stops
from tests.conftest import CRS, make_tables
from twin.schema import STOPS, STREETS
from twin.validation import conform, validate

E, N = 370_000.0, 5_631_000.0


def stops(*points, kind="bus", **more):
    frame = gpd.GeoDataFrame(
        {"class": kind, **more},
        index=[f"s{i}" for i in range(len(points))],
        geometry=[Point(E + x, N + y) for x, y in points],
        crs=CRS,
    )
    return conform(STOPS, frame, crs=CRS)


def streets(*rows):
    """Give links with their courses and what differs from a residential street."""
    usual = make_tables()["streets"].iloc[:1]
    frames = [
        usual.assign(**change).set_geometry([LineString([(E + x, N + y) for x, y in course])])
        .set_axis([key])
        for key, course, change in rows
    ]  # fmt: skip
    return conform(STREETS, pd.concat(frames), crs=CRS)


EAST, WEST = ((0, 0), (200, 0)), ((200, 0), (0, 0))
BOTH = ("main:f", EAST, {}), ("main:b", WEST, {})


def links(found):
    return found["link_id"].tolist()


def test_a_stop_stands_on_the_right():
    """Who drives east has the kerb in the south: right-hand traffic."""
    found = attach_stops(stops((50, -6), (50, 6), (210, -3)), streets(*BOTH), crs=CRS)
    assert links(found) == ["main:f", "main:b", "main:f"]
    validate(STOPS, found, crs=CRS)


def test_a_street_with_buses_beats_a_nearer_path():
    path = ("path", ((0, -8), (200, -8)), {"class": "footway", "allow_bus": False})
    found = attach_stops(stops((50, -7), (50, -40)), streets(*BOTH, path), crs=CRS)
    assert links(found) == ["main:f", "path"]  # 40 m away is no kerb


def test_trains_are_reached_by_the_nearest_way():
    path = ("path", ((0, -8), (200, -8)), {"class": "footway", "allow_bus": False})
    found = attach_stops(stops((50, -7), kind="rail"), streets(*BOTH, path), crs=CRS)
    assert links(found) == ["path"]


def test_nobody_comes_from_a_motorway_or_an_island():
    motorway = ("motorway", ((0, -5), (200, -5)), {"class": "motorway"})
    closed = ("closed", ((0, -6), (200, -6)), {"allow_walk": False})
    island = ("island", ((0, -7), (200, -7)), {"walk_reach": "island", "allow_bus": False})
    found = attach_stops(stops((50, -8)), streets(*BOTH, motorway, closed, island), crs=CRS)
    assert links(found) == ["main:f"]
    alone = attach_stops(stops((50, -8)), streets(motorway, closed, island), crs=CRS)
    assert links(alone) == ["island"]


def test_far_away_stays_open_and_known_links_stay():
    given = stops((50, -260), (50, -6), (50, -6), link_id=[None, "main:b", "gone"])
    found = attach_stops(given, streets(*BOTH), crs=CRS)
    assert pd.isna(found.loc["s0", "link_id"])
    assert links(found)[1:] == ["main:b", "main:f"]
    assert given.loc["s2", "link_id"] == "gone"  # the input is not changed


def test_order_and_emptiness_do_not_matter():
    net = streets(*BOTH)
    given = stops((50, -6), (50, 6))
    turned = attach_stops(given.iloc[::-1], net.iloc[::-1], crs=CRS)
    pd.testing.assert_frame_equal(attach_stops(given, net, crs=CRS), turned)
    assert len(attach_stops(given.iloc[:0], net, crs=CRS)) == 0
    assert np.all(attach_stops(given, net.iloc[:0], crs=CRS)["link_id"].isna())
    with pytest.raises(ValueError, match="must be in EPSG:25833"):
        attach_stops(given, net, crs="EPSG:25833")
