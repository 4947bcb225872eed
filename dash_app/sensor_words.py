"""Words for the state of sources, for what was refused, and for moments, at the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from layers.sensors.properties import PROPERTIES

if TYPE_CHECKING:
    from dash_app.i18n import Translator

ZONE = ZoneInfo("Europe/Berlin")
STATES = ("starting", "connected", "waiting", "failed", "stopped")


def reason_words(words: Translator, reason: str) -> tuple[str, str]:
    """Return why something was refused and what to do about it, in words."""
    from dash_app.components.sensors.words import REASONS  # noqa: PLC0415 - with all of the page

    if reason not in REASONS:
        return reason, ""
    why, hint = REASONS[reason]
    return words.text(why), words.text(hint)


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
