"""Dialogs where two have changed one scenario, or a link leads to none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.dialogs.parts import action, framed

if TYPE_CHECKING:
    from dash.development.base_component import Component

    from dash_app.api.context import Context
    from dash_app.i18n import Translator
    from dash_app.workspace.viewer import Viewer


def conflict(
    t: Translator, desk: Context, viewer: Viewer, asked: dict[str, Any]
) -> list[Component]:
    """Return both versions side by side in words, and the three ways out."""
    del desk, viewer
    found = _dict(asked.get("difference"))
    theirs, mine = _dict(asked.get("theirs")), _dict(asked.get("mine"))
    author = str(_dict(asked.get("moved")).get("author") or t.text("somebody"))
    intro = t.text(
        "{author} has saved this scenario while you were changing it. Nothing is lost: choose "
        "what shall count.",
        author=author,
    )
    columns = html.Div(
        [
            _column(t.text("Saved by {author}", author=author), found.get("theirs"), t),
            _column(t.text("Your change"), found.get("mine"), t),
        ],
        className="conflict",
    )
    buttons = [action(t.text("Take theirs"), "conflict-theirs", data_id=str(asked.get("id") or ""))]
    if mine:
        buttons = [
            action(t.text("Apply mine on top"), "conflict-mine", main=True),
            *buttons,
            action(t.text("Save mine as a new scenario"), "conflict-new"),
        ]
    name = str(theirs.get("name") or "")
    title = t.text("Two versions of {name}", name=name) if name else t.text("Two versions")
    return framed(t, title, [html.P(intro), columns, html.Div(buttons, className="dialog-buttons")])


def _column(title: str, lines: Any, t: Translator) -> html.Section:
    words = [str(line) for line in lines][:40] if isinstance(lines, list) else []
    inside = (
        html.Ul([html.Li(line) for line in words])
        if words
        else html.P(t.text("Moved along the history only."), className="quiet")
    )
    return html.Section([html.H3(title), inside])


def missing(t: Translator, desk: Context, viewer: Viewer, asked: dict[str, Any]) -> list[Component]:
    """Return why a scenario of the address cannot be shown, and what can be done."""
    key, side = str(asked.get("id") or ""), str(asked.get("side") or "")
    buttons = [action(t.text("Go on without it"), "drop-side", main=True, data_side=side)]
    archived = {entry.id for entry in desk.projects.entries(viewer, archived=True)}
    if key in archived and viewer.may_edit:
        buttons.append(action(t.text("Take it back"), "restore", data_id=key))
    return framed(
        t,
        t.text("This scenario cannot be shown"),
        [html.P(str(asked.get("why") or "")), html.Div(buttons, className="dialog-buttons")],
    )


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
