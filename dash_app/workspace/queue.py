"""What is worked out next: what somebody waits for, then other years, then ranges."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from dash_app.workspace.runs import Job, Run

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_TOKENS = 500
MOST_IN_BACKGROUND = 64
IN_USE_S = 900.0
"""Seconds for which a scenario counts as in use after somebody asked for it."""


class Queue:
    """
    Jobs in the order of their turn; not safe for threads, its owner locks.

    A token has one wish at a time. A newer one takes the place of the older in the queue, so that
    nobody gets ahead by asking often, nor loses a turn by changing their mind.
    """

    def __init__(self) -> None:
        self.asked: list[Job] = []  # the first is next
        self.running: Job | None = None
        self._wishes: OrderedDict[str, Run] = OrderedDict()  # the latest of each token
        self._years: OrderedDict[str, None] = OrderedDict()  # hashes, the newest wish last
        self._ranges: OrderedDict[str, None] = OrderedDict()

    def ask(self, run: Run, *, ready: bool = False) -> list[Run]:
        """Put a wish into the queue, but where it is `ready`; return what it supersedes."""
        old = self._wish(run)
        place, dropped = len(self.asked), []
        if old is not None and not old.future.done() and not self._same(old, run):
            place = self._leave(old, place)
            dropped.append(old)
        if ready:
            return dropped
        job = self._job_for(run)
        if job is None:
            job = Job("asked", run.hash, run.year)
            self.asked.insert(place, job)
        job.runs.append(run)
        self.asked.sort(key=lambda one: one.rank)  # within a rank the order stays
        if self.running is not None and self.running.kind != "asked":
            self.running.stop.set()  # it gives way
        return dropped

    def _wish(self, run: Run) -> Run | None:
        """Remember what a token wants; return what it wanted before."""
        self.want_years(run.hash)
        if not run.token:
            return None
        old = self._wishes.pop(run.token, None)
        self._wishes[run.token] = run
        while len(self._wishes) > MOST_TOKENS:
            self._wishes.popitem(last=False)
        if old is not None and old.hash not in self.in_use():
            self._years.pop(old.hash, None)
        return old

    @staticmethod
    def _same(one: Run, other: Run) -> bool:
        return (one.hash, one.year) == (other.hash, other.year)

    def _leave(self, run: Run, place: int) -> int:
        """Take a run out of its job; return the place in the queue that this makes free."""
        for job in [*self.asked, *([self.running] if self.running else [])]:
            if run not in job.runs:
                continue
            job.runs.remove(run)
            if job.runs or job.kind != "asked":
                continue
            job.stop.set()
            if job in self.asked:
                place = self.asked.index(job)
                self.asked.remove(job)
        return place

    def _job_for(self, run: Run) -> Job | None:
        """Return the job that gives what is wished for; one in the background becomes urgent."""
        running = [self.running] if self.running else []
        for job in [*running, *self.asked]:
            if job.is_for(run.hash, run.year):
                job.kind = "asked"
                return job
        return None

    def want_years(self, hash_: str) -> None:
        """Have the other years of a scenario worked out in the background."""
        self._years[hash_] = None
        self._years.move_to_end(hash_)
        while len(self._years) > MOST_IN_BACKGROUND:
            self._years.popitem(last=False)

    def want_ranges(self, hash_: str) -> None:
        """Have the ranges of a scenario worked out when there is nothing else to do."""
        self._ranges[hash_] = None
        self._ranges.move_to_end(hash_)
        while len(self._ranges) > MOST_IN_BACKGROUND:
            self._ranges.popitem(last=False)

    def forget(self, hash_: str, *, ranges: bool = False) -> None:
        """Want nothing more of a scenario in the background; or, with `ranges`, no ranges."""
        (self._ranges if ranges else self._years).pop(hash_, None)

    def wants(self, hash_: str, *, ranges: bool = False) -> bool:
        """Tell whether years (or ranges) of a scenario are still wanted."""
        return hash_ in (self._ranges if ranges else self._years)

    def wanted(self, *, ranges: bool = False) -> list[str]:
        """Return the scenarios whose years (or ranges) are wanted, the newest wish first."""
        return list(reversed(self._ranges if ranges else self._years))

    def pending(self, hash_: str) -> list[Job]:
        """Return the jobs of a scenario that wait or run."""
        jobs: Iterable[Job] = [*self.asked, *([self.running] if self.running else [])]
        return [job for job in jobs if job.hash == hash_ and job.kind != "ranges"]

    def in_use(self) -> set[str]:
        """Return the scenarios that somebody looked at not long ago."""
        since = time.monotonic() - IN_USE_S
        return {run.hash for run in self._wishes.values() if run.asked_at > since}

    def take(self) -> Job | None:
        """Return the next job that somebody waits for, and mark it as running."""
        if not self.asked:
            return None
        self.running = self.asked.pop(0)
        return self.running

    def close(self) -> list[Run]:
        """Stop everything; return who still waits."""
        waiting = [run for job in self.asked for run in job.runs]
        if self.running is not None:
            self.running.stop.set()
            waiting += self.running.runs
        self.asked.clear()
        self._years.clear()
        self._ranges.clear()
        return waiting
