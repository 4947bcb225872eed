"""Sorts trips into patterns: same stops, same flags, none overtakes another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


def same_course(offsets: Array, codes: Array) -> Array:
    """
    Return for each trip the number of its sequence of codes, equal where all are equal.

    Parameters
    ----------
    offsets
        (t + 1,) where the codes of each trip begin.
    codes
        Whole numbers, trip by trip: a stop and its flags, the line in front.

    >>> same_course(np.array([0, 2, 4, 7]), np.array([5, 6, 5, 6, 5, 6, 7])).tolist()
    [0, 0, 1]
    """
    lengths = np.diff(offsets)
    group = pd.factorize(lengths)[0].astype(np.int64)
    alphabet = int(codes.max(initial=0)) + 1
    for place in range(int(lengths.max(initial=0))):
        longer = np.flatnonzero(lengths > place)
        key = group[longer] * alphabet + codes[offsets[longer] + place]
        start = 0 if len(longer) == len(group) else int(group.max()) + 1
        group[longer] = pd.factorize(key)[0] + start
    return pd.factorize(group)[0].astype(np.int64)


@numba.njit(cache=True, nogil=True)
def without_overtaking(course: Array, offsets: Array, arrivals: Array, departures: Array) -> Array:
    """
    Return the number of the pattern of each trip, dense, in order of first trips.

    Trips come sorted by course and time. Each goes to the first pattern of its course whose last
    trip is nowhere later (first fit).
    """
    count = len(course)
    pattern = np.empty(count, np.int64)
    last = np.empty(count, np.int64)  # of each pattern its last trip
    patterns, first = 0, 0  # first pattern of this course
    for trip in range(count):
        if trip > 0 and course[trip] != course[trip - 1]:
            first = patterns
        found = -1
        length = offsets[trip + 1] - offsets[trip]
        for candidate in range(first, patterns):
            before, now = offsets[last[candidate]], offsets[trip]
            fits = True
            for i in range(length):
                if (
                    arrivals[now + i] < arrivals[before + i]
                    or departures[now + i] < departures[before + i]
                ):
                    fits = False
                    break
            if fits:
                found = candidate
                break
        if found < 0:
            found = patterns
            patterns += 1
        last[found] = trip
        pattern[trip] = found
    return pattern
