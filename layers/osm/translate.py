"""Translates raw OpenStreetMap objects to the standard tables; pure, no file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd

from layers.osm.absurd import without_absurd
from layers.osm.addresses import addresses
from layers.osm.admin import districts
from layers.osm.buildings import buildings
from layers.osm.geometry import crs_of, project
from layers.osm.places import places, stops
from layers.osm.routes import routes
from layers.osm.streets import streets
from layers.osm.surfaces import landuse, railways, trees, water
from layers.source_data import SourceData
from twin.schema import TABLES
from twin.validation import conform

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from layers.osm.raw import RawOsm
    from layers.source_data import Progress
    from twin.provenance import Finding, Source


THEMES: dict[str, Callable[[RawOsm], tuple[pd.DataFrame, list[Finding]]]] = {
    "buildings": buildings,
    "landuse": landuse,
    "water": water,
    "railways": railways,
    "trees": trees,
    "places": places,
    "stops": stops,
    "addresses": addresses,
    "districts": districts,
}


def translate(
    raw: RawOsm, source: Source, *, name: str = "", progress: Progress | None = None
) -> SourceData:
    """Return the standard tables of everything in `raw`, in the UTM zone of its middle."""
    say = progress or (lambda _step, _share: None)
    crs = crs_of(raw)
    raw = without_absurd(project(raw, crs))
    tables: dict[str, pd.DataFrame] = {}
    findings = list(raw.findings)
    for number, (theme, translate_theme) in enumerate(THEMES.items()):
        say("Translate OpenStreetMap to standard tables", number / len(THEMES))
        frame, seen = translate_theme(raw)
        tables[theme] = frame
        findings += seen
    network, seen = streets(raw, tables["landuse"], tables["buildings"], crs=crs)
    tables |= network
    findings += seen
    tables = {
        key: conform(
            TABLES[key],
            gpd.GeoDataFrame(frame, crs=crs) if TABLES[key].geometry else frame,
            crs=crs,
        )
        for key, frame in tables.items()
    }
    return SourceData(name, crs, tables, source, tuple(findings), kind="osm", routes=routes(raw))
