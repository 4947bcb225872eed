"""Residents by group, who gains and loses, and the city of 15 minutes."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st
from shapely import box

from tests.twin.mobility.accessibility.grid_town import CRS
from twin.assumptions import assumptions
from twin.errors import ModelError
from twin.mobility.accessibility import (
    by_cell,
    cut_off,
    fifteen_minutes,
    gains,
    groups,
    profile_by_group,
)

GIVEN = assumptions()
INF = np.inf

STOCK = pd.DataFrame(
    {
        "residents": [4.0, 10.0, 6.0],
        "district_id": ["d1", "d1", "d2"],
        "size_class": ["detached", "large_apartments", None],
    },
    index=["a", "b", "c"],
)
COUNTS = pd.DataFrame(
    {
        "cell_id": ["k1"] * 5,
        "theme": "residents_age",
        "class": ["until_17", "18_29", "30_49", "50_64", "65_120"],
        "count": [2.0, 2.0, 4.0, 1.0, 1.0],
    }
)
BEFORE = pd.DataFrame({"school": [5.0, 10.0, INF], "stop": [2.0, 2.0, 2.0]}, index=["a", "b", "c"])
AFTER = pd.DataFrame({"school": [7.0, 4.0, 9.0], "stop": [2.5, INF, 2.0]}, index=["a", "b", "c"])


def everybody(people):
    return pd.DataFrame({("city", "all"): people}).rename_axis(columns=["by", "group"])


def test_residents_by_group():
    cells = pd.Series({"a": "k1", "b": "k1", "c": None})
    found = groups(STOCK, GIVEN, cells=cells, census_counts=COUNTS)
    assert found["city", "all"].tolist() == [4.0, 10.0, 6.0]
    assert found["district", "d1"].tolist() == [4.0, 10.0, 0.0]
    assert found["age", "30_49"].tolist() == pytest.approx([1.6, 4.0, 2.4])  # c: as the town
    without = GIVEN.by_class("accessibility.carfree")
    assert found["car", "without"].tolist() == pytest.approx(
        [4 * without["detached"], 10 * without["large_apartments"], 6 * without["apartments"]]
    )
    for by in ("district", "age", "car"):
        assert found[by].sum(axis=1).tolist() == pytest.approx([4.0, 10.0, 6.0])


def test_without_a_census_there_are_no_ages():
    assert "age" not in groups(STOCK, GIVEN).columns.get_level_values("by")
    nothing = COUNTS.iloc[:0]
    found = groups(STOCK, GIVEN, cells=pd.Series({"a": "k1"}), census_counts=nothing)
    assert "age" not in found.columns.get_level_values("by")


def test_gains_and_losses_worked_out_by_hand():
    found = gains(BEFORE, AFTER, everybody(STOCK["residents"]), GIVEN)
    school = found.loc["school", "city", "all"]
    assert school["residents"] == 20
    assert (school["gain"], school["lose"]) == (16, 4)  # b nearer, c a way at last; a two farther
    assert (school["new_way"], school["lost_way"], school["no_way"]) == (6, 0, 0)
    assert school["minutes_before"] == pytest.approx((4 * 5 + 10 * 10) / 14)
    assert school["change_min"] == pytest.approx((4 * 2 - 10 * 6) / 14)
    stop = found.loc["stop", "city", "all"]
    assert (stop["gain"], stop["lose"], stop["lost_way"]) == (0, 10, 10)  # a: half a minute is none
    finer = gains(BEFORE, AFTER, everybody(STOCK["residents"]), GIVEN, threshold_min=0.5)
    assert finer.loc[("stop", "city", "all"), "lose"] == 14


def test_no_change_moves_nobody():
    found = gains(BEFORE, BEFORE, groups(STOCK, GIVEN), GIVEN)
    assert not found[["gain", "lose", "new_way", "lost_way"]].to_numpy().any()
    assert (found["change_min"].dropna() == 0).all()


@settings(max_examples=20)
@over(st.permutations(["a", "b", "c"]))
def test_the_order_of_buildings_does_not_matter(order):
    people = groups(STOCK, GIVEN)
    expected = gains(BEFORE, AFTER, people, GIVEN)
    found = gains(BEFORE.loc[order], AFTER, people.loc[order], GIVEN)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    shares = profile_by_group(BEFORE.loc[order], people.loc[order], GIVEN)
    pd.testing.assert_frame_equal(shares, profile_by_group(BEFORE, people, GIVEN), check_exact=True)


def test_buildings_of_one_side_only_are_left_out():
    found = gains(BEFORE, AFTER.drop("a"), everybody(STOCK["residents"]), GIVEN)
    assert found.loc[("school", "city", "all"), "residents"] == 16


def test_fifteen_minutes():
    near = pd.DataFrame({"school": [5.0, 16.0], "stop": [15.0, INF]}, index=["a", "b"])
    found = fifteen_minutes(near, GIVEN)
    assert found["kinds"].tolist() == [2, 0]
    assert found["worst_kind"].tolist() == ["stop", "stop"]
    assert fifteen_minutes(near, GIVEN, limit_min=16.0)["kinds"].tolist() == [2, 1]
    people = pd.DataFrame({"all": [3.0, 1.0], "none": 0.0}, index=["a", "b"])
    shares = profile_by_group(near, people, GIVEN)
    assert shares.loc["all", ["residents", "share", "all_kinds"]].tolist() == [4.0, 0.75, 0.75]
    assert shares.loc["none", "share_school"] != shares.loc["none", "share_school"]
    with pytest.raises(ModelError, match="one kind"):
        fifteen_minutes(near[[]], GIVEN)


def test_cells_are_the_mean_of_their_residents():
    shapes = [box(10, 10, 20, 20), box(30, 30, 40, 40), box(110, 10, 120, 20), box(210, 0, 220, 9)]
    buildings = gpd.GeoDataFrame(
        {"cell_id": [None, None, None, "census"]}, index=list("abcd"), geometry=shapes, crs=CRS
    )
    minutes = pd.DataFrame({"school": [4.0, 8.0, INF, 3.0]}, index=list("abcd"))
    cells = gpd.GeoDataFrame(index=["census"], geometry=[box(200, 0, 300, 100)], crs=CRS)
    found = by_cell(minutes, buildings, pd.Series({"a": 3.0, "b": 1.0}), cells=cells)
    assert found["school"].to_dict() == {"0_0": 5.0, "100_0": INF, "census": 3.0}
    assert found["residents"].to_dict() == {"0_0": 4.0, "100_0": 0.0, "census": 0.0}
    assert found.loc["100_0"].geometry.equals(box(100, 0, 200, 100))
    assert found.loc["census"].geometry.equals(box(200, 0, 300, 100))


def test_what_is_cut_off_is_said():
    lived = STOCK["residents"]
    after = AFTER.assign(school=[INF, 4.0, INF], stop=[INF, INF, 2.0])
    said = cut_off(BEFORE, after, lived, mode="walk")
    assert [(entry.kind, entry.count, entry.residents) for entry in said] == [
        ("stop", 1, 10), ("", 1, 4),
    ]  # fmt: skip
    assert "buildings 1, residents 4" in str(said[1].sentence)
    assert cut_off(BEFORE, BEFORE, lived, mode="walk") == []
