"""Kilometres of vehicles on streets and of people between zones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.classes import MODES
from twin.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from twin.mobility.tables import Demand, Skims

    Floats = NDArray[np.float64]

MODE_SKIM = {"passenger": "car"}
"""Who rides along covers the way of the car."""


def flows_on(streets: pd.DataFrame, flows: pd.DataFrame) -> pd.DataFrame:
    """
    Return flows with a row for every street, in its order; streets that `flows` lacks carry 0.

    Raises
    ------
    ModelError
        A flow is negative or no number, or on a street that is not in the table.
    """
    strange = flows.index.difference(streets.index)
    if len(strange):
        template = "{count} flows are on streets that are not in the network, e.g. {example}."
        hint = "Hand over flows and streets of the same scenario."
        raise ModelError(template, hint=hint, count=len(strange), example=strange[0])
    values = flows.to_numpy(float)
    wrong = ~np.isfinite(values) | (values < 0)
    if wrong.any():
        template = "{count} flows are negative or no numbers, e.g. on street {example}."
        hint = "Flows are vehicles a weekday, 0 and more."
        first = flows.index[wrong.any(axis=1)][0]
        raise ModelError(template, hint=hint, count=int(wrong.sum()), example=first)
    return flows.reindex(streets.index).fillna(0.0).astype(float)


def vehicle_km(streets: pd.DataFrame, flows: pd.DataFrame) -> pd.DataFrame:
    """
    Return vehicle-kilometres a weekday by street and class: flow x length.

    Parameters
    ----------
    streets
        Table of streets, `length_m`.
    flows
        Vehicles a weekday, index street id, a column a class (car, truck, bus ...).
    """
    return flows_on(streets, flows).mul(streets["length_m"] / 1000.0, axis=0)


def by_street_class(streets: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Return the sums of a table by street over the classes of streets that occur."""
    return table.groupby(streets["class"].reindex(table.index), observed=True).sum()


def person_km(demand: Demand, skims: Skims) -> pd.DataFrame:
    """
    Return trips, person-kilometres and person-minutes a weekday by mode.

    Trips between zones without a way are counted in `without_way` and cover no kilometres.
    """
    rows = {mode: _of_mode(trips, mode, skims) for mode, trips in demand.trips.items()}
    order = [mode for mode in MODES if mode in rows] + [m for m in rows if m not in MODES]
    return pd.DataFrame.from_dict(rows, orient="index").reindex(order)


def _of_mode(trips: Floats, mode: str, skims: Skims) -> dict[str, float]:
    km, minutes = skim_of(skims.km, mode), skim_of(skims.minutes, mode)
    there = np.isfinite(km) & np.isfinite(minutes)
    made = np.where(there, trips, 0.0)
    return {
        "trips": float(trips.sum()),
        "person_km": float((made * np.where(there, km, 0.0)).sum()),
        "minutes": float((made * np.where(there, minutes, 0.0)).sum()),
        "without_way": float(np.where(there, 0.0, trips).sum()),
    }


def skim_of(skims: Mapping[str, Floats], mode: str) -> Floats:
    """Return the matrix of a mode; a passenger's is the car's."""
    if mode not in skims and MODE_SKIM.get(mode) not in skims:
        template = "There is no travel time matrix of mode {mode}; there are {known}."
        hint = "Compute it before its effects."
        raise ModelError(template, hint=hint, mode=mode, known=", ".join(skims))
    return skims[mode] if mode in skims else skims[MODE_SKIM[mode]]
