"""Measures on electricity at the building: photovoltaics and batteries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from twin.measures.base import (
    SOURCE,
    Begun,
    BuildingMeasure,
    Mask,
    Order,
    begin_with,
    changed,
    due_rows,
)
from twin.selection import describe, roof_potential
from twin.sentences import Problem, Sentence, WrongValueError, say

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.state import State

SMALLEST_KWP = 1.0
"""Smaller roofs are left alone."""


class Photovoltaics(BuildingMeasure):
    """
    Put photovoltaics on roofs that have none.

    Each roof gets `kwp_per_building`, or `roof_percent` of what it can carry; with `target_kwp`
    roofs follow in their order until the target is reached, the last one only in part.
    """

    kind: Literal["photovoltaics"] = "photovoltaics"
    order: Order = "largest_first"
    roof_percent: float = Field(100.0, gt=0, le=100)
    kwp_per_building: float | None = Field(None, gt=0, le=100_000)
    target_kwp: float | None = Field(None, gt=0, le=1e7)
    minimum_yield_kwh_kwp: float = Field(0.0, ge=0, le=2000)
    battery_kwh_per_kwp: float = Field(0.0, ge=0, le=20)  # set up with the modules

    def eligible(self, state: State) -> Mask:
        """Without photovoltaics, on a roof that yields enough."""
        mask: Mask = state.stock["pv_kwp"].to_numpy() <= 0
        mask[mask] = self._potential(state, np.flatnonzero(mask))["kwp"] >= SMALLEST_KWP
        return mask

    def _potential(self, state: State, rows: NDArray[np.intp]) -> pd.DataFrame:
        return roof_potential(state, rows, minimum_yield=self.minimum_yield_kwh_kwp)

    def _scheduled(self, state: State, rows: NDArray[np.intp]) -> Begun:
        """Size the roofs, and stop at the target."""
        potential = self._potential(state, rows)["kwp"]
        size = potential * self.roof_percent / 100
        if self.kwp_per_building is not None:
            size = potential.clip(upper=self.kwp_per_building)
        years = self.schedule(state, rows)
        size = size.reindex(years.index)
        if self.target_kwp is None:
            return begin_with(state, years, notes=self._small(potential), more={"kwp": size})
        if size.sum() < self.target_kwp * (1 - 1e-9):
            return Begun(faults=(self._too_much(float(size.sum()), len(rows)),))
        return self._until_target(state, size, self.target_kwp)

    def _until_target(self, state: State, size: pd.Series[float], target: float) -> Begun:
        """Keep the first roofs until the target is reached; they alone share out the pace."""
        before = size.cumsum() - size
        size = size.clip(upper=target - before)[before < target]
        position = (np.arange(len(size)) + 0.5) / len(size)
        years = pd.Series(self._years(position), index=size.index)
        return begin_with(state, years, more={"kwp": size})

    def _small(self, potential: pd.Series[float]) -> tuple[Problem, ...]:
        small = int((potential < (self.kwp_per_building or 0)).sum())
        if not small:
            return ()
        what = say(
            "{count} of {total} roofs carry less than {kwp} kWp and are covered fully.",
            count=small, total=len(potential), kwp=self.kwp_per_building,
        )  # fmt: skip
        return (Problem("small_roofs", what),)

    def _too_much(self, room: float, count: int) -> Problem:
        return Problem(
            "above_potential",
            say("{target} kWp cannot be reached: the {count} suitable roofs carry {room} kWp.",
                target=self.target_kwp, count=count, room=float(round(room))),
            say("Lower target_kwp or widen the selection."),
        )  # fmt: skip

    def urgency(self, state: State, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the roof's size, or its yield: `worst_first` has no other meaning here."""
        name = "kwp" if self.order == "largest_first" else "yield_kwh_kwp"
        return self._potential(state, rows)[name].to_numpy(float)

    def advance(self, state: State, begun: Begun, *, since: int, year: int) -> State:
        """Set size and year of the modules, and the battery where one comes with them."""
        rows, years = due_rows(state, begun, since=since, year=year)
        kwp = begun.more["kwp"].reindex(state.stock.index[rows]).to_numpy(float)
        values = {"pv_kwp": kwp, "pv_source": SOURCE, "pv_year": years}
        if self.battery_kwh_per_kwp > 0:
            battery = state.stock["battery_kwh"].to_numpy()[rows]
            values["battery_kwh"] = np.maximum(battery, kwp * self.battery_kwh_per_kwp)
        return state.replace(stock=changed(state.stock, rows, values))

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        return say(
            "Photovoltaics, {size}: {who}, {when}",
            size=self._size(), who=describe(self.select), when=self._when(),
        )  # fmt: skip

    def _size(self) -> Sentence:
        if self.target_kwp is not None:
            return say("{kwp} kWp in all", kwp=self.target_kwp)
        if self.kwp_per_building is not None:
            return say("{kwp} kWp a building", kwp=self.kwp_per_building)
        if self.minimum_yield_kwh_kwp > 0:
            return say(
                "{percent} % of roofs from {yield_} kWh/kWp",
                percent=self.roof_percent, yield_=self.minimum_yield_kwh_kwp,
            )  # fmt: skip
        return say("{percent} % of the roofs", percent=self.roof_percent)

    def _fits(self) -> Sentence | None:
        return say("It is for roofs without photovoltaics that carry at least 1 kWp.")


class Battery(BuildingMeasure):
    """Set up batteries where there are photovoltaics."""

    kind: Literal["battery"] = "battery"
    kwh_per_kwp: float | None = Field(None, gt=0, le=20)
    kwh: float | None = Field(None, gt=0, le=100_000)

    @model_validator(mode="after")
    def _one_of_two(self) -> Battery:
        if (self.kwh_per_kwp is None) == (self.kwh is None):
            raise WrongValueError(
                say("A size of the battery is needed, one of two."),
                say("Give kwh_per_kwp or kwh."),
            )
        return self

    def eligible(self, state: State) -> Mask:
        """With photovoltaics and a smaller battery or none."""
        pv = state.stock["pv_kwp"].to_numpy()
        mask: Mask = (pv > 0) & (state.stock["battery_kwh"].to_numpy() < self._size(pv))
        return mask

    def _size(self, pv: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.kwh is not None:
            return np.full(len(pv), self.kwh)
        return pv * (self.kwh_per_kwp or 0.0)

    def advance(self, state: State, begun: Begun, *, since: int, year: int) -> State:
        """Set the size; what is larger stays."""
        rows, _ = due_rows(state, begun, since=since, year=year)
        size = self._size(state.stock["pv_kwp"].to_numpy()[rows])
        now = state.stock["battery_kwh"].to_numpy()[rows]
        values = {"battery_kwh": np.maximum(now, size)}
        return state.replace(stock=changed(state.stock, rows, values))

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        who, when = describe(self.select), self._when()
        if self.kwh is not None:
            return say("Batteries of {kwh} kWh: {who}, {when}", kwh=self.kwh, who=who, when=when)
        return say(
            "Batteries, {kwh} kWh for each kWp: {who}, {when}",
            kwh=self.kwh_per_kwp, who=who, when=when,
        )  # fmt: skip

    def _fits(self) -> Sentence | None:
        return say("It is for buildings with photovoltaics and a smaller battery or none.")
