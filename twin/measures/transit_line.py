"""The measure that lets a new line run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely
from pydantic import Field, model_validator

from twin.errors import ModelError
from twin.measures.transit_base import (
    Running,
    TransitMeasure,
    check_hours,
    days_of,
    unknown_stop,
)
from twin.mobility.timetable import (
    NewLine,
    Service,
    courses_of,
    new_line,
    places_along,
    places_named,
)
from twin.selection.drawn import Line  # noqa: TC001 - pydantic reads it
from twin.sentences import Problem, Sentence, Word, WrongValueError, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twin.state import State


class TransitLine(TransitMeasure):
    """
    Let a new line run, along a drawn line or through stops named by id or name.

    A drawn line halts at every stop beside it (`timetable.stop_reach`). Buses drive on the streets,
    other vehicles along the drawn line, or straight from stop to stop. `speed_kmh` is the mean
    travel speed, halts included; without it buses take what the streets allow. The id of the line
    is that of the measure; a line that ends where it begins runs one way round.
    """

    kind: Literal["transit_line"] = "transit_line"
    name: str = Field("", max_length=60)
    line: Line | None = None
    stops: tuple[str, ...] = ()
    headway_min: float = Field(20, ge=1, le=240)
    from_hour: float = Field(5, ge=0, le=30)
    to_hour: float = Field(23, ge=0, le=30)
    transit_class: Running = "bus"
    speed_kmh: float | None = Field(None, ge=5, le=200)
    both_directions: bool = True

    @model_validator(mode="after")
    def _one_of_two(self) -> TransitLine:
        if (self.line is None) == (not self.stops):
            raise WrongValueError(
                say("It is not said where the line runs."), say("Give line or stops, not both.")
            )
        check_hours(self.from_hour, self.to_hour)
        return self

    @property
    def _needs_trips(self) -> bool:
        return False

    def faults(self, state: State) -> list[Problem]:
        """Find stops it does not know or touch."""
        if self.id in state.city.lines.index:
            what = say("There is a line with the id {id} already.", id=self.id)
            return [Problem("ids_taken", what, say("Choose another id."))]
        places, unknown = self._places(state)
        stops: Any = state.city.stops
        found = [unknown_stop(stops, word) for word in unknown]
        if found:
            return found
        if len(places) < 2:
            return [self._too_few(state, len(places))]
        try:
            self._courses(state, places)
        except ModelError as error:
            return [Problem("no_way", say(error.template, **error.values), say(error.hint))]
        return []

    def change(self, state: State, service: Service) -> Service:
        """Put the line and its trips in."""
        places, _ = self._places(state)
        courses = self._courses(state, places)
        new = NewLine(
            self.id, self.name or self.id, self.transit_class, self.headway_min, self.from_hour,
            self.to_hour, self.speed_kmh, self.both_directions,
        )  # fmt: skip
        days = days_of(service) or ("weekday",)
        return new_line(service, courses, new, state.assumptions, day=days[0])

    def _places(self, state: State) -> tuple[list[Any], list[str]]:
        stops, given = state.city.stops, state.assumptions
        if self.line is None:
            return places_named(stops, self.stops, self.transit_class, given)
        drawn = self.line.geometry(state.city.crs)
        return places_along(stops, drawn, self.transit_class, given), []

    def _courses(self, state: State, places: Sequence[Any]) -> Any:
        drawn = None if self.line is None else self.line.geometry(state.city.crs)
        return courses_of(
            state.city.stops, state.city.streets, places, state.assumptions,
            kind=self.transit_class, drawn=drawn,
        )  # fmt: skip

    def _too_few(self, state: State, count: int) -> Problem:
        if self.line is None:
            return Problem(
                "too_few_stops",
                say("A line needs at least two stops."),
                say("Name the stops in the order of the line."),
            )
        drawn = self.line.geometry(state.city.crs)
        stops = np.asarray(state.city.stops.geometry.array)
        away = float(shapely.distance(stops, drawn).min().round()) if len(stops) else 0.0
        if count == 0:
            what = say("The drawn line touches no stop; the nearest is {metres} m away.",
                       metres=away)  # fmt: skip
        else:
            what = say("The drawn line touches one stop only; a line needs two.")
        hint = say("Draw it along streets with stops, or add stops first (transit_stop).")
        return Problem("touches_nothing", what, hint)

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        return say(
            "New line {name} ({kind}) every {minutes} minutes, {when}",
            name=self.name or self.id, kind=Word(self.transit_class, "stops.class"),
            minutes=self.headway_min, when=self._since(),
        )  # fmt: skip
