"""The scenarios on screen: what they are called, what they come to, what is not there yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from dash import html

from dash_app.components.values import attrs
from twin.indicators import WHOLE, lacking
from twin.indicators.evaluate import year_values
from twin.indicators.ranges import bounds

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from dash_app.i18n import Translator
    from dash_app.workspace.work import Side, Work
    from twin.simulate.results import YearResults

State = Literal["ready", "stale", "waiting", "failed"]


@dataclass(frozen=True)
class Figures:
    """
    The indicators of the whole city of one side in one year.

    `stale`: of an earlier version, until the new answer is there; `waiting`: nothing is there yet,
    the values are those of today; `failed`: there will be none, the values are the last ones.
    """

    values: Mapping[str, float]
    state: State
    why: str = ""  # of a failure, in words
    lacking: Mapping[str, str] = field(default_factory=dict)  # why single ones have no value


def figures(t: Translator, work: Work, side: Side) -> Figures:
    """Return the figures of a side in the year on screen, and what state they are in."""
    now = side.year(work.year)
    if now is not None:
        why = {name: t.error(error) for name, error in lacking(now).items()}
        return Figures(city_values(now), "ready", lacking=why)
    older = results_in(side, work.year) or work.base.year(work.year)
    values = city_values(older) if older is not None else {}
    if side.problem is not None:
        return Figures(values, "failed", t.error(side.problem))
    return Figures(values, "stale" if side.stale is not None else "waiting")


def city_values(year: YearResults) -> dict[str, float]:
    """Return every indicator of the whole city; NaN where it has no value."""
    areas, columns = year_values(year, "city")
    place = list(areas).index(WHOLE)
    return {name: float(column[place]) for name, column in columns.items()}


def results_in(side: Side, year: int) -> YearResults | None:
    """Return the answer of a year, or that of an earlier version until it is there."""
    found = side.year(year)
    if found is None and side.stale is not None:
        found = side.stale.years.get(year)
    return found


def shown_side(work: Work) -> Side:
    """Return the side whose figures stand on screen; of a difference the one after."""
    return work.pair[1]


def letter(t: Translator, side: Side) -> str:
    """Return what stands on the switch for a side."""
    return {"base": t.text("Today", context="baseline"), "a": "A", "b": "B"}[side.key]


def name_of(t: Translator, side: Side) -> str:
    """Return the name of a scenario in full; today is the town as it is."""
    if side.key == "base":
        return t.text("The town as it is")
    return side.scenario.name or t.text("Scenario without name")


def chip(side: Side) -> html.Span:
    """Return the small coloured mark of a side: a lock, A or B."""
    inside = html.Span(className="icon icon-lock-small") if side.key == "base" else side.key.upper()
    return html.Span(inside, className=f"side-chip side-{side.key}", **attrs(aria_hidden="true"))


def than(t: Translator, before: Side) -> str:
    """Return what a figure is compared with: "than without measures", "than in A"."""
    if before.key == "base":
        return t.text("than without measures")
    return t.text("than in {name}", name=before.key.upper())


def band(spread: pd.DataFrame | None, name: str, year: int) -> tuple[float, float] | None:
    """Return how far a figure may lie below and above its value, once that is known."""
    if spread is None:
        return None
    names, years = spread.index.get_level_values(0), spread.index.get_level_values(1)
    part = spread[(names == name) & (years == year)]
    if part.empty:
        return None
    row = bounds(part).iloc[0]
    return float(row["below"]), float(row["above"])


def years_of(work: Work) -> tuple[int, ...]:
    """Return the stage years of the scenarios on screen, in order."""
    return tuple(sorted({year for side in work.sides for year in side.scenario.stages}))


def area_name(t: Translator, work: Work, level: str, area: str) -> str:
    """Return what people call an area; a Baublock goes by its district and key."""
    if level == "city":
        return work.city.name
    if level == "district" and area in work.city.districts.index:
        name = work.city.districts.loc[area].get("name")
        return str(name) if isinstance(name, str) and name else area
    return t.text("Block {key}", key=area.rpartition(":")[2] or area)
