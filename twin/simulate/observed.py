"""What is known of today's traffic besides the model: a matrix from outside, counts on streets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.errors import ModelError
from twin.hashing import hash_parts
from twin.mobility.assignment import select_link, street_flow
from twin.mobility.counts import adjust_with_assignment, shares_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from twin.assumptions import Assumptions
    from twin.mobility.assignment import Equilibrium
    from twin.mobility.tables import Demand, ModeNetwork

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Observed:
    """
    Vehicles of a weekday that somebody knows better than the model.

    `vehicles` are matrices by class between the zones and gates of the town; `counts` has a row a
    direction of a street, columns `street`, `vehicles_day` (cars and lorries) and where wanted
    `weight`.
    """

    vehicles: Mapping[str, Floats] = field(default_factory=dict)
    counts: pd.DataFrame | None = None

    @property
    def key(self) -> str:
        """Hash of all that is known."""
        told = [f"{name}:{matrix.tobytes().hex()}" for name, matrix in self.vehicles.items()]
        if self.counts is not None:
            known = self.counts.columns.intersection(["street", "vehicles_day", "weight"])
            told.append(self.counts[known].to_csv(index=False))
        return hash_parts(told)


@dataclass(frozen=True, eq=False)
class Correction:
    """
    From the vehicles of the model to those known today: x ratio + extra (z, z), by class.

    A scenario's vehicles are corrected alike (pivot point). `counts` compares flows on counted
    streets before and after, `summary` says how well they fit and how much the matrix moved.
    """

    ratio: Mapping[str, Floats]
    extra: Mapping[str, Floats]
    counts: pd.DataFrame | None = None
    summary: Mapping[str, float] = field(default_factory=dict)

    def of(self, trips: Demand) -> Demand:
        """Return the demand with corrected vehicles."""
        vehicles = {
            name: matrix * self.ratio[name] + self.extra[name]
            for name, matrix in trips.vehicles.items()
        }
        return replace(trips, vehicles=vehicles)


def correction(
    observed: Observed,
    trips: Demand,
    network: ModeNetwork,
    drive: Callable[[Demand], Equilibrium],
    given: Assumptions,
) -> Correction:
    """
    Return what brings the vehicles of the model to what is known of today.

    Parameters
    ----------
    drive
        Gives the traffic of a weekday's vehicles, all hours alike in their ways.

    Raises
    ------
    ModelError
        A matrix of another zone system, or a count on a street that is not there.
    """
    _check(observed, trips, network)
    vehicles = {name: observed.vehicles.get(name, own) for name, own in trips.vehicles.items()}
    table, summary = None, {}
    if observed.counts is not None and len(observed.counts):
        rows = network.street_ids.get_indexer(pd.Index(observed.counts["street"]))
        first = drive(replace(trips, vehicles=vehicles))
        day = vehicles["car"].sum() / max(float(first.problem.classes[0].demand.sum()), 1e-300)

        def assign(matrix: Floats) -> csr_array:
            found = drive(replace(trips, vehicles={**vehicles, "car": matrix}))
            return shares_of(
                [select_link(found, [row]).demand["car"] * day for row in rows], matrix
            )

        flow = street_flow(first, network)
        lorries = flow["truck"].to_numpy()[rows] * day if "truck" in flow else 0.0
        cars = np.maximum(observed.counts["vehicles_day"].to_numpy(float) - lorries, 0.0)
        counted = observed.counts.assign(vehicles_day=cars)
        adjusted, _ = adjust_with_assignment(vehicles["car"], counted, assign, given)
        vehicles["car"], table, summary = adjusted.trips, adjusted.table, dict(adjusted.summary)
    ratio, extra = {}, {}
    for name, own in trips.vehicles.items():
        known = own > 0
        ratio[name] = np.divide(vehicles[name], own, out=np.zeros_like(own), where=known)
        extra[name] = np.where(known, 0.0, vehicles[name])
    return Correction(ratio, extra, table, summary)


def _check(observed: Observed, trips: Demand, network: ModeNetwork) -> None:
    count = len(trips.ids)
    for name, matrix in observed.vehicles.items():
        if name not in trips.vehicles or matrix.shape != (count, count):
            template = "The matrix {name} has {shape} cells; the town has {count} zones and gates."
            hint = "Give a matrix car or truck between the zones of this town."
            shape = " x ".join(map(str, matrix.shape))
            raise ModelError(template, hint=hint, name=name, shape=shape, count=count)
    if observed.counts is None:
        return
    strange = ~observed.counts["street"].isin(network.street_ids)
    if strange.any():
        template = "{count} counts are on streets that the town does not have, e.g. {example}."
        hint = "Give the ids of the streets table, or places."
        example = str(observed.counts["street"][strange].iloc[0])
        raise ModelError(template, hint=hint, count=int(strange.sum()), example=example)
