"""A town's streets as a problem: connectors, lorries, and the answer by street."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from twin.assumptions import assumptions
from twin.errors import ModelError
from twin.mobility.assignment import link_times, problem_of, select_link, solve, street_flow
from twin.mobility.graph import graph_of
from twin.mobility.paths import zone_skims
from twin.mobility.tables import ModeNetwork, ZoneSystem

# junctions a, b, c in a row and d beside; b is taken apart: 4 is the end of street ab there,
# 5 the begin of bc, the turn between them takes 7 s; db comes into b too, by node 6
IDS = ["a", "b", "c", "d", "b", "b", "b"]
LINKS = [  # tail, head, street, seconds
    (0, 4, "ab", 60), (4, 5, None, 7), (5, 2, "bc", 50), (2, 1, "cb", 40), (1, 0, "ba", 40),
    (0, 3, "ad", 20), (3, 6, "db", 30), (6, 5, None, 2),
]  # fmt: skip
STREETS = ["ab", "bc", "cb", "ba", "ad", "db", "xx"]


def network(mode="car", without=(), slower=1.0):
    links = [row for row in LINKS if row[2] not in without]
    graph = graph_of([row[0] for row in links], [row[1] for row in links], 7)
    links = [links[i] for i in graph.order]
    street = np.array([STREETS.index(s) if s else -1 for _, _, s, _ in links], np.int32)
    there, m = street >= 0, len(links)
    time = np.array([row[3] for row in links], float) * np.where(there, slower, 1)
    return ModeNetwork(
        mode=mode, graph=graph, street=street, street_ids=pd.Index(STREETS),
        node_ids=pd.Index(IDS), out_nodes=np.array([0, 1, 2, 3], np.int32),
        in_nodes=np.array([0, 1, 2, 3], np.int32), length_m=np.where(there, 500.0, 0.0),
        time_s=time, capacity_vehh=np.where(there, 800.0, np.inf), alpha=np.where(there, 1.0, 0.0),
        beta=np.full(m, 4.0), gradient_percent=np.zeros(m), cost=time, main=np.ones(m, np.bool_),
        x=np.arange(7.0), y=np.zeros(7),
    )  # fmt: skip


def zones(**more):
    table = pd.DataFrame(
        {"zone": [0, 1, 1], "node": [0, 2, 3], "weight": [1.0, 0.5, 0.5], "seconds": [10.0, 5, 200]}
    )
    return ZoneSystem(pd.Index(["z0", "z1"]), pd.DataFrame(), {"car": table.assign(**more)})


def trips(there=0.0, back=0.0):
    return np.array([[3.0, there], [back, 0.0]])


def test_flows_and_times_by_street():
    car = network()
    found = solve(problem_of(car, zones(), {"car": trips(100.0, 80.0)}, assumptions()))
    flow = street_flow(found, car)
    # by d it takes 20 + 30 + 2 s, straight on 60 + 7 s: so few choose d
    assert flow["car"].to_dict() == {
        "ab": 0, "bc": 100, "cb": 80, "ba": 80, "ad": 100, "db": 100, "xx": 0,
    }  # fmt: skip
    times = pd.Series(link_times(found, car)[car.street >= 0], car.street[car.street >= 0])
    assert times[STREETS.index("bc")] == pytest.approx(50 * (1 + (100 / 800) ** 4))
    assert times[STREETS.index("ab")] == 60
    assert found.unserved == {"no_path": 0, "no_connector": 0, "intrazonal": 3}
    assert found.conservation_error < 1e-9
    skims = zone_skims(car, link_times(found, car), zones().connectors["car"], 2)
    assert skims["cost"][0, 1] == pytest.approx(found.least[0])
    who = select_link(found, [STREETS.index("ad")])
    assert who.demand["car"].tolist() == [[0, 100], [0, 0]]


def test_ways_may_end_at_another_node_than_they_begin_at():
    car, given = network(), assumptions()
    table = zones(in_node=[1, 5, -1])
    found = solve(problem_of(car, table, {"car": trips(10.0, 10.0)}, given))
    flow = street_flow(found, car)["car"]
    assert flow[["bc", "ba"]].tolist() == [0, 0]
    assert flow[["db", "cb"]].tolist() == [10, 10]
    skims = zone_skims(car, car.time_s, table.connectors["car"], 2)
    assert skims["cost"].tolist()[0][1] == 10 + 52 + 5
    assert skims["cost"].tolist()[1][0] == 5 + 40 + 10


def test_lorries_keep_to_their_streets_and_count_double():
    car, lorry = network(), network("truck", without=("db",), slower=1.5)
    hour = {"car": trips(100.0), "truck": trips(30.0)}
    found = solve(problem_of(car, zones(), hour, assumptions(), trucks=lorry))
    flow = street_flow(found, car)
    assert flow["truck"][["ab", "bc", "ad", "db"]].tolist() == [30, 30, 0, 0]
    assert flow["car"][["ab", "bc", "ad", "db"]].tolist() == [0, 100, 100, 100]
    where = found.problem.street == STREETS.index("bc")
    assert found.volume[where].tolist() == [100 + 2 * 30]
    cost = found.cost[:, where].ravel()
    assert cost[1] - cost[0] == pytest.approx(25)  # half as slow again on 50 s


def test_an_edit_is_found_again_by_its_names():
    hour, given = {"car": trips(900.0, 80.0)}, assumptions()
    before = solve(problem_of(network(), zones(), hour, given), gap=1e-9)
    less = network(without=("ad",))
    edited = problem_of(less, zones(), hour, given)
    warm, cold = solve(edited, gap=1e-9, start=before), solve(edited, gap=1e-9)
    assert warm.searched[0] == 1  # only from zone 0
    assert street_flow(warm, less)["car"].tolist() == street_flow(cold, less)["car"].tolist()
    # times of one network carried over to another
    kept = link_times(before, less)
    own = dict(zip(less.street.tolist(), kept, strict=True))
    full = dict(zip(network().street.tolist(), link_times(before, network()), strict=True))
    assert all(own[s] == pytest.approx(full[s]) for s in own if s >= 0)
    assert (link_times(before, network()) >= network().time_s).all()


def test_connectors_of_another_network_are_refused():
    given, hour = assumptions(), {"car": trips(1.0)}
    with pytest.raises(ModelError, match="another network or zone system"):
        problem_of(network(), zones(node=[0, 2, 7]), hour, given)
    with pytest.raises(ModelError, match="another network or zone system"):
        problem_of(network(), zones(zone=[0, 1, 2]), hour, given)
    with pytest.raises(ModelError, match="less than no time"):
        problem_of(network(), zones(seconds=[0.0, -1.0, 0.0]), hour, given)
    found = solve(problem_of(network(), zones(), hour, given))
    bare = replace(found, problem=replace(found.problem, keys=None))
    with pytest.raises(ModelError, match="not one of a town"):
        link_times(bare, network())
