"""Having scenarios worked out, and how far they are."""

import time
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from dash_app.accounts.errors import AccessError
from dash_app.api.asking import Desk, Editor, Hash, Who, Words, aside, finished, may_see
from dash_app.api.context import Context
from dash_app.api.problems import NotNowError, ProblemRoute, faults_of
from dash_app.i18n import Translator
from dash_app.workspace.engine import baseline_of
from dash_app.workspace.runs import NotReadyError, Run, Status, unknown_run
from dash_app.workspace.viewer import Viewer
from twin.errors import TwinError
from twin.scenario import STAGES, Scenario, load_scenario

router = APIRouter(prefix="/runs", tags=["runs"], route_class=ProblemRoute)


MOST_WAITING = 20
"""Scenarios in the queue at which the public has to come again later; planners never have to."""


class RunIn(BaseModel):
    """What is to be worked out: a scenario, with a draft measure perhaps, or a whole content."""

    model_config = ConfigDict(extra="forbid")

    scenario: str | None = Field(None, max_length=64, description="Id; without it: today")
    version: int | None = Field(None, ge=1, le=2**31 - 1)
    measure: dict[str, Any] | None = Field(
        None, description="A draft: replaces the measure with its id, else comes last"
    )
    content: dict[str, Any] | None = Field(None, description="A scenario as in a file")
    today: bool = Field(False, description="The city of today, for the stages of the scenario")
    year: int | None = Field(None, ge=1990, le=2150, description="First; without it the last stage")
    token: str = Field(
        "",
        max_length=80,
        description="Who asks: a newer run of the same token takes the place of the older one. One "
        "for each side of the screen",
    )
    wait_s: float = Field(60.0, ge=0, le=60)


class RunProblem(BaseModel):
    """Why there is no answer."""

    detail: str
    faults: list[dict[str, str]] = []


class RunOut(BaseModel):
    """How far a scenario is worked out."""

    hash: str
    state: Literal["ready", "computing", "failed", "unknown"]
    years: list[int] = Field(description="Stage years that are there")
    stages: list[int]
    share: float = Field(ge=0, le=1, description="Part of the work that is done")
    ranges: bool = Field(description="Whether the ranges of the indicators are there")
    problem: RunProblem | None = None


class RunAnswer(RunOut):
    """What came of waiting."""

    ms: int = Field(ge=0, description="Milliseconds from asking to answering")
    superseded: bool = Field(description="A newer run of the same token took its place")


@router.post("")
async def start(body: RunIn, desk: Desk, who: Who, t: Words) -> RunAnswer:
    """Have a scenario worked out and wait until the year asked for is there."""
    began = time.perf_counter()
    scenario = await aside(wanted, desk, who, body)
    token = f"{who.account_id or who.role}:{body.token}" if body.token else ""
    if not who.may_edit and desk.engine.waiting >= MOST_WAITING:
        template = "Too many scenarios are being worked out already."
        raise NotNowError(template, hint="Ask again in a moment.")
    rank = 0 if who.may_edit else 1
    run = await aside(lambda: desk.engine.start(scenario, year=body.year, token=token, rank=rank))
    await finished(run, body.wait_s)
    if isinstance(run.problem, NotReadyError):  # the server stops
        raise run.problem
    told = _told(desk, t, run.hash, run)
    ms = round(1000 * (time.perf_counter() - began))
    return RunAnswer(**told.model_dump(), ms=ms, superseded=run.superseded)


@router.get("/{hash_}")
def status(hash_: Hash, desk: Desk, who: Who, t: Words) -> RunOut:
    """Return how far a scenario is worked out."""
    if not may_see(desk, who, hash_):
        raise unknown_run(hash_)
    return _told(desk, t, hash_)


@router.post("/{hash_}/ranges", status_code=202)
def ranges(hash_: Hash, desk: Desk, who: Editor, t: Words) -> RunOut:
    """Have the ranges of the indicators worked out when nobody waits for anything else."""
    if desk.engine.scenario(hash_) is None:
        raise unknown_run(hash_)
    desk.engine.want_spread(hash_)
    return _told(desk, t, hash_)


def wanted(desk: Context, who: Viewer, body: RunIn) -> Scenario:
    """Return the scenario that is to be worked out."""
    if not who.may_edit and (body.measure is not None or body.content is not None):
        template = "Only people who are signed in may try measures out."
        raise AccessError(template, hint="Sign in.", status=401)
    if body.content is not None:
        scenario = load_scenario(body.content)
    elif body.scenario is not None:
        version, scenario = desk.projects.open(body.scenario, body.version, viewer=who)
        desk.versions.note(scenario.hash, version.scenario_id, version.number)
    else:
        scenario = baseline_of(Scenario(stages=STAGES), desk.city)
    if body.measure is not None:
        scenario = with_measure(scenario, body.measure)
    return baseline_of(scenario, desk.city) if body.today else scenario


def with_measure(scenario: Scenario, draft: dict[str, Any]) -> Scenario:
    """
    Return a scenario with a draft in the place of the measure with its id, else at the end.

    Raises
    ------
    ScenarioError
        The draft is no measure; every fault is said.
    """
    content = scenario.model_dump(mode="json")
    measures = list(content["measures"])
    same = [n for n, one in enumerate(measures) if one["id"] == draft.get("id")]
    if same:
        measures[same[0]] = draft
    else:
        measures.append(draft)
    return load_scenario({**content, "measures": measures})


def _told(desk: Context, t: Translator, hash_: str, run: Run | None = None) -> RunOut:
    found: Status = desk.engine.status(hash_)
    scenario = desk.engine.scenario(hash_)
    own = run.problem if run is not None else None
    problem = own or found.problem
    return RunOut(
        hash=hash_,
        state="failed" if own is not None else found.state,
        years=list(found.years),
        stages=list(scenario.stages) if scenario else [],
        share=found.share,
        ranges=desk.engine.spread(hash_) is not None,
        problem=_problem(t, problem) if problem is not None else None,
    )


def _problem(t: Translator, error: TwinError) -> RunProblem:
    bare = TwinError(error.template, hint=error.hint, **error.values)
    faults = [fault.model_dump() for fault in faults_of(t, error)]
    return RunProblem(detail=t.error(bare), faults=faults)
