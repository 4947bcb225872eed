"""Vehicles on the streets that no resident's survey knows: through traffic and lorries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.mobility.demand.gravity import furness

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.tables import Skims

    Floats = NDArray[np.float64]


THROUGH_KM = 12.0
"""Ways between gates as long as this are as likely as longer ones [km]."""


def through_traffic(table: pd.DataFrame, skims: Skims, given: Assumptions) -> Floats:
    """
    Return vehicles a day from gate to gate (z, z), lorries among them.

    Each gate sends and takes `through` of the table, less where no way on is as fast as such roads
    are: the rest goes round the town outside. Of the other gates those count that are reached fast
    and lie across the town; with `car_fast_km` of the skims (kilometres on motorways and trunk
    roads) who comes by motorway goes on by motorway. None turns back through its own gate, none has
    more than all others together. A doubly constrained model on assumed attraction, no survey.
    """
    gate = np.flatnonzero(table["is_gate"].to_numpy(bool))
    found = np.zeros((len(table), len(table)))
    if len(gate) < 2 or "car" not in skims.km or "car" not in skims.minutes:
        return found
    outer = table.iloc[gate]
    pairs = np.ix_(gate, gate)
    fast = _fastness(outer, skims.km["car"][pairs], skims.minutes["car"][pairs], given)
    if "car_fast_km" in skims.more:
        fast = fast * _stays_fast(skims.more["car_fast_km"][pairs], skims.km["car"][pairs])
    wanted = _limited(outer["through"].to_numpy(float) * fast.max(axis=1))
    matrix = furness(fast * _across(outer), wanted, wanted, tolerance=1e-6).matrix
    found[pairs] = (matrix + matrix.T) / 2
    return found


def _fastness(gates: pd.DataFrame, km: Floats, minutes: Floats, given: Assumptions) -> Floats:
    """Return 0 to 1 by pair: speed over that which both roads let expect, to a power."""
    there = np.isfinite(minutes) & np.isfinite(km) & np.isfinite(minutes.T) & (minutes > 0)
    hours = np.where(there, (minutes + minutes.T) / 120, 1.0)
    speed = np.where(there, (km + km.T) / 2, 0.0) / np.maximum(hours, 1e-9)
    wished = gates["through_kmh"].to_numpy(float)
    part = np.minimum(speed / np.minimum(wished[:, None], wished[None, :]), 1.0)
    np.fill_diagonal(part, 0.0)
    return np.asarray(part ** given["demand.through_sharpness"])


def _stays_fast(fast: Floats, km: Floats) -> Floats:
    """Return by pair of gates how much through traffic follows its way, 0.01 to 1."""
    there = np.isfinite(fast) & np.isfinite(km) & (km > 0)
    share = np.divide(fast, km, out=np.zeros_like(km), where=there)
    both = np.clip((share + share.T) / 2, 0.0, 1.0)
    np.fill_diagonal(both, 0.0)
    by_motorway = both.max(axis=1) > 0.5  # a gate on a fast road: some way from it stays on one
    either = by_motorway[:, None] | by_motorway[None, :]
    return np.where(either, np.maximum(both**4, 0.01), 1.0)


def _across(gates: pd.DataFrame) -> Floats:
    """Return 0.1 for gates on one side of the town up to 1.1 for those opposite."""
    x, y = (gates[name].to_numpy(float) - gates[name].mean() for name in ("x", "y"))
    angle = np.arctan2(y, x)
    return np.asarray(0.1 + (1 - np.cos(angle[:, None] - angle[None, :])) / 2)


def _limited(wanted: Floats) -> Floats:
    """Return volumes of which none is above what the others can send."""
    if len(wanted) == 2:
        return np.full(2, wanted.min())
    rest = wanted.sum() - wanted
    return np.asarray(np.minimum(wanted, 0.95 * rest))


def heavy_share(table: pd.DataFrame) -> Floats:
    """Return the share of lorries in through traffic from each gate to each other (z, z)."""
    share = table["through_heavy"].to_numpy(float)
    return np.asarray((share[:, None] + share[None, :]) / 2)


def lorries(table: pd.DataFrame, skims: Skims, jobs: Floats, given: Assumptions) -> Floats:
    """
    Return lorry trips a day from and to the jobs (z,) of the town (z, z), the same both ways.

    Trips start by jobs of a sector; a share goes out through the gates by their capacity, the rest
    to other zones by what these send, falling with e over `demand.truck_length_km`.
    """
    gate = table["is_gate"].to_numpy(bool)
    rate = given.by_class("demand.truck_trips_per_job")
    made = np.zeros(len(table))
    for sector in rate:
        made += rate[sector] * table[f"jobs_{sector}"].to_numpy(float)
    found = table["jobs"].to_numpy(float)
    made *= np.divide(jobs, found, out=np.zeros_like(jobs), where=found > 0)
    weight = table["weight"].to_numpy(float) * gate
    out = given["demand.truck_outside_share"] if weight.sum() > 0 else 0.0
    leaving = made[:, None] * out * weight / max(float(weight.sum()), 1e-300)
    km = skims.km.get("truck", skims.km.get("car"))
    far = np.full((len(table), len(table)), np.inf) if km is None else (km + km.T) / 2
    seed = np.exp(-np.where(np.isfinite(far), far, 0.0) / given["demand.truck_length_km"])
    seed = seed * (made[:, None] > 0) * (made[None, :] > 0)
    inside = furness(seed, made * (1 - out), made * (1 - out), tolerance=1e-6).matrix
    return np.asarray((inside + inside.T) / 2 + leaving + leaving.T)
