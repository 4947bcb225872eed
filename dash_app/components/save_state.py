"""Whether everything is saved; which of the three sentences shows is known to the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import html

from dash_app.components.history import clock
from dash_app.components.values import attrs, icon

if TYPE_CHECKING:
    from dash.development.base_component import Component

    from dash_app.i18n import Translator
    from dash_app.workspace.work import Work


def save_state(t: Translator, work: Work) -> list[Component]:
    """Return "saved at", "being saved" and "not saved"; empty where nothing can be changed."""
    door = _door(t, work)
    side = work.b if work.shown == "b" and work.b else work.a
    if side is None or side.version is None or not work.viewer.may_edit:
        return door
    saved = t.text("Saved {time}", time=clock(t, side.version.created))
    return [
        *door,
        _one("saved-yes", "check", saved),
        _one("saved-now", "clock", t.text("Being saved")),
        _one("saved-not", "warning", t.text("Not saved")),
    ]


def _door(t: Translator, work: Work) -> list[Component]:
    """Return the way in, or to the account of who is in; nothing on a laptop."""
    if work.settings.mode != "shared":
        return []
    if not work.viewer.may_edit:
        return [html.A(t.text("Sign in"), href="/login", className="door", **attrs(data_login=""))]
    return [html.A(work.viewer.name, href="/account", className="door")]


def _one(name: str, sign: str, text: str) -> html.Span:
    return html.Span(
        [icon(sign), html.Span(text, className="saved-words")], className=name, title=text
    )
