"""What a trip takes and costs by mode, there and back on the mean, up to its far end outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.classes import MODES
from twin.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.tables import Skims, ZoneSystem

    Floats = NDArray[np.float64]
    Places = NDArray[np.intp]

NETWORK = {"walk": "walk", "bike": "bike", "transit": "transit", "car": "car", "passenger": "car"}
"""Mode of the skims each mode of people uses."""


@dataclass(frozen=True, eq=False)
class Costs:
    """
    Utility of each mode from home to the place of the activity (mode, z, z), and what it rests on.

    `relative` is exp(utility - `top`), 0 where the mode has no way; `top` (z, z) is the best
    mode's utility. Constants of mode and purpose and the parking price are not in it. `minutes`
    and `km` hold the way outside the town; `distance` is the shortest of walk, bike and car (else
    that of transit), `inside` the part of it in the town.
    """

    relative: Floats  # (modes, z, z)
    top: Floats
    minutes: Floats
    km: Floats
    distance: Floats
    inside: Floats


def costs_of(zones: ZoneSystem, skims: Skims, given: Assumptions) -> Costs:
    """
    Return the costs of all modes; MODES gives their order.

    U = -(value of time x minutes + money), EUR, damped beyond `demand.damping_km`.

    Raises
    ------
    ModelError
        Skims of another zone system, or with values that cannot be: it names them.
    """
    _check(zones, skims)
    z = zones.count
    km = {mode: _outside(zones, _both(skims.km, mode, z), "km", given) for mode in NETWORK}
    distance = np.minimum(np.minimum(km["walk"], km["bike"]), km["car"])
    outside = _outside(zones, np.zeros((z, z)), "km", given)
    ridden = np.where(np.isfinite(km["transit"]), km["transit"], outside)
    distance = np.where(np.isfinite(distance), distance, ridden)
    km = {mode: np.where(np.isfinite(far), far, distance) for mode, far in km.items()}
    minutes = {
        mode: _outside(zones, _both(skims.minutes, NETWORK[mode], z), NETWORK[mode], given)
        for mode in NETWORK
        if mode != "transit"
    }
    minutes["transit"] = _transit_minutes(zones, skims, minutes["walk"], given)
    felt = _felt(zones, skims, minutes, given)
    driving = given["demand.car_eur_km"] * km["car"]
    money = {
        "car": driving,
        "passenger": driving * given["demand.passenger_pays"],
        "transit": given["demand.transit_eur_trip"] + given["demand.transit_eur_km"] * distance,
    }
    worth = given.by_class("demand.value_of_time")
    loss = np.stack([worth[m] / 60 * felt[m] + money.get(m, 0.0) for m in MODES])
    loss = loss * _damping(distance, given)
    top, relative = _relative(-loss)
    stacked = np.stack([minutes[m] for m in MODES])
    lengths = np.stack([km[m] for m in MODES])
    return Costs(relative, top, stacked, lengths, distance, distance - outside)


def _check(zones: ZoneSystem, skims: Skims) -> None:
    if not zones.ids.equals(skims.ids):
        template = "The skims are for {other} zones and gates, the town has {count}."
        hint = "Work them out for the zones of this town, in their order."
        raise ModelError(template, hint=hint, other=len(skims.ids), count=zones.count)
    tables = {"minutes": skims.minutes, "km": skims.km}
    bad = [
        f"{what} ({mode})"
        for what, table in tables.items()
        for mode, values in table.items()
        if values.shape != (zones.count, zones.count) or not (values >= 0).all()
    ]
    if bad:
        template = "The skims have values that cannot be: {names}."
        hint = "Each is a square table of zones and gates from 0 on; inf where there is no way."
        raise ModelError(template, hint=hint, names=", ".join(bad))


def _both(table: Mapping[str, Floats], mode: str, z: int) -> Floats:
    """Return the mean of there and back; inf where one of them has no way."""
    found = table.get(NETWORK[mode])
    if found is None:
        return np.full((z, z), np.inf)
    return np.asarray((found + found.T) / 2, float)


def _outside(zones: ZoneSystem, inside: Floats, what: str, given: Assumptions) -> Floats:
    """Add the way beyond the gates: kilometres or minutes of a mode."""
    far = zones.table["outside_km"].to_numpy(float)
    if what != "km":
        far = far * 60 / given[f"demand.outside_speed_kmh.{what}"]
    return np.asarray(inside + far[:, None] + far[None, :])


def _transit_minutes(zones: ZoneSystem, skims: Skims, walk: Floats, given: Assumptions) -> Floats:
    """
    Return minutes by public transport; trips out of town go by the best station.

    The station is the zone with rail stops that is reached first (`rail_stops` of the table), else
    the zone the town reaches best; `demand.station_minutes` where there is no timetable.
    """
    minutes = _both(skims.minutes, "transit", zones.count)
    saved = zones.table["hub_minutes"].to_numpy(float)
    less = minutes - saved[:, None] - saved[None, :]
    minutes = np.asarray(np.maximum(less, np.minimum(minutes, 1.0)))
    gate = zones.table["is_gate"].to_numpy(bool)
    if not gate.any():
        return minutes
    far = zones.table["outside_km"].to_numpy(float)
    ride = far * 60 / given["demand.outside_speed_kmh.transit"]
    ride = ride + given["demand.outside_transit_minutes"]
    station = _station(zones, minutes, walk)[0]
    if station is None:
        station = np.full(zones.count, given["demand.station_minutes"])
    minutes = minutes.copy()
    minutes[:, gate] = station[:, None] + ride[None, gate]
    minutes[gate, :] = minutes[:, gate].T
    minutes[np.ix_(gate, gate)] = np.inf
    return minutes


def _station(zones: ZoneSystem, transit: Floats, walk: Floats) -> tuple[Floats | None, Places]:
    """Return minutes to the station each zone uses, by bus or on foot, and its zone: (z,) each."""
    gate = zones.table["is_gate"].to_numpy(bool)
    own = np.arange(zones.count)
    apart = ~np.eye(zones.count, dtype=bool) & ~gate[:, None] & ~gate[None, :]
    if not np.isfinite(transit[apart]).any():
        return None, own
    rail = zones.table.get("rail_stops")
    stations = np.flatnonzero(rail.to_numpy(float) > 0) if rail is not None else own[:0]
    if not len(stations):
        reached = np.where(np.isfinite(transit) & ~gate[:, None], transit, 180.0).sum(axis=0)
        stations = np.array([np.argmin(np.where(gate, np.inf, reached))])
    best = np.minimum(transit[:, stations], walk[:, stations])
    first = np.argmin(best, axis=1)
    return best[own, first], stations[first]


def transit_inside(zones: ZoneSystem, skims: Skims, trips: Floats) -> Floats:
    """
    Return trips by public transport (z, z) with those out of town led to the station they use.

    What buses of the town carry: a trip to a gate is one to the zone of its station, none where
    the station lies in the zone itself. Gates keep no trips.
    """
    z = zones.count
    gate = zones.table["is_gate"].to_numpy(bool)
    station = _station(zones, _both(skims.minutes, "transit", z), _both(skims.minutes, "walk", z))[
        1
    ]
    inside = np.where(gate[:, None] | gate[None, :], 0.0, trips)
    out, back = trips[:, gate].sum(axis=1), trips[gate, :].sum(axis=0)
    for zone in np.flatnonzero(~gate & (station != np.arange(z))):
        inside[zone, station[zone]] += out[zone]
        inside[station[zone], zone] += back[zone]
    return inside


def _felt(
    zones: ZoneSystem, skims: Skims, minutes: dict[str, Floats], given: Assumptions
) -> dict[str, Floats]:
    """Return minutes as they are felt: waiting, transfers, stress of cyclists, parking search."""
    z = zones.count
    search = zones.table["parking_search_min"].to_numpy(float)[None, :] / 2  # there, not back
    felt = {"walk": minutes["walk"], "car": minutes["car"] + search}
    felt["passenger"] = felt["car"]
    wait = _more(skims, "transit_wait", z) * (given["demand.wait_factor"] - 1)
    changes = _more(skims, "transit_transfers", z) * given["demand.transfer_minutes"]
    felt["transit"] = minutes["transit"] + wait + changes
    felt["bike"] = minutes["bike"]
    if "bike_cost" in skims.more:  # generalised minutes of the route
        cost = skims.more["bike_cost"]
        plain = skims.minutes["bike"]
        known = np.isfinite(cost) & np.isfinite(plain)
        extra = np.subtract(cost, plain, out=np.zeros((z, z)), where=known)
        felt["bike"] = felt["bike"] + given["demand.bike_stress_share"] * (extra + extra.T) / 2
    return felt


def _more(skims: Skims, name: str, z: int) -> Floats:
    found = skims.more.get(name)
    if found is None:
        return np.zeros((z, z))
    known = np.where(np.isfinite(found), found, 0.0)
    return np.asarray((known + known.T) / 2)


def _damping(distance: Floats, given: Assumptions) -> Floats:
    """Return by how much costs of long trips count less: (d / d0)^-a beyond d0."""
    start = given["demand.damping_km"]
    far = np.where(np.isfinite(distance), np.maximum(distance, start), start)
    return np.asarray((far / start) ** -given["demand.damping"])


def _relative(utility: Floats) -> tuple[Floats, Floats]:
    """Return the best utility and exp of each against it; what is worse by 600 stays above 0."""
    top = utility.max(axis=0)
    top = np.where(np.isfinite(top), top, 0.0)
    relative = np.exp(np.maximum(utility - top, -600.0))
    relative[~np.isfinite(utility)] = 0.0
    return top, relative
