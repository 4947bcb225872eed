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
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from layers.sensors.quality_rules import (
    DOUBTFUL,
    GAP,
    GAP_INTERVALS,
    JUMP,
    LATE,
    LATE_MS,
    LEAST_STEP_MS,
    MOVED,
    RANGE,
    REGULAR,
    REPLAYED,
    SKEW,
    SKEW_MS,
    STUCK,
    STUCK_VALUES,
    WINDOW,
    Rule,
    is_silent,
    rule_of,
)
from layers.sensors.quality_series import flags_of, milliseconds
from layers.sensors.records import Reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from layers.sensors.records import Datastream

__all__ = ["DOUBTFUL", "Judge", "flags_of", "is_silent", "rule_of"]

MOVED_M = 100.0
EARTH_M = 6_371_000.0
MOST_STREAMS = 100_000


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
        times = milliseconds(latest["at"]).tolist(), milliseconds(received).tolist()
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


def _is_far(old: _Place, new: _Place) -> bool:
    if old.lon is None or old.lat is None or new.lon is None or new.lat is None:
        return False
    x = math.radians(new.lon - old.lon) * math.cos(math.radians((old.lat + new.lat) / 2))
    return math.hypot(x, math.radians(new.lat - old.lat)) * EARTH_M > MOVED_M
