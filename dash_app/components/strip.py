"""The strip above the map: which scenario is shown, and what it means in a few figures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.amounts import (
    Change,
    Target,
    change,
    figure,
    fitting,
    target_of,
    target_words,
    unit_parts,
    verdict_words,
)
from dash_app.components.charts.range_bar import RangeBar, range_bar, range_words
from dash_app.components.native import Input
from dash_app.components.sides import Figures, band, figures, name_of, than
from dash_app.components.values import attrs, icon
from twin.indicators import INDICATORS
from twin.indicators.catalogue import GROUPS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dash_app.i18n import Translator
    from dash_app.workspace.work import Side, Work
    from twin.indicators import Indicator

CARDS: dict[str, tuple[str, ...]] = {
    "": ("heat_demand", "emissions", "mode_bike", "access_school", "annual_cost"),
    "compare": ("heat_demand", "emissions", "mode_bike", "access_school", "annual_cost"),
    "energy": ("heat_demand", "emissions", "renewable_heat", "import_peak", "annual_cost"),
    "mobility": ("mode_bike", "traffic_km", "access_school", "access_stop", "noise_night"),
}
"""What stands in the strip by mode of the page, until people choose themselves."""

SPARE = ("final_energy", "renewable_heat", "annual_cost", "pv_yield", "emissions", "heat_demand")
"""What stands in for a figure that this town cannot give, e.g. without streets."""

SHORT = {
    "heat_demand_m2": "Heat demand per area",
    "heat_demand_seasonal": "Heat demand, 2nd opinion",
    "network_heat_share": "Area on a heat network",
    "self_use": "Solar power self-used",
    "emissions": "Greenhouse gas, buildings",
    "emissions_heat": "Greenhouse gas, heat",
    "emissions_person": "Greenhouse gas per resident",
    "emissions_traffic": "Greenhouse gas, traffic",
    "investment": "Investment since last stage",
    "annual_cost_m2": "Annual costs per area",
    "imports": "Fossil energy bought",
    "mode_transit": "Trips by transit",
    "car_km": "Car kilometres per resident",
    "travel_minutes": "Time under way per resident",
    "traffic_km": "Traffic in the town",
    "delay": "Time lost in traffic",
    "calm_streets": "Calm streets to cycle on",
    "access_daily_needs": "Shops in 15 min on foot",
    "access_school": "School in 15 min on foot",
    "access_stop": "Stop in 10 min on foot",
    "fifteen_minutes": "Everything in 15 min",
    "noise_day": "Loud by day, above 65 dB(A)",
    "noise_night": "Loud at night, above 55 dB(A)",
    "heat_green_gas": "Climate-neutral gas",
    "heat_green_oil": "Climate-neutral oil",
}
"""Labels that fit a card; the full one is its title."""

SHORT_UNITS = {"1,000 vehicle-km per weekday": "1,000 km/day", "persons": "residents"}
"""Units that fit a card."""


def strip(t: Translator, work: Work, *, mode: str = "", cards: Sequence[str] = ()) -> html.Div:
    """
    Return switch and cards.

    Parameters
    ----------
    mode
        Of the page: "compare", "energy", "mobility" or another.
    cards
        Indicators that people chose; unknown ones are left out. Without any those of the mode.
    """
    before, after = work.pair
    base = figures(t, work, before)
    now = base if after is before else figures(t, work, after)
    chosen = chosen_cards(now, mode=mode, cards=cards)
    listed = html.Ul(
        [html.Li(_card(t, work, name, (base, now))) for name in chosen],
        className="strip-cards",
        tabIndex=-1,
    )
    return html.Div([switch(t, work), listed, _more(t)], className="strip")


def chosen_cards(now: Figures, *, mode: str, cards: Sequence[str]) -> tuple[str, ...]:
    """Return the indicators of the strip; what has no value gives way to what has one."""
    known = tuple(dict.fromkeys(name for name in cards if name in INDICATORS))
    if known:
        return known
    wanted = CARDS.get(mode, CARDS[""])
    if not now.values:
        return wanted
    there = [name for name in wanted if math.isfinite(now.values.get(name, math.nan))]
    spare = [name for name in SPARE if name not in there]
    return tuple([*there, *spare][: len(wanted)])


def switch(t: Translator, work: Work) -> html.Div:
    """Return `Today | A | B | A - B`, and below it the name of what is shown."""
    names = {
        "base": name_of(t, work.base),
        "a": name_of(t, work.a) if work.a else t.text("No scenario is chosen as A."),
        "b": name_of(t, work.b) if work.b else t.text("No scenario is chosen as B."),
        "diff": _difference_name(t, work),
    }
    there = {"base": True, "a": bool(work.a), "b": bool(work.b), "diff": bool(work.a or work.b)}
    buttons = [_choice(t, work, key, names[key], there[key]) for key in names]
    group = html.Div(
        buttons,
        className="segments strip-switch",
        role="group",
        **attrs(aria_label=t.text("What is shown")),
    )
    named = html.P(
        names[work.shown], className="strip-name", title=names[work.shown], role="status"
    )
    return html.Div([group, named, *_against(t, work)], className="strip-shown")


def _against(t: Translator, work: Work) -> list[html.P]:
    """Say once what all changes in the strip are measured against."""
    before, after = work.pair
    if before is after:
        return []
    name = t.text("without measures") if before.key == "base" else before.key.upper()
    words = t.text("compared with: {name}", name=name)
    return [html.P(words, className="strip-against quiet")]


def _choice(t: Translator, work: Work, key: str, name: str, there: bool) -> html.Button:
    inside: dict[str, Any] = {
        "base": t.text("Today", context="baseline"),
        "a": html.Span("A", className="side-chip side-a"),
        "b": html.Span("B", className="side-chip side-b"),
        "diff": _minus(t, work),
    }
    spoken = {
        "base": t.text("Show the town as it is"),
        "a": t.text("Show scenario A: {name}", name=name),
        "b": t.text("Show scenario B: {name}", name=name),
        "diff": t.text("Show the difference: {name}", name=name),
    }
    said = spoken[key] if there else name
    pressed = str(work.shown == key).lower()
    return html.Button(
        inside[key],
        type="button",
        disabled=not there,
        title=said,
        **attrs(data_work="show", data_shown=key, aria_pressed=pressed, aria_label=said),
    )


def _minus(t: Translator, work: Work) -> str:
    today = t.text("Today", context="baseline")
    if work.a and not work.b:
        return f"A \u2212 {today}"
    if work.b and not work.a:
        return f"{today} \u2212 B"
    return "A \u2212 B"


def _difference_name(t: Translator, work: Work) -> str:
    if not work.a and not work.b:
        return t.text("Choose a scenario to compare.")
    one, other = (name_of(t, side or work.base) for side in (work.a, work.b))
    return t.text("{one} less {other}", one=one, other=other)


def _more(t: Translator) -> html.Button:
    words = t.text("All indicators")
    return html.Button(
        [icon("plus"), html.Span(words)],
        type="button",
        className="strip-more",
        title=t.text("Choose which indicators are shown"),
        **attrs(data_work="dialog", data_dialog="cards"),
    )


# ---- one card ---------------------------------------------------------------------------------


def short_label(t: Translator, name: str) -> str:
    """Return what stands on a card."""
    return t.text(SHORT.get(name, INDICATORS[name].label))


def _card(t: Translator, work: Work, name: str, pair: tuple[Figures, Figures]) -> html.Button:
    base, now = pair
    indicator = INDICATORS[name]
    value, other = (found.values.get(name, math.nan) for found in (now, base))
    target = target_of(work.targets, name, work.year)
    line, state = _line(t, work, indicator, (value, other), pair, target)
    side = work.pair[1]
    title = _title(t, indicator, now, target, value)
    return html.Button(
        [
            html.Span(short_label(t, name), className="strip-label"),
            _value(t, work, indicator, (value, other)),
            _graph(t, work, side, indicator, (value, other), target),
            line,
        ],
        type="button",
        className=f"strip-card is-{state}",
        title=title,
        **attrs(data_work="panel", data_panel="explain", data_indicator=name),
    )


def _value(
    t: Translator, work: Work, indicator: Indicator, values: tuple[float, float]
) -> html.Span:
    """Return the value with its unit; of a difference the change with its sign."""
    value, other = values
    unit, factor = fitting(indicator.unit, values)
    if work.shown == "diff":
        moved = (value - other) * factor
        sign = "+" if moved > 0 else ""
        text, unit = f"{sign}{figure(t, moved)}", _points(t, indicator, unit)
    else:
        text = figure(t, value * factor)
    parts: list[Any] = [html.Span(text, className="strip-number")]
    if math.isfinite(value):
        parts += [" ", html.Span(unit_parts(t, SHORT_UNITS.get(unit, unit)), className="unit")]
    return html.Span(parts, className="strip-value")


def _points(t: Translator, indicator: Indicator, unit: str) -> str:
    return t.text("percent points") if indicator.unit == "%" else unit


def _graph(
    t: Translator,
    work: Work,
    side: Side,
    indicator: Indicator,
    values: tuple[float, float],
    target: Target | None,
) -> html.Span:
    """Return the range with value, target and today once it is there, else the target in words."""
    value, other = values
    reach = band(side.spread, indicator.name, work.year)
    if work.shown == "diff" or not math.isfinite(value):
        return html.Span(className="strip-graph")
    factor = fitting(indicator.unit, [value])[1]
    wanted = f"{t.text('Target')} {figure(t, target.value * factor)}" if target else ""
    wish = html.Span("" if work.shown == "base" else wanted, className="strip-wanted")
    if reach is None:
        return html.Span(wish, className="strip-graph")
    shown = RangeBar(
        value=value,
        low=value - reach[0],
        high=value + reach[1],
        target=target.value if target else None,
        today=other if work.shown != "base" else None,
    )
    return html.Span(
        [range_bar(shown, 72, label=range_words(t, indicator, shown)), wish],
        className="strip-graph strip-range",
    )


def _line(
    t: Translator,
    work: Work,
    indicator: Indicator,
    values: tuple[float, float],
    pair: tuple[Figures, Figures],
    target: Target | None,
) -> tuple[html.Span, str]:
    """Return the line in words below a value, and the state of the card."""
    base, now = pair
    states = {base.state, now.state}
    if "failed" in states:
        return _said("warning", t.text("could not be computed"), "failed"), "failed"
    if indicator.name in {**base.lacking, **now.lacking}:  # one model failed, the others stay
        return _said("warning", t.text("could not be computed"), "failed"), "failed"
    if states & {"stale", "waiting"}:
        return _said("clock", t.text("being computed anew"), "stale"), "stale"
    value, other = values
    if not math.isfinite(value):
        return _said("", t.text("not known for this town"), "none"), "none"
    if work.shown == "base":
        words = target_words(t, indicator, target, value) if target else t.text("no target")
        return _said("", words, "plain"), "ready"
    return delta_line(t, change(t, indicator, value, other), than(t, work.pair[0])), "ready"


def _said(sign: str, words: str, kind: str) -> html.Span:
    parts = [html.Span(className=f"icon icon-{sign}", **attrs(aria_hidden="true"))] if sign else []
    return html.Span([*parts, html.Span(words)], className=f"strip-line says-{kind}")


def delta_line(t: Translator, moved: Change, compared: str) -> html.Span:
    """Return "12 % less than without measures, better" with a drawn arrow."""
    if moved.direction == "even":
        same = compared if moved.words == "–" else ""
        parts: list[Any] = [html.Span(moved.words), html.Span(f" {same}", className="strip-than")]
    else:
        verdict = verdict_words(t, moved.verdict)
        parts = [
            html.Span(moved.words),
            html.Span(f" {compared}", className="strip-than"),
            html.Span(f", {verdict}" if verdict else ""),
        ]
    arrow = icon(moved.direction)
    return html.Span([arrow, html.Span(parts)], className=f"strip-line says-{moved.verdict}")


def _title(
    t: Translator, indicator: Indicator, now: Figures, target: Target | None, value: float
) -> str:
    parts = [t.text(indicator.label)]
    if target:
        parts.append(target_words(t, indicator, target, value))
    if why := now.why or now.lacking.get(indicator.name, ""):
        parts.append(why)
    parts.append(t.text("Where does this number come from?"))
    return " · ".join(parts)


# ---- the list of all --------------------------------------------------------------------------


def card_choice(
    t: Translator, work: Work, *, mode: str = "", cards: Sequence[str] = ()
) -> html.Div:
    """Return the list of all indicators, for a dialog: ticked ones stand in the strip."""
    now = figures(t, work, work.pair[1])
    chosen = chosen_cards(now, mode=mode, cards=cards)
    parts: list[Any] = [
        html.P(
            t.text("Ticked indicators stand above the map, in the order in which they are ticked."),
            className="quiet",
        )
    ]
    for group, heading in GROUPS.items():
        names = [name for name, indicator in INDICATORS.items() if indicator.group == group]
        rows = [_choice_row(t, name, now, chosen) for name in names]
        parts.append(
            html.Fieldset(
                [html.Legend(t.text(heading)), html.Ul(rows)], className="strip-choice-group"
            )
        )
    parts.append(
        html.Button(
            t.text("As it was at first"),
            type="button",
            className="button-small",
            **attrs(data_work="cards", data_cards=""),
        )
    )
    return html.Div(parts, className="strip-choice", **attrs(data_cards=",".join(chosen)))


def _choice_row(t: Translator, name: str, now: Figures, chosen: Sequence[str]) -> html.Li:
    indicator = INDICATORS[name]
    value = now.values.get(name, math.nan)
    unit, factor = fitting(indicator.unit, [value])
    after = [c for c in chosen if c != name] if name in chosen else [*chosen, name]
    tick = Input(
        type="checkbox",
        className="tick",
        checked=name in chosen,
        **attrs(data_work="cards", data_cards=",".join(after), data_indicator=name),
    )
    shown: list[Any] = [figure(t, value * factor), " "]
    shown.append(html.Span(unit_parts(t, unit), className="unit"))
    return html.Li(
        [
            html.Label([tick, html.Span(t.text(indicator.label))], className="layer-label"),
            html.Span(shown if math.isfinite(value) else "–", className="strip-choice-value"),
        ]
    )
