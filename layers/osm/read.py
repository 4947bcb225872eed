"""Reads an OpenStreetMap file with pyosmium; knows file formats and broken files, no meaning."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import osmium
import pandas as pd
import shapely

from layers.osm.formats import read_error, sniff_format
from layers.osm.multipolygons import settle
from layers.osm.old_style import courtyards
from layers.osm.order import is_disorder, sort_into
from layers.osm.raw import RawOsm
from layers.osm.routes import is_route
from layers.osm.tags import Tags, table
from twin.provenance import Finding

if TYPE_CHECKING:
    from layers.source_data import Progress

READING = "Reading OpenStreetMap objects"
RELATION_TYPES = ("multipolygon", "boundary", "building")


def read_raw(path: Path, *, progress: Progress | None = None) -> RawOsm:
    """
    Read every tagged object that may become a row of a table.

    Takes `.osm.pbf`, `.osm`, `.osm.gz` and `.osm.bz2`, told apart by content and not by name.
    Raises one `SourceError` for anything that is no OpenStreetMap file or is damaged.
    """
    file_format = sniff_format(path)
    try:
        return _read_in_order(path, file_format, progress)
    except (RuntimeError, ValueError, OSError, osmium.InvalidLocationError) as error:
        raise read_error(path, error) from error


def _read_in_order(path: Path, file_format: str, progress: Progress | None) -> RawOsm:
    """Read a file; one whose objects are not in order, or stand in it twice, is sorted first."""
    file = osmium.io.File(str(path), file_format)
    bounds = _bounds(file)
    try:
        return _to_raw(_read_whole(file, progress), bounds)
    except RuntimeError as error:
        if not is_disorder(error):
            raise
    with tempfile.TemporaryDirectory() as folder:
        ordered = Path(folder) / "ordered.osm.pbf"
        twice = sort_into(path, file_format, ordered)
        found = _read_whole(osmium.io.File(str(ordered)), progress)
    found.problems["duplicate_id"] = twice
    return _to_raw(found, bounds)


def _read_whole(file: Any, progress: Progress | None) -> _Found:
    """Read a file in order: all objects, and areas in the style before 2017."""
    found = _with_late_nodes(file, progress)
    keys = frozenset(table()["read"]["area_keys"])
    found.areas += courtyards(file, found.relations, found.rings, keys)
    return found


def _with_late_nodes(file: Any, progress: Progress | None) -> _Found:
    """Read a file; nodes that stand behind their ways (Overpass "out; >; out") are found too."""
    found = _collect(file, osmium.index.create_map("flex_mem"), progress)
    if not found.without_node:
        return found
    places = osmium.index.create_map("flex_mem")
    locate = osmium.NodeLocationsForWays(places)
    locate.ignore_errors()
    with osmium.io.Reader(file, osmium.osm.NODE) as reader:
        osmium.apply(reader, locate)
    return _collect(file, places, progress)


@dataclass
class _Found:
    """Lists that grow while the file is read."""

    nodes: list[tuple[int, Tags, float, float]] = field(default_factory=list)
    lines: list[tuple[int, Tags, Any, Any]] = field(default_factory=list)
    rings: list[tuple[int, Tags, Any]] = field(default_factory=list)
    areas: list[tuple[int, Tags, Any]] = field(default_factory=list)
    relations: list[tuple[int, Tags, list[tuple[str, int, str]]]] = field(default_factory=list)
    routes: list[tuple[int, Tags, list[tuple[str, int, str]]]] = field(default_factory=list)
    without_node: set[str] = field(default_factory=set)
    problems: dict[str, list[str]] = field(default_factory=dict)
    newest: date = date(1970, 1, 1)

    def note(self, code: str, key: str) -> None:
        """Remember one object with a problem."""
        self.problems.setdefault(code, []).append(key)


@dataclass(frozen=True)
class _Wanted:
    """Which keys make an object a line or an area."""

    area_keys: frozenset[str]
    area_if_said: frozenset[str]
    area_values: frozenset[tuple[str, ...]]
    line_keys: frozenset[str]
    line_values: frozenset[tuple[str, ...]]

    def is_area(self, tags: Tags) -> bool:
        """Tell whether a closed way with these tags is an area."""
        said = tags.get("area")
        if said == "no":
            return False
        keys = tags.keys()
        if not self.area_keys.isdisjoint(keys):
            return True
        if self.area_if_said.isdisjoint(keys):
            return False
        return said == "yes" or not self.area_values.isdisjoint(tags.items())

    def is_line(self, tags: Tags) -> bool:
        """Tell whether a way with these tags is (also) a line."""
        if not self.line_keys.isdisjoint(tags):
            return True
        return not self.line_values.isdisjoint(tags.items())


def _wanted() -> _Wanted:
    data = table()["read"]
    pairs = {
        name: frozenset(tuple(text.split("=")) for text in data[name])
        for name in ("area_values", "line_values")
    }
    return _Wanted(
        area_keys=frozenset(data["area_keys"]),
        area_if_said=frozenset(data["area_if_said"]),
        line_keys=frozenset(data["line_keys"]),
        **pairs,
    )


def _bounds(file: Any) -> tuple[float, float, float, float] | None:
    """Return the box that the header of the file names, if it names one."""
    with osmium.io.Reader(file, osmium.osm.NOTHING) as reader:
        box = reader.header().box()
    if not box.valid() or box.size() <= 0:
        return None
    low, high = box.bottom_left, box.top_right
    return (low.lon, low.lat, high.lon, high.lat)


def _collect(file: Any, places: Any, progress: Progress | None) -> _Found:
    """Walk once over the file; only objects with a wanted key reach Python."""
    found, wanted, words = _Found(), _wanted(), {}  # type: ignore[var-annotated]
    wkb = osmium.geom.WKBFactory()
    keys = osmium.filter.KeyFilter(*table()["read"]["keys"])
    stream = osmium.FileProcessor(file).with_locations(places).with_areas().with_filter(keys)
    item: Any
    for count, item in enumerate(stream):
        if item.is_area():
            if not item.from_way():
                _add_area(found, item, _tags(item, words), wkb)
            continue
        tags = _tags(item, words)
        found.newest = max(found.newest, item.timestamp.date())
        if item.is_way():
            _add_way(found, item, tags, wanted, wkb)
        elif item.is_node():
            _add_node(found, item, tags)
        else:
            _add_relation(found, item, tags)
        if progress and count % 20_000 == 0:
            progress(READING, min(count / 2_000_000, 0.9))
    return found


def _tags(item: Any, words: dict[str, str]) -> Tags:
    """Return the tags as a dict, each different text held in memory once."""
    keep = words.setdefault
    return {keep(t.k, t.k): keep(t.v, t.v) for t in item.tags}


def _add_node(found: _Found, item: Any, tags: Tags) -> None:
    if item.location.valid():
        found.nodes.append((item.id, tags, item.location.lon, item.location.lat))
    else:
        found.note("position_invalid", f"osm:n{item.id}")


def _add_way(found: _Found, way: Any, tags: Tags, wanted: _Wanted, wkb: Any) -> None:
    is_line, nodes = wanted.is_line(tags), way.nodes
    is_area = wanted.is_area(tags)
    if not (is_line or is_area):
        return
    key = f"osm:w{way.id}"
    if len(nodes) < 2:
        found.note("way_too_short", key)
        return
    try:
        geometry = wkb.create_linestring(way, osmium.geom.use_nodes.ALL)
    except osmium.InvalidLocationError:
        found.without_node.add(key)
        geometry = _line_with_gaps(nodes)
        is_area = False
        is_line = is_line and "highway" in tags
    closed = nodes[0].ref == nodes[-1].ref
    if is_area and closed and len(nodes) >= 4:
        found.rings.append((way.id, tags, geometry))
    elif is_area and not is_line and "building" in tags:
        found.note("ring_open", key)
    if is_line:
        with_nodes = "highway" in tags or "addr:interpolation" in tags
        refs = [node.ref for node in nodes] if with_nodes else []
        found.lines.append((way.id, tags, geometry, np.array(refs, dtype=np.int64)))


def _line_with_gaps(nodes: Any) -> str:
    """Return a line as hex WKB that has NaN where the file lacks the node."""
    gap = (np.nan, np.nan)
    xy = [(n.location.lon, n.location.lat) if n.location.valid() else gap for n in nodes]
    with np.errstate(invalid="ignore"):
        return str(shapely.to_wkb(shapely.linestrings(xy), hex=True))


def _add_area(found: _Found, area: Any, tags: Tags, wkb: Any) -> None:
    try:
        geometry = wkb.create_multipolygon(area)
    except RuntimeError:
        return  # counted as not closed with those that osmium does not hand out at all
    found.areas.append((area.orig_id(), tags, geometry))


def _add_relation(found: _Found, relation: Any, tags: Tags) -> None:
    kind = tags.get("type", "")
    if kind in RELATION_TYPES or kind.startswith("restriction"):
        found.relations.append((relation.id, tags, _members(relation)))
    elif is_route(tags):
        found.routes.append((relation.id, tags, _members(relation)))


def _members(relation: Any) -> list[tuple[str, int, str]]:
    return [(m.type, m.ref, m.role) for m in relation.members]


# ------------------------------------------------------------------------------- frames


def _to_raw(found: _Found, bounds: tuple[float, float, float, float] | None) -> RawOsm:
    twice: Counter[str] = Counter()
    nodes = _frame("n", found.nodes, ("lon", "lat"), twice)
    lon, lat = nodes.pop("lon").astype(float), nodes.pop("lat").astype(float)  # none: no type yet
    nodes["geometry"] = np.asarray(shapely.points(lon, lat))
    lines = _frame("w", found.lines, ("geometry", "refs"), twice)
    with np.errstate(invalid="ignore"):  # gaps are NaN
        lines["geometry"] = shapely.from_wkb(lines["geometry"].to_numpy(dtype=object))
    rings = _frame("w", found.rings, ("geometry",), twice)
    shells = shapely.from_wkb(rings["geometry"].to_numpy(dtype=object))
    corners, which = shapely.get_coordinates(shells, return_index=True)
    closed = shapely.linearrings(corners, indices=which)
    rings["geometry"] = np.asarray(shapely.polygons(closed))
    areas = _frame("r", found.areas, ("geometry",), Counter())
    areas["geometry"] = shapely.from_wkb(areas["geometry"].to_numpy(dtype=object))
    relations = _frame("r", found.relations, ("members",), twice)
    both, doubled = settle(pd.concat([rings, areas]) if len(areas) else rings, relations)
    found.problems["ring_twice"] = doubled
    return RawOsm(
        nodes=nodes,
        lines=lines,
        areas=both,
        relations=relations,
        routes=_frame("r", found.routes, ("members",), twice),
        bounds=bounds,
        date=found.newest.isoformat() if found.newest.year > 1970 else "",
        findings=_findings(found, twice, relations, areas),
    )


def _frame(
    letter: str, rows: list[tuple[Any, ...]], columns: tuple[str, ...], twice: Counter[str]
) -> pd.DataFrame:
    """Return rows as a frame keyed `osm:w123`; of an id that comes twice the last stays."""
    ids, *values = zip(*rows, strict=True) if rows else ((),) * (2 + len(columns))
    data = dict(zip(("tags", *columns), map(_objects, values), strict=True))
    frame = pd.DataFrame(data, index=[f"osm:{letter}{number}" for number in ids])
    repeated = frame.index.duplicated(keep="last")
    twice.update(dict.fromkeys(frame.index[repeated], 1))
    return frame[~repeated]


def _objects(values: tuple[Any, ...]) -> np.ndarray[Any, Any]:
    """Return a one-dimensional array, of objects unless the values are plain numbers."""
    if values and isinstance(values[0], float):
        return np.array(values)
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


_MESSAGES = {
    "position_invalid": ("streets", "{count} points lie at no place on Earth and are left out."),
    "way_too_short": ("streets", "{count} ways have fewer than two points and are left out."),
    "ring_open": ("buildings", "{count} building outlines are not closed and are left out."),
    "node_missing": (
        "streets",
        "{count} ways name points that the extract does not hold; they end where it cuts them.",
    ),
    "ring_twice": (
        "landuse",
        "{count} outer rings say the same as the area they belong to; the area stays.",
    ),
    "duplicate_id": ("buildings", "{count} ids stand in the file twice; the newest counts."),
    "area_unclosed": (
        "landuse",
        "{count} of {total} areas made of several lines are not closed, because the extract lacks "
        "some of their lines or a ring is broken; they are left out.",
    ),
}


def _findings(
    found: _Found, twice: Counter[str], relations: pd.DataFrame, areas: pd.DataFrame
) -> tuple[Finding, ...]:
    kinds = [tags.get("type") for tags in relations["tags"]]
    expected = relations.index[np.isin(np.array(kinds, dtype=object), RELATION_TYPES[:2])]
    seen = {code: sorted(keys) for code, keys in found.problems.items()}
    seen["node_missing"] = sorted(found.without_node)
    seen["duplicate_id"] = sorted({*twice, *found.problems.get("duplicate_id", ())})
    seen["area_unclosed"] = list(expected.difference(areas.index))
    return tuple(
        Finding(
            code=f"osm_{code}",
            table=_MESSAGES[code][0],
            count=len(keys),
            message=_MESSAGES[code][1],
            severity="info" if code == "ring_twice" else "warning",
            examples=tuple(keys[:5]),
            total=len(expected) if code == "area_unclosed" else None,
        )
        for code, keys in seen.items()
        if keys
    )
