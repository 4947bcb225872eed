"""Flows between two lists: final energy from carrier to use, trips from district to mode."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dash_app.components.amounts import figure, fitting
from dash_app.components.charts.frame import Told, figure_of, titled
from dash_app.components.svg import node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from dash import html

    from dash_app.components.svg import Node
    from dash_app.i18n import Translator

WIDTH = 430.0
HEIGHT = 240.0
LEFT, RIGHT = 172.0, 252.0
"""Where the two columns of bars stand; names have their room outside of them."""
BAR = 6.0
GAP = 8.0
LINE = 21.0
"""Least distance between two names."""
LEAST = 0.004
"""Flows below this part of the whole are not drawn; the table has them."""
LETTERS = 19
"""Letters of a name that have room."""


@dataclass(frozen=True)
class End:
    """One entry of a column: class of its colour, its words, what it links to."""

    words: str
    colour: str = "c-plain"
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ends:
    """Both columns, from top to bottom; rows and columns of the flows."""

    sources: Mapping[str, End]
    sinks: Mapping[str, End]
    heads: tuple[str, str]


def sankey(  # noqa: PLR0913 - what a chart is made of
    t: Translator,
    title: str,
    flows: pd.DataFrame,
    ends: Ends,
    *,
    unit: str,
    whole: float,
    says: str,
    by: str = "source",
    name: str = "",
) -> html.Figure:
    """
    Return the chart of one scenario.

    Parameters
    ----------
    flows
        Amounts; index: keys of the sources, columns: keys of the sinks.
    whole
        What fills the height: the larger sum of all sides, so that they share one scale.
    by
        Whose colour a flow has: "source" or "sink".
    """
    shown, factor = fitting(unit, [whole])
    left = [k for k in ends.sources if k in flows.index and flows.loc[k].sum() > 0]
    right = [k for k in ends.sinks if k in flows.columns and flows[k].sum() > 0]
    table = flows.reindex(index=left, columns=right).fillna(0.0)
    gaps = GAP * max(len(ends.sources), len(ends.sinks)) + LINE
    per = (HEIGHT - gaps) / whole if whole > 0 else 0.0
    starts = _stack(table.sum(axis=1).tolist(), per)
    stops = _stack(table.sum(axis=0).tolist(), per)
    nodes = _ribbons(t, table, ends, (starts, stops), (per, factor, shown, by))
    nodes += _column(t, [ends.sources[k] for k in left], table.sum(axis=1).tolist(),
                     (starts, per, factor), side="left")  # fmt: skip
    nodes += _column(t, [ends.sinks[k] for k in right], table.sum(axis=0).tolist(),
                     (stops, per, factor), side="right")  # fmt: skip
    rows = [
        [ends.sources[s].words, ends.sinks[k].words, figure(t, value * factor)]
        for s, values in zip(left, table.to_numpy(float).tolist(), strict=True)
        for k, value in zip(right, values, strict=True)
        if value > 0
    ]
    return figure_of(
        t, title, nodes, unit=shown, says=says, size=(WIDTH, HEIGHT), name=name,
        told=Told([*ends.heads, t.unit(shown)], rows),
    )  # fmt: skip


def _stack(values: Sequence[float], per: float) -> list[float]:
    """Return the upper edge of each bar of a column."""
    found, at = [], 4.0
    for value in values:
        found.append(at)
        at += value * per + GAP
    return found


def _ribbons(
    t: Translator,
    table: pd.DataFrame,
    ends: Ends,
    edges: tuple[list[float], list[float]],
    scale: tuple[float, float, str, str],
) -> list[Node]:
    per, factor, unit, by = scale
    starts, stops = list(edges[0]), list(edges[1])
    whole = float(table.to_numpy().sum()) or 1.0
    found: list[Node] = []
    for i, source in enumerate(table.index):
        for j, sink in enumerate(table.columns):
            value = float(table.iloc[i, j])  # type: ignore[arg-type]
            thick = value * per
            y0, y1 = starts[i], stops[j]
            starts[i] += thick
            stops[j] += thick
            if value / whole < LEAST:
                continue
            one, other = ends.sources[str(source)], ends.sinks[str(sink)]
            end = one if by == "source" else other
            words = f"{one.words} – {other.words}: {figure(t, value * factor)}\u202f{t.unit(unit)}"
            found.append(
                titled("path", words, d=_ribbon(y0, y1, thick), className=f"ribbon {end.colour}",
                       **dict(end.data))
            )  # fmt: skip
    return found


def _ribbon(y0: float, y1: float, thick: float) -> str:
    x0, x1 = LEFT + BAR, RIGHT
    mid = (x0 + x1) / 2
    low0, low1 = y0 + thick, y1 + thick
    return (
        f"M{x0:g} {y0:.1f}C{mid:g} {y0:.1f} {mid:g} {y1:.1f} {x1:g} {y1:.1f}"
        f"L{x1:g} {low1:.1f}C{mid:g} {low1:.1f} {mid:g} {low0:.1f} {x0:g} {low0:.1f}Z"
    )


def _column(
    t: Translator,
    ends: Sequence[End],
    values: Sequence[float],
    scale: tuple[list[float], float, float],
    *,
    side: str,
) -> list[Node]:
    """Return the bars of one side with names and amounts; names never touch each other."""
    tops, per, factor = scale
    x = LEFT if side == "left" else RIGHT
    anchor, text_x = ("end", LEFT - 6) if side == "left" else ("start", RIGHT + BAR + 6)
    found: list[Node] = []
    lines = _apart([top + value * per / 2 for top, value in zip(tops, values, strict=True)])
    for end, value, top, line in zip(ends, values, tops, lines, strict=True):
        height = max(value * per, 1.0)
        amount = figure(t, value * factor)
        found.append(
            titled("rect", f"{end.words}: {amount}", x=x, y=round(top, 1), width=BAR,
                   height=round(height, 1), className=f"datum {end.colour}", **dict(end.data))
        )  # fmt: skip
        found.append(
            node("text", f"{_short(end.words)} ", node("tspan", amount, className="flow-amount"),
                 x=text_x, y=round(line + 5, 1), className="flow-name", textAnchor=anchor)
        )  # fmt: skip
    return found


def _short(words: str) -> str:
    return words if len(words) <= LETTERS else f"{words[: LETTERS - 1].rstrip()}…"


def _apart(wanted: Sequence[float]) -> list[float]:
    """
    Return places for names near those wanted, at least a line apart and inside the chart.

    >>> _apart([10.0, 12.0, 100.0])
    [10.0, 31.0, 100.0]
    """
    found: list[float] = []
    for value in wanted:
        found.append(max(value, found[-1] + LINE if found else 8.0))
    last = HEIGHT - 8
    for place in range(len(found) - 1, -1, -1):
        found[place] = min(found[place], last)
        last = found[place] - LINE
    return found
