"""No tag value, however odd, gives an error or a value outside its range."""

import math
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import layers.osm.tags as tags_module
from layers.osm.access import access_word
from layers.osm.tags import (
    classify,
    parse_direction,
    parse_length,
    parse_number,
    parse_year,
    table,
)
from layers.osm.ways import parse_speed
from tests.layers.osm.make import Osm, box, read
from twin.classes import (
    BUILDING_USES,
    CYCLE_FACILITIES,
    LANDUSE_CLASSES,
    PLACE_CLASSES,
    RAILWAY_CLASSES,
    ROAD_ACCESS,
    ROOF_TYPES,
    STOP_CLASSES,
    STREET_CLASSES,
    STREET_POINT_CLASSES,
    WATER_CLASSES,
)

# what people type: anything, and things that look like a value
VALUE = st.one_of(
    st.text(max_size=12),
    st.from_regex(r"[+-]?\d{1,12}([.,]\d{1,3})?( ?(m|mph|km/h|ft|'|;3|e9))?", fullmatch=True),
    st.sampled_from(["yes", "no", "-1", "walk", "none", "DE:urban", "1e400", "nan", "inf", "½"]),
)


@given(VALUE)
def test_numbers_are_finite_or_missing(text):
    for parse in (parse_number, parse_length, parse_direction, parse_year, parse_speed):
        value = parse(text)
        assert isinstance(value, float)
        assert not math.isinf(value)
    speed = parse_speed(text)
    assert math.isnan(speed) or 3 <= speed <= 300
    direction = parse_direction(text)
    assert math.isnan(direction) or 0 <= direction < 360


@given(VALUE)
def test_access_word_is_known_or_missing(text):
    word = access_word(text)
    assert word != word or word in table()["streets"]["access_values"]  # noqa: PLR0124


XML_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), min_size=1, max_size=12
)
STREET_KEYS = ["highway", "oneway", "maxspeed", "maxspeed:backward", "lanes", "lanes:forward",
               "access", "bicycle", "motor_vehicle:forward", "cycleway", "cycleway:left", "layer",
               "bridge", "tunnel", "junction", "surface", "oneway:bicycle", "source:maxspeed",
               "area"]  # fmt: skip
BUILDING_KEYS = ["height", "min_height", "building:levels", "building:min_level", "roof:shape",
                 "roof:height", "roof:direction", "start_date", "building:flats", "amenity",
                 "building", "addr:housenumber", "landuse", "leisure", "population", "place",
                 "name"]  # fmt: skip
NODE_KEYS = ["barrier", "access", "highway", "crossing", "natural", "height", "amenity", "shop",
             "place", "population", "public_transport", "railway", "addr:housenumber"]  # fmt: skip


def tag_sets(keys):
    return st.dictionaries(st.sampled_from(keys), VALUE | XML_TEXT, max_size=6).map(
        lambda tags: {k: "".join(c for c in v if c >= " ") for k, v in tags.items()}
    )


@settings(max_examples=25)
@given(tag_sets(STREET_KEYS), tag_sets(BUILDING_KEYS), tag_sets(NODE_KEYS))
def test_whatever_is_tagged_the_tables_follow_the_schema(tmp_path_factory, street, house, node):
    osm = Osm()
    middle = osm.node(50, 0, node)
    osm.way([osm.node(0, 0), middle, osm.node(100, 0)], {"highway": "residential"} | street)
    osm.area(box(0, 20, 10, 10), {"building": "yes"} | house)
    osm.area(box(90, 20, 10, 10), {"building": "yes"})
    data = read(osm, tmp_path_factory.mktemp("odd"))  # asserts the schema
    assert len(data.tables["buildings"]) >= 1


def classes(name, part=None):
    rules = table()[name][part] if part else table()[name]
    return [rule["class"] for rule in rules]


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        (classes("landuse"), LANDUSE_CLASSES),
        ([*classes("place"), *table()["settlement"].values()], PLACE_CLASSES),
        (classes("stop"), STOP_CLASSES),
        (classes("railway"), RAILWAY_CLASSES),
        (classes("street_point"), STREET_POINT_CLASSES),
        (classes("water", "area") + classes("water", "line"), WATER_CLASSES),
        (classes("building", "use") + classes("building", "use_by_poi"), BUILDING_USES),
        (list(table()["building"]["roof"]), ROOF_TYPES),
        (list(table()["streets"]["class"]), STREET_CLASSES),
        (list(table()["streets"]["same_as"].values()), STREET_CLASSES),
        ([v["kind"] for v in table()["streets"]["access_values"].values()], ROAD_ACCESS),
        (list(table()["streets"]["cycleway"].values()), CYCLE_FACILITIES),
    ],
)  # fmt: skip
def test_the_table_speaks_only_words_of_the_schema(words, allowed):
    assert sorted(set(words) - set(allowed)) == []


def test_every_street_class_has_a_rule():
    assert set(table()["streets"]["class"]) == set(STREET_CLASSES)


def test_every_key_that_a_rule_needs_is_read():
    """A rule whose keys are not among those that make an object worth reading never fires alone."""
    read_keys = set(table()["read"]["keys"])
    for name in ("landuse", "railway", "street_point", "place", "stop"):
        for rule in table()[name]:
            keys = set(rule) - {"class"}
            assert keys & read_keys or keys <= {"station", "tram", "subway", "light_rail"}, rule


def test_first_rule_wins_and_no_is_no_value():
    frame = pd.DataFrame({"tags": [{"a": "x", "b": "y"}, {"b": "no"}, {"b": "z"}, {}, {"a": "X "}]})
    rules = [{"class": "one", "a": ["x"]}, {"class": "two", "b": ["*"]}]
    found = classify(frame, rules)
    assert found["class"].astype(object).where(found["class"].notna(), None).tolist() == [
        "one", None, "two", None, "one",
    ]  # fmt: skip


def test_table_is_the_file():
    path = Path(tags_module.__file__).with_name("tags.toml")
    assert tomllib.loads(path.read_text(encoding="utf-8")) == table()
