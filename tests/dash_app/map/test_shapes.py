from __future__ import annotations

import numpy as np
import pytest
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon, box

from dash_app.map.frame import Frame
from dash_app.map.shapes import paths_of, rings_of, triangles_of

E, N = 370_000.0, 5_631_000.0
FRAME = Frame.around("EPSG:25832", (E, N))


def area(xy: np.ndarray) -> float:
    x, y = xy[:, 0], xy[:, 1]
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def test_rings_are_open_outer_ones_turn_left_holes_turn_right():
    yard = Polygon(
        box(E, N, E + 40, N + 40).exterior, [box(E + 10, N + 10, E + 30, N + 30).exterior]
    )
    rings = rings_of(np.array([yard]), FRAME)
    assert rings.rings.tolist() == [2]
    assert rings.points.tolist() == [4, 4]
    assert area(rings.xy[:4]) == pytest.approx(1600, rel=0.01)
    assert area(rings.xy[4:]) == pytest.approx(-400, rel=0.01)


def test_parts_of_a_multipolygon_know_their_owner():
    two = MultiPolygon([box(E, N, E + 5, N + 5), box(E + 9, N, E + 12, N + 5)])
    rings = rings_of(np.array([box(E, N, E + 1, N + 1), two]), FRAME)
    assert rings.owner.tolist() == [0, 1, 1]


def test_triangles_cover_the_polygon_and_not_its_hole():
    disc = Point(E, N).buffer(50)
    shape = disc.difference(Point(E + 5, N).buffer(20))
    rings = rings_of(np.array([shape, box(E, N, E + 10, N + 20)]), FRAME)
    corners, counts = triangles_of(rings)
    corner = rings.xy[corners].reshape(-1, 3, 2)
    a, b = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    size = np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) / 2
    assert size[: counts[0]].sum() == pytest.approx(shape.area, rel=0.01)
    assert size[counts[0] :].sum() == pytest.approx(200, rel=0.01)


def test_nothing_gives_nothing():
    rings = rings_of(np.array([], object), FRAME)
    corners, counts = triangles_of(rings)
    assert len(rings.points) == len(corners) == len(counts) == 0


def test_paths_keep_their_points_in_order():
    paths = paths_of(np.array([LineString([(E, N), (E + 3, N), (E + 3, N + 4)])]), FRAME)
    steps = np.hypot(*np.diff(paths.xy, axis=0).T)
    assert paths.points.tolist() == [3]
    assert steps == pytest.approx([3, 4], rel=0.01)
    assert shapely.LineString(paths.xy).is_simple
