"""A place from OpenStreetMap's servers: boundary, raw data in tiles, one file, city tables."""

from __future__ import annotations

import dataclasses
import hashlib
import html
import math
import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import geopandas as gpd
import osmium
import shapely

from layers.clip import clip_tables
from layers.osm import read_osm
from layers.osm_cut import cut
from layers.place import Box, Place, find_place
from layers.source import CHUNK, addresses, cache_folder, find_entry, keep
from layers.web import (
    Manners,
    TryAgainError,
    disk_errors,
    half_an_answer,
    patiently,
    request,
    retry_after_s,
)
from twin.crs import utm_crs
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import requests
    from shapely.geometry.base import BaseGeometry

    from layers.source import CacheEntry
    from layers.source_data import Progress, SourceData

LARGEST_KM2 = 1000
"""Berlin has 892. Beyond, an extract is kinder to the servers and faster."""
TILE_KM2 = 30
SMALLEST_TILE_KM2 = 0.5
MARGIN_M = 25  # a tile reaches this far over its edge, so that its corners can be simplified
CUT_VERSION = 1  # part of the cache key: goes up when `layers.osm_cut` keeps other things

QUERY = """\
[out:xml][timeout:180][maxsize:536870912];
({found})->.found;
rel.found["type"~"^(multipolygon|boundary|building)$"]->.outlines;
(.found;way(r.outlines);)->.lines;
({nodes}.lines;node(w.lines););
out body;
"""
FOUND = """\
way(poly:"{poly}");
rel(poly:"{poly}")["type"!~"^(boundary|route|route_master|superroute|network)$"];
rel(poly:"{poly}")["boundary"="administrative"]["admin_level"~"^(6|7|8|9|10|11)$"];
"""


class TooHeavyError(Exception):
    """The server gave up on a tile: it holds too much."""


@dataclass(frozen=True)
class Endpoints:
    """Who is asked, and how patiently. Nothing but the place and the program's name is sent."""

    nominatim: str = field(default_factory=lambda: addresses("osm", "nominatim")[0])
    overpass: tuple[str, ...] = field(default_factory=lambda: addresses("osm", "overpass"))
    manners: Manners = field(default_factory=Manners)


def fetch_place(
    place: str | Box | BaseGeometry,
    *,
    cache_dir: Path | None = None,
    endpoints: Endpoints | None = None,
    progress: Progress | None = None,
) -> Path:
    """
    Return a file of raw OpenStreetMap data of a place, fetched once and then kept.

    Parameters
    ----------
    place
        A name, an OpenStreetMap id ("R55060"), a box in degrees (west, south, east, north) or a
        polygon in degrees.
    cache_dir, endpoints, progress
        Cache folder and servers, where not the usual ones; who is told how far it is. A cancelled
        fetch leaves the finished tiles, the next call goes on from there.

    Returns
    -------
    Path
        An `.osm` file in the cache, cut as `layers.osm_cut.cut` says. `layers.source.find_entry`
        tells its date and address.
    """
    servers = endpoints or Endpoints()
    if progress:
        progress("Looking up the place", 0.0)
    area = find_place(
        place, cache_dir=cache_dir, nominatim=servers.nominatim, manners=servers.manners
    )
    return _fetch_area(area, cache_folder(cache_dir), servers, progress)


def read_place(
    place: str | Box | BaseGeometry,
    *,
    cache_dir: Path | None = None,
    endpoints: Endpoints | None = None,
    progress: Progress | None = None,
) -> SourceData:
    """
    Return the standard tables of a place; parameters as of `fetch_place`.

    What lies outside is left out (`layers.clip.clip_tables`); the date is that of the server's
    data, the address the server's.
    """
    servers = endpoints or Endpoints()
    path = fetch_place(
        place, cache_dir=cache_dir, endpoints=servers, progress=_scaled(progress, 0.0, 0.6)
    )
    area = find_place(
        place, cache_dir=cache_dir, nominatim=servers.nominatim, manners=servers.manners
    )
    data = read_osm(path, progress=_scaled(progress, 0.6, 1.0), name=area.name or "Area")
    known = find_entry(path)
    source = data.source
    if known:
        retrieved = known.retrieved[:10]
        date = known.date or source.date
        source = dataclasses.replace(source, url=known.url, date=date, retrieved=retrieved)
    tables = clip_tables(data.tables, area.boundary)
    return dataclasses.replace(data, tables=tables, source=source)


def _scaled(progress: Progress | None, low: float, high: float) -> Progress | None:
    if progress is None:
        return None
    return lambda step, share: progress(step, low + (high - low) * share)


def _fetch_area(area: Place, folder: Path, servers: Endpoints, progress: Progress | None) -> Path:
    key = hashlib.sha256(shapely.to_wkb(area.boundary) + bytes([CUT_VERSION])).hexdigest()[:12]
    target = folder / f"{key}-{_file_name(area)}.osm"
    if find_entry(target):
        return target
    tiles = split(area.boundary, tile_km2=TILE_KM2)
    fetched = _fetch_tiles(tiles, area, folder, servers, progress)
    part = target.with_name(target.name + ".part")
    if progress:
        progress("Putting the tiles together", 0.95)
    with disk_errors(part):
        cut(fetched, area.boundary, part)
    _refuse_empty(part, area)
    date = min(osm_base(tile) for tile in fetched)
    first = find_entry(fetched[0])
    url = first.url if first else servers.overpass[0]
    keep(part, target, url=url, source="osm", date=date, note=area.osm_id)
    for tile in fetched:
        tile.unlink(missing_ok=True)
        tile.with_name(tile.name + ".json").unlink(missing_ok=True)
    return target


def split(boundary: BaseGeometry, *, tile_km2: float = TILE_KM2) -> list[BaseGeometry]:
    """
    Cut an area into pieces of at most `tile_km2` (in its UTM zone, EPSG:4326 in and out).

    Raises `SourceError` for more than `LARGEST_KM2`.
    """
    crs = utm_crs(boundary.centroid.x, boundary.centroid.y)
    flat = _project(boundary, "EPSG:4326", crs)
    if flat.area > LARGEST_KM2 * 1e6:
        template = "The area is {area} km²; at most {limit} km² are asked of a public server."
        hint = "Download an extract from download.geofabrik.de and build from the file."
        area = round(flat.area / 1e6)
        raise SourceError(template, hint=hint, area=area, limit=LARGEST_KM2)
    west, south, east, north = flat.bounds
    side = math.sqrt(tile_km2) * 1000
    columns, rows = math.ceil((east - west) / side), math.ceil((north - south) / side)
    width, height = (east - west) / columns, (north - south) / rows
    pieces = [
        flat.intersection(
            shapely.box(
                west + i * width,
                south + j * height,
                west + (i + 1) * width,
                south + (j + 1) * height,
            )
        )
        for j in range(rows)
        for i in range(columns)
    ]
    return [_project(piece, crs, "EPSG:4326") for piece in pieces if piece.area > 1]


def query(piece: BaseGeometry, *, osm_id: str = "") -> str:
    """
    Return the Overpass question for everything in a piece of the area.

    Ways come whole, relations with the ways that close them; of boundaries only those of
    Landkreis and below, never a country's. User names and edit times are not asked for.
    """
    rings = _outlines(piece)
    found = [FOUND.format(poly=ring) for ring in rings]
    if osm_id:
        kind = "rel" if osm_id[0] == "R" else "way"
        found.append(f"{kind}({osm_id[1:]});\n")
    nodes = "".join(f'node(poly:"{ring}");\n' for ring in rings)
    return QUERY.format(found="\n" + "".join(found), nodes="\n" + nodes)


def osm_base(tile: Path) -> str:
    """Return the ISO date of the data in an Overpass answer, "" where it does not say."""
    with tile.open(encoding="utf-8") as handle:
        found = re.search(r'osm_base="(\d{4}-\d\d-\d\d)', handle.read(2000))
    return found[1] if found else ""


def _fetch_tiles(
    tiles: list[BaseGeometry],
    area: Place,
    folder: Path,
    servers: Endpoints,
    progress: Progress | None,
) -> list[Path]:
    """Fetch tile after tile; what is too heavy for the server is asked for in quarters."""
    waiting = list(tiles)
    fetched: list[Path] = []
    while waiting:
        piece = waiting.pop(0)
        tell = _teller(progress, len(fetched) / (len(fetched) + len(waiting) + 1))
        try:
            fetched.append(_fetch_tile(query(piece, osm_id=area.osm_id), folder, servers, tell))
        except TooHeavyError as error:
            waiting = _quarters(piece, servers.overpass[0], error) + waiting
    return fetched


def _teller(progress: Progress | None, done: float) -> Callable[[], None]:
    """Return what is called while a tile arrives, also to give a chance to cancel."""
    if progress is None:
        return lambda: None
    return lambda: progress("Fetching from OpenStreetMap", 0.05 + 0.9 * done)


def _fetch_tile(text: str, folder: Path, servers: Endpoints, tell: Callable[[], None]) -> Path:
    """Return the answer to one question, from the cache or from the first server that gives it."""
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    path = folder / f"tile-{name}.osm"
    if find_entry(path):
        return path
    tell()
    first: SourceError | None = None
    for server in servers.overpass:
        ask = partial(_ask, server, text, path, manners=servers.manners, tell=tell)
        try:
            patiently(ask, manners=servers.manners)
        except SourceError as error:
            first = first or error
        else:
            return path
    raise first or ValueError("no Overpass server is given")


def _ask(
    server: str, text: str, path: Path, *, manners: Manners, tell: Callable[[], None]
) -> CacheEntry:
    """Ask one server once; what is not a whole, sound answer is thrown away."""
    url = f"{server.rstrip('/')}/interpreter"
    part = path.with_name(path.name + ".part")
    accept = frozenset({200, 400, 429})
    with request("POST", url, manners=manners, data={"data": text}, accept=accept) as answer:
        if answer.status_code == 429:
            raise _no_slot(answer, server, manners)
        _refuse_page(answer)
        with disk_errors(part), part.open("wb") as handle:
            for chunk in answer.iter_content(CHUNK):
                handle.write(chunk)
                tell()
    _check(part, url)
    return keep(part, path, url=url, source="osm", date=osm_base(part))


def _no_slot(answer: requests.Response, server: str, manners: Manners) -> TryAgainError:
    """Ask a server that is full when it has room for us again."""
    wait = retry_after_s(answer)
    if wait is None:
        wait = _slot_wait_s(server, manners)
    template = "{url} has no room for another question now (HTTP 429)."
    hint = "Try again in a few minutes."
    return TryAgainError(SourceError(template, hint=hint, url=answer.url), wait_s=wait)


def _slot_wait_s(server: str, manners: Manners) -> float | None:
    try:
        with request("GET", f"{server.rstrip('/')}/status", manners=manners) as status:
            found = re.findall(r"Slot available after: .*in (-?\d+) sec", status.text)
    except (SourceError, TryAgainError):
        return None
    return max(float(min(map(int, found))), 0.0) + 1 if found else None


def _refuse_page(answer: requests.Response) -> None:
    """Tell a page for people (an error, a login) from data."""
    if "html" not in answer.headers.get("Content-Type", ""):
        return
    words = re.findall(r"<p><strong[^>]*>Error</strong>:(.*?)</p>", answer.text, re.DOTALL)
    reason = html.unescape(" ".join(words))[:300].strip() or "a page without explanation"
    template = "{url} answered with a web page instead of data: {reason}"
    hint = "Try again later, and see whether this network first wants a login in the browser."
    error = SourceError(template, hint=hint, url=answer.url, reason=reason)
    raise error if answer.status_code == 400 else TryAgainError(error)


def _check(part: Path, url: str) -> None:
    """
    Read an answer through once: whole, well-formed and without a remark of failure.

    Overpass says 200 before it knows whether it will finish; what went wrong stands at the end.
    """
    with part.open("rb") as handle:
        handle.seek(max(part.stat().st_size - 2000, 0))
        end = handle.read().decode("utf-8", "replace")
    remark = re.search(r"<remark>\s*(runtime error:.*?)\s*</remark>", end, re.DOTALL)
    if remark and re.search("timed out|out of memory", remark[1]):
        raise TooHeavyError(html.unescape(remark[1]))
    if remark:
        template = "{url} gave up: {reason}"
        reason = html.unescape(remark[1])
        hint = "Try again later."
        raise TryAgainError(SourceError(template, hint=hint, url=url, reason=reason))
    if not end.rstrip().endswith("</osm>"):
        raise TryAgainError(half_an_answer(url))
    try:
        for _ in osmium.FileProcessor(osmium.io.File(str(part), "osm")):
            pass
    except RuntimeError as error:
        template = "{url} gave an answer that cannot be read: {reason}"
        hint = "Try again later."
        unreadable = SourceError(template, hint=hint, url=url, reason=error)
        raise TryAgainError(unreadable) from error


def _quarters(piece: BaseGeometry, server: str, error: TooHeavyError) -> list[BaseGeometry]:
    """Cut a piece in four, or give up where it is small already."""
    west, south, east, north = piece.bounds
    height_km, width_km = (north - south) * 111, (east - west) * 111 * math.cos(math.radians(north))
    if height_km * width_km < SMALLEST_TILE_KM2:
        template = "{url} cannot answer even for a small piece: {reason}"
        hint = "Try again later, or build from a downloaded extract."
        raise SourceError(template, hint=hint, url=server, reason=error) from error
    x, y = (west + east) / 2, (south + north) / 2
    quarters = [
        shapely.box(west, south, x, y),
        shapely.box(x, south, east, y),
        shapely.box(west, y, x, north),
        shapely.box(x, y, east, north),
    ]
    return [part for q in quarters if (part := piece.intersection(q)).area > 0]


def _outlines(piece: BaseGeometry) -> list[str]:
    """Return the rings of a piece as `lat lon lat lon …`, simplified outwards, holes left out."""
    crs = utm_crs(piece.centroid.x, piece.centroid.y)
    wide = _project(piece, "EPSG:4326", crs).buffer(MARGIN_M).simplify(MARGIN_M * 0.8)
    rings = [part.exterior.coords for part in shapely.get_parts(_project(wide, crs, "EPSG:4326"))]
    return [" ".join(f"{lat:.6f} {lon:.6f}" for lon, lat in ring) for ring in rings]


def _project(geometry: BaseGeometry, before: str, after: str) -> BaseGeometry:
    projected: BaseGeometry = gpd.GeoSeries([geometry], crs=before).to_crs(after).iloc[0]
    return projected


def _refuse_empty(part: Path, area: Place) -> None:
    if next(iter(osmium.FileProcessor(osmium.io.File(str(part), "osm"))), None) is None:
        part.unlink()
        template = "OpenStreetMap has nothing in {place}."
        hint = "Check the place, or the order of the coordinates: longitude first."
        place = area.name or ", ".join(f"{v:g}" for v in area.boundary.bounds)
        raise SourceError(template, hint=hint, place=place)


def _file_name(area: Place) -> str:
    return re.sub(r"[^\w.-]+", "_", area.name)[:60] or "area"
