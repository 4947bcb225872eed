"""Tables of what covers the ground, and of places people go to."""

from __future__ import annotations

from twin.classes import LANDUSE_CLASSES, LEAF_TYPES, PLACE_CLASSES, WATER_CLASSES
from twin.schema.columns import (
    ADDRESS_COLUMNS,
    LINE,
    POINT,
    POLYGON,
    Table,
    category,
    flag,
    number,
    text,
)

LANDUSE = Table(
    name="landuse",
    key="landuse_id",
    label="Land use",
    geometry=POLYGON,
    columns=(
        text("name", "Name"),
        category("class", "Class", LANDUSE_CLASSES, required=True),
        number("area_m2", "Area", "m²", 0, 1e11, required=True),
        text("land_source", "Source of the area"),
    ),
)

WATER = Table(
    name="water",
    key="water_id",
    label="Water",
    geometry=(*POLYGON, *LINE),
    columns=(
        text("name", "Name"),
        category("class", "Class", WATER_CLASSES, required=True),
        number("width_m", "Width", "m", 0, 5000, source="width_source"),  # of lines
        flag("is_tunnel", "Underground"),
    ),
)

TREES = Table(
    name="trees",
    key="tree_id",
    label="Trees",
    geometry=POINT,
    columns=(
        category("leaf", "Leaves", LEAF_TYPES, required=True),
        number("height_m", "Height", "m", 0.5, 130, required=True, source="height_source"),
        number("crown_m", "Crown diameter", "m", 0.3, 60, required=True, source="crown_source"),
        text("position_source", "Source of the position", required=True),
        text("species", "Species"),
    ),
)

PLACES = Table(
    name="places",
    key="place_id",
    label="Places",
    geometry=POINT,
    columns=(
        text("name", "Name"),
        category("class", "Class", PLACE_CLASSES, required=True),
        text("detail", "Kind"),
        *ADDRESS_COLUMNS,
        text("building_id", "Building"),
        number("population", "Inhabitants", "", 0, 5e7, source="population_source"),
    ),
)
