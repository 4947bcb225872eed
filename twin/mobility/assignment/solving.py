"""User equilibrium: nobody can save time by another way (Wardrop 1952), by flows on paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.mobility.assignment.balance import Plan, balance
from twin.mobility.assignment.contraction import Contraction, contracted, small_links
from twin.mobility.assignment.equilibrium import Equilibrium, result_of
from twin.mobility.assignment.kernels import Curves, Flow, Links, Rows, Store, load, update_all
from twin.mobility.assignment.pricing import Prices, load_trees, price_rows
from twin.mobility.assignment.problem import LEAST_FLOW
from twin.mobility.assignment.store import empty_store, merged, settle_demand
from twin.mobility.assignment.warm import begin_from
from twin.mobility.paths.threads import in_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from twin.mobility.assignment.problem import Problem

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]

SLACK = 0.05  # share of the gap asked for that single pairs may be off
BATCHES = 8  # parts the demand is loaded in, each on the costs of those before
SWEEPS = 100  # of the inner loop between two searches
GOAL = 0.005  # share of what could be saved at which the inner loop hands back
LEAST = 20_000  # nodes searched that are worth a thread
ENOUGH = 0.1  # share of the gap asked for beyond which the inner loop need not go
ROUNDS = 2  # searches of touched origins before all are searched


@dataclass
class Run:
    """A problem while it is solved."""

    curves: Curves
    small: Contraction
    links: Links
    flow: Flow
    rows: Rows
    store: Store
    prices: Prices
    kind: Ints  # (k,) class of each pair
    searched: list[int]  # origins searched in each round

    @property
    def everything(self) -> Ints:
        """Return all rows."""
        return np.arange(len(self.rows.kind), dtype=np.int32)


def solve(
    problem: Problem,
    *,
    gap: float = 1e-6,
    start: Equilibrium | None = None,
    max_iterations: int = 200,
    progress: Callable[[int, float], None] | None = None,
) -> Equilibrium:
    """
    Return the flows at which no vehicle can save more than `gap` of all costs by another way.

    Paths are found by searches from all origins and kept; between searches flow moves from dear
    to cheap paths of the same pair (gradient projection: Jayakrishnan et al. 1994; pairs one after
    the other on the newest costs). `start` is an answer to a problem like this one: its paths
    and trees are taken over, origins whose used paths meet a change are solved first, the others
    follow until the gap holds. `progress` is told the number of the search and the gap; what it
    raises ends the run. The same input gives the same bits with any number of threads.
    """
    run = begin(problem, gap)
    touched = begin_from(run, problem, start) if start is not None else None
    if touched is None:
        _load_in_batches(run)
    else:
        _refresh(run)
        for _ in range(ROUNDS if 0 < len(touched) < len(run.rows.kind) else 0):
            _price(run, touched)
            _improve(run, touched)
    iteration, now = 0, np.inf
    while True:
        _refresh(run)
        _price(run, run.everything)
        total = float(run.prices.total.sum())
        now = float(run.prices.excess.sum()) / total if total > 0 else 0.0
        if progress is not None:
            progress(iteration, now)
        if (now <= gap and not _missing(run)) or iteration >= max_iterations:
            return result_of(problem, run, iteration, now, converged=now <= gap)
        _improve(run, run.everything)
        iteration += 1


def begin(problem: Problem, gap: float) -> Run:
    """Return a problem with no flow and no trees."""
    rows, curves = rows_of(problem), curves_of(problem)
    small = problem.small or contracted(problem.graph, max(problem.zones, problem.through))
    links = small_links(small, curves, problem.through)
    classes, m = links.fixed.shape
    flow = Flow(np.zeros(m), np.zeros(m), np.zeros((classes, m)))
    update_all(links, flow)
    count, pairs = len(rows.kind), len(rows.demand)
    prices = Prices(
        np.full((count, small.nodes), -1, np.int32),
        np.zeros(count), np.zeros(count), np.zeros(pairs), np.zeros(pairs, np.int32),
        SLACK * gap,
    )  # fmt: skip
    kind = np.repeat(rows.kind, np.diff(rows.first)).astype(np.int32)
    return Run(curves, small, links, flow, rows, empty_store(pairs), prices, kind, [])


def curves_of(problem: Problem) -> Curves:
    """Return what each link costs; (v / c)^0 is 1, also at no flow."""
    constant = (problem.beta == 0) | np.isinf(problem.capacity)
    gain = np.where(constant, 0.0, problem.free_time * problem.alpha)
    base = problem.free_time * np.where(problem.beta == 0, 1 + problem.alpha, 1.0)
    per_capacity = np.divide(1.0, problem.capacity, out=np.zeros(problem.graph.m), where=gain > 0)
    fixed = np.array([item.fixed for item in problem.classes], np.float64)
    return Curves(
        base, gain, per_capacity, np.asarray(problem.beta, np.float64),
        fixed.reshape(len(problem.classes), problem.graph.m),
    )  # fmt: skip


def rows_of(problem: Problem) -> Rows:
    """Return the demand between zones as lists: classes, in them origins, in them destinations."""
    z = max(1, problem.zones)
    kinds, sources, dests, amounts = [], [], [], []
    for kind, item in enumerate(problem.classes):
        source, dest = np.nonzero(item.demand > LEAST_FLOW)
        source, dest = source[source != dest], dest[source != dest]
        kinds.append(np.full(len(source), kind * z))
        sources.append(source)
        dests.append(dest)
        amounts.append(item.demand[source, dest] * item.pce)
    none = np.zeros(0, np.int64)
    source = np.concatenate([none, *sources])
    row, first = np.unique(np.concatenate([none, *kinds]) + source, return_index=True)
    return Rows(
        (row // z).astype(np.int32),
        (row % z).astype(np.int32),
        np.append(first, len(source)).astype(np.int64),
        np.concatenate([none, *dests]).astype(np.int32),
        np.concatenate([np.zeros(0), *amounts]),
    )


def _price(run: Run, chosen: Ints) -> None:
    """Search from the chosen rows and hold their paths against what is found."""
    in_rows(
        lambda a, b: price_rows(
            run.links, run.flow, run.rows, run.store, run.prices, chosen[a:b]
        ),
        len(chosen), least=1 + LEAST // max(1, run.prices.tree.shape[1]),
    )  # fmt: skip
    run.searched.append(len(chosen))


def _load_in_batches(run: Run) -> None:
    """Put all demand on the cheapest ways, in parts that meet the traffic of those before."""
    for part in range(BATCHES):
        chosen = np.ascontiguousarray(run.everything[part::BATCHES])
        if len(chosen):
            _price(run, chosen)
            load_trees(run.links, run.flow, run.rows, run.prices, chosen)
            update_all(run.links, run.flow)
    run.searched[:] = [sum(run.searched)]
    run.store = merged(run.links, run.rows, run.store, run.prices)


def _refresh(run: Run) -> None:
    """Work volumes and costs out again from the flows of paths: no rounding piles up."""
    settle_demand(run.rows, run.store)
    load(run.store, run.flow.volume)
    update_all(run.links, run.flow)


def _missing(run: Run) -> bool:
    """Tell whether a pair has a way and no path yet."""
    return bool(((np.diff(run.store.first) == 0) & (run.prices.wanted > 0)).any())


def _improve(run: Run, chosen: Ints) -> None:
    """Take in the ways found and even out the pairs of the chosen rows."""
    first = _missing(run)
    run.store = merged(run.links, run.rows, run.store, run.prices)
    run.prices.wanted[:] = 0
    if first:
        _refresh(run)
    mine = np.zeros(len(run.rows.kind), np.bool_)
    mine[chosen] = True
    several = np.diff(run.store.first) > 1
    pairs = np.flatnonzero(several & np.repeat(mine, np.diff(run.rows.first)))
    goal = GOAL * float(run.prices.excess[chosen].sum())
    enough = ENOUGH * run.prices.slack / SLACK * float(run.prices.total[chosen].sum())
    slack = run.prices.slack * np.where(np.isfinite(run.prices.least), run.prices.least, 0.0)
    plan = Plan(pairs.astype(np.int32), run.kind, slack, max(goal, enough), SWEEPS)
    balance(run.links, run.flow, run.store, plan)
