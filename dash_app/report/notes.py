"""What is worth knowing of a run, in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dash_app.i18n import Translator
    from twin.simulate.results import Results


SHOWN_NETWORKS = 3


def notes_of(words: Translator, results: Results) -> list[str]:
    """Return what is worth knowing of a run, each sentence once with the networks it is about."""
    notes = [words.sentence(note.sentence) for note in results.notes]
    about: dict[str, set[str]] = {}
    said: dict[str, int] = {}  # the year it was first so
    for year in results.years.values():
        for sentence in year.said:
            said.setdefault(words.sentence(sentence), year.year)
        for network, finding in year.findings:
            about.setdefault(words.finding(finding), set()).add(network)
    found = [f"{_named(who)}: {told}" if any(who) else told for told, who in about.items()]
    cut = [f"{year}: {told}" for told, year in said.items()]
    return list(dict.fromkeys([*notes, *cut, *found]))


def _named(networks: set[str]) -> str:
    """
    Return a few networks by name, and how many it is about in all.

    >>> _named({"Network 10", "Network 2", "Network 1"}), _named({f"N {n}" for n in range(9)})
    ('Network 1, Network 2, Network 10', 'N 0, N 1, N 2, … (9)')
    """
    ordered = sorted(networks - {""}, key=lambda name: [*map(_number, re.split(r"(\d+)", name))])
    shown = ", ".join(ordered[:SHOWN_NETWORKS])
    return f"{shown}, … ({len(ordered)})" if len(ordered) > SHOWN_NETWORKS else shown


def _number(part: str) -> tuple[int, str]:
    return (int(part), "") if part.isdecimal() else (-1, part)
