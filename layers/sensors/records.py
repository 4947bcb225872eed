"""What passes between sources, worker and store: datastreams, readings, refusals."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntFlag
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Statistic = Literal["value", "mean", "count", "meter"]
"""How values stand in time: at the moment, as a mean or a count of the interval, as a meter."""


class Flag(IntFlag):
    """What is odd about a value; kept beside it, the value is never thrown away for it."""

    NONE = 0
    RANGE = 1  # outside what is expected of it
    STUCK = 2  # the same for longer than the property can stay the same
    JUMP = 4  # changed faster than it can
    GAP = 8  # the first after a time without values
    SKEW = 16  # the clock of the device is wrong by more than it may be
    LATE = 32  # came long after it was taken, or after later ones
    MOVED = 64  # the device reports another place than before
    REPLAYED = 128  # of a recorded day, played again
    SUSPECT = 256  # its source says so itself


Reason = Literal[
    "not_json",  # text that cannot be read
    "too_large",  # bytes, depth or number of values above what is read
    "no_value",  # the mapping finds nothing
    "no_number",  # text, a truth value or a list where a number should be
    "not_finite",  # NaN, infinity
    "no_time",  # no time, or one that cannot be read
    "time_past",  # before 1990, or before what the source allows
    "time_future",  # more than a day ahead
    "unit",  # the unit of the message is another kind than the one expected
    "no_location",  # a stream that must have a place has none
    "unknown_stream",  # a device that is not listed, where only listed ones are taken
    "too_many_streams",  # more than a source may bring: a flood of topics
    "unknown_format",  # a message of no kind known here
    "fault",  # anything else that went wrong with one message
]


class Reading(NamedTuple):
    """One value of one datastream, in the unit of the datastream."""

    stream: str  # key of the datastream
    at: int  # what it tells about, milliseconds since 1970 UTC; of an interval its begin
    value: float
    flags: int = 0  # of `Flag`
    received: int = 0  # when it came in, milliseconds since 1970 UTC; 0: when it is written


class Refusal(NamedTuple):
    """
    One message or value that was not taken; counted by source and reason, the last is kept.

    `again` says that the message may have been handed over before (the DUP flag of MQTT): what was
    counted then is not counted twice.
    """

    source: str
    reason: Reason
    detail: str = ""  # at most 300 characters, for the operator; never shown to the public
    again: bool = False


@dataclass(frozen=True)
class Datastream:
    """
    One property that one device observes at one place.

    `key` is `source/...` and stays the same over restarts. `device` is private: it is never shown
    to the public, so `name` and `key` of what is public do not hold it (`key_of`).
    """

    key: str
    source: str
    name: str
    property: str  # of `properties.PROPERTIES`, or another word
    unit: str  # UCUM
    statistic: Statistic = "value"
    lon: float | None = None  # degrees, WGS 84
    lat: float | None = None
    height_m: float | None = None  # above ground
    interval_s: float | None = None  # between two values, as it should be
    low: float | None = None  # what is expected
    high: float | None = None
    alert_below: float | None = None
    alert_above: float | None = None
    people: bool = False  # counts persons: small numbers are not shown to the public
    public: bool = True
    street: str = ""  # id, name or number of the road it counts on, where told
    direction: str = ""  # "", "both", or the bearing in degrees
    line: str = ""  # WKT of the segment it stands for, degrees; "" for a point
    device: str = ""  # number of the device; private
    licence: str = ""
    attribution: str = ""
    replayed: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)  # small, JSON; of the source


@dataclass(frozen=True)
class Delivery:
    """
    What a source hands over at once; the store keeps all of it in one transaction or nothing.

    `cursor` (name, state) is where the source goes on after a break. `done` is called once it is
    kept for good: only then a message is acknowledged.
    """

    source: str
    readings: tuple[Reading, ...] = ()
    streams: tuple[Datastream, ...] = ()  # new or changed
    refused: tuple[Refusal, ...] = ()
    cursor: tuple[str, Mapping[str, Any]] | None = None
    done: Callable[[], None] | None = None


def key_of(source: str, *parts: str) -> str:
    """
    Return the key of a datastream, without what would disturb an address.

    >>> key_of("climate", "Ittigen Kreisel", "air_temperature")
    'climate/Ittigen-Kreisel/air_temperature'
    """
    cleaned = ("-".join(part.replace("/", " ").split()) for part in parts)
    return "/".join([source, *cleaned])
