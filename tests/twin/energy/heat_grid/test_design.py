"""A network as a whole: by hand on one street, and what must hold on any."""

from functools import cache

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st
from shapely import LineString, Point

from tests.twin.energy.heat_grid.town import (
    E0,
    N0,
    customers,
    grid_town,
    house_table,
    line_town,
    make_city,
    plan,
    street_table,
)  # fmt: skip
from twin.assumptions import assumptions
from twin.energy.heat_grid import NetworkDesign, lay_network, make_ground
from twin.energy.heat_grid.flows import simultaneity
from twin.energy.heat_grid.layout import cut_lines
from twin.energy.heat_grid.pipes import pipe_cost_eur_m
from twin.errors import ModelError

GIVEN = assumptions()
GRID = grid_town(5, seed=2)
GROUND = make_ground(GRID, GIVEN)


def test_one_street_by_hand():
    """Three houses at 20, 150 and 280 m, the plant at the west end."""
    town = line_town([(20, 10), (150, 10), (280, 10)])
    connected = customers(town.buildings.index)
    design = lay_network(plan(), town, connected, GIVEN, site=Point(E0, N0))
    pipes = design.pipes
    assert design.site.equals(Point(E0, N0))
    # pieces of sections from the plant outwards; the tail of the third section carries none
    assert pipes["length_m"].tolist() == pytest.approx([20, 80, 50, 50, 80], abs=0.01)
    assert pipes["section_id"].tolist() == ["s0000:b"] * 2 + ["s0001:b"] * 2 + ["s0002:b"]
    assert pipes["consumers"].tolist() == [3, 2, 2, 1, 1]
    share = simultaneity(np.array([3.0, 2, 2, 1, 1]), GIVEN)
    assert pipes["flow_kw"].tolist() == pytest.approx((share * [30, 20, 20, 10, 10]).tolist())
    assert pipes["dn"].tolist() == ["PEX 32"] * 5
    # 2 pipes x 0.191 W/(m K) x 52.5 K x 8760 h = 175.7 kWh a metre and year
    loss = 2 * 0.191 * 52.5 * 8.76
    assert pipes["loss_kwh"].tolist() == pytest.approx((loss * pipes["length_m"]).tolist())
    cost = 619.8 * 1.2
    assert pipes["cost_eur"].tolist() == pytest.approx((cost * pipes["length_m"]).tolist())
    houses = design.buildings
    assert houses["connection_m"].tolist() == pytest.approx([10, 10, 10])
    # 10 kW are 0.081 l/s: 0.25 m/s in the smallest pipe
    assert houses["dn"].tolist() == ["PEX 20"] * 3
    assert houses["loss_kwh"].tolist() == pytest.approx([10 * 2 * 0.129 * 52.5 * 8.76] * 3)
    assert houses["connection_eur"].tolist() == pytest.approx([10 * 578.7 * 1.2 * 0.8 + 2500] * 3)
    assert houses["substation_eur"].tolist() == [5000] * 3
    figures = design.summary
    assert figures["trench_m"] == pytest.approx(280, abs=0.02)
    assert figures["supplied_kwh"] == 60_000
    assert figures["fed_in_kwh"] == pytest.approx(
        60_000 + pipes["loss_kwh"].sum() + houses["loss_kwh"].sum()
    )
    assert figures["line_density_kwh_m"] == pytest.approx(60_000 / 280, rel=1e-3)


@pytest.fixture(scope="module")
def grid_design() -> NetworkDesign:
    return lay_network(plan(), GRID, some_customers(GRID.buildings.index), GIVEN, ground=GROUND)


def some_customers(ids, seed=4):
    rng = np.random.default_rng(seed)
    return customers(ids, rng.uniform(5e3, 2e5, len(ids)), rng.uniform(4, 90, len(ids)))


def test_energy_is_conserved_in_every_pipe_and_in_sum(grid_design):
    pipes, figures = grid_design.pipes, grid_design.summary
    np.testing.assert_allclose(pipes["heat_in_kwh"], pipes["heat_out_kwh"] + pipes["loss_kwh"])
    lost = pipes["loss_kwh"].sum() + grid_design.buildings["loss_kwh"].sum()
    delivered = grid_design.buildings["annual_kwh"].sum()
    assert figures["fed_in_kwh"] == pytest.approx(delivered + lost)
    assert grid_design.plant["heat_kwh"].sum() == pytest.approx(figures["fed_in_kwh"])
    at_root = shapely.distance(pipes.geometry.to_numpy(), grid_design.site) < 1e-3
    houses = grid_design.buildings
    near = GROUND.connections.geometry.distance(grid_design.site) < 1e-3
    own = (houses["annual_kwh"] + houses["loss_kwh"])[near].sum()
    assert pipes["heat_in_kwh"][at_root].sum() + own == pytest.approx(figures["fed_in_kwh"])


def test_flows_divide_at_every_junction(grid_design):
    """What leaves a pipe enters the next ones or houses: seen from the shapes alone."""
    pipes = grid_design.pipes
    ends = [shapely.get_point(pipes.geometry.to_numpy(), k) for k in (0, -1)]
    spots = [[(round(p.x, 1), round(p.y, 1)) for p in side] for side in ends]
    net = nx.Graph()
    for a, b, name in zip(*spots, pipes.index, strict=True):
        net.add_edge(a, b, name=name)
    assert nx.is_tree(net)
    root = (round(grid_design.site.x, 1), round(grid_design.site.y, 1))
    taken = GROUND.connections.loc[grid_design.buildings.index]
    houses = grid_design.buildings
    need = dict.fromkeys(net, 0.0)
    heat = houses["annual_kwh"] + houses["loss_kwh"]
    for kwh, p in zip(heat, taken.geometry, strict=True):
        need[round(p.x, 1), round(p.y, 1)] += kwh
    for node, parent in nx.predecessor(net, root).items():
        if parent:
            into = pipes.loc[net.edges[parent[0], node]["name"], "heat_out_kwh"]
            out = [net.edges[node, k]["name"] for k in net[node] if k != parent[0]]
            assert into == pytest.approx(pipes.loc[out, "heat_in_kwh"].sum() + need[node])


def test_the_order_of_customers_does_not_matter(grid_design):
    shuffled = some_customers(GRID.buildings.index).sample(frac=1, random_state=1)
    again = lay_network(plan(), GRID, shuffled, GIVEN, ground=GROUND)
    pd.testing.assert_frame_equal(again.pipes, grid_design.pipes)
    pd.testing.assert_frame_equal(again.buildings, grid_design.buildings)
    assert again.summary == grid_design.summary


def test_nothing_is_changed_and_ground_is_no_other_answer(grid_design):
    connected = some_customers(GRID.buildings.index)
    before = connected.copy()
    again = lay_network(plan(), GRID, connected, GIVEN)
    assert connected.equals(before)
    assert again.summary == grid_design.summary


@examples(st.lists(st.integers(0, 59), min_size=1, max_size=25, unique=True), st.integers(0, 59))
@settings(max_examples=12)
def test_more_customers_never_need_less(rows, more):
    ids = GRID.buildings.index
    table = some_customers(ids)
    site = Point(E0 + 200, N0 + 200)
    few = lay_network(plan(), GRID, table.loc[ids[rows]], GIVEN, ground=GROUND, site=site)
    rows = [*rows, more] if more not in rows else rows
    many = lay_network(plan(), GRID, table.loc[ids[rows]], GIVEN, ground=GROUND, site=site)
    for name in ("supplied_kwh", "peak_sum_kw"):
        assert many.summary[name] >= few.summary[name]
    flow = [d.summary["peak_sum_kw"] * d.summary["simultaneity"] for d in (few, many)]
    assert flow[1] >= flow[0] * (1 - 1e-9)
    assert many.summary["simultaneity"] <= 1
    assert many.buildings["reached"].all()


def test_temperatures_and_losses(grid_design):
    """A cooler network loses less; one with less spread needs larger pipes."""
    table = some_customers(GRID.buildings.index)
    cool = lay_network(plan(flow_c=60, return_c=30), GRID, table, GIVEN, ground=GROUND)
    assert cool.summary["loss_kwh"] < grid_design.summary["loss_kwh"]
    tight = lay_network(plan(flow_c=80, return_c=70), GRID, table, GIVEN, ground=GROUND)
    assert (tight.pipes["inner_mm"] >= grid_design.pipes["inner_mm"]).all()
    assert tight.pipes["inner_mm"].sum() > grid_design.pipes["inner_mm"].sum()


def test_houses_that_cannot_be_reached_are_reported():
    nodes = {"a": (0, 0), "b": (100, 0), "c": (0, 500), "d": (100, 500)}
    places = [(10, 10), (90, 10), (50, 510), (50, 900)]
    town = make_city(street_table([("a", "b"), ("c", "d")], nodes), house_table(places))
    design = lay_network(plan(), town, customers(town.buildings.index), GIVEN)
    assert design.buildings["reason"].tolist() == ["", "", "separate_streets", "no_street"]
    assert design.summary["consumers"] == 2
    assert design.summary["supplied_kwh"] == 40_000
    assert [f.code for f in design.findings] == ["network_no_street", "network_separate"]
    # a site in the north turns it round
    north = lay_network(plan(), town, customers(town.buildings.index), GIVEN,
                        site=Point(E0, N0 + 500))  # fmt: skip
    assert north.buildings["reason"].tolist()[:3] == ["separate_streets"] * 2 + [""]


@cache
def ring_town():
    """A square of streets, houses in the south and in the north."""
    nodes = {"a": (0, 0), "b": (100, 0), "c": (100, 100), "d": (0, 100)}
    edges = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "a")]
    places = [(20, 10), (80, 10), (50, 105)]
    return make_city(street_table(edges, nodes), house_table(places))


def test_a_drawn_network_lies_where_it_is_drawn():
    town = ring_town()
    connected = customers(town.buildings.index)
    free = lay_network(plan(), town, connected, GIVEN)
    drawn = plan(streets=("s0000:f", "s0001:b", "s0002:f"))  # either direction names a street
    design = lay_network(drawn, town, connected, GIVEN)
    assert set(design.pipes["section_id"]) == {"s0000:b", "s0001:b", "s0002:b"}
    assert design.buildings["reached"].all()
    assert design.summary["trench_m"] >= free.summary["trench_m"]
    ring = plan(streets=("s0000:f", "s0001:f", "s0002:f", "s0003:f"))
    found = [f for f in lay_network(ring, town, connected, GIVEN).findings
             if f.code == "network_unused_streets"]  # fmt: skip
    assert found[0].count == 1
    assert found[0].total == 4


def test_a_gap_in_what_is_drawn_is_closed_and_told():
    town = ring_town()
    connected = customers(town.buildings.index)
    design = lay_network(plan(streets=("s0000:f", "s0002:f")), town, connected, GIVEN)
    assert design.buildings["reached"].all()
    added = [f for f in design.findings if f.code == "network_added_streets"]
    assert (added[0].count, added[0].total) == (1, 2)
    assert design.summary["trench_m"] == pytest.approx(80 + 100 + 50, abs=0.1)


def test_streets_that_are_not_there_are_named():
    with pytest.raises(ModelError, match="nowhere:1"):
        lay_network(
            plan(streets=("s0000:f", "nowhere:1")), ring_town(), customers(["h0000"]), GIVEN
        )


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"sources": {"gas_boiler": 0.5}}, "sum: 0.5"),
        ({"sources": {"coal": 1.0}}, "coal"),
        ({"sources": {"biomass": 1.4, "gas_boiler": -0.4}}, "-0.4"),
        ({"flow_c": 40.0, "return_c": 50.0}, "40 / 50"),
        ({"flow_c": float("nan")}, "nan / 50"),
    ],
)
def test_plans_that_make_no_sense(changes, named):
    with pytest.raises(ModelError, match=named):
        lay_network(plan(**changes), ring_town(), customers(["h0000"]), GIVEN)


@pytest.mark.parametrize(
    ("table", "named"),
    [
        (customers(["nobody"]), "nobody"),
        (customers(["h0000", "h0000"]), "h0000"),
        (customers(["h0001"], kwh=-1.0), "h0001"),
        (customers(["h0002"], kw=float("nan")), "h0002"),
    ],
)
def test_customers_that_make_no_sense(table, named):
    for exists in (False, True):
        with pytest.raises(ModelError, match=named):
            lay_network(plan(exists=exists), ring_town(), table, GIVEN)


def test_without_customers_there_is_nothing_and_it_says_so():
    design = lay_network(plan(), ring_town(), customers([]), GIVEN)
    assert len(design.pipes) == 0
    assert design.summary["investment_eur"] == 0
    assert np.isnan(design.summary["price_eur_kwh"])
    assert [f.code for f in design.findings] == ["network_empty"]
    assert design.site is None


def test_one_customer_needs_no_street_pipe():
    design = lay_network(plan(), ring_town(), customers(["h0000"]), GIVEN)
    assert len(design.pipes) == 0
    assert design.summary["consumers"] == 1
    assert design.summary["fed_in_kwh"] > 20_000
    assert design.site is not None


def test_a_bridge_is_crossed_only_where_there_is_no_other_way():
    nodes = {"a": (0, 0), "b": (100, 0), "c": (200, 0), "d": (100, 150), "e": (250, 0)}
    edges = [("a", "b"), ("b", "c"), ("a", "d"), ("d", "c"), ("c", "e")]
    streets = street_table(edges, nodes)
    streets["is_bridge"] = streets.index.str.startswith("s0001")
    town = make_city(streets, house_table([(5, 10), (220, 10)]))
    round_about = lay_network(plan(), town, customers(town.buildings.index), GIVEN)
    assert "s0001:b" not in set(round_about.pipes["section_id"])
    town = make_city(streets[~streets.index.str.startswith("s0003")], town.buildings)
    across = lay_network(plan(), town, customers(town.buildings.index), GIVEN)
    assert "s0001:b" in set(across.pipes["section_id"])


def test_the_law_speaks_up():
    half = plan(sources={"gas_boiler": 0.5, "biomass": 0.5})
    design = lay_network(half, ring_town(), customers(["h0000", "h0002"]), GIVEN)
    codes = {f.code: f for f in design.findings}
    assert codes["network_law_new"].severity == "fault"
    assert (codes["network_law_new"].count, codes["network_law_new"].total) == (50, 65)
    assert codes["network_law_2045"].severity == "warning"
    most = plan(sources={"gas_boiler": 0.3, "biomass": 0.7})
    design = lay_network(most, ring_town(), customers(["h0000", "h0002"]), GIVEN)
    assert [f.code for f in design.findings] == ["network_law_2045"]
    design = lay_network(plan(), ring_town(), customers(["h0000", "h0002"]), GIVEN)
    assert design.findings == ()


def test_a_standing_network_costs_no_investment():
    there = plan(exists=True, start_year=2000, sources={"gas_boiler": 1.0})
    town = make_city(None, house_table([(0, 0), (30, 0)]))  # and needs no streets
    design = lay_network(there, town, customers(town.buildings.index), GIVEN)
    figures = design.summary
    assert figures["fed_in_kwh"] == pytest.approx(40_000 / 0.86)
    assert figures["loss_share"] == pytest.approx(0.14)
    assert figures["investment_eur"] == 0
    gas = design.final_energy_kwh["gas"]
    assert gas == pytest.approx(40_000 / 0.86 / 0.92)
    power = figures["fed_in_kwh"] * 0.02
    expected = 0.05 + (gas * 0.065 + power * 0.193) / 40_000
    assert figures["price_eur_kwh"] == pytest.approx(expected)
    assert [f.code for f in design.findings] == ["network_law_2045"]


def test_lines_are_cut_where_asked():
    bent = np.array([LineString([(0, 0), (10, 0), (10, 10)]), LineString([(0, 5), (4, 5)])])
    row, start, end = np.array([0, 0, 1]), np.array([0.25, 0.6, 0.0]), np.array([0.75, 0.9, 1.0])
    found = cut_lines(bent, row, start, end)
    expected = ["LINESTRING (5 0, 10 0, 10 5)", "LINESTRING (10 2, 10 8)", "LINESTRING (0 5, 4 5)"]
    for line, wkt in zip(found, expected, strict=True):
        assert line.equals_exact(shapely.from_wkt(wkt), 1e-9)


def test_pipes_are_drawn_as_long_as_they_are(grid_design):
    drawn = grid_design.pipes.geometry.length
    np.testing.assert_allclose(drawn, grid_design.pipes["length_m"], atol=0.02)
    assert grid_design.pipes["cost_eur"].sum() >= (
        grid_design.summary["trench_m"] * pipe_cost_eur_m(np.array([2]), GIVEN)[0]
    )


def test_only_those_who_join_a_standing_network_are_paid_for():
    """Old customers at 20 and 150 m, a new one at 280 m: 130 m of street and its house."""
    town = line_town([(20, 10), (150, 10), (280, 10)])
    table = customers(town.buildings.index).assign(new=[False, False, True])
    there = plan(exists=True, start_year=2000)
    design = lay_network(there, town, table, GIVEN)
    assert design.summary["trench_m"] == pytest.approx(130, abs=0.02)
    assert design.pipes["consumers"].tolist() == [1, 1]
    assert design.buildings["connection_eur"].tolist() == pytest.approx(
        [0, 0, 10 * 578.7 * 1.2 * 0.8 + 2500]
    )
    parts = design.investment_eur
    assert parts["pipes"] == pytest.approx(130 * 619.8 * 1.2, rel=1e-3)
    assert parts["substations"] == 5000
    assert design.summary["standing_kwh"] == 40_000
    own = design.pipes["loss_kwh"].sum() + design.buildings["loss_kwh"].sum()
    assert design.summary["fed_in_kwh"] == pytest.approx(40_000 / 0.86 + 20_000 + own)
    none = lay_network(there, town, table.assign(new=False), GIVEN)
    assert none.summary == lay_network(there, town, table.drop(columns="new"), GIVEN).summary
    assert none.investment_eur == {}
    assert design.summary["capital_eur_a"] > none.summary["capital_eur_a"] * 2 / 3


def test_who_cannot_join_is_reported_and_the_old_stay():
    town = line_town([(20, 10), (150, 10), (150, 400)])
    table = customers(town.buildings.index).assign(new=[False, True, True])
    design = lay_network(plan(exists=True), town, table, GIVEN)
    assert design.buildings["reached"].tolist() == [True, True, False]
    assert design.buildings["reason"].tolist() == ["", "", "no_street"]
    assert design.summary["supplied_kwh"] == 40_000
