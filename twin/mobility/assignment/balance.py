"""The inner loop: flows of each pair move between its stored paths until these cost the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from twin.mobility.assignment.kernels import Flow, Links, Store, update
from twin.mobility.paths.search import NONE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]

TRIES = 60  # steps of one shift at most: halves of any flow come down to rounding


class Room(NamedTuple):
    """Where two paths of a pair part, and room to find it."""

    mark: Ints  # (m,)
    at: Ints  # (3,) last mark used, links of the dear path only, of the cheap path only
    parted: Ints  # (2 n,) links only the dear path has, then those only the cheap one has
    found: Floats  # costs of the paths of a pair


@njit(cache=True, nogil=True)
def _part(store: Store, a: int, b: int, room: Room) -> None:  # pragma: no cover
    """Find the links that only path a (dear) or only path b (cheap) has."""
    low_a, high_a = store.start[a], store.start[a + 1]
    low_b, high_b = store.start[b], store.start[b + 1]
    links = store.links
    while low_a < high_a and low_b < high_b and links[low_a] == links[low_b]:
        low_a, low_b = low_a + 1, low_b + 1
    while low_a < high_a and low_b < high_b and links[high_a - 1] == links[high_b - 1]:
        high_a, high_b = high_a - 1, high_b - 1
    mark, dear, cheap = room.at[0] + 2, 0, 0
    for i in range(low_b, high_b):
        room.mark[links[i]] = mark
    for i in range(low_a, high_a):
        e = links[i]
        if room.mark[e] == mark:
            room.mark[e] = mark + 1
        else:
            room.parted[dear] = e
            dear += 1
    for i in range(low_b, high_b):
        if room.mark[links[i]] == mark:
            room.parted[dear + cheap] = links[i]
            cheap += 1
    room.at[0], room.at[1], room.at[2] = mark, dear, cheap


@njit(cache=True, nogil=True)
def _gain(flow: Flow, kind: int, room: Room) -> tuple[float, float]:  # pragma: no cover
    """Return how much more the dear path costs, and how fast that falls with a shift."""
    more, fall = 0.0, 0.0
    for i in range(room.at[1] + room.at[2]):
        cost = flow.cost[kind, room.parted[i]]
        more += cost if i < room.at[1] else -cost
        fall += flow.slope[room.parted[i]]
    return more, fall


@njit(cache=True, nogil=True)
def _move(links: Links, flow: Flow, room: Room, step: float) -> None:  # pragma: no cover
    for i in range(room.at[1] + room.at[2]):
        e = NONE + room.parted[i]
        flow.volume[e] += step if i >= room.at[1] else -step
        update(links, flow, e)


@njit(cache=True, nogil=True)
def _shift(
    links: Links, flow: Flow, kind: int, room: Room, most: float
) -> float:  # pragma: no cover
    """
    Move flow from the dear to the cheap path until they cost the same; return how much moved.

    Newton's step on the links they do not share (Jayakrishnan et al. 1994). Where it misses by
    more than a quarter of the difference (high powers, flat costs), more steps follow: longer ones
    until too much has moved, then Newton's or halves between too little and too much.
    """
    more, fall = _gain(flow, kind, room)
    if more <= 0.0:
        return 0.0
    first, low, high, moved = more, 0.0, most, 0.0
    over, slow = False, False  # too much has moved once; the last step brought little
    for _ in range(TRIES):
        newton = more / fall if fall > 0.0 else most
        if over and (slow or not low < moved + newton < high):
            target = 0.5 * (low + high)
        elif slow and not over:
            target = moved + 4.0 * max(moved - low, newton)
        else:
            target = moved + newton
        target, before = min(target, most), more
        _move(links, flow, room, target - moved)
        low, moved = (moved if more > 0.0 else low), target
        more, fall = _gain(flow, kind, room)
        if abs(more) <= 0.25 * first or (more > 0.0 and moved >= most):
            break
        if more < 0.0:
            over, high = True, moved
        slow = abs(more) > 0.5 * abs(before)
    return moved


@njit(cache=True, nogil=True)
def _alike(store: Store, k: int) -> tuple[int, int]:  # pragma: no cover
    """Return how many links all paths of a pair have in common at the begin and at the end."""
    p = store.first[k]
    links, low, end = store.links, store.start[p], store.start[p + 1]
    head = tail = end - low
    for q in range(p + 1, store.first[k + 1]):
        begin, last = store.start[q], store.start[q + 1]
        head, tail = min(head, last - begin), min(tail, last - begin)
        i = 0
        while i < head and links[low + i] == links[begin + i]:
            i += 1
        head = i
        i = 0
        while i < tail and links[end - 1 - i] == links[last - 1 - i]:
            i += 1
        tail = i
    return head, tail


class Plan(NamedTuple):
    """What a run of the inner loop works on and when it stops."""

    pairs: Ints  # pairs that have more than one path
    kind: Ints  # (k,) class of each pair
    slack: Floats  # (k,) differences in cost up to this are left alone
    goal: float  # stop when the flows could save no more than this
    sweeps: int


@njit(cache=True, nogil=True)
def _cheapest(
    store: Store, costs: Floats, k: int, alike: Ints, found: Floats
) -> int:  # pragma: no cover
    """Write what the paths of a pair cost where they differ; return the cheapest."""
    begin = best = store.first[k]
    for p in range(begin, store.first[k + 1]):
        cost = 0.0
        for i in range(store.start[p] + alike[0], store.start[p + 1] - alike[1]):
            cost += costs[store.links[i]]
        found[p - begin] = cost
        if cost < found[best - begin]:
            best = p
    return int(best)


@njit(cache=True, nogil=True)
def _even_out(
    links: Links, flow: Flow, store: Store, plan: Plan, at: tuple[int, int], room: Room
) -> float:  # pragma: no cover
    """
    Shift flow of a pair to its cheapest path; return what its flows could have saved.

    What all pairs together leave alone because it is little for one is under a third of the goal.
    """
    (k, best), saved = at, 0.0
    begin, kind, least = store.first[k], plan.kind[k], 0.3 * plan.goal / len(plan.pairs)
    for p in range(begin, store.first[k + 1]):
        more = room.found[p - begin] - room.found[best - begin]
        if more > plan.slack[k] and more * store.flow[p] > least:
            saved += more * store.flow[p]
            _part(store, p, best, room)
            moved = _shift(links, flow, kind, room, store.flow[p])
            store.flow[p] -= moved
            store.flow[best] += moved
    return saved


@njit(cache=True, nogil=True)
def balance(links: Links, flow: Flow, store: Store, plan: Plan) -> float:  # pragma: no cover
    """
    Sweep over pairs, one after the other on the newest costs; return what the last could save.

    A pair whose paths cost the same within its slack sits out one sweep, then two, four, up to 16.
    """
    count, most, excess = len(plan.pairs), 1, 0.0
    alike, sleep = np.empty((count, 2), np.int32), np.zeros(count, np.int32)
    calm = np.zeros(count, np.int32)
    for i in range(count):
        k = plan.pairs[i]
        alike[i, 0], alike[i, 1] = _alike(store, k)
        most = max(most, store.first[k + 1] - store.first[k])
    n, m = len(links.offsets), len(links.heads)
    parted = np.empty(2 * n, np.int32)
    room = Room(np.zeros(m, np.int32), np.zeros(3, np.int32), parted, np.empty(most))
    for _ in range(plan.sweeps):
        excess = 0.0
        for i in range(count):
            if sleep[i] > 0:
                sleep[i] -= 1
                continue
            k = plan.pairs[i]
            best = _cheapest(store, flow.cost[plan.kind[k]], k, alike[i], room.found)
            saved = _even_out(links, flow, store, plan, (k, best), room)
            excess += saved
            calm[i] = min(calm[i] + 1, 5) if saved == 0.0 else 0
            sleep[i] = (1 << calm[i]) >> 1
        if excess <= plan.goal:
            break
    return excess
