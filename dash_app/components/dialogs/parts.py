"""What all dialogs have: a title, a way to close, a line for what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.values import attrs, icon

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dash.development.base_component import Component

    from dash_app.i18n import Translator


def framed(t: Translator, title: str, inside: Sequence[Component]) -> list[Component]:
    """Return the content of a dialog below its title."""
    return [
        html.Div(
            [
                html.H2(title, className="dialog-title", id="dialog-title"),
                html.Button(
                    icon("close"), type="button", className="button-bare",
                    title=t.text("Close"),
                    **attrs(data_work="close-dialog", aria_label=t.text("Close")),
                ),
            ],
            className="dialog-head",
        ),
        html.Div(list(inside), className="dialog-inside"),
        html.P(id="dialog-problem", className="dialog-problem", role="alert"),
    ]  # fmt: skip


def message(t: Translator, asked: dict[str, Any]) -> list[Component]:
    """Return a plain sentence and a button to close."""
    text = asked.get("text")
    return [html.P(str(text) if text else ""), closing(t)]


def closing(t: Translator) -> html.Div:
    """Return the button that only closes."""
    button = html.Button(
        t.text("Close"),
        type="button",
        className="button-outline",
        **attrs(data_work="close-dialog"),
    )
    return html.Div(button, className="dialog-buttons")


def labelled(label: str, control: Component) -> html.Label:
    """Return a field with its label above it."""
    return html.Label([html.Span(label), control], className="field dialog-field")


def action(label: str, do: str, *, main: bool = False, **data: str) -> html.Button:
    """Return a button that does something."""
    return html.Button(
        label,
        type="button",
        className="button-main" if main else "button-outline",
        **attrs(data_work=do, **data),
    )
