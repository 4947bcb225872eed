"""
Timetables made and changed: what runs when.

`ways`, `places` and `course` lead a line through its stops along streets or tracks; `service` makes
trips of it; `frequency`, `lines` and `stops` change a timetable. All are functions of tables: they
know no scenario and never change what they are given.
"""

from __future__ import annotations

from twin.mobility.timetable.course import Course, lead
from twin.mobility.timetable.frequency import faster, with_headway
from twin.mobility.timetable.lines import (
    NewLine,
    courses_of,
    new_line,
    places_along,
    places_named,
    without_line,
)
from twin.mobility.timetable.places import halting_places
from twin.mobility.timetable.service import Service, service_of
from twin.mobility.timetable.stops import (
    closed_stop,
    moved_stop,
    nearest_street,
    passing_lines,
    with_halt,
    with_stop,
    without_halts,
)
from twin.mobility.timetable.ways import bus_ways, street_halts, track_halts, track_ways

__all__ = [
    "Course", "NewLine", "Service", "bus_ways", "closed_stop", "courses_of", "faster",
    "halting_places", "lead", "moved_stop", "nearest_street", "new_line", "passing_lines",
    "places_along", "places_named", "service_of", "street_halts", "track_halts", "track_ways",
    "with_halt", "with_headway", "with_stop", "without_halts", "without_line",
]  # fmt: skip
