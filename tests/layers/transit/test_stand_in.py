"""The timetable that stands in: lines drawn in the map, lines led through stops, and neither."""

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from layers.osm import read_osm
from layers.sample_city import make_sample
from layers.source_data import Routes
from layers.transit import attach_stops
from layers.transit.stand_in import assumed_timetable
from tests.layers.osm.make import Osm
from twin.assumptions import assumptions
from twin.schema import TABLES
from twin.validation import conform, validate_all

GIVEN = assumptions()
RUN_S = 400 / (0.65 * 50 / 3.6)  # from stop to stop in a residential street
ASSUMED = "estimated:assumed_timetable"


def main_street(count=5):
    """A street with a stop on each side between each two of its nodes, 400 m apart."""
    osm = Osm()
    nodes = [osm.node(400 * i, 0) for i in range(count + 1)]
    ways = [
        osm.way(pair, {"highway": "residential", "name": "Am Bach"}) for pair in pairwise(nodes)
    ]
    tags = {"highway": "bus_stop"}
    east = [osm.node(400 * i + 200, -6, {**tags, "name": "ABCDEF"[i]}) for i in range(count)]
    west = [osm.node(400 * i + 200, 6, {**tags, "name": "ABCDEF"[i]}) for i in range(count)]
    for x in (0, 700, 1300):
        osm.area([(x, 30), (x + 20, 30), (x + 20, 50), (x, 50)], {"building": "house"})
    return osm, ways, east, west


def whole(data):
    """Every table, conformed, stops tied to streets: what `layers.build` hands in."""
    nothing = pd.DataFrame(index=[])
    tables = {name: data.tables.get(name, conform(table, nothing, crs=data.crs))
              for name, table in TABLES.items()}  # fmt: skip
    stops = attach_stops(tables["stops"], tables["streets"], crs=data.crs)
    return {**tables, "stops": stops}


def stood_in(osm, folder):
    data = read_osm(osm.write(folder))
    tables, findings, records = assumed_timetable(whole(data), [data.routes])
    return tables, {finding.code: finding for finding in findings}, records


def runs(tables, line):
    """Give the names of the stops of the first trip of each direction, and its minutes."""
    trips = tables["trips"][tables["trips"]["line_id"] == line]
    found = []
    for _, group in trips.groupby("direction"):
        times = tables["stop_times"][tables["stop_times"]["trip_id"] == group.index[0]]
        times = times.sort_values("sequence")
        names = tables["stops"]["name"][times["stop_id"]].tolist()
        span = times["arrival_s"].iloc[-1] - times["departure_s"].iloc[0]
        found.append(("".join(names), span, times["stop_id"].tolist()))
    return found


def two_directions(osm, ways, east, west, **tags):
    bus = {"type": "route", "route": "bus", "ref": "7", **tags}
    road = [("w", way, "") for way in ways]
    there = osm.relation([*(("n", key, "platform") for key in east), *road], bus)
    osm.relation([*(("n", key, "platform") for key in west[::-1]), *road[::-1]], bus)
    return f"assumed:osm:r{there}"


def test_a_line_of_two_relations_runs_both_ways_by_the_hour(tmp_path):
    osm, ways, east, west = main_street()
    key = two_directions(osm, ways, east, west, operator="Stadtwerke", colour="#00f")
    tables, findings, records = stood_in(osm, tmp_path)
    line = tables["lines"].loc[key]
    assert line.drop("geometry").to_dict() == {
        "name": "7", "long_name": "A – E", "class": "bus", "operator": "Stadtwerke",
        "colour": "#0000ff", "course_source": "tagged:route_relation",
        "departures": len(tables["trips"]),
    }  # fmt: skip
    (there, span, stops), (back, _, stops_back) = runs(tables, key)
    assert (there, back) == ("ABCDE", "EDCBA")
    assert stops == [f"osm:n{k}" for k in east]
    assert stops_back == [f"osm:n{k}" for k in west[::-1]]
    assert span == pytest.approx(4 * RUN_S + 3 * GIVEN["timetable.dwell.bus"], abs=4)
    leaving = tables["stop_times"][tables["stop_times"]["stop_id"] == f"osm:n{east[0]}"]
    hour = (np.sort(leaving["departure_s"]) // 3600).astype(int)
    assert (np.bincount(hour)[6:20] == 3).all()  # every 20 minutes by day
    assert (np.bincount(hour)[20:23] == 2).all()  # every 30 in the evening
    assert set(tables["stop_times"]["time_source"]) == {ASSUMED}
    assert findings["assumed_timetable"].severity == "warning"
    assert findings["assumed_timetable"].count == 1
    assert [record.key for record in records] == ["assumed_timetable"]
    assert tables["stops"]["departures"].sum() == tables["stop_times"]["boarding"].sum()


def test_a_headway_that_the_map_tells_wins(tmp_path):
    osm, ways, east, west = main_street()
    key = two_directions(osm, ways, east, west, interval="00:10")
    tables, _, _ = stood_in(osm, tmp_path)
    assert tables["lines"].loc[key, "departures"] == 2 * 18 * 6


def test_stop_positions_and_one_relation_only(tmp_path):
    """Halts on the carriageway belong to the platforms beside; the way back is made up."""
    osm, ways, *_ = main_street()
    on_street = [osm.node(400 * i + 200, 0, {"public_transport": "stop_position", "name": n})
                 for i, n in enumerate("ABCDE")]  # fmt: skip
    members = [("n", node, "stop") for node in on_street] + [("w", way, "") for way in ways]
    key = osm.relation(members, {"type": "route", "route": "bus", "ref": "7"})
    tables, _, _ = stood_in(osm, tmp_path)
    assert [run[0] for run in runs(tables, f"assumed:osm:r{key}")] == ["ABCDE", "EDCBA"]


def test_numbered_roles_of_the_old_scheme(tmp_path):
    osm, ways, east, _ = main_street()
    order = [3, 0, 4, 2, 1]  # members stand in any order, the roles say which
    members = [("n", east[i], f"forward{'_:'[i % 2]}stop_{i}") for i in order]
    key = osm.relation([*members, *(("w", way, "") for way in ways)],
                       {"type": "route", "route": "bus", "ref": "7"})  # fmt: skip
    tables, _, _ = stood_in(osm, tmp_path)
    assert runs(tables, f"assumed:osm:r{key}")[0][0] == "ABCDE"


def test_a_line_of_which_only_the_streets_are_known(tmp_path):
    """In any order of the ways; the street beside it, with a stop, does not belong to it."""
    osm, ways, *_ = main_street()
    side = [osm.node(800, 300), osm.node(800, 0, number=None)]
    osm.way(side, {"highway": "residential"})
    osm.node(806, 250, {"highway": "bus_stop", "name": "X"})
    shuffled = [ways[i] for i in (2, 0, 4, 1, 3)]
    key = osm.relation([("w", way, "") for way in shuffled],
                       {"type": "route", "route": "bus", "name": "Stadtbus"})  # fmt: skip
    tables, findings, _ = stood_in(osm, tmp_path)
    found = runs(tables, f"assumed:osm:r{key}")
    assert sorted(run[0] for run in found) == ["ABCDE", "EDCBA"]
    assert tables["lines"]["name"].tolist() == ["Stadtbus"]
    assert findings["stop_without_line"].count == 1


def test_a_line_that_leaves_the_extract_keeps_what_is_in_it(tmp_path):
    osm, ways, east, _ = main_street()
    members = [("n", 900_001, "platform"), *(("n", key, "platform") for key in east[:3]),
               ("n", 900_002, "platform"), ("w", 900_003, ""), ("w", ways[0], "")]  # fmt: skip
    key = osm.relation(members, {"type": "route", "route": "bus", "ref": "7"})
    tables, _, _ = stood_in(osm, tmp_path)
    assert [run[0] for run in runs(tables, f"assumed:osm:r{key}")] == ["ABC", "CBA"]


def test_lines_are_led_through_stops_that_nobody_has_drawn(tmp_path):
    osm, *_ = main_street()
    tables, findings, _ = stood_in(osm, tmp_path)
    assert len(tables["lines"]) >= 1
    assert "stop_without_line" not in findings
    served = set(tables["stop_times"]["stop_id"])
    names = tables["stops"]["name"][list(served)]
    assert set(names) == set("ABCDE")
    assert set(tables["lines"]["course_source"]) == {ASSUMED}
    validate_all({k: v for k, v in tables.items() if k in ("stops", "lines", "trips",
                  "stop_times", "transfers")} | _rest(tables), crs=tables["stops"].crs)  # fmt: skip


def _rest(tables):
    """Tables that lines refer to; buildings of the extract lack what is estimated later."""
    crs = tables["stops"].crs
    nothing = pd.DataFrame(index=[])
    filled = ("streets", "nodes", "stops", "lines", "trips", "stop_times", "transfers")
    return {
        name: tables[name] if name in filled else conform(table, nothing, crs=crs)
        for name, table in TABLES.items()
    }


def test_trains_follow_the_tracks_and_a_station_alone_has_none(tmp_path):
    osm, *_ = main_street()
    rail = [osm.node(x, y) for x, y in ((0, 500), (1000, 900), (2000, 500))]
    osm.way(rail, {"railway": "rail"})
    osm.node(10, 500, {"railway": "station", "name": "West"})
    tables, _, _ = stood_in(osm, tmp_path)
    assert "rail" not in set(tables["lines"]["class"])
    osm.node(1990, 500, {"railway": "halt", "name": "Ost"})
    tables, _, _ = stood_in(osm, tmp_path)
    line = tables["lines"][tables["lines"]["class"] == "rail"].iloc[0]
    length = 2 * np.hypot(1000, 400)
    assert line.geometry.length == pytest.approx(length - 20, abs=15)
    (_, span, _), _ = runs(tables, line.name)
    assert span == pytest.approx(length / 65 * 3.6, abs=3)


def test_a_timetable_that_is_there_stays(tmp_path):
    osm, ways, east, west = main_street()
    two_directions(osm, ways, east, west)
    once, _, _ = stood_in(osm, tmp_path)
    again, findings, records = assumed_timetable(once, [read_osm(osm.write(tmp_path)).routes])
    assert all(again[name] is once[name] for name in once)
    assert (findings, records) == ([], ())


def test_stops_without_streets_have_no_lines(tmp_path):
    osm, *_ = main_street()
    tables = whole(read_osm(osm.write(tmp_path)))
    bare = {**tables, "streets": tables["streets"].iloc[:0]}
    assert assumed_timetable(bare)[1:] == ([], ())
    lone = {**tables, "stops": tables["stops"].iloc[:1]}
    _, (finding,), _ = assumed_timetable(lone)
    assert finding.code == "no_timetable"


# ------------------------------------------------------------------------- the model town


@pytest.fixture(scope="module")
def town():
    data = make_sample(buildings=2500)
    tables = whole(data)
    return tables, data.routes, assumed_timetable(tables, [data.routes])


def test_the_model_town_has_a_bus_at_every_stop_and_an_s_bahn(town):
    tables, _, (done, findings, _) = town
    lines = done["lines"]
    assert "assumed_timetable" in {f.code for f in findings}
    trains = lines[lines["class"] == "rail"]
    assert (trains["course_source"] == "estimated:model_town").all()
    kinds = set(tables["stops"]["class"])
    assert set(lines["class"]) == (kinds if (tables["stops"]["class"] == "rail").sum() > 1
                                   else {"bus"})  # fmt: skip
    served = set(done["stop_times"]["stop_id"])
    bus = tables["stops"][tables["stops"]["class"] == "bus"]
    assert bus.index.isin(list(served)).mean() > 0.8
    near = shapely.STRtree(lines.geometry.to_numpy()).query_nearest(bus.geometry.to_numpy())
    away = shapely.distance(bus.geometry.to_numpy(), lines.geometry.to_numpy()[near[1]])
    assert away.max() < 60


def test_buses_are_as_fast_as_buses_in_towns_are(town):
    """15 to 45 km/h from end to end, halts included; the fastest run between villages."""
    _, _, (done, _, _) = town
    times = (
        done["stop_times"]
        .groupby("trip_id")
        .agg(first=("departure_s", "min"), last=("arrival_s", "max"))
    )
    seconds = (times["last"] - times["first"]).groupby(done["trips"]["line_id"]).mean()
    bus = done["lines"][done["lines"]["class"] == "bus"]
    shortest = bus.geometry.map(lambda line: shapely.get_parts(line)[0].length)
    speed = shortest / seconds[bus.index] * 3.6
    assert speed.between(15, 45).all(), speed.round(1).to_dict()


def test_the_same_town_gives_the_same_lines_in_any_order(town):
    tables, routes, (done, _, _) = town
    mixed = {name: table.sample(frac=1, random_state=3).sort_index()
             for name, table in tables.items()}  # fmt: skip
    again = assumed_timetable(mixed, [routes])[0]
    for name in ("lines", "trips", "stop_times", "stops"):
        pd.testing.assert_frame_equal(again[name], done[name])


def test_routes_of_another_source_may_be_empty(town):
    tables, _, _ = town
    lines = pd.DataFrame(columns=["class", "ref", "name", "from", "to", "operator", "colour",
                                  "headway_min", "master", "long_distance"])  # fmt: skip
    nothing = Routes(lines, pd.DataFrame(columns=["route", "key", "role", "is_halt", "x", "y"]))
    done = assumed_timetable(tables, [nothing])[0]
    assert isinstance(done["lines"], gpd.GeoDataFrame)
    assert len(done["lines"])
