"""Who is asking right now: the request at hand, for callbacks that are not given it."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

from starlette.requests import Request

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_REQUEST: ContextVar[Request] = ContextVar("request")


class Looking:
    """Remembers the request while it is answered, in whatever thread that happens."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] == "http":
            token = _REQUEST.set(Request(scope))
            try:
                await self.app(scope, receive, send)
            finally:
                _REQUEST.reset(token)
        else:
            await self.app(scope, receive, send)


def request_now() -> Request:
    """Return the request that is being answered; `LookupError` outside of one."""
    return _REQUEST.get()
