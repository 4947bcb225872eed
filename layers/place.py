"""Which area a place means: a name, an OpenStreetMap id, a box or a drawn shape."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import osmnx
import shapely
from osmnx import settings
from requests import exceptions as fault
from shapely.geometry import mapping, shape

from layers.source import addresses, cache_folder, cache_name, find_entry, keep
from layers.web import (
    Manners,
    TryAgainError,
    disk_errors,
    explain,
    patiently,
    refusal,
    request,
    user_agent,
)
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import requests
    from shapely.geometry.base import BaseGeometry

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

CLEARLY = 0.1
"""So much more important (of 1) than the next of its name must a place be to be meant alone:
Berlin is 0.3 above the next Berlin, the Neustadts lie within 0.1 of each other."""

OSM_ID = re.compile(r"(?:(R)|relation/|(W)|way/)(\d+)", re.IGNORECASE)
NUMBER = r"\s*(-?\d+(?:\.\d+)?)\s*"
BOX = re.compile(",".join([NUMBER] * 4))


@dataclass(frozen=True)
class Place:
    """An area with its name; `boundary` in degrees (EPSG:4326)."""

    name: str  # "" for a box or a drawn shape
    boundary: BaseGeometry  # Polygon or MultiPolygon
    osm_id: str = ""  # "R55060" where the boundary is an OpenStreetMap object


def find_place(
    place: str | Box | BaseGeometry,
    *,
    cache_dir: Path | None = None,
    nominatim: str | None = None,
    manners: Manners | None = None,
) -> Place:
    """
    Return the area that `place` means.

    Parameters
    ----------
    place
        A name ("Troisdorf"), an OpenStreetMap id ("R55060"), a box of four degrees (west, south,
        east, north; also as text with commas) or a polygon in degrees.
    cache_dir, nominatim, manners
        Cache folder, address of the geocoder and patience, where not the usual ones.

    Raises
    ------
    SourceError
        Where the name is unknown, means several places or none with an area, or the shape is no
        area in degrees.
    """
    if not isinstance(place, str):
        return Place("", _checked(shapely.box(*place) if isinstance(place, tuple) else place))
    text = place.strip()
    if not text:
        raise SourceError("No place is given.", hint="Name a municipality, for example Troisdorf.")
    if box := BOX.fullmatch(text):
        west, south, east, north = map(float, box.groups())
        return Place("", _checked(shapely.box(west, south, east, north)))
    server = (nominatim or addresses("osm", "nominatim")[0]).rstrip("/")
    manners = manners or Manners()
    path = cache_folder(cache_dir) / f"{cache_name(f'{server}/place?{text}')}.json"
    if find_entry(path):
        return _read(path)
    osm_id = _as_osm_id(text) or _search(text, server, manners)
    found = _boundary(osm_id, server, manners)
    _write(found, path, url=f"{server}/lookup?osm_ids={osm_id}")
    return found


def choose(text: str, candidates: Sequence[dict[str, Any]]) -> str:
    """
    Return the OpenStreetMap id of the one area a name means.

    `candidates` are answers of Nominatim. Municipalities and quarters win over other areas;
    among them the clearly most important one, else the choice is left to people.
    """
    areas = [c for c in candidates if c["osm_type"] in {"relation", "way"}]
    named = [c for c in areas if _category(c) in {"boundary", "place"}]
    ranked = sorted(named or areas, key=lambda c: c.get("importance") or 0.0, reverse=True)
    if not candidates:
        template = "No place called {place} is known to OpenStreetMap."
        hint = "Check the spelling, or add the district or Land after a comma."
        raise SourceError(template, hint=hint, place=text)
    if not ranked:
        raise _no_area(text, str(candidates[0]["display_name"]))
    lead = ranked[0].get("importance") or 0.0
    rivals = [c for c in ranked if lead - (c.get("importance") or 0.0) < CLEARLY]
    if len({_osm_id(c) for c in rivals}) > 1:
        template = "{place} means several places:\n{candidates}\n"
        hint = "Add the district or Land after a comma, or give the id in front."
        listed = "\n".join(f"  {_osm_id(c)}  {c['display_name']}" for c in rivals)
        raise SourceError(template, hint=hint, place=text, candidates=listed)
    return _osm_id(ranked[0])


def _search(text: str, server: str, manners: Manners) -> str:
    """Ask for candidates without their outlines; only the chosen one's is fetched later."""
    url = f"{server}/search"
    asked = {"q": text, "format": "jsonv2", "limit": "10", "accept-language": "de,en"}

    def ask() -> list[dict[str, Any]]:
        with request("GET", url, manners=manners, params=asked) as answer:
            return _json_list(answer)

    return choose(text, patiently(ask, manners=manners))


def _boundary(osm_id: str, server: str, manners: Manners) -> Place:
    """Fetch the outline of an OpenStreetMap object through osmnx."""

    def ask() -> Place:
        try:
            with _osmnx_settings(server, manners):
                row = osmnx.geocode_to_gdf(osm_id, by_osmid=True).iloc[0]
        except fault.RequestException as error:
            raise explain(error, server) from error
        except ValueError as error:  # what osmnx raises for an empty list
            template = "OpenStreetMap has no object {osm_id}."
            hint = "Give the place by its name."
            raise SourceError(template, hint=hint, osm_id=osm_id) from error
        if row.geometry.geom_type not in {"Polygon", "MultiPolygon"}:
            raise _no_area(osm_id, str(row["display_name"]))
        name = row.get("name") or str(row["display_name"]).partition(",")[0]
        return Place(str(name), _checked(row.geometry), osm_id)

    return patiently(ask, manners=manners)


@contextmanager
def _osmnx_settings(server: str, manners: Manners) -> Iterator[None]:
    """
    Lend osmnx our server, name and patience.

    Its own way with 429 and 504 is to wait 55 s for ever, so the answer is looked at first; its
    cache is not written at once, so ours serves; and no name is resolved through a third party.
    """
    ours = {
        "nominatim_url": server,
        "http_user_agent": user_agent(),
        "http_referer": "",
        "http_accept_language": "de,en",
        "use_cache": False,
        "doh_url_template": None,
        "requests_timeout": manners.read_timeout_s,
        "requests_kwargs": {"hooks": {"response": _look_first}},
    }
    before = {name: getattr(settings, name) for name in ours}
    try:
        for name, value in ours.items():
            setattr(settings, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)


def _look_first(answer: requests.Response, **_: object) -> None:
    try:
        if answer.status_code != 200:
            raise refusal(answer)
        _json_list(answer)
    except (SourceError, TryAgainError):
        answer.close()  # osmnx never gets to do it
        raise


def _json_list(answer: requests.Response) -> list[dict[str, Any]]:
    try:
        content = answer.json()
    except fault.JSONDecodeError:
        content = None
    if not isinstance(content, list):
        template = "{url} gave no list of places."
        hint = "Try again later; if it stays so, the service has changed."
        raise TryAgainError(SourceError(template, hint=hint, url=answer.url.partition("?")[0]))
    return content


def _checked(area: BaseGeometry) -> BaseGeometry:
    """Return a valid area in degrees, or say what is wrong with it."""
    polygons = [
        part
        for part in shapely.get_parts(shapely.make_valid(area))
        if part.geom_type == "Polygon" and part.area > 0
    ]
    if not polygons:
        template = "The shape given encloses no area; it is a {kind}."
        hint = "Give a polygon, or west, south, east, north in degrees."
        raise SourceError(template, hint=hint, kind=area.geom_type)
    found = shapely.union_all(polygons)
    west, south, east, north = found.bounds
    if not (-180 <= west < east <= 180 and -85 <= south < north <= 85):
        template = "The area {bounds} is not given in degrees."
        hint = "Give longitude, then latitude (EPSG:4326)."
        raise SourceError(template, hint=hint, bounds=", ".join(f"{v:g}" for v in found.bounds))
    return found


def _no_area(text: str, display_name: str) -> SourceError:
    template = "{place} is only a point or line in OpenStreetMap ({name}); it has no boundary."
    hint = "Give the municipality it lies in, or west, south, east, north in degrees."
    return SourceError(template, hint=hint, place=text, name=display_name)


def _category(candidate: dict[str, Any]) -> str:
    return str(candidate.get("category") or candidate.get("class"))


def _osm_id(candidate: dict[str, Any]) -> str:
    return f"{candidate['osm_type'][0].upper()}{candidate['osm_id']}"


def _as_osm_id(text: str) -> str:
    found = OSM_ID.fullmatch(text)
    return f"{'R' if text[0] in 'Rr' else 'W'}{found[3]}" if found else ""


def _write(place: Place, path: Path, *, url: str) -> None:
    part = path.with_name(path.name + ".part")
    content = {"name": place.name, "osm_id": place.osm_id, "boundary": mapping(place.boundary)}
    with disk_errors(part):
        part.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    keep(part, path, url=url, source="osm")


def _read(path: Path) -> Place:
    content = json.loads(path.read_text("utf-8"))
    return Place(content["name"], shape(content["boundary"]), content["osm_id"])
