"""Cycling, junctions, areas, fleet and places."""

import pandas as pd
import pytest
import shapely

from tests.twin.measures.street_town import (
    CLASSES,
    TOWN,
    E,
    N,
    area,
    degrees,
    differences,
    done,
    faults,
    measure,
)
from twin.measures.base import SOURCE
from twin.scenario import ScenarioError

D = {"d:0:f", "d:0:b", "d:1:f", "d:1:b"}


def test_a_cycle_facility_beside_and_in_place_of_a_lane():
    lane = {"facility": "protected_lane", "select": {"names": ["Weg D"]}}
    plain = done(measure("cycle_facility", **lane))
    assert differences(TOWN, plain) == {"cycle_facility": D}
    taken = done(measure("cycle_facility", **lane, takes_lane=True))
    assert set(differences(TOWN, taken)) == {
        "cycle_facility",
        "lanes",
        "lanes_source",
        "capacity_vehh",
        "capacity_source",
    }
    row = taken.city.streets.loc["d:0:f"]
    assert (row["lanes"], row["capacity_vehh"], row["lanes_source"]) == (1.0, 900.0, SOURCE)
    assert "do not have it yet" in faults(measure("cycle_facility", **lane), plain)
    narrow = {"facility": "lane", "takes_lane": True}
    none = measure("cycle_facility", **narrow, select={"names": ["Weg B"]})
    assert "None of the 4 streets has a second lane to give" in faults(none)
    some = measure("cycle_facility", **narrow, select={"ids": ["b", "d"]})
    assert "Of 8 streets 4 keep their only lane" in str(some.begin(TOWN).notes[0])
    lanes = done(some).city.streets["lanes"]
    assert set(lanes[["b:0:f", "d:0:f"]]) == {1.0}


def test_a_track_opens_a_street_to_bikes_and_motorways_stay_out():
    shut = done(measure("street_closure", modes=["bike"], select={"names": ["Weg B"]}))
    track = done(measure("cycle_facility", facility="track", select={"ids": ["b"]}), state=shut)
    assert track.city.streets.loc["b:0:f", ["allow_bike", "bike_reach"]].tolist() == [True, "main"]
    lane = measure("cycle_facility", facility="lane", select={"ids": ["b"]})
    assert "open to bicycles" in faults(lane, shut)
    assert faults(measure("cycle_facility", facility="track", select={"classes": ["motorway"]}))


def test_a_cycle_street_is_slow_and_may_be_for_residents():
    after = done(measure("cycle_street", cars="residents", select={"names": ["Weg A", "Weg B"]}))
    a = {"a:0:f", "a:0:b", "a:1:f", "a:1:b"}
    b = {name.replace("a", "b") for name in a}
    assert differences(TOWN, after) == {
        "cycle_facility": a | b,
        "speed_kmh": a,
        "speed_source": a,
        "car_access": a | b,
    }
    assert set(after.city.streets.loc[list(a), "speed_kmh"]) == {30.0}
    again = measure("cycle_street", cars="residents", select={"names": ["Weg A"]})
    assert "no cycle streets yet" in faults(again, after)


def test_a_roundabout_takes_signals_and_signs_away():
    after = done(measure("junction_control", control="roundabout", points=degrees((104, 97))))
    assert differences(TOWN, after, "nodes") == {"control": {"n11"}}
    assert list(after.city.street_points.index) == ["sign", "zebra"]
    signs = done(measure("junction_control", control="priority_to_right", nodes=["n10"]))
    assert list(signs.city.street_points.index) == ["lights", "zebra"]
    assert "controlled this way already" in faults(
        measure("junction_control", control="signals", nodes=["n11"])
    )
    said = faults(measure("junction_control", control="stop", nodes=["x"],
                          points=degrees((50, 100))))  # fmt: skip
    assert "There is no junction x" in said
    assert "the nearest is 50 m away" in said


def test_what_holds_in_an_area():
    after = done(
        measure("parking", id="a", price_eur=2.5, area=area(0, 0, 100, 100)),
        measure("parking", id="b", supply_factor=0.8, districts=["west"]),
        measure("car_sharing", id="c", cars=20),
        measure("mobility_hub", id="d", shared_bikes=10,
                around={"point": degrees((100, 100))[0], "radius_m": 50}),
        measure("charging_points", id="e", points=4, kw=22, around={
            "place": "Grundschule", "radius_m": 100}),
    )  # fmt: skip
    found = {change.id: change for change in after.area_changes}
    assert [change.kind for change in after.area_changes] == [
        "parking",
        "parking",
        "car_sharing",
        "mobility_hub",
        "charging_points",
    ]
    assert found["a"].values == {"price_eur": 2.5}
    assert found["b"].values == {"supply_factor": 0.8}
    assert found["b"].area.equals(TOWN.city.districts.geometry["d1"])
    assert found["c"].area is None
    assert found["d"].values == {"shared_bikes": 10.0, "shared_cars": 0.0}
    assert found["a"].area.symmetric_difference(shapely.box(E, N, E + 100, N + 100)).area < 1
    assert found["e"].area.centroid.distance(TOWN.city.places.geometry["p1"]) < 1e-6
    assert after.city is TOWN.city
    early = measure("parking", price_eur=2, start_year=2040)
    assert early.apply(TOWN, 2035) is TOWN


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        ("parking", {}, "It is not said what changes"),
        ("parking", {"price_eur": -1}, "-1 is not allowed"),
        ("car_sharing", {"cars": 0}, "It must be above 0"),
        ("mobility_hub", {}, "nothing to share"),
        ("charging_points", {"points": 3, "kw": 0}, "It must be above 0"),
        ("parking", {"price_eur": 1, "districts": ["West"], "around": {
            "place": "centre", "radius_m": 9}}, "The place is given more than once"),
        ("parking", {"price_eur": 1, "around": {"radius_m": 9}}, "It is not said around what"),
        ("electric_fleet", {"path_percent": {"2030": 120}}, "outside of 0 to 100 %"),
        ("electric_fleet", {"path_percent": {"soon": 20}}, "soon are no years"),
        ("work_from_home", {}, "A new share is needed"),
        ("work_from_home", {"share_percent": 20, "end_year": 2030}, "changes at once"),
        ("place_moved", {"place": "p1"}, "It is not said what happens to the place"),
        ("place_moved", {"to": [7.1, 50.8]}, "It is not said what happens to the place"),
        ("place_moved", {"to": [7.1, 50.8], "place_class": "city"}, "city is not known here"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(kind, fields, said):
    with pytest.raises(ScenarioError) as error:
        measure(kind, **fields)
    assert said in str(error.value)


def test_areas_that_are_not_there():
    assert "There is no district Nord" in faults(measure("car_sharing", cars=1, districts=["Nord"]))
    far = {"place": "Rathaus", "radius_m": 100}
    assert "There is no place Rathaus" in faults(measure("car_sharing", cars=1, around=far))
    away = measure("car_sharing", cars=1, area=area(9000, 9000, 9100, 9100))
    assert "The area lies outside of the town" in faults(away)


def test_the_fleet_follows_its_path():
    given = done(measure("electric_fleet", start_year=2028, path_percent={"2030": 40, "2040": 90}))
    new, old = given.assumptions, TOWN.assumptions
    name = "fleet.electric_share"
    assert new.at(name, 2025) == old.at(name, 2025)
    assert [new.at(name, y) for y in (2030, 2035, 2045)] == pytest.approx([0.4, 0.65, 0.9])
    assert new.entry(f"{name}.2035").status == "user"


def test_working_at_home():
    name = "demand.home_office"
    given = done(measure("work_from_home", share_percent=30)).assumptions
    assert given[name] == pytest.approx(0.3)
    more = done(measure("work_from_home", factor=1.5)).assumptions
    assert more[name] == pytest.approx(1.5 * TOWN.assumptions[name])


def test_a_school_moves_closes_or_opens():
    spot = degrees((35, 15))[0]
    moved = done(measure("place_moved", place="grundschule", to=spot))
    row = moved.city.places.loc["p1"]
    assert (row.geometry.x, row.geometry.y) == pytest.approx((E + 35, N + 15), abs=0.01)
    assert row["building_id"] == "b2"
    assert moved.city.streets is TOWN.city.streets
    closed = done(measure("place_moved", place="p1", closed=True))
    assert list(closed.city.places.index) == []
    new = measure("place_moved", id="neu", place_class="school", name="Neue Schule",
                  to=degrees((150, 50))[0])  # fmt: skip
    both = done(new)
    assert list(both.city.places.index) == ["p1", "neu"]
    assert both.city.places.loc["neu", "class"] == "school"
    assert pd.isna(both.city.places.loc["neu", "building_id"])
    assert both.city.places.dtypes.equals(TOWN.city.places.dtypes)
    assert "id neu already" in faults(new, both)
    gone = measure("place_moved", place="p1", to=degrees((9000, 9000))[0])
    assert "outside of the town" in faults(gone)
    assert "Perhaps: Grundschule" in faults(measure("place_moved", place="Grundschul", closed=True))
    twice = done(measure("place_moved", id="n2", place_class="school", name="Grundschule", to=spot))
    name = measure("place_moved", place="Grundschule", closed=True)
    assert "2 places are called Grundschule. Give the id of one: p1, n2" in faults(name, twice)


def test_the_classes_of_the_town_are_as_the_tests_think():
    ways = TOWN.city.streets.groupby("way_id")["class"].first().astype(str).to_dict()
    assert ways == {**CLASSES, "m": "motorway"}
