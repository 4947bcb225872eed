"""Stations beside the weather year: warmer or colder, degree days, what heat makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from babel.dates import get_month_names
from dash import html

from dash_app.components.amounts import amount, figure
from dash_app.components.charts.bars import Class, Series, columns
from dash_app.components.charts.lines import Axis, Line, lines_chart
from dash_app.components.sensors.fit_parts import nothing, verdict_card
from dash_app.components.values import attrs
from twin.observed.weather import LEAST_DAYS

if TYPE_CHECKING:
    from dash_app.i18n import Translator
    from dash_app.sensing.fits_climate import ClimateFit, Station

LEAST_MONTHS = 3
"""Months from which a line over them says something."""

NEAR_K = 1.0
"""Mean difference up to which the weather year is called near (own rule)."""


def climate_parts(t: Translator, made: ClimateFit) -> list[Any]:
    """Return the comparison of the station with most days, and all stations as a table."""
    if not made.stations:
        words = t.text("No station of outdoor temperature can be compared.")
        todo = t.text("A source with the property air_temperature is compared here with the "
                      "weather year of the models.")  # fmt: skip
        return [nothing(t, words, todo)]
    first = made.stations[0]
    parts: list[Any] = [_card(t, made, first)]
    if len(first.fit.months) >= LEAST_MONTHS:
        parts.append(_temperatures(t, first))
    if len(first.fit.quantiles):
        parts.append(_hours(t, first))
    if len(first.months) > 1:
        parts.append(_degree_days(t, first))
    return [*parts, _stations(t, made)]


def _card(t: Translator, made: ClimateFit, one: Station) -> html.Section:
    days = one.degree_days
    known = one.fit.hours >= 24 * LEAST_DAYS
    level = "unknown" if not known else "good" if abs(one.fit.bias) <= NEAR_K else "poor"
    numbers = [
        (t.text("Warmer than the weather year by"), _kelvin(t, one.fit.bias)),
        (t.text("Hours compared"), t.number(one.fit.hours)),
        (t.text("Degree days Gt20/15, measured"), f"{figure(t, days.gt)}\u202fK·d"),
        (t.text("Weather year, same days"), f"{figure(t, days.gt_reference)}\u202fK·d"),
        (t.text("Days of this year compared"),
         t.text("{count}, {lacking} are missing", count=days.days, lacking=days.lacking)),
    ]  # fmt: skip
    if one.left_out:
        numbers.append((t.text("Doubtful hours left out"), t.number(one.left_out)))
    sentences = [t.sentence(one.fit.said), t.sentence(days.said), _heat(t, made)]
    title = t.text("{name} and the weather year", name=one.name)
    return verdict_card(t, title, level, sentences, numbers, level_words=_level(t, level, one))


def _level(t: Translator, level: str, one: Station) -> str:
    """Return the verdict: the weather of a year is no fault of the weather year."""
    if level == "unknown":
        return ""
    if level == "good":
        return t.text("Close to the weather year")
    if one.fit.bias > 0:
        return t.text("Warmer than the weather year")
    return t.text("Colder than the weather year")


def _heat(t: Translator, made: ClimateFit) -> str:
    """Return what the measured weather does to the heat for rooms of the town."""
    heat = made.heat
    if heat is None:
        return ""
    return t.text(
        "By the weather year the town needs {reference} of heat for rooms on these days; by the "
        "weather measured it is {weather}.",
        reference=amount(t, heat.by_reference, "kWh"), weather=amount(t, heat.by_weather, "kWh"),
    )  # fmt: skip


def _kelvin(t: Translator, value: float) -> str:
    text = figure(t, value)
    return f"{'+' if value > 0 else ''}{text}\u202fK" if text != "–" else text


def _month_names(t: Translator) -> dict[int, str]:
    names = get_month_names("abbreviated", locale=t.lang)
    return {month: str(names[month]).rstrip(".") for month in range(1, 13)}


def _temperatures(t: Translator, one: Station) -> html.Figure:
    months = one.fit.months.reindex(range(1, 13))
    names = _month_names(t)
    axis = Axis([float(m) for m in range(1, 13)], [(float(m), names[m]) for m in range(1, 13)],
                t.text("Month"))  # fmt: skip
    lines = [
        Line(t.text("weather year, same hours"), "c-modelled", months["reference"].tolist(),
             dashed=True),
        Line(t.text("measured"), "c-measured", months["observed"].tolist()),
    ]  # fmt: skip
    known = months["bias"].dropna()
    says = t.text(
        "Mean temperature by month, measured and of the weather year; the difference is {low} to "
        "{high} K.",
        low=figure(t, float(known.min())), high=figure(t, float(known.max())),
    )  # fmt: skip
    title = t.text("Temperature by month")
    return lines_chart(t, title, axis, lines, unit="°C", says=says, from_zero=False,
                       name="temperatures")  # fmt: skip


def _hours(t: Translator, one: Station) -> html.Figure:
    """Return the hours in order of temperature, coldest first."""
    table = one.fit.quantiles
    axis = Axis([100.0 * float(share) for share in table.index],
                [(float(place), str(place)) for place in (5, 25, 50, 75, 95)],
                t.text("% of the hours"))  # fmt: skip
    lines = [
        Line(t.text("weather year, same hours"), "c-modelled", table["reference"].tolist(),
             dashed=True),
        Line(t.text("measured"), "c-measured", table["observed"].tolist()),
    ]  # fmt: skip
    says = t.text(
        "Hours in order of temperature: half of those measured are below {own} °C, of the weather "
        "year below {reference} °C.",
        own=figure(t, float(table["observed"].median())),
        reference=figure(t, float(table["reference"].median())),
    )  # fmt: skip
    title = t.text("Hours colder than this, % of the hours")
    return lines_chart(t, title, axis, lines, unit="°C", says=says, from_zero=False,
                       name="temperature-hours")  # fmt: skip


def _degree_days(t: Translator, one: Station) -> html.Figure:
    names = _month_names(t)
    months = one.months
    classes = [Class(names[int(str(month))]) for month in months.index]
    series = [
        Series(t.text("weather year, same days"), "c-modelled", months["gt_reference"].tolist()),
        Series(t.text("measured"), "c-measured", months["gt"].tolist()),
    ]
    says = t.text(
        "Degree days Gt20/15 by month: measured {own}, weather year {reference} K·d on the same "
        "days.",
        own=figure(t, float(months["gt"].sum())),
        reference=figure(t, float(months["gt_reference"].sum())),
    )
    return columns(t, t.text("Degree days by month"), classes, series, unit="K·d", says=says,
                   head=t.text("Month"), name="degree-days")  # fmt: skip


def _stations(t: Translator, made: ClimateFit) -> html.Figure:
    heads = (t.text("Station"), t.text("Warmer by"), t.text("Hours compared"),
             t.text("Degree days"), t.text("Against the weather year"))  # fmt: skip
    head = html.Tr([html.Th(words, scope="col", className="is-number" if n else "")
                    for n, words in enumerate(heads)])  # fmt: skip
    rows = []
    for one in made.stations:
        ratio = 100.0 * (one.degree_days.ratio - 1.0)
        told = f"{'+' if ratio > 0 else ''}{figure(t, ratio)}\u202f%" if np.isfinite(ratio) else "–"
        name = html.Button(one.name, type="button", className="row-key",
                           **attrs(data_pick=f"sensors:{one.number}"))  # fmt: skip
        cells = (_kelvin(t, one.fit.bias), t.number(one.fit.hours),
                 f"{figure(t, one.degree_days.gt)}\u202fK·d", told)  # fmt: skip
        figures = [html.Td(text, className="is-number") for text in cells]
        rows.append(html.Tr([html.Th(name, scope="row"), *figures]))
    title = t.text("Stations")
    table = html.Table([html.Caption(title, className="only-spoken"), html.Thead(head),
                        html.Tbody(rows)], className="explain-table")  # fmt: skip
    scroll = html.Div(table, className="chart-scroll", tabIndex=0, role="region",
                      **attrs(aria_label=title))  # fmt: skip
    caption = html.Figcaption(html.Span(title, className="chart-title"))
    return html.Figure([caption, scroll], className="chart-figure is-wide")
