"""A shared server without a town: the sign-in pages, one route that changes, one that reads."""

import re
from dataclasses import dataclass
from shutil import copy
from typing import Annotated

import pytest
from argon2 import PasswordHasher
from fastapi import Depends, FastAPI, Request
from fastapi.testclient import TestClient

from dash_app.accounts import AccessGuard, may_change, viewer_of
from dash_app.accounts.passwords import Passwords
from dash_app.accounts.routes import account_router
from dash_app.api.problems import ProblemRoute
from dash_app.settings import Settings
from dash_app.workspace.viewer import Viewer
from layers.project_store import ProjectStore, open_store

WORDS = "vier Worte an der Agger"
TOWN = "https://twin.town.de"


def quick() -> Passwords:
    """Argon2id as everywhere, with little memory: tests sign in often."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture(scope="session")
def passwords() -> Passwords:
    return quick()


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    """A database in which nothing is yet; copying it is quicker than making one."""
    path = tmp_path_factory.mktemp("empty") / "p.sqlite"
    open_store(path, check=None).close()
    return path


@pytest.fixture
def store(tmp_path, empty):
    with open_store(copy(empty, tmp_path), check=None) as opened:
        yield opened


@pytest.fixture
def settings() -> Settings:
    return Settings(mode="shared", address=TOWN)


@dataclass
class Town:
    """A server and the browsers in front of it."""

    app: FastAPI
    store: ProjectStore
    passwords: Passwords
    base: str

    def add(self, login: str, role: str = "planner", name: str = "", password: str = WORDS):
        kept = self.passwords.hash(password)
        return self.store.accounts.add(login, name=name or login, role=role, password_hash=kept)

    def browser(self, **more) -> TestClient:
        return TestClient(self.app, base_url=self.base, follow_redirects=False, **more)

    def signed_in(self, login: str) -> TestClient:
        browser = self.browser()
        assert sign_in(browser, login).status_code == 303
        return browser


def token_in(html: str) -> str:
    return re.search(r'name="form" value="([^"]+)"', html)[1]


def sign_in(browser: TestClient, login: str, password: str = WORDS, next_: str = "/"):
    page = browser.get("/login", params={"next": next_})
    form = {"login": login, "password": password, "form": token_in(page.text)}
    return browser.post("/login", params={"next": next_}, data=form)


def make_town(settings: Settings, store: ProjectStore, passwords: Passwords) -> Town:
    app = FastAPI(openapi_url=None)
    app.include_router(account_router(settings, store, town="Troisdorf", passwords=passwords))
    app.router.route_class = ProblemRoute

    @app.get("/who")
    def who(request: Request) -> dict:
        viewer = viewer_of(request)
        return {"role": viewer.role, "name": viewer.name, "fine": viewer.fine}

    @app.post("/change")
    def change(viewer: Annotated[Viewer, Depends(may_change)]) -> str:
        return viewer.name

    @app.post("/_dash-update-component")
    def callback() -> str:
        return "called"

    app.add_middleware(AccessGuard, settings=settings, store=store)
    base = settings.address or "http://localhost"
    return Town(app, store, passwords, base)


@pytest.fixture
def town(settings, store, passwords) -> Town:
    return make_town(settings, store, passwords)
