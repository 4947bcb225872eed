"""Measures for cycling: a facility beside or on the carriageway, a cycle street."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from twin.classes import CYCLE_FACILITIES  # noqa: TC001 - pydantic reads it
from twin.measures.base import Mask  # noqa: TC001 - pydantic reads it
from twin.measures.street_base import MOTOR, NamedStreetMeasure, flags, sourced
from twin.sentences import Problem, Sentence, Word, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.state import State

    Rows = NDArray[np.intp]

NO_BIKES = ("motorway", "trunk", "steps")
BESIDE = ("separate_track", "track", "shared_path", "segregated_path")
"""Facilities off the carriageway: they open a street to bikes that was closed to them."""

CYCLE_STREET_KMH = 30.0
"""Speed limit of a Fahrradstraße (StVO, annex 2, sign 244.1; general knowledge)."""


class CycleFacility(NamedStreetMeasure):
    """
    Give streets a cycle facility, in the selected directions.

    With `takes_lane` each gives one lane to it and keeps at least one; the capacity, where it is
    known, falls with the lanes. A facility off the carriageway opens a street to bicycles.
    """

    kind: Literal["cycle_facility"] = "cycle_facility"
    facility: Literal[CYCLE_FACILITIES]  # type: ignore[valid-type]
    takes_lane: bool = False

    def eligible(self, streets: gpd.GeoDataFrame) -> Mask:
        """Streets that may have it and do not."""
        fit = flags(streets, ("bike",))
        if self.facility in BESIDE:
            fit = fit | flags(streets, MOTOR)
        other = (streets["cycle_facility"] != self.facility).to_numpy()
        found: Mask = fit & other & ~streets["class"].isin(NO_BIKES).to_numpy()
        return found

    def refused(self, state: State, rows: Rows) -> Problem | None:
        """Refuse to take the only lane everywhere."""
        lanes = state.city.streets["lanes"].to_numpy(float)[rows]
        if not self.takes_lane or (lanes >= 2).any():
            return None
        return Problem(
            "no_lane",
            say("None of the {count} streets has a second lane to give.", count=len(rows)),
            say("Leave out takes_lane, or close streets, or make them one-way."),
        )

    def notes(self, state: State, rows: Rows) -> tuple[Problem, ...]:
        """Say where no lane could be taken."""
        lanes = state.city.streets["lanes"].to_numpy(float)[rows]
        short = int((lanes < 2).sum())
        if not self.takes_lane or not short:
            return ()
        what = say("Of {total} streets {count} keep their only lane.", count=short, total=len(rows))
        return (Problem("one_lane", what),)

    def values(self, streets: gpd.GeoDataFrame, rows: Rows) -> Mapping[str, Any]:
        """Set the facility, and take the lane."""
        values: dict[str, Any] = {"cycle_facility": self.facility}
        if self.facility in BESIDE:
            closed = ~streets["allow_bike"].to_numpy(bool)[rows]
            reach = streets["bike_reach"].to_numpy(object)[rows]
            values |= {"allow_bike": True, "bike_reach": np.where(closed, "main", reach)}
        if not self.takes_lane:
            return values
        lanes = streets["lanes"].to_numpy(float)[rows]
        left = np.where(lanes >= 2, lanes - 1, lanes)
        known = streets["capacity_vehh"].to_numpy(float)[rows]
        capacity = known * left / np.maximum(lanes, 1e-9)
        return values | sourced(streets, rows, {"lanes": left, "capacity_vehh": capacity})

    def _fits(self) -> Sentence:
        return say("It is for streets open to bicycles that do not have it yet; not motorways.")

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        what = Word(self.facility, "streets.cycle_facility")
        where, when = self._where(), self._when()
        if self.takes_lane:
            return say(
                "Cycle facility ({facility}) in place of a lane: {where}, {when}",
                facility=what, where=where, when=when,
            )  # fmt: skip
        return say(
            "Cycle facility ({facility}): {where}, {when}", facility=what, where=where, when=when
        )


class CycleStreet(NamedStreetMeasure):
    """
    Make streets cycle streets (Fahrradstraßen): 30 km/h at most, bicycles have the road.

    With `cars` set to `residents` only those who live or have business there may drive in.
    """

    kind: Literal["cycle_street"] = "cycle_street"
    cars: Literal["allowed", "residents"] = "allowed"

    def eligible(self, streets: gpd.GeoDataFrame) -> Mask:
        """Streets open to bicycles that are none yet."""
        fit = flags(streets, ("bike",)) & ~streets["class"].isin(NO_BIKES).to_numpy()
        other = (streets["cycle_facility"] != "cycle_street").to_numpy()
        found: Mask = fit & (other | self._closes(streets))
        return found

    def _closes(self, streets: gpd.GeoDataFrame) -> Mask:
        public = (streets["car_access"] == "public").to_numpy() & flags(streets, ("car",))
        found: Mask = public if self.cars == "residents" else np.zeros(len(streets), bool)
        return found

    def values(self, streets: gpd.GeoDataFrame, rows: Rows) -> Mapping[str, Any]:
        """Set facility, speed and access."""
        speed = np.minimum(streets["speed_kmh"].to_numpy(float)[rows], CYCLE_STREET_KMH)
        values: dict[str, Any] = {"cycle_facility": "cycle_street"}
        values |= sourced(streets, rows, {"speed_kmh": speed})
        if self.cars == "residents":
            access = streets["car_access"].to_numpy(object)[rows]
            values["car_access"] = np.where(access == "public", "destination", access)
        return values

    def _fits(self) -> Sentence:
        return say("It is for streets open to bicycles that are no cycle streets yet.")

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        where, when = self._where(), self._when()
        if self.cars == "residents":
            return say("Cycle street, cars of residents: {where}, {when}", where=where, when=when)
        return say("Cycle street: {where}, {when}", where=where, when=when)
