"""How many people work in a building."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.classes import BUILDING_USES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

SECTORS = {
    "industry": ("industrial", "storage", "commercial", "agriculture", "transport", "utility"),
    "retail": ("retail", "hospitality"),
    "service": ("mixed", "office", "education", "health", "public", "religious", "culture",
                "sport", "residential", "other", "unknown"),
}  # fmt: skip
"""Sectors of jobs by the use of the building; what is missing has no jobs."""


def jobs_of(
    stock: pd.DataFrame, given: Assumptions, *, base: pd.DataFrame | None = None
) -> pd.Series[float]:
    """
    Return the jobs in each building, index of `stock`: heated area x jobs per area of its use.

    Where `demand.jobs_total` is above 0, all are scaled so that those of `base` (the stock of
    today; none: `stock` itself) add up to it: what a scenario builds then comes on top. An
    estimate from use and area: right for the town, rough for one building.
    """
    raw = _raw(stock, given)
    total = given["demand.jobs_total"]
    today = float((raw if base is None else _raw(base, given)).sum())
    if total > 0 and today > 0:
        raw = raw * (total / today)
    return raw


def scaled_jobs(
    jobs: NDArray[np.float64], today: NDArray[np.float64], scale: float
) -> NDArray[np.float64]:
    """
    Return jobs by zone as the calibration has them: those of today scaled, new ones as they are.

    The scale makes up for what area and use of today's buildings do not tell; what a scenario adds
    is known. Jobs that go, go with their scale.
    """
    return np.minimum(jobs, today) * scale + np.maximum(jobs - today, 0.0)


def _raw(stock: pd.DataFrame, given: Assumptions) -> pd.Series[float]:
    rate = given.array("demand.jobs_per_1000m2", BUILDING_USES)
    place = pd.Index(BUILDING_USES).get_indexer(pd.Index(stock["use"], dtype=object))
    area = stock["heated_area_m2"].to_numpy("float64", na_value=0.0)
    jobs = np.where(place >= 0, rate[place], 0.0) * area / 1000
    return pd.Series(jobs, index=stock.index, name="jobs")
