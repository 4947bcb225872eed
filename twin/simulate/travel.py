"""Stages of travel: trips, and the traffic that makes the ways slower they were chosen by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from twin.classes import VEHICLE_CLASSES
from twin.mobility.assignment import link_times, problem_of, solve, with_vehicles
from twin.mobility.demand import calibrate, demand, hour_shares, peak_hour
from twin.mobility.paths import zone_costs, zone_net, zone_skims
from twin.simulate.observed import correction
from twin.simulate.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.assignment import Equilibrium, Problem
    from twin.mobility.demand import Calibration
    from twin.mobility.paths import ZoneNet
    from twin.mobility.tables import Demand, ModeNetwork, Skims
    from twin.simulate.observed import Correction, Observed
    from twin.simulate.parts import Streets
    from twin.simulate.streets import Ground

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]

FAST = ("motorway", "trunk")
GAP = 1e-6
"""Relative gap of the last assignment; looser ones leave noise in maps of differences."""
ROUGH = 1e-4
"""Relative gap while trips still move."""
ROUNDS = 12
"""Rounds of choosing and driving at most."""
SETTLED = 1e-3
"""Mean change of the minutes by car, in parts of them, that ends the rounds of today."""
CLOSE = 2e-4
"""The same for a scenario: its minutes are those of today but for what traffic changes."""
STEPS = (0.25, 1.0)
"""Least and most part of the way to new minutes that a round of a scenario goes."""


@dataclass(frozen=True, eq=False)
class TravelInputs:
    """Everything travel follows from, besides the assumptions."""

    ground: Ground
    networks: Mapping[str, ModeNetwork]
    free: Skims  # of all modes, those of cars on empty streets


@dataclass(frozen=True, eq=False)
class Travel:
    """
    Trips of a weekday and the traffic of its busiest hour, in agreement with each other.

    `skims` are what the trips were chosen by, `driven` the minutes by car that their traffic gives
    (of a scenario: today's and what its traffic changes);
    `settled` is how far they are apart, on the mean and in parts of them.
    """

    calibration: Calibration
    demand: Demand
    equilibrium: Equilibrium
    skims: Skims
    driven: Floats
    peak_share: float  # of the day in the hour that was assigned
    rounds: int
    settled: float
    correction: Correction | None = None  # where a matrix or counts of today are known


def _free_skims(
    ground: Ground | None,
    car_network: ModeNetwork | None,
    slow_skims: Skims | None,
    motor_streets: Streets,
    given: Assumptions,
) -> Skims | None:
    """Return the skims of all modes, with cars on empty streets; their kilometres stay so."""
    if ground is None or slow_skims is None or car_network is None:
        return None
    network, zones = car_network, ground.zones
    km = network.length_m / 1000
    classes = motor_streets.streets["class"].isin(FAST).to_numpy()
    fast = np.where(network.street >= 0, classes[network.street], False)
    along = {"km": km, "fast": km * fast}
    found = zone_skims(network, network.cost, zones.connectors["car"], zones.count, along=along)
    return replace(
        slow_skims,
        minutes={**slow_skims.minutes, "car": found["cost"] / 60},
        km={**slow_skims.km, "car": found["km"]},
        more={**slow_skims.more, "car_fast_km": found["fast"]},
    )


def _inputs(
    ground: Ground | None,
    car_network: ModeNetwork | None,
    truck_network: ModeNetwork | None,
    free_skims: Skims | None,
    given: Assumptions,
) -> TravelInputs | None:
    """Return what travel follows from; none where there are no zones or streets."""
    if ground is None or free_skims is None or car_network is None or truck_network is None:
        return None
    return TravelInputs(ground, {"car": car_network, "truck": truck_network}, free_skims)


def _travel(
    travel_inputs: TravelInputs | None,
    travel_before: Travel | None,
    observed: Observed,
    given: Assumptions,
) -> Travel | None:
    """
    Return trips and traffic, which make each other, in turns until the minutes by car stay.

    Without `travel_before` the model is fitted to the survey on the way. With it (travel of today)
    its constants hold, and minutes change from those of today by what traffic changes: where
    nothing changes, the trips stay the same to the last bit.
    """
    if travel_inputs is None:
        return None
    if travel_before is None:
        return _first(travel_inputs, observed, given)
    return _next(travel_inputs, travel_before, given)


def _first(inputs: TravelInputs, observed: Observed, given: Assumptions) -> Travel:
    """Return the travel of today; vehicles that somebody has counted take the place of modelled."""
    roads, skims, start = _roads_of(inputs, given), inputs.free, None
    fitted = calibrate(inputs.ground.zones, skims, given)
    for rounds in range(1, ROUNDS + 1):
        if rounds > 1:
            fitted = calibrate(inputs.ground.zones, skims, given, start=fitted)
        trips = demand(inputs.ground.zones, skims, fitted, given)
        start = roads.drive(trips, start, ROUGH)
        driven = roads.minutes(start)
        change = _change(skims.minutes["car"], driven, trips.vehicles["car"])
        if change <= SETTLED:
            break
        skims = _moved(skims, driven, 1.0 if rounds == 1 else 0.5)
    known = None
    if observed.vehicles or observed.counts is not None:

        def drive(day: Demand) -> Equilibrium:
            return roads.drive(day, start, ROUGH)

        known = correction(observed, trips, inputs.networks["car"], drive, given)
        trips = known.of(trips)
    found = roads.drive(trips, start, GAP)
    share = roads.peak_share
    return Travel(fitted, trips, found, skims, roads.minutes(found), share, rounds, change, known)


def _next(inputs: TravelInputs, today: Travel, given: Assumptions) -> Travel:
    """
    Return the travel of a scenario, which starts from that of today.

    Each round moves the minutes by as much as the last one showed to be right (Aitken's rule, as
    Irons and Tuck 1969 have it for vectors): trips answer to minutes far less than the other way
    round, so whole steps nearly hit; where streets are full they would swing, and are cut.
    """
    zones, start, roads = inputs.ground.zones, today.equilibrium, _roads_of(inputs, given)
    minutes = _pivoted(today, roads.minutes(start))
    step, missed = 1.0, np.zeros(0)
    for rounds in range(1, ROUNDS + 1):
        skims = replace(inputs.free, minutes={**inputs.free.minutes, "car": minutes})
        trips = demand(zones, skims, today.calibration, given)
        trips = today.correction.of(trips) if today.correction else trips
        start = roads.drive(trips, start, ROUGH if rounds == 1 else GAP)
        driven = _pivoted(today, roads.minutes(start))
        change = _change(minutes, driven, trips.vehicles["car"])
        if change <= CLOSE:
            break
        before, missed = missed, _missed(minutes, driven)
        if len(before):
            step = _step(step, before, missed, trips.vehicles["car"])
        minutes = _moved_minutes(minutes, driven, step)
    if rounds == 1:
        start = roads.drive(trips, start, GAP)
        driven = _pivoted(today, roads.minutes(start))
    fixed = today.calibration, trips, start
    return Travel(*fixed, skims, driven, roads.peak_share, rounds, change, today.correction)


def _missed(before: Floats, after: Floats) -> Floats:
    """Return by how much minutes moved, 0 where one of the two has no way."""
    there = np.isfinite(before) & np.isfinite(after)
    return np.subtract(after, before, out=np.zeros_like(before), where=there)


def _step(step: float, before: Floats, after: Floats, trips: Floats) -> float:
    """Return which part of the way to go next, from what the last two rounds missed by."""
    turn = after - before
    length = float((trips * turn * turn).sum())
    if length <= 0:
        return step
    wanted = -step * float((trips * before * turn).sum()) / length
    return float(np.clip(wanted, *STEPS))


def _pivoted(today: Travel, driven: Floats) -> Floats:
    """Return the minutes trips of today were chosen by, and what traffic adds to today's."""
    chosen, was = today.skims.minutes["car"], today.driven
    both = np.isfinite(chosen) & np.isfinite(was) & np.isfinite(driven)
    minutes = driven.copy()
    minutes[both] = np.maximum(chosen[both] + (driven[both] - was[both]), 0.0)
    return minutes


@dataclass(eq=False)
class _Roads:
    """The streets of one run of travel: what does not change from round to round is kept."""

    network: ModeNetwork
    net: ZoneNet
    problem: Problem  # with no vehicles
    peak_share: float  # of the day in its busiest hour
    trees: Ints  # of the cheapest ways at the last costs, to start from

    def drive(self, trips: Demand, start: Equilibrium | None, gap: float) -> Equilibrium:
        """Return the traffic of the busiest hour."""
        hour = {name: matrix * self.peak_share for name, matrix in trips.vehicles.items()}
        return solve(with_vehicles(self.problem, hour), gap=gap, start=start)

    def minutes(self, equilibrium: Equilibrium) -> Floats:
        """Return minutes by car from zone to zone in this traffic (z, z)."""
        network = self.network
        times = link_times(equilibrium, network) + (network.cost - network.time_s)
        return zone_costs(network, times, self.net, self.trees) / 60


def _roads_of(inputs: TravelInputs, given: Assumptions) -> _Roads:
    network, zones = inputs.networks["car"], inputs.ground.zones
    none = dict.fromkeys(VEHICLE_CLASSES, np.zeros((zones.count, zones.count)))
    problem = problem_of(network, zones, none, given, trucks=inputs.networks["truck"])
    problem = with_vehicles(problem, none)  # with its small graph
    share = peak_hour(hour_shares(given)["car"].to_numpy())[1]
    net = zone_net(network, zones.connectors["car"], zones.count)
    trees = np.full((zones.count, net.small.nodes), -1, np.int32)
    return _Roads(network, net, problem, share, trees)


def driving(
    inputs: TravelInputs, travel: Travel, given: Assumptions
) -> Callable[[Demand], Equilibrium]:
    """Return what gives the traffic of other vehicles on these streets, starting from this one."""
    roads = _roads_of(inputs, given)
    return lambda trips: roads.drive(trips, travel.equilibrium, ROUGH)


def _change(before: Floats, after: Floats, trips: Floats) -> float:
    """Return by how much of themselves minutes changed, on the mean of the trips."""
    there = np.isfinite(before) & np.isfinite(after) & (trips > 0)
    weight = trips[there]
    total = float((weight * before[there]).sum())
    return float((weight * np.abs(after[there] - before[there])).sum()) / total if total else 0.0


def _moved(skims: Skims, minutes: Floats, step: float) -> Skims:
    """Return the skims with minutes by car part of the way to others."""
    mixed = _moved_minutes(skims.minutes["car"], minutes, step)
    return replace(skims, minutes={**skims.minutes, "car": mixed})


def _moved_minutes(before: Floats, after: Floats, step: float) -> Floats:
    """Return minutes part of the way to others."""
    there = np.isfinite(before) & np.isfinite(after)
    mixed = after.copy()
    mixed[there] = before[there] + step * (after[there] - before[there])
    return mixed


TRAVEL_THEMES = ("network", "assignment", "demand", "transit", "counts")

TRAVEL_STAGES = (
    Stage(
        "free_skims",
        _free_skims,
        ("ground", "car_network", "slow_skims", "motor_streets"),
        ("network",),
    ),
    Stage(
        "travel_inputs",
        _inputs,
        ("ground", "car_network", "truck_network", "free_skims"),
        TRAVEL_THEMES,
    ),
    Stage("travel", _travel, ("travel_inputs", "travel_before", "observed"), TRAVEL_THEMES),
)
