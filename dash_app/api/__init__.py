"""The HTTP API under `/api`: cities, scenarios, runs, results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash_app.api.context import Context

if TYPE_CHECKING:
    from fastapi import APIRouter

__all__ = ["Context", "api_router", "rest_router"]


def api_router(desk: Context) -> APIRouter:
    """Return every address below `/api` but those of accounts and exports."""
    from dash_app.api.routes import make_router  # noqa: PLC0415 - pages need the context alone

    return make_router(desk)


def rest_router() -> APIRouter:
    """Return the answer (404, 405) to all other addresses below `/api`; to be included last."""
    from dash_app.api.routes import elsewhere  # noqa: PLC0415

    return elsewhere()
