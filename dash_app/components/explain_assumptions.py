"""The assumptions behind a figure: value, range, status, source; changed for this scenario."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.amounts import figure, unit_parts
from dash_app.components.charts.range_bar import RangeBar, range_bar
from dash_app.components.native import Input
from dash_app.components.terms import assumption_label, theme_label
from dash_app.components.values import attrs, icon
from twin.assumptions import assumptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dash_app.i18n import Translator
    from dash_app.workspace.work import Side, Work
    from twin.assumptions import Assumption
    from twin.indicators import Explanation

MOST_DRIVERS = 6


def assumptions_section(
    t: Translator, work: Work, side: Side, told: Explanation, *, theme: str = ""
) -> html.Section:
    """
    Return what is assumed: what moves the figure most, what was changed, the rest by theme.

    `theme` is the one that is unfolded; its rows can be changed where the viewer may edit.
    """
    given = {entry.name: entry for entry in told.assumptions}
    own = dict(side.scenario.assumptions)
    changed = [name for name in given if name in own]
    strongest = _strongest(told)
    first = list(dict.fromkeys([*changed, *strongest]))
    may = work.viewer.may_edit and side.key != "base"
    rows = [_row(t, side, given[name], changed=name in own, editable=may) for name in first]
    parts: list[Any] = [html.H3(t.text("Assumptions"), className="explain-title")]
    if not may:
        parts.append(html.P(_why_fixed(t, work, side), className="quiet"))
    if rows:
        parts.append(html.Ul(rows, className="explain-assumed"))
    rest = [entry for name, entry in given.items() if name not in first]
    parts.append(_themes(t, side, told, rest, theme=theme, editable=may))
    return html.Section(parts, className="explain-section")


def _why_fixed(t: Translator, work: Work, side: Side) -> str:
    if side.key == "base":
        return t.text("Today is never changed. Show a scenario to change an assumption in it.")
    return t.text("Sign in to change assumptions of this scenario.")


def _strongest(told: Explanation) -> list[str]:
    """Return the names behind the strongest drivers; of one with many classes none."""
    names = [entry.name for entry in told.assumptions]
    found = []
    for driver in told.drivers[:MOST_DRIVERS]:
        single = [name for name in names if f"{name}.".startswith(f"{driver.name}.")]
        found += single if len(single) == 1 else []
    return found


def _themes(
    t: Translator,
    side: Side,
    told: Explanation,
    entries: Sequence[Assumption],
    *,
    theme: str,
    editable: bool,
) -> html.Ul:
    """Return the other assumptions by theme; only the rows of one theme are made at a time."""
    found: dict[str, list[Assumption]] = {}
    for entry in entries:
        found.setdefault(entry.name.partition(".")[0], []).append(entry)
    items = []
    for name, inside in found.items():
        is_open = name == theme
        head = html.Button(
            [
                icon("down" if is_open else "after"),
                html.Span(theme_label(t, name)),
                html.Span(t.number(len(inside)), className="quiet"),
            ],
            type="button",
            className="explain-theme",
            **attrs(
                data_work="panel", data_panel="explain", data_indicator=told.name,
                data_level=told.level, data_area=told.area, data_theme="" if is_open else name,
                aria_expanded=str(is_open).lower(),
            ),
        )  # fmt: skip
        rows = [_row(t, side, e, changed=False, editable=editable) for e in inside if is_open]
        listed = [html.Ul(rows, className="explain-assumed")] if rows else []
        items.append(html.Li([head, *listed]))
    return html.Ul(items, className="explain-themes")


def _row(t: Translator, side: Side, entry: Assumption, *, changed: bool, editable: bool) -> html.Li:
    label = assumption_label(t, entry.name)
    known = assumptions()
    plain = known.entry(entry.name) if entry.name in known else entry  # an own value widens it
    usual = t.text("usually {low} to {high}", low=figure(t, plain.low), high=figure(t, plain.high))
    bar = RangeBar(value=entry.value, low=entry.low, high=entry.high)
    head = [html.Span(label, className="explain-name")]
    if changed:
        head.append(html.Span(t.text("changed here"), className="explain-changed"))
    value: Any = html.Span(figure(t, entry.value), className="fact-value")
    if editable:
        value = _field(t, side, entry, label)
    unit = html.Span(unit_parts(t, entry.unit), className="unit")
    line = [value, unit, range_bar(bar, 72, label=usual)]
    if changed and editable:
        line.append(_reset(t, side, entry, label))
    return html.Li(
        [
            html.Div(head, className="explain-assumed-head"),
            html.Div(line, className="explain-assumed-line"),
            html.P([usual, " · ", t.word(entry.status, "status")], className="quiet"),
            html.P(entry.source, className="quiet explain-source", lang="en", title=entry.source),
        ],
        className="is-changed" if changed else "",
        **attrs(data_assumption=entry.name),
    )


def _field(t: Translator, side: Side, entry: Assumption, label: str) -> Input:
    said = t.text(
        "{name}, {low} to {high} {unit}",
        name=label, low=figure(t, entry.low), high=figure(t, entry.high), unit=t.unit(entry.unit),
    )  # fmt: skip
    return Input(
        type="text",
        inputMode="decimal",
        className="explain-field",
        value=figure_to_edit(t, entry.value),
        maxLength=16,
        autoComplete="off",
        **attrs(
            data_work="assume", data_scenario=side.key, data_name=entry.name,
            data_edit=edit_json(entry.name, entry.value), aria_label=said,
        ),
    )  # fmt: skip


def _reset(t: Translator, side: Side, entry: Assumption, label: str) -> html.Button:
    said = t.text("Take back the change: {name}", name=label)
    return html.Button(
        t.text("take back"),
        type="button",
        className="link",
        title=said,
        **attrs(
            data_work="edit", data_scenario=side.key, data_edit=edit_json(entry.name, None),
            aria_label=said,
        ),
    )  # fmt: skip


def edit_json(name: str, value: float | None) -> str:
    """
    Return the edit that gives an assumption a value in one scenario; none takes it back.

    >>> edit_json("stock.prebound.200", None)
    '{"do": "reset_assumption", "name": "stock.prebound.200"}'
    """
    if value is None:
        return json.dumps({"do": "reset_assumption", "name": name})
    return json.dumps({"do": "set_assumption", "name": name, "value": value})


def figure_to_edit(t: Translator, value: float) -> str:
    """
    Return every digit of a value, with the comma of the language and no dots between thousands.

    >>> from dash_app.i18n import translator
    >>> figure_to_edit(translator("de"), 4634.25)
    '4634,25'
    """
    text = f"{value:.10g}"
    return text.replace(".", ",") if t.lang == "de" else text
