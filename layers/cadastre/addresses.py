"""House numbers out of the location text of the cadastre ("Musterstraße 12 a; Am Markt 3")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBER = r"\d{1,4}\s*(?:[a-z](?![a-z]))?(?:\s*[-–/+]\s*\d{1,4}\s*(?:[a-z](?![a-z]))?)?"
WITH_NUMBER = re.compile(rf"^(.*?[^\d\s,].*?)[\s,]+({NUMBER})$", re.IGNORECASE)
ONLY_NUMBER = re.compile(rf"^{NUMBER}$", re.IGNORECASE)


def parse_location(text: str) -> list[tuple[str, str]]:
    """
    Return street and house number of every address in a location text; "" where there is none.

    >>> parse_location("Musterstraße 12 A; Am Markt 3, 5")
    [('Musterstraße', '12a'), ('Am Markt', '3'), ('Am Markt', '5')]
    >>> parse_location("Straße des 17. Juni 135 | Auf dem Acker")
    [('Straße des 17. Juni', '135'), ('Auf dem Acker', '')]
    """
    return list(dict.fromkeys(_parse(text)))


def _parse(text: str) -> Iterator[tuple[str, str]]:
    street = ""
    for piece in re.split(r"[;|\n,]", text):
        words = " ".join(piece.split())
        if not words:
            continue
        if street and ONLY_NUMBER.match(words):
            yield street, plain_number(words)
            continue
        found = WITH_NUMBER.match(words)
        street, number = (found[1].strip(), found[2]) if found else (words, "")
        yield street, plain_number(number)


def plain_number(text: str) -> str:
    """
    Return a house number without blanks, letters small.

    >>> plain_number("12 A"), plain_number("3 - 5")
    ('12a', '3-5')
    """
    return re.sub(r"\s+", "", text).lower().replace("–", "-")


def addresses_of(locations: pd.Series[Any]) -> pd.DataFrame:
    """
    Return every address of every row: `row` (index of `locations`), `street`, `housenumber`.

    Addresses keep their order; a street without number only counts where the row has nothing else.
    """
    text = locations.dropna()
    known = {value: parse_location(value) for value in text.unique()}
    found = text.map(known).explode().dropna()
    table = pd.DataFrame(
        {
            "row": found.index,
            "street": [street for street, _ in found],
            "housenumber": [number or None for _, number in found],
        }
    ).astype("str")
    numbered = table["housenumber"].notna()
    has_number = table["row"].isin(table.loc[numbered, "row"])
    return table[numbered | ~has_number].reset_index(drop=True)
