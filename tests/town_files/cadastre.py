"""
The cadastre of a model town in the simplified ALKIS schema, as GeoPackage, Shapefiles or GML.

It differs from the town the way a cadastre differs from OpenStreetMap: outlines lie some decimetres
beside, some buildings are missing, cut in two or joined with their neighbour, and there are objects
that are no buildings. Everything follows from the keys of the town and the seed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from tests.town_files.ids import official_id

if TYPE_CHECKING:
    from pathlib import Path

AGS = "05382068"
DATE = "2026-02-17"
FUNCTIONS = {
    "residential": (1000, "Wohngebäude"),
    "mixed": (1123, "Wohn- und Geschäftsgebäude"),
    "office": (2020, "Bürogebäude"),
    "retail": (2054, "Laden"),
    "commercial": (2010, "Gebäude für Handel und Dienstleistungen"),
    "industrial": (2111, "Fabrik"),
    "storage": (2143, "Lagerhalle, Lagerschuppen, Lagerhaus"),
    "education": (3021, "Allgemein bildende Schule"),
    "health": (3051, "Krankenhaus"),
    "public": (3012, "Rathaus"),
    "religious": (3041, "Kirche"),
    "culture": (3034, "Museum"),
    "sport": (3211, "Sport-, Turnhalle"),
    "hospitality": (2081, "Gaststätte, Restaurant"),
    "agriculture": (2721, "Scheune"),
    "garage": (2463, "Garage"),
    "shed": (2723, "Schuppen"),
    "transport": (3091, "Bahnhofsgebäude"),
    "utility": (2522, "Umspannwerk"),
}
LAND = {
    "residential": ("Wohnbaufläche", None),
    "commercial": ("Industrie- und Gewerbefläche", "Handel und Dienstleistung"),
    "retail": ("Industrie- und Gewerbefläche", "Handel und Dienstleistung"),
    "industrial": ("Industrie- und Gewerbefläche", "Industrie und Gewerbe"),
    "public": ("Fläche besonderer funktionaler Prägung", "Öffentliche Zwecke"),
    "education": ("Fläche besonderer funktionaler Prägung", "Bildung und Forschung"),
    "health": ("Fläche besonderer funktionaler Prägung", "Gesundheit, Kur"),
    "farmland": ("Landwirtschaft", "Ackerland"),
    "meadow": ("Landwirtschaft", "Grünland"),
    "orchard": ("Landwirtschaft", "Obstplantage"),
    "forest": ("Wald", "Laubholz"),
    "scrub": ("Gehölz", None),
    "heath": ("Heide", None),
    "wetland": ("Sumpf", None),
    "park": ("Sport-, Freizeit- und Erholungsfläche", "Grünanlage"),
    "allotments": ("Sport-, Freizeit- und Erholungsfläche", "Kleingarten"),
    "playground": ("Sport-, Freizeit- und Erholungsfläche", "Spielplatz, Bolzplatz"),
    "pitch": ("Sport-, Freizeit- und Erholungsfläche", "Sportanlage"),
    "cemetery": ("Friedhof", None),
    "railway": ("Bahnverkehr", None),
    "quarry": ("Tagebau, Grube, Steinbruch", None),
}
WATER = {"river": "Fluss", "stream": "Bach", "canal": "Kanal", "ditch": "Graben", "lake": "See"}
NAMES = {  # as the files of NRW call the layers; the first one is misspelt there
    "buildings": "GebauedeBauwerk",
    "parcels": "Flurstueck",
    "landuse": "Nutzung",
    "units": "VerwaltungsEinheit",
    "tracts": "KatasterBezirk",
}
NAMESPACE = "http://repository.gdi-de.org/schemas/adv/produkt/alkis-vereinfacht/2.0"
FILE = "gru_vereinf_05382000_Musterkreis_EPSG25832"


def write_cadastre(
    city_tables: dict[str, gpd.GeoDataFrame], folder: Path, *, kind: str = "gpkg", seed: int = 0
) -> Path:
    """
    Write the cadastre of a model town and return the file, for "shp" the folder.

    `kind` is "gpkg", "shp" or "gml". Buildings keep `official_id(key)` of their key in the town.
    """
    layers = cadastre_layers(city_tables, seed=seed)
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "gml":
        path = folder / f"{FILE}.gml"
        _write_gml(layers, path)
        return path
    path = folder / f"{FILE}.gpkg" if kind == "gpkg" else folder
    if kind == "gpkg":
        path.unlink(missing_ok=True)
    for name, frame in layers.items():
        target = path if kind == "gpkg" else folder / f"{NAMES[name]}.shp"
        options = {"layer_options": {"GEOMETRY_NAME": "geometrie"}} if kind == "gpkg" else {}
        if kind == "shp":
            options = {"encoding": "UTF-8"}
        pyogrio.write_dataframe(
            frame, target, layer=NAMES[name], promote_to_multi=kind == "gpkg",
            append=kind == "gpkg" and path.exists(), **options,
        )  # fmt: skip
    return path


def cadastre_layers(
    city_tables: dict[str, gpd.GeoDataFrame], *, seed: int = 0
) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers of the simplified schema by our word for them."""
    rng = np.random.default_rng(seed)
    buildings = city_tables["buildings"]
    return {
        "buildings": _buildings(buildings, rng),
        "parcels": _parcels(buildings),
        "landuse": _landuse(city_tables),
        "units": _units(city_tables),
        "tracts": _tracts(city_tables["districts"]),
    }


def kept_whole(buildings: gpd.GeoDataFrame) -> pd.Index:
    """Return the keys of buildings that the cadastre has as one object of the same outline."""
    first, second = _joined(buildings)
    keys, turn = buildings.index, _turn(buildings.index)
    joined = keys[first].union(keys[second])
    return keys[(turn % 50 != 7) & (turn % 40 != 3) & ~keys.isin(joined)]


def _joined(buildings: gpd.GeoDataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of neighbours wall to wall that the cadastre has as one building."""
    turn = _turn(buildings.index)
    free = (turn % 50 != 7) & (turn % 40 != 3)
    shapes = buildings.geometry.array
    chosen = np.flatnonzero(free & (turn % 20 == 13))
    row, other = buildings.sindex.query(shapes[chosen], predicate="dwithin", distance=0.05)
    first, second = chosen[row], other
    fits = free[second] & (turn[second] % 20 != 13)
    first, second = first[fits], second[fits]
    first, second = first[np.unique(second, return_index=True)[1]], np.unique(second)
    _, once = np.unique(first, return_index=True)
    return first[once], second[once]


def _turn(keys: pd.Index) -> np.ndarray:
    """Return a number a key that looks like chance and is the same everywhere."""
    return pd.util.hash_array(keys.to_numpy(dtype=object)).astype(np.uint64) % np.uint64(1_000_003)


def _buildings(buildings: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    first, second = _joined(buildings)
    shapes = np.asarray(buildings.geometry.array, dtype=object).copy()
    shapes[first] = shapely.union(shapes[first], shapely.buffer(shapes[second], 0.06, quad_segs=1))
    turn = _turn(buildings.index)
    here = (turn % 50 != 7) & ~np.isin(np.arange(len(turn)), second)
    present, shapes = buildings[here], shapes[here]
    shift = rng.normal(0, 0.2, (len(shapes), 2)).round(3)
    count = shapely.get_num_coordinates(shapes)
    xy = shapely.get_coordinates(shapes) + np.repeat(shift, count, axis=0)
    shapes = shapely.set_coordinates(shapes.copy(), xy.round(3))
    key, name = zip(*present["use"].astype(str).map(FUNCTIONS), strict=True)
    frame = _frame(
        {
            "oid": [f"{official_id(k)}BL" for k in present.index],
            "aktualit": DATE,
            "gebnutzbez": "Gebäude",
            "funktion": list(name),
            "gfkzshh": [f"31001_{k}" for k in key],
            "rellage": None,
            "name": present["name"].to_numpy(),
            "anzahlgs": present["storeys"].fillna(0).round().astype(int).to_numpy(),
            "gmdschl": AGS,
            "lagebeztxt": (present["street"] + " " + present["housenumber"]).to_numpy(),
        },
        shapes,
    )
    return pd.concat([_cut(frame, turn[here] % 40 == 3), _extras(frame)], ignore_index=True)


def _cut(frame: gpd.GeoDataFrame, chosen: np.ndarray) -> gpd.GeoDataFrame:
    """Cut some buildings in two; the second half has an id of its own."""
    whole = frame[chosen]
    west, south, east, north = shapely.bounds(whole.geometry.array).T
    middle = (west + east) / 2
    left = shapely.intersection(whole.geometry.array, shapely.box(west, south, middle, north))
    right = shapely.intersection(whole.geometry.array, shapely.box(middle, south, east, north))
    keys = [f"{official_id(oid + ':2')}BL" for oid in whole["oid"]]
    halves = [whole.set_geometry(left, crs=frame.crs)]
    halves.append(whole.assign(oid=keys).set_geometry(right, crs=frame.crs))
    cut = pd.concat([frame[~chosen], *halves], ignore_index=True)
    return cut.set_geometry(shapely.set_precision(cut.geometry.array, 0.001), crs=frame.crs)


def _extras(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return what is no building: parts inside one, canopies, garages under the ground."""
    parts, roofs, cellars = (frame.iloc[start::70].copy() for start in (5, 11, 17))
    inside = shapely.buffer(parts.geometry.array, -1.0)
    parts = parts.assign(gebnutzbez="Bauteil", funktion="Auskragende Geschosse", gfkzshh=None)
    parts = parts.set_geometry(inside, crs=frame.crs)[~shapely.is_empty(inside)]
    beside = shapely.affinity.translate
    roofs = roofs.assign(
        gebnutzbez="Sonstiges Bauwerk oder sonstige Einrichtung",
        funktion="Überdachung", gfkzshh="51009_1610", anzahlgs=0, lagebeztxt=None,
    ).set_geometry([beside(g, 15, 0) for g in roofs.geometry], crs=frame.crs)  # fmt: skip
    cellars = cellars.assign(
        funktion="Tiefgarage", gfkzshh="31001_2465", rellage="Unter der Erdoberfläche", anzahlgs=0,
    )  # fmt: skip
    extras = pd.concat([parts, roofs, cellars], ignore_index=True)
    marks = extras["gebnutzbez"] + extras["funktion"]
    return extras.assign(
        oid=[f"{official_id(o + m)}BL" for o, m in zip(extras["oid"], marks, strict=True)]
    )


def _parcels(buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give every building with an address the ground around it, cut half way to its neighbour."""
    homes = buildings[buildings["street"].notna()]
    points = shapely.centroid(homes.geometry.array)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points)))
    home, cell = shapely.STRtree(cells).query(points, predicate="intersects")
    _, first = np.unique(home, return_index=True)
    home, cell = home[first], cell[first]
    plots = shapely.intersection(cells[cell], shapely.buffer(points[home], 30, quad_segs=3))
    plots = shapely.set_precision(plots, 0.001)
    number = np.arange(1, len(plots) + 1)
    keys = [official_id(f"{k}:parcel") for k in homes.index[home]]
    return _frame(
        {
            "oid": [f"{k}FL" for k in keys],
            "aktualit": DATE,
            "idflurst": keys,
            "flaeche": shapely.area(plots).round(0),
            "flstkennz": [f"055123{1 + n // 900:03d}{n % 900 + 1:05d}____" + "__" for n in number],
            "land": "Nordrhein-Westfalen",
            "landschl": "05",
            "gemarkung": "Musterfeld",
            "gemaschl": "055123",
            "flur": [f"{1 + n // 900:03d}" for n in number],
            "flstnrzae": [str(n % 900 + 1) for n in number],
            "flstnrnen": None,
            "gemeinde": "Musterstadt",
            "gmdschl": AGS,
            "lagebeztxt": (homes["street"] + " " + homes["housenumber"]).to_numpy()[home],
            "tntxt": [f"Wohnbaufläche;{a:.0f}" for a in shapely.area(plots)],
        },
        plots,
    )


def _landuse(tables: dict[str, gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    land, water, streets = tables["landuse"], tables["water"], tables["streets"]
    words = [
        LAND.get(c, ("Unland, vegetationslose Fläche", None)) for c in land["class"].astype(str)
    ]
    one_way = streets[streets.index <= streets["reverse_id"].fillna("~")]
    roads = shapely.buffer(one_way.geometry.array, 4.0, cap_style="flat", quad_segs=2)
    wet = np.asarray(water.geometry.array, dtype=object)
    line = shapely.get_type_id(wet) == 1
    wet[line] = shapely.buffer(wet[line], 3.0, quad_segs=2)
    keys = [*land.index, *one_way.index, *water.index]
    kinds = [WATER.get(c) for c in water["class"].astype(str)]
    still = [kind in {"See", None} for kind in kinds]
    uses = [w for w, _ in words] + ["Straßenverkehr"] * len(roads)
    return _frame(
        {
            "oid": [f"{official_id(f'{k}:use')}TN" for k in keys],
            "aktualit": DATE,
            "nutzart": uses + ["Stehendes Gewässer" if s else "Fließgewässer" for s in still],
            "bez": [k for _, k in words] + [None] * len(roads) + kinds,
            "name": [*land["name"], *one_way["name"], *water["name"]],
        },
        np.concatenate([np.asarray(land.geometry.array, dtype=object), roads, wet]),
    )


def _units(tables: dict[str, gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    town = shapely.union_all(shapely.buffer(tables["districts"].geometry.array, 5)).buffer(-4)
    around = shapely.box(*shapely.bounds(town)).buffer(500, join_style="mitre")
    return _frame(
        {
            "oid": [f"DENW{AGS}", "DENW05382000"],
            "aktualit": DATE,
            "art": ["Gemeinde", "Kreis"],
            "name": ["Musterstadt", "Musterkreis"],
            "rs": ["053820068068", "05382"],
            "ags": [AGS, "05382"],
        },
        np.array([town, around], dtype=object),
    )


def _tracts(districts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    numbers = range(len(districts))
    return _frame(
        {
            "oid": [f"DENW0551{n:02d}" for n in numbers],
            "aktualit": DATE,
            "art": "Gemarkung",
            "name": districts["name"].to_numpy(),
            "schluessel": [f"0551{n:02d}" for n in numbers],
            "gemeinde": "Musterstadt",
            "gmdschl": AGS,
        },
        np.asarray(districts.geometry.array, dtype=object),
    )


def _frame(columns: dict[str, object], shapes: np.ndarray) -> gpd.GeoDataFrame:
    index = range(len(shapes))
    shapes = shapely.set_precision(shapes, 0.001)
    return gpd.GeoDataFrame(pd.DataFrame(columns, index=index), geometry=shapes, crs="EPSG:25832")


def _write_gml(layers: dict[str, gpd.GeoDataFrame], path: Path) -> None:
    """Write a collection as a WFS 2.0 gives it: GML 3.2, the namespace `ave`."""
    total = sum(map(len, layers.values()))
    with path.open("w", encoding="utf-8") as file:
        file.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n<wfs:FeatureCollection'
            ' xmlns:wfs="http://www.opengis.net/wfs/2.0" xmlns:gml="http://www.opengis.net/gml/3.2"'
            f' xmlns:ave="{NAMESPACE}" numberMatched="{total}" numberReturned="{total}">\n'
        )
        for name, frame in layers.items():
            kind = NAMES[name].replace("Gebauede", "Gebaeude")
            columns = [c for c in frame.columns if c != "geometry"]
            for values, shape in zip(
                frame[columns].itertuples(index=False), frame.geometry, strict=True
            ):
                file.write(_member(kind, dict(zip(columns, values, strict=True)), shape))
        file.write("</wfs:FeatureCollection>\n")


def _member(kind: str, values: dict[str, object], shape: shapely.Geometry) -> str:
    fields = "".join(
        f"<ave:{c}>{escape(str(v))}</ave:{c}>" for c, v in values.items() if pd.notna(v)
    )
    parts = "".join(
        f"<gml:surfaceMember><gml:Polygon>{_ring(p.exterior, 'exterior')}"
        f"{''.join(_ring(r, 'interior') for r in p.interiors)}</gml:Polygon></gml:surfaceMember>"
        for p in shapely.get_parts(shape)
    )
    return (
        f'<wfs:member><ave:{kind} gml:id="{kind}_{values["oid"]}">{fields}<ave:geometrie>'
        f'<gml:MultiSurface srsName="urn:ogc:def:crs:EPSG::25832">{parts}</gml:MultiSurface>'
        f"</ave:geometrie></ave:{kind}></wfs:member>\n"
    )


def _ring(ring: shapely.LinearRing, place: str) -> str:
    numbers = " ".join(f"{v:.3f}" for v in shapely.get_coordinates(ring).ravel())
    return (
        f"<gml:{place}><gml:LinearRing><gml:posList>{numbers}</gml:posList>"
        f"</gml:LinearRing></gml:{place}>"
    )
