"""OpenStreetMap of a municipality through the existing reader of Overpass."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import geopandas as gpd
import shapely

from layers.fetch.manifest import FetchedFile
from layers.fetch.municipalities import CRS
from layers.overpass import fetch_place
from layers.source import known_sources, sha256_of
from layers.web import disk_errors

if TYPE_CHECKING:
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from layers.fetch.municipalities import Municipality
    from layers.fetch.products import Product
    from layers.overpass import Endpoints
    from layers.source_data import Progress


def fetch_osm(
    town: Municipality,
    shape: BaseGeometry | None,
    folder: Path,
    *,
    product: Product,
    endpoints: Endpoints | None,
    progress: Progress,
) -> FetchedFile:
    """Fetch the area of a municipality (of its bounding box without a boundary) into `folder`."""
    area = shapely.box(*town.bounds) if shape is None else shape
    degrees = gpd.GeoSeries([area], crs=CRS).to_crs("EPSG:4326").iloc[0]
    cached = fetch_place(
        shapely.set_precision(degrees, 1e-7), endpoints=endpoints, progress=progress
    )
    path = f"{product.key}/{town.slug}.osm"
    target = folder / path
    with disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + ".part")
        shutil.copyfile(cached, part)
        part.replace(target)
    return FetchedFile(
        path, "osm/osm", product.key, product.kind, "", product.source,
        known_sources()[product.source].licence, sha256_of(target), target.stat().st_size,
        datetime.now(UTC).isoformat(timespec="seconds"),
    )  # fmt: skip
