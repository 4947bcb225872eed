"""Dialogs where two have changed one scenario, a link leads to none, a file does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.dialogs.parts import action, framed
from dash_app.workspace.projects import ArchivedError, OtherCityError
from twin.errors import TwinError

if TYPE_CHECKING:
    from dash.development.base_component import Component

    from dash_app.api.context import Context
    from dash_app.i18n import Translator
    from dash_app.workspace.viewer import Viewer


MOST = 40
"""Lines of a list that somebody reads."""


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
            _column(t.text("Your change"), _said(mine) or found.get("mine"), t),
        ],
        className="conflict",
    )
    key = str(asked.get("id") or "")
    buttons = [action(t.text("Take theirs"), "conflict-theirs", data_id=key)]
    if mine:
        name = str(mine.get("name") or "")
        buttons = [
            action(t.text("Apply mine on top"), "conflict-mine", main=True),
            *buttons,
            action(
                t.text("Save mine as a new scenario"), "conflict-new",
                data_name=t.text("{name} (my version)", name=name),
            ),
        ]  # fmt: skip
    name = str(theirs.get("name") or "")
    title = t.text("Two versions of {name}", name=name) if name else t.text("Two versions")
    return framed(t, title, [html.P(intro), columns, html.Div(buttons, className="dialog-buttons")])


def _said(mine: dict[str, Any]) -> list[str]:
    """Return what the edit calls itself, which is shorter than the difference it makes."""
    message = mine.get("message")
    return [message] if isinstance(message, str) and message else []


def _column(title: str, lines: Any, t: Translator) -> html.Section:
    words = [str(line) for line in lines][:MOST] if isinstance(lines, list) else []
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
    state = _state(desk, viewer, key) if viewer.may_edit else ""
    if state == "archived":
        buttons.append(action(t.text("Take it back"), "restore", data_id=key))
    if state == "other":
        label = t.text("Take over for {city}", city=desk.city.name)
        buttons.append(action(label, "take-over", data_id=key))
    return framed(
        t,
        t.text("This scenario cannot be shown"),
        [html.P(str(asked.get("why") or "")), html.Div(buttons, className="dialog-buttons")],
    )


def _state(desk: Context, viewer: Viewer, key: str) -> str:
    """Return why a scenario is not to be had, as far as something can be done about it."""
    try:
        desk.projects.open(key, viewer=viewer)
    except ArchivedError:
        return "archived"
    except OtherCityError:
        return "other"
    except TwinError:
        return ""
    return ""


def imported(
    t: Translator, desk: Context, viewer: Viewer, asked: dict[str, Any]
) -> list[Component]:
    """
    Return what of a scenario does not fit this city, measure by measure; nothing where all fits.

    Measures with a fault can be switched off at once, so that the rest can be answered.
    """
    key = str(asked.get("id") or "")
    try:
        version, scenario = desk.projects.open(key, viewer=viewer)
    except TwinError:
        return []
    faults = desk.projects.misfits(scenario)
    if not faults:
        return []
    count = len({fault.place for fault in faults if fault.place})
    intro = t.plural(
        "{count} measure does not fit this town as it is.",
        "{count} measures do not fit this town as they are.",
        count,
    )
    lines = [html.Li(t.sentence(fault.sentence)) for fault in faults[:MOST]]
    if len(faults) > MOST:
        lines.append(html.Li(t.text("and {count} more", count=len(faults) - MOST)))
    off = ",".join(dict.fromkeys(fault.measure for fault in faults if fault.measure))
    buttons = [action(t.text("Go on"), "close-dialog")]
    if off and viewer.may_edit:
        label = t.text("Switch these measures off")
        first = action(
            label, "switch-off", main=True, data_id=key, data_measures=off,
            data_version=str(version.number),
        )  # fmt: skip
        buttons.insert(0, first)
    inside = [
        html.P(intro),
        html.Ul(lines, className="dialog-list"),
        html.Div(buttons, className="dialog-buttons"),
    ]
    return framed(t, t.text("Imported: {name}", name=scenario.name), inside)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
