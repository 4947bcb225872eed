"""What the town wants to reach with a figure, and where planners agree on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.amounts import (
    amount,
    rounded,
    target_of,
)
from dash_app.components.explain_assumptions import figure_to_edit
from dash_app.components.native import Input
from dash_app.components.values import attrs, icon

if TYPE_CHECKING:
    from dash_app.i18n import Translator
    from dash_app.workspace.work import Work
    from twin.indicators import Indicator


def target_section(t: Translator, work: Work, indicator: Indicator) -> html.Section | None:
    """Return the targets of the town for this figure; planners can set and remove them."""
    found = sorted(work.targets.get(indicator.name, {}).items())
    may = work.viewer.may_edit
    if not found and not may:
        return None
    rows = [_target_row(t, indicator, year, value, may=may) for year, value in found]
    parts: list[Any] = [html.H3(t.text("Targets of the town"), className="explain-title")]
    parts.append(html.Ul(rows, className="explain-targets") if rows else
                 html.P(t.text("No target is set."), className="quiet"))  # fmt: skip
    if may:
        parts.append(_new_target(t, work, indicator))
    return html.Section(parts, className="explain-section")


def _target_row(
    t: Translator, indicator: Indicator, year: int, value: float, *, may: bool
) -> html.Li:
    parts: list[Any] = [html.Span(f"{year}"), html.Strong(amount(t, value, indicator.unit))]
    if may:
        said = t.text("Remove the target of {year}", year=str(year))
        parts.append(
            html.Button(
                icon("close"), type="button", className="button-bare", title=said,
                **attrs(data_work="target", data_indicator=indicator.name, data_year=str(year),
                        data_value="", aria_label=said),
            )
        )  # fmt: skip
    return html.Li(parts)


def _new_target(t: Translator, work: Work, indicator: Indicator) -> html.Div:
    named = html.Label(
        [html.Span(t.text("Year")),
         Input(id="target-year", type="text", inputMode="numeric", maxLength=4,
               value=str(work.year))],
        className="field",
    )  # fmt: skip
    unit = f" ({t.unit(indicator.unit)})" if indicator.unit else ""
    start = target_of(work.targets, indicator.name, work.year)
    text = figure_to_edit(t, rounded(start.value)) if start else ""
    valued = html.Label(
        [html.Span(t.text("Value") + unit),
         Input(id="target-value", type="text", inputMode="decimal", maxLength=16, value=text)],
        className="field",
    )  # fmt: skip
    button = html.Button(
        t.text("Set the target"), type="button", className="button-small",
        **attrs(data_work="target", data_indicator=indicator.name),
    )  # fmt: skip
    return html.Div([named, valued, button], className="explain-new")
