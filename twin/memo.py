"""Answers of stages, remembered by the hash of what went in: a miss is slow, never wrong."""

from __future__ import annotations

from collections import Counter, OrderedDict
from threading import RLock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ROOM = 16
"""Answers kept a stage: three scenarios of five years; large ones keep less (`Stage.room`)."""


class Memo:
    """
    Remembers answers by stage and key, the least recently used go first.

    `computed` counts by stage how often something had to be worked out. Two threads that ask for
    the same answer work it out once.
    """

    def __init__(self, room: int = ROOM) -> None:
        self.room = room  # where a stage asks for no other
        self.computed: Counter[str] = Counter()
        self._answers: dict[str, OrderedDict[str, Any]] = {}
        self._lock = RLock()

    def answer(
        self, stage: str, key: str, make: Callable[[Any], Any], *, room: int | None = None
    ) -> Any:
        """Return the answer under `key`; where there is none `make(latest)` works it out."""
        with self._lock:
            answers = self._answers.setdefault(stage, OrderedDict())
            if key in answers:
                answers.move_to_end(key)
                return answers[key]
            latest = next(reversed(answers.values())) if answers else None
            made = make(latest)
            self.computed[stage] += 1
            answers[key] = made
            while len(answers) > (room or self.room):
                answers.popitem(last=False)
            return made
