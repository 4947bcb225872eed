"""Stages of travel: trips, and the traffic that makes the ways slower they were chosen by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from twin.mobility.assignment import link_times, problem_of, solve
from twin.mobility.demand import calibrate, demand, hour_shares, peak_hour
from twin.mobility.paths import zone_skims
from twin.mobility.tables import Skims
from twin.simulate.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.assignment import Equilibrium
    from twin.mobility.demand import Calibration
    from twin.mobility.tables import Demand, ModeNetwork
    from twin.simulate.streets import Ground

    Floats = NDArray[np.float64]

GAP = 1e-6
"""Relative gap of the last assignment; looser ones leave noise in maps of differences."""
ROUGH = 1e-4
"""Relative gap while trips still move."""
ROUNDS = 12
"""Rounds of choosing and driving at most."""
SETTLED = 1e-3
"""Mean change of the minutes by car, in parts of them, that ends the rounds."""


@dataclass(frozen=True, eq=False)
class TravelInputs:
    """Everything travel follows from, besides the assumptions."""

    ground: Ground
    networks: Mapping[str, ModeNetwork]
    slow: Skims  # all modes but cars


@dataclass(frozen=True, eq=False)
class Travel:
    """
    Trips of a weekday and the traffic of its busiest hour, in agreement with each other.

    `settled` is the mean change of the minutes by car in the last round, in parts of them.
    """

    calibration: Calibration
    demand: Demand
    equilibrium: Equilibrium
    skims: Skims
    peak_share: float  # of the day in the hour that was assigned
    rounds: int
    settled: float


def _inputs(
    ground: Ground | None, networks: dict[str, ModeNetwork], slow_skims: Skims | None,
    given: Assumptions,
) -> TravelInputs | None:  # fmt: skip
    """Return what travel follows from; none where there are no zones or streets."""
    if ground is None or slow_skims is None:
        return None
    return TravelInputs(ground, networks, slow_skims)


def _travel(
    travel_inputs: TravelInputs | None, travel_before: Travel | None, given: Assumptions
) -> Travel | None:
    """
    Return trips and traffic; with `travel_before` (of today) they start from there.

    Trips follow from the minutes of the round before, averaged over the rounds, until these stay
    as they are; then traffic is brought to its equilibrium. Today's constants of the modes and
    today's pull of the aims hold for every scenario.
    """
    if travel_inputs is None:
        return None
    if travel_before is None:
        times = travel_inputs.networks["car"].time_s
        skims = with_cars(travel_inputs, times)
        return _settle(travel_inputs, None, skims, None, given)
    equilibrium = travel_before.equilibrium
    known = link_times(equilibrium, travel_inputs.networks["car"])
    skims = with_cars(travel_inputs, known)
    return _settle(travel_inputs, travel_before.calibration, skims, equilibrium, given)


def _settle(
    inputs: TravelInputs,
    fixed: Calibration | None,
    skims: Skims,
    start: Equilibrium | None,
    given: Assumptions,
) -> Travel:
    """Choose and drive in turns until the minutes stay."""
    zones, network = inputs.ground.zones, inputs.networks["car"]
    share = peak_hour(hour_shares(given)["car"].to_numpy())[1]
    change, rounds = np.inf, 0
    while change > SETTLED and rounds < ROUNDS:
        rounds += 1
        calibration = fixed or calibrate(zones, skims, given)
        trips = demand(zones, skims, calibration, given)
        hour = {name: matrix * share for name, matrix in trips.vehicles.items()}
        problem = problem_of(network, zones, hour, given, trucks=inputs.networks["truck"])
        start = solve(problem, gap=ROUGH, start=start)
        driven = with_cars(inputs, link_times(start, network))
        change = _change(skims, driven, trips.vehicles["car"])
        skims = _between(skims, driven, 1.0 if rounds == 1 else 0.5)
    found = solve(problem, gap=GAP, start=start)
    return Travel(calibration, trips, found, skims, share, rounds, change)


def with_cars(inputs: TravelInputs, times: Floats) -> Skims:
    """Return the skims with those of cars and lorries at these times by link of the network [s]."""
    slow, zones = inputs.slow, inputs.ground.zones
    network = inputs.networks["car"]
    found = zone_skims(
        network, times, zones.connectors["car"], zones.count, along={"km": network.length_m / 1000}
    )
    return replace(
        slow,
        minutes={**slow.minutes, "car": found["cost"] / 60},
        km={**slow.km, "car": found["km"]},
    )


def _change(one: Skims, other: Skims, trips: Floats) -> float:
    """Return by how much of themselves the minutes by car changed, on the mean of the trips."""
    before, after = one.minutes["car"], other.minutes["car"]
    there = np.isfinite(before) & np.isfinite(after) & (trips > 0)
    weight = trips[there]
    total = float((weight * before[there]).sum())
    return float((weight * np.abs(after[there] - before[there])).sum()) / total if total else 0.0


def _between(one: Skims, other: Skims, step: float) -> Skims:
    """Return the skims with minutes of cars part of the way from one to the other."""
    before, after = one.minutes["car"], other.minutes["car"]
    there = np.isfinite(before) & np.isfinite(after)
    mixed = after.copy()
    mixed[there] = before[there] + step * (after[there] - before[there])
    return replace(other, minutes={**other.minutes, "car": mixed})


TRAVEL_THEMES = ("network", "assignment", "demand", "transit")

TRAVEL_STAGES = (
    Stage("travel_inputs", _inputs, ("ground", "networks", "slow_skims"), TRAVEL_THEMES),
    Stage("travel", _travel, ("travel_inputs", "travel_before"), TRAVEL_THEMES, room=6),
)
