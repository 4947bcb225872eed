"""Measured loads beside the profile of their Baublock, solar power beside that of the roofs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.amounts import amount, figure
from dash_app.components.charts.lines import Axis, Line, closed, hours_axis, lines_chart
from dash_app.components.sensors.fit_parts import left_out, nothing, verdict_card
from dash_app.components.values import attrs

if TYPE_CHECKING:
    from dash_app.i18n import Translator
    from dash_app.sensing.fits_energy import EnergyFit, MeasuredLoad

MOST_LOADS = 12
"""Loads that are drawn; each brings a card and two charts."""

WORDS = {"heat": "Heat", "electricity": "Electricity", "pv": "Solar power"}


def energy_parts(t: Translator, made: EnergyFit) -> list[Any]:
    """Return the comparison of each load."""
    if not made.loads:
        words = t.text("No measured load can be compared with the model.")
        todo = t.text("Heat, electricity or solar power of a source is compared here hour by hour; "
                      "name the Baublock it measures in the configuration.")  # fmt: skip
        return [nothing(t, words, todo), *left_out(t, made.left_out)]
    parts: list[Any] = []
    for load in made.loads[:MOST_LOADS]:
        parts += [_card(t, load), _day(t, load), _duration(t, load)]
    if len(made.loads) > MOST_LOADS:
        words = t.text("{count} more loads are compared at /api/fits/energy.",
                       count=len(made.loads) - MOST_LOADS)  # fmt: skip
        parts.append(html.P(words, className="quiet"))
    return [*parts, *left_out(t, made.left_out)]


def _card(t: Translator, load: MeasuredLoad) -> html.Section:
    fit = load.fit
    observed, modelled = fit.energy_kwh
    peaks = fit.peak_kw
    numbers = [
        (t.text("Energy, measured"), amount(t, observed, "kWh")),
        (t.text("Energy, modelled"), amount(t, modelled, "kWh")),
        (t.text("Highest hour, measured"), amount(t, peaks[0], "kW")),
        (t.text("Highest hour, modelled"), amount(t, peaks[1], "kW")),
        (t.text("Scatter CV(RMSE)"), _percent(t, fit.by_hour.cv_rmse)),
        (t.text("Bias NMBE"), _percent(t, fit.by_hour.nmbe)),
        (t.text("Correlation of the hours"), figure(t, fit.by_hour.correlation)),
        (t.text("Hours compared"), t.text("{count}, {lacking} are missing", count=fit.hours,
                                          lacking=fit.lacking)),
    ]  # fmt: skip
    notes = [html.P(note, className="quiet") for note in _notes(t, load)]
    title = t.text("{kind}: {name}", kind=t.text(WORDS[load.kind]), name=load.name)
    sentences = [t.sentence(fit.verdict.said), _weather(t, load)]
    return verdict_card(t, title, fit.verdict.level, sentences, numbers,
                        [*notes, *_links(t, load)])  # fmt: skip


def _notes(t: Translator, load: MeasuredLoad) -> list[str]:
    notes = []
    if load.assumed:
        notes.append(t.text("The source does not say what it measures; it is taken for the whole "
                            "Baublock it stands in."))  # fmt: skip
    if load.fit.in_weather:
        notes.append(t.text("Each day is compared with the five days of the model that were as "
                            "warm, so the weather hardly matters."))  # fmt: skip
    elif load.kind == "heat":
        notes.append(t.text("The model has the weather of its own year, so single hours differ; "
                            "the course of the day and the sum count."))  # fmt: skip
    if load.kind == "pv":
        notes.append(t.text("It is compared with the mean of the modelled plants of the town, by "
                            "its power, in the weather of the weather year."))  # fmt: skip
    if load.fit.left_out:
        notes.append(
            t.plural(
                "{count} doubtful hour is left out.",
                "{count} doubtful hours are left out.",
                load.fit.left_out,
            )
        )
    return notes


def _weather(t: Translator, load: MeasuredLoad) -> str:
    """Return the heat as it would have been in the weather year."""
    found = load.corrected
    if found is None:
        return ""
    if found.said is not None:
        return t.sentence(found.said)
    return t.text(
        "Without the weather, as in the weather year, the heat of the days compared is {corrected} "
        "instead of {measured}.",
        corrected=amount(t, found.corrected, "kWh"), measured=amount(t, found.measured, "kWh"),
    )  # fmt: skip


def _links(t: Translator, load: MeasuredLoad) -> list[Any]:
    links = [html.Button(t.text("Show the sensor"), type="button", className="link",
                         **attrs(data_pick=f"sensors:{load.number}"))]  # fmt: skip
    if load.block:
        links.append(html.Button(t.text("Show the Baublock"), type="button", className="link",
                                 **attrs(data_pick=f"blocks:{load.block}")))  # fmt: skip
    return [html.P(links, className="fit-links")]


def _percent(t: Translator, value: float) -> str:
    text = figure(t, value)
    return f"{text}\u202f%" if text != "–" else text


def _day(t: Translator, load: MeasuredLoad) -> html.Figure:
    each = load.fit.day.reindex(range(24))
    lines = [
        Line(t.text("modelled"), "c-modelled", closed(each["modelled"]), area=True),
        Line(t.text("measured"), "c-measured", closed(each["observed"])),
    ]
    says = t.text(
        "Mean day of {name}: measured up to {measured}, modelled up to {modelled} kW.",
        name=load.name, measured=figure(t, float(each["observed"].max())),
        modelled=figure(t, float(each["modelled"].max())),
    )  # fmt: skip
    return lines_chart(t, t.text("Mean day: {name}", name=load.name), hours_axis(t), lines,
                       unit="kW", says=says, name="load-day")  # fmt: skip


def _duration(t: Translator, load: MeasuredLoad) -> html.Figure:
    curve = load.fit.duration
    places = [100.0 * float(share) for share in curve.index]
    axis = Axis(
        places, [(float(p), str(p)) for p in (0, 25, 50, 75, 100)], t.text("% of the hours")
    )
    lines = [
        Line(t.text("modelled"), "c-modelled", curve["modelled"].tolist()),
        Line(t.text("measured"), "c-measured", curve["observed"].tolist()),
    ]
    says = t.text(
        "Hours of {name} in order: the highest is {measured} measured, {modelled} kW modelled.",
        name=load.name, measured=figure(t, load.fit.peak_kw[0]),
        modelled=figure(t, load.fit.peak_kw[1]),
    )  # fmt: skip
    title = t.text("Hours in order, % of the hours: {name}", name=load.name)
    return lines_chart(t, title, axis, lines, unit="kW", says=says, name="load-duration")
