"""What people reach in which time: nearest facilities, isochrones, the city of 15 minutes, trips."""

from twin.mobility.accessibility.counting import within
from twin.mobility.accessibility.cut_off import CutOff, cut_off, cut_off_facilities
from twin.mobility.accessibility.facilities import facilities
from twin.mobility.accessibility.gains import gains
from twin.mobility.accessibility.isochrones import (
    isochrone_areas,
    isochrones,
    seconds_by_node,
    seconds_to_points,
)
from twin.mobility.accessibility.nearest import Nearest, nearest_minutes
from twin.mobility.accessibility.people import groups
from twin.mobility.accessibility.profile import (
    by_cell,
    cell_of,
    fifteen_minutes,
    profile_by_group,
)

__all__ = [
    "CutOff",
    "Nearest",
    "by_cell",
    "cell_of",
    "cut_off",
    "cut_off_facilities",
    "facilities",
    "fifteen_minutes",
    "gains",
    "groups",
    "isochrone_areas",
    "isochrones",
    "nearest_minutes",
    "profile_by_group",
    "seconds_by_node",
    "seconds_to_points",
    "within",
]
