"""
The standard tables of a city: every column with its type, unit, range and meaning.

This is data. `twin.validation` checks tables against it, the screen takes labels and units from
it, and the documentation is printed from it. Every table has a text index (its key), unique and
stable across rebuilds. Labels are English; German stands in the message catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from twin.classes import (
    AGE_CLASSES,
    BUILDING_USES,
    CONTROL,
    CYCLE_FACILITIES,
    LANDUSE_CLASSES,
    LEAF_TYPES,
    PLACE_CLASSES,
    RAILWAY_CLASSES,
    REACH,
    ROAD_ACCESS,
    ROOF_TYPES,
    SIZE_CLASSES,
    STOP_CLASSES,
    STREET_CLASSES,
    STREET_POINT_CLASSES,
    TURN_KINDS,
    WATER_CLASSES,
)

SCHEMA_VERSION = 1
"""Goes up with every change that makes older city folders unreadable."""

ColumnType = Literal["text", "category", "number", "flag"]


@dataclass(frozen=True)
class Column:
    """One column. `number` is float64, NaN where missing; `text`, `category` may be missing."""

    name: str
    type: ColumnType
    label: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] = ()
    required: bool = False  # no missing values
    source: str = ""  # name of the companion column that says where each value comes from


@dataclass(frozen=True)
class Table:
    """One table: key, allowed geometry types (none: a plain table) and columns."""

    name: str
    key: str
    label: str
    geometry: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def column_names(self) -> list[str]:
        """Names of all columns in order, companions included, geometry not."""
        return [name for column in self.columns for name in (column.name, column.source) if name]

    def column(self, name: str) -> Column:
        """Return the column called `name`; `KeyError` where there is none."""
        found = next((c for c in self.columns if c.name == name), None)
        if found is None:
            msg = f"table {self.name!r} has no column {name!r}"
            raise KeyError(msg)
        return found


def _text(name: str, label: str, **kw: object) -> Column:
    return Column(name, "text", label, **kw)  # type: ignore[arg-type]


def _category(name: str, label: str, values: tuple[str, ...], **kw: object) -> Column:
    return Column(name, "category", label, values=values, **kw)  # type: ignore[arg-type]


def _flag(name: str, label: str) -> Column:
    return Column(name, "flag", label, required=True)


def _number(name: str, label: str, unit: str, low: float, high: float, **kw: object) -> Column:
    return Column(name, "number", label, unit, low, high, **kw)  # type: ignore[arg-type]


POLYGON = ("Polygon", "MultiPolygon")
LINE = ("LineString",)
POINT = ("Point",)

_ADDRESS = (
    _text("street", "Street"),
    _text("housenumber", "House number"),
    _text("postcode", "Postcode"),
    _text("locality", "Locality"),
)

BUILDINGS = Table(
    name="buildings",
    key="building_id",
    label="Buildings",
    geometry=POLYGON,
    columns=(
        _text("name", "Name"),
        _text("part_of", "Part of building"),  # a part names its outline
        _flag("has_parts", "Has parts"),  # an outline whose volume its parts carry
        _category("use", "Use", BUILDING_USES, required=True, source="use_source"),
        _category("size_class", "Building type", SIZE_CLASSES, source="size_class_source"),
        _number("height_m", "Height", "m", 0.5, 500, required=True, source="height_source"),
        _number("min_height_m", "Height of underside", "m", 0, 500, required=True),
        _number("storeys", "Storeys", "", 0, 150, source="storeys_source"),
        _category("roof_type", "Roof shape", ROOF_TYPES, required=True, source="roof_type_source"),
        _number("roof_height_m", "Roof height", "m", 0, 100, source="roof_height_source"),
        _number("roof_direction_deg", "Roof direction", "°", 0, 360),  # downslope, 0 = north
        _number("footprint_m2", "Footprint", "m²", 0, 2_000_000, required=True),
        _number("year_built", "Year built", "", 500, 2100, source="year_built_source"),
        _category("age_class", "Age class", AGE_CLASSES, source="age_class_source"),
        _number(
            "floor_area_m2", "Gross floor area", "m²", 0, 5_000_000, source="floor_area_source"
        ),
        _number("dwellings", "Dwellings", "", 0, 5_000, source="dwellings_source"),
        _number("residents", "Residents", "", 0, 10_000, source="residents_source"),
        *_ADDRESS,
        _text("district_id", "District"),
    ),
)

STREETS = Table(
    name="streets",
    key="link_id",
    label="Streets",
    geometry=LINE,
    columns=(
        _text("from_node", "From node", required=True),
        _text("to_node", "To node", required=True),
        _text("way_id", "Way", required=True),  # links cut from one way share it
        _text("reverse_id", "Opposite link"),  # missing where one-way
        _text("name", "Name"),
        _text("ref", "Road number"),
        _category("class", "Class", STREET_CLASSES, required=True),
        _flag("is_ramp", "Ramp"),  # *_link in OSM, slip roads
        _flag("is_roundabout", "Roundabout"),
        _number("length_m", "Length", "m", 0, 100_000, required=True),
        _number("speed_kmh", "Speed limit", "km/h", 3, 300, required=True, source="speed_source"),
        _number("lanes", "Lanes", "", 0, 12, required=True, source="lanes_source"),
        _flag("allow_car", "Cars"),
        _flag("allow_truck", "Lorries"),
        _flag("allow_bus", "Buses"),
        _flag("allow_bike", "Bicycles"),
        _flag("allow_walk", "On foot"),
        _category("car_access", "Access", ROAD_ACCESS, required=True),
        _category("cycle_facility", "Cycle facility", CYCLE_FACILITIES, required=True),
        _text("surface", "Surface"),
        _flag("is_bridge", "Bridge"),
        _flag("is_tunnel", "Tunnel"),
        _number("level", "Level", "", -10, 10, required=True),
        _category("car_reach", "Car network", REACH, required=True),
        _category("bike_reach", "Cycle network", REACH, required=True),
        _category("walk_reach", "Walking network", REACH, required=True),
    ),
)

NODES = Table(
    name="nodes",
    key="node_id",
    label="Junctions",
    geometry=POINT,
    columns=(
        _category("control", "Control", CONTROL, required=True),
        _flag("is_boundary", "At the edge of the extract"),
        _number("degree", "Streets meeting", "", 0, 50, required=True),
    ),
)

STREET_POINTS = Table(
    name="street_points",
    key="street_point_id",
    label="Crossings and barriers",
    geometry=POINT,
    columns=(
        _category("class", "Class", STREET_POINT_CLASSES, required=True),
        _text("detail", "Detail"),
        _text("link_id", "Link"),
        _flag("blocks_car", "Closed to cars"),
    ),
)

TURNS = Table(
    name="turns",
    key="turn_id",
    label="Turn restrictions",
    geometry=(),
    columns=(
        _category("kind", "Kind", TURN_KINDS, required=True),
        _text("from_link", "From link", required=True),
        _text("via_node", "Via node", required=True),
        _text("to_link", "To link", required=True),
        _text("except_modes", "Except"),  # space separated modes
    ),
)

RAILWAYS = Table(
    name="railways",
    key="railway_id",
    label="Railways",
    geometry=LINE,
    columns=(
        _text("name", "Name"),
        _category("class", "Class", RAILWAY_CLASSES, required=True),
        _flag("is_service", "Siding"),
        _flag("is_bridge", "Bridge"),
        _flag("is_tunnel", "Tunnel"),
        _text("electrified", "Electrified"),
    ),
)

LANDUSE = Table(
    name="landuse",
    key="landuse_id",
    label="Land use",
    geometry=POLYGON,
    columns=(
        _text("name", "Name"),
        _category("class", "Class", LANDUSE_CLASSES, required=True),
        _number("area_m2", "Area", "m²", 0, 1e11, required=True),
    ),
)

WATER = Table(
    name="water",
    key="water_id",
    label="Water",
    geometry=(*POLYGON, *LINE),
    columns=(
        _text("name", "Name"),
        _category("class", "Class", WATER_CLASSES, required=True),
        _number("width_m", "Width", "m", 0, 5000, source="width_source"),  # of lines
        _flag("is_tunnel", "Underground"),
    ),
)

TREES = Table(
    name="trees",
    key="tree_id",
    label="Trees",
    geometry=POINT,
    columns=(
        _category("leaf", "Leaves", LEAF_TYPES, required=True),
        _number("height_m", "Height", "m", 0.5, 130, required=True, source="height_source"),
        _number("crown_m", "Crown diameter", "m", 0.3, 60, required=True, source="crown_source"),
        _text("position_source", "Source of the position", required=True),
        _text("species", "Species"),
    ),
)

PLACES = Table(
    name="places",
    key="place_id",
    label="Places",
    geometry=POINT,
    columns=(
        _text("name", "Name"),
        _category("class", "Class", PLACE_CLASSES, required=True),
        _text("detail", "Kind"),
        *_ADDRESS,
        _text("building_id", "Building"),
        _number("population", "Inhabitants", "", 0, 5e7, source="population_source"),
    ),
)

STOPS = Table(
    name="stops",
    key="stop_id",
    label="Stops",
    geometry=POINT,
    columns=(
        _text("name", "Name"),
        _category("class", "Class", STOP_CLASSES, required=True),
        _text("ref", "Number"),
    ),
)

ADDRESSES = Table(
    name="addresses",
    key="address_id",
    label="Addresses",
    geometry=POINT,
    columns=(*_ADDRESS, _text("building_id", "Building")),
)

DISTRICTS = Table(
    name="districts",
    key="district_id",
    label="Districts",
    geometry=POLYGON,
    columns=(
        _text("name", "Name", required=True),
        _number("level", "Administrative level", "", 2, 11, required=True),  # 8 municipality
        _number("area_m2", "Area", "m²", 0, 1e13, required=True),
        _text("boundary_source", "Source of the boundary", required=True),
        _number("residents", "Residents", "", 0, 1e8, source="residents_source"),
    ),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        BUILDINGS, STREETS, NODES, STREET_POINTS, TURNS, RAILWAYS, LANDUSE, WATER, TREES, PLACES,
        STOPS, ADDRESSES, DISTRICTS,
    )
}  # fmt: skip
"""Every table of a city by name. A city holds all of them; one may be empty."""
