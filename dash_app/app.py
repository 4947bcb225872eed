"""Puts city, map and pages together into one web application."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from dash import Dash
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from starlette.middleware.gzip import GZipMiddleware

from dash_app.accounts import AccessGuard
from dash_app.accounts.routes import account_router
from dash_app.map.routes import bundle_router, bundle_url, map_router
from dash_app.packs import pack_router, pack_tags
from dash_app.pages import explore
from dash_app.security import (
    SecurityHeaders,
    content_security_policy,
    renderer_style_hashes,
)
from dash_app.settings import Settings
from dash_app.shown import Shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from layers.project_store import ProjectStore
    from twin.city import City

INDEX = """<!DOCTYPE html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="/assets/mark.svg" type="image/svg+xml">
<link rel="preload" href="/assets/fonts/figtree-latin-wght-normal.woff2" as="font"
 type="font/woff2" crossorigin>
<link rel="preload" href="{index_url}" as="fetch" crossorigin="anonymous">
<script src="/assets/page_boot.js"></script>
<script src="{bundle}" async fetchpriority="high"></script>
{css}
</head>
<body>
<div id="map" class="map" tabindex="0" role="application" aria-label="{map_name}"></div>
{app_entry}
<script id="twin-start" type="application/json">{start}</script>
{config}
{ours}
{scripts}
{renderer}
<noscript>{noscript}</noscript>
</body>
</html>"""

ENTRY = """<div id="react-entry-point">
<div class="page"><div class="top-bar"></div></div>
</div>"""
"""The frame as it looks before the first script has run."""

UNUSED = ("dash_table/bundle", "polyfill@", "dcc/dash_core_components")
"""Scripts that Dash always names and that no component of ours needs."""


class TwinDash(Dash):
    """Dash with our own start page: the map starts before Dash does, no unused script loads."""

    shown: Shown

    def _config(self) -> dict[str, Any]:
        """Return what Dash tells its renderer, without versions, sockets and foreign addresses."""
        config: dict[str, Any] = super()._config()  # type: ignore[no-untyped-call]
        unwanted = ("websocket", "dash_version_url", "python_version", "plotly_version")
        kept = {name: value for name, value in config.items() if name not in unwanted}
        ours: dict[str, Any] = {"dash_html_components": {}, "dash_app": {}}
        return kept | {"disable_version_check": True, "children_props": ours}

    def interpolate_index(self, **parts: Any) -> str:  # type: ignore[override]
        """Return the start page."""
        search = self.backend.request_adapter().full_path.partition("?")[2]
        start = explore.start_json(self.shown, search)
        scripts = [
            line
            for line in parts["scripts"].splitlines()
            if not any(name in line for name in UNUSED)
        ]
        styles, ours = pack_tags()
        return INDEX.format(
            lang=start["state"]["lang"],
            map_name=_escape(start["words"]["map"]),
            start=json.dumps(start, ensure_ascii=False).replace("<", "\\u003c"),
            title=_escape(parts["title"]),
            css=styles,
            ours=ours,
            index_url=start["index"],
            app_entry=ENTRY,
            config=parts["config"],
            scripts="\n".join(scripts),
            bundle=bundle_url(),
            noscript=_escape(start["words"]["script"]),
            renderer=parts["renderer"],
        )


def create_app(
    city: City,
    *,
    lang: str = "de",
    settings: Settings | None = None,
    store: ProjectStore | None = None,
) -> FastAPI:
    """
    Return the web application for one city, ready for uvicorn.

    `lang` is the language of an address that names none; without `settings` it is a laptop's.
    """
    settings = settings or Settings()
    shown = Shown(city, lang)
    server = FastAPI(
        title=f"Troisdorf Twin: {city.name}",
        version=version("troisdorf-twin"),
        docs_url=None,  # the pages of FastAPI load scripts from a foreign host
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=lambda _: _warmed(shown),
    )
    server.add_api_route("/health", lambda: {"status": "ok", "city": city.hash}, tags=["health"])
    server.include_router(account_router(settings, store, town=city.name, lang=lang))
    server.include_router(bundle_router())
    server.include_router(pack_router())
    server.include_router(map_router(city, warm=True))
    server.include_router(explore.page_router(lambda: shown))
    dash = _dash(server, shown)
    # registered last and before Dash's own catch-all, which would answer 200 with the page
    server.add_api_route("/{path:path}", _not_found, include_in_schema=False)
    policy = content_security_policy(dash.csp_hashes(), renderer_style_hashes())
    server.add_middleware(GZipMiddleware, minimum_size=500, compresslevel=5)
    server.add_middleware(AccessGuard, settings=settings, store=store)
    server.add_middleware(SecurityHeaders, policy=lambda: policy)
    return server


@asynccontextmanager
async def _warmed(shown: Shown) -> AsyncIterator[None]:
    """Read the city while the first browser is still on its way."""
    Thread(target=explore.warm, args=(shown,), daemon=True).start()
    yield


def _dash(server: FastAPI, shown: Shown) -> Dash:
    dash = TwinDash(
        __name__,
        server=server,  # type: ignore[arg-type]
        backend="fastapi",
        title=f"{shown.city.name} · Troisdorf Twin",
        update_title="",
        assets_folder=str(Path(__file__).parent / "assets"),
        assets_ignore=r"\.(js|css)$",  # `packs` sends them
        suppress_callback_exceptions=True,  # what the page shows comes from callbacks
        compress=False,
        serve_locally=True,
    )
    dash.shown = shown
    dash.layout = explore.layout()
    explore.register(dash, lambda: shown)
    return dash


def _not_found(path: str) -> PlainTextResponse:
    return PlainTextResponse(f"Not found: /{path}", status_code=404)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
