"""Runs the page with uvicorn, the production server."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import uvicorn

from dash_app.settings import Settings

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from fastapi import FastAPI


class _Announcing(uvicorn.Server):
    """Says when the page can be opened."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        desk = getattr(getattr(self.config.app, "state", None), "desk", None)
        if desk is not None:
            desk.news.close()  # else pages that listen, or wait, would keep the server waiting
            desk.engine.close(timeout=0.0)
        await super().shutdown(sockets=sockets)


def run(
    app: FastAPI,
    listener: socket.socket,
    *,
    on_ready: Callable[[], None],
    settings: Settings | None = None,
) -> None:
    """Serve `app` on an open socket until Ctrl+C or SIGTERM; call `on_ready` once it answers."""
    settings = settings or Settings()
    config = uvicorn.Config(
        app,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=3,
        forwarded_allow_ips=["127.0.0.1", "::1", *settings.proxies],
        ssl_certfile=settings.certificate or None,
        ssl_keyfile=settings.certificate_key or None,
    )
    with suppress(KeyboardInterrupt):  # Ctrl+C is how one ends it, not a fault
        _Announcing(config, on_ready).run(sockets=[listener])
