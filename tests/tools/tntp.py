"""
Assign a network of the Transportation Networks for Research library (TNTP files).

    python tests/tools/tntp.py NET.tntp TRIPS.tntp --gap 1e-6 [--toll-factor X --distance-factor Y]

Prints one JSON line. Cost of a link = time + toll factor x toll + distance factor x length; the
factors the network file states count where none are given. `gap` and `conservation_error` are
worked out from the flows alone, by an all-or-nothing of scipy on costs of the formula written out
again here; `seconds` is one call of the solver on a problem that is built, in a process whose
kernels are compiled: without reading, building, and the checks.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # run as a script, with this folder for a path
    sys.path.insert(0, str(ROOT))

from tests.tools.tntp_read import Net, problem_of_net, read_net, read_trips  # noqa: E402
from twin.errors import TwinError  # noqa: E402
from twin.mobility.assignment import Equilibrium, solve, unserved_pairs  # noqa: E402

ROWS = 64  # origins of the check at a time


def costs_of(net: Net, flow: np.ndarray) -> np.ndarray:
    """Give the cost of each link (as the file has them) at a flow, by the formula written out."""
    with np.errstate(divide="ignore", invalid="ignore"):
        delay = net.alpha * (flow / net.capacity) ** net.beta
    delay = np.where((net.alpha == 0) | (net.free_time == 0), 0.0, delay)
    return net.free_time * (1 + delay) + net.fixed


def checked_gap(net: Net, trips: np.ndarray, flow: np.ndarray) -> float:
    """Share of all costs that the cheapest ways would save; ways found by scipy."""
    cost = costs_of(net, flow)
    first, count = net.through, net.nodes
    # nodes that are no thoroughfare are two: ways begin at a copy that nothing leads to
    tails = np.where(net.tails < first, net.tails + count, net.tails)
    order = np.lexsort((cost, net.heads, tails))
    ends = np.column_stack([tails, net.heads])[order]
    least = np.r_[True, (np.diff(ends, axis=0) != 0).any(axis=1)] if len(ends) else []
    ends, costs = ends[least], cost[order][least]
    matrix = csr_array((costs, (ends[:, 0], ends[:, 1])), shape=(2 * count, 2 * count))
    cheapest = 0.0
    for begin in range(0, net.zones, ROWS):
        zones = np.arange(begin, min(begin + ROWS, net.zones))
        dist = dijkstra(matrix, indices=np.where(zones < first, zones + count, zones))
        dist, wanted = dist[:, : net.zones], trips[zones].copy()
        wanted[np.arange(len(zones)), zones] = 0
        there = (wanted > 0) & np.isfinite(dist)
        cheapest += float((wanted[there] * dist[there]).sum())
    total = float((cost * flow).sum())
    return (total - cheapest) / total if total > 0 else 0.0


def checked_balance(net: Net, trips: np.ndarray, flow: np.ndarray) -> float:
    """Give the most vehicles a node makes or swallows; `trips` are those that have a way."""
    between = trips - np.diag(trips.diagonal())
    made = np.zeros(net.nodes)
    made[: net.zones] = between.sum(axis=1) - between.sum(axis=0)
    out = np.bincount(net.tails, flow, net.nodes) - np.bincount(net.heads, flow, net.nodes)
    return float(np.abs(out - made).max(initial=0.0))


def given_flow(net: Net, found: Equilibrium) -> np.ndarray:
    """Give the flow of each link in the order of the file."""
    flow = np.empty(len(net.tails))
    flow[found.problem.graph.order] = found.flow[0]
    return flow


def braess() -> tuple[Net, np.ndarray]:
    """Give Braess' network of 1968 with its middle link: four nodes, six vehicles."""
    tails, heads = np.array([0, 0, 2, 3, 2]), np.array([2, 3, 1, 1, 3])
    # 10 v, 50 + v, 50 + v, 10 v, 10 + v; a tiny time at no flow stands for none
    base, slope = np.array([1e-8, 50, 50, 1e-8, 10]), np.array([10.0, 1, 1, 10, 1])
    ones, none = np.ones(5), np.zeros(5)
    net = Net(2, 4, 0, tails, heads, ones, none, base, slope / base, ones, none, 0.0, 0.0)
    return net, np.array([[0.0, 6.0], [0.0, 0.0]])


def report(net: Net, trips: np.ndarray, gap: float, most: int) -> dict[str, Any]:
    """Solve, check and tell."""
    solve(problem_of_net(*braess()), gap=1e-3)  # compiles the kernels
    problem = problem_of_net(net, trips)
    begun = time.perf_counter()
    found = solve(problem, gap=gap, max_iterations=most)
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    flow, served = given_flow(net, found), trips.copy()
    stranded = unserved_pairs(found)
    served[stranded["origin"], stranded["destination"]] = 0.0
    return {
        "objective": found.objective,
        "gap": checked_gap(net, served, flow),
        "gap_own": found.gap,
        "converged": found.converged,
        "conservation_error": checked_balance(net, served, flow),
        "iterations": found.iterations,
        "seconds": round(seconds, 4),
        "seconds_are": "one solve of the built problem, kernels compiled; no reading, no checks",
        "peak_memory_mb": round(peak, 1),
        "unserved": dict(found.unserved),
        "total_cost": float((costs_of(net, flow) * flow).sum()),
        "zones": net.zones, "nodes": net.nodes, "links": len(net.tails),
        "trips": float(trips.sum()), "paths": len(found.store.flow),
    }  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("net", type=Path)
    parser.add_argument("trips", type=Path)
    parser.add_argument("--gap", type=float, default=1e-6)
    parser.add_argument("--toll-factor", type=float)
    parser.add_argument("--distance-factor", type=float)
    parser.add_argument("--max-iterations", type=int, default=1000)
    asked = parser.parse_args(arguments)
    try:
        net = read_net(asked.net, asked.toll_factor, asked.distance_factor)
        told = report(net, read_trips(asked.trips, net.zones), asked.gap, asked.max_iterations)
    except TwinError as error:
        print(" ".join(str(error).split()), file=sys.stderr)  # noqa: T201
        return 1
    print(json.dumps(told))  # noqa: T201
    return 0 if told["converged"] else 2


if __name__ == "__main__":
    raise SystemExit(main())
