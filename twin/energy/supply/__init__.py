"""Supply of buildings with heat: generators, electricity of heat pumps, final energy, cost."""

from twin.energy.supply.final import final_energy
from twin.energy.supply.generators import efficiency, heating_cost, installed_year, neutral_share
from twin.energy.supply.performance import default_performance, seasonal_performance
from twin.energy.supply.series import (
    SERIES,
    HeatSeries,
    heat_series,
    hot_water_series,
    space_series,
)

__all__ = [
    "SERIES",
    "HeatSeries",
    "default_performance",
    "efficiency",
    "final_energy",
    "heat_series",
    "heating_cost",
    "hot_water_series",
    "installed_year",
    "neutral_share",
    "seasonal_performance",
    "space_series",
]
