"""The slider over the stage years, and over the hours of a day where something has hours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import html

from dash_app import views
from dash_app.components.native import Input
from dash_app.components.values import attrs

if TYPE_CHECKING:
    from dash_app.i18n import Translator
    from dash_app.workspace.work import Work

HOURLY_MODES = ("energy", "mobility")
"""Modes whose charts show hours."""


def year_bar(t: Translator, work: Work, *, mode: str = "") -> list[Any]:
    """Return both sliders; each year says whether it is worked out yet."""
    parts: list[Any] = [_years(t, work)]
    view = views.VIEWS.get(work.theme or "")
    if mode in HOURLY_MODES or (view is not None and view.hourly):
        parts.append(_hours(t, work))
    return parts


def _years(t: Translator, work: Work) -> html.Div:
    years = work.base.scenario.stages
    words = t.text("Year {year}", year=str(work.year))
    buttons = [_year(t, work, year) for year in years]
    parts: list[Any] = [html.Span(words, className="year-now", **attrs(data_now="year"))]
    if len(years) > 1:
        parts.append(_slider(t, work, years))
    parts.append(html.Div(buttons, className="year-stops", role="group",
                          **attrs(aria_label=t.text("Stage years"))))  # fmt: skip
    return html.Div(parts, className="year-part")


def _slider(t: Translator, work: Work, years: tuple[int, ...]) -> Input:
    """Return the slider; it moves from stage to stage, whatever lies between them."""
    return Input(
        type="range", className="year-slider", min=0, max=len(years) - 1, step=1,
        value=years.index(work.year),
        **attrs(
            data_slide="year", data_stops=",".join(map(str, years)),
            data_words=t.text("Year {year}", year="{}"), aria_label=t.text("Year"),
            aria_valuetext=str(work.year),
        ),
    )  # fmt: skip


def _year(t: Translator, work: Work, year: int) -> html.Button:
    there = all(side.year(year) is not None for side in work.sides)
    said = str(year) if there else t.text("{year}, being computed", year=str(year))
    return html.Button(
        str(year),
        type="button",
        className="year-stop" + ("" if there else " is-waiting"),
        title=said,
        **attrs(data_work="year", data_year=str(year), aria_label=said,
                aria_pressed=str(year == work.year).lower()),
    )  # fmt: skip


def _hours(t: Translator, work: Work) -> html.Div:
    hour = 12 if work.hour is None else work.hour
    whole = t.text("all day")
    now = whole if work.hour is None else t.time(hour * 60)
    slider = Input(
        type="range", className="year-slider hour-slider", min=0, max=23, step=1, value=hour,
        **attrs(
            data_slide="hour", data_words=t.text("{time} h", time="{}:00"),
            aria_label=t.text("Hour of the day"), aria_valuetext=now,
        ),
    )  # fmt: skip
    button = html.Button(
        whole,
        type="button",
        className="year-stop",
        **attrs(data_work="hour", data_hour="", aria_pressed=str(work.hour is None).lower()),
    )
    named = html.Span(now, className="year-now", **attrs(data_now="hour"))
    return html.Div([named, slider, button], className="year-part")
