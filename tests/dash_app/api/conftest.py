"""The API over the small town: as planner on a laptop, as somebody from the street."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from dash_app.api import Context, api_router, rest_router
from dash_app.api.views import views_router
from dash_app.settings import Settings
from dash_app.shown import Shown
from dash_app.workspace.answering import answer_with
from dash_app.workspace.engine import Engine, baseline_of
from dash_app.workspace.projects import Projects
from dash_app.workspace.viewer import PUBLIC, Viewer
from layers.project_store import open_store
from tests.dash_app.sensing.town import STREAMS, fill, readings
from tests.small_town import MEMO, full_plan, small_town
from twin.scenario import dump

if TYPE_CHECKING:
    from collections.abc import Iterator

PLANNER = Viewer("planner", "Ada", "a1", fine=True)


@dataclass(eq=False)
class Desk:
    """A running API; `viewer` may be changed between requests."""

    context: Context
    app: FastAPI
    client: TestClient
    viewer: Viewer = PLANNER
    full: str = ""  # hash of the full plan
    base: str = ""  # hash of today with the same stages

    def as_public(self) -> TestClient:
        self.viewer = PUBLIC
        return self.client

    def run(self, **body: Any) -> dict[str, Any]:
        answer = self.client.post("/api/runs", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="session")
def whole_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One engine and one project for all tests of the API."""
    city = small_town()
    store = open_store(tmp_path_factory.mktemp("api") / "projects.sqlite")
    fill(store, STREAMS, readings())  # sensors, so that their addresses have something to tell
    engine = Engine(city, answer=answer_with(city, None, MEMO), warm=False)
    seen: list[Desk] = []
    context = Context(
        Shown(city), engine, store, Projects(store, city), Settings(), lambda _: seen[0].viewer
    )
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    app.include_router(views_router(context))
    app.include_router(api_router(context))
    app.include_router(rest_router())
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        desk = Desk(context, app, client)
        seen.append(desk)
        plan = full_plan()
        desk.full = engine.start(plan, wait=True).hash
        desk.base = engine.start(baseline_of(plan, city), wait=True).hash
        yield desk
    engine.close()
    store.close()


@pytest.fixture
def desk(whole_desk: Desk) -> Iterator[Desk]:
    """Give the API, asked by a planner to begin with."""
    whole_desk.viewer = PLANNER
    yield whole_desk
    whole_desk.viewer = PLANNER


@pytest.fixture
def client(desk: Desk) -> TestClient:
    return desk.client


@pytest.fixture
def scenario_id(desk: Desk) -> str:
    """Give a new scenario of the project."""
    answer = desk.client.post("/api/scenarios", json={"content": content()})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def content(**more: Any) -> dict[str, Any]:
    """Return the full plan as a file has it."""
    import json  # noqa: PLC0415

    found: dict[str, Any] = json.loads(dump(full_plan(**more)))
    return found


def problem(answer: Any, status: int) -> dict[str, Any]:
    """Return the problem document of an answer, checked."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    assert "Traceback" not in answer.text
    return document
