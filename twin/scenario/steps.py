"""Measures are done once on the same city: an edit does not repeat what stands before it."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, NamedTuple

from twin.hashing import hash_parts
from twin.state import State

if TYPE_CHECKING:
    from twin.assumptions import Assumptions
    from twin.measures import Begun, HeatNetwork, Measure
    from twin.memo import Memo

READS_STREETS = ("city", "assumptions")
"""What a measure on streets and lines reads of a state."""


class Kept(NamedTuple):
    """Where steps are kept, and what the state they start from is known by."""

    memo: Memo
    key: str  # of the baseline: city, stock, networks


class Steps:
    """
    Begins and advances measures, and remembers what came out where a memo is at hand.

    A part of a state is known by how it was made: by the key of the baseline and what the steps
    since have done to it, so that nothing has to be hashed.
    """

    def __init__(self, given: Assumptions, kept: Kept | None) -> None:
        self.memo = kept.memo if kept else None
        key = hash_parts([kept.key, given.hash]) if kept else ""
        self.names = [item.name for item in fields(State) if item.name != "year"]
        self.keys = {name: hash_parts([key, name]) for name in self.names}
        self.begun: dict[int, str] = {}  # key of what each measure has begun with

    def announce(self, measure: HeatNetwork, state: State) -> State:
        """Return `measure.announce`."""
        after = measure.announce(state)
        self._note(self._key("announce", measure), _changes(state, after, self.names))
        return after

    def begin(self, measure: Measure, state: State) -> Begun:
        """Return `measure.begin`."""
        if self.memo is None:
            return measure.begin(state)
        key = self._key("begin", measure)
        self.begun[id(measure)] = key
        found: Begun = self.memo.answer("begun", key, lambda _: measure.begin(state))
        return found

    def advance(
        self, measure: Measure, state: State, begun: Begun, *, since: int, year: int
    ) -> State:
        """Return `measure.advance`."""
        if self.memo is None:
            return measure.advance(state, begun, since=since, year=year)
        key = self._key("advance", measure, self.begun[id(measure)], str(since), str(year))

        def make(_: object) -> dict[str, Any]:
            after = measure.advance(state, begun, since=since, year=year)
            return _changes(state, after, self.names)

        changes: dict[str, Any] = self.memo.answer("advanced", key, make)
        self._note(key, changes)
        return state.replace(**changes) if changes else state

    def _key(self, what: str, measure: Measure, *more: str) -> str:
        names = READS_STREETS if measure.on_streets else self.names
        parts = [self.keys[name] for name in names]
        return hash_parts([what, measure.is_a, measure.model_dump_json(), *parts, *more])

    def _note(self, key: str, changes: dict[str, Any]) -> None:
        for name in changes:
            self.keys[name] = hash_parts([key, name])


def _changes(before: State, after: State, names: list[str]) -> dict[str, Any]:
    """Return the parts that another state has."""
    return {
        name: getattr(after, name)
        for name in names
        if getattr(after, name) is not getattr(before, name)
    }
