import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString, Point, Polygon, box

from layers.blocks import assign, complete, keys_of, largest_overlap, make_blocks
from layers.osm import read_osm
from layers.sample_city import make_sample
from tests.conftest import CRS, make_tables, shared
from twin.schema import BLOCKS, TABLES
from twin.validation import conform, faults_of

E, N = 370_000.0, 5_631_000.0


def at(*points):
    return [(E + x, N + y) for x, y in points]


def streets(*lines, **columns):
    given = {
        "allow_car": True, "car_access": "public", "class": "residential", "is_tunnel": False,
        **columns,
    }  # fmt: skip
    frame = gpd.GeoDataFrame(
        given, index=[f"w{i}" for i in range(len(lines))],
        geometry=[LineString(at(*line)) for line in lines], crs=CRS,
    )  # fmt: skip
    return conform(TABLES["streets"], frame, crs=CRS)


def houses(*places):
    frame = gpd.GeoDataFrame(
        {"dwellings": 2.0, "residents": 3.5, "use": "residential"},
        index=[f"b{i}" for i in range(len(places))],
        geometry=[box(E + x - 5, N + y - 5, E + x + 5, N + y + 5) for x, y in places], crs=CRS,
    )  # fmt: skip
    return conform(TABLES["buildings"], frame, crs=CRS)


def areas(kind, /, *shapes, **columns):
    frame = gpd.GeoDataFrame(
        columns, index=[f"{kind}{i}" for i in range(len(shapes))], geometry=list(shapes), crs=CRS
    )
    return conform(TABLES[kind], frame, crs=CRS)


def town(size=1000, **tables):
    nothing = pd.DataFrame(index=[])
    empty = {name: conform(table, nothing, crs=CRS) for name, table in TABLES.items()}
    district = areas(
        "districts", box(E, N, E + size, N + size), name="Stadt", level=8.0, area_m2=size**2,
        boundary_source="tagged",
    )  # fmt: skip
    return {**empty, "districts": district, **tables}


CROSS = [[(500, -50), (500, 1050)], [(-50, 500), (1050, 500)]]


def test_two_crossing_streets_make_four_blocks():
    blocks = make_blocks(town(streets=streets(*CROSS)), crs=CRS)
    assert sorted(blocks["area_m2"]) == [250_000] * 4
    assert blocks.index.tolist() == [
        "block:37025_563125", "block:37025_563175", "block:37075_563125", "block:37075_563175",
    ]  # fmt: skip
    assert (blocks["district_id"] == "districts0").all()
    assert faults_of(BLOCKS, blocks, crs=CRS) == []


@pytest.mark.parametrize(
    "columns",
    [
        {"allow_car": [True, False]}, {"car_access": ["public", "private"]},
        {"class": ["residential", "track"]}, {"is_tunnel": [False, True]},
    ],
)  # fmt: skip
def test_paths_private_ways_and_tunnels_do_not_cut(columns):
    blocks = make_blocks(town(streets=streets(*CROSS, **columns)), crs=CRS)
    assert blocks["area_m2"].tolist() == [500_000, 500_000]


def test_dead_ends_do_not_cut_and_both_directions_are_one_line():
    lines = [CROSS[0], CROSS[0][::-1], [(500, 300), (800, 300)]]
    assert len(make_blocks(town(streets=streets(*lines)), crs=CRS)) == 2


def test_carriageways_and_roundabout_islands_are_no_blocks():
    ring = [(500 + 15 * np.cos(a), 500 + 15 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 33)]
    lines = [
        [(0, 494), (490, 494)], [(0, 506), (490, 506)], [(510, 500), (1000, 500)],
        [(500, 510), (500, 1000)], [(500, 0), (500, 490)], ring,
    ]  # fmt: skip
    blocks = make_blocks(town(streets=streets(*lines)), crs=CRS)
    assert len(blocks) == 4
    assert blocks["area_m2"].sum() == pytest.approx(1_000_000, abs=1)
    assert shapely.union_all(blocks.geometry.array).area == pytest.approx(1_000_000, abs=1)


def test_a_sliver_with_a_house_stays():
    lines = [[(0, 500), (1000, 500)], [(0, 511), (1000, 511)]]
    tables = town(streets=streets(*lines))
    assert len(make_blocks(tables, crs=CRS)) == 2
    assert len(make_blocks({**tables, "buildings": houses((500, 505.5))}, crs=CRS)) == 3


def test_lakes_and_rivers_bound_blocks_and_are_none():
    lake = Polygon(at((100, 100), (300, 100), (300, 300), (100, 300)))
    pond = Point(E + 800, N + 800).buffer(20)
    water = areas("water", lake, pond, **{"class": ["lake", "pool"]}, is_tunnel=False)
    river = LineString(at((-10, 600), (1010, 600)))
    ditch = LineString(at((-10, 700), (1010, 700)))
    lines = areas("water", river, ditch, **{"class": ["river", "ditch"]}, is_tunnel=False)
    lines.index = pd.Index(["r", "d"], name="water_id", dtype="str")
    blocks = make_blocks(town(water=pd.concat([water, lines])), crs=CRS)
    assert sorted(blocks["area_m2"]) == [400_000, 560_000]


def test_railways_cut_but_sidings_do_not():
    rails = areas(
        "railways", *[LineString(at(*line)) for line in CROSS], **{"class": "rail"},
        is_service=[False, True], is_tunnel=False,
    )  # fmt: skip
    assert len(make_blocks(town(railways=rails), crs=CRS)) == 2


def test_open_country_is_cut_at_districts_and_streets_are_not():
    inner = areas(
        "districts", box(E, N, E + 1000, N + 1000), box(E, N, E + 505, N + 1000),
        box(E + 505, N, E + 1000, N + 1000), name=["Stadt", "West", "Ost"], level=[8.0, 10.0, 10.0],
        area_m2=[1e6, 5e5, 5e5], boundary_source="tagged",
    )  # fmt: skip
    tables = town(districts=inner)
    open_country = make_blocks(tables, crs=CRS)
    assert sorted(open_country["area_m2"]) == [495_000, 505_000]
    assert sorted(open_country["district_id"]) == ["districts1", "districts2"]
    # a street 5 m beside the boundary is the better line: no strip of 5 m remains
    built = make_blocks({**tables, "streets": streets(CROSS[0])}, crs=CRS)
    assert sorted(built["area_m2"]) == [500_000, 500_000]
    assert sorted(built["district_id"]) == ["districts1", "districts2"]


def test_buildings_are_counted_where_they_lie_or_next_to():
    buildings = houses((100, 100), (110, 130), (900, 900), (1200, 900))
    blocks = make_blocks(town(streets=streets(CROSS[0]), buildings=buildings), crs=CRS)
    west, east = sorted(blocks.index)
    assert blocks["buildings"].tolist() == [2, 2]
    assert blocks["residents"].tolist() == [7, 7]
    assert (blocks["residents_source"] == "estimated:buildings").all()
    done = assign(buildings, blocks, "block_id")
    assert done["block_id"].tolist() == [west, west, east, east]


def test_official_blocks_get_districts_and_counts_and_keep_their_own():
    official = areas(
        "blocks", box(E, N, E + 500, N + 1000), box(E + 500, N, E + 1000, N + 1000),
        residents=[77.0, np.nan], residents_source=["registered", None], area_m2=5e5,
        boundary_source="registered",
    )  # fmt: skip
    done = complete(official, town(buildings=houses((700, 700))))
    assert done["residents"].tolist() == [77, 3.5]
    assert done["residents_source"].tolist() == ["registered", "estimated:buildings"]
    assert done["buildings"].tolist() == [0, 1]
    assert (done["district_id"] == "districts0").all()


def test_without_a_boundary_the_buildings_bound_the_town():
    nothing = conform(TABLES["districts"], pd.DataFrame(index=[]), crs=CRS)
    tables = town(districts=nothing, buildings=houses((100, 100), (900, 100)))
    blocks = make_blocks(tables, crs=CRS)
    assert len(blocks) == 1
    assert blocks["district_id"].isna().all()
    assert blocks.covers(tables["buildings"].geometry.iloc[0]).all()
    empty = make_blocks(town(districts=nothing), crs=CRS)
    assert empty.empty
    assert faults_of(BLOCKS, empty, crs=CRS) == []


def test_keys_tell_areas_with_one_middle_apart():
    ring = box(0, 0, 100, 100).difference(box(30, 30, 70, 70))
    shapes = np.array([box(40, 40, 60, 60), ring])
    assert keys_of(shapes, "block") == ["block:5_5_2", "block:5_5"]


def test_the_larger_overlap_decides():
    parts = areas(
        "districts", box(E, N, E + 30, N + 100), box(E + 30, N, E + 100, N + 100), name=["a", "b"],
        level=10.0, area_m2=1.0, boundary_source="tagged",
    )  # fmt: skip
    squares = areas("blocks", box(E, N, E + 100, N + 100), box(E + 200, N, E + 300, N + 100))
    assert largest_overlap(squares, parts).tolist()[0] == "districts1"
    assert largest_overlap(squares, parts).isna().tolist() == [False, True]


def test_model_town_is_covered_and_a_rebuild_in_any_order_finds_the_same_blocks():
    sample = make_sample(buildings=1500)
    blocks = make_blocks(sample.tables, crs=sample.crs)
    shuffled = {name: table.sample(frac=1, random_state=2) for name, table in sample.tables.items()}
    again = make_blocks(shuffled, crs=sample.crs)
    pd.testing.assert_frame_equal(blocks, again)
    overlap = blocks.sindex.query(blocks.geometry.array, predicate="overlaps")
    common = shapely.area(
        shapely.intersection(blocks.geometry.array[overlap[0]], blocks.geometry.array[overlap[1]])
    )
    assert common.sum() < 1, "blocks do not overlap"
    done = assign(sample.tables["buildings"], blocks, "block_id")
    assert done["block_id"].isin(blocks.index).all()
    whole = sample.tables["buildings"]["part_of"].isna()
    assert blocks["residents"].sum() == pytest.approx(
        sample.tables["buildings"].loc[whole, "residents"].sum()
    )
    assert blocks["buildings"].sum() == whole.sum()


def test_a_real_town():
    data = read_osm(shared("data/osm/north-bayreuth.osm.pbf"))
    blocks = make_blocks(data.tables, crs=data.crs)
    assert faults_of(BLOCKS, blocks, crs=data.crs) == []
    built = blocks[blocks["buildings"] > 0]
    assert 100 < len(built) < 1000
    assert 5_000 < built["area_m2"].median() < 60_000, "a Baublock has 0.5 to 6 ha"
    assert blocks["buildings"].sum() == data.tables["buildings"]["part_of"].isna().sum()


def test_the_toy_city_is_one_block():
    tables = make_tables()
    blocks = make_blocks(tables, crs=CRS)
    assert blocks["buildings"].sum() == 3
