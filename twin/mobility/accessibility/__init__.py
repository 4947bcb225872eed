"""What people reach in which time: facilities, isochrones, the city of 15 minutes, trips."""

from twin.mobility.accessibility.counting import within
from twin.mobility.accessibility.cut_off import CutOff, cut_off, cut_off_facilities
from twin.mobility.accessibility.facilities import facilities
from twin.mobility.accessibility.gains import gains
from twin.mobility.accessibility.isochrones import (
    isochrone,
    isochrone_areas,
    isochrones,
    seconds_by_node,
    seconds_to_points,
)
from twin.mobility.accessibility.nearest import Nearest, nearest_minutes, up_to_stress
from twin.mobility.accessibility.people import groups
from twin.mobility.accessibility.profile import (
    by_cell,
    cell_of,
    fifteen_minutes,
    profile_by_group,
)
from twin.mobility.accessibility.rides import Leg, Transit
from twin.mobility.accessibility.routes import Route, route
from twin.mobility.accessibility.transit_near import minutes_from_stops, transit_minutes
from twin.mobility.accessibility.trip import Option, Options, compare_trips, trip

__all__ = [
    "CutOff",
    "Leg",
    "Nearest",
    "Option",
    "Options",
    "Route",
    "Transit",
    "by_cell",
    "cell_of",
    "compare_trips",
    "cut_off",
    "cut_off_facilities",
    "facilities",
    "fifteen_minutes",
    "gains",
    "groups",
    "isochrone",
    "isochrone_areas",
    "isochrones",
    "minutes_from_stops",
    "nearest_minutes",
    "profile_by_group",
    "route",
    "seconds_by_node",
    "seconds_to_points",
    "transit_minutes",
    "trip",
    "up_to_stress",
    "within",
]
