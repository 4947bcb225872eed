"""Our own scripts and styles, each kind sent as one file: three requests instead of thirty."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from dash_app.map.data import Part
from dash_app.map.routes import SCRIPT, answer

if TYPE_CHECKING:
    from collections.abc import Callable

ASSETS = Path(__file__).parent / "assets"

READS_TILES = (
    "decode", "triangles", "ground", "roofs", "planes", "buildings", "overlay", "read", "worker",
)  # fmt: skip
"""Parts of the map that run in a worker as well as in the page, the one that starts it last."""

IN_HEAD = "page_boot.js"

BEFORE_OTHERS = ("page_state.js", "page_work.js")
"""Scripts that others speak with, in this order; the rest follows by name."""


@cache
def packs() -> dict[str, Part]:
    """
    Return the packed files by address; an address holds the hash of what is in the file.

    They lie beside the unpacked ones, so that relative addresses of fonts and pictures stay right.
    """
    worker = [ASSETS / f"map-{name}.js" for name in READS_TILES]
    scripts = [p for p in sorted(ASSETS.glob("*.js")) if p not in worker and p.name != IN_HEAD]
    first = [path for name in BEFORE_OTHERS for path in scripts if path.name == name]
    scripts = [*first, *(path for path in scripts if path not in first)]
    styles = sorted(ASSETS.glob("*.css"))
    return dict(
        _packed(name, paths, media_type)
        for name, paths, media_type in (
            ("pack-worker.js", worker, SCRIPT),
            ("pack-page.js", scripts, SCRIPT),
            ("pack-page.css", styles, "text/css; charset=utf-8"),
        )
    )


def pack_tags() -> tuple[str, str]:
    """Return the tags of the start page: styles for the head, scripts for the end of the body."""
    styles = (f'<link rel="stylesheet" href="{url}">' for url in packs() if url.endswith(".css"))
    scripts = (f'<script src="{url}"></script>' for url in packs() if url.endswith(".js"))
    return "\n".join(styles), "\n".join(scripts)


def pack_router() -> APIRouter:
    """Return the routes of the packed files; they never change under their address."""
    router = APIRouter()
    for url, part in packs().items():
        router.add_api_route(url, _sender(part), include_in_schema=False)
    return router


def _sender(part: Part) -> Callable[[Request], Response]:
    def send(request: Request) -> Response:
        return answer(request, part)

    return send


def _packed(name: str, paths: list[Path], media_type: str) -> tuple[str, Part]:
    content = b"\n".join(path.read_bytes() for path in paths)
    stem, _, ending = name.partition(".")
    return f"/assets/{stem}-{sha256(content).hexdigest()[:12]}.{ending}", Part.of(
        content, media_type
    )
