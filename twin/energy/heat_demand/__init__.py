"""Hourly heat demand of all buildings at once."""

from __future__ import annotations

from twin.energy.heat_demand.demand import heat_hours, heat_matrix, warm_up

__all__ = ["heat_hours", "heat_matrix", "warm_up"]
