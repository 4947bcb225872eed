"""Which indicators have no value because a step of the models failed, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.indicators.catalogue import INDICATORS
from twin.indicators.mobility import ALL_TRIPS

if TYPE_CHECKING:
    from twin.errors import TwinError
    from twin.indicators.definition import Indicator
    from twin.simulate.results import YearResults

MADE_BY = {
    "heat_table": ("space_kwh", "hot_water_kwh"),
    "seasonal": ("seasonal_kwh",),
    "final": ("final_kwh", "heat_electricity_kwh"),
    "renewable": ("all_heat_kwh", "renewable_heat_kwh"),
    "appliances": ("appliance_kwh", "final_kwh"),
    "prosumers": ("pv_kwh", "self_use_kwh"),
    "greenhouse_gas": ("co2e_t", "co2e_heat_t"),
    "cost_table": ("investment_eur", "energy_cost_eur", "annual_cost_eur", "imports_eur"),
    "travel": (*ALL_TRIPS, "km_car", "travel_minutes"),
    "reached": ("near_daily_needs", "near_school", "near_stop", "near_all"),
    "noise": ("loud_day", "loud_night"),
    "charging": ("charging_kwh",),
    "traffic": ("vkm_car", "vkm_truck", "delay_h", "calm_m", "cycled_m", "traffic_t"),
    "stress": ("calm_m",),
    "traffic_gas": ("traffic_t",),
    "calibration": ("seasonal_kwh", "hot_water_kwh"),
}
"""Columns that indicators sum up, by the stage they come from."""

PEAKS = {"heat_kw": ("hours",), "import_kw": ("hours", "car_load"),
         "feed_in_kw": ("hours", "car_load")}  # fmt: skip


def lacking(found: YearResults) -> dict[str, TwinError]:
    """Return by indicator why it has no value; nothing where nothing failed."""
    if not found.failed:
        return {}
    reasons = {
        name: next((found.failed[s] for s in _stages(entry) if s in found.failed), None)
        for name, entry in INDICATORS.items()
    }
    return {name: fault for name, fault in reasons.items() if fault is not None}


def _stages(indicator: Indicator) -> list[str]:
    """Return the stages an indicator rests on."""
    if indicator.peak:
        return list(PEAKS[indicator.peak])
    columns = {*indicator.top, *indicator.bottom}
    heat = any(name.startswith("heat_") and name.endswith("_kwh") for name in columns)
    return [
        stage
        for stage, made in MADE_BY.items()
        if columns & set(made) or (stage == "final" and heat)
    ]
