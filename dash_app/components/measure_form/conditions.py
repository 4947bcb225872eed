"""Conditions on attributes: a column, a comparison, a value in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import html

from dash_app.components.measure_form.inputs import capital
from dash_app.components.native import Input
from dash_app.components.values import attrs, icon, unit_text
from twin.selection.columns import COLUMNS, context
from twin.selection.streets import STREET_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dash.development.base_component import Component

    from dash_app.i18n import Translator
    from twin.schema import Column

OFTEN = {
    "buildings": (
        "system", "age_class", "size_class", "use", "year_built", "heat_demand_kwh_m2",
        "heated_area_m2", "dwellings", "residents", "refurbishment", "pv_kwp",
        "pv_potential_kwp", "system_year", "storeys", "height_m", "floor_area_m2",
        "heat_demand_kwh", "pv_yield_kwh_kwp", "roof_type", "network_id", "street",
    ),
    "streets": (
        "class", "speed_kmh", "length_m", "lanes", "car_access", "cycle_facility", "name", "ref",
        "is_bridge", "is_tunnel", "allow_car", "allow_bike", "allow_walk", "surface",
        "gradient_percent", "capacity_vehh",
    ),
}  # fmt: skip
"""Columns that planners ask for, in this order."""


def condition_rows(t: Translator, table: str) -> html.Div:
    """Return the place of the conditions, and hidden beside it one of each kind to copy."""
    add = html.Button(
        [icon("plus"), html.Span(t.text("Condition"))], type="button", className="mf-link",
        **attrs(data_work="form-condition"),
    )  # fmt: skip
    return html.Div(
        [
            html.Div([], className="mf-conditions", **attrs(data_conditions="select.where")),
            html.Div(_prototype(t, table), hidden=True, **attrs(data_prototype="condition")),
            add,
        ],
        className="mf-where",
        role="group",
        **attrs(aria_label=t.text("Conditions")),
    )


def columns_of(table: str) -> Mapping[str, Column]:
    """Return the columns that can be asked for, the usual ones first."""
    known = STREET_COLUMNS if table == "streets" else COLUMNS
    return {name: known[name] for name in OFTEN[table] if name in known}


def _context(table: str, name: str) -> str:
    return f"streets.{name}" if table == "streets" else context(name)


def _prototype(t: Translator, table: str) -> list[Component]:
    columns = columns_of(table)
    names = [
        html.Option(_label(t, column), value=column.name, **attrs(data_kind=_kind(column)))
        for column in columns.values()
    ]
    comparisons = [
        html.Option(t.text("below"), value="<", **attrs(data_for="number")),
        html.Option(t.text("at most"), value="<=", **attrs(data_for="number")),
        html.Option(t.text("above"), value=">", **attrs(data_for="number")),
        html.Option(t.text("at least"), value=">=", **attrs(data_for="number")),
        html.Option(t.text("is"), value="==", **attrs(data_for="number text flag")),
        html.Option(t.text("is one of"), value="in", **attrs(data_for="category")),
        html.Option(t.text("is none of"), value="not_in", **attrs(data_for="category")),
    ]
    plain = Input(
        type="text", className="mf-text", autoComplete="off",
        **attrs(data_part="value", data_for="number text", aria_label=t.text("Value")),
    )  # fmt: skip
    answer = html.Select(
        [html.Option(t.text("yes"), value="1"), html.Option(t.text("no"), value="0")],
        **attrs(data_part="value", data_for="flag", aria_label=t.text("Value")),
    )
    words = [_words(t, table, column) for column in columns.values() if column.type == "category"]
    remove = html.Button(
        icon("close"), type="button", className="mf-remove",
        **attrs(data_work="form-condition-remove", aria_label=t.text("Remove condition")),
    )  # fmt: skip
    return [
        html.Div(
            [
                html.Select(names, **attrs(data_part="column", aria_label=t.text("Column"))),
                html.Select(comparisons, **attrs(data_part="op", aria_label=t.text("Comparison"))),
                plain, answer, *words, remove,
            ],
            className="mf-condition",
        )
    ]  # fmt: skip


def _words(t: Translator, table: str, column: Column) -> html.Div:
    """Return a tick box for each word of a column."""
    boxes = [
        html.Label(
            [Input(type="checkbox", **attrs(data_value=word)),
             html.Span(capital(t.word(word, _context(table, column.name))))],
            className="mf-tick",
        )
        for word in column.values
    ]  # fmt: skip
    return html.Div(
        boxes, role="group", className="mf-words",
        **attrs(data_part="value", data_for="category", data_column=column.name,
                aria_label=t.text("Values")),
    )  # fmt: skip


def _label(t: Translator, column: Column) -> str:
    unit = unit_text(t, column)
    label = t.text(column.label)
    return f"{label} [{unit}]" if unit else label


def _kind(column: Column) -> str:
    return column.type if column.type in {"number", "flag", "category"} else "text"
