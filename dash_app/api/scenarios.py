"""Scenarios of the project: list, open, make, edit, undo, versions."""

import re
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from dash_app.api.asking import Desk, Planner, ScenarioId, Who, Words
from dash_app.api.context import Context
from dash_app.api.made import ScenarioIn, made_of
from dash_app.api.problems import CONFLICT, ProblemRoute
from dash_app.workspace.edits import Edit
from dash_app.workspace.viewer import Viewer
from layers.project_store import ScenarioEntry, Version
from twin.scenario import dump

router = APIRouter(prefix="/scenarios", tags=["scenarios"], route_class=ProblemRoute)

MOST = 2**31 - 1
Number = Annotated[int, Field(ge=1, le=MOST)]


class Entry(BaseModel):
    """One scenario in the list."""

    id: str
    name: str
    version: int
    versions: int
    author: str
    created: datetime
    changed: datetime
    public: bool
    archived: bool


class Entries(BaseModel):
    """The scenarios that the asker may see."""

    scenarios: list[Entry]


class Changed(BaseModel):
    """Where a scenario stands after a change."""

    id: str
    version: int
    hash: str = Field(description="Of what counts: results are found under it")
    message: str = Field(description="The change in words")
    undo: int | None = Field(description="The version that undo leads to")
    redo: int | None


class Opened(Changed):
    """One version of a scenario, with its content."""

    name: str
    author: str
    created: datetime
    public: bool
    content: dict[str, JsonValue] = Field(description="As in a scenario file")


class StepOut(BaseModel):
    """One version in the list of what was done."""

    number: int
    message: str
    author: str
    at: datetime
    kept_as: str = Field(description="The name that somebody gave this version")
    is_head: bool
    is_undone: bool = Field(description="Lies on a way that undo has left")


class Steps(BaseModel):
    """All versions of a scenario, the oldest first."""

    versions: list[StepOut]


class Expecting(BaseModel):
    """A change says which version it starts from; if that is not the newest, nothing is done."""

    model_config = ConfigDict(extra="forbid")

    expected_version: Number


class EditIn(Expecting):
    """One edit."""

    edit: Edit


class GoToIn(Expecting):
    """Which version to stand at."""

    number: Number


class KeepIn(Expecting):
    """Under which name the version is kept."""

    name: str = Field(min_length=1, max_length=200)


class PatchIn(BaseModel):
    """What is true of a scenario besides its content."""

    model_config = ConfigDict(extra="forbid")

    public: bool | None = None
    archived: bool | None = None


VersionQuery = Annotated[int | None, Query(ge=1, le=MOST)]


@router.get("")
def entries(
    desk: Desk,
    who: Who,
    archived: Annotated[bool, Query(description="Those that were deleted")] = False,
) -> Entries:
    """Return the scenarios that the asker may see."""
    found = desk.projects.entries(who, archived=archived and who.may_edit)
    return Entries(scenarios=[_entry(entry) for entry in found])


@router.post("", status_code=201)
def create(body: ScenarioIn, desk: Desk, who: Planner, t: Words) -> Opened:
    """Make a scenario: empty, from an example, from a file or as a copy of another."""
    version = made_of(desk, who, body)
    _tell(desk, who, version, "create")
    return _opened(desk, who, version)


@router.get("/{scenario_id}")
def opened(scenario_id: ScenarioId, desk: Desk, who: Who, version: VersionQuery = None) -> Opened:
    """Return a scenario as it stands, or one version of it."""
    found, _ = desk.projects.open(scenario_id, version, viewer=who)
    return _opened(desk, who, found)


@router.get("/{scenario_id}/file", response_class=Response)
def file(scenario_id: ScenarioId, desk: Desk, who: Who, version: VersionQuery = None) -> Response:
    """Return the scenario file."""
    found, scenario = desk.projects.open(scenario_id, version, viewer=who)
    plain = re.sub(r"[^A-Za-z0-9]+", "-", found.name).strip("-")[:60] or "scenario"
    named = f"filename=\"{plain}.json\"; filename*=UTF-8''{quote(found.name[:100], safe='')}.json"
    headers = {"Content-Disposition": f"attachment; {named}"}
    return Response(dump(scenario), headers=headers, media_type="application/json")


@router.delete("/{scenario_id}", status_code=204, response_class=Response)
def delete(scenario_id: ScenarioId, desk: Desk, who: Planner) -> Response:
    """Put a scenario away; nothing is lost, `PATCH` with `archived` false takes it out again."""
    desk.projects.archive(scenario_id, viewer=who)
    _tell(desk, who, desk.store.head(scenario_id), "archive")
    return Response(status_code=204)


@router.patch("/{scenario_id}")
def patch(scenario_id: ScenarioId, body: PatchIn, desk: Desk, who: Planner) -> Entry:
    """Publish a scenario or take it back, put it away or take it out again."""
    if body.archived is not None:
        desk.projects.archive(scenario_id, viewer=who, archived=body.archived)
    if body.public is not None:
        desk.projects.publish(scenario_id, public=body.public, viewer=who)
    _tell(desk, who, desk.store.head(scenario_id), "patch")
    return _entry(desk.store.entry(scenario_id))


@router.get("/{scenario_id}/versions")
def versions(scenario_id: ScenarioId, desk: Desk, who: Who) -> Steps:
    """Return what was done, the oldest first."""
    found = desk.projects.history(scenario_id, viewer=who)
    return Steps(versions=[StepOut(**vars(step)) for step in found])


@router.post("/{scenario_id}/edits", responses=CONFLICT)
def edit(scenario_id: ScenarioId, body: EditIn, desk: Desk, who: Planner, t: Words) -> Changed:
    """Save one edit."""
    version = desk.projects.edit(
        scenario_id, body.edit, expected_version=body.expected_version, viewer=who,
        say_it=t.sentence,
    )  # fmt: skip
    _tell(desk, who, version, "edit")
    return _changed(desk, who, version)


@router.post("/{scenario_id}/undo", responses=CONFLICT)
def undo(scenario_id: ScenarioId, body: Expecting, desk: Desk, who: Planner, t: Words) -> Changed:
    """Take the last edit back."""
    left = desk.store.version(scenario_id, body.expected_version)
    version = desk.projects.undo(scenario_id, expected_version=body.expected_version, viewer=who)
    _tell(desk, who, version, "undo")
    return _changed(desk, who, version, t.text("Undone: {what}", what=left.message))


@router.post("/{scenario_id}/redo", responses=CONFLICT)
def redo(scenario_id: ScenarioId, body: Expecting, desk: Desk, who: Planner, t: Words) -> Changed:
    """Do again what was taken back."""
    version = desk.projects.redo(scenario_id, expected_version=body.expected_version, viewer=who)
    _tell(desk, who, version, "redo")
    return _changed(desk, who, version, t.text("Done again: {what}", what=version.message))


@router.post("/{scenario_id}/go_to", responses=CONFLICT)
def go_to(scenario_id: ScenarioId, body: GoToIn, desk: Desk, who: Planner, t: Words) -> Changed:
    """Stand at any version."""
    version = desk.projects.go_to(
        scenario_id, body.number, expected_version=body.expected_version, viewer=who
    )
    _tell(desk, who, version, "go_to")
    said = t.text("The scenario stands at version {number}.", number=version.number)
    return _changed(desk, who, version, said)


@router.post("/{scenario_id}/keep")
def keep(scenario_id: ScenarioId, body: KeepIn, desk: Desk, who: Planner, t: Words) -> Changed:
    """Give a version a name: the explicit save."""
    desk.projects.keep(scenario_id, body.expected_version, body.name, viewer=who)
    head = desk.store.head(scenario_id)
    _tell(desk, who, head, "keep")
    return _changed(desk, who, head, t.text("Saved as {name}.", name=body.name))


def _entry(entry: ScenarioEntry) -> Entry:
    return Entry(
        id=entry.id,
        name=entry.head.name,
        version=entry.head.number,
        versions=entry.versions,
        author=entry.head.author,
        created=entry.created,
        changed=entry.head.created,
        public=entry.public,
        archived=entry.archived,
    )


def _changed(desk: Context, who: Viewer, version: Version, message: str | None = None) -> Changed:
    _, scenario = desk.projects.open(version.scenario_id, version.number, viewer=who)
    position = desk.store.position(version.scenario_id)
    return Changed(
        id=version.scenario_id,
        version=version.number,
        hash=scenario.hash,
        message=version.message if message is None else message,
        undo=position.undo,
        redo=position.redo,
    )


def _opened(desk: Context, who: Viewer, version: Version) -> Opened:
    return Opened(
        **_changed(desk, who, version).model_dump(),
        name=version.name,
        author=version.author,
        created=version.created,
        public=desk.store.entry(version.scenario_id).public,
        content=version.content,
    )


def _tell(desk: Context, who: Viewer, version: Version, what: str) -> None:
    """Tell the pages of others that a scenario has changed."""
    public = desk.store.entry(version.scenario_id).public
    more: dict[str, Any] = {"id": version.scenario_id, "version": version.number, "what": what}
    desk.news.tell("scenario", **more, author=who.name, public=public)
