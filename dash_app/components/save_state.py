"""Whether everything is saved; which of the three sentences shows is known to the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import html

from dash_app.components.history import clock
from dash_app.components.values import icon

if TYPE_CHECKING:
    from dash.development.base_component import Component

    from dash_app.i18n import Translator
    from dash_app.workspace.work import Work


def save_state(t: Translator, work: Work) -> list[Component]:
    """Return "saved at", "being saved" and "not saved"; empty where nothing can be changed."""
    side = work.b if work.shown == "b" and work.b else work.a
    if side is None or side.version is None:
        return []
    saved = t.text("Saved {time}", time=clock(t, side.version.created))
    return [
        _one("saved-yes", "check", saved),
        _one("saved-now", "clock", t.text("Being saved")),
        _one("saved-not", "warning", t.text("Not saved")),
    ]


def _one(name: str, sign: str, text: str) -> html.Span:
    return html.Span(
        [icon(sign), html.Span(text, className="saved-words")], className=name, title=text
    )
