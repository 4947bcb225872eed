"""Envelopes: boxes worked out by hand, laws that hold for any town, real tiles by two ways."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon, affinity, box

from layers.citymodel import read_citymodel
from layers.envelopes import envelopes
from layers.sample_city import make_sample
from tests.conftest import CRS, shared
from twin.schema import TABLES
from twin.validation import conform, faults_of

E0, N0 = 364_000.0, 5_627_000.0
WALLS = ["wall_north_m2", "wall_east_m2", "wall_south_m2", "wall_west_m2"]
NO_ROOFS = conform(TABLES["roofs"], gpd.GeoDataFrame({"geometry": []}, crs=CRS), crs=CRS)


def buildings(shapes, heights, **columns):
    """Return a table of flat buildings b0, b1, …; shapes relative to the origin."""
    placed = [affinity.translate(shape, E0, N0) for shape in shapes]
    count = len(shapes)
    raw = {
        "height_m": heights, "height_source": "measured", "min_height_m": 0.0,
        "roof_type": "flat", "roof_type_source": "measured", "use": "residential",
        "use_source": "registered", "footprint_m2": shapely.area(placed), **columns,
    }  # fmt: skip
    frame = gpd.GeoDataFrame(raw, index=[f"b{n}" for n in range(count)], geometry=placed, crs=CRS)
    return conform(TABLES["buildings"], frame, crs=CRS)


def gross_of(shapes, heights):
    return sum(shape.length * height for shape, height in zip(shapes, heights, strict=True))


def test_a_box_by_hand():
    table = envelopes(buildings([box(0, 0, 12, 10)], [6.0]), NO_ROOFS)
    row = table.loc["b0"]
    assert row[WALLS].tolist() == [72, 60, 72, 60]
    assert (row["party_wall_m2"], row["roof_m2"], row["ground_m2"]) == (0, 120, 120)
    assert row["volume_m3"] == 720
    assert row["envelope_source"] == "estimated:footprint"
    assert faults_of(TABLES["envelopes"], table, crs=CRS) == []


def test_two_boxes_share_the_lower_wall():
    table = envelopes(buildings([box(0, 0, 12, 10), box(12, 0, 20, 10)], [6.0, 9.0]), NO_ROOFS)
    assert table["party_wall_m2"].tolist() == [60, 60]
    assert table["wall_east_m2"].tolist() == [0, 90]
    assert table["wall_west_m2"].tolist() == [60, 30]


def test_a_row_of_three():
    shapes = [box(0, 0, 6, 10), box(6, 2, 12, 12), box(12, 0, 18, 10)]
    table = envelopes(buildings(shapes, [6.0, 7.0, 5.0]), NO_ROOFS)
    assert table["party_wall_m2"].tolist() == [8 * 6, 8 * 6 + 8 * 5, 8 * 5]


@pytest.mark.parametrize(("gap", "shared_m2"), [(0.0, 60), (0.1, 60), (0.25, 60), (0.5, 0)])
def test_a_gap_as_wide_as_drawing_errors_still_joins(gap, shared_m2):
    shapes = [box(0, 0, 12, 10), box(12 + gap, 0, 20, 10)]
    table = envelopes(buildings(shapes, [6.0, 6.0]), NO_ROOFS)
    assert table["party_wall_m2"].tolist() == [shared_m2] * 2


def test_overlapping_footprints_join_too():
    shapes = [box(0, 0, 12, 10), box(11.9, 0, 20, 10)]
    table = envelopes(buildings(shapes, [6.0, 6.0]), NO_ROOFS)
    assert table["party_wall_m2"].tolist() == [60, 60]


def test_corners_and_walls_behind_each_other_share_nothing():
    shapes = [box(0, 0, 10, 10), box(10, 10, 20, 20), box(0, 0, 10, 10.0).buffer(-0.1)]
    table = envelopes(buildings(shapes[:2], [6.0, 6.0]), NO_ROOFS)
    assert table["party_wall_m2"].sum() == 0
    same_way = envelopes(buildings(shapes[::2], [6.0, 6.0]), NO_ROOFS)  # one inside the other
    assert same_way["party_wall_m2"].sum() == 0


def test_steps_in_the_ground_leave_a_wall_free():
    """The second house stands 4 m higher: 6 m walls overlap over 2 m only."""
    frame = buildings(
        [box(0, 0, 12, 10), box(12, 0, 20, 10)], [6.0, 6.0],
        ground_m=[50.0, 54.0], ground_source="measured",
    )  # fmt: skip
    assert envelopes(frame, NO_ROOFS)["party_wall_m2"].tolist() == [20, 20]
    bare = frame.assign(ground_m=[50.0, np.nan])
    assert envelopes(bare, NO_ROOFS)["party_wall_m2"].tolist() == [60, 60]


def test_walls_between_parts_are_neither_outer_nor_party():
    shapes = [box(0, 0, 20, 10), box(0, 0, 12, 10), box(12, 0, 20, 10), box(20, 0, 30, 10)]
    frame = buildings(
        shapes, [9.0, 6.0, 9.0, 9.0], part_of=[None, "b0", "b0", None],
        has_parts=[True, False, False, False],
    )  # fmt: skip
    table = envelopes(frame, NO_ROOFS)
    assert table.index.tolist() == ["b0", "b3"]
    whole = table.loc["b0"]
    assert whole["party_wall_m2"] == 90
    assert whole[WALLS].tolist() == [12 * 6 + 8 * 9, 0, 12 * 6 + 8 * 9, 60 + 30]
    assert whole["volume_m3"] == 120 * 6 + 80 * 9


@pytest.mark.parametrize("parts", [["b0"], [None]])
def test_parts_that_do_not_fill_their_outline_count_with_it(parts):
    """OpenStreetMap draws a tower as part of a church: the outline carries the volume."""
    frame = buildings(
        [box(0, 0, 20, 10), box(0, 0, 4, 4)], [9.0, 20.0], part_of=[None, "b0"],
        has_parts=[parts == [None], False],
    )  # fmt: skip
    if parts == [None]:  # an outline whose parts got lost stands for itself
        frame = frame.iloc[:1]
    table = envelopes(frame, NO_ROOFS)
    assert table.index.tolist() == ["b0"]
    assert table["volume_m3"].tolist() == [200 * 9]


def test_a_gabled_roof_by_hand():
    """12 × 10 m, eaves at 6 m, ridge 4 m above: two gables of 20 m² to east and west."""
    frame = buildings(
        [box(0, 0, 12, 10)], [10.0], roof_type="gabled", roof_height_m=4.0,
        roof_height_source="measured",
    )  # fmt: skip
    row = envelopes(frame, NO_ROOFS).loc["b0"]
    np.testing.assert_allclose(row[WALLS].astype(float), [72, 80, 72, 80])
    assert row["roof_m2"] == pytest.approx(2 * 12 * np.hypot(5, 4), abs=0.01)
    assert row["volume_m3"] == pytest.approx(120 * 6 + 0.5 * 10 * 4 * 12)


def test_a_hipped_roof_by_hand():
    """Prisma in the middle, two half pyramids at the ends: 4 * (2 * 10 / 2 + 10 * 10 / 3)."""
    frame = buildings(
        [box(0, 0, 12, 10)], [10.0], roof_type="hipped", roof_height_m=4.0,
        roof_height_source="measured",
    )  # fmt: skip
    row = envelopes(frame, NO_ROOFS).loc["b0"]
    assert row[WALLS].tolist() == [72, 60, 72, 60]
    assert row["volume_m3"] == pytest.approx(720 + 4 * (2 * 10 / 2 + 10 * 10 / 3), abs=0.01)


def test_measured_walls_go_before_drawn_ones():
    frame = buildings([box(0, 0, 12, 10), box(12, 0, 20, 10)], [6.0, 6.0])
    measured = pd.DataFrame(
        {**dict(zip(WALLS, [80.0, 70.0, 80.0, 70.0], strict=True)), "roof_m2": 150.0,
         "ground_m2": 120.0, "volume_m3": 800.0}, index=["b0"],
    )  # fmt: skip
    table = envelopes(frame, NO_ROOFS, measured)
    assert table.loc["b0", WALLS].tolist() == [80, 10, 80, 70]
    assert table["envelope_source"].tolist() == ["measured:lod2", "estimated:footprint"]
    assert table.loc["b0", ["roof_m2", "volume_m3"]].tolist() == [150, 800]
    assert table["party_wall_m2"].tolist() == [60, 60]


def test_nothing_gives_an_empty_table():
    table = envelopes(buildings([box(0, 0, 1, 1)], [3.0]).iloc[:0], NO_ROOFS)
    assert table.empty
    assert faults_of(TABLES["envelopes"], table, crs=CRS) == []


sizes = st.floats(2, 40)


@st.composite
def rows(draw):
    """Draw a row of boxes side by side, each with its own depth, offset and height."""
    shapes, heights, x = [], [], 0.0
    for _ in range(draw(st.integers(2, 6))):
        width, depth, off = draw(sizes), draw(sizes), draw(st.floats(-10, 10))
        shapes.append(box(x, off, x + width, off + depth))
        heights.append(draw(st.floats(2, 60)))
        x += width
    return shapes, heights


@settings(max_examples=15)
@given(rows())
def test_a_row_shares_the_lower_wall_over_the_common_length(row):
    shapes, heights = row
    table = envelopes(buildings(shapes, heights), NO_ROOFS)
    expected = np.zeros(len(shapes))
    for n in range(len(shapes) - 1):
        (_, a0, _, a1), (_, b0, _, b1) = shapes[n].bounds, shapes[n + 1].bounds
        common = min(a1, b1) - max(a0, b0)
        if common >= 0.05:
            expected[[n, n + 1]] += common * min(heights[n], heights[n + 1])
    np.testing.assert_allclose(table["party_wall_m2"], expected, atol=0.02, rtol=1e-3)
    total = table[[*WALLS, "party_wall_m2"]].to_numpy().sum()
    assert total == pytest.approx(gross_of(shapes, heights), abs=0.2)


@settings(max_examples=15)
@given(rows(), st.floats(-5e4, 5e4), st.floats(-5e4, 5e4))
def test_moving_a_town_changes_nothing(row, dx, dy):
    shapes, heights = row
    moved = [affinity.translate(shape, dx, dy) for shape in shapes]
    one = envelopes(buildings(shapes, heights), NO_ROOFS)
    two = envelopes(buildings(moved, heights), NO_ROOFS)
    pd.testing.assert_frame_equal(one, two, atol=0.02, rtol=1e-4)


@settings(max_examples=15)
@given(rows(), st.integers(1, 3))
def test_turning_a_town_by_right_angles_moves_walls_round(row, quarter):
    shapes, heights = row
    turned = [affinity.rotate(s, 90 * quarter, origin=(0, 0)) for s in shapes]  # anticlockwise
    one = envelopes(buildings(shapes, heights), NO_ROOFS)
    two = envelopes(buildings(turned, heights), NO_ROOFS)
    for n, name in enumerate(WALLS):
        np.testing.assert_allclose(two[WALLS[(n - quarter) % 4]], one[name], atol=0.02, rtol=1e-4)
    np.testing.assert_allclose(two["party_wall_m2"], one["party_wall_m2"], atol=0.02, rtol=1e-4)


@settings(max_examples=15)
@given(st.lists(st.tuples(sizes, sizes, st.floats(0, 360)), min_size=2, max_size=5), st.data())
def test_outer_and_party_walls_are_the_gross_wall(parts, data):
    """Any shapes, also crossing each other: nothing is lost and nothing is negative."""
    shapes = [affinity.rotate(box(0, 0, w, d), turn, origin=(0, 0)) for w, d, turn in parts]
    heights = data.draw(st.lists(st.floats(2, 60), min_size=len(shapes), max_size=len(shapes)))
    table = envelopes(buildings(shapes, heights), NO_ROOFS)
    assert (table[[*WALLS, "party_wall_m2"]] >= 0).all().all()
    by_hand = [s.length * h for s, h in zip(shapes, heights, strict=True)]
    total = table[[*WALLS, "party_wall_m2"]].sum(axis=1)
    np.testing.assert_allclose(total, by_hand, atol=0.1, rtol=1e-4)


def test_holes_and_multipolygons_count():
    ring = Polygon(box(0, 0, 20, 20).exterior, [box(5, 5, 15, 15).exterior])
    two = shapely.MultiPolygon([box(30, 0, 40, 10), box(50, 0, 60, 10)])
    table = envelopes(buildings([ring, two], [5.0, 5.0]), NO_ROOFS)
    assert table.loc["b0", WALLS].tolist() == [150] * 4  # the court looks to all sides as well
    assert table.loc["b1", WALLS].tolist() == [100] * 4


@pytest.fixture(scope="module", params=["EssenExample.gml", "LoD2_32_280_5659_1_NW.gml"])
def real(request):
    return read_citymodel([shared(f"data/citymodel/{request.param}")]).tables


def test_real_walls_by_two_ways(real):
    """Walls drawn in the model against footprint edges up to the roofs above them."""
    buildings, roofs, measured = (real[name] for name in ("buildings", "roofs", "envelopes"))
    one, two = envelopes(buildings, roofs, measured), envelopes(buildings, roofs)
    assert (one["envelope_source"] == "measured:lod2").all()
    for name in (*WALLS, "party_wall_m2", "ground_m2", "roof_m2"):
        assert one[name].sum() == pytest.approx(two[name].sum(), rel=0.01)
    assert one["volume_m3"].sum() == pytest.approx(two["volume_m3"].sum(), rel=0.03)
    close = (one["party_wall_m2"] - two["party_wall_m2"]).abs() < 1
    assert close.mean() > 0.95
    without_roofs = envelopes(buildings, roofs.iloc[:0])
    walls = [*WALLS, "party_wall_m2"]
    assert without_roofs[walls].sum().sum() == pytest.approx(one[walls].sum().sum(), rel=0.05)
    assert len(one) == buildings["part_of"].isna().sum()


def test_real_party_walls_against_the_union_of_footprints(real):
    """What neighbours share is what the outline of all of them together has less: length."""
    flat = real["buildings"].assign(
        height_m=1.0, min_height_m=0.0, ground_m=np.nan, roof_height_m=0.0
    )
    flat = flat[flat["part_of"].isna()].assign(has_parts=False)
    table = envelopes(flat, NO_ROOFS)
    shapes = shapely.set_precision(flat.geometry.to_numpy(), 0.001)
    outline = shapely.union_all(shapes, grid_size=0.05).length
    apart = shapely.length(shapes).sum()
    assert table["party_wall_m2"].sum() > 50
    assert table["party_wall_m2"].sum() == pytest.approx(apart - outline, rel=0.08)


def test_the_model_town_has_envelopes_of_its_size():
    tables = make_sample(buildings=300).tables
    table = envelopes(tables["buildings"], tables["roofs"])
    assert faults_of(TABLES["envelopes"], table, crs=CRS) == []
    assert table.index.equals(tables["buildings"].index.rename("building_id"))
    footprint = tables["buildings"]["footprint_m2"]
    np.testing.assert_allclose(table["ground_m2"], footprint, rtol=1e-3, atol=0.05)
    assert (table["roof_m2"] >= table["ground_m2"] - 0.05).all()
    assert (table["volume_m3"] <= footprint * tables["buildings"]["height_m"] * 1.001 + 1).all()
