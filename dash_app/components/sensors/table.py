"""All sensors as a table that can be sorted: the way of the keyboard and of screen readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import html

from dash_app.components.sensors.listing import search_words, unit_words
from dash_app.components.sensors.marks import marks_of, shown_value
from dash_app.components.sensors.words import age_words, clock_words, local, property_words
from dash_app.components.values import attrs, icon
from dash_app.sensing.board import GROUPS, chosen

if TYPE_CHECKING:
    from dash_app.i18n import Translator
    from dash_app.sensing.board import Board, Sensor, Wanted

PAGE = 100

COLUMNS = (
    ("name", "Name"),
    ("group", "Kind"),
    ("value", "Value"),
    ("age", "When"),
    ("state", "State"),
)


def sensor_table(
    t: Translator, board: Board, wanted: Wanted, *, picked: int | None = None, fewest: int = 5
) -> list[html.Div | html.P | html.Nav]:
    """Return one page of the table; filters of the list hold here, too."""
    found = chosen(board, wanted, search_words(t, board))
    if not found:
        words = t.text("No sensor passes the filters. Take one away or search for less.")
        return [html.P(words, className="chart-empty quiet", role="status")]
    last = (len(found) - 1) // PAGE + 1
    page = min(wanted.page, last)
    rows = found[(page - 1) * PAGE : page * PAGE]
    caption = t.text("Sensors {first} to {last} of {total}", first=(page - 1) * PAGE + 1,
                     last=(page - 1) * PAGE + len(rows), total=len(found))  # fmt: skip
    table = html.Table(
        [
            html.Caption(caption, className="quiet"),
            html.Thead(html.Tr([_head(t, wanted, name, label) for name, label in COLUMNS])),
            html.Tbody([_row(t, one, picked, fewest) for one in rows]),
        ],
        className="explain-table sense-table",
    )
    scroll = html.Div(table, className="chart-scroll", tabIndex=0, role="region",
                      **attrs(aria_label=t.text("Sensors")))  # fmt: skip
    return [scroll, *([_pager(t, page, last)] if last > 1 else [])]


def _head(t: Translator, wanted: Wanted, name: str, label: str) -> html.Th:
    here = wanted.sort == name
    direction = ("descending" if wanted.down else "ascending") if here else "none"
    words = t.text(label)
    button = html.Button(
        [html.Span(words), *([icon("down" if wanted.down else "up")] if here else [])],
        type="button",
        className="sort",
        title=t.text("Sort by {column}", column=words),
        **attrs(data_work="sense", data_sense="sort", data_to=name,
                data_down=str(here and not wanted.down).lower()),
    )  # fmt: skip
    kind = "is-number" if name == "value" else ""
    return html.Th(button, scope="col", className=kind, **attrs(aria_sort=direction))


def _row(t: Translator, one: Sensor, picked: int | None, fewest: int) -> html.Tr:
    name = html.Button(
        one.stream.name or t.text("Sensor {number}", number=one.number),
        type="button",
        className="row-key",
        **attrs(data_pick=f"sensors:{one.number}",
                aria_pressed=str(one.number == picked).lower()),
    )  # fmt: skip
    when = "–" if one.at is None else clock_words(t, local(one.at))
    marks = ", ".join(words for _, words in marks_of(t, one)) or t.text("in order")
    what = f"{t.text(GROUPS[one.group][0])}: {property_words(t, one.stream.property)}"
    value = shown_value(t, one, unit_words(t, one), fewest=fewest)
    return html.Tr(
        [
            html.Th(name, scope="row"),
            html.Td(what),
            html.Td(html.Span(value, className="sense-now"), className="is-number"),
            html.Td(html.Span(age_words(t, one.age_s), title=when)),
            html.Td(marks),
        ],
        className="is-picked" if one.number == picked else "",
    )


def _pager(t: Translator, page: int, last: int) -> html.Nav:
    def button(label: str, to: int) -> html.Button:
        return html.Button(
            label, type="button", className="button-small", disabled=not 1 <= to <= last,
            **attrs(data_work="sense", data_sense="page", data_to=str(to)),
        )  # fmt: skip

    return html.Nav(
        [
            button(t.text("Previous page"), page - 1),
            html.Span(t.text("Page {page} of {pages}", page=page, pages=last), role="status"),
            button(t.text("Next page"), page + 1),
        ],
        className="sense-pager",
        **attrs(aria_label=t.text("Pages")),
    )
