"""Which objects and attributes of NAS are read; everything else, persons above all, never is."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import TYPE_CHECKING

from layers.nas.curves import HREF, NoRingError, coordinates, local, ring

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lxml.etree import _Element

    from layers.nas.raw import Outlines, RawNas

Row = dict[str, "str | list[str] | int"]

LAND_KINDS = (
    "AX_Wohnbauflaeche", "AX_IndustrieUndGewerbeflaeche", "AX_Halde", "AX_Bergbaubetrieb",
    "AX_TagebauGrubeSteinbruch", "AX_FlaecheGemischterNutzung",
    "AX_FlaecheBesondererFunktionalerPraegung", "AX_SportFreizeitUndErholungsflaeche",
    "AX_Friedhof", "AX_Strassenverkehr", "AX_Weg", "AX_Platz", "AX_Bahnverkehr", "AX_Flugverkehr",
    "AX_Schiffsverkehr", "AX_Landwirtschaft", "AX_Wald", "AX_Gehoelz", "AX_Heide", "AX_Moor",
    "AX_Sumpf", "AX_UnlandVegetationsloseFlaeche", "AX_Fliessgewaesser", "AX_Hafenbecken",
    "AX_StehendesGewaesser", "AX_Meer",
)  # fmt: skip
"""Tatsächliche Nutzung."""

LAND_WORDS = frozenset({
    "funktion", "artDerBebauung", "vegetationsmerkmal", "hydrologischesMerkmal", "abbaugut",
    "lagergut", "name", "zweitname", "unverschluesselt",
})  # fmt: skip
LOCATION = frozenset({"lagebezeichnung", "hausnummer", "pseudonummer", "laufendeNummer"})
CATALOGUE = frozenset({"schluessel", "bezeichnung"})
BUILDING = frozenset({
    "gebaeudefunktion", "anzahlDerOberirdischenGeschosse", "bauweise", "name", "objekthoehe",
    "dachform", "baujahr", "lageZurErdoberflaeche", "zustand", "zeigtAuf", "hat",
})  # fmt: skip
ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "AX_Gebaeude": BUILDING,
    "AX_Bauteil": BUILDING | {"bauart"},
    "AX_SonstigesBauwerkOderSonstigeEinrichtung": frozenset({"bauwerksfunktion", "name"}),
    "AX_BauwerkOderAnlageFuerIndustrieUndGewerbe": frozenset({"bauwerksfunktion", "name"}),
    "AX_Turm": frozenset({"bauwerksfunktion", "name", "zeigtAuf"}),
    "AX_VorratsbehaelterSpeicherbauwerk": frozenset({"speicherinhalt", "bauwerksfunktion", "name"}),
    "AX_Flurstueck": frozenset({
        "flurstueckskennzeichen", "amtlicheFlaeche", "gemarkung", "flurnummer",
        "flurstuecksnummer", "gemeindezugehoerigkeit", "weistAuf", "zeigtAuf",
    }),
    "AX_LagebezeichnungMitHausnummer": LOCATION,
    "AX_LagebezeichnungMitPseudonummer": LOCATION,
    "AX_LagebezeichnungOhneHausnummer": LOCATION,
    "AX_LagebezeichnungKatalogeintrag": CATALOGUE,
    "AX_Gemarkung": CATALOGUE,
    "AX_Gemeinde": CATALOGUE,
    "AX_KommunalesGebiet": frozenset({"gemeindekennzeichen"}),
    "AX_GeoreferenzierteGebaeudeadresse": frozenset({
        "strassenname", "hausnummer", "adressierungszusatz", "postleitzahl", "ortsnamePost",
        "hatAuch",
    }),
    **dict.fromkeys(LAND_KINDS, LAND_WORDS),
}  # fmt: skip
LISTS = frozenset({"zeigtAuf", "hat", "weistAuf", "hatAuch"})
STRUCTURES: Mapping[str, str] = {
    "AX_Turm": "51001",
    "AX_BauwerkOderAnlageFuerIndustrieUndGewerbe": "51002",
    "AX_VorratsbehaelterSpeicherbauwerk": "51003",
    "AX_SonstigesBauwerkOderSonstigeEinrichtung": "51009",
}
"""Built things that are no houses, with the key of their class."""
WITH_AREA = frozenset(
    {"AX_KommunalesGebiet", "AX_Gebaeude", "AX_Bauteil", "AX_Flurstueck", *STRUCTURES, *LAND_KINDS}
)
GML_ID = ("{http://www.opengis.net/gml/3.2}id", "{http://www.opengis.net/gml}id")


def read_object(
    element: _Element,
    kind: str,
    raw: RawNas,
    *,
    shared: Mapping[str, Sequence[float]],
    system: str = "",
    last: bool = True,
) -> Row | None:
    """
    Return an object as a row of text, None where it has ended; its outline goes to `raw`.

    Codes may stand as text (GeoInfoDok 6) or at the end of a link (7). `system` is the coordinate
    system of objects that name none. Unless it is the `last`
    try, an edge that is not in `shared` yet raises `NoRingError`.
    """
    row, place = _attributes(element, kind)
    if row.get("lebenszeitintervall.endet"):
        raw.note("ended_objects")
        return None
    row["begin"] = row.pop("lebenszeitintervall.beginnt", "")
    raw.newest = max(raw.newest, str(row["begin"]))
    if place is None:
        return row
    try:
        crs = raw.system(_system(place) or system)
        _locate(row, place, kind, raw.outlines, shared=shared, crs=crs)
    except NoRingError as error:
        if not last and error.reason == "dangling_edge":
            raise
        raw.note(error.reason, str(row["id"]))
    except (ValueError, IndexError):
        raw.note("broken_outline", str(row["id"]))
    return row


def _attributes(element: _Element, kind: str) -> tuple[Row, _Element | None]:
    """Return the wanted attributes of an object, and where it keeps its geometry."""
    wanted = ATTRIBUTES[kind]
    row: Row = {"id": gml_id(element)}
    place: _Element | None = None
    for child in element.iterchildren("*"):
        name = local(child.tag)
        if name in wanted or name == "lebenszeitintervall":
            _take(row, name, child)
        elif name == "identifier":
            row["id"] = (child.text or "").strip() or row["id"]
        elif name == "position":
            place = child
    return row, place


def gml_id(element: _Element) -> str:
    """Return the `gml:id` of an element, "" where it has none."""
    return next((value for name in GML_ID if (value := element.get(name))), "")


def _take(row: Row, name: str, child: _Element) -> None:
    """Note down an attribute: its text, its link, or the leaves below it as `name.leaf`."""
    link = child.get(HREF)
    if name in LISTS:
        if link:
            row.setdefault(name, []).append(link.rpartition(":")[2])  # type: ignore[union-attr]
        return
    if len(child):
        for leaf in child.iter("*"):
            if not len(leaf):
                row.setdefault(_leaf(name, leaf.tag), _word(leaf))
        return
    row.setdefault(name, _word(child))


def _word(element: _Element) -> str:
    link = element.get(HREF)
    text = (element.text or "").strip()
    # keys, codes and times repeat a million times: one text each
    return sys.intern(text or (link or "").rstrip("/").rpartition("/")[2].rpartition(":")[2])


@lru_cache(maxsize=4096)
def _leaf(name: str, tag: str) -> str:
    return f"{name}.{local(tag)}"


def _locate(
    row: Row,
    place: _Element,
    kind: str,
    outlines: Outlines,
    *,
    shared: Mapping[str, Sequence[float]],
    crs: int,
) -> None:
    """Keep the outline (or the point, for an address) of an object."""
    if kind not in WITH_AREA:
        xy = next((coordinates(point) for point in place.iter("{*}Point")), [])
        if len(xy) == 2:
            row["x"], row["y"] = repr(xy[0]), repr(xy[1])
            row["crs"] = crs
        return
    patches = [
        [ring(edge[0], shared) for edge in patch]
        for patch in place.iter("{*}PolygonPatch", "{*}Polygon")
    ]
    if patches and all(patches):
        row["outline"] = outlines.add(patches, crs)


def _system(place: _Element) -> str:
    """Return the coordinate system an object names itself, "" where it leaves it to the file."""
    for element in place.iter("{*}Surface", "{*}MultiSurface", "{*}CompositeSurface", "{*}Polygon",
                              "{*}Curve", "{*}Point"):  # fmt: skip
        name = element.get("srsName")
        if name:
            return name
    return ""
