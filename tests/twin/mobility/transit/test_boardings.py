"""Who rides what: by hand, against single journeys, and nobody gets lost."""

import sys
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from tests.twin.mobility.transit.feeds import compiled, make_feed, town_feed
from twin.assumptions import assumptions
from twin.errors import ModelError
from twin.mobility.transit import (
    access_by_line,
    boardings,
    journey,
    stop_access,
    transit_skims,
)

GIVEN = assumptions()
H = 3600
EIGHT = np.eye(24)[8]


def test_two_lines_and_a_change_by_hand():
    stops = {"a": (0, 0), "b": (3000, 0), "c": (6000, 0), "d": (6000, 4000)}
    trips = []
    for s in range(7 * H, 12 * H, 1200):
        trips.append(("L", [("a", s, s), ("b", s + 300, s + 300), ("c", s + 600, s + 600)]))
        trips.append(("M", [("c", s + 720, s + 720), ("d", s + 1200, s + 1200)]))
    timetable = compiled(make_feed(stops, trips), GIVEN)
    table = pd.DataFrame({"place": [0, 1, 2, 3], "stop": list("abcd"), "seconds": 60})
    access = stop_access(timetable, table, 4)
    going = np.zeros((4, 4))
    going[0, 1], going[0, 3], going[1, 2], going[3, 0] = 40, 20, 8, 5
    found = boardings(timetable, going, access, EIGHT, GIVEN)
    assert found.lines["boardings"].to_dict() == pytest.approx({"L": 68, "M": 20})
    assert found.lines["passenger_km"].to_dict() == pytest.approx({"L": 60 * 3 + 28 * 3, "M": 80})
    assert found.stops["boardings"].to_dict() == pytest.approx({"a": 60, "b": 8, "c": 20, "d": 0})
    assert found.stops["alightings"].to_dict() == pytest.approx({"a": 0, "b": 40, "c": 28, "d": 20})
    sections = found.sections.set_index(["line_id", "from_stop", "to_stop"])["passengers"]
    assert sections.to_dict() == pytest.approx(
        {("L", "a", "b"): 60, ("L", "b", "c"): 28, ("M", "c", "d"): 20}
    )
    assert found.journeys == pytest.approx(68)
    assert found.unserved.tolist() == pytest.approx([0, 0, 0, 5])  # nothing runs back
    # four departures an hour in equal parts: 8:07:30 takes 8:20, 8:22:30 and 8:37:30 take 8:40
    full = found.trips["largest_load"]
    assert full.max() == pytest.approx(30)


TOWN = compiled(town_feed(lines=4, halts=8, every_s=900), GIVEN)
DOORS = np.random.default_rng(2).uniform(0, 2500, (10, 2))
ACCESS = access_by_line(TOWN, DOORS, GIVEN)
GOING = np.random.default_rng(3).uniform(0, 30, (10, 10))


def test_each_passenger_rides_what_the_single_journey_says():
    found = boardings(TOWN, GOING, ACCESS, EIGHT, GIVEN)
    lines, stops, lost = Counter(), Counter(), 0.0
    for a, b in np.ndindex(10, 10):
        for departure in 8 * H + np.array([450, 1350, 2250, 3150]):
            one = journey(TOWN, dense(a), dense(b), int(departure), GIVEN)
            part = GOING[a, b] / 4
            lost += part * (one is None)
            for leg in one.legs if one else ():
                if leg.kind == "ride":
                    lines[leg.line_id] += part
                    stops[leg.from_stop] += part
    counted = found.lines["boardings"]
    assert counted[counted > 0].to_dict() == pytest.approx(dict(lines))
    counted = found.stops["boardings"]
    assert counted[counted > 0].to_dict() == pytest.approx(dict(stops))
    assert found.unserved.sum() == pytest.approx(lost)


def dense(place):
    seconds = np.full(TOWN.stops, np.inf)
    stops, walks = ACCESS.start(place)
    seconds[stops] = walks
    return seconds


def test_nobody_gets_lost_in_any_hour_nor_between_stops():
    shares = np.random.default_rng(4).dirichlet(np.ones(24))
    found = boardings(TOWN, GOING, ACCESS, shares, GIVEN)
    assert found.journeys + found.unserved.sum() == pytest.approx(GOING.sum(), abs=1e-9)
    on, off = found.stops["boardings"].sum(), found.stops["alightings"].sum()
    assert on == pytest.approx(off, abs=1e-9)
    assert on == pytest.approx(found.lines["boardings"].sum(), abs=1e-9)
    assert on == pytest.approx(found.trips["boardings"].sum(), abs=1e-9)
    # who rides into a stop and does not get off rides out of it again, line by line
    sections = found.sections
    came = sections.groupby("to_stop")["passengers"].sum().reindex(TOWN.stop_ids, fill_value=0)
    left = sections.groupby("from_stop")["passengers"].sum().reindex(TOWN.stop_ids, fill_value=0)
    change = found.stops["boardings"] - found.stops["alightings"]
    np.testing.assert_allclose((left - came).to_numpy(), change.to_numpy(), atol=1e-9)
    assert found.sections["passengers"].min() >= 0


def test_no_trips_no_passengers_and_twice_as_many_twice():
    nobody = boardings(TOWN, np.zeros((10, 10)), ACCESS, EIGHT, GIVEN)
    assert nobody.lines["boardings"].sum() == nobody.journeys == 0
    once, twice = (boardings(TOWN, GOING * n, ACCESS, EIGHT, GIVEN) for n in (1, 2))
    pd.testing.assert_frame_equal(once.lines * 2, twice.lines)


def test_matrices_of_other_zones_are_refused():
    with pytest.raises(ModelError, match="do not fit 10 zones"):
        boardings(TOWN, np.zeros((9, 9)), ACCESS, EIGHT, GIVEN)
    with pytest.raises(ModelError, match="do not fit 10 zones"):
        boardings(TOWN, -GOING, ACCESS, EIGHT, GIVEN)


def test_one_thread_gives_the_bits_of_many(monkeypatch):
    module = sys.modules["twin.mobility.transit.boardings"]
    many = boardings(TOWN, GOING, ACCESS, EIGHT, GIVEN), transit_skims(TOWN, ACCESS, GIVEN)
    monkeypatch.setattr(module, "workers", lambda: 1)
    monkeypatch.setattr("twin.mobility.paths.threads.workers", lambda: 1)
    one = boardings(TOWN, GOING, ACCESS, EIGHT, GIVEN), transit_skims(TOWN, ACCESS, GIVEN)
    pd.testing.assert_frame_equal(many[0].sections, one[0].sections, check_exact=True)
    pd.testing.assert_frame_equal(many[0].trips, one[0].trips, check_exact=True)
    for name, values in many[1].items():
        assert np.array_equal(values, one[1][name])
