"""House numbers out of location texts."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.cadastre.addresses import addresses_of, parse_location

STREETS = st.sampled_from(
    [
        "Musterstraße",
        "Am Markt",
        "Straße des 17. Juni",
        "Kölner Str.",
        "Alte-Dorf-Allee",
        "Weg 3a-Hof",
    ]
)
NUMBERS = st.from_regex(r"\A[1-9][0-9]{0,2}[a-f]?(-[1-9][0-9])?\Z")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Musterstraße 12 a", [("Musterstraße", "12a")]),
        ("Herthastr. 4", [("Herthastr.", "4")]),
        ("A-Weg 1; B-Weg 2", [("A-Weg", "1"), ("B-Weg", "2")]),
        ("A-Weg 1; A-Weg 1", [("A-Weg", "1")]),
        ("Hauptstraße 3 - 5", [("Hauptstraße", "3-5")]),
        ("Am See 3, 5 B, 7", [("Am See", "3"), ("Am See", "5b"), ("Am See", "7")]),
        ("Auf der Heide", [("Auf der Heide", "")]),
        ("Platz 1. Mai", [("Platz 1. Mai", "")]),
        (" ; ", []),
    ],
)  # fmt: skip
def test_location_texts(text, expected):
    assert parse_location(text) == expected


@given(st.lists(st.tuples(STREETS, NUMBERS), min_size=1, max_size=5, unique=True))
def test_what_is_written_is_read_again(pairs):
    text = ";  ".join(f"{street}  {number.upper()}" for street, number in pairs)
    assert parse_location(text) == pairs


def test_a_street_alone_counts_only_where_there_is_no_number():
    found = addresses_of(pd.Series({"a": "Im Feld; Hof 2", "b": "Im Feld", "c": None}))
    assert found.to_dict("list") == {
        "row": ["a", "b"], "street": ["Hof", "Im Feld"], "housenumber": ["2", found.iloc[1, 2]],
    }  # fmt: skip
    assert pd.isna(found.iloc[1, 2])


def test_nothing_gives_nothing():
    assert addresses_of(pd.Series([None], dtype="str")).empty
