"""Road noise after RLS-19: what streets give off, what arrives at walls, who lives above limits."""

from __future__ import annotations

from twin.mobility.noise.chain import noise_at_buildings, sound_spread
from twin.mobility.noise.emission import noise_emission
from twin.mobility.noise.levels import area_kinds, facade_levels, noise_exposure
from twin.mobility.noise.receivers import Receivers, building_heights, facade_points
from twin.mobility.noise.sources import Lines, sound_lines
from twin.mobility.noise.spread import Spread, spread_of

__all__ = [
    "Lines",
    "Receivers",
    "Spread",
    "area_kinds",
    "building_heights",
    "facade_levels",
    "facade_points",
    "noise_at_buildings",
    "noise_emission",
    "noise_exposure",
    "sound_lines",
    "sound_spread",
    "spread_of",
]
