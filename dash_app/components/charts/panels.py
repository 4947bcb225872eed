"""The bottom panels of the modes "energy" and "mobility": the charts of what is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.charts import energy, energy_tables, mobility
from dash_app.workspace.privacy import fine_allowed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dash_app.i18n import Translator
    from dash_app.settings import Settings
    from dash_app.workspace.work import Side, Work


def sides_of(work: Work) -> tuple[Side, ...]:
    """Return the sides that charts show: today and what is shown, or the two that are compared."""
    before, after = work.pair
    return (after,) if before is after else (before, after)


def energy_charts(t: Translator, work: Work, *, settings: Settings | None = None) -> list[Any]:
    """Return the charts of energy of what is shown, beside what it is compared with."""
    sides = sides_of(work)
    side = sides[-1]
    year = side.year(work.year)
    if year is None:
        return [_waiting(t)]
    settings = settings or work.settings
    fewest = 1 if fine_allowed(work.viewer, settings) else settings.privacy.min_addresses
    top = energy.highest_carriers(sides)
    return _panel(
        t.text("Charts of energy"),
        [
            *(energy.carriers_by_year(t, one, top=top) for one in sides),
            energy.week_profile(t, side, year, "winter"),
            energy.week_profile(t, side, year, "summer"),
            energy.day_profile(t, side, year, work.hour),
            energy.duration_curve(t, work, sides),
            energy.age_and_type(t, year, fewest=fewest),
            *energy.carrier_sankeys(t, work, sides),
            energy_tables.heat_plan(t, side),
            energy_tables.networks(t, side, year, fewest=fewest),
        ],
    )


def mobility_charts(t: Translator, work: Work, *, street: str = "") -> list[Any]:
    """Return the charts of mobility; with `street` its traffic by hour comes first."""
    sides = sides_of(work)
    year = sides[-1].year(work.year)
    if year is None:
        return [_waiting(t)]
    if not mobility.has_travel(year):
        words = t.text("This city lacks the streets or traffic zones that trips need.")
        return [html.P(words, className="chart-empty quiet")]
    return _panel(
        t.text("Charts of mobility"),
        [
            mobility.street_hours(t, work, street) if street else None,
            mobility.mode_shares(t, work, sides),
            mobility.trips_by_hour(t, work, sides),
            mobility.flow_histogram(t, work, sides),
            mobility.speed_histogram(t, work, sides),
            mobility.minutes_histogram(t, work, sides, kind="daily_needs"),
            mobility.minutes_histogram(t, work, sides, kind="school"),
            mobility.minutes_histogram(t, work, sides, mode="bike", kind="school"),
            *mobility.trip_sankeys(t, work, sides),
        ],
    )


def _panel(title: str, parts: Sequence[Any]) -> list[Any]:
    there = [part for part in parts if part is not None]
    return [html.Div([html.H2(title, className="only-spoken"), *there], className="charts")]


def _waiting(t: Translator) -> html.P:
    words = t.text("The charts are being computed. They appear here as soon as they are there.")
    return html.P(words, className="chart-empty quiet", role="status")
