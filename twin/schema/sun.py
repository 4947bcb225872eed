"""What stands between a roof and the sky, seen once when a city is built."""

from __future__ import annotations

from twin.schema.columns import Table, number, text

HORIZON_AZIMUTHS = tuple(range(0, 360, 10))
"""Directions in which the horizon is known [deg], clockwise from north."""

HORIZONS = Table(
    name="horizons",
    key="plane_id",  # a `roof_id`, or the id of a plane estimated by twin.energy.solar
    label="Horizons of roof planes",
    geometry=(),
    columns=(
        text("building_id", "Building", required=True),  # the whole building
        # diffuse light on the plane that comes past the horizon, of what an open sky would send
        number("sky_view", "Sky view", "", 0, 1, required=True),
        *(
            number(f"h{at:03d}", f"Horizon at {at}°", "°", 0, 90, required=True)
            for at in HORIZON_AZIMUTHS
        ),
        text("horizon_source", "Source of the horizon", required=True),
    ),
)
