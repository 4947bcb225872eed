"""Words for the state of sources, for what was refused, and for moments, at the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, get_args
from zoneinfo import ZoneInfo

from layers.sensors.properties import PROPERTIES
from layers.sensors.records import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dash_app.i18n import Translator

ZONE = ZoneInfo("Europe/Berlin")
STATES = ("starting", "connected", "waiting", "failed", "stopped", "note")
REASONS: Mapping[str, str] = {
    "not_json": "Text that cannot be read",
    "too_large": "Too large or too deep",
    "no_value": "No value in it",
    "no_number": "Text where a number should be",
    "not_finite": "Not a number, or infinite",
    "no_time": "No time, or one that cannot be read",
    "time_past": "Time too long ago",
    "time_future": "Time in the future",
    "unit": "Unit of another kind",
    "no_location": "No location",
    "unknown_stream": "Datastream that is not listed",
    "too_many_streams": "Too many datastreams",
    "unknown_format": "Unknown format",
    "fault": "Another fault",
}
"""Why something was refused (English msgids)."""


def reason_word(words: Translator, reason: str) -> str:
    """Return why something was refused, in words."""
    return words.text(REASONS[reason]) if reason in get_args(Reason) else reason


def state_word(words: Translator, state: str) -> str:
    """Return the state of a source in words."""
    return words.text(state.capitalize(), "feed") if state in STATES else state


def property_word(words: Translator, name: str) -> str:
    """Return what a datastream observes, in words; a word of the source as it is."""
    return words.text(PROPERTIES[name].label) if name in PROPERTIES else name


def moment(words: Translator, at: datetime | float | None) -> str:
    """Return a moment in local time; a number is seconds since 1970."""
    if at is None:
        return "–"
    aware = at if isinstance(at, datetime) else datetime.fromtimestamp(at, UTC)
    local = aware.astimezone(ZONE)
    return f"{words.date(local.date())} {local:%H:%M:%S}"
