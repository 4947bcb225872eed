"""
Electricity: load profiles, yearly demand, hours by block, residual load, transformer areas.

The way: `load_profiles` gives shares of a year by hour, `appliance_kwh` the yearly figures of each
building; `electricity_hours` multiplies them by group. `residual_load` sets photovoltaics against
it, `transformer_areas` and `transformer_peaks` look at the local grid.
"""

from twin.energy.electricity.calendar import holidays
from twin.energy.electricity.demand import (
    appliance_kwh,
    appliance_parts,
    profile_of,
    profiles_of_parts,
)
from twin.energy.electricity.hours import charging_hours, electricity_hours
from twin.energy.electricity.profiles import PROFILES, LoadProfiles, load_profiles
from twin.energy.electricity.residual import Residual, load_duration, residual_load
from twin.energy.electricity.transformers import (
    area_hours,
    diversity,
    transformer_areas,
    transformer_peaks,
)

__all__ = [
    "PROFILES",
    "LoadProfiles",
    "Residual",
    "appliance_kwh",
    "appliance_parts",
    "area_hours",
    "charging_hours",
    "diversity",
    "electricity_hours",
    "holidays",
    "load_duration",
    "load_profiles",
    "profile_of",
    "profiles_of_parts",
    "residual_load",
    "transformer_areas",
    "transformer_peaks",
]
