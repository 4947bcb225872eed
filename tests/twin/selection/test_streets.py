"""Which streets a selector means."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given as hyp_given
from hypothesis import settings
from hypothesis import strategies as st

from tests.twin.measures.street_town import TOWN, area, degrees, line
from twin.selection import (
    SelectionError,
    StreetSelector,
    describe_streets,
    parse_street_selector,
    select_streets,
    street_line,
)
from twin.selection.drawn import Around
from twin.selection.streets import selected_streets, street_problems

STREETS = TOWN.city.streets


def chosen(**fields):
    return set(select_streets(TOWN, StreetSelector.model_validate(fields)))


def both(*names):
    return {f"{name}:{side}" for name in names for side in "fb"} & set(STREETS.index)


def test_nothing_asked_for_means_all():
    assert chosen() == set(STREETS.index)
    assert StreetSelector().says_nothing
    assert not StreetSelector(classes=("residential",)).says_nothing


def test_ids_of_links_and_ways():
    assert chosen(ids=["b:0:f"]) == both("b:0")
    assert chosen(ids=["b:0:f"], both_directions=False) == {"b:0:f"}
    assert chosen(ids=["b", "a:1:b"]) == both("b:0", "b:1", "a:1")
    assert chosen(ids=["nowhere"]) == set()


def test_names_classes_districts_and_conditions_must_all_hold():
    assert chosen(names=["WEG C"]) == both("c:0", "c:1")
    assert chosen(classes=["service", "secondary"]) == both("d:0", "d:1", "f:0", "f:1")
    west = both("a:0", "b:0", "c:0", "d:0", "d:1")
    assert chosen(districts=["West"]) == west
    assert chosen(districts=["d1", "ost"]) == set(STREETS.index)
    fast = {"column": "speed_kmh", "op": ">", "value": 30}
    assert chosen(districts=["West"], where=[fast]) == both("a:0", "d:0", "d:1")
    cars = {"column": "allow_bike", "op": "==", "value": 0}
    assert chosen(where=[cars]) == {"m:0:f"}
    known = {"column": "capacity_vehh", "op": "<", "value": 9000}
    assert chosen(where=[known]) == both("d:0", "d:1")
    tagged = {"column": "capacity_source", "op": "not_in", "value": ["measured"]}
    assert chosen(where=[tagged]) == both("d:0", "d:1")


def test_a_street_lies_where_its_middle_lies():
    assert chosen(area=area(40, -10, 60, 10)) == both("a:0")
    assert chosen(area=area(-10, -10, 49, 10)) == set()
    assert chosen(around={"point": degrees((100, 100))[0], "radius_m": 51}) == both(
        "b:0", "b:1", "e:0", "e:1"
    ) | {"m:0:f"}
    assert chosen(around={"place": "grundschule", "radius_m": 60}) == both("e:0", "a:1")


def test_the_centre_is_the_largest_settlement_or_where_people_live():
    city = TOWN.city
    middle = Around(place="centre", radius_m=10).xy(TOWN)
    buildings = city.buildings.geometry.centroid
    assert middle == pytest.approx((buildings.x.median(), buildings.y.median()))
    places = city.places.assign(population=12.0)
    state = dataclasses.replace(TOWN, city=city.replace(places=places))
    assert Around(place="centre", radius_m=10).xy(state) == pytest.approx(
        (places.geometry.iloc[0].x, places.geometry.iloc[0].y)
    )


def test_along_a_line_are_streets_that_run_with_it():
    drawn = line((-5, 104), (205, 97))
    assert chosen(line=drawn) == both("b:0", "b:1")
    assert chosen(line=drawn, both_directions=False) == {"b:0:f", "b:1:f"}
    back = line((205, 97), (-5, 104))
    assert chosen(line=back, both_directions=False) == {"b:0:b", "b:1:b"}
    assert chosen(line=line((0, 112), (200, 112)), within_m=5) == set()
    assert chosen(line=line((0, 112), (200, 112)), within_m=15) == both("b:0", "b:1")
    assert chosen(line=line((10, 3), (90, 3), (103, 10), (103, 95))) == both("a:0", "e:0")
    assert chosen(line=line((20, 100), (30, 100))) == set()  # too short to mean the street
    assert chosen(line=line((5, 100), (70, 100))) == both("b:0")


def test_a_share_counts_both_directions_as_one():
    longest = chosen(share={"percent": 10, "by": "length_m", "order": "highest"})
    assert "m:0:f" in longest  # 13 streets, one of them longer
    some = chosen(classes=["residential"], share={"percent": 50, "order": "random"})
    assert len(some) == 6
    assert all(STREETS.loc[name, "reverse_id"] in some for name in some)
    assert some == chosen(classes=["residential"], share={"percent": 50, "order": "random"})
    one = chosen(where=[{"column": "class", "op": "==", "value": "residential"}],
                 share={"percent": 50, "order": "random"}, both_directions=False)  # fmt: skip
    assert one == some


def test_among_limits_what_comes_into_question():
    mask = np.zeros(len(STREETS), bool)
    mask[STREETS.index.get_loc("b:0:f")] = True
    rows = selected_streets(TOWN, StreetSelector(names=("Weg B",)), among=mask)
    assert list(STREETS.index[rows]) == ["b:0:f"]


@pytest.mark.parametrize(
    ("line_of_words", "said"),
    [
        ("class in residential, tertiary; speed_kmh > 30",
         "residential, tertiary; Speed limit > 30 km/h"),
        ("name in Weg A; one direction", "Weg A; one direction"),
        ("id in b:0:f; district in West", "1 chosen streets; in West"),
        ("within 800 m of centre; random 20 % by length_m",
         "within 800 m of the centre; any 20 % of them"),
        ("allow_bike == 0; lanes >= 2", "Bicycles: no; Lanes >= 2"),
        ("highest 10 % by speed_kmh", "the 10 % with the highest: Speed limit"),
        ("cycle_facility not in none, lane", "Cycle facility not none, lane"),
        ("", "all streets"),
    ],
)  # fmt: skip
def test_a_line_of_words_is_read_and_written(line_of_words, said):
    found = parse_street_selector(line_of_words)
    assert street_line(found) == line_of_words
    assert str(describe_streets(found)) == said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("colour = red", "There is no column called colour"),
        ("class in autobahn", "is not understood"),
        ("residential", "residential is no condition"),
        ("within x m of centre", "is not understood"),
    ],
)
def test_a_line_that_is_no_selector(words, said):
    with pytest.raises(SelectionError, match=said):
        parse_street_selector(words)


def test_what_is_not_there_is_named():
    selector = StreetSelector(ids=("b:0:f", "b:9:f"), names=("Weg X", "weg a"), districts=("Q",))
    said = [str(problem) for problem in street_problems(TOWN, selector)]
    assert len(said) == 3
    assert said[0].startswith("There is no street b:9:f. Perhaps: b:")
    assert said[1].startswith("There is no street called Weg X. Perhaps: Weg ")
    assert said[2].startswith("There is no district Q.")


coordinate = st.floats(-20, 220)


@settings(max_examples=10)
@hyp_given(st.permutations(range(len(STREETS))), coordinate, coordinate)
def test_the_order_of_the_rows_does_not_matter(order, x, y):
    """And two halves of the town have every street once between them."""
    shuffled = dataclasses.replace(TOWN, city=TOWN.city.replace(streets=STREETS.iloc[order]))
    for fields in (
        {"area": area(-50, -50, x + 51, y + 51)}, {"names": ["Weg E"]},
        {"share": {"percent": 30, "order": "random"}}, {"line": line((-9, -9), (x, y + 40))},
    ):  # fmt: skip
        selector = StreetSelector.model_validate(fields)
        assert set(select_streets(shuffled, selector)) == set(select_streets(TOWN, selector))
    left = chosen(area=area(-50, -50, x + 0.123, 300), both_directions=False)
    right = chosen(area=area(x + 0.123, -50, 400, 300), both_directions=False)
    assert left | right == set(STREETS.index)
    assert not left & right
