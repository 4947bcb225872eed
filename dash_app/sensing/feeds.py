"""Sources of readings as somebody may see them: how they are, what was refused and why."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from dash_app.components.sensors.words import reason_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dash_app.i18n import Translator
    from dash_app.sensing.sensed import Sensed
    from dash_app.workspace.viewer import Viewer

STATE_WORDS = {
    "starting": "starting",
    "connected": "connected",
    "waiting": "cannot be reached just now, is tried again",
    "failed": "somebody must mend it",
    "stopped": "stopped",
}


def feeds_of(t: Translator, sensed: Sensed, viewer: Viewer) -> list[dict[str, Any]]:
    """
    Return the sources, in the order of their names.

    Who works with the twin is told why a source is as it is and what of it was refused; everybody
    else name and state of those that bring something public.
    """
    states = {one.source: one for one in sensed.store.states()}
    counts = Counter(row.stream.source for row in sensed.rows_seen(viewer))
    names = {*states, *counts} if viewer.may_edit else {*counts}
    refused = _refused(t, sensed) if viewer.may_edit else {}
    found = []
    for name in sorted(names):
        known = states.get(name)
        state = known.state if known else "stopped"
        row: dict[str, Any] = {"name": name, "state": state, "text": _state_words(t, state),
                               "streams": counts[name]}  # fmt: skip
        if viewer.may_edit:
            why = t.sentence(known.why) if known and known.why else ""
            row |= {"since": known.since if known else None, "why": why,
                    "refused": refused.get(name, [])}  # fmt: skip
        found.append(row)
    return found


def _state_words(t: Translator, state: str) -> str:
    return t.text(STATE_WORDS.get(state, state), context="feed")


def _refused(t: Translator, sensed: Sensed) -> dict[str, list[dict[str, Any]]]:
    table = sensed.store.refusals()
    found: dict[str, list[dict[str, Any]]] = {}
    rows: Iterable[Any] = table.sort_values("count", ascending=False).itertuples()
    for row in rows:
        text, hint = reason_words(t, row.reason)
        found.setdefault(row.source, []).append(
            {"reason": row.reason, "text": text, "hint": hint, "count": int(row.count),
             "last": None if row.last is None else row.last, "detail": row.detail}
        )  # fmt: skip
    return found
