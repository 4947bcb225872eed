"""Stands in front of the application: who may talk to it, and under which name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

from dash_app.accounts.access import KEY, Access
from dash_app.accounts.origin import SAFE, is_cross_site, is_known_host

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from dash_app.settings import Settings
    from layers.project_store import ProjectStore


class AccessGuard:
    """
    Refuses foreign names of the server (DNS rebinding) and what other sites send (CSRF).

    It covers everything behind it, the callbacks of Dash too, and hands on what `viewer_of` needs.
    """

    def __init__(
        self, app: ASGIApp, *, settings: Settings, store: ProjectStore | None = None
    ) -> None:
        self.app = app
        self.access = Access(settings, store)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        scope[KEY] = self.access
        if refusal := self._refusal(Headers(scope=scope), scope):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
                return
            await refusal(scope, receive, send)
            return
        await self.app(scope, receive, self._sender(send))

    def _sender(self, send: Send) -> Send:
        """Let browsers ask for a shared server over TLS only, from the first answer on."""
        settings = self.access.settings
        if settings.mode == "laptop" or not settings.https:
            return send

        async def strict(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        return strict

    def _refusal(self, headers: Headers, scope: Scope) -> PlainTextResponse | None:
        settings = self.access.settings
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not is_known_host(hosts[0], settings):
            text = "This server is not known by that name. The setting `hosts` lists its names."
            return PlainTextResponse(text, status_code=421)
        changes = scope["type"] == "websocket" or scope["method"] not in SAFE
        if changes and is_cross_site(headers, settings):
            return PlainTextResponse("Another page may not send this.", status_code=403)
        return None
