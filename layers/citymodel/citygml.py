"""CityGML 1.0, 2.0 and 3.0, one `cityObjectMember` after the other, told apart by local names."""

from __future__ import annotations

import re
from functools import cache
from typing import IO, TYPE_CHECKING, Any

from lxml import etree

from layers.citymodel.addresses import read_address
from layers.citymodel.files import HEAD, refuse_declarations
from layers.citymodel.raw import GROUND, KINDS, ROOF, UNKNOWN, Collector, Tile
from layers.citymodel.values import number_of, year_of
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lxml.etree import _Element

    Wanted = Callable[[tuple[float, float, float, float], str], bool]

LODS = ("2", "3", "1", "4", "0")
"""Levels of detail in the order they are taken: 3 and 4 hold openings that 2 has not."""
MEMBERS = ("{*}cityObjectMember", "{*}featureMember", "{*}member")
OTHERS = ("{*}appearanceMember", "{*}Envelope")
GEOMETRY = re.compile(r"lod([0-4])(Solid|MultiSurface|Geometry|FootPrint|RoofEdge|MultiCurve)$")
HREF = "{http://www.w3.org/1999/xlink}href"
IDS = ("{http://www.opengis.net/gml}id", "{http://www.opengis.net/gml/3.2}id", "id")
SHAPES = ("{*}Polygon", "{*}PolygonPatch", "{*}Triangle", "{*}Rectangle")
PARTS = ("consistsOfBuildingPart", "buildingPart")
SURFACES = ("boundedBy", "boundary")
DATES = ("Grundrissaktualitaet",)
TEXTS = {"roofType": "roof_code", "name": "name"}
NUMBERS = {"measuredHeight": "measured_height", "storeysAboveGround": "storeys"}


def read_citygml(stream: IO[bytes], name: str, *, wanted: Wanted | None = None) -> Tile:
    """
    Read one tile.

    Parameters
    ----------
    name
        What errors call the tile.
    wanted
        Told the envelope (two corners as they stand) and the CRS name; the rest of the tile is
        skipped where it says no.

    Raises
    ------
    SourceError
        The XML is cut off, broken, declares entities or is no CityGML.
    """
    taken = Collector()
    state = _State(taken, name)
    try:
        for element in _elements(stream, name, lambda: bool(taken.objects)):
            if _local(element.tag) == "Envelope":
                if _take_envelope(element, state, wanted):
                    return Tile(name, state.crs_name, taken.model(), {}, skipped=True)
            elif _local(element.tag) != "appearanceMember":
                _take_member(element, state)
    except etree.XMLSyntaxError as error:
        template = "{path} is no complete XML: {error}."
        hint = "It was probably cut off while it was fetched; fetch it again."
        raise SourceError(template, hint=hint, path=name, error=str(error)) from error
    return Tile(name, state.crs_name, taken.model(), taken.odd)


class _State:
    """What is known of a tile while it is read."""

    def __init__(self, taken: Collector, name: str) -> None:
        self.taken, self.name, self.crs_name = taken, name, ""


def _elements(
    stream: IO[bytes], name: str, holds_buildings: Callable[[], bool]
) -> Iterator[_Element]:
    """Yield envelopes and members as they end and forget them and all before them."""
    head = _Rewound(stream)
    refuse_declarations(head.start, name)
    events = etree.iterparse(
        head, events=("end",), tag=(*MEMBERS, *OTHERS), resolve_entities=False, no_network=True,
        load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    checked = False
    for _, element in events:
        if not checked:
            checked = True
            _check_declarations(element, name)
        above = element.getparent()
        if above is None or any(_local(e.tag) == "Building" for e in element.iterancestors()):
            continue
        yield element
        if _local(element.tag) != "Envelope":
            element.clear(keep_tail=False)
            while element.getprevious() is not None:
                del above[0]
    _check_declarations(events.root, name)
    if _local(events.root.tag) != "CityModel" and not holds_buildings():
        template = "{path} is XML but no city model: its root is {root}."
        hint = "Give CityGML or CityJSON with buildings."
        raise SourceError(template, hint=hint, path=name, root=_local(events.root.tag))


class _Rewound:
    """A stream whose start was looked at and is given again."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.start = stream, stream.read(HEAD)
        self.rest = self.start

    def read(self, size: int = -1) -> bytes:
        if self.rest:
            chunk, self.rest = self.rest, b""
            return chunk
        return self.stream.read(size)


def _check_declarations(element: Any, name: str) -> None:
    info = element.getroottree().docinfo
    if info.doctype or info.internalDTD is not None:
        refuse_declarations(b"<!DOCTYPE", name)


def _take_envelope(element: _Element, state: _State, wanted: Wanted | None) -> bool:
    """Take the CRS of the tile; tell whether the whole tile lies elsewhere."""
    above = element.getparent()
    is_tile = above is not None and above.getparent() is not None
    if is_tile and above.getparent().getparent() is not None:  # type: ignore[union-attr]
        return False  # of one building
    declared = element.get("srsName")
    if declared and not state.crs_name:
        state.crs_name = declared
    numbers = [number_of(t) for t in " ".join(map(str, element.itertext())).split()]
    if wanted is None or not declared or len(numbers) < 4 or None in numbers:
        return False
    half = len(numbers) // 2
    box = (numbers[0], numbers[1], numbers[half], numbers[half + 1])
    return not wanted(box, declared)  # type: ignore[arg-type]


def _take_member(member: _Element, state: _State) -> None:
    for element in member:
        if _local(element.tag) == "Building":
            if not state.crs_name:
                state.crs_name = _declared(element)
            _take_building(element, member, state, parent=-1)


def _declared(element: _Element) -> str:
    return next((e.get("srsName") or "" for e in element.iter() if e.get("srsName")), "")


def _take_building(element: _Element, member: _Element, state: _State, *, parent: int) -> None:
    """Take a building or a part with its surfaces, then its parts."""
    object_id = next((element.get(key) for key in IDS if element.get(key)), "")
    row, record = state.taken.add_object(object_id or "", parent=parent)
    surfaces: dict[str, list[tuple[int, _Element]]] = {}
    parts = []
    for child in element:
        local = _local(child.tag)
        if local in SURFACES:
            _gather_surfaces(child, surfaces)
        elif local in PARTS:
            parts += [part for part in child if _local(part.tag) == "BuildingPart"]
        elif local == "address":
            state.taken.addresses += [(row, *address) for address in read_address(child)]
        elif (match := GEOMETRY.match(local)) is not None:
            kind = GROUND if match[2] == "FootPrint" else UNKNOWN
            if match[2] not in ("RoofEdge", "MultiCurve"):
                surfaces.setdefault(f"body{match[1]}", []).append((kind, child))
        else:
            _take_attribute(local, child, record)
    _take_shape(row, record, surfaces, member, state, has_parts=bool(parts))
    for part in parts:
        _take_building(part, member, state, parent=row)


def _gather_surfaces(boundary: _Element, surfaces: dict[str, list[tuple[int, _Element]]]) -> None:
    """Sort the geometries of thematic surfaces by level of detail."""
    for surface in boundary:
        kind = KINDS.get(_local(surface.tag))
        if kind is None:
            continue  # rooms, ceilings and floors inside
        for child in surface:
            match = GEOMETRY.match(_local(child.tag))
            if match is not None:
                surfaces.setdefault(f"faces{match[1]}", []).append((kind, child))


def _take_attribute(local: str, child: _Element, record: dict[str, Any]) -> None:
    text = (child.text or "").strip()
    if local in TEXTS:
        record[TEXTS[local]] = record[TEXTS[local]] or text or None
    elif local in NUMBERS:
        record[NUMBERS[local]] = number_of(text)
    elif local == "function":
        record["function"] = record["function"] or _function(text, child.get("codeSpace") or "")
    elif local in ("yearOfConstruction", "dateOfConstruction"):
        record["year"] = year_of(text)
    elif local in ("creationDate", "stringAttribute", "dateAttribute", "genericAttribute"):
        _take_date(local, child, text, record)
    elif local == "externalReference" and record["official_id"] is None:
        names = child.findall("{*}externalObject/{*}name")
        record["official_id"] = (names[0].text or "").strip() or None if names else None
    elif local == "height" and record["measured_height"] is None:
        values = child.findall("{*}Height/{*}value")
        record["measured_height"] = number_of(values[0].text or "") if values else None


def _take_date(local: str, child: _Element, text: str, record: dict[str, Any]) -> None:
    """Take the day the outline was last surveyed; the day of the file's object stands in."""
    if local == "creationDate":
        record["date"] = record["date"] or text[:10] or None
        return
    inner = {_local(e.tag): (e.text or "").strip() for e in child.iter()}
    if (child.get("name") or inner.get("name")) in DATES:
        record["date"] = inner.get("value", "")[:10] or record["date"]


def _function(text: str, code_space: str) -> str | None:
    """Return a function as the catalogue of the cadastre knows it, or marked as a foreign word."""
    foreign = code_space and "adv" not in code_space.lower() and "_" not in text
    return (f"{code_space.rpartition('/')[2]}#{text}" if foreign else text) or None


def _take_shape(
    row: int,
    record: dict[str, Any],
    surfaces: dict[str, list[tuple[int, _Element]]],
    member: _Element,
    state: _State,
    *,
    has_parts: bool,
) -> None:
    """Take the best level of detail: thematic surfaces first, else the solid itself."""
    order = [f"{way}{lod}" for lod in LODS for way in ("faces", "body")]
    for level in (level for level in order if level in surfaces):
        before = len(state.taken.polygon_object)
        for kind, element in surfaces[level]:
            _take_polygons(row, kind, element, state)
        if len(state.taken.polygon_object) == before and not has_parts:
            for kind, element in surfaces[level]:
                _take_referenced(row, kind, element, member, state)
        if len(state.taken.polygon_object) > before:
            record["lod"] = int(level[-1])
            owners = {e.getparent() for kind, e in surfaces[level] if kind == ROOF}
            record["roof_surfaces"] = len(owners)
            return


def _take_polygons(row: int, kind: int, element: _Element, state: _State) -> None:
    for shape in element.iter(*SHAPES):
        try:
            rings = [_numbers(ring) for ring in shape.iter("{*}LinearRing", "{*}Ring")]
            good = state.taken.add_polygon(row, kind, rings)
        except ValueError:
            good = False
        if not good:
            state.taken.note("polygon_degenerate", str(state.taken.objects[row]["object_id"]))


def _numbers(ring: _Element) -> list[float]:
    """Return the corners of a ring as flat x y z, from any of the four ways to write them."""
    first = ring[0] if len(ring) else ring
    if _local(first.tag) == "posList":
        return list(map(float, (first.text or "").split()))
    words = [e.text or "" for e in ring.iter("{*}pos", "{*}posList", "{*}coordinates")]
    return list(map(float, " ".join(words).replace(",", " ").split()))


def _take_referenced(
    row: int, kind: int, element: _Element, member: _Element, state: _State
) -> None:
    """Take polygons that stand elsewhere in the same member and are only named here."""
    names = [e.get(HREF, "").removeprefix("#") for e in element.iter() if e.get(HREF)]
    if not names:
        return
    found = {e.get(key): e for e in member.iter() for key in IDS if e.get(key)}
    for name in names:
        target = found.get(name)
        if target is None:
            state.taken.note("reference_lost", name)
        else:
            _take_polygons(row, kind, target, state)


@cache
def _local(tag: Any) -> str:
    return str(tag).rpartition("}")[2]
