"""When messages without a time of their own came first, for those that the broker sends again."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from layers.sensors.mqtt_inbox import Incoming

Mark = tuple[str, int]
SETTLED_S = 0.5
"""An acknowledgement has left after that, or the connection is known to be broken."""
MOST_TOPICS = 20_000
MOST_MARKS = 70_000  # the broker sends no more ahead


class Marks:
    """
    Messages that are not surely acknowledged: what they are recognised by, and when they came.

    The state goes into the cursor of each delivery, so it is kept together with the readings: a
    worker that was killed knows which messages it has kept already. Safe to use from two threads.
    """

    def __init__(self, kept: Mapping[str, Any] | None = None) -> None:
        self._lock = threading.Lock()
        self._before = {mark: [int(at) for at in times] for mark, times in (kept or {}).items()}
        self._open: dict[str, list[int]] = {}  # of this connection
        self._settled: deque[tuple[float, Mark]] = deque()
        self._is_written = bool(self._before)
        self._last: OrderedDict[str, int] = OrderedDict()

    def first(self, message: Incoming) -> Incoming:
        """Return a message with the moment in which it came first."""
        if not self._before or not message.is_again:
            return message
        mark = mark_of(message)
        with self._lock:
            times = self._before.get(mark)
            if not times:
                return message
            at = times.pop(0)
            if not times:
                del self._before[mark]
        return message._replace(received=at)

    def stamped(self, message: Incoming) -> Incoming:
        """
        Return a message with a moment of receipt that no other of its topic has.

        After a break many come within a millisecond; the store would take them for one.
        """
        last = self._last.get(message.topic, 0)
        received = max(message.received, last + 1)
        self._last[message.topic] = received
        self._last.move_to_end(message.topic)
        if len(self._last) > MOST_TOPICS:
            self._last.popitem(last=False)
        return message if received == message.received else message._replace(received=received)

    def note(self, message: Incoming) -> Mark:
        """Remember a message that is about to be handed over."""
        mark = mark_of(message)
        with self._lock:
            if len(self._open) < MOST_MARKS:
                self._open.setdefault(mark, []).append(message.received)
        return mark, message.received

    def settle(self, marks: Iterable[Mark]) -> None:
        """Say which messages were acknowledged just now, on a connection that still is."""
        now = time.monotonic()
        with self._lock:
            self._settled.extend((now, mark) for mark in marks)

    def rest(self) -> None:
        """Say that nothing more comes for the moment: what was sent again was sent by now."""
        with self._lock:
            self._before.clear()
        self.forget()

    def broken(self) -> None:
        """Say that the connection broke: whether acknowledgements have arrived is not known."""
        with self._lock:
            self._settled.clear()
            for mark, times in self._open.items():
                self._before.setdefault(mark, []).extend(times)
            self._open = {}

    def forget(self) -> None:
        """Forget what was acknowledged a while ago."""
        end = time.monotonic() - SETTLED_S
        with self._lock:
            while self._settled and self._settled[0][0] < end:
                _, (mark, at) = self._settled.popleft()
                times = self._open.get(mark, [])
                if at in times:
                    times.remove(at)
                if not times:
                    self._open.pop(mark, None)

    def cursor(self) -> dict[str, list[int]] | None:
        """Return what is to be kept with a delivery; None where nothing has to be."""
        with self._lock:
            found = {mark: list(times) for mark, times in self._before.items()}
            for mark, times in self._open.items():
                found.setdefault(mark, []).extend(times)
            if not found and not self._is_written:
                return None
            self._is_written = bool(found)
            return found

    @property
    def is_to_clear(self) -> bool:
        """Whether what was kept last says more than is still open."""
        return self._is_written and not self._open and not self._before


def mark_of(message: Incoming) -> str:
    """Return what a message is recognised by when the broker sends it again."""
    text = message.topic.encode("utf-8", "replace") + b"\0" + (message.payload or b"")
    return hashlib.blake2s(text, digest_size=10).hexdigest()
