"""The words of the census files and ours, read from `themes.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

UNITS = {"bev": "residents", "geb": "buildings", "wohn": "dwellings"}
"""How file names of the census of 2011 begin, and what their files count."""


class Meaning(NamedTuple):
    """What a figure counts: theme and class, or a total of the cell (class "")."""

    theme: str
    word: str
    rank: int = 0  # of two figures for the same, the lower rank counts


@cache
def themes() -> dict[str, Any]:
    """Return `themes.toml` as it stands."""
    text = files("layers.census").joinpath("themes.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def plain(name: str) -> str:
    """
    Return a column name without case, spaces and quotation marks.

    >>> plain(' "Vor1919" ')
    'vor1919'
    """
    return name.strip().strip('"').strip().casefold()


def meaning_of_columns(columns: list[str], *, file_name: str) -> dict[str, Meaning]:
    """
    Return what the columns of a wide file (2022) mean; unknown ones are left out.

    Ages and sizes say by their total column whether they count buildings or dwellings. Heating and
    carriers do not: there the name of the file decides (`Gebaeude…` counts buildings).

    >>> meaning_of_columns(["Insgesamt_Gebaeude", "Vor1919"], file_name="a.csv")["Vor1919"]
    Meaning(theme='buildings_age', word='until_1918', rank=0)
    """
    known = {plain(c): c for c in columns}
    found = {}
    for rank, (name, total) in enumerate(themes()["totals"].items()):
        if plain(name) in known:
            unit = _theme("", known, file_name).removesuffix("_") if total == "heated" else total
            found[known[plain(name)]] = Meaning(unit, "", rank)
    for trait, words in themes()["columns"].items():
        theme = _theme(trait, known, file_name)
        for name, word in words.items():
            if plain(name) in known:
                found[known[plain(name)]] = Meaning(theme, word)
    return found


def _theme(trait: str, known: dict[str, str], file_name: str) -> str:
    if trait.startswith("residents"):
        return trait
    if "insgesamt_wohnungen" in known:
        unit = "dwellings"
    elif "insgesamt_gebaeude" in known or "gebaeude" in file_name.casefold():
        unit = "buildings"
    else:
        unit = "dwellings"
    return f"{unit}_{trait}"


def vocabulary(theme: str, *, year: int) -> set[str]:
    """
    Return the classes that a theme has in the census of a year.

    >>> sorted(vocabulary("dwellings_heating", year=2011))[:2]
    ['block', 'central']
    """
    trait = theme if theme.startswith("residents") else theme.partition("_")[2]
    by_code = [e["words"] for e in themes()["codes"].values() if e["trait"] == trait]
    if year == 2011 and by_code:
        return set(by_code[0])
    return set(themes()["columns"].get(trait, {}).values())


def unit_of_file(file_name: str) -> str:
    """
    Return what a file of the census of 2011 counts, "" where its name does not say.

    >>> unit_of_file("Geb100m.csv"), unit_of_file("Wohnungen100m.csv"), unit_of_file("a.csv")
    ('buildings', 'dwellings', '')
    """
    name = file_name.casefold()
    return next((unit for start, unit in UNITS.items() if start in name), "")


def meaning_of_code(unit: str, feature: str, code: int) -> Meaning | None:
    """
    Return what a Merkmal and its Auspraegung_Code (2011) mean, None where we do not use it.

    >>> meaning_of_code("buildings", "HEIZTYP", 2)
    Meaning(theme='buildings_heating', word='flat', rank=0)
    """
    if feature == "INSGESAMT":
        return Meaning(unit, "") if unit else None
    entry = themes()["codes"].get(feature)
    if entry is None or not 1 <= code <= len(entry["words"]):
        return None
    trait, word = entry["trait"], entry["words"][code - 1]
    if trait.startswith("residents"):
        return Meaning(trait, word) if unit in {"residents", ""} else None
    return Meaning(f"{unit}_{trait}", word) if unit in {"buildings", "dwellings"} else None
