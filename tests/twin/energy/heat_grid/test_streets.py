import numpy as np
import pytest

from tests.twin.energy.heat_grid.town import (
    E0,
    N0,
    grid_town,
    house_table,
    line_town,
    make_city,
    street_table,
)  # fmt: skip
from twin.assumptions import assumptions
from twin.energy.heat_grid import connect_points, make_ground
from twin.energy.heat_grid.streets import pipe_sections, section_of_links, street_sections
from twin.errors import ModelError

GIVEN = assumptions()


def two_streets(kind, *, name_near=None, name_far="Am Bach"):
    """A street of some class at y = 0 and a residential one at y = 40, house wall at y = 10."""
    nodes = {"a": (0, 0), "b": (100, 0), "c": (0, 40), "d": (100, 40)}
    streets = street_table([("a", "b"), ("c", "d")], nodes)
    near = streets.index.str.startswith("s0000")
    streets.loc[near, "class"] = kind
    streets["name"] = np.where(near, name_near, name_far)
    return streets


def test_a_link_and_its_opposite_are_one_section(toy_city):
    sections = street_sections(toy_city.streets)
    assert list(sections.index) == ["w1:0:b", "w2:0:f"]
    named = section_of_links(toy_city.streets)
    assert named.to_dict() == {"w1:0:f": "w1:0:b", "w1:0:b": "w1:0:b", "w2:0:f": "w2:0:f"}


def test_toy_city_by_hand(toy_city):
    found = connect_points(toy_city.buildings, toy_city.streets, GIVEN)
    assert list(found.index) == ["b1", "b2", "b3"]
    assert list(found["section_id"]) == ["w1:0:b"] * 3  # the school stands at the corner
    np.testing.assert_allclose(found["connection_m"], [10, 10, 20])
    assert found.geometry.iloc[2].y == N0
    assert found.geometry.iloc[2].x == E0 + 100
    # the section runs from east to west: the middle of the first house is at x = 15
    assert found["position_m"].iloc[0] == 85


@pytest.mark.parametrize("kind", ["motorway", "trunk", "steps"])
def test_no_pipe_in_motorways_and_steps(kind):
    streets = two_streets(kind)
    assert list(pipe_sections(streets, GIVEN).index) == ["s0001:b"]
    found = connect_points(house_table([(50, 10)]), streets, GIVEN)
    assert found["section_id"].tolist() == ["s0001:b"]
    assert found["connection_m"].tolist() == [20]


def test_no_house_on_a_bridge_but_a_pipe_may_cross():
    streets = two_streets("residential")
    streets["is_bridge"] = streets.index.str.startswith("s0000")
    sections = pipe_sections(streets, GIVEN)
    factor = GIVEN["grid.crossing_factor"]
    assert sections["laying_factor"].tolist() == [factor, 1.0]
    found = connect_points(house_table([(50, 10)]), streets, GIVEN)
    assert found["section_id"].tolist() == ["s0001:b"]


def test_the_street_is_preferred_to_a_path_only_so_far():
    streets = two_streets("path")
    # 10 m to the path, 20 m to the street: the penalty of 25 m decides
    found = connect_points(house_table([(50, 10)]), streets, GIVEN)
    assert found["section_id"].tolist() == ["s0001:b"]
    # 1 m to the path, 29 m to the street: 28 m are more than the penalty
    found = connect_points(house_table([(50, 1)]), streets, GIVEN)
    assert found["section_id"].tolist() == ["s0000:b"]


def test_the_street_of_the_address_is_preferred():
    streets = two_streets("residential", name_near="Hauptstraße")
    houses = house_table([(50, 10), (50, 10)], street=["Am Bach", None])
    found = connect_points(houses, streets, GIVEN)
    assert found["section_id"].tolist() == ["s0001:b", "s0000:b"]


def test_too_far_from_any_street_is_missing():
    houses = house_table([(50, 10), (50, 100), (50, 400)])
    found = connect_points(houses, two_streets("motorway"), GIVEN)
    assert found["section_id"].isna().tolist() == [False, False, True]
    assert found.geometry.isna().tolist() == [False, False, True]
    np.testing.assert_allclose(found["connection_m"], [20, 60, np.nan])  # the second ring finds 60


def test_the_order_of_houses_and_streets_does_not_matter():
    town = grid_town(5)
    found = connect_points(town.buildings, town.streets, GIVEN)
    houses = town.buildings.sample(frac=1, random_state=1)
    again = connect_points(houses, town.streets.sample(frac=1, random_state=2), GIVEN)
    assert again.index.equals(houses.index)
    again = again.loc[found.index]
    assert again["section_id"].equals(found["section_id"])
    assert (again["position_m"] == found["position_m"]).all()


def test_agrees_with_geopandas_nearest_on_plain_streets():
    town = grid_town(5, seed=3)
    found = connect_points(town.buildings, town.streets, GIVEN)
    sections = street_sections(town.streets)[["geometry"]]
    nearest = town.buildings[["geometry"]].sjoin_nearest(sections, distance_col="far")
    far = nearest.groupby(level=0)["far"].min()
    np.testing.assert_allclose(found["connection_m"], far.loc[found.index])


def test_parts_of_buildings_are_no_customers():
    town = line_town([(50, 10), (70, 10)])
    houses = town.buildings.assign(part_of=[None, "h0000"])
    ground = make_ground(town.replace(buildings=houses), GIVEN)
    assert list(ground.connections.index) == ["h0000"]


def test_a_town_without_streets_is_told_so():
    town = make_city(None, house_table([(0, 0)]), name="Nostreet")
    with pytest.raises(ModelError, match="Nostreet has no streets"):
        make_ground(town, GIVEN)


def test_nothing_is_changed():
    town = grid_town(3)
    before = town.buildings.copy(), town.streets.copy()
    make_ground(town, GIVEN)
    assert town.buildings.equals(before[0])
    assert town.streets.equals(before[1])
