"""What every chart has: a title with unit, axes, a legend, words, and a table of the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.amounts import unit_parts
from dash_app.components.charts.scale import Scale, text_width, tick_texts, ticks
from dash_app.components.svg import drawing, node
from dash_app.components.values import attrs, icon

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dash_app.components.svg import Node
    from dash_app.i18n import Translator

WIDTH = 320.0
"""Width of a chart in its own units; the page scales it, its text stays as large as it is."""
HEIGHT = 190.0
TOP, RIGHT, BOTTOM = 12.0, 10.0, 26.0


@dataclass(frozen=True)
class Told:
    """The same as a table: heads, rows of texts; the first column names the row."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Entry:
    """One entry of a legend: class of the colour, what it stands for, how it is drawn."""

    colour: str
    words: str
    shape: str = "box"  # box, line, band, dashed, tick
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sheet:
    """The area inside the axes of a chart."""

    x: Scale
    y: Scale
    width: float = WIDTH
    height: float = HEIGHT


def sheet(
    t: Translator,
    x_ends: tuple[float, float],
    y_ends: tuple[float, float],
    *,
    width: float = WIDTH,
    height: float = HEIGHT,
    inset: float = 0.0,
) -> tuple[Sheet, list[Node]]:
    """
    Return where values stand, and the grid with round numbers on the left.

    `y_ends` are widened to round numbers; `inset` keeps marks off both sides.
    """
    levels = ticks(*y_ends)
    texts = tick_texts(t, levels)
    left = text_width(texts) + 10
    y = Scale(levels[0], levels[-1], height - BOTTOM, TOP)
    x = Scale(*x_ends, left + inset, width - RIGHT - inset)
    grid: list[Node] = []
    for level, text in zip(levels, texts, strict=True):
        at = y(level)
        kind = "grid is-zero" if level == 0 else "grid"
        grid.append(node("line", x1=left, x2=width - RIGHT, y1=at, y2=at, className=kind))
        grid.append(node("text", text, x=left - 6, y=at + 5, className="tick-y"))
    return Sheet(x, y, width, height), grid


def below(made: Sheet, places: Sequence[tuple[float, str]], *, room: float = 8.0) -> list[Node]:
    """Return texts below the axis; one that would touch the one before is left out."""
    found: list[Node] = []
    taken = -1e9
    for place, (value, text) in enumerate(places):
        at, half = made.x(value), text_width([text]) / 2
        anchor, start = "middle", at - half
        if at + half > made.width and place == len(places) - 1:
            anchor, start, at = "end", made.width - 2 * half, made.width
        if start < taken + room:
            continue
        taken = start + 2 * half
        found.append(
            node("text", text, x=at, y=made.height - 6, className="tick-x", textAnchor=anchor)
        )
    return found


def figure_of(  # noqa: PLR0913 - parts of a chart
    t: Translator,
    title: str,
    inside: Sequence[Node],
    *,
    unit: str = "",
    says: str,
    told: Told,
    legend: Sequence[Entry] = (),
    size: tuple[float, float] = (WIDTH, HEIGHT),
    name: str = "",
) -> html.Figure:
    """
    Return a chart with everything around it.

    Parameters
    ----------
    unit
        Of the values; stands beside the title.
    says
        What the chart shows, in a sentence: its text alternative.
    name
        Of the chart, for scripts and tests.
    """
    head: list[Any] = [html.Span(title, className="chart-title")]
    if unit:
        head.append(html.Span([" ", *unit_parts(t, unit)], className="chart-unit"))
    parts: list[Any] = [
        html.Figcaption(head),
        drawing(inside, width=size[0], height=size[1], label=says, class_name="chart"),
    ]
    if legend:
        parts.append(legend_list(legend))
    parts.append(as_table(t, title, told))
    return html.Figure(parts, className="chart-figure", **attrs(data_chart=name))


def legend_list(entries: Sequence[Entry]) -> html.Ul:
    """Return the entries of a legend on one or more lines."""
    return html.Ul(
        [
            html.Li(
                [html.Span(className=f"key key-{e.shape} {e.colour}"), html.Span(e.words)],
                **attrs(**e.data),
            )
            for e in entries
        ],
        className="chart-legend",
    )


def as_table(t: Translator, title: str, told: Told) -> html.Details:
    """Return the content of a chart as a table that unfolds."""
    head = [
        html.Th(text, scope="col", className="is-number" if n else "")
        for n, text in enumerate(told.heads)
    ]
    rows = [
        html.Tr(
            [
                html.Th(text, scope="row") if n == 0 else html.Td(text, className="is-number")
                for n, text in enumerate(row)
            ]
        )
        for row in told.rows
    ]
    table = html.Table(
        [
            html.Caption(title, className="only-spoken"),
            html.Thead(html.Tr(head)),
            html.Tbody(rows),
        ],
        className="explain-table",
    )
    scroll = html.Div(
        table, className="chart-scroll", tabIndex=0, role="region", **attrs(aria_label=title)
    )
    summary = html.Summary([icon("after"), t.text("As a table")])
    return html.Details([summary, scroll], className="chart-told")


def empty(t: Translator, title: str, words: str) -> html.Figure:
    """Return a chart without content, and why."""
    return html.Figure(
        [
            html.Figcaption(html.Span(title, className="chart-title")),
            html.P(words, className="chart-empty quiet"),
        ],
        className="chart-figure",
    )


def titled(tag: str, words: str, **attributes: Any) -> Node:
    """Return a mark with the words that show when the pointer rests on it."""
    return node(tag, node("title", words), **attributes)
