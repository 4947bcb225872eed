"""
The standard tables of a city: every column with its type, unit, range and meaning.

This is data. `twin.validation` checks tables against it, the screen takes labels and units from
it, and the documentation is printed from it. Every table has a text index (its key), unique and
stable across rebuilds. Labels are English; German stands in the message catalogue.
"""

from __future__ import annotations

from twin.schema.areas import BLOCKS, CELLS, CENSUS_COUNTS, DISTRICTS, ZONES
from twin.schema.buildings import ADDRESSES, BUILDINGS, ENVELOPES, PARCELS, ROOFS
from twin.schema.columns import Column, ColumnType, Table
from twin.schema.energy import STOCK
from twin.schema.land import LANDUSE, PLACES, TREES, WATER
from twin.schema.streets import NODES, RAILWAYS, STREET_POINTS, STREETS, TURNS
from twin.schema.sun import HORIZONS
from twin.schema.transit import LINES, STOP_TIMES, STOPS, TRANSFERS, TRIPS
from twin.schema.weather import WEATHER

SCHEMA_VERSION = 4
"""Goes up with every change that makes older city folders unreadable."""

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        BUILDINGS, ROOFS, HORIZONS, ENVELOPES, PARCELS, ADDRESSES, STREETS, NODES,
        STREET_POINTS, TURNS, RAILWAYS, LANDUSE, WATER, TREES, PLACES, STOPS, LINES, TRIPS,
        STOP_TIMES, TRANSFERS, DISTRICTS, BLOCKS, ZONES, CELLS, CENSUS_COUNTS, WEATHER,
    )
}  # fmt: skip
"""Every table of a city by name. A city holds all of them; one may be empty."""

__all__ = [
    "ADDRESSES", "BLOCKS", "BUILDINGS", "CELLS", "CENSUS_COUNTS", "DISTRICTS", "ENVELOPES",
    "HORIZONS", "LANDUSE", "LINES", "NODES", "PARCELS", "PLACES", "RAILWAYS", "ROOFS",
    "SCHEMA_VERSION", "STOCK", "STOPS", "STOP_TIMES", "STREETS", "STREET_POINTS", "TABLES",
    "TRANSFERS", "TREES", "TRIPS", "TURNS", "WATER", "WEATHER", "ZONES", "Column", "ColumnType",
    "Table",
]  # fmt: skip
