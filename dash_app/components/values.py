"""Values of the schema in words: number with unit, category, yes or no, and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from dash import html

from twin.provenance import kind_of
from twin.schema import TABLES, Column

if TYPE_CHECKING:
    from dash_app.i18n import Translator

PLAIN_NUMBERS = frozenset({"year_built", "level"})
"""Numbers that are names: no thousands separator."""


def attrs(**values: str) -> dict[str, Any]:
    """
    Return `data-` and `aria-` attributes for a component.

    >>> attrs(data_do="north", aria_label="North up")
    {'data-do': 'north', 'aria-label': 'North up'}
    """
    return {name.replace("_", "-"): value for name, value in values.items()}


def icon(name: str) -> html.Span:
    """Return a drawn sign; it says nothing that is not also said in words."""
    return html.Span(className=f"icon icon-{name}", **attrs(aria_hidden="true"))


def is_missing(value: Any) -> bool:
    """Return whether a cell of a table holds nothing."""
    return bool(pd.isna(value)) if pd.api.types.is_scalar(value) else value is None


def value_text(t: Translator, table: str, column: Column, value: Any) -> tuple[str, str]:
    """Return a value and its unit in words; both empty where it is missing."""
    if is_missing(value):
        return "", ""
    if column.type == "flag":
        return (t.text("yes") if value else t.text("no")), ""
    if column.type == "category":
        return t.word(str(value), f"{table}.{column.name}"), ""
    if column.type == "number":
        plain = column.name in PLAIN_NUMBERS
        return (f"{value:.0f}" if plain else t.number(float(value))), unit_text(t, column)
    return str(value), ""


def unit_text(t: Translator, column: Column) -> str:
    """Return the unit of a column as people write it."""
    return t.text(column.unit, context="unit") if column.unit else ""


def value_line(t: Translator, table: str, column: Column, value: Any) -> str:
    """Return value and unit as one text."""
    text, unit = value_text(t, table, column, value)
    return f"{text}\u202f{unit}" if unit else text


def badge(t: Translator, source: str) -> html.Span:
    """Return the source badge: sign and word; the firmer the source, the more ink."""
    kind, how = kind_of(source), t.how(source)
    word = t.kind(source)
    title = f"{word}: {how}" if how else word
    return html.Span(
        [icon(f"source-{kind}"), html.Span(word)], className=f"badge badge-{kind}", title=title
    )


def label_of(t: Translator, table: str, key: str, row: Any) -> str:
    """Return how people call a row: its address, its name, or what it is."""
    address = _address(row)
    name = row.get("name")
    named = not is_missing(name) and str(name)
    if table == "buildings":
        numbered = not is_missing(row.get("housenumber")) and address
        return numbered or named or address or t.text("Building without address")
    if table == "addresses":
        return address or key
    number = row.get("number")
    if table == "parcels" and not is_missing(number):
        return str(number)
    return named or kind_line(t, table, row) or t.text(TABLES[table].label, context="one")


def _address(row: Any) -> str:
    street, number = row.get("street"), row.get("housenumber")
    if is_missing(street):
        return ""
    return f"{street} {number}" if not is_missing(number) else str(street)


def kind_line(t: Translator, table: str, row: Any) -> str:
    """Return one line that says what a row is: building type and age, class of a street ..."""
    if table == "buildings":
        names = ["size_class", "age_class"]
        if is_missing(row.get("size_class")) or row["size_class"] == "non_residential":
            names = ["use", "age_class"]
    else:
        names = [n for n in ("class", "leaf") if n in TABLES[table].column_names]
    texts = (value_text(t, table, TABLES[table].column(n), row.get(n))[0] for n in names)
    line = ", ".join(text for text in texts if text)
    return line[:1].upper() + line[1:]


def share_text(t: Translator, count: int, total: int) -> str:
    """Return a share in whole percent; never 0 % for some, never 100 % for not all."""
    if 0 < count < 0.01 * total:
        return t.text("under 1 %")
    if 0.99 * total < count < total:
        return t.text("over 99 %")
    return t.text("{share:.0%}", share=count / max(total, 1))
