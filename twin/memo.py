"""Answers of stages, remembered by the hash of what went in: a miss is slow, never wrong."""

from __future__ import annotations

from collections import Counter, OrderedDict
from threading import Event, RLock
from typing import TYPE_CHECKING, Any

from twin.weight import arrays_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MEGABYTES = 1500
"""Memory for all answers: some dozens of scenarios of a town of 15,000 buildings."""

BYTES = 1024 * 1024
MOST_LABELS = 50_000


class Memo:
    """
    Remembers answers by stage and key; those used least recently go when the memory is full.

    What several answers share is counted once. `computed` counts by stage how often something had
    to be worked out. Threads may share a memo: two that ask for the same answer work it out once,
    and nobody waits for an answer of others.

    Parameters
    ----------
    room
        Answers kept a stage at most; as many as there is memory for where left out.
    megabytes
        Memory for all answers together.
    """

    def __init__(self, room: int | None = None, *, megabytes: float = MEGABYTES) -> None:
        self.room = room
        self.limit = megabytes * BYTES
        self.computed: Counter[str] = Counter()
        self._answers: dict[str, OrderedDict[str, Any]] = {}
        self._order: OrderedDict[tuple[str, str], tuple[int, ...]] = OrderedDict()  # blocks held
        self._last: dict[tuple[str, str], str] = {}  # key of the last answer by stage and label
        self._blocks: dict[int, list[int]] = {}  # address: bytes, answers that hold it
        self._bytes = 0
        self._making: dict[tuple[str, str], Event] = {}
        self._lock = RLock()  # never held while something is worked out

    @property
    def megabytes(self) -> float:
        """Memory that the answers hold."""
        return self._bytes / BYTES

    def answer(
        self, stage: str, key: str, make: Callable[[Any], Any], *, like: Sequence[str] = ()
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
                    self._order.move_to_end((stage, key))
                    return answers[key]
                other = self._making.get((stage, key))
                if other is None:
                    latest = self._latest(stage, like)
                    done = self._making[stage, key] = Event()
                    break
            other.wait()  # then look again: who made it may have failed
        try:
            made = make(latest)
            self._keep(stage, key, made, like)
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

    def _keep(self, stage: str, key: str, made: Any, like: Sequence[str]) -> None:
        blocks = arrays_in(made)
        with self._lock:
            answers = self._answers[stage]
            self.computed[stage] += 1
            answers[key] = made
            self._order[stage, key] = tuple(blocks)
            self._note(stage, key, like)
            for address, size in blocks.items():
                held = self._blocks.setdefault(address, [size, 0])
                self._bytes += size if held[1] == 0 else 0
                held[1] += 1
            while self.room is not None and len(answers) > self.room:
                self._drop(stage, next(iter(answers)))
            while self._bytes > self.limit and len(self._order) > 1:
                self._drop(*next(iter(self._order)))

    def _note(self, stage: str, key: str, like: Sequence[str]) -> None:
        self._last |= {(stage, label): key for label in like}
        if len(self._last) > MOST_LABELS:
            self._last = {k: v for k, v in self._last.items() if v in self._answers[k[0]]}

    def _drop(self, stage: str, key: str) -> None:
        del self._answers[stage][key]
        for address in self._order.pop((stage, key)):
            held = self._blocks[address]
            held[1] -= 1
            if held[1] == 0:
                self._bytes -= held[0]
                del self._blocks[address]
