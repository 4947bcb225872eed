"""A start from the answer to a problem like this one: paths and trees on the links that stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from twin.mobility.assignment.kernels import Store

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.mobility.assignment.contraction import Contraction
    from twin.mobility.assignment.equilibrium import Equilibrium
    from twin.mobility.assignment.kernels import Rows
    from twin.mobility.assignment.problem import Problem
    from twin.mobility.assignment.solving import Run

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]
    Bools = NDArray[np.bool_]


class Carried(NamedTuple):
    """What of the old small graph is what in the new one."""

    tree: Ints  # (members of new links,) old small link each belongs to, -1 for none
    usable: Bools  # (classes, old small links) it is there and open to the class
    changed: Bools  # (classes, old small links) it costs another time or toll, or is not usable
    first: Ints  # (old small links + 1,) new small links that begin in one: first[e]:first[e + 1]
    begins: Ints
    pair: Ints  # (new pairs,) place in the old, -1 where there was no demand
    row: Ints  # (new rows,)


def begin_from(run: Run, problem: Problem, start: Equilibrium) -> Ints | None:
    """
    Put the paths and trees of `start` into a run; return the rows that must be searched first.

    Those are the origins whose used paths meet a link that is gone or costs otherwise, and those
    with a pair that has no path left. None where the answer is of another zone system or network.
    """
    if _same_streets(run, problem, start):
        run.prices.tree[:] = start.tree
        run.store = _scaled(run.rows, start.store)
        return np.zeros(0, np.int32)
    carried = _carried(run, problem, start)
    if carried is None:
        return None
    _carry_trees(start.tree, carried, start.small.heads, run.small, run.prices.tree)
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


def _same_streets(run: Run, problem: Problem, start: Equilibrium) -> bool:
    """Tell whether only the amounts of the demand differ, on streets that are the same arrays."""
    old = start.problem
    names = ("graph", "free_time", "capacity", "alpha", "beta")
    pairs = zip(problem.classes, old.classes, strict=False)
    return (
        (old.zones, old.through) == (problem.zones, problem.through)
        and len(old.classes) == len(problem.classes)
        and all(getattr(old, name) is getattr(problem, name) for name in names)
        and all(a.fixed is b.fixed and a.name == b.name for a, b in pairs)
        and run.small is start.small
        and np.array_equal(run.rows.kind, start.rows.kind)
        and np.array_equal(run.rows.source, start.rows.source)
        and np.array_equal(run.rows.first, start.rows.first)
        and np.array_equal(run.rows.dest, start.rows.dest)
    )


def _scaled(new: Rows, store: Store) -> Store:
    """Return the same paths with flows in proportion to the demand."""
    pair = np.repeat(np.arange(len(new.demand)), np.diff(store.first))
    total = np.bincount(pair, np.maximum(store.flow, 0.0), minlength=len(new.demand))
    rise = np.divide(new.demand, total, out=np.zeros(len(total)), where=total > 0)
    return store._replace(flow=np.maximum(store.flow, 0.0) * rise[pair])


def _carried(run: Run, problem: Problem, start: Equilibrium) -> Carried | None:
    old = start.problem
    if (old.zones, old.through) != (problem.zones, problem.through):
        return None
    link = _same_links(old, problem)
    if link is None:
        return None
    names = [item.name for item in old.classes]
    kind = np.array([_place(names, item.name) for item in problem.classes], np.int32)
    row = _match(run.rows, start.rows, kind, problem.zones, pairs=False)
    pair = _match(run.rows, start.rows, kind, problem.zones, pairs=True)
    back = np.full(problem.graph.m, -1, np.int32)
    back[link[link >= 0]] = np.flatnonzero(link >= 0)
    tree = np.where(back >= 0, start.small.of[back], -1)[run.small.member].astype(np.int32)
    return Carried(
        tree, *_what_changed(run, start, link, kind), *_begins(run, start, link), pair, row
    )


def _begins(run: Run, start: Equilibrium, link: Ints) -> tuple[Ints, Ints]:
    """Return the new small links whose first member lies in each old small link."""
    first_of = np.full(len(run.small.of), -1, np.int32)
    heads = run.small.member[run.small.first[:-1]]
    first_of[heads] = np.arange(len(heads))
    now = link[start.small.member]
    begins = np.where(now >= 0, first_of[now], -1)
    owner = np.repeat(np.arange(len(start.small.tails)), np.diff(start.small.first))
    count = np.bincount(owner[begins >= 0], minlength=len(start.small.tails))
    return np.concatenate([[0], np.cumsum(count)]).astype(np.int32), begins[begins >= 0]


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
    now, before = run.curves, start.curves
    other = link < 0
    for mine, theirs in zip(now[:4], before[:4], strict=True):
        other |= mine[link] != theirs
    there = (link >= 0) & (run.small.of[link] >= 0)
    small = start.small
    usable = np.zeros((len(kind), len(small.tails)), np.bool_)
    changed = np.zeros_like(usable)
    for place, before_kind in enumerate(kind):
        fixed = now.fixed[place, link]
        toll = fixed != before.fixed[before_kind] if before_kind >= 0 else True
        closed = ~there | ~np.isfinite(fixed)
        usable[place] = ~_any(closed, small)
        changed[place] = _any(other | toll | closed, small)
    return usable, changed


def _any(flags: Bools, small: Contraction) -> Bools:
    """Tell which small links have a member with the flag."""
    if len(small.tails) == 0:
        return np.zeros(0, np.bool_)
    return np.logical_or.reduceat(flags[small.member], small.first[:-1])


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
    old: Ints, carried: Carried, old_heads: Ints, small: Contraction, tree: Ints
) -> None:  # pragma: no cover
    """Write the links all whose members were in the tree."""
    for r in range(len(tree)):
        row = carried.row[r]
        if row < 0:
            continue
        for s in range(len(small.heads)):
            whole = True
            for i in range(small.first[s], small.first[s + 1]):
                e = carried.tree[i]
                whole = whole and e >= 0 and old[row, old_heads[e]] == e
            if whole:
                tree[r, small.heads[s]] = s


@njit(cache=True, nogil=True)
def _state(
    store: Store, p: int, carried: Carried, kind: int
) -> tuple[int, bool]:  # pragma: no cover
    """Return how many links a path has now, -1 where it is cut, and whether it meets a change."""
    size, meets = 0, False
    for i in range(store.start[p], store.start[p + 1]):
        e = store.links[i]
        meets = meets or carried.changed[kind, e]
        if not carried.usable[kind, e] or size < 0:
            size = -1
        else:
            size += carried.first[e + 1] - carried.first[e]
    return size, meets


@njit(cache=True, nogil=True)
def _measure(
    rows: Rows, old: Store, carried: Carried, sizes: NDArray[np.int64], touched: Bools
) -> None:  # pragma: no cover
    """Count the paths and links each pair keeps, and mark the rows that meet a change."""
    for r in range(len(rows.kind)):
        for k in range(rows.first[r], rows.first[r + 1]):
            o = carried.pair[k]
            for p in range(old.first[max(o, 0)], old.first[o + 1]):
                if old.flow[p] > 0.0:
                    size, meets = _state(old, p, carried, rows.kind[r])
                    touched[r] = touched[r] or meets
                    if size > 0:
                        sizes[0, k] += 1
                        sizes[1, k] += size
            if sizes[0, k] == 0:
                touched[r] = True


@njit(cache=True, nogil=True)
def _carry_paths(rows: Rows, old: Store, carried: Carried, new: Store) -> None:  # pragma: no cover
    """Write the paths that stay, their flows scaled to the demand."""
    q = 0
    for r in range(len(rows.kind)):
        for k in range(rows.first[r], rows.first[r + 1]):
            o, total = carried.pair[k], 0.0
            for p in range(old.first[max(o, 0)], old.first[o + 1]):
                if old.flow[p] > 0.0 and _state(old, p, carried, rows.kind[r])[0] > 0:
                    place = new.start[q]
                    for i in range(old.start[p], old.start[p + 1]):
                        e = old.links[i]
                        for j in range(carried.first[e], carried.first[e + 1]):
                            new.links[place] = carried.begins[j]
                            place += 1
                    new.start[q + 1] = place
                    new.flow[q] = old.flow[p]
                    total += old.flow[p]
                    q += 1
            for p in range(new.first[k], new.first[k + 1]):
                new.flow[p] *= rows.demand[k] / total
