"""Which datastreams a SensorThings server has, what each observes and where."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from layers.sensors.properties import PROPERTIES
from layers.sensors.records import Datastream, Refusal, key_of
from layers.sensors.sensorthings_ask import entities_of, is_of_several, path_of
from layers.sensors.sensorthings_places import Place, place_of
from layers.sensors.sensorthings_words import (
    CHARGING,
    fits,
    interval_told,
    measure_of,
    property_word,
    spoken,
    tail,
)
from layers.sensors.units import conversion
from layers.sensors.values import RefusedError, clean, milliseconds
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from layers.sensors.records import Statistic
    from layers.sensors.sensorthings_config import Meaning, SensorThingsConfig
    from layers.sensors.sensorthings_web import Server

TRUTH, CATEGORY, COUNT = "OM_TruthObservation", "OM_CategoryObservation", "OM_CountObservation"
CATEGORIES: Mapping[str, Mapping[str, float]] = {"charging_used": CHARGING}


class Part(NamedTuple):
    """One value of an observation and the datastream it goes to."""

    stream: Datastream
    factor: float = 1.0
    offset: float = 0.0
    categories: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Wanted:
    """A Datastream or MultiDatastream of the server; `parts` None where a value is not read."""

    path: str  # "Datastreams(7)"
    ident: str
    parts: tuple[Part | None, ...]
    is_multi: bool = False
    ends: tuple[int | None, int | None] = (None, None)  # of phenomenon and result times


@dataclass
class Listing:
    """What is read of a server, and what is left out and why."""

    wanted: list[Wanted] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    unknown_units: dict[str, str] = field(default_factory=dict)  # stream: what stands there
    wrong_units: dict[str, str] = field(default_factory=dict)
    other_words: dict[str, str] = field(default_factory=dict)  # word: what it was made of
    words_only: list[str] = field(default_factory=list)  # results are words
    left_out: int = 0  # by `things`, `observed`, `bbox`, `properties`


def listing_of(server: Server, config: SensorThingsConfig) -> Listing:
    """
    Ask for all datastreams and say what each means.

    Raises
    ------
    SourceError
        The server cannot be reached, or gives no Datastreams.
    """
    found = Listing()
    for given in entities_of(server, config):
        if isinstance(given.get("@iot.id"), int | str):
            _add(found, given, config)
    found.wanted = _named(found.wanted)
    return found


def _add(found: Listing, given: dict[str, Any], config: SensorThingsConfig) -> None:
    """Add a datastream, or note why it is left out."""
    thing: Mapping[str, Any] = given["Thing"]
    place = place_of(thing.get("Locations"), given.get("observedArea"), given.get("feature"))
    if not _is_chosen(thing, place, config):
        found.left_out += 1
        return
    is_multi = is_of_several(given)
    described = [Described(given, given.get("ObservedProperty"), given.get("observationType"))]
    if is_multi:
        described = list(_components(given))
    parts = tuple(_part(found, one, place, config) for one in described)
    if any(part is not None for part in parts):
        ends = (end_of(given.get("phenomenonTime")), end_of(given.get("resultTime")))
        path = path_of(given)
        found.wanted.append(Wanted(path, str(given["@iot.id"]), parts, is_multi, ends))


class Described(NamedTuple):
    """One value of a datastream as the server describes it; `number` of a component."""

    given: dict[str, Any]
    observed: Any
    kind: Any
    number: int | None = None

    @property
    def names(self) -> list[str]:
        """Return what it is called, the clearest first."""
        what = self.observed if isinstance(self.observed, dict) else {}
        told = (what.get("name"), tail(what.get("definition")), self.given.get("name"),
                what.get("description"), self.given.get("description"))  # fmt: skip
        return [str(name) for name in told if name]

    @property
    def marks(self) -> list[str]:
        """Return what else tells it from others: short texts among its own properties."""
        own = self.given.get("properties")
        told = own.values() if isinstance(own, dict) else ()
        return [text for text in told if isinstance(text, str) and 0 < len(text) <= 100]

    @property
    def definition(self) -> str:
        """Return the address of what is observed."""
        return str(self.observed.get("definition") or "") if isinstance(self.observed, dict) else ""

    @property
    def kind_of_result(self) -> str:
        """Return "OM_Measurement" and the like."""
        return str(self.kind or "").rpartition("/")[2]


def _components(given: dict[str, Any]) -> Iterator[Described]:
    """Give what a MultiDatastream observes at once."""
    names = ("unitOfMeasurements", "ObservedProperties", "multiObservationDataTypes")
    lists = [one if isinstance(one := given.get(name), list) else [] for name in names]
    for number, (unit, what, kind) in enumerate(zip_longest(*lists)):
        yield Described({**given, "unitOfMeasurement": unit}, what, kind, number)


def _is_chosen(thing: Mapping[str, Any], place: Place, config: SensorThingsConfig) -> bool:
    names = [str(thing.get("name") or ""), str(thing.get("@iot.id") or "")]
    if config.things and not _matches(names, config.things):
        return False
    if config.bbox is None:
        return True
    west, south, east, north = config.bbox
    if place.lon is None or place.lat is None:
        return False
    return west <= place.lon <= east and south <= place.lat <= north


def _matches(names: Iterable[str], patterns: Iterable[str]) -> bool:
    texts = [text for name in names for text in (name.casefold(), spoken(name)) if text]
    return any(
        fnmatchcase(text, wanted)
        for pattern in patterns
        for wanted in (pattern.casefold(), spoken(pattern))
        for text in texts
    )


def _part(found: Listing, one: Described, place: Place, config: SensorThingsConfig) -> Part | None:
    """Return what one value of a datastream is, None where it is not read."""
    names, kind = one.names, one.kind_of_result
    measure = measure_of(one.given.get("unitOfMeasurement"))
    told = [*names, one.definition, *one.marks]
    meaning = _meaning(config, [*told, measure.text])
    code = (meaning.unit if meaning else "") or measure.code
    code = "1" if code is None and kind in {TRUTH, CATEGORY} else code
    word = meaning.property if meaning else property_word(names, code)
    chosen = not config.observed or _matches([*told, word], config.observed)
    if meaning is False or not chosen:
        found.left_out += 1
        return None
    name = clean(one.given.get("name") or one.given["Thing"].get("name") or one.given["@iot.id"])
    if not word:
        word = _own_word(names)
        found.other_words[word] = clean(names[0]) if names else name
    categories = (meaning.categories if meaning else None) or CATEGORIES.get(word)
    if kind == CATEGORY and not categories:
        found.words_only.append(name)
        return None
    factors = _factors(found, (name, measure.text), (word, code), config)
    if factors is None:
        return None
    stream = _stream(one, (word, factors[0]), place, config)
    return Part(replace(stream, **_told(meaning)), factors[1], factors[2], categories)


def _told(meaning: Meaning | Literal[False] | None) -> dict[str, Any]:
    """Return what the configuration says of a stream itself."""
    if not meaning:
        return {}
    told = {"statistic": meaning.statistic, "interval_s": meaning.interval_s}
    return {key: value for key, value in told.items() if value is not None}


def _meaning(config: SensorThingsConfig, names: list[str]) -> Meaning | Literal[False] | None:
    """Return what the configuration says of one of the names; False: it is left out."""
    for pattern, meaning in config.properties.items():
        if _matches(names, [pattern]):
            return meaning
    return None


def _own_word(names: list[str]) -> str:
    """
    Return a word for what is no property known here.

    >>> _own_word(["Wasserstoff-Füllstand (oben)"])
    'wasserstoff_füllstand_oben'
    """
    letters = "".join(sign if sign.isalnum() else " " for sign in spoken(names[0] if names else ""))
    word = "_".join(letters.split())[:40].strip("_")
    return word if word and not word[0].isdigit() else f"value_{word}".strip("_")


def _factors(
    found: Listing,
    told: tuple[str, str],
    is_what: tuple[str, str | None],
    config: SensorThingsConfig,
) -> tuple[str, float, float] | None:
    """Return unit, factor and offset; None where the unit does not let it be read."""
    (name, text), (word, code) = told, is_what
    known = PROPERTIES.get(word)
    if code is None:
        found.unknown_units[name] = text
        if config.unknown_unit == "refuse":
            _refuse(found, config, f"{name}: {text or '-'}")
            return None
        is_count = known is not None and fits(word, "1")
        return (known.unit if known is not None and is_count else "1"), 1.0, 0.0
    if known is None:
        return code, 1.0, 0.0
    try:
        return known.unit, *conversion(code, known.unit)
    except SourceError:
        found.wrong_units[name] = text or code
        _refuse(found, config, f"{name}: {word} in {text or code}")
        return None


def _refuse(found: Listing, config: SensorThingsConfig, detail: str) -> None:
    found.refused.append(Refusal(config.name, "unit", clean(detail, 300)))


def _stream(
    one: Described, is_what: tuple[str, str], place: Place, config: SensorThingsConfig
) -> Datastream:
    word, unit = is_what
    given, thing, known = one.given, one.given["Thing"], PROPERTIES.get(word)
    ident = clean(given["@iot.id"])
    parts = (ident,) if one.number is None else (f"multi-{ident}", f"{one.number + 1}-{word}")
    statistic: Statistic = "count" if one.kind_of_result == COUNT else "value"
    return Datastream(
        key=key_of(config.name, *parts),
        source=config.name,
        name=clean(given.get("name") or thing.get("name") or ident),
        property=word,
        unit=unit,
        statistic=known.statistic if known else statistic,
        lon=place.lon,
        lat=place.lat,
        line=place.line,
        interval_s=interval_told(given.get("name"), given.get("description")),
        people=known.people if known else False,
        device=clean(thing["@iot.id"] if thing.get("@iot.id") is not None else ident),
        extra={"thing": clean(thing.get("name") or "")},
    )


def _named(wanted: list[Wanted]) -> list[Wanted]:
    """Call streams by their Thing where that tells them apart, else by their own name."""
    counts: dict[tuple[str, str], int] = {}
    for one in wanted:
        for part in one.parts:
            if part is not None:
                told = (part.stream.device, part.stream.property)
                counts[told] = counts.get(told, 0) + 1

    def renamed(part: Part | None) -> Part | None:
        if part is None:
            return None
        stream = part.stream
        name = str(stream.extra["thing"])
        if not name or counts[stream.device, stream.property] > 1:
            name = stream.name
        return part._replace(stream=replace(stream, name=name, extra={}))

    return [replace(one, parts=tuple(map(renamed, one.parts))) for one in wanted]


def end_of(interval: object) -> int | None:
    """Return the end of an interval, milliseconds; None where it is not told."""
    if not isinstance(interval, str):
        return None
    try:
        return milliseconds(interval.rpartition("/")[2] or interval)
    except RefusedError:
        return None
