"""Finds addresses, streets, places and keys by what people type, fast for 200,000 addresses."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dash_app.state import PICKABLE

if TYPE_CHECKING:
    from twin.city import City

MAX_LENGTH = 80
"""Characters of a query that are read."""

MAX_RESULTS = 10

_RANK = {
    "districts": 0, "places": 1, "streets": 2, "stops": 3, "buildings": 4, "addresses": 5,
    "lines": 6, "parcels": 7,
}  # fmt: skip
"""Order of things that match equally well: the large before the small."""


@dataclass(frozen=True)
class Hit:
    """One thing found."""

    table: str
    id: str
    label: str
    locality: str


def fold(text: str) -> str:
    """
    Return `text` as it is compared: lower case, umlauts and the many spellings of street alike.

    >>> fold("Große Mühlenstr. 5a"), fold("GROSSE MUEHLENSTRASSE 5 A")
    ('grosse muhlenstr 5a', 'grosse muhlenstr 5a')
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    plain = re.sub(r"[^\w\s/-]", " ", plain)
    plain = re.sub(r"([aou])e+", r"\1", plain)
    plain = re.sub(r"str(a|as|ass|asse)?\b", "str", plain)
    plain = re.sub(r"\b(\d+)\s+([a-z])\b", r"\1\2", plain)
    return re.sub(r"[\s-]+", " ", plain).strip()


@dataclass(frozen=True)
class SearchIndex:
    """Every name and address of a city, folded; rows of all arrays belong together."""

    city: City
    text: pa.Array  # folded, with a blank in front, so that " x" finds the beginnings of words
    length: np.ndarray
    rank: np.ndarray
    frame: pd.DataFrame  # table, id, label, locality

    def find(self, query: str) -> list[Hit]:
        """Return at most `MAX_RESULTS` hits, best first; nothing for an empty query."""
        exact = self._by_key(query.strip()[:MAX_LENGTH])
        words = fold(query[:MAX_LENGTH]).split()
        if not words:
            return exact
        match, whole = self._matches(words)
        order = np.lexsort((self.length[match], self.rank[match], ~whole))[:MAX_RESULTS]
        rows = self.frame.iloc[match[order]]
        return exact + [Hit(*row) for row in rows.itertuples(index=False)]

    def _matches(self, words: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows that hold all words, and which of them begin with the first one."""
        found = np.ones(len(self.text), dtype=bool)
        for word in words:
            # a house number only where a word begins, so that "5" finds neither "15" nor a postcode
            inside = len(word) > 3 if word[0].isdigit() else len(word) > 2
            pattern = word if inside else f" {word}"
            found &= pc.match_substring(self.text, pattern).to_numpy(zero_copy_only=False)
        rows = np.flatnonzero(found)
        begins = pc.starts_with(self.text.take(pa.array(rows)), f" {words[0]}")
        return rows, begins.to_numpy(zero_copy_only=False).astype(bool)

    def _by_key(self, key: str) -> list[Hit]:
        tables = (name for name in PICKABLE if key in self.city.tables[name].index)
        return [Hit(name, key, key, "") for name in tables]


def build_index(city: City) -> SearchIndex:
    """Fold every name and address of `city` once; about 2 s for 200,000 addresses."""
    frame = pd.concat([_addresses(city), _streets(city), *_named(city)], ignore_index=True)
    frame = frame[frame["label"] != ""].drop_duplicates(["label", "locality", "table"])
    frame = frame[~_repeats_a_building(frame)].reset_index(drop=True)
    # the mark before a postcode keeps a house number from finding it
    localities = {text: f" ·{fold(text)}" for text in frame["locality"].unique()}
    folded = " " + frame["label"].map(fold) + frame["locality"].map(localities)
    return SearchIndex(
        city=city,
        text=pa.array(folded.to_numpy(dtype=object), pa.string()),
        length=frame["label"].str.len().to_numpy(dtype="int64"),
        rank=frame["table"].map(_RANK).to_numpy(dtype="int64"),
        frame=frame,
    )


def _repeats_a_building(frame: pd.DataFrame) -> pd.Series:
    """Mark address points whose address a building already has."""
    known = set(frame.loc[frame["table"] == "buildings", "label"])
    return (frame["table"] == "addresses") & frame["label"].isin(known)


def _addresses(city: City) -> pd.DataFrame:
    """Every address; one that lies in a building leads to the building."""
    points = pd.DataFrame(city.tables["addresses"])
    inside = points["building_id"].notna()
    parts = [
        _address_rows("buildings", pd.DataFrame(city.tables["buildings"])),
        _address_rows("buildings", points[inside].set_index("building_id")),
        _address_rows("addresses", points[~inside]),
    ]
    return pd.concat(parts, ignore_index=True)


def _address_rows(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    rows = frame.loc[frame["street"].notna(), ["street", "housenumber", "postcode", "locality"]]
    rows = rows.astype(object).fillna("")
    return pd.DataFrame(
        {
            "table": table,
            "id": rows.index,
            "label": (rows["street"] + " " + rows["housenumber"]).str.strip(),
            "locality": (rows["postcode"] + " " + rows["locality"]).str.strip(),
        }
    )


def _streets(city: City) -> pd.DataFrame:
    """One row a street name: its longest link stands for it."""
    links = pd.DataFrame(city.tables["streets"])[["name", "length_m"]].dropna(subset=["name"])
    longest = links.sort_values("length_m", ascending=False).drop_duplicates("name")
    return pd.DataFrame(
        {"table": "streets", "id": longest.index, "label": longest["name"], "locality": ""}
    )


def _named(city: City) -> list[pd.DataFrame]:
    parts = []
    for table in ("districts", "places", "stops", "buildings"):
        names = city.tables[table]["name"].dropna()
        parts.append(
            pd.DataFrame({"table": table, "id": names.index, "label": names, "locality": ""})
        )
    return [*parts, _lines(city), _parcels(city)]


def _lines(city: City) -> pd.DataFrame:
    """Transit lines by number and long name."""
    table = pd.DataFrame(city.tables["lines"])[["name", "long_name"]].astype(object).fillna("")
    label = (table["name"] + " " + table["long_name"]).str.strip()
    return pd.DataFrame({"table": "lines", "id": table.index, "label": label, "locality": ""})


def _parcels(city: City) -> pd.DataFrame:
    """Parcels by their number on paper."""
    table = pd.DataFrame(city.tables["parcels"])[["number", "tract"]].dropna(subset=["number"])
    return pd.DataFrame(
        {
            "table": "parcels",
            "id": table.index,
            "label": table["number"].astype(object),
            "locality": table["tract"].astype(object).fillna(""),
        }
    )
