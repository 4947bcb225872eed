"""How worker and sources are just now, told by many threads and read by pages and commands."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from threading import Event, Lock
from typing import TYPE_CHECKING

from twin.sentences import Sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from layers.sensors.common import State

    Tell = Callable[[str, str, Sentence | None], None]


@dataclass(frozen=True)
class FeedStatus:
    """How a source is just now; times in seconds since 1970."""

    source: str
    state: State = "starting"
    since: float = 0.0
    why: Sentence | None = None
    last_message: float | None = None


@dataclass(frozen=True)
class WorkerStatus:
    """How the worker is just now; times in seconds since 1970."""

    feeds: tuple[FeedStatus, ...]
    unsaved: int  # readings that wait to be written
    most_unsaved: int
    last_commit: float | None
    trouble: Sentence | None  # why the store cannot be written
    trouble_since: float | None
    started: float
    now: float

    @property
    def health(self) -> str:
        """
        Return `ok`, `waiting` or `failing`.

        A source that cannot be reached is `failing` after ten minutes, a store after one.
        """
        waiting = [feed for feed in self.feeds if feed.state == "waiting"]
        if any(feed.state == "failed" for feed in self.feeds):
            return "failing"
        if any(self.now - feed.since > 600 for feed in waiting):
            return "failing"
        if self.trouble_since is not None:
            return "failing" if self.now - self.trouble_since > 60 else "waiting"
        return "waiting" if waiting else "ok"


class Board:
    """What is told of sources and store; `tell` hears of every change."""

    def __init__(
        self, sources: Iterable[str], *, tell: Tell | None, clock: Callable[[], float]
    ) -> None:
        self._lock = Lock()
        self._tell = tell
        self._clock = clock
        now = clock()
        self.started = now
        self._feeds = {name: FeedStatus(name, since=now) for name in sources}
        self._unsaved_states = set(self._feeds)
        self.last_commit: float | None = None
        self._trouble: tuple[Sentence, float] | None = None

    def set_state(self, source: str, state: State, why: Sentence | None = None) -> None:
        """Note how a source is."""
        with self._lock:
            old = self._feeds[source]
            if (old.state, old.why) == (state, why):
                return
            since = old.since if old.state == state else self._clock()
            self._feeds[source] = replace(old, state=state, since=since, why=why)
            self._unsaved_states.add(source)
        self.tell(source, state, why)

    def heard(self, source: str) -> None:
        """Note that a source has brought something."""
        with self._lock:
            self._feeds[source] = replace(self._feeds[source], last_message=self._clock())

    def state_of(self, source: str) -> FeedStatus:
        """Return how a source is."""
        return self._feeds[source]

    def changed(self) -> list[FeedStatus]:
        """Return the sources whose state is not kept yet, and take it as kept."""
        with self._lock:
            names, self._unsaved_states = self._unsaved_states, set()
            return [self._feeds[name] for name in sorted(names)]

    def not_kept(self, feeds: Iterable[FeedStatus]) -> None:
        """Take back that states are kept."""
        with self._lock:
            self._unsaved_states |= {feed.source for feed in feeds}

    def trouble(self, why: Sentence) -> None:
        """Note that the store cannot be written."""
        is_new = self._trouble is None or self._trouble[0].template != why.template
        self._trouble = (why, self._trouble[1] if self._trouble else self._clock())
        if is_new:
            self.tell("", "waiting", why)

    def fine(self) -> bool:
        """Note that the store can be written; tell whether it could not before."""
        had, self._trouble = self._trouble, None
        if had is not None:
            self.tell("", "connected", Sentence("The store can be written again."))
        return had is not None

    def committed(self) -> None:
        """Note that something was kept for good."""
        self.last_commit = self._clock()

    def tell(self, source: str, state: str, why: Sentence | None) -> None:
        """Let whoever listens hear of something."""
        if self._tell is not None:
            self._tell(source, state, why)

    def status(self, *, unsaved: int, most_unsaved: int) -> WorkerStatus:
        """Return how all is just now."""
        with self._lock:
            feeds = tuple(self._feeds[name] for name in sorted(self._feeds))
        why, since = self._trouble or (None, None)
        return WorkerStatus(
            feeds, unsaved, most_unsaved, self.last_commit, why, since, self.started, self._clock()
        )


class Pauses:
    """Pauses that grow to twice their length each time."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first, self._longest = first_s, longest_s
        self._next = first_s

    def begin_anew(self) -> None:
        """Let the next pause be a short one again."""
        self._next = self._first

    def wait(self, *events: Event) -> None:
        """Wait for as long as it is its turn, or until one of the events is set."""
        until = time.monotonic() + self._next
        self._next = min(self._longest, 2 * self._next)
        while (left := until - time.monotonic()) > 0 and not any(e.is_set() for e in events[1:]):
            if events[0].wait(min(left, 0.2)):
                return
