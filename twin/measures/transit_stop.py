"""The measure on stops: new, moved, closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely
from pydantic import Field, model_validator

from twin.measures.transit_base import (
    Running,
    TransitMeasure,
    is_line,
    lines_called,
    unknown_line,
    unknown_stop,
)
from twin.mobility.timetable import (
    Service,
    closed_stop,
    halting_places,
    moved_stop,
    nearest_street,
    passing_lines,
    service_of,
    with_halt,
    with_stop,
)
from twin.selection.drawn import Spot, projected
from twin.sentences import Problem, Sentence, WrongValueError, listed, say

if TYPE_CHECKING:
    from twin.state import State

OUTSIDE_M = 100.0


class TransitStop(TransitMeasure):
    """
    Open, move or close a stop.

    With `stop` (id, or a name that only one place has, both sides of the street then) and `to` it
    moves, the times staying as they are; with `closed` nothing halts there any more. Without
    `stop` a new one opens at `to`, its id that of the measure; the `lines` named halt there, or
    where none is named those of its class that pass within `timetable.stop_reach`, and are later
    by the halt.
    """

    kind: Literal["transit_stop"] = "transit_stop"
    stop: str | None = None
    to: Spot | None = None
    closed: bool = False
    name: str = Field("", max_length=200)
    transit_class: Running = "bus"
    lines: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_of_three(self) -> TransitStop:
        moved = self.stop is not None and self.to is not None and not self.closed
        gone = self.stop is not None and self.to is None and self.closed
        new = self.stop is None and self.to is not None and not self.closed
        if not (moved or gone or new):
            raise WrongValueError(
                say("It is not said what happens to the stop."),
                say("Give stop and to (moved), stop and closed, or to alone (new)."),
            )
        return self

    @property
    def _needs_trips(self) -> bool:
        return self.stop is None

    def faults(self, state: State) -> list[Problem]:
        """Find the stop, its new spot and the lines."""
        stops: Any = state.city.stops
        found = []
        if self.stop is not None and len(self._rows(state)) == 0:
            found.append(unknown_stop(stops, self.stop))
        if self.stop is not None and (several := self._several(state)):
            found.append(several)
        if self.stop is None and self.id in stops.index:
            what = say("There is a stop with the id {id} already.", id=self.id)
            found.append(Problem("ids_taken", what, say("Choose another id.")))
        if self.to is not None and not _in_town(state, self.to):
            what = say("The new spot lies outside of the town.")
            hint = say("Give longitude and latitude of a spot in the town, longitude first.")
            found.append(Problem("outside", what, hint))
        table = state.city.lines
        found += [unknown_line(table, word) for word in self.lines if not is_line(table, word)]
        if self.stop is None and not found and not self._lines(state):
            what = say("No line passes the new stop.")
            hint = say("Name the lines that shall halt there, or put it on their way.")
            found.append(Problem("no_line", what, hint))
        return found

    def change(self, state: State, service: Service) -> Service:
        """Change stops and what halts there."""
        given, streets = state.assumptions, state.city.streets
        if self.closed:
            return closed_stop(service, list(service.stops.index[self._rows(state)]), given)
        point = shapely.Point(projected(self.to, state.city.crs)[0])
        if self.stop is None:
            link = nearest_street(point, streets)
            service = with_stop(
                service, point, stop_id=self.id, name=self.name or self.id,
                kind=self.transit_class, link_id=link,
            )  # fmt: skip
            return with_halt(service, self.id, self._lines(state), given)
        rows = self._rows(state)
        shapes = np.asarray(service.stops.geometry.array)[rows]
        middle = shapely.get_coordinates(shapes).mean(axis=0)
        for row, shape in zip(rows, shapes, strict=True):
            there = shapely.Point(point.x + shape.x - middle[0], point.y + shape.y - middle[1])
            key = str(service.stops.index[row])
            link = nearest_street(there, streets)
            service = moved_stop(service, key, there, link_id=link)
        return service

    def _rows(self, state: State) -> Any:
        """Return the rows of the stops that are meant."""
        stops: Any = state.city.stops
        if self.stop in stops.index:
            return np.array([stops.index.get_loc(self.stop)])
        name = str(self.stop).casefold()
        return np.flatnonzero((stops["name"].str.casefold() == name).to_numpy(bool))

    def _several(self, state: State) -> Problem | None:
        rows = self._rows(state)
        if len(np.unique(halting_places(state.city.stops, state.assumptions)[rows])) < 2:
            return None
        ids = listed(state.city.stops.index[rows])
        return Problem(
            "ambiguous",
            say("{count} stops far from each other are called {name}.",
                count=len(rows), name=str(self.stop)),
            say("Give the id of one: {ids}.", ids=ids),
        )  # fmt: skip

    def _lines(self, state: State) -> list[str]:
        table: Any = state.city.lines
        if self.lines:
            return list(table.index[lines_called(table, self.lines)])
        point = shapely.Point(projected(self.to, state.city.crs)[0])
        reach = state.assumptions["timetable.stop_reach"]
        service = service_of(state.city.tables)
        return passing_lines(service, point, self.transit_class, reach)

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        when = self._since()
        if self.stop is None:
            return say("New stop {name}, {when}", name=self.name or self.id, when=when)
        if self.closed:
            return say("Stop {name} closed, {when}", name=self.stop, when=when)
        return say("Stop {name} moved, {when}", name=self.stop, when=when)


def _in_town(state: State, to: tuple[float, float]) -> bool:
    point = shapely.Point(projected(to, state.city.crs)[0])
    box = shapely.box(*state.city.streets.total_bounds).buffer(OUTSIDE_M)
    return bool(box.contains(point))
