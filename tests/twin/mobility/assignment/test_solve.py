"""User equilibrium: by hand, the published optimum, another solver, limiting cases, bad input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from tests.tools.sioux_falls import BEST_FLOWS, OPTIMUM, sioux_falls
from tests.tools.tntp_make import made_net
from tests.tools.tntp_read import problem_of_net
from tests.twin.mobility.assignment.cases import (
    all_or_nothing,
    braess,
    cheapest,
    frank_wolfe,
    lower_bound,
    objective,
    on_links,
    problem,
    problems,
    time_of,
)
from twin.mobility.assignment import AssignmentError, VehicleClass, pairs_of, select_link, solve
from twin.mobility.assignment import unserved_pairs as unserved


@pytest.fixture(scope="module")
def sioux():
    return solve(problem_of_net(*sioux_falls()), gap=1e-12)


def test_braess_paradox_by_hand():
    without, with_it = solve(braess(False), gap=1e-10), solve(braess(True), gap=1e-10)
    # 3 vehicles each way: 30 + 53; with the middle link all three ways take 92
    assert on_links(without, without.flow[0]) == pytest.approx([3, 3, 3, 3])
    assert without.time @ without.volume == pytest.approx(6 * 83)
    assert on_links(with_it, with_it.flow[0]) == pytest.approx([4, 2, 2, 4, 2])
    assert with_it.time @ with_it.volume == pytest.approx(6 * 92)


def test_sioux_falls_to_the_digits_of_the_best_known_flows(sioux):
    assert sioux.objective == pytest.approx(OPTIMUM, rel=1e-14)
    assert sioux.gap <= 1e-12
    assert sioux.converged
    assert sioux.conservation_error < 1e-9
    graph = sioux.problem.graph
    ends = zip((graph.tails + 1).tolist(), (graph.heads + 1).tolist(), strict=True)
    flow = dict(zip(ends, sioux.flow[0], strict=True))
    for link, best in BEST_FLOWS.items():
        assert flow[link] == pytest.approx(best, rel=1e-8)


def test_the_gap_bounds_the_way_to_the_optimum():
    last = np.inf
    for gap in (1e-2, 1e-4, 1e-6):
        found = solve(problem_of_net(*sioux_falls()), gap=gap)
        assert found.gap <= gap
        spent = float(found.time @ found.volume)
        assert 0 <= found.objective - OPTIMUM + 1e-6 <= found.gap * spent + 1e-6
        assert found.iterations >= 1
        assert found.objective < last
        last = found.objective


@settings(max_examples=30)
@given(problems())
def test_no_other_flow_is_better_on_random_networks(case):
    found = solve(case, gap=1e-9)
    units = found.flow * np.array([item.pce for item in case.classes])[:, None]
    spent = float((np.where(units > 0, found.cost, 0) * units).sum())
    assert found.converged
    assert found.conservation_error < 1e-9
    assert found.objective == pytest.approx(objective(case, units), rel=1e-9, abs=1e-9)
    assert found.objective <= lower_bound(case, units) + 2e-9 * spent + 1e-9
    assert found.objective <= objective(case, frank_wolfe(case)) + 2e-9 * spent + 1e-9
    lost = sum(
        all_or_nothing(case, kind, time_of(case, 0 * found.volume) + item.fixed)[2]
        for kind, item in enumerate(case.classes)
    )
    assert found.unserved["no_path"] + found.unserved["no_connector"] == pytest.approx(lost)
    assert unserved(found)["vehicles"].sum() == pytest.approx(lost)
    for kind, row in enumerate(found.cost):
        mine = pairs_of(found)
        mine = mine[(mine["kind"] == kind) & mine["served"]]
        dist = cheapest(case, row, range(case.zones))[0]
        expected = dist[mine["origin"], mine["destination"]]
        assert mine["cost"].to_numpy() == pytest.approx(expected, rel=1e-12)
    for item, flow in zip(case.classes, found.flow, strict=True):
        assert (flow >= 0).all()
        assert (flow[np.isinf(item.fixed)] == 0).all()


def test_the_same_bits_with_any_number_of_threads(monkeypatch):
    net, demand = made_net(24, 100, 500, pairs=400, load=1.5)
    answers = []
    for threads in (1, 2, 3):
        monkeypatch.setattr("twin.mobility.paths.threads.workers", lambda n=threads: n)
        monkeypatch.setattr("twin.mobility.assignment.solving.LEAST", 1)
        answers.append(solve(problem_of_net(net, demand)))
    for other in answers[1:]:
        assert np.array_equal(answers[0].flow, other.flow)
        assert np.array_equal(answers[0].store.flow, other.store.flow)
        assert np.array_equal(answers[0].tree, other.tree)


def test_dead_ends_and_chains_change_nothing():
    net, demand = made_net(24, 100, 500, pairs=400, load=1.5)
    case = problem_of_net(net, demand)
    found = solve(case, gap=1e-9)
    units = found.flow
    assert len(found.small.tails) < case.graph.m
    spent = float(found.time @ found.volume)
    assert spent > 1.05 * float(case.free_time @ found.volume)  # traffic worth the name
    assert found.objective <= lower_bound(case, units) + 2e-9 * spent


def test_classes_share_the_road_and_pay_their_own_way():
    # two ways: short one that trucks pay 3 for, long one free; demand alone decides
    links = [(0, 2, 1, 1, 1, 10), (2, 1, 0, 0, 1, 1), (0, 1, 3, 0, 1, 1)]
    truck = VehicleClass("truck", np.array([[0, 4.0], [0, 0]]), np.array([3.0, 0, 0]), 2.0)
    case = problem(links, [[0, 12], [0, 0]], 3, more=(truck,))
    found = solve(case, gap=1e-10)
    flow = [on_links(found, row) for row in found.flow]
    # trucks: 1 + v / 10 + 3 > 3 always; cars alone: 1 + 12 / 10 < 3
    assert flow[0] == pytest.approx([12, 12, 0])
    assert flow[1] == pytest.approx([0, 0, 4])
    banned = replace(truck, fixed=np.array([0, np.inf, 0]))
    found = solve(problem(links, [[0, 18], [0, 0]], 3, more=(banned,)), gap=1e-10)
    # trucks must take the short way: 8 units; cars join until 1 + (8 + x) / 10 = 3
    assert on_links(found, found.flow[1]) == pytest.approx([4, 4, 0])
    assert on_links(found, found.flow[0]) == pytest.approx([12, 12, 6])
    assert on_links(found, found.volume)[0] == pytest.approx(20)


def test_a_closed_street_carries_nothing():
    net, demand = sioux_falls()
    case = problem_of_net(net, demand)
    closed = np.zeros(76)
    closed[[3, 20]] = np.inf
    found = solve(replace(case, classes=(replace(case.classes[0], fixed=closed),)))
    assert found.flow[0][[3, 20]].tolist() == [0, 0]
    assert found.unserved["no_path"] == 0
    assert found.gap <= 1e-6


def test_zones_are_no_thoroughfare():
    links = [(0, 2, 1, 0, 1, 1), (2, 1, 1, 0, 1, 1), (0, 3, 5, 0, 1, 1), (3, 1, 5, 0, 1, 1)]
    demand = np.zeros((3, 3))
    demand[0, 1] = 7
    free, bound = (solve(problem(links, demand, 4, through=t)) for t in (0, 3))
    assert on_links(free, free.flow[0]).tolist() == [7, 7, 0, 0]
    assert on_links(bound, bound.flow[0]).tolist() == [0, 0, 7, 7]


def test_demand_into_a_dead_end_is_counted_not_lost():
    # node 1 cannot be left, node 2 cannot be reached, zone 3 has no link at all
    links = [(0, 1, 1, 0.15, 4, 10), (2, 0, 1, 0.15, 4, 10)]
    demand = np.arange(16.0).reshape(4, 4)
    found = solve(problem(links, demand, 4))
    assert on_links(found, found.flow[0]).tolist() == [1 + 9, 8 + 9]
    assert found.unserved["intrazonal"] == np.trace(demand)
    # from 1: nowhere to; to 2: never; 3: neither
    assert found.unserved["no_connector"] == 2 + 3 + 4 + 6 + 7 + 11 + 12 + 13 + 14
    assert found.unserved["no_path"] == 0
    total = found.unserved["no_connector"] + found.unserved["intrazonal"] + 1 + 8 + 9
    assert total == demand.sum()
    assert found.conservation_error == 0


@pytest.mark.parametrize("beta", [0.5, 1.0, 4.0, 16.0, 60.0, 1000.0])
@pytest.mark.parametrize("vehicles", [1e-3, 2.2, 3e4])
def test_powers_from_soft_to_hard(beta, vehicles):
    # two alike and one long way of constant time: 1 + x^beta on each, at most 3
    links = [(0, 1, 1, 1, beta, 1), (0, 1, 1, 1, beta, 1), (0, 1, 3, 0, 0, 1)]
    found = solve(problem(links, [[0, vehicles], [0, 0]], 2), gap=1e-9)
    units = found.flow
    spent = float(found.time @ found.volume)
    assert found.converged
    if beta < 40:  # the area under the curve is worked out by 20 points
        assert found.objective <= lower_bound(found.problem, units) + 2e-9 * spent
    most = 2 ** (1 / beta)
    short = min(vehicles / 2, most)
    if short > 0.1 or beta < 2:  # less flow costs nothing: ways are alike to the last bit
        assert on_links(found, units[0]) == pytest.approx(
            [short, short, vehicles - 2 * short], rel=1e-4, abs=1e-9
        )


def test_constant_costs_leave_nothing_to_even_out():
    links = [(0, 1, 2, 0.15, 0, 1), (0, 1, 2.2, 0, 4, 1), (0, 1, 0, 5, 4, 1)]
    found = solve(problem(links, [[0, 10], [0, 0]], 2))
    assert found.time[0] == 2 * 1.15  # (v / c)^0 is 1
    assert on_links(found, found.flow[0]).tolist() == [0, 0, 10]
    assert found.objective == 0
    assert found.gap == 0


def test_nothing_to_do():
    links = [(0, 1, 1, 0.15, 4, 10), (1, 0, 1, 0.15, 4, 10)]
    for case in (
        problem(links, np.zeros((2, 2)), 2),
        problem(links, [[5.0]], 2),  # one zone: all inside
        problem([], np.ones((2, 2)), 2),
        replace(problem(links, np.zeros((2, 2)), 2), classes=()),
    ):
        found = solve(case)
        assert found.converged
        assert found.gap == 0
        assert (found.flow == 0).all()
    assert solve(problem(links, [[5.0]], 2)).unserved["intrazonal"] == 5
    assert solve(problem([], np.ones((2, 2)), 2)).unserved["no_connector"] == 2


def test_select_link_tells_who_drives_there(sioux):
    all_links = select_link(sioux, np.arange(76))
    assert all_links.demand["car"] == pytest.approx(sioux.problem.classes[0].demand, abs=1e-6)
    assert all_links.flow[0] == pytest.approx(sioux.flow[0])
    one = select_link(sioux, [10])
    assert one.demand["car"].sum() == pytest.approx(sioux.flow[0][10])
    assert one.flow[0][10] == pytest.approx(sioux.flow[0][10])
    assert (one.flow[0] <= sioux.flow[0] + 1e-9).all()


def test_progress_is_told_and_may_stop():
    seen = []

    def stop(iteration, gap):
        seen.append((iteration, gap))
        if iteration == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        solve(problem_of_net(*sioux_falls()), progress=stop)
    assert [row[0] for row in seen] == [0, 1, 2]
    assert seen[0][1] > seen[1][1] > seen[2][1] > 0


def test_an_early_end_is_said():
    found = solve(problem_of_net(*sioux_falls()), gap=1e-9, max_iterations=2)
    assert (found.iterations, found.converged) == (2, False)
    assert found.gap > 1e-9


def test_all_faults_at_once():
    links = [(0, 1, -1, 0.15, 4, 10), (1, 0, 1, np.nan, 4, 10), (1, 0, 1, 0.15, 4, 0)]
    bad = VehicleClass("truck", np.array([[0, -1.0], [np.nan, 0]]), np.array([0.0, -2, 0]), 0.0)
    with pytest.raises(AssignmentError) as caught:
        problem(links, np.ones((2, 2)), 2, more=(bad,))
    said = str(caught.value)
    for part in (
        "6 faults", "free-flow time that is negative", "(link 1)", "alpha or beta",
        "no capacity above 0 (link 3)", "stands for 0.0 passenger", "negative cost or toll",
        "negative or no number in 2 pairs",
    ):  # fmt: skip
        assert part in said


def test_other_sizes_and_nodes_are_refused():
    links = [(0, 1, 1, 0.15, 4, 10)]
    case = problem(links, np.ones((2, 2)), 2)
    with pytest.raises(AssignmentError, match="is a matrix of 3 x 3, there are 2 zones"):
        replace(case, classes=(replace(case.classes[0], demand=np.ones((3, 3))),))
    with pytest.raises(AssignmentError, match="2 values of free_time for 1 links"):
        replace(case, free_time=np.ones(2))
    with pytest.raises(AssignmentError, match="do not fit 2 nodes"):
        replace(case, zones=3)
    wrong = replace(case.graph, heads=np.array([7], np.int32))
    with pytest.raises(AssignmentError, match="outside 1 to 2"):
        replace(case, graph=wrong)
