"""Bars in parts: shares by year or by scenario, one colour a category."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dash_app.components.amounts import figure, fitting
from dash_app.components.charts.frame import (
    HEIGHT,
    WIDTH,
    Entry,
    Told,
    below,
    figure_of,
    sheet,
    titled,
)
from dash_app.components.svg import node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dash import html

    from dash_app.components.svg import Node
    from dash_app.i18n import Translator


@dataclass(frozen=True)
class Bar:
    """One bar: what stands below it, and its parts by category."""

    label: str
    parts: Mapping[str, float]
    group: str = ""  # of bars that stand close together


@dataclass(frozen=True)
class Category:
    """One category: class of its colour, its words, what it links to on the map."""

    colour: str
    words: str
    data: Mapping[str, str] = field(default_factory=dict)


def stacked(  # noqa: PLR0913 - what a chart is made of
    t: Translator,
    title: str,
    bars: Sequence[Bar],
    categories: Mapping[str, Category],
    *,
    unit: str,
    says: str,
    top: float | None = None,
    name: str = "",
) -> html.Figure:
    """Return the chart; `top` puts several of them on one scale."""
    used = [k for k in categories if any(bar.parts.get(k, 0.0) > 0 for bar in bars)]
    highest = max([sum(bar.parts.values()) for bar in bars], default=1.0)
    shown, factor = fitting(unit, [top or highest])
    made, nodes = sheet(t, (0.0, float(len(bars))), (0.0, (top or highest) * factor))
    room = (made.x.end - made.x.start) / max(len(bars), 1)
    wide = min(room * 0.68, 44.0)
    for place, bar in enumerate(bars):
        left = made.x(place + 0.5) - wide / 2
        nodes += _one(t, bar, used, categories, (left, wide), (made.y, factor, shown))
    nodes += below(made, [(place + 0.5, bar.label) for place, bar in enumerate(bars)], room=3.0)
    legend = [
        Entry(categories[k].colour, categories[k].words, data=categories[k].data) for k in used
    ]
    heads = ["", *(categories[k].words for k in used), t.text("Sum")]
    rows = [
        [bar.label, *(figure(t, bar.parts.get(k, 0.0) * factor) for k in used),
         figure(t, sum(bar.parts.values()) * factor)]
        for bar in bars
    ]  # fmt: skip
    return figure_of(
        t, title, nodes, unit=shown, says=says, told=Told(heads, rows), legend=legend,
        size=(WIDTH, HEIGHT), name=name,
    )  # fmt: skip


def _one(
    t: Translator,
    bar: Bar,
    used: Sequence[str],
    categories: Mapping[str, Category],
    place: tuple[float, float],
    scale: tuple[Any, float, str],
) -> list[Node]:
    """Return the parts of one bar, from the axis upwards."""
    y, factor, unit = scale
    found: list[Node] = []
    base = 0.0
    for key in used:
        value = bar.parts.get(key, 0.0) * factor
        if value <= 0:
            continue
        upper, lower = y(base + value), y(base)
        kind = f"datum {categories[key].colour}"
        words = f"{bar.label}, {categories[key].words}: {figure(t, value)}\u202f{t.unit(unit)}"
        found.append(
            titled(
                "rect", words, x=round(place[0], 1), width=round(place[1], 1), y=upper,
                height=max(round(lower - upper, 2), 0.4), className=kind,
                **categories[key].data,
            )
        )  # fmt: skip
        base += value
    if base == 0:
        found.append(node("text", "0", x=place[0] + place[1] / 2, y=y(0) - 4, className="tick-x",
                          textAnchor="middle"))  # fmt: skip
    return found
