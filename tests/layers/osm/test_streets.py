"""Small crossings whose every link can be worked out by hand."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.osm.reach import reach_classes
from tests.layers.osm.make import EAST, NORTH, Osm, codes, read

EVERYBODY = {"car", "truck", "bus", "bike", "walk"}
MOTOR = {"car", "truck", "bus"}
PATH = {"highway": "path", "bicycle": "designated", "foot": "designated"}
BEHIND_POSTS = {"cycleway:both": "lane", "cycleway:both:separation": "bollard"}
AGAINST = {"oneway": "yes", "cycleway:left": "opposite_lane", "cycleway:right": "lane"}
ROAD = {"highway": "residential", "name": "Am Bach"}


def links(data):
    return data.tables["streets"]


def allowed(data, link):
    row = links(data).loc[link]
    return {mode for mode in EVERYBODY if row[f"allow_{mode}"]}


def test_crossing_of_two_streets_gives_four_stretches_both_ways(tmp_path):
    osm = Osm()
    west, middle, east = osm.node(-100, 0), osm.node(0, 0), osm.node(100, 0)
    south, north = osm.node(0, -50), osm.node(0, 80)
    a = osm.way([west, middle, east], ROAD)
    b = osm.way([south, middle, north], {"highway": "primary", "ref": "B 8"})
    data = read(osm, tmp_path)
    streets, nodes = links(data), data.tables["nodes"]
    assert sorted(streets.index) == sorted(
        f"osm:w{way}:{n}:{side}" for way in (a, b) for n in (0, 1) for side in "fb"
    )
    assert streets.loc[f"osm:w{b}:1:f", "length_m"] == pytest.approx(80, abs=0.02)
    assert streets.loc[f"osm:w{a}:0:b", ["from_node", "to_node"]].tolist() == [
        f"osm:n{middle}",
        f"osm:n{west}",
    ]
    assert streets.loc[f"osm:w{a}:0:f", "reverse_id"] == f"osm:w{a}:0:b"
    assert nodes["degree"].to_dict() == {
        f"osm:n{n}": float(d)
        for n, d in ((west, 1), (middle, 4), (east, 1), (south, 1), (north, 1))
    }
    assert set(streets["car_reach"]) == {"main"}
    x, y = streets.geometry.loc[f"osm:w{a}:1:f"].coords[1]
    assert (x - EAST, y - NORTH) == pytest.approx((100, 0), abs=0.02)


def test_a_bridge_meets_nothing_without_a_common_node(tmp_path):
    osm = Osm()
    osm.way([osm.node(-50, 0), osm.node(50, 0)], ROAD)
    over = osm.way(
        [osm.node(0, -50), osm.node(0, 50)], {"highway": "secondary", "bridge": "yes", "layer": "1"}
    )
    data = read(osm, tmp_path)
    assert len(links(data)) == 4
    assert data.tables["nodes"]["degree"].tolist() == [1.0] * 4
    bridge = links(data).loc[f"osm:w{over}:0:f"]
    assert bridge["is_bridge"]
    assert bridge["level"] == 1
    assert set(links(data)["car_reach"]) == {"main", "island"}


def test_ways_in_a_row_become_one_link_unless_something_changes(tmp_path):
    osm = Osm()
    n = [osm.node(100 * i, 10 * (i % 2)) for i in range(5)]
    first = osm.way(n[:2], ROAD)
    osm.way([n[2], n[1]], ROAD)  # drawn against the first
    osm.way(n[2:4], ROAD)
    slow = osm.way(n[3:], ROAD | {"maxspeed": "30"})
    streets = links(read(osm, tmp_path))
    assert sorted(streets.index) == sorted(
        f"osm:w{way}:0:{side}" for way in (first, slow) for side in "fb"
    )
    joined = streets.loc[f"osm:w{first}:0:f"]
    assert joined["length_m"] == pytest.approx(3 * np.hypot(100, 10), abs=0.05)
    assert [round(x - EAST) for x, _ in joined.geometry.coords] == [0, 100, 200, 300]
    assert joined["to_node"] == f"osm:n{n[3]}"
    assert streets.loc[f"osm:w{slow}:0:f", ["speed_kmh", "speed_source"]].tolist() == [30, "tagged"]


def test_attributes_by_side_turn_with_a_way_drawn_the_other_way_round(tmp_path):
    osm = Osm()
    n = [osm.node(100 * i, 0) for i in range(3)]
    a = osm.way(n[:2], ROAD | {"cycleway:right": "lane", "maxspeed:forward": "30"})
    osm.way([n[2], n[1]], ROAD | {"cycleway:left": "lane", "maxspeed:backward": "30"})
    streets = links(read(osm, tmp_path))
    assert sorted(streets.index) == [f"osm:w{a}:0:b", f"osm:w{a}:0:f"]
    assert streets["cycle_facility"].tolist() == ["none", "lane"]
    assert streets["speed_kmh"].tolist() == [50, 30]


def test_one_way_with_contraflow_cycling(tmp_path):
    osm = Osm()
    way = osm.way(
        [osm.node(0, 0), osm.node(100, 0)], ROAD | {"oneway": "yes", "oneway:bicycle": "no"}
    )
    data = read(osm, tmp_path)
    assert allowed(data, f"osm:w{way}:0:f") == EVERYBODY
    assert allowed(data, f"osm:w{way}:0:b") == {"bike", "walk"}
    assert links(data)["cycle_facility"].to_dict() == {
        f"osm:w{way}:0:b": "contraflow",
        f"osm:w{way}:0:f": "none",
    }
    assert links(data)["lanes"].to_dict() == {f"osm:w{way}:0:b": 0.0, f"osm:w{way}:0:f": 1.0}


@pytest.mark.parametrize(
    ("tags", "forward", "backward"),
    [
        ({"oneway": "-1"}, {"walk"}, EVERYBODY),
        ({"oneway": "-1", "cycleway": "opposite"}, {"bike", "walk"}, EVERYBODY),
        ({"junction": "roundabout"}, EVERYBODY, {"walk"}),
        ({"oneway": "yes", "oneway:bus": "no"}, EVERYBODY, {"bus", "walk"}),
        ({"access": "no", "bus": "yes"}, {"bus"}, {"bus"}),
        ({"motor_vehicle": "agricultural"}, {"bike", "walk"}, {"bike", "walk"}),
        ({"vehicle": "no", "bicycle": "yes"}, {"bike", "walk"}, {"bike", "walk"}),
        ({"hgv": "no"}, EVERYBODY - {"truck"}, EVERYBODY - {"truck"}),
        ({"motor_vehicle:backward": "no"}, EVERYBODY, {"bike", "walk"}),
        ({"motorroad": "yes"}, MOTOR, MOTOR),
        ({"bicycle": "use_sidepath"}, MOTOR | {"walk"}, MOTOR | {"walk"}),
        ({"highway": "motorway"}, MOTOR, set()),
        ({"highway": "footway", "access": "yes"}, {"walk"}, {"walk"}),
        ({"highway": "footway", "bicycle": "yes"}, {"bike", "walk"}, {"bike", "walk"}),
        ({"highway": "track", "motor_vehicle": "destination"}, EVERYBODY, EVERYBODY),
        ({"highway": "pedestrian", "area": "yes"}, {"walk"}, {"walk"}),
    ],
)  # fmt: skip
def test_who_may_go_where(tmp_path, tags, forward, backward):
    osm = Osm()
    way = osm.way([osm.node(0, 0), osm.node(100, 0)], {"highway": "residential"} | tags)
    data = read(osm, tmp_path)
    sides = {"f": forward, "b": backward}
    for side, modes in sides.items():
        key = f"osm:w{way}:0:{side}"
        assert (key in links(data).index) == bool(modes)
        if modes:
            assert allowed(data, key) == modes


@pytest.mark.parametrize(
    ("tags", "car_access"),
    [
        ({}, "public"),
        ({"access": "private"}, "private"),
        ({"vehicle": "destination"}, "destination"),
        ({"access": "customers"}, "customers"),
        ({"motor_vehicle": "forestry"}, "agricultural"),
        ({"motor_vehicle": "no"}, "no"),
        ({"access": "no", "motorcar": "yes"}, "public"),
        ({"highway": "track"}, "agricultural"),
        ({"highway": "footway", "access": "destination"}, "no"),
    ],
)
def test_kind_of_access_for_cars(tmp_path, tags, car_access):
    osm = Osm()
    osm.way([osm.node(0, 0), osm.node(100, 0)], {"highway": "service"} | tags)
    assert set(links(read(osm, tmp_path))["car_access"]) == {car_access}


@pytest.mark.parametrize(
    ("tags", "forward", "backward"),
    [
        ({"cycleway": "track"}, "track", "track"),
        ({"cycleway:right": "track", "cycleway:left": "lane"}, "track", "lane"),
        ({"cycleway:left": "track", "cycleway:left:oneway": "no"}, "track", "track"),
        ({"cycleway:right": "lane", "cycleway:right:lane": "advisory"}, "advisory_lane", "none"),
        (BEHIND_POSTS, "protected_lane", "protected_lane"),
        ({"cycleway:both": "separate"}, "separate_track", "separate_track"),
        ({"cycleway:right": "share_busway"}, "bus_lane", "none"),
        ({"sidewalk:right:bicycle": "yes"}, "sidewalk_allowed", "none"),
        ({"bicycle_road": "yes"}, "cycle_street", "cycle_street"),
        (PATH | {"segregated": "yes"}, "segregated_path", "segregated_path"),
        (PATH, "shared_path", "shared_path"),
        ({"highway": "cycleway"}, "separate_track", "separate_track"),
        ({"highway": "footway", "bicycle": "yes"}, "sidewalk_allowed", "sidewalk_allowed"),
        (AGAINST, "lane", "contraflow"),
        ({"oneway": "yes", "cycleway:left": "lane"}, "lane", "none"),
        ({}, "none", "none"),
    ],
)  # fmt: skip
def test_cycle_facility_as_met_in_the_direction_of_travel(tmp_path, tags, forward, backward):
    osm = Osm()
    osm.way([osm.node(0, 0), osm.node(100, 0)], {"highway": "secondary"} | tags)
    facility = links(read(osm, tmp_path))["cycle_facility"]
    assert [facility.filter(like=":f").iloc[0], facility.filter(like=":b").iloc[0]] == [
        forward,
        backward,
    ]


def test_roundabout_is_cut_at_its_arms(tmp_path):
    osm = Osm()
    ring = [osm.node(20, 0), osm.node(0, 20), osm.node(-20, 0), osm.node(0, -20)]
    around = osm.way([*ring, ring[0]], {"highway": "tertiary", "junction": "roundabout"})
    arms = [osm.way([ring[i], osm.node(*far)], ROAD) for i, far in ((1, (0, 90)), (3, (0, -90)))]
    data = read(osm, tmp_path)
    streets = links(data)
    turning = streets[streets["is_roundabout"] & streets["allow_car"]]
    # it starts between two arms, at no arm: two stretches remain, each half the ring
    assert turning["length_m"].tolist() == pytest.approx([2 * np.hypot(20, 20)] * 2, abs=0.05)
    assert set(turning["from_node"]) == {f"osm:n{ring[1]}", f"osm:n{ring[3]}"}
    assert {key.split(":")[1] for key in streets.index} == {f"w{w}" for w in (around, *arms)}
    control = data.tables["nodes"]["control"]
    assert set(control[[f"osm:n{ring[1]}", f"osm:n{ring[3]}"]]) == {"roundabout"}
    assert set(streets["car_reach"][streets["allow_car"]]) == {"main"}


def test_ring_without_junction_stays_one_closed_link(tmp_path):
    osm = Osm()
    n = [osm.node(0, 0), osm.node(50, 0), osm.node(50, 50), osm.node(0, 50)]
    osm.way(n[:3], ROAD)
    osm.way([*n[2:], n[0]], ROAD)
    streets = links(read(osm, tmp_path))
    assert len(streets) == 2
    assert (streets["from_node"] == streets["to_node"]).all()
    assert streets["length_m"].tolist() == pytest.approx([200, 200], abs=0.05)


def test_bollard_stops_cars_on_a_short_link_of_its_own(tmp_path):
    osm = Osm()
    bollard = osm.node(100, 0, {"barrier": "bollard"})
    way = osm.way([osm.node(0, 0), bollard, osm.node(200, 0)], ROAD)
    data = read(osm, tmp_path)
    streets = links(data)
    assert streets["length_m"].filter(like=":f").tolist() == pytest.approx([100, 1, 99], abs=0.02)
    assert allowed(data, f"osm:w{way}:1:f") == {"bike", "walk"}
    assert allowed(data, f"osm:w{way}:2:f") == EVERYBODY
    point = data.tables["street_points"].loc[f"osm:n{bollard}"]
    assert point["class"] == "barrier"
    assert point["detail"] == "bollard"
    assert point["blocks_car"]
    assert point["link_id"] == f"osm:w{way}:1:f"
    assert set(streets["bike_reach"]) == {"main"}
    assert sorted(set(streets["car_reach"])) == ["island", "main", "not_allowed"]


@pytest.mark.parametrize(
    ("tags", "modes", "car_access"),
    [
        ({"barrier": "gate"}, None, None),
        ({"barrier": "gate", "access": "private"}, EVERYBODY, "private"),
        ({"barrier": "gate", "motor_vehicle": "no"}, {"bike", "walk"}, "no"),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, None, None),
        ({"barrier": "lift_gate", "access": "no", "bus": "yes"}, {"bus"}, "no"),
        ({"barrier": "turnstile"}, {"walk"}, "no"),
        ({"barrier": "kerb"}, None, None),
    ],
)  # fmt: skip
def test_whom_a_barrier_stops(tmp_path, tags, modes, car_access):
    osm = Osm()
    way = osm.way([osm.node(0, 0), osm.node(100, 0, tags), osm.node(200, 0)], ROAD)
    data = read(osm, tmp_path)
    if modes is None:
        assert len(links(data)) == 2
    else:
        assert allowed(data, f"osm:w{way}:1:f") == modes
        assert links(data).loc[f"osm:w{way}:1:f", "car_access"] == car_access


def test_barrier_on_a_junction_is_counted_and_closes_nothing(tmp_path):
    osm = Osm()
    corner = osm.node(100, 0, {"barrier": "bollard"})
    osm.way([osm.node(0, 0), corner, osm.node(200, 0)], ROAD)
    osm.way([corner, osm.node(100, 50)], {"highway": "footway"})
    data = read(osm, tmp_path)
    assert codes(data)["osm_barrier_on_junction"] == 1
    assert set(links(data).query("`class` == 'residential'")["car_reach"]) == {"main"}
    assert not data.tables["street_points"]["blocks_car"].any()


def test_two_barriers_close_together_keep_every_link_a_length(tmp_path):
    osm = Osm()
    a, b = osm.node(100, 0, {"barrier": "bollard"}), osm.node(100.5, 0, {"barrier": "bollard"})
    osm.way([osm.node(0, 0), a, b], ROAD)
    osm.way([b, osm.node(200, 0)], ROAD)
    streets = links(read(osm, tmp_path))
    assert (streets["length_m"] > 0).all()
    assert streets["length_m"].filter(like=":f").sum() == pytest.approx(200, abs=0.02)


def test_way_cut_by_a_missing_node_ends_at_the_edge(tmp_path):
    osm = Osm()
    a, b, c, d = osm.node(0, 0), osm.node(100, 0), osm.node(200, 0), osm.node(300, 0)
    way = osm.way([a, b, 999_001, c, d, 999_002], ROAD)
    data = read(osm, tmp_path)
    assert links(data)["length_m"].filter(like=":f").tolist() == pytest.approx([100, 100], abs=0.02)
    edge = data.tables["nodes"]["is_boundary"]
    assert edge.to_dict() == {f"osm:n{n}": n != a for n in (a, b, c, d)}
    assert codes(data)["osm_node_missing"] == 1
    assert f"osm:w{way}:1:f" in links(data).index


def test_dead_end_outside_the_box_of_the_file_is_an_edge(tmp_path):
    osm = Osm()
    inside, crossing, outside = osm.node(100, 100), osm.node(300, 100), osm.node(900, 100)
    osm.way([inside, crossing, outside], ROAD)
    osm.way([crossing, osm.node(300, 300)], ROAD)
    osm.head = '<bounds minlat="50.0" minlon="9.0" maxlat="50.1" maxlon="9.007"/>'
    edge = read(osm, tmp_path).tables["nodes"]["is_boundary"]
    assert edge[f"osm:n{outside}"]
    assert not edge[f"osm:n{crossing}"]


def test_islands_and_dead_ends_of_one_way_streets(tmp_path):
    osm = Osm()
    a, b, c, d = osm.node(0, 0), osm.node(100, 0), osm.node(100, 100), osm.node(300, 0)
    osm.way([a, b, c], ROAD)
    inward = osm.way([b, d], ROAD | {"oneway": "yes", "highway": "tertiary"})
    outward = osm.way([osm.node(0, 300), a], ROAD | {"oneway": "yes"})
    island = osm.way([osm.node(900, 900), osm.node(950, 900)], ROAD)
    data = read(osm, tmp_path)
    reach = links(data)["car_reach"]
    assert reach[f"osm:w{inward}:0:f"] == "only_in"
    assert reach[f"osm:w{outward}:0:f"] == "only_out"
    assert reach[f"osm:w{island}:0:f"] == "island"
    assert reach[f"osm:w{inward}:0:b"] == "not_allowed"
    found = next(f for f in data.findings if f.code == "osm_car_islands")
    assert (found.count, found.examples) == (1, (f"osm:w{island}:0:f",))


@given(
    st.lists(
        st.tuples(st.integers(0, 7), st.integers(0, 7), st.booleans()), min_size=1, max_size=25
    )
)
def test_reach_agrees_with_walking_the_graph(edges):
    start, end = (np.array([e[i] for e in edges]) for i in (0, 1))
    allowed = np.array([e[2] for e in edges])
    found = reach_classes(start, end, allowed, np.ones(len(edges)))
    onward = {n: {n} for n in range(8)}
    for _ in range(8):
        for a, b, ok in edges:
            if ok:
                for seen in onward.values():
                    if a in seen:
                        seen.add(b)
    main = {(a, b) for (a, b, ok), kind in zip(edges, found, strict=True) if kind == "main"}
    for (a, b, ok), kind in zip(edges, found, strict=True):
        assert (kind == "not_allowed") == (not ok)
        if ok and main:
            into = any(a in onward[m] for m, _ in main)
            out = any(m in onward[b] for m, _ in main)
            expected = {(True, True): "main", (True, False): "only_in", (False, True): "only_out"}
            assert kind == expected.get((into, out), "island")


@pytest.mark.parametrize(
    ("tags", "lanes", "source"),
    [
        ({"lanes": "2"}, {"f": 1, "b": 1}, "tagged"),
        ({"lanes": "3"}, {"f": 1.5, "b": 1.5}, "estimated:half"),
        ({"lanes": "3", "lanes:backward": "1"}, {"f": 2, "b": 1}, "tagged"),
        ({"lanes": "1"}, {"f": 1, "b": 1}, "tagged"),
        ({"lanes": "4", "oneway": "yes"}, {"f": 4, "b": 0}, "tagged"),
        ({"lanes": "999"}, {"f": 1, "b": 1}, "estimated:class"),
        ({}, {"f": 1, "b": 1}, "estimated:class"),
    ],
)
def test_lanes(tmp_path, tags, lanes, source):
    osm = Osm()
    way = osm.way([osm.node(0, 0), osm.node(100, 0)], {"highway": "secondary"} | tags)
    data = read(osm, tmp_path)
    streets = links(data)
    assert {side: streets.loc[f"osm:w{way}:0:{side}", "lanes"] for side in "fb"} == lanes
    assert streets.loc[f"osm:w{way}:0:f", "lanes_source"] == source
    assert ("osm_lanes_unreadable" in codes(data)) == (tags.get("lanes") == "999")


@pytest.mark.parametrize(
    ("tags", "speed", "source"),
    [
        ({"maxspeed": "50"}, 50, "tagged"),
        ({"maxspeed": "50 mph"}, 80.5, "tagged"),
        ({"maxspeed": "DE:zone:30"}, 30, "tagged"),
        ({"maxspeed": "walk"}, 7, "tagged"),
        ({"source:maxspeed": "DE:rural"}, 100, "tagged:zone"),
        ({"maxspeed": "999"}, 100, "estimated:rural"),
        ({"maxspeed": "signals"}, 100, "estimated:rural"),
        ({}, 100, "estimated:rural"),
        ({"highway": "living_street"}, 7, "estimated:class"),
        ({"highway": "motorway", "maxspeed": "none"}, 130, "tagged"),
    ],
)
def test_speed(tmp_path, tags, speed, source):
    osm = Osm()
    way = osm.way([osm.node(0, 0), osm.node(100, 0)], {"highway": "secondary"} | tags)
    data = read(osm, tmp_path)
    row = links(data).loc[f"osm:w{way}:0:f"]
    assert [row["speed_kmh"], row["speed_source"]] == [speed, source]
    assert ("osm_speed_unreadable" in codes(data)) == (tags.get("maxspeed") == "999")


def test_four_houses_make_a_street_urban(tmp_path):
    osm = Osm()
    n = [osm.node(0, 0), osm.node(50, 0), osm.node(100, 0)]
    way = osm.way(n, {"highway": "secondary"})
    for i in range(4):
        osm.area(
            [(i * 20, 20), (i * 20 + 9, 20), (i * 20 + 9, 29), (i * 20, 29)], {"building": "yes"}
        )
    row = links(read(osm, tmp_path)).loc[f"osm:w{way}:0:f"]
    assert [row["speed_kmh"], row["speed_source"]] == [50, "estimated:urban"]


def test_signals_and_crossings_know_their_link_and_control_the_junction(tmp_path):
    osm = Osm()
    middle = osm.node(0, 0)
    light = osm.node(-15, 0, {"highway": "traffic_signals", "traffic_signals:direction": "forward"})
    zebra = osm.node(60, 0, {"highway": "crossing", "crossing": "zebra"})
    way = osm.way([osm.node(-100, 0), light, middle, zebra, osm.node(100, 0)], ROAD)
    osm.way([middle, osm.node(0, 90)], ROAD)
    osm.node(500, 500, {"highway": "crossing"})  # on no street
    data = read(osm, tmp_path)
    points = data.tables["street_points"]
    assert points["class"].to_dict() == {
        f"osm:n{light}": "signals",
        f"osm:n{zebra}": "crossing_zebra",
    }
    assert points["link_id"].to_dict() == {
        f"osm:n{light}": f"osm:w{way}:0:f",
        f"osm:n{zebra}": f"osm:w{way}:1:f",
    }
    assert data.tables["nodes"].loc[f"osm:n{middle}", "control"] == "signals"


def test_streets_of_a_30_zone_give_priority_to_the_right(tmp_path):
    osm = Osm()
    middle = osm.node(0, 0)
    for far in ((100, 0), (-100, 0), (0, 100)):
        osm.way(
            [middle, osm.node(*far)], ROAD | {"maxspeed": "30", "source:maxspeed": "DE:zone:30"}
        )
    osm.way([middle, osm.node(0, -9)], {"highway": "service"})
    control = read(osm, tmp_path).tables["nodes"]["control"]
    assert control[f"osm:n{middle}"] == "priority_to_right"


def test_left_out_and_unknown_ways_are_counted(tmp_path):
    osm = Osm()
    osm.way([osm.node(0, 0), osm.node(100, 0)], ROAD)
    osm.way([osm.node(0, 9), osm.node(100, 9)], {"highway": "proposed"})
    osm.way([osm.node(0, 99), osm.node(100, 99)], {"highway": "moving_walkway"})
    data = read(osm, tmp_path)
    assert codes(data)["osm_way_left_out"] == 1
    assert codes(data)["osm_class_unknown"] == 1
    assert sorted(links(data)["class"]) == ["residential"] * 2 + ["unclassified"] * 2


@st.composite
def networks(draw):
    """Ways through a grid of nodes, with tags that make links differ."""
    ways = draw(
        st.lists(
            st.tuples(
                st.lists(st.integers(0, 15), min_size=2, max_size=6),
                st.sampled_from(["residential", "footway", "primary"]),
                st.sampled_from(["yes", "no", "-1"]),
            ),
            min_size=1,
            max_size=8,
        )
    )
    barriers = draw(st.sets(st.integers(0, 15), max_size=3))
    return ways, barriers


@settings(max_examples=20)
@given(networks())
def test_no_metre_of_street_is_lost_or_won(tmp_path_factory, network):
    ways, barriers = network
    osm = Osm()
    place = {i: (100.0 * (i % 4), 70.0 * (i // 4)) for i in range(16)}
    for i, (x, y) in place.items():
        osm.node(x, y, {"barrier": "bollard"} if i in barriers else None, number=i + 1)
    total = 0.0
    for number, (path, kind, oneway) in enumerate(ways):
        steps = [np.hypot(*np.subtract(place[a], place[b])) for a, b in pairwise(path)]
        total += sum(steps)
        osm.way([p + 1 for p in path], {"highway": kind, "oneway": oneway}, number=100 + number)
    data = read(osm, tmp_path_factory.mktemp("net"))
    streets = links(data)
    forward = streets["length_m"].filter(like=":f").sum()
    alone = streets[streets["reverse_id"].isna() & streets.index.str.endswith(":b")][
        "length_m"
    ].sum()
    assert forward + alone == pytest.approx(total, abs=0.05)
    pairs = streets.dropna(subset=["reverse_id"])
    other = streets.loc[pairs["reverse_id"]]
    assert (other["from_node"].to_numpy() == pairs["to_node"].to_numpy()).all()
    assert (other["reverse_id"].to_numpy() == pairs.index.to_numpy()).all()
    degree = data.tables["nodes"]["degree"]
    undirected = len(streets) - len(pairs) / 2
    assert degree.sum() == pytest.approx(2 * undirected)
