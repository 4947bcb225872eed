"""What is wrong with a scenario: every fault with its place in the list."""

from __future__ import annotations

from dataclasses import dataclass

from twin.errors import FaultsError
from twin.sentences import Problem, Sentence, Word, say


@dataclass(frozen=True)
class Fault:
    """A fault or a note: which measure, where in the list (1 is first), which field, what."""

    problem: Problem
    place: int = 0  # 0: the scenario itself
    measure: str = ""  # its id
    kind: str = ""
    field: str = ""

    @property
    def code(self) -> str:
        """What kind of fault it is, for programs."""
        return self.problem.code

    @property
    def sentence(self) -> Sentence:
        """The whole in one sentence: the measure, the field, the fault, what to do."""
        what: object = self.problem.what
        if self.field:
            what = say("{field}: {what}", field=self.field, what=what)
        if self.problem.hint is not None:
            what = say("{what} {hint}", what=what, hint=self.problem.hint)
        if not self.place:
            return say("{what}", what=what)
        if not self.kind:
            return say("Measure {place}: {what}", place=str(self.place), what=what)
        kind = Word(self.kind, "measure")
        return say(
            "Measure {place} ({kind}, {id}): {what}",
            place=str(self.place), kind=kind, id=self.measure or "?", what=what,
        )  # fmt: skip

    def __str__(self) -> str:
        """Return the English sentence."""
        return str(self.sentence)


class ScenarioError(FaultsError):
    """A scenario cannot be read or applied; `faults` lists everything that is wrong with it."""

    faults: tuple[Fault, ...]
