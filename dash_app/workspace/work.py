"""What one screen shows at a moment: two scenarios beside today, a year, a view."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from dash_app.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from dash_app.workspace.viewer import Viewer
    from layers.project_store import ScenarioEntry, Version
    from twin.city import City
    from twin.errors import TwinError
    from twin.scenario import Scenario
    from twin.simulate.results import Results, YearResults

SideKey = Literal["base", "a", "b"]
Shown = Literal["base", "a", "b", "diff"]


@dataclass(frozen=True, eq=False)
class Side:
    """
    One of the scenarios on screen, and its answer as far as it is there.

    `scenario` holds a measure still being drafted, too; then `hash` is not that of `version`.
    """

    key: SideKey
    scenario: Scenario  # of `base`: without measures, same stages as the others
    hash: str
    saved_hash: str = ""  # of `version`
    id: str = ""  # of the scenario in the project store; empty for `base`
    version: Version | None = None
    results: Results | None = None  # may lack years that are still being computed
    stale: Results | None = (
        None  # the last answer of an earlier version, until the new one is there
    )
    problem: TwinError | None = None  # why there is no answer
    spread: pd.DataFrame | None = None  # of `twin.indicators.ranges`, once it is worked out

    def year(self, year: int) -> YearResults | None:
        """Return the answer of one year; None while it is being computed."""
        return self.results.years.get(year) if self.results else None


@dataclass(frozen=True, eq=False)
class Work:
    """Everything the panels of the workspace are made of; they read it and compute nothing."""

    city: City
    viewer: Viewer
    base: Side
    a: Side | None = None
    b: Side | None = None
    shown: Shown = "base"
    year: int = 2045
    theme: str | None = None  # name of a view in `dash_app.views.VIEWS`
    hour: int | None = None  # of the day, 0 to 23, for what has hours
    entries: tuple[ScenarioEntry, ...] = ()  # all scenarios of the project
    targets: Mapping[str, Mapping[int, float]] = field(default_factory=dict)  # indicator, year
    settings: Settings = field(default_factory=Settings)  # what privacy asks for

    @property
    def sides(self) -> tuple[Side, ...]:
        """Today, A and B, as far as they are chosen."""
        return tuple(side for side in (self.base, self.a, self.b) if side is not None)

    @property
    def pair(self) -> tuple[Side, Side]:
        """
        The two that are compared: before, after.

        For the difference B and A, as `A - B` on the switch says; else today and what is shown.
        """
        if self.shown == "diff":
            return self.b or self.base, self.a or self.base
        return self.base, {"base": self.base, "a": self.a, "b": self.b}[self.shown] or self.base
