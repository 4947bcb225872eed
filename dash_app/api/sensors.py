"""Sensors and their last values, the day played again, feeds; each as the asker may see it."""

import re
from collections.abc import Callable
from datetime import date, datetime
from hashlib import sha256
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from dash_app.api.asking import Desk, Who, Words
from dash_app.api.context import Context
from dash_app.api.problems import NotFoundError, ProblemRoute
from dash_app.components.sensors.words import unit_words, value_words
from dash_app.i18n import Translator
from dash_app.sensing.days import day_of
from dash_app.sensing.feeds import feeds_of
from dash_app.sensing.listing import Asked, box_of, numbers_of, rows_of, wanted
from dash_app.sensing.moments import moment_of
from dash_app.sensing.seen import Seen
from dash_app.workspace.viewer import Viewer
from layers.sensors.properties import PROPERTIES
from twin.errors import ModelError

router = APIRouter(tags=["sensors"], route_class=ProblemRoute)

T = TypeVar("T")

State = Literal["ok", "old", "silent", "alert", "flagged"]
MOST = 20_000
AGES = re.compile(r'"age_s":[^,}]*|^\{"total":\d+,"at":"[^"]*"')


class Inside(BaseModel):
    """What only those who work with the twin are told."""

    key: str
    source: str
    device: str
    public: bool


class SensorOut(BaseModel):
    """A sensor with its last value."""

    number: int
    name: str
    property: str
    label: str = Field(description="The property in words")
    group: str = Field(description="traffic, parking, climate, air, water, energy or other")
    unit: str = Field(description="UCUM")
    unit_text: str
    unit_short: str = Field(description="The unit without words for what is counted")
    statistic: Literal["value", "mean", "count", "meter"]
    interval_s: float | None
    lon: float | None
    lat: float | None
    height_m: float | None
    line: list[list[tuple[float, float]]] | None = Field(description="Segments it stands for [°]")
    street: str
    direction: str
    licence: str
    attribution: str
    replayed: bool = Field(description="Of a recorded day, played again")
    hourly: bool = Field(description="A count of persons: whole hours alone are told, rounded")
    alert_below: float | None
    alert_above: float | None
    at: datetime | None = Field(
        description="When the value was taken, UTC; of an interval its begin"
    )
    local: str | None = Field(description="The same by the clock of the town")
    value: float | None
    withheld: bool = Field(description="Kept back: too few persons")
    text: str = Field(description="The value in words")
    flags: list[str] = Field(description="What is odd about the value")
    state: State
    words: str = Field(description="State and age in words")
    age_s: float | None
    inside: Inside | None = Field(description="For those who work with the twin")


class Sensors(BaseModel):
    """Sensors that the asker may see."""

    total: int
    at: datetime = Field(description="The moment all ages are reckoned from, UTC")
    played: bool = Field(description="Whether it is another moment than now")
    sensors: list[SensorOut]
    few: str = Field(description="What is said of a value that is withheld")
    note: str = Field(description="In words")


class SensorDetail(SensorOut):
    """A sensor with all that is known about it."""

    first: datetime | None
    last: datetime | None
    low: float | None = Field(description="Lowest value that is expected")
    high: float | None = Field(description="Highest value that is expected")
    range_text: str = Field(description="What is expected, in words")
    rule: str = Field(
        description="How small counts of persons are kept back; empty where all is told"
    )


class Day(BaseModel):
    """A day of the town's clock, value by value, for playing it."""

    day: date
    begin: datetime
    end: datetime
    hours: int = Field(description="23 and 25 where clocks change")
    step_s: int
    steps: int
    last: int = Field(description="The last step that has begun by now; -1: the day is to come")
    numbers: list[int]
    values: list[list[float | None]] = Field(
        description="By sensor: what it said last at each step"
    )
    states: list[str] = Field(
        description="By sensor, one sign a step: `o` ok, `a` alert, `f` flagged, `w` withheld, "
        "`s` silent"
    )


class Refused(BaseModel):
    """Messages that were not taken, by reason."""

    reason: str
    text: str
    hint: str
    count: int
    last: datetime | None
    detail: str


class FeedOut(BaseModel):
    """A source of readings and how it is."""

    name: str
    state: str
    text: str = Field(description="The state in words")
    streams: int = Field(description="Sensors of it that the asker may see")
    since: datetime | None = None
    why: str = ""
    refused: list[Refused] = []


class Feeds(BaseModel):
    """Where readings come from; what was refused, and why, is told to those who work here."""

    feeds: list[FeedOut]
    note: str


Number = Annotated[int, Path(ge=1, le=999_999_999, description="Number of a sensor")]
At = Annotated[
    str | None,
    Query(
        max_length=40, description="As it stood then: ISO 8601, without zone by the town's clock"
    ),
]
Text = Annotated[str, Query(max_length=100)]
NOT_CHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "As it was before"}}


@router.get("/sensors", response_model=Sensors, responses=NOT_CHANGED)
def sensors(  # noqa: PLR0913 - parameters of the address
    request: Request,
    desk: Desk,
    who: Who,
    t: Words,
    *,
    at: At = None,
    property_: Annotated[str, Query(alias="property", max_length=100)] = "",
    bbox: Annotated[str, Query(max_length=120, description="west,south,east,north [°]")] = "",
    q: Text = "",
    numbers: Annotated[str, Query(max_length=50_000, description="Numbers with commas")] = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 5_000,
    offset: Annotated[int, Query(ge=0, le=100_000_000)] = 0,
) -> Response:
    """Return the sensors that one may see, with their last values as they stand or stood."""
    moment = read(at, moment_of, "at") if at is not None else None
    box = read(bbox, box_of, "bbox") if bbox else None
    asked = Asked(property_, q, box, read(numbers, numbers_of, "numbers") if numbers else None)
    found = wanted(t, desk.sensing.streams(who), asked)
    page = dict(list(found.items())[offset : offset + limit])
    now = moment or desk.sensing.now()
    body = Sensors(
        total=len(found), at=now, played=moment is not None,
        sensors=[SensorOut(**row) for row in _rows(desk, who, t, page, moment)],
        few=few_words(t, desk), note=note_of(t, desk, who),
    )  # fmt: skip
    return _answer(request, body)


@router.get("/sensors/day")
def played_day(
    desk: Desk,
    who: Who,
    t: Words,
    *,
    day: Annotated[
        date | None, Query(description="Of the town's clock; today where left out")
    ] = None,
    property_: Annotated[str, Query(alias="property", max_length=100)] = "",
    numbers: Annotated[str, Query(max_length=50_000, description="Numbers with commas")] = "",
) -> Day:
    """Return a day of all sensors in even steps, so that it can be played again."""
    asked = Asked(property_, numbers=read(numbers, numbers_of, "numbers") if numbers else None)
    return Day(**day_of(desk.sensing, who, day, wanted(t, desk.sensing.streams(who), asked)))


@router.get("/sensors/{number}")
def sensor(desk: Desk, who: Who, t: Words, *, number: Number, at: At = None) -> SensorDetail:
    """Return one sensor: last value, what is expected of it, licence, first and last value."""
    moment = read(at, moment_of, "at") if at is not None else None
    one = one_of(desk, who, number)
    row = _rows(desk, who, t, {number: one}, moment)[0]
    low, high = expected(one)
    return SensorDetail(
        **row, first=one.first, last=one.last, low=low, high=high,
        range_text=range_words(t, one), rule=rule_words(t, desk, one),
    )  # fmt: skip


@router.get("/feeds")
def feeds(desk: Desk, who: Who, t: Words) -> Feeds:
    """Return the sources of readings and how they are."""
    return Feeds(
        feeds=[FeedOut(**one) for one in feeds_of(t, desk.sensing, who)],
        note=note_of(t, desk, who),
    )


def one_of(desk: Context, who: Viewer, number: int) -> Seen:
    """
    Return a sensor as somebody may see it.

    Raises
    ------
    NotFoundError
        There is none, or not for them; both are the same to them.
    """
    found = desk.sensing.streams(who).get(number)
    if found is None:
        template = "There is no sensor {number} here."
        raise NotFoundError(template, hint="/api/sensors lists them.", number=str(number))
    return found


def few_words(t: Translator, desk: Context) -> str:
    """Return what is said of a count of persons that is kept back."""
    return t.text("below {count}", count=desk.settings.privacy.min_count)


def note_of(t: Translator, desk: Context, who: Viewer) -> str:
    """Return why there is nothing to see; empty where there is something."""
    if desk.sensing.any(who):
        return ""
    return t.text("No sensors are connected to this city yet.")


def read(text: str, reader: Callable[[str], T], place: str) -> T:
    """
    Return what a parameter of an address says.

    Raises
    ------
    ModelError
        It says nothing that can be read.
    """
    try:
        return reader(text)
    except (ValueError, OverflowError) as error:
        template = "{place} cannot be read: {text}."
        hint = "Times are like 2026-11-22T08:00, boxes like 7.1,50.7,7.2,50.8, numbers like 1,2,3."
        raise ModelError(template, hint=hint, place=place, text=text[:60]) from error


def expected(one: Seen) -> tuple[float | None, float | None]:
    """Return the lowest and the highest value that is expected, else the possible ones."""
    known = PROPERTIES.get(one.stream.property)
    usual = (known.low, known.high) if known and known.unit == one.stream.unit else (None, None)
    low, high = one.stream.low, one.stream.high
    return (usual[0] if low is None else low, usual[1] if high is None else high)


def range_words(t: Translator, one: Seen) -> str:
    """Return what is expected of a sensor in words; empty where nothing is."""
    low, high = expected(one)
    unit = unit_words(t, one.stream.unit)
    if low is None and high is None:
        return ""
    return t.text("{low} to {high}", low=value_words(t, low), high=value_words(t, high, unit))


def rule_words(t: Translator, desk: Context, one: Seen) -> str:
    """Return how small counts of persons are kept back; empty where everything is told."""
    if not one.counted:
        return ""
    return t.text(
        "Persons are told by whole hours, rounded to multiples of {count}. Below {count} the value "
        "is kept back, so that nobody can be recognised.",
        count=desk.settings.privacy.min_count,
    )


def _rows(
    desk: Context, who: Viewer, t: Translator, page: dict[int, Seen], moment: datetime | None
) -> list[dict[str, Any]]:
    latest = desk.sensing.latest(who, at=moment, numbers=page)
    now = moment or desk.sensing.now()
    return rows_of(t, page, latest, now, limit=desk.settings.privacy.min_count)


def _answer(request: Request, body: Sensors) -> Response:
    """Answer with what has changed; ages alone are no change."""
    text = body.model_dump_json()
    same = AGES.sub("", text)
    etag = f'W/"{sha256(same.encode()).hexdigest()[:24]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache",
               "Vary": "Accept-Language, Cookie"}  # fmt: skip
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(text, headers=headers, media_type="application/json")
