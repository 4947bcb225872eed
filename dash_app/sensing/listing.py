"""Sensors as rows of plain values: what each last said, how old it is, how it stands in words."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from dash_app.components.sensors.words import age_words, flag_names, flag_words, property_words
from dash_app.components.sensors.words import unit_words as unit_said
from dash_app.components.sensors.words import value_words as value_said
from dash_app.i18n import translator
from dash_app.sensing.board import ODD, group_of, state_of
from dash_app.sensing.moments import local_text
from dash_app.sensing.sensed import as_mapping
from dash_app.sensing.spots import paths_of, place_of
from layers.sensors.records import Flag

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from dash_app.i18n import Translator
    from dash_app.sensing.seen import Seen
    from layers.sensors.records import Datastream

STATES = ("ok", "old", "silent", "alert", "flagged")
"""How a sensor stands; the map, the list and the events use these words."""


REPLAYED, DOUBTED = int(Flag.REPLAYED), int(ODD)


class Last(NamedTuple):
    """A last value: when, how much, which flags, whether it is withheld."""

    at: datetime
    value: float
    flags: int
    withheld: bool


class Asked(NamedTuple):
    """Which sensors are wanted."""

    property: str = ""
    text: str = ""
    box: tuple[float, float, float, float] | None = None  # west, south, east, north
    numbers: frozenset[int] | None = None


def wanted(t: Translator, streams: Mapping[int, Seen], asked: Asked) -> dict[int, Seen]:
    """Return the datastreams that are asked for, by number, in the order of their numbers."""
    parts = asked.text.casefold().split()
    return {
        number: one
        for number, one in sorted(streams.items())
        if (asked.numbers is None or number in asked.numbers)
        and (not asked.property or one.stream.property == asked.property)
        and (asked.box is None or _within(one.stream, asked.box))
        and (not parts or all(part in _searched(t, one.stream) for part in parts))
    }


def rows_of(
    t: Translator,
    streams: Mapping[int, Seen],
    latest: pd.DataFrame,
    now: datetime,
    *,
    limit: int,
) -> list[dict[str, Any]]:
    """
    Return sensors as rows for the API and the map.

    Parameters
    ----------
    latest
        Of `Sensed.latest`.
    now
        Moment that ages are reckoned from: the present, or the one that is played.
    limit
        `settings.privacy.min_count`, for the words of what is withheld.
    """
    last = as_mapping(latest) if len(latest) else {}
    return [
        row_of(t, one, Last(*last[number]) if number in last else None, now, limit)
        for number, one in streams.items()
    ]


def row_of(
    t: Translator, one: Seen, last: Last | None, now: datetime, limit: int
) -> dict[str, Any]:
    """Return one sensor as a row."""
    stream = one.stream
    state = state_at(stream, last, now)
    unit = _unit_said(t.lang, stream.unit, stream.statistic, stream.interval_s)
    place = place_of(stream)
    return {
        "number": one.number,
        "name": stream.name,
        "property": stream.property,
        "label": _label(t.lang, stream.property),
        "group": group_of(stream.property),
        "unit": stream.unit,
        "unit_text": unit,
        "unit_short": "" if "{" in stream.unit else _unit_said(t.lang, stream.unit),
        "statistic": stream.statistic,
        "interval_s": stream.interval_s,
        "lon": place[0] if place else None,
        "lat": place[1] if place else None,
        "height_m": stream.height_m,
        "line": paths_of(stream.line),
        "street": stream.street,
        "direction": stream.direction,
        "licence": stream.licence,
        "attribution": stream.attribution,
        "replayed": stream.replayed or bool(last and last.flags & REPLAYED),
        "hourly": one.counted,
        "alert_below": stream.alert_below,
        "alert_above": stream.alert_above,
        "at": last.at if last else None,
        "local": local_text(last.at) if last else None,
        "value": _number(last),
        "withheld": bool(last and last.withheld),
        "text": said(t, last, unit, limit),
        "flags": flag_names(last.flags) if last and last.flags else [],
        "state": state,
        "words": words_of(t, one, last, now),
        "age_s": age_of(stream, last, now),
        "inside": _inside(one),
    }


def state_at(stream: Datastream, last: Last | None, now: datetime) -> str:
    """Return how a sensor stands, one of `STATES`; the gravest counts."""
    if last is None:
        return "silent"
    fresh = state_of(stream, _ms(last.at), _ms(now))
    if fresh == "silent":
        return "silent"
    if alert_of(stream, last.value):
        return "alert"
    if last.flags & DOUBTED:
        return "flagged"
    return "old" if fresh == "old" else "ok"


def alert_of(stream: Datastream, value: float) -> str:
    """Return which threshold a value is beyond: `below`, `above` or neither."""
    if stream.alert_below is not None and value < stream.alert_below:
        return "below"
    return "above" if stream.alert_above is not None and value > stream.alert_above else ""


def said(t: Translator, last: Last | None, unit: str, limit: int) -> str:
    """Return a last value in words: "12.3 °C", "below 5", "no value yet"."""
    if last is None:
        return t.text("no value yet")
    if last.withheld:
        return t.text("below {count}", count=limit)
    return _value_said(t.lang, last.value, unit)


def words_of(t: Translator, one: Seen, last: Last | None, now: datetime) -> str:
    """Return how a sensor stands in words: threshold, flags, age."""
    stream = one.stream
    if last is None:
        return t.text("no value yet")
    parts = []
    side = alert_of(stream, last.value)
    limit = stream.alert_below if side == "below" else stream.alert_above
    if side and limit is not None:
        threshold = value_said(t, limit, unit_said(t, stream.unit))
        template = "alert: below {limit}" if side == "below" else "alert: above {limit}"
        parts.append(t.text(template, limit=threshold))
    flags = last.flags | (REPLAYED if stream.replayed else 0)
    if flags:
        parts += flag_words(t, flags & (DOUBTED | REPLAYED))
    if state_at(stream, last, now) == "silent":
        parts.append(t.text("silent"))
    return " · ".join([*parts, age_words(t, age_of(stream, last, now))])


def age_of(stream: Datastream, last: Last | None, now: datetime) -> float | None:
    """Return the age of a value in seconds; of an interval since its end, where that is known."""
    if last is None:
        return None
    age = (now - last.at).total_seconds()
    spans = stream.statistic in {"count", "mean"} and stream.interval_s
    return round(max(age - float(stream.interval_s or 0), 0.0) if spans else age, 3)


def box_of(text: str) -> tuple[float, float, float, float]:
    """
    Return west, south, east, north of a text with commas.

    Raises
    ------
    ValueError
        It is no box in degrees.
    """
    west, south, east, north = (float(part) for part in text.split(","))
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise ValueError(text)
    return west, south, east, north


def numbers_of(text: str, most: int = 5_000) -> frozenset[int]:
    """Return the numbers of a text with commas; `ValueError` for what is none, or too many."""
    parts = [part for part in text.split(",") if part]
    if len(parts) > most or not all(part.isdecimal() and len(part) < 10 for part in parts):
        raise ValueError(text)
    return frozenset(int(part) for part in parts)


def _searched(t: Translator, stream: Datastream) -> str:
    parts = (stream.name, property_words(t, stream.property), stream.property, stream.street)
    return " ".join(parts).casefold()


def _within(stream: Datastream, box: tuple[float, float, float, float]) -> bool:
    place = place_of(stream)
    if place is None:
        return False
    west, south, east, north = box
    return west <= place[0] <= east and south <= place[1] <= north


def _inside(one: Seen) -> dict[str, Any] | None:
    if not one.inside:
        return None
    stream = one.stream
    return {"key": stream.key, "source": stream.source, "device": stream.device,
            "public": stream.public}  # fmt: skip


def _number(last: Last | None) -> float | None:
    known = last is not None and not last.withheld and math.isfinite(last.value)
    return last.value if last is not None and known else None


@lru_cache(maxsize=2_000)
def _label(lang: str, property_: str) -> str:
    return property_words(translator(lang), property_)


@lru_cache(maxsize=2_000)
def _unit_said(lang: str, unit: str, statistic: str = "", interval_s: float | None = None) -> str:
    return unit_said(translator(lang), unit, statistic=statistic, interval_s=interval_s)


@lru_cache(maxsize=20_000)
def _value_said(lang: str, value: float, unit: str) -> str:
    return value_said(translator(lang), value, unit)


def _ms(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp() * 1000)
