"""What all sources share: how they are configured, what they hand over to, how they are run."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from layers.sensors.units import unit_code
from twin.errors import SourceError, TwinError
from twin.sentences import Sentence, WrongValueError, say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from threading import Event

    from layers.sensors.records import Datastream, Delivery, Reading, Refusal

State = Literal["starting", "connected", "waiting", "failed", "stopped"]
"""`waiting`: it cannot be reached just now and is tried again; `failed`: somebody must mend it."""


NAME = r"^[a-z][a-z0-9_-]{0,39}$"
"""Of a source; it stands in keys and addresses."""

LOGIN = re.compile(r"[^/?#]*//[^/?#]*@")


class Section(BaseModel):
    """A part of `sensors.toml`; a key that is not known is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _beside(value: str, info: ValidationInfo) -> str:
    folder = (info.context or {}).get("folder")
    if not value or "://" in value:
        return value
    path = Path(value).expanduser()
    return str(path if folder is None else Path(folder) / path)


def _code(value: str) -> str:
    try:
        return unit_code(value) if value.strip() else ""
    except SourceError as error:
        raise WrongValueError(*said(error)) from error


def said(error: TwinError) -> tuple[Sentence, Sentence | None]:
    """Return what an error says as sentences: what is wrong, what to do."""
    hint = Sentence(error.hint, error.values) if error.hint else None
    return Sentence(error.template, error.values), hint


Beside = Annotated[str, AfterValidator(_beside)]
"""A file in `sensors.toml`: relative to the folder of that file; empty and addresses stay."""

Unit = Annotated[str, AfterValidator(_code)]
"""A unit in `sensors.toml`, kept as its UCUM code; empty: none is told."""


class Secret(Section):
    """
    A password that stands in a file or in an environment variable, never in `sensors.toml`.

    `password = { file = "mqtt-password" }` or `password = { env = "MQTT_PASSWORD" }`
    """

    file: Beside = ""
    env: str = ""

    @model_validator(mode="before")
    @classmethod
    def _is_no_text(cls, given: Any) -> Any:
        if isinstance(given, str):
            what = say("A password does not stand in the file itself.")
            hint = say("Name a file (file) or an environment variable (env) that holds it.")
            raise WrongValueError(what, hint)
        return given

    @model_validator(mode="after")
    def _is_one(self) -> Secret:
        if bool(self.file) == bool(self.env):
            raise WrongValueError(say("A password needs either file or env, one of both."))
        return self

    def read(self) -> str:
        """
        Return the password.

        Raises
        ------
        SourceError
            The file cannot be read, the variable is not set, or what is in it is empty.
        """
        found = os.environ.get(self.env, "") if self.env else self._content()
        if not found:
            template = "There is no password in {place}."
            hint = "Write it there; it is read when the source starts."
            raise SourceError(template, hint=hint, place=self.env or self.file)
        return found

    def _content(self) -> str:
        try:
            return Path(self.file).read_text("utf-8")[:10_000].strip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            template = "The password in {path} cannot be read: {reason}."
            hint = "Check name and permissions of the file."
            reason = getattr(error, "strerror", None) or "no UTF-8 text"
            raise SourceError(template, hint=hint, path=self.file, reason=reason) from error


class Expected(Section):
    """What is expected of a property or a single stream of a source, beyond what is possible."""

    low: float | None = None
    high: float | None = None
    interval_s: float | None = Field(default=None, gt=0)
    alert_below: float | None = None
    alert_above: float | None = None

    @model_validator(mode="after")
    def _is_span(self) -> Expected:
        if self.low is not None and self.high is not None and self.low > self.high:
            raise WrongValueError(say("low is above high."))
        return self


class Place(Section):
    """Where a device stands, for those that do not say so themselves."""

    lon: float | None = Field(default=None, ge=-180, le=180)  # degrees, WGS 84
    lat: float | None = Field(default=None, ge=-90, le=90)
    height_m: float | None = None  # above ground
    name: str = ""  # how people call it; the number of a device is never shown
    street: str = ""  # id, name or number of the road it counts on
    direction: str = ""  # "", "both", or the bearing in degrees

    @model_validator(mode="after")
    def _is_whole(self) -> Place:
        if (self.lon is None) != (self.lat is None):
            raise WrongValueError(say("lon and lat belong together; one is missing."))
        return self


class About(Section):
    """What a sensor measures, as far as the models compare with it or privacy asks for it."""

    block: str = ""  # key of the Baublock whose load it is
    kwp: float | None = Field(default=None, gt=0)  # of a solar plant
    addresses: int | None = Field(default=None, ge=1)  # that share a meter


class Common(Section):
    """What every source says of itself, whatever it speaks."""

    name: str = Field(pattern=NAME)
    licence: str = ""
    attribution: str = ""
    public: bool = True  # whether everybody may see it; a household's meter only where it is said
    most_streams: int = Field(default=5_000, ge=1, le=1_000_000)  # a flood of topics ends here
    most_bytes: int = Field(default=4_000_000, ge=1_000)  # of one message or page
    expect: dict[str, Expected] = Field(default_factory=dict)  # by property, or key of a stream
    at: dict[str, Place] = Field(default_factory=dict)  # by number of a device or key; "*": all
    about: dict[str, About] = Field(default_factory=dict)  # the same

    @field_validator("at", mode="before")
    @classmethod
    def _place_of_all(cls, given: Any) -> Any:
        """Take `at = { lon = 7.15, lat = 50.81 }` for a source with one place."""
        if (
            isinstance(given, dict)
            and given
            and not any(isinstance(v, dict) for v in given.values())
        ):
            return {"*": given}
        return given


def has_login(address: str) -> bool:
    """
    Tell whether an address holds a user or a password, be it an address that works or not.

    >>> has_login("ftp://me:secret@town.de/x"), has_login("https://town.de/a@b")
    (True, False)
    """
    return LOGIN.match(address) is not None


def described(stream: Datastream, config: Common) -> Datastream:
    """
    Return a datastream with what the configuration says of it: place, expectation, licence.

    The worker does this for every datastream that a source brings; a source only needs it to know
    the place before.

    >>> from layers.sensors.records import Datastream
    >>> given = Datastream("air/7/no2", "air", "Nord", "no2", "ug/m3")
    >>> described(given, Common(name="air", at={"lon": 7.15, "lat": 50.81})).lat
    50.81
    """
    changes: dict[str, Any] = {"public": stream.public and config.public}
    extra = dict(stream.extra)
    if config.public and "public" in config.model_fields_set:  # said, not merely left so
        extra["public"] = True
    changes |= {"licence": config.licence} if config.licence else {}
    changes |= {"attribution": config.attribution} if config.attribution else {}
    for key in ("*", stream.device, stream.key):  # what is told most closely comes last
        if key and key in config.at:
            changes |= {k: v for k, v in config.at[key].model_dump().items() if v not in (None, "")}
        if key and key in config.about:
            extra |= {
                k: v for k, v in config.about[key].model_dump().items() if v not in (None, "")
            }
    for key in (stream.property, stream.key):
        if key in config.expect:
            changes |= {k: v for k, v in config.expect[key].model_dump().items() if v is not None}
    return replace(stream, **changes, extra=extra)


@dataclass(frozen=True)
class Checked:
    """What a dry run of a source has found; nothing of it was kept."""

    streams: tuple[Datastream, ...] = ()
    readings: tuple[Reading, ...] = ()
    refused: tuple[Refusal, ...] = ()
    notes: tuple[Sentence, ...] = ()  # what somebody should know: no unit, no location ...
    extra: Mapping[str, Any] = field(default_factory=dict)


class Sink(Protocol):
    """Where a source hands over what it has read; safe to use from any thread."""

    def put(self, delivery: Delivery) -> None:
        """
        Take a delivery; waits while too much is unsaved, so that the source reads no more.

        Once the worker ends it returns without having taken anything: `done` is never called then,
        and nothing that came after it is kept either.
        """

    def cursor(self, name: str) -> dict[str, Any] | None:
        """Return where this source goes on under a name, as it was kept last."""

    def state(self, state: State, why: Sentence | None = None) -> None:
        """Tell how the source is; the sentence is shown on pages: no device, no password in it."""


class Source(Protocol):
    """
    One configured source.

    It translates at its own door: what comes out is in UTC, in the units of its streams.
    """

    @property
    def name(self) -> str:
        """Name of the source in the configuration."""

    def run(self, sink: Sink, stop: Event) -> None:
        """
        Read until `stop` is set; reconnect as long as it takes.

        After that it takes nothing more in, and may stay connected for up to 3 seconds until the
        last `done` of what it has handed over was called. A source that has come to its end
        (a recording that is played once) returns before; it is not started again.

        Raises
        ------
        SourceError
            Only for what waiting cannot mend: a wrong password, a certificate nobody signed.
        """

    def check(self, seconds: float) -> Checked:
        """
        Read for a moment and keep nothing, not even at the server.

        Raises
        ------
        SourceError
            It cannot be reached or read.
        """
