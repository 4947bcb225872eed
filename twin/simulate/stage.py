"""
Stages with declared inputs, run only when one of them has changed.

A stage names what it needs: parts of the state, answers of other stages, themes of assumptions. It
is given these and nothing else, so that what it declares is what it depends on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from twin.errors import ModelError, TwinError
from twin.hashing import hash_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from twin.assumptions import Assumptions
    from twin.memo import Memo


@dataclass(frozen=True)
class Stage:
    """One step of the chain: `make(**needs, given=...)`, and `before=` where it is `growing`."""

    name: str
    make: Callable[..., Any]
    needs: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    growing: bool = False  # starts from its latest answer; the answer must not depend on it
    # hash of an answer by what is in it: what follows is spared where an edit left it as it was
    content: Callable[[Any], str] | None = None
    # needs it can do without: it is given none where they failed, and gaps are in its answer
    bears: tuple[str, ...] = ()


class Cancelled(Exception):  # noqa: N818 - no error: somebody wants no answer any more
    """Raised between two stages of a run whose answer nobody waits for."""


@dataclass(frozen=True, eq=False)
class Part:
    """A part of the state: its value, and the hash that stands for it."""

    value: Any
    key: str
    fault: TwinError | None = None  # why there is none


@dataclass(eq=False)
class Chain:
    """
    Runs stages for one state, each when it is first asked for.

    Parameters
    ----------
    stages
        Every stage; the order does not count.
    parts
        What the state brings, by name.
    given
        All assumptions; a stage sees its themes only.
    memo
        Where answers are kept between runs.
    like
        Labels of this state: a growing stage starts from the last answer that shares the first
        of them, or the next.
    cancelled
        Asked before each stage that has to be worked out; `Cancelled` is raised where it says so.
    partial
        Bear stages that fail, as far as others can do without; `failed` says why by stage.
    """

    stages: Sequence[Stage]
    parts: Mapping[str, Part]
    given: Assumptions
    memo: Memo
    like: tuple[str, ...] = ()
    cancelled: Callable[[], bool] | None = None
    partial: bool = False
    failed: dict[str, TwinError] = field(default_factory=dict)
    _known: dict[str, Part] = field(default_factory=dict)
    _themes: dict[tuple[str, ...], Assumptions] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find stages by their name."""
        self._stages = {stage.name: stage for stage in self.stages}

    def __getitem__(self, name: str) -> Any:
        """Return the answer of a stage, or a part of the state."""
        return self._part(name).value

    def key(self, name: str) -> str:
        """Return the hash of everything an answer depends on."""
        return self._part(name).key

    def part(self, name: str) -> Part:
        """Return an answer with its hash; where it failed and that is borne, with the fault."""
        try:
            return self._part(name)
        except TwinError as fault:
            if not self.partial:
                raise
            return Part(None, hash_parts(["failed", name]), fault)

    def _part(self, name: str) -> Part:
        if name in self.parts:
            part = self.parts[name]
            if part.fault is not None:
                self.failed[name] = part.fault
                raise part.fault
            return part
        if name in self.failed:
            raise self.failed[name]
        if name not in self._known:
            stage = self._stages[name]
            try:
                self._known[name] = self._run(stage)
            except Cancelled:
                raise
            except Exception as error:
                if self.partial:
                    self.failed[name] = _fault(name, error)
                    raise self.failed[name] from error
                raise
        return self._known[name]

    def _run(self, stage: Stage) -> Part:
        needs = {
            need: self.part(need) if need in stage.bears else self._part(need)
            for need in stage.needs
        }
        given = self._given(stage.themes)
        key = hash_parts([stage.name, given.hash, *(part.key for part in needs.values())])
        values = {need: part.value for need, part in needs.items()}

        def make(latest: Any) -> Any:
            if self.cancelled is not None and self.cancelled():
                raise Cancelled(stage.name)
            more = {"before": latest} if stage.growing else {}
            return stage.make(**values, given=given, **more)

        answer = self.memo.answer(stage.name, key, make, like=self.like)
        return Part(answer, key if stage.content is None else stage.content(answer))

    def _given(self, themes: tuple[str, ...]) -> Assumptions:
        if themes not in self._themes:
            self._themes[themes] = self.given.of(themes)
        return self._themes[themes]


def _fault(name: str, error: Exception) -> TwinError:
    """Return what went wrong in a stage as a sentence for people."""
    if isinstance(error, TwinError):
        return error
    template = "The step {stage} of the model could not be worked out: {reason}."
    hint = "The other results hold. Please report this with the scenario file."
    reason = f"{type(error).__name__}: {error}"
    return ModelError(template, hint=hint, stage=name, reason=reason)
