"""Measures on public transport, on a town of two lines whose numbers can be worked out."""

from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pyproj import Transformer

from tests.conftest import CRS, make_tables
from tests.twin.mobility.timetable.towns import E, N, two_lines
from twin.assumptions import assumptions
from twin.city import City
from twin.measures import MEASURES
from twin.mobility.timetable.service import NAMES
from twin.scenario import ScenarioError, load_scenario, plan, states
from twin.schema import NODES, TABLES
from twin.validation import conform, validate, validate_all

KINDS = ("transit_headway", "transit_line", "transit_line_removed", "transit_stop",
         "transit_priority")  # fmt: skip
DEGREES = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)


def lonlat(*points):
    """Give degrees of metres from the corner of the town."""
    return [list(DEGREES.transform(E + x, N + y)) for x, y in points]


@cache
def city():
    """The toy city's houses on the grid of streets, with lines 1 (A to D) and 2 (A to B)."""
    service, streets = two_lines()
    tables = make_tables()
    ends = pd.concat([streets["from_node"], streets["to_node"]]).unique()
    corners = {}
    for row in streets.itertuples():
        corners.setdefault(row.from_node, row.geometry.boundary.geoms[0])
    nodes = conform(
        NODES,
        gpd.GeoDataFrame(
            {"control": "none", "degree": 2.0}, index=list(ends),
            geometry=[corners[e] for e in ends], crs=CRS,
        ),
        crs=CRS,
    )  # fmt: skip
    whole = {**tables, "streets": streets, "nodes": nodes, **service.tables()}
    validate_all(whole, crs=CRS)
    return City("Gridtown", CRS, whole)


def load(*measures, **more):
    listed = [{"id": f"m{n}", "start_year": 2030, **m} for n, m in enumerate(measures)]
    return load_scenario({"format": 2, "name": "p", "stages": [2025, 2030], "measures": listed,
                          **more})  # fmt: skip


def done(*measures, town=None):
    """Give the city of the last stage; that of the first must be as it was."""
    town = town or city()
    first, last = states(town, load(*measures), assumptions())
    assert first.city.hash == town.hash
    for name in NAMES:
        validate(TABLES[name], last.city.tables[name], crs=CRS)
    return last.city


def fault(*measures, town=None):
    with pytest.raises(ScenarioError) as error:
        done(*measures, town=town)
    return str(error.value)


def trips(found, line):
    return int((found.trips["line_id"] == line).sum())


def test_every_ten_minutes_by_name_by_class_and_for_all():
    wanted = {"kind": "transit_headway", "headway_min": 10, "from_hour": 6, "to_hour": 9}
    found = done({**wanted, "lines": ["1"]})
    assert (trips(found, "l1"), trips(found, "l2")) == (2 * 18, 12)
    for more in ({"classes": ["bus"]}, {}, {"lines": ["l1", "2"]}):
        found = done({**wanted, **more})
        assert (trips(found, "l1"), trips(found, "l2")) == (36, 36)
    assert found.lines["departures"].to_dict() == {"l1": 36.0, "l2": 36.0}


def test_only_what_changes_gets_another_hash():
    found = done({"kind": "transit_headway", "lines": ["1"], "factor": 0.5})
    changed = {name for name in found.hashes if found.hashes[name] != city().hashes[name]}
    assert changed == {"stops", "lines", "trips", "stop_times"}
    same = done({"kind": "transit_headway", "lines": ["1"], "factor": 0.5})
    assert same.hash == found.hash
    other = done({"kind": "transit_headway", "lines": ["1"], "factor": 0.25})
    assert other.hash != found.hash


def test_a_line_gone_and_a_new_one_drawn():
    road = lonlat((100, 0), (1100, 0))
    found = done(
        {"kind": "transit_line_removed", "lines": ["2"]},
        {"kind": "transit_line", "line": {"coordinates": road}, "name": "X1", "headway_min": 15,
         "from_hour": 6, "to_hour": 8},
    )  # fmt: skip
    assert list(found.lines.index) == ["l1", "m1"]
    assert found.lines.loc["m1", ["name", "departures"]].tolist() == ["X1", 16.0]
    times = found.stop_times[found.stop_times["trip_id"] == "m1:0:001"]
    assert times.sort_values("sequence")["stop_id"].tolist() == ["Ae", "Be", "Ce", "De"]


def test_a_line_through_named_stops_of_a_class_without_streets():
    found = done({"kind": "transit_line", "stops": ["A", "D"], "transit_class": "tram",
                  "speed_kmh": 18, "both_directions": False})  # fmt: skip
    times = found.stop_times[found.stop_times["trip_id"] == "m0:0:001"]
    seconds = times["arrival_s"].max() - times["departure_s"].min()
    assert seconds == pytest.approx(900 * 1.15 / 18 * 3.6 - 22, abs=1)
    assert set(found.trips.loc[found.trips["line_id"] == "m0", "direction"]) == {0.0}


def test_a_new_stop_is_served_by_what_passes():
    (spot,) = lonlat((300, -3))
    found = done({"kind": "transit_stop", "to": spot, "name": "Neu"})
    assert found.stops.loc["m0", "name"] == "Neu"
    assert found.stops.loc["m0", "link_id"] in found.streets.index
    assert found.stops.loc["m0", "departures"] == 18 + 12
    found = done({"kind": "transit_stop", "to": spot, "lines": ["1"]})
    assert found.stops.loc["m0", "departures"] == 18


def test_both_sides_of_a_stop_close_and_move_together():
    found = done({"kind": "transit_stop", "stop": "b", "closed": True})
    validate_all(dict(found.tables), crs=CRS)
    assert "Be" not in found.stops.index
    assert "Bw" not in found.stops.index
    assert trips(found, "l2") == 0
    (spot,) = lonlat((450, 300))
    found = done({"kind": "transit_stop", "stop": "B", "to": spot})
    before, after = city().stops.geometry, found.stops.geometry
    for key in ("Be", "Bw"):
        assert after[key].y - before[key].y == pytest.approx(300, abs=0.01)
    assert trips(found, "l2") == 12
    alone = done({"kind": "transit_stop", "stop": "Be", "closed": True})
    assert "Bw" in alone.stops.index


def test_priority_shortens_the_ride():
    def ride(found):
        times = found.stop_times[found.stop_times["trip_id"] == "l1:0:001"]
        return times["arrival_s"].max() - times["departure_s"].min()

    plain = ride(city())
    saved = ride(done({"kind": "transit_priority", "lines": ["1"], "saved_s_per_stop": 10}))
    assert plain - saved == 20
    tenth = ride(done({"kind": "transit_priority", "saved_percent": 10}))
    assert plain - tenth == pytest.approx(0.1 * (plain - 40), abs=2)


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        ({"kind": "transit_headway", "lines": ["11"], "headway_min": 5}, "no line 11. Perhaps: 1"),
        ({"kind": "transit_headway", "lines": ["x"], "headway_min": 5}, "Known lines: 1, 2."),
        ({"kind": "transit_headway", "classes": ["ferry"], "headway_min": 5}, "No line of the"),
        ({"kind": "transit_headway", "headway_min": 0}, "must be 1 or more"),
        ({"kind": "transit_headway", "headway_min": 5, "factor": 2}, "not both"),
        ({"kind": "transit_headway", "factor": 2, "from_hour": 9, "to_hour": 9}, "end at 9"),
        ({"kind": "transit_priority", "lines": ["1"]}, "how much time is saved"),
        ({"kind": "transit_line_removed"}, "not said which lines"),
        ({"kind": "transit_line_removed", "lines": ["1"], "pace_percent": 5}, "at once"),
        ({"kind": "transit_line", "stops": ["A", "Zoo"]}, "There is no stop Zoo"),
        ({"kind": "transit_line", "stops": ["A"]}, "at least two stops"),
        ({"kind": "transit_line"}, "where the line runs"),
        ({"kind": "transit_line", "line": {"coordinates": lonlat((0, 900), (900, 900))}},
         "touches no stop; the nearest is 894 m"),
        ({"kind": "transit_line", "line": {"coordinates": lonlat((100, 0), (200, 0))}},
         "touches one stop only"),
        ({"kind": "transit_stop"}, "what happens to the stop"),
        ({"kind": "transit_stop", "stop": "Y", "closed": True}, "There is no stop Y"),
        ({"kind": "transit_stop", "to": [8.0, 50.0]}, "outside of the town"),
        ({"kind": "transit_stop", "to": lonlat((600, 900))[0]}, "No line passes the new stop"),
        ({"kind": "transit_stop", "to": lonlat((600, 0))[0], "lines": ["7"]}, "no line 7"),
    ],
)  # fmt: skip
def test_faults_say_what_to_do(measure, said):
    assert said in fault(measure)


def test_a_line_that_an_earlier_measure_removed_is_not_there():
    gone = {"kind": "transit_line_removed", "lines": ["1"]}
    assert "There is no line 1" in fault(gone, {"kind": "transit_priority", "lines": ["1"],
                                                "saved_percent": 5})  # fmt: skip


def test_without_a_timetable_lines_cannot_change_but_a_new_one_can_run():
    town = city()
    bare = town.replace(**{name: town.tables[name].iloc[:0]
                           for name in ("lines", "trips", "stop_times")})  # fmt: skip
    assert "no timetable" in fault({"kind": "transit_headway", "headway_min": 5}, town=bare)
    found = done({"kind": "transit_line", "stops": ["A", "C"]}, town=bare)
    assert trips(found, "m0") == 2 * 54


def test_an_assumed_timetable_is_called_that():
    town = city()
    times = town.stop_times.assign(time_source="estimated:assumed_timetable")
    measure = {"kind": "transit_headway", "factor": 0.5}
    noted = plan(town.replace(stop_times=times), load(measure), assumptions()).notes
    assert any("assumed" in str(note) for note in noted)
    assert plan(town, load(measure), assumptions()).notes == ()


def test_every_kind_is_known_and_says_itself():
    assert set(KINDS) <= set(MEASURES)
    (headway, stop) = load(
        {"kind": "transit_headway", "classes": ["bus"], "headway_min": 10, "from_hour": 6,
         "to_hour": 20},
        {"kind": "transit_stop", "stop": "Markt", "closed": True},
    ).measures  # fmt: skip
    assert str(headway.summary()) == "Every 10 minutes from 6 to 20 h: all lines (bus), from 2030"
    assert str(stop.summary()) == "Stop Markt closed, from 2030"
    assert np.isfinite(headway.headway_min)
