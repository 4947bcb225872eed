"""Buildings with courtyards, parts, odd tags and broken rings."""

import pytest
from shapely import Point

from tests.layers.osm.make import EAST, NORTH, Osm, box, codes, read

HOUSE = {"building": "yes"}


def buildings(data):
    return data.tables["buildings"]


def one(tmp_path, tags, corners=None):
    """Give the row of a single building."""
    osm = Osm()
    key = osm.area(corners or box(0, 0, 10, 20), HOUSE | tags)
    data = read(osm, tmp_path)
    return buildings(data).loc[f"osm:w{key}"], codes(data)


def test_plain_house(tmp_path):
    row, found = one(
        tmp_path,
        {
            "building": "house",
            "name": "Altes Haus",
            "addr:street": "Am Bach",
            "addr:housenumber": "3a",
            "addr:postcode": "53840",
            "addr:city": "Troisdorf",
        },
    )
    assert row["footprint_m2"] == pytest.approx(200, abs=1)
    assert [row["use"], row["use_source"]] == ["residential", "tagged"]
    assert row[["street", "housenumber", "postcode", "locality"]].tolist() == [
        "Am Bach",
        "3a",
        "53840",
        "Troisdorf",
    ]
    assert row[["height_m", "storeys", "roof_type", "year_built"]].isna().all()
    assert row[["height_source", "storeys_source", "roof_type_source"]].isna().all()
    assert not found


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("12", 12),
        ("12,5", 12.5),
        ("12 m", 12),
        ("40'", 12.192),
        ("999", None),
        ("1e9", None),
        ("-3", None),
        ("3;4", None),
        ("high", None),
        ("0", None),
    ],
)
def test_height_as_people_write_it(tmp_path, text, metres):
    row, found = one(tmp_path, {"height": text})
    if metres is None:
        assert row[["height_m", "height_source"]].isna().all()
        assert found["osm_height_m_unreadable"] == 1
    else:
        assert row["height_m"] == pytest.approx(metres)
        assert row["height_source"] == "tagged:height"
        assert not found


@pytest.mark.parametrize(
    ("tags", "column", "value"),
    [
        ({"building:levels": "3"}, "storeys", 3),
        ({"building:levels": "2.5"}, "storeys", 2),
        ({"roof:height": "4 m"}, "roof_height_m", 4),
        ({"roof:direction": "SW"}, "roof_direction_deg", 225),
        ({"roof:direction": "-90"}, "roof_direction_deg", 270),
        ({"roof:shape": "Half-hipped"}, "roof_type", "half_hipped"),
        ({"roof:shape": "crystal"}, "roof_type", "other"),
        ({"start_date": "1970s"}, "year_built", 1975),
        ({"building:flats": "6"}, "dwellings", 6),
        ({"min_height": "3"}, "min_height_m", 3),
        ({"building": "apartments", "building:min_level": "2"}, "min_height_m", 5.8),
    ],
)
def test_what_is_tagged_is_taken(tmp_path, tags, column, value):
    row, found = one(tmp_path, tags)
    assert row[column] == value
    source = column.removesuffix("_m") + "_source"
    if source in row.index:
        assert row[source] == "tagged"
    assert not found


@pytest.mark.parametrize(
    ("tags", "use", "source"),
    [
        ({}, "unknown", "unknown"),
        ({"building": "garage"}, "garage", "tagged"),
        ({"amenity": "school"}, "education", "tagged"),
        ({"shop": "supermarket"}, "retail", "tagged"),
        ({"building": "church", "shop": "books"}, "religious", "tagged"),
        ({"building": "igloo"}, "other", "tagged"),
        ({"building": "ruins"}, "ruin", "tagged"),
        ({"office": "lawyer"}, "office", "tagged"),
    ],
)
def test_use(tmp_path, tags, use, source):
    row, _ = one(tmp_path, tags)
    assert [row["use"], row["use_source"]] == [use, source]


@pytest.mark.parametrize("style", ["new", "old", "both"])
def test_courtyard(tmp_path, style):
    """Tags on the relation, on its outer ring (before 2017), or on both: one building each time."""
    osm = Osm()
    outer = osm.area(box(0, 0, 40, 40), {} if style == "new" else {"building": "apartments"})
    inner = osm.area(box(10, 10, 20, 20))
    tags = {} if style == "old" else {"building": "apartments"}
    key = osm.relation(
        [("w", outer, "outer"), ("w", inner, "inner")], {"type": "multipolygon"} | tags
    )
    osm.area(box(100, 0, 10, 10), HOUSE)
    data = read(osm, tmp_path)
    row = buildings(data).loc[f"osm:r{key}"]
    assert len(buildings(data)) == 2
    assert row["footprint_m2"] == pytest.approx(40 * 40 - 20 * 20, abs=2)
    assert row["use"] == "residential"
    assert not row["geometry"].contains(Point(EAST + 20, NORTH + 20))
    assert codes(data).get("osm_ring_twice", 0) == (style != "new")


def test_two_blocks_that_are_one_building(tmp_path):
    osm = Osm()
    rings = [osm.area(box(x, 0, 10, 10)) for x in (0, 50)]
    key = osm.relation([("w", r, "outer") for r in rings], {"type": "multipolygon"} | HOUSE)
    row = buildings(read(osm, tmp_path)).loc[f"osm:r{key}"]
    assert row["geometry"].geom_type == "MultiPolygon"
    assert row["footprint_m2"] == pytest.approx(200, abs=1)


def test_relation_with_missing_members_is_counted_and_its_ring_stays(tmp_path):
    osm = Osm()
    outer = osm.area(box(0, 0, 40, 40), HOUSE)
    osm.relation([("w", outer, "outer"), ("w", 4711, "outer")], {"type": "multipolygon"})
    data = read(osm, tmp_path)
    assert list(buildings(data).index) == [f"osm:w{outer}"]
    found = next(f for f in data.findings if f.code == "osm_area_unclosed")
    assert (found.count, found.total) == (1, 1)


def test_parts_know_their_outline(tmp_path):
    osm = Osm()
    outline = osm.area(box(0, 0, 40, 20), {"building": "church", "height": "30"})
    nave = osm.area(box(0, 0, 30, 20), {"building:part": "yes", "height": "15"})
    tower = osm.area(
        box(30, 0, 10, 20), {"building:part": "yes", "height": "30", "min_height": "2"}
    )
    alone = osm.area(box(200, 0, 10, 10), {"building:part": "yes"})
    data = read(osm, tmp_path)
    table = buildings(data)
    assert table["part_of"].dropna().to_dict() == {
        f"osm:w{nave}": f"osm:w{outline}",
        f"osm:w{tower}": f"osm:w{outline}",
    }
    assert table["has_parts"].to_dict() == {
        f"osm:w{k}": k == outline for k in (outline, nave, tower, alone)
    }
    assert table.loc[f"osm:w{tower}", ["use", "min_height_m"]].tolist() == ["religious", 2]
    assert codes(data)["osm_part_alone"] == 1


def test_outline_that_its_parts_barely_cover_keeps_its_volume(tmp_path):
    osm = Osm()
    outline = osm.area(box(0, 0, 40, 20), HOUSE)
    part = osm.area(box(0, 0, 5, 5), {"building:part": "yes"})
    table = buildings(read(osm, tmp_path))
    assert not table["has_parts"].any()
    assert table.loc[f"osm:w{part}", "part_of"] == f"osm:w{outline}"


def test_relation_of_a_building_names_the_outline(tmp_path):
    osm = Osm()
    outline = osm.area(box(0, 0, 10, 10), HOUSE)
    part = osm.area(box(10, 0, 10, 10), {"building:part": "yes"})  # beside it
    osm.relation([("w", outline, "outline"), ("w", part, "part")], {"type": "building"})
    table = buildings(read(osm, tmp_path))
    assert table.loc[f"osm:w{part}", "part_of"] == f"osm:w{outline}"


def test_ring_that_crosses_itself_becomes_what_it_encloses(tmp_path):
    row, found = one(tmp_path, {}, [(0, 0), (20, 20), (20, 0), (0, 20)])
    assert row["footprint_m2"] == pytest.approx(200, abs=1)
    assert row["geometry"].is_valid
    assert found == {"osm_building_repaired": 1}


def test_ring_without_area_open_ring_and_twin_are_counted(tmp_path):
    osm = Osm()
    osm.area([(0, 0), (10, 0), (20, 0)], HOUSE)
    osm.way([osm.node(0, 90), osm.node(9, 90), osm.node(9, 99)], HOUSE)
    corners = [osm.node(*c) for c in box(50, 0, 10, 10)]
    first = osm.way([*corners, corners[0]], HOUSE)
    osm.way([*corners[::-1], corners[-1]], HOUSE)
    data = read(osm, tmp_path)
    assert list(buildings(data).index) == [f"osm:w{first}"]
    assert codes(data) == {
        "osm_building_empty": 1,
        "osm_ring_open": 1,
        "osm_building_twice": 1,
    }


def test_underside_above_the_top_is_counted(tmp_path):
    row, found = one(tmp_path, {"height": "5", "min_height": "8"})
    assert row[["height_m", "height_source"]].isna().all()
    assert found == {"osm_upside_down": 1}


def test_no_building_is_none(tmp_path):
    osm = Osm()
    osm.area(box(0, 0, 10, 10), {"building": "no"})
    osm.area(box(20, 0, 10, 10), {"building": "demolished"})
    kept = osm.area(box(40, 0, 10, 10), HOUSE)
    assert list(buildings(read(osm, tmp_path)).index) == [f"osm:w{kept}"]
