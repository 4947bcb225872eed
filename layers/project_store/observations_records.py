"""What the store of observations is given and gives back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from layers.sensors.common import State
    from layers.sensors.records import Datastream
    from twin.sentences import Sentence

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Moment = datetime | int
"""A time: with its zone, or milliseconds since 1970 UTC."""


class Written(NamedTuple):
    """
    What became of the readings of one `write`.

    `new` were not there, `same` were there with this value, `revised` with another one, `refused`
    were not taken: what the sources refused and what the store did.
    """

    new: int = 0
    same: int = 0
    revised: int = 0
    refused: int = 0


class Place(NamedTuple):
    """Where a datastream was until a moment."""

    until: datetime  # UTC
    lon: float | None
    lat: float | None


@dataclass(frozen=True)
class StreamRow:
    """A datastream as it is kept; `places` are those it has left, the newest last."""

    number: int
    stream: Datastream
    first: datetime | None  # UTC; none while it has no value
    last: datetime | None
    places: tuple[Place, ...] = ()


@dataclass(frozen=True)
class FeedState:
    """How a source is: since when, why, and when it last brought something."""

    source: str
    state: State
    since: datetime  # UTC
    why: Sentence | None = None
    last_message: datetime | None = None  # UTC


@dataclass(frozen=True)
class Retention:
    """
    How many days raw values and hours are kept; None keeps them for good. Days always stay.

    Hours are kept at least as long as the raw values they were made of.
    """

    raw_days: int | None = None
    hourly_days: int | None = None


def milliseconds(moment: Moment) -> int:
    """
    Return a moment as milliseconds since 1970 UTC; a time without a zone is taken as UTC.

    >>> milliseconds(datetime(1970, 1, 2, tzinfo=UTC))
    86400000
    """
    if not isinstance(moment, datetime):
        return int(moment)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - EPOCH) // timedelta(milliseconds=1)


def at_ms(ms: int) -> datetime:
    """Return milliseconds since 1970 as a time in UTC."""
    return EPOCH + timedelta(milliseconds=ms)
