"""Hourly heat demand of all buildings at once."""

from __future__ import annotations

from twin.energy.heat_demand.demand import heat_hours, heat_matrix, room_heat, warm_up
from twin.energy.heat_demand.parameters import parameters

__all__ = ["heat_hours", "heat_matrix", "parameters", "room_heat", "warm_up"]
