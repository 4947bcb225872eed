"""An area cut into pieces that a server can answer for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import geopandas as gpd
import shapely

from twin.crs import utm_crs
from twin.errors import SourceError

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

LARGEST_KM2 = 1000
"""Berlin has 892. Beyond, an extract is kinder to the servers and faster."""
MARGIN_M = 25  # a tile reaches this far over its edge, so that its corners can be simplified


def split(boundary: BaseGeometry, *, tile_km2: float) -> list[BaseGeometry]:
    """
    Cut an area into pieces of at most `tile_km2` (in its UTM zone, EPSG:4326 in and out).

    Raises `SourceError` for more than `LARGEST_KM2`.
    """
    crs = utm_crs(boundary.centroid.x, boundary.centroid.y)
    flat = _project(boundary, "EPSG:4326", crs)
    if flat.area > LARGEST_KM2 * 1e6:
        template = "The area is {area} km²; at most {limit} km² are asked of a public server."
        hint = "Download an extract from download.geofabrik.de and build from the file."
        area = round(flat.area / 1e6)
        raise SourceError(template, hint=hint, area=area, limit=LARGEST_KM2)
    west, south, east, north = flat.bounds
    side = math.sqrt(tile_km2) * 1000
    columns, rows = math.ceil((east - west) / side), math.ceil((north - south) / side)
    width, height = (east - west) / columns, (north - south) / rows
    pieces = [
        flat.intersection(
            shapely.box(
                west + i * width,
                south + j * height,
                west + (i + 1) * width,
                south + (j + 1) * height,
            )
        )
        for j in range(rows)
        for i in range(columns)
    ]
    return [_project(piece, crs, "EPSG:4326") for piece in pieces if piece.area > 1]


def quarters(piece: BaseGeometry, *, smallest_km2: float) -> list[BaseGeometry]:
    """Cut a piece in four; nothing where it is smaller than `smallest_km2` already."""
    west, south, east, north = piece.bounds
    height_km, width_km = (north - south) * 111, (east - west) * 111 * math.cos(math.radians(north))
    if height_km * width_km < smallest_km2:
        return []
    x, y = (west + east) / 2, (south + north) / 2
    boxes = [
        shapely.box(west, south, x, y),
        shapely.box(x, south, east, y),
        shapely.box(west, y, x, north),
        shapely.box(x, y, east, north),
    ]
    return [part for box in boxes if (part := piece.intersection(box)).area > 0]


def outlines(piece: BaseGeometry) -> list[str]:
    """Return the rings of a piece as `lat lon lat lon …`, simplified outwards, holes left out."""
    crs = utm_crs(piece.centroid.x, piece.centroid.y)
    wide = _project(piece, "EPSG:4326", crs).buffer(MARGIN_M).simplify(MARGIN_M * 0.8)
    rings = [part.exterior.coords for part in shapely.get_parts(_project(wide, crs, "EPSG:4326"))]
    return [" ".join(f"{lat:.6f} {lon:.6f}" for lon, lat in ring) for ring in rings]


def _project(geometry: BaseGeometry, before: str, after: str) -> BaseGeometry:
    projected: BaseGeometry = gpd.GeoSeries([geometry], crs=before).to_crs(after).iloc[0]
    return projected
