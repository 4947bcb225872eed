"""Public transport by timetable: who gets where and when, and who rides what."""

from twin.mobility.transit.access import (
    StopAccess,
    access_along_streets,
    access_by_line,
    stop_access,
    walks_between,
    zone_access,
)
from twin.mobility.transit.boardings import Boardings, boardings
from twin.mobility.transit.compile import compile_timetable
from twin.mobility.transit.journey import Journey, Leg, journey, journey_until, journeys
from twin.mobility.transit.reach import (
    arrivals,
    arrivals_by_rides,
    onward,
    reach,
    reach_places,
    window,
)
from twin.mobility.transit.skims import transit_skims
from twin.mobility.transit.timetable import Timetable

__all__ = [
    "Boardings",
    "Journey",
    "Leg",
    "StopAccess",
    "Timetable",
    "access_along_streets",
    "access_by_line",
    "arrivals",
    "arrivals_by_rides",
    "boardings",
    "compile_timetable",
    "journey",
    "journey_until",
    "journeys",
    "onward",
    "reach",
    "reach_places",
    "stop_access",
    "transit_skims",
    "walks_between",
    "window",
    "zone_access",
]
