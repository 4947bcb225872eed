"""What follows from a scenario: tables by building and year, hourly profiles of the city, money."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd

    from twin.assumptions import Assumptions
    from twin.errors import TwinError
    from twin.indicators.definition import Level
    from twin.provenance import Finding
    from twin.scenario import Fault, Plan, Scenario
    from twin.sentences import Sentence
    from twin.simulate.stage import Chain
    from twin.state import State


@dataclass(frozen=True, eq=False)
class YearResults:
    """
    What holds in one stage year.

    `buildings` has a row for every building of the stock; `hourly` 8,760 rows and a column a city
    profile [W]; `peaks` the highest hours [kW] by (level, area); `networks` a row a heat network;
    `money` a row for each kind of payment and a column an actor [EUR/a].
    """

    year: int
    state: State
    buildings: pd.DataFrame
    hourly: pd.DataFrame
    sums: Mapping[Level, pd.DataFrame]  # what indicators are made of, by level; index: area
    peaks: pd.DataFrame
    networks: pd.DataFrame
    pipes: gpd.GeoDataFrame
    money: pd.DataFrame
    key: str  # hash of everything it follows from
    answers: Chain  # of any stage, by its name; what nobody asked for is worked out then
    findings: tuple[tuple[str, Finding], ...] = ()  # name of the network planned, what was noticed
    said: tuple[Sentence, ...] = ()  # of mobility: who and what is cut off, trips without a way
    # why stages of the models have no answer, by their name; only of a run in part
    failed: Mapping[str, TwinError] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Results:
    """The answer to one scenario: all stage years that were asked for, or nothing at all."""

    scenario: Scenario
    years: Mapping[int, YearResults]  # those that were wanted
    given: Assumptions
    data_date: str
    notes: tuple[Fault, ...]  # warnings of the scenario, sentences for people
    plan: Plan  # which buildings each measure reaches when

    @property
    def last(self) -> YearResults:
        """The results of the last stage."""
        return self.years[max(self.years)]
