"""What is worth knowing of a run, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dash_app.i18n import Translator
    from twin.simulate.results import Results


def notes_of(words: Translator, results: Results) -> list[str]:
    """Return what is worth knowing of a run, each sentence once."""
    notes = [words.sentence(note.sentence) for note in results.notes]
    found = [
        f"{network}: {words.finding(finding)}" if network else words.finding(finding)
        for year in results.years.values()
        for network, finding in year.findings
    ]
    return list(dict.fromkeys([*notes, *found]))
