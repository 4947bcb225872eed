"""The form of a measure: what it is, its values, where it holds, what that would reach."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.measure_form.fields import TIME, Field, field_of, fields_of
from dash_app.components.measure_form.inputs import capital, field_input
from dash_app.components.measure_form.kinds import (
    Group,
    begin,
    family_of,
    networks_in,
    time_group,
    value_group,
    where_of,
)
from dash_app.components.measure_form.names import name_list
from dash_app.components.measure_form.places import more_places, place_input
from dash_app.components.values import attrs, icon
from twin.errors import TwinError
from twin.measures import MEASURES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dash.development.base_component import Component

    from dash_app.api.context import Context
    from dash_app.i18n import Translator
    from dash_app.workspace.work import Side, Work
    from twin.city import City
    from twin.scenario import Scenario

FIGURES = ("reached", "extent", "cost", "fourth")
"""What stands in the four boxes; `preview_words` fills them."""


def measure_form(
    t: Translator, desk: Context | None, work: Work, panel: Mapping[str, Any]
) -> list[Component]:
    """
    Return the form of a measure of the scenario on screen, or of a new one of a kind.

    `panel` names `kind` (for a new one, or to change the kind) and `id` (of one that is there).
    Unknown ones give a sentence that says so. All values come from the start measure in
    `data-start`; the script fills them in and keeps the draft.
    """
    side = work.b if work.shown == "b" and work.b is not None else work.a
    if side is None or not work.viewer.may_edit:
        return [html.P(t.text("Choose a scenario first, then add a measure."), className="mf-gone")]
    kind, measure_id = str(panel.get("kind") or ""), str(panel.get("id") or "")
    scenario = _saved(desk, work, side)
    known = next((m for m in scenario.measures if m.id == measure_id), None)
    if known is None and kind not in MEASURES:
        text = t.text("This measure is no longer there. It was removed or renamed.")
        return [html.P(text, className="mf-gone")]
    if known is not None and kind in {"", known.is_a}:
        dumped = known.model_dump(mode="json", exclude_defaults=True)
        start = {"kind": known.is_a, **dumped, "start_year": known.start_year}
    else:
        start = begin(kind, scenario, work.city)
        start["id"] = start["id"] if known is None else measure_id
    return [_form(t, work.city, scenario, start, _heading(t, side, scenario, start))]


def _saved(desk: Context | None, work: Work, side: Side) -> Scenario:
    """Return the scenario as it is saved: the side may show it with the draft in it."""
    if desk is None or not side.id:
        return side.scenario
    try:
        return desk.projects.open(side.id, viewer=work.viewer)[1]
    except TwinError:
        return side.scenario


def _heading(
    t: Translator, side: Side, scenario: Scenario, start: Mapping[str, Any]
) -> list[Component]:
    ids = [measure.id for measure in scenario.measures]
    there = start["id"] in ids
    place = ids.index(start["id"]) + 1 if there else len(ids) + 1
    total = len(ids) if there else len(ids) + 1
    line = t.text(
        "Measure {place} of {total} · Scenario {name}",
        place=place, total=total, name=side.key.upper(),
    )  # fmt: skip
    close = html.Button(
        icon("close"), type="button", className="button-bare",
        **attrs(data_work="form-close", aria_label=t.text("Close the form")),
    )  # fmt: skip
    title = capital(t.word(str(start["kind"]), "measure"))
    return [
        html.Div([html.P(line, className="mf-where-in"), close], className="mf-head"),
        html.H2(title, id="mf-title", tabIndex=-1, className="mf-title"),
    ]


def _form(
    t: Translator, city: City, scenario: Scenario, start: Mapping[str, Any], head: list[Component]
) -> html.Div:
    kind = str(start["kind"])
    known = any(measure.id == start["id"] for measure in scenario.measures)
    names = attrs(
        data_form=f"{kind}:{start['id']}", data_start=json.dumps(start), aria_labelledby="mf-title",
        data_lang=t.lang, data_known="yes" if known else "no", **_words(t),
    )  # fmt: skip
    usual, more = _split_fields(kind)
    inside = [
        *head,
        *_kinds(t, kind, str(start["id"])),
        html.Div([field_input(t, field_of(kind, "note"))], className="mf-section"),
        html.Div([*_value_group(t, kind), *(field_input(t, f) for f in usual), *_time(t, kind)],
                 className="mf-section mf-fields"),
        *_where(t, city, scenario, kind),
        _chosen(t),
        _figures(t),
        html.Div([], className="mf-hints", role="status", **attrs(data_hints="")),
        *_more(t, kind, more),
        *([name_list(t, city, scenario, "networks")] if networks_in(scenario) else []),
    ]  # fmt: skip
    return html.Div(
        [html.Div(inside, className="mf-body"), _foot(t)],
        id="measure-form", className="mform", role="form", **names,
    )  # fmt: skip


def _words(t: Translator) -> dict[str, str]:
    """Return what the script says by itself."""
    return {
        "data_word_remove": t.text("Remove {what}"),
        "data_word_leave": t.text("The measure is not saved yet. Leave it anyway?"),
        "data_word_failed": t.text("The preview cannot be worked out just now; the draft stays."),
        "data_word_saved": t.text("The measure is part of the scenario."),
        "data_word_working": t.text("is being worked out"),
    }


def _kinds(t: Translator, kind: str, measure_id: str) -> list[Component]:
    if len(family_of(kind)) == 1:
        return []
    buttons = [
        html.Button(
            capital(t.word(other, "measure")), type="button",
            **attrs(data_work="form-kind", data_kind=other, data_id=measure_id,
                    aria_pressed="true" if other == kind else "false"),
        )
        for other in family_of(kind)
    ]  # fmt: skip
    names = attrs(aria_label=t.text("Kind of measure"))
    return [html.Div(buttons, role="group", className="segments mf-kinds", **names)]


def _split_fields(kind: str) -> tuple[list[Field], list[Field]]:
    """Return the fields at hand and those under "More"; those of groups stand in their group."""
    taken = grouped_paths(kind)
    fields = [field for field in fields_of(kind) if field.path not in taken]
    usual = [field for field in fields if not field.words.more]
    return usual, [field for field in fields if field.words.more]


def grouped_paths(kind: str) -> set[str]:
    """Return the paths that groups of the form ask for or set."""
    groups = [group for group in (value_group(kind), time_group(kind)) if group is not None]
    groups += [item for item in where_of(kind) if isinstance(item, Group)]
    options = [option for group in groups for option in group.options]
    return {path for option in options for path in (*option.paths, *option.fixed)}


def paths_of(group: Group) -> list[str]:
    """Return the paths that the options of a group ask for, each once."""
    return list(dict.fromkeys(path for option in group.options for path in option.paths))


def _value_group(t: Translator, kind: str) -> list[Component]:
    group = value_group(kind)
    if group is None:
        return []
    panels: dict[str, list[Component]] = {
        path: [field_input(t, field_of(kind, path))] for path in paths_of(group)
    }
    return [_group(t, group, panels)]


def _time(t: Translator, kind: str) -> list[Component]:
    start = field_input(t, field_of(kind, TIME[0]))
    group = time_group(kind)
    if group is None:
        return [start]
    panels: dict[str, list[Component]] = {
        path: [field_input(t, field_of(kind, path))] for path in paths_of(group)
    }
    return [start, _group(t, group, panels)]


def _group(t: Translator, group: Group, panels: Mapping[str, list[Component]]) -> html.Fieldset:
    """Return options as segments, and a panel for each path; the script shows those that hold."""
    label = t.sentence(group.label)
    buttons = [
        html.Button(
            t.sentence(option.label), type="button",
            **attrs(data_work="form-option", data_option=option.name, aria_pressed="false",
                    data_paths=json.dumps(option.paths), data_fixed=json.dumps(dict(option.fixed)),
                    data_first=json.dumps(dict(option.start))),
        )
        for option in group.options
    ]  # fmt: skip
    shown = [
        html.Div(inside, hidden=True, className="mf-panel", **attrs(data_panel=path))
        for path, inside in panels.items()
    ]
    segments = html.Div(buttons, role="group", className="segments", **attrs(aria_label=label))
    return html.Fieldset(
        [html.Legend(label), segments, *shown],
        className="mf-group", **attrs(data_group=group.name),
    )  # fmt: skip


def _where(t: Translator, city: City, scenario: Scenario, kind: str) -> list[Component]:
    items = where_of(kind)
    if not items:
        return []
    found: list[Component] = []
    for item in items:
        if isinstance(item, Group):
            panels = {path: place_input(t, city, scenario, kind, path) for path in paths_of(item)}
            found.append(_group(t, item, panels))
        else:
            found += place_input(t, city, scenario, kind, item)
    if not isinstance(items[0], Group):  # a group has its own heading
        found.insert(0, html.H3(t.text("Where"), className="mf-subtitle"))
    return [html.Div(found, className="mf-section mf-places")]


def _chosen(t: Translator) -> html.Div:
    """Return the place of what is chosen; the script fills the list with what the server says."""
    return html.Div(
        [
            html.H3(t.text("Chosen"), className="mf-subtitle"),
            html.Ul([], className="mf-chosen", **attrs(data_chosen="")),
        ],
        className="mf-section mf-chosen-box",
        hidden=True,
        **attrs(data_chosen_box=""),
    )


def _figures(t: Translator) -> html.Dl:
    boxes = [
        html.Div(
            [html.Dt([], **attrs(data_label="")), html.Dd([], **attrs(data_value="")),
             html.Dd([], className="mf-figure-note", **attrs(data_note=""))],
            className="mf-figure", **attrs(data_figure=name),
        )
        for name in FIGURES
    ]  # fmt: skip
    return html.Dl(boxes, className="mf-figures", **attrs(aria_label=t.text("What it would reach")))


def _more(t: Translator, kind: str, fields: list[Field]) -> list[Component]:
    paths = {path for item in where_of(kind) for path in
             ((item,) if isinstance(item, str) else
              tuple(p for option in item.options for p in option.paths))}  # fmt: skip
    inside: list[Component] = [field_input(t, field) for field in fields]
    inside += more_places(t, kind, tuple(paths))
    if not inside:
        return []
    return [
        html.Details(
            [html.Summary(t.text("More")), html.Div(inside, className="mf-fields")],
            className="mf-more",
        )
    ]


def _foot(t: Translator) -> html.Div:
    apply = html.Button(
        t.text("Apply measure"), type="button", className="mf-apply",
        **attrs(data_work="form-apply"),
    )  # fmt: skip
    discard = html.Button(
        t.text("Discard"), type="button", className="button-outline",
        **attrs(data_work="form-discard"),
    )  # fmt: skip
    return html.Div([apply, discard], className="mf-foot")
