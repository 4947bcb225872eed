"""Tables of the street and rail network."""

from __future__ import annotations

from twin.classes import (
    CONTROL,
    CYCLE_FACILITIES,
    RAILWAY_CLASSES,
    REACH,
    ROAD_ACCESS,
    STREET_CLASSES,
    STREET_POINT_CLASSES,
    TURN_KINDS,
)
from twin.schema.columns import LINE, POINT, Table, category, flag, number, text

STREETS = Table(
    name="streets",
    key="link_id",
    label="Streets",
    geometry=LINE,
    columns=(
        text("from_node", "From node", required=True),
        text("to_node", "To node", required=True),
        text("way_id", "Way", required=True),  # links cut from one way share it
        text("reverse_id", "Opposite link"),  # missing where one-way
        text("name", "Name"),
        text("ref", "Road number"),
        category("class", "Class", STREET_CLASSES, required=True),
        flag("is_ramp", "Ramp"),  # *_link in OSM, slip roads
        flag("is_roundabout", "Roundabout"),
        number("length_m", "Length", "m", 0, 100_000, required=True),
        number("speed_kmh", "Speed limit", "km/h", 3, 300, required=True, source="speed_source"),
        number("lanes", "Lanes", "", 0, 12, required=True, source="lanes_source"),
        # of all lanes of the direction; missing: by class and speed
        number("capacity_vehh", "Capacity", "1/h", 0, 20_000, source="capacity_source"),
        flag("allow_car", "Cars"),
        flag("allow_truck", "Lorries"),
        flag("allow_bus", "Buses"),
        flag("allow_bike", "Bicycles"),
        flag("allow_walk", "On foot"),
        category("car_access", "Access", ROAD_ACCESS, required=True),
        category("cycle_facility", "Cycle facility", CYCLE_FACILITIES, required=True),
        text("surface", "Surface"),
        flag("is_bridge", "Bridge"),
        flag("is_tunnel", "Tunnel"),
        number("level", "Level", "", -10, 10, required=True),
        number(  # rise from start to end, per metre of way
            "gradient_percent", "Gradient", "%", -100, 100, source="gradient_source"
        ),
        category("car_reach", "Car network", REACH, required=True),
        category("bike_reach", "Cycle network", REACH, required=True),
        category("walk_reach", "Walking network", REACH, required=True),
    ),
)

NODES = Table(
    name="nodes",
    key="node_id",
    label="Junctions",
    geometry=POINT,
    columns=(
        category("control", "Control", CONTROL, required=True),
        number("elevation_m", "Elevation", "m", -500, 9000, source="elevation_source"),
        flag("is_boundary", "At the edge of the extract"),
        number("degree", "Streets meeting", "", 0, 50, required=True),
    ),
)

STREET_POINTS = Table(
    name="street_points",
    key="street_point_id",
    label="Crossings and barriers",
    geometry=POINT,
    columns=(
        category("class", "Class", STREET_POINT_CLASSES, required=True),
        text("detail", "Detail"),
        text("link_id", "Link"),
        flag("blocks_car", "Closed to cars"),
    ),
)

TURNS = Table(
    name="turns",
    key="turn_id",
    label="Turn restrictions",
    geometry=(),
    columns=(
        category("kind", "Kind", TURN_KINDS, required=True),
        text("from_link", "From link", required=True),
        text("via_node", "Via node", required=True),
        text("to_link", "To link", required=True),
        text("except_modes", "Except"),  # space separated modes
    ),
)

RAILWAYS = Table(
    name="railways",
    key="railway_id",
    label="Railways",
    geometry=LINE,
    columns=(
        text("name", "Name"),
        category("class", "Class", RAILWAY_CLASSES, required=True),
        flag("is_service", "Siding"),
        flag("is_bridge", "Bridge"),
        flag("is_tunnel", "Tunnel"),
        text("electrified", "Electrified"),
    ),
)
