"""Roof planes out of footprints by hand, as properties, and of real LoD2 roofs."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, Polygon, affinity, box

from layers.citymodel import read_citymodel
from tests.conftest import CRS, make_toy_city, shared
from twin.assumptions import assumptions
from twin.classes import ROOF_TYPES
from twin.energy.solar import planes_of, roof_planes
from twin.schema import TABLES
from twin.validation import conform

GIVEN = assumptions()
NO_ROOFS = conform(TABLES["roofs"], pd.DataFrame(index=[]), crs=CRS)


def houses(shapes, **columns):
    frame = gpd.GeoDataFrame(
        {
            "has_parts": False, "use": "residential", "height_m": 10.0, "min_height_m": 0.0,
            "roof_type": "gabled", "roof_height_m": 4.0, "ground_m": 50.0,
            "footprint_m2": shapely.area(np.array(shapes)), **columns,
        },
        index=[f"b{i}" for i in range(len(shapes))], geometry=list(shapes), crs=CRS,
    )  # fmt: skip
    return conform(TABLES["buildings"], frame, crs=CRS)


def one(kind, rise=4.0, direction=np.nan, shape=None):
    table = houses(
        [shape or box(0, 0, 12, 8)],
        roof_type=kind,
        roof_height_m=rise,
        roof_direction_deg=direction,
    )
    return planes_of(table, NO_ROOFS, GIVEN)


def test_a_gabled_roof_by_hand():
    """12 x 8 m, ridge along the 12 m, 4 m high: 45 degrees, two planes of 12 x 5.66 m."""
    planes = one("gabled")
    assert planes.index.tolist() == ["b0:e1", "b0:e2"]
    assert planes["area_m2"].to_numpy() == pytest.approx(12 * np.hypot(4, 4))
    assert sorted(planes["azimuth_deg"].round(6)) == [0, 180]
    assert planes["tilt_deg"].to_numpy() == pytest.approx(45)
    assert planes["perimeter_m"].to_numpy() == pytest.approx(24 + 2 * np.hypot(4, 4))
    assert planes["height_m"].tolist() == [58, 58]
    assert planes["above_m"].tolist() == [8, 8]
    south = planes[planes["azimuth_deg"] > 90].iloc[0]
    assert (south["x"], south["y"]) == pytest.approx((6, 2))
    assert set(planes["plane_source"]) == {"estimated:roof_type"}


def test_the_known_direction_turns_the_ridge():
    planes = one("gabled", direction=90.0)
    assert sorted(planes["azimuth_deg"]) == [90, 270]
    assert planes["tilt_deg"].to_numpy() == pytest.approx(np.degrees(np.arctan(4 / 6)))


def test_a_hipped_roof_by_hand():
    """All of one slope; the ends are triangles of 8 x 4 m seen from above."""
    planes = one("hipped").sort_values("plan_m2")
    assert planes["plan_m2"].to_numpy() == pytest.approx([16, 16, 32, 32])
    assert planes["tilt_deg"].to_numpy() == pytest.approx(45)
    assert sorted(planes["azimuth_deg"].round(6)[:2]) == [90, 270]


def test_other_shapes_by_hand():
    flat = one("flat", rise=0.0)
    assert flat[["area_m2", "tilt_deg"]].iloc[0].tolist() == pytest.approx([96, 0])
    assert np.isnan(flat["azimuth_deg"].iloc[0])
    shed = one("skillion", rise=2.0, direction=180.0).iloc[0]
    assert shed["tilt_deg"] == pytest.approx(np.degrees(np.arctan(2 / 8)))
    assert shed["azimuth_deg"] == 180
    tent = one("pyramidal")
    assert sorted(tent["tilt_deg"].round(3)) == pytest.approx(
        sorted(np.degrees(np.arctan([1, 1, 4 / 6, 4 / 6])).round(3))
    )
    steep = one("mansard")
    assert len(steep) == 4
    assert steep["tilt_deg"].max() > 50
    assert steep["tilt_deg"].min() < 30


def test_an_unknown_roof_height_takes_the_assumed_pitch():
    assert one("gabled", rise=np.nan)["tilt_deg"].to_numpy() == pytest.approx(35)
    assert one("skillion", rise=np.nan)["tilt_deg"].to_numpy() == pytest.approx(0)


def test_round_and_small_roofs_carry_nothing():
    assert (one("onion")["usable_share"] == 0).all()
    assert (one("gabled", shape=box(0, 0, 4, 4))["usable_share"] == 0).all()  # a shed
    assert (one("gabled")["usable_share"] == GIVEN["solar.usable_share.gabled"]).all()
    assert len(one("gabled", shape=Point(0, 0).buffer(1e-4))) == 2


SIDES = st.floats(3, 60)


@settings(max_examples=12)
@given(SIDES, SIDES, st.floats(0, 360), st.floats(0, 12), st.floats(0, 360))
def test_plans_sum_up_to_the_footprint(a, b, turn, rise, direction):
    """L-shaped houses of every roof shape, with and without a known direction."""
    shape = affinity.rotate(
        Polygon([(0, 0), (a, 0), (a, b / 2), (a / 2, b / 2), (a / 2, b), (0, b)]), turn
    )
    kinds = [kind for kind in ROOF_TYPES for _ in range(2)]
    known = [direction, np.nan] * len(ROOF_TYPES)
    table = houses(
        [shape] * len(kinds), roof_type=kinds, roof_height_m=rise, roof_direction_deg=known
    )
    planes = planes_of(table, NO_ROOFS, GIVEN)
    plans = planes.groupby("building_id")["plan_m2"].sum()
    assert plans.to_numpy() == pytest.approx(np.full(len(kinds), shape.area), rel=1e-6)
    assert (planes["plan_m2"] >= 0).all()
    tilted = planes["plan_m2"] / np.cos(np.radians(planes["tilt_deg"]))
    assert planes["area_m2"].to_numpy() == pytest.approx(tilted.to_numpy(), rel=1e-6)
    assert planes["azimuth_deg"].dropna().between(0, 360).all()
    # a closed roof over level eaves: slopes to one side and to the other cancel out; a shed roof
    # has one side only, and the ridge of a saltbox is not in the middle
    turn = np.radians(planes["azimuth_deg"].fillna(0))
    fall = planes["plan_m2"] * np.tan(np.radians(planes["tilt_deg"]))
    sums = pd.DataFrame({"x": fall * np.sin(turn), "y": fall * np.cos(turn)})
    sums = sums.groupby(planes["building_id"]).sum().reindex(table.index)
    leaning = table["roof_type"].isin(["skillion"]).to_numpy()
    assert abs(sums[~leaning]).to_numpy().max() < 1e-4 * shape.area


@settings(max_examples=4)
@given(st.permutations(range(6)))
def test_neither_order_nor_neighbours_count(order):
    kinds = ["gabled", "flat", "hipped", "mansard", "skillion", "pyramidal"]
    shapes = [affinity.rotate(box(i * 30, 0, i * 30 + 9 + i, 8), 11 * i) for i in range(6)]
    table = houses(shapes, roof_type=kinds)
    planes = planes_of(table, NO_ROOFS, GIVEN)
    pd.testing.assert_frame_equal(planes_of(table.iloc[order], NO_ROOFS, GIVEN), planes)
    alone = planes_of(table.iloc[[order[0]]], NO_ROOFS, GIVEN)
    pd.testing.assert_frame_equal(alone, planes.loc[alone.index])


def test_parts_belong_to_their_outline():
    shapes = [box(0, 0, 20, 10), box(0, 0, 10, 10), box(10, 0, 20, 10)]
    table = houses(
        shapes, part_of=[None, "b0", "b0"], has_parts=[True, False, False], roof_type="flat",
        roof_height_m=0.0,
    )  # fmt: skip
    planes = planes_of(table, NO_ROOFS, GIVEN)
    assert planes["building_id"].tolist() == ["b0", "b0"]
    assert planes["body_id"].tolist() == ["b1", "b2"]
    assert planes["plan_m2"].sum() == pytest.approx(200)


def measured(building, **columns):
    slope = Polygon([(0, 0, 53), (12, 0, 53), (12, 4, 57), (0, 4, 57)])
    frame = gpd.GeoDataFrame(
        {
            "building_id": [building], "area_m2": 12 * np.hypot(4, 4), "azimuth_deg": 180.0,
            "tilt_deg": 45.0, "height_m": 55.0, "plane_source": "measured:lod2", **columns,
        },
        index=["r1"], geometry=[slope], crs=CRS,
    )  # fmt: skip
    return conform(TABLES["roofs"], frame, crs=CRS)


def test_measured_planes_go_before_guesses():
    table = houses([box(0, 0, 12, 8), box(30, 0, 42, 8)])
    planes = planes_of(table, measured("b0"), GIVEN)
    assert planes.index.tolist() == ["b1:e1", "b1:e2", "r1"]
    plane = planes.loc["r1"]
    assert plane["perimeter_m"] == pytest.approx(24 + 2 * np.hypot(4, 4))
    assert plane["plan_m2"] == pytest.approx(48)
    assert (plane["above_m"], plane["own_m"]) == (5, 0)


def test_measured_planes_of_the_outline_stand_for_its_parts():
    shapes = [box(0, 0, 20, 10), box(0, 0, 10, 10)]
    table = houses(shapes, part_of=[None, "b0"], has_parts=[True, False])
    assert planes_of(table, measured("b0"), GIVEN).index.tolist() == ["r1"]
    of_part = planes_of(table, measured("b1"), GIVEN)
    assert of_part["building_id"].tolist() == ["b0"]


def test_planes_of_no_buildings():
    table = houses([box(0, 0, 12, 8)]).iloc[:0]
    assert planes_of(table, NO_ROOFS, GIVEN).empty


def test_a_city_is_not_changed():
    city = make_toy_city()
    before = city.hash
    planes = roof_planes(city, GIVEN)
    assert planes.groupby("building_id")["plan_m2"].sum().tolist() == pytest.approx(
        shapely.area(city.buildings.geometry.array).tolist()
    )
    assert make_toy_city().hash == before


def test_real_roofs_cover_their_footprints():
    tile = read_citymodel([shared("data/citymodel/LoD2_32_280_5659_1_NW.gml")])
    buildings, roofs = tile.tables["buildings"], tile.tables["roofs"]
    planes = planes_of(
        conform(TABLES["buildings"], buildings, crs=CRS),
        conform(TABLES["roofs"], roofs, crs=CRS),
        GIVEN,
    )
    real = planes[planes["plane_source"] == "measured:lod2"]
    assert len(real) > 200
    plans = real.groupby("body_id")["plan_m2"].sum()
    foot = pd.Series(shapely.area(buildings.geometry.array), index=buildings.index)
    ratio = plans / foot.reindex(plans.index)
    assert ratio.median() == pytest.approx(1, abs=0.01)
    assert (ratio.between(0.9, 1.1)).mean() > 0.95
    assert set(planes["building_id"]) <= set(buildings.index[buildings["part_of"].isna()])
