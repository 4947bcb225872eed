"""
How JSON or a table becomes readings: the part of `sensors.toml` that says what stands where.

```toml
[source.mapping]
stream = "station"
time = { path = "time", zone = "Europe/Berlin" }
location = { lon = "position.lon", lat = "position.lat" }
values = [
    { path = "data.temp", property = "air_temperature", unit = "°C" },
    { path = "data.load", property = "heat_power", unit = "W", when = { status = "ok" } },
]
```
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from layers.sensors.common import Section, Unit, said
from layers.sensors.paths import path_of
from layers.sensors.place_table import Located, PlaceTable
from layers.sensors.properties import PROPERTIES
from layers.sensors.records import (  # noqa: TC001 - read by pydantic
    Datastream,
    Reading,
    Refusal,
    Statistic,
)
from layers.sensors.units import conversion
from layers.sensors.values import SINCE_MS, zone_of
from twin.errors import SourceError
from twin.sentences import WrongValueError, say

Scalar = bool | int | float | str
MOST_TOLD = 1_000
"""Faults of one message that are told in words; the others are only counted."""


def _path(text: str) -> str:
    try:
        path_of(text)
    except SourceError as error:
        raise WrongValueError(*said(error)) from error
    return text


def _zone(text: str) -> str:
    try:
        zone_of(text)
    except SourceError as error:
        raise WrongValueError(*said(error)) from error
    return text


def _listed(given: Any) -> Any:
    return (given,) if isinstance(given, str) else given


PathText = Annotated[str, AfterValidator(_path)]
Paths = Annotated[tuple[PathText, ...], BeforeValidator(_listed)]


class Limits(Section):
    """A condition that is more than being the same: `{ above = 0 }`, `{ not = ["error"] }`."""

    above: float | None = None
    below: float | None = None
    other: tuple[Scalar, ...] = Field(default=(), alias="not")


Conditions = dict[PathText, Scalar | tuple[Scalar, ...] | Limits]


class Time(Section):
    """
    When a value was taken; without a path it is the moment in which the message came.

    `clock` is a second column with the time of day. `stamp = "end"` says that a value of an
    interval of `interval_s` is stamped with its end, as many loggers do.
    """

    path: PathText = ""
    clock: PathText = ""
    form: str = ""
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    stamp: Literal["begin", "end"] = "begin"
    interval_s: float | None = Field(default=None, gt=0)
    since: int = Field(default=SINCE_MS, ge=0)  # what is said to be older is refused; milliseconds

    @model_validator(mode="after")
    def _is_whole(self) -> Time:
        if self.stamp == "end" and self.interval_s is None:
            what = say("A time that ends its interval needs the length of it (interval_s).")
            raise WrongValueError(what)
        return self

    @cached_property
    def shift_ms(self) -> int:
        """What is taken off a stamp to come to the begin of its interval."""
        return round((self.interval_s or 0) * 1000) if self.stamp == "end" else 0


class Location(Section):
    """
    Where the value was taken: numbers, a GeoJSON geometry or WKT in the message, or one place.

    `needed`: a stream without place is refused.
    """

    lon: PathText = ""
    lat: PathText = ""
    height: PathText = ""  # above ground
    geometry: PathText = ""  # GeoJSON or WKT
    at: tuple[float, float] | None = None  # longitude, latitude
    crs: str = "EPSG:4326"
    needed: bool = False

    @model_validator(mode="after")
    def _is_whole(self) -> Location:
        if bool(self.lon) != bool(self.lat):
            raise WrongValueError(say("lon and lat belong together; one is missing."))
        return self


class Value(Section):
    """
    One value of a message or row.

    It is read, multiplied by `factor`, `offset` is added, then it is converted from `unit` (or what
    stands at `unit_path`) to the unit of its property, or to `to`. `series` tells two values of the
    same property apart (min, max). `categories` are words that stand for numbers.
    """

    path: PathText
    property: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    unit: Unit = ""
    unit_path: PathText = ""
    to: Unit = ""
    factor: float = Field(default=1.0, allow_inf_nan=False)
    offset: float = Field(default=0.0, allow_inf_nan=False)
    statistic: Statistic | None = None
    series: str = Field(default="", max_length=40)
    name: str = ""
    when: Conditions = Field(default_factory=dict)
    categories: dict[str, float] = Field(default_factory=dict)
    booleans: bool = False
    decimal: Literal["", ",", "."] = ""
    interval_s: float | None = Field(default=None, gt=0)
    people: bool | None = None

    @model_validator(mode="after")
    def _converts(self) -> Value:
        if not self.factor:
            raise WrongValueError(say("A factor of 0 makes all values the same."))
        try:
            self.converted(self.given_unit)
        except SourceError as error:
            raise WrongValueError(*said(error)) from error
        return self

    @cached_property
    def given_unit(self) -> str:
        """Unit in which the source reports, where the message does not say so itself."""
        return self.unit or self.wanted_unit

    @cached_property
    def wanted_unit(self) -> str:
        """Unit of the datastream (UCUM)."""
        known = PROPERTIES.get(self.property)
        return self.to or (known.unit if known else self.unit or "1")

    @cached_property
    def own_factors(self) -> tuple[float, float]:
        """Factor and offset where the message does not tell its unit."""
        return self.converted(self.given_unit)

    def converted(self, given: str) -> tuple[float, float]:
        """Return factor and offset from what is written to the unit of the datastream."""
        factor, offset = conversion(given, self.wanted_unit)
        return factor * self.factor, factor * self.offset + offset


class Found(NamedTuple):
    """What a message or a table says."""

    streams: tuple[Datastream, ...] = ()
    readings: tuple[Reading, ...] = ()
    refused: tuple[Refusal, ...] = ()


class Mapping(Section):
    """
    Where things stand in a message or a row.

    `rows` leads to the records of a message that holds many (`features[*]`); all other paths begin
    in a record then, `$root` is the whole message and `$key` the name of the record. `stream` is
    what tells one series from another and may be seen; `device` is a number that stays private.
    `none` are spellings of no value; where one condition of `suspect` holds, the value is kept and
    flagged as doubtful.
    """

    stream: Paths = ()
    device: PathText = ""
    name: PathText = ""
    street: PathText = ""
    direction: PathText = ""
    rows: PathText = ""
    time: Time = Time()
    location: Location = Location()
    places: PlaceTable | None = None
    values: tuple[Value, ...] = Field(min_length=1)
    none: tuple[str, ...] = ("", "null")
    suspect: Conditions = Field(default_factory=dict)
    decimal: Literal["", ",", "."] = ""
    interval_s: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _is_whole(self) -> Mapping:
        seen: set[tuple[str, str, str]] = set()
        for value in self.values:
            told = (value.property, value.series, repr(sorted(value.when)) if value.when else "")
            if told in seen:
                what = say("Two values are called {name}.", name=value.property)
                raise WrongValueError(what, say("Tell them apart by series, such as min and max."))
            seen |= set() if value.when else {told}
        if self.places is not None and not (self.places.of or self.stream):
            what = say("A table of places needs what leads to it: of, or stream.")
            raise WrongValueError(what)
        return self

    @cached_property
    def nones(self) -> tuple[frozenset[str], frozenset[float]]:
        """What means no value, as texts and as numbers."""
        texts = frozenset(text.strip() for text in self.none)
        return texts, frozenset(n for n in map(_as_number, texts) if n is not None)

    def located(self) -> Located:
        """
        Return the places of the table by key, read once.

        Raises
        ------
        SourceError
            The table cannot be read.
        """
        return self._places

    @cached_property
    def _places(self) -> Located:
        return self.places.read() if self.places is not None else Located({})

    @cached_property
    def known(self) -> dict[tuple[object, ...], Datastream]:
        """Datastreams that were made before; only saves time."""
        return {}

    def read(
        self,
        message: Any,
        *,
        source: str,
        received: int,
        context: dict[str, Any] | None = None,
    ) -> Found:
        """
        Return what a message (JSON, already read) says.

        `received` is in milliseconds, and the present for what may not lie in the future.
        `context` are things that came with it: `{"topic": ["town", "7"]}` is `$topic[1]`.
        """
        from layers.sensors.message import read_message  # noqa: PLC0415 - needs what is here

        return read_message(self, message, source=source, received=received, context=context)


def _as_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def key_part(text: str) -> str:
    """
    Return a text that is a part of a key: never empty, short enough for any database.

    >>> key_part("Am Bürgerhaus / Süd"), len(key_part("x" * 500))
    ('Am Bürgerhaus / Süd', 80)
    """
    if len(text) <= 80:
        return text or "-"
    return f"{text[:63]}-{hashlib.blake2s(text.encode(), digest_size=8).hexdigest()}"


def private_part(device: str) -> str:
    """Return what stands for the number of a device in a key: the same again, but not it."""
    return "d-" + hashlib.blake2s(device.encode(), digest_size=6).hexdigest()
