"""What measures on streets change: these rows and columns, and nothing else, bit for bit."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as hyp_given
from hypothesis import settings
from hypothesis import strategies as st

from tests.twin.measures.street_town import (
    TOWN,
    area,
    assert_consistent,
    differences,
    done,
    faults,
    line,
    measure,
)
from twin.measures.base import SOURCE
from twin.scenario import ScenarioError, load_scenario

B = {"b:0:f", "b:0:b", "b:1:f", "b:1:b"}
STREETS = TOWN.city.streets


def only(after, before=TOWN):
    """Return the tables that are not the same object any more."""
    return {name for name in before.city.tables
            if after.city.tables[name] is not before.city.tables[name]}  # fmt: skip


def test_a_speed_limit_changes_speed_and_its_source():
    after = done(measure("speed_limit", speed_kmh=20, select={"names": ["weg b"]}))
    assert differences(TOWN, after) == {"speed_kmh": B, "speed_source": B}
    assert set(after.city.streets.loc[list(B), "speed_kmh"]) == {20.0}
    assert set(after.city.streets.loc[list(B), "speed_source"]) == {SOURCE}
    assert only(after) == {"streets"}
    assert after.city.hash != TOWN.city.hash
    assert TOWN.city.streets is STREETS


def test_a_speed_limit_as_a_factor_and_what_has_it_already():
    half = done(measure("speed_limit", factor=0.5, select={"classes": ["tertiary"]}))
    assert set(half.city.streets.loc[["a:0:f", "a:1:b"], "speed_kmh"]) == {25.0}
    same = measure("speed_limit", speed_kmh=30, select={"names": ["Weg B"]})
    assert "does not fit any of the 4 selected streets" in faults(same)
    some = done(measure("speed_limit", speed_kmh=30, select={"where": [
        {"column": "class", "op": "in", "value": ["residential", "tertiary"]}]}))  # fmt: skip
    assert set(differences(TOWN, some)["speed_kmh"]) == {"a:0:f", "a:0:b", "a:1:f", "a:1:b"}


def test_a_closed_street_stays_in_the_table_and_nobody_may_use_it():
    after = done(measure("street_closure", select={"ids": ["b"]}))
    assert differences(TOWN, after) == dict.fromkeys(
        ("allow_car", "allow_truck", "car_access", "car_reach"), B
    )
    assert set(after.city.streets.loc[list(B), "car_access"]) == {"no"}
    everyone = ["car", "truck", "bus", "bike", "walk"]
    after = done(measure("street_closure", modes=everyone, select={"ids": ["b:0:f"]}))
    flags = after.city.streets[[f"allow_{mode}" for mode in everyone]]
    assert not flags.loc[["b:0:f", "b:0:b"]].any(axis=None)
    assert flags.loc[["b:1:f", "b:1:b"]].all(axis=None)


def test_closing_twice_and_closing_everything():
    close = measure("street_closure", select={"names": ["Weg B"]})
    closed = done(close)
    assert "closed already" in faults(close, closed)
    more = done(measure("street_closure", select={"classes": ["residential"]}), state=closed)
    assert not B & differences(closed, more)["allow_car"]
    with pytest.raises(ScenarioError, match="It is not said which streets"):
        measure("street_closure")


def test_one_way_closes_the_opposite_direction_for_vehicles():
    one = measure("one_way", select={"ids": ["b:0:f"]})
    after = done(one)
    changed = differences(TOWN, after)
    assert set(changed) == {"allow_car", "allow_truck", "allow_bus", "car_access", "car_reach"}
    assert set.union(*changed.values()) == {"b:0:b"}
    assert "open in both directions; these are one-way" in faults(one, after)
    strict = done(measure("one_way", bikes_both_ways=False, buses_both_ways=True,
                          select={"ids": ["b:0:b"]}))  # fmt: skip
    row = strict.city.streets.loc["b:0:f"]
    assert (row["allow_bike"], row["allow_bus"], row["allow_walk"]) == (False, True, True)


def test_one_way_needs_a_direction():
    both = measure("one_way", select={"names": ["Weg B"]})
    assert "Of 2 streets both directions are selected" in faults(both)
    east = done(measure("one_way", select={"names": ["Weg B"]}, bearing_deg=80))
    assert differences(TOWN, east)["allow_car"] == {"b:0:b", "b:1:b"}
    drawn = line((195, 101), (5, 99))
    west = done(measure("one_way", select={"line": drawn, "both_directions": False}))
    assert differences(TOWN, west)["allow_car"] == {"b:0:f", "b:1:f"}
    wrong = measure("one_way", select={"ids": ["f:0:f"]})
    assert "these are one-way" in faults(wrong)


def test_lanes_and_capacity():
    after = done(measure("lanes", lanes=1, select={"classes": ["secondary"]}))
    rows = {"d:0:f", "d:0:b", "d:1:f", "d:1:b"}
    assert differences(TOWN, after) == dict.fromkeys(
        ("lanes", "lanes_source", "capacity_vehh", "capacity_source"), rows
    )
    assert set(after.city.streets.loc[list(rows), "capacity_vehh"]) == {900.0}
    after = done(measure("lanes", lanes_factor=2, select={"names": ["Weg B"]}))
    assert differences(TOWN, after) == {"lanes": B, "lanes_source": B}
    after = done(measure("lanes", capacity_vehh=700, select={"names": ["Weg B"]}))
    assert differences(TOWN, after) == {"capacity_vehh": B, "capacity_source": B}
    unknown = measure("lanes", capacity_factor=0.8, select={"names": ["Weg B"]})
    assert "Of 4 streets the capacity is not known" in faults(unknown)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"kind": "speed_limit", "speed_kmh": -30}, "-30 is not allowed. It must be 3 or more"),
        ({"kind": "speed_limit"}, "A new speed limit is needed"),
        ({"kind": "speed_limit", "speed_kmh": 30, "factor": 1}, "A new speed limit is needed"),
        ({"kind": "lanes", "lanes": 0}, "lanes: 0 is not allowed. It must be 1 or more"),
        ({"kind": "lanes"}, "It is not said what changes"),
        ({"kind": "lanes", "lanes": 1, "lanes_factor": 2}, "given as a value and as a factor"),
        ({"kind": "one_way"}, "It is not said which streets"),
        ({"kind": "street_closure", "modes": [], "select": {"ids": ["a"]}}, "At least one is nee"),
        ({"kind": "street_closure", "modes": ["tram"]}, "tram is not known here. Allowed: car"),
        ({"kind": "speed_limit", "speed_kmh": 30, "select": {"classes": ["autobahn"]}},
         "autobahn is not known here"),
        ({"kind": "speed_limit", "speed_kmh": 30, "select": {"where": [
            {"column": "use", "op": "==", "value": "x"}]}}, "There is no column called use"),
        ({"kind": "speed_limit", "speed_kmh": 30, "select": {"within_m": 9}}, "but no line"),
        ({"kind": "speed_limit", "speed_mph": 30}, "Perhaps: speed_kmh"),
        ({"kind": "modal_filter"}, "It is not said where the filters are"),
        ({"kind": "modal_filter", "points": [[7, 50]], "end_year": 2040}, "done at once"),
        ({"kind": "modal_filter", "points": [[370000, 5600000]]}, "is not in degrees"),
        ({"kind": "junction_control", "control": "signals"}, "It is not said which junctions"),
        ({"kind": "cycle_facility", "facility": "lane"}, "It is not said which streets"),
        ({"kind": "cycle_facility", "facility": "highway"}, "highway is not known here"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_when_it_is_read(content, said):
    with pytest.raises(ScenarioError) as error:
        load_scenario({"format": 2, "measures": [{"id": "m", **content}]})
    assert said in str(error.value)


def test_unknown_streets_are_each_named_with_the_nearest():
    select = {"ids": ["b:0:x", "b:0:f", "zzz"], "names": ["Weg Q"], "districts": ["Nord"]}
    said = faults(measure("speed_limit", speed_kmh=20, select=select))
    assert "There is no street b:0:x. Perhaps: b:0:" in said
    assert "There is no street zzz." in said
    assert "There is no street called Weg Q. Perhaps: Weg " in said
    assert "There is no district Nord. Districts are: Ost, West." in said
    empty = {"area": area(500, 500, 600, 600)}
    said = faults(measure("speed_limit", speed_kmh=20, select=empty))
    assert "The selection (in the drawn area) holds no street." in said


def test_a_filter_stops_cars_in_the_middle_and_both_ends_stay_open():
    after = done(measure("modal_filter", id="f", points=[*[tuple(p) for p in _at((40, 103))]]))
    streets = after.city.streets
    assert_consistent(after.city)
    assert only(after) == {"streets", "nodes", "street_points", "stops", "turns"}
    parts = streets[streets["way_id"] == "b"].filter(like="b:0:", axis=0)
    assert list(parts.index) == [f"b:0:{side}~{n}" for side in "bf" for n in (1, 2, 3)]
    assert list(parts["allow_car"]) == [True, False, True] * 2
    assert parts[["allow_bike", "allow_walk"]].all(axis=None)
    assert parts["length_m"].to_numpy() == pytest.approx([59.5, 1, 39.5, 39.5, 1, 59.5])
    assert parts["length_m"].sum() == pytest.approx(200)
    assert after.city.street_points["link_id"].to_dict() == {
        "zebra": "b:0:f~1",
        "lights": "b:0:f~3",
        "sign": "e:0:f",
        "f:1": "b:0:b~2",
    }
    assert after.city.street_points.loc["f:1", "blocks_car"]
    assert after.city.stops["link_id"].to_dict() == {"h1": "b:0:b~3", "h2": "a:0:f"}
    assert after.city.tables["turns"].loc["t1", "from_link"] == "b:0:f~3"
    assert after.city.tables["turns"].loc["t2", "to_link"] == "b:0:b~1"
    rest = streets.loc[STREETS.index.intersection(streets.index)]
    pd.testing.assert_frame_equal(rest, STREETS.loc[rest.index])


def _at(*xy):
    from tests.twin.measures.street_town import degrees  # noqa: PLC0415

    return degrees(*xy)


def test_filters_on_selected_streets_and_where_none_can_be():
    after = done(measure("modal_filter", select={"classes": ["residential"]}))
    assert_consistent(after.city)
    assert (after.city.street_points["class"] == "barrier").sum() == 6
    assert int((~after.city.streets["allow_car"]).sum()) == 12
    (note,) = measure("modal_filter", select={"classes": ["residential"]}).begin(TOWN).notes
    assert str(note).startswith("6 filters. The streets stay open from both ends")
    buses = done(measure("modal_filter", buses_pass=True, select={"names": ["Weg E"]}))
    closed = buses.city.streets[~buses.city.streets["allow_car"]]
    assert closed["allow_bus"].all()
    far = faults(measure("modal_filter", points=_at((50, 150), (1000, 1000))))
    assert "touches no street that fits; the nearest is 50 m away" in far
    assert far.count("touches no street") == 2
    motorway = measure("modal_filter", select={"classes": ["motorway"]})
    assert "None of the selected streets is open to cars" in faults(motorway)
    two = done(measure("modal_filter", points=_at((30, 100), (30.5, 100), (70, 100))))
    assert (two.city.street_points["class"] == "barrier").sum() == 2


def test_old_ids_mean_all_parts_of_a_street_that_was_cut():
    cut = measure("modal_filter", id="f", points=_at((40, 100)))
    again = measure("modal_filter", id="g", points=_at((80, 100)))
    close = measure("street_closure", id="c", modes=["bike"], select={"ids": ["b:0:f"]})
    after = done(cut, again, close)
    assert_consistent(after.city)
    parts = after.city.streets.filter(like="b:0:", axis=0)
    assert len(parts) == 10
    assert "b:0:f~3~2" in parts.index
    assert not parts["allow_bike"].any()
    before = done(close, cut, again)
    assert before.city.streets.sort_index().equals(after.city.streets.sort_index())
    assert before.city.hash != after.city.hash
    slow = measure("speed_limit", speed_kmh=7, select={"ids": ["b:0:f~3"]})
    parts = done(cut, again, slow).city.streets
    assert set(parts.index[parts["speed_kmh"] == 7]) == {
        "b:0:f~3~1",
        "b:0:f~3~3",
        "b:0:b~1~1",
        "b:0:b~1~3",
    }  # the filter itself has no vehicles


def test_streets_follow_year_by_year_and_ways_stay_whole():
    slow = measure("speed_limit", id="s", speed_kmh=20, start_year=2026, end_year=2035)
    begun = slow.begin(TOWN)
    state, seen = TOWN, []
    for since, year in ((2025, 2028), (2028, 2031), (2031, 2035)):
        state = slow.advance(state, begun, since=since, year=year)
        streets = state.city.streets
        per_way = streets.groupby("way_id")["speed_kmh"].agg(lambda v: (v == 20).mean())
        assert set(per_way) <= {0.0, 1.0}
        seen.append(int((streets["speed_kmh"] == 20).sum()))
    assert 0 < seen[0] <= seen[1] <= seen[2] == len(STREETS)
    years = begun.more["years"]
    assert years.between(2026, 2035).all()
    at_once = done(measure("speed_limit", speed_kmh=20))
    pd.testing.assert_frame_equal(at_once.city.streets, state.city.streets)


def test_the_hash_is_of_what_changes():
    one = done(measure("speed_limit", id="x", speed_kmh=20, select={"names": ["Weg B"]}))
    same = done(measure("speed_limit", id="y", speed_kmh=20, select={"ids": sorted(B)}))
    other = done(measure("speed_limit", id="x", speed_kmh=25, select={"names": ["Weg B"]}))
    assert one.city.hashes["streets"] == same.city.hashes["streets"]
    assert one.city.hashes["streets"] != other.city.hashes["streets"]
    assert one.city.hashes["nodes"] == TOWN.city.hashes["nodes"]


@settings(max_examples=12)
@hyp_given(st.lists(st.floats(1, 99), min_size=1, max_size=6), st.sampled_from("abcde"))
def test_cutting_keeps_the_network_whole(places, way):
    """Filters anywhere on a street: lengths sum to it, walkers still get everywhere."""
    points = [(p, 100.0 * "abc".index(way)) if way in "abc" else (100.0 * "de".index(way), p)
              for p in places]  # fmt: skip
    after = done(measure("modal_filter", points=_at(*points)))
    assert_consistent(after.city)
    streets = after.city.streets
    before = STREETS.groupby("way_id")["length_m"].sum()
    assert np.allclose(streets.groupby("way_id")["length_m"].sum(), before)
    assert streets["allow_walk"].sum() == len(streets) - 1  # all but the motorway
    gates = (after.city.street_points["class"] == "barrier").sum()
    assert gates >= 1
    assert (~streets["allow_car"]).sum() == 2 * gates
