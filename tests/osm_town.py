"""A small town as an OpenStreetMap file, drawn by hand, for tests without `../shared`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

if TYPE_CHECKING:
    from pathlib import Path

WEST, SOUTH, STEP = 13.20, 53.50, 0.0015  # about 100 m by 167 m
SIDE = 8  # junctions of the street grid each way
TOWN = (WEST - STEP, SOUTH - STEP, WEST + SIDE * STEP, SOUTH + SIDE * STEP)
"""West, south, east, north of the municipality."""


class Drawing:
    """Collects objects and numbers them."""

    def __init__(self) -> None:
        self.lines: dict[str, list[str]] = {"node": [], "way": [], "relation": []}
        self.at: dict[tuple[float, float], int] = {}

    def node(self, x: float, y: float, /, **tags: str) -> int:
        """Draw a node in steps from the south-west junction; the same place is the same node."""
        if (x, y) not in self.at or tags:
            self.at[x, y] = number = len(self.lines["node"]) + 1
            lon, lat = WEST + x * STEP, SOUTH + y * STEP
            self._add("node", number, f' lat="{lat:.7f}" lon="{lon:.7f}"', [], tags)
        return self.at[x, y]

    def way(self, *corners: tuple[float, float], **tags: str) -> int:
        refs = [f'<nd ref="{self.node(*corner)}"/>' for corner in corners]
        number = 1000 + len(self.lines["way"])
        self._add("way", number, "", refs, tags)
        return number

    def box(self, x: float, y: float, width: float, height: float, /, **tags: str) -> int:
        a, b, c, d = (x, y), (x + width, y), (x + width, y + height), (x, y + height)
        return self.way(a, b, c, d, a, **tags)

    def relation(self, *members: tuple[str, int, str], **tags: str) -> int:
        inner = [f'<member type="{k}" ref="{ref}" role="{role}"/>' for k, ref, role in members]
        number = 9000 + len(self.lines["relation"])
        self._add("relation", number, "", inner, tags)
        return number

    def _add(
        self, kind: str, number: int, place: str, inner: list[str], tags: dict[str, str]
    ) -> None:
        known = [
            f"<tag k={quoteattr(k.replace('__', ':'))} v={quoteattr(v)}/>" for k, v in tags.items()
        ]
        body = "".join([*inner, *known])
        stamp = 'version="1" timestamp="2025-06-01T12:00:00Z"'
        self.lines[kind].append(f'<{kind} id="{number}" {stamp}{place}>{body}</{kind}>')

    def write(self, path: Path) -> Path:
        body = "\n".join(line for lines in self.lines.values() for line in lines)
        path.write_text(f'<osm version="0.6" generator="tests">\n{body}\n</osm>\n', "utf-8")
        return path


def write_town(path: Path) -> Path:
    """
    Write the town: streets that leave it, houses, a wood across its edge, its and other borders.

    Beside it lies what must not come along: a neighbour, a house and a road of its own outside.
    """
    draw = Drawing()
    _streets(draw)
    _houses(draw)
    _wood(draw)
    _borders(draw)
    draw.node(3.5, 3.5, place="town", name="Musterstadt", population="500")
    draw.node(20, 20, place="village", name="Punktdorf")
    return draw.write(path)


def _streets(draw: Drawing) -> None:
    span = range(SIDE)
    for i in span:
        draw.way(*[(x, i) for x in span], highway="residential", name=f"Querstraße {i}")
        draw.way(*[(i, y) for y in span], highway="residential", name=f"Längsstraße {i}")
    west = draw.way((-9, 3), (-5, 3), (0, 3), highway="secondary", name="Landstraße", maxspeed="70")
    east = draw.way((0, 3), (0, 4), highway="secondary", oneway="yes")
    via = draw.node(0, 3)
    draw.relation(
        ("way", west, "from"),
        ("node", via, "via"),
        ("way", east, "to"),
        type="restriction",
        restriction="no_left_turn",
    )
    draw.way((-2, 6.5), (1.5, 10), highway="track")  # cuts the corner without a node in the town
    draw.way((7, 7), (12, 7), railway="rail")
    draw.way((12, 12), (14, 14), highway="service")  # outside
    draw.relation(("way", west, ""), type="route", route="bus", ref="1")


def _houses(draw: Drawing) -> None:
    for i in range(SIDE - 1):
        for j in range(SIDE - 1):
            tags = {"building": "house", "addr__housenumber": str(1 + j), "height": "8"}
            draw.box(i + 0.2, j + 0.2, 0.2, 0.1, **tags)
            draw.node(i + 0.7, j + 0.7, natural="tree")
    outer, inner = draw.box(4.5, 4.5, 0.4, 0.4), draw.box(4.6, 4.6, 0.1, 0.1)
    draw.relation(
        ("way", outer, "outer"), ("way", inner, "inner"), type="multipolygon", building="school"
    )
    draw.box(7.9, 2.2, 0.3, 0.1, building="barn")  # astride the border
    draw.box(12.2, 2.2, 0.3, 0.1, building="barn")  # outside


def _wood(draw: Drawing) -> None:
    """Draw a wood that reaches far over the border; a track outside is part of its outline."""
    near = draw.way((2, 12), (2, 7.2), (3, 7.2), (3, 12))
    far = draw.way((3, 12), (2.5, 14), (2, 12), highway="track")
    ring = (("way", near, "outer"), ("way", far, "outer"))
    draw.relation(*ring, type="multipolygon", landuse="forest")


def _borders(draw: Drawing) -> None:
    low, high, far = -1, SIDE, SIDE + 6
    south = draw.way((low, low), (high, low))
    east = draw.way((high, low), (high, high))
    rest = draw.way((high, high), (low, high), (low, low))
    beyond = draw.way((high, low), (far, low), (far, high), (high, high))
    admin = {"type": "boundary", "boundary": "administrative"}
    draw.relation(
        *[("way", way, "outer") for way in (south, east, rest)],
        **admin,
        admin_level="8",
        name="Musterstadt",
    )
    draw.relation(
        *[("way", way, "outer") for way in (east, beyond)],
        **admin,
        admin_level="8",
        name="Nachbarstadt",
    )
    draw.relation(
        *[("way", way, "outer") for way in (south, beyond, rest)],
        **admin,
        admin_level="6",
        name="Musterkreis",
    )
    # a country: of its border only the part here is in any extract
    draw.relation(
        *[("way", way, "outer") for way in (south, 7, 8)], **admin, admin_level="2", name="Land"
    )
