"""A place from OpenStreetMap's servers: boundary, raw data in tiles, one file, city tables."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import osmium
import shapely

from layers.clip import clip_tables
from layers.osm import read_osm
from layers.osm_cut import cut
from layers.overpass_answer import TooHeavyError, ask, osm_base
from layers.place import Box, Place, find_place
from layers.source import addresses, cache_folder, find_entry, keep
from layers.tiles import outlines, quarters, split
from layers.web import Manners, disk_errors, patiently
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from layers.source_data import Progress, SourceData

TILE_KM2 = 30
SMALLEST_TILE_KM2 = 0.5
CUT_VERSION = 2  # part of the cache key: goes up when `layers.osm_cut` keeps other things

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
rel(poly:"{poly}")["type"="route"]["route"~"^(bus|trolleybus|share_taxi|tram|light_rail|subway|train|ferry)$"];
rel(poly:"{poly}")["boundary"="administrative"]["admin_level"~"^(6|7|8|9|10|11)$"];
"""


@dataclass(frozen=True)
class Endpoints:
    """
    Who is asked, and how patiently. Nothing but the place and the program's name is sent.

    A municipality with servers of its own names them in `$TWIN_NOMINATIM` and `$TWIN_OVERPASS`
    (several with commas, asked in this order).
    """

    nominatim: str = field(default_factory=lambda: _servers("nominatim")[0])
    overpass: tuple[str, ...] = field(default_factory=lambda: _servers("overpass"))
    manners: Manners = field(default_factory=Manners)


def _servers(service: str) -> tuple[str, ...]:
    own = os.environ.get(f"TWIN_{service.upper()}", "").replace(",", " ").split()
    return tuple(own) or addresses("osm", service)


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


def query(piece: BaseGeometry, *, osm_id: str = "") -> str:
    """
    Return the Overpass question for everything in a piece of the area.

    Ways come whole, relations with the ways that close them; of boundaries only those of
    Landkreis and below, never a country's. User names and edit times are not asked for.
    """
    rings = outlines(piece)
    found = [FOUND.format(poly=ring) for ring in rings]
    if osm_id:
        kind = "rel" if osm_id[0] == "R" else "way"
        found.append(f"{kind}({osm_id[1:]});\n")
    nodes = "".join(f'node(poly:"{ring}");\n' for ring in rings)
    return QUERY.format(found="\n" + "".join(found), nodes="\n" + nodes)


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
            smaller = quarters(piece, smallest_km2=SMALLEST_TILE_KM2)
            if not smaller:
                template = "{url} cannot answer even for a small piece: {reason}"
                hint = "Try again later, or build from a downloaded extract."
                url = servers.overpass[0]
                raise SourceError(template, hint=hint, url=url, reason=error) from error
            waiting = smaller + waiting
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
        once = partial(ask, server, text, path, manners=servers.manners, tell=tell)
        try:
            patiently(once, manners=servers.manners)
        except SourceError as error:
            first = first or error
        else:
            return path
    raise first or ValueError("no Overpass server is given")


def _refuse_empty(part: Path, area: Place) -> None:
    if next(iter(osmium.FileProcessor(osmium.io.File(str(part), "osm"))), None) is None:
        part.unlink()
        template = "OpenStreetMap has nothing in {place}."
        hint = "Check the place, or the order of the coordinates: longitude first."
        place = area.name or ", ".join(f"{v:g}" for v in area.boundary.bounds)
        raise SourceError(template, hint=hint, place=place)


def _file_name(area: Place) -> str:
    return re.sub(r"[^\w.-]+", "_", area.name)[:60] or "area"
