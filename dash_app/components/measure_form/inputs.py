"""Single inputs of the form: a label, help that opens, the input, a place for what is wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from dash import html

from dash_app.components.native import Input
from dash_app.components.values import attrs, icon

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dash.development.base_component import Component

    from dash_app.components.measure_form.fields import Field
    from dash_app.i18n import Translator


def input_id(path: str) -> str:
    """
    Return the id of the input of a field.

    >>> input_id("select.share.percent")
    'mf-select-share-percent'
    """
    return "mf-" + path.replace(".", "-").replace("_", "-")


def field_input(t: Translator, field: Field) -> html.Div:
    """Return the input of a field with its label, help and slider."""
    if field.kind in {"many", "years", "shares"}:
        return _several(t, field)
    makers = {"choice": _choice, "maybe": _maybe, "flag": _flag}
    inside = makers.get(field.kind, _typed)(t, field)
    return html.Div([*inside, *help_text(t, field), problem_slot(field.path)],
                    className=f"mf-field mf-{field.kind}")  # fmt: skip


def help_button(t: Translator, field: Field) -> list[Component]:
    """Return the question mark that opens the help of a field; nothing where there is none."""
    if field.words.help is None:
        return []
    label = t.text("Help: {field}", field=t.sentence(field.words.label))
    names = attrs(
        data_work="form-help", aria_expanded="false", aria_label=label,
        aria_controls=f"{input_id(field.path)}-help",
    )  # fmt: skip
    return [html.Button(icon("question"), type="button", className="mf-help", **names)]


def help_text(t: Translator, field: Field) -> list[Component]:
    """Return the help of a field, closed."""
    if field.words.help is None:
        return []
    name = f"{input_id(field.path)}-help"
    return [html.P(t.sentence(field.words.help), id=name, hidden=True, className="mf-help-text")]


def problem_slot(path: str) -> html.P:
    """Return where the script puts what is wrong with a field; it is said when it comes."""
    names = attrs(data_problem=path, aria_live="polite")
    return html.P([], id=f"{input_id(path)}-problem", className="mf-problem", **names)


def label_row(t: Translator, field: Field) -> html.Div:
    """Return label and question mark."""
    label = html.Label(t.sentence(field.words.label), htmlFor=input_id(field.path))
    return html.Div([label, *help_button(t, field)], className="mf-label")


def _typed(t: Translator, field: Field) -> list[Component]:
    number = field.kind in {"number", "integer"}
    names = attrs(data_field=field.path, data_type=field.kind if number else "text",
                  aria_describedby=f"{input_id(field.path)}-problem",
                  **_scaled(field), **_defaults(field))  # fmt: skip
    typed = Input(
        id=input_id(field.path), type="text", inputMode="decimal" if number else "text",
        autoComplete="off", spellCheck="false", className="mf-number" if number else "mf-text",
        **({} if number else {"maxLength": 200}), **names,
    )  # fmt: skip
    unit = t.unit(field.words.unit) if field.words.unit else ""
    box = html.Div([typed, *([html.Span(unit, className="mf-unit")] if unit else [])],
                   className="mf-box")  # fmt: skip
    return [label_row(t, field), box, *slider(t, field)]


def _scaled(field: Field) -> dict[str, str]:
    return {"data_required": "yes"} if field.default is None and not field.optional else {}


def _defaults(field: Field) -> dict[str, str]:
    first = field.words.first
    found = {} if first is None else {"data_first": json.dumps(first)}
    return found | ({} if field.default is None else {"data_default": json.dumps(field.default)})


def slider(t: Translator, field: Field) -> list[Component]:
    """Return the slider of a number; the number beside it may go beyond its ends."""
    if field.slider is None:
        return []
    low, high, step = field.slider
    least, most = field.limits
    low = low if least is None else max(low, least)
    high = high if most is None else min(high, most)
    label = t.text("{field}, slider", field=t.sentence(field.words.label))
    return [
        Input(type="range", min=low, max=high, step=step, className="mf-slider",
              **attrs(data_slider=field.path, aria_label=label)),
    ]  # fmt: skip


def options(t: Translator, values: Iterable[str], context: str) -> list[html.Option]:
    """Return the words of a choice."""
    return [html.Option(capital(t.word(value, context)), value=value) for value in values]


def capital(text: str) -> str:
    """Return a text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def _choice(t: Translator, field: Field) -> list[Component]:
    found = options(t, field.options, field.words.context)
    if field.optional:
        found = [html.Option(t.text("as it is"), value=""), *found]
    names = attrs(data_field=field.path, data_type="text", **_defaults(field),
                  aria_describedby=f"{input_id(field.path)}-problem")  # fmt: skip
    return [label_row(t, field), html.Select(found, id=input_id(field.path), **names)]


def _maybe(t: Translator, field: Field) -> list[Component]:
    found = [
        html.Option(t.text("as it is"), value=""),
        html.Option(capital(t.text("yes")), value="true"),
        html.Option(capital(t.text("no")), value="false"),
    ]
    names = attrs(data_field=field.path, data_type="maybe")
    return [label_row(t, field), html.Select(found, id=input_id(field.path), **names)]


def _flag(t: Translator, field: Field) -> list[Component]:
    names = attrs(data_field=field.path, data_type="flag", **_defaults(field))
    box = Input(id=input_id(field.path), type="checkbox", **names)
    label = html.Label([box, html.Span(t.sentence(field.words.label))], className="mf-tick")
    return [html.Div([label, *help_button(t, field)], className="mf-label")]


def _several(t: Translator, field: Field) -> html.Div:
    """Return a group of inputs under one heading."""
    makers = {"many": _ticks, "years": _years, "shares": _shares}
    heading = html.Div(
        [html.Span(t.sentence(field.words.label), id=input_id(field.path)),
         *help_button(t, field)],
        className="mf-label",
    )  # fmt: skip
    inside = makers[field.kind](t, field)
    return html.Div(
        [heading, *help_text(t, field), *inside, problem_slot(field.path)],
        role="group", className=f"mf-field mf-wide mf-{field.kind}",
        **attrs(aria_labelledby=input_id(field.path)),
    )  # fmt: skip


def _ticks(t: Translator, field: Field) -> list[Component]:
    """Return a tick box for each of several words."""
    own = attrs(data_field=field.path, data_type="many", **_defaults(field))
    boxes = [
        html.Label(
            [Input(type="checkbox", **own, **attrs(data_word=value)),
             html.Span(capital(t.word(value, field.words.context)))],
            className="mf-tick",
        )
        for value in field.options
    ]  # fmt: skip
    return [html.Div(boxes, className="mf-ticks")]


def _shares(t: Translator, field: Field) -> list[Component]:
    rows = []
    for word in field.options:
        name = capital(t.word(word, field.words.context))
        typed = Input(
            type="text", inputMode="decimal", autoComplete="off", className="mf-number",
            **attrs(data_field=f"{field.path}.{word}", data_type="number", data_scale="100",
                    aria_label=f"{name}, %"),
        )  # fmt: skip
        box = html.Div([typed, html.Span("%", className="mf-unit")], className="mf-box")
        rows.append(html.Div([html.Span(name), box], className="mf-share"))
    return [html.Div(rows, className="mf-shares", **attrs(data_shares=field.path))]


def _years(t: Translator, field: Field) -> list[Component]:
    """Return a row for each year of a path; the script adds and takes rows."""
    unit = t.unit(field.words.unit) if field.words.unit else ""
    labels = {
        "data_year_label": t.text("Year"),
        "data_value_label": t.sentence(field.words.label),
        "data_remove_label": t.text("Remove this year"),
        "data_unit": unit,
    }
    add = html.Button(
        [icon("plus"), html.Span(t.text("Add a year"))], type="button", className="mf-link",
        **attrs(data_work="form-year", data_path=field.path),
    )  # fmt: skip
    return [html.Div([], className="mf-years", **attrs(data_years=field.path, **labels)), add]
