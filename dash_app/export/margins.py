"""What stands around a printed map: title, legend, scale bar, north, sources, hashes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import TextToPath

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from dash_app.export.paper import Sheet
    from dash_app.i18n import Translator

MM = 25.4
INK, QUIET, EDGE = "#1C2429", "#485259", "#C9BFB1"
SIDE_MM = 52.0
"""Width of the column beside the map on A4; larger sheets in proportion."""
LEAST_POINTS = 3.5


@dataclass(frozen=True, eq=False)
class Page:
    """The sheet around the map [mm]; `factor` is its size against A4."""

    axes: Axes
    width: float
    height: float
    factor: float

    @property
    def edge(self) -> float:
        """Width of the border that stays empty."""
        return 8 * self.factor

    def write(self, x: float, y: float, text: str, size: float, **more: Any) -> None:
        """Write text as it is: a name with a dollar sign is no formula."""
        more = {"color": INK, "fontsize": size * self.factor, "parse_math": False, **more}
        self.axes.text(x, y, text, **more)

    def patch(self, x: float, y: float, size: tuple[float, float], **style: Any) -> None:
        """Draw a box."""
        self.axes.add_patch(Rectangle((x, y), *size, **style))


def draw_margins(
    t: Translator, figure: Figure, sheet: Sheet, measures: tuple[float, float, float, int]
) -> None:
    """Draw all around the map; `measures` are width, height [mm], factor and 1 : n."""
    width, height, factor, number = measures
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    axes.axis("off")
    page = Page(axes, width, height, factor)
    edge = page.edge
    whole = width - 2 * edge
    title, size = fitted(sheet.title, 15, whole / factor, lines=1)
    page.write(edge, height - edge - 5.5 * factor, title, size, fontweight="bold")
    text, size = fitted(sheet.subtitle, 9, whole / factor, lines=1)
    page.write(edge, height - edge - 11 * factor, text, size, color=QUIET)
    left = width - edge - SIDE_MM * factor
    low = _legend(t, page, sheet, left)
    _scale_bar(t, page, (left, min(low - 14 * factor, height - 120 * factor)), number)
    _north(page, left + 44 * factor, edge + 38 * factor)
    for place, line in enumerate(_told(t, sheet)):
        page.write(left, edge + (24 - 4.2 * place) * factor, line, 7, color=QUIET)
    lines = dict.fromkeys(s.attribution for s in sheet.city.info.sources if s.attribution)
    credit, size = fitted(" · ".join(t.text(line) for line in lines), 6.5, whole / factor, lines=4)
    page.write(edge, edge + 8 * factor, credit, size, color=QUIET, va="top")


def _told(t: Translator, sheet: Sheet) -> list[str]:
    day = sheet.city.info.data_date
    lines = [
        t.text("Scenario {hash}", hash=sheet.scenario_hash[:12]) if sheet.scenario_hash else "",
        t.text("City {hash}", hash=sheet.city.hash[:12]),
        t.text("Data: {date}", date=t.date(day)) if day else "",
        t.text("Printed {date}", date=t.date(date.today())),
    ]
    return [line for line in lines if line]


def text_mm(text: str, points: float) -> float:
    """Return how wide a line of text is on paper [mm]."""
    width, _, _ = TextToPath().get_text_width_height_descent(
        text, FontProperties(size=100, weight="bold"), ismath=False
    )
    return float(width) / 100 * points * MM / 72


def fitted(text: str, points: float, width_mm: float, *, lines: int) -> tuple[str, float]:
    """
    Return text broken into at most so many lines of a width, and the size it fits in.

    It gets smaller where it is long, down to `LEAST_POINTS`; then its end is cut off.
    """
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    words = [(word, text_mm(word, 1.0)) for word in text.split(" ")]
    space = text_mm("n n", 1.0) - text_mm("nn", 1.0)
    while True:
        broken = _broken(words, space, width_mm / points)
        if len(broken) <= lines:
            return "\n".join(broken), points
        if points <= LEAST_POINTS:
            return "\n".join([*broken[: lines - 1], broken[lines - 1][:-1] + "…"]), points
        points = max(LEAST_POINTS, points * 0.9)


def _broken(words: list[tuple[str, float]], space: float, most: float) -> list[str]:
    """Break words of known widths into lines of at most a width, all for letters of one point."""
    lines: list[str] = []
    line, used = "", 0.0
    for one, length in words:
        word, wide = one, length
        if line and used + space + wide > most:
            lines.append(line)
            line, used = "", 0.0
        while wide > most and len(word) > 1:  # one word too long
            part = max(1, int(len(word) * most / wide) - 1)
            lines.append(word[:part])
            word, wide = word[part:], wide * (len(word) - part) / len(word)
        line, used = f"{line} {word}".strip(), used + wide + (space if line else 0.0)
    return [*lines, line]


def _legend(t: Translator, page: Page, sheet: Sheet, x: float) -> float:
    """Draw classes with their limits; return how far down it reaches [mm]."""
    factor = page.factor
    y = page.height - page.edge - 16 * factor
    if sheet.scale is None:
        return y
    heading, size = fitted(sheet.legend, 9, SIDE_MM, lines=4)
    page.write(x, y, heading, size, fontweight="bold", va="top")
    y -= (5 + 4 * heading.count("\n")) * factor
    rows = [
        (word, {"facecolor": colour, "edgecolor": EDGE})
        for colour, word in zip(sheet.scale.colours, sheet.words, strict=True)
    ]
    if sheet.withheld is not None and bool(sheet.withheld.any()):
        style = {"facecolor": "#E4E1DC", "edgecolor": "#8B857B", "hatch": "////"}
        rows.append((t.text("withheld: few addresses"), style))
    step = min(5.2, 85 / max(len(rows), 1))  # room for all above the scale bar
    for word, style in rows:
        y -= step * factor
        page.patch(x, y, (8 * factor, 0.75 * step * factor), linewidth=0.3, **style)
        text, size = fitted(word, 7.5 * step / 5.2, SIDE_MM - 10, lines=1)
        page.write(x + 10 * factor, y + 0.17 * step * factor, text, size)
    return y


def _scale_bar(t: Translator, page: Page, place: tuple[float, float], number: int) -> None:
    """Draw a bar of a round length and the printed scale."""
    (x, y), factor = place, page.factor
    metres = bar_length(number, 40 * factor)
    long = 1000 * metres / number
    for part in range(4):
        colour = INK if part % 2 == 0 else "white"
        size = (long / 4, 1.6 * factor)
        style = {"facecolor": colour, "edgecolor": INK, "linewidth": 0.4, "gid": "scale-bar"}
        page.patch(x + part * long / 4, y, size, **style)
    end = t.number(metres / 1000, "km") if metres >= 1000 else t.number(metres, "m")
    page.write(x, y + 2.6 * factor, "0", 7)
    page.write(x + long, y + 2.6 * factor, end, 7, ha="center")
    page.write(x, y - 4.5 * factor, f"1 : {t.number(number)}", 8)


def bar_length(number: int, most_mm: float) -> float:
    """
    Return the longest round length [m] that fits on so much paper at a scale.

    >>> bar_length(10_000, 40)
    200.0
    """
    most = most_mm * number / 1000
    power = 10.0 ** np.floor(np.log10(most))
    return float(max(n * power for n in (1, 2, 5) if n * power <= most * (1 + 1e-9)))


def _north(page: Page, x: float, y: float) -> None:
    factor = page.factor
    page.axes.annotate(
        "N", xy=(x, y + 9 * factor), xytext=(x, y), ha="center", va="center",
        fontsize=9 * factor, color=INK,
        arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 0.8 * factor},
    )  # fmt: skip
