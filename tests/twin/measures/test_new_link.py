"""A drawn link joins the streets, and the graph stays whole."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, settings
from hypothesis import given as hyp_given
from hypothesis import strategies as st

from tests.twin.measures.street_town import (
    TOWN,
    assert_consistent,
    done,
    faults,
    line,
    measure,
)
from twin.scenario import ScenarioError

STREETS = TOWN.city.streets


def link(*xy, **fields):
    return measure("new_link", id=fields.pop("id", "new"), line=line(*xy), **fields)


def mine(state, name="new"):
    streets = state.city.streets
    return streets[streets["way_id"] == name]


def test_ends_mean_junctions_near_to_them():
    """From n00 to n11 over nothing: one link each way, ends moved onto the junctions."""
    after = done(link((8, 6), (94, 93), street_class="tertiary", lanes=2, name="Diagonale"))
    new = mine(after)
    assert list(new.index) == ["new:1:f", "new:1:b"]
    assert list(new["from_node"]) == ["n00", "n11"]
    assert list(new["reverse_id"]) == ["new:1:b", "new:1:f"]
    assert new["length_m"].to_numpy() == pytest.approx(100 * 2**0.5, abs=1e-3)
    assert set(new["speed_kmh"]) == {50.0}
    assert set(new["lanes"]) == {2.0}
    assert set(new["car_reach"]) == {"main"}
    assert_consistent(after.city)
    pd.testing.assert_frame_equal(after.city.streets.loc[STREETS.index], STREETS)
    degree = after.city.nodes["degree"] - TOWN.city.nodes["degree"]
    assert degree[degree != 0].to_dict() == {"n00": 1.0, "n11": 1.0}
    assert after.city.tables["stops"] is TOWN.city.tables["stops"]


def test_an_end_splits_the_street_it_touches():
    after = done(link((50, 20), (50, 103)))
    assert_consistent(after.city)
    new = mine(after)
    assert set(new["from_node"]) == {"new:n1", "new:n2"}
    streets = after.city.streets
    assert set(streets.index) - set(STREETS.index) - set(new.index) == {
        "a:0:f~1",
        "a:0:f~2",
        "a:0:b~1",
        "a:0:b~2",
        "b:0:f~1",
        "b:0:f~2",
        "b:0:b~1",
        "b:0:b~2",
    }
    assert after.city.nodes.loc[["new:n1", "new:n2"], "degree"].tolist() == [3.0, 3.0]
    assert new["length_m"].tolist() == pytest.approx([100.0, 100.0], abs=0.01)
    assert streets.loc["b:0:f~1", "to_node"] == "new:n2"
    assert after.city.stops.loc["h2", "link_id"] in {"a:0:f~1", "a:0:f~2"}


def test_crossed_streets_are_joined_or_passed_over():
    """From west of everything to the east, between the rows: it crosses d, e and f."""
    across = ((-60, 150), (260, 150))
    after = done(link(*across))
    assert_consistent(after.city)
    new = mine(after)
    assert len(new) == 8
    ends = [f"new:n{n}" for n in range(1, 6)]
    assert after.city.nodes.loc[ends, "degree"].tolist() == [1.0, 1.0, 4.0, 4.0, 4.0]
    assert "m:0:f" in after.city.streets.index  # the motorway is above
    over = link(*across, joins_crossings=False)
    assert "touches no street that it could join; the nearest is 60 m away" in faults(over)
    bridge = done(link((0, 150), (200, 150), joins_crossings=False))
    assert set(mine(bridge)["from_node"]) == {"new:n1", "new:n2"}
    assert mine(bridge)["is_bridge"].all()
    assert "e:1:f" in bridge.city.streets.index


def test_modes_and_one_direction():
    after = done(link((0, 0), (100, 100), street_class="cycleway", both_directions=False))
    (row,) = mine(after).itertuples()
    assert (row.allow_bike, row.allow_car, row.allow_walk) == (True, False, False)
    assert (row.car_access, row.car_reach, row.bike_reach) == ("no", "not_allowed", "main")
    assert pd.isna(row.reverse_id)
    bus = done(link((0, 0), (100, 100), modes=["bus", "walk"], capacity_vehh=400))
    assert set(mine(bus)["capacity_vehh"]) == {400.0}
    assert not mine(bus)["allow_bike"].any()


def test_a_road_joins_roads_only():
    """A street closed to cars is no end for a road, but one for a cycleway."""
    closed = done(measure("street_closure", id="c", select={"names": ["Weg A"]}))
    road = link((50, -2), (50, -200))
    assert "touches no street that it could join" in faults(road, closed)
    assert mine(done(link((50, -2), (50, -200), street_class="path"), state=closed)).shape[0] == 2


def test_two_links_one_after_the_other_meet():
    first = link((0, 50), (200, 50), id="one")
    second = link((50, 0), (50, 100), id="two")
    after = done(first, second)
    assert_consistent(after.city)
    ids = set(after.city.streets.index)
    assert {"one:1:f~1", "one:1:f~2", "one:2:f", "two:1:f", "two:2:f"} <= ids
    close = measure("street_closure", id="c", select={"ids": ["one:1:f"]})
    closed = done(close, state=after).city.streets
    assert not closed.loc[["one:1:f~1", "one:1:b~2"], "allow_car"].any()


def test_what_is_wrong_with_a_drawn_link():
    assert "The link lies outside of the town." in faults(link((5000, 5000), (5100, 5000)))
    assert "the nearest is 40 m away" in faults(link((45, 50), (60, 50)))
    assert "The link is 0.7 m long. Draw at least 3 m." in faults(link((30, 99.7), (30, 100.4)))
    built = done(link((0, 0), (100, 100)))
    assert "There is a street with the id new already" in faults(link((0, 0), (100, 100)), built)
    for points, said in (
        (((0, 0), (100, 100), (100, 0), (0, 100)), "The line crosses itself"),
        (((0, 0), (0, 0)), "The line has no length"),
    ):
        with pytest.raises(ScenarioError, match=said):
            link(*points)
    for coordinates, said in (
        ([[370000, 5631000], [370100, 5631000]], "The line is not in degrees"),
        ([[7.1, 50.8]], "At least one is needed|too short|A list|does not fit"),
        ([[7.1], [7.2]], "a position of one number"),
    ):
        with pytest.raises(ScenarioError, match=said):
            measure("new_link", line={"type": "LineString", "coordinates": coordinates})


def test_notes_about_dead_ends_and_buildings():
    notes = " ".join(map(str, link((0, 50), (0, 50.5), (-80, 50)).begin(TOWN).notes))
    assert "it is a dead end" in notes
    notes = " ".join(map(str, link((0, 15), (100, 15)).begin(TOWN).notes))
    assert "2 buildings stand in its way" in notes


spot = st.tuples(st.floats(-30, 230), st.floats(-30, 230))


@settings(max_examples=20)
@hyp_given(st.lists(spot, min_size=2, max_size=4), st.booleans(), st.booleans())
def test_the_graph_stays_whole_whatever_is_drawn(points, both, crossings):
    """Links end where their junctions are, lengths are those drawn, the rest stays as it was."""
    steps = np.hypot(*np.diff(np.array(points), axis=0).T)
    assume((steps > 5).all())
    try:
        one = link(*points, both_directions=both, joins_crossings=crossings)
    except ScenarioError as error:
        assume("crosses itself" not in str(error))
        raise
    begun = one.begin(TOWN)
    if begun.faults:
        assert begun.faults[0].code in ("touches_nothing", "outside")
        return
    after = one.advance(TOWN, begun, since=2025, year=2030)
    loops = after.city.streets["from_node"] == after.city.streets["to_node"]
    assume(not loops.any())
    assert_consistent(after.city)
    new = mine(after)
    drawn = steps.sum()
    share = new["length_m"].sum() / (2 if both else 1)
    assert abs(share - drawn) < 60 + 1  # each end moves by 25 m at most
    old = STREETS.groupby("way_id")["length_m"].sum()
    now = after.city.streets.groupby("way_id")["length_m"].sum()
    assert np.allclose(now[old.index], old)
    kept = STREETS.index.intersection(after.city.streets.index)
    assert (
        after.city.streets.loc[kept]
        .drop(columns="geometry")
        .equals(STREETS.loc[kept].drop(columns="geometry"))
    )
