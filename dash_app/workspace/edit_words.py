"""What a changed measure is called in words: the one thing that changed, or the whole of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash_app.components.measure_form.words import words_of
from twin.scenario import Scenario, diff
from twin.sentences import say

if TYPE_CHECKING:
    from twin.measures import Measure
    from twin.sentences import Sentence


def replaced_words(before: Measure, after: Measure) -> Sentence:
    """
    Return in words how a measure was changed: as it is now, and the number that was another.

    Where more than one thing changed, or something without short words (a drawn line), the measure
    is said as it is now.
    """
    summary = after.summary()
    if before.is_a != after.is_a:
        return say("Changed: {summary}", summary=summary)
    old, new = (Scenario.model_construct(measures=(m,), assumptions={}) for m in (before, after))
    changes = diff(old, new).changed
    if len(changes) != 1:
        return say("Changed: {summary}", summary=summary)
    change = changes[0]
    if change.field == "note":
        return say("Note written: {summary}", summary=summary)
    words = words_of(change.kind, change.field)
    if words is None or not (_is_number(change.before) and _is_number(change.after)):
        return say("Changed: {summary}", summary=summary)
    was = str(change.before) if change.field.endswith("_year") else change.before
    return say(
        "Changed: {summary} ({field} was {before})",
        summary=summary, field=words.label, before=was,
    )  # fmt: skip


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
