"""Rows of work spread over threads: kernels that hold no lock, each row written by one of them."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

MOST = 8  # more threads than this wait for memory


def workers() -> int:
    """Return how many threads may run: the cores this process is allowed, at most 8."""
    allowed = getattr(os, "sched_getaffinity", None)
    return min(MOST, len(allowed(0)) if allowed else (os.cpu_count() or 1))


def in_rows(work: Callable[[int, int], T], rows: int, *, least: int = 1) -> list[T]:
    """
    Call `work(first, end)` for blocks of rows that together are all, several at a time.

    A block holds at least `least` rows; the answers come in the order of the blocks. Blocks follow
    the number of threads, so `work` must give each row the same whatever rows are beside it.
    """
    threads = workers()
    blocks = max(1, min(4 * threads if threads > 1 else 1, rows // max(1, least)))
    ends = [rows * k // blocks for k in range(blocks + 1)]
    if blocks == 1:
        return [work(0, rows)]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, ends[:-1], ends[1:]))
