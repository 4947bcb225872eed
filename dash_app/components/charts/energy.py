"""Charts of energy: carriers, profiles, residual load, heat plan, networks, age and type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dash_app.components.amounts import figure
from dash_app.components.charts.frame import Told
from dash_app.components.charts.lines import Axis, Line, closed, hours_axis, lines_chart
from dash_app.components.charts.sankey import End, Ends, sankey
from dash_app.components.charts.stack import Bar, Category, stacked
from dash_app.components.sides import letter, name_of
from twin.classes import AGE_CLASSES, CARRIERS, SIZE_CLASSES
from twin.indicators import WHOLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dash import html

    from dash_app.i18n import Translator
    from dash_app.workspace.work import Side, Work
    from twin.simulate.results import YearResults

CARRIER_WORDS = {
    "gas": "Natural gas",
    "oil": "Heating oil",
    "coal": "Coal",
    "green_gas": "Climate-neutral gas",
    "green_oil": "Climate-neutral oil",
    "biomass": "Biomass",
    "district_heat": "Heat network",
    "electricity": "Electricity",
    "ambient_heat": "Ambient heat",
}
"""Carriers in the order in which they are stacked."""

USES = {
    "living": ("Living", ("residential", "mixed")),
    "public": ("Public", ("education", "health", "public", "religious", "culture", "sport",
                          "transport", "utility")),
    "business": ("Business", ()),
}  # fmt: skip
"""Groups of uses: words, and uses; business is what is left."""

DAYS = 365
WEEK = 168
DURATION_POINTS = 120


def carrier_categories(t: Translator) -> dict[str, Category]:
    """Return the carriers with colour, words and what they link to on the map."""
    return {
        key: Category(f"c-{key}", t.text(words), {"data_mark": "", "data_carrier": key})
        for key, words in CARRIER_WORDS.items()
    }


def carriers(year: YearResults) -> dict[str, float]:
    """Return final energy for heat of the whole city by carrier [MWh/a]."""
    row = year.sums["city"].loc[[WHOLE]]
    return {key: float(row[f"heat_{key}_kwh"].iloc[0]) / 1000 for key in CARRIERS}


def highest_carriers(sides: Sequence[Side]) -> float:
    """Return the highest sum of carriers of all years and sides: one scale for all."""
    sums = [
        sum(carriers(year).values())
        for side in sides
        for year in (side.results.years.values() if side.results else ())
    ]
    return max(sums, default=0.0)


def carriers_by_year(t: Translator, side: Side, *, top: float | None = None) -> html.Figure | None:
    """Return final energy for heat by carrier and stage year."""
    if side.results is None or not side.results.years:
        return None
    found = {year: carriers(answer) for year, answer in sorted(side.results.years.items())}
    bars = [Bar(str(year), parts) for year, parts in found.items()]
    last = max(found)
    most = max(found[last], key=lambda key: found[last][key])
    says = t.text(
        "Final energy for heat by carrier, {first} to {last}. In {last} most is {carrier}.",
        first=str(min(found)), last=str(last), carrier=t.text(CARRIER_WORDS[most]),
    )  # fmt: skip
    title = t.text("Final energy for heat: {side}", side=letter(t, side))
    return stacked(t, title, bars, carrier_categories(t), unit="MWh/a", says=says,
                   top=top or None, name="carriers")  # fmt: skip


# ---- hours --------------------------------------------------------------------------------------

LOADS = {
    "electricity_w": ("Electricity demand", "c-power", False),
    "pv_w": ("Solar power", "c-pv", True),
    "residual_w": ("Residual load", "c-residual", False),
}


def hours_of(year: YearResults) -> pd.DataFrame:
    """Return the hours of the city [kW]; `residual_w` is what comes from the grid, less feed-in."""
    hours = year.hourly
    return hours.assign(residual_w=hours["import_w"] - hours["feed_in_w"]) / 1000


def week_start(year: YearResults, season: str) -> int:
    """Return the first hour of the week with the highest grid load, or with most solar power."""
    hours = year.hourly
    if season == "winter":
        return int(np.argmax(hours["import_w"].to_numpy())) // WEEK * WEEK
    sums = hours["pv_w"].to_numpy()[: WEEK * 52].reshape(52, WEEK).sum(axis=1)
    return int(np.argmax(sums)) * WEEK


def week_profile(t: Translator, side: Side, year: YearResults, season: str) -> html.Figure:
    """Return demand, solar power and residual load of one week, hour by hour."""
    start = min(week_start(year, season), len(year.hourly) - WEEK)
    part = hours_of(year).iloc[start : start + WEEK]
    day = start // 24
    texts = [(float(24 * n + 12), str(n + 1)) for n in range(7)]
    axis = Axis([float(h) for h in range(WEEK)], texts, t.text("Day"))
    title = {
        "winter": t.text("Week with the highest grid load"),
        "summer": t.text("Week with most solar power"),
    }[season]
    says = t.text(
        "{title}, from day {day} of the year: demand up to {demand} kW, solar power up to {solar} "
        "kW, residual load from {low} to {high} kW.",
        title=title, day=day + 1, demand=figure(t, float(part["electricity_w"].max())),
        solar=figure(t, float(part["pv_w"].max())),
        low=figure(t, float(part["residual_w"].min())),
        high=figure(t, float(part["residual_w"].max())),
    )  # fmt: skip
    daily = part.groupby(np.arange(WEEK) // 24)[list(LOADS)]
    heads = [t.text("Day"), *(t.text(words) for words, _, _ in LOADS.values())]
    rows = [[str(n), *(_low_high(t, values[name]) for name in LOADS)]
            for n, (_, values) in enumerate(daily, start=1)]  # fmt: skip
    lines = [
        Line(t.text(words), colour, part[name].tolist(), area=area)
        for name, (words, colour, area) in LOADS.items()
    ]
    return lines_chart(
        t, f"{title}: {letter(t, side)}", axis, lines, unit="kW", says=says,
        told=Told(heads, rows), name=f"week-{season}",
    )  # fmt: skip


def _low_high(t: Translator, values: pd.Series[float]) -> str:
    return f"{figure(t, float(values.min()))} – {figure(t, float(values.max()))}"


def day_profile(t: Translator, side: Side, year: YearResults, hour: int | None) -> html.Figure:
    """Return the day with the highest grid load; the hour of the slider is marked."""
    day = int(np.argmax(year.hourly["import_w"].to_numpy())) // 24
    part = hours_of(year).iloc[24 * day : 24 * day + 24]
    lines = [
        Line(t.text(words), colour, closed(part[name]), area=area)
        for name, (words, colour, area) in LOADS.items()
    ]
    peak = int(np.argmax(part["residual_w"].to_numpy()))
    says = t.text(
        "Day with the highest grid load: it is highest at {hour} with {load} kW.",
        hour=t.time(peak * 60), load=figure(t, float(part["residual_w"].max())),
    )  # fmt: skip
    title = t.text("Day with the highest grid load: {side}", side=letter(t, side))
    return lines_chart(t, title, hours_axis(t, hour), lines, unit="kW", says=says, name="day")


def duration_curve(t: Translator, work: Work, sides: Sequence[Side]) -> html.Figure | None:
    """Return the residual load of the year, highest hours first, one line a scenario."""
    lines = []
    places = np.linspace(0, 8759, DURATION_POINTS).round().astype(int)
    for side in sides:
        year = side.year(work.year)
        if year is not None:
            ordered = np.sort(hours_of(year)["residual_w"].to_numpy())[::-1]
            found = ordered[np.minimum(places, len(ordered) - 1)].tolist()
            lines.append(Line(letter(t, side), f"c-{side.key}", found, dashed=side.key == "base"))
    if not lines:
        return None
    texts = [(float(h), t.number(h)) for h in (0, 2000, 4000, 6000, 8000)]
    axis = Axis([float(p) for p in places], texts, t.text("Hours of the year"))
    ends = [f"{line.words} {figure(t, line.values[0])} – {figure(t, line.values[-1])}\u202fkW"
            for line in lines]  # fmt: skip
    says = t.text("Residual load by hours of the year, from highest to lowest: {ends}.",
                  ends="; ".join(ends))  # fmt: skip
    some = range(0, DURATION_POINTS, 7)
    rows = [[t.number(int(places[n])), *(figure(t, line.values[n]) for line in lines)]
            for n in some]  # fmt: skip
    heads = [t.text("Hours of the year"), *(f"{line.words} (kW)" for line in lines)]
    return lines_chart(t, t.text("Residual load, highest hours first"), axis, lines, unit="kW",
                       says=says, told=Told(heads, rows), name="duration")  # fmt: skip


# ---- stock --------------------------------------------------------------------------------------

AGE_SHORT = {
    "until_1918": "\u20131918", "1919_1948": "\u20131948", "1949_1968": "\u20131968",
    "1969_1983": "\u20131983", "1984_2001": "\u20132001", "2002_2009": "\u20132009",
    "2010_2016": "\u20132016", "2017_2029": "2017+",
}  # fmt: skip


def age_and_type(t: Translator, year: YearResults, *, fewest: int = 1) -> html.Figure:
    """
    Return heated area by age class and building type.

    `fewest` buildings are in each part that is shown; smaller ones are left out.
    """
    stock = year.state.stock
    groups = stock.groupby(["age_class", "size_class"], observed=True)["heated_area_m2"]
    area, counts = groups.sum(), groups.count()
    area = area[(counts >= fewest) & (area > 0)]
    bars = []
    for age in AGE_CLASSES:
        here = area[area.index.get_level_values(0) == age].droplevel(0)
        parts = {str(k): float(v) / 1000 for k, v in here.items()}
        bars.append(Bar(AGE_SHORT[age], parts))
    categories = {
        kind: Category(f"c-{kind}", _capital(t.word(kind, "buildings.size_class")),
                       {"data_mark": "", "data_table": "buildings", "data_column": "size_class",
                        "data_value": kind})
        for kind in SIZE_CLASSES
    }  # fmt: skip
    most = max(bars, key=lambda bar: sum(bar.parts.values()))
    says = t.text(
        "Heated area by age class and building type; most was built in the class {age}.",
        age=most.label,
    )
    return stacked(t, t.text("Heated area by age and type"), bars, categories, unit="1,000 m²",
                   says=says, name="age")  # fmt: skip


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# ---- flows --------------------------------------------------------------------------------------


def use_groups(use: pd.Series[Any]) -> pd.Series[str]:
    """Return the group of uses of each building."""
    known = {one: key for key, (_, uses) in USES.items() for one in uses}
    return use.astype(str).map(known).fillna("business")


def carrier_flows(year: YearResults) -> pd.DataFrame:
    """Return final energy for heat [MWh/a]; index: carrier, columns: group of uses."""
    columns = [f"heat_{key}_kwh" for key in CARRIER_WORDS]
    use = use_groups(year.state.stock["use"]).reindex(year.buildings.index)
    sums = year.buildings[columns].groupby(use.to_numpy()).sum() / 1000
    sums.columns = pd.Index(list(CARRIER_WORDS))
    return sums.T


def carrier_sankeys(t: Translator, work: Work, sides: Sequence[Side]) -> list[html.Figure]:
    """Return one chart a side, all on one scale."""
    found = [(side, carrier_flows(year)) for side in sides if (year := side.year(work.year))]
    whole = max((float(flows.to_numpy().sum()) for _, flows in found), default=0.0)
    ends = Ends(
        {key: End(t.text(words), f"c-{key}", {"data_mark": "", "data_carrier": key})
         for key, words in CARRIER_WORDS.items()},
        {key: End(t.text(words), "c-plain") for key, (words, _) in USES.items()},
        (t.text("Carrier"), t.text("Use")),
    )  # fmt: skip
    figures = []
    for side, flows in found:
        total = float(flows.to_numpy().sum())
        says = t.text(
            "Final energy for heat from carrier to use, {side}: {total} MWh a year in all.",
            side=name_of(t, side), total=figure(t, total),
        )  # fmt: skip
        figures.append(
            sankey(t, letter(t, side), flows, ends, unit="MWh/a", whole=whole, says=says,
                   name=f"carrier-flow-{side.key}")
        )  # fmt: skip
    return figures
