"""Sun on roofs: planes, horizons, potential, hourly photovoltaics, battery and own use."""

from __future__ import annotations

from twin.energy.solar.horizons import horizons
from twin.energy.solar.planes import planes_of, roof_planes
from twin.energy.solar.potential import (
    Allocation,
    allocate,
    building_potential,
    city_potential,
    potential,
)
from twin.energy.solar.storage import dispatch, payback_years
from twin.energy.solar.yields import pv_hours, pv_matrix, pv_year

__all__ = [
    "Allocation", "allocate", "building_potential", "city_potential", "dispatch", "horizons",
    "payback_years", "planes_of", "potential", "pv_hours",
    "pv_matrix", "pv_year", "roof_planes",
]  # fmt: skip
