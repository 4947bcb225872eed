"""Journeys on a feed of a million stop times; the same day as a time-expanded graph in SciPy."""

import time
import tracemalloc

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from twin.assumptions import assumptions
from twin.mobility.transit import (
    access_by_line,
    arrivals_by_rides,
    boardings,
    compile_timetable,
    reach,
    reach_places,
    transit_skims,
)
from twin.mobility.transit.timetable import (
    ARRIVAL,
    DEPARTURE,
    FIRST_EVENT,
    FIRST_PLACE,
    NEVER,
    STOP,
)

GIVEN = assumptions()
HALTS = 25
SPACING_M = 450.0


def make_region(stop_times):
    """
    Return a region of lines both ways with 25 halts each, every 10 to 60 minutes from 5 to 24 h.

    A stop is shared by about three lines.
    """
    rng = np.random.default_rng(1)
    headways = rng.choice([600, 900, 1200, 1800, 3600], stop_times)
    per_line = 2 * (19 * 3600 // headways) * HALTS
    lines = int(np.searchsorted(np.cumsum(per_line), stop_times)) + 1
    side = int(np.ceil(np.sqrt(lines * HALTS / 3)))
    x, y = np.meshgrid(np.arange(side), np.arange(side))
    stops = pd.Index([f"s{i}" for i in range(side * side)], dtype="str")
    points = shapely.points(x.ravel() * SPACING_M, y.ravel() * SPACING_M)
    trips, halts, at, times = [], [], [], []
    for line in range(lines):
        course, runs = _course(rng, side)
        starts = np.arange(5 * 3600 + 60 * int(rng.integers(10)), 24 * 3600, headways[line])
        for stops_of in (course, course[::-1]):
            trips += [line] * len(starts)
            halts.append(np.tile(stops_of, len(starts)))
            at.append((starts[:, None] + runs).ravel())
    trip_ids = pd.Index([f"t{i}" for i in range(len(trips))], dtype="str")
    seconds = np.concatenate(at).astype(float)
    times = pd.DataFrame(
        {
            "trip_id": np.repeat(trip_ids.to_numpy(), HALTS),
            "stop_id": stops.to_numpy()[np.concatenate(halts)],
            "sequence": np.tile(np.arange(1.0, HALTS + 1), len(trips)),
            "arrival_s": seconds,
            "departure_s": seconds,
            "boarding": True,
            "alighting": True,
        }
    )
    line_ids = pd.Index([f"L{i}" for i in range(lines)], dtype="str")
    table = gpd.GeoDataFrame({"parent_id": pd.Series(None, stops, dtype="str")}, geometry=points)
    columns = ["from_stop", "to_stop", "kind", "min_time_s"]
    return (
        table,
        pd.DataFrame(index=line_ids),
        pd.DataFrame({"line_id": line_ids[trips], "day_type": "weekday"}, index=trip_ids),
        times,
        pd.DataFrame({name: pd.Series(dtype="str") for name in columns}).astype(
            {"min_time_s": float}
        ),
    )


def _course(rng, side):
    at, course = rng.integers(side, size=2), []
    heading, way = int(rng.integers(2)), rng.choice([-1, 1], 2)
    for _ in range(HALTS):
        course.append(at[0] + side * at[1])
        heading = 1 - heading if rng.random() < 0.2 else heading
        if not 0 <= at[heading] + way[heading] < side:
            way[heading] *= -1
        at[heading] += way[heading]
    runs = np.concatenate([[0], np.cumsum(rng.integers(1, 3, HALTS - 1) * 60)])
    return np.array(course), runs


@pytest.fixture(scope="module")
def region():
    return make_region(1_000_000)


@pytest.fixture(scope="module")
def timetable(region):
    return compile_timetable(*region, GIVEN)


def door(timetable, place=0.5):
    """Walks from a door in the middle of the region."""
    x, y = (place * values.max() + 137.0 for values in (timetable.x, timetable.y))
    access = access_by_line(timetable, np.array([[x, y]]), GIVEN)
    seconds = np.full(timetable.stops, np.inf)
    stops, walks = access.start(0)
    seconds[stops] = walks
    return seconds


def test_compile(benchmark, region):
    made = benchmark.pedantic(compile_timetable, (*region, GIVEN), rounds=3, warmup_rounds=1)
    print(f"{len(region[3]):,} stop times, {made.stops:,} stops, {made.patterns:,} patterns")
    tracemalloc.start()
    compile_timetable(*region, GIVEN)
    print(f"peak {tracemalloc.get_traced_memory()[1] / 1e6:.0f} MB beside the tables")
    tracemalloc.stop()


def test_isochrone_from_one_point(benchmark, timetable):
    """Every minute from 7 to 9, three percentiles."""
    seconds = door(timetable)
    found = benchmark.pedantic(
        reach, (timetable, seconds, GIVEN), {"percentiles": (10, 50, 90)},
        rounds=15, warmup_rounds=2,
    )  # fmt: skip
    print(f"{np.isfinite(found[1]).mean():.0%} of the stops within 120 minutes in the median")


def test_isochrone_to_buildings(benchmark, timetable):
    """The same with 20,000 buildings behind the stops, the best stop for each departure."""
    rng = np.random.default_rng(3)
    middle = timetable.x.max() / 2
    xy = middle + rng.uniform(-4000, 4000, (20_000, 2))
    places = access_by_line(timetable, xy, GIVEN)
    benchmark.pedantic(
        reach_places, (timetable, door(timetable), places, GIVEN), rounds=5, warmup_rounds=1
    )


def zones_of(timetable, count):
    rng = np.random.default_rng(2)
    middle = timetable.x.max() / 2
    return access_by_line(timetable, middle + rng.uniform(-5000, 5000, (count, 2)), GIVEN)


def test_skims_of_200_zones(benchmark, timetable):
    access = zones_of(timetable, 200)
    found = benchmark.pedantic(transit_skims, (timetable, access, GIVEN), rounds=3, warmup_rounds=1)
    print(f"{np.isfinite(found['minutes']).mean():.0%} of the pairs have a journey")


def test_boardings_of_50_zones(benchmark, timetable):
    access, shares = zones_of(timetable, 50), np.r_[np.zeros(5), np.full(19, 1 / 19)]
    trips = np.random.default_rng(4).uniform(0, 5, (50, 50))
    found = benchmark.pedantic(
        boardings, (timetable, trips, access, shares, GIVEN), rounds=1, warmup_rounds=0
    )
    assert found.journeys + found.unserved.sum() == pytest.approx(trips.sum())


@pytest.mark.parametrize("stop_times", [10_000, 100_000, 1_000_000, 2_000_000])
def test_growth(benchmark, stop_times):
    made = compile_timetable(*make_region(stop_times), GIVEN)
    benchmark.pedantic(reach, (made, door(made), GIVEN), rounds=7, warmup_rounds=1)


def time_expanded(timetable, seconds, departure):
    """
    Return the day as a graph: n arrivals, n chances to board, the door; and the stop of each halt.

    Changes are at one stop only.
    """
    net, count = timetable.net, timetable.events
    pattern = timetable.pattern_of_events()
    length = np.diff(net.patterns[:, FIRST_PLACE])[pattern]
    number = np.arange(count) - net.patterns[pattern, FIRST_EVENT]
    stop = net.places[net.patterns[pattern, FIRST_PLACE] + number % length, STOP].astype(np.int64)
    arrives, leaves = (net.events[row].astype(np.int64) + 90_000 for row in (ARRIVAL, DEPARTURE))
    ride = np.flatnonzero(number % length < length - 1)
    order = ride[np.lexsort((leaves[ride], stop[ride]))]
    key = stop[order] * 1_000_000 + leaves[order]

    def chance(at, time):
        """Return the place in `order` of the first chance at a stop from a time on."""
        found = np.searchsorted(key, at * 1_000_000 + time)
        return found, (found < len(key)) & (key[np.minimum(found, len(key) - 1)] // 1_000_000 == at)

    near = np.flatnonzero(np.isfinite(seconds))
    begin = departure + 90_000 + seconds[near].astype(np.int64)
    first, starts = chance(near, begin)
    change, changes = chance(stop, arrives + 60)
    waits = np.flatnonzero(np.diff(stop[order]) == 0)
    event, boards = np.arange(count), order[first[starts]]
    edges = [
        (ride + count, ride + 1, arrives[ride + 1] - leaves[ride]),
        (ride, ride + 1, arrives[ride + 1] - arrives[ride]),
        (order[waits] + count, order[waits + 1] + count, np.diff(leaves[order])[waits]),
        (event[changes], order[change[changes]] + count,
         leaves[order[change[changes]]] - arrives[changes]),
        (np.full(len(boards), 2 * count), boards + count, leaves[boards] - 90_000 - departure),
    ]  # fmt: skip
    tails, heads, costs = (np.concatenate(part) for part in zip(*edges, strict=True))
    size = 2 * count + 1
    return csr_array((costs.astype(float), (tails, heads)), shape=(size, size)), stop


def test_peer_one_departure_as_time_expanded_graph(benchmark, region):
    """One departure at 8:00, changes at one stop only; here the isochrone has 120 of them."""
    given = GIVEN.replaced({"transit.longest_transfer": 0, "transit.most_transfers": 9})
    made = compile_timetable(*region, given)
    seconds, at = door(made), 8 * 3600
    graph, stop = time_expanded(made, seconds, at)
    started = time.perf_counter()
    found = dijkstra(graph, indices=2 * made.events, limit=7200.0)[: made.events]
    peer = time.perf_counter() - started
    best = np.full(made.stops, np.inf)
    np.minimum.at(best, stop, found)
    started = time.perf_counter()
    own = benchmark.pedantic(arrivals_by_rides, (made, seconds, at, given), rounds=1)[-1]
    took = time.perf_counter() - started
    print(f"SciPy {peer * 1000:.0f} ms, here {took * 1000:.1f} ms for one departure")
    assert np.array_equal(np.where(own < NEVER, own - at, np.inf), best)
