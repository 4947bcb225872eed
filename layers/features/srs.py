"""Names of coordinate systems as web services and GML write them, and the order of their axes."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from layers.source_data import Area

LON_LAT = "OGC:CRS84"
ADV = {
    "ETRS89_UTM31": "EPSG:25831",
    "ETRS89_UTM32": "EPSG:25832",
    "ETRS89_UTM33": "EPSG:25833",
    "DE_DHDN_3GK2": "EPSG:31466",
    "DE_DHDN_3GK3": "EPSG:31467",
    "DE_DHDN_3GK4": "EPSG:31468",
    "DE_DHDN_3GK5": "EPSG:31469",
}
"""Names of the AdV (urn:adv:crs:…); easting comes first in all of them."""
BY_AUTHORITY = re.compile(r"(?:urn:(?:x-)?ogc:def:crs:EPSG:[^:]*:|/def/crs/EPSG/[^/]+/)(\d{4,6})$")
SHORT = re.compile(r"(?:^EPSG:|epsg\.xml#|^urn:(?:x-)?ogc:def:crs:EPSG:)(\d{4,6})$", re.IGNORECASE)


@cache
def parse_srs(name: str) -> tuple[str, bool]:
    """
    Return the CRS of a `srsName` and whether its first axis points north (latitude first).

    Long names (urn:…, http:…/def/crs/…) follow the order of the authority, short ones are written
    easting or longitude first. "" where the name is not understood.

    >>> parse_srs("urn:ogc:def:crs:EPSG::4326"), parse_srs("EPSG:4326")
    (('EPSG:4326', True), ('EPSG:4326', False))
    >>> parse_srs("urn:ogc:def:crs:EPSG::25832"), parse_srs("urn:adv:crs:ETRS89_UTM32")
    (('EPSG:25832', False), ('EPSG:25832', False))
    """
    plain = re.split(r"[*+,]", name.strip())[0]  # without the system of heights
    if "CRS84" in plain.upper():
        return LON_LAT, False
    if plain.lower().startswith("urn:adv:crs:"):
        return ADV.get(plain.rpartition(":")[2], ""), False
    official = BY_AUTHORITY.search(plain)
    if official:
        crs = f"EPSG:{official[1]}"
        return (crs, north_first(crs)) if _known(crs) else ("", False)
    short = SHORT.search(plain)
    crs = f"EPSG:{short[1]}" if short else ""
    return (crs if crs and _known(crs) else ""), False


@cache
def north_first(crs: str) -> bool:
    """
    Return whether the authority lists the northward axis before the eastward one.

    >>> north_first("EPSG:4326"), north_first("EPSG:25832"), north_first("EPSG:31467")
    (True, False, True)
    """
    axes = CRS(crs).axis_info
    return bool(axes) and axes[0].direction.lower() == "north"


def choose_srs(offered: Iterable[str], wanted: str) -> str:
    """
    Return the name under which a service offers the wanted CRS, else the one it names first.

    >>> choose_srs(["urn:ogc:def:crs:EPSG::4326", "urn:ogc:def:crs:EPSG::25832"], "EPSG:25832")
    'urn:ogc:def:crs:EPSG::25832'
    """
    names = list(offered)
    fitting = [name for name in names if parse_srs(name)[0] == wanted]
    known = [name for name in names if parse_srs(name)[0]]
    return next(iter([*fitting, *known, *names]), "")


def box_around(area: Area, crs: str) -> tuple[float, float, float, float]:
    """Return west, south, east, north in `crs` of the box around an area, bent edges included."""
    transformer = Transformer.from_crs(area.crs, crs, always_xy=True)
    west, south, east, north = transformer.transform_bounds(*area.shape.bounds)
    return west, south, east, north


def _known(crs: str) -> bool:
    try:
        CRS(crs)
    except CRSError:
        return False
    return True
