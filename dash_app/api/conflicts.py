"""Two have changed one scenario: both versions, and in words what each of them changed."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field, JsonValue

from dash_app.i18n import Translator
from layers.project_store import ConflictError, Draft, Version
from twin.scenario import ScenarioError, diff, load_scenario


class Side(BaseModel):
    """One of the versions."""

    number: int | None = Field(description="null: not saved")
    name: str
    author: str
    message: str
    created: datetime | None
    content: dict[str, JsonValue]


class MoveOut(BaseModel):
    """Who moved the scenario on, and how."""

    kind: str
    author: str
    at: datetime
    target: int


class Difference(BaseModel):
    """In words what each made out of the version that both started from."""

    theirs: list[str]
    mine: list[str]


class Conflict(BaseModel):
    """What a 409 tells beside the problem."""

    theirs: Side
    base: Side
    mine: Side | None = Field(description="null where only undo or redo were asked for")
    moved: MoveOut
    difference: Difference


def conflict_of(t: Translator, error: ConflictError) -> Conflict:
    """Return both versions and what is different."""
    base = error.base.content
    mine = error.mine.content if error.mine else None
    moved = error.moved
    return Conflict(
        theirs=_side(error.theirs),
        base=_side(error.base),
        mine=_side(error.mine) if error.mine else None,
        moved=MoveOut(kind=moved.kind, author=moved.author, at=moved.at, target=moved.target),
        difference=Difference(
            theirs=changes(t, base, error.theirs.content),
            mine=changes(t, base, mine) if mine is not None else [],
        ),
    )


def changes(t: Translator, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return in words what changed between two contents; nothing where one is no scenario."""
    try:
        found = diff(load_scenario(before), load_scenario(after))
    except ScenarioError:
        return []
    return [t.sentence(sentence) for sentence in found.sentences()]


def _side(version: Version | Draft) -> Side:
    return Side(
        number=version.number if isinstance(version, Version) else None,
        name=version.name,
        author=version.author,
        message=version.message,
        created=version.created if isinstance(version, Version) else None,
        content=version.content,
    )
