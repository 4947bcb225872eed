"""Fitting the model of demand to a town's survey, once on its baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.classes import MODES, PURPOSES
from twin.errors import ModelError
from twin.mobility.demand.choice import choices
from twin.mobility.demand.costs import costs_of
from twin.mobility.demand.destination import (
    DOUBLY,
    Level,
    distribute,
    gate_factor,
    margins,
    mean_length,
    seed_of,
)
from twin.mobility.demand.generation import productions, rate_scale, trips_per_job
from twin.mobility.demand.gravity import hyman
from twin.mobility.demand.jobs import scaled_jobs
from twin.mobility.demand.vehicles import through_traffic

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.demand.choice import Choice
    from twin.mobility.demand.costs import Costs
    from twin.mobility.tables import Skims, ZoneSystem

    Floats = NDArray[np.float64]

BOUNDS = (0.02, 4.0)
"""Of the deterrence parameter; where it ends at one, the wanted length cannot be had."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """
    What the baseline fixes; later demand follows from it and the skims alone.

    `asc` (modes,) are constants in EUR; `beta`, `gate_size`, `visitors`, `length_km` and
    `length_target_km` are by purpose; `shares` (modes,) are those of the residents' trips reached,
    `targets` those wanted. `jobs_today` (z,) are those `jobs_of` finds, `jobs_scale` how many
    each of them stands for, `rate_scale` factor on the table of trip rates. `through` (z, z) are
    vehicles a day, lorries among them.
    """

    ids: pd.Index[str]
    asc: Floats
    beta: Floats
    gate_size: Floats
    visitors: Floats
    jobs_today: Floats
    jobs_scale: float
    rate_scale: float
    through: Floats
    shares: Floats
    targets: Floats
    length_km: Floats
    length_target_km: Floats
    rounds: int

    def level(self, place: int, jobs: Floats, given: Assumptions) -> Level:
        """Return what is fixed of the purpose at this place of PURPOSES."""
        return Level(
            float(self.beta[place]), float(self.gate_size[place]), float(self.visitors[place]),
            trips_per_job(self.rate_scale, given), jobs,
        )  # fmt: skip

    def jobs_now(self, zones: ZoneSystem) -> Floats:
        """
        Return the jobs of each zone (z,), see `scaled_jobs`.

        Raises
        ------
        ModelError
            Zones other than those it was fitted to.
        """
        if not zones.ids.equals(self.ids):
            template = (
                "The demand was calibrated for {other} zones and gates, the town has {count}."
            )
            hint = "Calibrate it again for the zones of this town."
            raise ModelError(template, hint=hint, other=len(self.ids), count=zones.count)
        jobs = zones.table["attraction_work"].to_numpy(float)
        return scaled_jobs(jobs, self.jobs_today, self.jobs_scale)


@dataclass(eq=False)
class _Fit:
    """What moves while the calibration looks for it."""

    asc: Floats
    beta: Floats
    gate_size: Floats
    visitors: Floats
    jobs_today: Floats
    jobs_scale: float
    trips_per_job: float
    length: Floats
    target: Floats

    def level(self, place: int) -> Level:
        """Return one purpose as it stands."""
        return Level(
            float(self.beta[place]), float(self.gate_size[place]), float(self.visitors[place]),
            self.trips_per_job, self.jobs_today * self.jobs_scale,
        )  # fmt: skip


def target_shares(available: NDArray[np.bool_], given: Assumptions) -> Floats:
    """Return the wanted shares of MODES; those without any way give theirs to the rest."""
    wanted = given.by_class("demand.mode_share")
    drivers = wanted["car_all"] / max(given["demand.car_occupancy"], 1.0)
    shares = {**wanted, "car": drivers, "passenger": wanted["car_all"] - drivers}
    found = np.array([shares[mode] for mode in MODES]) * available
    total = found.sum()
    return np.asarray(found / total if total > 0 else found)


def calibrate(
    zones: ZoneSystem, skims: Skims, given: Assumptions, *, start: Calibration | None = None
) -> Calibration:
    """
    Fit constants of the modes, deterrence by purpose and the pull of the gates to the baseline.

    Each round fits deterrence and gates by purpose under the present constants, then moves each
    constant by ln(wanted share / share). Ends when no share is off by more than 0.001 points, when
    they stay as they are, or after 60 rounds; what was reached is in the answer. `start` is one
    fitted before, to skims a little different: it saves rounds, and its through traffic stays.
    """
    table = zones.table
    if start is not None and not start.ids.equals(zones.ids):
        start = None
    costs = costs_of(zones, skims, given)
    scale = rate_scale(table, given)
    made = productions(table, scale, given)
    resident = ~table["is_gate"].to_numpy(bool)
    targets = target_shares(_available(costs, table["is_gate"].to_numpy(bool)), given)
    fit = _start(table, made, trips_per_job(scale, given), given)
    if start is not None:
        fit.asc, fit.beta, fit.gate_size = (
            start.asc.copy(),
            start.beta.copy(),
            start.gate_size.copy(),
        )
    shares, rounds = np.zeros(len(MODES)), 0
    for rounds in range(1, 61):  # noqa: B007 - the number of rounds is told
        trips = np.zeros(len(MODES))
        for place in range(len(PURPOSES)):
            trips += _fit_purpose(fit, place, zones, (costs, made, resident), given)
        last, shares = shares, trips / max(float(trips.sum()), 1e-300)
        if min(float(np.abs(shares - other).max()) for other in (targets, last)) < 1e-5:
            break
        _move(fit.asc, shares, targets)
    through = through_traffic(table, skims, given) if start is None else start.through
    return Calibration(
        zones.ids, fit.asc, fit.beta, fit.gate_size, fit.visitors, fit.jobs_today, fit.jobs_scale,
        scale, through, shares, targets, fit.length, fit.target, rounds,
    )  # fmt: skip


def _available(costs: Costs, gate: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which modes have any way for residents: (modes,)."""
    return np.array([bool(part[~gate].any()) for part in costs.relative])


def _move(asc: Floats, shares: Floats, targets: Floats) -> None:
    """Move the constants towards the wanted shares; the first mode with a share stays at 0."""
    both = (shares > 0) & (targets > 0)
    asc[both] = np.clip(asc[both] + np.log(targets[both] / shares[both]), -20, 20)
    if both.any():
        asc[both] -= asc[np.flatnonzero(both)[0]]


def _start(table: pd.DataFrame, made: Floats, per_job: float, given: Assumptions) -> _Fit:
    """Return where the fit begins; jobs and visitors are settled here."""
    n = len(PURPOSES)
    is_open = float(table["weight"].sum()) > 0
    visitors, gate_size = np.zeros(n), np.zeros(n)
    for place, purpose in enumerate(PURPOSES[1:], start=1):
        share = given[f"demand.outside_share.{purpose}"] if is_open else 0.0
        gate_size[place] = share / max(1 - share, 1e-9)
        leaving = float(made[place].sum()) * share
        visitors[place] = leaving * given[f"demand.visitor_ratio.{purpose}"]
    scale = _jobs_scale(table, float(made[0].sum()), per_job, given)
    return _Fit(
        given.array("demand.asc_start", MODES), np.full(n, 0.5), gate_size, visitors,
        table["attraction_work"].to_numpy(float), scale, per_job, np.zeros(n), np.zeros(n),
    )  # fmt: skip


def _jobs_scale(table: pd.DataFrame, work: float, per_job: float, given: Assumptions) -> float:
    """Return jobs for each that area and use give: 1 where the town's number is known."""
    jobs = float(table["attraction_work"].sum())
    if given["demand.jobs_total"] > 0 or jobs <= 0 or work <= 0:
        return 1.0
    held = work * (1 - given["demand.out_commuter_share"])
    return held / max(1 - given["demand.in_commuter_share"], 0.01) / (jobs * per_job)


def _fit_purpose(
    fit: _Fit, place: int, zones: ZoneSystem, known: tuple[Costs, Floats, NDArray[np.bool_]],
    given: Assumptions,
) -> Floats:  # fmt: skip
    """Fit one purpose under the present constants; return residents' trips by mode."""
    costs, made, resident = known
    purpose, table = PURPOSES[place], zones.table
    both = choices(zones, costs, fit.asc, purpose, given)
    logsums = np.concatenate([choice.logsum(costs.top) for choice in both])
    theta = given[f"demand.place_scale.{purpose}"]
    last: dict[float, Floats] = {}

    lengths: dict[float, float] = {}

    def length(beta: float) -> float:
        if beta not in lengths:
            seed = seed_of(logsums, costs.inside, beta, theta, ~resident)
            last[beta] = _spread(fit, place, seed, (table, made[place]), given)
            lengths[beta] = mean_length(last[beta], costs.distance, ~resident)
        return lengths[beta]

    if fit.target[place] == 0:
        free = given["demand.longest_of_free"] * length(1e-6)
        fit.target[place] = min(given[f"demand.length_inside.{purpose}"], free)
    beta = float(fit.beta[place])
    if resident.sum() > 1:  # one zone has one length
        beta = hyman(length, fit.target[place], beta, bounds=BOUNDS, tolerance=1e-3)
    fit.beta[place], fit.length[place] = beta, length(beta)
    return _by_mode(last[beta], both, costs, resident)


def _spread(
    fit: _Fit, place: int, seed: Floats, known: tuple[pd.DataFrame, Floats], given: Assumptions
) -> Floats:
    """Return the trips of a purpose; the gates pull as many residents as are assumed to leave."""
    table, made = known
    purpose = PURPOSES[place]
    wanted = margins(table, made, purpose, fit.level(place), given, seed)
    if purpose not in DOUBLY:
        gate = table["is_gate"].to_numpy(bool)
        share = given[f"demand.outside_share.{purpose}"]
        size = fit.gate_size[place] * gate_factor(seed, wanted, gate, share)
        fit.gate_size[place] = np.clip(size, 1e-9, 1e9) if gate.any() else 0.0
        wanted = margins(table, made, purpose, fit.level(place), given, seed)
    return distribute(seed, wanted, purpose)


def _by_mode(
    trips: Floats, both: tuple[Choice, Choice], costs: Costs, resident: NDArray[np.bool_]
) -> Floats:
    """Return the residents' trips by mode."""
    found = np.zeros(len(MODES))
    for segment, choice in enumerate(both):
        each = choice.per_total(trips[segment])
        for mode in range(len(MODES)):
            rows = np.einsum("ij,ij->i", each, choice.part(costs.relative, mode))
            found[mode] += rows[resident].sum()
    return found
