"""The queue between sources and store: it has an upper bound, so that memory has one."""

from __future__ import annotations

import time
from collections import deque
from threading import Condition
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from layers.sensors.records import Delivery


def size_of(delivery: Delivery) -> int:
    """Return how much of the queue a delivery takes: readings, streams and refusals."""
    return max(1, len(delivery.readings) + len(delivery.streams) + len(delivery.refused))


class Buffer:
    """
    Deliveries that wait to be written, at most `most` readings in all.

    A delivery that is larger than that alone is taken when nothing else waits.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._changed = Condition()
        self._waiting: deque[tuple[float, Delivery]] = deque()
        self._held = 0  # waiting, and taken but not released
        self._closed = False
        self.highest = 0

    @property
    def held(self) -> int:
        """Return how many readings are unsaved, those being written included."""
        return self._held

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing waits."""
        return not self._waiting

    @property
    def is_closed(self) -> bool:
        """Tell whether nothing more is taken."""
        return self._closed

    def put(self, delivery: Delivery) -> bool:
        """Add a delivery as soon as there is room; False once the buffer is closed."""
        size = size_of(delivery)
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or not self._held or self._held + size <= self.most
            )
            if self._closed:
                return False
            self._waiting.append((time.monotonic(), delivery))
            self._held += size
            self.highest = max(self.highest, self._held)
            self._changed.notify_all()
            return True

    def take(self, most: int, wait_s: float) -> list[tuple[float, Delivery]]:
        """
        Return what waits with when it came, up to about `most` readings; [] after `wait_s`.

        Once something is there, more is waited for until it is `most` or `wait_s` old.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._waiting or self._closed, wait_s):
                return []
            if self._waiting:
                enough = min(most, self.most)
                left = self._waiting[0][0] + wait_s - time.monotonic()
                self._changed.wait_for(lambda: self._closed or self._held >= enough, max(0.0, left))
            taken: list[tuple[float, Delivery]] = []
            size = 0
            while self._waiting and (not taken or size + size_of(self._waiting[0][1]) <= most):
                taken.append(self._waiting.popleft())
                size += size_of(taken[-1][1])
            return taken

    def release(self, taken: list[tuple[float, Delivery]]) -> None:
        """Make room: what was taken has been written."""
        with self._changed:
            self._held -= sum(size_of(delivery) for _, delivery in taken)
            self._changed.notify_all()

    def close(self) -> None:
        """Take nothing more; whoever waits in `put` goes on without having put anything."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
