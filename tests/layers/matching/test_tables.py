"""The tables beside the buildings, merged by hand."""

from itertools import permutations

import geopandas as gpd
import pandas as pd
import pytest
from shapely import LineString, Point, Polygon

from layers.matching import (
    follow_envelopes,
    follow_points,
    follow_roofs,
    match_buildings,
    merge_table,
    renamed,
)
from tests.layers.matching.towns import CRS, E, N, rect, table
from twin.hashing import hash_table
from twin.schema import TABLES
from twin.validation import conform, faults_of


def make(name, rows):
    frame = gpd.GeoDataFrame(
        [{**said, "geometry": shape} for shape, said in rows.values()],
        index=list(rows), geometry="geometry", crs=CRS,
    )  # fmt: skip
    return conform(TABLES[name], frame, crs=CRS)


def at(x, y):
    return Point(E + x, N + y)


def test_an_address_in_two_registers_is_one():
    cadastre = make(
        "addresses",
        {
            "c1": (at(0, 0), {"street": "Kölner Straße", "housenumber": "12a"}),
            "c2": (at(50, 0), {"street": "Kölner Straße", "housenumber": "14"}),
            "c3": (at(0, 9), {"street": "Am Bach", "housenumber": None}),
        },
    )
    osm = make(
        "addresses",
        {
            "o1": (at(3, 4), {"street": "Kölner Str.", "housenumber": "12 A", "postcode": "53840"}),
            "o2": (at(5000, 0), {"street": "Kölner Straße", "housenumber": "14"}),
            "o3": (at(0, 9), {"street": "Am Bach", "housenumber": None}),
        },
    )
    merged, findings, ids = merge_table("addresses", {"osm": osm, "cadastre": cadastre})
    # 14 is five kilometres off: the same street name in another village; no number, no address
    assert list(merged.index) == ["c1", "c2", "c3", "o2", "o3"]
    assert merged.loc["c1", "postcode"] == "53840"
    assert ids["osm"].to_dict() == {"o1": "c1", "o2": "o2", "o3": "o3"}
    assert [(f.code, f.count, f.total) for f in findings] == [("merge_gave_way", 1, 6)]
    assert faults_of(TABLES["addresses"], merged, crs=CRS) == []


def test_registered_land_use_is_the_base():
    green = {"class": "grass", "area_m2": 1.0}
    cadastre = make("landuse", {"c": (rect(0, 0, 50, 50), {**green, "land_source": "registered"})})
    osm = make(
        "landuse",
        {
            "in": (rect(10, 10, 9, 9), {**green, "land_source": "tagged"}),
            "edge": (rect(40, 0, 30, 9), {**green, "land_source": "tagged"}),
            "out": (rect(90, 0, 9, 9), {**green, "land_source": "tagged"}),
        },
    )
    # a source of any name with registered areas goes before OpenStreetMap
    merged, findings, ids = merge_table("landuse", {"osm": osm, "survey": cadastre})
    assert list(merged.index) == ["c", "edge", "out"]
    assert ids["osm"]["in"] == "c"
    assert findings[0].examples == ("in",)


def test_lines_of_water_stay_and_areas_give_way():
    cadastre = make("water", {"c": (rect(0, 0, 100, 20), {"class": "river"})})
    osm = make(
        "water",
        {
            "area": (rect(0, 1, 90, 18), {"class": "river"}),
            "line": (LineString([(E, N + 10), (E + 100, N + 10)]), {"class": "river"}),
        },
    )
    merged, _, _ = merge_table("water", {"cadastre": cadastre, "osm": osm})
    assert list(merged.index) == ["c", "line"]


@pytest.mark.parametrize("name", ["parcels", "blocks", "zones"])
def test_areas_that_tile_the_ground_do_so_once(name):
    said = {"area_m2": 100.0, "boundary_source": "registered"}
    one = make(name, {"a": (rect(0, 0, 10, 10), said), "b": (rect(10, 0, 10, 10), said)})
    two = make(name, {"x": (rect(0.1, 0, 10, 10), said), "y": (rect(20, 0, 10, 10), said)})
    merged, findings, ids = merge_table(name, {"nas": one, "cadastre": two})
    assert list(merged.index) == ["a", "b", "y"]
    assert ids["cadastre"].to_dict() == {"x": "a", "y": "y"}
    assert findings[0].count == 1


def test_a_district_by_name_or_outline_is_one():
    def district(name, level=10.0, source="tagged", **more):
        return {"name": name, "level": level, "area_m2": 1e4, "boundary_source": source, **more}

    official = make(
        "districts",
        {
            "a": (rect(0, 0, 100, 100), district("Spich", source="registered")),
            "b": (rect(100, 0, 100, 100), district("Troisdorf-Mitte", source="registered")),
        },
    )
    osm = make(
        "districts",
        {
            "o1": (
                rect(0, 0, 100, 80),
                district("Spich", residents=900.0, residents_source="tagged"),
            ),
            "o2": (rect(100, 1, 100, 99), district("Mitte")),
            "o3": (rect(0, 0, 100, 80), district("Spich", 9.0)),
            "o4": (rect(900, 0, 100, 80), district("Spich")),
        },
    )
    merged, _, ids = merge_table("districts", {"osm": osm, "kreis": official})
    assert list(merged.index) == ["a", "b", "o3", "o4"]
    assert merged.loc["a", "residents"] == 900
    blocks = pd.DataFrame({"district_id": ["o1", "o2", "o4", None]})
    assert renamed(blocks, "district_id", ids["osm"])["district_id"].fillna("").tolist() == [
        "a", "b", "o4", "",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["trees", "places", "railways", "stops", "trips", "roofs"])
def test_other_tables_keep_unique_keys(name):
    line = LineString([(E, N), (E + 9, N)])
    geometry = {"places": at(0, 0), "trees": at(0, 0), "stops": at(0, 0), "railways": line}
    shape = geometry.get(name, rect(0, 0, 9, 9))
    frame = gpd.GeoDataFrame(index=["a", "b"], geometry=[shape] * 2, crs=CRS)
    one = conform(TABLES[name], frame, crs=CRS)
    two = conform(TABLES[name], frame.set_axis(["b", "c"]), crs=CRS)
    merged, findings, ids = merge_table(name, {"osm": two, "cadastre": one})
    assert list(merged.index) == ["a", "b", "c"]
    assert merged.index.name == TABLES[name].key
    assert [(f.code, f.count, f.examples) for f in findings] == [("merge_key_twice", 1, ("b",))]
    assert ids["osm"].to_dict() == {"b": "b", "c": "c"}
    again, _, _ = merge_table(name, {"cadastre": one.iloc[::-1], "osm": two})
    pd.testing.assert_frame_equal(again, merged)


@pytest.mark.parametrize("name", sorted(set(TABLES) - {"buildings"}))
def test_empty_tables_merge(name):
    nothing = conform(TABLES[name], pd.DataFrame(index=[]), crs=CRS)
    merged, findings, _ = merge_table(name, {"osm": nothing, "cadastre": nothing})
    assert merged.empty
    assert findings == []
    assert list(merged.columns) == list(nothing.columns)


def torn():
    """One building of the city model is three in the cadastre, one of them a garage."""
    cadastre = table(
        {
            "A": (rect(0, 0, 10, 10), {"use": "residential"}),
            "B": (rect(10, 0, 30, 10), {"use": "residential"}),
            "G": (rect(40, 0, 5, 5), {"use": "garage"}),
            "C": (rect(80, 0, 20, 10), {"use": "residential"}),
        }
    )
    lod2 = table(
        {
            "L": (rect(0, 0, 40, 10), {"height_m": 9}),
            "M": (rect(80, 0, 12, 10), {"height_m": 9}),
            "N": (rect(92, 0, 8, 10), {"height_m": 4}),
        }
    )
    return match_buildings({"cadastre": cadastre, "lod2": lod2})


def test_roof_planes_of_a_divided_building_go_where_they_lie():
    def plane(x):
        west, south = E + x, N
        ring = [(west, south, 60), (west + 8, south, 60), (west + 8, south + 9, 64)]
        return Polygon([*ring, (west, south + 9, 64)])

    said = {"area_m2": 72.0, "tilt_deg": 20.0, "plane_source": "measured"}
    roofs = make(
        "roofs",
        {
            "r1": (plane(1), {**said, "building_id": "L"}),
            "r2": (plane(25), {**said, "building_id": "L"}),
            "r3": (plane(93), {**said, "building_id": "N"}),
        },
    )
    followed = follow_roofs(roofs, torn(), source="lod2")
    assert followed["building_id"].to_dict() == {"r1": "A", "r2": "B", "r3": "C"}


def test_envelopes_keep_their_sums():
    numbers = [c.name for c in TABLES["envelopes"].columns if c.type == "number"]
    rows = {"L": 40.0, "M": 12.0, "N": 8.0}
    frame = pd.DataFrame(
        {key: dict.fromkeys(numbers, value) for key, value in rows.items()}
    ).T.assign(envelope_source="measured")
    envelopes = conform(TABLES["envelopes"], frame, crs=CRS)
    followed = follow_envelopes(envelopes, torn(), source="lod2")
    assert followed["wall_north_m2"].to_dict() == {"A": 10, "B": 30, "C": 20}
    assert followed["volume_m3"].sum() == 60
    assert faults_of(TABLES["envelopes"], followed, crs=CRS) == []


def test_points_in_a_divided_building_are_tied_again_by_their_place():
    points = make(
        "addresses",
        {
            "a1": (at(5, 5), {"building_id": "L"}),
            "a2": (at(85, 5), {"building_id": "M"}),
            "a3": (at(0, 0), {}),
        },
    )
    followed = follow_points(points, torn(), source="lod2")
    assert followed["building_id"].dropna().to_dict() == {"a2": "C"}


def test_the_order_of_sources_and_rows_does_not_matter():
    """Three sources of each kind, in every order, upside down."""
    for name, said in {
        "addresses": {"street": "Weg", "housenumber": "1"},
        "landuse": {"class": "grass", "area_m2": 1.0},
        "districts": {
            "name": "Mitte", "level": 10.0, "area_m2": 1.0, "boundary_source": "tagged",
        },
    }.items():  # fmt: skip
        sources = {}
        for number, key in enumerate(("osm", "cadastre", "nas")):
            places = [rect(3 * number + 60 * n, number, 30, 30) for n in range(4)]
            if name == "addresses":
                places = [place.centroid for place in places]
            rows = {f"{key}{n}": (place, said) for n, place in enumerate(places)}
            sources[key] = make(name, rows)
        tables = [
            merge_table(name, {key: sources[key].iloc[::-1] for key in order}).table
            for order in permutations(sources)
        ]
        assert len({hash_table(found) for found in tables}) == 1
        assert set(tables[0].index.str[:3]) == {"nas"}
