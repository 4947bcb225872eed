"""A start from the answer to a problem like this one: paths and trees on the links that stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from twin.mobility.assignment.kernels import Store

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.mobility.assignment.equilibrium import Equilibrium
    from twin.mobility.assignment.kernels import Rows
    from twin.mobility.assignment.problem import Problem
    from twin.mobility.assignment.solving import Run

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]
    Bools = NDArray[np.bool_]


class Carried(NamedTuple):
    """What of the old problem is what in the new one."""

    link: Ints  # (old links,) in the new graph, -1 where it is gone
    usable: Bools  # (classes, old links) it is there and open to the class
    changed: Bools  # (classes, old links) it costs another time or toll, or is not usable
    pair: Ints  # (new pairs,) place in the old, -1 where there was no demand
    row: Ints  # (new rows,)
    kind: Ints  # (new classes,)


def begin_from(run: Run, problem: Problem, start: Equilibrium) -> Ints | None:
    """
    Put the paths and trees of `start` into a run; return the rows that must be searched first.

    Those are the origins whose used paths meet a link that is gone or costs otherwise, and those
    with a pair that has no path left. None where the answer is of another zone system or network.
    """
    carried = _carried(run, problem, start)
    if carried is None:
        return None
    heads = problem.graph.heads
    _carry_trees(start.tree, carried, start.problem.graph.heads, heads, run.prices.tree)
    sizes = np.zeros((2, len(run.rows.demand)), np.int64)
    touched = np.zeros(len(run.rows.kind), np.bool_)
    _measure(run.rows, start.store, carried, sizes, touched)
    first = np.concatenate([[0], np.cumsum(sizes[0])])
    run.store = Store(
        first, np.zeros(first[-1] + 1, np.int64),
        np.empty(sizes[1].sum(), np.int32), np.zeros(first[-1]),
    )  # fmt: skip
    _carry_paths(run.rows, start.store, carried, run.store)
    return np.flatnonzero(touched).astype(np.int32)


def _carried(run: Run, problem: Problem, start: Equilibrium) -> Carried | None:
    old = start.problem
    if (old.zones, old.through) != (problem.zones, problem.through):
        return None
    link = _same_links(old, problem)
    if link is None:
        return None
    names = [item.name for item in old.classes]
    kind = np.array([_place(names, item.name) for item in problem.classes], np.int32)
    usable, changed = _what_changed(run, start, link, kind)
    row = _match(run.rows, start.rows, kind, problem.zones, pairs=False)
    pair = _match(run.rows, start.rows, kind, problem.zones, pairs=True)
    return Carried(link, usable, changed, pair, row, kind)


def _place(names: list[str], name: str) -> int:
    return names.index(name) if name in names else -1


def _same_links(old: Problem, new: Problem) -> Ints | None:
    """Return for each old link which it is now, -1 for none; nodes keep their neighbours."""
    if old.keys is not None and new.keys is not None:
        link = new.keys.get_indexer(old.keys).astype(np.int32)
    elif old.graph.m == new.graph.m and old.graph.n == new.graph.n:
        link = np.arange(old.graph.m, dtype=np.int32)
    else:
        return None
    kept = _agree(link >= 0, link, old, new)
    there = np.flatnonzero(kept)
    back = np.full(new.graph.m, -1, np.int32)
    back[link[there]] = there
    agreed = _agree(back >= 0, back, new, old)  # two old nodes must not be one new node either
    kept[back[(back >= 0) & ~agreed]] = False
    return np.where(kept, link, -1).astype(np.int32)


def _agree(kept: Bools, link: Ints, mine: Problem, other: Problem) -> Bools:
    """Return the links of `kept` whose ends have the same counterpart at all links they end."""
    here = np.flatnonzero(kept)
    there = link[here]
    node = np.full(mine.graph.n, -1, np.int32)
    for ends, others in (
        (mine.graph.heads, other.graph.heads),
        (mine.graph.tails, other.graph.tails),
    ):
        node[ends[here]] = others[there]
    node[: mine.zones] = np.arange(mine.zones)
    agree = node[mine.graph.tails[here]] == other.graph.tails[there]
    agree &= node[mine.graph.heads[here]] == other.graph.heads[there]
    found = kept.copy()
    found[here[~agree]] = False
    return found


def _what_changed(run: Run, start: Equilibrium, link: Ints, kind: Ints) -> tuple[Bools, Bools]:
    """Tell by class which old links are still usable, and which cost something else now."""
    now, before = run.links, start.links
    columns = ((now.base, before.base), (now.gain, before.gain),
               (now.per_capacity, before.per_capacity), (now.beta, before.beta))  # fmt: skip
    other = link < 0
    for mine, theirs in columns:
        other |= mine[link] != theirs
    usable = np.zeros((len(kind), len(link)), np.bool_)
    changed = np.zeros_like(usable)
    for place, there in enumerate(kind):
        fixed = now.fixed[place, link]
        usable[place] = (link >= 0) & np.isfinite(fixed)
        toll = fixed != before.fixed[there] if there >= 0 else True
        changed[place] = other | toll | ~usable[place]
    return usable, changed


def _match(new: Rows, old: Rows, kind: Ints, zones: int, *, pairs: bool) -> Ints:
    """Return for each new row (or pair) its place in the old, -1 for none."""
    mine = _names(new, kind[new.kind], zones, pairs=pairs)
    theirs = _names(old, old.kind, zones, pairs=pairs)
    if len(theirs) == 0:
        return np.full(len(mine), -1, np.int32)
    place = np.minimum(np.searchsorted(theirs, mine), len(theirs) - 1)
    return np.where(theirs[place] == mine, place, -1).astype(np.int32)


def _names(rows: Rows, kind: Ints, zones: int, *, pairs: bool) -> NDArray[np.int64]:
    names = kind.astype(np.int64) * zones + rows.source
    names[kind < 0] = -1
    if not pairs:
        return names
    long = np.repeat(names, np.diff(rows.first))
    return np.where(long < 0, -1, long * zones + rows.dest)


@njit(cache=True, nogil=True)
def _carry_trees(
    old: Ints, carried: Carried, old_heads: Ints, heads: Ints, tree: Ints
) -> None:  # pragma: no cover
    for r in range(len(tree)):
        if carried.row[r] < 0:
            continue
        tree[r, :] = -1
        for node in range(old.shape[1]):
            e = old[carried.row[r], node]
            if e >= 0 and carried.link[e] >= 0:
                tree[r, heads[carried.link[e]]] = carried.link[e]


@njit(cache=True, nogil=True)
def _state(
    store: Store, p: int, usable: Bools, changed: Bools
) -> tuple[bool, bool]:  # pragma: no cover
    """Tell whether a path can still be driven, and whether it meets a change."""
    whole, meets = True, False
    for i in range(store.start[p], store.start[p + 1]):
        whole = whole and usable[store.links[i]]
        meets = meets or changed[store.links[i]]
    return whole, meets


@njit(cache=True, nogil=True)
def _measure(
    rows: Rows, old: Store, carried: Carried, sizes: NDArray[np.int64], touched: Bools
) -> None:  # pragma: no cover
    """Count the paths and links each pair keeps, and mark the rows that meet a change."""
    for r in range(len(rows.kind)):
        usable, changed = carried.usable[rows.kind[r]], carried.changed[rows.kind[r]]
        for k in range(rows.first[r], rows.first[r + 1]):
            o = carried.pair[k]
            for p in range(old.first[max(o, 0)], old.first[o + 1]):
                if old.flow[p] > 0.0:
                    whole, meets = _state(old, p, usable, changed)
                    touched[r] = touched[r] or meets
                    if whole:
                        sizes[0, k] += 1
                        sizes[1, k] += old.start[p + 1] - old.start[p]
            if sizes[0, k] == 0:
                touched[r] = True


@njit(cache=True, nogil=True)
def _carry_paths(rows: Rows, old: Store, carried: Carried, new: Store) -> None:  # pragma: no cover
    """Write the paths that stay, their flows scaled to the demand."""
    q = 0
    for r in range(len(rows.kind)):
        usable = carried.usable[rows.kind[r]]
        for k in range(rows.first[r], rows.first[r + 1]):
            o, total = carried.pair[k], 0.0
            for p in range(old.first[max(o, 0)], old.first[o + 1]):
                if old.flow[p] > 0.0 and _state(old, p, usable, usable)[0]:
                    begin = new.start[q]
                    for i in range(old.start[p], old.start[p + 1]):
                        new.links[begin] = carried.link[old.links[i]]
                        begin += 1
                    new.start[q + 1] = begin
                    new.flow[q] = old.flow[p]
                    total += old.flow[p]
                    q += 1
            for p in range(new.first[k], new.first[k + 1]):
                new.flow[p] *= rows.demand[k] / total
