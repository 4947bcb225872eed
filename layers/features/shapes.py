"""Geometry out of GML elements, polygons built all at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.nas.curves import Flat, NoRingError, coordinates, curve, local, ring

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element
    from numpy.typing import NDArray

SURFACES = frozenset(
    {"Polygon", "Surface", "MultiSurface", "MultiPolygon", "CompositeSurface", "PolyhedralSurface"}
)
CURVES = frozenset({"LineString", "Curve", "CompositeCurve", "MultiCurve", "MultiLineString"})
POINTS = frozenset({"Point", "MultiPoint"})
PATCHES = ("{*}Polygon", "{*}PolygonPatch", "{*}Rectangle", "{*}Triangle")
LINES = ("{*}LineString", "{*}Curve", "{*}CompositeCurve")


def is_geometry(element: _Element) -> bool:
    """Return whether an element is a GML geometry."""
    name = local(element.tag)
    return name in SURFACES or name in CURVES or name in POINTS


@dataclass
class Outlines:
    """
    Shapes while they come in: surfaces as lists of numbers, to be built together at the end.

    A shape that cannot be drawn is missing and counted in `broken`.
    """

    broken: int = 0
    numbers: list[float] = field(default_factory=list)  # x, y of all rings
    ring_size: list[int] = field(default_factory=list)
    ring_patch: list[int] = field(default_factory=list)  # the polygon a ring belongs to
    patch_row: list[int] = field(default_factory=list)
    others: dict[int, Any] = field(default_factory=dict)  # row to point or line
    rows: int = 0

    def add(self, element: _Element | None) -> None:
        """Take the geometry of the next row; None where it has none."""
        row, self.rows = self.rows, self.rows + 1
        if element is None:
            return
        _spread_dimension(element)
        try:
            if local(element.tag) in SURFACES:
                self._add_patches(row, [list(_rings(patch)) for patch in _patches(element)])
            else:
                self.others[row] = _point_or_line(element)
        except (NoRingError, ValueError, IndexError):
            self.broken += 1

    def _add_patches(self, row: int, patches: list[list[Flat]]) -> None:
        for rings in filter(None, patches):
            for line in rings:
                self.numbers += line
                self.ring_size.append(len(line) // 2)
                self.ring_patch.append(len(self.patch_row))
            self.patch_row.append(row)

    def shapes(self) -> NDArray[Any]:
        """Return one shape a row: Polygon where there is one, MultiPolygon where several."""
        found = np.full(self.rows, None, dtype=object)
        for row, shape in self.others.items():
            found[row] = shape
        if not self.patch_row:
            return found
        sizes, owner = np.array(self.ring_size), np.array(self.ring_patch)
        xy = np.array(self.numbers).reshape(-1, 2)
        rings: Any = shapely.linearrings(xy, indices=np.repeat(np.arange(len(sizes)), sizes))
        patches: Any = shapely.polygons(rings, indices=owner)  # its first ring is the outer one
        rows = np.array(self.patch_row)
        several: Any = shapely.multipolygons(
            patches, indices=np.unique(rows, return_inverse=True)[1]
        )
        single = shapely.get_num_geometries(several) == 1
        several[single] = shapely.get_geometry(several[single], 0)
        found[np.unique(rows)] = several
        return found


def _spread_dimension(element: _Element) -> None:
    """Write a dimension that stands at the top to the positions, where it is looked for."""
    if (element.get("srsDimension") or element.get("dimension")) == "3":
        for positions in element.iter("{*}posList"):
            positions.set("srsDimension", positions.get("srsDimension") or "3")


def _patches(element: _Element) -> Iterator[_Element]:
    if local(element.tag) == "Polygon":
        yield element
        return
    yield from element.iter(*PATCHES)


def _rings(patch: _Element) -> Iterator[Flat]:
    """Give the rings of a polygon, the outer one first."""
    for boundary in patch.iterchildren("*"):
        for line in boundary.iterchildren("*"):
            yield _old_style(line) or ring(line)


def _old_style(line: _Element) -> Flat:
    """Return the numbers of `coordinates` as GML 2 writes them ("x,y x,y"), nothing elsewhere."""
    text = next((e.text or "" for e in line.iterchildren("{*}coordinates")), "")
    points = [pair.split(",")[:2] for pair in text.split()]
    found = [float(value) for pair in points for value in pair]
    if found and (len(found) < 8 or found[:2] != found[-2:]):
        raise NoRingError("broken_outline")
    return found


def _point_or_line(element: _Element) -> Any:
    name = local(element.tag)
    if name in POINTS:
        xy = [coordinates(e) for e in element.iter("{*}Point")]
        shapes = [shapely.Point(pair) for pair in xy]
        return shapes[0] if name == "Point" else shapely.MultiPoint(shapes)
    members = [element] if name in {"LineString", "Curve", "CompositeCurve"} else _lines(element)
    lines = [shapely.LineString(np.array(curve(e, {})).reshape(-1, 2)) for e in members]
    return lines[0] if len(lines) == 1 else shapely.MultiLineString(lines)


def _lines(element: _Element) -> list[_Element]:
    return [e for member in element for e in member.iterchildren(*LINES)]
