"""Where does this number come from? Formula, range, inputs, assumptions, sources, areas, target."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import pandas as pd
from dash import html

from dash_app.components.amounts import (
    amount,
    change,
    figure,
    fitting,
    target_of,
    target_words,
    unit_parts,
)
from dash_app.components.charts.range_bar import RangeBar, range_bar, range_words
from dash_app.components.explain_areas import areas_section
from dash_app.components.explain_assumptions import assumptions_section
from dash_app.components.explain_targets import target_section
from dash_app.components.sides import area_name, chip, city_values, name_of, results_in, than
from dash_app.components.strip import delta_line
from dash_app.components.terms import SUMS, assumption_label
from dash_app.components.values import attrs, badge, icon, share_text
from dash_app.workspace.privacy import LEVELS as TABLE_OF
from dash_app.workspace.privacy import shown as seen_by
from twin.errors import TwinError
from twin.indicators import INDICATORS, LEVELS, WHOLE
from twin.indicators import explain as told_of
from twin.indicators.evaluate import peaks_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dash_app.i18n import Translator
    from dash_app.settings import Settings
    from dash_app.workspace.work import Side, Work
    from twin.indicators import Explanation, Indicator, Level
    from twin.simulate.results import Results, YearResults

MOST_DRIVERS = 6


def explain(  # noqa: PLR0913 - place and options of one figure
    t: Translator,
    work: Work,
    indicator: str,
    level: str = "city",
    area: str = WHOLE,
    *,
    theme: str = "",
    settings: Settings | None = None,
) -> html.Section:
    """
    Return the panel for one figure of what is shown.

    Parameters
    ----------
    level, area
        "city", "district" or "block", and which; what does not exist is said in words.
    theme
        Theme of assumptions that is unfolded.
    settings
        They say which areas are withheld; those of `work` where left out.
    """
    if indicator not in INDICATORS:
        return _only(t, t.text("There is no such indicator."))
    described, settings = INDICATORS[indicator], settings or work.settings
    if level not in LEVELS or level not in described.levels:
        level, area = "city", WHOLE
    side = work.pair[1]
    found = results_in(side, work.year)
    head = _head(t, work, described, level, area)
    if found is None:
        return _only(t, _missing(t, side), head)
    if _withheld(work, level, area, settings):
        return _only(t, t.text("Too few addresses: this value is not shown (privacy)."), head)
    try:
        told = _told(side, indicator, work.year, cast("Level", level), area)
    except TwinError as error:
        return _only(t, t.error(error), head)
    if told.problem is not None:
        return _only(t, t.error(told.problem), head)
    parts = [
        *head,
        _value(t, work, side, told),
        _formula(t, told, found),
        _range(t, work, side, told),
        _inputs(t, told),
        assumptions_section(t, work, side, told, theme=theme),
        areas_section(t, work, described, (told.level, told.area), settings),
        target_section(t, work, described),
        _sources(t, work, told),
    ]
    return _panel(parts)


def explain_panel(
    t: Translator, work: Work, panel: Mapping[str, Any], *, settings: Settings | None = None
) -> list[Any]:
    """Return the panel that a page asks for: `indicator`, `level`, `area`, `theme`, as texts."""
    words = {name: str(panel.get(name) or "") for name in ("indicator", "level", "area", "theme")}
    level, area = (words["level"] or "city"), (words["area"] or WHOLE)
    return [
        explain(t, work, words["indicator"], level, area, theme=words["theme"], settings=settings)
    ]


def _panel(parts: list[Any]) -> html.Section:
    return html.Section(
        [part for part in parts if part is not None],
        className="explain",
        **attrs(aria_labelledby="explain-title"),
    )


def _only(t: Translator, words: str, head: list[Any] | None = None) -> html.Section:
    title = t.text("Where does this number come from?")
    head = head or [_top(t), html.H2(title, className="inspector-title", id="explain-title")]
    return _panel([*head, html.P(words, className="explain-note", role="status")])


def _missing(t: Translator, side: Side) -> str:
    if side.problem is not None:
        return t.error(side.problem)
    return t.text("This figure is being computed. It appears here as soon as it is there.")


def _withheld(work: Work, level: str, area: str, settings: Settings) -> bool:
    if level == "city":
        return False
    ones = pd.Series([1.0], [area])
    return bool(seen_by(ones, TABLE_OF[level], work.city, work.viewer, settings)[1].iloc[0])


def _told(side: Side, indicator: str, year: int, level: Level, area: str) -> Explanation:
    """Return the explanation of the newest answer that has the year."""
    ready = side.year(year) is not None
    results = cast("Results", side.results if ready else side.stale)
    spread = side.spread if ready else None
    return told_of(results, indicator, year, level=level, area=area, spread=spread)


# ---- head ---------------------------------------------------------------------------------------


def _top(t: Translator, crumbs: Any = "") -> html.Div:
    close = t.text("Close")
    return html.Div(
        [
            html.P(crumbs, className="crumbs"),
            html.Button(
                icon("close"),
                type="button",
                className="button-bare",
                title=close,
                **attrs(data_work="panel", data_panel="inspector", aria_label=close),
            ),
        ],
        className="inspector-top",
    )


def _head(t: Translator, work: Work, indicator: Indicator, level: str, area: str) -> list[Any]:
    side = work.pair[1]
    crumbs = [chip(side), " ", f"{name_of(t, side)} · {work.year}"]
    parts: list[Any] = [
        _top(t, crumbs),
        html.P(t.text("Where does this number come from?"), className="inspector-kind"),
        html.H2(t.text(indicator.label), className="inspector-title", id="explain-title"),
    ]
    if level != "city":
        back = t.text("Whole town")
        button = html.Button(
            back,
            type="button",
            className="link",
            **attrs(data_work="panel", data_panel="explain", data_indicator=indicator.name),
        )
        named = html.Strong(area_name(t, work, level, area))
        parts.append(html.P([named, " · ", button], className="crumbs"))
    return parts


def _value(t: Translator, work: Work, side: Side, told: Explanation) -> html.Div:
    indicator = INDICATORS[told.name]
    unit, factor = fitting(told.unit, [told.value])
    stale = side.year(work.year) is None
    parts: list[Any] = [
        html.P(
            [
                html.Strong(figure(t, told.value * factor), className="explain-number"),
                " ",
                html.Span(unit_parts(t, unit), className="unit"),
            ],
            className="explain-value" + (" is-stale" if stale else ""),
        )
    ]
    if stale:
        parts.append(html.P([icon("clock"), t.text("being computed anew")], className="says-stale"))
    before = work.pair[0]
    other = results_in(before, work.year)
    if before is not side and other is not None:
        was = value_in(other, indicator, told.level, told.area)
        moved = change(t, indicator, told.value, was)
        parts.append(delta_line(t, moved, than(t, before)))
    target = target_of(work.targets, told.name, work.year)
    if target and told.level == "city":
        parts.append(html.P(target_words(t, indicator, target, told.value), className="quiet"))
    link = html.Button(
        [icon("link"), html.Span(t.text("Copy the link to this number"))],
        type="button",
        className="link explain-link",
        **attrs(data_work="copy-link"),
    )
    return html.Div([*parts, link], className="explain-head")


def value_in(found: YearResults, indicator: Indicator, level: Level, area: str) -> float:
    """Return a value of an answer; NaN where the area has none."""
    if level == "city":
        return city_values(found)[indicator.name]
    values = indicator.values(found.sums[level], peaks_of(found, level))
    return float(values.get(area, math.nan))


# ---- formula ------------------------------------------------------------------------------------


def _formula(t: Translator, told: Explanation, found: YearResults) -> html.Section:
    indicator = INDICATORS[told.name]
    numbers = _with_numbers(t, indicator, told, found)
    return html.Section(
        [
            html.H3(t.text("How it is worked out"), className="explain-title"),
            html.P(t.text(told.formula)),
            *([numbers] if numbers is not None else []),
        ],
        className="explain-section",
    )


def _with_numbers(
    t: Translator, indicator: Indicator, told: Explanation, found: YearResults
) -> html.Div | None:
    """Return the sums that the figure is made of, as lines of a calculation."""
    sums = found.sums[told.level]
    if indicator.peak or told.area not in sums.index:
        return None
    row = sums.loc[told.area]
    lines = _sum_lines(t, indicator.top, row, first="")
    if indicator.bottom:
        lines += _sum_lines(t, indicator.bottom, row, first="/")
    unit, factor = fitting(told.unit, [told.value])
    result = [html.Span("=", className="sum-sign"), html.Span(t.text(told.label)),
              html.Strong(f"{figure(t, told.value * factor)}\u202f{t.unit(unit)}")]  # fmt: skip
    return html.Div([*lines, html.P(result, className="sum-line is-sum")], className="sums")


def _sum_lines(t: Translator, names: tuple[str, ...], row: Any, *, first: str) -> list[html.P]:
    """Return one line for each part of a sum, and the sum where it has several."""
    parts = [(SUMS[name], float(row[name])) for name in names]
    if len(parts) == 1:
        (label, unit, factor), value = parts[0]
        return [_line(t.text(label), _of(t, value * factor, unit), first)]
    unit, factor = parts[0][0][1:]
    total = _of(t, sum(value for _, value in parts) * factor, unit)
    lines = [_line(t.text(label), _of(t, value * by, of), "+" if n else "", "is-part")
             for n, ((label, of, by), value) in enumerate(parts)]  # fmt: skip
    return [*lines, _line(t.text("Sum"), total, first)]


def _line(label: str, value: str, sign: str, kind: str = "") -> html.P:
    parts = [html.Span(sign, className="sum-sign"), html.Span(label), html.Span(value)]
    return html.P(parts, className=f"sum-line {kind}".strip())


def _of(t: Translator, value: float, unit: str) -> str:
    return amount(t, value, unit) if unit else figure(t, value)


# ---- range --------------------------------------------------------------------------------------


def _range(t: Translator, work: Work, side: Side, told: Explanation) -> html.Section:
    title = html.H3(t.text("Range of the assumptions"), className="explain-title")
    if told.low is None or told.high is None:
        inside: list[Any] = _no_range(t, side)
    else:
        indicator = INDICATORS[told.name]
        bar = RangeBar(told.value, told.low, told.high)
        words = t.text(
            "{low} to {high}",
            low=amount(t, told.low, told.unit),
            high=amount(t, told.high, told.unit),
        )
        drawn = range_bar(bar, 280, label=range_words(t, indicator, bar))
        inside = [html.P(words), html.Div(drawn, className="explain-bar"), *_drivers(t, told)]
    return html.Section([title, *inside], className="explain-section")


def _no_range(t: Translator, side: Side) -> list[Any]:
    words = t.text(
        "The range is worked out when nothing else is being computed. It takes a while: every "
        "assumption that matters is moved to both ends."
    )
    button = html.Button(
        t.text("Work out the range now"),
        type="button",
        className="button-small",
        **attrs(data_work="want-spread", data_side=side.key, data_hash=side.hash),
    )
    return [html.P(words, className="quiet"), button]


def _drivers(t: Translator, told: Explanation) -> list[Any]:
    drivers = told.drivers[:MOST_DRIVERS]
    if not drivers or told.level != "city":
        return []
    ends = [d.at_low for d in drivers] + [d.at_high for d in drivers]
    unit, factor = fitting(told.unit, ends)
    rows = [
        html.Tr(
            [
                html.Th(assumption_label(t, driver.name), scope="row"),
                html.Td(_moved(t, driver.at_low * factor), className="is-number"),
                html.Td(_moved(t, driver.at_high * factor), className="is-number"),
            ]
        )
        for driver in drivers
    ]
    head = [t.text("What moves it most"), t.text("Low end"), t.text("High end")]
    cells = [html.Th(words, scope="col", className="is-number" if n else "")
             for n, words in enumerate(head)]  # fmt: skip
    caption = html.Caption([t.text("Change of the figure in {unit}", unit=t.unit(unit))])
    table = html.Table([caption, html.Thead(html.Tr(cells)), html.Tbody(rows)],
                       className="explain-table")  # fmt: skip
    return [table]


def _moved(t: Translator, value: float) -> str:
    return f"+{figure(t, value)}" if value > 0 else figure(t, value)


# ---- inputs, sources, targets -------------------------------------------------------------------


def _inputs(t: Translator, told: Explanation) -> html.Section:
    rows = []
    for given in told.inputs:
        shares = sorted(given.shares.items(), key=lambda part: -part[1])
        badges = [
            html.Li([badge(t, kind), html.Span(share_text(t, round(share * 1000), 1000))])
            for kind, share in shares
            if share > 0
        ]
        rows.append(html.Li([html.Span(t.text(given.label), className="explain-name"),
                             html.Ul(badges, className="explain-kinds")]))  # fmt: skip
    parts: list[Any] = [
        html.H3(t.text("What goes in, and how firm it is"), className="explain-title"),
        html.P(t.text("Shares by heated area; of streets by length."), className="quiet"),
    ]
    return html.Section(
        [*parts, html.Ul(rows, className="explain-inputs")], className="explain-section"
    )


def _sources(t: Translator, work: Work, told: Explanation) -> html.Section:
    items = [
        html.Li(" · ".join(filter(None, (t.text(s.title), s.licence and t.text(s.licence),
                                         t.date(s.date) if s.date else ""))))
        for s in work.city.info.sources
    ]  # fmt: skip
    dated = t.text("Data of {date}.", date=t.date(told.data_date)) if told.data_date else ""
    model = t.text("Modelled values, no meter readings.")
    return html.Section(
        [
            html.H3(t.text("Sources"), className="explain-title"),
            html.P(f"{dated} {model}".strip()),
            html.Ul(items, className="explain-sources"),
        ],
        className="explain-section",
    )
