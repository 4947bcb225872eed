"""Measures on the buildings themselves: envelope, use, habits, demolition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field, model_validator

from twin.classes import BUILDING_USES, REFURBISHMENT, SIZE_CLASSES
from twin.measures.base import (
    SOURCE,
    Begun,
    BuildingMeasure,
    Mask,
    Order,
    changed,
    due_rows,
    heated,
)
from twin.measures.city_change import without_buildings
from twin.selection import column_values, describe
from twin.sentences import Sentence, Word, WrongValueError, say

if TYPE_CHECKING:
    import pandas as pd

    from twin.state import State


class Retrofit(BuildingMeasure):
    """Insulate the envelope to a standard that is better than what stands."""

    kind: Literal["retrofit"] = "retrofit"
    standard: Literal["usual", "advanced"] = "usual"
    order: Order = "worst_first"

    def eligible(self, state: State) -> Mask:
        """Heated, and not yet at this standard."""
        better = REFURBISHMENT[REFURBISHMENT.index(self.standard) :]
        done = state.stock["refurbishment"].isin(better).to_numpy()
        return np.asarray(heated(state) & ~done)

    def advance(self, state: State, begun: Begun, *, since: int, year: int) -> State:
        """Set the standard and its year."""
        rows, years = due_rows(state, begun, since=since, year=year)
        values = {
            "refurbishment": self.standard,
            "refurbishment_source": SOURCE,
            "refurbished_year": years,
        }
        return state.replace(stock=changed(state.stock, rows, values))

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        return say(
            "Retrofit to {standard} standard: {who}, {when}",
            standard=Word(self.standard, "stock.refurbishment"),
            who=describe(self.select), when=self._when(),
        )  # fmt: skip

    def _fits(self) -> Sentence | None:
        return say("It is for heated buildings below this standard.")


class Behaviour(BuildingMeasure):
    """Heat to another room temperature, absolute or by a difference."""

    kind: Literal["behaviour"] = "behaviour"
    set_point_c: float | None = Field(None, ge=5, le=30)
    delta_k: float | None = Field(None, ge=-10, le=10)

    @model_validator(mode="after")
    def _one_of_two(self) -> Behaviour:
        if (self.set_point_c is None) == (self.delta_k is None):
            raise WrongValueError(
                say("A room temperature is needed, absolute or as a difference, not both."),
                say("Give set_point_c (°C) or delta_k (K)."),
            )
        return self

    def eligible(self, state: State) -> Mask:
        """Heated."""
        return heated(state)

    def advance(self, state: State, begun: Begun, *, since: int, year: int) -> State:
        """Set the temperature, within what the stock allows (5 to 30 °C)."""
        rows, _ = due_rows(state, begun, since=since, year=year)
        now = state.stock["set_point_c"].to_numpy()[rows]
        new = (
            now + self.delta_k if self.delta_k is not None else np.full(len(rows), self.set_point_c)
        )
        values = {"set_point_c": np.clip(new, 5.0, 30.0)}
        return state.replace(stock=changed(state.stock, rows, values))

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        who, when = describe(self.select), self._when()
        if self.set_point_c is not None:
            return say(
                "Heat to {temperature} °C: {who}, {when}",
                temperature=self.set_point_c, who=who, when=when,
            )  # fmt: skip
        delta = self.delta_k or 0.0
        if delta < 0:
            return say("Heat {delta} K less: {who}, {when}", delta=-delta, who=who, when=when)
        return say("Heat {delta} K more: {who}, {when}", delta=delta, who=who, when=when)


class Demolition(BuildingMeasure):
    """Take buildings out of the city."""

    kind: Literal["demolition"] = "demolition"

    def eligible(self, state: State) -> Mask:
        """Every whole building."""
        return np.ones(len(state.stock), bool)

    def advance(self, state: State, begun: Begun, *, since: int, year: int) -> State:
        """Take those whose turn it is out of the city and the stock."""
        rows, _ = due_rows(state, begun, since=since, year=year)
        if len(rows) == 0:
            return state
        ids = state.stock.index[rows]
        left = np.ones(len(state.stock), bool)
        left[rows] = False
        stock = state.stock[left]
        return state.replace(city=without_buildings(state.city, ids), stock=stock)

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        return say("Demolition: {who}, {when}", who=describe(self.select), when=self._when())


class UseChange(BuildingMeasure):
    """
    Convert buildings to another use.

    Dwellings and residents follow from the heated area where the new use is residential, and are
    none where it is not; a building that was not heated gets `heated_share` of its floor area.
    """

    kind: Literal["use_change"] = "use_change"
    use: Literal[BUILDING_USES]  # type: ignore[valid-type]
    size_class: Literal[SIZE_CLASSES] | None = None  # type: ignore[valid-type]
    heated: bool | None = None  # None: as it is

    def eligible(self, state: State) -> Mask:
        """Of another use."""
        other: Mask = (state.stock["use"] != self.use).to_numpy()
        return other

    def advance(self, state: State, begun: Begun, *, since: int, year: int) -> State:
        """Set use, type, dwellings and residents; heat where it is asked for."""
        rows, _ = due_rows(state, begun, since=since, year=year)
        stock = changed(state.stock, rows, {"use": self.use, "use_source": SOURCE})
        stock = self._typed(stock, rows)
        stock = self._heat(state, stock, rows)
        lived_in = self.use in ("residential", "mixed")
        area = stock["heated_area_m2"].to_numpy()[rows]
        given = state.assumptions
        dwellings = np.maximum(np.round(area / given["living_area_per_dwelling"]), 1.0) * lived_in
        before = state.stock["dwellings"].to_numpy()[rows]
        keep = lived_in & (before > 0)
        residents = np.where(
            keep, state.stock["residents"].to_numpy()[rows],
            dwellings * given["residents_per_dwelling"],
        )  # fmt: skip
        dwellings = np.where(keep, before, dwellings)
        stock = changed(stock, rows, {"dwellings": dwellings, "residents": residents})
        return state.replace(stock=stock)

    def _typed(self, stock: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
        """Set the building type: the one given, else one that fits the use."""
        lived_in = self.use in ("residential", "mixed")
        if self.size_class is None and lived_in:
            strange = stock["size_class"].isin(["non_residential"]) | stock["size_class"].isna()
            rows = rows[strange.to_numpy()[rows]]
        kind = self.size_class or ("apartments" if lived_in else "non_residential")
        return changed(stock, rows, {"size_class": kind, "size_class_source": SOURCE})

    def _heat(self, state: State, stock: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
        if self.heated is None:
            return stock
        area = stock["heated_area_m2"].to_numpy()[rows]
        if not self.heated:
            return changed(stock, rows, {"heated_area_m2": 0.0, "heated_area_source": SOURCE})
        rows = rows[area == 0]
        share = state.assumptions["measures.heated_share"]
        new = column_values(state, "floor_area_m2", rows).to_numpy(float) * share
        values = {"heated_area_m2": np.nan_to_num(new), "heated_area_source": SOURCE}
        stock = changed(stock, rows, values)
        none = rows[(stock["system"] == "none").to_numpy()[rows]]
        return changed(stock, none, {"system": "air_heat_pump", "system_source": SOURCE})

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        return say(
            "Conversion to {use}: {who}, {when}",
            use=Word(self.use, "buildings.use"), who=describe(self.select), when=self._when(),
        )  # fmt: skip

    def _fits(self) -> Sentence | None:
        return say("It is for buildings of another use.")
