"""What one sensor said over a day, a week or a year: gaps stay gaps, doubts have a shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dash_app.components.charts.frame import (
    BOTTOM,
    RIGHT,
    TOP,
    WIDTH,
    Entry,
    Sheet,
    Told,
    below,
    empty,
    figure_of,
    titled,
)
from dash_app.components.charts.scale import Scale, text_width, ticks
from dash_app.components.sensors.words import (
    FLAGS,
    clock_words,
    flag_words,
    local,
    unit_words,
    value_words,
)
from dash_app.components.svg import node
from dash_app.sensing.board import USUAL_S
from layers.sensors.records import Flag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dash import html
    from numpy.typing import NDArray

    from dash_app.components.sensors.time_axis import TimeAxis
    from dash_app.components.svg import Node
    from dash_app.i18n import Translator
    from dash_app.sensing.board import Sensor, Series

    Floats = NDArray[np.float64]

HEIGHT = 200.0
GAP = 2.5
"""Intervals between two values from which the line is broken."""
STEP_S = {"hour": 3_600.0, "day": 86_400.0}
MOST_TOLD = 250
"""Rows of the table beside the chart."""

SHAPES = (
    (Flag.RANGE, "range", "M0 -6L5.5 4.5L-5.5 4.5Z"),
    (Flag.STUCK, "stuck", "M-4.5 -4.5H4.5V4.5H-4.5Z"),
    (Flag.JUMP, "jump", "M0 -6L6 0L0 6L-6 0Z"),
    (Flag.SUSPECT | Flag.MOVED | Flag.SKEW, "other", "M-4.5 -4.5L4.5 4.5M-4.5 4.5L4.5 -4.5"),
)
"""Flags that are drawn, the gravest first: their name and the shape of their mark."""


def history(
    t: Translator, sensor: Sensor, series: Series, axis: TimeAxis, *, fewest: int = 5
) -> html.Figure:
    """Return the chart; where there is no value it says why."""
    one = sensor.stream
    seconds = series.seconds or STEP_S.get(series.step, one.interval_s or 0.0)
    kind = _kind(sensor, series)
    unit = unit_words(t, one.unit, statistic=kind, interval_s=seconds or None)
    table = series.table[np.isfinite(series.table["value"].to_numpy(float))]
    title = t.text("History: {span}", span=axis.words)
    if not len(table):
        words = t.text("No values in this time.")
        if series.few:
            words = _few(t, series.few, fewest)
        return empty(t, title, words)
    at = _ms(table.index)
    values = table["value"].to_numpy(float)
    made, nodes = time_sheet(t, axis, _ends(sensor, series, values))
    nodes = [*_expected(made, sensor, series), *nodes]
    nodes += [node("line", x1=made.x(x), x2=made.x(x), y1=made.y.start, y2=made.y.end,
                   className="grid sense-border") for x in axis.lines]  # fmt: skip
    nodes += _drawn(made, at, table, (kind, seconds or USUAL_S))
    limits = _limits(t, made, sensor, series, unit)
    nodes += [limit for limit, _ in limits]
    marks, shapes = _marks(t, made, at, table, unit)
    nodes += [*marks, *below(made, axis.texts)]
    flagged = sum(len(parts) for parts in shapes.values())
    return figure_of(
        t, title, nodes, unit="", size=(made.width, HEIGHT), name="history",
        says=_says(t, sensor, axis, (values, unit), flagged), told=_told(t, at, table, unit),
        legend=[*_legend(t, unit, shapes), *(entry for _, entry in limits)],
    )  # fmt: skip


def _kind(sensor: Sensor, series: Series) -> str:
    """Return how values stand in time; hours and days of a meter are what went through it."""
    statistic = sensor.stream.statistic
    return "count" if statistic == "meter" and series.step != "raw" else statistic


def time_sheet(
    t: Translator, axis: TimeAxis, ends: tuple[float, float]
) -> tuple[Sheet, list[Node]]:
    """Return where values stand in time, and the grid; numbers keep the digits that tell apart."""
    levels = ticks(*ends)
    texts = [value_words(t, level) for level in levels]
    left = text_width(texts) + 10
    y = Scale(levels[0], levels[-1], HEIGHT - BOTTOM, TOP)
    x = Scale(axis.since, axis.until, left, WIDTH - RIGHT)
    grid: list[Node] = []
    for level, text in zip(levels, texts, strict=True):
        kind = "grid is-zero" if level == 0 else "grid"
        grid.append(node("line", x1=left, x2=WIDTH - RIGHT, y1=y(level), y2=y(level),
                         className=kind))  # fmt: skip
        grid.append(node("text", text, x=left - 6, y=y(level) + 5, className="tick-y"))
    return Sheet(x, y, WIDTH, HEIGHT), grid


def _few(t: Translator, count: int, fewest: int) -> str:
    return t.plural(
        "{count} value is below {fewest} persons and is withheld.",
        "{count} values are below {fewest} persons and are withheld.", count, fewest=fewest,
    )  # fmt: skip


def _ms(index: pd.Index[pd.Timestamp]) -> Floats:
    found: Floats = pd.DatetimeIndex(index).as_unit("ms").asi8.astype(float)
    return found


def _ends(sensor: Sensor, series: Series, values: Floats) -> tuple[float, float]:
    """Return from where to where the values reach; counts start at zero, limits are in sight."""
    low, high = float(values.min()), float(values.max())
    for name, reach in (("low", min), ("high", max)):
        if name in series.table:
            edge = series.table[name].to_numpy(float)
            edge = edge[np.isfinite(edge)]
            if len(edge) and sensor.stream.statistic not in {"count", "meter"}:
                part = float(reach(edge))
                low, high = min(low, part), max(high, part)
    if _kind(sensor, series) == "count" or (low >= 0 and low < 0.4 * high):
        low = min(low, 0.0)
    limits = (sensor.stream.alert_below, sensor.stream.alert_above)
    for limit in limits if _limited(sensor, series) else ():
        if limit is not None and low - (high - low) <= limit <= high + (high - low):
            low, high = min(low, limit), max(high, limit)
    return (low, high) if high > low else (low - (abs(low) * 0.1 or 1.0), high + 1e-9)


def _limited(sensor: Sensor, series: Series) -> bool:
    """Tell whether thresholds of single values mean something for what is drawn."""
    if series.seconds is not None:
        return False
    return series.step == "raw" or sensor.stream.statistic not in {"count", "meter"}


def _expected(made: Sheet, sensor: Sensor, series: Series) -> list[Node]:
    """Return the expected range as a band, as far as it is in sight."""
    low, high = sensor.stream.low, sensor.stream.high
    if (low is None and high is None) or not _limited(sensor, series):
        return []
    bottom, top = sorted((made.y(low) if low is not None else made.y.start,
                          made.y(high) if high is not None else made.y.end))  # fmt: skip
    edge = sorted((made.y.start, made.y.end))
    upper, lower = max(bottom, edge[0]), min(top, edge[1])
    if lower <= upper:
        return []
    return [node("rect", x=made.x.start, y=upper, width=made.x.end - made.x.start,
                 height=lower - upper, className="sense-expected")]  # fmt: skip


def _drawn(
    made: Sheet, at: Floats, table: pd.DataFrame, kind: tuple[str, float]
) -> list[Node]:  # fmt: skip
    """Return the values: bars for counts, else a line with its range, broken at gaps."""
    statistic, seconds = kind
    values = table["value"].to_numpy(float)
    if statistic == "count":
        return [node("path", d=_bars(made, at, values, seconds), className="datum c-measured")]
    x = at + (seconds * 500 if statistic == "mean" or "low" in table else 0)
    runs = np.split(np.arange(len(at)), _breaks(at, seconds))
    found: list[Node] = []
    for run in runs:
        if {"low", "high"} <= set(table.columns) and len(run) > 1:
            found.append(_band(made, x[run], table.iloc[run]))
        points = [f"{made.x(x[n]):.1f} {made.y(values[n]):.1f}" for n in run]
        if len(points) == 1:
            px, py = points[0].split()
            found.append(node("circle", cx=px, cy=py, r=2.4, className="dot c-measured"))
        else:
            found.append(node("path", d="M" + "L".join(points), className="line c-measured"))
    return found


def _breaks(at: Floats, seconds: float) -> NDArray[np.intp]:
    """Return the rows before which the line is broken."""
    return np.flatnonzero(np.diff(at) > GAP * seconds * 1000) + 1


def _band(made: Sheet, x: Floats, part: pd.DataFrame) -> Node:
    low, high = (part[name].to_numpy(float) for name in ("low", "high"))
    ring = [f"{made.x(a):.1f} {made.y(v):.1f}" for a, v in zip(x, high, strict=True)]
    ring += [f"{made.x(a):.1f} {made.y(v):.1f}" for a, v in zip(x[::-1], low[::-1], strict=True)]
    return node("path", d="M" + "L".join(ring) + "Z", className="band c-measured")


def _bars(made: Sheet, at: Floats, values: Floats, seconds: float) -> str:
    floor = made.y(max(0.0, min(made.y.low, made.y.high)))
    wide = abs(made.x(at[0] + seconds * 1000) - made.x(at[0]))
    gap = min(1.0, wide * 0.15)
    return "".join(
        f"M{made.x(a) + gap / 2:.1f} {floor:.1f}V{made.y(v):.1f}h{wide - gap:.1f}V{floor:.1f}Z"
        for a, v in zip(at, values, strict=True)
    )


def _limits(
    t: Translator, made: Sheet, sensor: Sensor, series: Series, unit: str
) -> list[tuple[Node, Entry]]:
    """Return the thresholds as lines, and what the legend says of them."""
    if not _limited(sensor, series):
        return []
    found = []
    below_, above = sensor.stream.alert_below, sensor.stream.alert_above
    templates = (
        (below_, t.text("warning below {value}", value=value_words(t, below_, unit))),
        (above, t.text("warning above {value}", value=value_words(t, above, unit))),
    )
    edge = sorted((made.y.start, made.y.end))
    for limit, words in templates:
        if limit is None or not edge[0] <= made.y(limit) <= edge[1]:
            continue
        line = titled("line", words, x1=made.x.start, x2=made.x.end, y1=made.y(limit),
                      y2=made.y(limit), className="sense-limit")  # fmt: skip
        found.append((line, Entry("c-limit", words, "dashed")))
    return found


def _marks(
    t: Translator, made: Sheet, at: Floats, table: pd.DataFrame, unit: str
) -> tuple[list[Node], dict[str, list[int]]]:
    """Return a mark for each doubted value, by its gravest flag, and by flag which rows."""
    flags = table["flags"].to_numpy(np.int64)
    values, free = table["value"].to_numpy(float), np.ones(len(table), bool)
    found: list[Node] = []
    rows: dict[str, list[int]] = {}
    for wanted, name, shape in SHAPES:
        here = np.flatnonzero(((flags & int(wanted)) != 0) & free)
        free[here] = False
        if len(here):
            rows[name] = here.tolist()
        for row in here[:: max(1, len(here) // 120)]:
            words = (f"{clock_words(t, local(int(at[row])))}: {value_words(t, values[row], unit)}, "
                     + "; ".join(flag_words(t, int(flags[row]))))  # fmt: skip
            place = f"translate({made.x(at[row]):.1f} {made.y(values[row]):.1f})"
            found.append(titled("path", words, d=shape, transform=place,
                                className=f"sense-flag is-{name}"))  # fmt: skip
    return found, rows


def _legend(t: Translator, unit: str, shapes: dict[str, list[int]]) -> list[Entry]:
    names = {name: words for _, (name, words) in FLAGS.items()}
    found = [Entry("c-measured", unit or t.text("value"), "line")]
    for name, rows in shapes.items():
        words = t.text(names[name]) if name in names else t.text("doubted for another reason")
        found.append(Entry(f"sense-key is-{name}", f"{words} ({t.number(len(rows))})", "shape"))
    return found


def _says(
    t: Translator, sensor: Sensor, axis: TimeAxis, drawn: tuple[Floats, str], flagged: int
) -> str:
    values, unit = drawn
    words = t.text(
        "{name}, {span}: {count} values from {low} to {high}, the last {last}.",
        name=sensor.stream.name, span=axis.words, count=len(values),
        low=value_words(t, float(values.min()), unit),
        high=value_words(t, float(values.max()), unit),
        last=value_words(t, float(values[-1]), unit),
    )  # fmt: skip
    if not flagged:
        return words
    doubts = t.plural("{count} value is doubted.", "{count} values are doubted.", flagged)
    return f"{words} {doubts}"


def _told(t: Translator, at: Floats, table: pd.DataFrame, unit: str) -> Told:
    """Return the latest values as a table, newest first."""
    values, flags = table["value"].to_numpy(float), table["flags"].to_numpy(np.int64)
    rows: list[Sequence[str]] = [
        [
            clock_words(t, local(int(at[row]))),
            value_words(t, values[row], unit),
            ", ".join(flag_words(t, int(flags[row]) & ~int(Flag.REPLAYED))) or "–",
        ]
        for row in range(len(at) - 1, max(-1, len(at) - 1 - MOST_TOLD), -1)
    ]
    return Told([t.text("When"), t.text("Value"), t.text("Noticed")], rows)
