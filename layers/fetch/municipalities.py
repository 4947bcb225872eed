"""The 396 municipalities of North Rhine-Westphalia, found by name or official key."""

from __future__ import annotations

import csv
import difflib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from twin.errors import SourceError

TABLE = Path(__file__).with_name("nrw_municipalities.csv")  # data/ holds the same
SPELLING = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
CRS = "EPSG:25832"
TILE_M = 1000


@dataclass(frozen=True)
class Municipality:
    """One municipality; `bounds` are west, south, east, north in EPSG:25832 [m], generalised."""

    ags: str  # amtlicher Gemeindeschlüssel, eight digits
    name: str
    district_ags: str  # of its Kreis; of itself where it belongs to none
    district: str
    bounds: tuple[float, float, float, float]

    @property
    def slug(self) -> str:
        """
        Return a name for folders and addresses.

        >>> find_municipality("05382068").slug
        '05382068-troisdorf'
        """
        return f"{self.ags}-{re.sub(r'[^a-z0-9]+', '-', _plain(self.name)).strip('-')}"


@cache
def municipalities() -> tuple[Municipality, ...]:
    """Return all municipalities by official key (BKG VG250, generalised, as of 2013)."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Municipality(
                row["ags"],
                row["name"],
                row["district_ags"],
                row["district"],
                (float(row["west"]), float(row["south"]), float(row["east"]), float(row["north"])),
            )
            for row in csv.DictReader(file)
        )


def find_municipality(place: str) -> Municipality:
    """
    Return the municipality that a name or key means.

    Case, umlauts spelt out and what stands in brackets do not matter; the beginning of a name
    serves where no other begins so. Raises `SourceError` with candidates for all else.

    >>> find_municipality("hennef").name, find_municipality("Muelheim").name
    ('Hennef (Sieg)', 'Mülheim an der Ruhr')
    """
    text = place.strip()
    if re.fullmatch(r"\d{8}|\d{12}", text):
        ags = text if len(text) == 8 else text[:5] + text[9:]
        found = [m for m in municipalities() if m.ags == ags]
    else:
        found = _by_name(_plain(re.sub(r"^(stadt|gemeinde)\s+", "", text, flags=re.IGNORECASE)))
    if len(found) == 1:
        return found[0]
    if found:
        template = "{place} means several municipalities: {candidates}."
        hint = "Give the full name or the official key."
        raise SourceError(template, hint=hint, place=text, candidates=_listed(found))
    raise _unknown(text)


def _by_name(text: str) -> list[Municipality]:
    """Return those of this very name, else of this name without brackets, else beginning so."""
    if not text:
        return []
    steps = (
        lambda m: _plain(m.name) == text,
        lambda m: _short(m.name) == text,
        lambda m: _plain(m.name).startswith(text) and not _plain(m.name)[len(text)].isalpha(),
        lambda m: len(text) > 2 and _plain(m.name).startswith(text),
    )
    return next((found for test in steps if (found := [*filter(test, municipalities())])), [])


def _unknown(text: str) -> SourceError:
    names = {_short(m.name): m for m in municipalities()}
    close = difflib.get_close_matches(_plain(text), names, n=5, cutoff=0.6)
    if close:
        template = (
            "No municipality of North Rhine-Westphalia is called {place}; "
            "near to it are {candidates}."
        )
        listed = _listed([names[name] for name in close])
        return SourceError(template, hint="Check the spelling.", place=text, candidates=listed)
    template = "No municipality of North Rhine-Westphalia is called {place}."
    hint = (
        "Give a name or the official key (eight digits); "
        "elsewhere `twin build PLACE` reads OpenStreetMap."
    )
    return SourceError(template, hint=hint, place=text)


def _listed(found: list[Municipality]) -> str:
    shown = [f"{m.name} ({m.ags}, {m.district})" for m in found[:10]]
    return "; ".join(shown) + ("; …" if len(found) > 10 else "")


def _plain(name: str) -> str:
    """
    Return a name for comparing.

    >>> _plain("Köln "), _plain("KOELN")
    ('koeln', 'koeln')
    """
    return " ".join(name.casefold().translate(SPELLING).split())


def _short(name: str) -> str:
    return _plain(re.sub(r"\(.*?\)", "", name))
