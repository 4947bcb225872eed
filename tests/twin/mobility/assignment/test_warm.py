"""A warm start ends where a cold one does, and looks first where the edit is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tools.tntp_make import made_net
from tests.tools.tntp_read import problem_of_net
from tests.twin.mobility.assignment.cases import lower_bound
from twin.mobility.assignment import Problem, VehicleClass, solve, with_vehicles
from twin.mobility.graph import graph_of

GAP = 1e-7


def town():
    net, demand = made_net(24, 100, 500, pairs=400, load=2.0)
    problem = problem_of_net(net, demand)
    names = [f"{a}>{b}" for a, b in zip(problem.graph.tails, problem.graph.heads, strict=True)]
    heavy = VehicleClass("truck", 0.03 * demand, np.where(problem.free_time > 1, 0.1, 0.0), 2.0)
    classes = (*problem.classes, heavy)
    return replace(problem, keys=pd.Index(names), classes=classes)


@pytest.fixture(scope="module")
def before():
    return solve(town(), gap=GAP)


def without(problem, gone):
    """Give a problem without some links, its nodes but the zones numbered the other way round."""
    keep = ~gone
    number = np.arange(problem.graph.n)
    number[problem.zones :] = number[problem.zones :][::-1]
    graph = graph_of(
        number[problem.graph.tails[keep]], number[problem.graph.heads[keep]], problem.graph.n
    )
    by = np.flatnonzero(keep)[graph.order]
    return Problem(
        graph=graph, free_time=problem.free_time[by], capacity=problem.capacity[by],
        alpha=problem.alpha[by], beta=problem.beta[by], zones=problem.zones,
        classes=tuple(replace(c, fixed=c.fixed[by]) for c in problem.classes),
        through=problem.through, keys=problem.keys[by],
    )  # fmt: skip


def agree(warm, cold):
    """Both hold the gap; the objective cannot differ by more than what is left to save."""
    assert warm.converged
    assert cold.converged
    assert warm.conservation_error < 1e-9
    spent = float(cold.time @ cold.volume) + 1e-9
    assert abs(warm.objective - cold.objective) <= 3 * GAP * spent
    assert warm.unserved == pytest.approx(cold.unserved)
    units = warm.flow * np.array([[item.pce] for item in warm.problem.classes])
    assert warm.objective <= lower_bound(warm.problem, units) + 3 * GAP * spent


def test_the_same_problem_again_is_one_look_at_all_origins(before):
    again = solve(town(), gap=GAP, start=before)
    assert again.iterations == 0
    assert again.searched == (len(before.rows.kind),)
    assert again.flow == pytest.approx(before.flow, abs=1e-9)


def test_only_origins_that_used_a_closed_street_are_searched_first(before):
    case, flow = before.problem, before.volume
    streets = (case.alpha > 0) & (flow > 0)
    quiet = int(np.flatnonzero(streets)[np.argmin(flow[streets])])
    gone = np.zeros(case.graph.m, np.bool_)
    gone[quiet] = True
    users = set()
    rows, store = before.rows, before.store
    for r in range(len(rows.kind)):
        for p in range(store.first[rows.first[r]], store.first[rows.first[r + 1]]):
            links = store.links[store.start[p] : store.start[p + 1]]
            if store.flow[p] > 0 and before.small.of[quiet] in links:
                users.add(r)
    edited = without(case, gone)
    warm, cold = solve(edited, gap=GAP, start=before), solve(edited, gap=GAP)
    assert 0 < len(users) < 48
    assert warm.searched[0] == len(users)
    assert set(warm.searched) == {len(users), 48}
    assert warm.iterations < cold.iterations
    agree(warm, cold)


@settings(max_examples=12)
@given(st.lists(st.integers(0, 451), min_size=1, max_size=60, unique=True), st.booleans())
def test_warm_is_cold_after_streets_are_gone_and_come_back(before, links, back):
    gone = np.zeros(before.problem.graph.m, np.bool_)
    gone[links] = True
    edited = without(before.problem, gone)
    warm = solve(edited, gap=GAP, start=before)
    agree(warm, solve(edited, gap=GAP))
    if back:
        agree(solve(before.problem, gap=GAP, start=warm), before)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: {"capacity": p.capacity * np.where(np.arange(p.graph.m) % 7 == 0, 0.5, 1)},
        lambda p: {"free_time": p.free_time * np.where(np.arange(p.graph.m) % 9 == 0, 1.7, 1)},
        lambda p: {"classes": tuple(replace(c, demand=1.3 * c.demand.T) for c in p.classes)},
        lambda p: {"classes": p.classes[::-1]},
        lambda p: {"classes": (replace(p.classes[0], fixed=p.classes[0].fixed + 0.2),)},
        lambda p: {"classes": tuple(replace(c, demand=0 * c.demand) for c in p.classes)},
    ],
)
def test_warm_is_cold_after_any_other_change(before, change):
    edited = replace(before.problem, **change(before.problem))
    agree(solve(edited, gap=GAP, start=before), solve(edited, gap=GAP))


def test_more_trips_between_the_same_zones_touch_no_origin_first(before):
    classes = tuple(replace(c, demand=1.05 * c.demand) for c in before.problem.classes)
    warm = solve(replace(before.problem, classes=classes), gap=GAP, start=before)
    assert set(warm.searched) == {48}
    assert warm.converged


def test_an_answer_of_other_zones_starts_nothing(before):
    net, demand = made_net(20, 100, 500, pairs=300)
    other = problem_of_net(net, demand)
    found = solve(other, gap=GAP, start=before)
    assert np.array_equal(found.flow, solve(other, gap=GAP).flow)


def test_other_amounts_on_the_same_streets_start_from_the_same_paths(before):
    case = before.problem
    more = {item.name: item.demand * (1.2 - 0.1 * n) for n, item in enumerate(case.classes)}
    kept = with_vehicles(replace(case, small=before.small), more)
    found = solve(kept, gap=GAP, start=before)
    assert found.gap <= GAP
    assert found.conservation_error < 1e-6
    assert found.small is before.small
    elsewhere = with_vehicles(town(), more)  # the same streets in other arrays
    np.testing.assert_allclose(solve(elsewhere, gap=GAP).time, found.time, rtol=1e-3)
    assert before.store.flow.sum() == pytest.approx(before.rows.demand.sum())
