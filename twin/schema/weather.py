"""The table of the weather of one year."""

from __future__ import annotations

from twin.schema.columns import Table, number

WEATHER = Table(
    name="weather",
    key="hour",  # start of the hour in local standard time, "2015-01-01T00:00+01:00"
    label="Weather",
    geometry=(),
    columns=(
        number(
            "temperature_c",
            "Air temperature",
            "°C",
            -60,
            60,
            required=True,
            source="temperature_source",
        ),
        number("ghi_wm2", "Global irradiance", "W/m²", 0, 1500, required=True, source="ghi_source"),
        number("dni_wm2", "Beam irradiance", "W/m²", 0, 1500, required=True, source="dni_source"),
        number(
            "dhi_wm2", "Diffuse irradiance", "W/m²", 0, 1500, required=True, source="dhi_source"
        ),
        number("longwave_wm2", "Sky long-wave irradiance", "W/m²", 0, 700),
        number("wind_ms", "Wind speed", "m/s", 0, 90, source="wind_source"),
        number("wind_direction_deg", "Wind direction", "°", 0, 360),
        number("humidity_percent", "Relative humidity", "%", 0, 110),
        number("pressure_hpa", "Air pressure", "hPa", 500, 1100),
        number("cloud_share", "Cloud cover", "", 0, 1),
        # where the sun stands in the middle of the hour, by pvlib
        number("sun_elevation_deg", "Sun elevation", "°", -90, 90, required=True),
        number("sun_azimuth_deg", "Sun azimuth", "°", 0, 360, required=True),
    ),
)
