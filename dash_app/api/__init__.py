"""The HTTP API under `/api`: cities, scenarios, runs, results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash_app.api.context import Context

if TYPE_CHECKING:
    from fastapi import APIRouter

__all__ = ["Context", "api_router"]


def api_router(desk: Context) -> APIRouter:
    """
    Return every address below `/api` but those of accounts.

    It ends with an answer to all other addresses below `/api`, so routers that add to them come
    before it.
    """
    from dash_app.api.routes import make_router  # noqa: PLC0415 - pages need the context alone

    return make_router(desk)
