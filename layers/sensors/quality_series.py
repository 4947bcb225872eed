"""Flags of whole series, by the same rules that `Judge` has for one value after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from layers.sensors.quality_rules import (
    GAP,
    GAP_INTERVALS,
    JUMP,
    LATE,
    LATE_MS,
    LEAST_STEP_MS,
    RANGE,
    REGULAR,
    SKEW,
    SKEW_MS,
    STUCK,
    STUCK_VALUES,
    WINDOW,
    Rule,
    rule_of,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from layers.sensors.records import Datastream


def flags_of(
    series: pd.Series[float], stream: Datastream, *, received: pd.Series | None = None
) -> pd.Series[int]:
    """
    Return the flags of a whole series, the same that `Judge` gives value by value in time order.

    Parameters
    ----------
    series
        Values by UTC time in the unit of the stream; what is missing (NaN) carries no flag.
    received
        When they came (UTC), same index; without it skew and late are not judged.
    """
    at, value = milliseconds(series.index), np.asarray(series, np.float64)
    came = at if received is None or stream.replayed else milliseconds(received)
    order = np.argsort(at, kind="stable")
    order = order[~np.isnan(value[order])]
    flags = np.zeros(len(series), np.int64)
    rule = rule_of(stream)
    flags[order] = np.where((value >= rule.low) & (value <= rule.high), 0, RANGE)[order]
    skewed = at - came > SKEW_MS
    flags[skewed & ~np.isnan(value)] |= SKEW
    order = order[~skewed[order]]
    order = order[np.diff(at[order], prepend=-(2**62)) > 0]  # a time told twice is judged once
    when = at[order]
    chosen = value[order]
    interval = _intervals(when, rule)
    gap = np.diff(when, prepend=when[:1]) > GAP_INTERVALS * np.where(interval, interval, np.inf)
    found = np.where(gap, GAP, 0) | np.where(_stuck(when, chosen, gap, rule), STUCK, 0)
    within = np.flatnonzero(flags[order] & RANGE == 0)
    found[within] |= np.where(_jumps(when[within], chosen[within], rule), JUMP, 0)
    flags[order] |= found | np.where(_late(came[order] - when, when, rule), LATE, 0)
    return pd.Series(flags, series.index, name="flags")


def _intervals(when: NDArray[np.int64], rule: Rule) -> NDArray[np.float64]:
    """Return the interval that is known before each value, ms; 0 where none is."""
    known = np.full(len(when), rule.interval_ms)
    if rule.interval_ms or len(when) < WINDOW + 2:
        return known
    windows = sliding_window_view(np.diff(when), WINDOW)[:-1]
    middle = np.sort(windows, axis=1)[:, WINDOW // 2]
    usual = (np.abs(windows - middle[:, None]) * 2 <= middle[:, None]).sum(axis=1)
    known[WINDOW + 1 :] = np.where(usual >= REGULAR, middle, 0)
    return known


def _stuck(
    when: NDArray[np.int64], value: NDArray[np.float64], gap: NDArray[np.bool_], rule: Rule
) -> NDArray[np.bool_]:
    if not rule.stuck_ms or not len(when):
        return np.zeros(len(when), bool)
    begins = np.r_[True, value[1:] != value[:-1]] | gap
    places = np.arange(len(when))
    start = np.maximum.accumulate(np.where(begins, places, 0))
    stuck: NDArray[np.bool_] = (places - start + 1 >= STUCK_VALUES) & (
        when - when[start] > rule.stuck_ms
    )
    return stuck


def _jumps(when: NDArray[np.int64], value: NDArray[np.float64], rule: Rule) -> NDArray[np.bool_]:
    """Mark jumps; only what looks like one is walked value by value."""
    jumped = np.zeros(len(when), bool)
    if rule.is_meter:
        jumped[1:] = np.diff(value) < 0
    if not rule.step or len(when) < 2:
        return jumped
    most = rule.step * np.maximum(np.diff(when), LEAST_STEP_MS)
    here = 0
    for place in np.flatnonzero(np.abs(np.diff(value)) > most) + 1:
        if place < here:  # walked already
            continue
        believed, here = place - 1, int(place)
        while here < len(when) and abs(value[here] - value[believed]) > rule.step * max(
            when[here] - when[believed], LEAST_STEP_MS
        ):
            jumped[here] = True
            here += 1
        here += 1  # this one is believed, its successor was compared with it
    return jumped


def _late(delay: NDArray[np.int64], when: NDArray[np.int64], rule: Rule) -> NDArray[np.bool_]:
    """Mark what came late after something had come in time; by then one more step is known."""
    after = np.r_[when, when[-1:]]
    known = _intervals(after, rule)[1:] if len(when) else np.zeros(0)
    late = (delay > LATE_MS) & (delay > GAP_INTERVALS * known)
    seen: NDArray[np.bool_] = np.r_[False, np.maximum.accumulate(~late)[:-1]] if len(late) else late
    return late & seen


def milliseconds(times: pd.Index | pd.Series) -> NDArray[np.int64]:
    """Return times as milliseconds since 1970 UTC."""
    index = pd.DatetimeIndex(times)
    utc = index.tz_localize("UTC") if index.tz is None else index
    return utc.as_unit("ms").asi8
