"""A day of the town's clock in even steps: what every sensor said last at each, for playing it."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from dash_app.sensing.board import ODD, SILENT_AFTER, USUAL_S
from dash_app.sensing.moments import local_day
from dash_app.sensing.seen import HOUR_S

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from numpy.typing import NDArray

    from dash_app.sensing.moments import LocalDay
    from dash_app.sensing.seen import Seen
    from dash_app.sensing.sensed import Sensed
    from dash_app.workspace.viewer import Viewer

STEPS_S = (300, 900, 3_600)
MOST_CELLS = 150_000
"""Values of a day at most where there is a choice of steps: a browser reads them in a moment."""

MOST_BACK_S = 12 * 3_600.0
"""Seconds before the day from which a value may still stand."""

MOST_READ = 400_000
"""Single values of a day that are read at most; beyond it hours are taken."""


class Said(NamedTuple):
    """What a datastream has said, in order of time."""

    begun: NDArray[np.float64]  # seconds since 1970 UTC
    value: NDArray[np.float64]
    flags: NDArray[np.int64]
    withheld: NDArray[np.bool_]


def day_of(
    sensed: Sensed, viewer: Viewer, day: date | None, streams: Mapping[int, Seen]
) -> dict[str, Any]:
    """
    Return a day of sensors as even steps; see `api.sensors.Day`.

    At each step stands what `Sensed.latest` gives for that moment; where there are too many values
    for that, the means of hours. Steps that are still to come have no value.
    """
    now = sensed.now()
    span = local_day(day or now)
    step_s = step_of(streams, span)
    times = _times(span, step_s)
    begun = int((times <= now.timestamp()).sum())
    known = _known(sensed, viewer, streams, span, "raw" if step_s < HOUR_S else "hour")
    values = np.full((len(streams), len(times)), np.nan)
    states = np.full((len(streams), len(times)), "s")
    for row, one in enumerate(streams.values()):
        values[row, :begun], states[row, :begun] = steps_of(one, known[one.number], times[:begun])
    told = values.astype(object)
    told[np.isnan(values)] = None
    return {
        "day": span.date, "begin": span.begin, "end": span.end, "hours": span.hours,
        "step_s": step_s, "steps": len(times), "last": begun - 1, "numbers": list(streams),
        "values": told.tolist(), "states": ["".join(row) for row in states],
    }  # fmt: skip


def step_of(streams: Mapping[int, Seen], span: LocalDay) -> int:
    """Return the step in seconds in which a day of these sensors is told."""
    seconds = (span.end - span.begin).total_seconds()
    read = sum(seconds / (one.stream.interval_s or STEPS_S[0]) for one in streams.values())
    if read > MOST_READ:
        return STEPS_S[-1]
    fitting = (step for step in STEPS_S if len(streams) * seconds / step <= MOST_CELLS)
    return next(fitting, STEPS_S[-1])


def steps_of(
    one: Seen, said: Said, times: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.str_]]:
    """
    Return value and sign of the state at each step.

    `times` are seconds since 1970 UTC. Hours of a count of persons count once they are over.
    """
    if not len(said.begun) or not len(times):
        return np.full(len(times), np.nan), np.full(len(times), "s")
    ends = said.begun + (HOUR_S if one.counted else 0)
    at = np.searchsorted(ends, times, side="right") - 1
    there = at >= 0
    value = np.where(there, said.value[at], np.nan)
    flags = np.where(there, said.flags[at], 0)
    withheld = there & said.withheld[at]
    signs = np.full(len(times), "o")
    signs[(flags & int(ODD)) != 0] = "f"
    stream = one.stream
    if stream.alert_below is not None:
        signs[value < stream.alert_below] = "a"
    if stream.alert_above is not None:
        signs[value > stream.alert_above] = "a"
    signs[withheld] = "w"
    interval = stream.interval_s or USUAL_S
    spans = interval if stream.statistic in {"count", "mean"} and not one.counted else 0.0
    signs[~there | (times - ends[at] - spans > max(SILENT_AFTER * interval, 600.0))] = "s"
    return value, signs


def _known(
    sensed: Sensed, viewer: Viewer, streams: Mapping[int, Seen], span: LocalDay,
    step: Literal["raw", "hour"],
) -> dict[int, Said]:  # fmt: skip
    """Return what was said on a day, and before it as long as it would not be called silent."""
    intervals = (one.stream.interval_s or USUAL_S for one in streams.values())
    back = max((SILENT_AFTER * interval for interval in intervals), default=0.0) + HOUR_S
    since = span.begin - timedelta(seconds=min(back, MOST_BACK_S))
    table = sensed.long(viewer, streams, since, span.end, step)
    table = table.sort_values(["number", "at"], kind="stable")
    every = Said(
        _seconds(pd.DatetimeIndex(table["at"])), table["value"].to_numpy(float),
        table["flags"].to_numpy(np.int64), table["withheld"].to_numpy(bool),
    )  # fmt: skip
    order = table["number"].to_numpy(np.int64)
    wanted = np.array(list(streams), np.int64)
    firsts, lasts = (np.searchsorted(order, wanted, side=side) for side in ("left", "right"))
    return {
        int(number): Said(
            every.begun[first:last], every.value[first:last], every.flags[first:last],
            every.withheld[first:last],
        )
        for number, first, last in zip(wanted, firsts, lasts, strict=True)
    }  # fmt: skip


def _times(span: LocalDay, step_s: int) -> NDArray[np.float64]:
    return np.arange(_stamp(span.begin), _stamp(span.end), step_s, dtype=float)


def _stamp(moment: datetime) -> float:
    return moment.astimezone(UTC).timestamp()


def _seconds(index: pd.DatetimeIndex) -> NDArray[np.float64]:
    return (index - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)  # type: ignore[return-value]
