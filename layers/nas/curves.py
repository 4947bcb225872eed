"""Rings out of GML curves: line strings, arcs, circles, shared and turned around edges."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from lxml.etree import XPath

from twin.assumptions import assumed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lxml.etree import _Element

HREF = "{http://www.w3.org/1999/xlink}href"
JOINT = 0.01  # metres between two segments of a ring that still meet
Flat = list[float]
"""x, y, x, y …"""


class NoRingError(ValueError):
    """A ring that cannot be drawn; `reason` is a code of a finding."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@lru_cache(maxsize=4096)  # a hostile file may name its elements as it likes
def local(tag: str) -> str:
    """
    Return a tag without its namespace, so that every version of the schema reads alike.

    >>> local("{http://www.opengis.net/gml/3.2}posList")
    'posList'
    """
    return tag.rpartition("}")[2]


def coordinates(element: _Element) -> Flat:
    """Return the positions of an element that holds `posList` or several `pos`, heights dropped."""
    found: Flat = []
    for child in element.iterchildren("*"):
        name = local(child.tag)
        if name in {"posList", "pos"}:
            values = list(map(float, (child.text or "").split()))
            size = int(child.get("srsDimension") or element.get("srsDimension") or 0)
            if size == 3 or (name == "pos" and len(values) == 3):
                values = [v for i, v in enumerate(values) if i % 3 != 2]
            found += values
        elif name in {"pointProperty", "pointRep", "Point"}:
            found += coordinates(child[0] if name != "Point" and len(child) else child)
    if len(found) % 2 or not all(map(math.isfinite, found)):
        raise NoRingError("broken_outline")
    return found


def ring(element: _Element, shared: Mapping[str, Sequence[float]] | None = None) -> Flat:
    """
    Return the closed ring of a `LinearRing` or `Ring`; its pieces may come in any direction.

    `shared` are curves that others refer to. Raises `NoRingError` where a piece is missing, a
    number is none, the pieces do not meet, or nothing is enclosed.
    """
    if local(element.tag) == "LinearRing":
        return _closed(coordinates(element))
    simple = _sides(element)
    if simple is not None:
        return simple
    pieces = [
        piece for member in element.iterchildren("*") for piece in _pieces(member, shared or {})
    ]
    if not pieces:
        raise NoRingError("broken_outline")
    line = _chained(pieces)
    if not _near(line[:2], line[-2:]):
        raise NoRingError("open_outline")
    return _closed(line)


def _chained(pieces: Sequence[Sequence[float]]) -> Flat:
    """Put pieces end to end, each turned around where its other end meets."""
    line = list(pieces[0])
    if len(pieces) > 1 and not _meets(line[-2:], pieces[1]):  # the first one runs backwards
        line = turned(line)
    for piece in pieces[1:]:
        if _near(line[-2:], piece[:2]):
            line += piece[2:]
        elif _near(line[-2:], piece[-2:]):
            line += turned(piece)[2:]
        else:
            raise NoRingError("open_outline")
    return line


@lru_cache(maxsize=8)
def _straight(namespace: str) -> Callable[[_Element], list[str]]:
    """Return what finds the positions of all pieces of a ring that are one straight segment."""
    path = "g:curveMember/g:Curve/g:segments[count(*)=1]/g:LineStringSegment/g:posList/text()"
    found = XPath(path, namespaces={"g": namespace}, smart_strings=False)
    return cast("Callable[[_Element], list[str]]", found)


def _sides(element: _Element) -> Flat | None:
    """
    Return a ring whose pieces are single sides in order, nearly every ring of a cadastre.

    None where it is any other; done apart because it takes a third of the time.
    """
    tag = element.tag
    texts = _straight(tag[1:].partition("}")[0])(element) if tag[:1] == "{" else []
    if len(texts) < 3 or len(texts) != len(element):
        return None
    words = " ".join(texts).split()
    ends, starts = (words[2::4], words[3::4]), (words[4::4], words[5::4])
    joined = ends[0][:-1] == starts[0] and ends[1][:-1] == starts[1]
    if len(words) != 4 * len(texts) or not joined or words[:2] != words[-2:]:
        return None
    found: Flat = [0.0] * (2 * len(texts))
    found[::2], found[1::2] = map(float, words[::4]), map(float, words[1::4])
    if not all(map(math.isfinite, found)):
        return None
    return [*found, *found[:2]]


def turned(line: Sequence[float]) -> Flat:
    """
    Return a line in the other direction.

    >>> turned([0, 0, 1, 0, 1, 2])
    [1, 2, 1, 0, 0, 0]
    """
    found = list(line[::-1])
    found[::2], found[1::2] = found[1::2], found[::2]
    return found


def curve(element: _Element, shared: Mapping[str, Sequence[float]]) -> Flat:
    """Return the vertices of a curve of any kind."""
    name = local(element.tag)
    if name == "LineString":
        return coordinates(element)
    if name == "OrientableCurve":
        base = [piece for child in element.iterchildren("*") for piece in _pieces(child, shared)]
        line = _joined(base)
        return turned(line) if element.get("orientation") == "-" else line
    if name == "Curve":
        return _joined(
            [_segment(s) for holder in element.iterchildren("*") for s in holder.iterchildren("*")]
        )
    if name in {"CompositeCurve", "Ring"}:
        return _joined(
            [piece for member in element.iterchildren("*") for piece in _pieces(member, shared)]
        )
    raise NoRingError("unknown_curve")


def _pieces(member: _Element, shared: Mapping[str, Sequence[float]]) -> list[Sequence[float]]:
    """Return the lines of one `curveMember`, `curveMembers` or `baseCurve`."""
    link = member.get(HREF)
    if link is not None:
        found = shared.get(link.removeprefix("#"))
        if found is None:
            raise NoRingError("dangling_edge")
        return [found]
    return [curve(child, shared) for child in member.iterchildren("*")]


def _joined(lines: Sequence[Sequence[float]]) -> Flat:
    if not lines:
        raise NoRingError("broken_outline")
    found = list(lines[0])
    for line in lines[1:]:
        found += line[2:] if _near(found[-2:], line[:2]) else line
    return found


def _segment(element: _Element) -> Flat:
    draw = SEGMENTS.get(local(element.tag))
    if draw is None:
        raise NoRingError("unknown_curve")
    return draw(element)


def _arc(element: _Element) -> Flat:
    """Arc, or a string of arcs that share their ends: three points each."""
    xy = coordinates(element)
    if len(xy) < 6 or len(xy) % 4 != 2:
        raise NoRingError("broken_outline")
    found = xy[:2]
    for i in range(0, len(xy) - 4, 4):
        found += arc_through(xy[i : i + 6])[2:]
    return found


def _circle(element: _Element) -> Flat:
    xy = coordinates(element)
    centre = _centre(xy) if len(xy) == 6 else None
    if centre is None:
        raise NoRingError("broken_outline")
    start = math.atan2(xy[1] - centre[1], xy[0] - centre[0])
    radius = math.hypot(xy[0] - centre[0], xy[1] - centre[1])
    return [*xy[:2], *_sweep(centre, radius, start, math.tau)[2:-2], *xy[:2]]


def _by_centre(element: _Element) -> Flat:
    """
    Arc or circle by centre, radius and angles, counted anticlockwise from the east.

    GML leaves zero to the coordinate system; for easting and northing GDAL reads it this way.
    """
    centre = coordinates(element)
    values = {local(c.tag): c for c in element.iterchildren("*")}
    if len(centre) != 2 or "radius" not in values:
        raise NoRingError("broken_outline")
    radius = float(values["radius"].text or "nan")
    if not 0 < radius < 1e6:
        raise NoRingError("broken_outline")
    if "startAngle" not in values:
        return _sweep((centre[0], centre[1]), radius, 0.0, math.tau)
    start, end = _angle(values["startAngle"]), _angle(values["endAngle"])
    return _sweep((centre[0], centre[1]), radius, start, end - start)


def _angle(element: _Element) -> float:
    unit, value = (element.get("uom") or "deg").lower(), float(element.text or "nan")
    if "gon" in unit:
        return math.radians(value * 0.9)
    return value if unit.rpartition(":")[2] == "rad" else math.radians(value)


SEGMENTS: dict[str, Callable[[_Element], Flat]] = {
    "LineStringSegment": coordinates,
    "GeodesicString": coordinates,
    "Geodesic": coordinates,
    "Arc": _arc,
    "ArcString": _arc,
    "Circle": _circle,
    "ArcByCenterPoint": _by_centre,
    "CircleByCenterPoint": _by_centre,
}


def arc_through(xy: Flat) -> Flat:
    """
    Return an arc from the first through the second to the third point as a line.

    It deviates by at most the assumed `arc_chord_error`, and is the same in both directions, so
    that neighbours keep sharing their edge. Three points in a row give the line itself.

    >>> [round(v, 3) for v in arc_through([0, 0, 1, 1, 2, 0])][:2]
    [0, 0]
    """
    centre = _centre(xy)
    if centre is None:
        return list(xy)
    start, middle, end = (math.atan2(xy[i + 1] - centre[1], xy[i] - centre[0]) for i in (0, 2, 4))
    sweep = (end - start) % math.tau
    if (middle - start) % math.tau > sweep:
        sweep -= math.tau  # clockwise
    radius = math.hypot(xy[0] - centre[0], xy[1] - centre[1])
    return [*xy[:2], *_sweep(centre, radius, start, sweep)[2:-2], *xy[4:6]]


def _sweep(centre: tuple[float, float], radius: float, start: float, sweep: float) -> Flat:
    error = min(assumed("arc_chord_error"), radius / 2)
    steps = max(2, math.ceil(abs(sweep) / (2 * math.acos(1 - error / radius))))
    angles = (start + sweep * i / steps for i in range(steps + 1))
    return [
        value
        for angle in angles
        for value in (centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle))
    ]


def _centre(xy: Flat) -> tuple[float, float] | None:
    """Return the centre of the circle through three points; None where they lie in a row."""
    bx, by, cx, cy = xy[2] - xy[0], xy[3] - xy[1], xy[4] - xy[0], xy[5] - xy[1]
    cross = 2 * (bx * cy - by * cx)
    length = max(bx * bx + by * by, cx * cx + cy * cy)
    if abs(cross) <= 1e-9 * length:
        return None
    b2, c2 = bx * bx + by * by, cx * cx + cy * cy
    return xy[0] + (cy * b2 - by * c2) / cross, xy[1] + (bx * c2 - cx * b2) / cross


def _near(a: Sequence[float], b: Sequence[float]) -> bool:
    return abs(a[0] - b[0]) < JOINT and abs(a[1] - b[1]) < JOINT


def _meets(end: Flat, piece: Sequence[float]) -> bool:
    return _near(end, piece[:2]) or _near(end, piece[-2:])


def _closed(line: Flat) -> Flat:
    if len(line) < 6:
        raise NoRingError("broken_outline")
    if line[:2] != line[-2:]:
        line = [*line[:-2], *line[:2]] if _near(line[:2], line[-2:]) else [*line, *line[:2]]
    if len(line) < 8:
        raise NoRingError("broken_outline")
    return line
