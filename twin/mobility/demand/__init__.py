"""Travel demand: zones, trips, where they go, by which mode, and the vehicles that follow."""

from __future__ import annotations

from twin.mobility.demand.calibration import Calibration, calibrate
from twin.mobility.demand.costs import transit_inside
from twin.mobility.demand.hours import hour_shares, peak_hour
from twin.mobility.demand.jobs import jobs_of
from twin.mobility.demand.model import demand
from twin.mobility.demand.table import zone_table
from twin.mobility.demand.zoning import nearest_zone, zone_of

__all__ = [
    "Calibration",
    "calibrate",
    "demand",
    "hour_shares",
    "jobs_of",
    "nearest_zone",
    "peak_hour",
    "transit_inside",
    "zone_of",
    "zone_table",
]
