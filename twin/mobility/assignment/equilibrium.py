"""What an assignment answers: flows, times, paths, and how exact it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.mobility.assignment.kernels import LOG_MOST, load_kinds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from twin.mobility.assignment.contraction import Contraction
    from twin.mobility.assignment.kernels import Curves, Rows, Store
    from twin.mobility.assignment.problem import Problem
    from twin.mobility.assignment.solving import Run

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]

REASONS = ("no_path", "no_connector", "intrazonal")


@dataclass(frozen=True, eq=False)
class Equilibrium:
    """
    Flows at user equilibrium; arrays are by link of the problem's graph.

    `gap` is what all vehicles together could save by the cheapest ways at these costs, as a share
    of what they spend (vehicles weighted by their passenger car units). `unserved` is demand
    [vehicles] by why it is not on the network.
    """

    problem: Problem
    flow: Floats  # (classes, m) vehicles
    volume: Floats  # (m,) passenger car units
    time: Floats  # (m,) in the units of the problem's free-flow time
    cost: Floats  # (classes, m) time + fixed cost
    gap: float
    objective: float  # Beckmann's, fixed costs of each class included
    iterations: int
    converged: bool
    conservation_error: float  # vehicles, largest over nodes and classes
    unserved: Mapping[str, float]
    searched: tuple[int, ...]  # origins (of each class) searched in each round
    curves: Curves
    small: Contraction  # the graph that rows, paths and trees are of
    rows: Rows
    store: Store
    tree: Ints  # (rows, nodes) last link of the cheapest way at these costs
    least: Floats  # (pairs,) cost of the cheapest way

    @property
    def time_s(self) -> Floats:
        """Time of each link, where the problem is in seconds."""
        return self.time


def result_of(
    problem: Problem, run: Run, iterations: int, gap: float, *, converged: bool
) -> Equilibrium:
    """Return the answer that a run has come to."""
    units = np.zeros_like(run.links.fixed)
    load_kinds(run.rows, run.store, units)
    units = expanded(run.small, units)
    volume = expanded(run.small, run.flow.volume)
    pce = np.array([item.pce for item in problem.classes])[:, None]
    curves = run.curves
    time = curves.base + curves.gain * _load(curves, volume)
    return Equilibrium(
        problem=problem, flow=units / pce, volume=volume, time=time,
        cost=time + curves.fixed, gap=gap, objective=_objective(curves, volume, units),
        iterations=iterations, converged=converged,
        conservation_error=_conservation_error(problem, run, units / pce),
        unserved=_unserved(problem, run), searched=tuple(run.searched),
        curves=curves, small=run.small, rows=run.rows, store=run.store, tree=run.prices.tree,
        least=run.prices.least,
    )  # fmt: skip


def expanded(small: Contraction, values: Floats) -> Floats:
    """Return values of the small graph by link of the graph, 0 on dead ends."""
    found = np.zeros((*values.shape[:-1], len(small.of)))
    there = small.of >= 0
    found[..., there] = values[..., small.of[there]]
    return found


def _load(curves: Curves, volume: Floats) -> Floats:
    """Return (v / c)^beta, kept under e^500 as in the kernels; 0 where the time is constant."""
    ratio = np.where(curves.gain > 0, volume * curves.per_capacity, 0.0)
    power = curves.beta * np.log(np.where(ratio > 0, ratio, 1.0))
    found = np.where(
        power > LOG_MOST, np.exp(LOG_MOST), ratio ** np.where(power > LOG_MOST, 1.0, curves.beta)
    )
    return np.where(curves.gain > 0, found, 0.0)


def _objective(curves: Curves, volume: Floats, units: Floats) -> float:
    """Sum up what is least (Beckmann 1956): area under each link's time, and fixed costs."""
    area = volume * _load(curves, volume) / (curves.beta + 1)
    fixed = np.where(units > 0, curves.fixed, 0.0) * units
    return float((curves.base * volume + curves.gain * area).sum() + fixed.sum())


def _conservation_error(problem: Problem, run: Run, flow: Floats) -> float:
    """Return the most vehicles of a class that any node makes or swallows."""
    graph, rows = problem.graph, run.rows
    amount = np.where(np.diff(run.store.first) > 0, rows.demand, 0.0)
    source = np.repeat(rows.source, np.diff(rows.first))
    worst = 0.0
    for kind, item in enumerate(problem.classes):
        mine = run.kind == kind
        vehicles, n = amount[mine] / item.pce, graph.n
        net = np.bincount(graph.tails, flow[kind], n).astype(float)
        net -= np.bincount(graph.heads, flow[kind], n)
        net -= np.bincount(source[mine], vehicles, n)
        net += np.bincount(rows.dest[mine], vehicles, n)
        worst = max(worst, float(np.abs(net).max(initial=0.0)))
    return worst


def _unserved(problem: Problem, run: Run) -> dict[str, float]:
    """Return the demand [vehicles] that is not on the network, by why."""
    found = dict.fromkeys(REASONS, 0.0)
    rows = run.rows
    source = np.repeat(rows.source, np.diff(rows.first))
    stranded = np.diff(run.store.first) == 0
    for kind, item in enumerate(problem.classes):
        found["intrazonal"] += float(np.trace(item.demand))
        mine = stranded & (run.kind == kind)
        usable = np.isfinite(run.curves.fixed[kind])
        leaves = np.bincount(problem.graph.tails[usable], minlength=problem.graph.n) > 0
        enters = np.bincount(problem.graph.heads[usable], minlength=problem.graph.n) > 0
        fed = leaves[source[mine]] & enters[rows.dest[mine]]
        vehicles = rows.demand[mine] / item.pce
        found["no_path"] += float(vehicles[fed].sum())
        found["no_connector"] += float(vehicles[~fed].sum())
    return found
