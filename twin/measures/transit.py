"""Measures on public transport: how often, where, where it halts, how fast."""

from __future__ import annotations

import difflib
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely
from pydantic import Field, model_validator

from twin.classes import STOP_CLASSES
from twin.errors import ModelError
from twin.hashing import hash_parts
from twin.measures.base import Begun
from twin.measures.city_change import derived
from twin.measures.street_base import AtOnceMeasure
from twin.mobility.timetable import (
    NewLine,
    Service,
    closed_stop,
    courses_of,
    faster,
    halting_places,
    moved_stop,
    nearest_street,
    new_line,
    passing_lines,
    places_along,
    places_named,
    service_of,
    with_halt,
    with_headway,
    with_stop,
    without_line,
)
from twin.selection.drawn import Line, Spot, projected
from twin.sentences import Problem, Sentence, Word, WrongValueError, listed, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from twin.state import State

Kind = Literal[STOP_CLASSES]  # type: ignore[valid-type]
Running = Literal["bus", "tram", "light_rail", "subway", "rail", "ferry"]

ASSUMED = "estimated:assumed_timetable"
OUTSIDE_M = 100.0


class TransitMeasure(AtOnceMeasure):
    """A measure on lines and timetable; it needs a town that has one."""

    def begin(self, state: State) -> Begun:
        """Find what it is about."""
        if not len(state.city.trips) and self._needs_trips:
            return Begun(faults=(_no_timetable(),))
        faults = self.faults(state)
        return Begun(faults=tuple(faults), notes=_notes(state))

    @property
    def _needs_trips(self) -> bool:
        return True

    @abstractmethod
    def faults(self, state: State) -> list[Problem]:
        """Return what is named and not there, or does not fit."""

    @abstractmethod
    def change(self, state: State, service: Service) -> Service:
        """Return the timetable with the measure done."""

    def done(self, state: State, begun: Begun) -> State:
        """Exchange the tables of public transport that change."""
        before = service_of(state.city.tables)
        after = self.change(state, before).tables()
        new = {name: table for name, table in after.items() if table is not getattr(before, name)}
        said = hash_parts([self.model_dump_json(exclude={"note", "enabled", "start_year"})])
        return state.replace(city=derived(state.city, new, said))


class LinesMeasure(TransitMeasure):
    """A measure on lines: those named by id or name, those of some classes, else all."""

    lines: tuple[str, ...] = ()
    classes: tuple[Kind, ...] = ()

    def chosen(self, state: State) -> list[str]:
        """Return the ids of the lines that are meant."""
        table = state.city.lines
        mine = np.ones(len(table), bool)
        if self.lines:
            mine = _lines_called(table, self.lines)
        if self.classes:
            mine &= table["class"].astype("str").isin(self.classes).to_numpy()
        return list(table.index[mine])

    def faults(self, state: State) -> list[Problem]:
        """Name lines that are not there."""
        table = state.city.lines
        found = [_unknown_line(table, word) for word in self.lines if not _known(table, word)]
        if not found and not self.chosen(state):
            what = say("No line of the town is meant.")
            hint = say("Known lines: {known}.", known=_line_names(table))
            found = [Problem("empty", what, hint)]
        return found

    def _where(self) -> Sentence:
        if self.lines:
            return say("line {lines}", lines=listed(self.lines))
        if self.classes:
            words = tuple(Word(kind, "stops.class") for kind in self.classes)
            return say("all lines ({classes})", classes=words)
        return say("all lines")


class TransitHeadway(LinesMeasure):
    """
    Let lines run at another headway, each direction for itself.

    `headway_min` is the new headway, `factor` one on the old (0.5: twice as often). Without
    `from_hour` and `to_hour` it holds from the first to the last trip of the day; with them also
    where nothing ran in these hours. Travel times are those of the trip that ran nearest in time.
    """

    kind: Literal["transit_headway"] = "transit_headway"
    headway_min: float | None = Field(None, ge=1, le=240)
    factor: float | None = Field(None, ge=0.1, le=10)
    from_hour: float | None = Field(None, ge=0, le=30)
    to_hour: float | None = Field(None, ge=0, le=30)

    @model_validator(mode="after")
    def _one_of_two(self) -> TransitHeadway:
        if (self.headway_min is None) == (self.factor is None):
            raise WrongValueError(
                say("A new headway is needed, in minutes or as a factor, not both."),
                say("Give headway_min or factor."),
            )
        _check_hours(self.from_hour, self.to_hour)
        return self

    def change(self, state: State, service: Service) -> Service:
        """Space the departures anew, on every kind of day the timetable has."""
        for day in _days(service):
            service = with_headway(
                service, self.chosen(state), name=self.id, headway_min=self.headway_min,
                factor=self.factor, from_hour=self.from_hour, to_hour=self.to_hour, day=day,
            )  # fmt: skip
        return service

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        where, when = self._where(), self._since()
        hours = _hours(self.from_hour, self.to_hour)
        if self.headway_min is not None:
            return say(
                "Every {minutes} minutes{hours}: {where}, {when}",
                minutes=self.headway_min, hours=hours, where=where, when=when,
            )  # fmt: skip
        return say(
            "Headway times {factor}{hours}: {where}, {when}",
            factor=self.factor, hours=hours, where=where, when=when,
        )  # fmt: skip


class TransitPriority(LinesMeasure):
    """
    Make lines faster: bus lanes, signals that wait for them, boarding at all doors.

    `saved_percent` of the time between stops, or `saved_s_per_stop` at every stop on the way.
    """

    kind: Literal["transit_priority"] = "transit_priority"
    saved_percent: float | None = Field(None, gt=0, le=50)
    saved_s_per_stop: float | None = Field(None, gt=0, le=120)

    @model_validator(mode="after")
    def _one_of_two(self) -> TransitPriority:
        if (self.saved_percent is None) == (self.saved_s_per_stop is None):
            raise WrongValueError(
                say("It is not said how much time is saved."),
                say("Give saved_percent or saved_s_per_stop."),
            )
        return self

    def change(self, state: State, service: Service) -> Service:
        """Shorten running times and halts."""
        for day in _days(service):
            service = faster(
                service, self.chosen(state), state.assumptions, percent=self.saved_percent,
                seconds_per_stop=self.saved_s_per_stop, day=day,
            )  # fmt: skip
        return service

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        where, when = self._where(), self._since()
        if self.saved_percent is not None:
            return say(
                "Priority, {percent} % of travel time saved: {where}, {when}",
                percent=self.saved_percent, where=where, when=when,
            )  # fmt: skip
        return say(
            "Priority, {seconds} s saved at each stop: {where}, {when}",
            seconds=self.saved_s_per_stop, where=where, when=when,
        )  # fmt: skip


class TransitLineRemoved(LinesMeasure):
    """Take lines out of service; their stops stay."""

    kind: Literal["transit_line_removed"] = "transit_line_removed"

    @model_validator(mode="after")
    def _something_said(self) -> TransitLineRemoved:
        if not self.lines and not self.classes:
            raise WrongValueError(say("It is not said which lines."), say("Give lines or classes."))
        return self

    def change(self, state: State, service: Service) -> Service:
        """Take them out."""
        return without_line(service, self.chosen(state))

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        return say("No longer runs: {where}, {when}", where=self._where(), when=self._since())


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
        _check_hours(self.from_hour, self.to_hour)
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
        found = [_unknown_stop(stops, word) for word in unknown]
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
        days = _days(service) or ("weekday",)
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
            found.append(_unknown_stop(stops, self.stop))
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
        found += [_unknown_line(table, word) for word in self.lines if not _known(table, word)]
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
            return list(table.index[_lines_called(table, self.lines)])
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


# ------------------------------------------------------------------------------- words


def _no_timetable() -> Problem:
    return Problem(
        "no_timetable",
        say("The town has no timetable, so no line can be changed."),
        say("Build it with a GTFS feed, or with stops, for which a timetable is assumed."),
    )


def _notes(state: State) -> tuple[Problem, ...]:
    times = state.city.stop_times["time_source"]
    if not len(times) or not (times == ASSUMED).any():
        return ()
    what = say("The timetable of this town is assumed, and what changes is reckoned from that.")
    return (Problem("assumed_timetable", what, say("Add a GTFS feed of the operator.")),)


def _check_hours(first: float | None, last: float | None) -> None:
    if first is not None and last is not None and last <= first:
        raise WrongValueError(
            say("The hours end at {last}, before they begin at {first}.", first=first, last=last),
            say("After midnight hours go on: 25 is one o'clock."),
        )


def _hours(first: float | None, last: float | None) -> Sentence | str:
    if first is None and last is None:
        return ""
    if last is None:
        return say(" from {first} h", first=first)
    if first is None:
        return say(" until {last} h", last=last)
    return say(" from {first} to {last} h", first=first, last=last)


def _days(service: Service) -> tuple[str, ...]:
    return tuple(sorted(service.trips["day_type"].astype("str").unique()))


def _lines_called(table: pd.DataFrame, words: Iterable[str]) -> Any:
    wanted = {word.casefold() for word in words}
    named = table["name"].astype(object).map(lambda name: str(name).casefold() in wanted)
    return named.to_numpy(bool) | table.index.isin(list(words))


def _known(table: pd.DataFrame, word: str) -> bool:
    return bool(_lines_called(table, (word,)).any())


def _line_names(table: pd.DataFrame) -> tuple[object, ...]:
    return listed(sorted({str(name) for name in table["name"].dropna()}), 12)


def _unknown_line(table: pd.DataFrame, word: str) -> Problem:
    names = [*dict.fromkeys(str(name) for name in table["name"].dropna()), *table.index]
    near = difflib.get_close_matches(word, names, n=4, cutoff=0.5)
    hint = (
        say("Perhaps: {near}.", near=tuple(near))
        if near
        else say("Known lines: {known}.", known=_line_names(table))
    )
    return Problem("unknown_line", say("There is no line {name}.", name=word), hint)


def _unknown_stop(table: pd.DataFrame, word: str) -> Problem:
    names = {str(name).casefold(): str(name) for name in table["name"].dropna()}
    near = [names[n] for n in difflib.get_close_matches(word.casefold(), list(names), n=4)]
    near = near or difflib.get_close_matches(word, list(table.index), n=4, cutoff=0.8)
    hint = say("Perhaps: {near}.", near=tuple(near)) if near else None
    return Problem("unknown_stop", say("There is no stop {name}.", name=word), hint)


def _in_town(state: State, to: tuple[float, float]) -> bool:
    point = shapely.Point(projected(to, state.city.crs)[0])
    box = shapely.box(*state.city.streets.total_bounds).buffer(OUTSIDE_M)
    return bool(box.contains(point))
