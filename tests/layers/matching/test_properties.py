"""What must hold for any towns: sums, order, copies; and known truth."""

from itertools import permutations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely import box

from layers.citymodel import read_citymodel
from layers.matching import match_buildings
from layers.matching.overlap import overlapping, systematic_shift
from tests.conftest import shared
from tests.layers.matching.towns import CRS, grid, pairs_found, rect, redrawn, table
from twin.hashing import hash_table

SUMS = ["dwellings", "residents", "floor_area_m2"]


@st.composite
def towns(draw):
    """Rectangles on a small field, so that they meet in every way, some with sums."""
    sides = st.integers(2, 12)
    count = draw(st.integers(0, 9))
    rows = {}
    for number in range(count):
        shape = rect(draw(st.integers(0, 30)), draw(st.integers(0, 12)), draw(sides), draw(sides))
        said = {"use": draw(st.sampled_from(["residential", "garage", "unknown", "public"]))}
        for column in SUMS:
            if draw(st.booleans()):
                said[column] = float(draw(st.integers(0, 50)))
        rows[f"k{number}"] = (shape, said)
    return rows


def named(rows, prefix):
    return table({prefix + key: entry for key, entry in rows.items()})


def with_parts(made, every):
    """Give every so-manieth building its west half as a part."""
    halves = {}
    for key, shape in made.geometry.iloc[::every].items():
        west, south, east, north = shape.bounds
        halves[f"{key}p"] = (box(west, south, (west + east) / 2, north), {"part_of": key})
    told = made.assign(has_parts=made.index.isin([key[:-1] for key in halves]))
    return pd.concat([told, table(halves)]) if halves else told


@given(towns(), towns())
@settings(max_examples=10)
def test_no_sum_is_lost_or_counted_twice(ours, theirs):
    """Where one source alone says something, the stock holds its sum, in whole dwellings."""
    bare = {key: (shape, {"use": said["use"]}) for key, (shape, said) in ours.items()}
    osm = named(theirs, "o")
    stock = match_buildings({"cadastre": named(bare, "c"), "osm": osm}).buildings
    for column in SUMS:
        assert stock[column].sum() == pytest.approx(osm[column].sum())
    assert (stock["dwellings"].dropna() % 1 == 0).all()


@given(towns(), towns(), towns())
@settings(max_examples=5)
def test_order_of_sources_and_rows_does_not_matter(one, two, three):
    sources = {"cadastre": named(one, "c"), "lod2": named(two, "l"), "osm": named(three, "o")}
    hashes, ids = set(), []
    for order in list(permutations(sources))[::2]:
        turned = {key: sources[key].iloc[::-1] for key in order}
        matched = match_buildings(turned)
        hashes.add(hash_table(matched.buildings))
        ids.append({key: matched.new_ids[key].to_dict() for key in sources})
    assert len(hashes) == 1
    assert ids.count(ids[0]) == len(ids)


@given(towns())
@settings(max_examples=10)
def test_a_copy_under_other_ids_adds_nothing(rows):
    ours = named(rows, "c")
    assume(ours.geometry.to_wkb().is_unique)  # the same outline twice is counted, not cured
    stock = match_buildings({"cadastre": ours, "osm": named(rows, "o")}).buildings
    assert list(stock.index) == list(ours.index)
    assert (stock["known_by"] == "cadastre osm").all()
    for column in SUMS:
        assert stock[column].sum() == pytest.approx(ours[column].sum(), abs=1e-6)


@given(towns(), towns())
@settings(max_examples=8)
def test_nothing_disappears(ours, theirs):
    sources = {"cadastre": named(ours, "c"), "osm": named(theirs, "o")}
    matched = match_buildings(sources)
    for key, source in sources.items():
        new = matched.new_ids[key]
        assert set(new.index) == set(source.index)
        assert set(new) <= set(matched.buildings.index)
    assert set(sources["cadastre"].index) <= set(matched.buildings.index)


@given(towns(), towns(), st.integers(1, 3), st.integers(1, 3))
@settings(max_examples=8)
def test_parts_of_a_building_come_from_one_source(ours, theirs, one, two):
    lod2, osm = with_parts(named(ours, "l"), one), with_parts(named(theirs, "o"), two)
    stock = match_buildings({"lod2": lod2, "osm": osm}).buildings
    parts = stock[stock["part_of"].notna()]
    assert parts["part_of"].isin(stock.index[stock["part_of"].isna()]).all()
    assert parts[["part_of", "known_by"]].drop_duplicates()["part_of"].is_unique
    assert not stock.loc[parts.index, "has_parts"].any()
    assert stock.index[stock["has_parts"]].isin(parts["part_of"]).all()
    # what the most trusted source says of its parts stays as it is
    mine = lod2[lod2["part_of"].notna()]
    assert stock["part_of"].reindex(mine.index).tolist() == mine["part_of"].tolist()


@given(towns(), towns())
@settings(max_examples=8)
def test_pairs_equal_an_overlay(ours, theirs):
    """geopandas.overlay cuts the two layers with each other, by another way to the same areas."""
    one, two = named(ours, "c"), named(theirs, "o")
    if one.empty or two.empty:
        return
    left, right = np.asarray(one.geometry), np.asarray(two.geometry)
    pairs = overlapping(left, right, share=0.5)
    cut = gpd.overlay(
        gpd.GeoDataFrame({"left": range(len(one))}, geometry=left, crs=CRS),
        gpd.GeoDataFrame({"right": range(len(two))}, geometry=right, crs=CRS),
        how="intersection",
        keep_geom_type=False,
    )
    cut = cut[cut.geometry.area > 0]
    smaller = np.minimum(
        shapely.area(left)[cut["left"].to_numpy()], shapely.area(right)[cut["right"].to_numpy()]
    )
    cut = cut[cut.geometry.area >= 0.5 * smaller].sort_values(["left", "right"])
    assert list(zip(pairs.left, pairs.right, strict=True)) == list(
        zip(cut["left"], cut["right"], strict=True)
    )
    assert pairs.area == pytest.approx(cut.geometry.area.to_numpy())


@pytest.mark.parametrize("shift", [(0, 0), (1.0, -0.4), (-3.1, 2.2), (0, 4.5)])
def test_the_offset_of_a_source_is_found(shift):
    """Corners off by up to 0.4 m each, the whole by `shift`."""
    right = grid(400, key="o", shift=shift, jitter=0.4)
    found = systematic_shift(np.asarray(grid(400).geometry), np.asarray(right.geometry))
    assert (found.east, found.north) == pytest.approx((-shift[0], -shift[1]), abs=0.06)
    assert found.buildings >= 390


def test_terraces_do_not_pull_the_offset_to_the_next_house():
    """Equal houses 5 m wide, 1.5 m off: the house itself and its neighbours vote."""
    at = np.arange(200)
    houses = shapely.box(5.0 * at, 30.0 * (at // 20), 5.0 * at + 5, 30.0 * (at // 20) + 10)
    off = shapely.transform(houses, lambda xy: xy + np.array([1.5, 0.3]))
    found = systematic_shift(houses, off)
    assert (found.east, found.north) == (-1.5, -0.3)


def test_towns_that_have_nothing_to_do_with_each_other_have_no_offset():
    rng = np.random.default_rng(3)
    corner = rng.uniform(0, 400, (2, 500, 2))
    one, two = (shapely.box(*c.T, *(c + 8).T) for c in corner)
    assert systematic_shift(one, two).buildings == 0
    assert systematic_shift(one[:10], one[:10]).buildings == 0


def test_an_offset_is_allowed_for_and_reported():
    """Sheds of 2 m that lie 1.6 m off would not overlap enough by themselves."""
    at = np.arange(100)
    sheds = {f"s{n:03d}": (rect(9 * (n % 10), 9 * (n // 10), 2, 2), {}) for n in at}
    moved = {f"o{n:03d}": (rect(9 * (n % 10) + 1.6, 9 * (n // 10), 2, 2), {}) for n in at}
    matched = match_buildings({"cadastre": table(sheds), "osm": table(moved)})
    assert len(matched.buildings) == 100
    stage = matched.report["stages"][0]
    assert stage["shift_m"] == [-1.6, 0.0]
    seen = next(f for f in matched.findings if f.code == "match_shift")
    assert seen.examples == ("osm: -1.60 m E, +0.00 m N",)


def agreement(truth, osm, pairs):
    """Give precision and recall of the pairs, and the report on how OSM met the stock."""
    matched = match_buildings({"osm": osm, "lod2": truth})
    found = pairs_found(matched, "osm", set(truth.index))
    right = len(found & pairs)
    return right / len(found), right / len(pairs), matched.report["stages"][0]


def test_precision_and_recall_on_a_town_drawn_again():
    """900 houses, 60 of them each unknown to the other source."""
    truth = grid(900, gap=19.0)
    osm, pairs = redrawn(truth.iloc[60:])
    kept = truth.iloc[:840]
    pairs = {pair for pair in pairs if pair[1] in set(kept.index)}
    precision, recall, _ = agreement(kept, osm, pairs)
    assert (precision, recall) >= (0.98, 0.98)


@pytest.mark.parametrize("tile", ["LoD2_32_280_5659_1_NW.gml", "EssenExample.gml"])
def test_precision_and_recall_on_real_tiles_drawn_again(tile):
    """Villages with farmyards, and a dense block of Essen, some rows drawn as one outline."""
    path = shared(f"data/citymodel/{tile}")
    buildings = read_citymodel([path]).tables["buildings"]
    truth = buildings[buildings["part_of"].isna()]
    osm, pairs = redrawn(truth)
    precision, recall, stage = agreement(truth, osm, pairs)
    assert precision >= 0.98
    assert recall >= 0.98
    assert stage["shift_m"] == pytest.approx([-0.9, 0.6], abs=0.06)
    assert min(stage["relations"][kind] for kind in ("one_to_many", "many_to_one")) > 5
