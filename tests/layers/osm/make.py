"""Writes small OpenStreetMap files by hand, in metres around a point on 9° E (UTM zone 32)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from pyproj import Transformer

from layers.osm import read_osm
from twin.schema import TABLES
from twin.validation import faults_of

if TYPE_CHECKING:
    from pathlib import Path

    from layers.source_data import SourceData

CRS = "EPSG:25832"
EAST, NORTH = 500_000.0, 5_540_000.0
_TO_DEGREES = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)

ESTIMATED_LATER = ("height_m", "roof_type", "crown_m")
"""Columns that an adapter may leave empty and `layers.build` fills."""


class Osm:
    """Nodes, ways and relations in the making; every method gives back the id it made."""

    def __init__(self) -> None:
        self.lines = {"node": [], "way": [], "relation": []}
        self.head = ""
        self.count = 0

    def _add(self, kind, number, attributes, children, tags):
        if number is None:
            self.count += 1
            number = self.count
        inner = children + [f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items()]
        self.lines[kind].append(
            f'<{kind} id="{number}" version="1" timestamp="2024-05-06T07:08:09Z" {attributes}>'
            + "".join(inner)
            + f"</{kind}>"
        )
        return number

    def node(self, x, y, tags=None, number=None):
        lon, lat = _TO_DEGREES.transform(EAST + x, NORTH + y)
        return self._add("node", number, f'lon="{lon:.9f}" lat="{lat:.9f}"', [], tags or {})

    def way(self, nodes, tags=None, number=None):
        refs = [f'<nd ref="{n}"/>' for n in nodes]
        return self._add("way", number, "", refs, tags or {})

    def area(self, corners, tags=None, number=None):
        """Add a closed way around `corners`, given as (x, y)."""
        nodes = [self.node(x, y) for x, y in corners]
        return self.way([*nodes, nodes[0]], tags, number)

    def relation(self, members, tags=None, number=None):
        names = {"n": "node", "w": "way", "r": "relation"}
        inner = [
            f'<member type="{names[t]}" ref="{ref}" role="{role}"/>' for t, ref, role in members
        ]
        return self._add("relation", number, "", inner, tags or {})

    def text(self, order=("node", "way", "relation")) -> str:
        body = "\n".join(line for kind in order for line in self.lines[kind])
        return f'<?xml version="1.0"?>\n<osm version="0.6">{self.head}\n{body}\n</osm>\n'

    def write(self, folder: Path, name: str = "small.osm", **kw) -> Path:
        path = folder / name
        path.write_text(self.text(**kw), encoding="utf-8")
        return path


def box(x, y, width, height):
    """Give the corners of a rectangle, anticlockwise from its lower left."""
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


def read(osm: Osm, folder: Path) -> SourceData:
    """Write, read and check: whatever is read must follow the schema but for later estimates."""
    data = read_osm(osm.write(folder))
    for name, frame in data.tables.items():
        faults = faults_of(TABLES[name], frame, crs=data.crs)
        assert [f for f in faults if not f.startswith(ESTIMATED_LATER)] == [], name
    return data


def codes(data: SourceData) -> dict[str, int]:
    """Give the findings as code -> count."""
    return {finding.code: finding.count for finding in data.findings}
