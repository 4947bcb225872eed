"""Lines led along streets: by hand, and against trying every choice."""

from itertools import pairwise, product

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import shortest_path

from tests.twin.mobility.timetable.towns import (
    BLOCK_M,
    GIVEN,
    E,
    N,
    grid,
    main_street_stops,
    stop_table,
    street_table,
)
from twin.errors import ModelError
from twin.mobility.timetable import bus_ways, courses_of, halting_places, lead, street_halts
from twin.mobility.timetable.lines import places_along, places_named

SPEED = 0.65 * 50 / 3.6  # m/s in a residential street of 50 km/h


def led(stops, streets, names, **more):
    places, unknown = places_named(stops, names, "bus", GIVEN)
    assert not unknown
    return courses_of(stops, streets, places, GIVEN, **more)


def test_a_line_halts_on_the_right_in_both_directions():
    streets, _ = grid()
    stops = main_street_stops()
    there, back = led(stops, streets, "ABCD")
    assert list(stops.index[there.stops]) == ["Ae", "Be", "Ce", "De"]
    assert list(stops.index[back.stops]) == ["Dw", "Cw", "Bw", "Aw"]
    assert there.metres == pytest.approx([0, BLOCK_M, BLOCK_M, BLOCK_M])
    assert there.seconds == pytest.approx([0, *[BLOCK_M / SPEED] * 3])
    assert there.line.length == pytest.approx(3 * BLOCK_M)
    assert there.line.coords[0] == pytest.approx((E + BLOCK_M / 2, N))


def test_one_way_streets_make_the_way_back_another():
    """From left to right straight on, back around the block above."""
    streets, _ = grid(3)
    streets = streets.drop(index=["w0:0:b", "w1:0:b"])
    streets.loc[["w0:0:f", "w1:0:f"], "reverse_id"] = np.nan
    stops = stop_table([
        ("a", "A", "bus", 50, -6, "w0:0:f"), ("b", "B", "bus", 550, -6, "w1:0:f"),
    ])  # fmt: skip
    there, back = led(stops, streets, "AB")
    assert there.metres[1] == pytest.approx(500)
    assert back.metres[1] == pytest.approx(50 + 300 + 600 + 300 + 50)


def test_a_stop_on_one_side_only_serves_both_directions():
    streets, _ = grid()
    stops = main_street_stops().drop(index="Cw")
    there, back = led(stops, streets, "ABCD")
    assert list(stops.index[there.stops]) == ["Ae", "Be", "Ce", "De"]
    assert list(stops.index[back.stops]) == ["Dw", "Ce", "Bw", "Aw"]
    assert back.metres.sum() == pytest.approx(3 * BLOCK_M)


def test_a_drawn_line_is_followed_and_finds_its_stops():
    """Drawn around the block: the stops of the way between do not lie on it."""
    streets, _ = grid()
    stops = main_street_stops()
    corners = [(10, 0), (300, 0), (300, 300), (900, 300), (900, 0), (1190, 0)]
    drawn = shapely.LineString([(E + x, N + y) for x, y in corners])
    places = places_along(stops, drawn, "bus", GIVEN)
    assert [set(stops["name"].iloc[rows]) for rows in places] == [{"A"}, {"D"}]
    there, _ = courses_of(stops, streets, places, GIVEN, drawn=drawn)
    assert there.metres[1] == pytest.approx(150 + 300 + 600 + 300 + 150)
    straight, _ = courses_of(stops, streets, places, GIVEN)
    assert straight.metres[1] == pytest.approx(900)


def test_a_ring_comes_back_to_its_first_stop():
    streets, _ = grid(3)
    stops = stop_table([
        ("a", "A", "bus", 150, -6, "w0:0:f"), ("b", "B", "bus", 606, 150, None),
        ("c", "C", "bus", 450, 606, None),
    ])  # fmt: skip
    drawn = shapely.LineString(
        [(E + x, N + y) for x, y in ((100, 0), (600, 0), (600, 600), (0, 600), (0, 0), (100, 0))]
    )
    places = places_along(stops, drawn, "bus", GIVEN)
    courses = courses_of(stops, streets, places, GIVEN, drawn=drawn)
    assert len(courses) == 1
    assert list(stops.index[courses[0].stops]) == ["a", "b", "c", "a"]
    assert courses[0].metres.sum() == pytest.approx(2400)


def test_stops_no_street_joins_are_refused():
    xy = [(E, N), (E + 300, N), (E, N + 9000), (E + 300, N + 9000)]
    streets = street_table([(0, 1), (2, 3)], xy)
    stops = stop_table([
        ("a", "A", "bus", 100, -6, "w0:0:f"), ("b", "B", "bus", 100, 8994, "w1:0:f"),
    ])  # fmt: skip
    with pytest.raises(ModelError, match="No bus can get"):
        led(stops, streets, "AB")


def test_names_that_several_places_share_mean_the_nearest():
    rows = [("a", "A", "bus", 0, 0, None), ("far", "B", "bus", 1200, 1200, None),
            ("near", "B", "bus", 300, 0, None)]  # fmt: skip
    stops = stop_table(rows)
    places, unknown = places_named(stops, ["A", "B", "X"], "bus", GIVEN)
    assert [list(stops.index[p]) for p in places] == [["a"], ["near"]]
    assert unknown == ["X"]


def test_halting_places_are_both_sides_and_stations():
    rows = [
        ("a1", "A", "bus", 0, 0, None), ("a2", "A", "bus", 100, 0, None),
        ("a3", "A", "bus", 400, 0, None), ("b", "B", "bus", 20, 0, None),
        ("bare", None, "bus", 420, 0, None), ("r1", "Bf", "rail", 0, 50, None),
        ("r2", "Gleis 1", "rail", 200, 50, None), ("t", "A", "taxi", 0, 0, None),
    ]  # fmt: skip
    stops = stop_table(rows)
    place = dict(zip(stops.index, halting_places(stops, GIVEN), strict=True))
    assert place["a1"] == place["a2"] != place["a3"] == place["bare"]
    assert place["b"] not in (place["a1"], place["a3"])
    assert place["r1"] == place["r2"]
    assert place["t"] not in (place["a1"], place["r1"])


@settings(max_examples=12)
@given(data=st.data())
def test_the_choice_of_stops_is_the_best_of_all(data):
    """Dynamic programming against trying every combination of stops, ways from scipy."""
    streets, _ = grid(3)
    closed = data.draw(st.lists(st.sampled_from(list(streets.index)), max_size=5, unique=True))
    streets = streets.drop(index=closed)
    links = list(streets.index)
    chosen = data.draw(st.lists(st.sampled_from(links), min_size=6, max_size=6))
    share = data.draw(st.lists(st.floats(0.1, 0.9), min_size=6, max_size=6))
    lines = streets.geometry[chosen].to_numpy()
    xy = shapely.get_coordinates(shapely.line_interpolate_point(lines, share, normalized=True))
    rows = [(f"s{i}", "", "bus", x - E, y - N, link)
            for i, ((x, y), link) in enumerate(zip(xy, chosen, strict=True))]  # fmt: skip
    stops = stop_table(rows)
    ways = bus_ways(streets, GIVEN)
    halts = street_halts(stops, ways, GIVEN.replaced({"timetable.wrong_side": 0.0}))
    places = [np.array([0, 1]), np.array([2, 3]), np.array([4, 5])]
    course = lead(ways, halts, places)
    best = brute_force(ways, halts, places)
    if course is None or len(course) < 3:
        assert not np.isfinite(best)
        return
    assert course.seconds.sum() == pytest.approx(best)


def brute_force(ways, halts, places):
    cost = np.full((ways.n, ways.n), np.inf)
    for a, b, s in zip(ways.start, ways.end, ways.seconds, strict=True):
        cost[a, b] = min(cost[a, b], s)
    far = shortest_path(np.where(np.isfinite(cost), cost, 0.0))
    options = [np.flatnonzero(np.isin(halts.stop, place)) for place in places]
    return min(total(ways, halts, far, chosen) for chosen in product(*options))


def total(ways, halts, far, chosen):
    found = 0.0
    for one, two in pairwise(chosen):
        a, b = halts.link[one], halts.link[two]
        if a == b and halts.share[two] >= halts.share[one]:
            found += (halts.share[two] - halts.share[one]) * ways.seconds[a]
        else:
            found += (1 - halts.share[one]) * ways.seconds[a] + far[ways.end[a], ways.start[b]]
            found += halts.share[two] * ways.seconds[b]
    return found
