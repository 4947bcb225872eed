"""The official boundary of a municipality, from the cadastre's service, else from the BKG."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry import mapping

from layers.features.gml import read_gml
from layers.fetch.municipalities import CRS
from layers.source import download, known_sources
from layers.web import disk_errors
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from layers.fetch.municipalities import Municipality
    from layers.web import Manners

NAME = "boundary.geojson"
FAR_M = 3000.0  # generalised bounds differ from the official ones by some hundred metres


def fetch_boundary(
    town: Municipality,
    path: Path,
    *,
    addresses: Callable[[str, str], Sequence[str]],
    staging: Path,
    manners: Manners,
) -> tuple[BaseGeometry | None, list[SourceError]]:
    """
    Return the boundary in EPSG:25832 and write it to `path` as GeoJSON in degrees.

    None, and why, where no service gives one that lies where the municipality is.
    """
    if path.exists():
        kept = gpd.read_file(path).to_crs(CRS).geometry
        return kept.union_all(), []
    refusals: list[SourceError] = []
    for source, question in _questions(town, addresses):
        try:
            entry = download(question, source=source, cache_dir=staging, manners=manners)
            shape = _own(entry.path, town, question)
        except SourceError as error:
            refusals.append(error)
            continue
        _write(path, shape, town, source)
        return shape, []
    return None, refusals


def _questions(
    town: Municipality, addresses: Callable[[str, str], Sequence[str]]
) -> list[tuple[str, str]]:
    """Return source and address of every question to ask, in order."""
    west, south, east, north = town.bounds
    box = f"{west:.0f},{south:.0f},{east:.0f},{north:.0f}"
    common = "?service=WFS&version=2.0.0&request=GetFeature&typeNames="
    srs = "urn:ogc:def:crs:EPSG::25832"
    nrw = f"ave:VerwaltungsEinheit&srsName={srs}&bbox={box},{srs}"
    bkg = f"vg250:vg250_gem&srsName={srs}&cql_filter=ags=%27{town.ags}%27"
    asked = [("geobasis_nrw", "wfs_alkis", nrw), ("vg250", "wfs", bkg)]
    return [
        (source, f"{address}{common}{question}")
        for source, service, question in asked
        for address in addresses(source, service)
    ]


def _own(path: Path, town: Municipality, url: str) -> BaseGeometry:
    """Return the outline of the municipality among the areas of an answer."""
    with path.open("rb") as stream:
        page = read_gml(stream, name=path.name)
    keys = {town.ags, f"{town.ags[:5]}0{town.ags[5:]}{town.ags[5:]}"}  # the second: ARS
    for frame in page.frames.values():
        areas = frame[frame.geometry.notna()]
        text = areas.drop(columns=areas.geometry.name).astype("str")
        own = text.apply(lambda column: column.str.strip().isin(keys)).any(axis=1)
        if own.any():
            shape = areas.geometry[own].to_crs(CRS).union_all()
            if _lies_there(shape, town):
                sound: BaseGeometry = shapely.make_valid(shape)
                return sound
    template = "{url} gives no boundary of {town}."
    hint = "The tiles of its bounding box are taken instead."
    raise SourceError(template, hint=hint, url=url.partition("?")[0], town=town.name)


def _lies_there(shape: BaseGeometry, town: Municipality) -> bool:
    if shape.is_empty or not shape.area > 0:
        return False
    found = zip(shape.bounds, town.bounds, strict=True)
    return all(abs(a - b) < FAR_M for a, b in found)


def _write(path: Path, shape: BaseGeometry, town: Municipality, source: str) -> None:
    degrees = gpd.GeoSeries([shape], crs=CRS).to_crs("EPSG:4326").iloc[0]
    facts = {
        "ags": town.ags, "name": town.name, "district": town.district, "level": 8,
        "source": known_sources()[source].attribution, "licence": known_sources()[source].licence,
    }  # fmt: skip
    rounded = shapely.set_precision(degrees, 1e-8)
    feature = {"type": "Feature", "properties": facts, "geometry": mapping(rounded)}
    content = {"type": "FeatureCollection", "name": "boundary", "features": [feature]}
    part = path.with_name(path.name + ".part")
    with disk_errors(path):
        part.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
        part.replace(path)


def tiles_of(town: Municipality, shape: BaseGeometry | None) -> list[tuple[int, int]]:
    """Return east and north [km] of the tiles that touch the boundary, else the bounding box."""
    west, south, east, north = town.bounds if shape is None else shape.bounds
    cells = [
        (e, n)
        for e in range(int(west // 1000), int(east // 1000) + 1)
        for n in range(int(south // 1000), int(north // 1000) + 1)
    ]
    if shape is None:
        return cells
    corners = 1000 * np.array(cells, dtype=float)
    boxes = shapely.box(*corners.T, *(corners + 1000).T)
    hit = shapely.intersects(boxes, shape)
    return [cell for cell, touched in zip(cells, hit, strict=True) if touched]
