"""The chain of travel demand: from people and places to trips by mode and vehicles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.classes import MODES, PURPOSES
from twin.mobility.demand.choice import choices
from twin.mobility.demand.costs import costs_of
from twin.mobility.demand.destination import distribute, margins, seed_of
from twin.mobility.demand.generation import productions
from twin.mobility.demand.vehicles import heavy_share, lorries
from twin.mobility.tables import Demand

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.demand.calibration import Calibration
    from twin.mobility.demand.costs import Costs
    from twin.mobility.demand.destination import Margins
    from twin.mobility.tables import Skims, ZoneSystem

    Floats = NDArray[np.float64]


def demand(zones: ZoneSystem, skims: Skims, calibration: Calibration, given: Assumptions) -> Demand:
    """
    Return the trips of an average workday under these skims.

    `trips` and `vehicles` are from zone to zone, there and back, so the same in both directions;
    `purposes` keep the home (or the gate) in the rows and the activity in the columns. `by_zone`
    has a row for each zone, not for gates. `unserved` counts person trips, of
    residents and visitors, that have no way (`no_way`) or nothing to go to (`no_destination`), and
    vehicles without a way (`through`, `truck`). The same input gives the same answer bit for bit.
    """
    table = zones.table
    costs = costs_of(zones, skims, given)
    made = productions(table, calibration.rate_scale, given)
    jobs = calibration.jobs_now(zones)
    gate = table["is_gate"].to_numpy(bool)
    by_mode = np.zeros((len(MODES), zones.count, zones.count))
    purposes: dict[str, Floats] = {}
    unserved = {"no_way": 0.0, "no_destination": 0.0}
    for place, purpose in enumerate(PURPOSES):
        both = choices(zones, costs, calibration.asc, purpose, given)
        logsums = np.concatenate([choice.logsum(costs.top) for choice in both])
        level = calibration.level(place, jobs, given)
        theta = given[f"demand.place_scale.{purpose}"]
        seed = seed_of(logsums, costs.inside, level.beta, theta, gate)
        wanted = margins(table, made[place], purpose, level, given, seed)
        trips = distribute(seed, wanted, purpose)
        _count_unserved(unserved, trips, wanted)
        purposes[purpose] = trips[0] + trips[1]
        for segment, choice in enumerate(both):
            each = choice.per_total(trips[segment])
            for mode in range(len(MODES)):
                by_mode[mode] += each * choice.part(costs.relative, mode)
    drivers = by_mode[MODES.index("car")]
    vehicles = {
        "car": _both_ways(drivers) + calibration.through * (1 - heavy_share(table)),
        "truck": lorries(table, skims, jobs, given) + calibration.through * heavy_share(table),
    }
    served = {name: _served(matrix, skims, name, unserved) for name, matrix in vehicles.items()}
    trips_by_mode = {mode: _both_ways(by_mode[n]) for n, mode in enumerate(MODES)}
    by_zone = _of_residents(by_mode, costs, table)
    return Demand(zones.ids, trips_by_mode, served, purposes, by_zone, unserved)


def _both_ways(matrix: Floats) -> Floats:
    """Return trips from zone to zone of a matrix from home to activity: half go, half return."""
    return np.asarray((matrix + matrix.T) / 2)


def _count_unserved(unserved: dict[str, float], trips: Floats, wanted: Margins) -> None:
    missing = float(wanted.rows.sum() - trips.sum())
    why = "no_way" if wanted.columns.sum() > 0 else "no_destination"
    unserved[why] += max(missing, 0.0) if missing > 1e-9 * wanted.rows.sum() else 0.0


def _served(matrix: Floats, skims: Skims, name: str, unserved: dict[str, float]) -> Floats:
    """Return vehicles that have a way, and count the others."""
    minutes = skims.minutes.get(name, skims.minutes.get("car"))
    if minutes is None:
        minutes = np.full(matrix.shape, np.inf)
    way = np.isfinite(minutes)
    lost = float(matrix[~way].sum())
    why = "through" if name == "car" else "truck"
    unserved[why] = unserved.get(why, 0.0) + lost
    return np.where(way, matrix, 0.0)


def _of_residents(by_mode: Floats, costs: Costs, table: pd.DataFrame) -> pd.DataFrame:
    """Return what the residents of each zone do in a day, by mode; beyond the gates as well."""
    zone = ~table["is_gate"].to_numpy(bool)
    found = {}
    for place, mode in enumerate(MODES):
        trips = by_mode[place][zone]
        used = trips > 0
        found[f"trips_{mode}"] = trips.sum(axis=1)
        for what, values in (("km", costs.km), ("minutes", costs.minutes)):
            each = np.where(used, values[place][zone], 0.0)
            found[f"{what}_{mode}"] = (trips * each).sum(axis=1)
    return pd.DataFrame(found, index=table.index[zone])
