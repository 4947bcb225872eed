"""Feeds of sensors beside the page: those of a configuration, or the invented week of the demo."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime
from threading import Event, Thread
from typing import TYPE_CHECKING

from layers.sensors.config import read_config
from layers.sensors.demo import write_demo
from layers.sensors.worker import start_worker
from layers.source import cache_folder
from twin.errors import TwinError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from layers.project_store import ProjectStore
    from layers.sensors.config import Config
    from twin.city import City


def demo_feeds(city: City, folder: Path | None = None) -> Config:
    """Return the configuration of a city's invented feeds; the week is written where it is not."""
    where = folder or cache_folder() / "demo-feeds"
    return read_config(write_demo(city, where, today=datetime.now().astimezone().date()))


@contextmanager
def feeds_beside(
    configure: Callable[[], Config], store: ProjectStore, complain: Callable[[TwinError], None]
) -> Iterator[None]:
    """
    Run feeds into the store of the page while the block runs; the page does not wait for them.

    What keeps them from running is told to `complain`, and the page goes on without.
    """
    stop = Event()

    def run() -> None:
        try:
            worker = start_worker(configure(), store)
        except TwinError as error:
            complain(error)
            return
        stop.wait()
        worker.stop()

    thread = Thread(target=run, name="feeds-beside", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20.0)
