"""Measures on lines that run: how often, how fast, no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from twin.measures.transit_base import LinesMeasure, check_hours, days_of, hours_said
from twin.mobility.timetable import Service, faster, with_headway, without_line
from twin.sentences import Sentence, WrongValueError, say

if TYPE_CHECKING:
    from twin.state import State


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
        check_hours(self.from_hour, self.to_hour)
        return self

    def change(self, state: State, service: Service) -> Service:
        """Space the departures anew, on every kind of day the timetable has."""
        for day in days_of(service):
            service = with_headway(
                service, self.chosen(state), name=self.id, headway_min=self.headway_min,
                factor=self.factor, from_hour=self.from_hour, to_hour=self.to_hour, day=day,
            )  # fmt: skip
        return service

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        where, when = self._where(), self._since()
        hours = hours_said(self.from_hour, self.to_hour)
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
        for day in days_of(service):
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
