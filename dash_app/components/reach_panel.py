"""From one place on: how far one gets, how long to another place, who drives over a street."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.sides import letter
from dash_app.components.values import attrs, icon

if TYPE_CHECKING:
    from dash.development.base_component import Component

    from dash_app.i18n import Translator
    from dash_app.workspace.work import Work

MODES = {"walk": "on foot", "bike": "by bicycle", "transit": "by public transport", "car": "by car"}
MINUTES = (5, 10, 15)
MOST_ZONES = 5


def reach_buttons(t: Translator) -> html.Section:
    """Return the three questions one can put to a place; for the panel of the mobility mode."""
    questions = {
        "reach": t.text("How far does one get from here?"),
        "trip": t.text("How long from here to there?"),
        "flow": t.text("Who drives over this street?"),
    }
    buttons = [
        html.Button(
            words,
            type="button",
            className="button-small reach-ask",
            **attrs(data_work="panel", data_panel=name),
        )
        for name, words in questions.items()
    ]
    title = html.H2(t.text("Ask a place"), className="panel-title")
    return html.Section([title, html.Div(buttons, className="reach-asks")],
                        className="panel-section")  # fmt: skip


def reach_panel(t: Translator, work: Work, name: str) -> list[Component]:
    """Return the empty answer to a question; `assets/page_reach.js` puts the numbers in."""
    before, after = work.pair
    parts: dict[str, Any] = {
        "reach": lambda: _reach(t, letter(t, before), letter(t, after)),
        "trip": lambda: _trip(t, letter(t, before), letter(t, after)),
        "flow": lambda: _flow(t),
    }
    close = t.text("Close")
    head = html.Div(
        [
            html.Span(t.text("{side} · {year}", side=letter(t, after), year=str(work.year)),
                      className="crumbs"),
            html.Button(icon("close"), type="button", className="button-bare", title=close,
                        **attrs(data_work="panel", data_panel="inspector", aria_label=close)),
        ],
        className="inspector-top",
    )  # fmt: skip
    hashes = attrs(data_run=after.hash, data_other="" if before is after else before.hash,
                   data_year=str(work.year), data_reach=name)  # fmt: skip
    return [html.Section([head, *parts[name]()], className="explain reach", **hashes)]


def _title(text: str, hint: str) -> list[Component]:
    return [
        html.H2(text, className="inspector-title"),
        html.P(hint, className="quiet reach-hint", role="status"),
    ]


def _reach(t: Translator, before: str, after: str) -> list[Component]:
    modes = [
        html.Button(
            t.text(words), type="button",
            **attrs(data_work="reach-mode", data_mode=mode,
                    aria_pressed="true" if mode == "walk" else "false"),
        )
        for mode, words in MODES.items()
    ]  # fmt: skip
    rows = [
        html.Tr([
            html.Th([html.Span(className=f"reach-band reach-{n}"),
                     t.text("within {count} min", count=minutes)], **attrs(scope="row")),
            html.Td("–", **attrs(data_fill=f"other_residents:{n}")),
            html.Td("–", **attrs(data_fill=f"residents:{n}")),
        ])
        for n, minutes in enumerate(MINUTES)
    ]  # fmt: skip
    return [
        *_title(t.text("How far does one get from here?"),
                t.text("Pick a place, a house or a stop on the map.")),
        html.Div(modes, className="segments", role="group",
                 **attrs(aria_label=t.text("Means of transport"))),
        _table(t.text("Residents who live there"), ("", before, after), rows),
    ]  # fmt: skip


def _trip(t: Translator, before: str, after: str) -> list[Component]:
    rows = [
        html.Tr([
            html.Th(t.text(words), **attrs(scope="row")),
            html.Td("–", **attrs(data_fill=f"other_minutes:{mode}")),
            html.Td("–", **attrs(data_fill=f"minutes:{mode}")),
        ])
        for mode, words in MODES.items()
    ]  # fmt: skip
    target = html.Button(
        t.text("Choose the destination on the map"), type="button", className="button-outline",
        **attrs(data_work="trip-to"),
    )  # fmt: skip
    return [
        *_title(t.text("How long from here to there?"),
                t.text("Pick where the way begins, then its end.")),
        target,
        _table(t.text("Minutes at 8 in the morning"), ("", before, after), rows),
    ]  # fmt: skip


def _flow(t: Translator) -> list[Component]:
    facts = {
        "vehicles": t.text("Vehicles a weekday"),
        "inside": t.text("Trips inside the town, %"),
        "through": t.text("Only passing through, %"),
    }
    rows = [
        html.Tr([html.Th(words, **attrs(scope="row")), html.Td("–", **attrs(data_fill=name))])
        for name, words in facts.items()
    ]
    zones = [
        html.Tr([html.Th("", **attrs(scope="row", data_name=f"{kind}:{n}")),
                 html.Td("", **attrs(data_fill=f"{kind}:{n}"))])
        for kind in ("origins",)
        for n in range(MOST_ZONES)
    ]  # fmt: skip
    return [
        *_title(t.text("Who drives over this street?"),
                t.text("Pick a street; the map shows the ways of those who drive over it.")),
        _table(t.text("Of this street"), ("", ""), rows),
        _table(t.text("Where they come from, vehicles"), ("", ""), zones),
    ]  # fmt: skip


def _table(caption: str, heads: tuple[str, ...], rows: list[html.Tr]) -> html.Table:
    parts: list[Component] = [html.Caption(caption, className="quiet")]
    if any(heads):
        cells = [html.Th(head, **attrs(scope="col")) if head else html.Td() for head in heads]
        parts.append(html.Thead(html.Tr(cells)))
    return html.Table([*parts, html.Tbody(rows)], className="reach-table")
