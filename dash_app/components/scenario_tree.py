"""The left panel of the scenario mode: today, scenarios, measures of the one at hand, history."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.history import history, message_of
from dash_app.components.native import Input
from dash_app.components.values import attrs, icon
from twin.errors import TwinError

if TYPE_CHECKING:
    from dash.development.base_component import Component

    from dash_app.i18n import Translator
    from dash_app.workspace.projects import Projects, Step
    from dash_app.workspace.work import Side, Work
    from layers.project_store import ScenarioEntry
    from twin.measures import Measure

FORM = {"data_work": "panel", "data_panel": "form"}

NAME = 70
"""Characters of a name in the list; longer ones are facts."""


def scenario_panel(t: Translator, work: Work, projects: Projects) -> list[Component]:
    """Return today, the scenarios, the measures of the one at hand and what was done to it."""
    side = work.b if work.shown == "b" and work.b else work.a
    steps: tuple[Step, ...] = ()
    if side is not None and side.id and work.viewer.may_edit:  # how it came about is internal
        steps = projects.history(side.id, viewer=work.viewer)
    rows = [_scenario(t, work, entry, _count(projects, work, entry)) for entry in work.entries]
    parts: list[Component] = [
        html.Section(
            [
                _head(t, work, side, steps),
                html.Ul(
                    [_today(t, work), *rows],
                    className="tree",
                    **attrs(aria_label=t.text("Scenarios")),
                ),
                *_nothing(t, work),
            ],
            className="panel-section",
        )
    ]
    if steps and side is not None:
        parts.append(history(t, steps, may_edit=work.viewer.may_edit))
    return parts


def _count(projects: Projects, work: Work, entry: ScenarioEntry) -> int | None:
    """Return how many measures a scenario has; None where it cannot be read."""
    try:
        return len(projects.open(entry.id, viewer=work.viewer)[1].measures)
    except TwinError:
        return None


def _head(t: Translator, work: Work, side: Side | None, steps: tuple[Step, ...]) -> html.Div:
    buttons = []
    if work.viewer.may_edit:
        new = t.text("New scenario")
        buttons = [
            _move(t, "undo", *_undone(t, steps)),
            _move(t, "redo", *_redone(t, steps)),
            html.Button(
                icon("plus"),
                type="button",
                className="button-icon",
                title=new,
                **attrs(data_work="dialog", data_dialog="new", aria_label=new),
            ),
        ]
    title = html.H2(t.text("Scenarios"), className="panel-title")
    spoken = {} if side is None else attrs(data_scenario=side.key)
    return html.Div(
        [title, html.Div(buttons, className="tree-buttons")],
        className="panel-head tree-head",
        **spoken,
    )


def _undone(t: Translator, steps: tuple[Step, ...]) -> tuple[str, bool]:
    """Return what undo would take back, and whether there is anything."""
    head = next((step for step in steps if step.is_head), None)
    if head is None or head.parent is None:
        return t.text("Nothing to undo"), False
    return t.text("Undo: {step}", step=message_of(t, head)), True


def _redone(t: Translator, steps: tuple[Step, ...]) -> tuple[str, bool]:
    """Return what redo would do again, and whether there is anything."""
    following = next((step for step in steps if step.is_next), None)
    if following is None:
        return t.text("Nothing to redo"), False
    return t.text("Do again: {step}", step=message_of(t, following)), True


def _move(t: Translator, do: str, what: str, enabled: bool) -> html.Button:
    label = t.text("Undo") if do == "undo" else t.text("Redo")
    return html.Button(
        icon(do),
        type="button",
        className="button-icon",
        title=what,
        disabled=not enabled,
        **attrs(data_work=do, aria_label=what if enabled else label),
    )


def _today(t: Translator, work: Work) -> html.Li:
    on = work.shown == "base"
    return html.Li(
        html.Div(
            html.Button(
                [
                    html.Span(icon("lock"), className="side-chip side-base"),
                    html.Span(t.text("Today", context="baseline"), className="tree-name"),
                    html.Span(t.text("unchanged"), className="quiet"),
                ],
                type="button",
                className="tree-open",
                **attrs(data_work="show", data_shown="base", aria_pressed=str(on).lower()),
            ),
            className=f"tree-row{' is-on' if on else ''}",
        )
    )


def _scenario(t: Translator, work: Work, entry: ScenarioEntry, count: int | None) -> html.Li:
    side = next((s for s in (work.a, work.b) if s is not None and s.id == entry.id), None)
    on = side is not None and work.shown == side.key
    name = entry.head.name or t.text("Scenario without name")
    row = html.Div(
        [
            html.Button(
                [
                    _chip(side),
                    html.Span(name, className="tree-name"),
                    *([html.Span(t.text("public"), className="quiet")] if entry.public else []),
                    *_counted(t, count),
                ],
                type="button",
                className="tree-open",
                **attrs(
                    data_work="open-scenario",
                    data_id=entry.id,
                    data_side=side.key if side else "",
                    aria_pressed=str(on).lower(),
                ),
            ),
            *(_as_side(t, work, entry, key) for key in ("a", "b")),
            *([_menu(t, entry, name)] if work.viewer.may_edit else []),
        ],
        className=f"tree-row{' is-on' if on else ''}",
    )
    measures = _measures(t, work, side) if side is not None and (on or work.shown == "diff") else []
    return html.Li([row, *measures])


def _counted(t: Translator, count: int | None) -> list[Component]:
    if count is None:
        return []
    words = t.plural("{count} measure", "{count} measures", count)
    return [
        html.Span(
            [
                html.Span(str(count), **attrs(aria_hidden="true")),
                html.Span(words, className="only-spoken"),
            ],
            className="quiet tree-count",
            title=words,
        )
    ]


def _chip(side: Side | None) -> html.Span:
    if side is None:
        return html.Span("", className="side-chip side-none", **attrs(aria_hidden="true"))
    return html.Span(
        side.key.upper(), className=f"side-chip side-{side.key}", **attrs(aria_hidden="true")
    )


def _as_side(t: Translator, work: Work, entry: ScenarioEntry, key: str) -> html.Button:
    """Return the switch that makes a scenario A or B."""
    side = work.a if key == "a" else work.b
    chosen = side is not None and side.id == entry.id
    label = t.text("Show {name} as {side}", name=entry.head.name, side=key.upper())
    return html.Button(
        key.upper(),
        type="button",
        className=f"tree-side side-of-{key}",
        title=label,
        **attrs(
            data_work="choose",
            data_side=key,
            data_id=entry.id,
            aria_pressed=str(chosen).lower(),
            aria_label=label,
        ),
    )


def _menu(t: Translator, entry: ScenarioEntry, name: str) -> html.Button:
    label = t.text("More for {name}", name=name)
    return html.Button(
        icon("more"),
        type="button",
        className="button-bare",
        title=label,
        **attrs(
            data_work="dialog", data_dialog="scenario", data_id=entry.id, aria_label=label,
            aria_haspopup="dialog",
        ),
    )  # fmt: skip


def _measures(t: Translator, work: Work, side: Side) -> list[Component]:
    rows = [
        _measure(t, work, side, measure, place)
        for place, measure in enumerate(side.scenario.measures)
    ]
    found: list[Component] = [html.Ol(rows, className="tree-measures")] if rows else []
    if not rows:
        text = t.text("No measure yet. Add one, and see at once what follows.")
        found.append(html.P(text, className="quiet tree-empty"))
    if work.viewer.may_edit:
        found.append(
            html.Button(
                [icon("plus"), html.Span(t.text("Measure"))],
                type="button",
                className="tree-add",
                **attrs(data_work="dialog", data_dialog="kinds", aria_haspopup="dialog"),
            )
        )
    return found


def measure_words(t: Translator, measure: Measure) -> tuple[str, str]:
    """
    Return what a measure is called, and one line of fact.

    Its note is its name where somebody has written one; else what stands before the colon of its
    summary: "Tempo 30" of "Tempo 30: 14 chosen streets, in 2026".
    """
    whole = t.sentence(measure.summary())
    named = measure.note.strip().partition("\n")[0][:NAME]
    if named:
        return named, whole
    head, colon, rest = whole.partition(": ")
    if colon and rest and len(head) <= NAME:
        return head, rest[:1].upper() + rest[1:]
    kind = t.word(measure.is_a, "measure")
    return kind[:1].upper() + kind[1:], whole


def _measure(t: Translator, work: Work, side: Side, measure: Measure, place: int) -> html.Li:
    title, fact = measure_words(t, measure)
    edits = work.viewer.may_edit
    tick = Input(
        type="checkbox",
        checked=measure.enabled,
        className="tick",
        disabled=not edits,
        **attrs(
            data_work="edit",
            data_scenario=side.key,
            data_edit=_edit("set_enabled", measure.id, enabled=not measure.enabled),
            aria_label=t.text("{measure} counts", measure=title),
        ),
    )
    note = "" if measure.enabled else t.text("switched off")
    words = [
        html.Span(title, className="tree-title"),
        html.Span(" · ".join(filter(None, (fact, note))), className="quiet tree-fact", title=fact),
    ]
    named = (
        html.Button(
            words, type="button", className="tree-measure", title=t.text("Edit this measure"),
            **attrs(**FORM, data_kind=measure.is_a, data_id=measure.id),
        )
        if edits
        else html.Div(words, className="tree-measure")
    )  # fmt: skip
    return html.Li(
        [
            html.Span(icon("grip"), className="tree-grip", **attrs(aria_hidden="true")),
            tick,
            named,
            *([_tools(t, work, side, measure, place)] if edits else []),
        ],
        className=f"tree-item{'' if measure.enabled else ' is-off'}",
        draggable="true" if edits else "false",
        **attrs(data_measure=measure.id, data_place=str(place), data_scenario=side.key),
    )


def _tools(t: Translator, work: Work, side: Side, measure: Measure, place: int) -> html.Span:
    name = measure_words(t, measure)[0]
    last = len(side.scenario.measures) - 1
    buttons = [
        _tool(t.text("Earlier: {measure}", measure=name), "up", side,
              _edit("move_measure", measure.id, place=max(place - 1, 0)), enabled=place > 0),
        _tool(t.text("Later: {measure}", measure=name), "down", side,
              _edit("move_measure", measure.id, place=place + 1), enabled=place < last),
        _tool(t.text("Copy: {measure}", measure=name), "copy", side,
              _edit("duplicate_measure", measure.id)),
        _tool(t.text("Remove: {measure}", measure=name), "remove", side,
              _edit("remove_measure", measure.id)),
    ]  # fmt: skip
    other = work.b if side.key == "a" else work.a
    if other is not None and other.id != side.id:
        buttons.insert(0, _elsewhere(t, side, other, measure, name))
    return html.Span(buttons, className="tree-tools")


def _elsewhere(t: Translator, side: Side, other: Side, measure: Measure, name: str) -> html.Button:
    """Return the switch that lets a measure count in the other scenario, too."""
    twin = next((one for one in other.scenario.measures if one.id == measure.id), None)
    same = twin is not None and twin.is_a == measure.is_a
    counts = twin is not None and same and twin.enabled
    letter = other.key.upper()
    if counts:
        label = t.text("Counts in {side}, too. Switch off there: {measure}", side=letter,
                       measure=name)  # fmt: skip
        edit = _edit("set_enabled", measure.id, enabled=False)
    elif same:
        label = t.text("Switched off in {side}. Switch on there: {measure}", side=letter,
                       measure=name)  # fmt: skip
        edit = _edit("set_enabled", measure.id, enabled=True)
    else:
        label = t.text("Let it count in {side}, too: {measure}", side=letter, measure=name)
        edit = _edit("take_measure", measure.id, scenario=side.id)
    return html.Button(
        letter,
        type="button",
        className=f"tree-side side-of-{other.key}",
        title=label,
        **attrs(
            data_work="edit", data_scenario=other.key, data_edit=edit,
            aria_pressed=str(counts).lower(), aria_label=label,
        ),
    )  # fmt: skip


def _tool(label: str, sign: str, side: Side, edit: str, *, enabled: bool = True) -> html.Button:
    return html.Button(
        icon(sign),
        type="button",
        className="tree-tool",
        title=label,
        disabled=not enabled,
        **attrs(data_work="edit", data_scenario=side.key, data_edit=edit, aria_label=label),
    )


def _edit(do: str, measure_id: str, **fields: Any) -> str:
    return json.dumps({"do": do, "id": measure_id, **fields})


def _nothing(t: Translator, work: Work) -> list[Component]:
    if work.entries:
        return []
    if not work.viewer.may_edit:
        return [html.P(t.text("No scenario is published yet."), className="quiet tree-empty")]
    return [
        html.P(t.text("No scenario yet. Start one from scratch or from an example."),
               className="quiet tree-empty"),
        html.Button(
            t.text("New scenario"), type="button", className="button-main",
            **attrs(data_work="dialog", data_dialog="new"),
        ),
    ]  # fmt: skip


def refused(t: Translator, error: TwinError) -> html.P:
    """Return a refusal as a warning."""
    return html.P([icon("warning"), html.Span(t.error(error))], className="warning", role="alert")
