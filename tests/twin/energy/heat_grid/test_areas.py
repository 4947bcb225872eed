import networkx as nx
import numpy as np
import pandas as pd
import pytest
from shapely import Point

from tests.twin.energy.heat_grid.town import (
    E0,
    N0,
    grid_town,
    house_table,
    make_city,
    street_table,
)  # fmt: skip
from twin.assumptions import assumptions
from twin.energy.heat_grid import (
    candidate_areas,
    heat_density,
    line_density,
    make_ground,
    sections_in_dense_blocks,
)  # fmt: skip

GIVEN = assumptions().replaced({"grid.area_min_heat": 100, "grid.area_min_buildings": 2})


def street_of_heat(densities, length=100.0):
    """A straight street of sections with two houses each; density in kWh/(m a) by section."""
    nodes = {f"n{i}": (i * length, 0.0) for i in range(len(densities) + 1)}
    edges = [(f"n{i}", f"n{i + 1}") for i in range(len(densities))]
    places = [((i + x) * length, 10) for i in range(len(densities)) for x in (0.3, 0.7)]
    town = make_city(street_table(edges, nodes), house_table(places))
    heat = pd.Series(np.repeat(densities, 2) * length / 2, index=town.buildings.index)
    ground = make_ground(town, GIVEN)
    return town, ground, line_density(ground.connections, ground.sections, heat)


def streets_of(areas):
    return [[int(name[1:5]) for name in streets] for streets in areas["streets"]]


def test_groups_by_hand():
    #                                   a gap of 100 m is closed, one of 200 m is not
    _, ground, lines = street_of_heat([2000, 1600, 900, 1500, 800, 700, 3000, 1499])
    areas = candidate_areas(lines, ground, GIVEN)
    assert streets_of(areas) == [[0, 1, 2, 3], [6]]
    assert areas["heat_kwh"].tolist() == [600_000, 300_000]
    assert areas["buildings"].tolist() == [8, 2]
    assert areas["length_m"].tolist() == [400, 100]
    assert areas["line_density_kwh_m"].tolist() == [1500, 3000]
    assert areas.index.tolist() == ["s0000:b", "s0006:b"]


def test_threshold_and_gap_are_assumptions():
    _, ground, lines = street_of_heat([2000, 1600, 900, 1500, 800, 700, 3000, 1499])
    low = candidate_areas(lines, ground, GIVEN, threshold_kwh_m=700)
    assert streets_of(low) == [[0, 1, 2, 3, 4, 5, 6, 7]]
    wide = candidate_areas(lines, ground, GIVEN.replaced({"grid.gap": 200}))
    assert streets_of(wide) == [[0, 1, 2, 3, 4, 5, 6]]
    narrow = candidate_areas(lines, ground, GIVEN.replaced({"grid.gap": 50}))
    assert streets_of(narrow) == [[0, 1], [6], [3]]
    large = candidate_areas(lines, ground, GIVEN.replaced({"grid.area_min_heat": 301}))
    assert streets_of(large) == [[0, 1, 2, 3]]
    assert len(candidate_areas(lines, ground, GIVEN, threshold_kwh_m=1e9)) == 0


def test_a_gap_over_several_sections_is_closed():
    _, ground, lines = street_of_heat([2000, 500, 400, 300, 2000], length=30.0)
    areas = candidate_areas(lines, ground, GIVEN.replaced({"grid.area_min_heat": 10}))
    assert streets_of(areas) == [[0, 1, 2, 3, 4]]


def test_a_short_corner_with_a_tower_is_no_dense_street():
    _, ground, lines = street_of_heat([0, 5000, 0], length=5.0)
    # 25 MWh on 5 m: counted on 25 m it is 1000 kWh/(m a)
    assert len(candidate_areas(lines, ground, GIVEN.replaced({"grid.area_min_heat": 1}))) == 0


def test_the_area_holds_streets_and_buildings():
    town, ground, lines = street_of_heat([2000, 2000, 0])
    shapes = town.buildings.geometry
    area = candidate_areas(lines, ground, GIVEN, footprints=shapes).geometry.iloc[0]
    assert area.contains(shapes.iloc[0])
    assert area.contains(shapes.iloc[3])
    assert not area.contains(shapes.iloc[5])
    assert area.contains(Point(E0 + 150, N0))
    assert area.geom_type == "Polygon"


def test_dense_blocks_count_as_well():
    _, ground, lines = street_of_heat([100, 100, 100])
    ids = ground.connections.index
    stock = pd.DataFrame({"block_id": ["k1"] * 3 + ["k2"] * 3, "heated_area_m2": 100.0}, index=ids)
    blocks = pd.DataFrame({"area_m2": [100.0, 1e6]}, index=["k1", "k2"])
    found = heat_density(blocks, stock, pd.Series(5000.0, index=ids))
    # 15 MWh on 0.01 ha; both houses of the first section and one of the second stand there
    assert sections_in_dense_blocks(ground.connections, stock, found, GIVEN) == ["s0000:b"]
    low = GIVEN.replaced({"grid.area_min_heat": 1})
    areas = candidate_areas(lines, ground, low, dense=["s0000:b"])
    assert streets_of(areas) == [[0]]


@pytest.mark.parametrize("seed", range(3))
def test_groups_are_what_networkx_finds(seed):
    town = grid_town(7, seed=seed)
    ground = make_ground(town, GIVEN)
    rng = np.random.default_rng(seed)
    heat = pd.Series(rng.uniform(0, 1e5, len(town.buildings)), index=town.buildings.index)
    lines = line_density(ground.connections, ground.sections, heat)
    given = GIVEN.replaced({"grid.gap": 1, "grid.area_min_heat": 0, "grid.area_min_buildings": 0})
    areas = candidate_areas(lines, ground, given)
    net = nx.Graph()
    dense = ground.sections[lines["line_density_kwh_m"] >= 1500]
    for name, a, b in zip(dense.index, dense["from_node"], dense["to_node"], strict=True):
        net.add_edge(a, b, name=name)
    groups = [
        {data["name"] for *_, data in net.subgraph(part).edges(data=True)}
        for part in nx.connected_components(net)
    ]
    assert sorted(map(sorted, groups)) == sorted(map(sorted, areas["streets"]))
