"""Measures on what people drive and how often they work at home."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field, model_validator

from twin.measures.prices import AssumptionMeasure, by_year, own_value
from twin.sentences import Sentence, WrongValueError, say

if TYPE_CHECKING:
    from twin.assumptions import Assumption, Assumptions

ELECTRIC = "fleet.electric_share"
HOME_OFFICE = "demand.home_office"


class ElectricFleet(AssumptionMeasure):
    """
    Replace the path of the electric share of the cars on the road [% of kilometres].

    Years before `start_year` keep their value; between the years given the path is linear, after
    the last it stays.
    """

    kind: Literal["electric_fleet"] = "electric_fleet"
    path_percent: dict[str, float] = Field(min_length=1)  # by year

    @property
    def assumption(self) -> str:
        """The assumption that it changes."""
        return ELECTRIC

    @model_validator(mode="after")
    def _of_years(self) -> ElectricFleet:
        wrong = [y for y in self.path_percent if not (y.isdigit() and 1990 <= int(y) <= 2150)]
        if wrong:
            raise WrongValueError(
                say("{years} are no years.", years=tuple(wrong)),
                say("Write the path as {example}.", example='{"2030": 30, "2045": 95}'),
            )
        if any(not 0 <= value <= 100 for value in self.path_percent.values()):
            raise WrongValueError(
                say("A share lies outside of 0 to 100 %."), say("Give the share in percent.")
            )
        return self

    def share(self, year: float) -> float:
        """Return the share in a year, 0 to 1."""
        years = sorted(self.path_percent, key=int)
        values = [self.path_percent[y] / 100 for y in years]
        return float(np.interp(year, [int(y) for y in years], values))

    def new_values(self, given: Assumptions) -> dict[str, float | Assumption]:
        """Return the path at every year that the assumption or the measure names."""
        known = by_year(ELECTRIC, given)
        if not known:
            return {}
        years = {int(y) for y in known} | {*map(int, self.path_percent), self.start_year}
        found: dict[str, float | Assumption] = {}
        for year in sorted(year for year in years if year >= self.start_year):
            entry = known.get(str(year), next(iter(known.values())))
            name = f"{ELECTRIC}.{year}"
            found[name] = own_value(entry, name, self.share(year))
        return found

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        last = max(self.path_percent, key=int)
        return say(
            "Electric cars: {value} % in {year}, {when}",
            value=self.path_percent[last], year=last, when=self._since(),
        )  # fmt: skip


class WorkFromHome(AssumptionMeasure):
    """Set the share of workdays that employed people work at home [%], or change it by a factor."""

    kind: Literal["work_from_home"] = "work_from_home"
    share_percent: float | None = Field(None, ge=0, le=100)
    factor: float | None = Field(None, ge=0, le=20)

    @property
    def assumption(self) -> str:
        """The assumption that it changes."""
        return HOME_OFFICE

    @model_validator(mode="after")
    def _one_of_two(self) -> WorkFromHome:
        if (self.share_percent is None) == (self.factor is None):
            raise WrongValueError(
                say("A new share is needed, in percent or as a factor, not both."),
                say("Give share_percent or factor."),
            )
        return self

    def new_values(self, given: Assumptions) -> dict[str, float | Assumption]:
        """Set the share, at most all days."""
        if HOME_OFFICE not in given:
            return {}
        if self.share_percent is not None:
            return {HOME_OFFICE: self.share_percent / 100}
        return {HOME_OFFICE: min(given[HOME_OFFICE] * (self.factor or 0.0), 1.0)}

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        if self.share_percent is not None:
            return say(
                "Working at home on {percent} % of the workdays, {when}",
                percent=self.share_percent, when=self._since(),
            )  # fmt: skip
        return say("Working at home times {factor}, {when}", factor=self.factor, when=self._since())
