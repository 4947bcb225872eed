"""Measures on what the town does not build: prices and the electricity mix."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field, model_validator

from twin.measures.base import Begun, Measure
from twin.selection.model import unknown_word
from twin.sentences import Problem, Sentence, WrongValueError, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from twin.assumptions import Assumption, Assumptions
    from twin.state import State

DIRECT = "balance.emission_electricity_direct"
UPSTREAM = "balance.emission_electricity_upstream"
NETWORKS = "grid.electricity_emission"


class AssumptionMeasure(Measure):
    """A measure that changes assumptions from a year on."""

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

    @abstractmethod
    def new_values(self, given: Assumptions) -> dict[str, float | Assumption]:
        """Return the new values by name; none where there is no such assumption."""

    def begin(self, state: State) -> Begun:
        """Find the assumptions."""
        if self.new_values(state.assumptions):
            return Begun()
        wanted = str(getattr(self, "assumption", DIRECT))
        known = {name.rstrip("0123456789").rstrip(".") for name in state.assumptions}
        what, hint = unknown_word("assumption", wanted, known)
        return Begun(faults=(Problem("unknown_assumption", what, hint),))

    def advance(self, state: State, begun: Begun, *, since: int, year: int) -> State:
        """Change the assumptions once, when the measure begins."""
        if since >= self.start_year or year < self.start_year:
            return state
        new = self.new_values(state.assumptions)
        return state.replace(assumptions=state.assumptions.replaced(new))


class EnergyPrice(AssumptionMeasure):
    """
    Change a price by a factor, or set it, from a year on.

    `assumption` is a name, with all its classes and years, and may hold an asterisk:
    `balance.price_gas_*`.
    """

    kind: Literal["energy_price"] = "energy_price"
    assumption: str
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

    def new_values(self, given: Assumptions) -> dict[str, float | Assumption]:
        """Multiply or set every entry of the name."""
        pattern = f"{self.assumption}.*"
        return {
            name: entry.value * self.factor if self.factor is not None else float(self.value or 0.0)
            for name, entry in given.entries.items()
            if fnmatchcase(name, self.assumption) or fnmatchcase(name, pattern)
        }

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        what, when = self.assumption, self._since()
        if self.factor is not None:
            return say("{what} times {factor}, {when}", what=what, factor=self.factor, when=when)
        return say("{what} set to {value}, {when}", what=what, value=self.value, when=when)


class GridMix(AssumptionMeasure):
    """
    Replace the path of the emission factor of electricity, upstream chains included.

    Years before `start_year` keep their value; between the years given the path is linear, after
    the last it stays. The balance and the heat networks follow; the upstream part stays as assumed
    as far as the path has room for it.
    """

    kind: Literal["grid_mix"] = "grid_mix"
    path: dict[str, float] = Field(min_length=1)  # by year [g CO2e/kWh]

    @model_validator(mode="after")
    def _of_years(self) -> GridMix:
        wrong = [year for year in self.path if not (year.isdigit() and 1990 <= int(year) <= 2150)]
        if wrong:
            raise WrongValueError(
                say("{years} are no years.", years=tuple(wrong)),
                say("Write the path as {example}.", example='{"2030": 100, "2045": 20}'),
            )
        if any(not 0 <= value <= 2000 for value in self.path.values()):
            raise WrongValueError(
                say("An emission factor lies outside of 0 to 2000 g CO2e/kWh."),
                say("Check the unit."),
            )
        return self

    def factor(self, year: float) -> float:
        """Return the emission factor of a year [g CO2e/kWh]."""
        years = sorted(self.path, key=int)
        return float(np.interp(year, [int(y) for y in years], [self.path[y] for y in years]))

    def new_values(self, given: Assumptions) -> dict[str, float | Assumption]:
        """Return the path at every year that an assumption or the measure names."""

        def upstream(year: int) -> float:
            return min(given.at(UPSTREAM, year), self.factor(year))

        parts: dict[str, Callable[[int], float]] = {
            DIRECT: lambda year: self.factor(year) - upstream(year),
            UPSTREAM: upstream,
            NETWORKS: lambda year: self.factor(year) * 1e-6,  # t/kWh
        }
        found: dict[str, float | Assumption] = {}
        known = {name: by_year(name, given) for name in parts}
        if not known[DIRECT] or not known[UPSTREAM]:
            return found
        # the same years for all, so that the parts sum to the path between them as well
        years = {int(year) for entries in known.values() for year in entries}
        years |= {*map(int, self.path), self.start_year}
        for name, value in parts.items():
            for year in sorted(year for year in years if year >= self.start_year):
                if known[name]:
                    entry = known[name].get(str(year), next(iter(known[name].values())))
                    found[f"{name}.{year}"] = own_value(entry, f"{name}.{year}", value(year))
        return found

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        last = max(self.path, key=int)
        return say(
            "Electricity mix: {value} g CO2e/kWh in {year}, {when}",
            value=self.path[last], year=last, when=self._since(),
        )  # fmt: skip


def by_year(name: str, given: Assumptions) -> dict[str, Assumption]:
    """Return the entries of an assumption given by years, by year."""
    prefix = f"{name}."
    return {k.removeprefix(prefix): e for k, e in given.entries.items() if k.startswith(prefix)}


def own_value(entry: Assumption, name: str, value: float) -> Assumption:
    """Return an entry with a value of the user's own; its range widens where it must."""
    low, high = min(entry.low, value), max(entry.high, value)
    return dataclasses.replace(entry, name=name, value=value, low=low, high=high, status="user")
