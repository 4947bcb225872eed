"""Cycling: traffic stress, islands of low stress, routes of cyclists, missing links."""

from __future__ import annotations

from twin.mobility.cycling.calm import barriers
from twin.mobility.cycling.gaps import missing_links
from twin.mobility.cycling.islands import (
    Islands,
    between_islands,
    low_stress_islands,
    reachable,
)
from twin.mobility.cycling.levels import lane_level, mixed_level
from twin.mobility.cycling.routes import Riders, calm_trips, cyclists, detours
from twin.mobility.cycling.stress import stress
from twin.mobility.cycling.town import CalmTown, calm_town

__all__ = [
    "CalmTown",
    "Islands",
    "Riders",
    "barriers",
    "between_islands",
    "calm_town",
    "calm_trips",
    "cyclists",
    "detours",
    "lane_level",
    "low_stress_islands",
    "missing_links",
    "mixed_level",
    "reachable",
    "stress",
]
