"""Where the trips of one purpose go: to zones of the town, and out of it through the gates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.mobility.demand.gravity import deterrence, furness, singly

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]

DOUBLY = ("work", "education")
"""Purposes whose places are limited: as many go there as there are jobs and desks."""


@dataclass(frozen=True, eq=False)
class Margins:
    """
    What a purpose's trips start from and what draws them: rows (2z,), columns (z,).

    The first half of the rows are people without a car.
    """

    rows: Floats
    columns: Floats


@dataclass(frozen=True, eq=False)
class Level:
    """What the baseline fixes of one purpose; `trips_per_job` is of today's rates."""

    beta: float
    gate_size: float  # attraction of all gates over that of all zones; singly constrained only
    visitors: float  # trips of people from outside into the town; not for work
    trips_per_job: float  # work only
    jobs: Floats  # (z,) as scaled to the town; work only


def margins(
    table: pd.DataFrame, made: Floats, purpose: str, level: Level, given: Assumptions,
    seed: Floats,
) -> Margins:  # fmt: skip
    """
    Return the margins of one purpose from the residents' trips `made` (2, z).

    Work and education are doubly constrained: the share of residents who leave the town is
    assumed, people from outside fill the jobs that are left. For the rest the gates draw with
    `gate_size` beside the zones. Which gates are used follows from the capacity of their roads and
    the ways to them (`seed`); people from outside use the gates as residents do.
    """
    gate = table["is_gate"].to_numpy(bool)
    capacity = _shares(table["weight"].to_numpy(float) * gate)
    weight = _used(seed, made, capacity)
    pull = np.where(gate, 0.0, table[f"attraction_{purpose}"].to_numpy(float))
    if purpose == "work":
        pull = level.jobs
    total, size = float(made.sum()), float(pull.sum())
    is_open = bool(weight.sum() > 0)
    if purpose not in DOUBLY:
        out = level.gate_size if size > 0 else 1.0
        columns = _shares(pull) + (out * capacity if is_open else 0.0)
        return Margins(_rows(made, weight, level.visitors if is_open else 0.0, given), columns)
    leaving = given[_OUTSIDE[purpose]] * total if is_open else 0.0
    inside, coming = total - leaving, level.visitors if is_open else 0.0
    if purpose == "work" and is_open:
        jobs = size * level.trips_per_job
        coming = max(jobs - inside, 0.0)
        inside = min(inside, jobs)
    if size <= 0:
        inside, coming = (0.0, 0.0) if is_open else (total, 0.0)
    columns = _shares(pull) * (inside + coming) + weight * (total - inside)
    return Margins(_rows(made, weight, coming, given), columns)


_OUTSIDE = {"work": "demand.out_commuter_share", "education": "demand.outside_share.education"}


def _used(seed: Floats, made: Floats, capacity: Floats) -> Floats:
    """Return the share of the trips out of town by gate (z,), of residents free to choose."""
    pull = np.einsum("ij,j->i", seed, capacity)
    each = np.divide(made.ravel(), pull, out=np.zeros_like(pull), where=pull > 0)
    used = _shares(capacity * np.einsum("ij,i->j", seed, each))
    return used if used.sum() > 0 else capacity


def _rows(made: Floats, weight: Floats, coming: float, given: Assumptions) -> Floats:
    """Return residents' trips and those of visitors at the gates, without and with a car."""
    drive = given["demand.outside_car_available"]
    visitors = coming * weight
    return np.concatenate([made[0] + (1 - drive) * visitors, made[1] + drive * visitors])


def _shares(values: Floats) -> Floats:
    total = values.sum()
    return np.asarray(values / total if total > 0 else values)


def seed_of(
    logsums: Floats, inside: Floats, beta: float, theta: float, gate: NDArray[np.bool_]
) -> Floats:
    """
    Return the deterrence of both segments, stacked (2z, z), nothing from gate to gate.

    exp(min(beta, theta) x composite utility - max(beta - theta, 0) x km in the town): `theta` is
    how firmly the place is chosen by what the modes offer (a nested choice needs at most 1); what
    beyond it is needed for the lengths of trips goes by distance alone.
    """
    near = np.where(np.isfinite(inside), inside, 0.0) * max(beta - theta, 0.0)
    seed = deterrence(min(beta, theta) * logsums - np.concatenate([near, near]))
    seed[np.ix_(np.concatenate([gate, gate]), gate)] = 0.0
    return seed


def distribute(seed: Floats, wanted: Margins, purpose: str) -> Floats:
    """
    Return trips (2, z, z) from home to the activity; rows that reach nothing stay empty.

    Columns that nobody reaches draw nothing; the others of a doubly constrained purpose are scaled
    to what is left.
    """
    z = len(wanted.columns)
    if purpose not in DOUBLY:
        return singly(seed, wanted.rows, wanted.columns).reshape(2, z, z)
    live = np.einsum("ij,j->i", seed, (wanted.columns > 0).astype(float)) > 0
    rows = np.where(live, wanted.rows, 0.0)
    met = np.einsum("ij,i->j", seed, (rows > 0).astype(float)) > 0
    columns = np.where(met, wanted.columns, 0.0)
    columns = _shares(columns) * rows.sum()
    return furness(seed, rows, columns).matrix.reshape(2, z, z)


def gate_factor(seed: Floats, wanted: Margins, gate: NDArray[np.bool_], share: float) -> float:
    """
    Return by how much the gates' columns must grow for a share of the residents to leave the town.

    Of a singly constrained purpose; 1 where nobody can leave or stay.
    """
    rows = np.where(np.concatenate([gate, gate]), 0.0, wanted.rows)
    out = np.einsum("ij,j->i", seed, np.where(gate, wanted.columns, 0.0))
    inside = np.einsum("ij,j->i", seed, np.where(gate, 0.0, wanted.columns))
    rows = np.where(out + inside > 0, rows, 0.0)
    total, factor = float(rows.sum()), 1.0
    for _ in range(100):
        pull = factor * out
        leave = float((rows * pull / np.where(rows > 0, pull + inside, 1.0)).sum())
        if not 0 < leave < total or abs(leave / total - share) < 1e-9:
            break
        factor *= share / (1 - share) * (total - leave) / leave
        factor = float(np.clip(factor, 1e-9, 1e9))
    return factor


def mean_length(trips: Floats, distance: Floats, gate: NDArray[np.bool_]) -> float:
    """Return the mean length [km] of trips (2, z, z) that stay in the town."""
    inside = trips.sum(axis=0)[np.ix_(~gate, ~gate)]
    km = distance[np.ix_(~gate, ~gate)]
    total = float(inside.sum())
    return float((inside * np.where(inside > 0, km, 0.0)).sum()) / total if total > 0 else 0.0
