"""When people and vehicles are under way: shares of the day's trips by hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import ndtr

from twin.classes import PURPOSES
from twin.mobility.demand.generation import trip_rates
from twin.mobility.demand.table import GROUPS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]


def wrapped_hours(middle: float, spread: float) -> Floats:
    """
    Return shares (24,) of a normal distribution laid round the clock, sum 1.

    >>> shares = wrapped_hours(8.5, 0.1)
    >>> round(float(shares[8]), 3), round(float(shares.sum()), 12)
    (1.0, 1.0)
    """
    edges = np.arange(25)[None, :] + 24.0 * np.arange(-3, 4)[:, None]
    shares = np.diff(ndtr((edges - middle) / max(spread, 1e-3)), axis=1).sum(axis=0)
    return np.asarray(shares / shares.sum())


def hour_shares(given: Assumptions) -> pd.DataFrame:
    """
    Return the share of a workday's trips that start in each hour 0 to 23; each column sums to 1.

    Columns: `<purpose>_out` and `<purpose>_back` (each of its own direction), `<purpose>` (both
    directions together), `car` and `truck` (vehicles). A matrix P from home to activity gives in
    hour h the trips P x out[h] / 2 + P transposed x back[h] / 2.
    """
    found: dict[str, Floats] = {}
    for purpose in PURPOSES:
        for way in ("out", "back"):
            middle = given[f"demand.{way}_hour.{purpose}"]
            found[f"{purpose}_{way}"] = wrapped_hours(
                middle, given[f"demand.{way}_spread.{purpose}"]
            )
    for purpose in PURPOSES:
        found[purpose] = (found[f"{purpose}_out"] + found[f"{purpose}_back"]) / 2
    found["car"] = _drivers(found, given)
    found["truck"] = wrapped_hours(given["demand.truck_hour"], given["demand.truck_spread"])
    return pd.DataFrame(found, index=pd.RangeIndex(24, name="hour"))


def _drivers(found: dict[str, Floats], given: Assumptions) -> Floats:
    """Return the profile of cars: purposes weighed by the trips of people who can drive."""
    people = given.array("demand.group_share", GROUPS) * given.array("demand.car_available", GROUPS)
    weight = np.einsum("g,gp->p", people, trip_rates(given))
    if weight.sum() <= 0:
        return np.full(24, 1 / 24)
    total = sum(w * found[purpose] for w, purpose in zip(weight, PURPOSES, strict=True))
    return np.asarray(total / weight.sum())


def peak_hour(shares: Floats) -> tuple[int, float]:
    """Return the hour with the largest share of the day, and that share."""
    hour = int(np.argmax(shares))
    return hour, float(shares[hour])
