"""Areas of several rings as drawn before 2017: the tags stand on the outer ring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import osmium
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable

    from layers.osm.tags import Tags

Members = list[tuple[str, int, str]]


def courtyards(
    file: Any,
    relations: Iterable[tuple[int, Tags, Members]],
    rings: Iterable[tuple[int, Tags, str]],
    area_keys: frozenset[str],
) -> list[tuple[int, Tags, str]]:
    """
    Return relations without tags of their own as areas: (id, tags, hex WKB).

    osmium does not put these together. Outer rings are among the closed `rings` read already; the
    inner ones mostly carry no tag and are fetched from the file. A relation that lacks a ring
    stays out, its outer ring then stands alone.
    """
    outer = {way: geometry for way, _, geometry in rings}
    wanted: dict[int, tuple[Tags, list[int], list[int]]] = {}
    for number, tags, members in relations:
        if tags.get("type") == "multipolygon" and area_keys.isdisjoint(tags):
            ways = [(ref, role) for kind, ref, role in members if kind == "w"]
            outside = [ref for ref, role in ways if role != "inner"]
            inside = [ref for ref, role in ways if role == "inner"]
            if outside and inside and all(ref in outer for ref in outside):
                wanted[number] = (tags, outside, inside)
    holes = _lines(file, {ref for _, _, inside in wanted.values() for ref in inside})
    out = []
    for number, (tags, outside, inside) in wanted.items():
        if all(ref in holes for ref in inside):
            shell = shapely.union_all(_polygons([outer[ref] for ref in outside]))
            inner = shapely.union_all(_polygons([holes[ref] for ref in inside]))
            shape = shapely.difference(shell, inner)
            if shape.geom_type in ("Polygon", "MultiPolygon") and not shape.is_empty:
                out.append((number, tags, str(shapely.to_wkb(shape, hex=True))))
    return out


def _polygons(lines: list[str]) -> Any:
    """Return what lines (hex WKB) enclose, each ring made valid."""
    closed = shapely.polygonize(shapely.from_wkb(lines))
    return [shapely.make_valid(part) for part in shapely.get_parts(closed)]


def _lines(file: Any, ways: set[int]) -> dict[int, str]:
    """Return the lines (hex WKB) of ways that the file holds whole."""
    if not ways:
        return {}
    wkb, found = osmium.geom.WKBFactory(), {}
    stream = osmium.FileProcessor(file).with_locations()
    stream = stream.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
    way: Any
    for way in stream.with_filter(osmium.filter.IdFilter(ways)):
        try:
            found[way.id] = wkb.create_linestring(way)
        except (RuntimeError, osmium.InvalidLocationError):
            continue  # it lacks a point: the ring cannot be closed
    return found
