"""Pictures that were drawn already, and drawing one after the other."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

MOST_WAITING = 8


class Pictures:
    """The latest pictures; one is drawn at a time, for a large sheet takes memory."""

    def __init__(self, most: int = 32) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._lock = Lock()
        self._waiting = 0

    @property
    def busy(self) -> bool:
        """Whether so many wait for a picture that others better come again."""
        return self._waiting >= MOST_WAITING

    def draw(self, make: Callable[[], bytes]) -> bytes:
        """Draw when nobody else does."""
        self._waiting += 1
        try:
            with self._lock:
                return make()
        finally:
            self._waiting -= 1

    def kept(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """Return the picture of a key; drawn where it is not at hand."""

        def once() -> bytes:
            found = self._kept.get(key)
            if found is None:
                found = self._kept[key] = make()
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
            return found

        return self.draw(once)
