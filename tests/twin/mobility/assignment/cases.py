"""Small problems, and a solver of another kind to hold the answers against."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from twin.mobility.assignment import Problem, VehicleClass
from twin.mobility.graph import graph_of

TINY = 1e-9


def problem(links, demand, n, *, through=0, keys=None, fixed=None, more=()):
    """Give a problem of links (tail, head, free time, alpha, beta, capacity) and one class."""
    table = np.array(links, float).reshape(-1, 6)
    graph = graph_of(table[:, 0].astype(int), table[:, 1].astype(int), n)
    by = graph.order
    toll = np.zeros(graph.m) if fixed is None else np.asarray(fixed, float)
    demand = np.asarray(demand, float)
    return Problem(
        graph=graph, free_time=table[by, 2].copy(), alpha=table[by, 3].copy(),
        beta=table[by, 4].copy(), capacity=table[by, 5].copy(),
        classes=(VehicleClass("car", demand, toll[by]), *more), zones=len(demand),
        through=through, keys=None if keys is None else keys[by],
    )  # fmt: skip


def braess(middle):
    """Give Braess' network (1968) with or without its middle link; 6 vehicles from 0 to 1."""
    links = [
        (0, 2, TINY, 10 / TINY, 1, 1), (0, 3, 50, 1 / 50, 1, 1), (2, 1, 50, 1 / 50, 1, 1),
        (3, 1, TINY, 10 / TINY, 1, 1), (2, 3, 10, 1 / 10, 1, 1),
    ]  # fmt: skip
    return problem(links if middle else links[:4], [[0, 6], [0, 0]], 4)


def on_links(found, values):
    """Give values by link in the order they were given in."""
    out = np.empty(found.problem.graph.m)
    out[found.problem.graph.order] = values
    return out


@st.composite
def problems(draw):
    """Give a random problem of one or two classes on up to eight nodes."""
    z = draw(st.integers(2, 4))
    n = z + draw(st.integers(0, 4))
    node = st.integers(0, n - 1)
    link = st.tuples(
        node, node, st.sampled_from([0.0, 1.0, 2.5, 4.0]), st.sampled_from([0.0, 0.15, 1.0]),
        st.sampled_from([0.0, 1.0, 2.0, 4.0, 7.3]), st.sampled_from([1.0, 3.0, 10.0, np.inf]),
    )  # fmt: skip
    links = draw(st.lists(link, min_size=1, max_size=22))
    amount = st.sampled_from([0.0, 0.0, 1.0, 4.0, 9.5])
    cell = st.lists(amount, min_size=z * z, max_size=z * z)
    demand = np.array(draw(cell)).reshape(z, z)
    through = draw(st.sampled_from([0, z]))
    more = ()
    if draw(st.booleans()):
        toll = draw(
            st.lists(
                st.sampled_from([0.0, 0.0, 1.5, np.inf]),
                min_size=len(links),
                max_size=len(links),
            )
        )
        heavy = np.array(draw(cell)).reshape(z, z)
        tails = [row[0] for row in links]
        order = np.argsort(tails, kind="stable")
        more = (VehicleClass("truck", heavy, np.array(toll)[order], 2.0),)
    return problem(links, demand, n, through=through, more=more)


def time_of(problem, volume):
    """Give the time of each link by the formula."""
    with np.errstate(invalid="ignore"):
        return problem.free_time * (1 + problem.alpha * (volume / problem.capacity) ** problem.beta)


def cheapest(problem, cost, sources):
    """Give ways by scipy, nodes that are no thoroughfare taken in two: cost and predecessors."""
    graph, n = problem.graph, problem.graph.n
    tails = np.where(graph.tails < problem.through, graph.tails + n, graph.tails)
    best = {}
    for e, (a, b) in enumerate(zip(tails.tolist(), graph.heads.tolist(), strict=True)):
        if np.isfinite(cost[e]) and (best.get((a, b)) is None or cost[e] < cost[best[a, b]]):
            best[a, b] = e
    ends = np.array(list(best) or np.empty((0, 2)), int)
    matrix = csr_array((cost[list(best.values())], (ends[:, 0], ends[:, 1])), shape=(2 * n, 2 * n))
    begin = [s + n if s < problem.through else s for s in sources]
    dist, before = dijkstra(matrix, indices=begin, return_predecessors=True)
    return dist, before, best


def all_or_nothing(problem, kind, cost):
    """Give volumes of a class on its cheapest ways, what they cost and the demand without any."""
    item, n = problem.classes[kind], problem.graph.n
    volume, total, lost = np.zeros(problem.graph.m), 0.0, 0.0
    dist, before, best = cheapest(problem, cost, range(problem.zones))
    for a in range(problem.zones):
        for b in range(problem.zones):
            amount = item.demand[a, b] * item.pce
            if a == b or amount == 0:
                continue
            if not np.isfinite(dist[a, b]):
                lost += item.demand[a, b]
                continue
            total += amount * dist[a, b]
            node = b
            while node not in (a, a + n) or node == b:
                earlier = before[a, node]
                volume[best[earlier, node]] += amount
                node = earlier
    return volume, total, lost


def objective(problem, units):
    """Give Beckmann's objective of volumes by class, by numerical integration of the times."""
    volume = units.sum(axis=0)
    points, weights = np.polynomial.legendre.leggauss(20)
    area = sum(
        w / 2 * volume * time_of(problem, volume * (p + 1) / 2)
        for p, w in zip(points, weights, strict=True)
    )
    fixed = sum(
        float((np.where(u > 0, item.fixed, 0) * u).sum())
        for item, u in zip(problem.classes, units, strict=True)
    )
    return float(area.sum()) + fixed


def lower_bound(problem, units):
    """Give what no flow can beat: the objective here less what all-or-nothing would save."""
    time = time_of(problem, units.sum(axis=0))
    slack = 0.0
    for kind, item in enumerate(problem.classes):
        cost = time + item.fixed
        spent = float((np.where(units[kind] > 0, cost, 0.0) * units[kind]).sum())
        slack += spent - all_or_nothing(problem, kind, cost)[1]
    return objective(problem, units) - slack


def frank_wolfe(problem, steps=12):
    """Give volumes by class after steps of Frank and Wolfe with an exact line search."""
    empty = time_of(problem, np.zeros(problem.graph.m))
    units = np.array([
        all_or_nothing(problem, kind, empty + item.fixed)[0]
        for kind, item in enumerate(problem.classes)
    ])  # fmt: skip
    for _ in range(steps):
        time = time_of(problem, units.sum(axis=0))
        aim = np.array([
            all_or_nothing(problem, kind, time + item.fixed)[0]
            for kind, item in enumerate(problem.classes)
        ])  # fmt: skip
        low, high = 0.0, 1.0
        for _ in range(40):  # the slope of the objective along the way grows
            mid = (low + high) / 2
            at = time_of(problem, ((1 - mid) * units + mid * aim).sum(axis=0))
            slope = sum(
                float(((at + np.where(np.isfinite(item.fixed), item.fixed, 0)) * (y - x)).sum())
                for item, x, y in zip(problem.classes, units, aim, strict=True)
            )
            low, high = (low, mid) if slope > 0 else (mid, high)
        units = (1 - low) * units + low * aim
    return units
