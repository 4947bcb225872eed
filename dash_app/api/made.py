"""What a new scenario is made of, the examples there are, and the targets of the town."""

import json
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from dash_app.api.asking import Desk, Planner
from dash_app.api.context import Context
from dash_app.api.problems import ProblemRoute
from dash_app.workspace.viewer import Viewer
from layers.project_store import Version

router = APIRouter(tags=["scenarios"], route_class=ProblemRoute)


class ScenarioIn(BaseModel):
    """A new scenario; empty where it names nothing to be made of."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("", max_length=200)
    template: str | None = Field(None, max_length=100, description="Key of an example")
    content: dict[str, JsonValue] | None = Field(None, description="As in a scenario file")
    duplicate_of: str | None = Field(None, max_length=64, pattern="^[A-Za-z0-9_-]+$")
    rebase: bool = Field(False, description="Take a file over that was made for another city")


class Example(BaseModel):
    """A scenario to start from."""

    key: str
    name: str
    note: str


class Examples(BaseModel):
    """Scenarios to start from."""

    templates: list[Example]


class Targets(BaseModel):
    """What the town wants to reach, by indicator and year."""

    targets: dict[str, dict[int, float]]


class TargetIn(BaseModel):
    """A target; null drops it."""

    model_config = ConfigDict(extra="forbid")

    value: float | None = Field(ge=-1e15, le=1e15, allow_inf_nan=False)


@router.get("/templates")
def templates(desk: Desk) -> Examples:
    """Return scenarios to start from."""
    return Examples(templates=[Example(**vars(one)) for one in desk.projects.templates()])


@router.get("/targets")
def targets(desk: Desk) -> Targets:
    """Return what the town wants to reach."""
    return Targets(targets=desk.projects.targets())


@router.put("/targets/{indicator}/{year}")
def set_target(
    indicator: Annotated[str, Path(max_length=60)],
    year: Annotated[int, Path(ge=1990, le=2150)],
    body: TargetIn,
    desk: Desk,
    who: Planner,
) -> Targets:
    """Agree on a target, or drop it."""
    desk.projects.set_target(indicator, year, body.value, viewer=who)
    return Targets(targets=desk.projects.targets())


def made_of(desk: Context, who: Viewer, body: ScenarioIn) -> Version:
    """Save a new scenario made of what is asked for."""
    if body.duplicate_of is not None:
        return desk.projects.duplicate(body.duplicate_of, who, body.name, rebase=body.rebase)
    if body.template is not None:
        return desk.projects.from_template(body.template, who, body.name)
    if body.content is not None:
        named = {**body.content, **({"name": body.name} if body.name else {})}
        return desk.projects.import_file(json.dumps(named), who, rebase=body.rebase)
    return desk.projects.create(who, body.name)
