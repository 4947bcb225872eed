"""
Writes a town as NAS, as an office gives it out: with points, books and persons around.

Structure and order follow GeoInfoDok 6.0.1 and 7.1: outlines are rings of curves, one a side,
some of them arcs; addresses are objects of their own, streets stand in a catalogue by key.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import shapely

from tests.town_files.ids import official_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import TextIO

    import geopandas as gpd
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

FUNCTIONS = {
    "residential": "1010", "mixed": "1123", "office": "2020", "retail": "2054",
    "commercial": "2010", "industrial": "2111", "storage": "2143", "education": "3021",
    "health": "3051", "public": "3012", "religious": "3041", "culture": "3034", "sport": "3211",
    "hospitality": "2071", "agriculture": "2721", "garage": "2463", "shed": "2723",
    "transport": "3091", "utility": "2523", "other": "9998",
}  # fmt: skip
ROOFS = {
    "flat": "1000", "skillion": "2100", "gabled": "3100", "hipped": "3200", "half_hipped": "3300",
    "mansard": "3400", "pyramidal": "3500", "dome": "3700", "round": "3900", "other": "9999",
}  # fmt: skip
LAND = {
    "residential": ("AX_Wohnbauflaeche", ""),
    "industrial": ("AX_IndustrieUndGewerbeflaeche", "<funktion>1700</funktion>"),
    "commercial": ("AX_IndustrieUndGewerbeflaeche", "<funktion>1440</funktion>"),
    "forest": ("AX_Wald", "<vegetationsmerkmal>1100</vegetationsmerkmal>"),
    "farmland": ("AX_Landwirtschaft", "<vegetationsmerkmal>1010</vegetationsmerkmal>"),
    "meadow": ("AX_Landwirtschaft", "<vegetationsmerkmal>1020</vegetationsmerkmal>"),
    "cemetery": ("AX_Friedhof", ""),
    "road": ("AX_Strassenverkehr", ""),
    "railway": ("AX_Bahnverkehr", ""),
    "park": ("AX_SportFreizeitUndErholungsflaeche", "<funktion>4420</funktion>"),
    "allotments": ("AX_SportFreizeitUndErholungsflaeche", "<funktion>4440</funktion>"),
    "playground": ("AX_SportFreizeitUndErholungsflaeche", "<funktion>4470</funktion>"),
    "education": ("AX_FlaecheBesondererFunktionalerPraegung", "<funktion>1120</funktion>"),
    "health": ("AX_FlaecheBesondererFunktionalerPraegung", "<funktion>1150</funktion>"),
    "parking": ("AX_Platz", "<funktion>5310</funktion>"),
}
WATER = {
    "river": ("AX_Fliessgewaesser", "<funktion>8200</funktion>"),
    "stream": ("AX_Fliessgewaesser", "<funktion>8500</funktion>"),
    "lake": ("AX_StehendesGewaesser", "<funktion>8610</funktion>"),
}
KEY = (
    "<AX_VerschluesselteLagebezeichnung><land>05</land><regierungsbezirk>3</regierungsbezirk>"
    "<kreis>82</kreis><gemeinde>068</gemeinde><lage>{lage:05d}</lage>"
    "</AX_VerschluesselteLagebezeichnung>"
)
TOWN_KEY = (
    "<AX_Gemeindekennzeichen><land>05</land><regierungsbezirk>3</regierungsbezirk>"
    "<kreis>82</kreis><gemeinde>068</gemeinde></AX_Gemeindekennzeichen>"
)
TRACT = "Musterstadt"


class _Writer:
    """One file being written; `copy` shifts the town and gives its objects other ids."""

    def __init__(self, out: TextIO, gid: int) -> None:
        self.out = out
        self.gid = gid
        self.copy = 0
        self.shift = 0.0
        self.curves = 0

    def id(self, key: str) -> str:
        return official_id(key if not self.copy else f"{key}:{self.copy}")

    def member(self, kind: str, key: str, inside: str) -> None:
        holder = "wfs:member" if self.gid == 7 else "gml:featureMember"
        name = self.id(key)
        self.out.write(
            f'<{holder}>\n<{kind} gml:id="{name}">\n'
            f'<gml:identifier codeSpace="http://www.adv-online.de/">urn:adv:oid:{name}'
            "</gml:identifier>\n<lebenszeitintervall><AA_Lebenszeitintervall>"
            "<beginnt>2021-05-04T08:15:30Z</beginnt></AA_Lebenszeitintervall>"
            "</lebenszeitintervall>\n<modellart><AA_Modellart><advStandardModell>DLKM"
            "</advStandardModell></AA_Modellart></modellart>\n"
            f"{self.code('anlass', '000000')}{inside}</{kind}>\n</{holder}>\n"
        )

    def code(self, name: str, value: str) -> str:
        """Write a key as text (6) or as a link to the registry (7, for code lists)."""
        if self.gid == 7 and name == "anlass":
            return f'<{name} xlink:href="https://registry.gdi-de.org/codelist/de.adv-online.gid/AA_Anlassart/{value}"/>\n'
        return f"<{name}>{value}</{name}>\n"

    def link(self, name: str, key: str) -> str:
        return f'<{name} xlink:href="urn:adv:oid:{self.id(key)}"/>\n'

    def area(self, shape: BaseGeometry) -> str:
        patches = "".join(
            "<gml:PolygonPatch>"
            + f"<gml:exterior>{self.ring(part.exterior)}</gml:exterior>"
            + "".join(f"<gml:interior>{self.ring(h)}</gml:interior>" for h in part.interiors)
            + "</gml:PolygonPatch>\n"
            for part in shapely.get_parts(shape)
        )
        return (
            f'<position>\n<gml:Surface srsName="urn:adv:crs:ETRS89_UTM32" gml:id="{self.next()}">'
            f"<gml:patches>\n{patches}</gml:patches></gml:Surface>\n</position>\n"
        )

    def next(self) -> str:
        self.curves += 1
        return f"o{self.curves}"

    def ring(self, ring: shapely.LinearRing) -> str:
        xy = [(x + self.shift, y) for x, y in ring.coords]
        sides = "".join(
            f'<gml:curveMember>\n<gml:Curve gml:id="{self.next()}"><gml:segments>'
            f"<gml:LineStringSegment><gml:posList>{a[0]:.3f} {a[1]:.3f} {b[0]:.3f} {b[1]:.3f}"
            "</gml:posList></gml:LineStringSegment></gml:segments></gml:Curve>\n</gml:curveMember>\n"
            for a, b in pairwise(xy)
        )
        return f"<gml:Ring>\n{sides}</gml:Ring>"

    def point(self, x: float, y: float) -> str:
        return (
            f'<position>\n<gml:Point srsName="urn:adv:crs:ETRS89_UTM32" gml:id="{self.next()}">'
            f"<gml:pos>{x + self.shift:.3f} {y:.3f}</gml:pos></gml:Point>\n</position>\n"
        )


def write_nas(
    tables: Mapping[str, pd.DataFrame], path: Path, *, gid: int = 6, copies: int = 1
) -> Path:
    """
    Write buildings, parcels, addresses, land use and water of a town as a NAS file.

    Where the town has no parcels, each building that no other contains gets a square one.
    Objects keep their key of the model through `official_id`; further `copies` lie side by side
    to the east with other ids.
    """
    version = {6: "6.0", 7: "7.1"}[gid]
    west, _, east, _ = tables["buildings"].total_bounds
    with path.open("w", encoding="utf-8") as out:
        out.write(_head(version))
        writer = _Writer(out, gid)
        for copy in range(copies):
            writer.copy, writer.shift = copy, copy * (round(east - west) + 200.0)
            _write_town(writer, tables)
        out.write("</wfs:FeatureCollection>\n</enthaelt>\n</AX_Bestandsdatenauszug>\n")
    return path


def _head(version: str) -> str:
    wfs = "http://www.opengis.net/wfs" + ("/2.0" if version == "7.1" else "")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<AX_Bestandsdatenauszug '
        f'xmlns="http://www.adv-online.de/namespaces/adv/gid/{version}" '
        'xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'xmlns:wfs="{wfs}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
        "<erlaeuterung>Model town, generated for tests</erlaeuterung>\n"
        "<erfolgreich>true</erfolgreich>\n<koordinatenangaben><AA_Koordinatenreferenzsystemangaben>"
        '<crs xlink:href="urn:adv:crs:ETRS89_UTM32"/><anzahlDerNachkommastellen>3'
        "</anzahlDerNachkommastellen><standard>true</standard>"
        "</AA_Koordinatenreferenzsystemangaben></koordinatenangaben>\n<enthaelt>\n"
        "<wfs:FeatureCollection>\n"
    )


def _write_town(writer: _Writer, tables: Mapping[str, pd.DataFrame]) -> None:
    buildings = tables["buildings"]
    whole = buildings[buildings["part_of"].isna()] if "part_of" in buildings else buildings
    streets = {name: i for i, name in enumerate(sorted(whole["street"].dropna().unique()), 1)}
    _catalogue(writer, streets)
    for row in whole.itertuples():
        _building(writer, row, streets)
    for number, (key, shape, area) in enumerate(_parcels(tables, whole), 1):
        _parcel(writer, key, shape, area, number)
    for name, kinds in (("landuse", LAND), ("water", WATER)):
        for key, cls, shape in zip(
            tables[name].index, tables[name]["class"], tables[name].geometry, strict=True
        ):
            if cls in kinds and shape.geom_type.endswith("Polygon"):
                kind, words = kinds[cls]
                writer.member(kind, key, writer.area(shape) + words)


def _catalogue(writer: _Writer, streets: Mapping[str, int]) -> None:
    if writer.copy:
        return
    for name, lage in streets.items():
        writer.member(
            "AX_LagebezeichnungKatalogeintrag", f"street:{name}",
            f"<schluesselGesamt>05382068{lage:05d}</schluesselGesamt><bezeichnung>{escape(name)}"
            f"</bezeichnung><schluessel>{KEY.format(lage=lage)}</schluessel>\n",
        )  # fmt: skip
    writer.member(
        "AX_Gemarkung", "tract",
        f"<schluesselGesamt>050123</schluesselGesamt><bezeichnung>{TRACT}</bezeichnung>"
        "<schluessel><AX_Gemarkung_Schluessel><land>05</land><gemarkungsnummer>0123"
        "</gemarkungsnummer></AX_Gemarkung_Schluessel></schluessel>\n",
    )  # fmt: skip
    writer.member(
        "AX_Gemeinde", "town",
        "<schluesselGesamt>05382068</schluesselGesamt><bezeichnung>Musterstadt</bezeichnung>"
        f"<schluessel>{TOWN_KEY}</schluessel>\n",
    )  # fmt: skip


def _building(writer: _Writer, row: object, streets: Mapping[str, int]) -> None:
    key, inside = str(row.Index), ""
    number = getattr(row, "housenumber", None)
    if isinstance(row.street, str) and isinstance(number, str):
        writer.member(
            "AX_LagebezeichnungMitHausnummer", f"address:{key}",
            f"<lagebezeichnung><AX_Lagebezeichnung><verschluesselt>"
            f"{KEY.format(lage=streets[row.street])}</verschluesselt></AX_Lagebezeichnung>"
            f"</lagebezeichnung>\n<hausnummer>{escape(number)}</hausnummer>\n"
            + writer.link("gehoertZu", key),
        )  # fmt: skip
        inside += writer.link("zeigtAuf", f"address:{key}")
    inside += writer.area(row.geometry)
    inside += writer.code("gebaeudefunktion", FUNCTIONS.get(row.use, "9998"))
    if isinstance(row.name, str):
        inside += f"<name>{escape(row.name)}</name>\n"
    if row.storeys == row.storeys:
        storeys = int(max(row.storeys, 1))
        inside += writer.code("anzahlDerOberirdischenGeschosse", str(storeys))
    if row.roof_type in ROOFS:
        inside += writer.code("dachform", ROOFS[row.roof_type])
    if row.year_built == row.year_built:
        inside += f"<baujahr>{int(row.year_built)}</baujahr>\n"
    writer.member("AX_Gebaeude", key, inside)


def _parcels(
    tables: Mapping[str, pd.DataFrame], whole: gpd.GeoDataFrame
) -> Iterator[tuple[str, BaseGeometry, float]]:
    parcels = tables.get("parcels")
    if parcels is not None and len(parcels):
        yield from zip(parcels.index, parcels.geometry, parcels["area_m2"], strict=True)
        return
    for key, shape in zip(whole.index, whole.geometry, strict=True):
        west, south, east, north = shape.bounds
        square = shapely.box(west - 4, south - 4, east + 4, north + 4)
        yield f"parcel:{key}", square, round(square.area)


def _parcel(writer: _Writer, key: str, shape: BaseGeometry, area: float, number: int) -> None:
    """Write a parcel with what a cadastre holds around it: points, a book, an owner."""
    mark = f"050123001{number % 100000:05d}______"
    book = f"book:{key}"
    writer.member(
        "AX_Flurstueck", key,
        writer.link("istGebucht", book) + writer.area(shape)
        + "<gemarkung><AX_Gemarkung_Schluessel><land>05</land><gemarkungsnummer>0123"
        "</gemarkungsnummer></AX_Gemarkung_Schluessel></gemarkung>\n<flurstuecksnummer>"
        f"<AX_Flurstuecksnummer><zaehler>{number % 100000}</zaehler></AX_Flurstuecksnummer>"
        f"</flurstuecksnummer>\n<flurstueckskennzeichen>{mark}</flurstueckskennzeichen>\n"
        f'<amtlicheFlaeche uom="urn:adv:uom:m2">{area:.2f}</amtlicheFlaeche>\n'
        "<flurnummer>1</flurnummer><abweichenderRechtszustand>false</abweichenderRechtszustand>\n"
        f"<gemeindezugehoerigkeit>{TOWN_KEY}</gemeindezugehoerigkeit>\n",
    )  # fmt: skip
    writer.member(
        "AX_Buchungsblatt",
        book,
        f"<buchungsblattkennzeichen>050123{number:07d}</buchungsblattkennzeichen>\n",
    )
    writer.member(
        "AX_Person",
        f"person:{key}",
        f"<nachnameOderFirma>Eigentümer-{number}</nachnameOderFirma><vorname>Geheim</vorname>"
        "<geburtsdatum>1970-01-01</geburtsdatum>\n" + writer.link("hat", f"home:{key}"),
    )
    writer.member(
        "AX_Anschrift",
        f"home:{key}",
        "<ort_Post>Musterstadt</ort_Post><strasse>Geheimweg</strasse><hausnummer>99</hausnummer>\n",
    )
    for corner, (x, y) in enumerate(shapely.get_coordinates(shape)[:-1]):
        writer.member(
            "AX_Grenzpunkt", f"{key}:corner:{corner}",
            f"<punktkennung>32{int(x / 1000):03d}{int(y / 1000):04d}0{corner:05d}</punktkennung>"
            "<zustaendigeStelle><AX_Dienststelle_Schluessel><land>05</land><stelle>0382</stelle>"
            "</AX_Dienststelle_Schluessel></zustaendigeStelle><abmarkung_Marke>1110"
            "</abmarkung_Marke><festgestellterGrenzpunkt>true</festgestellterGrenzpunkt>\n"
            + writer.link("bestehtAus", f"{key}:place:{corner}"),
        )  # fmt: skip
        writer.member(
            "AX_PunktortTA", f"{key}:place:{corner}",
            writer.point(x, y)
            + "<kartendarstellung>true</kartendarstellung><koordinatenstatus>1000"
            "</koordinatenstatus><qualitaetsangaben><AX_DQPunktort><genauigkeitsstufe>2100"
            "</genauigkeitsstufe></AX_DQPunktort></qualitaetsangaben>\n",
        )  # fmt: skip
