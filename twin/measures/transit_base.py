"""What measures on public transport share: which lines, what they change, what is wrong."""

from __future__ import annotations

import difflib
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from twin.classes import STOP_CLASSES
from twin.hashing import hash_parts
from twin.measures.base import Begun
from twin.measures.city_change import derived
from twin.measures.street_base import AtOnceMeasure
from twin.mobility.timetable import Service, service_of
from twin.sentences import Problem, Sentence, Word, WrongValueError, listed, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from twin.state import State

Kind = Literal[STOP_CLASSES]  # type: ignore[valid-type]
Running = Literal["bus", "tram", "light_rail", "subway", "rail", "ferry"]

ASSUMED = "estimated:assumed_timetable"


class TransitMeasure(AtOnceMeasure):
    """A measure on lines and timetable; it needs a town that has one."""

    on_streets: ClassVar[bool] = True

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
            mine = lines_called(table, self.lines)
        if self.classes:
            mine &= table["class"].astype("str").isin(self.classes).to_numpy()
        return list(table.index[mine])

    def faults(self, state: State) -> list[Problem]:
        """Name lines that are not there."""
        table = state.city.lines
        found = [unknown_line(table, word) for word in self.lines if not is_line(table, word)]
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


def check_hours(first: float | None, last: float | None) -> None:
    """Refuse hours that end before they begin."""
    if first is not None and last is not None and last <= first:
        raise WrongValueError(
            say("The hours end at {last}, before they begin at {first}.", first=first, last=last),
            say("After midnight hours go on: 25 is one o'clock."),
        )


def hours_said(first: float | None, last: float | None) -> Sentence | str:
    """Return a span of hours in words, nothing where none is given."""
    if first is None and last is None:
        return ""
    if last is None:
        return say(" from {first} h", first=first)
    if first is None:
        return say(" until {last} h", last=last)
    return say(" from {first} to {last} h", first=first, last=last)


def days_of(service: Service) -> tuple[str, ...]:
    """Return the kinds of days that trips are known for."""
    return tuple(sorted(service.trips["day_type"].astype("str").unique()))


def lines_called(table: pd.DataFrame, words: Iterable[str]) -> Any:
    """Tell which lines some words mean, as their ids or names."""
    wanted = {word.casefold() for word in words}
    named = table["name"].astype(object).map(lambda name: str(name).casefold() in wanted)
    return named.to_numpy(bool) | table.index.isin(list(words))


def is_line(table: pd.DataFrame, word: str) -> bool:
    """Tell whether a word is the id or the name of a line."""
    return bool(lines_called(table, (word,)).any())


def _line_names(table: pd.DataFrame) -> tuple[object, ...]:
    return listed(sorted({str(name) for name in table["name"].dropna()}), 12)


def unknown_line(table: pd.DataFrame, word: str) -> Problem:
    """Say that there is no such line, with the nearest known ones."""
    names = [*dict.fromkeys(str(name) for name in table["name"].dropna()), *table.index]
    near = difflib.get_close_matches(word, names, n=4, cutoff=0.5)
    hint = (
        say("Perhaps: {near}.", near=tuple(near))
        if near
        else say("Known lines: {known}.", known=_line_names(table))
    )
    return Problem("unknown_line", say("There is no line {name}.", name=word), hint)


def unknown_stop(table: pd.DataFrame, word: str) -> Problem:
    """Say that there is no such stop, with the nearest known ones."""
    names = {str(name).casefold(): str(name) for name in table["name"].dropna()}
    near = [names[n] for n in difflib.get_close_matches(word.casefold(), list(names), n=4)]
    near = near or difflib.get_close_matches(word, list(table.index), n=4, cutoff=0.8)
    hint = say("Perhaps: {near}.", near=tuple(near)) if near else None
    return Problem("unknown_stop", say("There is no stop {name}.", name=word), hint)
