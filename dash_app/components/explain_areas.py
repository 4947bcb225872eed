"""One figure by district and Baublock, as far as a viewer may see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from dash import html

from dash_app.components.amounts import change, figure, fitting, unit_parts, verdict_words
from dash_app.components.sides import area_name, results_in
from dash_app.components.values import attrs, icon
from dash_app.workspace.privacy import LEVELS as TABLE_OF
from dash_app.workspace.privacy import shown
from twin.indicators.evaluate import peaks_of

if TYPE_CHECKING:
    import pandas as pd

    from dash_app.i18n import Translator
    from dash_app.settings import Settings
    from dash_app.workspace.work import Work
    from twin.indicators import Indicator, Level
    from twin.simulate.results import YearResults

MOST_AREAS = 25
"""Areas in a list; the table view of the page has them all."""

HEADINGS: dict[Level, str] = {"district": "By district", "block": "By block"}


def areas_section(
    t: Translator, work: Work, indicator: Indicator, here: tuple[Level, str], settings: Settings
) -> html.Section | None:
    """Return the values by district, and folded those by Baublock, the largest first."""
    after = results_in(work.pair[1], work.year)
    if after is None:
        return None
    parts = []
    for level in HEADINGS:
        if level in indicator.levels:
            values, away = area_values(work, indicator, level, after, settings)
            if len(values):
                parts.append(_table(t, work, indicator, level, (values, away, here)))
    return html.Section(parts, className="explain-section") if parts else None


def area_values(
    work: Work, indicator: Indicator, level: Level, found: YearResults, settings: Settings
) -> tuple[pd.Series[float], pd.Series[bool]]:
    """Return the values of a level as the viewer may see them, and which are withheld."""
    values = indicator.values(found.sums[level], peaks_of(found, level)).astype(float)
    values = values[values.notna()]
    return shown(values, TABLE_OF[level], work.city, work.viewer, settings)


def _table(
    t: Translator,
    work: Work,
    indicator: Indicator,
    level: Level,
    found: tuple[pd.Series[float], pd.Series[bool], tuple[Level, str]],
) -> html.Details:
    values, away, here = found
    before = results_in(work.pair[0], work.year)
    was = None
    if before is not None and work.pair[0] is not work.pair[1]:
        was = indicator.values(before.sums[level], peaks_of(before, level)).reindex(values.index)
    order = np.argsort(-values.fillna(-np.inf).to_numpy(), kind="stable")[:MOST_AREAS]
    unit, factor = fitting(indicator.unit, values.tolist())
    rows = []
    for place in order:
        key = str(values.index[place])
        old = None if was is None or away.iloc[place] else float(was.iloc[place])
        rows.append(
            _row(t, work, indicator, (level, key, (level, key) == here),
                 (None if away.iloc[place] else float(values.iloc[place]), old, factor))
        )  # fmt: skip
    head = [html.Th(t.text(HEADINGS[level]), scope="col"),
            html.Th(unit_parts(t, unit), scope="col", className="is-number")]  # fmt: skip
    if was is not None:
        head.append(html.Th(t.text("Change"), scope="col", className="is-number"))
    label = f"{t.text(HEADINGS[level])} ({t.number(len(values))})"
    parts: list[Any] = [
        html.Summary([icon("after"), label]),
        html.Table([html.Thead(html.Tr(head)), html.Tbody(rows)], className="explain-table"),
    ]
    if len(values) > len(rows):
        words = t.text("The {count} largest; the map shows all.", count=len(rows))
        parts.append(html.P(words, className="quiet"))
    is_open = level == "district" or here[0] == "block"
    return html.Details(parts, open=is_open, className="explain-fold")


def _row(
    t: Translator,
    work: Work,
    indicator: Indicator,
    area: tuple[Level, str, bool],
    numbers: tuple[float | None, float | None, float],
) -> html.Tr:
    level, key, picked = area
    value, old, factor = numbers
    name = html.Button(
        area_name(t, work, level, key),
        type="button",
        className="row-key",
        **attrs(
            data_work="panel", data_panel="explain", data_indicator=indicator.name,
            data_level=level, data_area=key,
        ),
    )  # fmt: skip
    cells: list[Any] = [html.Th(name, scope="row")]
    if value is None:
        words = t.text("too few addresses (privacy)")
        cells.append(html.Td(words, colSpan=2, className="is-withheld"))
    else:
        cells.append(html.Td(figure(t, value * factor), className="is-number"))
        if old is not None:
            moved = change(t, indicator, value, old)
            words = ", ".join(filter(None, (moved.words, verdict_words(t, moved.verdict))))
            cells.append(html.Td(words, className=f"is-number says-{moved.verdict}"))
    return html.Tr(
        cells,
        className="is-picked" if picked else "",
        **attrs(data_mark="", data_table=TABLE_OF[level], data_id=key),
    )
