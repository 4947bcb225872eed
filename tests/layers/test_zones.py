import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import box

from layers.blocks import make_blocks
from layers.sample_city import make_sample
from layers.zones import make_zones, shape_report
from tests.conftest import CRS
from twin.schema import BLOCKS, DISTRICTS, ZONES
from twin.validation import conform, faults_of

E, N = 370_000.0, 5_631_000.0


def squares(columns, rows, *, residents, district="d"):
    places = [(c, r) for c in range(columns) for r in range(rows)]
    frame = gpd.GeoDataFrame(
        {
            "area_m2": 10_000.0, "boundary_source": "estimated:streets", "district_id": district,
            "residents": residents, "residents_source": "estimated:buildings", "buildings": 1.0,
            "dwellings": 1.0, "dwellings_source": "estimated:buildings",
        },
        index=[f"block:{c:02}_{r:02}" for c, r in places],
        geometry=[box(E + 100 * c, N + 100 * r, E + 100 * c + 100, N + 100 * r + 100)
                  for c, r in places],
        crs=CRS,
    )  # fmt: skip
    return conform(BLOCKS, frame, crs=CRS)


NAMES = conform(
    DISTRICTS,
    gpd.GeoDataFrame(
        {"name": ["Mitte", "Sieglar"], "level": 10.0, "area_m2": 1.0, "boundary_source": "tagged"},
        index=["d", "e"], geometry=[box(E, N, E + 1, N + 1)] * 2, crs=CRS,
    ),
    crs=CRS,
)  # fmt: skip


def test_four_rows_of_equal_blocks_make_squares():
    blocks = squares(4, 4, residents=100.0)
    zones, of_block = make_zones(blocks, NAMES)
    assert len(zones) == 4
    assert zones["residents"].tolist() == [400] * 4
    assert (4 * np.pi * zones.area / zones.length**2).round(3).tolist() == [0.785] * 4
    assert sorted(zones["name"]) == ["Mitte 1", "Mitte 2", "Mitte 3", "Mitte 4"]
    assert of_block.index.equals(blocks.index)
    assert faults_of(ZONES, zones, crs=CRS) == []


def test_every_district_has_a_zone_and_none_crosses_its_bounds():
    blocks = squares(6, 2, residents=0.0, district=["d"] * 8 + ["e"] * 4)
    zones, of_block = make_zones(blocks, NAMES)
    assert sorted(zones["district_id"]) == ["d", "e"]
    assert (zones.loc[of_block, "district_id"].to_numpy() == blocks["district_id"]).all()


def test_parts_that_touch_nowhere_still_come_together():
    blocks = squares(5, 1, residents=10.0).drop(["block:01_00", "block:03_00"])
    zones, of_block = make_zones(blocks, NAMES)
    assert len(zones) == 1
    assert set(of_block) == set(zones.index)
    assert zones.geom_type.tolist() == ["MultiPolygon"]


def test_the_number_may_be_given_and_is_never_more_than_the_blocks():
    blocks = squares(3, 3, residents=50.0)
    for wanted, got in ((1, 1), (5, 5), (9, 9), (50, 9)):
        assert len(make_zones(blocks, NAMES, zones=wanted)[0]) == got


def test_blocks_without_a_district_make_zones_of_their_own():
    blocks = squares(2, 2, residents=100.0, district=["d", "d", None, None])
    zones, of_block = make_zones(blocks, NAMES)
    assert len(zones) == 2
    assert zones["district_id"].isna().sum() == 1
    assert of_block.notna().all()


def test_no_blocks_no_zones():
    zones, of_block = make_zones(squares(1, 1, residents=1.0).iloc[:0], NAMES)
    assert zones.empty
    assert of_block.empty
    assert shape_report(zones)["zones"] == 0


@pytest.fixture(scope="module")
def town():
    sample = make_sample(buildings=4000)
    blocks = make_blocks(sample.tables, crs=sample.crs)
    return sample, blocks, *make_zones(blocks, sample.tables["districts"])


def test_a_town_has_one_zone_for_every_400_residents(town):
    sample, blocks, zones, of_block = town
    assert len(zones) == round(blocks["residents"].sum() / 400)
    assert of_block.isin(zones.index).all()
    assert set(of_block) == set(zones.index)
    whole = shapely.union_all(blocks.geometry.array).area
    assert zones.area.sum() == pytest.approx(whole, rel=1e-6), "each block in exactly one zone"
    theirs, ours = zones.loc[of_block, "district_id"].fillna(""), blocks["district_id"].fillna("")
    assert (theirs.to_numpy() == ours).all(), "a zone crosses the bounds of a district"
    sums = blocks["residents"].groupby(of_block).sum()
    assert np.allclose(sums, zones["residents"].loc[sums.index])
    assert faults_of(ZONES, zones, crs=sample.crs) == []


def test_zones_are_compact_and_of_about_one_size(town):
    _, _, zones, _ = town
    report = shape_report(zones)
    assert report["polsby_popper_median"] > 0.45, "a square has 0.79, a strip of 1 : 5 has 0.44"
    assert report["residents_p10"] > 150
    assert report["residents_p90"] < 800


def test_the_order_of_blocks_does_not_matter(town):
    sample, blocks, zones, of_block = town
    again, of_again = make_zones(blocks.sample(frac=1, random_state=3), sample.tables["districts"])
    pd.testing.assert_frame_equal(zones, again)
    assert of_again.loc[of_block.index].equals(of_block)
