"""Limits that readings are judged by: of a stream, else of its property, in its unit."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

from layers.sensors.properties import PROPERTIES
from layers.sensors.records import Flag
from layers.sensors.units import conversion
from twin.errors import SourceError

if TYPE_CHECKING:
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
        lowest if low is None or math.isnan(low) else low,
        highest if high is None or math.isnan(high) else high,
        step,
        stuck,
        1000.0 * interval if _is_interval(interval) else 0.0,
        statistic == "meter",
    )


def _is_interval(seconds: float | None) -> TypeGuard[float]:
    return seconds is not None and 0 < seconds < math.inf


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
    usual, limit = stream.interval_s, SILENT_UNKNOWN_S
    if _is_interval(usual):
        limit = max(intervals * usual, SILENT_S)
    return now - at > 1000 * limit
