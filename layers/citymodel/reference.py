"""The CRS a tile declares, the order of its axes, and the way into the CRS of the city."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from twin.crs import utm_crs
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from layers.citymodel.raw import Tile

EPSG = re.compile(r"EPSG(?:\.xml#|\W(?:[\d.]*\W)?)(\d{4,6})(?!\d)", re.IGNORECASE)
ADV = re.compile(r"(ETRS89_UTM|DE_DHDN_3GK|ETRS89_Lat-Lon)(\d*)", re.IGNORECASE)
MARGIN = 1.0  # degrees beyond the official area of use that still count as inside


def epsg_of(name: str, tile: str) -> int:
    """
    Return the EPSG code of the horizontal part of a CRS as city models name it.

    >>> epsg_of("urn:adv:crs:ETRS89_UTM32*DE_DHHN2016_NH*GCG2016", "")
    25832
    >>> epsg_of("urn:ogc:def:crs,crs:EPSG:6.12:3068,crs:EPSG:6.12:5783", "")
    3068
    >>> epsg_of("https://www.opengis.net/def/crs/EPSG/0/7415", "")
    28992
    """
    adv = ADV.search(name)
    base = {"ETRS89_UTM": 25800, "DE_DHDN_3GK": 31464, "ETRS89_LAT-LON": 4258}
    codes = [base[adv[1].upper()] + int(adv[2] or 0)] if adv else EPSG.findall(name)
    try:
        crs = CRS.from_epsg(codes[0]) if codes else CRS(name)
        flat = crs.sub_crs_list[0] if crs.is_compound else crs
        code = flat.to_2d().to_epsg(min_confidence=60)
    except CRSError:
        code = None
    if code is None:
        template = "{path} names the coordinate system {crs!r}, which is not known here."
        hint = "Known are EPSG codes and the names of the German surveying offices."
        raise SourceError(template, hint=hint, path=tile, crs=name)
    return int(code)


def target_crs(tiles: Sequence[Tile]) -> str:
    """
    Return the one CRS of the city: that of most buildings if it is UTM, else the zone they lie in.

    Ties go to the lower code. Tiles without buildings have no say.
    """
    weight: dict[int, int] = {}
    for tile in tiles:
        if len(tile.model.corners):
            code = _code(tile)
            weight[code] = weight.get(code, 0) + len(tile.model.objects)
    if not weight:
        return ""
    best = min(weight, key=lambda code: (-weight[code], code))
    if 25828 <= best <= 25838 or 32601 <= best <= 32660 or 32701 <= best <= 32760:
        return f"EPSG:{best}"
    tile = next(t for t in tiles if len(t.model.corners) and _code(t) == best)
    xy, _ = _in_order(tile.model.corners, best, tile.crs_name)
    lon, lat = _transformer(best, 4258).transform(*np.median(xy, axis=0)[:2])
    return utm_crs(float(lon), float(lat))


def _code(tile: Tile) -> int:
    if not tile.crs_name:
        template = "{path} does not say in which coordinate system it is (srsName is missing)."
        hint = "Add srsName to its gml:Envelope, or referenceSystem to its metadata."
        raise SourceError(template, hint=hint, path=tile.name)
    return epsg_of(tile.crs_name, tile.name)


def corners_in(tile: Tile, crs: str) -> tuple[NDArray[np.float64], str]:
    """
    Return the corners of a tile in `crs`, rounded to 1 mm, and what was odd about its axes.

    That is "" (nothing), "axes_swapped", "zone_in_easting" or "outside_crs".
    """
    code = _code(tile)
    corners, odd = _in_order(tile.model.corners, code, tile.crs_name)
    if f"EPSG:{code}" != crs:
        x, y = _transformer(code, int(crs.removeprefix("EPSG:"))).transform(
            corners[:, 0], corners[:, 1]
        )
        corners = np.column_stack([x, y, corners[:, 2]])
    return np.round(corners, 3), odd


def outline_in(
    box: tuple[float, float, float, float], crs_name: str, tile: str, crs: str
) -> BaseGeometry:
    """Return the envelope of a tile (two corners as they stand in the file) in another CRS."""
    code = epsg_of(crs_name, tile)
    corners = np.array([[box[0], box[1], 0.0], [box[2], box[3], 0.0]])
    (x0, y0), (x1, y1) = _in_order(corners, code, crs_name)[0][:, :2]
    edge = np.linspace(0, 1, 5)
    x, y = (a.ravel() for a in np.meshgrid(x0 + edge * (x1 - x0), y0 + edge * (y1 - y0)))
    target = CRS(crs)
    if target.to_epsg() != code:
        x, y = Transformer.from_crs(code, target, always_xy=True).transform(x, y)
    outline: BaseGeometry = shapely.box(np.min(x), np.min(y), np.max(x), np.max(y))
    return outline


def _in_order(
    corners: NDArray[np.float64], code: int, name: str
) -> tuple[NDArray[np.float64], str]:
    """Return corners easting (longitude) first; whatever the file does, the position decides."""
    crs = CRS.from_epsg(code)
    north_first = crs.axis_info[0].direction.lower() == "north"
    if crs.is_geographic and north_first and not re.fullmatch(r"EPSG:\d+", name.strip()):
        orders = ((True, ""), (False, "axes_swapped"))  # URNs and addresses mean latitude first
    else:
        orders = ((False, ""), (True, "" if north_first else "axes_swapped"))
    middle = np.median(corners, axis=0)
    for swap, odd in orders:
        if _inside(middle[1::-1] if swap else middle[:2], code):
            return (corners[:, [1, 0, 2]] if swap else corners), odd
    zone = np.floor(middle[0] / 1e6)
    bare = np.array([middle[0] - zone * 1e6, middle[1]])
    if 28 <= zone <= 38 and _inside(bare, code):  # EPSG:4647 and the like: zone before easting
        return corners - np.array([zone * 1e6, 0, 0]), "zone_in_easting"
    return corners, "outside_crs"


def _inside(xy: NDArray[np.float64], code: int) -> bool:
    crs = CRS.from_epsg(code)
    area = crs.area_of_use
    if area is None:
        return True
    lon, lat = xy if crs.is_geographic else _transformer(code, 4258).transform(*xy)
    west, south, east, north = area.bounds
    return bool(west - MARGIN <= lon <= east + MARGIN and south - MARGIN <= lat <= north + MARGIN)


@cache
def _transformer(source: int, target: int) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)
