"""Coordinate systems as NAS names them, and the way to the one of the city."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from twin.crs import utm_crs

if TYPE_CHECKING:
    from numpy.typing import NDArray

ADV = {
    "ETRS89_UTM31": 25831, "ETRS89_UTM32": 25832, "ETRS89_UTM33": 25833,
    "DE_DHDN_3GK2": 31466, "DE_DHDN_3GK3": 31467, "DE_DHDN_3GK4": 31468, "DE_DHDN_3GK5": 31469,
    "DE_42-83_3GK4": 2398, "DE_42-83_3GK5": 2399, "DE_PD-83_3GK4": 3397, "DE_RD-83_3GK4": 3398,
    "DE_RD-83_3GK5": 3399, "ETRS89_LAT-LON": 4258,
}  # fmt: skip
"""Names of the AdV (GeoInfoDok, Kennungen für Koordinatenreferenzsysteme) by EPSG code."""
EPSG = re.compile(r"EPSG(?:[:/][0-9.]*)?[:/](\d{4,5})$", re.IGNORECASE)


@cache
def epsg(name: str) -> int:
    """
    Return the EPSG code of a name, 0 where it is none we know; heights are left aside.

    >>> epsg("urn:adv:crs:ETRS89_UTM32*DE_DHHN2016_NH"), epsg("urn:ogc:def:crs:EPSG::25832")
    (25832, 25832)
    """
    plain = name.rpartition(":")[2].partition("*")[0].strip()
    if plain.upper() in ADV:
        return ADV[plain.upper()]
    found = EPSG.search(name)
    if found is None:
        return 0
    try:
        return int(found[1]) if CRS.from_epsg(int(found[1])).is_geographic is not None else 0
    except CRSError:
        return 0


def to_crs(xy: NDArray[np.float64], source: int, target: str) -> tuple[NDArray[np.float64], bool]:
    """
    Return positions in `target`, and whether they came with their axes swapped.

    East comes first, as the AdV fixes it; where the values only fit the other way round, they are
    swapped. A zone number in front of the easting (32 370 000) is dropped.
    """
    x, y = xy[:, 0], xy[:, 1]
    swapped = _is_swapped(x, y, source)
    if swapped:
        x, y = y, x
    if source in {25831, 25832, 25833}:
        x = np.where(x > 1e6, x % 1e6, x)
    if target == f"EPSG:{source}":
        return np.column_stack([x, y]), swapped
    transformer = Transformer.from_crs(f"EPSG:{source}", target, always_xy=True)
    return np.column_stack(transformer.transform(x, y)), swapped


def _is_swapped(x: NDArray[np.float64], y: NDArray[np.float64], source: int) -> bool:
    """Germany lies at 5.2 to 6.1 million metres north, and at 5 to 16 degrees east."""
    if not len(x):
        return False
    east, north = float(np.median(x)), float(np.median(y))
    if CRS.from_epsg(source).is_geographic:
        return 46 < east < 56 and 5 < north < 16
    return 5e6 < east < 6.3e6 and not 5e6 < north < 6.3e6


def city_crs(codes: dict[int, int], middle: tuple[float, float]) -> str:
    """Return the UTM zone most objects are in; by their place (lon, lat) where none is in one."""
    utm = {code: count for code, count in codes.items() if code in {25831, 25832, 25833}}
    if utm:
        return f"EPSG:{max(utm, key=lambda code: (utm[code], -code))}"
    return utm_crs(*middle)
