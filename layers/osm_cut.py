"""Tiles of raw OpenStreetMap data put together and cut to an area; nothing is translated here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import osmium
import shapely
from osmium.osm import Node, Relation, Way

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

NETWORK_KEYS = frozenset({"highway", "railway", "waterway"})
"""What a way outside the area loses that only completes an outline: it would be an island."""


@dataclass(frozen=True)
class _Cut:
    """Which objects stay: `full` as they are, `outline` only as part of an area's outline."""

    full: dict[type, set[int]]
    outline: dict[type, set[int]]


def cut(tiles: Sequence[Path], boundary: BaseGeometry, target: Path) -> None:
    """
    Merge files of raw data, cut them to `boundary` (EPSG:4326) and write `target` (.osm).

    Kept are nodes inside, every way that touches the area, whole, and every relation with a
    member among these. Of relations that are areas the ways outside stay as well, to close the
    outline. Objects in several tiles appear once; the result does not depend on the tiling.
    """
    merged = target.with_name(target.name + ".merged.pbf")
    try:
        reader = osmium.MergeInputReader()
        for tile in tiles:
            reader.add_file(str(tile))
        with osmium.SimpleWriter(str(merged), overwrite=True) as writer:
            reader.apply(writer, simplify=True)
        _write(merged, _select(merged, boundary), boundary, target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    finally:
        merged.unlink(missing_ok=True)


def cut_file(path: Path, boundary: BaseGeometry, target: Path) -> None:
    """Cut one file to `boundary` (EPSG:4326) and write `target`, by the rules of `cut`."""
    try:
        _write(path, _select(path, boundary), boundary, target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _select(merged: Path, boundary: BaseGeometry) -> _Cut:
    node_ids, points = _positions(merged)
    inside = shapely.intersects_xy(boundary, points)  # the outline's own nodes count as inside
    nodes = set(node_ids[inside].tolist())
    refs = {way.id: [n.ref for n in way.nodes] for way in _objects(merged, osmium.osm.WAY)}
    touching = {way for way, path in refs.items() if not nodes.isdisjoint(path)}
    touching |= _crossing({w: refs[w] for w in refs.keys() - touching}, node_ids, points, boundary)
    relations, closing = _relations(merged, nodes, touching)
    closing = (closing & refs.keys()) - touching
    nodes |= {ref for way in touching for ref in refs[way]}
    corners = {ref for way in closing for ref in refs[way]} - nodes
    return _Cut(
        full={Node: nodes, Way: touching, Relation: relations},
        outline={Node: corners, Way: closing, Relation: set()},
    )


def _positions(merged: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return sorted node ids (n,) and their longitude and latitude (n, 2)."""
    rows = [(n.id, n.lon, n.lat) for n in _objects(merged, osmium.osm.NODE) if n.location.valid()]
    ids = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    return ids, np.array([row[1:] for row in rows], float).reshape(-1, 2)


def _crossing(
    refs: dict[int, list[int]], ids: np.ndarray, points: np.ndarray, boundary: BaseGeometry
) -> set[int]:
    """Return the ways that cross the area without a node in it."""
    ways, lines = list(refs), []
    for way in ways:
        wanted = np.asarray(refs[way])
        at = np.searchsorted(ids, wanted)
        known = at < len(ids)
        known[known] = ids[at[known]] == wanted[known]
        path = points[at[known]]
        lines.append(shapely.LineString(path) if len(path) > 1 else None)
    shapely.prepare(boundary)
    crosses = shapely.intersects(boundary, lines)
    return {way for way, hit in zip(ways, crosses, strict=True) if hit}


def _relations(merged: Path, nodes: set[int], ways: set[int]) -> tuple[set[int], set[int]]:
    """Return the relations with a kept member, and the ways that outline areas among them."""
    kept, closing = set(), set()
    for relation in _objects(merged, osmium.osm.RELATION):
        member_ways = {m.ref for m in relation.members if m.type == "w"}
        member_nodes = {m.ref for m in relation.members if m.type == "n"}
        if ways.isdisjoint(member_ways) and nodes.isdisjoint(member_nodes):
            continue
        kept.add(relation.id)
        if relation.tags.get("type") in {"multipolygon", "boundary", "building"}:
            closing |= member_ways
    return kept, closing


def _write(merged: Path, keep: _Cut, boundary: BaseGeometry, target: Path) -> None:
    west, south, east, north = boundary.bounds
    header = osmium.io.Header()
    header.add_box(osmium.osm.Box(west, south, east, north))
    out = osmium.io.File(str(target), "osm")
    with osmium.SimpleWriter(out, header=header, overwrite=True) as writer:
        for thing in _objects(merged, osmium.osm.ALL):
            kind = type(thing)
            if thing.id in keep.full[kind]:
                writer.add(thing)
            elif thing.id in keep.outline[kind]:
                writer.add(thing.replace(tags=_outline_tags(thing)))


def _outline_tags(thing: Node | Way) -> dict[str, str]:
    if isinstance(thing, Node):
        return {}
    return {tag.k: tag.v for tag in thing.tags if tag.k not in NETWORK_KEYS}


def _objects(path: Path, kind: osmium.osm.osm_entity_bits) -> Iterable[Any]:
    return osmium.FileProcessor(str(path), kind)
