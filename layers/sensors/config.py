"""`sensors.toml`: which sources there are, where what they say is kept, and for how long."""

from __future__ import annotations

import difflib
import platform
import re
import tomllib
from typing import TYPE_CHECKING, Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from layers.project_store import default_store
from layers.sensors.common import Beside, Common, Section
from layers.sensors.faults import MOST_FAULTS, ConfigError, Fault, fault_of, keys_of, place_of
from layers.sensors.mqtt_config import MqttConfig
from layers.sensors.properties import PROPERTIES
from layers.sensors.replay import ReplayConfig
from layers.sensors.sensorthings_config import SensorThingsConfig
from layers.sensors.table_config import TableConfig
from twin.sentences import Sentence, WrongValueError, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pydantic_core import ErrorDetails

SourceConfig = Annotated[
    SensorThingsConfig | MqttConfig | TableConfig | ReplayConfig, Field(discriminator="kind")
]

LARGEST = 4_000_000
PASSWORD = re.compile(r":[^:@/]*@")


class StorePlace(Section):
    """Where it is kept: a file or `postgresql://user@server/database`; empty: as the twin does."""

    database: Beside = ""

    @property
    def where(self) -> str:
        """Return the file or address."""
        return self.database or default_store()

    @property
    def identity(self) -> str:
        """Return what tells this store from others, on other computers as well; no password."""
        if "://" in self.where:
            return PASSWORD.sub(":***@", self.where)
        return f"{platform.node()}:{self.where}"


class Kept(Section):
    """For how many days it is kept; 0: for ever. Daily values always are."""

    raw_days: int = Field(default=0, ge=0, le=100_000)
    hourly_days: int = Field(default=0, ge=0, le=100_000)


class Health(Section):
    """Where the worker says how it is; only on this machine unless somebody opens it."""

    on: bool = True
    host: str = "127.0.0.1"
    port: int = Field(default=9109, ge=0, le=65_535)  # 0: a free one


class Pace(Section):
    """How much is written at once, and how much may wait for it (readings)."""

    batch: int = Field(default=5_000, ge=1, le=100_000)
    queue: int = Field(default=50_000, ge=1, le=5_000_000)
    wait_s: float = Field(default=0.25, gt=0, le=60)  # at most until a reading is written
    stop_s: float = Field(default=5.0, gt=0, le=300)  # for an orderly end


class Config(Section):
    """All of `sensors.toml`."""

    model_config = ConfigDict(populate_by_name=True)

    store: StorePlace = StorePlace()
    retention: Kept = Kept()
    health: Health = Health()
    worker: Pace = Pace()
    sources: tuple[SourceConfig, ...] = Field(default=(), alias="source", max_length=1_000)

    @model_validator(mode="after")
    def _names_differ(self) -> Config:
        names = [source.name for source in self.sources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            what = say("The name {name} is given to several sources.", name=", ".join(twice))
            raise WrongValueError(what, say("Each source needs a name of its own."))
        return self


def read_config(path: Path) -> Config:
    """
    Read `sensors.toml`; relative paths in it are beside it.

    Raises
    ------
    ConfigError
        With every fault: where it stands, what is allowed.
    """
    raw = _parsed(_text(path), path)
    try:
        config = Config.model_validate(raw, context={"folder": path.resolve().parent})
    except ValidationError as error:
        faults = [_fault(entry, raw) for entry in _told(error)]
        template = "The sensor feeds in {path} cannot be used:"
        raise ConfigError(template, faults=faults, path=path) from None
    if not config.sources:
        template = "{path} names no source."
        hint = "Add at least one [[source]] with name and kind; see docs/sensors.md."
        raise ConfigError(template, hint=hint, path=path)
    return config


def unusual_words(words: Sequence[str]) -> Iterator[Sentence]:
    """Give a sentence for each property that is no word of the twin, and what was meant."""
    for word in words:
        if word in PROPERTIES:
            continue
        close = difflib.get_close_matches(word, PROPERTIES, n=1)
        if close:
            yield say(
                "{word} is no property known here; {close} is meant, perhaps. It is kept as it "
                "is, without a range.",
                word=word, close=close[0],
            )  # fmt: skip
        else:
            yield say(
                "{word} is no property known here. It is kept as it is, without a range.",
                word=word,
            )


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()[: LARGEST + 1]
    except OSError as error:
        template = "The sensor feeds in {path} cannot be read: {reason}."
        reason = error.strerror or str(error)
        hint = "Check name and permissions of the file."
        raise ConfigError(template, hint=hint, path=path, reason=reason) from error
    if len(content) > LARGEST:
        template = "{path} is no file of settings: it is too long."
        raise ConfigError(template, hint="Name the right file.", path=path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        template = "{path} is no UTF-8 text."
        raise ConfigError(template, hint="Save it as UTF-8.", path=path) from error


def _parsed(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        template = "{path} is no valid TOML: {reason}."
        hint = 'A setting is a line such as name = "climate"; texts stand in quotation marks.'
        raise ConfigError(template, hint=hint, path=path, reason=str(error)) from error


def _told(error: ValidationError) -> list[ErrorDetails]:
    """Return the faults; that a section is no plain value either is left out."""
    entries = error.errors()
    places = [place_of(_plain(entry["loc"])) for entry in entries]
    return [
        entry
        for entry, place in zip(entries, places, strict=True)
        if entry["type"] not in {"literal_error", "too_short"}
        or not any(other.startswith((f"{place}.", f"{place}[")) for other in places)
    ][:MOST_FAULTS]


def _plain(location: Sequence[str | int]) -> tuple[str | int, ...]:
    """Return a place as it is in the file, without what pydantic adds: kind, type of several."""
    if len(location) > 2 and location[0] == "source" and location[2] in kinds():
        location = (*location[:2], *location[3:])
    return tuple(step for step in location if not _is_of_pydantic(step))


def _fault(entry: ErrorDetails, raw: dict[str, Any]) -> Fault:
    """Say one fault, and in which source it is."""
    location = _plain(entry["loc"])
    if location == ("source",) and entry["type"] == "tuple_type":
        return Fault(say("source: each source begins with [[source]], in two brackets."))
    plain: Any = {**entry, "loc": location}
    found = fault_of(plain, known=_known(location, raw))
    name = _name(location, raw)
    if not name:
        return found
    return Fault(say("Source {name}: {what}", name=name, what=found.sentence))


OF_PYDANTIC = re.compile(
    r"constrained-.*|literal\[.*|function-.*|(float|int|str|bool|dict|list|tuple)(\[.*)?|\*"
)


def _is_of_pydantic(step: str | int) -> bool:
    if isinstance(step, int):
        return False
    sections = {section.__name__ for section in Section.__subclasses__()}
    return bool(OF_PYDANTIC.fullmatch(step)) or step in sections


def _name(location: Sequence[str | int], raw: dict[str, Any]) -> str:
    """Return how the source is called whose number stands in a place."""
    try:
        name = raw["source"][location[1]]["name"] if location[0] == "source" else ""
    except (KeyError, IndexError, TypeError):
        return ""
    return name[:40] if isinstance(name, str) and name.isprintable() else ""


def kinds() -> dict[str, type[Common]]:
    """Return the configuration of each kind of source."""
    union = get_args(SourceConfig)[0]
    models = get_args(union) or (union,)
    return {get_args(model.model_fields["kind"].annotation)[0]: model for model in models}


def _known(location: Sequence[str | int], raw: dict[str, Any]) -> dict[str, list[str]]:
    """Return the keys of the section in which an unknown key stands, by the place of the key."""
    model = _model(location[:-1], raw)
    return {place_of(location): keys_of(model)} if model is not None else {}


def _model(location: Sequence[str | int], raw: dict[str, Any]) -> type[BaseModel] | None:
    model: type[BaseModel] | None = Config
    steps = list(location)
    if len(steps) > 1 and steps[0] == "source":
        try:
            model = kinds().get(raw["source"][steps[1]].get("kind"))
        except (KeyError, IndexError, TypeError, AttributeError):
            return None
        steps = steps[2:]
    for step in steps:
        if model is None:
            return None
        if isinstance(step, int) or step not in model.model_fields:
            continue  # a place in a list, or a key of a table of sections
        model = _inner(model.model_fields[step].annotation)
    return model


def _inner(annotation: Any) -> type[BaseModel] | None:
    """Return the section that a field, a list or a table of them holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_inner(part) for part in get_args(annotation))
    return next((model for model in found if model is not None), None)
