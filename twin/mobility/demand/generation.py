"""How many trips the people of a zone make, by purpose and by whether they can drive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.classes import PURPOSES
from twin.mobility.demand.table import GROUPS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]


def trip_rates(given: Assumptions) -> Floats:
    """
    Return trips of a person and workday by group and purpose (groups, purposes), not yet scaled.

    Work trips fall with the share of days worked at home; nothing else changes with it.
    """
    rates = np.stack([given.array(f"demand.rate_{group}", PURPOSES) for group in GROUPS])
    rates[:, PURPOSES.index("work")] *= 1 - given["demand.home_office"]
    return rates


def rate_scale(table: pd.DataFrame, given: Assumptions) -> float:
    """Return the factor that makes a resident's trips mobile share x trips of a mobile person."""
    people = _people(table).sum(axis=0)
    raw = float((people[:, None] * trip_rates(given)).sum())
    wanted = float(table["residents"].sum())
    wanted *= given["demand.mobile_share"] * given["demand.trips_per_mobile"]
    return wanted / raw if raw > 0 else 1.0


def productions(table: pd.DataFrame, scale: float, given: Assumptions) -> Floats:
    """Return residents' trips by purpose, without and with a car, and zone: (purposes, 2, z)."""
    people = _people(table)
    drives = table[[f"can_drive_{group}" for group in GROUPS]].to_numpy(float)
    rates = trip_rates(given) * scale
    found = np.zeros((len(PURPOSES), 2, len(table)))
    for place in range(len(GROUPS)):  # four groups; a plain sum is the same on every machine
        with_car = people[:, place] * drives[:, place]
        without = people[:, place] - with_car
        found[:, 0] += rates[place][:, None] * without
        found[:, 1] += rates[place][:, None] * with_car
    return found


def trips_per_job(scale: float, given: Assumptions) -> float:
    """Return work trips a workday of somebody with a job: what a job draws."""
    return scale * float(trip_rates(given)[GROUPS.index("employed"), PURPOSES.index("work")])


def _people(table: pd.DataFrame) -> Floats:
    return table[list(GROUPS)].to_numpy(float)
