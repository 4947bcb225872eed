"""Tables of public transport: stops and one typical day of its timetable."""

from __future__ import annotations

from twin.classes import DAY_TYPES, STEP_FREE, STOP_CLASSES, TRANSFER_KINDS
from twin.schema.columns import LINES as LINES_GEOMETRY
from twin.schema.columns import POINT, Table, category, flag, number, text

STOPS = Table(
    name="stops",
    key="stop_id",
    label="Stops",
    geometry=POINT,
    columns=(
        text("name", "Name"),
        category("class", "Class", STOP_CLASSES, required=True),
        text("ref", "Number"),
        text("parent_id", "Station"),  # the station a platform belongs to
        text("link_id", "Street"),  # the link passengers come from
        category("step_free", "Step-free", STEP_FREE),
        number("departures", "Departures", "1/d", 0, 100_000),  # on the day the timetable is for
        text("other_ids", "Ids elsewhere"),
    ),
)

LINES = Table(
    name="lines",
    key="line_id",
    label="Public transport lines",
    geometry=LINES_GEOMETRY,
    columns=(
        text("name", "Name"),
        text("long_name", "Long name"),
        category("class", "Class", STOP_CLASSES, required=True),
        text("operator", "Operator"),
        text("colour", "Colour"),  # "#rrggbb"
        text("course_source", "Source of the course", required=True),
        number("departures", "Departures", "1/d", 0, 100_000, required=True),  # both directions
    ),
)

TRIPS = Table(
    name="trips",
    key="trip_id",
    label="Trips",
    geometry=(),
    columns=(
        text("line_id", "Line", required=True),
        text("headsign", "Destination"),
        number("direction", "Direction", "", 0, 1),
        category("day_type", "Day", DAY_TYPES, required=True),
        category("step_free", "Step-free", STEP_FREE),
    ),
)

STOP_TIMES = Table(
    name="stop_times",
    key="stop_time_id",  # trip_id:sequence, the sequence in four digits
    label="Stop times",
    geometry=(),
    columns=(
        text("trip_id", "Trip", required=True),
        text("stop_id", "Stop", required=True),
        number("sequence", "Sequence", "", 0, 10_000, required=True),
        # seconds after midnight (noon minus 12 h) of the day the trip began; may pass 86,400
        number("arrival_s", "Arrival", "s", 0, 400_000, required=True, source="time_source"),
        number("departure_s", "Departure", "s", 0, 400_000, required=True),
        flag("boarding", "Boarding"),
        flag("alighting", "Alighting"),
    ),
)

TRANSFERS = Table(
    name="transfers",
    key="transfer_id",
    label="Transfers",
    geometry=(),
    columns=(
        text("from_stop", "From stop", required=True),
        text("to_stop", "To stop", required=True),
        category("kind", "Kind", TRANSFER_KINDS, required=True),
        number("min_time_s", "Least time", "s", 0, 86_400),
    ),
)
