"""What happened that pages want to know at once; kept for nobody, heard by who listens."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_UNREAD = 200
"""Events that wait for one listener; who reads more slowly loses the oldest."""


@dataclass(frozen=True)
class Event:
    """One thing that happened: `scenario`, `run` or `closed`."""

    name: str
    data: dict[str, Any]


class Listener:
    """One page that listens; lives in the event loop it was made in."""

    def __init__(self, wants: Callable[[Event], bool]) -> None:
        self.wants = wants
        self._loop = asyncio.get_running_loop()
        self._unread: asyncio.Queue[Event] = asyncio.Queue(MOST_UNREAD)

    def tell(self, event: Event) -> None:
        """Pass an event on; may be called from any thread."""
        with suppress(RuntimeError):  # its loop has ended
            self._loop.call_soon_threadsafe(self._put, event)

    def _put(self, event: Event) -> None:
        if self._unread.full():
            self._unread.get_nowait()
        self._unread.put_nowait(event)

    async def next(self, timeout_s: float) -> Event | None:
        """Return the next event; None where nothing happens for a while."""
        try:
            return await asyncio.wait_for(self._unread.get(), timeout_s)
        except TimeoutError:
            return None


class News:
    """Passes events on to all who listen; safe to use from any thread."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._lock = Lock()
        self.is_closed = False

    def listen(self, wants: Callable[[Event], bool] = lambda _: True) -> Listener:
        """Return a new listener; only within an event loop."""
        listener = Listener(wants)
        with self._lock:
            self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Listen no more."""
        with self._lock:
            self._listeners.discard(listener)

    def tell(self, name: str, **data: object) -> None:
        """Tell all who want to hear of it."""
        event = Event(name, data)
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            if name == "closed" or listener.wants(event):
                listener.tell(event)

    def close(self) -> None:
        """End all listening: the server stops."""
        self.is_closed = True
        self.tell("closed")

    def __len__(self) -> int:
        """Count the listeners."""
        with self._lock:
            return len(self._listeners)
