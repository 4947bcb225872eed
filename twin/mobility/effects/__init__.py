"""What traffic means: kilometres, fuel, greenhouse gas, charging, users' time and money, safety."""

from __future__ import annotations

from twin.mobility.effects.charging import (
    Charging,
    charging_kwh,
    charging_shapes,
    public_points,
)
from twin.mobility.effects.emissions import (
    resident_emissions,
    street_emissions,
    timetable_km,
    transit_emissions,
    yearly,
)
from twin.mobility.effects.fleet import car_cost_km, per_km
from twin.mobility.effects.kilometres import by_street_class, person_km, vehicle_km
from twin.mobility.effects.own_factors import own_factors
from twin.mobility.effects.safety import crossing_exposure, safety_exposure, stress_km
from twin.mobility.effects.users import Benefit, users_benefit

__all__ = [
    "Benefit",
    "Charging",
    "by_street_class",
    "car_cost_km",
    "charging_kwh",
    "charging_shapes",
    "crossing_exposure",
    "own_factors",
    "per_km",
    "person_km",
    "public_points",
    "resident_emissions",
    "safety_exposure",
    "street_emissions",
    "stress_km",
    "timetable_km",
    "transit_emissions",
    "users_benefit",
    "vehicle_km",
    "yearly",
]
