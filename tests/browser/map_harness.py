"""
The map without the page: serve a city with a bare HTML page.

    python -m tests.browser.map_harness CITY_FOLDER [--port 8060]
    python -m tests.browser.map_harness --sample 200000
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

import dash_app
from dash_app.map.routes import bundle_router, bundle_url, index_url, map_router

if TYPE_CHECKING:
    from starlette.middleware.base import RequestResponseEndpoint

    from twin.city import City

ASSETS = Path(dash_app.__file__).parent / "assets"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'"
)
LAYERS = dict.fromkeys(
    ["buildings", "shadow", "streets", "names", "rail", "landuse", "water", "trees", "places",
     "stops", "districts"], 1,
)  # fmt: skip

START = """
window.__start = performance.now();
window.twinMapStarted = 0;
window.__events = {};
const SAID = ['map-pick', 'map-hover', 'map-camera', 'map-status', 'map-tool', 'map-tool-at',
  'map-split'];
for (const id of SAID) {
  window.addEventListener(id, (event) => {
    (window.__events[id] = window.__events[id] || []).push(event.detail);
  });
}
"""
GO = """
const asked = new URLSearchParams(location.search).get('view');
window.__view = {...VIEW, ...(asked ? JSON.parse(asked) : {})};
document.documentElement.dataset.theme = window.__view.theme;
window.twinMap.update(window.__view);
window.show = (more) => {
  window.__view = {...window.__view, ...more};
  document.documentElement.dataset.theme = window.__view.theme;
  window.twinMap.update(window.__view);
};
"""


def harness_app(city: City, *, warm: bool = False) -> FastAPI:
    """Return an app with the map of one city and nothing else, under a strict policy."""
    app = FastAPI()
    app.include_router(map_router(city, warm=warm))
    app.include_router(bundle_router())
    scripts = sorted(path.name for path in ASSETS.glob("map*.js"))
    view = {"index": index_url(city), "lang": "de", "theme": "light", "layers": LAYERS}

    @app.middleware("http")
    async def policy(request: Request, follow: RequestResponseEndpoint) -> Response:
        answer = await follow(request)
        answer.headers["Content-Security-Policy"] = POLICY
        return answer

    @app.get("/")
    def page() -> HTMLResponse:
        tags = "".join(f'<script src="/assets/{name}" defer></script>' for name in scripts)
        return HTMLResponse(
            '<!doctype html><html lang="de"><head><title>map</title>'
            '<link rel="icon" href="data:,"><link rel="stylesheet" href="/assets/tokens.css">'
            '<link rel="stylesheet" href="/assets/map.css"><link rel="stylesheet" href="/bare.css">'
            f'<link rel="preload" href="{view["index"]}" as="fetch" crossorigin="anonymous">'
            f'<script src="/start.js"></script><script src="{bundle_url()}" async></script>{tags}'
            '<script src="/go.js" defer></script></head>'
            '<body><div id="map" class="map" tabindex="0"></div></body></html>'
        )

    @app.get("/bare.css")
    def style() -> Response:
        text = "html,body{margin:0;height:100%}.map{position:fixed;inset:0;font-family:var(--font)}"
        return Response(text, media_type="text/css")

    @app.get("/start.js")
    def start() -> Response:
        return Response(START, media_type="text/javascript")

    @app.get("/go.js")
    def go() -> Response:
        return Response(GO.replace("VIEW", json.dumps(view)), media_type="text/javascript")

    app.mount("/assets", StaticFiles(directory=ASSETS))
    return app


def load_city(folder: str | None, sample: int | None) -> Any:
    """Open a city folder, or make a model town of about `sample` buildings."""
    if sample is not None:
        from layers.build import build_city  # noqa: PLC0415
        from layers.sample_city import make_sample  # noqa: PLC0415

        return build_city(make_sample(buildings=sample))
    from layers.city_store import open_city  # noqa: PLC0415

    return open_city(Path(str(folder)))


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--sample", type=int)
    parser.add_argument("--port", type=int, default=8060)
    options = parser.parse_args()
    uvicorn.run(harness_app(load_city(options.folder, options.sample)), port=options.port)


if __name__ == "__main__":
    main()
