"""The bottom panel of a comparison: indicators, flows, paths, who gains, concrete examples."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from dash import html

from dash_app.components.amounts import (
    amount,
    change,
    figure,
    fitting,
    unit_parts,
    verdict_words,
)
from dash_app.components.charts.energy import carrier_sankeys
from dash_app.components.charts.mobility import trip_sankeys
from dash_app.components.charts.paths import path_charts
from dash_app.components.charts.range_bar import RangeBar, range_bar, range_words
from dash_app.components.gains import gains_section
from dash_app.components.sides import band, figures, letter
from dash_app.components.strip import CARDS
from dash_app.components.values import attrs, icon
from dash_app.components.view_panel import comparison_left, side_names
from dash_app.workspace.privacy import fine_allowed
from twin.indicators import INDICATORS
from twin.indicators.catalogue import GROUPS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from dash_app.components.sides import Figures
    from dash_app.i18n import Translator
    from dash_app.settings import Settings
    from dash_app.workspace.work import Side, Work
    from twin.indicators import Indicator

__all__ = [
    "Example", "building_examples", "comparison", "comparison_left", "indicator_section",
    "side_names",
]  # fmt: skip


@dataclass(frozen=True)
class Example:
    """Something one can picture: one building's costs, the minutes of one trip."""

    words: str  # in the language of the screen
    before: float
    after: float
    unit: str
    better: str = "down"  # "up", "down", "neither"


def comparison(
    t: Translator,
    work: Work,
    *,
    cards: Sequence[str] = (),
    examples: Sequence[Example] = (),
    settings: Settings | None = None,
) -> html.Div:
    """
    Return the panel for the two that are compared.

    Parameters
    ----------
    cards
        Indicators that stand first and whose paths are drawn.
    examples
        Of what is picked on the map, e.g. by `building_examples`.
    """
    before, after = work.pair
    if before is after:
        return html.Div(_nothing(t), className="compare compare-empty")
    chosen = [name for name in cards if name in INDICATORS] or list(CARDS["compare"])
    left = [
        indicator_section(t, work, chosen),
        gains_section(t, work, settings or work.settings),
        _examples(t, work, examples),
    ]
    right = [
        _flows(t, work, (before, after)),
        _section(t.text("Paths"), path_charts(t, work, chosen), kind="charts"),
    ]
    columns = [
        html.Div([part for part in parts if part is not None], className="compare-column")
        for parts in (left, right)
    ]
    return html.Div(columns, className="compare")


def _nothing(t: Translator) -> list[Any]:
    words = t.text("Choose a scenario as A, and another one as B, to compare them.")
    return [html.P(words, className="quiet")]


def _section(title: str, parts: Sequence[Any], *, kind: str = "") -> html.Section | None:
    if not parts:
        return None
    return html.Section(
        [html.H3(title, className="compare-title"), html.Div(list(parts), className=kind)],
        className="compare-section",
    )


# ---- the table ----------------------------------------------------------------------------------


def indicator_section(t: Translator, work: Work, chosen: Sequence[str]) -> html.Section:
    """Return all indicators before and after: the chosen ones first, all others by group."""
    before, after = work.pair
    pair = figures(t, work, before), figures(t, work, after)
    parts: list[Any] = [html.H3(t.text("Indicators"), className="compare-title")]
    parts += _states(t, (before, after), pair)
    parts.append(_table(t, work, chosen, pair, t.text("Chosen indicators")))
    for group, heading in GROUPS.items():
        names = [n for n, indicator in INDICATORS.items() if indicator.group == group]
        summary = html.Summary([icon("after"), f"{t.text(heading)} ({len(names)})"])
        table = _table(t, work, names, pair, t.text(heading))
        parts.append(html.Details([summary, table], className="compare-fold"))
    return html.Section(parts, className="compare-section compare-indicators")


def _states(t: Translator, sides: tuple[Side, Side], pair: tuple[Figures, Figures]) -> list[html.P]:
    """Say which side is not up to date, and why."""
    found = []
    for side, one in zip(sides, pair, strict=True):
        if one.state == "failed":
            words = t.text("{side} could not be computed: {why}", side=letter(t, side), why=one.why)
            found.append(html.P([icon("warning"), words], className="compare-note says-failed"))
        elif one.state != "ready":
            words = t.text("{side} is being computed anew.", side=letter(t, side))
            found.append(html.P([icon("clock"), words], className="compare-note says-stale"))
    return found


def _table(
    t: Translator, work: Work, names: Sequence[str], pair: tuple[Figures, Figures], caption: str
) -> html.Div:
    before, after = work.pair
    heads = [
        html.Th(t.text("Indicator"), scope="col"),
        html.Th(letter(t, before), scope="col", className="is-number"),
        html.Th(letter(t, after), scope="col", className="is-number"),
        html.Th(t.text("Difference"), scope="col", className="is-number"),
        html.Th(t.text("Range; line: {side}", side=letter(t, before)), scope="col",
                className="is-number compare-range"),
    ]  # fmt: skip
    rows = [_row(t, work, INDICATORS[name], pair) for name in names]
    table = html.Table(
        [
            html.Caption(caption, className="only-spoken"),
            html.Thead(html.Tr(heads)),
            html.Tbody(rows),
        ],
        className="explain-table compare-table",
    )
    return html.Div(
        table, className="compare-scroll", tabIndex=0, role="region", **attrs(aria_label=caption)
    )


def _row(t: Translator, work: Work, indicator: Indicator, pair: tuple[Figures, Figures]) -> html.Tr:
    old, new = (found.values.get(indicator.name, math.nan) for found in pair)
    unit, factor = fitting(indicator.unit, [old, new])
    label = html.Button(
        [t.text(indicator.label), " ", html.Span(unit_parts(t, unit), className="unit")],
        type="button",
        className="row-key compare-key",
        title=t.text("Where does this number come from?"),
        **attrs(data_work="panel", data_panel="explain", data_indicator=indicator.name),
    )
    stale = {found.state for found in pair} != {"ready"}
    return html.Tr(
        [
            html.Th(label, scope="row"),
            html.Td(figure(t, old * factor), className="is-number"),
            html.Td(html.Strong(figure(t, new * factor)), className="is-number"),
            _missing(t, indicator, pair) or _difference(t, work, indicator, (old, new)),
            html.Td(_range(t, work, indicator, (old, new)), className="is-number compare-range"),
        ],
        className="is-stale" if stale else "",
    )


def _missing(t: Translator, indicator: Indicator, pair: tuple[Figures, Figures]) -> html.Td | None:
    """Say why there is no difference, where the model of one side failed for this figure alone."""
    why = next(
        (found.lacking[indicator.name] for found in pair if indicator.name in found.lacking), ""
    )
    if not why:
        return None
    words = t.text("could not be computed")
    return html.Td(
        [icon("warning"), html.Span(words)], className="is-number says-failed", title=why
    )


def _difference(
    t: Translator, work: Work, indicator: Indicator, values: tuple[float, float]
) -> html.Td:
    old, new = values
    moved = change(t, indicator, new, old)
    said = ", ".join(filter(None, (moved.words, verdict_words(t, moved.verdict))))
    parts: list[Any] = [icon(moved.direction), html.Span(said)]
    if moved.direction != "even" and not holds(work, indicator.name, new - old):
        words = t.text("uncertain")
        title = t.text("More or less depends on the assumptions: the range reaches over zero.")
        parts.append(html.Span(words, className="compare-unsure", title=title))
    inside = html.Span(parts, className=f"compare-change says-{moved.verdict}")
    return html.Td(inside, className="is-number")


def holds(work: Work, name: str, moved: float) -> bool:
    """
    Return whether a difference keeps its sign when the assumptions move; True where unknown.

    Both sides see the same assumption at the same end.
    """
    before, after = work.pair
    if before.spread is None or after.spread is None:
        return True
    first, second = (_ends(side.spread, name, work.year) for side in (before, after))
    ends = (second - first).dropna().to_numpy()
    if not len(ends):
        return True
    below = float(np.sqrt((np.minimum(ends.min(axis=1), 0) ** 2).sum()))
    above = float(np.sqrt((np.maximum(ends.max(axis=1), 0) ** 2).sum()))
    return moved - below > 0 or moved + above < 0


def _ends(spread: pd.DataFrame | None, name: str, year: int) -> pd.DataFrame:
    """Return what each assumption does to one figure at both ends; index: assumption."""
    assert spread is not None
    names, years = (spread.index.get_level_values(level) for level in ("indicator", "year"))
    rows = spread[(names == name) & (years == year)][["low", "high"]]
    return rows.set_axis(rows.index.get_level_values("assumption"), axis=0)


def _range(t: Translator, work: Work, indicator: Indicator, values: tuple[float, float]) -> Any:
    old, new = values
    reach = band(work.pair[1].spread, indicator.name, work.year)
    if reach is None or not math.isfinite(new):
        return html.Span("–", className="quiet")
    today = old if math.isfinite(old) else None
    shown = RangeBar(new, new - reach[0], new + reach[1], today=today)
    return range_bar(shown, 72, label=range_words(t, indicator, shown))


# ---- flows, examples ----------------------------------------------------------------------------


def _flows(t: Translator, work: Work, sides: tuple[Side, Side]) -> html.Section | None:
    energy = carrier_sankeys(t, work, sides)
    trips = trip_sankeys(t, work, sides)
    parts: list[Any] = []
    if energy:
        title = t.text("Final energy for heat: carrier and use")
        parts += [html.H3(title, className="compare-title"), html.Div(energy, className="charts")]
    if trips:
        title = t.text("Trips of residents: district and mode")
        parts += [html.H3(title, className="compare-title"), html.Div(trips, className="charts")]
    if not parts:
        return None
    note = html.P(t.text("Both sides are drawn in one scale."), className="quiet")
    return html.Section([*parts, note], className="compare-section")


def _examples(t: Translator, work: Work, examples: Sequence[Example]) -> html.Section:
    title = html.H3(t.text("Concrete examples"), className="compare-title")
    if not examples:
        words = t.text(
            "Pick a building on the map, or a way between two places, and read here what changes "
            "for it."
        )
        return html.Section([title, html.P(words, className="quiet")], className="compare-section")
    items = [html.Li(_example(t, work, one)) for one in examples]
    return html.Section([title, html.Ul(items, className="compare-examples")],
                        className="compare-section")  # fmt: skip


def _example(t: Translator, work: Work, one: Example) -> list[Any]:
    before, after = work.pair
    kind = _AnyFigure(one.unit, one.better)
    moved = change(t, kind, one.after, one.before)  # type: ignore[arg-type]
    said = ", ".join(filter(None, (moved.words, verdict_words(t, moved.verdict))))
    values = t.text("{before} in {one}, {after} in {other}", before=amount(t, one.before, one.unit),
                    one=letter(t, before), after=amount(t, one.after, one.unit),
                    other=letter(t, after))  # fmt: skip
    return [
        html.Strong(one.words),
        html.Span(values),
        html.Span([icon(moved.direction), said],
                  className=f"compare-change says-{moved.verdict}"),
    ]  # fmt: skip


@dataclass(frozen=True)
class _AnyFigure:
    """What `change` must know of a figure."""

    unit: str
    better: str


EXAMPLES = (
    ("annual_cost_eur", "Annual costs", "EUR/a"),
    ("energy_cost_eur", "Energy costs", "EUR/a"),
    ("co2e_t", "Greenhouse gas", "t CO2e/a"),
)


def building_examples(
    t: Translator, work: Work, building: str, settings: Settings | None = None
) -> tuple[Example, ...]:
    """Return what changes for one building; nothing for those who may not see single ones."""
    before, after = (side.year(work.year) for side in work.pair)
    if before is None or after is None or not fine_allowed(work.viewer, settings or work.settings):
        return ()
    if building not in before.buildings.index or building not in after.buildings.index:
        return ()
    one, other = (year.buildings.loc[[building]].iloc[0] for year in (before, after))
    return tuple(
        Example(t.text(label), float(one[name]), float(other[name]), unit)
        for name, label, unit in EXAMPLES
    )
