"""What measures on streets share: which streets, when, and how the tables follow."""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import model_validator

from twin.hashing import hash_parts
from twin.measures.base import SOURCE, Begun, Mask, Measure, changed
from twin.measures.city_change import derived
from twin.selection.resolve import lots
from twin.selection.street_words import describe_streets
from twin.selection.streets import (
    StreetSelector,
    rows_of_ids,
    selected_streets,
    street_problems,
)
from twin.sentences import Problem, Sentence, WrongValueError, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.city import City
    from twin.state import State

    Rows = NDArray[np.intp]

MOTOR = ("car", "truck", "bus")
"""Modes with an engine, as the columns `allow_*` name them."""


class StreetMeasure(Measure):
    """
    A measure on streets that a selector names.

    With a pace or an end year whole ways are done one after the other, in an order by lot; both
    directions of a street and all links of a way are done in the same year. Streets named by an id
    that an earlier measure has cut are found by their parts.
    """

    on_streets: ClassVar[bool] = True

    select: StreetSelector = StreetSelector()  # type: ignore[call-arg]

    @abstractmethod
    def eligible(self, streets: gpd.GeoDataFrame) -> Mask:
        """Tell for each street whether the measure changes anything there."""

    @abstractmethod
    def values(self, streets: gpd.GeoDataFrame, rows: Rows) -> Mapping[str, Any]:
        """Return the new values of some rows by column: one for all, or one a row."""

    def begin(self, state: State) -> Begun:
        """Select once among the streets where it makes sense."""
        faults = street_problems(state, self.select)
        if faults:
            return Begun(faults=tuple(faults))
        streets = state.city.streets
        rows = self.chosen(state)
        fault = self.refused(state, rows) if len(rows) else self._nothing(state)
        if fault is not None:
            return Begun(faults=(fault,))
        return Begun(more={"years": self.schedule(streets, rows)}, notes=self.notes(state, rows))

    def chosen(self, state: State) -> Rows:
        """Return the rows that are selected and eligible."""
        return selected_streets(state, self.select, among=self.eligible(state.city.streets))

    def refused(self, state: State, rows: Rows) -> Problem | None:
        """Return why the measure cannot be done on the streets it has found."""
        return None

    def notes(self, state: State, rows: Rows) -> tuple[Problem, ...]:
        """Return what is worth knowing about the streets it has found."""
        return ()

    def schedule(self, streets: gpd.GeoDataFrame, rows: Rows) -> pd.Series[int]:
        """Return by link id the year in which each is done."""
        ids = streets.index[rows]
        if self.pace >= 1:
            return pd.Series(np.full(len(ids), self.start_year), index=ids)
        ways = pd.Index(streets["way_id"].iloc[rows])
        return pd.Series(self._years(lots(ways, self.id)), index=ids)

    def advance(self, state: State, begun: Begun, *, since: int, year: int) -> State:
        """Change the streets whose turn it is."""
        years: pd.Series[int] = begun.more["years"]
        due = years.index[((years > since) & (years <= year)).to_numpy()]
        if not len(due):
            return state
        streets = state.city.streets
        rows = rows_of_ids(streets, due)
        rows = rows[self.eligible(streets)[rows]]
        if not len(rows):
            return state
        values, rows = self.values(streets, rows), self.targets(streets, rows)
        return state.replace(city=with_values(state.city, rows, values))

    def targets(self, streets: gpd.GeoDataFrame, rows: Rows) -> Rows:
        """Return the rows that change, where they are not the selected ones."""
        return rows

    def _nothing(self, state: State) -> Problem:
        found = len(selected_streets(state, self.select))
        if not found:
            return Problem(
                "empty",
                say("The selection ({selection}) holds no street.",
                    selection=describe_streets(self.select)),
                say("Widen the selection."),
            )  # fmt: skip
        return Problem(
            "not_applicable",
            say("The measure does not fit any of the {count} selected streets.", count=found),
            self._fits(),
        )

    def _fits(self) -> Sentence | None:
        """Return in words which streets the measure is for."""
        return None

    def _where(self) -> Sentence:
        return describe_streets(self.select)


class AtOnceMeasure(Measure):
    """A measure that is done in its start year, all of it."""

    @model_validator(mode="after")
    def _at_once(self) -> AtOnceMeasure:
        if self.pace_percent is not None or self.end_year is not None:
            raise WrongValueError(
                say("This measure is done at once; it has no pace."),
                say(
                    "Leave out pace_percent and end_year; give several measures for several years."
                ),
            )
        return self

    def advance(self, state: State, begun: Begun, *, since: int, year: int) -> State:
        """Do it when its year has come."""
        if since >= self.start_year or year < self.start_year:
            return state
        return self.done(state, begun)

    @abstractmethod
    def done(self, state: State, begun: Begun) -> State:
        """Return the state with the measure done."""


class NamedStreetMeasure(StreetMeasure):
    """A measure on streets that must be named: all streets of the town are never meant."""

    @model_validator(mode="after")
    def _something_selected(self) -> NamedStreetMeasure:
        if self.select.says_nothing:
            raise WrongValueError(
                say("It is not said which streets."),
                say(
                    "Give ids, names, an area, a line, districts, classes or conditions in select."
                ),
            )
        return self


def with_values(city: City, rows: Rows, values: Mapping[str, Any]) -> City:
    """
    Return the city with columns of some streets set.

    Geometry and the other columns are shared; the hash comes from the old one and the change.
    """
    streets = city.streets
    said = [f"{name}={_said(value)}" for name, value in values.items()]
    change = hash_parts(["streets", *said, *streets.index[rows]])
    return derived(city, {"streets": changed(streets, rows, values)}, change)


def _said(value: Any) -> str:
    return json.dumps(value.tolist() if isinstance(value, np.ndarray) else value, default=str)


def closed_to(streets: gpd.GeoDataFrame, rows: Rows, modes: tuple[str, ...]) -> dict[str, Any]:
    """Return the values that close streets to some modes."""
    values: dict[str, Any] = {f"allow_{mode}": False for mode in modes}
    reach = {f"{mode}_reach": "not_allowed" for mode in modes if f"{mode}_reach" in streets}
    access = {"car_access": "no"} if "car" in modes else {}
    return values | reach | access


COMPANIONS = {
    "speed_kmh": "speed_source", "lanes": "lanes_source", "capacity_vehh": "capacity_source",
}  # fmt: skip


def sourced(
    streets: gpd.GeoDataFrame, rows: Rows, values: Mapping[str, NDArray[np.float64]]
) -> dict[str, Any]:
    """Return new numbers of some rows with companions: where they differ, a scenario set them."""
    found: dict[str, Any] = {}
    for name, new in values.items():
        old = streets[name].to_numpy(float)[rows]
        differs = (new != old) & ~np.isnan(new)
        if differs.any():
            before = streets[COMPANIONS[name]].iloc[rows].to_numpy(object)
            found[name] = new
            own = np.where(differs, SOURCE, before)
            found[COMPANIONS[name]] = SOURCE if differs.all() else own
    return found


def flags(streets: gpd.GeoDataFrame, modes: tuple[str, ...]) -> Mask:
    """Tell which streets at least one of some modes may use."""
    found: Mask = np.zeros(len(streets), bool)
    for mode in modes:
        found |= streets[f"allow_{mode}"].to_numpy(bool)
    return found
