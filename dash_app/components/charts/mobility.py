"""Charts of mobility: modes, hours, flows, minutes, speeds, one street over the day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dash_app.components.amounts import figure
from dash_app.components.charts.bars import Class, Series, columns, pairs
from dash_app.components.charts.lines import Line, closed, hours_axis, lines_chart
from dash_app.components.charts.sankey import End, Ends, sankey
from dash_app.components.sides import letter, name_of
from dash_app.views.catalogue import FACILITY_WORDS
from dash_app.views.catalogue import MODE_WORDS as REACHED_BY
from dash_app.views.mobility import car_flow, speed
from dash_app.views.rows import both_ways, of_streets, street_mean
from twin.classes import MODES, PURPOSES
from twin.indicators import WHOLE
from twin.mobility.demand import hour_shares

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dash import html
    from numpy.typing import NDArray

    from dash_app.i18n import Translator
    from dash_app.workspace.work import Side, Work
    from twin.city import City
    from twin.simulate.results import YearResults

    Floats = NDArray[np.float64]

MODE_WORDS = {
    "walk": "On foot",
    "bike": "By bicycle",
    "transit": "By public transport",
    "car": "Driving a car",
    "passenger": "Riding along",
}
FLOW_LIMITS = (0, 1000, 3000, 8000, 15000)
"""Vehicles a weekday between the classes of the chart, as on the map; the last one is open."""
SPEED_LIMITS = (0, 40, 60, 75, 90, 97, 100)
MINUTE_LIMITS = (0, 5, 10, 15, 20, 30)
MOST_DISTRICTS = 6


def answered(work: Work, sides: Sequence[Side]) -> list[tuple[Side, YearResults]]:
    """Return the sides whose answer of the year is there, with it."""
    return [(side, year) for side in sides if (year := side.year(work.year)) is not None]


def has_travel(year: YearResults) -> bool:
    """Return whether the town has zones and streets to travel on."""
    return year.answers["travel"] is not None


# ---- modes --------------------------------------------------------------------------------------


def mode_shares(t: Translator, work: Work, sides: Sequence[Side]) -> html.Figure | None:
    """Return the shares of modes in the trips of residents, in pairs."""
    series, texts = [], []
    for side, year in answered(work, sides):
        row = year.sums["city"].loc[[WHOLE]]
        trips = row[[f"trips_{mode}" for mode in MODES]].to_numpy(float)[0]
        if np.isfinite(trips).all() and trips.sum() > 0:
            share = (100 * trips / trips.sum()).tolist()
            series.append(Series(letter(t, side), f"c-{side.key}", share))
            texts.append(f"{letter(t, side)}: " + ", ".join(
                f"{t.text(MODE_WORDS[m])} {figure(t, s)}\u202f%"
                for m, s in zip(MODES, share, strict=True)))  # fmt: skip
    if not series:
        return None
    classes = [Class(t.text(MODE_WORDS[m]), {"data_mark": "", "data_mode": m}) for m in MODES]
    says = t.text("Trips of residents by mode on a weekday. {shares}.", shares="; ".join(texts))
    return pairs(t, t.text("Trips of residents by mode"), classes, series, unit="%", says=says,
                 head=t.text("Mode"), name="modes")  # fmt: skip


def trip_flows(year: YearResults, city: City) -> pd.DataFrame:
    """Return trips of residents on a weekday; index: district, "" for the rest, columns: mode."""
    table = year.answers["travel"].demand.by_zone[[f"trips_{mode}" for mode in MODES]]
    district = city.zones["district_id"].reindex(table.index).astype(object).fillna("")
    sums: pd.DataFrame = table.groupby(district.to_numpy()).sum()
    sums.columns = pd.Index(MODES)
    return sums


def trip_sankeys(t: Translator, work: Work, sides: Sequence[Side]) -> list[html.Figure]:
    """Return trips from district to mode, one chart a side, all on one scale."""
    found = [(side, trip_flows(year, work.city)) for side, year in answered(work, sides)
             if has_travel(year)]  # fmt: skip
    if not found:
        return []
    sums = pd.concat([flows.sum(axis=1) for _, flows in found], axis=1).max(axis=1)
    named = sums.drop(index="", errors="ignore").nlargest(MOST_DISTRICTS).index.tolist()
    whole = max(float(flows.to_numpy().sum()) for _, flows in found)
    names = work.city.districts["name"]
    sources = {
        str(key): End(str(names.get(key) or key), "c-plain",
                      {"data_mark": "", "data_table": "districts", "data_id": str(key)})
        for key in named
    }  # fmt: skip
    sources["rest"] = End(t.text("Other districts"))
    sinks = {m: End(t.text(MODE_WORDS[m]), f"c-{m}", {"data_mark": "", "data_mode": m})
             for m in MODES}  # fmt: skip
    ends = Ends(sources, sinks, (t.text("District"), t.text("Mode")))
    return [
        sankey(t, letter(t, side), _few(flows, named), ends, unit="trips/day", whole=whole,
               says=t.text("Trips of residents from district to mode, {side}: {total} a weekday.",
                           side=name_of(t, side), total=figure(t, float(flows.to_numpy().sum()))),
               by="sink", name=f"trip-flow-{side.key}")
        for side, flows in found
    ]  # fmt: skip


def _few(flows: pd.DataFrame, named: Sequence[str]) -> pd.DataFrame:
    keys = np.where(flows.index.isin(list(named)), flows.index.to_numpy(object), "rest")
    return flows.groupby(keys).sum()


# ---- hours --------------------------------------------------------------------------------------


def trips_by_hour(t: Translator, work: Work, sides: Sequence[Side]) -> html.Figure | None:
    """Return the trips that start in each hour of a weekday, one line a scenario."""
    lines = []
    for side, year in answered(work, sides):
        if has_travel(year):
            found = closed(hourly_trips(year))
            lines.append(Line(letter(t, side), f"c-{side.key}", found, dashed=side.key == "base"))
    if not lines:
        return None
    peak = int(np.argmax(lines[-1].values[:24]))
    says = t.text(
        "Trips by hour of a weekday; most start at {hour}: {count} in {side}.",
        hour=t.time(peak * 60), count=figure(t, lines[-1].values[peak]), side=lines[-1].words,
    )  # fmt: skip
    return lines_chart(t, t.text("Trips by hour of a weekday"), hours_axis(t, work.hour), lines,
                       unit="trips/h", says=says, name="hours")  # fmt: skip


def hourly_trips(year: YearResults) -> Floats:
    """Return trips that start in each hour 0 to 23 of a weekday, of all purposes."""
    shares = hour_shares(year.answers.given)
    purposes = year.answers["travel"].demand.purposes
    sums = [shares[p].to_numpy() * float(purposes[p].sum()) for p in PURPOSES if p in purposes]
    found: Floats = np.sum(sums, axis=0)
    return found


def street_hours(t: Translator, work: Work, street: str) -> html.Figure | None:
    """
    Return vehicles by hour on one street, both directions, one line a scenario.

    None where the street has no traffic in any of them.
    """
    lines = []
    for side, year in answered(work, work.sides):
        values = street_flow(year, work.city, street)
        if np.isfinite(values).all() and max(values) > 0:
            lines.append(
                Line(letter(t, side), f"c-{side.key}", closed(values), dashed=side.key == "base",
                     area=len(work.sides) == 1)
            )  # fmt: skip
    if not lines:
        return None
    name = work.city.streets["name"].get(street)
    named = name if isinstance(name, str) and name else t.text("Street without name")
    ends = "; ".join(f"{line.words} {figure(t, sum(line.values[:24]))}" for line in lines)
    says = t.text(
        "Vehicles by hour on {street}; a weekday in all: {ends}.", street=named, ends=ends
    )
    return lines_chart(t, t.text("Vehicles by hour: {street}", street=named),
                       hours_axis(t, work.hour), lines, unit="vehicles/h", says=says,
                       name="street-hours")  # fmt: skip


def street_flow(year: YearResults, city: City, street: str) -> Floats:
    """Return vehicles in each hour 0 to 23 on both directions of a street; NaN where unknown."""
    traffic = year.answers["traffic"]
    if traffic is None or street not in city.streets.index:
        return np.full(24, np.nan)
    shares = hour_shares(year.answers.given)
    place = int(city.streets.index.get_loc(street))
    found: Floats = np.zeros(24)
    for name in ("car", "truck"):
        day = both_ways(city, street_mean(year, city, of_streets(year, traffic, name)))[place]
        found = found + float(day) * shares[name].to_numpy()
    return found


# ---- streets and people -------------------------------------------------------------------------


def _series(t: Translator, side: Side, values: Any, limits: Sequence[float], weight: Any) -> Series:
    """Return the share of the weight in each class, of what has a value [%]."""
    numbers, weights = np.asarray(values, float), np.asarray(weight, float)
    known = np.isfinite(numbers) & np.isfinite(weights)
    sums, _ = np.histogram(numbers[known], [*limits, np.inf], weights=weights[known])
    whole = float(weights[known].sum()) or 1.0
    return Series(letter(t, side), f"c-{side.key}", (100 * sums / whole).tolist())


def _classes(t: Translator, limits: Sequence[float], **data: str) -> list[Class]:
    """Return the limits as words, each with what its class links to on the map."""
    found = []
    for place, low in enumerate(limits):
        high = limits[place + 1] if place + 1 < len(limits) else ""
        more = {"data_mark": "", "data_low": f"{low:g}", "data_high": f"{high}", **data}
        found.append(Class(t.number(low), more))
    return [*found, Class("")]


def flow_histogram(t: Translator, work: Work, sides: Sequence[Side]) -> html.Figure | None:
    """Return the share of street length by traffic."""
    length = work.city.streets["length_m"]
    series = []
    for side, year in answered(work, sides):
        if year.answers["traffic"] is not None:
            values = car_flow(year, work.city).reindex(length.index)
            series.append(_series(t, side, values, FLOW_LIMITS, length))
    if not series:
        return None
    last = series[-1]
    says = t.text(
        "Streets by vehicles a weekday, in % of their length: {quiet} % have fewer than 1,000 in "
        "{side}.",
        quiet=figure(t, last.values[0]), side=last.words,
    )  # fmt: skip
    return columns(t, t.text("Streets by vehicles a weekday"),
                   _classes(t, FLOW_LIMITS, data_value="car_flow"), series,
                   unit="% of street length", says=says, head=t.text("Vehicles a weekday"),
                   edges=True, name="flows")  # fmt: skip


def speed_histogram(t: Translator, work: Work, sides: Sequence[Side]) -> html.Figure | None:
    """Return the share of street length by speed in the busiest hour."""
    length = work.city.streets["length_m"]
    series = []
    for side, year in answered(work, sides):
        if year.answers["traffic"] is not None:
            values = speed(year, work.city).clip(upper=99.9).reindex(length.index)
            series.append(_series(t, side, values, SPEED_LIMITS[:-1], length))
    if not series:
        return None
    says = t.text(
        "Streets by speed in the busiest hour, in % of the speed on the empty street: {share} % of "
        "the length at 97 % and more in {side}.",
        share=figure(t, series[-1].values[-1]), side=series[-1].words,
    )  # fmt: skip
    made = _classes(t, SPEED_LIMITS[:-1], data_value="traffic_speed")
    return columns(t, t.text("Speed in the busiest hour, % of the empty street"),
                   [*made[:-1], Class("100")], series, unit="% of street length", says=says,
                   head=t.text("Speed"), edges=True, name="speeds")  # fmt: skip


def minutes_histogram(
    t: Translator, work: Work, sides: Sequence[Side], *, mode: str = "walk", kind: str = "school"
) -> html.Figure | None:
    """Return the share of residents by minutes to the nearest facility of a kind."""
    series = []
    for side, year in answered(work, sides):
        reached = year.answers["reached"]
        if reached is None or kind not in reached.minutes.get(mode, pd.DataFrame()).columns:
            continue
        minutes = reached.minutes[mode][kind]
        people = year.answers["residents"]["residents"].reindex(minutes.index)
        values = np.where(np.isfinite(minutes), minutes, 1e6)  # no way at all: the last class
        series.append(_series(t, side, values, MINUTE_LIMITS, people))
    if not series:
        return None
    near = sum(series[-1].values[:3])
    what, how = t.text(FACILITY_WORDS[kind]), t.text(REACHED_BY[mode])
    says = t.text(
        "Residents by minutes to the nearest {facility}, {mode}: within 15 minutes are {share} % "
        "in {side}.",
        facility=what, mode=how, share=figure(t, near), side=series[-1].words,
    )  # fmt: skip
    title = t.text("Minutes to the nearest: {facility}, {mode}", facility=what, mode=how)
    made = _classes(t, MINUTE_LIMITS, data_value=f"near_{kind}_{mode}")
    return columns(t, title, made, series, unit="% of residents", says=says,
                   head=t.text("Minutes"), edges=True, name=f"minutes-{kind}-{mode}")  # fmt: skip
