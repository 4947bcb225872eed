"""
The writer of the worker: judges what has come in and keeps it, one transaction a batch.

Where the store cannot be written (locked, full, away) it keeps the batch and tries again with
growing pauses. A delivery that the store can never take is taken apart until the one reading is
found that it fails at; that one is refused and counted, all others are kept.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import exc

from layers.project_store.observations_records import Retention, Written
from layers.sensors.board import Pauses
from layers.sensors.common import said
from layers.sensors.quality import Judge
from layers.sensors.records import Refusal
from twin.errors import TwinError
from twin.sentences import Sentence, say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from threading import Event

    from layers.project_store import ProjectStore
    from layers.sensors.board import Board
    from layers.sensors.buffer import Buffer
    from layers.sensors.config import Config
    from layers.sensors.metrics import Metrics
    from layers.sensors.records import Datastream, Delivery

T = TypeVar("T")

MOST_STREAMS = 100_000
"""Datastreams that are remembered for judging; those first known are forgotten first."""

ROLL_UP_S, PRUNE_S, STATES_S = 60.0, 3600.0, 1.0
TURN_S = 1.0
"""How long rolling up and pruning may keep the writer from writing."""

LONGEST_PAUSE_S = 60.0
POISON = (exc.DataError, exc.IntegrityError, exc.ProgrammingError, exc.NotSupportedError)


class GivenUpError(Exception):
    """The worker ends while the store cannot be written; what is left comes again."""


class Writer:
    """Takes from the buffer and keeps it; `stop` lets it hurry, `give_up` ends its waiting."""

    def __init__(
        self,
        store: ProjectStore,
        buffer: Buffer,
        board: Board,
        metrics: Metrics,
        *,
        config: Config,
        events: tuple[Event, Event, Event],
    ) -> None:
        self._store, self._buffer, self._board = store, buffer, board
        self._metrics, self._config = metrics, config
        self._ready, self._stop, self._give_up = events
        self.streams: dict[str, Datastream] = {}
        self._judge = Judge()
        self._judge_failed = False
        self.failure: Exception | None = None
        begin = time.monotonic()
        self._due = {"states": begin, "roll_up": begin + 5, "prune": begin + 60}

    def run(self) -> None:
        """Write until the buffer is closed and empty."""
        pace = self._config.worker
        try:
            self._take_up()
            self._ready.set()
            while not (self._buffer.is_closed and self._buffer.is_empty):
                taken = self._buffer.take(pace.batch, pace.wait_s)
                if taken:
                    self._keep(taken)
                self._chores(idle=not taken)
            self._states()
        except GivenUpError:
            pass  # told as trouble before
        except Exception as error:  # a fault of this program: the worker ends and says so
            self.failure = error
            self._stop.set()
        finally:
            self._ready.set()

    def _take_up(self) -> None:
        try:
            self._insist(self._prepare)
        except GivenUpError:
            raise
        except Exception as error:  # judging starts anew then
            why = say("Values before the start are not looked at: {reason}.", reason=_brief(error))
            self._board.tell("", "note", why)

    def _prepare(self) -> None:
        """Take up what the store knows, so that a restart is no gap for the judge."""
        kept = self._store.observations
        rows = kept.streams()[-MOST_STREAMS:]
        streams = {row.stream.key: row.stream for row in rows}
        judge = Judge(streams)
        judge.seed(kept.latest(), streams)
        self.streams, self._judge = streams, judge

    def _keep(self, taken: list[tuple[float, Delivery]]) -> None:
        deliveries = self._judged([delivery for _, delivery in taken])
        begin = time.monotonic()
        try:
            written = self._insist(lambda: self._store.observations.write(deliveries))
        except Exception:
            self._metrics.troubles.inc()
            written = Written()
            for delivery in deliveries:
                written = _sum(written, self._apart(delivery))
        end = time.monotonic()
        self._board.committed()
        self._metrics.commit.observe(end - begin)
        self._metrics.kept(deliveries, written)
        self._buffer.release(taken)
        for came, delivery in taken:
            self._metrics.lag.labels(delivery.source).set(end - came)
            self._done(delivery)

    def _done(self, delivery: Delivery) -> None:
        if delivery.done is None:
            return
        try:
            delivery.done()
        except Exception as error:  # it is kept; the message will come again, no more
            why = say("A message could not be acknowledged: {reason}.", reason=_brief(error))
            self._board.tell(delivery.source, "note", why)

    def _judged(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """Return deliveries with flags and times of receipt; unjudged where the judge fails."""
        for delivery in deliveries:
            for stream in delivery.streams:
                self.streams[stream.key] = stream
        while len(self.streams) > MOST_STREAMS:
            del self.streams[next(iter(self.streams))]
        now_ms = time.time_ns() // 1_000_000
        given = [one for delivery in deliveries for one in delivery.readings]
        try:
            readings = self._judge.judge(given, self.streams, now_ms)
        except Exception as error:
            if not self._judge_failed:
                why = say("Values are kept without being judged: {reason}.", reason=_brief(error))
                self._board.tell("", "note", why)
            self._judge_failed = True
            readings = tuple(given)
        rest = iter(readings)
        return [replace(one, readings=tuple(islice(rest, len(one.readings)))) for one in deliveries]

    def _apart(self, delivery: Delivery) -> Written:
        """Keep a delivery that the store does not take as a whole, without what it fails at."""
        try:
            return self._insist(lambda: self._store.observations.write([delivery]))
        except GivenUpError:
            raise
        except Exception as error:
            parts = _halves(delivery)
            if parts:
                return _sum(*(self._apart(part) for part in parts))
            return self._refuse(delivery, error)

    def _refuse(self, delivery: Delivery, error: Exception) -> Written:
        fault = Refusal(delivery.source, "fault", f"the store: {_brief(error)}"[:300])
        self._metrics.refused.labels(delivery.source, "fault").inc()
        plain = replace(delivery, readings=(), streams=(), refused=(fault,), done=None)
        for told in (plain, replace(plain, cursor=None)):
            try:
                return self._insist(partial(self._store.observations.write, [told]))
            except GivenUpError:
                raise
            except Exception as another:
                why = say("A value could not be kept: {reason}.", reason=_brief(another))
                self._board.tell(delivery.source, "note", why)
        return Written(refused=1)

    def _insist(self, action: Callable[[], T]) -> T:
        """
        Do something at the store as soon as it can be done.

        Raises
        ------
        GivenUpError
            The worker ends before.
        Exception
            What is at fault is not the store but what it is given.
        """
        pauses = Pauses(0.25, LONGEST_PAUSE_S)
        while True:
            try:
                found = action()
            except Exception as error:
                if is_poison(error):
                    raise
                self._metrics.troubles.inc()
                self._board.trouble(explained(error))
            else:
                self._board.fine()
                return found
            if self._give_up.is_set():
                raise GivenUpError
            pauses.wait(self._give_up, self._stop)
            if self._stop.is_set():
                self._give_up.wait(0.2)

    def _chores(self, *, idle: bool) -> None:
        """Do what is due: tell states, roll up, prune when there is nothing else to do."""
        now = time.monotonic()
        if self._stop.is_set():
            return
        if now >= self._due["states"]:
            self._due["states"] = now + STATES_S
            self._states()
        kept = self._store.observations
        if now >= self._due["roll_up"]:
            self._chore("roll_up", partial(kept.roll_up, seconds=TURN_S), ROLL_UP_S, idle=idle)
        limits = self._config.retention
        days = Retention(limits.raw_days or None, limits.hourly_days or None)
        has_limit = days != Retention()
        if has_limit and now >= self._due["prune"] + (0 if idle else PRUNE_S):
            self._chore("prune", partial(kept.prune, days, seconds=TURN_S), PRUNE_S, idle=idle)

    def _states(self) -> None:
        changed = self._board.changed()
        for place, feed in enumerate(changed):
            try:
                self._store.observations.set_state(feed.source, feed.state, feed.why)
            except Exception as error:
                self._board.not_kept(changed[place:])
                self._board.trouble(explained(error))
                return
        if changed:
            self._board.fine()

    def _chore(
        self, name: str, action: Callable[[], object], pause_s: float, *, idle: bool
    ) -> None:
        """Do a part of something that may be left for later; the rest soon where there is time."""
        begin = time.monotonic()
        try:
            action()
        except Exception as error:
            why = say("The store could not be tidied up: {reason}", reason=explained(error))
            self._board.tell("", "note", why)
        end = time.monotonic()
        is_whole = end - begin < TURN_S
        self._due[name] = end + (pause_s if is_whole else TURN_S if idle else 10 * TURN_S)


def is_poison(error: Exception) -> bool:
    """Tell whether the store refuses what it is given, and would do so for ever."""
    if isinstance(error, TwinError):
        return isinstance(error.__cause__, POISON)
    return not isinstance(error, exc.OperationalError | exc.InterfaceError | OSError | MemoryError)


def explained(error: Exception) -> Sentence:
    """Return why something failed, as a sentence."""
    if isinstance(error, TwinError):
        return said(error)[0]
    return Sentence(_brief(error))


def _brief(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:300]


def _halves(delivery: Delivery) -> tuple[Delivery, ...]:
    """Return a delivery in parts of which the last has its cursor; () where it is too small."""
    readings, streams = delivery.readings, delivery.streams
    bare = replace(delivery, cursor=None, refused=())
    if streams and readings:
        last = replace(delivery, streams=())
        return replace(bare, readings=()), last
    if len(readings) > 1:
        middle = len(readings) // 2
        last = replace(delivery, readings=readings[middle:])
        return replace(bare, readings=readings[:middle]), last
    if len(streams) > 1:
        middle = len(streams) // 2
        last = replace(delivery, streams=streams[middle:])
        return replace(bare, streams=streams[:middle]), last
    return ()


def _sum(*parts: Written) -> Written:
    return Written(*(sum(column) for column in zip(*parts, strict=True)))
