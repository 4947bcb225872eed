"""Skims from zone to zone on a street of four nodes, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twin.mobility.graph import graph_of
from twin.mobility.paths import zone_costs, zone_net, zone_skims
from twin.mobility.tables import ModeNetwork


def street():
    """0 - 1 - 2 - 3 both ways, 100 s and 1 km each; node 4 stands alone."""
    graph = graph_of([0, 1, 1, 2, 2, 3], [1, 0, 2, 1, 3, 2], 5)
    one = np.ones(6)
    return ModeNetwork(
        mode="car", graph=graph, street=np.arange(6, dtype=np.int32),
        street_ids=pd.Index(list("abcdef")), node_ids=pd.Index(list("01234")),
        out_nodes=np.arange(5, dtype=np.int32), in_nodes=np.arange(5, dtype=np.int32),
        length_m=1000 * one, time_s=100 * one, capacity_vehh=one, alpha=one, beta=one,
        gradient_percent=0 * one, cost=100 * one, main=one > 0, x=np.arange(5.0), y=np.zeros(5),
    )  # fmt: skip


def test_the_cheapest_pair_of_connectors_counts():
    network = street()
    connectors = pd.DataFrame(
        {"zone": [1, 0, 0, 2], "node": [3, 0, 1, 4], "seconds": [20.0, 10.0, 150.0, 5.0]}
    )
    found = zone_skims(
        network, network.time_s, connectors, 3,
        along={"length_m": network.length_m, "turns": np.ones(6)},
    )  # fmt: skip
    # from zone 0: by node 0: 10 + 300 + 20, by node 1: 150 + 200 + 20
    assert found["cost"][0, 1] == found["cost"][1, 0] == 330
    assert found["length_m"][0, 1] == 3000
    assert found["turns"][1, 0] == 3
    assert np.isinf(found["cost"][2, :2]).all()
    assert np.isinf(found["length_m"][:2, 2]).all()
    assert found["cost"].diagonal().tolist() == [165, 165, 60]
    assert found["length_m"].diagonal().tolist() == [1500, 1500, 100]


def test_a_zone_that_nothing_feeds_is_out_of_reach():
    network = street()
    connectors = pd.DataFrame({"zone": [0], "node": [0], "seconds": [10.0]})
    found = zone_skims(network, network.time_s, connectors, 2)
    assert np.isinf(found["cost"][0, 1])
    assert np.isinf(found["cost"][1, 0])
    assert found["cost"].diagonal().tolist() == [60, 60]


def test_costs_that_start_from_other_trees_are_those_of_a_new_search():
    network = street()
    connectors = pd.DataFrame(
        {"zone": [0, 0, 1, 2], "node": [0, 1, 3, 4], "seconds": [10.0, 150.0, 20.0, 5.0]}
    )
    net = zone_net(network, connectors, 3)
    trees = np.full((3, net.small.nodes), -1, np.int32)
    rng = np.random.default_rng(1)
    for _ in range(5):
        cost = 100 * rng.random(6) + 1
        found = zone_costs(network, cost, net, trees)
        wanted = zone_skims(network, cost, connectors, 3)["cost"]
        np.testing.assert_array_equal(found, wanted)
