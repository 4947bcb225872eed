"""What the store gives back: projects, scenarios, versions, and the conflict of two of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from twin.errors import StoreError

if TYPE_CHECKING:
    from datetime import datetime

MoveKind = Literal["save", "undo", "redo", "go_to"]


@dataclass(frozen=True)
class Project:
    """Scenarios on one baseline city."""

    id: str
    name: str
    baseline_hash: str
    baseline_name: str
    created: datetime  # UTC
    archived: bool


@dataclass(frozen=True)
class VersionInfo:
    """One saved version of a scenario, without its content."""

    scenario_id: str
    number: int  # 1, 2, 3 … within the scenario, in the order of saving
    parent: int | None  # the version it was made from; versions form a tree
    name: str
    hash: str
    author: str
    message: str
    created: datetime  # UTC


@dataclass(frozen=True)
class Version(VersionInfo):
    """One saved version of a scenario; it never changes."""

    text: str  # the JSON as it was saved

    @property
    def content(self) -> dict[str, Any]:
        """Return the scenario file as Python values, a new one each time."""
        content: dict[str, Any] = json.loads(self.text)
        return content


@dataclass(frozen=True)
class ScenarioEntry:
    """A scenario in the list of its project, as its head has it."""

    id: str
    project_id: str
    head: VersionInfo
    versions: int
    created: datetime  # UTC
    archived: bool
    public: bool = False  # whether people who have not signed in may see it


@dataclass(frozen=True)
class Mark:
    """A name that somebody gave to a version: an explicit save."""

    scenario_id: str
    number: int  # of the version
    name: str
    author: str
    at: datetime  # UTC


@dataclass(frozen=True)
class Setting:
    """What a project agreed on under a key, e.g. its targets; version 0 was never set."""

    key: str
    value: Any = None  # JSON
    version: int = 0
    author: str = ""
    at: datetime | None = None  # UTC


@dataclass(frozen=True)
class Position:
    """Where the head of a scenario stands, and where undo and redo would take it."""

    head: int
    undo: int | None
    redo: int | None


@dataclass(frozen=True)
class Move:
    """One step of the head along the versions; the list of them is the diary of a scenario."""

    number: int
    kind: MoveKind
    origin: int | None
    target: int
    author: str
    at: datetime  # UTC


@dataclass(frozen=True)
class Draft:
    """What somebody wanted to save."""

    name: str
    text: str
    author: str
    message: str

    @property
    def content(self) -> dict[str, Any]:
        """Return the scenario file as Python values."""
        content: dict[str, Any] = json.loads(self.text)
        return content


class ConflictError(StoreError):
    """
    Somebody else has moved the scenario on since it was read; nothing was saved.

    `theirs` is the version that stands now, `base` the one that `mine` was made from, so that a
    page can show both and what each of them changed; `moved` says who moved the scenario, and
    how. `mine` is missing where only undo or redo were asked for.
    """

    def __init__(self, *, theirs: Version, base: Version, mine: Draft | None, moved: Move) -> None:
        self.theirs = theirs
        self.base = base
        self.mine = mine
        self.moved = moved
        template = (
            "{name} has been changed meanwhile by {author} ({time} UTC): it stands at version "
            "{theirs}, your change starts from version {base}. Nothing was saved."
        )
        hint = (
            "Compare both, then apply your change to version {theirs}, or save yours as a new "
            "scenario."
        )
        super().__init__(
            template,
            hint=hint,
            name=theirs.name,
            author=moved.author or "?",
            time=f"{moved.at:%Y-%m-%d %H:%M}",
            theirs=theirs.number,
            base=base.number,
        )


class SettingConflictError(StoreError):
    """Somebody else has changed a setting since it was read; `theirs` stands, nothing was saved."""

    def __init__(self, theirs: Setting, *, expected: int) -> None:
        self.theirs = theirs
        self.expected = expected
        template = (
            "{key} has been changed meanwhile by {author} ({time} UTC): it stands at version "
            "{version}, your change starts from version {expected}. Nothing was saved."
        )
        super().__init__(
            template,
            hint="Look at the new values, then change them again.",
            key=theirs.key,
            author=theirs.author or "?",
            time=f"{theirs.at:%Y-%m-%d %H:%M}" if theirs.at else "?",
            version=theirs.version,
            expected=expected,
        )
