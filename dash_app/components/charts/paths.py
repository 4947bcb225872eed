"""Paths of indicators over the stage years: today, A and B with their ranges and targets."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dash_app.components.amounts import amount
from dash_app.components.charts.lines import Line, lines_chart, years_axis
from dash_app.components.sides import band, city_values, letter, years_of
from twin.indicators import INDICATORS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dash import html

    from dash_app.i18n import Translator
    from dash_app.workspace.work import Side, Work


def path_charts(t: Translator, work: Work, names: Sequence[str]) -> list[html.Figure]:
    """Return one chart an indicator; years still being computed are left open."""
    years = years_of(work)
    values = {side.key: side_values(side) for side in work.sides}
    found = []
    for name in names:
        lines = [_line(t, side, name, years, values[side.key]) for side in work.sides]
        known = [line for line in lines if any(math.isfinite(v) for v in line.values)]
        if known:
            found.append(_chart(t, work, name, years, known))
    return found


def side_values(side: Side) -> dict[int, dict[str, float]]:
    """Return the indicators of the whole city by year, as far as they are worked out."""
    results = side.results or side.stale
    if results is None:
        return {}
    return {year: city_values(found) for year, found in results.years.items()}


def _line(
    t: Translator,
    side: Side,
    name: str,
    years: Sequence[int],
    values: dict[int, dict[str, float]],
) -> Line:
    line = [values.get(year, {}).get(name, math.nan) for year in years]
    reach = [band(side.spread, name, year) for year in years]
    low = [v - r[0] if r else math.nan for v, r in zip(line, reach, strict=True)]
    high = [v + r[1] if r else math.nan for v, r in zip(line, reach, strict=True)]
    ranged = any(r is not None for r in reach)
    return Line(
        letter(t, side), f"c-{side.key}", line, low=low if ranged else None,
        high=high if ranged else None, dashed=side.key == "base",
    )  # fmt: skip


def _chart(
    t: Translator, work: Work, name: str, years: Sequence[int], lines: Sequence[Line]
) -> html.Figure:
    indicator = INDICATORS[name]
    targets = work.targets.get(name, {})
    marks = [
        (float(year), value, t.text("Target {year}: {value}", year=str(year),
                                    value=amount(t, value, indicator.unit)))
        for year, value in sorted(targets.items())
        if years[0] <= year <= years[-1]
    ]  # fmt: skip
    ends = "; ".join(
        t.text("{side} from {first} to {last}", side=line.words,
               first=amount(t, _ends(line)[0], indicator.unit),
               last=amount(t, _ends(line)[1], indicator.unit))
        for line in lines
    )  # fmt: skip
    says = t.text("{indicator} by year: {ends}.", indicator=t.text(indicator.label), ends=ends)
    return lines_chart(
        t, t.text(indicator.label), years_axis(t, years, work.year), lines, unit=indicator.unit,
        says=says, marks=marks, name=f"path-{name}",
    )  # fmt: skip


def _ends(line: Line) -> tuple[float, float]:
    known = [v for v in line.values if math.isfinite(v)]
    return known[0], known[-1]
