"""The legend of a view: one scale for both sides, limits at the borders, widths as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import html

from dash_app import views
from dash_app.components.amounts import figure, unit_parts
from dash_app.components.charts.scale import text_width
from dash_app.components.native import Svg
from dash_app.components.svg import drawing, node
from dash_app.workspace.drawn import change_scales, drawn_values, shared_scales

if TYPE_CHECKING:
    from dash_app.components.svg import Node
    from dash_app.i18n import Translator
    from dash_app.map.colours import Scale
    from dash_app.views import View
    from dash_app.workspace.work import Work

WIDTH = 280.0
THEMES = ("light", "dark")


def legend_of(t: Translator, work: Work, view: View) -> list[Any]:
    """Return the legend of what the map shows, of the difference where that is shown."""
    found = {side.key: year for side in work.sides if (year := side.year(work.year)) is not None}
    if not found:
        return [html.P(t.text("The values are being computed."), className="quiet")]
    why = next((w for year in found.values() if (w := views.problem_of(view, year, work.city))), "")
    if why:
        return [html.P(t.text(why), className="value-note")]
    values = drawn_values(work, view)
    if work.shown == "diff":
        moved = change_scales(work, view, values, work.pair)
        if not moved:
            return [html.P(t.text("The values are being computed."), className="quiet")]
        return _drawn(t, view, moved, work.hour, difference=True)
    return _drawn(t, view, shared_scales(work, view, values), work.hour, difference=False)


def _drawn(
    t: Translator, view: View, scales: dict[str, Scale], hour: int | None, *, difference: bool
) -> list[Any]:
    light, dark = scales["light"], scales["dark"]
    if light.kind == "category":
        return [_words(t, view, light, dark), _missing(t, light, dark)]
    head: list[Any] = [t.text("Change in") if difference else t.text("in"), " "]
    head += unit_parts(t, view.unit_at(hour))
    if not light.breaks:
        words = t.text("No change anywhere.") if difference else t.text("The same everywhere.")
        return [html.P(words, className="quiet"), _missing(t, light, dark)]
    parts: list[Any] = [
        html.P(head, className="value-unit"),
        _bar(t, view, light, dark, difference=difference),
    ]
    if difference:
        parts.append(_ends(t, view))
    return [*parts, _missing(t, light, dark)]


def _bar(t: Translator, view: View, light: Scale, dark: Scale, *, difference: bool) -> Any:
    """Return the classes as one bar; of a flow as strokes of their width on the map."""
    count = len(light.colours)
    each = WIDTH / count
    tall = 20.0 if view.kind == "flow" else 11.0
    nodes: list[Node] = []
    for place, colours in enumerate(zip(light.colours, dark.colours, strict=True)):
        thick = _stroke(place, count) if view.kind == "flow" and not difference else 11.0
        top = (tall - thick) / 2
        for theme, colour in zip(THEMES, colours, strict=True):
            nodes.append(
                node("rect", x=round(place * each + (1 if view.kind == "flow" else 0), 1),
                     y=round(top, 1), width=round(each - (2 if view.kind == "flow" else 0), 1),
                     height=round(thick, 1), fill=colour, className=f"of-{theme}")
            )  # fmt: skip
    nodes += _limits(t, light, each, tall, signed=difference)
    texts = [_limit(t, v, signed=difference) for v in light.breaks]
    label = t.text("Classes, limits {limits}", limits=", ".join(texts))
    return drawing(nodes, width=WIDTH, height=tall + 20, label=label, class_name="chart value-bar")


def _stroke(place: int, count: int) -> float:
    """Return the width of a stroke of the legend, from thin to wide."""
    return float(2.5 + (place / max(count - 1, 1)) ** 1.4 * 15)


def _limits(t: Translator, scale: Scale, each: float, tall: float, *, signed: bool) -> list[Node]:
    """Return the limits at the borders between classes; one that has no room is left out."""
    found: list[Node] = []
    taken = -1e9
    for place, value in enumerate(scale.breaks, start=1):
        text = _limit(t, float(value), signed=signed)
        at, half = place * each, text_width([text]) / 2
        if at - half < taken + 5:
            continue
        taken = at + half
        found.append(
            node("text", text, x=round(at, 1), y=tall + 16, className="tick-x", textAnchor="middle")
        )
    return found


def _limit(t: Translator, value: float, *, signed: bool) -> str:
    text = figure(t, value)
    return f"+{text}" if signed and value > 0 else text


def _ends(t: Translator, view: View) -> html.P:
    """Return what both ends of a difference mean, in words."""
    less, more = t.text("less"), t.text("more")
    if view.better == "down":
        less, more = t.text("less, better"), t.text("more, worse")
    elif view.better == "up":
        less, more = t.text("less, worse"), t.text("more, better")
    return html.P([html.Span(less), html.Span(more)], className="value-ends")


def _words(t: Translator, view: View, light: Scale, dark: Scale) -> html.Ul:
    rows = []
    for word, one, other in zip(light.breaks, light.colours, dark.colours, strict=True):
        words = views.word_of(view, str(word), t)
        rows.append(html.Li([_swatch(one, other), html.Span(words[:1].upper() + words[1:])]))
    return html.Ul(rows, className="value-words")


def _missing(t: Translator, light: Scale, dark: Scale) -> html.Ul:
    """Return what is grey on the map, and what is withheld."""
    row = html.Li([_swatch(light.nodata, dark.nodata), html.Span(t.text("no value, or withheld"))])
    return html.Ul([row], className="value-words")


def _swatch(light: str, dark: str) -> Any:
    nodes = [node("rect", x=0, y=0, width=20, height=14, rx=3, fill=colour, className=f"of-{k}")
             for k, colour in zip(THEMES, (light, dark), strict=True)]  # fmt: skip
    root = node("svg", *nodes, viewBox="0 0 20 14", **{"aria-hidden": "true"})
    return Svg(className="value-swatch", drawing=root, role="presentation")
