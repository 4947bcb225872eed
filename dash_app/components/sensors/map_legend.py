"""How far the model is from the counts, as colours of streets, and the legend of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from dash import html

from dash_app.components.svg import drawing, node
from dash_app.components.values import attrs
from dash_app.map.colours import DIFFERENCE, NODATA, Scale

if TYPE_CHECKING:
    import pandas as pd

    from dash_app.components.svg import Node
    from dash_app.i18n import Translator

BREAKS = (-50.0, -25.0, -10.0, 10.0, 25.0, 50.0)
"""Limits of the classes [% of the count]."""
THEMES = ("light", "dark")
WIDTH, TALL = 280.0, 11.0


def deviation_scales(values: pd.Series[float]) -> dict[str, Scale]:
    """Return the scale of each theme; limits stay where they are whatever was counted."""
    known = values[np.isfinite(values.to_numpy(float))].to_numpy(float)
    place = np.searchsorted(BREAKS, known, side="right")
    counts = np.bincount(place, minlength=len(BREAKS) + 1)
    return {
        theme: Scale(
            "streets", "count_deviation", "Model against count", "%", "classed", BREAKS,
            DIFFERENCE[theme], NODATA[theme], tuple(int(n) for n in counts),
            len(values) - len(known),
        )
        for theme in THEMES
    }  # fmt: skip


def deviation_legend(t: Translator) -> html.Section:
    """Return the legend, with the button that takes the colours off the map."""
    each = WIDTH / (len(BREAKS) + 1)
    nodes: list[Node] = [
        node("rect", x=round(place * each, 1), y=0, width=round(each, 1), height=TALL, fill=colour,
             className=f"of-{theme}")
        for theme in THEMES
        for place, colour in enumerate(DIFFERENCE[theme])
    ]  # fmt: skip
    texts = [f"{'+' if value > 0 else '−'}{abs(value):g}" for value in BREAKS]
    nodes += [
        node("text", text, x=round((place + 1) * each, 1), y=TALL + 18, className="tick-x",
             textAnchor="middle")
        for place, text in enumerate(texts)
    ]  # fmt: skip
    label = t.text("Classes, limits {limits}", limits=", ".join(texts))
    parts: list[Any] = [
        html.Div(
            [
                html.H2(t.text("Model against count"), className="panel-title"),
                html.Button(t.text("Off the map"), type="button", className="button-small",
                            **attrs(data_work="value", data_value="none")),
            ],
            className="panel-head",
        ),
        html.P(t.text("Deviation in % of the count"), className="value-unit"),
        drawing(nodes, width=WIDTH, height=TALL + 22, label=label, class_name="chart value-bar"),
        html.P([html.Span(t.text("model too low")), html.Span(t.text("model too high"))],
               className="value-ends"),
    ]  # fmt: skip
    return html.Section(parts, className="panel-section")
