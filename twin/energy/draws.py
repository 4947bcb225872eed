"""
Values drawn from shares where nothing is known: by building, the same on every machine.

The number drawn for a building depends on its id and on what is drawn, on nothing else: not on the
order of rows, not on other buildings, not on a state kept anywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["blended", "drawn", "pick", "shares_of"]


def drawn(ids: pd.Index[str], purpose: str) -> Floats:
    """
    Return a number from 0 to under 1 for each id, even over many ids; another for each purpose.

    >>> bool((drawn(pd.Index(["a", "b"]), "age") == drawn(pd.Index(["b", "a"]), "age")[::-1]).all())
    True
    """
    key = (purpose + "." * 16)[:16]
    numbers = pd.util.hash_array(np.asarray(ids, dtype=object), hash_key=key, categorize=False)
    return np.asarray((numbers >> np.uint64(11)) * 2.0**-53, np.float64)


def pick(shares: Floats, number: Floats) -> NDArray[np.intp]:
    """
    Return the class that a number from 0 to 1 falls into, of classes laid end to end.

    Parameters
    ----------
    shares
        (n, classes), not negative; each row is scaled to sum 1.

    >>> pick(np.array([[1.0, 3.0], [1.0, 3.0]]), np.array([0.2, 0.3])).tolist()
    [0, 1]
    """
    ends = np.cumsum(shares, axis=1)
    past = number[:, None] * ends[:, -1:] >= ends[:, :-1]
    return np.asarray(past.sum(axis=1), np.intp)


def shares_of(counts: Floats, wider: Floats, weight: float) -> Floats:
    """
    Return shares out of counts, drawn towards those of a wider area by so many of its members.

    With no counts the answer is the wider area's, with many it is their own.
    """
    total = counts.sum(axis=-1, keepdims=True)
    return np.asarray((counts + weight * wider) / (total + weight), np.float64)


def blended(
    codes: NDArray[np.intp], areas: NDArray[np.intp], wider: Floats, weight: float
) -> Floats:
    """
    Return the shares of classes for each building: of its area, drawn towards the town's, and these
    drawn towards `wider`.

    Parameters
    ----------
    codes
        Class of each building; -1 where unknown.
    areas
        Number of the area of each building; -1 for none.
    wider
        (classes,), shares of the country.
    weight
        Buildings that the wider area counts for.
    """  # noqa: D205
    classes = len(wider)
    known = codes >= 0
    town = np.bincount(codes[known], minlength=classes).astype(float)
    own = shares_of(town, wider / wider.sum(), weight)
    count = int(areas.max(initial=-1)) + 2  # the last line is for buildings without area
    places = (areas[known] % count) * classes + codes[known]
    counts = np.bincount(places, minlength=count * classes).reshape(count, classes).astype(float)
    counts[-1] = 0
    return shares_of(counts, own, weight)[areas]
