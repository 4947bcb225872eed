"""Brings the tables of several sources together: one CRS, one building stock, one of each thing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import CRS

from layers.matching import (
    follow_envelopes,
    follow_points,
    follow_roofs,
    match_buildings,
    merge_table,
)
from layers.matching.trust import ranked, trust
from layers.transit import merge_stops
from twin.errors import SourceError
from twin.provenance import Finding, Source
from twin.schema import TABLES
from twin.validation import REFERENCES, conform

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from layers.matching import Matched
    from layers.source_data import SourceData

Tables = dict[str, pd.DataFrame]

GRID_M = 0.001
NETWORK = ("streets", "nodes", "street_points", "turns")
"""Tables that hang together by their keys: they come from one source or not at all."""
NAMED = ("districts", "blocks", "zones", "cells", "parcels", "buildings", "stops", "lines")
"""Tables that others name: their keys change before the others are merged."""


@dataclass(frozen=True)
class Collected:
    """All sources as one set of tables; what was noticed and counted on the way."""

    tables: Tables
    findings: tuple[Finding, ...]
    report: Mapping[str, Any]


def by_trust(sources: Sequence[SourceData]) -> dict[str, SourceData]:
    """
    Return the sources by kind, the most trusted first; the order given does not count.

    A second source of one kind is `osm:2`, a third `osm:3`, by checksum.
    """
    ordered = sorted(sources, key=lambda s: (s.source.sha256, s.source.key, s.name))
    count: Counter[str] = Counter()
    named = {}
    for data in ordered:
        kind = data.kind or data.source.key
        count[kind] += 1
        named[kind if count[kind] == 1 else f"{kind}:{count[kind]}"] = data
    return {key: named[key] for key in ranked(named, trust().order)}


PRODUCTS = {
    "cadastre": "ALKIS", "nas": "ALKIS (NAS)", "lod2": "LoD2", "terrain": "Geländemodell",
}  # fmt: skip
"""What the publisher calls its product: one office gives out several."""

MEASURED = ("nodes", "streets")
"""Tables that surfaces give heights to."""


def sources_of(named: Mapping[str, SourceData]) -> tuple[Source, ...]:
    """Return the record of each source under its kind, with the product where one has several."""
    titles = Counter(data.source.title for data in named.values())
    records = []
    for key, data in named.items():
        product = PRODUCTS.get(data.kind, "") if titles[data.source.title] > 1 else ""
        title = f"{data.source.title}: {product}" if product else data.source.title
        filled = tuple(name for name, table in data.tables.items() if len(table))
        filled += MEASURED if data.surfaces else ()
        records.append(replace(data.source, key=key, title=title, tables=filled))
    return tuple(records)


def common_crs(sources: Sequence[SourceData]) -> str:
    """
    Return the projected CRS of the most trusted source with buildings, else of any.

    Raises
    ------
    SourceError
        No source lies anywhere: weather alone makes no city.
    """
    placed = [s for s in sources if s.crs and CRS(s.crs).is_projected]
    housed = [s for s in placed if len(s.tables.get("buildings", ()))]
    if not placed:
        template = "None of the sources given holds anything with a place."
        hint = "Add OpenStreetMap, cadastre or a city model."
        raise SourceError(template, hint=hint)
    return (housed or placed)[0].crs


def collect(sources: Mapping[str, SourceData], *, crs: str) -> Collected:
    """
    Return one set of tables out of all sources.

    Parameters
    ----------
    sources
        As `by_trust` orders and names them.
    crs
        Projected CRS of the result.

    Returns
    -------
    Conformed tables. Buildings are matched (`layers.matching`), and what names them follows; rows
    that must name a building and lost it go.
    """
    given, findings = _one_network({key: _in_crs(data, crs) for key, data in sources.items()})
    findings = [finding for data in sources.values() for finding in data.findings] + findings
    report: dict[str, Any] = {key: dict(data.report) for key, data in sources.items()}
    merged: Tables = {}
    for name in (*NAMED, *(name for name in TABLES if name not in NAMED)):
        found = {key: tables[name] for key, tables in given.items() if len(tables[name])}
        if name == "buildings" and found:
            matched = match_buildings(found)
            given = {k: _follow_stock(t, matched, k) if k in found else t for k, t in given.items()}
            done = _Merged(matched.buildings, matched.findings)
            report["matching"] = matched.report
        else:
            done = _merge(name, found, crs)
            given = {k: _follow(t, name, done.new_ids.get(k)) for k, t in given.items()}
        merged[name] = done.table
        findings += done.findings
    tables = {name: conform(TABLES[name], merged[name], crs=crs) for name in TABLES}
    return Collected(tables, tuple(findings), {key: told for key, told in report.items() if told})


@dataclass(frozen=True)
class _Merged:
    """One table out of several, and what became of the keys of each source."""

    table: pd.DataFrame
    findings: Sequence[Finding] = ()
    new_ids: Mapping[str, pd.Series[Any]] = field(default_factory=dict)


def _merge(name: str, found: Mapping[str, pd.DataFrame], crs: str) -> _Merged:
    if not found:
        return _Merged(conform(TABLES[name], pd.DataFrame(index=[]), crs=crs))
    if name == "stops" and set(found) == {"osm", "gtfs"}:
        stops, gone, findings = merge_stops(found["osm"], found["gtfs"])
        same = pd.Series({key: gone.get(key, key) for key in found["osm"].index}, dtype="str")
        return _Merged(stops, findings, {"osm": same})
    return _Merged(*merge_table(name, found))


def _in_crs(data: SourceData, crs: str) -> Tables:
    """Return all tables of a source in one CRS, coordinates on the millimetre."""
    tables: Tables = {}
    for name, schema in TABLES.items():
        table = data.tables.get(name, pd.DataFrame(index=[]))
        if schema.geometry and len(table) and data.crs != crs:
            moved = gpd.GeoDataFrame(table).to_crs(crs)
            fine = shapely.set_precision(moved.geometry.array, GRID_M)
            table = moved.set_geometry(gpd.GeoSeries(fine, index=moved.index, crs=crs))
        tables[name] = conform(schema, table, crs=crs)
    return tables


def _one_network(given: dict[str, Tables]) -> tuple[dict[str, Tables], list[Finding]]:
    """Keep the streets of the most trusted source that has any."""
    spare = [key for key, tables in given.items() if len(tables["streets"])][1:]
    if not spare:
        return given, []
    count = sum(len(given[key]["streets"]) for key in spare)
    message = "{count} links are left out: the streets of another source are used."
    left = {
        key: {**tables, **{n: tables[n].iloc[:0] for n in NETWORK}} if key in spare else tables
        for key, tables in given.items()
    }
    return left, [Finding("other_network", "streets", count, message, "warning")]


def _follow_stock(tables: Tables, matched: Matched, source: str) -> Tables:
    """Let what one source says of its buildings follow them into the stock."""
    changed = dict(tables)
    for name in ("addresses", "places"):
        changed[name] = follow_points(tables[name], matched, source=source)
    roofs = follow_roofs(tables["roofs"], matched, source=source)
    changed["roofs"] = roofs[roofs["building_id"].notna()]
    changed["envelopes"] = follow_envelopes(tables["envelopes"], matched, source=source)
    return changed


def _follow(tables: Tables, name: str, new_ids: pd.Series[Any] | None) -> Tables:
    """Rename what one source says of the rows of `name`."""
    if new_ids is None:
        return tables
    changed = dict(tables)
    for table, column, target in REFERENCES:
        if target == name and len(changed[table]):
            new = changed[table][column].map(new_ids).astype("str")
            changed[table] = changed[table].assign(**{column: new})
    return changed
