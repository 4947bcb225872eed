"""From the store to what the panels show: rows, feeds, the values of one sensor."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from dash_app.sensing.board import Board, Feed, Sensor, Series, state_of
from dash_app.sensing.listing import Last, age_of
from dash_app.sensing.sensed import as_mapping

if TYPE_CHECKING:
    from dash_app.i18n import Translator
    from dash_app.sensing.seen import Seen
    from dash_app.sensing.sensed import Sensed
    from dash_app.workspace.viewer import Viewer

STEPS: dict[str, Literal["raw", "hour", "day"]] = {"day": "raw", "week": "hour", "year": "day"}
"""In which steps a span of the history is drawn."""

MOST_RAW = 3_000
"""Single values of a day that are read for a chart; more are drawn as hours."""

QUARTER_S = 900.0
"""Counts of shorter intervals are drawn as quarters of an hour: single minutes are noise."""
ENOUGH = 0.75


def board_of(t: Translator, sensed: Sensed, viewer: Viewer, *, at: datetime | None = None) -> Board:
    """Return every sensor that a viewer may see with its last value, and the sources."""
    now = at or sensed.now()
    streams = sensed.streams(viewer)
    latest = sensed.latest(viewer, at=at)
    last = as_mapping(latest) if len(latest) else {}
    sensors = tuple(_sensor(one, last.get(number), now) for number, one in streams.items())
    every = len(sensed.store.streams()) if not sensors else len(sensors)
    return Board(
        sensors, feeds_of(t, sensed) if viewer.may_edit else (), ms_of(now), at is not None,
        present=ms_of(sensed.now()), hidden=every - len(sensors),
    )  # fmt: skip


def sensor_of(
    sensed: Sensed, viewer: Viewer, number: int, *, at: datetime | None = None
) -> tuple[Sensor, Seen] | None:
    """Return one sensor; None where there is none for this viewer."""
    one = sensed.streams(viewer).get(number)
    if one is None:
        return None
    latest = sensed.latest(viewer, at=at, numbers=[number])
    last = as_mapping(latest) if len(latest) else {}
    return _sensor(one, last.get(number), at or sensed.now()), one


def beside(
    sensed: Sensed, viewer: Viewer, number: int, *, at: datetime | None = None
) -> tuple[Sensor, ...]:
    """Return what else is measured at the same place under the same name."""
    streams = sensed.streams(viewer)
    one = streams[number].stream
    if one.lon is None:
        return ()
    here = [
        key
        for key, other in streams.items()
        if key != number
        and (other.stream.lon, other.stream.lat) == (one.lon, one.lat)
        and other.stream.name == one.name
    ][:8]
    latest = sensed.latest(viewer, at=at, numbers=here)
    last = as_mapping(latest) if len(latest) else {}
    return tuple(_sensor(streams[key], last.get(key), at or sensed.now()) for key in here)


def _sensor(one: Seen, last: tuple[datetime, float, int, bool] | None, now: datetime) -> Sensor:
    if last is None:
        return Sensor(one.number, one.stream)
    at, value, flags, withheld = last
    known = not withheld and bool(np.isfinite(value))
    state = state_of(one.stream, ms_of(at), ms_of(now))
    age = age_of(one.stream, Last(*last), now)
    return Sensor(one.number, one.stream, float(value) if known else None, ms_of(at), flags,
                  withheld, state, age)  # fmt: skip


def feeds_of(t: Translator, sensed: Sensed) -> tuple[Feed, ...]:
    """Return the sources with what of them was refused; for those who work with the twin."""
    rows = sensed.store.streams()
    states = {one.source: one for one in sensed.store.states()}
    counts = pd.Series([row.stream.source for row in rows], dtype=object).value_counts()
    refused: dict[str, list[tuple[str, int, int | None, str]]] = {}
    for row in sensed.store.refusals().itertuples():
        told: Any = row
        refused.setdefault(str(told.source), []).append(
            (str(told.reason), int(told.count), _ms(told.last), str(told.detail or ""))
        )
    found = []
    for name in sorted({*states, *map(str, counts.index), *refused}):
        known = states.get(name)
        found.append(
            Feed(
                name,
                known.state if known else "",
                t.sentence(known.why) if known and known.why else "",
                _ms(known.since) if known else None,
                _ms(known.last_message) if known else None,
                int(counts.get(name, 0)),
                tuple(refused.get(name, ())),
            )
        )
    return tuple(found)


def series_of(
    sensed: Sensed, viewer: Viewer, number: int, span: str, ends: tuple[int, int]
) -> Series:
    """Return the values of a span of the history, in steps that a chart can tell apart."""
    since, until = (datetime.fromtimestamp(ms / 1000, UTC) for ms in ends)
    step = STEPS[span]
    found = sensed.series(viewer, number, since, until, step, most=MOST_RAW + 1)
    if found is not None and step == "raw" and len(found.table) > MOST_RAW:
        found = sensed.series(viewer, number, since, until, "hour")
    if found is None:
        return Series(since=ends[0], until=ends[1])
    table = found.table
    stream = sensed.streams(viewer)[number].stream
    interval = stream.interval_s or QUARTER_S
    if found.step == "raw" and stream.statistic == "count" and interval < QUARTER_S:
        return Series(quarters(table, interval), "raw", *ends, seconds=QUARTER_S)
    few = int(table["withheld"].to_numpy(bool).sum())
    if not np.isfinite(table["low"].to_numpy(float)).any():
        table = table.drop(columns=["low", "high"])
    return Series(table[~table["withheld"].to_numpy(bool)], found.step, *ends, few)


def quarters(table: pd.DataFrame, interval_s: float) -> pd.DataFrame:
    """
    Return counts of short intervals as those of quarters of an hour, flags of all of them.

    A quarter with less than three quarters of its intervals has no value; others are scaled up.
    """
    quarter = pd.DatetimeIndex(table.index).floor("15min")
    grouped = table.assign(quarter=quarter).groupby("quarter")
    n = grouped["value"].count()
    usual = QUARTER_S / interval_s
    flags = grouped["flags"].agg(lambda part: int(np.bitwise_or.reduce(part.to_numpy(np.int64))))
    value = (grouped["value"].sum() / n.where(n >= ENOUGH * usual) * usual).round(1)
    return pd.DataFrame({"value": value, "flags": flags})


def ms_of(moment: datetime) -> int:
    """Return a moment as milliseconds since 1970 UTC."""
    return round(moment.timestamp() * 1000)


def _ms(value: Any) -> int | None:
    """Return a time of the store as milliseconds; None where there is none."""
    if value is None or value is pd.NaT:
        return None
    return int(value) if isinstance(value, (int, np.integer)) else ms_of(pd.Timestamp(value))
