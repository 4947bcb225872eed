"""How far a figure may lie from its value, on one short line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dash_app.components.amounts import amount
from dash_app.components.svg import drawing, node

if TYPE_CHECKING:
    from dash_app.components.native import Svg
    from dash_app.components.svg import Node
    from dash_app.i18n import Translator
    from twin.indicators import Indicator

HEIGHT = 16
EDGE = 5.0


@dataclass(frozen=True)
class RangeBar:
    """A value, the range of the assumptions around it, what is wanted, what holds today."""

    value: float
    low: float
    high: float
    target: float | None = None
    today: float | None = None

    @property
    def ends(self) -> tuple[float, float]:
        """Lowest and highest of all, a little wider, so that nothing stands at the edge."""
        points = [self.value, self.low, self.high]
        points += [v for v in (self.target, self.today) if v is not None]
        low, high = min(points), max(points)
        more = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
        return low - more, high + more


def range_bar(
    shown: RangeBar, width: float, *, label: str, ends: tuple[float, float] | None = None
) -> Svg:
    """
    Return the drawing; `ends` puts several bars on one scale, `label` says it in words.

    The dot is the value, the band its range, the dashed line the target, the short line today.
    """
    low, high = ends or shown.ends
    span = (high - low) or 1.0

    def x(value: float) -> float:
        part = min(max((value - low) / span, 0.0), 1.0)
        return round(EDGE + part * (width - 2 * EDGE), 1)

    middle = HEIGHT / 2
    marks: list[Node] = [
        node("line", x1=0, x2=width, y1=middle, y2=middle, className="range-axis"),
        node(
            "rect", x=x(shown.low), y=middle - 3, height=6, rx=3, className="range-band",
            width=max(round(x(shown.high) - x(shown.low), 1), 2.0),
        ),
    ]  # fmt: skip
    if shown.today is not None:
        at = x(shown.today)
        marks.append(node("line", x1=at, x2=at, y1=2, y2=HEIGHT - 2, className="range-today"))
    if shown.target is not None:
        at = x(shown.target)
        marks.append(node("line", x1=at, x2=at, y1=1, y2=HEIGHT - 1, className="range-target"))
    marks.append(node("circle", cx=x(shown.value), cy=middle, r=4, className="range-dot"))
    return drawing(marks, width=width, height=HEIGHT, label=label, class_name="range-bar")


def range_words(t: Translator, indicator: Indicator, shown: RangeBar) -> str:
    """Return what a bar shows of an indicator, in words."""
    unit = indicator.unit
    parts = [
        t.text(
            "Range {low} to {high}",
            low=amount(t, shown.low, unit),
            high=amount(t, shown.high, unit),
        )
    ]
    if shown.target is not None:
        parts.append(t.text("target {value}", value=amount(t, shown.target, unit)))
    if shown.today is not None:
        parts.append(t.text("without measures {value}", value=amount(t, shown.today, unit)))
    return ", ".join(parts)
