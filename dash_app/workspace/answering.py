"""How the engine has scenarios worked out: one year at a time, and stopped between stages."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

import pandas as pd

from dash_app.workspace.runs import StoppedError
from twin.errors import TwinError
from twin.indicators.ranges import DRIVERS, spread
from twin.memo import Memo
from twin.simulate import Cancelled, simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from twin.assumptions import Assumptions
    from twin.city import City
    from twin.scenario import Scenario
    from twin.simulate.results import Results

    Say = Callable[[float], None]
    Stop = Callable[[], bool]


LOG = logging.getLogger(__name__)


class Answer(Protocol):
    """Works one year of a scenario out; it may answer for more. Raises `StoppedError`."""

    def __call__(self, scenario: Scenario, year: int, *, stop: Stop, say: Say) -> Results:
        """Return results that hold at least this year."""


class RangesUnderWay(Protocol):
    """Ranges worked out step by step; a step that was stopped is taken again."""

    def step(self, stop: Stop) -> pd.DataFrame | None:
        """Take one step; return the table once it is whole. Raises `StoppedError`."""


def answer_with(city: City, given: Assumptions | None, memo: Memo) -> Answer:
    """
    Return what answers scenarios of a city with `twin.simulate`.

    A step of the models that fails leaves the others: the year is there, and says what is missing.
    """

    def answer(scenario: Scenario, year: int, *, stop: Stop, say: Say) -> Results:
        def progress(_: str, share: float) -> None:
            say(share)

        try:
            found = simulate(
                city, scenario, given, memo=memo, years=(year,), cancelled=stop, partial=True,
                progress=progress,
            )  # fmt: skip
        except Cancelled as error:
            raise StoppedError from error
        for step, fault in found.years[year].failed.items():
            if not isinstance(fault.__cause__, TwinError):
                LOG.error("The step %s of %s, %s failed", step, scenario.hash, year, exc_info=fault)
        return found

    return answer


class SteppedRanges:
    """
    The ranges of `twin.indicators.ranges`, one assumption a step.

    Runs keep the plan of the first, so that measures reach the same buildings, except where the
    stock that it was made for is another. The first and the last stage are run. Answers are kept
    apart from those of the planners, whose next edit shall find its own.
    """

    def __init__(
        self, city: City, given: Assumptions | None, results: Results,
        names: Sequence[str] = DRIVERS,
    ) -> None:  # fmt: skip
        self._city, self._given, self._results = city, given, results
        self._names = list(names)
        self._parts: list[pd.DataFrame] = []
        self._memo = Memo(room=4)
        self._first: Results | None = None
        stages = results.scenario.stages
        ends = tuple(dict.fromkeys((stages[0], stages[-1])))
        self._short = results.scenario.model_copy(update={"stages": ends})

    def step(self, stop: Stop) -> pd.DataFrame | None:
        """Move one assumption to both of its ends."""
        name = self._names[len(self._parts)]
        self._parts.append(spread(self._results, lambda own: self._run(own, stop), [name]))
        if len(self._parts) < len(self._names):
            return None
        return pd.concat(self._parts).sort_index()

    def _run(self, own: Assumptions, stop: Stop) -> Results:
        first = self._first
        if first is not None and own is self._results.given:
            return first
        same = first is not None and own.of(["stock"]).hash == first.given.of(["stock"]).hash
        held = first if same else None
        try:
            found = simulate(
                self._city, self._short, own, memo=self._memo, held=held, cancelled=stop
            )
        except Cancelled as error:
            raise StoppedError from error
        if first is None:
            self._first = found
        return found
