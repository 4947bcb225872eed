"""
The buildings of a model town as LoD2 tiles: CityGML 1.0, 2.0, 3.0 or CityJSON 2.0.

Real bodies: rectangles carry gabled, hipped, pyramidal or flat roofs, L-shapes are cut into two
building parts with closures between them, everything else is flat. All stand on the terrain of
`tests.town_files.terrain`, at its lowest point under the building.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import numpy as np
import shapely

from tests.town_files.cadastre import FUNCTIONS
from tests.town_files.ids import official_id
from tests.town_files.terrain import ground

if TYPE_CHECKING:
    from pathlib import Path

DATE = "2025-03-01"
ADV = "urn:adv:crs:ETRS89_UTM32*DE_DHHN2016_NH*GCG2016"
ROOF_CODES = {"flat": 1000, "gabled": 3100, "hipped": 3200, "pyramidal": 3500}
SPACES = {
    "1.0": ("1.0", "gml"), "2.0": ("2.0", "gml"), "3.0": ("3.0", "gml/3.2"),
}  # fmt: skip


@dataclass
class Body:
    """A building or part: named faces, each a list of corners (x, y, z)."""

    key: str
    faces: list[tuple[str, list[tuple[float, float, float]]]]
    roof: str = "flat"
    height: float = 0.0


@dataclass
class House:
    """A building as the tile tells it; one body, or several parts."""

    key: str
    x: float
    y: float
    said: dict[str, object]
    bodies: list[Body] = field(default_factory=list)


def write_lod2(tables, folder: Path, *, tile_m: int = 1000, version: str = "1.0") -> list[Path]:
    """Write all buildings of `tables` (EPSG:25832) as tiles named like those of NRW."""
    folder.mkdir(parents=True, exist_ok=True)
    tiles: dict[tuple[int, int], list[House]] = {}
    for house in houses(tables["buildings"]):
        corner = (int(house.x // tile_m) * tile_m, int(house.y // tile_m) * tile_m)
        tiles.setdefault(corner, []).append(house)
    paths = []
    for (east, north), here in sorted(tiles.items()):
        km = tile_m // 1000 or 1
        stem = f"LoD2_32_{east // 1000}_{north // 1000}_{km}_NW"
        paths.append(write_tile(folder / stem, here, (east, north, tile_m), version))
    return paths


def houses(buildings) -> list[House]:
    """Return the buildings with their faces, corners at 1 mm."""
    shapes = shapely.orient_polygons(shapely.set_precision(buildings.geometry.to_numpy(), 0.001))
    found = []
    for key, row, shape in zip(buildings.index, buildings.to_dict("records"), shapes, strict=True):
        if shape.geom_type != "Polygon":
            shape = max(shape.geoms, key=lambda piece: piece.area)  # noqa: PLW2901
        found.append(_house(official_id(str(key)), row, shape))
    return found


def _house(key: str, row: dict[str, object], shape) -> House:
    rings = [shapely.get_coordinates(r)[:-1] for r in (shape.exterior, *shape.interiors)]
    base = float(np.round(ground(*np.vstack(rings).T).min(), 3))
    top = round(base + float(row["height_m"]), 3)
    rise = 0.0 if np.isnan(row["roof_height_m"]) else float(row["roof_height_m"])
    outline, roof = rings[0], str(row["roof_type"])
    house = House(key, *shape.centroid.coords[0], _said(row))
    cut = _cut(outline) if len(rings) == 1 else None
    if cut is not None:
        for number, (piece, closed) in enumerate(cut):
            faces = _flat([piece], base, top, closed)
            house.bodies.append(Body(f"{key}_{number}", faces, "flat", top - base))
    elif len(outline) == 4 and len(rings) == 1 and rise > 0.3 and roof != "flat":
        eaves = round(top - min(rise, top - base - 0.5), 3)
        shape_of_roof = roof if roof in ROOF_CODES else "gabled"
        faces = _pitched(_eaves_first(outline, row), base, eaves, top, shape_of_roof)
        house.bodies.append(Body(key, faces, shape_of_roof, top - base))
    else:
        house.bodies.append(Body(key, _flat(rings, base, top, set()), "flat", top - base))
    return house


def _said(row: dict[str, object]) -> dict[str, object]:
    known = {name: value for name, value in row.items() if isinstance(value, str) and value}
    number = {n: row[n] for n in ("storeys", "year_built") if not np.isnan(row[n])}
    return {**known, **number, "function": f"31001_{FUNCTIONS.get(str(row['use']), (9998,))[0]}"}


def _eaves_first(outline, row):
    """Turn the corners so that the first edge carries eaves: that the roof falls to, else long."""
    step = np.roll(outline, -1, axis=0) - outline
    fall = row.get("roof_direction_deg", np.nan)
    if np.isnan(fall):
        along = np.linalg.norm(step[1]) > np.linalg.norm(step[0])
    else:
        normal = np.degrees(np.arctan2(step[:2, 1], -step[:2, 0]))
        off = np.abs(np.cos(np.radians(normal - fall)))
        along = off[1] > off[0]
    return np.roll(outline, -1 if along else 0, axis=0)


def _at(points, z):
    return [(float(x), float(y), z) for x, y in points]


def _flat(rings, base, top, closed):
    faces = [("GroundSurface", [_at(r[::-1], base) for r in rings])]
    faces.append(("RoofSurface", [_at(r, top) for r in rings]))
    for ring in rings:
        for number, (a, b) in enumerate(zip(ring, np.roll(ring, -1, axis=0), strict=True)):
            kind = "ClosureSurface" if number in closed else "WallSurface"
            faces.append((kind, [_at([a, b], base) + _at([b, a], top)]))
    return faces


def _pitched(p, base, eaves, top, roof):
    """Return the faces over a rectangle whose first and third edge carry the eaves."""
    a, b = (p[3] + p[0]) / 2, (p[1] + p[2]) / 2
    length, width = np.linalg.norm(b - a), np.linalg.norm(p[2] - p[1])
    if roof == "pyramidal":
        a = b = (a + b) / 2
    elif roof == "hipped":
        inset = min(width / 2, 0.45 * length) / length
        a, b = a + (b - a) * inset, b + (a - b) * inset
    ridge_a, ridge_b = _at(np.round([a, b], 3), top)
    low, high = _at(p, base), _at(p, eaves)
    faces = [("GroundSurface", [low[::-1]])]
    ridge = [ridge_b, ridge_a] if roof != "pyramidal" else [ridge_a]
    faces += [
        ("RoofSurface", [[high[0], high[1], *ridge]]),
        ("RoofSurface", [[high[2], high[3], *ridge[::-1]]]),
    ]
    for number in range(4):
        i, j = number, (number + 1) % 4
        end = ridge_b if number == 1 else ridge_a
        gable = [end] if roof == "gabled" and number % 2 else []
        faces.append(("WallSurface", [[low[i], low[j], high[j], *gable, high[i]]]))
        if roof != "gabled" and number % 2:
            faces.append(("RoofSurface", [[high[i], high[j], end]]))
    return faces


def _cut(p):
    """Cut an L into two rectangles; with each the numbers of its edges that are closures."""
    if len(p) != 6:
        return None
    before, after = p - np.roll(p, 1, axis=0), np.roll(p, -1, axis=0) - p
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    inner = np.flatnonzero(cross < 0)
    if len(inner) != 1:
        return None
    p = np.roll(p, -inner[0], axis=0)
    step = p[3] - p[2]
    share = ((p[0] - p[2]) @ step) / (step @ step)
    if not 0.1 < share < 0.9:
        return None
    q = np.round(p[2] + share * step, 3)
    return [(np.array([p[0], p[1], p[2], q]), {3}), (np.array([p[5], p[0], q, p[3], p[4]]), {1})]


def write_tile(stem: Path, here: list[House], tile, version: str) -> Path:
    """Write houses as one tile; `stem` without ending, `tile` its south-west corner and size."""
    if version == "cityjson":
        path = stem.with_name(stem.name + ".city.json")
        path.write_text(json.dumps(_cityjson(here)), "utf-8")
        return path
    path = stem.with_name(stem.name + ".gml")
    with path.open("w", encoding="utf-8") as file:
        file.write(_head(stem.name, tile, version))
        for house in here:
            file.write(_member(house, version))
        file.write("</core:CityModel>\n")
    return path


def _head(name: str, tile, version: str) -> str:
    number, gml = SPACES[version]
    east, north, size = tile
    srs = ADV if version != "3.0" else "urn:ogc:def:crs:EPSG::25832"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<core:CityModel xmlns:core="http://www.opengis.net/citygml/{number}" '
        f'xmlns:bldg="http://www.opengis.net/citygml/building/{number}" '
        f'xmlns:con="http://www.opengis.net/citygml/construction/{number}" '
        f'xmlns:gen="http://www.opengis.net/citygml/generics/{number}" '
        f'xmlns:gml="http://www.opengis.net/{gml}" '
        'xmlns:xAL="urn:oasis:names:tc:ciq:xsdschema:xAL:2.0" '
        'xmlns:xlink="http://www.w3.org/1999/xlink">\n'
        f"<gml:name>{name}</gml:name>\n"
        f'<gml:boundedBy><gml:Envelope srsName="{srs}" srsDimension="3">'
        f"<gml:lowerCorner>{east} {north} 0</gml:lowerCorner>"
        f"<gml:upperCorner>{east + size} {north + size} 999</gml:upperCorner>"
        "</gml:Envelope></gml:boundedBy>\n"
    )


def _member(house: House, version: str) -> str:
    said, parts = house.said, len(house.bodies) > 1
    text = [f'<core:cityObjectMember><bldg:Building gml:id="{house.key}">']
    text.append(f"<core:creationDate>{DATE}{'T00:00:00' if version == '3.0' else ''}")
    text.append("</core:creationDate>")
    if version != "3.0":
        text.append(
            '<gen:stringAttribute name="Grundrissaktualitaet">'
            f"<gen:value>{DATE}</gen:value></gen:stringAttribute>"
        )
    text.append(f"<bldg:function>{said['function']}</bldg:function>")
    if "year_built" in said:
        text.append(f"<bldg:yearOfConstruction>{said['year_built']:.0f}</bldg:yearOfConstruction>")
    if not parts:
        text.append(_shape(house.bodies[0], version))
    if "storeys" in said:
        text.append(f"<bldg:storeysAboveGround>{said['storeys']:.0f}</bldg:storeysAboveGround>")
    if parts:
        outer = "buildingPart" if version == "3.0" else "consistsOfBuildingPart"
        for body in house.bodies:
            inner = f'<bldg:BuildingPart gml:id="{body.key}">{_shape(body, version)}'
            text.append(f"<bldg:{outer}>{inner}</bldg:BuildingPart></bldg:{outer}>")
    text += [_address(said), "</bldg:Building></core:cityObjectMember>\n"]
    return "".join(text)


def _shape(body: Body, version: str) -> str:
    new = version == "3.0"
    link, surface, way = ("core", "con", "boundary") if new else ("bldg", "bldg", "boundedBy")
    outer = "core:boundary" if new else "bldg:boundedBy"
    if new:
        height = f"<con:height><con:Height><con:value uom='m'>{body.height:.3f}</con:value>"
        height += "</con:Height></con:height>"
    else:
        height = f'<bldg:measuredHeight uom="urn:adv:uom:m">{body.height:.3f}</bldg:measuredHeight>'
    del way
    names, faces = [], []
    for number, (kind, rings) in enumerate(body.faces):
        name = f"{body.key}_{number}"
        names.append(name)
        faces.append(
            f"<{outer}><{surface}:{kind}><{link}:lod2MultiSurface><gml:MultiSurface>"
            f"<gml:surfaceMember>{_polygon(name, kind, rings)}</gml:surfaceMember>"
            f"</gml:MultiSurface></{link}:lod2MultiSurface></{surface}:{kind}></{outer}>"
        )
    shell = "gml:Shell" if new else "gml:CompositeSurface"
    links = "".join(f'<gml:surfaceMember xlink:href="#{name}"/>' for name in names)
    solid = (
        f"<{link}:lod2Solid><gml:Solid><gml:exterior><{shell}>{links}</{shell}></gml:exterior>"
        f"</gml:Solid></{link}:lod2Solid>"
    )
    code = f"<bldg:roofType>{ROOF_CODES[body.roof]}</bldg:roofType>"
    return code + height + solid + "".join(faces)


def _polygon(name: str, kind: str, rings) -> str:
    text = [f'<gml:Polygon gml:id="{name}">']
    for number, ring in enumerate(rings):
        edge = "interior" if number else "exterior"
        numbers = " ".join(f"{x:.3f} {y:.3f} {z:.3f}" for x, y, z in [*ring, ring[0]])
        text.append(f'<gml:{edge}><gml:LinearRing><gml:posList srsDimension="3">{numbers}')
        text.append(f"</gml:posList></gml:LinearRing></gml:{edge}>")
    return "".join([*text, "</gml:Polygon>"])


def _address(said: dict[str, object]) -> str:
    if "street" not in said:
        return ""
    number = escape(str(said.get("housenumber", "")))
    return (
        "<bldg:address><core:Address><core:xalAddress><xAL:AddressDetails><xAL:Country>"
        '<xAL:CountryName>Germany</xAL:CountryName><xAL:Locality Type="Town">'
        f"<xAL:LocalityName>{escape(str(said.get('locality', 'Musterstadt')))}</xAL:LocalityName>"
        f'<xAL:Thoroughfare Type="Street"><xAL:ThoroughfareNumber>{number}'
        f"</xAL:ThoroughfareNumber><xAL:ThoroughfareName>{escape(str(said['street']))}"
        "</xAL:ThoroughfareName></xAL:Thoroughfare></xAL:Locality></xAL:Country>"
        "</xAL:AddressDetails></core:xalAddress></core:Address></bldg:address>"
    )


def _cityjson(here: list[House]) -> dict[str, object]:
    objects: dict[str, object] = {}
    vertices: dict[tuple[int, int, int], int] = {}
    origin = [float(int(here[0].x)), float(int(here[0].y)), 0.0]
    for house in here:
        said, parts = house.said, len(house.bodies) > 1
        attributes = {"function": said["function"], "creationDate": DATE}
        if "year_built" in said:
            attributes["yearOfConstruction"] = int(said["year_built"])
        if "storeys" in said:
            attributes["storeysAboveGround"] = int(said["storeys"])
        whole = {"type": "Building", "attributes": attributes, "geometry": []}
        if "street" in said:
            words = {"ThoroughfareName": said["street"], "LocalityName": said.get("locality", "")}
            whole["address"] = [{**words, "ThoroughfareNumber": said.get("housenumber", "")}]
        objects[house.key] = whole
        for body in house.bodies:
            thing = whole
            if parts:
                thing = {"type": "BuildingPart", "attributes": {}, "parents": [house.key]}
                objects[body.key] = thing
                whole.setdefault("children", []).append(body.key)
            thing["attributes"] |= {
                "measuredHeight": round(body.height, 3), "roofType": str(ROOF_CODES[body.roof]),
            }  # fmt: skip
            thing["geometry"] = [_solid(body, vertices, origin)]
    return {
        "type": "CityJSON",
        "version": "2.0",
        "transform": {"scale": [0.001] * 3, "translate": origin},
        "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/25832"},
        "CityObjects": objects,
        "vertices": [list(v) for v in vertices],
    }


def _solid(body: Body, vertices: dict[tuple[int, int, int], int], origin) -> dict[str, object]:
    def number(corner):
        key = tuple(round((v - o) * 1000) for v, o in zip(corner, origin, strict=True))
        return vertices.setdefault(key, len(vertices))

    shell = [[[number(c) for c in ring] for ring in rings] for _, rings in body.faces]
    kinds = [{"type": kind} for kind, _ in body.faces]
    values = [list(range(len(kinds)))]
    return {
        "type": "Solid", "lod": "2.2", "boundaries": [shell],
        "semantics": {"surfaces": kinds, "values": values},
    }  # fmt: skip
