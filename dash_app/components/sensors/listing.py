"""The left panel: every sensor by group with its latest value; what to do where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.native import Input
from dash_app.components.sensors.marks import mark_list, short_value
from dash_app.components.sensors.words import (
    age_words,
    clock_words,
    local,
    property_words,
    span_words,
)
from dash_app.components.sensors.words import unit_words as unit_of
from dash_app.components.values import attrs, icon
from dash_app.sensing.board import GROUPS, chosen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dash_app.i18n import Translator
    from dash_app.sensing.board import Board, Sensor, Wanted

MOST_ROWS = 150
"""Rows of the list; more are found by the search, the filters and the table."""


def unit_words(t: Translator, sensor: Sensor) -> str:
    """Return the unit of the value of a sensor."""
    one = sensor.stream
    return unit_of(t, one.unit, statistic=one.statistic, interval_s=one.interval_s)


def search_words(t: Translator, board: Board) -> dict[int, str]:
    """Return by number what the search looks through, folded."""
    return {
        one.number: " ".join(
            (one.stream.name, property_words(t, one.stream.property), one.stream.source,
             t.text(GROUPS[one.group][0]), one.stream.street)
        ).casefold()
        for one in board.sensors
    }  # fmt: skip


def sensor_list(
    t: Translator, board: Board, wanted: Wanted, *, picked: int | None = None, fewest: int = 5
) -> list[Any]:
    """Return the panel: search, filters, the sensors below their headings."""
    if board.problem:
        return [_note(t.text("Measurements"), board.problem)]
    if not board.sensors:
        return [nothing_connected(t, board)]
    found = chosen(board, wanted, search_words(t, board))
    return [
        _head(t, board, wanted),
        html.Section(
            [
                *_rows(t, found, picked, fewest, replayed=not all_replayed(board)),
                _footer(t, found, board),
            ],
            className="panel-section sense-rows",
            **attrs(aria_label=t.text("Measurements")),
        ),
    ]


def nothing_connected(t: Translator, board: Board) -> html.Section:
    """Return what to do where no sensor is connected, or none may be seen."""
    if board.hidden:
        words = t.text("No sensor of this town is open to everybody. Sign in to see all of them.")
        return _note(t.text("Measurements"), words)
    steps = [
        t.text("Write down which sources there are in the file sensors.toml; docs/sensors.md has "
               "examples for SensorThings, MQTT, LoRaWAN, CSV and JSON."),
        t.text("Try it out; nothing is kept meanwhile:"),
        t.text("Let it run beside the page; values appear here as they come:"),
    ]  # fmt: skip
    commands = ("", "twin sensors check sensors.toml", "twin sensors run sensors.toml")
    items = [
        html.Li([html.Span(words), *([html.Code(line)] if line else [])])
        for words, line in zip(steps, commands, strict=True)
    ]
    return html.Section(
        [
            html.H2(t.text("Measurements"), className="panel-title"),
            html.P(t.text("No sensors are connected to this city yet."), className="sense-empty"),
            html.Ol(items, className="sense-steps"),
            html.P(
                t.text("Without sensors everything else works as before; only the comparison of "
                       "measurement and model needs them."),
                className="quiet",
            ),
        ],
        className="panel-section",
    )  # fmt: skip


def _note(title: str, words: str) -> html.Section:
    return html.Section(
        [html.H2(title, className="panel-title"), html.P(words, className="sense-empty")],
        className="panel-section",
    )


def _head(t: Translator, board: Board, wanted: Wanted) -> html.Section:
    count = t.plural("{count} sensor", "{count} sensors", len(board.sensors))
    title = html.H2(t.text("Measurements"), className="panel-title")
    search = Input(
        type="search", className="sense-search", value=wanted.text, maxLength=80,
        placeholder=t.text("Name, street or kind"), autoComplete="off",
        **attrs(data_work="sense", data_sense="text"),
    )  # fmt: skip
    named = html.Span(t.text("Search the sensors"), className="only-spoken")
    return html.Section(
        [
            html.Div([title, html.Span(count, className="quiet")], className="panel-head"),
            *_moment(t, board),
            *_replayed(t, board),
            html.Label([named, search]),
            _filters(t, board, wanted),
        ],
        className="panel-section",
    )


def _filters(t: Translator, board: Board, wanted: Wanted) -> html.Div:
    noticed = sum(one.noticed for one in board.sensors)
    there = {g: sum(one.group == g for one in board.sensors) for g in GROUPS}
    options = [html.Option(t.text("all kinds"), value="")]
    options += [
        html.Option(f"{t.text(GROUPS[g][0])} ({count})", value=g)
        for g, count in there.items()
        if count
    ]
    named = html.Span(t.text("Kind of sensor"), className="only-spoken")
    kind = html.Select(
        options, **attrs(data_work="sense", data_sense="group", data_value=wanted.group)
    )
    only = html.Button(
        [icon("sense-alert"), html.Span(t.text("noticed ({count})", count=noticed))],
        type="button",
        className="button-small sense-only",
        title=t.text("Only sensors with a warning, an odd value or none at all"),
        disabled=not noticed and not wanted.only,
        **attrs(data_work="sense", data_sense="only", data_to="" if wanted.only else "noticed",
                aria_pressed=str(bool(wanted.only)).lower()),
    )  # fmt: skip
    return html.Div([html.Label([named, kind], className="sense-kind"), only],
                    className="sense-filters")  # fmt: skip


def _moment(t: Translator, board: Board) -> list[html.P]:
    if not board.played:
        return []
    words = t.text("As it stood on {moment}", moment=clock_words(t, local(board.now)))
    return [html.P([icon("sense-replayed"), html.Span(words)], className="sense-played")]


def all_replayed(board: Board) -> bool:
    """Tell whether every value is of a recorded day."""
    told = [one for one in board.sensors if one.at is not None]
    return bool(told) and all(one.replayed for one in told)


def _replayed(t: Translator, board: Board) -> list[html.P]:
    if not all_replayed(board):
        return []
    words = t.text("All values are of recorded days, played again.")
    return [html.P([icon("sense-replayed"), html.Span(words)], className="sense-mark")]


def _rows(
    t: Translator, found: Sequence[Sensor], picked: int | None, fewest: int, *, replayed: bool
) -> list[html.Div | html.P]:
    if not found:
        words = t.text("No sensor passes the filters. Take one away or search for less.")
        return [html.P(words, className="sense-empty", role="status")]
    shown = list(found[:MOST_ROWS])
    chosen_one = next((one for one in found[MOST_ROWS:] if one.number == picked), None)
    if chosen_one is not None:
        shown.append(chosen_one)
    parts: list[html.Div | html.P] = []
    for group, (label, _) in GROUPS.items():
        rows = [sensor_row(t, one, picked, fewest, replayed=replayed)
                for one in shown if one.group == group]  # fmt: skip
        if rows:
            parts.append(
                html.Div(
                    [html.H3(t.text(label), className="sense-group"),
                     html.Ul(rows, className="sense-list")],
                    **attrs(data_group=group),
                )
            )  # fmt: skip
    return parts


def sensor_row(
    t: Translator, one: Sensor, picked: int | None, fewest: int, *, replayed: bool = True
) -> html.Li:
    """Return one row: a button that picks the sensor and leads the map there."""
    name = one.stream.name or t.text("Sensor {number}", number=one.number)
    button = html.Button(
        [
            html.Span(name, className="sense-name"),
            html.Span(
                short_value(t, one, fewest=fewest),
                className="sense-now sense-value",
                **attrs(data_sensor_value=str(one.number)),
            ),
            html.Span(_what(t, one), className="sense-what quiet"),
            html.Span(age_words(t, one.age_s), className="sense-age quiet"),
            mark_list(t, one, replayed=replayed),
        ],
        type="button",
        className="sense-row" + (" is-picked" if one.number == picked else ""),
        **attrs(
            data_pick=f"sensors:{one.number}",
            data_sensor=str(one.number),
            aria_pressed=str(one.number == picked).lower(),
        ),
    )
    return html.Li(button, id=f"sense-{one.number}")


def _what(t: Translator, one: Sensor) -> str:
    """Return what is observed; of a count also over how long."""
    words = property_words(t, one.stream.property)
    if one.stream.statistic == "count" and one.stream.interval_s:
        return t.text(
            "{what}, in {length}", what=words, length=span_words(t, one.stream.interval_s)
        )
    return words


def _footer(t: Translator, found: Sequence[Sensor], board: Board) -> html.Div:
    parts: list[Any] = []
    if len(found) > MOST_ROWS:
        words = t.text(
            "{shown} of {count} sensors are listed; search for others, or open the table.",
            shown=MOST_ROWS, count=len(found),
        )  # fmt: skip
        parts.append(html.P(words, className="quiet"))
    return html.Div(parts, className="sense-footer")
