"""Messages that have come from a broker and wait to be read."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import NamedTuple

MOST_WAITING_BYTES = 64_000_000
SLICE_S = 0.005


class Incoming(NamedTuple):
    """A message as it came; `payload` None where it was longer than is read."""

    topic: str
    payload: bytes | None
    received: int  # milliseconds since 1970 UTC
    size: int = 0
    mid: int = 0
    qos: int = 0
    is_again: bool = False  # the broker says that it has sent it before
    is_kept: bool = False  # the broker had it before anybody listened


class Inbox:
    """
    Messages that have come and are not yet read: an upper bound by number and bytes.

    A full one makes the network thread wait, so that no more is read from the broker.
    """

    def __init__(self, most: int) -> None:
        self._most = max(most, 1)
        self._waiting: deque[Incoming] = deque()
        self._bytes = 0
        self._room = threading.Condition()
        self._arrived = threading.Event()
        self._is_open = True

    def put(self, message: Incoming) -> None:
        """Add a message; waits while there is no room."""
        size = len(message.payload or b"")
        with self._room:
            while self._is_open and self.is_full:
                self._room.wait(0.5)
            if not self._is_open:
                return
            self._waiting.append(message)
            self._bytes += size
        if not self._arrived.is_set():
            self._arrived.set()

    def take(self, most: int, *, patience_s: float, first_s: float) -> list[Incoming]:
        """Return what has come: at once when no more follows, else after `patience_s` at most."""
        if not self._arrived.wait(first_s):
            return []
        end, before = time.monotonic() + patience_s, -1
        while before < len(self._waiting) < most and time.monotonic() < end:
            before = len(self._waiting)
            time.sleep(SLICE_S)
        with self._room:
            taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
            self._bytes -= sum(len(message.payload or b"") for message in taken)
            if not self._waiting:
                self._arrived.clear()
            self._room.notify_all()
        return taken

    def close(self) -> None:
        """Take nothing more in."""
        with self._room:
            self._is_open = False
            self._room.notify_all()
        self._arrived.set()

    @property
    def is_full(self) -> bool:
        """Whether the next message has to wait."""
        too_many = len(self._waiting) >= self._most
        return too_many or self._bytes >= MOST_WAITING_BYTES
