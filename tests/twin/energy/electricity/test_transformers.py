"""Assumed transformer areas: near, even, the same in any order; peaks by hand."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from tests.twin.energy.electricity.stock import stock_of
from twin.assumptions import assumptions
from twin.energy.electricity import (
    appliance_kwh,
    area_hours,
    diversity,
    transformer_areas,
    transformer_peaks,
)
from twin.errors import ModelError

GIVEN = assumptions().of(["electricity"])
TARGET = GIVEN["electricity.transformer_mwh"] * 1000
HOURS = 8760


class Town:
    """A city as far as its transformers are concerned."""

    def __init__(self, geometry, index):
        self.buildings = gpd.GeoDataFrame(geometry=geometry, index=index, crs="EPSG:25832")


def grid(side=40, *, blocks=6):
    """Return houses of four people on a grid of 30 m, in square blocks."""
    x, y = (v.ravel() for v in np.meshgrid(range(side), range(side)))
    width = side // blocks
    stock = stock_of(
        dwellings=np.ones(side * side), residents=np.full(side * side, 4.0),
        heated_area_m2=np.full(side * side, 120.0),
        block_id=[f"b{i // width}_{j // width}" for i, j in zip(x, y, strict=True)],
    )  # fmt: skip
    shapes = [box(30 * i, 30 * j, 30 * i + 10, 30 * j + 10) for i, j in zip(x, y, strict=True)]
    return Town(shapes, stock.index), stock


@pytest.mark.parametrize("blocks", [2, 6, 40])
def test_areas_are_even_and_whole(blocks):
    """1,600 houses of 4,200 kWh are 22 areas of 300 MWh; blocks may be larger than an area."""
    city, stock = grid(blocks=blocks)
    areas = transformer_areas(city, stock, GIVEN)
    energy = appliance_kwh(stock, GIVEN).groupby(areas).sum()
    assert len(areas) == len(stock)
    assert areas.index.equals(stock.index)
    assert len(energy) == pytest.approx(1600 * 4200 / TARGET, abs=1)
    assert energy.between(0.6 * TARGET, 1.5 * TARGET).all()


def test_small_blocks_stay_whole():
    city, stock = grid(blocks=20)  # four houses a block
    areas = transformer_areas(city, stock, GIVEN)
    assert areas.groupby(stock["block_id"]).nunique().max() == 1


def test_areas_are_near():
    """A square of 72 houses is 255 m wide: nobody is far from the middle of his area."""
    city, stock = grid(blocks=40)
    areas = transformer_areas(city, stock, GIVEN)
    middle = city.buildings.centroid
    places = pd.DataFrame({"x": middle.x, "y": middle.y})
    away = np.hypot(*(places - places.groupby(areas).transform("mean")).to_numpy().T)
    assert away.max() < 300
    assert away.mean() < 130


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=6)
def test_any_order_of_buildings_gives_the_same_areas(seed):
    city, stock = grid(20)
    order = np.random.default_rng(seed).permutation(len(stock))
    areas = transformer_areas(city, stock, GIVEN)
    again = transformer_areas(city, stock.iloc[order], GIVEN)
    assert again.equals(areas.iloc[order])


def test_a_large_user_has_its_own_and_garages_follow_their_block():
    city, stock = grid(20, blocks=10)
    stock.loc["h00007", ["use", "heated_area_m2", "dwellings"]] = ["industrial", 20_000.0, 0.0]
    stock.loc["h00100", ["use", "heated_area_m2", "dwellings"]] = ["garage", 0.0, 0.0]
    areas = transformer_areas(city, stock, GIVEN)
    assert (areas == areas["h00007"]).sum() == 1
    neighbours = stock.index[stock["block_id"] == stock.loc["h00100", "block_id"]]
    assert len(set(areas[neighbours])) == 1


def test_no_block_known_and_a_single_house():
    city, stock = grid(20)
    free = stock.assign(block_id=pd.Series(None, index=stock.index, dtype="str"))
    assert transformer_areas(city, free, GIVEN).nunique() == pytest.approx(
        400 * 4200 / TARGET, abs=1
    )
    assert transformer_areas(city, stock.iloc[[3]], GIVEN).tolist() == ["t0001"]
    assert transformer_areas(city, stock.iloc[:0], GIVEN).empty


def test_hours_of_areas_by_hand():
    """Block 0 lies in area 0 (3 of 4) and 1 (1 of 4), block 1 in area 1, block 2 has no weight."""
    hours = np.zeros((3, HOURS), np.int32)
    hours[:, 0] = [1000, 50, 11]
    hours[0, 1] = 3  # 2.25 and 0.75
    blocks, areas = np.array([0, 0, 0, 1, 2, 2]), np.array([0, 0, 1, 1, 0, 1])
    weight = np.array([2.0, 1.0, 1.0, 7.0, 0.0, 0.0])
    power = area_hours(hours, blocks=blocks, areas=areas, weight=weight, count=3)
    assert power[:, 0].tolist() == [750 + 6, 250 + 50 + 5, 0]
    assert power[:, 1].tolist() == [2, 1, 0]


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=8)
def test_hours_of_areas_keep_every_watt_in_any_order(seed):
    draw = np.random.default_rng(seed)
    hours = draw.integers(0, 90_000, (6, HOURS), dtype=np.int32)
    blocks = np.append(np.arange(6), draw.integers(0, 6, 60))
    areas, weight = draw.integers(0, 4, 66), draw.uniform(0, 5000, 66).round(3)
    weight[blocks == 2] = 0
    power = area_hours(hours, blocks=blocks, areas=areas, weight=weight, count=4)
    assert (power.sum(axis=0) == hours.sum(axis=0)).all()
    assert (power >= 0).all()
    order = draw.permutation(66)
    again = area_hours(
        hours, blocks=blocks[order], areas=areas[order], weight=weight[order], count=4
    )
    assert (again == power).all()


def test_diversity_by_hand():
    """g = 0.15: one household 1 / 0.15, a hundred (0.15 + 0.85 / 10) / 0.15."""
    got = diversity(np.array([0.0, 1.0, 100.0, 1e12]), GIVEN)
    assert got == pytest.approx([1, 1 / 0.15, (0.15 + 0.085) / 0.15, 1], rel=1e-5)
    assert (np.diff(diversity(np.arange(1, 500), GIVEN)) < 0).all()


def test_peaks_by_hand():
    load, pv = np.zeros((2, HOURS), np.int32), np.zeros((2, HOURS), np.int32)
    load[0, 4000], load[0, 10] = 90_000, 100_000
    pv[0, 4000], pv[1, 4001] = 50_000, 700_000
    areas = pd.Index(["t0001", "t0002"])
    table = transformer_peaks(load, pv, areas=areas, dwellings=np.array([100.0, 0]), given=GIVEN)
    assert table.loc["t0001", ["peak_kw", "peak_hour", "backfeed_kw"]].tolist() == [100, 10, 0]
    assert table.loc["t0001", "peak_likely_kw"] == pytest.approx(100 * 0.235 / 0.15)
    assert table.loc["t0002", ["backfeed_kw", "backfeed_hour", "backfeed_hours"]].tolist() == [
        700, 4001, 1,
    ]  # fmt: skip
    assert table.loc["t0002", "loading"] == pytest.approx(700 / (400 * 0.95))
    half = transformer_peaks(load, pv, areas=areas, dwellings=np.array([100.0, 0]), given=GIVEN,
                             household_w=load // 2)  # fmt: skip
    assert half.loc["t0001", "peak_likely_kw"] == pytest.approx(100 + 50 * (0.235 / 0.15 - 1))


def test_keys_and_rows_that_differ():
    load = np.zeros((2, HOURS), np.int32)
    with pytest.raises(ModelError, match="1 keys, 2 rows"):
        transformer_peaks(load, load, areas=pd.Index(["t1"]), dwellings=np.ones(2), given=GIVEN)
