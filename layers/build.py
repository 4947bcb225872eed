"""
From sources to a city: bring them together, tie, measure, estimate what is missing, check, report.

Every step takes tables and gives tables; the order below is the only place that knows them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from layers.areas import add_areas
from layers.blocks import municipality_of
from layers.census import distribute
from layers.city_terrain import city_terrain
from layers.collect import by_trust, collect, common_crs, sources_of
from layers.envelopes import envelopes
from layers.estimate import estimate_people, estimate_stock, estimate_trees
from layers.heights import add_heights
from layers.horizons import add_horizons
from layers.quality import completeness
from layers.source_data import SourceData
from layers.tie import tie
from layers.transit import attach_stops
from layers.transit.stand_in import assumed_timetable
from layers.weather.stand_in import stand_in
from layers.zones import shape_report
from twin.city import City
from twin.errors import SourceError
from twin.provenance import CityInfo, Finding
from twin.validation import validate_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.source_data import Progress, Surface
    from twin.provenance import Source

Tables = dict[str, pd.DataFrame]


def build_city(
    sources: SourceData | Sequence[SourceData],
    *,
    name: str = "",
    progress: Progress | None = None,
) -> City:
    """
    Turn translated sources into one validated city.

    Parameters
    ----------
    sources
        What adapters read, in any order: the same sources give the same city. They are not
        changed.
    name
        Name of the city; the sources' own where left out.
    progress
        Told the step and the share done.

    Raises
    ------
    SourceError
        The sources hold neither buildings nor streets.
    SchemaError
        An adapter handed in tables that break the schema, with every fault.
    """
    say = progress or (lambda _step, _share: None)
    named = by_trust([sources] if isinstance(sources, SourceData) else sources)
    given = list(named.values())
    crs = common_crs(given)
    say("Match the sources", 0.0)
    collected = collect(named, crs=crs)
    tables, findings = collected.tables, list(collected.findings)
    _refuse_empty(tables, given)
    say("Tie addresses, places and districts to buildings", 0.2)
    tables = tie(tables)
    surfaces = _surfaces(given)
    if surfaces:
        say("Measure heights", 0.3)
        tables, seen = add_heights(tables, surfaces, crs=crs)
        findings += seen
    say("Estimate what no source says", 0.45)
    tables, noticed = _estimate(tables, crs=crs)
    findings += noticed
    say("Form blocks and traffic zones", 0.7)
    tables, assumed = _lines(add_areas(tables, crs=crs), given, findings, crs=crs)
    tables, noticed, assumed_year = _sun(tables, surfaces, crs=crs, say=say)
    findings += noticed
    say("Check every table", 0.85)
    validate_all(tables, crs=crs)
    findings += [*_gaps(tables), *completeness(tables)]
    info = CityInfo(
        max((data.source.date for data in given), default=""),
        (*sources_of(named), *assumed, *assumed_year),
        tuple(findings),
        any(data.model_town for data in given),
        {**collected.report, "zones": shape_report(tables["zones"])},
    )
    title = name or next((data.name for data in given if data.name), given[0].source.title)
    city = City(title, crs, tables, info, rasters=city_terrain(tables, surfaces, crs=crs))
    say("Done", 1.0)
    return city


def _lines(
    tables: Tables, given: Sequence[SourceData], findings: list[Finding], *, crs: str
) -> tuple[Tables, tuple[Source, ...]]:
    """Let an assumed timetable stand in where no source has one; adds what was noticed."""
    routes = [data.routes for data in given if data.routes is not None and data.crs == crs]
    tables, noticed, record = assumed_timetable(tables, routes)
    findings += noticed
    return tables, record


def _sun(
    tables: Tables, surfaces: dict[str, Surface], *, crs: str, say: Progress
) -> tuple[Tables, list[Finding], tuple[Source, ...]]:
    """Add weather where none is given, and the shade on the roofs where a surface is."""
    tables, findings, record = stand_in(tables, crs=crs)
    tables, seen = add_horizons(
        tables, surfaces, crs=crs, progress=lambda step, share: say(step, 0.75 + 0.1 * share)
    )
    return tables, [*findings, *seen], record


def _estimate(tables: Tables, *, crs: str) -> tuple[Tables, list[Finding]]:
    """Fill in what no source says; the census comes before the people it counted are guessed."""
    buildings = estimate_stock(tables["buildings"], tables["landuse"])
    town = municipality_of(tables)  # people of cells on its border partly live outside
    cells, counts = tables["cells"], tables["census_counts"]
    buildings, findings = distribute(buildings, cells, counts, area=town)
    buildings = estimate_people(buildings)
    done = {
        **tables,
        "buildings": buildings,
        "trees": estimate_trees(tables["trees"]),
        "stops": attach_stops(tables["stops"], tables["streets"], crs=crs),
    }
    done["envelopes"] = envelopes(buildings, tables["roofs"], tables["envelopes"])
    return done, list(findings)


def _refuse_empty(tables: Tables, given: Sequence[SourceData]) -> None:
    if tables["buildings"].empty and tables["streets"].empty:
        template = "{source} holds neither buildings nor streets."
        hint = "Check that it is an extract of a place, not of one theme."
        titles = ", ".join(data.source.title for data in given)
        raise SourceError(template, hint=hint, source=titles)


def _surfaces(given: Sequence[SourceData]) -> dict[str, Surface]:
    """Return for each kind of surface the one of the most trusted source."""
    found: dict[str, Surface] = {}
    for data in given:
        for kind, surface in data.surfaces.items():
            found.setdefault(kind, surface)
    return found


def _gaps(tables: Tables) -> list[Finding]:
    """Name whole themes that the sources lack."""
    messages = {
        "buildings": "The source holds no buildings.",
        "streets": "The source holds no streets.",
        "districts": "The source holds no districts.",
    }
    return [
        Finding(f"no_{name}", name, 0, message, "fault" if name != "districts" else "warning")
        for name, message in messages.items()
        if tables[name].empty
    ]
