"""Works scenarios out, one at a time, for everybody who looks at the city."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from threading import Condition, Thread
from typing import TYPE_CHECKING

from dash_app.workspace.answering import SteppedRanges, answer_with
from dash_app.workspace.kept import Kept
from dash_app.workspace.queue import Queue
from dash_app.workspace.runs import (
    Job,
    Run,
    Status,
    StoppedError,
    baseline_of,
    is_baseline,
    not_ready,
    unexpected,
    unknown_run,
    wrong_year,
)
from twin.errors import TwinError
from twin.memo import Memo
from twin.scenario import STAGES, Scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from dash_app.workspace.answering import Answer, RangesUnderWay
    from twin.assumptions import Assumptions
    from twin.city import City
    from twin.simulate.results import Results, YearResults

    Watch = Callable[[str, int], None]

__all__ = ["Engine", "Run", "Status", "baseline_of"]

LOG = logging.getLogger(__name__)

KEEP_BYTES = 1_500_000_000
MOST_SCENARIOS = 300
"""Scenarios (not results) remembered, so that results that had to go can be had again."""

MOST_SPREADS = 40

REST_S = 1.0
"""Seconds without an edit before other years are worked out: the next edit mostly follows soon."""


class Engine:
    """
    Works scenarios out and keeps the answers; safe to use from any thread.

    One thread computes. What somebody waits for comes first, in the order of asking; then the
    other years of the scenarios on screen, the newest first; ranges when nothing else is left. The
    latter two give way to every edit. What several ask for is worked out once.

    Parameters
    ----------
    given
        Assumptions; those that ship with the program where left out.
    keep
        Scenarios whose results are kept besides the baseline and those on somebody's screen.
    answer, ranges
        How a year and its ranges are worked out; `twin.simulate` where left out.
    warm
        Whether today is worked out at once.
    """

    def __init__(  # noqa: PLR0913 - what a server may decide, all of it optional
        self,
        city: City,
        given: Assumptions | None = None,
        *,
        keep: int = 10,
        keep_bytes: int = KEEP_BYTES,
        answer: Answer | None = None,
        ranges: Callable[[Results], RangesUnderWay] | None = None,
        warm: bool = True,
        rest_s: float = REST_S,
    ) -> None:
        self.city = city
        self.memo = Memo()
        self._answer = answer or answer_with(city, given, self.memo)
        self._ranges = ranges or (lambda results: SteppedRanges(city, given, results))
        self._rest_s = rest_s
        self._lock = Condition()
        self._queue = Queue()
        self._kept = Kept(keep, keep_bytes)
        self._scenarios: OrderedDict[str, Scenario] = OrderedDict()
        self._problems: dict[tuple[str, int], TwinError] = {}
        self._spreads: OrderedDict[str, pd.DataFrame] = OrderedDict()
        self._under_way: dict[str, RangesUnderWay] = {}  # one at most
        self._urgent_at = -float("inf")  # when somebody was last answered
        self._watches: list[Watch] = []
        self._closed = False
        self._thread = Thread(target=self._work, name="engine", daemon=True)
        self._thread.start()
        if warm:
            self.start(baseline_of(Scenario(stages=STAGES), city))

    def start(
        self, scenario: Scenario, *, year: int | None = None, token: str = "", wait: bool = False,
        rank: int = 0,
    ) -> Run:  # fmt: skip
        """
        Have a scenario worked out; `year` (the last stage where left out) comes first.

        A newer start of the same `token` supersedes the older one, unless both ask for the same.
        A scenario that failed before is tried again. Those of `rank` 1 wait for all of rank 0.
        """
        wanted = scenario.stages[-1] if year is None else year
        run = Run(scenario.hash, wanted, token, rank=rank)
        if wanted not in scenario.stages:
            run.settle(wrong_year(wanted, scenario))
            return run
        with self._lock:
            self._remember(run.hash, scenario)
            for key in [key for key in self._problems if key[0] == run.hash]:
                del self._problems[key]
            dropped = self._ask(run)
        for old in dropped:
            old.settle(superseded=True)
        if wait:
            run.done(None)
        return run

    def ask(self, hash_: str, year: int) -> Run:
        """
        Ask for one year of a scenario that was started before, also where it had to be let go.

        The run ends at once where the year is there, or where it is known not to be had.
        """
        run = Run(hash_, year)
        with self._lock:
            scenario = self._scenarios.get(hash_)
            problem = self._problems.get((hash_, year))
            if problem is None and scenario is None:
                problem = unknown_run(hash_)
            elif problem is None and scenario is not None and year not in scenario.stages:
                problem = wrong_year(year, scenario)
            if problem is None:
                self._ask(run)
        if problem is not None:
            run.settle(problem)
        return run

    def result(self, hash_: str, year: int, timeout: float | None = 60.0) -> YearResults:
        """
        Return one year of a scenario that was started before; wait for it where need be.

        Raises
        ------
        TwinError
            Nobody has started it, it fails, or it takes longer than `timeout` seconds.
        """
        run = self.ask(hash_, year)
        if not run.done(timeout):
            raise not_ready(year)
        return self.answered(run)

    def answered(self, run: Run) -> YearResults:
        """Return what a run that is done has waited for; raise its problem."""
        if run.problem is not None:
            raise run.problem
        with self._lock:
            results = self._kept.get(run.hash)
        if results is None or run.year not in results.years:
            raise not_ready(run.year)
        return results.years[run.year]

    @property
    def waiting(self) -> int:
        """How many scenarios somebody waits for."""
        with self._lock:
            return len(self._queue.asked)

    def peek(self, hash_: str) -> Results | None:
        """Return the answer as far as it is there; some of its years may be missing."""
        with self._lock:
            return self._kept.get(hash_)

    def scenario(self, hash_: str) -> Scenario | None:
        """Return the scenario that somebody started under a hash."""
        with self._lock:
            return self._scenarios.get(hash_)

    def status(self, hash_: str) -> Status:
        """Return how far the answer to a scenario is."""
        with self._lock:
            scenario, results = self._scenarios.get(hash_), self._kept.get(hash_)
            years = tuple(results.years) if results else ()
            if scenario is None:
                return Status("unknown")
            problems = [p for (key, _), p in self._problems.items() if key == hash_]
            jobs = self._queue.pending(hash_)
            done = len(years) + sum(job.share for job in jobs if job.year not in years)
            share = min(1.0, done / len(scenario.stages))
            if len(years) == len(scenario.stages):
                return Status("ready", years, 1.0)
            if not jobs and problems:
                return Status("failed", years, share, problems[0])
            if jobs or self._queue.wants(hash_):
                return Status("computing", years, share)
            return Status("ready" if years else "unknown", years, share)

    def spread(self, hash_: str) -> pd.DataFrame | None:
        """Return the ranges of a scenario (`twin.indicators.ranges`) once they are worked out."""
        with self._lock:
            return self._spreads.get(hash_)

    def want_spread(self, hash_: str) -> None:
        """Have the ranges of a scenario worked out when there is nothing else to do."""
        with self._lock:
            if hash_ in self._scenarios and hash_ not in self._spreads:
                self._queue.want_years(hash_)  # they rest on all of its years
                self._queue.want_ranges(hash_)
                self._lock.notify_all()

    def watch(self, told: Watch) -> Callable[[], None]:
        """
        Have `told(hash, year)` called whenever a year is there or has failed; 0 means ranges.

        It is called in the computing thread, so it must be quick. Returns what ends it.
        """
        with self._lock:
            self._watches.append(told)

        def end() -> None:
            with self._lock:
                if told in self._watches:
                    self._watches.remove(told)

        return end

    def close(self, timeout: float | None = 10.0) -> None:
        """Stop after the stage in work; whoever waits is told that it is not ready."""
        with self._lock:
            self._closed = True
            waiting = self._queue.close()
            self._lock.notify_all()
        for run in waiting:
            run.settle(not_ready(run.year))
        self._thread.join(timeout)

    def _ask(self, run: Run) -> list[Run]:
        """Answer at once or put into the queue; return who is superseded. The lock is held."""
        if self._closed:
            run.settle(not_ready(run.year))
            return []
        results = self._kept.get(run.hash)
        ready = results is not None and run.year in results.years
        dropped = self._queue.ask(run, ready=ready)
        if ready:
            run.settle()
        self._lock.notify_all()
        return dropped

    def _remember(self, hash_: str, scenario: Scenario) -> None:
        self._scenarios[hash_] = scenario
        self._scenarios.move_to_end(hash_)
        kept = [key for key in self._scenarios if key not in self._kept]
        for key in kept[: max(0, len(self._scenarios) - MOST_SCENARIOS)]:
            del self._scenarios[key]
            self._problems = {k: v for k, v in self._problems.items() if k[0] != key}

    def _work(self) -> None:
        """Do one job after another, until the end."""
        while (job := self._next()) is not None:
            problem: TwinError | None = None
            try:
                self._do(job)
            except StoppedError:
                pass
            except TwinError as error:
                problem = error
            except Exception:
                LOG.exception("Working out %s, %s failed", job.hash, job.year)
                problem = unexpected()
            self._finish(job, problem)
            self._make_room()

    def _make_room(self) -> None:
        """Let answers go that nobody has looked at for longest, where there are too many."""
        self._kept.measure()
        with self._lock:
            used = self._queue.in_use()
            self._kept.drop(base=self._is_base, pinned=used.__contains__)

    def _next(self) -> Job | None:
        """Wait for the next job; None at the end."""
        with self._lock:
            while not self._closed:
                rest = self._urgent_at + self._rest_s - time.monotonic()
                job = self._queue.take()
                if job is None and rest <= 0:
                    job = self._queue.running = self._background()
                if job is not None:
                    return job
                self._lock.wait(rest if rest > 0 else None)
        return None

    def _background(self) -> Job | None:
        """Return what to do while nobody waits: other years, then ranges."""
        for hash_ in self._queue.wanted():
            if missing := self._missing(hash_):
                return Job("years", hash_, missing[0])
            self._queue.forget(hash_)
        for hash_ in self._queue.wanted(ranges=True):
            results = self._kept.get(hash_)
            if results is not None and len(results.years) == len(results.scenario.stages):
                return Job("ranges", hash_, 0)
            self._queue.forget(hash_, ranges=True)
        return None

    def _missing(self, hash_: str) -> list[int]:
        """Return the years of a scenario that are not there and have not failed."""
        scenario, results = self._scenarios.get(hash_), self._kept.get(hash_)
        if scenario is None:
            return []
        there = results.years if results else {}
        return [y for y in scenario.stages if y not in there and (hash_, y) not in self._problems]

    def _do(self, job: Job) -> None:
        """Do one job; the lock is free meanwhile."""
        if job.kind == "ranges":
            self._do_ranges(job)
            return

        def say(share: float) -> None:
            job.share = share

        scenario = self._scenarios[job.hash]
        results = self._answer(scenario, job.year, stop=job.stop.is_set, say=say)
        if job.year not in results.years:
            raise not_ready(job.year)
        with self._lock:
            self._kept.put(job.hash, results)

    def _is_base(self, hash_: str) -> bool:
        scenario = self._scenarios.get(hash_)
        return scenario is not None and is_baseline(scenario)

    def _do_ranges(self, job: Job) -> None:
        """Take one step of the ranges of a scenario; others that were begun are given up."""
        results = self.peek(job.hash)
        if results is None:
            return
        if job.hash not in self._under_way:
            self._under_way = {job.hash: self._ranges(results)}
        table = self._under_way[job.hash].step(job.stop.is_set)
        if table is not None:
            with self._lock:
                self._spreads[job.hash] = table
                while len(self._spreads) > MOST_SPREADS:
                    self._spreads.popitem(last=False)

    def _finish(self, job: Job, problem: TwinError | None) -> None:
        """Tell those who wait, and all who watch."""
        with self._lock:
            self._queue.running = None
            if job.kind == "asked":
                self._urgent_at = time.monotonic()
            runs = tuple(job.runs)
            if job.kind == "ranges":
                over = problem is not None or job.hash in self._spreads
            else:
                results = self._kept.get(job.hash)
                there = results is not None and job.year in results.years
                over = there or problem is not None
                if problem is not None:
                    self._problems[job.hash, job.year] = problem
            if over and job.kind == "ranges":
                self._queue.forget(job.hash, ranges=True)
                self._under_way.clear()
            watches = tuple(self._watches) if over else ()
        for run in runs:
            run.settle(problem)
        for told in watches:
            try:
                told(job.hash, job.year)
            except Exception:
                LOG.exception("Somebody who watches failed")
