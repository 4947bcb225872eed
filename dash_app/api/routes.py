"""Puts the addresses of the API together; faults of all of them are told in one way."""

from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match

from dash_app.api import (
    catalogue,
    city,
    drafts,
    events,
    fits,
    index,
    made,
    observations,
    results,
    runs,
    scenarios,
    sensors,
)
from dash_app.api.context import Context
from dash_app.api.problems import RESPONSES, ProblemRoute

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
ELSEWHERE = "/api/{rest:path}"


def make_router(desk: Context) -> APIRouter:
    """Return every address below `/api` but those of accounts and exports."""

    def bind(request: Request) -> None:
        request.state.desk = desk

    whole = APIRouter(prefix="/api", dependencies=[Depends(bind)], responses=RESPONSES)
    themes = (
        city, catalogue, scenarios, made, runs, results, drafts, sensors, observations, fits,
        events,
    )  # fmt: skip
    for theme in themes:
        whole.include_router(theme.router)
    whole.add_api_route(
        "", index.page, include_in_schema=False, response_class=HTMLResponse,
        route_class_override=ProblemRoute,
    )  # fmt: skip
    desk.engine.watch(lambda hash_, year: _tell(desk, hash_, year))
    return whole


def elsewhere() -> APIRouter:
    """Return the answer to all other addresses below `/api`; to be included last."""
    router = APIRouter(route_class=ProblemRoute)
    router.add_api_route(ELSEWHERE, nothing_here, methods=list(METHODS), include_in_schema=False)
    return router


def nothing_here(request: Request) -> Response:
    """Tell that there is nothing at an address, or nothing for this method."""
    allowed = allowed_methods(request.app, request.scope)
    if allowed:
        raise HTTPException(405, headers={"Allow": ", ".join(allowed)})
    raise HTTPException(404)


def allowed_methods(app: FastAPI, scope: Any) -> list[str]:
    """Return the methods that some address of the application takes at this path."""
    found = []
    for method in METHODS:
        asked = {**scope, "method": method}
        for route in app.router.routes:
            if not _is_ours(route):
                continue
            if route.matches(asked)[0] is Match.FULL:
                found.append(method)
                break
    return found


def _is_ours(route: BaseRoute) -> bool:
    """Tell whether a route may lead to an address of the API, the last resort left out."""
    inner = getattr(getattr(route, "original_router", None), "routes", None)  # an included router
    paths = [getattr(one, "path", "/api") or "" for one in inner or [route]]
    return ELSEWHERE not in paths and (inner is not None or paths[0].startswith("/api"))


def _tell(desk: Context, hash_: str, year: int) -> None:
    desk.news.tell("run", hash=hash_, year=year, state=desk.engine.status(hash_).state)
