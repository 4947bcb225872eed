"""Addresses in xAL 2 (CityGML 1 and 2) and xAL 3 (CityGML 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

STREET, NUMBER, POSTCODE, LOCALITY = range(4)
PLACES = {
    "ThoroughfareName": STREET,
    "ThoroughfareNumber": NUMBER,
    "ThoroughfareNumberRange": NUMBER,
    "PremiseNumber": NUMBER,
    "PostalCodeNumber": POSTCODE,
    "LocalityName": LOCALITY,
    "Thoroughfare/NameElement": STREET,
    "Thoroughfare/Number": NUMBER,
    "Number/Identifier": NUMBER,
    "Premises/Number": NUMBER,
    "PostCode/Identifier": POSTCODE,
    "Locality/NameElement": LOCALITY,
}


def read_address(element: _Element) -> Iterator[tuple[str | None, ...]]:
    """Yield street, number, postcode and locality of every address in `element`."""
    found: list[str | None] = [None] * 4
    for inner in element.iter("{*}*"):
        text = (inner.text or "").strip()
        if not text:
            continue
        above = inner.getparent()
        local = _local(inner)
        path = f"{_local(above)}/{local}" if above is not None else local
        place = PLACES.get(local, PLACES.get(path))
        if place is None:
            continue
        found[place] = _joined(found[place], text, place)
    if any(found[:2]):
        yield tuple(found)


def _joined(known: str | None, text: str, place: int) -> str:
    """Join number and addition ("12", "a"); of other words the first counts."""
    if known is None:
        return text
    return f"{known}{text}" if place == NUMBER and len(text) == 1 else known


def _local(element: _Element) -> str:
    return str(element.tag).rpartition("}")[2]
