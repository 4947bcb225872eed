"""Edges of a graph that close no circle (Tarjan 1974)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]


def bridges(tails: Ints, heads: Ints, count: int) -> Bools:
    """
    Return which edges of an undirected graph of `count` nodes close no circle.

    >>> bridges(np.array([0, 0, 1, 2]), np.array([1, 2, 2, 3]), 4).tolist()
    [False, False, False, True]
    """
    links = list(zip(tails.tolist(), heads.tolist(), strict=True))
    around: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for number, (tail, head) in enumerate(links):
        around[tail].append((head, number))
        around[head].append((tail, number))
    place, parent = [-1] * count, [(-1, -1)] * count
    order: list[int] = []
    for root in range(count):
        if place[root] < 0:
            _walk(root, around, place, parent, order)
    walked = {number for _, number in parent}
    lowest = list(place)  # the earliest place that is reached from here without the way that led in
    for number, (tail, head) in enumerate(links):
        if number not in walked:
            lowest[tail] = min(lowest[tail], place[head])
            lowest[head] = min(lowest[head], place[tail])
    alone = np.zeros(len(links), bool)
    for node in reversed(order):
        before, number = parent[node]
        if before >= 0:
            lowest[before] = min(lowest[before], lowest[node])
            alone[number] = lowest[node] > place[before]
    return alone


def _walk(
    root: int,
    around: list[list[tuple[int, int]]],
    place: list[int],
    parent: list[tuple[int, int]],
    order: list[int],
) -> None:
    """Walk a part of a graph in depth; fill in place and parent (node, edge) of each node."""
    waiting = [(root, iter(around[root]))]
    place[root] = len(order)
    order.append(root)
    while waiting:
        node, rest = waiting[-1]
        step = next(((other, number) for other, number in rest if place[other] < 0), None)
        if step is None:
            waiting.pop()
            continue
        other, number = step
        place[other], parent[other] = len(order), (node, number)
        order.append(other)
        waiting.append((other, iter(around[other])))
