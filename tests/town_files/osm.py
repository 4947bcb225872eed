"""
Writes a town as OpenStreetMap would know it: drawn by hand, so some houses lack and some are one.

One building in 25 is missing, some that touch their neighbour are drawn as one outline with it,
height, storeys, roof and year are tagged here and there only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import osmium
import pandas as pd
import shapely
from osmium.osm import mutable
from pyproj import Transformer

from twin.classes import SETTLEMENTS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

STAMP = "2026-01-05T12:00:00Z"
Tags = dict[str, str]
Array = np.ndarray[Any, Any]

BUILDING = {
    "residential": "house", "mixed": "mixed_use", "agriculture": "barn", "storage": "warehouse",
    "education": "school", "health": "hospital", "religious": "church", "culture": "museum",
    "sport": "sports_hall", "hospitality": "hotel", "transport": "train_station",
    "utility": "service", "ruin": "ruins", "other": "yes", "unknown": "yes",
}  # fmt: skip
LANDUSE = {
    "park": ("leisure", "park"), "pitch": ("leisure", "pitch"), "education": ("amenity", "school"),
    "sport": ("leisure", "sports_centre"), "playground": ("leisure", "playground"),
    "health": ("amenity", "hospital"), "leisure": ("landuse", "recreation_ground"),
    "public": ("landuse", "civic"), "parking": ("amenity", "parking"),
    "scrub": ("natural", "scrub"), "heath": ("natural", "heath"), "bare": ("natural", "bare_rock"),
    "wetland": ("natural", "wetland"), "square": ("amenity", "marketplace"),
    "beach": ("natural", "beach"),
}  # fmt: skip
STOP = {
    "bus": ("highway", "bus_stop"), "tram": ("railway", "tram_stop"),
    "rail": ("railway", "station"), "ferry": ("amenity", "ferry_terminal"),
}  # fmt: skip


class _Drawing:
    """Collects objects and numbers them; one place in one theme is one node."""

    def __init__(self, crs: object) -> None:
        self.to_degrees = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform
        self.nodes: list[tuple[tuple[float, float], Tags]] = []
        self.ways: list[tuple[list[int], Tags]] = []
        self.relations: list[tuple[list[tuple[str, int, str]], Tags]] = []
        self.known: dict[tuple[str, float, float], int] = {}

    def points(self, xy: Array, theme: str) -> list[int]:
        """Return the nodes at places in metres."""
        lon, lat = self.to_degrees(xy[:, 0], xy[:, 1])
        found = []
        for place in zip(np.round(lon, 7).tolist(), np.round(lat, 7).tolist(), strict=True):
            number = self.known.get((theme, *place))
            if number is None:
                self.nodes.append((place, {}))
                self.known[theme, *place] = number = len(self.nodes)
            found.append(number)
        return found

    def point(self, point: Any, tags: Tags) -> None:
        lon, lat = self.to_degrees(point.x, point.y)
        self.nodes.append(((round(lon, 7), round(lat, 7)), tags))

    def line(self, line: Any, tags: Tags, theme: str) -> int:
        self.ways.append((self.points(shapely.get_coordinates(line), theme), tags))
        return len(self.ways)

    def area(self, shape: Any, tags: Tags, theme: str, *, kind: str = "multipolygon") -> None:
        """Draw a closed way, or a relation where it has holes or pieces or is a boundary."""
        pieces = shapely.get_parts(shape)
        rings = [
            (ring, role)
            for piece in pieces
            for ring, role in [(piece.exterior, "outer"), *((i, "inner") for i in piece.interiors)]
        ]
        if len(rings) == 1 and kind == "multipolygon":
            self.line(rings[0][0], tags, theme)
            return
        members = [("w", self.line(ring, {}, theme), role) for ring, role in rings]
        self.relations.append((members, {"type": kind, **tags}))

    def write(self, path: Path) -> Path:
        path.unlink(missing_ok=True)
        header = osmium.io.Header()
        header.set("generator", "tests")
        header.set("osmosis_replication_timestamp", STAMP)
        common = {"version": 1, "timestamp": STAMP, "visible": True}
        with osmium.SimpleWriter(str(path), header=header) as out:
            for number, (place, tags) in enumerate(self.nodes, 1):
                out.add_node(mutable.Node(id=number, location=place, tags=tags, **common))
            for number, (nodes, tags) in enumerate(self.ways, 1):
                out.add_way(mutable.Way(id=number, nodes=nodes, tags=tags, **common))
            for number, (members, tags) in enumerate(self.relations, 1):
                relation = mutable.Relation(id=number, members=members, tags=tags, **common)
                out.add_relation(relation)
        return path


def write_osm(tables: Mapping[str, Any], path: Path) -> Path:
    """Write streets, buildings, land and points of a town as `.osm.pbf` (or another ending)."""
    draw = _Drawing(tables["buildings"].crs)
    _streets(draw, tables["streets"])
    for shape, tags in drawn_buildings(tables["buildings"]):
        draw.area(shape, tags, "building")
    for kind, name, shape in _columns(tables["landuse"], "class", "name"):
        key, value = LANDUSE.get(kind, ("landuse", kind))
        draw.area(shape, _said({key: value, "name": name}), "land")
    for line in tables["railways"].geometry:
        draw.line(line, {"railway": "rail"}, "rail")
    _waters(draw, tables["water"])
    for name, level, shape in _columns(tables["districts"], "name", "level"):
        border = {"boundary": "administrative", "admin_level": f"{level:.0f}", "name": name}
        draw.area(shape, border, "border", kind="boundary")
    _points(draw, tables)
    return draw.write(path)


def _points(draw: _Drawing, tables: Mapping[str, Any]) -> None:
    for point in tables["trees"].geometry:
        draw.point(point, {"natural": "tree"})
    for name, kind, people, point in _columns(tables["places"], "name", "class", "population"):
        if kind in SETTLEMENTS:
            draw.point(point, _said({"place": kind, "name": name, "population": _number(people)}))
    for name, kind, point in _columns(tables["stops"], "name", "class"):
        key, value = STOP.get(kind, ("public_transport", "platform"))
        draw.point(point, _said({key: value, "name": name}))


def drawn_buildings(buildings: Any) -> list[tuple[Any, Tags]]:
    """Return the outlines and tags that the map has: some are missing, some drawn as one."""
    whole = buildings[buildings["part_of"].isna()].sort_index()
    turn = _turn(whole.index)
    here = whole[turn % 25 != 4]
    turn = turn[turn % 25 != 4]
    shape = here.geometry.to_numpy().copy()
    a, b = shapely.STRtree(shape).query(shape, predicate="touches")
    gone = np.zeros(len(here), dtype=bool)
    for i, j in zip(a.tolist(), b.tolist(), strict=True):
        if i < j and turn[i] % 6 == 1 and not (gone[i] or gone[j]):
            one = shapely.union(shape[i], shape[j])
            if one.geom_type == "Polygon":
                shape[i], gone[j] = one, True
    rows = zip(shape, here.to_dict("records"), turn.tolist(), gone.tolist(), strict=True)
    return [(outline, _building_tags(row, number)) for outline, row, number, out in rows if not out]


def _turn(keys: pd.Index) -> Array:
    """Return a number a key that looks like chance, another than in the cadastre."""
    values = keys.to_numpy(dtype=object)
    return pd.util.hash_array(values, hash_key="openstreetmap_01") % np.uint64(1_000_003)


def _building_tags(row: dict[str, Any], turn: int) -> Tags:
    use = str(row["use"])
    kind = BUILDING.get(use, use)
    if use == "residential" and str(row["size_class"]) in {"apartments", "large_apartments"}:
        kind = "apartments"
    tags: dict[str, Any] = {"building": kind if turn % 8 else "yes"}
    tags |= {"addr:street": row["street"], "addr:housenumber": row["housenumber"]}
    if turn % 3 == 0:
        tags["building:levels"] = _number(row["storeys"])
    if turn % 4 == 1:
        tags["height"] = _number(row["height_m"])
    if turn % 5 == 2:
        tags["roof:shape"] = str(row["roof_type"])
    if turn % 11 == 5:
        tags["start_date"] = _number(row["year_built"])
    return _said({**tags, "name": row["name"]})


def _number(value: float) -> str | None:
    return None if pd.isna(value) else f"{value:g}"


def _said(tags: Mapping[str, Any]) -> Tags:
    """Leave out what is missing."""
    return {key: str(value) for key, value in tags.items() if isinstance(value, str) and value}


def _columns(frame: Any, *names: str) -> Any:
    """Iterate over rows as values of columns, the geometry last."""
    return zip(*(frame[name] for name in names), frame.geometry.to_numpy(), strict=True)


def _streets(draw: _Drawing, streets: Any) -> None:
    """Draw each street once, with `oneway` where there is no way back."""
    back = streets["reverse_id"]
    once = streets[back.isna() | (streets.index < back.fillna(""))]
    for row in once.to_dict("records"):
        kind = str(row["class"])
        ramp = row["is_ramp"] and kind in {"motorway", "trunk", "primary", "secondary", "tertiary"}
        tags = {
            "highway": f"{kind}_link" if ramp else kind,
            "name": row["name"],
            "ref": row["ref"],
            "surface": row["surface"],
            "maxspeed": f"{row['speed_kmh']:.0f}" if row["allow_car"] else None,
            "oneway": "yes" if pd.isna(row["reverse_id"]) else None,
            "junction": "roundabout" if row["is_roundabout"] else None,
            "bridge": "yes" if row["is_bridge"] else None,
            "tunnel": "yes" if row["is_tunnel"] else None,
            "layer": f"{row['level']:.0f}" if row["level"] else None,
        }
        draw.line(row["geometry"], _said(tags), "street")


def _waters(draw: _Drawing, water: Any) -> None:
    for kind, name, shape in _columns(water, "class", "name"):
        if shape.geom_type.endswith("Polygon"):
            draw.area(shape, _said({"natural": "water", "water": kind, "name": name}), "water")
        else:
            draw.line(shape, _said({"waterway": kind, "name": name}), "water")
