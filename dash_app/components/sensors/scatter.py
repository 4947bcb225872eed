"""Counted against modelled vehicles: the line of equals, and the band in which GEH is below 5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dash_app.components.amounts import figure
from dash_app.components.charts.frame import Entry, Told, below, figure_of, sheet, titled
from dash_app.components.charts.scale import ticks
from dash_app.components.svg import node
from twin.observed.fit import GOOD_GEH

if TYPE_CHECKING:
    from dash import html
    from numpy.typing import NDArray

    from dash_app.components.svg import Node
    from dash_app.i18n import Translator
    from dash_app.sensing.fits_traffic import TrafficFit

    Floats = NDArray[np.float64]

MOST_POINTS = 700
"""Points that a chart shows; of more only the busiest hour of each counter."""
BEND = 40
SIZE = (320.0, 260.0)


def geh_band(counted: Floats, geh: float = GOOD_GEH) -> tuple[Floats, Floats]:
    """
    Return the lowest and highest modelled flow an hour with a GEH up to `geh`.

    From GEH^2 = 2 (m - c)^2 / (m + c): m = c + (g^2 -+ g sqrt(g^2 + 16 c)) / 4.

    >>> low, high = geh_band(np.array([1000.0]))
    >>> [round(float(v), 1) for v in (low[0], high[0])]
    [848.0, 1164.5]
    """
    root = geh * np.sqrt(geh**2 + 16.0 * counted)
    low: Floats = np.maximum(counted + (geh**2 - root) / 4.0, 0.0)
    high: Floats = counted + (geh**2 + root) / 4.0
    return low, high


def scatter(t: Translator, fit: TrafficFit) -> html.Figure:
    """Return the hours of all counters as points, one shape for good and one for others."""
    hours = fit.fit.hours
    if len(hours) > MOST_POINTS:
        hours = hours.loc[hours.groupby("counter")["counted"].idxmax()]
    most = float(max(hours["counted"].max(), hours["modelled"].max(), 10.0))
    top = ticks(0.0, most)[-1]
    made, nodes = sheet(t, (0.0, top), (0.0, top), width=SIZE[0], height=SIZE[1])
    line = np.linspace(0.0, top, BEND)
    low, high = geh_band(line)
    ring = [
        f"{made.x(c):g} {made.y(m):g}" for c, m in zip(line, np.minimum(high, top), strict=True)
    ]
    ring += [f"{made.x(c):g} {made.y(m):g}" for c, m in zip(line[::-1], low[::-1], strict=True)]
    nodes.append(node("path", d="M" + "L".join(ring) + "Z", className="band c-measured"))
    nodes.append(node("line", x1=made.x(0.0), y1=made.y(0.0), x2=made.x(top), y2=made.y(top),
                      className="chart-now"))  # fmt: skip
    rows: list[Any] = list(hours.itertuples())
    nodes += [_point(t, fit, row, (made.x(row.counted), made.y(row.modelled))) for row in rows]
    nodes += below(made, [(value, figure(t, value)) for value in ticks(0.0, most)])
    good = 100.0 * float(hours["is_good"].mean())
    says = t.text(
        "Counted against modelled vehicles an hour: {count} hours of {counters} counters, {share} "
        "% with a GEH below 5.",
        count=len(hours), counters=int(hours["counter"].nunique()), share=figure(t, good),
    )  # fmt: skip
    legend = [
        Entry("is-good", t.text("GEH below 5"), "dot"),
        Entry("is-poor", t.text("GEH 5 and above"), "cross"),
        Entry("c-measured", t.text("GEH 5 to 5"), "band"),
    ]
    title = t.text("Modelled over counted, vehicles an hour")
    return figure_of(t, title, nodes, says=says, told=_told(t, fit), legend=legend, size=SIZE,
                     name="scatter")  # fmt: skip


def _point(t: Translator, fit: TrafficFit, row: Any, where: tuple[float, float]) -> Node:
    hour, counter = int(row.hour), int(row.counter)
    words = t.text(
        "{name}, {hour}: counted {counted}, modelled {modelled}, GEH {geh}",
        name=fit.names.get(counter, ""), hour=t.time(hour * 60),
        counted=figure(t, row.counted), modelled=figure(t, row.modelled),
        geh=figure(t, row.geh),
    )  # fmt: skip
    link = {"data_mark": "", "data_table": "streets", "data_id": str(row.street)}
    x, y = where
    if row.is_good:
        return titled("circle", words, cx=x, cy=y, r=3.2, className="fit-point is-good", **link)
    return titled("path", words, d=f"M{x - 3.4:g} {y - 3.4:g}l6.8 6.8m0 -6.8l-6.8 6.8",
                  className="fit-point is-poor", **link)  # fmt: skip


def _told(t: Translator, fit: TrafficFit) -> Told:
    """Return the sums of all counters by hour."""
    table = pd.DataFrame(fit.fit.hours).groupby("hour")[["counted", "modelled", "is_good"]]
    sums = table.agg({"counted": "sum", "modelled": "sum", "is_good": "mean"})
    rows = [
        [t.time(int(str(hour)) * 60), figure(t, one["counted"]), figure(t, one["modelled"]),
         f"{figure(t, 100 * one['is_good'])}\u202f%"]
        for hour, one in sums.iterrows()
    ]  # fmt: skip
    heads = [t.text("Hour"), t.text("Counted, all counters"), t.text("Modelled"),
             t.text("GEH below 5")]  # fmt: skip
    return Told(heads, rows)
