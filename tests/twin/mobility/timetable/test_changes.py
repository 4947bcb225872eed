"""Timetables changed: numbers of trips, times by hand, and what must stay as it is."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.mobility.timetable.towns import CRS, GIVEN, E, N, times_of, two_lines
from twin.errors import ModelError
from twin.mobility.timetable import (
    NewLine,
    closed_stop,
    courses_of,
    faster,
    moved_stop,
    nearest_street,
    new_line,
    passing_lines,
    places_named,
    with_halt,
    with_headway,
    with_stop,
    without_halts,
    without_line,
)
from twin.mobility.timetable.service import counted, departures
from twin.schema import TABLES
from twin.validation import validate

LEG = round(300 / (0.65 * 50 / 3.6))  # seconds between two stops
DWELL = GIVEN["timetable.dwell.bus"]


@cache
def town():
    return two_lines()


def sound(service):
    """Refuse a service that breaks the schema, runs backwards or miscounts."""
    for name, table in service.tables().items():
        validate(TABLES[name], table, crs=CRS)
    times = service.stop_times.sort_values(["trip_id", "sequence"])
    trip = times["trip_id"].to_numpy()
    arrival, departure = times["arrival_s"].to_numpy(), times["departure_s"].to_numpy()
    assert (departure >= arrival).all()
    assert ((arrival[1:] >= departure[:-1]) | (trip[1:] != trip[:-1])).all()
    last = np.append(trip[1:] != trip[:-1], True)
    assert not times["boarding"][last].any()
    assert set(times["trip_id"]) == set(service.trips.index)
    assert times["stop_id"].isin(service.stops.index).all()
    again = counted(service)
    assert again.lines["departures"].equals(service.lines["departures"])
    assert again.stops["departures"].equals(service.stops["departures"])
    return service


def starts(service, line, direction=0):
    trips = service.trips
    mine = trips.index[(trips["line_id"] == line) & (trips["direction"] == direction)]
    times = service.stop_times[service.stop_times["trip_id"].isin(mine)]
    return sorted(times.groupby("trip_id")["departure_s"].min())


def rows_of(service, line):
    trips = service.trips[service.trips["line_id"] == line]
    return trips, service.stop_times[service.stop_times["trip_id"].isin(trips.index)]


def test_a_new_line_by_hand():
    service, _ = town()
    sound(service)
    assert starts(service, "l1") == [6 * 3600 + 1200 * i for i in range(9)]
    assert service.lines["departures"].to_dict() == {"l1": 18.0, "l2": 12.0}
    start = 6 * 3600
    assert times_of(service, "l1:0:001") == [
        ("Ae", start, start),
        ("Be", start + LEG, start + LEG + DWELL),
        ("Ce", start + 2 * LEG + DWELL, start + 2 * LEG + 2 * DWELL),
        ("De", start + 3 * LEG + 2 * DWELL, start + 3 * LEG + 2 * DWELL),
    ]
    assert service.trips.loc["l1:1:001", "headsign"] == "A"


def test_a_travel_speed_is_kept_with_its_halts():
    """900 m and two halts at 18 km/h take 180 s, whatever the streets allow."""
    service, streets = town()
    places, _ = places_named(service.stops, list("ABCD"), "bus", GIVEN)
    courses = courses_of(service.stops, streets, places, GIVEN)
    new = NewLine("x", "X", headway_min=60, from_hour=7, to_hour=8, speed_kmh=18)
    made = sound(new_line(service, courses, new, GIVEN))
    times = times_of(made, "x:0:001")
    assert times[-1][1] - times[0][2] == pytest.approx(180 - DWELL, abs=2)
    with pytest.raises(ModelError, match="already"):
        new_line(made, courses, new, GIVEN)


def test_ten_minutes_from_six_to_nine_are_eighteen_departures():
    service, _ = town()
    found = sound(with_headway(service, ["l1"], name="m", headway_min=10, from_hour=6, to_hour=9))
    assert starts(found, "l1") == [6 * 3600 + 600 * i for i in range(18)]
    assert starts(found, "l1", 1) == [6 * 3600 + 600 * i for i in range(18)]
    for one, other in zip(rows_of(service, "l2"), rows_of(found, "l2"), strict=True):
        pd.testing.assert_frame_equal(one, other)
    old = times_of(service, "l1:0:001")
    new = times_of(found, "m:l1:0:001")
    assert [row[0] for row in new] == [row[0] for row in old]
    assert np.diff([row[1] for row in new]).tolist() == np.diff([row[1] for row in old]).tolist()
    kept = found.trips.index[found.trips["line_id"] == "l1"]
    assert set(service.trips.index[service.trips["line_id"] == "l1"]) <= set(kept)


def test_trips_outside_of_the_hours_stay_and_empty_hours_fill():
    service, _ = town()
    found = sound(with_headway(service, ["l1"], name="m", headway_min=60, from_hour=8, to_hour=12))
    hours = [h / 3600 for h in starts(found, "l1")]
    assert hours == [6, *[6 + i / 3 for i in range(1, 6)], 8, 9, 10, 11]


@settings(max_examples=12)
@given(
    headway=st.sampled_from([2, 5, 7.5, 10, 13, 30]), first=st.floats(4, 8), span=st.floats(1, 5)
)
def test_as_many_departures_as_the_headway_says(headway, first, span):
    service, _ = town()
    found = with_headway(
        service, ["l1"], name="m", headway_min=headway, from_hour=first, to_hour=first + span
    )
    for direction in (0, 1):
        inside = [t for t in starts(found, "l1", direction)
                  if first * 3600 <= t + 0.5 and t - 0.5 < (first + span) * 3600]  # fmt: skip
        assert abs(len(inside) - span * 60 / headway) < 1 + 1e-6
        gaps = np.diff(inside)
        assert (np.abs(gaps - headway * 60) <= 1).all()


@settings(max_examples=3)
@given(factor=st.sampled_from([0.5, 0.25, 1 / 3]))
def test_twice_as_often_and_back_is_the_timetable_bit_for_bit(factor):
    service, _ = town()
    lines = list(service.lines.index)
    more = with_headway(service, lines, name="m", factor=factor)
    assert len(starts(more, "l1")) == (9 - 1) / factor + 1
    back = with_headway(more, lines, name="n", factor=1 / factor)
    for name, table in service.tables().items():
        pd.testing.assert_frame_equal(table, back.tables()[name])


def test_without_a_line_the_others_stay_bit_for_bit():
    service, streets = town()
    left = sound(without_line(service, ["l1"]))
    assert list(left.lines.index) == ["l2"]
    for one, other in zip(rows_of(service, "l2"), rows_of(left, "l2"), strict=True):
        pd.testing.assert_frame_equal(one, other)
    assert left.stops.loc["Ce", "departures"] == 0
    places, _ = places_named(service.stops, list("ABCD"), "bus", GIVEN)
    courses = courses_of(service.stops, streets, places, GIVEN)
    again = new_line(left, courses, NewLine("l1", "1", from_hour=6, to_hour=9), GIVEN)
    for name in ("trips", "stop_times", "lines", "stops"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(service, name))


def test_priority_saves_percent_of_running_and_seconds_of_halts():
    service, _ = town()
    old = times_of(service, "l1:0:001")
    found = sound(faster(service, ["l1"], GIVEN, percent=20))
    new = times_of(found, "l1:0:001")
    assert new[-1][1] - new[0][2] == pytest.approx(3 * LEG * 0.8 + 2 * DWELL, abs=1)
    found = sound(faster(service, ["l1"], GIVEN, seconds_per_stop=30))
    new = times_of(found, "l1:0:001")
    assert old[-1][1] - new[-1][1] == 2 * 30
    assert [row[2] for row in new[:1]] == [row[2] for row in old[:1]]
    pd.testing.assert_frame_equal(rows_of(found, "l2")[1], rows_of(service, "l2")[1])
    most = sound(faster(service, ["l1"], GIVEN, percent=100))
    new = times_of(most, "l1:0:001")
    assert new[-1][1] - new[0][2] == pytest.approx(3 * LEG * 0.5 + 2 * DWELL, abs=2)


def test_a_closed_stop_is_passed_and_gone():
    service, _ = town()
    loss = GIVEN["timetable.stop_loss"]
    found = sound(closed_stop(service, ["Be"], GIVEN))
    assert "Be" not in found.stops.index
    start = 6 * 3600
    assert times_of(found, "l1:0:001") == [
        ("Ae", start, start),
        ("Ce", start + 2 * LEG - loss, start + 2 * LEG - loss + DWELL),
        ("De", start + 3 * LEG - loss + DWELL, start + 3 * LEG - loss + DWELL),
    ]
    assert times_of(found, "l1:1:001") == times_of(service, "l1:1:001")
    assert (found.trips["line_id"] == "l2").sum() == 6  # its way there has one stop left


def test_without_its_first_stop_a_trip_begins_at_the_next():
    service, _ = town()
    found = sound(without_halts(service, ["Ae"], GIVEN, ["l1"]))
    assert times_of(found, "l1:0:001") == [
        (stop, arrival, departure) for stop, arrival, departure in times_of(service, "l1:0:001")[1:]
    ]
    assert "Ae" in set(rows_of(found, "l2")[1]["stop_id"])


def test_a_new_stop_between_two_costs_a_halt():
    service, streets = town()
    point = shapely.Point(E + 300, N)
    link = nearest_street(point, streets)
    more = with_stop(service, point, stop_id="new", name="Neu", link_id=link)
    assert passing_lines(more, point, "bus", 60) == ["l1", "l2"]
    assert passing_lines(more, shapely.Point(E + 300, N + 500), "bus", 60) == []
    found = sound(with_halt(more, "new", ["l1"], GIVEN))
    old, new = times_of(service, "l1:0:001"), times_of(found, "l1:0:001")
    assert [row[0] for row in new] == ["Ae", "new", "Be", "Ce", "De"]
    assert new[1][1] == pytest.approx(old[0][2] + LEG / 2 + 7.5, abs=1)
    extra = DWELL + GIVEN["timetable.stop_loss"]
    assert [b[1] - a[1] for a, b in zip(old[1:], new[2:], strict=True)] == [extra] * 3
    pd.testing.assert_frame_equal(rows_of(found, "l2")[1], rows_of(service, "l2")[1])
    assert with_halt(found, "new", ["l1"], GIVEN).stop_times.equals(found.stop_times)
    back = sound(closed_stop(found, ["new"], GIVEN))
    assert times_of(back, "l1:0:001") == times_of(service, "l1:0:001")


def test_a_stop_off_the_way_costs_the_detour():
    """350 m up the street between B and C: two sides of a flat triangle more than the leg."""
    service, _ = town()
    more = with_stop(service, shapely.Point(E + 600, N + 350), stop_id="new", name="Neu")
    found = sound(with_halt(more, "new", ["l1"], GIVEN))
    old, new = times_of(service, "l1:0:001"), times_of(found, "l1:0:001")
    detour = (np.hypot(150, 356) * 2 - 300) * 1.35 / 7
    assert new[-1][1] - old[-1][1] == pytest.approx(detour + DWELL + 15, abs=1)


def test_a_moved_stop_keeps_its_times():
    service, streets = town()
    there = shapely.Point(E + 200, N + 300)
    found = sound(moved_stop(service, "Be", there, link_id=nearest_street(there, streets)))
    assert found.stops.geometry["Be"].equals(there)
    assert found.stop_times is service.stop_times
    assert service.stops.geometry["Be"].x == E + 450
    assert found.stops.drop(index="Be").equals(service.stops.drop(index="Be"))


def test_assumed_departures_change_their_pace_with_the_hour():
    found = departures(np.array([5.0, 6.0, 8.0]), np.array([30.0, 20.0]))
    assert (found / 60).tolist() == [300, 330, 360, 380, 400, 420, 440, 460]
