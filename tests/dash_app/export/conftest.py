"""The exports over the small town: as planner, as somebody from the street."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from dash_app.api.export import export_router
from tests.dash_app.api.conftest import PLANNER, Desk, whole_desk

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["whole_desk"]


@pytest.fixture(scope="session")
def export_client(whole_desk: Desk) -> TestClient:
    app = FastAPI()
    app.include_router(export_router(whole_desk.context))
    return TestClient(app, base_url="http://localhost", raise_server_exceptions=False)


@pytest.fixture
def desk(whole_desk: Desk, export_client: TestClient) -> Iterator[Desk]:
    """Give the exports, asked by a planner to begin with."""
    whole_desk.viewer = PLANNER
    own, whole_desk.client = whole_desk.client, export_client
    yield whole_desk
    whole_desk.client, whole_desk.viewer = own, PLANNER
