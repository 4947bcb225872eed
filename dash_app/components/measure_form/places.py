"""Where a measure holds: ways to choose and draw, by mouse and by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import html

from dash_app.components.measure_form.conditions import condition_rows
from dash_app.components.measure_form.fields import field_of, is_place
from dash_app.components.measure_form.inputs import (
    field_input,
    input_id,
    problem_slot,
)
from dash_app.components.measure_form.names import district_options, name_list
from dash_app.components.native import Input
from dash_app.components.values import attrs, icon
from twin.measures import MEASURES, BuildingMeasure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dash.development.base_component import Component

    from dash_app.i18n import Translator
    from twin.city import City
    from twin.scenario import Scenario


def place_input(
    t: Translator, city: City, scenario: Scenario, kind: str, path: str
) -> list[Component]:
    """Return what asks for one place field of a kind."""
    field = field_of(kind, path)
    if path == "auto":
        return [field_input(t, field_of(kind, "auto.threshold_kwh_m"))]
    if not is_place(field):
        return [field_input(t, field)]
    if path == "select":
        return _selection(t, city, scenario, kind)
    if path == "classes":
        return [field_input(t, field)]
    makers = {"around": _around, "districts": _districts}
    inside = makers.get(path, _by_name)(t, city, scenario, kind, path)
    return [html.Div([*inside, problem_slot(path)], className="mf-place")]


def _selection(t: Translator, city: City, scenario: Scenario, kind: str) -> list[Component]:
    """Return the ways to choose buildings or streets."""
    if issubclass(MEASURES[kind], BuildingMeasure):
        return _of_buildings(t, city, scenario, kind)
    return _of_streets(t, city, scenario, kind)


def _of_buildings(t: Translator, city: City, scenario: Scenario, kind: str) -> list[Component]:
    table = "buildings"
    buttons = [
        tool(t.text("Click"), "click", "select.ids", table),
        tool(t.text("Lasso"), "lasso", "select.ids", table),
        tool(t.text("Draw area"), "area", "select.area", table),
    ]
    return [
        tools(buttons, t.text("Choose on the map")),
        html.Div(
            [_adder(t, "select.districts", t.text("District"), district_options(city)),
             _typer(t.text("Block"), "select.blocks", "blocks")],
            className="mf-pair",
        ),
        name_list(t, city, scenario, "blocks"),
        condition_rows(t, table),
        problem_slot("select"),
    ]  # fmt: skip


def _of_streets(t: Translator, city: City, scenario: Scenario, kind: str) -> list[Component]:
    table = "streets"
    buttons = [
        tool(t.text("Click"), "click", "select.ids", table),
        tool(t.text("Chain"), "chain", "select.ids", table),
        tool(t.text("Lasso"), "lasso", "select.ids", table),
        tool(t.text("Draw line"), "line", "select.line", table),
        tool(t.text("Draw area"), "area", "select.area", table),
    ]
    return [
        tools(buttons, t.text("Choose on the map")),
        html.Div(
            [_typer(t.text("Street by name"), "select.names", table),
             _adder(t, "select.districts", t.text("District"), district_options(city))],
            className="mf-pair",
        ),
        name_list(t, city, scenario, table),
        condition_rows(t, table),
        problem_slot("select"),
    ]  # fmt: skip


def more_places(t: Translator, kind: str, paths: tuple[str, ...]) -> list[Component]:
    """Return the finer parts of a selection, for under "More"."""
    if "select" not in paths:
        return []
    streets = not issubclass(MEASURES[kind], BuildingMeasure)
    share: list[Component] = [
        field_input(t, field_of(kind, "select.share.percent")),
        html.Div(
            [
                html.Label(t.text("Which of them"), htmlFor=input_id("select.share.order")),
                html.Select(
                    [html.Option(t.text("the highest values"), value="highest"),
                     html.Option(t.text("the lowest values"), value="lowest"),
                     html.Option(t.text("any, by lot"), value="random")],
                    id=input_id("select.share.order"),
                    **attrs(data_field="select.share.order", data_type="text"),
                ),
            ],
            className="mf-field",
        ),
    ]  # fmt: skip
    if not streets:
        return share
    both = field_of(kind, "select.both_directions")
    classes = field_of(kind, "select.classes")
    return [*share, field_input(t, both), field_input(t, classes)]


# ---- parts ------------------------------------------------------------------------------------


def tool(label: str, kind: str, path: str, table: str = "") -> html.Button:
    """Return the button that takes a tool of the map for a field."""
    names = attrs(data_work="form-tool", data_tool=kind, data_path=path, data_table=table,
                  aria_pressed="false")  # fmt: skip
    return html.Button(
        [icon(f"tool-{kind}"), html.Span(label)], type="button", className="mf-tool", **names
    )


def tools(buttons: list[html.Button], label: str) -> html.Div:
    """Return tools beside one another."""
    return html.Div(buttons, role="group", className="mf-tools", **attrs(aria_label=label))


def _adder(t: Translator, path: str, label: str, words: list[html.Option]) -> html.Div:
    """Return a closed list; choosing an entry adds it."""
    name = f"{input_id(path)}-add"
    box = html.Select(
        [html.Option(t.text("add …"), value=""), *words], id=name, **attrs(data_add=path)
    )
    return html.Div([html.Label(label, htmlFor=name), box], className="mf-field")


def _typer(
    label: str,
    path: str,
    table: str,
    *,
    single: bool = False,
    more: Mapping[str, str] | None = None,
) -> html.Div:
    """Return a search field: a name is added to a list, or is the value itself."""
    name = input_id(path) if single else f"{input_id(path)}-add"
    own = {"data_field": path, "data_type": "text"} if single else {"data_add": path}
    typed = Input(
        id=name, type="text", autoComplete="off", spellCheck="false", className="mf-text",
        **attrs(**own, **(more or {}), data_names=table),
    )  # fmt: skip
    box = html.Div(typed, className="mf-box")
    return html.Div([html.Label(label, htmlFor=name), box], className="mf-field")


def _districts(
    t: Translator, city: City, scenario: Scenario, kind: str, path: str
) -> list[Component]:
    return [_adder(t, path, t.text("District"), district_options(city))]


def _around(t: Translator, city: City, scenario: Scenario, kind: str, path: str) -> list[Component]:
    alias = {"data_alias": t.text("town centre")}  # how people call `centre`
    place = _typer(t.text("Place"), f"{path}.place", "places", single=True, more=alias)
    radius = field_input(t, field_of(kind, f"{path}.radius_m"))
    point = tool(t.text("Point on the map"), "point", f"{path}.point")
    return [
        html.Div([place, radius], className="mf-pair"),
        tools([point], t.text("Choose on the map")),
        name_list(t, city, scenario, "places"),
    ]


_NAMED = {
    "lines": "lines", "stops": "stops", "stop": "stops", "place": "places", "nodes": "nodes",
    "streets": "streets",
}  # fmt: skip
_SINGLE = {"stop", "place"}
_DRAWN = {"area": "area", "line": "line", "points": "point", "to": "point"}


def _by_name(
    t: Translator, city: City, scenario: Scenario, kind: str, path: str
) -> list[Component]:
    label = t.sentence(field_of(kind, path).words.label)
    if path in _DRAWN:
        return [tools([tool(_draw_label(t, _DRAWN[path]), _DRAWN[path], path)], label)]
    table = _NAMED[path]
    found: list[Component] = []
    if table not in {"nodes"}:
        found.append(_typer(label, path, table, single=path in _SINGLE))
        found.append(name_list(t, city, scenario, table))
    buttons = [tool(t.text("Click"), "click", path, table)]
    if path == "streets":
        buttons.append(tool(t.text("Chain"), "chain", path, table))
    if path != "lines":
        found.insert(0, tools(buttons, label))
    return found


def _draw_label(t: Translator, shape: str) -> str:
    return {
        "area": t.text("Draw area"),
        "line": t.text("Draw line"),
        "point": t.text("Set a point on the map"),
    }[shape]
