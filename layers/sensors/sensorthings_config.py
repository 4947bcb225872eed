"""What a source that asks a SensorThings server is told in `sensors.toml`."""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

from pydantic import Field, field_validator, model_validator

from layers.sensors.common import Common, Secret, Section, Unit, has_login
from layers.sensors.mqtt_config import Tls  # noqa: TC001 - read by pydantic
from layers.sensors.records import Statistic  # noqa: TC001 - read by pydantic
from layers.sensors.values import RefusedError, milliseconds, zone_of
from twin.errors import SourceError
from twin.sentences import WrongValueError, say

SHORTEST_PAUSE_S = 10.0
VERSIONED = re.compile(r"^(.*?/v\d+(?:\.\d+)*)(?:/(.*))?$")
COLLECTION = r"(?:Things|Datastreams|MultiDatastreams|Locations|ObservedProperties|Sensors"
COLLECTION += r"|Observations|FeaturesOfInterest|HistoricalLocations)"
ENTITIES = re.compile(rf"^(.*?)/?({COLLECTION}(?:\(.*)?)$")
ONE = re.compile(r"^(?:(Things\([^/?#]+\))(?:/Datastreams)?|(Datastreams\([^/?#]+\)))$")


class Meaning(Section):
    """
    What an observed property means: `Lufttemperatur = { property = "air_temperature" }`.

    Short: `Lufttemperatur = "air_temperature"`; `false` leaves it out. `unit` is told where the
    server says none or a wrong one, `categories` are words that stand for numbers.
    """

    property: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    unit: Unit = ""
    statistic: Statistic | None = None
    categories: dict[str, float] = Field(default_factory=dict)
    interval_s: float | None = Field(default=None, gt=0)


class StaMqtt(Section):
    """Where the server tells new observations at once; `mqtt = true` asks the server for it."""

    host: str = Field(default="", max_length=255)  # empty: what the server says, on its own host
    port: int = Field(default=0, ge=0, le=65_535)  # 0: 8883 with TLS, 1883 without
    user: str = ""
    password: Secret | None = None
    tls: Tls | None = None
    prefix: str = ""  # of topics; empty: the version in the address, v1.1

    @field_validator("tls", mode="before")
    @classmethod
    def _tls_on(cls, given: Any) -> Any:
        return {} if given is True else None if given is False else given


class Address(NamedTuple):
    """An address taken apart: `roots` are tried in turn, `part` is what is read there."""

    roots: tuple[str, ...]
    part: str  # "Datastreams", "Things(7648)/Datastreams", or "Datastreams(16183)"


class SensorThingsConfig(Common):
    """
    A server that speaks OGC SensorThings 1.0 or 1.1, and which of its datastreams are read.

    `url` is its root with or without version, or a single Thing or Datastream. `filter` is OData
    for Datastreams and is left to the server; `things`, `observed` (patterns with `*`, of names,
    ids, definitions or our words) and `bbox` (west, south, east, north) are looked at here.
    """

    kind: Literal["sensorthings"] = "sensorthings"
    url: str = Field(max_length=2_000)
    filter: str = Field(default="", max_length=5_000)
    things: tuple[str, ...] = ()
    observed: tuple[str, ...] = ()
    bbox: tuple[float, float, float, float] | None = None
    properties: dict[str, Meaning | Literal[False]] = Field(default_factory=dict)
    unknown_unit: Literal["keep", "refuse"] = "keep"
    since: str = ""  # begin of the back-fill; empty: `history_days` before now
    history_days: float = Field(default=7.0, ge=0, le=36_525)
    every_s: float = Field(default=300.0, gt=0, le=31 * 86_400)
    overlap_s: float = Field(default=600.0, ge=0, le=31 * 86_400)  # read again, for late ones
    refresh_s: float = Field(default=3_600.0, ge=60)  # until new datastreams are looked for
    page: int = Field(default=1_000, ge=1, le=100_000)
    data_array: bool = True  # ask for the shorter form where the server has it
    zone: str = "UTC"  # of times that say none
    user: str = ""
    password: Secret | None = None
    token: Secret | None = None
    mqtt: StaMqtt | None = None

    @field_validator("properties", mode="before")
    @classmethod
    def _short_form(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {k: {"property": v} if isinstance(v, str) else v for k, v in given.items()}

    @field_validator("things", "observed", mode="before")
    @classmethod
    def _pattern_alone(cls, given: Any) -> Any:
        return (given,) if isinstance(given, str) else given

    @field_validator("mqtt", mode="before")
    @classmethod
    def _mqtt_on(cls, given: Any) -> Any:
        return {} if given is True else None if given is False else given

    @field_validator("since", mode="before")
    @classmethod
    def _date_as_text(cls, given: Any) -> Any:
        return given.isoformat() if hasattr(given, "isoformat") else given

    @field_validator("url")
    @classmethod
    def _is_address(cls, given: str) -> str:
        if has_login(given):
            what = say("A password does not stand in an address.")
            raise WrongValueError(what, say("Use user and password = { file = ... }."))
        try:
            parts = urlsplit(given)
            is_address = parts.scheme in {"http", "https"} and bool(parts.hostname)
            is_address = is_address and (parts.port is None or parts.port > 0)
        except ValueError:
            is_address = False
        if not is_address:
            what = say("{url} is no address that is asked here.", url=given)
            raise WrongValueError(what, say("It begins with https:// or http://."))
        return given

    @field_validator("bbox")
    @classmethod
    def _is_box(cls, given: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if given is not None:
            west, south, east, north = given
            if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
                what = say("bbox is west, south, east, north in degrees, the smaller ones first.")
                raise WrongValueError(what, say("E.g. [7.0, 50.7, 7.3, 50.9]."))
        return given

    @model_validator(mode="after")
    def _is_whole(self) -> SensorThingsConfig:
        if bool(self.user) != (self.password is not None):
            raise WrongValueError(say("user and password belong together; one is missing."))
        if self.token is not None and self.user:
            raise WrongValueError(say("Either a token or a user, not both."))
        return self

    @field_validator("every_s")
    @classmethod
    def _is_polite(cls, given: float) -> float:
        if given < SHORTEST_PAUSE_S:
            what = say("A server is asked at most every {seconds} s.", seconds=SHORTEST_PAUSE_S)
            raise WrongValueError(what, say("Raise every_s."))
        return given

    @field_validator("zone")
    @classmethod
    def _is_zone(cls, given: str) -> str:
        try:
            zone_of(given)
        except SourceError as error:
            what = say("{zone} is no time zone known here.", zone=given)
            raise WrongValueError(what) from error
        return given

    @field_validator("since")
    @classmethod
    def _is_date(cls, given: str) -> str:
        try:
            if given:
                milliseconds(given, since=-(2**60))
        except RefusedError as error:
            what = say("{since} is no date from which can be read.", since=given)
            raise WrongValueError(what, say("E.g. 2026-01-01.")) from error
        return given

    @property
    def address(self) -> Address:
        """
        Return where the server is and what is read there.

        >>> SensorThingsConfig(name="a", url="https://example.org/sta").address.roots[0]
        'https://example.org/sta/v1.1'
        """
        bare = self.url.partition("?")[0].partition("#")[0].rstrip("/")
        rest = ""
        if found := VERSIONED.match(bare):
            bare, rest = found[1], unquote(found[2] or "")
            roots: tuple[str, ...] = (bare,)
        else:
            if found := ENTITIES.match(bare):
                bare, rest = found[1], unquote(found[2])
            roots = (f"{bare}/v1.1", f"{bare}/v1.0", bare)
        one = ONE.match(rest)
        if one is None:
            return Address(roots, "Datastreams")
        return Address(roots, f"{one[1]}/Datastreams" if one[1] else one[2])

    def since_ms(self, now_ms: int) -> int:
        """Return where the back-fill begins, milliseconds."""
        if self.since:
            return milliseconds(self.since, self.zone, since=-(2**60), now=2**52)
        return now_ms - int(self.history_days * 86_400_000)
