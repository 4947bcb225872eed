"""Measures that hold in an area: parking, shared cars, mobility hubs, charging points."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Literal

import shapely
from pydantic import Field, model_validator

from twin.measures.base import Begun
from twin.measures.street_base import AtOnceMeasure
from twin.selection.drawn import Around  # noqa: TC001 - pydantic reads it
from twin.selection.model import Area  # noqa: TC001 - pydantic reads it
from twin.selection.street_words import around_words
from twin.selection.streets import district_problems
from twin.sentences import Problem, Sentence, WrongValueError, listed, say
from twin.state import AreaChange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twin.state import State


class AreaMeasure(AtOnceMeasure):
    """
    Something that holds in an area: drawn, around a point or place, or in districts.

    Nothing given means the whole town. Of two measures of a kind the later one holds where both
    areas lie.
    """

    area: Area | None = None
    around: Around | None = None
    districts: tuple[str, ...] = ()  # ids or names

    @model_validator(mode="after")
    def _one_place(self) -> AreaMeasure:
        given = [bool(self.area), bool(self.around), bool(self.districts)]
        if sum(given) > 1:
            raise WrongValueError(
                say("The place is given more than once."),
                say("Give one of area, around and districts."),
            )
        return self

    @abstractmethod
    def holds(self) -> Mapping[str, float]:
        """Return what holds there, by names with units."""

    def geometry(self, state: State) -> shapely.Geometry | None:
        """Return the area in the CRS of the city; none is everywhere."""
        if self.area is not None:
            return self.area.geometry(state.city.crs)
        if self.around is not None:
            return self.around.geometry(state)
        if self.districts:
            districts = state.city.districts
            wanted = {word.casefold() for word in self.districts}
            named = districts["name"].str.casefold().isin(wanted)
            named = named | districts.index.isin(self.districts)
            return shapely.union_all(districts.geometry.array[named.to_numpy()])
        return None

    def begin(self, state: State) -> Begun:
        """Find the area."""
        faults = district_problems(state, self.districts)
        faults += [] if self.around is None else self.around.problems(state)
        if not faults and (fault := self._outside(state)):
            faults.append(fault)
        return Begun(faults=tuple(faults))

    def _outside(self, state: State) -> Problem | None:
        area, streets = self.geometry(state), state.city.streets
        if area is None or not len(streets):
            return None
        if shapely.box(*streets.total_bounds).intersects(area):
            return None
        return Problem(
            "outside",
            say("The area lies outside of the town."),
            say("Draw it where the town has streets; longitude comes first."),
        )

    def done(self, state: State, begun: Begun) -> State:
        """Let it hold from now on."""
        change = AreaChange(self.id, self.is_a, dict(self.holds()), self.geometry(state))
        return state.replace(area_changes=(*state.area_changes, change))

    def _where(self) -> Sentence:
        if self.area is not None:
            return say("in the drawn area")
        if self.around is not None:
            return around_words(self.around)
        if self.districts:
            return say("in {names}", names=listed(self.districts))
        return say("in the whole town")


class Parking(AreaMeasure):
    """Set what a stay in public parking costs [€], or how many places there are, by a factor."""

    kind: Literal["parking"] = "parking"
    price_eur: float | None = Field(None, ge=0, le=200)  # a stay
    supply_factor: float | None = Field(None, ge=0, le=10)  # of the places today

    @model_validator(mode="after")
    def _something(self) -> Parking:
        if self.price_eur is None and self.supply_factor is None:
            raise WrongValueError(
                say("It is not said what changes."), say("Give price_eur or supply_factor.")
            )
        return self

    def holds(self) -> Mapping[str, float]:
        """Return price and supply as far as they are given."""
        given = {"price_eur": self.price_eur, "supply_factor": self.supply_factor}
        return {name: value for name, value in given.items() if value is not None}

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        where, when = self._where(), self._since()
        price = say("{price} € a stay", price=self.price_eur)
        supply = say("{factor} times as many places", factor=self.supply_factor)
        if self.price_eur is None:
            what = supply
        elif self.supply_factor is None:
            what = price
        else:
            what = say("{one}, {other}", one=price, other=supply)
        return say("Parking: {what} {where}, {when}", what=what, where=where, when=when)


class CarSharing(AreaMeasure):
    """Put shared cars into an area."""

    kind: Literal["car_sharing"] = "car_sharing"
    cars: int = Field(gt=0, le=100_000)

    def holds(self) -> Mapping[str, float]:
        """Return the number of cars."""
        return {"cars": float(self.cars)}

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        return say(
            "{count} shared cars {where}, {when}",
            count=self.cars, where=self._where(), when=self._since(),
        )  # fmt: skip


class MobilityHub(AreaMeasure):
    """Set up a mobility hub with shared bikes and cars."""

    kind: Literal["mobility_hub"] = "mobility_hub"
    shared_bikes: int = Field(0, ge=0, le=100_000)
    shared_cars: int = Field(0, ge=0, le=100_000)

    @model_validator(mode="after")
    def _something(self) -> MobilityHub:
        if not self.shared_bikes and not self.shared_cars:
            raise WrongValueError(
                say("The hub has nothing to share."), say("Give shared_bikes or shared_cars.")
            )
        return self

    def holds(self) -> Mapping[str, float]:
        """Return the numbers of bikes and cars."""
        return {"shared_bikes": float(self.shared_bikes), "shared_cars": float(self.shared_cars)}

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        return say(
            "Mobility hub with {bikes} bikes and {cars} cars {where}, {when}",
            bikes=self.shared_bikes, cars=self.shared_cars, where=self._where(),
            when=self._since(),
        )  # fmt: skip


class ChargingPoints(AreaMeasure):
    """Put charging points for electric cars into an area."""

    kind: Literal["charging_points"] = "charging_points"
    points: int = Field(gt=0, le=100_000)
    kw: float = Field(11.0, gt=0, le=1000)  # each

    def holds(self) -> Mapping[str, float]:
        """Return number and power."""
        return {"points": float(self.points), "kw": self.kw}

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        return say(
            "{count} charging points of {kw} kW {where}, {when}",
            count=self.points, kw=self.kw, where=self._where(), when=self._since(),
        )  # fmt: skip
