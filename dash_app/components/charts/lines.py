"""Lines over years, hours or sorted hours, with the range around them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dash_app.components.amounts import figure, fitting
from dash_app.components.charts.frame import Entry, Told, below, figure_of, sheet, titled
from dash_app.components.charts.scale import finite
from dash_app.components.svg import node

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dash import html

    from dash_app.components.charts.frame import Sheet
    from dash_app.components.svg import Node
    from dash_app.i18n import Translator

DOTS = 12
"""Points of a line up to which each is drawn as a dot."""


@dataclass(frozen=True)
class Line:
    """One line: values at the same places as all others, NaN where there is none."""

    words: str
    colour: str
    values: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    dashed: bool = False
    area: bool = False  # filled down to the axis


@dataclass(frozen=True)
class Axis:
    """Places along the bottom: numbers, which of them carry a text, and what they are."""

    places: Sequence[float]
    texts: Sequence[tuple[float, str]]
    head: str  # of the column in the table
    now: float | None = None  # a place that is marked: the year or hour on screen


def lines_chart(  # noqa: PLR0913 - what a chart is made of
    t: Translator,
    title: str,
    axis: Axis,
    lines: Sequence[Line],
    *,
    unit: str,
    says: str,
    from_zero: bool = True,
    top: float | None = None,
    marks: Sequence[tuple[float, float, str]] = (),
    told: Told | None = None,
    name: str = "",
) -> html.Figure:
    """
    Return the chart.

    Parameters
    ----------
    marks
        Single points: place, value, words; targets.
    top
        Highest value, to put several charts on one scale.
    told
        The table, where it is not one row a place.
    """
    every = [v for line in lines for part in (line.values, line.low, line.high)
             for v in finite(part or ())] + [value for _, value, _ in marks]  # fmt: skip
    high = max([*every, top or -math.inf], default=1.0)
    low = min(every, default=0.0)
    low = min(low, 0.0) if from_zero or low < 0 else low
    shown, factor = fitting(unit, [low, high])
    made, nodes = sheet(
        t, (min(axis.places), max(axis.places)), _ends(low * factor, high * factor), inset=6.0
    )
    if axis.now is not None:
        at = made.x(axis.now)
        nodes.append(
            node("line", x1=at, x2=at, y1=made.y.start, y2=made.y.end, className="chart-now")
        )
    for line in sorted(lines, key=lambda line: line.dashed):  # dashes show what lies below them
        nodes += _line(t, made, axis, line, (factor, shown))
    nodes += [node("g", titled("path", words, d=_diamond(made.x(x), made.y(v * factor)),
                               className="chart-target")) for x, v, words in marks]  # fmt: skip
    nodes += below(made, axis.texts)
    legend = [Entry(line.colour, line.words, "dashed" if line.dashed else "line") for line in lines]
    return figure_of(
        t, title, nodes, unit=shown, says=says, legend=legend, name=name,
        told=told or _told(t, axis, lines, factor),
    )  # fmt: skip


def _ends(low: float, high: float) -> tuple[float, float]:
    if high <= low:
        return low, low + (abs(low) * 0.1 or 1.0)
    return low, high


def _line(
    t: Translator, made: Sheet, axis: Axis, line: Line, scale: tuple[float, str]
) -> list[Node]:
    factor, unit = scale
    points = [
        (made.x(x), made.y(v * factor))
        for x, v in zip(axis.places, line.values, strict=True)
        if math.isfinite(v)
    ]
    if not points:
        return []
    found: list[Node] = []
    if line.low is not None and line.high is not None:
        found.append(_band(made, axis, (line.low, line.high), line.colour, factor))
    path = "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
    if line.area:
        floor = made.y(0.0)
        closed = f"{path}L{points[-1][0]:g} {floor:g}L{points[0][0]:g} {floor:g}Z"
        found.append(node("path", d=closed, className=f"area {line.colour}"))
    kind = f"line {line.colour}" + (" is-dashed" if line.dashed else "")
    found.append(titled("path", line.words, d=path, className=kind))
    if len(points) <= DOTS:
        known = [(x, v) for x, v in zip(axis.places, line.values, strict=True) if math.isfinite(v)]
        found += [
            titled(
                "circle", f"{line.words}, {x:g}: {figure(t, v * factor)}\u202f{t.unit(unit)}",
                cx=made.x(x), cy=made.y(v * factor), r=3.6, className=f"dot {line.colour}",
            )
            for x, v in known
        ]  # fmt: skip
    return found


def _band(
    made: Sheet,
    axis: Axis,
    ends: tuple[Sequence[float], Sequence[float]],
    colour: str,
    factor: float,
) -> Node:
    low, high = ([(made.x(x), made.y(v * factor)) for x, v in zip(axis.places, e, strict=True)
                  if math.isfinite(v)] for e in ends)  # fmt: skip
    ring = [*high, *reversed(low)]
    path = "M" + "L".join(f"{x:g} {y:g}" for x, y in ring) + "Z"
    return node("path", d=path, className=f"band {colour}")


def _diamond(x: float, y: float) -> str:
    return f"M{x:g} {y - 6:g}L{x + 6:g} {y:g}L{x:g} {y + 6:g}L{x - 6:g} {y:g}Z"


def _told(t: Translator, axis: Axis, lines: Sequence[Line], factor: float) -> Told:
    names: dict[float, str] = dict(axis.texts)
    heads = [axis.head, *(line.words for line in lines)]
    rows = [
        [names.get(x, f"{x:g}"), *(_cell(t, line, place, factor) for line in lines)]
        for place, x in enumerate(axis.places)
    ]
    return Told(heads, rows)


def _cell(t: Translator, line: Line, place: int, factor: float) -> str:
    text = figure(t, line.values[place] * factor)
    if line.low is None or line.high is None:
        return text
    low, high = (figure(t, end[place] * factor) for end in (line.low, line.high))
    return f"{text} ({low} – {high})"


def hours_axis(t: Translator, now: int | None = None) -> Axis:
    """Return the axis of a day; hours stand at their begin."""
    texts = [(float(h), str(h)) for h in (0, 6, 12, 18, 24)]
    return Axis([float(h) for h in range(25)], texts, t.text("Hour"),
                None if now is None else now + 0.5)  # fmt: skip


def years_axis(t: Translator, years: Sequence[int], now: int | None = None) -> Axis:
    """Return an axis of stage years."""
    return Axis([float(y) for y in years], [(float(y), str(y)) for y in years], t.text("Year"),
                None if now is None else float(now))  # fmt: skip


def closed(values: Any) -> list[float]:
    """Return 24 hours with the first one again at the end, so that the line fills the day."""
    found = [float(v) for v in values]
    return [*found, found[0]]
