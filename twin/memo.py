"""Answers of stages, remembered by the hash of what went in: a miss is slow, never wrong."""

from __future__ import annotations

from collections import Counter, OrderedDict
from threading import Event, RLock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOM = 16
"""Answers kept a stage: three scenarios of five years; large ones keep less (`Stage.room`)."""


class Memo:
    """
    Remembers answers by stage and key, the least recently used go first.

    `computed` counts by stage how often something had to be worked out. Threads may share a memo:
    two that ask for the same answer work it out once, and nobody waits for an answer of others.
    """

    def __init__(self, room: int = ROOM) -> None:
        self.room = room  # where a stage asks for no other
        self.computed: Counter[str] = Counter()
        self._answers: dict[str, OrderedDict[str, Any]] = {}
        self._last: dict[tuple[str, str], str] = {}  # key of the last answer by stage and label
        self._making: dict[tuple[str, str], Event] = {}
        self._lock = RLock()  # never held while something is worked out

    def answer(
        self,
        stage: str,
        key: str,
        make: Callable[[Any], Any],
        *,
        room: int | None = None,
        like: Sequence[str] = (),
    ) -> Any:
        """
        Return the answer under `key`; where there is none `make(latest)` works it out.

        `latest` is the last answer that shares a label of `like`, the first label counting most,
        else the last of all. Nothing is remembered of a `make` that raises.
        """
        while True:
            with self._lock:
                answers = self._answers.setdefault(stage, OrderedDict())
                if key in answers:
                    answers.move_to_end(key)
                    return answers[key]
                other = self._making.get((stage, key))
                if other is None:
                    latest = self._latest(stage, like)
                    done = self._making[stage, key] = Event()
                    break
            other.wait()  # then look again: who made it may have failed
        try:
            made = make(latest)
            self._keep(stage, key, made, room or self.room, like)
        finally:
            with self._lock:
                del self._making[stage, key]
            done.set()
        return made

    def _latest(self, stage: str, like: Sequence[str]) -> Any:
        answers = self._answers[stage]
        for label in like:
            key = self._last.get((stage, label), "")
            if key in answers:
                return answers[key]
        return next(reversed(answers.values())) if answers else None

    def _keep(self, stage: str, key: str, made: Any, room: int, like: Sequence[str]) -> None:
        with self._lock:
            answers = self._answers[stage]
            self.computed[stage] += 1
            answers[key] = made
            self._last |= {(stage, label): key for label in like}
            while len(answers) > room:
                answers.popitem(last=False)
