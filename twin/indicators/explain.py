"""Where a figure comes from: formula, inputs with how firm they are, assumptions, range, date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twin.errors import ModelError
from twin.indicators.catalogue import INDICATORS
from twin.indicators.definition import KEYS, WHOLE, Indicator, Level
from twin.indicators.evaluate import peaks_of
from twin.indicators.lacking import lacking
from twin.indicators.ranges import with_bounds
from twin.provenance import KINDS, kind_of
from twin.schema import STOCK, STREETS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twin.assumptions import Assumption
    from twin.errors import TwinError
    from twin.simulate.results import Results, YearResults


@dataclass(frozen=True)
class InputShares:
    """One column that the figure rests on: how much area, or street, has its value from where."""

    column: str
    label: str
    shares: Mapping[str, float]  # by kind of `twin.provenance`, sum 1


@dataclass(frozen=True)
class Driver:
    """One assumption that moves the figure, and by how much at either end of its range."""

    name: str
    at_low: float
    at_high: float


@dataclass(frozen=True)
class Explanation:
    """Everything a figure can say of itself; `low`, `high` and `drivers` only after a spread."""

    name: str
    label: str
    level: Level
    area: str
    year: int
    value: float
    unit: str
    formula: str
    inputs: tuple[InputShares, ...]
    assumptions: tuple[Assumption, ...]
    data_date: str
    low: float | None = None
    high: float | None = None
    drivers: tuple[Driver, ...] = ()
    problem: TwinError | None = None  # why there is no value

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            **{
                k: v for k, v in vars(self).items() if k not in ("inputs", "assumptions", "drivers")
            },
            "inputs": [{**vars(i), "shares": dict(i.shares)} for i in self.inputs],
            "assumptions": [vars(a) for a in self.assumptions],
            "drivers": [vars(d) for d in self.drivers],
            "problem": None if self.problem is None else str(self.problem),
        }


def explain(
    results: Results,
    name: str,
    year: int,
    *,
    level: Level = "city",
    area: str = WHOLE,
    spread: pd.DataFrame | None = None,
) -> Explanation:
    """Return where one figure comes from; `spread` of `twin.indicators.ranges` adds its range."""
    indicator = _known(name, results, year)
    found = results.years[year]
    values = indicator.values(found.sums[level], peaks_of(found, level))
    if area not in values.index:
        template = "{indicator} has no value for {level} {area}."
        hint = "Known are, for example: {some}."
        some = ", ".join(map(str, values.index[:5]))
        raise ModelError(template, hint=hint, indicator=name, level=level, area=area, some=some)
    value = float(values[area])
    low, high = _range(indicator, value, (level, area, year), results, spread)
    return Explanation(
        name=name,
        label=indicator.label,
        level=level,
        area=area,
        year=year,
        value=value,
        unit=indicator.unit,
        formula=indicator.formula,
        inputs=tuple(_shares(found, column, level, area) for column in indicator.inputs),
        assumptions=tuple(results.given.of(indicator.themes).entries.values()),
        data_date=results.data_date,
        low=low,
        high=high,
        drivers=_drivers(name, year, spread),
        problem=lacking(found).get(name),
    )


def _known(name: str, results: Results, year: int) -> Indicator:
    if name not in INDICATORS:
        template = "There is no indicator called {name}."
        raise ModelError(
            template, hint="Known are: {known}.", name=name, known=", ".join(INDICATORS)
        )
    if year not in results.years:
        template = "The scenario has no stage in {year}."
        hint = "It has {known}."
        raise ModelError(template, hint=hint, year=year, known=", ".join(map(str, results.years)))
    return INDICATORS[name]


def _range(
    indicator: Indicator,
    value: float,
    place: tuple[Level, str, int],
    results: Results,
    spread: pd.DataFrame | None,
) -> tuple[float | None, float | None]:
    if spread is None:
        return None, None
    level, area, year = place
    found = results.years[year]
    sums, peaks = found.sums["city"], peaks_of(found, "city")
    whole = float(indicator.values(sums, peaks)[WHOLE])
    names = ["indicator", "level", "area", "year"]
    rows = {
        (indicator.name, "city", WHOLE, year): whole,
        (indicator.name, level, area, year): value,
    }
    table = pd.Series(rows, name="value").rename_axis(names).to_frame()
    row = with_bounds(table, spread).iloc[-1]  # the area; the city alone is its own last row
    return float(row["low"]), float(row["high"])


def _shares(found: YearResults, column: str, level: Level, area: str) -> InputShares:
    """
    Weigh the kinds of the values; a column without labels counts as estimated.

    Buildings weigh by heated area, columns of streets (`streets.speed_kmh`) by the length of the
    streets that cars may use, those of the whole town.
    """
    if column.startswith("streets."):
        table = found.state.city.streets
        table = table[table["allow_car"].to_numpy(bool)]
        described, weight = STREETS.column(column.removeprefix("streets.")), table["length_m"]
    else:
        table = found.state.stock
        if level in KEYS:
            table = table[table[KEYS[level]] == area]
        described, weight = STOCK.column(column), table["heated_area_m2"]
    labels = table[described.source] if described.source else pd.Series("estimated", table.index)
    kinds = labels.astype(str).map(kind_of).where(labels.notna(), "unknown")
    sums = weight.groupby(kinds).sum()
    total = float(weight.sum()) or 1.0
    shares = {str(k): float(sums[k]) / total for k in KINDS if k in sums.index}
    return InputShares(column, described.label, shares)


def _drivers(name: str, year: int, spread: pd.DataFrame | None) -> tuple[Driver, ...]:
    """Return the assumptions that move the figure, the strongest first."""
    if spread is None:
        return ()
    names, years, moved = (spread.index.get_level_values(level) for level in range(3))
    here = np.flatnonzero((names == name) & (years == year))
    ends = spread[["low", "high"]].to_numpy()[here]
    strength = np.abs(ends).max(axis=1, initial=0)
    order = [place for place in np.argsort(-strength, kind="stable") if strength[place] > 0]
    return tuple(
        Driver(str(moved[here[place]]), float(ends[place, 0]), float(ends[place, 1]))
        for place in order
    )
