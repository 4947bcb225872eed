"""Every journey found is the best there is: against trying everything, on any small timetable."""

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from layers.transit import read_transit
from tests.conftest import shared
from tests.twin.mobility.transit.feeds import compiled, make_feed, town_feed
from tests.twin.mobility.transit.reference import LATER, earliest
from twin.assumptions import assumptions
from twin.errors import ModelError
from twin.mobility.transit import arrivals, arrivals_by_rides, journeys, window
from twin.mobility.transit.timetable import NEVER

GIVEN = assumptions()
STOPS = "abcdefg"
KINDS = ("recommended", "timed", "minimum_time", "impossible", "in_seat", "in_seat_off")


@st.composite
def small_feeds(draw):
    """Up to 7 stops anywhere, two in a station; trips of any course, also back and forth."""
    place = st.tuples(st.integers(0, 30), st.integers(0, 3))
    stops = {name: tuple(100 * c for c in draw(place)) for name in STOPS}
    trips = []
    for line in range(draw(st.integers(1, 5))):
        course = draw(st.lists(st.sampled_from(STOPS), min_size=2, max_size=6))
        trips += [(f"L{line}", draw(halts_of(course))) for _ in range(draw(st.integers(1, 4)))]
    rule = st.tuples(
        st.sampled_from([*STOPS, "h"]),
        st.sampled_from([*STOPS, "h"]),
        st.sampled_from(KINDS),
        st.sampled_from([float("nan"), 0.0, 90.0, 400.0]),
    )
    transfers = draw(st.lists(rule, max_size=4))
    stops["h"] = (0, 0)
    return make_feed(stops, trips, transfers, {"a": "h", "b": "h"})


@st.composite
def halts_of(draw, course):
    """Times from 20:00 on, so that some pass midnight; flags mostly yes."""
    time = draw(st.sampled_from([60, 70_000, 72_000, 84_000])) + 60 * draw(st.integers(0, 30))
    flag = st.sampled_from([True, True, True, False])
    halts = []
    for stop in course:
        arrival = time + 60 * draw(st.integers(0, 9))
        time = arrival + 60 * draw(st.integers(0, 2))
        halts.append((stop, arrival, time, draw(flag), draw(flag)))
    return halts


def best_here(timetable, starts, departures):
    found = [
        arrivals_by_rides(timetable, starts[:, i], int(departure), GIVEN)
        for i, departure in enumerate(departures)
    ]
    return np.where(np.stack(found, -1) < NEVER, np.stack(found, -1), LATER)


@settings(max_examples=30)
@drawn(small_feeds(), st.integers(0, 2**32 - 1))
def test_arrival_and_transfers_equal_trying_everything(feed, seed):
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, 600, (8, 12)).astype(float)
    starts[rng.random(starts.shape) < 0.6] = np.inf
    departures = rng.choice([0, 600, 69_000, 71_700, 72_600, 84_300, 86_000], 12)
    timetable = compiled(feed, GIVEN)
    here = best_here(timetable, starts, departures)
    assert np.array_equal(here, earliest(feed, GIVEN, starts, departures))
    # from one door over the whole evening: each departure as if asked alone
    evening = np.arange(86_000, 69_000, -1_700, dtype=np.int32)
    door = np.repeat(starts[:, :1], len(evening), axis=1)
    together = arrivals(timetable, starts[:, 0], evening, GIVEN)
    alone = earliest(feed, GIVEN, door, evening.astype(np.int64))[-1].T
    assert np.array_equal(np.where(together < NEVER, together, LATER), alone)


def queries(timetable, count):
    """Doors near random stops at random minutes of the day; a walk to each stop nearby."""
    rng = np.random.default_rng(5)
    at = rng.integers(timetable.stops, size=count)
    away = np.hypot(timetable.x[:, None] - timetable.x[at], timetable.y[:, None] - timetable.y[at])
    starts = np.where(away < 600, away * 1.1, np.inf)
    return starts, rng.integers(0, 86_400, count), rng.integers(timetable.stops, size=count)


def check_thousand(feed):
    timetable = compiled(feed, GIVEN)
    starts, departures, ends = queries(timetable, 1000)
    right = earliest(feed, GIVEN, starts, departures)
    here = best_here(timetable, starts, departures)
    pairs = np.arange(1000)
    assert np.array_equal(here[:, ends, pairs], right[:, ends, pairs])
    assert np.array_equal(here, right)  # and to all other stops
    assert 100 < (right[-1, ends, pairs] < LATER).sum() < 1000


def test_thousand_queries_on_the_real_feed_equal_trying_everything():
    path = shared("data/transit/vrn_gtfs_cut_heidelberg.zip")
    check_thousand(read_transit(path).tables)


def test_thousand_queries_on_a_made_up_town_equal_trying_everything():
    check_thousand(town_feed(lines=5, halts=8, every_s=1800))


TOWN = town_feed(lines=4, halts=8, every_s=900)


def test_a_window_equals_asking_each_minute_alone():
    timetable = compiled(TOWN, GIVEN)
    starts, _, _ = queries(timetable, 1)
    departures = window(GIVEN, (6.5, 8))
    together = arrivals(timetable, starts[:, 0], departures, GIVEN)
    alone = [arrivals_by_rides(timetable, starts[:, 0], int(d), GIVEN)[-1] for d in departures]
    assert np.array_equal(together, np.stack(alone))


@settings(max_examples=10)
@drawn(small_feeds(), st.integers(0, 2**32 - 1))
def test_fewer_trips_never_make_an_arrival_earlier(feed, seed):
    rng = np.random.default_rng(seed)
    kept = feed["trips"].index[rng.permutation(len(feed["trips"]))[: 1 + len(feed["trips"]) // 2]]
    few = {
        **feed,
        "trips": feed["trips"].loc[kept],
        "stop_times": feed["stop_times"][feed["stop_times"]["trip_id"].isin(kept)],
    }
    starts = np.where(rng.random((8, 5)) < 0.4, 60.0, np.inf)
    departures = np.array([0, 69_000, 71_700, 72_600, 84_300])
    with_all = best_here(compiled(feed, GIVEN), starts, departures)
    assert (best_here(compiled(few, GIVEN), starts, departures) >= with_all).all()


def check_ride(halts, leg):
    """The trip leaves and arrives then, on this or another day, and halts on the way as told."""
    of_day = halts["stop_id"].tolist()
    first = (halts["departure_s"] % 86_400).tolist().index(leg.departure_s % 86_400)
    assert of_day[first : first + len(leg.stops)] == list(leg.stops)
    end = halts.iloc[first + len(leg.stops) - 1]
    assert end["arrival_s"] - halts.iloc[first]["departure_s"] == leg.arrival_s - leg.departure_s


def test_walks_of_a_journey_and_its_rides_are_in_the_timetable():
    timetable = compiled(TOWN, GIVEN)
    starts, departures, ends = queries(timetable, 60)
    halts = TOWN["stop_times"].groupby("trip_id")
    seen = set()
    for i, end in enumerate(ends):
        egress = np.where(np.arange(timetable.stops) == end, 45.0, np.inf)
        found = journeys(timetable, starts[:, i], egress, int(departures[i]), GIVEN)
        best = arrivals_by_rides(timetable, starts[:, i], int(departures[i]), GIVEN)[:, end]
        pareto = {(one.transfers + 1, one.arrival_s - 45) for one in found}
        better = np.flatnonzero(np.diff(best, prepend=NEVER) < 0)
        assert pareto == {(int(k), int(best[k])) for k in better}
        for one in found:
            seen.add(one.transfers)
            assert departures[i] <= one.departure_s
            for leg, after in zip(one.legs, [*one.legs[1:], None], strict=True):
                assert leg.departure_s <= leg.arrival_s
                if after is not None:
                    assert leg.arrival_s <= after.departure_s
                    assert leg.to_stop == after.from_stop
                if leg.kind == "ride":
                    check_ride(halts.get_group(leg.trip_id), leg)
    assert {0, 1} <= seen


def test_threads_do_not_matter_and_nothing_is_kept_between_searches():
    timetable = compiled(TOWN, GIVEN)
    starts, _, _ = queries(timetable, 2)
    departures = window(GIVEN, (7, 8))
    first, other, again = (arrivals(timetable, starts[:, i], departures, GIVEN) for i in (0, 1, 0))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("hours", [(9, 7), (-1, 3), (20, 25)])
def test_a_window_outside_the_day_is_refused(hours):
    with pytest.raises(ModelError, match="no window"):
        window(GIVEN, hours)
