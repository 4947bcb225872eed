"""The written order of trust: complete, and meant as it is read."""

from collections import Counter
from itertools import pairwise

import pytest

from layers.matching.trust import family, ranked, trust
from twin.classes import BUILDING_USES
from twin.schema import BUILDINGS

MADE_BY_MATCHING = {
    "known_by", "other_ids", "part_of", "has_parts", "footprint_m2",
}  # fmt: skip


def test_every_column_of_buildings_has_exactly_one_rule():
    ruled = Counter(name for rule in trust().columns for name in rule.columns)
    assert max(ruled.values()) == 1
    companions = {column.source for column in BUILDINGS.columns if column.source}
    columns = {column.name for column in BUILDINGS.columns}
    assert set(ruled) == (columns | companions) - MADE_BY_MATCHING


def test_every_rank_names_a_known_source_and_a_reason():
    known = set(trust().order)
    orders = [trust().order, trust().parts, *(rule.reasons for rule in trust().columns)]
    for order in orders:
        assert set(order) <= known
        assert all(len(reason) > 5 for reason in order.values())


def test_general_uses_and_their_special_ones_are_words_of_the_schema():
    (use,) = [rule for rule in trust().columns if rule.column == "use"]
    words = {*use.general, *(w for special in use.general.values() for w in special)} - {"*"}
    assert words <= set(BUILDING_USES)
    assert all(general not in special for general, special in use.general.items())


@pytest.mark.parametrize(
    ("column", "order"),
    [
        ("height_m", ["lod2", "osm", "cadastre"]),
        ("roof_type", ["lod2", "osm", "cadastre"]),
        ("storeys", ["cadastre", "lod2", "osm"]),
        ("name", ["osm", "cadastre", "lod2"]),
        ("housenumber", ["cadastre", "lod2", "osm"]),
        ("year_built", ["cadastre", "osm", "lod2"]),
        ("use", ["cadastre", "lod2", "osm"]),
        ("dwellings", ["cadastre", "lod2", "osm"]),
    ],
)
def test_the_order_of_each_attribute(column, order):
    (rule,) = [rule for rule in trust().columns if rule.column == column]
    assert ranked(reversed(order), rule.reasons, trust().order) == order


def test_footprints_come_from_the_cadastre_then_the_city_model_then_osm_then_the_model_town():
    order = list(trust().order)
    expected = ["nas", "cadastre", "lod2", "osm", "model_town"]
    places = [order.index(key) for key in expected]
    assert all(before < after for before, after in pairwise(places))


def test_unknown_sources_come_last_by_name():
    assert ranked(["z", "osm", "a", "cadastre:2", "cadastre"], trust().order) == [
        "cadastre", "cadastre:2", "osm", "a", "z",
    ]  # fmt: skip
    assert family("cadastre:2") == "cadastre"
