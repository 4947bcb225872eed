"""What handlers are given: the context, who asks, which language; waiting takes no thread."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from fastapi import Depends, Path, Query, Request
from fastapi.concurrency import run_in_threadpool

from dash_app.accounts.access import may_change
from dash_app.accounts.errors import AccessError
from dash_app.api.context import Context
from dash_app.api.problems import words_of
from dash_app.i18n import Translator
from dash_app.workspace.runs import Run, is_baseline, not_ready, unknown_run
from dash_app.workspace.viewer import PUBLIC, Viewer
from twin.errors import TwinError
from twin.simulate.results import YearResults

T = TypeVar("T")

WAIT_S = 60.0
"""Seconds that a request waits for an answer at most."""


def desk_of(request: Request) -> Context:
    """Return what the API works with."""
    desk: Context = request.state.desk
    return desk


Lang = Annotated[
    Literal["de", "en"] | None,
    Query(description="Language of words and faults; before `Accept-Language`"),
]


def words(request: Request, lang: Lang = None) -> Translator:
    """Return the translator a request asks for."""
    return words_of(request)


def viewer_of(request: Request) -> Viewer:
    """Return who asks."""
    return desk_of(request).viewer_of(request)


def editor_of(request: Request) -> Viewer:
    """Return who asks, if they may edit; for what is worked out and not kept."""
    viewer = viewer_of(request)
    if not viewer.may_edit:
        template = "Only people who are signed in may do this."
        raise AccessError(template, hint="Sign in.", status=401)
    return viewer


def planner_of(request: Request) -> Viewer:
    """Return who changes something; refused to the public, and to pages of others."""
    viewer = editor_of(request)
    may_change(request)
    return viewer


Desk = Annotated[Context, Depends(desk_of)]
Words = Annotated[Translator, Depends(words)]
Who = Annotated[Viewer, Depends(viewer_of)]
Editor = Annotated[Viewer, Depends(editor_of)]
Planner = Annotated[Viewer, Depends(planner_of)]
Hash = Annotated[
    str,
    Path(min_length=8, max_length=64, pattern="^[0-9a-f]+$", description="Hash of a scenario"),
]
Year = Annotated[int, Path(ge=1990, le=2150, description="Stage year")]
ScenarioId = Annotated[str, Path(min_length=1, max_length=64, pattern="^[A-Za-z0-9_-]+$")]


def may_see(desk: Context, viewer: Viewer, hash_: str) -> bool:
    """
    Tell whether a viewer may see results under a hash.

    Who may edit sees all; everybody sees today and the scenarios that are published.
    """
    scenario = desk.engine.scenario(hash_)
    if viewer.may_edit or scenario is None or is_baseline(scenario):
        return True
    return any(_is_public(desk, *version) for version in desk.versions.of(hash_))


def _is_public(desk: Context, scenario_id: str, number: int) -> bool:
    try:
        desk.projects.open(scenario_id, number, viewer=PUBLIC)
    except TwinError:
        return False
    return True


async def finished(run: Run, timeout_s: float = WAIT_S) -> bool:
    """Wait for a run without a thread; tell whether it is over."""
    if run.future.done():
        return True
    waiting = asyncio.shield(asyncio.wrap_future(run.future))
    try:
        await asyncio.wait_for(waiting, timeout_s)
    except TimeoutError:
        return False
    return True


async def answer_of(desk: Context, viewer: Viewer, hash_: str, year: int) -> YearResults:
    """
    Return one year of a scenario that was run; wait for it, as long as a request may.

    Raises
    ------
    TwinError
        Nobody has run it, or not for this viewer (both the same to them); it fails; it takes long.
    """
    if not await run_in_threadpool(may_see, desk, viewer, hash_):
        raise unknown_run(hash_)
    run = desk.engine.ask(hash_, year)
    if not await finished(run):
        raise not_ready(year)
    return desk.engine.answered(run)


async def aside(work: Callable[..., T], *args: Any) -> T:
    """Do something slow in a thread, so that others are answered meanwhile."""
    return await run_in_threadpool(work, *args)
