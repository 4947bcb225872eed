"""CityJSON 1.0, 1.1 and 2.0, and CityJSONSeq (one feature a line)."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from layers.citymodel.raw import KINDS, ROOF, UNKNOWN, Collector, Tile
from layers.citymodel.values import number_of, year_of
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

LODS = ("2", "3", "1", "4", "0")
DEPTH = {
    "MultiSurface": 1, "CompositeSurface": 1, "Solid": 2, "MultiSolid": 3, "CompositeSolid": 3,
}  # fmt: skip
"""How many lists lie around a surface: surface, shell, solid."""
VERSIONS = ("1.0", "1.1", "2.0")


class _FaultError(Exception):
    """A place in the file that breaks the schema."""


def read_cityjson(stream: IO[bytes], name: str) -> Tile:
    """
    Read one file.

    Raises
    ------
    SourceError
        The file is no JSON, no CityJSON of a known version, or breaks its schema: what and where.
    """
    taken = Collector()
    crs_name, line = "", ""
    try:
        first: Mapping[str, Any] = {}
        for place, city in _documents(stream, name):
            line = place
            first = first or city
            crs_name = crs_name or _crs_of(city)
            _take_city(city, _vertices(city, first), taken)
    except _FaultError as fault:
        template = "{path} is no valid CityJSON: {fault}"
        hint = "Check it with cjval, the validator of CityJSON, or ask for a new export."
        where = f"{line}: {fault}" if line else str(fault)
        raise SourceError(template, hint=hint, path=name, fault=where) from fault
    return Tile(name, crs_name, taken.model(), taken.odd)


def _documents(stream: IO[bytes], name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the document, or line by line the features of a sequence."""
    line = stream.readline()
    city = _parsed(line)
    if city is None:
        city = _parsed(line + stream.read())
    if city is None:
        template = "{path} is no complete JSON."
        hint = "It was probably cut off while it was fetched; fetch it again."
        raise SourceError(template, hint=hint, path=name)
    _check_head(city)
    yield "", city
    number = 1
    while line := stream.readline():
        number += 1
        if line.strip():
            feature = _parsed(line)
            if feature is None or feature.get("type") != "CityJSONFeature":
                msg = "no CityJSONFeature"
                raise _FaultError(f"line {number}: {msg}")
            yield f"line {number}", feature


def _parsed(text: bytes) -> dict[str, Any] | None:
    try:
        city = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return city if isinstance(city, dict) else None


def _check_head(city: Mapping[str, Any]) -> None:
    if city.get("type") != "CityJSON":
        msg = f"type is {city.get('type')!r}, not 'CityJSON'"
        raise _FaultError(msg)
    if str(city.get("version")) not in VERSIONS:
        msg = f"version is {city.get('version')!r}, known are {', '.join(VERSIONS)}"
        raise _FaultError(msg)


def _crs_of(city: Mapping[str, Any]) -> str:
    metadata = city.get("metadata")
    known = metadata.get("referenceSystem") if isinstance(metadata, dict) else None
    return known if isinstance(known, str) else ""


def _vertices(city: Mapping[str, Any], first: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return vertices (n, 3) in the CRS; features use the transform of the first line."""
    try:
        vertices = np.array(city.get("vertices", []), dtype=np.float64).reshape(-1, 3)
        if len(vertices) != len(city.get("vertices", [])):
            raise ValueError
        transform = city.get("transform", first.get("transform"))
        if transform is not None:
            scale, translate = transform["scale"], transform["translate"]
            vertices = vertices * np.array(scale, float) + np.array(translate, float)
    except (TypeError, ValueError, KeyError) as error:
        msg = "vertices or transform are not three numbers each"
        raise _FaultError(msg) from error
    return vertices


def _take_city(city: Mapping[str, Any], vertices: NDArray[np.float64], taken: Collector) -> None:
    things = city.get("CityObjects", {})
    if not isinstance(things, dict):
        msg = "CityObjects is no object"
        raise _FaultError(msg)
    rows: dict[str, int] = {}
    for kind in ("Building", "BuildingPart"):  # buildings first, parts name their parent
        for key, thing in things.items():
            if not isinstance(thing, dict):
                msg = f"CityObjects[{key!r}] is no object"
                raise _FaultError(msg)
            if thing.get("type") == kind:
                rows[key] = _take_object(key, thing, rows, vertices, taken)


def _take_object(
    key: str,
    thing: Mapping[str, Any],
    rows: Mapping[str, int],
    vertices: NDArray[np.float64],
    taken: Collector,
) -> int:
    parents = thing.get("parents") or []
    parent = rows.get(parents[0], -1) if parents else -1
    row, record = taken.add_object(key, parent=parent)
    _take_attributes(thing, record)
    for address in thing.get("address") or _attributes(thing).get("address") or []:
        if isinstance(address, dict):
            taken.addresses.append((row, *_address(address)))
    geometries = thing.get("geometry", [])
    if not isinstance(geometries, list) or not all(isinstance(g, dict) for g in geometries):
        msg = f"geometry of {key!r} is no list of objects"
        raise _FaultError(msg)
    usable = [g for g in geometries if g.get("type") in DEPTH]
    by_lod = sorted(usable, key=_rank)
    if by_lod:
        record["lod"] = _level(by_lod[0])
        record["roof_surfaces"] = _take_geometry(key, row, by_lod[0], vertices, taken)
    return row


def _rank(geometry: Mapping[str, Any]) -> tuple[int, str]:
    lod = str(geometry.get("lod", "2"))
    return (LODS.index(str(_level(geometry))), "".join(chr(255 - ord(c)) for c in lod))


def _level(geometry: Mapping[str, Any]) -> int:
    """Return the level of detail of "2.2", "2" or 2; 2 where the file writes something else."""
    lod = str(geometry.get("lod", "2"))[:1]
    return int(lod) if lod in LODS else 2


def _attributes(thing: Mapping[str, Any]) -> Mapping[str, Any]:
    found = thing.get("attributes")
    return found if isinstance(found, dict) else {}


def _take_attributes(thing: Mapping[str, Any], record: dict[str, Any]) -> None:
    said = _attributes(thing)
    record["measured_height"] = number_of(said.get("measuredHeight"))
    record["storeys"] = number_of(said.get("storeysAboveGround"))
    year = said.get("yearOfConstruction", said.get("dateOfConstruction", ""))
    record["year"] = year_of(year)
    for column, key in (("function", "function"), ("roof_code", "roofType"), ("name", "name")):
        value = said.get(key)
        value = value[0] if isinstance(value, list) and value else value
        record[column] = str(value) if isinstance(value, str | int) else None
    date = said.get("Grundrissaktualitaet", said.get("creationDate"))
    record["date"] = date[:10] if isinstance(date, str) else None


def _address(address: Mapping[str, Any]) -> tuple[str | None, ...]:
    """Return street, number, postcode, locality; the specification leaves the keys free."""
    low = {str(k).lower(): str(v) for k, v in address.items() if isinstance(v, str | int)}
    keys = (
        ("thoroughfarename", "street"),
        ("thoroughfarenumber", "housenumber", "number"),
        ("postalcode", "postcode"),
        ("localityname", "locality", "city"),
    )
    return tuple(next((low[k] for k in names if k in low), None) for names in keys)


def _take_geometry(
    key: str,
    row: int,
    geometry: Mapping[str, Any],
    vertices: NDArray[np.float64],
    taken: Collector,
) -> int:
    """Take the surfaces of a geometry; return how many thematic roof surfaces it names."""
    semantics = geometry.get("semantics") or {}
    try:
        kinds = [KINDS.get(s.get("type", ""), UNKNOWN) for s in semantics.get("surfaces", [])]
        depth = DEPTH[geometry["type"]]
        for surface, label in _surfaces(geometry["boundaries"], semantics.get("values"), depth):
            kind = kinds[label] if label is not None else UNKNOWN
            rings = [_ring(ring, vertices) for ring in surface]
            if not taken.add_polygon(row, kind, rings):
                taken.note("polygon_degenerate", key)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        msg = f"boundaries or semantics of {key!r} do not fit together ({error})"
        raise _FaultError(msg) from error
    return kinds.count(ROOF)


def _ring(ring: list[int], vertices: NDArray[np.float64]) -> list[float]:
    if any(not isinstance(i, int) or i < 0 for i in ring):
        msg = "a vertex is no index"
        raise ValueError(msg)
    return [float(v) for v in vertices[ring].ravel()]


def _surfaces(boundaries: Any, values: Any, depth: int) -> Iterator[tuple[Any, int | None]]:
    """Yield surfaces and their semantic index; values may be left out at any level."""
    for number, inner in enumerate(boundaries):
        value = values[number] if isinstance(values, list) else None
        if depth == 1:
            yield inner, value
        else:
            yield from _surfaces(inner, value, depth - 1)
