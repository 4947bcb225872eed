"""Measures on what the town does not build: prices and the electricity mix."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field, model_validator

from twin.measures.base import Begun, Measure
from twin.selection.model import unknown_word
from twin.sentences import Problem, Sentence, WrongValueError, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twin.assumptions import Assumption, Assumptions
    from twin.state import State


class AssumptionMeasure(Measure):
    """A measure that changes an assumption, or all classes or years of one, from a year on."""

    assumption: str

    @model_validator(mode="after")
    def _at_once(self) -> AssumptionMeasure:
        if self.pace_percent is not None or self.end_year is not None:
            raise WrongValueError(
                say("An assumption changes at once; it has no pace."),
                say(
                    "Leave out pace_percent and end_year; give several measures for several years."
                ),
            )
        return self

    def entries(self, given: Assumptions) -> dict[str, Assumption]:
        """Return the assumption of this name, or those of all its classes."""
        prefix = f"{self.assumption}."
        return {
            name: entry
            for name, entry in given.entries.items()
            if name == self.assumption or name.startswith(prefix)
        }

    def begin(self, state: State) -> Begun:
        """Find the assumption."""
        found = self.entries(state.assumptions)
        if not found:
            what, hint = unknown_word("assumption", self.assumption, state.assumptions)
            return Begun(faults=(Problem("unknown_assumption", what, hint),))
        return Begun()

    def advance(self, state: State, begun: Begun, *, since: int, year: int) -> State:
        """Change the assumption once, when it begins."""
        if since >= self.start_year or year < self.start_year:
            return state
        new = self.new_values(self.entries(state.assumptions))
        return state.replace(assumptions=state.assumptions.replaced(new))

    def new_values(self, entries: Mapping[str, Assumption]) -> dict[str, float | Assumption]:
        """Return the new values by name."""
        raise NotImplementedError


class EnergyPrice(AssumptionMeasure):
    """Change a price by a factor, or set it, from a year on."""

    kind: Literal["energy_price"] = "energy_price"
    factor: float | None = Field(None, ge=0, le=100)
    value: float | None = None  # in the unit of the assumption

    @model_validator(mode="after")
    def _one_of_two(self) -> EnergyPrice:
        if (self.factor is None) == (self.value is None):
            raise WrongValueError(
                say("A new price is needed, as a factor or as a value, not both."),
                say("Give factor or value."),
            )
        return self

    def new_values(self, entries: Mapping[str, Assumption]) -> dict[str, float | Assumption]:
        """Multiply or set every entry."""
        if self.factor is not None:
            return {name: entry.value * self.factor for name, entry in entries.items()}
        return {name: float(self.value or 0.0) for name in entries}

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        what, when = self.assumption, self._since()
        if self.factor is not None:
            return say("{what} times {factor}, {when}", what=what, factor=self.factor, when=when)
        return say("{what} set to {value}, {when}", what=what, value=self.value, when=when)


class GridMix(AssumptionMeasure):
    """
    Replace the path of the emission factor of electricity: a value for each year given.

    Years before `start_year` keep their value; between the years given the path is linear.
    """

    kind: Literal["grid_mix"] = "grid_mix"
    assumption: str = "grid.electricity_emission"
    path: dict[str, float] = Field(min_length=1)  # by year, in the unit of the assumption

    @model_validator(mode="after")
    def _path_of_years(self) -> GridMix:
        wrong = [year for year in self.path if not (year.isdigit() and 1990 <= int(year) <= 2150)]
        if wrong:
            raise WrongValueError(
                say("{years} are no years.", years=tuple(wrong)),
                say("Write the path as {example}.", example='{"2030": 0.1, "2045": 0.02}'),
            )
        return self

    def new_values(self, entries: Mapping[str, Assumption]) -> dict[str, float | Assumption]:
        """Return the path at every year that the assumption or the measure names."""
        years = sorted(self.path, key=int)
        at, values = [int(y) for y in years], [self.path[y] for y in years]
        if list(entries) == [self.assumption]:
            return {self.assumption: float(np.interp(self.start_year, at, values))}
        known = {name.rpartition(".")[2]: entry for name, entry in entries.items()}
        model = next(iter(entries.values()))
        found: dict[str, float | Assumption] = {}
        for year in sorted({*known, *years, str(self.start_year)}, key=int):
            if int(year) >= self.start_year:
                value = float(np.interp(int(year), at, values))
                found[f"{self.assumption}.{year}"] = _own(
                    known.get(year, model), f"{self.assumption}.{year}", value
                )
        return found

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        last = max(self.path, key=int)
        return say(
            "Electricity mix of the scenario: {what} {value} in {year}, {when}",
            what=self.assumption, value=self.path[last], year=last, when=self._since(),
        )  # fmt: skip


def _own(entry: Assumption, name: str, value: float) -> Assumption:
    low, high = min(entry.low, value), max(entry.high, value)
    return dataclasses.replace(entry, name=name, value=value, low=low, high=high, status="user")
