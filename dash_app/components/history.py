"""What was done to a scenario, the newest first; each step can be gone back to."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from dash import html

from dash_app.components.values import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dash.development.base_component import Component

    from dash_app.i18n import Translator
    from dash_app.workspace.projects import Step

PLACE = ZoneInfo("Europe/Berlin")
MOST = 60
"""Steps that are listed; all of them stand in the dialog of versions."""


def history(t: Translator, steps: Sequence[Step], *, may_edit: bool) -> html.Section:
    """Return the list of what was done."""
    rows = [_row(t, step, may_edit=may_edit) for step in reversed(steps[-MOST:])]
    names = attrs(aria_label=t.text("What was done, the newest first"))
    head = html.Div(html.H2(t.text("History"), className="panel-title"), className="panel-head")
    return html.Section(
        [head, html.Ol(rows, className="history", **names)], className="panel-section"
    )


def _row(t: Translator, step: Step, *, may_edit: bool) -> html.Li:
    said = message_of(t, step)
    classes = ["history-step", *(["is-head"] if step.is_head else []),
               *(["is-undone"] if step.is_undone else [])]  # fmt: skip
    inside = [
        html.Span(className="history-dot", **attrs(aria_hidden="true")),
        html.Span(
            [said, *kept_badge(step)],
            className="history-words",
        ),
        html.Span(clock(t, step.at), className="history-time quiet"),
    ]
    if step.is_head or not may_edit:
        current = attrs(aria_current="step") if step.is_head else {}
        return html.Li(html.Div(inside, className=" ".join(classes), title=said, **current))
    label = t.text("Go back to: {step}", step=said)
    if step.is_undone:
        label = t.text("Undone. Go to: {step}", step=said)
    return html.Li(
        html.Button(
            inside,
            type="button",
            className=" ".join(classes),
            title=label,
            **attrs(data_work="go-to", data_number=str(step.number), aria_label=label),
        )
    )


def kept_badge(step: Step) -> list[Component]:
    """Return the name that somebody gave a version."""
    return [html.Span(step.kept_as, className="history-kept")] if step.kept_as else []


def message_of(t: Translator, step: Step) -> str:
    """Return what a step did, in words."""
    return step.message or (t.text("Scenario begun") if step.number == 1 else t.text("Saved"))


def clock(t: Translator, at: datetime) -> str:
    """Return the local time of today, else day and time."""
    local = at.astimezone(PLACE)
    same_day = local.date() == local.now(PLACE).date()
    pattern = "HH:mm" if same_day else ("dd.MM. HH:mm" if t.lang == "de" else "d MMM HH:mm")
    return str(format_datetime(local, pattern, locale=t.lang))
