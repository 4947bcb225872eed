from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import Polygon

from dash_app.map.binary import unpack
from dash_app.map.buildings import drawn_rows, encode_near
from dash_app.map.frame import Frame
from dash_app.map.roofs import Roofs
from layers.citymodel import read_citymodel
from tests.conftest import CRS, make_toy_city, shared
from tests.dash_app.rich import enrich, gabled_roofs
from twin.schema import TABLES
from twin.validation import conform

if TYPE_CHECKING:
    from twin.city import City

FRAME = Frame.around(CRS, (370_000, 5_631_000))


def city_with(roofs: gpd.GeoDataFrame, **columns: Any) -> City:
    city = enrich(make_toy_city())
    table = city.buildings.assign(**columns)
    return city.replace(buildings=table, roofs=conform(TABLES["roofs"], roofs, crs=CRS))


def tile_of(city: City, frame: Frame = FRAME) -> dict[str, Any]:
    rows = drawn_rows(city.buildings)
    return unpack(encode_near(city.buildings, rows, frame, Roofs.of(city)))[1]


def planes_back(columns: dict[str, Any]) -> list[np.ndarray]:
    """Read the outer rings (n, 3) of all planes back, as the browser does."""
    columns = {name: values.astype(np.int64) for name, values in columns.items()}
    feet = columns["xy"].reshape(-1, 2) * 0.05
    extra = columns["roof_xy"].reshape(-1, 2) * 0.05
    foot_points = [0, *np.cumsum(columns["points"]).tolist()]
    ring_ends = [0, *np.cumsum(columns["rings"]).tolist()]
    plane = ring = corner = vertex = added = solid = 0
    found = []
    for i, known in enumerate(columns["planes"]):
        if known < 2:
            continue
        same = [k for k, row in enumerate(columns["row"]) if row == columns["row"][i]]
        start, end = foot_points[ring_ends[same[0]]], foot_points[ring_ends[same[-1] + 1]]
        points = np.vstack([feet[start:end], extra[added : added + columns["roof_points"][solid]]])
        count = columns["vertices"][solid]
        xyz = np.column_stack([
            points[columns["vertex_point"][vertex : vertex + count]],
            columns["vertex_z"][vertex : vertex + count] * 0.05,
        ])  # fmt: skip
        for _ in range(known - 1):
            outer = columns["plane_points"][ring]
            found.append(xyz[columns["corners"][corner : corner + outer]])
            last = ring + columns["plane_rings"][plane]
            corner += int(columns["plane_points"][ring:last].sum())
            ring, plane = last, plane + 1
        vertex, added = vertex + count, added + columns["roof_points"][solid]
        solid += 1
    return found


def area_of(ring: np.ndarray) -> float:
    """Area of a ring in space: half the length of the sum of its cross products."""
    return float(np.linalg.norm(np.cross(ring, np.roll(ring, -1, axis=0)).sum(axis=0)) / 2)


def test_planes_come_back_as_they_lie_in_space():
    city = enrich(make_toy_city())
    columns = tile_of(city)
    rings = planes_back(columns)
    areas = [area_of(ring) for ring in rings]
    assert areas == pytest.approx(city.roofs["area_m2"].tolist(), rel=0.01)
    tops = [ring[:, 2].max() for ring in rings]
    assert tops == pytest.approx(np.repeat(city.buildings["height_m"].to_numpy(), 2), abs=0.05)
    # four corners of the house and two ends of the ridge, no point of the footprint twice
    assert columns["vertices"].tolist() == [6, 6, 6]
    assert columns["roof_points"].tolist() == [2, 2, 2]
    assert not len(columns["out"])
    assert not len(columns["under_row"])


def test_without_planes_a_tile_is_what_it_was():
    city = make_toy_city()
    rows = drawn_rows(city.buildings)
    roofs = Roofs.of(city)
    assert not roofs
    plain = encode_near(city.buildings, rows, FRAME)
    assert encode_near(city.buildings, rows, FRAME, roofs) == plain


def test_roofs_that_are_no_roof_are_left_to_the_estimate():
    city = enrich(make_toy_city())
    whole = city.roofs
    flat = whole.set_geometry(shapely.force_2d(whole.geometry.array))
    assert not Roofs.of(city_with(flat))
    half = whole.drop(whole.index[whole["building_id"] == "b1"][0])
    assert set(Roofs.of(city_with(half)).row) == {1, 2}  # half of b1 is open
    wall = whole.assign(tilt_deg=89.0)
    assert not Roofs.of(city_with(wall))
    strange = whole.assign(building_id="elsewhere")
    assert not Roofs.of(city_with(strange))
    outline = city_with(whole, has_parts=[True, False, False])
    assert set(Roofs.of(outline).row) == {1, 2}


def test_parts_stand_on_the_ground_of_the_lowest():
    city = enrich(make_toy_city())
    parts = city.buildings.assign(part_of=[None, "b1", None], ground_m=[60.0, 63.0, 61.0])
    roofs = Roofs.of(city.replace(buildings=parts))
    assert dict(zip(roofs.row.tolist(), roofs.base.tolist(), strict=True)) == {0: 60, 1: 60, 2: 61}


def test_where_the_ground_is_unknown_the_height_counts():
    city = enrich(make_toy_city())
    unknown = city.replace(buildings=city.buildings.assign(ground_m=np.nan))
    wrong = city.replace(buildings=city.buildings.assign(ground_m=700.0))
    for one in (unknown, wrong):
        tops = [ring[:, 2].max() for ring in planes_back(tile_of(one))]
        assert tops == pytest.approx([6, 6, 9, 9, 12, 12], abs=0.05)


def test_a_roof_that_reaches_out_has_its_walls_on_the_footprint():
    city = enrich(make_toy_city())
    wide = gabled_roofs(city.buildings, overhang=0.8)
    columns = tile_of(city_with(wide))
    assert len(columns["out"]) == 3 * 6  # the outer edges: eave and two gable ends of six planes
    walls = columns["under_xy"].reshape(-1, 2, 2) * 0.05
    length = np.linalg.norm(walls[:, 1] - walls[:, 0], axis=1)
    around = shapely.length(shapely.boundary(city.buildings.geometry.array))
    for row in range(3):
        mine = columns["under_row"] == row
        assert length[mine].sum() == pytest.approx(around[row], rel=0.02)
        height = columns["under_z"].reshape(-1, 2)[mine] * 0.05
        eave = 0.6 * city.buildings["height_m"].iloc[row]
        assert height.min() > eave  # the eave lies further out and lower
    turned = walls[:, 1] - walls[:, 0]
    feet = FRAME.from_city(shapely.get_coordinates(city.buildings.geometry.centroid.array))
    out = walls.mean(axis=1) - feet[columns["under_row"]]
    assert (turned[:, 0] * out[:, 1] - turned[:, 1] * out[:, 0] < 0).all()  # the house to the left


def test_a_hole_in_a_plane_and_a_courtyard_survive():
    e, n = 370_010.0, 5_631_010.0
    square = [(e, n, 70.0), (e + 10, n, 70.0), (e + 10, n + 10, 70.0), (e, n + 10, 70.0)]
    hole = [(e + 4, n + 4, 70.0), (e + 4, n + 6, 70.0), (e + 6, n + 6, 70.0), (e + 6, n + 4, 70.0)]
    roofs = gpd.GeoDataFrame(
        {"building_id": ["b1"], "area_m2": 96.0, "tilt_deg": 0.0, "plane_source": "measured"},
        index=["r1"], geometry=[Polygon(square, [hole])], crs=CRS,
    )  # fmt: skip
    columns = tile_of(city_with(roofs))
    assert columns["plane_rings"].tolist() == [2]
    assert columns["plane_points"].tolist() == [4, 4]
    assert columns["vertices"].tolist() == [8]


def test_real_planes_of_essen_keep_area_and_height():
    data = read_citymodel([shared("data/citymodel/EssenExample.gml")])
    tables = {
        name: conform(TABLES[name], data.tables.get(name, gpd.GeoDataFrame()), crs=CRS)
        for name in ("buildings", "roofs")
    }
    city = make_toy_city().replace(**tables)
    roofs = Roofs.of(city)
    assert roofs.buildings == len(drawn_rows(city.buildings))
    frame = Frame.around(CRS, tuple(city.buildings.total_bounds[:2]))
    areas = [area_of(ring) for ring in planes_back(tile_of(city, frame))]
    assert sum(areas) == pytest.approx(city.roofs["area_m2"].sum(), rel=0.01)
