"""
The worker: sources read, each in a thread, one writer keeps what they bring.

A source waits while too much is unsaved. The writer judges a batch, keeps it in one transaction and
only then says `done`, so what was acknowledged is kept, and what was not comes again: the store
takes each value once. Where the store cannot be written, the batch waits with it.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from threading import Event, Thread
from typing import TYPE_CHECKING

from layers.project_store import open_store
from layers.sensors.board import Board, WorkerStatus
from layers.sensors.buffer import Buffer
from layers.sensors.config import Config
from layers.sensors.feed import Feed
from layers.sensors.health import serve_health
from layers.sensors.lock import held
from layers.sensors.metrics import Metrics
from layers.sensors.sources import make_source
from layers.sensors.writer import Writer
from twin.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from layers.project_store import ProjectStore
    from layers.sensors.board import Tell
    from layers.sensors.common import Source
    from layers.sensors.health import Words

HOLD_S = 10.0  # how often it is looked whether the sources are still ours


class Worker:
    """
    Runs sources into a store until it is stopped or all of them have come to their end.

    Parameters
    ----------
    tell
        Called with source (or "" for the store), state and why whenever something changes; from
        any thread.
    words
        Gives the words of the health page for an `Accept-Language`.
    """

    def __init__(
        self,
        store: ProjectStore,
        sources: Sequence[Source],
        config: Config | None = None,
        *,
        tell: Tell | None = None,
        words: Callable[[str], Words] | None = None,
    ) -> None:
        self.config = config or Config()
        self.store = store
        self.metrics = Metrics()
        self.buffer = Buffer(self.config.worker.queue)
        self._board = Board([source.name for source in sources], tell=tell, clock=time.time)
        self._stop, self._give_up = Event(), Event()
        self._ready, self._running, self.finished = Event(), Event(), Event()
        self._words = words
        self.address = ""  # of the health page
        configs = {source.name: source for source in self.config.sources}
        self._feeds = [
            Feed(
                source, configs.get(source.name), store=store, buffer=self.buffer,
                board=self._board, metrics=self.metrics,
            )
            for source in sources
        ]  # fmt: skip
        self._writer = Writer(
            store, self.buffer, self._board, self.metrics,
            config=self.config, events=(self._ready, self._stop, self._give_up),
        )  # fmt: skip

    @property
    def status(self) -> WorkerStatus:
        """Return how all is just now."""
        return self._board.status(unsaved=self.buffer.held, most_unsaved=self.buffer.most)

    @property
    def is_running(self) -> bool:
        """Tell whether it has begun and not ended."""
        return self._running.is_set() and not self.finished.is_set()

    def run(self) -> None:
        """
        Run until `stop` was called or all sources have come to their end; then write the rest.

        Raises
        ------
        StoreError
            Another worker runs one of the sources into the same store.
        SourceError
            The address of the health page is taken.
        """
        try:
            with ExitStack() as stack:
                renew = stack.enter_context(held(self.store, [feed.name for feed in self._feeds]))
                if self.config.health.on:
                    self.address = stack.enter_context(serve_health(self, self._words))
                self._running.set()
                self._run(renew)
        finally:
            self.finished.set()

    def _run(self, renew: Callable[[], None]) -> None:
        writer = Thread(target=self._writer.run, name="feeds-writer", daemon=True)
        writer.start()
        while not self._ready.wait(0.2) and not self._stop.is_set():
            pass
        threads = [
            Thread(
                target=feed.run, args=(self._stop, dict(self._writer.streams)),
                name=f"feed-{feed.name}", daemon=True,
            )
            for feed in self._feeds
        ]  # fmt: skip
        for thread in threads:
            thread.start()
        try:
            self._watch(threads, renew)
        except StoreError:
            self._stop.set()  # another worker has our sources by now
            raise
        finally:
            self._end(writer, threads)

    def _watch(self, threads: Sequence[Thread], renew: Callable[[], None]) -> None:
        """Wait for the end; keep hold of the sources meanwhile."""
        due = time.monotonic() + HOLD_S
        while any(thread.is_alive() for thread in threads) and not self._stop.wait(0.1):
            if time.monotonic() > due:
                renew()
                due = time.monotonic() + HOLD_S

    def _end(self, writer: Thread, threads: Sequence[Thread]) -> None:
        """Let sources and writer come to an end, for `stop_s` at most once it is asked for."""
        patience = self.config.worker.stop_s
        until = time.monotonic() + patience
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        self.buffer.close()
        while writer.is_alive() and not self._stop.is_set():
            writer.join(0.1)  # all have ended by themselves: the store has all the time it needs
        writer.join(max(patience / 2, until - time.monotonic()))
        self._give_up.set()
        writer.join(0.5)
        if self._writer.failure is not None:
            raise self._writer.failure

    def ask_to_stop(self) -> None:
        """Let it end soon; returns at once, also in the handler of a signal."""
        self._stop.set()

    def stop(self, patience_s: float = 15.0) -> bool:
        """Let it end and wait for that; tell whether it has."""
        self._stop.set()
        return self.finished.wait(patience_s)


def start_worker(
    config: Config,
    store: ProjectStore | None = None,
    *,
    sources: Sequence[Source] | None = None,
    tell: Tell | None = None,
    words: Callable[[str], Words] | None = None,
) -> Worker:
    """
    Run a worker in threads of this program, e.g. beside the page of a demo.

    Returns
    -------
    Worker
        It runs already; `.stop()` ends it, `.status` says how it is.

    Raises
    ------
    StoreError
        The store cannot be opened, or another worker runs one of the sources into it.
    """
    opened = store or open_store(config.store.where)
    made = (
        [make_source(source, place=config.store.identity) for source in config.sources]
        if sources is None
        else sources
    )
    worker = Worker(opened, made, config, tell=tell, words=words)
    failed: list[Exception] = []

    def run() -> None:
        try:
            worker.run()
        except Exception as error:
            failed.append(error)
        finally:
            if store is None:
                opened.close()

    thread = Thread(target=run, name="feeds", daemon=True)
    thread.start()
    while thread.is_alive() and not worker.is_running:
        thread.join(0.02)
    if failed:
        raise failed[0]
    return worker
