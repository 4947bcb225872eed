"""The right panel of a picked sensor: what it says, how far to trust it, what it said before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.sensors.history import history
from dash_app.components.sensors.listing import unit_words
from dash_app.components.sensors.marks import mark_list, shown_value
from dash_app.components.sensors.words import (
    age_words,
    clock_words,
    flag_words,
    local,
    property_words,
    span_words,
    value_words,
)
from dash_app.components.values import attrs, badge, icon
from dash_app.sensing.board import GROUPS, MOST_BACK, SPANS
from layers.sensors.records import Flag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dash_app.components.sensors.time_axis import TimeAxis
    from dash_app.i18n import Translator
    from dash_app.sensing.board import Sensor, Series, Wanted


@dataclass(frozen=True)
class Near:
    """What of the city a sensor belongs to: words for the kind, table, key, name."""

    label: str  # English msgid
    table: str
    key: str
    name: str


@dataclass(frozen=True)
class Picked:
    """One sensor with everything the panel tells of it."""

    sensor: Sensor
    series: Series
    axis: TimeAxis
    near: tuple[Near, ...] = ()
    beside: tuple[Sensor, ...] = ()  # others of the same device
    csv: str = ""  # address of the values
    inside: bool = False  # key, source and device are told
    fewest: int = 5
    charts: tuple[Any, ...] = ()  # comparison with the model, where there is one


def sensor_panel(t: Translator, picked: Picked, wanted: Wanted) -> list[Any]:
    """Return the panel."""
    return [
        html.Section(
            [
                _head(t, picked.sensor),
                _now(t, picked),
                *_history(t, picked, wanted),
                *picked.charts,
                _about(t, picked),
                *_beside(t, picked),
                _origin(t, picked),
            ],
            className="explain sense-panel",
            **attrs(data_sensor=str(picked.sensor.number)),
        )
    ]


def nothing_here(t: Translator) -> list[Any]:
    """Return the panel for a number that stands for no sensor of this viewer."""
    words = t.text("There is no sensor with this number, or it is not open to everybody.")
    return [
        html.Section(
            [_top(t, t.text("Sensor")), html.P(words, className="inspector-empty", role="alert")],
            className="explain",
        )
    ]


def _top(t: Translator, crumbs: str) -> html.Div:
    close = t.text("Close")
    button = html.Button(icon("close"), type="button", className="button-bare", title=close,
                         **attrs(data_do="unpick", aria_label=close))  # fmt: skip
    return html.Div([html.P(crumbs, className="crumbs"), button], className="inspector-top")


def _head(t: Translator, one: Sensor) -> html.Header:
    crumbs = " · ".join((t.text("Sensor"), t.text(GROUPS[one.group][0])))
    parts: list[Any] = [
        _top(t, crumbs),
        html.H2(one.stream.name or t.text("Sensor {number}", number=one.number),
                className="inspector-title"),
        html.P(property_words(t, one.stream.property), className="inspector-kind"),
    ]  # fmt: skip
    actions = []
    if one.stream.lon is not None and one.stream.lat is not None:
        actions.append(
            html.Button(
                [icon("target"), html.Span(t.text("To the map"))], type="button",
                className="button-small",
                **attrs(data_work="sense-fly", data_lon=f"{one.stream.lon:.6f}",
                        data_lat=f"{one.stream.lat:.6f}"),
            )
        )  # fmt: skip
    actions.append(
        html.Button([icon("link"), html.Span(t.text("Copy link"))], type="button",
                    className="button-small", **attrs(data_do="copy-link"))
    )  # fmt: skip
    return html.Header([*parts, html.Div(actions, className="actions")])


def _now(t: Translator, picked: Picked) -> html.Div:
    """Return the latest value, large, with its age and what is odd about it."""
    one = picked.sensor
    value = shown_value(t, one, unit_words(t, one), fewest=picked.fewest)
    parts: list[Any] = [
        html.P([*value, *([] if one.replayed else [badge(t, "measured")])], className="sense-big"),
        html.P(_when(t, one), className="quiet"),
        html.P(mark_list(t, one)),
    ]
    doubts = flag_words(t, one.flags & ~int(Flag.REPLAYED))
    if doubts:
        items = [html.Li(words) for words in doubts]
        parts.append(html.Ul(items, className="sense-doubts"))
    if one.few:
        words = t.text("Counts below {count} persons are told to nobody, so that no one is "
                       "recognised.", count=picked.fewest)  # fmt: skip
        parts.append(html.P(words, className="quiet"))
    return html.Div(parts, className="sense-head", role="status")


def _when(t: Translator, one: Sensor) -> str:
    if one.at is None:
        return t.text("no value yet")
    words = t.text("{moment}, {age}", moment=clock_words(t, local(one.at)),
                   age=age_words(t, one.age_s))  # fmt: skip
    if one.stream.statistic in {"count", "mean"} and one.stream.interval_s:
        length = span_words(t, one.stream.interval_s)
        return t.text("{when}, over {length}", when=words, length=length)
    return words


# ---- history ------------------------------------------------------------------------------------


def _history(t: Translator, picked: Picked, wanted: Wanted) -> list[Any]:
    names = {"day": t.text("Day"), "week": t.text("Week"), "year": t.text("Year")}
    spans = [
        html.Button(names[key], type="button",
                    **attrs(data_work="sense", data_sense="span", data_to=key,
                            aria_pressed=str(wanted.span == key).lower()))
        for key in SPANS
    ]  # fmt: skip
    bar = html.Div(
        [
            _step(t.text("Earlier"), "before", wanted.back + 1, off=wanted.back >= MOST_BACK),
            html.Div(spans, className="segments", role="group",
                     **attrs(aria_label=t.text("Span of the history"))),
            _step(t.text("Later"), "after", wanted.back - 1, off=wanted.back == 0),
        ],
        className="sense-spans",
    )  # fmt: skip
    parts: list[Any] = [
        bar,
        history(t, picked.sensor, picked.series, picked.axis, fewest=picked.fewest),
    ]
    if picked.series.few:
        words = t.plural(
            "{count} value is below {fewest} persons and is withheld.",
            "{count} values are below {fewest} persons and are withheld.",
            picked.series.few, fewest=picked.fewest,
        )  # fmt: skip
        parts.append(html.P(words, className="quiet"))
    if picked.csv:
        link = html.A([icon("down"), html.Span(t.text("Values as CSV"))], href=picked.csv,
                      className="sense-link", download="")  # fmt: skip
        parts.append(html.P(link))
    return [html.Section(parts, className="explain-section")]


def _step(label: str, sign: str, to: int, *, off: bool) -> html.Button:
    return html.Button(
        icon(sign), type="button", className="button-bare sense-step", title=label, disabled=off,
        **attrs(data_work="sense", data_sense="back", data_to=str(max(to, 0)), aria_label=label),
    )  # fmt: skip


# ---- what is known of it ------------------------------------------------------------------------


def _about(t: Translator, picked: Picked) -> html.Section:
    one = picked.sensor.stream
    unit = unit_words(t, picked.sensor)
    facts: list[tuple[str, Any]] = []
    if one.interval_s:
        facts.append((t.text("Reports every"), span_words(t, one.interval_s)))
    if expected := _range(t, one.low, one.high, unit):
        facts.append((t.text("Expected"), expected))
    facts.append((t.text("Warns"), _warns(t, one.alert_below, one.alert_above, unit)))
    if one.height_m is not None:
        facts.append((t.text("Height above ground"), value_words(t, one.height_m, "m")))
    if one.lon is None or one.lat is None:
        facts.append((t.text("Place"), t.text("not told")))
    facts += [(t.text(near.label), _link(near)) for near in picked.near]
    rows = [html.Div([html.Dt(label), html.Dd(value)]) for label, value in facts]
    title = html.H3(t.text("About this sensor"), className="explain-title")
    return html.Section([title, html.Dl(rows, className="sense-facts")],
                        className="explain-section")  # fmt: skip


def _link(near: Near) -> html.Button:
    return html.Button(near.name, type="button", className="link",
                       **attrs(data_pick=f"{near.table}:{near.key}"))  # fmt: skip


def _range(t: Translator, low: float | None, high: float | None, unit: str) -> str:
    if low is not None and high is not None:
        return t.text("{low} to {high}", low=value_words(t, low), high=value_words(t, high, unit))
    if low is not None:
        return t.text("from {value}", value=value_words(t, low, unit))
    return t.text("up to {value}", value=value_words(t, high, unit)) if high is not None else ""


def _warns(t: Translator, below: float | None, above: float | None, unit: str) -> str:
    if below is not None and above is not None:
        return t.text("below {low} or above {high}", low=value_words(t, below),
                      high=value_words(t, above, unit))  # fmt: skip
    if below is not None:
        return t.text("below {value}", value=value_words(t, below, unit))
    if above is not None:
        return t.text("above {value}", value=value_words(t, above, unit))
    return t.text("never; thresholds are set in sensors.toml")


def _beside(t: Translator, picked: Picked) -> list[Any]:
    """Return what the same device measures besides."""
    if not picked.beside:
        return []
    rows = [
        html.Div([
            html.Dt(html.Button(property_words(t, one.stream.property), type="button",
                                className="link", **attrs(data_pick=f"sensors:{one.number}"))),
            html.Dd(html.Span(shown_value(t, one, unit_words(t, one), fewest=picked.fewest),
                              className="sense-now")),
        ])
        for one in picked.beside
    ]  # fmt: skip
    title = html.H3(t.text("Also measured here"), className="explain-title")
    return [html.Section([title, html.Dl(rows, className="sense-facts")],
                         className="explain-section")]  # fmt: skip


def _origin(t: Translator, picked: Picked) -> html.Section:
    one = picked.sensor.stream
    told = (
        t.text("Played again from a recording; whether that was measured, its source says.")
        if picked.sensor.replayed
        else t.text("Measured; kept as the sensor said it, with marks of what is doubtful.")
    )
    lines = [told]
    if one.attribution:
        lines.append(t.text("Source: {source}", source=one.attribution))
    lines.append(t.text("Licence: {licence}", licence=one.licence or t.text("not told")))
    if picked.inside:
        lines += _inside(t, one.source, one.key, one.device)
    sign = [] if picked.sensor.replayed else [icon("source-measured")]
    title = html.H3([*sign, html.Span(t.text("Where does this number come from?"))])
    return html.Section([title, *(html.P(line) for line in lines)], className="origin")


def _inside(t: Translator, source: str, key: str, device: str) -> Sequence[str]:
    found = [t.text("Feed: {source}, key {key}", source=source, key=key)]
    return [*found, *([t.text("Device: {device}", device=device)] if device else [])]
