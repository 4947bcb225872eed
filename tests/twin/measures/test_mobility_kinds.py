"""What holds for every kind of measure on streets, areas, fleet and places."""

import json

import pytest

from tests.conftest import CRS
from tests.twin.measures.street_town import TOWN, area, assert_consistent, degrees, line, measure
from twin.scenario import Scenario, diff, dump, load_scenario, plan
from twin.validation import validate_all

SPOT = degrees((150, 50))[0]
NAMED = {"select": {"names": ["Weg B"]}}
KINDS = {
    "speed_limit": {"speed_kmh": 20, **NAMED},
    "street_closure": {"select": {"names": ["Weg C"]}},
    "modal_filter": {"points": degrees((50, 100))},
    "one_way": {"select": {"ids": ["b:1:f"]}},
    "lanes": {"lanes": 2, **NAMED},
    "new_link": {"line": line((0, 50), (200, 60)), "street_class": "tertiary"},
    "cycle_facility": {"facility": "lane", **NAMED},
    "cycle_street": NAMED,
    "junction_control": {"control": "roundabout", "points": degrees((100, 100))},
    "parking": {"price_eur": 2.0, "area": area(0, 0, 90, 90)},
    "car_sharing": {"cars": 10, "districts": ["West"]},
    "mobility_hub": {"shared_bikes": 10, "around": {"point": SPOT, "radius_m": 80}},
    "charging_points": {"points": 8, "kw": 22},
    "electric_fleet": {"path_percent": {"2030": 30, "2045": 95}},
    "work_from_home": {"share_percent": 25},
    "place_moved": {"place": "p1", "to": SPOT},
}
CHANGES = {
    "lanes": {"lanes": 3}, "parking": {"price_eur": 4.0}, "speed_limit": {"speed_kmh": 10},
    "car_sharing": {"cars": 11}, "mobility_hub": {"shared_bikes": 11},
    "charging_points": {"points": 9}, "work_from_home": {"share_percent": 30},
    "cycle_facility": {"facility": "track"}, "junction_control": {"control": "stop"},
}  # fmt: skip


def scenario(*measures, **more) -> Scenario:
    named = [{"id": f"m{n}", **m} for n, m in enumerate(measures, start=1)]
    return load_scenario({"format": 2, "name": "Test", "measures": named, **more})


def run(*measures):
    return plan(TOWN.city, scenario(*measures), TOWN.assumptions, base=TOWN)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_goes_to_a_file_and_back(kind):
    one = scenario({"kind": kind, **KINDS[kind]})
    again = load_scenario(dump(one))
    assert again == one
    assert again.hash == one.hash
    assert json.loads(dump(again)) == json.loads(dump(one))
    assert not diff(one, again)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_does_nothing_before_its_year_and_switched_off(kind):
    late = run({"kind": kind, "start_year": 2035, **KINDS[kind]}).states
    assert [s.year for s in late if s.city is TOWN.city or s.city.hash == TOWN.city.hash][:2] == [
        2025, 2030
    ]  # fmt: skip
    for state in late[:2]:
        assert state.city.tables is late[0].city.tables
        assert state.assumptions.hash == TOWN.assumptions.hash
        assert state.area_changes == ()
    last = late[-1]
    assert (
        last.city.hash != TOWN.city.hash
        or last.area_changes
        or last.assumptions.hash != TOWN.assumptions.hash
    )
    off = run({"kind": kind, "enabled": False, **KINDS[kind]}).states[-1]
    assert off.city is TOWN.city
    assert off.area_changes == ()


@pytest.mark.parametrize("kind", KINDS)
def test_apply_alone_does_what_the_run_does(kind):
    one = measure(kind, id="m1", **KINDS[kind])
    alone = one.apply(TOWN, 2045)
    states = run({"kind": kind, **KINDS[kind]}).states
    assert alone.city.hash == states[-1].city.hash
    assert alone.area_changes == states[-1].area_changes
    assert alone.assumptions.hash == states[-1].assumptions.hash
    assert one.problems(TOWN, 2020) == []


def test_all_together_follow_the_schema_and_the_hash_tells_their_order():
    listed = [{"kind": kind, **fields} for kind, fields in KINDS.items()]
    del listed[0]["select"]
    forth = run(*listed).states[-1].city
    validate_all(forth.tables, crs=CRS)
    assert_consistent(forth)
    swapped = [listed[5], *listed[:5], *listed[6:]]
    other = run(*swapped).states[-1].city
    validate_all(other.tables, crs=CRS)
    assert other.hashes["streets"] != forth.hashes["streets"]
    assert forth.hash == run(*listed).states[-1].city.hash


def test_differences_are_said_in_words():
    listed = [{"kind": kind, **fields} for kind, fields in KINDS.items()]
    old = scenario(*listed)
    new = scenario(*({**one, **CHANGES.get(one["kind"], {})} for one in listed[:-1]))
    lines = list(map(str, diff(old, new).sentences()))
    assert lines[0] == "Removed: p1 moved, from 2026"
    assert "Changed speed limit m1, speed kmh: 20 → 10" in lines
    assert "Changed parking m10, price eur: 2 → 4" in lines
    assert len(lines) == 1 + len(CHANGES)
    added = list(map(str, diff(scenario(), old).sentences()))
    assert len(set(added)) == len(KINDS)
    assert "Added: Closed to car, truck: Weg C, in 2026" in added
    assert "Added: New link (tertiary), from 2026" in added


def test_what_no_longer_fits_is_said_with_its_place():
    gone = {"kind": "street_closure", "modes": ["car"], **NAMED}
    with pytest.raises(Exception, match=r"Measure 2 \(.*They are closed already"):
        run(gone, gone)
