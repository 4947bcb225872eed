"""
What is odd about values that come in: flags beside the value, never a value thrown away.

The rules follow the checks of automatic weather stations in WMO-No. 8 (range, change, persistence),
with limits by property (`properties.py`) or from the configuration:

- range: outside of what is expected of the stream, else of what is possible
- stuck: the same value at least four times and for longer than the property can stay the same
- jump: away from the last value that was believed by more than the property can change; at least
  a quarter of an hour's change is always allowed, as sensors are noisy. A meter that falls jumps.
- gap: more than three intervals after the value before
- skew: more than a minute ahead of its receipt; such a value is not compared with others
- late: older than the newest one, or received long after while others had come in time
- moved: the first value of another place
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from layers.sensors.properties import PROPERTIES
from layers.sensors.records import Flag, Reading
from layers.sensors.units import conversion
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from layers.sensors.records import Datastream

HOUR_MS = 3_600_000
LEAST_STEP_MS = HOUR_MS // 4  # a change within less is measured against this
SKEW_MS = 60_000
LATE_MS = HOUR_MS
STUCK_VALUES = 4
GAP_INTERVALS = 3
WINDOW = 7  # steps in time that an interval is learnt from
REGULAR = 5  # of them within half of their median, else there is no interval
SILENT_S = 300.0  # nothing is silent before
SILENT_UNKNOWN_S = 86_400.0  # where no interval is known
MOVED_M = 100.0
EARTH_M = 6_371_000.0
MOST_STREAMS = 100_000

DOUBTFUL = int(Flag.RANGE | Flag.STUCK | Flag.JUMP | Flag.SKEW | Flag.SUSPECT)
"""Flags of values that comparisons leave out; a late one or the first after a gap is a good one."""

RANGE, STUCK, JUMP, GAP, SKEW, LATE, MOVED, REPLAYED = (
    int(flag)
    for flag in (
        Flag.RANGE, Flag.STUCK, Flag.JUMP, Flag.GAP, Flag.SKEW, Flag.LATE, Flag.MOVED, Flag.REPLAYED
    )
)  # fmt: skip


class Rule(NamedTuple):
    """What is expected of a stream, in its unit and milliseconds; 0: not judged."""

    low: float = -math.inf
    high: float = math.inf
    step: float = 0.0  # a millisecond
    stuck_ms: float = 0.0
    interval_ms: float = 0.0
    is_meter: bool = False


class _Place(NamedTuple):
    lon: float | None = None
    lat: float | None = None


@dataclass(slots=True)
class _State:
    """What must be remembered of one stream to judge its next value."""

    stream: Datastream | None = None
    rule: Rule = Rule()  # noqa: RUF009 - a tuple
    at: int | None = None  # of the newest value
    run_at: int = 0  # since when it is the same
    run: int = 0  # how many times
    run_value: float = math.nan
    believed_at: int | None = None  # the last that was in range and no jump
    believed: float = math.nan
    steps: tuple[int, ...] = ()  # the last ones in time, where the interval must be learnt
    in_time: bool = False  # whether a value has come in time
    place: _Place = _Place()  # noqa: RUF009 - a tuple
    has_moved: bool = False


class Judge:
    """
    Judges values one after the other as they come in; remembers little of each stream.

    Of more than `most` streams those heard of least recently are forgotten: memory has a bound.
    """

    def __init__(
        self, streams: Mapping[str, Datastream] | None = None, *, most: int = MOST_STREAMS
    ) -> None:
        self._states: OrderedDict[str, _State] = OrderedDict()
        self._most = max(most, 1)
        for key, stream in (streams or {}).items():
            self._state(key, stream)

    @property
    def remembered(self) -> int:
        """Return of how many streams something is remembered."""
        return len(self._states)

    def judge(
        self, readings: Sequence[Reading], streams: Mapping[str, Datastream], now_ms: int
    ) -> tuple[Reading, ...]:
        """
        Return the readings in their order, what is odd added to their flags.

        What comes in together is judged in order of time. A reading of no known stream is judged
        by its times alone.

        Parameters
        ----------
        streams
            By key; their locations are where the devices are now.
        now_ms
            Time of receipt for readings that have none, milliseconds since 1970 UTC.
        """
        order: Iterable[int] = range(len(readings))
        if any(one.at > other.at for one, other in pairwise(readings)):
            order = sorted(order, key=lambda place: readings[place].at)
        judged = list(readings)
        for place in order:
            reading = readings[place]
            key = reading.stream
            state = self._state(key, streams.get(key))
            flags = reading.flags | _judged(state, reading, reading.received or now_ms)
            if flags != reading.flags:
                judged[place] = Reading(key, reading.at, reading.value, flags, reading.received)
        return tuple(judged)

    def seed(self, latest: pd.DataFrame, streams: Mapping[str, Datastream]) -> None:
        """
        Take up where the store ends, so that a restart is no gap in what is known.

        Parameters
        ----------
        latest
            `key`, `at` (UTC), `value`, `flags`, and where known `received`, as
            `ObservationStore.latest` returns it.
        streams
            By key, as they are in the store.
        """
        received = latest["received"] if "received" in latest else latest["at"]
        times = _ms(latest["at"]).tolist(), _ms(received).tolist()
        rows = zip(latest["key"], *times, latest["value"], latest["flags"], strict=True)
        for key, at, came, value, flags in rows:
            state = self._state(str(key), streams.get(str(key)))
            if flags & SKEW or not math.isfinite(value):
                continue
            _continue_run(state, at, float(value), is_stuck=bool(flags & STUCK))
            state.at = at
            state.in_time = came - at <= max(LATE_MS, GAP_INTERVALS * state.rule.interval_ms)
            if not flags & (RANGE | JUMP):
                state.believed_at, state.believed = at, float(value)

    @staticmethod
    def moved(old: Datastream, new: Datastream) -> bool:
        """Return whether a device has moved by more than 100 m."""
        return _is_far(_Place(old.lon, old.lat), _Place(new.lon, new.lat))

    def _state(self, key: str, stream: Datastream | None) -> _State:
        state = self._states.get(key)
        if state is None:
            state = self._states[key] = _State()
            if len(self._states) > self._most:
                self._states.popitem(last=False)
        else:
            self._states.move_to_end(key)
        if stream is not None and stream is not state.stream:
            _renew(state, stream)
        return state


def _renew(state: _State, stream: Datastream) -> None:
    """Take over what is new about a stream, and whether it stands elsewhere now."""
    place = _Place(stream.lon, stream.lat)
    if _is_far(state.place, place):
        state.has_moved = True
    if state.place.lon is None or state.has_moved:
        state.place = place  # else it stays: what creeps away has moved at last
    state.stream, state.rule = stream, rule_of(stream)


def _continue_run(state: _State, at: int, value: float, *, is_stuck: bool) -> None:
    """Let a run that was stuck when it was kept go on being stuck."""
    state.run_value, state.run_at, state.run = value, at, 1
    if is_stuck:
        state.run_at, state.run = at - int(state.rule.stuck_ms) - 1, STUCK_VALUES


def _judged(state: _State, reading: Reading, received: int) -> int:
    """Return the flags of one reading and remember it."""
    rule, at, value = state.rule, reading.at, reading.value
    flags = 0 if rule.low <= value <= rule.high else RANGE
    if state.has_moved:
        flags |= MOVED
        state.has_moved = False
    is_replayed = reading.flags & REPLAYED
    if at - received > SKEW_MS and not is_replayed:
        return flags | SKEW
    if state.at is not None and at <= state.at:
        return flags | (LATE if at < state.at else 0)
    flags |= _followed(state, at, value)
    flags |= _changed(state, at, value, flags)
    if not is_replayed:
        flags |= _delayed(state, received - at)
    return flags


def _followed(state: _State, at: int, value: float) -> int:
    """Return whether a value comes after a gap or is stuck."""
    flags = 0
    if state.at is not None:
        step = at - state.at
        # most values come at the usual step: no need to sort for them
        usual = state.rule.interval_ms
        if usual:
            flags = GAP if step > GAP_INTERVALS * usual else 0
        else:
            if state.steps and step > GAP_INTERVALS * min(state.steps):
                usual = _interval(state)
                flags = GAP if usual and step > GAP_INTERVALS * usual else 0
            state.steps = (*state.steps[1 - WINDOW :], step)
    state.at = at
    if value == state.run_value and not flags:
        state.run += 1
        stuck = state.rule.stuck_ms
        if stuck and state.run >= STUCK_VALUES and at - state.run_at > stuck:
            flags |= STUCK
    else:
        state.run_value, state.run_at, state.run = value, at, 1
    return flags


def _interval(state: _State) -> float:
    """Return the interval of a stream as configured or learnt, ms; 0: there is none."""
    if state.rule.interval_ms:
        return state.rule.interval_ms
    if len(state.steps) < WINDOW:
        return 0.0
    middle = sorted(state.steps)[WINDOW // 2]
    usual = sum(abs(step - middle) * 2 <= middle for step in state.steps)
    return float(middle) if usual >= REGULAR else 0.0


def _changed(state: _State, at: int, value: float, flags: int) -> int:
    """Return whether a value has jumped away from the last that was believed."""
    if flags & RANGE:
        return 0
    before, rule = state.believed_at, state.rule
    if before is not None:
        if rule.step:
            most = rule.step * max(at - before, LEAST_STEP_MS)
            if abs(value - state.believed) > most:
                return JUMP
        has_fallen = rule.is_meter and value < state.believed
    else:
        has_fallen = False
    state.believed_at, state.believed = at, value
    return JUMP if has_fallen else 0


def _delayed(state: _State, delay: int) -> int:
    """Return whether a value came late that should have come in time as those before it."""
    if delay > LATE_MS and delay > GAP_INTERVALS * _interval(state):
        return LATE if state.in_time else 0
    state.in_time = True
    return 0


def rule_of(stream: Datastream) -> Rule:
    """Return the limits of a stream: its own, else those of its property, in its unit."""
    return _rule(
        stream.property, stream.unit, stream.low, stream.high, stream.interval_s, stream.statistic
    )


@lru_cache(maxsize=4096)
def _rule(
    name: str, unit: str, low: float | None, high: float | None, interval: float | None,
    statistic: str,
) -> Rule:  # fmt: skip
    given = PROPERTIES.get(name)
    lowest, highest, step, stuck = -math.inf, math.inf, 0.0, 0.0
    if given is not None:
        stuck = (given.stuck_h or 0.0) * HOUR_MS
        try:
            factor, offset = conversion(given.unit, unit)
        except SourceError:
            pass  # another kind of unit: nothing is known of its values
        else:
            lowest, highest = given.low * factor + offset, given.high * factor + offset
            step = (given.most_step or 0.0) * factor / HOUR_MS
    return Rule(
        lowest if low is None else low,
        highest if high is None else high,
        step,
        stuck,
        (interval or 0.0) * 1000,
        statistic == "meter",
    )


def _is_far(old: _Place, new: _Place) -> bool:
    if old.lon is None or old.lat is None or new.lon is None or new.lat is None:
        return False
    x = math.radians(new.lon - old.lon) * math.cos(math.radians((old.lat + new.lat) / 2))
    return math.hypot(x, math.radians(new.lat - old.lat)) * EARTH_M > MOVED_M


def is_silent(stream: Datastream, at: int | None, now: int) -> bool:
    """
    Return whether a stream has said nothing for too long.

    Three intervals (one more where a value stands for the interval that begins with it), at least
    five minutes; a day where no interval is known.

    Parameters
    ----------
    at, now
        Time of its last value (none: it has none) and of today, milliseconds since 1970 UTC.
    """
    if at is None:
        return True
    intervals = GAP_INTERVALS + (stream.statistic in {"mean", "count"})
    usual = stream.interval_s
    limit = SILENT_UNKNOWN_S if usual is None else max(intervals * usual, SILENT_S)
    return now - at > 1000 * limit


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
    at, value = _ms(series.index), np.asarray(series, np.float64)
    came = at if received is None or stream.replayed else _ms(received)
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


def _ms(times: pd.Index | pd.Series) -> NDArray[np.int64]:
    """Return times as milliseconds since 1970 UTC."""
    index = pd.DatetimeIndex(times)
    utc = index.tz_localize("UTC") if index.tz is None else index
    return utc.as_unit("ms").asi8


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
