"""Puts city, map and pages together into one web application."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from dash import Dash
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, PlainTextResponse
from starlette.middleware.gzip import GZipMiddleware

from dash_app.accounts import AccessGuard, viewer_of
from dash_app.accounts.routes import account_router
from dash_app.api import api_router
from dash_app.api.context import Context
from dash_app.api.export import export_router
from dash_app.api.routes import elsewhere
from dash_app.api.views import views_router
from dash_app.looking import Looking, request_now
from dash_app.map.routes import bundle_router, bundle_url, map_router
from dash_app.packs import pack_router, pack_tags
from dash_app.pages import explore, workspace
from dash_app.pages.layout import layout
from dash_app.security import (
    SecurityHeaders,
    content_security_policy,
    renderer_style_hashes,
)
from dash_app.sensing.live import Listening
from dash_app.settings import Settings
from dash_app.shown import Shown
from dash_app.workspace.engine import Engine, baseline_of
from dash_app.workspace.privacy import city_for, fine_allowed, withheld
from dash_app.workspace.projects import Projects
from dash_app.workspace.viewer import PUBLIC
from layers.project_store import default_store, open_store
from twin.errors import StoreError
from twin.scenario import STAGES, Scenario

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from dash_app.workspace.viewer import Viewer
    from layers.project_store import ProjectStore
    from twin.city import City

MARK = Path(__file__).parent / "assets" / "mark.svg"

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


@dataclass(frozen=True)
class Faces:
    """The city as those who may see single buildings see it, and as everybody does."""

    desk: Context
    whole: Shown
    public: Shown
    reachable: bool = False  # from other machines, though it is a laptop

    def look(self) -> Viewer:
        """Return who is asking."""
        return self.desk.viewer_of(request_now())

    def now(self) -> Shown:
        """Return the city as the one who is asking may see it."""
        return self.whole if fine_allowed(self.look(), self.desk.settings) else self.public


class TwinDash(Dash):
    """Dash with our own start page: the map starts before Dash does, no unused script loads."""

    faces: Faces

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
        start = explore.start_json(self.faces.now(), search)
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
    reachable: bool = False,
) -> FastAPI:
    """
    Return the web application for one city, ready for uvicorn.

    Parameters
    ----------
    lang
        Language of an address that names none.
    settings
        What the operator decides; a laptop where left out.
    store
        Where scenarios are kept; opened as the settings say where left out, and then closed with
        the application.
    reachable
        Other machines can reach it: they see what is public, also where it is a laptop.
    """
    settings = settings or Settings()
    kept = store or open_store(settings.database or default_store())
    faces = _faces(city, lang, settings, kept, reachable=reachable)
    desk = faces.desk
    server = FastAPI(
        title=f"Troisdorf Twin: {city.name}",
        version=version("troisdorf-twin"),
        docs_url=None,  # the pages of FastAPI load scripts from a foreign host
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=lambda _: _living(faces, own_store=store is None),
    )
    server.add_api_route("/health", lambda: {"status": "ok", "city": city.hash}, tags=["health"])
    server.add_api_route("/favicon.ico", _mark, include_in_schema=False)
    server.include_router(bundle_router())
    server.include_router(pack_router())
    _add_maps(server, faces)
    server.include_router(explore.page_router(faces.now))
    server.include_router(account_router(settings, desk.store, town=city.name, lang=lang))
    server.include_router(api_router(desk))
    server.include_router(views_router(desk))
    server.include_router(export_router(desk))
    server.include_router(elsewhere())
    dash = _dash(server, faces)
    # registered last and before Dash's own catch-all, which would answer 200 with the page
    server.add_api_route("/{path:path}", _not_found, include_in_schema=False)
    policy = content_security_policy(dash.csp_hashes(), renderer_style_hashes())
    server.add_middleware(Looking)
    server.add_middleware(AccessGuard, settings=settings, store=desk.store)
    server.add_middleware(GZipMiddleware, minimum_size=500, compresslevel=5)
    server.add_middleware(SecurityHeaders, policy=lambda: policy)
    server.state.desk = desk
    return server


def _faces(
    city: City, lang: str, settings: Settings, store: ProjectStore, *, reachable: bool
) -> Faces:
    whole = Shown(city, lang, sensed=lambda: _sensed(desk))
    alone = settings.mode == "laptop" and settings.privacy.building_level and not reachable
    seen = city if alone else city_for(PUBLIC, city, settings)
    desk = Context(
        shown=whole,
        engine=Engine(city, warm=False),
        store=store,
        projects=Projects(store, city),
        settings=settings,
        viewer_of=viewer_of,
    )
    return Faces(desk, whole, Shown(seen, lang, sensed=whole.sensed), reachable)


def _sensed(desk: Context) -> bool:
    """Tell whether who is asking may see any sensor; without them the page has no word of it."""
    try:
        viewer = desk.viewer_of(request_now())
    except LookupError:  # the page is made ready, nobody is asking yet
        viewer = PUBLIC
    try:
        return desk.sensing.any(viewer)
    except StoreError:  # the page says itself when the database is away
        return False


def _add_maps(server: FastAPI, faces: Faces) -> None:
    """Serve the map of the whole city to those who may see it, that of the public to all."""

    def fine(request: Request) -> None:
        if not fine_allowed(faces.desk.viewer_of(request), faces.desk.settings):
            raise HTTPException(404, "The map has nothing here for you.")

    laptop = faces.desk.settings.mode == "laptop"
    open_to_all = not faces.desk.settings.privacy.building_level or not laptop or faces.reachable
    whole = map_router(faces.whole.city, warm=laptop and not open_to_all, private=open_to_all)
    if faces.desk.settings.privacy.building_level:
        server.include_router(whole, dependencies=[Depends(fine)])
    if open_to_all:
        server.include_router(map_router(faces.public.city, warm=True))


@asynccontextmanager
async def _living(faces: Faces, *, own_store: bool) -> AsyncIterator[None]:
    """Read the city while the first browser is still on its way; end everything at the end."""
    Thread(target=_warm, args=(faces,), daemon=True).start()
    listening = Listening(faces.desk.sensing, faces.desk.news)
    listening.start()
    yield
    listening.close()
    faces.desk.news.close()
    faces.desk.adjusting.close()
    faces.desk.engine.close()
    if own_store:
        faces.desk.store.close()


def _warm(faces: Faces) -> None:
    laptop = faces.desk.settings.mode == "laptop"
    explore.warm(faces.whole if laptop else faces.public)
    if not laptop:  # the first visitor shall not wait for it
        withheld(faces.whole.city, "streets", faces.desk.settings)
    faces.desk.engine.start(baseline_of(Scenario(stages=STAGES), faces.whole.city))


def _dash(server: FastAPI, faces: Faces) -> Dash:
    dash = TwinDash(
        __name__,
        server=server,  # type: ignore[arg-type]
        backend="fastapi",
        title=f"{faces.whole.city.name} · Troisdorf Twin",
        update_title="",
        assets_folder=str(Path(__file__).parent / "assets"),
        assets_ignore=r"\.(js|css)$",  # `packs` sends them
        suppress_callback_exceptions=True,  # what the page shows comes from callbacks
        compress=False,
        serve_locally=True,
    )
    dash.faces = faces
    dash.layout = layout()
    explore.register(dash, faces.now)
    workspace.register(dash, faces.desk, faces.look)
    return dash


def _mark() -> FileResponse:
    """Give browsers the sign they ask for beside an answer that has no page to name one."""
    return FileResponse(MARK, media_type="image/svg+xml")


def _not_found(path: str) -> PlainTextResponse:
    return PlainTextResponse(f"Not found: /{path}", status_code=404)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
