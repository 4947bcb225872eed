"""Shortest paths: Dijkstra in Numba over many sources, exact and the same with any threads."""

from twin.mobility.paths.skims import ZoneNet, zone_costs, zone_net, zone_skims
from twin.mobility.paths.ways import Reach, distances, nearest, reach, trees, way

__all__ = [
    "Reach", "ZoneNet", "distances", "nearest", "reach", "trees", "way", "zone_costs", "zone_net",
    "zone_skims",
]  # fmt: skip
