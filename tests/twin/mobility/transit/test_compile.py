"""What becomes of a timetable: patterns, midnight, faults, ways to change."""

import numpy as np
import pytest

from tests.twin.mobility.transit.feeds import compiled, in_schema, make_feed, town_feed
from twin.assumptions import assumptions
from twin.errors import ModelError
from twin.mobility.transit import arrivals_by_rides
from twin.mobility.transit.patterns import same_course, without_overtaking
from twin.mobility.transit.timetable import ARRIVAL, FIRST_EVENT, FIRST_PLACE, NEVER, TRIPS

GIVEN = assumptions()
FAR = {"a": (0, 0), "b": (5000, 0), "c": (10_000, 0)}
H = 3600


def run(start, course="abc", minutes=10):
    return [
        (stop, start + 60 * minutes * i, start + 60 * minutes * i) for i, stop in enumerate(course)
    ]


def arrival(timetable, a, b, at, given=GIVEN):
    starts = np.where(timetable.stop_ids == a, 0.0, np.inf)
    found = arrivals_by_rides(timetable, starts, at, given)[-1]
    return int(found[timetable.stop_ids.get_loc(b)])


def test_made_up_feeds_follow_the_schema_and_tables_of_either_give_the_same():
    feed = town_feed(lines=2, halts=4, every_s=3600)
    one, other = (compiled(tables, GIVEN) for tables in (feed, in_schema(feed)))
    assert one.events == other.events > 0
    assert one.patterns == other.patterns


def test_a_fast_trip_that_overtakes_gets_its_own_pattern():
    slow, fast = ("L", run(8 * H, minutes=20)), ("L", run(8 * H + 300, minutes=5))
    timetable = compiled(make_feed(FAR, [slow, fast, ("L", run(9 * H))]), GIVEN)
    assert timetable.patterns == 2
    assert sorted(timetable.net.patterns[:-1, TRIPS]) == [1, 2]
    assert arrival(timetable, "a", "c", 8 * H) == 8 * H + 900
    # none is overtaken inside a pattern, at any stop
    net = timetable.net
    for pattern in range(timetable.patterns):
        rows = slice(*net.patterns[pattern : pattern + 2, FIRST_EVENT])
        places = np.diff(net.patterns[pattern : pattern + 2, FIRST_PLACE])[0]
        assert (np.diff(net.events[ARRIVAL, rows].reshape(-1, places), axis=0) >= 0).all()


def test_lines_and_flags_part_trips_of_one_course():
    there = run(8 * H)
    no_boarding = [(*halt, False, True) if halt[0] == "b" else halt for halt in run(9 * H)]
    feed = make_feed(FAR, [("L", there), ("M", run(8 * H + 600)), ("L", no_boarding)])
    timetable = compiled(feed, GIVEN)
    assert timetable.patterns == 3
    assert arrival(timetable, "b", "c", 8 * H + 1300) == NEVER
    assert arrival(timetable, "a", "c", 8 * H + 1300) == 9 * H + 1200


def test_trips_of_yesterday_run_after_midnight_and_those_of_tomorrow_early():
    feed = make_feed(FAR, [("L", run(24 * H + 600)), ("L", run(300))])
    timetable = compiled(feed, GIVEN)
    assert arrival(timetable, "a", "c", 0) == 300 + 1200
    assert arrival(timetable, "a", "c", 400) == 600 + 1200  # began the day before
    assert arrival(timetable, "a", "c", 86_000) == 86_400 + 1500  # begins the day after
    assert arrival(timetable, "a", "c", 6 * H) == NEVER


def test_trips_in_any_order_of_rows_are_the_same():
    feed = town_feed(lines=3, halts=5, every_s=3600)
    mixed = {**feed, "stop_times": feed["stop_times"].sample(frac=1, random_state=1)}
    one, other = compiled(feed, GIVEN), compiled(mixed, GIVEN)
    for a, b in zip(one.net, other.net, strict=True):
        assert np.array_equal(a, b)


def test_bad_trips_are_left_out_and_counted():
    back = [("a", 8 * H, 8 * H), ("b", 7 * H, 7 * H)]
    waits_back = [("a", 8 * H, 8 * H - 60), ("b", 9 * H, 9 * H)]
    lost = [("a", 8 * H, 8 * H), ("moon", 9 * H, 9 * H)]
    trips = [("L", run(8 * H)), ("L", back), ("L", waits_back), ("L", lost), ("L", run(9 * H)[:1])]
    feed = make_feed(FAR, [*trips, ("M", run(8 * H))])
    feed["lines"] = feed["lines"].drop("M")
    timetable = compiled(feed, GIVEN)
    seen = {one.code: (one.count, one.examples) for one in timetable.findings}
    assert seen == {
        "timetable_stop_unknown": (1, ("t3",)),
        "timetable_times_backwards": (2, ("t1", "t2")),
        "timetable_one_halt": (1, ("t4",)),
        "timetable_line_unknown": (1, ("t5",)),
    }
    assert timetable.trip_ids[timetable.trip].tolist() == ["t0"]


def test_no_trips_on_that_day_or_none_usable_is_said():
    feed = make_feed(FAR, [("L", run(8 * H))])
    with pytest.raises(ModelError, match=r"no trips on a sunday; it has: weekday"):
        compiled(feed, GIVEN, day="sunday")
    feed["stop_times"] = feed["stop_times"].iloc[:1]
    with pytest.raises(ModelError, match="none of them usable"):
        compiled(feed, GIVEN)


def change(transfers=(), parents=None, at=(0, 200), given=GIVEN):
    """Seconds from alighting at b to being ready at c, 200 m beside it; None where impossible."""
    stops = {"a": (0, 9000), "b": (0, 0), "c": at, "d": (9000, 0), "p": (0, 0)}
    trips = [("L", [("a", 8 * H, 8 * H), ("b", 8 * H + 600, 8 * H + 600)])]
    trips += [("M", [("c", s, s), ("d", s + 60, s + 60)]) for s in range(8 * H + 600, 9 * H, 1)][
        :900
    ]
    timetable = compiled(make_feed(stops, trips, transfers, parents), given)
    found = arrival(timetable, "a", "d", 8 * H, given)
    return None if found >= NEVER else found - 60 - 8 * H - 600


NAN = float("nan")


def test_ways_to_change_follow_the_timetable_before_the_walk():
    walk = 200 * 1.3 * 3.6 / 4.8  # 195 s
    slow = GIVEN.replaced({"transit.change": 100})
    assert change() == walk + 60
    assert change(given=slow) == walk + 100
    assert change([("b", "c", "minimum_time", 30.0)]) == 30
    assert change([("b", "c", "timed", NAN)]) == 0
    assert change([("b", "c", "recommended", NAN)]) == walk + 60
    assert change([("b", "c", "impossible", NAN)]) is None
    assert change(at=(0, 2000)) is None
    assert change([("b", "c", "minimum_time", 500.0)], at=(0, 2000)) == 500


def test_a_rule_for_a_station_holds_for_its_platforms_unless_they_have_their_own():
    station = {"b": "p", "c": "p"}
    assert change([("p", "p", "minimum_time", 240.0)], station) == 240
    assert change([("p", "p", "minimum_time", 240.0), ("b", "c", "timed", NAN)], station) == 0
    assert change([("p", "c", "minimum_time", 90.0), ("p", "p", "timed", NAN)], station) == 90


def test_courses_and_overtaking_by_hand():
    offsets = np.array([0, 2, 4, 7, 9])
    assert same_course(offsets, np.array([1, 2, 1, 2, 1, 2, 3, 2, 1])).tolist() == [0, 0, 1, 2]
    times = np.array([0, 10, 5, 8, 6, 12, 20, 30])
    pattern = without_overtaking(np.zeros(4, np.int64), np.arange(0, 9, 2), times, times)
    assert pattern.tolist() == [0, 1, 0, 0]
