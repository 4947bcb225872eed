"""What is asked of the engine: a run somebody waits for, where a scenario stands, why not."""

from __future__ import annotations

import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Literal

from twin.errors import ModelError, TwinError
from twin.scenario import Baseline, Scenario

if TYPE_CHECKING:
    from twin.city import City

State = Literal["ready", "computing", "failed", "unknown"]
Kind = Literal["asked", "years", "ranges"]


class UnknownRunError(TwinError):
    """Nobody has asked for this scenario since the program started."""


class NotReadyError(TwinError):
    """The answer takes longer than somebody was willing to wait."""


class UnexpectedError(ModelError):
    """A fault in the program itself; what it was stands in the log."""


class StoppedError(Exception):
    """A computation was told to stop: somebody has something more urgent."""


@dataclass(frozen=True)
class Status:
    """
    Where the answer to a scenario stands.

    `ready`: every stage year is there. `failed`: at least one is not to be had, `problem` says why;
    `years` may be used nevertheless. `share` is the part of the work that is done, 0 to 1.
    """

    state: State
    years: tuple[int, ...] = ()
    share: float = 0.0
    problem: TwinError | None = None


class Run:
    """
    Somebody waits for one year of a scenario.

    Once `done`, either the answer is there, or `problem` says why not, or a newer start of the
    same token made it `superseded`. `future` ends then, too, without a value.
    """

    def __init__(self, hash_: str, year: int, token: str = "", *, rank: int = 0) -> None:
        self.rank = rank  # 0 before 1
        self.hash = hash_
        self.year = year
        self.token = token
        self.problem: TwinError | None = None
        self.superseded = False
        self.asked_at = time.monotonic()
        self.future: Future[None] = Future()

    def done(self, timeout: float | None = 0.0) -> bool:
        """Wait up to `timeout` seconds (None: as long as it takes) and tell whether it is over."""
        try:
            self.future.result(timeout)
        except FutureTimeoutError:
            return False
        return True

    def settle(self, problem: TwinError | None = None, *, superseded: bool = False) -> None:
        """End the wait; only the engine does this."""
        if self.future.done():
            return
        self.problem, self.superseded = problem, superseded
        self.future.set_result(None)


@dataclass(eq=False)
class Job:
    """One piece of work: a year of a scenario, or one step of its ranges; who waits for it."""

    kind: Kind
    hash: str
    year: int
    runs: list[Run] = field(default_factory=list)
    stop: Event = field(default_factory=Event)
    share: float = 0.0

    @property
    def rank(self) -> int:
        """The best rank of those who wait."""
        return min((run.rank for run in self.runs), default=0)

    def is_for(self, hash_: str, year: int) -> bool:
        """Tell whether it gives this year of this scenario, and was not told to stop."""
        same = self.kind != "ranges" and (self.hash, self.year) == (hash_, year)
        return same and not self.stop.is_set()


def baseline_of(scenario: Scenario, city: City) -> Scenario:
    """Return today as a scenario: no measures, no assumptions of its own, the same stages."""
    return Scenario(baseline=Baseline(hash=city.hash, name=city.name), stages=scenario.stages)


def is_baseline(scenario: Scenario) -> bool:
    """Tell whether a scenario changes nothing."""
    return not scenario.assumptions and not any(m.enabled for m in scenario.measures)


def unknown_run(hash_: str) -> UnknownRunError:
    """Return the refusal where nothing is known of a hash."""
    template = "Nothing has been worked out under {hash} since the program started."
    hint = "Ask for the scenario again; then its results are worked out anew."
    return UnknownRunError(template, hint=hint, hash=hash_[:40])


def not_ready(year: int) -> NotReadyError:
    """Return the refusal where somebody has waited long enough."""
    template = "The results for {year} are still being worked out."
    return NotReadyError(template, hint="Ask again in a moment.", year=str(year))


def unexpected() -> UnexpectedError:
    """Return what people are told of a fault in the program."""
    template = "The scenario could not be worked out because of a fault in the program."
    hint = "The other scenarios are not affected. Change the last measure, or report the fault."
    return UnexpectedError(template, hint=hint)


def wrong_year(year: int, scenario: Scenario) -> ModelError:
    """Return the refusal of a year that is no stage."""
    template = "The scenario has no stage in {year}."
    known = ", ".join(map(str, scenario.stages))
    return ModelError(template, hint="It has {known}.", year=str(year), known=known)
