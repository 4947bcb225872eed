"""Small plots as SVG that stands in the page; colours come from its style sheet."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from layers.quality_report.words import Words, safe

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS = ("measured", "registered", "tagged", "estimated", "unknown", "missing")

WIDE, LEFT, TOP, HIGH, STEP = 640, 8, 28, 150, 42


def _svg(key: str, height: float, title: str, about: str, body: str) -> str:
    """Wrap a plot with the title and the description that a screen reader gives."""
    return (
        f'<svg viewBox="0 0 {WIDE} {height:g}" role="img" '
        f'aria-labelledby="{key}-t {key}-d" xmlns="http://www.w3.org/2000/svg">'
        f'<title id="{key}-t">{safe(title)}</title><desc id="{key}-d">{safe(about)}</desc>'
        f"{body}</svg>"
    )


def classes(entry: dict[str, Any], words: Words) -> list[tuple[str, int]]:
    """Return the classes of a histogram in words with their counts, empty ones at the ends not."""
    unit, edges = entry["unit"], entry["edges"]

    def shown(value: float) -> str:
        return words.number(value, unit)

    inner = [
        (words.fill("{low} to {high}", low=shown(low), high=shown(high)), count)
        for (low, high), count in zip(pairwise(edges), entry["counts"], strict=True)
    ]
    below = (words.fill("less than {value}", value=shown(edges[0])), entry["below"])
    above = (words.fill("more than {value}", value=shown(edges[-1])), entry["above"])
    rows = [below, *inner, above]
    held = [place for place, (_, count) in enumerate(rows) if count]
    return rows[held[0] : held[-1] + 1] if held else []


def histogram(key: str, entry: dict[str, Any], *, title: str, words: Words) -> str:
    """Draw counts by class as upright bars of equal width, edges of the classes below."""
    counts = [entry["below"], *entry["counts"], entry["above"]]
    step = (WIDE - 2 * LEFT) / len(counts)
    base = TOP + HIGH
    ticks = [
        f'<text class="tick" x="{LEFT + (place + 1) * step:.1f}" y="{base + 20}">'
        f"{safe(words.number(edge, ''))}</text>"
        for place, edge in enumerate(entry["edges"])
    ]
    line = f'<path class="axis" d="M{LEFT} {base + 0.5}H{WIDE - LEFT}"/>'
    unit = f'<text class="unit" x="{WIDE - LEFT}" y="{base + 42}">{safe(entry["unit"])}</text>'
    about = words.fill(
        "{count} buildings; middle value {median}, mean distance from zero {distance}.",
        count=entry["count"],
        median=words.number(entry["median"], entry["unit"]),
        distance=words.number(entry["mean_absolute"], entry["unit"]),
    )
    upright = _upright(counts, step, words)
    return _svg(key, base + 50, title, about, "".join([*upright, line, *ticks, unit]))


def _upright(counts: Sequence[int], step: float, words: Words) -> list[str]:
    """Return upright bars, the count above each that holds anything."""
    most = max(*counts, 1)
    drawn = []
    for place, count in enumerate(counts):
        tall = HIGH * count / most
        x, y = LEFT + place * step, TOP + HIGH - tall
        if count:
            drawn.append(
                f'<rect class="bar" x="{x + 2:.1f}" y="{y:.1f}" width="{step - 4:.1f}" '
                f'height="{tall:.1f}"/>'
                f'<text class="count" x="{x + step / 2:.1f}" y="{y - 5:.1f}">'
                f"{safe(words.number(count, ''))}</text>"
            )
    return drawn


def stacked(key: str, rows: Sequence[tuple[str, dict[str, int]]], *, title: str, about: str) -> str:
    """Draw for each row how its values divide among the kinds of source, as one bar of 100 %."""
    body = []
    for place, (label, counts) in enumerate(rows):
        y = place * STEP
        body.append(f'<text class="label" x="{LEFT}" y="{y + 14}">{safe(label)}</text>')
        x, total = float(LEFT), max(sum(counts.values()), 1)
        for kind in KINDS:
            wide = (WIDE - 2 * LEFT) * counts.get(kind, 0) / total
            if wide:
                body.append(
                    f'<rect class="kind-{kind}" x="{x:.2f}" y="{y + 19}" width="{wide:.2f}" '
                    f'height="14"/>'
                )
            x += wide
    return _svg(key, max(len(rows), 1) * STEP, title, about, "".join(body))


def bars(key: str, rows: Sequence[tuple[str, float, str]], *, title: str, about: str) -> str:
    """Draw one lying bar for each (label, value, value in words)."""
    most = max((value for _, value, _ in rows), default=0) or 1
    body = []
    for place, (label, value, shown) in enumerate(rows):
        y, wide = place * STEP, (WIDE - 2 * LEFT) * value / most
        body.append(f'<text class="label" x="{LEFT}" y="{y + 14}">{safe(label)}</text>')
        body.append(
            f'<text class="value" x="{WIDE - LEFT}" y="{y + 14}">{safe(shown)}</text>'
            f'<rect class="bar" x="{LEFT}" y="{y + 19}" width="{wide:.2f}" height="14"/>'
        )
    return _svg(key, max(len(rows), 1) * STEP, title, about, "".join(body))
