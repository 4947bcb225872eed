"""What differs between two scenarios, as data and in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twin.sentences import Sentence, Word, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twin.measures import Measure
    from twin.scenario.model import Scenario


@dataclass(frozen=True)
class Change:
    """One field of one measure, or one assumption (`measure` empty), before and after."""

    measure: str
    kind: str
    field: str
    before: Any
    after: Any

    @property
    def sentence(self) -> Sentence:
        """The change in words."""
        before, after = _shown(self.before), _shown(self.after)
        field = Word(self.field, "measure.field")
        if not self.measure:
            return say("{field}: {before} → {after}", field=field, before=before, after=after)
        return say(
            "Changed {kind} {id}, {field}: {before} → {after}",
            kind=Word(self.kind, "measure"), id=self.measure, field=field, before=before,
            after=after,
        )  # fmt: skip


@dataclass(frozen=True)
class Moved:
    """A measure that stands elsewhere among those that both scenarios have; 1 is first."""

    measure: str
    kind: str
    before: int
    after: int


@dataclass(frozen=True)
class ScenarioDifference:
    """What makes scenario `b` out of scenario `a`."""

    added: tuple[Measure, ...] = ()
    removed: tuple[Measure, ...] = ()
    changed: tuple[Change, ...] = ()
    moved: tuple[Moved, ...] = ()
    assumptions: tuple[Change, ...] = ()
    frame: tuple[Change, ...] = ()  # baseline, stages, name, author, note

    def __bool__(self) -> bool:
        """Tell whether anything differs."""
        return any((
            self.added, self.removed, self.changed, self.moved, self.assumptions, self.frame,
        ))  # fmt: skip

    def sentences(self) -> list[Sentence]:
        """Return every difference in words."""
        lines = [change.sentence for change in self.frame]
        lines += [say("Added: {summary}", summary=m.summary()) for m in self.added]
        lines += [say("Removed: {summary}", summary=m.summary()) for m in self.removed]
        lines += [change.sentence for change in self.changed]
        lines += [
            say("Moved {kind} {id}: from place {before} to {after}",
                kind=Word(m.kind, "measure"), id=m.measure, before=str(m.before),
                after=str(m.after))
            for m in self.moved
        ]  # fmt: skip
        return lines + [
            say("Assumption {what}", what=change.sentence) for change in self.assumptions
        ]

    def __str__(self) -> str:
        """Return every difference on a line of its own, in English."""
        return "\n".join(map(str, self.sentences()))


def diff(a: Scenario, b: Scenario) -> ScenarioDifference:
    """
    Return what makes `b` out of `a`; measures are the same where id and kind are.

    Moved are as few measures as possible: those outside of the longest run that kept its order.
    """
    old = {(m.id, m.is_a): m for m in a.measures}
    new = {(m.id, m.is_a): m for m in b.measures}
    changed = tuple(
        change for key, before in old.items() if key in new
        for change in _fields(before, new[key])
    )  # fmt: skip
    return ScenarioDifference(
        added=tuple(m for key, m in new.items() if key not in old),
        removed=tuple(m for key, m in old.items() if key not in new),
        changed=changed,
        moved=_moved(list(old), list(new)),
        assumptions=_assumptions(a, b),
        frame=_frame(a, b),
    )


def _fields(before: Measure, after: Measure) -> list[Change]:
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    return [
        Change(before.id, before.is_a, path, left, right)
        for field in old
        for path, left, right in _paths(field, old[field], new[field])
    ]


def _paths(path: str, old: Any, new: Any) -> list[tuple[str, Any, Any]]:
    """Return the innermost named fields that differ; lists are compared as a whole."""
    if old == new:
        return []
    if isinstance(old, dict) and isinstance(new, dict) and "coordinates" not in old:
        names = [*old, *(name for name in new if name not in old)]
        return [
            found
            for name in names
            for found in _paths(f"{path}.{name}", old.get(name), new.get(name))
        ]
    return [(path, old, new)]


def _moved(old: Sequence[tuple[str, str]], new: Sequence[tuple[str, str]]) -> tuple[Moved, ...]:
    place = {key: n for n, key in enumerate(old)}
    both = [key for key in new if key in place]
    kept = _longest_rising([place[key] for key in both])
    return tuple(
        Moved(key[0], key[1], place[key] + 1, new.index(key) + 1)
        for key in both
        if place[key] not in kept
    )


def _longest_rising(values: Sequence[int]) -> set[int]:
    """
    Return the members of the longest rising subsequence.

    >>> sorted(_longest_rising([3, 0, 1, 2]))
    [0, 1, 2]
    """
    best: list[list[int]] = []
    for n, value in enumerate(values):
        before = [best[k] for k in range(n) if values[k] < value]
        best.append([*_longest(before), value])
    return set(_longest(best))


def _longest(runs: Sequence[list[int]]) -> list[int]:
    lengths = [len(run) for run in runs]
    return runs[lengths.index(max(lengths))] if runs else []


def _assumptions(a: Scenario, b: Scenario) -> tuple[Change, ...]:
    names = sorted({*a.assumptions, *b.assumptions})
    return tuple(
        Change("", "", name, a.assumptions.get(name), b.assumptions.get(name))
        for name in names
        if a.assumptions.get(name) != b.assumptions.get(name)
    )


def _frame(a: Scenario, b: Scenario) -> tuple[Change, ...]:
    pairs = {
        "name": (a.name, b.name), "author": (a.author, b.author), "note": (a.note, b.note),
        "baseline": (a.baseline.hash, b.baseline.hash), "stages": (a.stages, b.stages),
    }  # fmt: skip
    return tuple(
        Change("", "", name, before, after)
        for name, (before, after) in pairs.items()
        if before != after
    )


def _shown(value: Any) -> object:
    if value is None or value in ("", [], ()):
        return "–"
    if isinstance(value, (list, tuple)):
        return tuple(str(part) for part in value[:6])
    if isinstance(value, dict):
        return ", ".join(f"{k} {v}" for k, v in list(value.items())[:6])
    return value
