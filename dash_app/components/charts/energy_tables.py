"""Tables of energy: indicators of the heat plan by year, heat networks with their price."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.amounts import figure, unit_parts
from dash_app.components.sides import letter
from dash_app.components.values import attrs
from twin.classes import CARRIERS
from twin.indicators import INDICATORS, WHOLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from dash_app.i18n import Translator
    from dash_app.workspace.work import Side
    from twin.simulate.results import YearResults

LAW_YEARS = (2030, 2035, 2040, 2045)
"""Years for which a heat plan states its indicators (WPG, annex 2)."""

PLAN_ROWS = ("emissions_heat", "renewable_heat", "network_heat_share", "refurbished", "heat_demand")


def heat_plan(t: Translator, side: Side) -> html.Section | None:
    """Return the indicators of a heat plan by year, as the law asks for them (WPG, annex 2)."""
    if side.results is None:
        return None
    years = sorted(side.results.years)
    if not years:
        return None
    sums = {y: side.results.years[y].sums["city"] for y in years}
    peaks = {y: side.results.years[y].peaks.droplevel("level") for y in years}
    rows = [_plan_row(t, f"heat_{key}", years, sums, peaks) for key in CARRIERS]
    rows += [_plan_row(t, name, years, sums, peaks) for name in PLAN_ROWS]
    head = [html.Th(t.text("Indicator"), scope="col")]
    head += [_year_head(t, y) for y in years]
    table = html.Table([html.Thead(html.Tr(head)), html.Tbody(rows)], className="explain-table")
    title = t.text("Heat plan by year: {side}", side=letter(t, side))
    note = t.text("Years of the law: {years}.", years=", ".join(map(str, LAW_YEARS)))
    return html.Section(
        [
            html.H3(title, className="chart-title"),
            html.Div(table, className="chart-scroll", tabIndex=0, role="region",
                     **attrs(aria_label=title)),
            html.P(note, className="quiet"),
        ],
        className="chart-figure is-wide",
    )  # fmt: skip


def _year_head(t: Translator, year: int) -> html.Th:
    named = "is-number is-law" if year in LAW_YEARS else "is-number"
    return html.Th(str(year), scope="col", className=named)


def _plan_row(
    t: Translator,
    name: str,
    years: Sequence[int],
    sums: Mapping[int, pd.DataFrame],
    peaks: Mapping[int, pd.DataFrame],
) -> html.Tr:
    indicator = INDICATORS[name]
    cells = [
        html.Td(figure(t, float(indicator.values(sums[y], peaks[y]).loc[WHOLE])),
                className="is-number")
        for y in years
    ]  # fmt: skip
    label = _headed(t, indicator.label, indicator.unit)
    return html.Tr([html.Th(label, scope="row"), *cells])


NETWORK_COLUMNS = (
    ("consumers", "Buildings", "", 1.0),
    ("supplied_kwh", "Heat", "MWh/a", 1e-3),
    ("trench_m", "Length", "km", 1e-3),
    ("line_density_kwh_m", "Heat line density", "kWh/(m·a)", 1.0),
    ("loss_share", "Losses", "%", 100.0),
    ("renewable_share", "Renewable", "%", 100.0),
    ("price_eur_kwh", "Price", "ct/kWh", 100.0),
    ("investment_eur", "Investment", "million EUR", 1e-6),
)


def networks(t: Translator, side: Side, year: YearResults, *, fewest: int = 1) -> html.Section:
    """Return the heat networks of a year; those of fewer than `fewest` buildings are left out."""
    table = year.networks
    if len(table):
        table = table[table["consumers"] >= fewest].sort_values("supplied_kwh", ascending=False)
    title = t.text("Heat networks {year}: {side}", year=str(year.year), side=letter(t, side))
    if not len(table):
        words = t.text("There is no heat network in this year.")
        return html.Section([html.H3(title, className="chart-title"),
                             html.P(words, className="quiet")],
                            className="chart-figure is-wide")  # fmt: skip
    head: list[Any] = [html.Th(t.text("Heat network"), scope="col")]
    head += [
        html.Th(_headed(t, label, unit), scope="col", className="is-number")
        for _, label, unit, _ in NETWORK_COLUMNS
    ]  # fmt: skip
    rows = [_network_row(t, row) for _, row in table.iterrows()]
    inside = html.Table([html.Thead(html.Tr(head)), html.Tbody(rows)], className="explain-table")
    return html.Section(
        [
            html.H3(title, className="chart-title"),
            html.Div(inside, className="chart-scroll", tabIndex=0, role="region",
                     **attrs(aria_label=title)),
        ],
        className="chart-figure is-wide",
    )  # fmt: skip


def _headed(t: Translator, label: str, unit: str) -> list[Any]:
    return [t.text(label), " ", html.Span(unit_parts(t, unit), className="unit")]


def _network_row(t: Translator, row: pd.Series[Any]) -> html.Tr:
    cells = [
        html.Td(_network_value(t, name, float(row[name]), factor), className="is-number")
        for name, _, _, factor in NETWORK_COLUMNS
    ]
    named = str(row["name"]) or t.text("Heat network without name")
    return html.Tr([html.Th(named, scope="row"), *cells])


def _network_value(t: Translator, name: str, value: float, factor: float) -> str:
    """Return a value; lengths and densities of networks whose pipes are not known are missing."""
    if name in ("trench_m", "line_density_kwh_m", "investment_eur") and value == 0:
        return "–"
    return figure(t, value * factor)
