"""Travel times over a window, worked out by hand and against single journeys."""

import numpy as np
import pandas as pd
import pytest

from tests.twin.mobility.transit.feeds import compiled, make_feed, town_feed
from twin.assumptions import assumptions
from twin.errors import ModelError
from twin.mobility.transit import (
    access_by_line,
    journey,
    journey_until,
    reach,
    reach_places,
    stop_access,
    transit_skims,
)

GIVEN = assumptions()
H = 3600
FAR = {"a": (0, 0), "b": (9000, 0), "c": (18_000, 0)}


def shuttle(every, minutes=10):
    """One line from a to b, from 6:00 to 12:00."""
    starts = range(6 * H, 12 * H, every * 60)
    return [("L", [("a", s, s), ("b", s + 60 * minutes, s + 60 * minutes)]) for s in starts]


def zones(timetable, *rows):
    table = pd.DataFrame(rows, columns=["place", "stop", "seconds"])
    return stop_access(timetable, table, 2)


@pytest.mark.parametrize(("every", "wait"), [(20, 9), (10, 4), (60, 29)])
def test_a_single_line_by_hand(every, wait):
    timetable = compiled(make_feed(FAR, shuttle(every)), GIVEN)
    access = zones(timetable, (0, "a", 300), (1, "b", 180))
    skims = transit_skims(timetable, access, GIVEN, hours=(7, 9))
    told = {name: values[0, 1] for name, values in skims.items()}
    assert told == {
        "minutes": 18 + wait, "in_vehicle": 10, "wait": wait, "first_wait": wait, "walk": 8,
        "transfers": 0,
    }  # fmt: skip
    for values in skims.values():  # nothing runs back, nobody rides within a zone
        assert np.isinf(values[[0, 1, 1], [0, 0, 1]]).all()


def test_a_change_by_hand():
    on = [
        ("M", [("b", s + 720, s + 720), ("c", s + 1020, s + 1020)])
        for s in range(6 * H, 12 * H, 1200)
    ]
    timetable = compiled(make_feed(FAR, [*shuttle(20), *on]), GIVEN)
    access = zones(timetable, (0, "a", 0), (1, "c", 60))
    skims = transit_skims(timetable, access, GIVEN, hours=(7, 9))
    told = {name: values[0, 1] for name, values in skims.items()}
    assert told == {
        "minutes": 27, "in_vehicle": 15, "wait": 11, "first_wait": 9, "walk": 1, "transfers": 1,
    }  # fmt: skip


def test_a_transfer_must_be_worth_its_penalty():
    express = [("E", [("a", s, s), ("c", s + 1200, s + 1200)]) for s in range(6 * H, 12 * H, 1200)]
    on = [
        ("M", [("b", s + 720, s + 720), ("c", s + 1020, s + 1020)])
        for s in range(6 * H, 12 * H, 1200)
    ]
    timetable = compiled(make_feed(FAR, [*express, *shuttle(20), *on]), GIVEN)
    access = zones(timetable, (0, "a", 0), (1, "c", 0))
    for penalty, transfers, ride in ((2, 1, 15), (5, 0, 20)):
        given = GIVEN.replaced({"transit.transfer_penalty": penalty})
        skims = transit_skims(timetable, access, given)
        assert (skims["transfers"][0, 1], skims["in_vehicle"][0, 1]) == (transfers, ride)


def test_who_walks_as_fast_does_not_ride():
    timetable = compiled(make_feed(FAR, shuttle(20)), GIVEN)
    access = zones(timetable, (0, "a", 300), (1, "b", 180))
    for walk, rides in ((26.9, False), (27.0, False), (27.1, True)):
        skims = transit_skims(timetable, access, GIVEN, walk_minutes=np.full((2, 2), walk))
        assert np.isfinite(skims["minutes"][0, 1]) == rides
        assert np.isfinite(skims["transfers"][0, 1]) == rides


TOWN = compiled(town_feed(lines=4, halts=8, every_s=900), GIVEN)
DOORS = np.random.default_rng(2).uniform(0, 2500, (12, 2))


def dense(access, place):
    seconds = np.full(TOWN.stops, np.inf)
    stops, walks = access.start(place)
    seconds[stops] = walks
    return seconds


def test_the_parts_add_up_and_the_median_is_that_of_single_journeys():
    access = access_by_line(TOWN, DOORS, GIVEN)
    skims = transit_skims(TOWN, access, GIVEN, hours=(7, 8))
    seen = np.isfinite(skims["minutes"])
    parts = skims["in_vehicle"] + skims["wait"] + skims["walk"]
    np.testing.assert_allclose(parts[seen], skims["minutes"][seen])
    assert (skims["first_wait"][seen] <= skims["wait"][seen]).all()
    assert (skims["first_wait"][seen] >= 0).all()
    assert seen.mean() > 0.5
    checked = 0
    for a, b in np.argwhere(seen)[::17]:
        found = [
            journey(TOWN, dense(access, a), dense(access, b), minute * 60, GIVEN)
            for minute in range(7 * 60, 8 * 60)
        ]
        taken = sorted(np.inf if one is None else one.arrival_s - one.asked_s for one in found)
        assert skims["minutes"][a, b] == taken[29] / 60
        checked += 1
    assert checked >= 4


def test_reach_is_the_percentile_of_the_minutes_and_walking_may_be_faster():
    timetable = compiled(make_feed(FAR, shuttle(20)), GIVEN)
    seconds = np.array([300.0, np.inf, np.inf])
    found = reach(timetable, seconds, GIVEN, hours=(7, 9), percentiles=(0, 50, 95, 100))
    assert found[:, 1].tolist() == [15, 24, 33, 34]  # 5 min to the stop, 10 min ride, 0 to 19 wait
    assert (found[:, 0] == 5).all()  # on foot
    assert np.isinf(found[:, 2]).all()
    seconds[1] = 900.0
    assert reach(timetable, seconds, GIVEN)[0, 1] == 15


def test_reach_of_places_takes_the_best_stop_of_each_departure():
    access = access_by_line(TOWN, DOORS, GIVEN)
    skims = transit_skims(TOWN, access, GIVEN.replaced({"transit.transfer_penalty": 0}))
    for zone in (0, 3):
        found = reach_places(TOWN, dense(access, zone), access, GIVEN)[0]
        others = np.arange(len(DOORS)) != zone
        assert np.array_equal(found[others], skims["minutes"][zone][others])


def test_the_last_journey_that_is_there_in_time():
    timetable = compiled(make_feed(FAR, shuttle(20)), GIVEN)
    a, b = np.array([300.0, np.inf, np.inf]), np.array([np.inf, 180.0, np.inf])
    found = journey_until(timetable, a, b, 8 * H, GIVEN)
    assert (found.departure_s, found.arrival_s) == (7 * H + 2400 - 300, 7 * H + 3000 + 180)
    assert [leg.kind for leg in found.legs] == ["walk", "ride", "walk"]
    assert journey_until(timetable, a, b, 6 * H, GIVEN) is None


def test_no_stop_within_reach_and_stops_that_are_not_there():
    timetable = compiled(make_feed(FAR, shuttle(20)), GIVEN)
    nowhere = access_by_line(timetable, np.array([[4500.0, 0.0], [0.0, 100.0]]), GIVEN)
    assert np.diff(nowhere.offsets).tolist() == [0, 1]
    assert np.isinf(transit_skims(timetable, nowhere, GIVEN)["minutes"]).all()
    with pytest.raises(ModelError, match="1 ways to stops"):
        zones(timetable, (0, "a", 300), (1, "moon", 180))
