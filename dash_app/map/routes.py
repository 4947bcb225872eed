"""HTTP addresses of the map: a city's parts and the deck.gl bundle, compressed and immutable."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pydeck
from fastapi import APIRouter, HTTPException, Request, Response

from dash_app.map.data import MapData, Part

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from twin.city import City

FOREVER = "public, max-age=31536000, immutable"
OWN = "private, max-age=31536000, immutable"
"""For what not everybody may see: no proxy keeps it."""
SCRIPT = "text/javascript; charset=utf-8"
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "The city has no such part."}}


def map_router(
    city: City, *, extra: Sequence[pydeck.Layer] = (), warm: bool = False, private: bool = False
) -> APIRouter:
    """
    Return the routes that serve one city to the map script, all below `/map/<content hash>/`.

    Nothing is read or encoded before the first request for the index; that one starts a thread
    which encodes the first view while the browser still loads its scripts; `warm` starts it at
    once. `extra` are pydeck layers of the analyst's own (positions in degrees, data inside), drawn
    above the city. What is `private` is kept by browsers only, by no proxy.
    """
    data = MapData(city, extra)
    begin = cache(Thread(target=data.warm, name="map-warm", daemon=True).start)
    if warm:
        begin()

    def index() -> Part:
        part = data.index()
        begin()
        return part

    router = APIRouter(prefix=data.root, tags=["map"], responses=NOT_FOUND)
    parts: dict[str, tuple[Callable[..., Part], str]] = {
        "/index.json": (index, "What there is to draw, how and where from"),
        "/labels.json": (data.labels, "Words that stand upright on the map"),
        "/near/{key}": (data.near, "Buildings of one tile with rings and roofs"),
        "/far/{key}": (data.far, "Buildings of one tile as rectangles"),
        "/ground/{key}": (data.ground, "Land use, water, streets and rail of one tile"),
        "/trees/{key}": (data.trees, "Trees of one tile"),
        "/overlay/{name}/{key}": (data.overlay, "Parcels, blocks, zones, cells or transit lines"),
        "/terrain/relief": (data.terrain, "The shaded relief"),
        "/column/{table}/{name}": (data.column, "One column of a table, in table order"),
        "/ids/{table}": (data.keys, "The keys of a table, in table order"),
        "/feature/{table}/{row}": (data.feature, "Key, label and place of one row"),
        "/find/{table}/{key:path}": (data.find, "Key, label and place of one key"),
    }
    for path, (make, summary) in parts.items():
        router.add_api_route(
            path, _endpoint(make, OWN if private else FOREVER), methods=["GET"], summary=summary
        )
    return router


def index_url(city: City) -> str:
    """Return the address of a city's index, which goes into `view.index`."""
    return f"{MapData(city).root}/index.json"


def bundle_url() -> str:
    """Return the address of the deck.gl bundle; a page loads it as a plain deferred script."""
    return f"/map/deck-{pydeck.__version__}.js"


def bundle_router() -> APIRouter:
    """
    Return the route that serves the deck.gl bundle of the installed pydeck wheel.

    A thread compresses it (0.2 s) while the server starts.
    """
    router = APIRouter(tags=["map"])
    packed = cache(_packed_bundle)
    Thread(target=packed, name="map-bundle", daemon=True).start()

    @router.get(bundle_url(), summary="deck.gl as shipped with pydeck", include_in_schema=False)
    def bundle(request: Request) -> Response:
        return answer(request, packed())

    return router


def _packed_bundle() -> Part:
    path = Path(pydeck.__file__).parent / "nbextension" / "static" / "index.js"
    text, _, _ = path.read_bytes().rpartition(b"//# sourceMappingURL=")  # the map is not served
    return Part.of(text, SCRIPT)


def _endpoint(make: Callable[..., Part], keep: str) -> Callable[..., Response]:
    """Return a handler that asks for the part named by the path and answers what it cannot."""

    def handler(request: Request) -> Response:
        wanted: dict[str, Any] = dict(request.path_params)
        try:
            if "row" in wanted:
                wanted["row"] = _row(wanted["row"])
            part = make(**wanted)
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise HTTPException(404, f"The map has nothing at {request.url.path}.") from error
        return answer(request, part, keep)

    return handler


def _row(text: str) -> int:
    if not text.isdecimal():
        raise IndexError(text)
    return int(text)


def answer(request: Request, part: Part, keep: str = FOREVER) -> Response:
    """Return a part, compressed where the browser takes it, or 304 where it has it already."""
    headers = {"ETag": part.etag, "Cache-Control": keep, "Vary": "Accept-Encoding"}
    if part.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(part.body, media_type=part.media_type, headers=headers)
    return Response(gzip.decompress(part.body), media_type=part.media_type, headers=headers)
