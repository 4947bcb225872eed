"""What stands in where no source of a town has a timetable: lines with an assumed service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layers.source import source_record
from layers.transit.assumed_line import AssumedLine, ground, line_row, timetable_of
from layers.transit.drawn_lines import drawn_lines
from layers.transit.led_lines import led_lines, rail_lines
from twin.assumptions import assumptions
from twin.mobility.timetable.places import halting_places
from twin.mobility.timetable.service import Service, counted, line_rows
from twin.provenance import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from layers.source_data import Routes
    from twin.assumptions import Assumptions
    from twin.provenance import Source

Tables = dict[str, pd.DataFrame]
Array = np.ndarray[Any, Any]

NOT_PUBLIC = ("taxi",)


def assumed_timetable(
    tables: Mapping[str, pd.DataFrame],
    routes: Sequence[Routes] = (),
    *,
    given: Assumptions | None = None,
) -> tuple[Tables, list[Finding], tuple[Source, ...]]:
    """
    Return the tables with lines and a weekday of trips, what was noticed, and the source record.

    A timetable that a source brought always stays as it is. Without any, lines run along the
    route relations of the map; where these serve less than `timetable.enough_served` of the bus
    stops, further bus lines are led through the others; stations that tracks join get a line.
    Headways, speeds and halts are those of `timetable.toml`; every time says so in `time_source`
    (`estimated:assumed_timetable`). A station alone in the extract stays without trains.
    """
    if len(tables["trips"]) or tables["stops"].empty or tables["streets"].empty:
        return dict(tables), [], ()
    given = given or assumptions()
    lines, places = _lines(tables, routes, given)
    if not lines:
        message = "No timetable, and no lines can be led through the {count} stops."
        seen = Finding("no_timetable", "lines", len(tables["stops"]), message, "warning")
        return dict(tables), [seen], ()
    service = _service(lines, tables, given)
    findings = _told(lines, service, places)
    record = source_record("assumed_timetable", tables=("lines", "trips", "stop_times"))
    return {**tables, **service.tables()}, findings, (record,)


def _lines(
    tables: Mapping[str, pd.DataFrame], routes: Sequence[Routes], given: Assumptions
) -> tuple[list[AssumedLine], Array]:
    stops: Any = tables["stops"]
    places = halting_places(stops, given)
    found: list[AssumedLine] = []
    for drawn in routes:
        found += drawn_lines(drawn, tables, places, given)
    kind = stops["class"].astype("str").to_numpy(object)
    served = np.unique(places[np.concatenate([_stops_of(found), np.zeros(0, int)])])
    bus = np.unique(places[kind == "bus"])
    free = np.setdiff1d(bus, served)
    if len(free) > (1 - given["timetable.enough_served"]) * len(bus):
        found += led_lines(ground("bus", tables, places, given), free, tables, given)
    for own in ("rail", "light_rail", "subway", "tram"):
        if not any(line.kind == own for line in found):
            free = np.setdiff1d(np.unique(places[kind == own]), served)
            if len(free) > 1:
                found += rail_lines(ground(own, tables, places, given), free, given)
    return found, places


def _stops_of(lines: Sequence[AssumedLine]) -> Array:
    rows = [course.stops for line in lines for _, course in line.courses]
    return np.unique(np.concatenate(rows)) if rows else np.zeros(0, int)


def _service(
    lines: Sequence[AssumedLine], tables: Mapping[str, pd.DataFrame], given: Assumptions
) -> Service:
    stops: Any = tables["stops"]
    made = [timetable_of(line, stops, given, number=n) for n, line in enumerate(lines)]
    rows = line_rows([line_row(line) for line in lines], str(stops.crs.to_string()))
    trips = pd.concat([trip for trip, _ in made]).sort_index()
    times = pd.concat([time for _, time in made]).sort_index()
    return counted(Service(stops, rows, trips, times, tables["transfers"]))


def _told(lines: Sequence[AssumedLine], service: Service, places: Array) -> list[Finding]:
    """Say loudly that the service is assumed, and which stops nothing halts at."""
    message = (
        "No timetable is given: {count} lines with an assumed service stand in. Add a GTFS feed."
    )
    found = [
        Finding(
            "assumed_timetable",
            "lines",
            len(lines),
            message,
            "warning",
            tuple(f"{line.name} ({line.kind})" for line in lines[:5]),
        )
    ]
    public = ~service.stops["class"].isin(NOT_PUBLIC).to_numpy()
    served = np.isin(places, places[_stops_of(lines)])
    idle = service.stops.index[public & ~served]
    if len(idle):
        message = "{count} of {total} stops are served by none of the assumed lines."
        found.append(
            Finding(
                "stop_without_line",
                "stops",
                len(idle),
                message,
                "info",
                tuple(idle[:5]),
                int(public.sum()),
            )
        )
    return found
