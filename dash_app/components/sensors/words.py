"""What sensors say, in words: properties, units, ages, flags, states, reasons of refusal."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from dash_app.components.amounts import figure
from dash_app.sensing.moments import ZONE
from layers.sensors.properties import PROPERTIES
from layers.sensors.records import Flag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dash_app.i18n import Translator

UNITS = {
    "1": "", "Cel": "°C", "deg": "°", "ug/m3": "µg/m³", "W/m2": "W/m²", "m3/s": "m³/s", "m3": "m³",
    "m3/h": "m³/h", "[ppm]": "ppm", "kW.h": "kWh", "W.h": "Wh", "MW.h": "MWh", "dB": "dB",
    "m/s2": "m/s²", "[degF]": "°F", "m2": "m²",
}  # fmt: skip
"""UCUM codes as people write them; others stand as they are."""

COUNTED = {
    "vehicle": "vehicles",
    "person": "persons",
    "bicycle": "bicycles",
    "space": "spaces",
    "point": "charging points",
}
"""What a unit in braces counts; keys of the catalogue in the context "unit"."""

FLAGS: Mapping[Flag, tuple[str, str]] = {
    Flag.RANGE: ("range", "outside the expected range"),
    Flag.STUCK: ("stuck", "the same value for too long"),
    Flag.JUMP: ("jump", "changed faster than it can"),
    Flag.SUSPECT: ("suspect", "called doubtful by its own source"),
    Flag.SKEW: ("skew", "the clock of the device is wrong"),
    Flag.LATE: ("late", "came late"),
    Flag.MOVED: ("moved", "the device reports another place"),
    Flag.GAP: ("gap", "first value after a gap"),
    Flag.REPLAYED: ("replayed", "of a recorded day, played again"),
}
"""What a flag is called, and what it says in words; the gravest first."""

REASONS: Mapping[str, tuple[str, str]] = {
    "not_json": ("The message cannot be read", "Look at one message with the maker's tools."),
    "too_large": (
        "Message or page is too large",
        "Ask for smaller pages, or raise most_bytes of the source.",
    ),
    "no_value": ("There is no value where the mapping looks", "Check the path of the mapping."),
    "no_number": (
        "There is text where a number should be",
        "Check the path, or leave the field out.",
    ),
    "not_finite": ("The value is no number", "The device should send nothing instead."),
    "no_time": ("There is no time that can be read", "Check path and form of the time."),
    "time_past": ("The time lies too far back", "Check the clock of the device."),
    "time_future": (
        "The time lies in the future",
        "Check the clock and the time zone of the source.",
    ),
    "unit": ("The unit is of another kind", "Give the unit in which the source really reports."),
    "no_location": ("The place is missing", "Give it under `at` in sensors.toml."),
    "unknown_stream": ("The device is not listed", "Add it to the source, or take it off the air."),
    "too_many_streams": (
        "More devices than the source may bring",
        "Raise most_streams if they are all yours.",
    ),
    "unknown_format": ("The kind of message is not known", "Describe it by a mapping."),
    "fault": ("Something else went wrong", "See the log of the worker."),
}
"""Why a value was not taken, and what an operator can do."""

MINUTE, HOUR, DAY = 60, 3_600, 86_400
MOST_DAYS = 400
MOST_PLACES = 2
"""Digits after the point: no sensor of a town knows more."""


def property_words(t: Translator, property_: str) -> str:
    """Return what is observed as people call it; a word of the source's own stays as it is."""
    known = PROPERTIES.get(property_)
    if known is not None:
        return t.text(known.label)
    return property_.replace("_", " ")[:60]


def unit_words(
    t: Translator, unit: str, *, statistic: str = "", interval_s: float | None = None
) -> str:
    """
    Return a unit as people write it; a count says of how long.

    >>> from dash_app.i18n import translator
    >>> unit_words(translator("en"), "Cel"), unit_words(translator("en"), "kW.h")
    ('°C', 'kWh')
    """
    counted = re.fullmatch(r"\{(\w+)\}", unit)
    words = UNITS.get(unit, re.sub(r"\{[^{}]*\}", "", unit).replace(".", "·"))
    if counted:
        name = COUNTED.get(counted[1], counted[1])
        words = t.text(name, context="unit")
    if statistic != "count" or not interval_s:
        return words
    if interval_s == HOUR:
        return f"{words or '1'}/h"
    if interval_s == DAY:
        return t.text("{unit} a day", unit=words)
    minutes = interval_s / MINUTE
    return t.text("{unit} in {minutes} min", unit=words, minutes=figure(t, minutes))


def value_words(t: Translator, value: float | None, unit: str = "") -> str:
    """
    Return a measured value with its unit, with the digits a reader needs.

    >>> from dash_app.i18n import translator
    >>> value_words(translator("de"), 13.456, "°C"), value_words(translator("de"), 1234.0)
    ('13,5\u202f°C', '1.234')
    """
    if value is None or not math.isfinite(value):
        return "–"
    digits = 3 if abs(value) < 1_000 else 4
    shown = round(float(f"{value:.{digits}g}"), MOST_PLACES)
    text = t.number(shown if value != int(value) else value, digits=digits).replace("-", "−")
    return f"{text}\u202f{unit}" if unit else text


def age_words(t: Translator, seconds: float | None) -> str:
    """
    Return how long ago something was.

    >>> from dash_app.i18n import translator
    >>> age_words(translator("en"), 200.0), age_words(translator("en"), 90_000.0)
    ('3 minutes ago', '1 day ago')
    """
    if seconds is None or not math.isfinite(seconds):
        return t.text("no value yet")
    if seconds < MINUTE:
        return t.text("just now") if seconds > -HOUR else t.text("dated in the future")
    if seconds < HOUR:
        return t.plural("{count} minute ago", "{count} minutes ago", int(seconds // MINUTE))
    if seconds < DAY:
        return t.plural("{count} hour ago", "{count} hours ago", int(seconds // HOUR))
    days = int(seconds // DAY)
    if days < MOST_DAYS:
        return t.plural("{count} day ago", "{count} days ago", days)
    return t.plural("{count} year ago", "{count} years ago", int(days // 365.25))


def span_words(t: Translator, seconds: float) -> str:
    """Return a length of time: "5 min", "1 h", "2 days"."""
    if seconds < HOUR:
        return t.text("{count} min", count=float(f"{seconds / MINUTE:.3g}"))
    if seconds < 2 * DAY:
        return t.text("{count} h", count=float(f"{seconds / HOUR:.3g}"))
    return t.plural("{count} day", "{count} days", round(seconds / DAY))


def local(ms: int) -> datetime:
    """Return a moment by the clock of the town."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).astimezone(ZONE)


def clock_words(t: Translator, moment: datetime) -> str:
    """
    Return date and time of the town's clock; in the hour that comes twice also which of the two.

    >>> from dash_app.i18n import translator
    >>> clock_words(translator("en"), local(1_792_888_200_000))
    '25 Oct 2026, 02:30 (summer time)'
    """
    here = moment.astimezone(ZONE)
    text = f"{t.date(here.date())}, {t.time(here.hour * 60 + here.minute)}"
    if here.replace(fold=0).utcoffset() == here.replace(fold=1).utcoffset():
        return text
    season = t.text("winter time") if here.fold else t.text("summer time")
    return f"{text} ({season})"


def flag_names(flags: int) -> list[str]:
    """
    Return the names of the flags of a value, the gravest first.

    >>> flag_names(int(Flag.JUMP | Flag.RANGE))
    ['range', 'jump']
    """
    return [name for flag, (name, _) in FLAGS.items() if flags & flag]


def flag_words(t: Translator, flags: int) -> list[str]:
    """Return the flags of a value in words, the gravest first."""
    return [t.text(words) for flag, (_, words) in FLAGS.items() if flags & flag]


def reason_words(t: Translator, reason: str) -> tuple[str, str]:
    """Return why a value was not taken, and what to do."""
    what, todo = REASONS.get(reason, REASONS["fault"])
    return t.text(what), t.text(todo)
