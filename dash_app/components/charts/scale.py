"""Round numbers on axes, and where values stand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dash_app.components.amounts import figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dash_app.i18n import Translator

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
LETTER = 7.6
"""Width of a digit in the text of a chart, in units of the drawing."""


def round_step(span: float, count: int = 4) -> float:
    """
    Return the round step that divides a span into about `count` parts, never more.

    >>> round_step(930.0), round_step(0.07), round_step(24.0, 4)
    (250.0, 0.02, 10.0)
    """
    if not math.isfinite(span) or span <= 0:
        return 1.0
    raw = span / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(part for part in STEPS if part * power >= raw * (1 - 1e-9)) * power
    return float(f"{step:.6g}")


def ticks(low: float, high: float, count: int = 4) -> tuple[float, ...]:
    """
    Return round numbers from at or below `low` to at or above `high`.

    >>> ticks(0.0, 930.0), ticks(-13.0, 4.0)
    ((0.0, 250.0, 500.0, 750.0, 1000.0), (-15.0, -10.0, -5.0, 0.0, 5.0))
    """
    step = round_step(high - low, count)
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    last = max(last, first + 1)
    return tuple(float(f"{place * step:.10g}") for place in range(first, last + 1))


@dataclass(frozen=True)
class Scale:
    """From values to places on a line; `start` may lie beyond `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the place of a value; values outside stand at the edge."""
        span = (self.high - self.low) or 1.0
        part = min(max((value - self.low) / span, 0.0), 1.0)
        return round(self.start + part * (self.end - self.start), 2)


def tick_texts(t: Translator, values: Sequence[float]) -> list[str]:
    """Return the numbers of an axis; zero without unit or comma."""
    return [figure(t, value) for value in values]


def text_width(texts: Iterable[str]) -> float:
    """Return how much room the widest of some texts takes."""
    return max((len(text) for text in texts), default=0) * LETTER


def finite(values: Iterable[float]) -> list[float]:
    """Return the values that are numbers."""
    return [float(value) for value in values if math.isfinite(value)]
