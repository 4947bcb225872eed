"""Measures on what streets allow: speed, who may use them, which way, on how many lanes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from twin.measures.base import Mask  # noqa: TC001 - pydantic reads it
from twin.measures.street_base import (
    MOTOR,
    NamedStreetMeasure,
    StreetMeasure,
    closed_to,
    flags,
    sourced,
)
from twin.selection.streets import opposite, selected_streets
from twin.sentences import Problem, Sentence, Word, WrongValueError, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.state import State

    Rows = NDArray[np.intp]

SLOWEST_KMH, FASTEST_KMH = 3.0, 300.0
MOST_LANES, MOST_CAPACITY = 12.0, 20_000.0

ClosedMode = Literal["car", "truck", "bus", "bike", "walk"]


class SpeedLimit(StreetMeasure):
    """Set the speed limit of streets that vehicles use, or multiply it by a factor."""

    kind: Literal["speed_limit"] = "speed_limit"
    speed_kmh: float | None = Field(None, ge=SLOWEST_KMH, le=FASTEST_KMH)
    factor: float | None = Field(None, gt=0, le=5)

    @model_validator(mode="after")
    def _one_of_two(self) -> SpeedLimit:
        if (self.speed_kmh is None) == (self.factor is None):
            raise WrongValueError(
                say("A new speed limit is needed, as a speed or as a factor, not both."),
                say("Give speed_kmh or factor."),
            )
        return self

    def _new(self, speed: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.speed_kmh is not None:
            return np.full(len(speed), self.speed_kmh)
        return np.asarray(np.clip(speed * (self.factor or 1.0), SLOWEST_KMH, FASTEST_KMH))

    def eligible(self, streets: gpd.GeoDataFrame) -> Mask:
        """Streets of vehicles that have another limit."""
        speed = streets["speed_kmh"].to_numpy(float)
        found: Mask = flags(streets, MOTOR) & (self._new(speed) != speed)
        return found

    def values(self, streets: gpd.GeoDataFrame, rows: Rows) -> Mapping[str, Any]:
        """Set the speed."""
        new = self._new(streets["speed_kmh"].to_numpy(float)[rows])
        return sourced(streets, rows, {"speed_kmh": new})

    def _fits(self) -> Sentence:
        return say("It is for streets that vehicles use and that have another speed limit.")

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        where, when = self._where(), self._when()
        if self.speed_kmh is not None:
            return say(
                "Speed limit {speed} km/h: {where}, {when}",
                speed=self.speed_kmh, where=where, when=when,
            )  # fmt: skip
        return say(
            "Speed limit times {factor}: {where}, {when}",
            factor=self.factor, where=where, when=when,
        )  # fmt: skip


class StreetClosure(NamedStreetMeasure):
    """
    Close streets to some modes, along their whole length.

    Buildings on them are reached from the nearest street that is still open. Closed to everyone
    they stay in the table, and nothing moves on them.
    """

    kind: Literal["street_closure"] = "street_closure"
    modes: tuple[ClosedMode, ...] = Field(("car", "truck"), min_length=1)

    def eligible(self, streets: gpd.GeoDataFrame) -> Mask:
        """Streets that are open to one of the modes."""
        return flags(streets, self.modes)

    def values(self, streets: gpd.GeoDataFrame, rows: Rows) -> Mapping[str, Any]:
        """Close them."""
        return closed_to(streets, rows, self.modes)

    def _fits(self) -> Sentence:
        return say("They are closed already, or were never open to these modes.")

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        return say(
            "Closed to {modes}: {where}, {when}",
            modes=_modes(self.modes), where=self._where(), when=self._when(),
        )  # fmt: skip


class OneWay(NamedStreetMeasure):
    """
    Make streets one-way for vehicles: the selected direction stays, the opposite one is closed.

    The direction is that of the ids (of links, not of ways), of the drawn line, or the one that
    leads more towards `bearing_deg` (0 north, 90 east). People on foot keep both directions.
    """

    kind: Literal["one_way"] = "one_way"
    bearing_deg: float | None = Field(None, ge=0, le=360)
    bikes_both_ways: bool = True
    buses_both_ways: bool = False

    @property
    def _closed(self) -> tuple[str, ...]:
        bus = () if self.buses_both_ways else ("bus",)
        return ("car", "truck", *bus, *(() if self.bikes_both_ways else ("bike",)))

    def eligible(self, streets: gpd.GeoDataFrame) -> Mask:
        """Streets that have an opposite link; whether it is open `chosen` looks at."""
        two_way: Mask = streets["reverse_id"].notna().to_numpy()
        return flags(streets, ("car", "truck")) & two_way

    def chosen(self, state: State) -> Rows:
        """Return the rows of the directions that stay."""
        streets = state.city.streets
        rows = selected_streets(state, self.select, among=self.eligible(streets), both=False)
        rows = rows[flags(streets, ("car", "truck"))[opposite(streets, rows)]]
        if self.bearing_deg is None or not len(rows):
            return rows
        return rows[_leads_to(streets, rows, self.bearing_deg)]

    def refused(self, state: State, rows: Rows) -> Problem | None:
        """Refuse streets of which both directions are selected."""
        count = int(np.isin(opposite(state.city.streets, rows), rows).sum() / 2)
        if not count:
            return None
        return Problem(
            "both_directions",
            say("Of {count} streets both directions are selected; it is not said which one stays.",
                count=count),
            say("Name links of one direction, draw a line that way, or give bearing_deg."),
        )  # fmt: skip

    def values(self, streets: gpd.GeoDataFrame, rows: Rows) -> Mapping[str, Any]:
        """Close the opposite direction."""
        return closed_to(streets, rows, self._closed)

    def targets(self, streets: gpd.GeoDataFrame, rows: Rows) -> Rows:
        """Return the rows of the opposite direction."""
        return opposite(streets, rows)

    def _fits(self) -> Sentence:
        return say("It is for streets that are open in both directions; these are one-way.")

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        where, when = self._where(), self._when()
        if self.bikes_both_ways:
            return say("One-way, bicycles both ways: {where}, {when}", where=where, when=when)
        return say("One-way: {where}, {when}", where=where, when=when)


def _leads_to(streets: gpd.GeoDataFrame, rows: Rows, bearing_deg: float) -> Mask:
    """Tell which of the links lead more towards a bearing than their opposite does."""
    bounds = streets.geometry.array[rows]
    first, last = bounds.interpolate(0.0), bounds.interpolate(1.0, normalized=True)
    turn = np.radians(bearing_deg)
    ahead = (last.x - first.x) * np.sin(turn) + (last.y - first.y) * np.cos(turn)
    back = opposite(streets, rows)
    chosen: Mask = (ahead > 0) | ((ahead == 0) & (rows < back))
    return chosen


class Lanes(StreetMeasure):
    """
    Change the lanes of each direction, or what a direction can carry.

    Where the capacity of a street is known it follows the lanes; else it is by class and lanes.
    """

    kind: Literal["lanes"] = "lanes"
    lanes: float | None = Field(None, ge=1, le=MOST_LANES)  # of each direction
    lanes_factor: float | None = Field(None, gt=0, le=10)
    capacity_vehh: float | None = Field(None, gt=0, le=MOST_CAPACITY)  # of all its lanes
    capacity_factor: float | None = Field(None, gt=0, le=10)

    @model_validator(mode="after")
    def _something(self) -> Lanes:
        values = (self.lanes, self.lanes_factor, self.capacity_vehh, self.capacity_factor)
        if all(value is None for value in values):
            raise WrongValueError(
                say("It is not said what changes."),
                say("Give lanes, lanes_factor, capacity_vehh or capacity_factor."),
            )
        for one, other in (values[:2], values[2:]):
            if one is not None and other is not None:
                raise WrongValueError(
                    say("The same is given as a value and as a factor."), say("Keep one of them.")
                )
        return self

    def eligible(self, streets: gpd.GeoDataFrame) -> Mask:
        """Streets of vehicles where something changes."""
        rows = np.arange(len(streets))
        new = self._numbers(streets, rows)
        differs = np.zeros(len(streets), bool)
        for name, values in new.items():
            old = streets[name].to_numpy(float)
            differs |= (values != old) & ~(np.isnan(values) & np.isnan(old))
        if self.capacity_factor is not None:  # to be refused, not to be overlooked
            differs |= np.isnan(new["capacity_vehh"])
        return flags(streets, MOTOR) & differs

    def _numbers(self, streets: gpd.GeoDataFrame, rows: Rows) -> dict[str, NDArray[np.float64]]:
        lanes = streets["lanes"].to_numpy(float)[rows]
        known = streets["capacity_vehh"].to_numpy(float)[rows]
        new = lanes
        if self.lanes is not None:
            new = np.full(len(rows), self.lanes)
        elif self.lanes_factor is not None:
            new = np.clip(lanes * self.lanes_factor, 0.0, MOST_LANES)
        capacity = known * new / np.maximum(lanes, 1e-9) if new is not lanes else known
        if self.capacity_vehh is not None:
            capacity = np.full(len(rows), self.capacity_vehh)
        elif self.capacity_factor is not None:
            capacity = known * self.capacity_factor
        return {"lanes": new, "capacity_vehh": np.minimum(capacity, MOST_CAPACITY)}

    def refused(self, state: State, rows: Rows) -> Problem | None:
        """Refuse a factor on a capacity that is not known."""
        known = state.city.streets["capacity_vehh"].to_numpy(float)[rows]
        missing = int(np.isnan(known).sum())
        if self.capacity_factor is None or not missing:
            return None
        return Problem(
            "unknown_capacity",
            say("Of {count} streets the capacity is not known; it follows from class and lanes.",
                count=missing),
            say("Give capacity_vehh, or lanes_factor."),
        )  # fmt: skip

    def values(self, streets: gpd.GeoDataFrame, rows: Rows) -> Mapping[str, Any]:
        """Set lanes and capacity."""
        return sourced(streets, rows, self._numbers(streets, rows))

    def _fits(self) -> Sentence:
        return say("It is for streets that vehicles use, and where something changes.")

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        where, when = self._where(), self._when()
        if self.lanes is not None:
            what = say("{lanes} lanes a direction", lanes=self.lanes)
        elif self.lanes_factor is not None:
            what = say("lanes times {factor}", factor=self.lanes_factor)
        elif self.capacity_vehh is not None:
            what = say("capacity {value} vehicles an hour", value=self.capacity_vehh)
        else:
            what = say("capacity times {factor}", factor=self.capacity_factor)
        return say("{what}: {where}, {when}", what=what, where=where, when=when)


def _modes(modes: tuple[str, ...]) -> tuple[Word, ...]:
    return tuple(Word(mode, "mode") for mode in modes)
