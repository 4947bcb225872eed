"""Which mode people take: multinomial logit by purpose and by whether they can drive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.classes import MODES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.demand.costs import Costs
    from twin.mobility.tables import ZoneSystem

    Floats = NDArray[np.float64]

CAR, PASSENGER = MODES.index("car"), MODES.index("passenger")
SEGMENTS = (False, True)
"""People without and with a car to drive."""


@dataclass(frozen=True, eq=False)
class Choice:
    """
    What decides the mode of one purpose and segment: P(m) = weight x relative / total.

    `weight` (modes,) is exp of the constants, `parking` (z,) that of the parking price at the
    activity, which only drivers feel; `total` (z, z) is the sum over the modes, 0 where there is
    no way at all.
    """

    weight: Floats
    parking: Floats
    total: Floats

    def part(self, relative: Floats, mode: int) -> Floats:
        """Return the term of one mode (z, z)."""
        term = self.weight[mode] * relative[mode]
        return np.asarray(term * self.parking if mode == CAR else term)

    def logsum(self, top: Floats) -> Floats:
        """Return the composite utility ln(sum of exp) [EUR], -inf where there is no way."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.total) + np.where(self.total > 0, top, 0.0))

    def per_total(self, trips: Floats) -> Floats:
        """Return trips over the sum of the terms: times a term it gives the trips of a mode."""
        return np.divide(trips, self.total, out=np.zeros_like(trips), where=self.total > 0)


def choose(
    costs: Costs, asc: Floats, purpose: str, *, drives: bool, parking_eur: Floats,
    given: Assumptions,
) -> Choice:  # fmt: skip
    """Return the choice of people of one purpose who can drive or cannot."""
    constant = asc.copy()
    constant[PASSENGER] += given[f"demand.passenger_preference.{purpose}"]
    weight = np.exp(constant)
    if not drives:
        weight[CAR] = 0.0
    paid = given[f"demand.parking_paid.{purpose}"]
    half = parking_eur / 2  # one stay, two trips
    parking = 1 - paid + paid * np.exp(-half)
    found = Choice(weight, parking, np.zeros_like(costs.top))
    for mode in range(len(MODES)):
        found.total[...] += found.part(costs.relative, mode)
    return found


def choices(
    zones: ZoneSystem, costs: Costs, asc: Floats, purpose: str, given: Assumptions
) -> tuple[Choice, Choice]:
    """Return the choices of both segments."""
    price = zones.table["parking_eur"].to_numpy(float)
    first, second = (
        choose(costs, asc, purpose, drives=drives, parking_eur=price, given=given)
        for drives in SEGMENTS
    )
    return first, second
