"""The left panel of the scenario mode: today, scenarios, measures of the one at hand, history."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.history import history
from dash_app.components.native import Input
from dash_app.components.values import attrs, icon

if TYPE_CHECKING:
    from dash.development.base_component import Component

    from dash_app.i18n import Translator
    from dash_app.workspace.projects import Projects, Step
    from dash_app.workspace.work import Side, Work
    from layers.project_store import ScenarioEntry
    from twin.errors import TwinError
    from twin.measures import Measure

FORM = {"data_work": "panel", "data_panel": "form"}


def scenario_panel(t: Translator, work: Work, projects: Projects) -> list[Component]:
    """Return today, the scenarios, the measures of the one at hand and what was done to it."""
    side = work.b if work.shown == "b" and work.b else work.a
    steps: tuple[Step, ...] = ()
    if side is not None and side.id:
        steps = projects.history(side.id, viewer=work.viewer)
    parts: list[Component] = [
        html.Section(
            [
                _head(t, work, side, steps),
                html.Ul(
                    [_today(t, work), *(_scenario(t, work, entry) for entry in work.entries)],
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


def _head(t: Translator, work: Work, side: Side | None, steps: tuple[Step, ...]) -> html.Div:
    buttons = []
    if work.viewer.may_edit:
        buttons = [
            _move(t, "undo", t.text("Undo"), enabled=_can_undo(side)),
            _move(t, "redo", t.text("Redo"), enabled=_can_redo(side, steps)),
            html.Button(
                icon("plus"),
                type="button",
                className="button-icon",
                title=t.text("New scenario"),
                **attrs(data_work="dialog", data_dialog="new", aria_label=t.text("New scenario")),
            ),
        ]
    title = html.H2(t.text("Scenarios"), className="panel-title")
    return html.Div(
        [title, html.Div(buttons, className="tree-buttons")], className="panel-head tree-head"
    )


def _move(t: Translator, do: str, label: str, *, enabled: bool) -> html.Button:
    del t
    return html.Button(
        icon(do),
        type="button",
        className="button-icon",
        title=label,
        disabled=not enabled,
        **attrs(data_work=do, aria_label=label),
    )


def _can_undo(side: Side | None) -> bool:
    return side is not None and side.version is not None and side.version.parent is not None


def _can_redo(side: Side | None, steps: tuple[Step, ...]) -> bool:
    """Tell whether a version was made from the one on screen."""
    if side is None or side.version is None:
        return False
    return any(step.parent == side.version.number for step in steps)


def _today(t: Translator, work: Work) -> html.Li:
    on = work.shown == "base"
    return html.Li(
        html.Div(
            html.Button(
                [
                    html.Span(icon("lock"), className="side-chip side-base"),
                    html.Span(t.text("Today"), className="tree-name"),
                    html.Span(t.text("unchanged"), className="quiet"),
                ],
                type="button",
                className="tree-open",
                **attrs(data_work="show", data_shown="base", aria_pressed=str(on).lower()),
            ),
            className=f"tree-row{' is-on' if on else ''}",
        )
    )


def _scenario(t: Translator, work: Work, entry: ScenarioEntry) -> html.Li:
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


def _measure(t: Translator, work: Work, side: Side, measure: Measure, place: int) -> html.Li:
    name = t.sentence(measure.summary())
    title = t.word(measure.is_a, "measure")
    title = title[:1].upper() + title[1:]
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
            aria_label=t.text("{measure} counts", measure=name),
        ),
    )
    note = "" if measure.enabled else t.text("switched off")
    return html.Li(
        [
            html.Span(icon("grip"), className="tree-grip", **attrs(aria_hidden="true")),
            tick,
            html.Button(
                [
                    html.Span(title, className="tree-title"),
                    html.Span(" · ".join(filter(None, (name, note))), className="quiet tree-fact"),
                ],
                type="button",
                className="tree-measure",
                **attrs(**FORM, data_kind=measure.is_a, data_id=measure.id),
            ),
            *([_tools(t, work, side, measure, place)] if edits else []),
        ],
        className=f"tree-item{'' if measure.enabled else ' is-off'}",
        draggable="true" if edits else "false",
        **attrs(data_measure=measure.id, data_place=str(place), data_scenario=side.key),
    )


def _tools(t: Translator, work: Work, side: Side, measure: Measure, place: int) -> html.Span:
    name = t.sentence(measure.summary())
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
    if other is not None:
        buttons.insert(0, _elsewhere(t, other, measure, name))
    return html.Span(buttons, className="tree-tools")


def _elsewhere(t: Translator, other: Side, measure: Measure, name: str) -> html.Button:
    """Return the switch that lets a measure count in the other scenario, too."""
    there = any(one.id == measure.id for one in other.scenario.measures)
    letter = other.key.upper()
    label = (
        t.text("Take out of {side}: {measure}", side=letter, measure=name)
        if there
        else t.text("Let it count in {side}, too: {measure}", side=letter, measure=name)
    )
    content = {"kind": measure.is_a, **measure.model_dump(mode="json", exclude_defaults=True)}
    edit = (
        _edit("remove_measure", measure.id)
        if there
        else json.dumps({"do": "add_measure", "measure": content})
    )
    return html.Button(
        letter,
        type="button",
        className=f"tree-side side-of-{other.key}",
        title=label,
        **attrs(
            data_work="edit", data_scenario=other.key, data_edit=edit,
            aria_pressed=str(there).lower(), aria_label=label,
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
