"""What sensors observe: words of the twin for it, units, what can be true of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from layers.sensors.records import Statistic


@dataclass(frozen=True)
class Property:
    """
    A property with its usual unit, what is physically possible, and how it moves.

    `most_step` is the fastest change (unit an hour) before a value counts as a jump, `stuck_h` the
    hours after which the same value again and again is no longer believed. None: not judged.
    """

    label: str  # English msgid
    unit: str  # UCUM
    low: float
    high: float
    statistic: Statistic = "value"
    most_step: float | None = None
    stuck_h: float | None = None
    people: bool = False


PROPERTIES: Mapping[str, Property] = {
    # traffic
    "vehicles": Property("Vehicles", "{vehicle}", 0, 10_000, "count"),
    "heavy_vehicles": Property("Heavy vehicles", "{vehicle}", 0, 5_000, "count"),
    "bicycles": Property("Bicycles", "{bicycle}", 0, 10_000, "count", people=True),
    "pedestrians": Property("Pedestrians", "{person}", 0, 100_000, "count", people=True),
    "speed": Property("Speed", "km/h", 0, 250, "mean"),
    "traffic_load": Property("Traffic load", "1", 0, 1_000),
    "free_spaces": Property("Free parking spaces", "{space}", 0, 50_000),
    "occupied_spaces": Property("Occupied parking spaces", "{space}", 0, 50_000),
    "occupancy": Property("Occupancy", "%", 0, 100),
    "bikes_available": Property("Bicycles to hire", "{bicycle}", 0, 1_000),
    # weather and air
    "air_temperature": Property("Air temperature", "Cel", -45, 50, most_step=15, stuck_h=12),
    "relative_humidity": Property("Relative humidity", "%", 0, 100.5, most_step=70, stuck_h=24),
    "air_pressure": Property("Air pressure", "hPa", 850, 1_090, most_step=15, stuck_h=24),
    "global_radiation": Property("Global radiation", "W/m2", -10, 1_500, "mean", stuck_h=24),
    "wind_speed": Property("Wind speed", "m/s", 0, 75, "mean", stuck_h=24),
    "wind_direction": Property("Wind direction", "deg", 0, 360),
    "precipitation": Property("Precipitation", "mm", 0, 200, "count"),
    "pm10": Property("Particles PM10", "ug/m3", 0, 2_000, "mean", stuck_h=24),
    "pm2_5": Property("Particles PM2.5", "ug/m3", 0, 2_000, "mean", stuck_h=24),
    "no2": Property("Nitrogen dioxide", "ug/m3", -5, 1_000, "mean", stuck_h=24),
    "o3": Property("Ozone", "ug/m3", -5, 600, "mean", stuck_h=24),
    "co2": Property("Carbon dioxide", "[ppm]", 300, 10_000, stuck_h=24),
    "noise": Property("Sound level", "dB", 10, 140, "mean", stuck_h=24),
    "soil_temperature": Property("Soil temperature", "Cel", -30, 50, most_step=10),
    "soil_moisture": Property("Soil moisture", "%", 0, 100),
    "soil_conductivity": Property("Conductivity of the soil", "uS/cm", 0, 50_000),
    "probe_temperature": Property("Temperature at the probe", "Cel", -60, 200),
    "tvoc": Property("Volatile organic compounds", "[ppb]", 0, 65_000),
    "illuminance": Property("Illuminance", "lx", 0, 200_000),
    # water
    "water_level": Property("Water level", "cm", -500, 2_500, most_step=200),
    "water_flow": Property("Discharge", "m3/s", 0, 20_000),
    # energy
    "electric_power": Property("Electric power", "kW", -100_000, 100_000, "mean"),
    "electric_energy": Property("Electricity", "kW.h", 0, 1e9, "count"),
    "electric_meter": Property("Electricity meter", "kW.h", 0, 1e12, "meter"),
    "heat_power": Property("Heat output", "kW", -100, 1_000_000, "mean"),
    "heat_energy": Property("Heat", "kW.h", 0, 1e9, "count"),
    "heat_meter": Property("Heat meter", "kW.h", 0, 1e12, "meter"),
    "pv_power": Property("Photovoltaic power", "kW", -5, 100_000, "mean"),
    "charging_power": Property("Charging power", "kW", -500, 100_000, "mean"),
    "charging_used": Property("Charging points in use", "{point}", 0, 10_000),
    # devices
    "battery": Property("Battery voltage", "V", 0, 60),
    "battery_level": Property("Charge of the battery", "%", 0, 100),
}
"""Words a mapping may use. Another word is taken as it stands, with its unit and no range."""
