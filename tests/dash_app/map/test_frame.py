from __future__ import annotations

import numpy as np
import pytest
from pyproj import Transformer

from dash_app.map.frame import EARTH_M, WORLD, Frame, world


def forward(frame: Frame, metres: np.ndarray) -> np.ndarray:
    """What deck.gl's vertex shader makes of an offset (project.glsl.ts, project_offset_)."""
    cosine = np.cos(np.radians(frame.lat))
    per_metre = WORLD / EARTH_M / cosine
    tangent = np.tan(np.radians(frame.lat))
    growth = per_metre / EARTH_M * np.radians(1) * tangent * 360  # unitsPerMeter2, simplified
    x = metres[:, 0] * (per_metre + growth * metres[:, 1])
    return np.stack([x, metres[:, 1] * per_metre], axis=1) + world(frame.lon, frame.lat)


def test_offsets_land_on_exact_web_mercator_even_far_from_the_anchor():
    frame = Frame.around("EPSG:25832", (370_000.0, 5_631_000.0))
    xy = np.array([[370_000.0, 5_631_000.0], [371_234.5, 5_630_000.0], [390_000.0, 5_655_000.0]])
    found = forward(frame, frame.from_city(xy))
    mercator = Transformer.from_crs("EPSG:25832", "EPSG:3857", always_xy=True)
    east, north = mercator.transform(xy[:, 0], xy[:, 1])
    half = np.pi * 6_378_137
    expected = np.stack([np.asarray(east), np.asarray(north)], axis=1) / half * 256 + 256
    assert found == pytest.approx(expected, abs=1e-9)  # 1e-9 units are 0.05 millimetres


def test_a_unit_is_a_metre_near_the_anchor():
    frame = Frame.around("EPSG:25832", (500_000.0, 5_600_000.0))
    a, b = frame.from_city([[500_000.0, 5_600_000.0], [500_300.0, 5_600_400.0]])
    assert np.hypot(*(b - a)) == pytest.approx(500, rel=0.004)


def test_degrees_is_the_way_back():
    frame = Frame.around("EPSG:25833", (383_000.0, 5_935_000.0))
    lon, lat = frame.degrees(384_000.0, 5_936_000.0)
    assert frame.from_lonlat(np.array(lon), np.array(lat)) == pytest.approx(
        frame.from_city([[384_000.0, 5_936_000.0]])[0], abs=1e-6
    )
