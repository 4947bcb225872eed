"""Every relation between two sources, solved by hand."""

import json

import pandas as pd
import pytest
from shapely import Polygon

from layers.matching import match_buildings
from tests.layers.matching.towns import CRS, E, N, grid, rect, table
from twin.schema import BUILDINGS
from twin.validation import faults_of

HOUSE = {"use": "residential"}


def findings(matched):
    return {entry.code: entry for entry in matched.findings}


def test_one_to_one_takes_each_value_from_whom_the_order_of_trust_names():
    cadastre = table(
        {
            "DENW1": (
                rect(0, 0, 10, 10),
                {"use": "residential", "use_source": "registered", "storeys": 2, "function": "Haus",
                 "storeys_source": "registered", "height_m": 7, "street": "Am Bach"},
            )
        }
    )  # fmt: skip
    lod2 = table(
        {
            "DENW1": (
                rect(0, 0, 10, 10),
                {"height_m": 9.2, "height_source": "measured", "roof_type": "gabled",
                 "roof_type_source": "measured", "ground_m": 55, "ground_source": "measured"},
            )
        }
    )  # fmt: skip
    osm = table(
        {
            "osm:w1": (
                rect(0.3, 0.2, 10, 10),
                {"use": "retail", "name": "Bäcker", "height_m": 8, "roof_type": "flat",
                 "storeys": 3, "street": "Bachweg", "housenumber": "5", "postcode": "53840",
                 "year_built": 1950},
            )
        }
    )  # fmt: skip
    matched = match_buildings({"osm": osm, "lod2": lod2, "cadastre": cadastre})
    assert list(matched.buildings.index) == ["DENW1"]
    row = matched.buildings.iloc[0]
    expected = {
        "use": "residential", "use_source": "registered", "function": "Haus", "storeys": 2,
        "storeys_source": "registered", "height_m": 9.2, "height_source": "measured",
        "roof_type": "gabled", "roof_type_source": "measured", "ground_m": 55, "name": "Bäcker",
        # the cadastre knows no house number: street and number come together from OSM
        "street": "Bachweg", "housenumber": "5", "postcode": "53840", "year_built": 1950,
        "year_built_source": "tagged", "known_by": "cadastre lod2 osm", "other_ids": "osm:w1",
    }  # fmt: skip
    assert {key: row[key] for key in expected} == expected
    assert row.geometry.equals(cadastre.geometry.iloc[0])
    assert row["footprint_m2"] == 100
    assert matched.new_ids["osm"].to_dict() == {"osm:w1": "DENW1"}
    attributes = matched.report["attributes"]
    assert attributes["storeys"] == {
        "from": {"cadastre": 1}, "compared": 1, "conflicts": 1, "examples": ["DENW1"],
    }  # fmt: skip
    assert attributes["use"]["conflicts"] == 1
    assert attributes["height_m"] == {
        "from": {"lod2": 1}, "compared": 1, "conflicts": 1, "examples": ["DENW1"],
    }  # fmt: skip


def test_what_a_source_estimates_stands_behind_what_another_knows():
    lod2 = table({"a": (rect(0, 0, 9, 9), {"height_m": 4, "height_source": "estimated:class"})})
    osm = table({"b": (rect(0, 0, 9, 9), {"height_m": 6, "height_source": "tagged:height"})})
    row = match_buildings({"lod2": lod2, "osm": osm}).buildings.loc["a"]
    assert (row["height_m"], row["height_source"]) == (6, "tagged:height")


@pytest.mark.parametrize(
    ("ours", "theirs", "use"),
    [
        ("commercial", "office", "office"),
        ("public", "education", "education"),
        ("other", "garage", "garage"),
        ("unknown", "retail", "retail"),
        ("commercial", "residential", "commercial"),
        ("residential", "office", "residential"),
        ("residential", "unknown", "residential"),
        ("unknown", "unknown", "unknown"),
    ],
)
def test_a_general_use_gives_way_to_a_special_one(ours, theirs, use):
    label = {"unknown": "unknown"}
    cadastre = table(
        {"a": (rect(0, 0, 9, 9), {"use": ours, "use_source": label.get(ours, "registered")})}
    )
    osm = table(
        {"b": (rect(0, 0, 9, 9), {"use": theirs, "use_source": label.get(theirs, "tagged")})}
    )
    matched = match_buildings({"cadastre": cadastre, "osm": osm})
    row = matched.buildings.loc["a"]
    assert row["use"] == use
    assert row["use_source"] == (
        "unknown" if use == "unknown" else "registered" if use == ours else "tagged"
    )
    contradicts = {ours, theirs} in ({"commercial", "residential"}, {"residential", "office"})
    assert ("match_conflict_use" in findings(matched)) == contradicts


def test_one_outline_over_a_terrace_keeps_the_division_of_the_cadastre():
    cadastre = table(
        {
            "A": (rect(0, 0, 6, 10), HOUSE),
            "B": (rect(6, 0, 6, 10), HOUSE),
            "C": (rect(12, 0, 12, 10), HOUSE),
            "G": (rect(24, 0, 6, 10), {"use": "garage"}),
        }
    )
    osm = table(
        {
            "osm:w1": (
                rect(0, 0, 30, 10),
                {"use": "residential", "dwellings": 8, "floor_area_m2": 480, "roof_type": "gabled",
                 "name": "Bachzeile", "street": "Am Bach", "housenumber": "1-5"},
            )
        }
    )  # fmt: skip
    matched = match_buildings({"cadastre": cadastre, "osm": osm})
    stock = matched.buildings
    assert list(stock.index) == ["A", "B", "C", "G"]
    assert stock["dwellings"].fillna(0).tolist() == [2, 2, 4, 0]
    assert stock["floor_area_m2"].fillna(0).tolist() == [120, 120, 240, 0]
    assert stock["roof_type"].tolist() == ["gabled"] * 4
    assert stock["use"].tolist() == ["residential"] * 3 + ["garage"]
    # a name and a house number name one thing
    assert stock["name"].dropna().to_dict() == {"C": "Bachzeile"}
    assert stock["housenumber"].dropna().to_dict() == {"C": "1-5"}
    assert matched.new_ids["osm"]["osm:w1"] == "C"
    assert matched.divided["osm"] == {"osm:w1"}
    assert matched.report["stages"][0]["relations"]["one_to_many"] == 1


def test_whole_dwellings_stay_whole():
    cadastre = table({"A": (rect(0, 0, 7, 10), HOUSE), "B": (rect(7, 0, 3, 10), HOUSE)})
    osm = table({"o": (rect(0, 0, 10, 10), {"dwellings": 2, "residents": 3})})
    stock = match_buildings({"cadastre": cadastre, "osm": osm}).buildings
    assert stock["dwellings"].tolist() == [1, 1]
    assert stock["residents"].tolist() == pytest.approx([2.1, 0.9])


def test_a_building_drawn_as_several_is_put_together():
    cadastre = table({"A": (rect(0, 0, 20, 10), HOUSE)})
    osm = table(
        {
            "o1": (rect(0, 0, 12, 10), {"dwellings": 3, "height_m": 9, "name": "Haus am Bach"}),
            "o2": (rect(12, 0, 8, 10), {"dwellings": 2, "height_m": 6, "roof_type": "flat"}),
            "kiosk": (rect(1, 1, 2, 2), {"use": "retail", "year_built": 1999}),
        }
    )
    matched = match_buildings({"cadastre": cadastre, "osm": osm})
    row = matched.buildings.loc["A"]
    assert len(matched.buildings) == 1
    assert row["dwellings"] == 5
    assert (row["height_m"], row["roof_type"]) == (9, "flat")  # the largest that says something
    assert row["other_ids"] == "kiosk o1 o2"
    assert pd.isna(row["year_built"])  # 4 of 200 m² speak not for the house
    assert set(matched.new_ids["osm"]) == {"A"}
    assert matched.report["stages"][0]["relations"]["many_to_one"] == 3


def test_many_to_many_keeps_the_trusted_division_and_every_sum():
    three = {key: (rect(x, 0, 10, 10), HOUSE) for key, x in {"A": 0, "B": 10, "C": 20}.items()}
    osm = table(
        {
            "o1": (rect(0, 0, 16, 10), {"residents": 16}),  # A whole and six tenths of B
            "o2": (rect(16, 0, 6, 10), {"residents": 6}),  # two thirds of it on B
            "o3": (rect(22, 0, 8, 10), {"residents": 8}),
        }
    )
    matched = match_buildings({"cadastre": table(three), "osm": osm})
    relations = matched.report["stages"][0]["relations"]
    assert (relations["many_to_many"], relations["one_to_one"]) == (2, 1)
    assert matched.buildings["residents"].to_dict() == {"A": 10, "B": 12, "C": 8}
    assert matched.buildings.loc["B", "other_ids"] == "o1 o2"


def test_buildings_that_one_source_knows_stay_and_are_flagged():
    cadastre = table({"A": (rect(0, 0, 10, 10), HOUSE), "B": (rect(50, 0, 10, 10), HOUSE)})
    osm = table(
        {
            "o1": (rect(0, 0, 10, 10), HOUSE),
            "new": (rect(25, 0, 10, 10), HOUSE),
            "far": (rect(900, 0, 10, 10), HOUSE),
        }
    )
    matched = match_buildings({"cadastre": cadastre, "osm": osm})
    known = matched.buildings["known_by"].to_dict()
    assert known == {"A": "cadastre osm", "B": "cadastre", "new": "osm", "far": "osm"}
    seen = findings(matched)
    assert (seen["match_only_cadastre"].count, seen["match_only_cadastre"].total) == (1, 4)
    assert seen["match_only_osm"].examples == ("far", "new")
    assert (seen["match_new_or_gone"].count, seen["match_new_or_gone"].total) == (1, 2)
    assert seen["match_new_or_gone"].examples == ("new",)
    only = matched.report["stock"]["only"]["osm"]
    assert only == {"buildings": 2, "area_m2": 200.0, "examples": ["far", "new"]}


def test_the_same_key_wins_over_overlap_but_not_over_distance():
    cadastre = table({"DENW1": (rect(0, 0, 10, 10), HOUSE), "DENW2": (rect(20, 0, 10, 10), HOUSE)})
    lod2 = table(
        {
            "DENW1": (rect(0, 11, 10, 5), {"height_m": 5}),  # rebuilt behind its old place
            "DENW2": (rect(800, 0, 10, 10), {"height_m": 8}),
        }
    )
    matched = match_buildings({"cadastre": cadastre, "lod2": lod2})
    assert matched.buildings["known_by"].to_dict() == {
        "DENW1": "cadastre lod2", "DENW2": "cadastre", "lod2:DENW2": "lod2",
    }  # fmt: skip
    assert matched.buildings.loc["DENW1", "height_m"] == 5
    assert matched.new_ids["lod2"].to_dict() == {"DENW1": "DENW1", "DENW2": "lod2:DENW2"}
    assert findings(matched)["match_key_astray"].examples == ("DENW2",)
    assert matched.report["stages"][0]["by_key"] == 1


def test_an_id_in_another_register_ties_as_well():
    cadastre = table({"DENW1": (rect(0, 0, 10, 10), HOUSE)})
    model = table({"UUID_7": (rect(0, 6, 10, 14), {"height_m": 5, "other_ids": "DENW1 x9"})})
    stock = match_buildings({"cadastre": cadastre, "lod2": model}).buildings
    assert list(stock.index) == ["DENW1"]
    assert stock.loc["DENW1", "other_ids"] == "UUID_7 x9"


def test_parts_of_the_most_trusted_source_stay():
    cadastre = table({"A": (rect(0, 0, 20, 10), HOUSE)})
    lod2 = table(
        {
            "L": (rect(0, 0, 20, 10), {"has_parts": True}),
            "L1": (rect(0, 0, 12, 10), {"part_of": "L", "height_m": 9}),
            "L2": (rect(12, 0, 8, 10), {"part_of": "L", "height_m": 4}),
        }
    )
    osm = table(
        {
            "o": (rect(0, 0, 20, 10), {"has_parts": True}),
            "o1": (rect(0, 0, 20, 9), {"part_of": "o"}),
        }
    )
    matched = match_buildings({"osm": osm, "cadastre": cadastre, "lod2": lod2})
    stock = matched.buildings
    assert list(stock.index) == ["A", "L1", "L2"]
    assert stock["part_of"].dropna().to_dict() == {"L1": "A", "L2": "A"}
    assert stock["has_parts"].to_dict() == {"A": True, "L1": False, "L2": False}
    assert matched.new_ids["lod2"].to_dict() == {"L": "A", "L1": "L1", "L2": "L2"}
    assert matched.new_ids["osm"].to_dict() == {"o": "A", "o1": "A"}
    assert findings(matched)["match_parts_gave_way"].examples == ("o1",)


def test_parts_of_a_divided_building_go_where_they_lie():
    cadastre = table({"A": (rect(0, 0, 10, 10), HOUSE), "B": (rect(10, 0, 10, 10), HOUSE)})
    lod2 = table(
        {
            "L": (rect(0, 0, 20, 10), {"has_parts": True}),
            "L1": (rect(0, 0, 10, 10), {"part_of": "L"}),
            "L2": (rect(11, 0, 3, 3), {"part_of": "L"}),
        }
    )
    stock = match_buildings({"cadastre": cadastre, "lod2": lod2}).buildings
    assert stock["part_of"].dropna().to_dict() == {"L1": "A", "L2": "B"}
    # L2 covers 9 of 100 m²: it cannot stand for the volume of B
    assert stock["has_parts"].to_dict() == {"A": True, "B": False, "L1": False, "L2": False}


def test_a_part_without_outline_stands_for_itself():
    osm = table({"p": (rect(0, 0, 10, 10), {"part_of": "gone"})})
    cadastre = table({"A": (rect(0, 0, 10, 10), HOUSE)})
    matched = match_buildings({"cadastre": cadastre, "osm": osm})
    assert list(matched.buildings.index) == ["A"]
    assert findings(matched)["match_part_alone"].examples == ("p",)


def test_what_overlaps_inside_one_source_is_counted_and_stays():
    double = table(
        {
            "A": (rect(0, 0, 10, 10), HOUSE),
            "B": (rect(1, 0, 10, 10), HOUSE),
            "C": (rect(11, 0, 9, 9), {}),
        }
    )
    matched = match_buildings({"cadastre": double, "osm": table({})})
    assert len(matched.buildings) == 3
    assert findings(matched)["match_overlap_inside"].examples == ("A", "B")
    alone = match_buildings({"cadastre": double})
    assert findings(alone)["match_overlap_inside"].count == 2


def test_a_little_overlap_is_not_the_same_building():
    cadastre = table({"A": (rect(0, 0, 10, 10), HOUSE)})
    osm = table({"o": (rect(7, 0, 10, 10), HOUSE)})
    matched = match_buildings({"cadastre": cadastre, "osm": osm})
    assert list(matched.buildings.index) == ["A", "o"]
    assert findings(matched)["match_partial"].examples == ("o",)


def test_one_source_alone_comes_back_as_it_was():
    osm = grid(9, key="osm:w")
    matched = match_buildings({"osm": osm})
    pd.testing.assert_frame_equal(
        matched.buildings.drop(columns="known_by"), osm.drop(columns="known_by")
    )
    assert set(matched.buildings["known_by"]) == {"osm"}
    assert (matched.new_ids["osm"] == matched.new_ids["osm"].index).all()
    assert matched.report["sources"]["osm"]["buildings"] == 9


@pytest.mark.parametrize("other", ["osm", "survey", "cadastre:2"])
def test_an_empty_table_changes_nothing(other):
    cadastre = grid(4)
    stock = match_buildings({"cadastre": cadastre, other: table({})}).buildings
    pd.testing.assert_frame_equal(stock.drop(columns="known_by"), cadastre.drop(columns="known_by"))
    assert match_buildings({other: table({}), "lod2": table({})}).buildings.empty


def test_two_tables_of_one_kind_are_one_kind():
    stock = match_buildings({"cadastre:1": grid(4), "cadastre:2": grid(4)}).buildings
    assert len(stock) == 4
    assert set(stock["known_by"]) == {"cadastre"}


def test_a_key_twice_in_a_source_stays_once():
    twice = pd.concat([grid(3), grid(3, seed=5).iloc[:1]])
    matched = match_buildings({"cadastre": twice, "osm": table({})})
    assert len(matched.buildings) == 3
    assert findings(matched)["match_key_twice"].count == 1
    again = match_buildings({"cadastre": twice.iloc[::-1], "osm": table({})})
    pd.testing.assert_frame_equal(matched.buildings, again.buildings)


def test_a_building_without_a_footprint_is_left_out_and_counted():
    osm = table({"o": (Polygon(), HOUSE), "p": (rect(0, 0, 9, 9), HOUSE)})
    matched = match_buildings({"cadastre": table({"A": (rect(0, 0, 9, 9), HOUSE)}), "osm": osm})
    assert list(matched.buildings.index) == ["A"]
    assert matched.new_ids["osm"].to_dict() == {"p": "A"}
    assert findings(matched)["match_empty"].examples == ("o",)


def test_an_outline_that_crosses_itself_is_matched_all_the_same():
    bow = Polygon([(E, N), (E + 10, N + 10), (E + 10, N), (E, N + 10)])
    osm = table({"o": (bow, {"height_m": 8})})
    matched = match_buildings({"cadastre": table({"A": (rect(0, 0, 10, 10), HOUSE)}), "osm": osm})
    assert matched.buildings["height_m"].to_dict() == {"A": 8}


def test_tables_of_two_crs_are_refused():
    with pytest.raises(ValueError, match="one CRS"):
        match_buildings({"osm": grid(2), "lod2": grid(2).to_crs("EPSG:25833")})
    with pytest.raises(ValueError, match="at least one"):
        match_buildings({})


def test_the_stock_follows_the_schema_as_far_as_the_sources_do_and_the_report_is_json():
    full = {"use": "residential", "roof_type": "flat", "height_m": 6, "min_height_m": 0}
    cadastre = table({"A": (rect(0, 0, 10, 10), full), "B": (rect(30, 0, 10, 10), full)})
    osm = table({"o": (rect(0, 0, 10, 10), full), "p": (rect(60, 0, 9, 9), full)})
    matched = match_buildings({"cadastre": cadastre, "osm": osm})
    assert faults_of(BUILDINGS, matched.buildings, crs=CRS) == []
    assert json.loads(json.dumps(matched.report)) == matched.report
