"""How figures are said: three digits, units at a fitting size, changes and targets in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dash import html

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dash_app.i18n import Translator
    from twin.indicators import Indicator

Direction = Literal["rise", "fall", "even"]
Verdict = Literal["better", "worse", "even", "none"]

LARGER = {
    "kWh/a": ("MWh/a", 1e-3, 1e4),
    "MWh/a": ("GWh/a", 1e-3, 1e4),
    "kWh": ("MWh", 1e-3, 1e4),
    "MWh": ("GWh", 1e-3, 1e4),
    "kW": ("MW", 1e-3, 1e4),
    "kWp": ("MWp", 1e-3, 1e4),
    "EUR": ("million EUR", 1e-6, 1e6),
    "EUR/a": ("million EUR/a", 1e-6, 1e6),
}
"""Unit, the larger one, factor to it, and the value from which it reads better."""

SMALLER = {
    "million EUR": ("EUR", 1e6, 0.1),
    "million EUR/a": ("EUR/a", 1e6, 0.1),
    "MW": ("kW", 1e3, 0.1),
}
"""Unit, the smaller one, factor to it, and the value below which it reads better."""

STILL_SHARE = 0.0005
"""A change below this part of the value is none."""
STILL_POINTS = 0.05
"""The same in percent points."""
MUCH = 3.0
"""From this multiple of itself on, a change is said in its unit and not in percent."""


def rounded(value: float, digits: int = 3) -> float:
    """
    Return a value with three significant digits, as every figure on screen has.

    >>> rounded(58349.0), rounded(0.014999), rounded(float("nan"))
    (58300.0, 0.015, nan)
    """
    if not math.isfinite(value) or value == 0:
        return value
    places = digits - 1 - math.floor(math.log10(abs(value)))
    return round(value, places)


def figure(t: Translator, value: float | None) -> str:
    """
    Return a number with three significant digits in the notation of the language.

    >>> from dash_app.i18n import translator
    >>> figure(translator("de"), 58349.2), figure(translator("de"), float("nan"))
    ('58.300', '–')
    """
    if value is None or not math.isfinite(value):
        return "–"
    return t.number(rounded(float(value))).replace("-", "\u2212")


def fitting(unit: str, values: Iterable[float | None]) -> tuple[str, float]:
    """
    Return the unit in which values read well, and the factor to it; one for all of them.

    >>> fitting("MWh/a", [412_000.0, 9.0]), fitting("%", [12.0]), fitting("million EUR", [0.013])
    (('GWh/a', 0.001), ('%', 1.0), ('EUR', 1000000.0))
    """
    known = [abs(value) for value in values if value is not None and math.isfinite(value)]
    most = max(known, default=0.0)
    if unit in LARGER and most >= LARGER[unit][2]:
        return LARGER[unit][:2]
    if unit in SMALLER and 0 < most < SMALLER[unit][2]:
        return SMALLER[unit][:2]
    return unit, 1.0


def amount(t: Translator, value: float | None, unit: str) -> str:
    """
    Return value and unit as one text, in a unit that fits.

    >>> from dash_app.i18n import translator
    >>> amount(translator("de"), 412_345.0, "MWh/a")
    '412\u202fGWh/a'
    """
    shown, factor = fitting(unit, [value])
    text = figure(t, None if value is None else value * factor)
    return f"{text}\u202f{t.unit(shown)}" if shown and text != "–" else text


def unit_parts(t: Translator, unit: str) -> list[Any]:
    """Return a unit as screens show it: the 2 of CO2 stands low."""
    text = t.unit(unit) if unit else ""
    parts: list[Any] = []
    for place, piece in enumerate(text.split("CO2")):
        if place:
            parts += ["CO", html.Sub("2")]
        if piece:
            parts.append(piece)
    return parts


@dataclass(frozen=True)
class Change:
    """What a figure does against another, in words: "12 % more", and whether that is better."""

    direction: Direction
    words: str
    verdict: Verdict


def change(t: Translator, indicator: Indicator, after: float, before: float) -> Change:
    """Return how a figure differs from what it is compared with; percent in points."""
    moved = after - before
    if not math.isfinite(moved):
        return Change("even", "–", "none")
    direction = direction_of(indicator.unit, after, before)
    if direction == "even":
        return Change("even", t.text("the same"), "even")
    words = more_or_less(t, _size(t, indicator.unit, after, before), direction)
    return Change(direction, words, verdict_of(indicator.better, direction))


def direction_of(unit: str, after: float, before: float) -> Direction:
    """Return whether a figure rises, falls, or stays as far as anybody could tell."""
    moved = after - before
    still = STILL_POINTS if unit == "%" else STILL_SHARE * max(abs(after), abs(before))
    if not math.isfinite(moved) or abs(moved) <= still:
        return "even"
    return "rise" if moved > 0 else "fall"


def verdict_of(better: str, direction: Direction) -> Verdict:
    """Return whether it is good news; `better` as the indicator has it."""
    if direction == "even":
        return "even"
    if better == "neither":
        return "none"
    return "better" if (direction == "rise") == (better == "up") else "worse"


def verdict_words(t: Translator, verdict: Verdict) -> str:
    """Return the verdict as a word; empty where there is none to give."""
    words = {"better": t.text("better"), "worse": t.text("worse"), "even": "", "none": ""}
    return words[verdict]


def _size(t: Translator, unit: str, after: float, before: float) -> str:
    moved = abs(after - before)
    if unit == "%":
        return t.plural("{count} point", "{count} points", rounded(round(moved, 2), 2))  # type: ignore[arg-type]
    if before == 0 or abs(after) > MUCH * abs(before) or after * before < 0:
        return amount(t, moved, unit)
    return percent(t, moved / abs(before))


def percent(t: Translator, share: float) -> str:
    """
    Return a share in percent, with a digit after the point where it is small.

    >>> from dash_app.i18n import translator
    >>> percent(translator("de"), 0.1234), percent(translator("de"), 0.0123)
    ('12\u202f%', '1,2\u202f%')
    """
    value = share * 100
    places = 0 if abs(value) >= 9.95 else 1
    return t.number(round(value, places) if abs(value) >= 0.1 else rounded(value, 1), "%").replace(
        "-", "\u2212"
    )


def more_or_less(t: Translator, size: str, direction: Direction) -> str:
    """Return "12 % more" or "12 % less"."""
    if direction == "rise":
        return t.text("{amount} more", amount=size)
    return t.text("{amount} less", amount=size)


@dataclass(frozen=True)
class Target:
    """What the town wants of a figure in a year."""

    year: int
    value: float


def target_of(targets: Mapping[str, Mapping[int, float]], name: str, year: int) -> Target | None:
    """Return the target of the year, else the next one to come, else the last there was."""
    found = targets.get(name)
    if not found:
        return None
    coming = [wanted for wanted in sorted(found) if wanted >= year]
    wanted = coming[0] if coming else max(found)
    return Target(wanted, float(found[wanted]))


def target_words(t: Translator, indicator: Indicator, target: Target, value: float) -> str:
    """Return a target and what is still missing: "Target 2030: 350, still -15 %"."""
    _, factor = fitting(indicator.unit, [value])
    head = t.text(
        "Target {year}: {value}", year=str(target.year), value=_plain(t, indicator, target, factor)
    )
    if not math.isfinite(value):
        return head
    if _met(indicator, target, value):
        return t.text("{target}, reached", target=head)
    gap = target.value - value
    if indicator.unit == "%":
        missing = _signed(figure(t, rounded(abs(gap), 2)), gap)
        return t.text("{target}, {missing} points to go", target=head, missing=missing)
    if value == 0:
        return head
    missing = _signed(percent(t, abs(gap / value)), gap)
    return t.text("{target}, {missing} to go", target=head, missing=missing)


def _plain(t: Translator, indicator: Indicator, target: Target, factor: float) -> str:
    text = figure(t, target.value * factor)
    return f"{text}\u202f%" if indicator.unit == "%" else text


def _met(indicator: Indicator, target: Target, value: float) -> bool:
    if indicator.better == "up":
        return value >= target.value
    if indicator.better == "down":
        return value <= target.value
    return direction_of(indicator.unit, value, target.value) == "even"


def _signed(text: str, gap: float) -> str:
    return f"+{text}" if gap > 0 else f"\u2212{text}"
