"""Search finds what people mean, however they spell it."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point

from dash_app.search import MAX_RESULTS, SearchIndex, build_index, fold
from tests.conftest import CRS, make_toy_city
from twin.schema import TABLES
from twin.validation import conform


def town() -> SearchIndex:
    """The toy town with addresses of every awkward kind."""
    addresses = [
        ("a1", "Große Mühlenstraße", "5a", "53840"),
        ("a2", "Große Mühlenstraße", "15", "53840"),
        ("a3", "Straße der Jugend", "2", "53844"),
        ("a4", "Ringstraße", "5", "53840"),
        ("a5", "Am Bach", "1", None),  # building b1 has this one too
        ("a6", "Am Bach", "5", None),  # lies in building b2, which has another one
    ]
    raw = gpd.GeoDataFrame(
        pd.DataFrame(addresses, columns=["id", "street", "housenumber", "postcode"]).set_index(
            "id"
        ),
        geometry=[Point(370_000 + 10 * i, 5_631_000) for i in range(len(addresses))],
        crs=CRS,
    )
    raw["building_id"] = raw.index.map({"a6": "b2"})
    city = make_toy_city()
    return build_index(city.replace(addresses=conform(TABLES["addresses"], raw, crs=CRS)))


INDEX = town()


def ids(query: str) -> list[str]:
    return [hit.id for hit in INDEX.find(query)]


@pytest.mark.parametrize(
    "query",
    [
        "Große Mühlenstraße 5a", "grosse muehlenstr. 5 a", "GROSSE MÜHLENSTRASSE 5A",
        "muhlenstr 5a", "mühlen 5a", "5a mühlenstr", "Mühlenstra 5a", "53840 mühlen 5a",
    ],
)  # fmt: skip
def test_every_spelling_finds_the_address(query: str) -> None:
    assert ids(query)[:1] == ["a1"]


def test_a_house_number_is_neither_part_of_another_nor_of_a_postcode() -> None:
    assert "a2" not in ids("mühlenstraße 5")
    assert ids("ringstr 3") == []


def test_an_address_of_a_building_is_found_once_as_the_building() -> None:
    hits = INDEX.find("am bach 1")
    assert [(hit.table, hit.id) for hit in hits] == [("buildings", "b1")]


def test_an_address_in_a_building_leads_to_the_building() -> None:
    hits = INDEX.find("am bach 5")
    assert [(hit.table, hit.id, hit.label) for hit in hits] == [("buildings", "b2", "Am Bach 5")]


def test_streets_places_districts_and_keys_are_found() -> None:
    assert INDEX.find("am bach")[0].table == "streets"
    assert {hit.table for hit in INDEX.find("grundschule")} == {"places", "buildings"}
    assert INDEX.find("mitte")[0] == INDEX.find("MITTE")[0]
    assert INDEX.find("w1:0:f")[0].table == "streets"
    assert ids("strasse der jugend") == ["a3"]


@pytest.mark.parametrize("query", ["", "   ", "xyzzy", "'; drop table", "(", "\\", "%", "." * 500])
def test_nothing_is_found_without_a_fault(query: str) -> None:
    assert INDEX.find(query) == []


@given(query=st.text(max_size=100))
def test_no_query_breaks_the_search(query: str) -> None:
    assert len(INDEX.find(query)) <= MAX_RESULTS + 10


@given(text=st.text(alphabet="aäeoöuüßsrtSTR .-5", max_size=30))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_an_empty_city_can_be_searched() -> None:
    city = make_toy_city()
    empty = {name: table.iloc[:0] for name, table in city.tables.items()}
    assert build_index(city.replace(**empty)).find("bach") == []
