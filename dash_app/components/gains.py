"""Who gains and who loses: ways to facilities by group of residents, figures by district, money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from dash import html

from dash_app.components.amounts import change, figure, fitting, unit_parts, verdict_words
from dash_app.components.sides import letter
from dash_app.components.values import attrs, icon
from dash_app.views.catalogue import FACILITY_WORDS
from dash_app.workspace.privacy import shown
from twin.indicators import INDICATORS
from twin.indicators.evaluate import peaks_of

if TYPE_CHECKING:
    from dash_app.i18n import Translator
    from dash_app.settings import Settings
    from dash_app.workspace.work import Work
    from twin.indicators import Indicator
    from twin.simulate.results import YearResults

MODE_WORDS = {"walk": "on foot", "bike": "by bicycle", "car": "by car", "transit": "by transit"}
GROUP_WORDS = {"all": "All residents", "with": "Households with a car",
               "without": "Households without a car"}  # fmt: skip
BY_DISTRICT = ("annual_cost_m2", "emissions_person", "mode_car", "access_school", "noise_night")
"""Figures that say best what a district gains or loses."""
ACTORS = {"owner": "Owners", "tenant": "Tenants", "utility": "Utility", "town": "Town"}
MOST_WAYS = 6


def gains_section(t: Translator, work: Work, settings: Settings) -> html.Section | None:
    """Return everything that differs between groups, as far as the viewer may see it."""
    before, after = (side.year(work.year) for side in work.pair)
    if before is None or after is None:
        return None
    parts = [
        *_ways(t, work, after, settings),
        _districts(t, work, (before, after), settings),
        _money(t, work, before, after),
    ]
    return html.Section(
        [
            html.H3(t.text("Who gains, who loses"), className="compare-title"),
            *(part for part in parts if part is not None),
        ],
        className="compare-section compare-gains",
    )


# ---- ways to facilities -------------------------------------------------------------------------


def _ways(t: Translator, work: Work, after: YearResults, settings: Settings) -> list[Any]:
    """Return who reaches what faster or slower than today, the largest changes first."""
    table = after.answers["gains"]
    said = [html.P([icon("warning"), t.sentence(s)], className="compare-note says-worse")
            for s in after.said]  # fmt: skip
    if not len(table):
        return said
    whole = table.xs(("city", "all"), level=("by", "group"))
    moved = (whole["gain"] + whole["lose"]).sort_values(ascending=False, kind="stable")
    moved = moved[moved >= 1][:MOST_WAYS]
    if not len(moved):
        words = t.text("No resident reaches a facility faster or slower than today.")
        return [*said, html.P(words, className="quiet")]
    ways = [_way(t, work, table, (str(mode), str(kind)), settings) for mode, kind in moved.index]
    return [*said, *ways]


def _way(
    t: Translator, work: Work, table: pd.DataFrame, way: tuple[str, str], settings: Settings
) -> html.Details:
    mode, kind = way
    rows = table.xs((mode, kind), level=("mode", "kind"))
    whole = rows.loc[[("city", "all")]].iloc[0]
    head = t.text(
        "{facility}, {mode}: {gain} gain, {lose} lose",
        facility=t.text(FACILITY_WORDS.get(kind, kind)), mode=t.text(MODE_WORDS[mode]),
        gain=figure(t, round(float(whole["gain"]))), lose=figure(t, round(float(whole["lose"]))),
    )  # fmt: skip
    heads = [t.text("Residents"), t.text("gain"), t.text("lose"), t.text("Minutes before"),
             t.text("Minutes after")]  # fmt: skip
    body = [_group(t, work, group, row, settings) for group, row in rows.iterrows()]
    cells = [html.Th(text, scope="col", className="is-number" if n else "")
             for n, text in enumerate(heads)]  # fmt: skip
    inside = html.Table([html.Thead(html.Tr(cells)), html.Tbody(body)], className="explain-table")
    return html.Details(
        [html.Summary([icon("after"), head]), html.Div(inside, className="chart-scroll")],
        className="compare-fold",
    )


def _group(t: Translator, work: Work, group: Any, row: Any, settings: Settings) -> html.Tr:
    by, name = str(group[0]), str(group[1])
    label, data = _group_words(t, work, by, name)
    if by == "district":
        away = shown(pd.Series([0.0], [name]), "districts", work.city, work.viewer, settings)[1]
        if bool(away.iloc[0]):
            words = t.text("too few addresses (privacy)")
            return html.Tr([html.Th(label, scope="row"),
                            html.Td(words, colSpan=4, className="is-withheld")])  # fmt: skip
    cells = [
        html.Td(figure(t, round(float(row[name_]))), className="is-number")
        for name_ in ("gain", "lose")
    ]
    cells += [
        html.Td(figure(t, float(row[name_])), className="is-number")
        for name_ in ("minutes_before", "minutes_after")
    ]
    return html.Tr([html.Th(label, scope="row"), *cells], **attrs(**data))


def _group_words(t: Translator, work: Work, by: str, name: str) -> tuple[str, dict[str, str]]:
    if by == "district":
        named = work.city.districts["name"].get(name)
        return str(named or name), {"data_mark": "", "data_table": "districts", "data_id": name}
    if by == "age":
        return t.text("Aged {years}", years=t.word(name, "census.age")), {}
    return t.text(GROUP_WORDS.get(name, name)), {}


# ---- by district --------------------------------------------------------------------------------


def _districts(
    t: Translator, work: Work, pair: tuple[YearResults, YearResults], settings: Settings
) -> html.Details | None:
    names = [INDICATORS[name] for name in BY_DISTRICT]
    found = {one.name: [_by_district(one, year) for year in pair] for one in names}
    areas = sorted({str(k) for values in found.values() for k in values[1].index})
    if not areas:
        return None
    away = shown(pd.Series(0.0, areas), "districts", work.city, work.viewer, settings)[1]
    heads = [html.Th(t.text("District"), scope="col")]
    heads += [html.Th(_headed(t, one), scope="col", className="is-number") for one in names]
    rows = [_district(t, work, key, names, found, withheld=bool(away[key])) for key in areas]
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="explain-table")
    title = t.text("Change by district")
    scroll = html.Div(table, className="chart-scroll", tabIndex=0, role="region",
                      **attrs(aria_label=title))  # fmt: skip
    return html.Details([html.Summary([icon("after"), title]), scroll], className="compare-fold",
                        open=True)  # fmt: skip


def _by_district(indicator: Indicator, year: YearResults) -> pd.Series[float]:
    return indicator.values(year.sums["district"], peaks_of(year, "district"))


def _headed(t: Translator, indicator: Indicator) -> list[Any]:
    from dash_app.components.strip import short_label  # noqa: PLC0415 - the strip is larger

    return [short_label(t, indicator.name)]


def _district(
    t: Translator,
    work: Work,
    key: str,
    indicators: list[Indicator],
    found: dict[str, list[pd.Series[float]]],
    *,
    withheld: bool,
) -> html.Tr:
    named = work.city.districts["name"].get(key)
    head = html.Th(str(named or key), scope="row")
    data = {"data_mark": "", "data_table": "districts", "data_id": key}
    if withheld:
        words = t.text("too few addresses (privacy)")
        return html.Tr([head, html.Td(words, colSpan=len(indicators), className="is-withheld")])
    cells = []
    for one in indicators:
        old, new = (float(values.get(key, np.nan)) for values in found[one.name])
        moved = change(t, one, new, old)
        words = ", ".join(filter(None, (moved.words, verdict_words(t, moved.verdict))))
        cells.append(html.Td(words, className=f"is-number says-{moved.verdict}"))
    return html.Tr([head, *cells], **attrs(**data))


# ---- money --------------------------------------------------------------------------------------


def _money(
    t: Translator, work: Work, before: YearResults, after: YearResults
) -> html.Details | None:
    """Return what each actor pays a year on both sides."""
    old, new = before.money.sum(), after.money.sum()
    actors = [name for name in ACTORS if name in old.index and name in new.index]
    if not actors:
        return None
    every = [float(values[name]) for values in (old, new) for name in actors]
    unit, factor = fitting("EUR/a", every)
    one, other = (letter(t, side) for side in work.pair)
    heads = [t.text("Who pays"), one, other, t.text("Difference")]
    rows = []
    for name in actors:
        was, now = float(old[name]) * factor, float(new[name]) * factor
        moved = now - was
        sign = "+" if moved > 0 else ""
        texts = [figure(t, was), figure(t, now), f"{sign}{figure(t, moved)}"]
        cells = [html.Td(text, className="is-number") for text in texts]
        rows.append(html.Tr([html.Th(t.text(ACTORS[name]), scope="row"), *cells]))
    cells_of_head = [html.Th(text, scope="col", className="is-number" if n else "")
                     for n, text in enumerate(heads)]  # fmt: skip
    table = html.Table([html.Thead(html.Tr(cells_of_head)), html.Tbody(rows)],
                       className="explain-table")  # fmt: skip
    title: list[Any] = [icon("after"), t.text("Annual costs by who pays"), " "]
    title.append(html.Span(unit_parts(t, unit), className="unit"))
    return html.Details([html.Summary(title), table], className="compare-fold", open=True)
