"""Bars side by side: a histogram of two scenarios, shares in pairs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dash_app.components.amounts import figure, fitting
from dash_app.components.charts.frame import Entry, Told, below, figure_of, sheet, titled
from dash_app.components.charts.scale import Scale, text_width
from dash_app.components.svg import node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dash import html

    from dash_app.components.svg import Node
    from dash_app.i18n import Translator

ROW = 40.0


@dataclass(frozen=True)
class Series:
    """The values of one scenario, one for each class."""

    words: str
    colour: str
    values: Sequence[float]


@dataclass(frozen=True)
class Class:
    """One class of a chart: its words, and what it links to on the map."""

    words: str
    data: Mapping[str, str] = field(default_factory=dict)


def columns(  # noqa: PLR0913 - what a chart is made of
    t: Translator,
    title: str,
    classes: Sequence[Class],
    series: Sequence[Series],
    *,
    unit: str,
    says: str,
    head: str,
    edges: bool = False,
    name: str = "",
) -> html.Figure:
    """
    Return upright bars, those of all scenarios of a class beside each other.

    With `edges` the words are limits and stand between the classes, one more than there are bars.
    """
    highest = max((v for s in series for v in s.values), default=1.0) or 1.0
    shown, factor = fitting(unit, [highest])
    count = len(series[0].values) if series else 1
    made, nodes = sheet(t, (0.0, float(count)), (0.0, highest * factor))
    room = (made.x.end - made.x.start) / count
    wide = min(room * (0.86 if edges else 0.7) / max(len(series), 1), 22.0)
    for n, one in enumerate(series):
        for place, value in enumerate(one.values):
            left = made.x(place + 0.5) + (n - len(series) / 2) * wide
            where = _between(t, classes, place) if edges else classes[place].words
            words = f"{one.words}, {where}: {figure(t, value * factor)}\u202f{t.unit(shown)}"
            upper = made.y(value * factor)
            nodes.append(
                titled(
                    "rect", words, x=round(left, 1), width=round(max(wide - 1, 1.0), 1), y=upper,
                    height=round(max(made.y(0.0) - upper, 0.0), 2), className=f"datum {one.colour}",
                    **dict(classes[place].data),
                )
            )  # fmt: skip
    shift = 0.0 if edges else 0.5
    nodes += below(made, [(place + shift, c.words) for place, c in enumerate(classes)], room=5.0)
    rows = [
        [_between(t, classes, place) if edges else classes[place].words,
         *(figure(t, s.values[place] * factor) for s in series)]
        for place in range(count)
    ]  # fmt: skip
    return figure_of(
        t, title, nodes, unit=shown, says=says, name=name,
        legend=[Entry(s.colour, s.words) for s in series] if len(series) > 1 else [],
        told=Told([head, *(s.words for s in series)], rows),
    )  # fmt: skip


def _between(t: Translator, classes: Sequence[Class], place: int) -> str:
    """Return both limits of a class in words; the last class has no upper one."""
    ends = [c.words for c in classes[place : place + 2] if c.words]
    return " – ".join(ends) if len(ends) > 1 else t.text("from {value}", value=ends[0])


def pairs(  # noqa: PLR0913 - what a chart is made of
    t: Translator,
    title: str,
    classes: Sequence[Class],
    series: Sequence[Series],
    *,
    unit: str,
    says: str,
    head: str,
    name: str = "",
) -> html.Figure:
    """Return lying bars with their value beside them, one row a class, one bar a scenario."""
    highest = max((v for s in series for v in s.values), default=1.0) or 1.0
    shown, factor = fitting(unit, [highest])
    values = [f"{figure(t, v * factor)}" for s in series for v in s.values]
    right = text_width(values) + 8
    each = 15.0
    row = 22.0 + each * len(series)
    width, height = 320.0, row * len(classes) + 4
    x = Scale(0.0, highest * factor, 0.0, width - right)
    nodes: list[Node] = []
    for place, one in enumerate(classes):
        top = place * row
        nodes.append(node("text", one.words, x=0, y=top + 15, className="bar-label"))
        for n, s in enumerate(series):
            nodes += _lying(t, s, one, (x, factor, shown), (top + 21 + n * each, place))
    rows = [[c.words, *(figure(t, s.values[n] * factor) for s in series)]
            for n, c in enumerate(classes)]  # fmt: skip
    return figure_of(
        t, title, nodes, unit=shown, says=says, size=(width, height), name=name,
        legend=[Entry(s.colour, s.words) for s in series] if len(series) > 1 else [],
        told=Told([head, *(s.words for s in series)], rows),
    )  # fmt: skip


def _lying(
    t: Translator,
    series: Series,
    one: Class,
    scale: tuple[Scale, float, str],
    where: tuple[float, int],
) -> list[Node]:
    x, factor, unit = scale
    top, place = where
    value = series.values[place] * factor
    text = figure(t, value)
    words = f"{series.words}, {one.words}: {text}\u202f{t.unit(unit)}"
    attributes: dict[str, Any] = dict(one.data)
    return [
        titled("rect", words, x=0, y=top, height=12, width=max(x(value), 0.8),
               className=f"datum {series.colour}", **attributes),
        node("text", text, x=x(value) + 5, y=top + 11, className="bar-value"),
    ]  # fmt: skip
