"""The content of the map as a table: the keyboard's way to everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.native import Input
from dash_app.components.values import attrs, icon, value_line
from dash_app.state import PICKABLE
from dash_app.table_view import PAGE_SIZE, columns_of
from twin.schema import TABLES, Column

if TYPE_CHECKING:
    from dash_app.i18n import Translator
    from dash_app.state import Pick
    from dash_app.table_view import Asked, Page
    from twin.city import City


def table_panel(t: Translator, city: City, page: Page, pick: Pick | None) -> list[Any]:
    """Return the whole view: which table, filter, rows, pages."""
    return [
        html.Div(
            [
                html.H2(t.text("Table"), className="view-title", id="table-title"),
                _choose_table(t, city, page.asked.table),
                *_filter(t, page.asked),
            ],
            className="table-head",
        ),
        html.Div(
            _rows(t, page, pick) if page.total else _empty(t, page),
            className="table-scroll",
            tabIndex=0,
            role="region",
            **attrs(aria_label=t.text(TABLES[page.asked.table].label)),
        ),
        _pager(t, page),
    ]


def _choose_table(t: Translator, city: City, current: str) -> html.Label:
    options = [
        html.Option(
            f"{t.text(TABLES[name].label)} ({t.number(len(city.tables[name]))})", value=name
        )
        for name in PICKABLE
        if len(city.tables[name]) or name == current
    ]
    return html.Label(
        [
            html.Span(t.text("Show")),
            html.Select(options, id="table-name", **attrs(data_value=current)),
        ],
        className="field",
    )


def _filter(t: Translator, asked: Asked) -> list[Any]:
    options = [html.Option(t.text("all rows"), value="")] + [
        html.Option(t.text(c.label), value=c.name) for c in columns_of(asked.table)
    ]
    column = html.Label(
        [
            html.Span(t.text("Filter by")),
            html.Select(options, id="table-column", **attrs(data_value=asked.column)),
        ],
        className="field",
    )
    if not asked.column:
        return [column]
    return [column, *_condition(t, asked, TABLES[asked.table].column(asked.column))]


def _condition(t: Translator, asked: Asked, column: Column) -> list[Any]:
    if column.type == "number":
        unit = f" ({column.unit})" if column.unit else ""
        return [
            _input(t.text("from") + unit, "table-low", asked.low),
            _input(t.text("to") + unit, "table-high", asked.high),
        ]
    if column.type == "text":
        return [_input(t.text("contains"), "table-text", asked.text)]
    if column.type == "flag":
        choices = [("yes", t.text("yes")), ("no", t.text("no"))]
    else:
        choices = [(v, t.word(v, f"{asked.table}.{column.name}")) for v in column.values]
    options = [html.Option(t.text("any"), value="")]
    options += [html.Option(words, value=value) for value, words in choices]
    select = html.Select(options, id="table-choice", **attrs(data_value=asked.text))
    return [html.Label([html.Span(t.text("is")), select], className="field")]


def _input(label: str, key: str, value: Any) -> html.Label:
    text = "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    field = Input(id=key, type="text", value=text, maxLength=80, autoComplete="off")
    return html.Label([html.Span(label), field], className="field")


def _empty(t: Translator, page: Page) -> list[Any]:
    if page.all == 0:
        text = t.text("The data hold nothing of this kind.")
    else:
        text = t.text("No row passes the filter. Choose another value or show all rows.")
    return [html.P(text, className="quiet table-empty", role="status")]


def _rows(t: Translator, page: Page, pick: Pick | None) -> list[Any]:
    columns = columns_of(page.asked.table)
    head = [html.Th(t.text("Key"), scope="col")] + [_header(t, page.asked, c) for c in columns]
    body = [_row(t, page, columns, str(key), row, pick) for key, row in page.rows.iterrows()]
    caption = t.text(
        "{table}: rows {first} to {last} of {total}",
        table=t.text(TABLES[page.asked.table].label),
        first=(page.asked.page - 1) * PAGE_SIZE + 1,
        last=(page.asked.page - 1) * PAGE_SIZE + len(page.rows),
        total=page.total,
    )
    return [
        html.Table(
            [
                html.Caption(caption, className="quiet"),
                html.Thead(html.Tr(head)),
                html.Tbody(body),
            ],
            className="rows",
        )
    ]


def _header(t: Translator, asked: Asked, column: Column) -> html.Th:
    sorted_here = asked.sort == column.name
    direction = ("descending" if asked.down else "ascending") if sorted_here else "none"
    label = t.text(column.label)
    unit = [html.Span(f" {column.unit}", className="unit")] if column.unit else []
    sign = [icon("down" if asked.down else "up")] if sorted_here else []
    return html.Th(
        html.Button(
            [html.Span(label), *unit, *sign],
            type="button",
            className="sort",
            title=t.text("Sort by {column}", column=label),
            **attrs(data_sort=column.name),
        ),
        scope="col",
        className="is-number" if column.type == "number" else "",
        **attrs(aria_sort=direction),
    )


def _row(
    t: Translator, page: Page, columns: list[Column], key: str, row: Any, pick: Pick | None
) -> html.Tr:
    table = page.asked.table
    picked = pick is not None and (pick.table, pick.id) == (table, key)
    cells = [
        html.Td(
            value_line(t, table, c, row[c.name]).removesuffix(f"\u202f{c.unit}" if c.unit else ""),
            className="is-number" if c.type == "number" else "",
        )
        for c in columns
    ]
    choose = html.Button(
        key,
        type="button",
        className="row-key",
        title=t.text("Select {key} on the map", key=key),
        **attrs(data_pick=f"{table}:{key}", aria_pressed=str(picked).lower()),
    )
    return html.Tr(
        [html.Th(choose, scope="row"), *cells],
        className="is-picked" if picked else "",
        **attrs(data_row=f"{table}:{key}"),
    )


def _pager(t: Translator, page: Page) -> html.Nav:
    number, last = page.asked.page, page.pages
    return html.Nav(
        [
            _page_button("previous", t.text("Previous page"), "before", number - 1, number <= 1),
            html.Span(t.text("Page {page} of {pages}", page=number, pages=last), role="status"),
            _page_button("next", t.text("Next page"), "after", number + 1, number >= last),
        ],
        className="pager",
        **attrs(aria_label=t.text("Pages")),
    )


def _page_button(name: str, label: str, sign: str, page: int, off: bool) -> html.Button:
    return html.Button(
        [icon(sign), html.Span(label)],
        id=f"page-{name}",
        type="button",
        className="button-small",
        disabled=off,
        **attrs(data_to=str(page)),
    )
