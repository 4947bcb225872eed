from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
from shapely import LineString

from dash_app.map.frame import Frame
from dash_app.map.street_names import EM, straight_names
from tests.conftest import CRS

E, N = 370_000.0, 5_631_000.0
FRAME = Frame.around(CRS, (E, N))


def streets(*rows):
    names, classes, lines = zip(*rows, strict=True)
    shapes = [LineString([(E + x, N + y) for x, y in line]) for line in lines]
    data = {"name": names, "class": classes, "is_tunnel": False}
    return gpd.GeoDataFrame(data, geometry=shapes, crs=CRS)


def test_a_run_goes_on_across_junctions_and_the_text_stands_in_its_middle():
    links = [("Gartenweg", "residential", [(x, 0), (x + 40, 0)]) for x in (0, 40, 80)]
    ((text, x, y, angle, size, main),) = straight_names(streets(*links), FRAME)
    assert (text, size, main) == ("Gartenweg", 8.5, 0)
    assert [x, y] == pytest.approx(FRAME.from_city([[E + 60, N]])[0].tolist(), abs=0.2)
    assert angle == pytest.approx(1.4, abs=0.2)  # grid north leans at 7.2° E


def test_no_text_longer_than_its_run():
    short = streets(("Straße der Völkerfreundschaft", "residential", [(0, 0), (60, 0)]))
    assert straight_names(short, FRAME) == []


def test_text_never_stands_on_its_head():
    for degrees in range(0, 360, 15):
        a = np.radians(degrees)
        line = [(0, 0), (200 * np.cos(a), 200 * np.sin(a))]
        ((*_, angle, _size, _main),) = straight_names(streets(("Weg", "primary", line)), FRAME)
        assert -90 <= angle <= 90


def test_names_of_crossing_streets_do_not_cross():
    cross = streets(
        ("Lange Hauptstraße", "primary", [(-150, 0), (150, 0)]),
        ("Breite Querallee", "residential", [(0, -150), (0, 150)]),
    )
    found = straight_names(cross, FRAME)
    assert len(found) == 2
    boxes = []
    for text, x, y, angle, size, _ in found:
        half = len(text) * size * EM / 2
        step = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))]) * half
        middle = np.array([x, y])
        line = LineString([middle - step, middle + step])
        boxes.append(line.buffer(size / 2, cap_style="flat"))
    assert not any(a.intersects(b) for a, b in pairwise(boxes))


def test_one_name_keeps_its_distance_and_paths_and_tunnels_stay_silent():
    long = streets(("Ring", "primary", [(0, 0), (300, 0), (300, 300), (0, 300)]))
    assert len(straight_names(long, FRAME)) < 3
    quiet = streets(("Pfad", "footway", [(0, 0), (200, 0)]), (None, "primary", [(0, 9), (200, 9)]))
    assert straight_names(quiet, FRAME) == []
    assert straight_names(long.assign(is_tunnel=True), FRAME) == []
