"""What is odd about a value: a sign and words, never colour alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import html

from dash_app.components.sensors.words import flag_words, unit_words, value_words
from dash_app.components.values import icon

if TYPE_CHECKING:
    from dash_app.i18n import Translator
    from dash_app.sensing.board import Sensor


def marks_of(t: Translator, sensor: Sensor, *, replayed: bool = True) -> list[tuple[str, str]]:
    """
    Return what to notice about a sensor: name of the sign, short words; the gravest first.

    Without `replayed` it is said elsewhere, once for all.
    """
    found = []
    if sensor.alert:
        words = t.text("below its threshold") if sensor.alert == "below" else t.text(
            "above its threshold"
        )  # fmt: skip
        found.append(("alert", words))
    if sensor.odd:
        found.append(("odd", t.text("odd")))
    if sensor.state == "silent":
        found.append(("silent", t.text("silent")))
    if sensor.state == "old":
        found.append(("old", t.text("overdue")))
    if sensor.replayed and replayed:
        found.append(("replayed", t.text("played again")))
    if sensor.few:
        found.append(("few", t.text("withheld")))
    return found


def mark_list(t: Translator, sensor: Sensor, *, replayed: bool = True) -> html.Span:
    """Return the marks as one line; the title says the flags in full."""
    title = "; ".join(flag_words(t, sensor.flags)) or None
    parts = [
        html.Span([icon(f"sense-{name}"), html.Span(words)], className=f"sense-mark is-{name}")
        for name, words in marks_of(t, sensor, replayed=replayed)
    ]
    return html.Span(parts, className="sense-marks", title=title)


def shown_value(t: Translator, sensor: Sensor, unit: str, *, fewest: int) -> list[html.Span]:
    """Return value and unit; a count of few persons says only that it is below the limit."""
    if sensor.few:
        words = t.text("below {count}", count=fewest)
        return [html.Span(words, className="sense-value")]
    number = value_words(t, sensor.value)
    parts = [html.Span(number, className="sense-value")]
    if unit and number != "–":
        parts.append(html.Span(unit, className="sense-unit unit"))
    return parts


def short_value(t: Translator, sensor: Sensor, *, fewest: int) -> str:
    """Return the value with a unit that needs no words, as `page_sensors.js` writes it."""
    if sensor.few:
        return t.text("below {count}", count=fewest)
    unit = "" if "{" in sensor.stream.unit else unit_words(t, sensor.stream.unit)
    return value_words(t, sensor.value, unit)
