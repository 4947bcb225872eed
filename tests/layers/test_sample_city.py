"""The model town: follows its figures, overlaps nothing, can be driven through, says what it is."""

from __future__ import annotations

import csv
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely

from layers.build import build_city
from layers.sample_city import BUILDINGS_PER_HOME, make_sample
from layers.sample_city.compare import calibration, density
from layers.sample_city.figures import read_districts, whole_shares
from layers.sample_city.lots import runs_of, without_overlap
from layers.sample_city.region import make_region
from twin.city import City
from twin.errors import SourceError
from twin.schema import TABLES
from twin.validation import validate_all

ROOT = Path(__file__).parents[2]
FACTS = ROOT / "data" / "troisdorf"
PACKAGE = ROOT / "layers" / "sample_city"


@pytest.fixture(scope="module")
def town():
    return make_sample()


@pytest.fixture(scope="module")
def hamlet():
    return make_sample(buildings=200)


def _rows(name):
    with (FACTS / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


OF_A_MAP = (
    "buildings", "streets", "nodes", "street_points", "turns", "railways", "landuse", "water",
    "trees", "places", "stops", "addresses", "districts",
)  # fmt: skip


@pytest.mark.parametrize("size", ["town", "hamlet"])
def test_every_table_follows_the_schema(size, request):
    data = request.getfixturevalue(size)
    assert set(data.tables) == set(TABLES)
    validate_all(data.tables, crs=data.crs)
    empty = {name for name in OF_A_MAP if data.tables[name].empty}
    assert empty <= ({"turns"} if size == "town" else {"turns", "railways", "water"})


def test_residents_of_every_district_are_the_published_ones(town):
    buildings, districts = town.tables["buildings"], town.tables["districts"]
    got = buildings.groupby("district_id")["residents"].sum()
    got.index = districts["name"].loc[got.index].to_numpy()
    published = {row["name"]: int(row["pop_latest"]) for row in _rows("stadtteile.csv")}
    assert got.to_dict() == published
    assert (buildings["residents"] % 1 == 0).all()
    assert districts.set_index("name")["residents"].to_dict() == published


PERIODS = {
    "age_before_1919": (0, 1918), "age_1919_1948": (1919, 1948), "age_1949_1978": (1949, 1978),
    "age_1979_1986": (1979, 1986), "age_1987_1990": (1987, 1990), "age_1991_1995": (1991, 1995),
    "age_1996_2000": (1996, 2000), "age_2001_2004": (2001, 2004), "age_2005_2008": (2005, 2008),
    "age_2009_2011": (2009, 2011),
}  # fmt: skip


def test_ages_and_types_of_every_district_are_those_of_the_census(town):
    buildings = town.tables["buildings"].copy()
    buildings["district"] = (
        town.tables["districts"]["name"].reindex(buildings["district_id"]).to_numpy()
    )
    pair = {"Bergheim": "Bergheim + Müllekoven", "Müllekoven": "Bergheim + Müllekoven"}
    buildings["district"] = buildings["district"].replace(pair)
    homes = buildings[buildings["use"].isin(["residential", "mixed"])]
    for row in _rows("census2011_by_district.csv"):
        if row["district"] == "all":
            assert len(homes) == int(row["residential_buildings"])
            continue
        own = homes[homes["district"] == row["district"]]
        for column, span in PERIODS.items():
            assert own["year_built"].between(*span).sum() == int(row[column]), (row, column)
        big = own[own["size_class"].isin(["apartments", "large_apartments"])]["dwellings"]
        assert big.between(3, 6).sum() == int(row["type_multi_3_6"])
        assert big.between(7, 12).sum() == int(row["type_multi_7_12"])
        assert big.ge(13).sum() == int(row["type_multi_13plus"])
        rows = sum(int(v) for k, v in row.items() if "semi_detached" in k or "terraced" in k)
        assert (own["size_class"] == "terraced").sum() == rows
        two = [v for k, v in row.items() if k.startswith("type") and k.endswith("2dw")]
        assert (own["dwellings"] == 2).sum() == sum(map(int, two))


def test_age_class_says_the_same_as_the_year(town):
    homes = town.tables["buildings"].dropna(subset=["year_built"])
    first = homes["age_class"].astype(str).str.extract(r"^(\d{4})_(\d{4})$").astype(float)
    low, high = first[0].fillna(0), first[1].fillna(1918)
    assert homes["year_built"].between(low, high).all()


def test_buildings_overlap_nothing(town):
    tables = town.tables
    shapes = tables["buildings"].geometry.to_numpy()
    total = shapely.area(shapes).sum()
    tree = shapely.STRtree(shapes)

    def shared(others, *, same=False):
        i, j = tree.query(others, predicate="intersects")
        if same:
            i, j = i[i < j], j[i < j]
        return shapely.area(shapely.intersection(others[i], shapes[j])).sum() / total

    streets = tables["streets"]
    roads = streets[streets["class"] != "track"].geometry.to_numpy()
    tracks = streets[streets["class"] == "track"].geometry.to_numpy()
    assert shared(shapes, same=True) < 1e-6
    assert shared(shapely.buffer(roads, 2.75, cap_style="flat")) < 1e-6
    assert shared(shapely.buffer(tracks, 1.0, cap_style="flat")) < 1e-6
    assert shared(shapely.buffer(tables["railways"].geometry.to_numpy(), 2.0)) == 0
    assert shared(shapely.buffer(tables["water"].geometry.to_numpy(), 1.0)) == 0


def _car_graph(streets):
    car = streets[streets["allow_car"]]
    return nx.DiGraph(zip(car["from_node"], car["to_node"], strict=True))


@pytest.mark.parametrize("size", ["town", "hamlet"])
def test_every_street_can_be_reached_and_left(size, request):
    streets = request.getfixturevalue(size).tables["streets"]
    town_streets = streets[streets["class"] != "motorway"]
    assert nx.is_strongly_connected(_car_graph(town_streets))
    assert (town_streets.loc[town_streets["allow_car"], "car_reach"] == "main").all()
    walk = streets[streets["allow_walk"]]
    assert nx.is_connected(nx.Graph(zip(walk["from_node"], walk["to_node"], strict=True)))


def test_reach_agrees_with_networkx(town):
    streets = town.tables["streets"]
    main = max(nx.strongly_connected_components(_car_graph(streets)), key=len)
    inside = streets["from_node"].isin(main) & streets["to_node"].isin(main) & streets["allow_car"]
    assert ((streets["car_reach"] == "main") == inside).all()
    motorway = streets[streets["class"] == "motorway"]
    # both ways between the two exits, two ramps each; beyond lies the edge of the model
    assert (motorway["car_reach"] == "main").sum() == 6


def test_links_lie_between_their_nodes(town):
    streets, nodes = town.tables["streets"], town.tables["nodes"].geometry
    ends = shapely.get_point(streets.geometry.to_numpy(), [[0], [-1]])
    for end, column in zip(ends, ("from_node", "to_node"), strict=True):
        assert shapely.distance(end, nodes.loc[streets[column]].to_numpy()).max() < 0.1
    back = streets.loc[streets["reverse_id"].dropna()]
    there = streets[streets["reverse_id"].notna()]
    assert (back["from_node"].to_numpy() == there["to_node"].to_numpy()).all()
    assert (back["reverse_id"].to_numpy() == there.index.to_numpy()).all()


def test_same_seed_same_city_other_seed_another():
    def made(seed):
        data = make_sample(buildings=150, seed=seed)
        return City("x", data.crs, data.tables).hash

    assert made(5) == made(5)
    assert made(5) != made(6)


@pytest.mark.parametrize("count", [60, 200, 1500])
def test_small_towns_have_about_the_buildings_asked_for(count):
    data = make_sample(buildings=count)
    assert count * 0.7 < len(data.tables["buildings"]) < count * 1.3
    homes = data.tables["buildings"]["use"].isin(["residential", "mixed"]).sum()
    assert homes == round(count / BUILDINGS_PER_HOME)


def test_default_town_is_as_large_as_said(town):
    assert 24_000 < len(town.tables["buildings"]) < 30_000
    area = town.tables["districts"].area.sum() / 1e6
    assert area == pytest.approx(62.17, rel=0.01)  # published
    lake = town.tables["water"].query("`class` == 'lake'")
    assert lake.area.sum() / 1e4 == pytest.approx(17, abs=0.1)
    streets = town.tables["streets"]
    built = streets[~streets["class"].isin(["motorway", "track"])]
    assert built["length_m"].sum() / 2000 == pytest.approx(340, rel=0.15)  # published sewers, km


def test_nobody_can_mistake_it_for_a_survey(town):
    assert town.model_town
    assert town.source.title == "Musterstadt nach Troisdorfer Kennzahlen, keine Vermessung"
    assert "not a survey" in town.source.note
    assert town.source.licence == "CC0-1.0"
    assert any(f.code == "model_town" and f.count == f.total for f in town.findings)
    for name, table in town.tables.items():
        assert table.index.str.startswith("model:").all(), name
        for column in table.columns[table.columns.str.endswith("_source")]:
            labels = set(table[column].dropna().astype(str))
            assert labels <= {"estimated:model_town", "estimated:published_figures"}, column


def test_every_district_has_its_school_church_and_market(town):
    places, buildings = town.tables["places"], town.tables["buildings"]
    served = places[places["building_id"].notna()]
    district = buildings["district_id"].loc[served["building_id"]].to_numpy()
    for kind in ("school", "kindergarten", "worship", "daily_needs"):
        with_one = set(district[(served["class"] == kind).to_numpy()])
        assert with_one == set(town.tables["districts"].index), kind
    assert (places["class"] == "hospital").sum() == 2  # Troisdorf has two


def test_build_takes_it_as_it_is(hamlet):
    city = build_city(hamlet)
    assert city.info.model_town
    kept = ["height_m", "residents", "dwellings", "year_built", "roof_type", "district_id"]
    pd.testing.assert_frame_equal(city.buildings[kept], hamlet.tables["buildings"][kept])


def test_houses_look_at_their_street(town):
    buildings = town.tables["buildings"]
    rows = buildings[(buildings["size_class"] == "terraced") & buildings["street"].notna()]
    streets = town.tables["streets"].dropna(subset=["name"])
    joined = gpd.sjoin_nearest(rows[["street", "geometry"]], streets[["name", "geometry"]])
    joined = joined[~joined.index.duplicated()]
    assert (joined["street"] == joined["name"]).mean() > 0.85
    address = buildings.dropna(subset=["street"])
    assert not address.duplicated(["street", "housenumber"]).any()


def test_a_region_is_towns_tied_together():
    def make(districts, homes, seed):
        made = make_sample(buildings=round(homes * BUILDINGS_PER_HOME), seed=seed)
        return made.tables

    small = read_districts().iloc[:1].assign(residential_buildings=100)
    tables = make_region(make, small, 280, 1)
    validate_all(tables, crs="EPSG:25832")
    assert tables["districts"].index.str.match(r"model:[123]:").all()
    assert nx.is_strongly_connected(_car_graph(tables["streets"]))
    alone = make(small, 100, 1)["buildings"]
    assert len(tables["buildings"]) > 2 * len(alone)


@pytest.mark.parametrize("count", [0, 49, 2_000_001])
def test_impossible_sizes_are_refused_in_words(count):
    with pytest.raises(SourceError, match="50 to 2,000,000"):
        make_sample(buildings=count)


def test_progress_may_cancel():
    def stop(_step, share):
        if share >= 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_sample(buildings=100, progress=stop)


@pytest.mark.parametrize("name", ["stadtteile.csv", "census2011_by_district.csv"])
def test_package_and_facts_hold_the_same_figures(name):
    assert (PACKAGE / name).read_bytes() == (FACTS / name).read_bytes()


def test_shared_census_row_is_divided_without_loss():
    districts = read_districts().set_index("name")
    both = districts.loc[["Bergheim", "Müllekoven"]]
    row = next(r for r in _rows("census2011_by_district.csv") if "+" in r["district"])
    for column in [c for c in districts if c.startswith(("age_", "type_"))]:
        assert both[column].sum() == int(row[column])
        assert (both[column] >= 0).all()
    types = [c for c in districts if c.startswith("type_")]
    assert (districts[types].sum(axis=1) == districts["residential_buildings"]).all()


def test_calibration_table_sees_a_difference(town):
    table = calibration(town.tables)
    assert (table["published"] == table["generated"]).all()
    buildings = town.tables["buildings"]
    fewer = buildings[buildings["size_class"] != "large_apartments"]
    broken = calibration({**town.tables, "buildings": fewer})
    assert (broken["published"] != broken["generated"]).any()


def test_density_by_hand():
    """One house of 900 m² and a shed of 20 m² in a 100 m cell with 80 m of street."""
    shapes = [shapely.box(10, 10, 40, 40), shapely.box(50, 10, 54, 15), shapely.box(150, 0, 160, 9)]
    buildings = gpd.GeoDataFrame(
        {"part_of": None, "dwellings": [2.0, 0.0, 5.0]}, geometry=shapes, crs="EPSG:25832"
    )
    line = shapely.LineString([(10, 50), (90, 50)])
    streets = gpd.GeoDataFrame(
        {"class": "residential", "is_ramp": False, "reverse_id": ["b", "a"]},
        geometry=[line, line.reverse()],
        crs="EPSG:25832",
    )
    found = density({"buildings": buildings, "streets": streets})
    assert found["street km per km²"] == pytest.approx(8.0)
    assert found["main buildings per ha"] == 1
    assert found["all buildings per ha"] == 2
    assert found["dwellings per ha"] == 2
    assert found["building coverage (%)"] == pytest.approx(9.2)


def test_runs_walk_around_a_square():
    runs = runs_of(np.array([shapely.box(0, 0, 40, 30)], object))
    assert sorted(runs.length) == [30, 30, 40, 40]
    assert runs.turn_at_end() == pytest.approx(np.pi / 2)
    middle = runs.place(runs.start + runs.length / 2)
    inward = runs.inward(runs.start + runs.length / 2, np.arange(4))
    assert shapely.contains(shapely.box(0, 0, 40, 30), shapely.points(middle + inward)).all()


def test_of_two_that_overlap_the_first_stays_and_frees_the_third():
    shapes = shapely.box([0, 5, 12, 30], 0, [10, 15, 20, 40], 10)
    keep = without_overlap(shapes, np.array([0.0, 1.0, 2.0, 3.0]), np.array([], object))
    assert keep.tolist() == [True, False, True, True]
    placed = np.array([shapely.box(35, 0, 50, 10)], object)
    keep = without_overlap(shapes, np.array([0.0, 1.0, 2.0, 3.0]), placed)
    assert keep.tolist() == [True, False, True, False]


def test_whole_shares_lose_nobody():
    weights = np.array([0.3, 0.3, 0.4, 7.0])
    assert whole_shares(weights, 101).sum() == 101
    assert whole_shares(np.array([1.0, 1.0]), 3).tolist() == [2, 1]
