"""A trip from A to B: what each mode offers, in minutes, kilometres, euros and grams of CO2."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from twin.errors import ModelError
from twin.mobility.accessibility.rides import Leg, transit_legs
from twin.mobility.accessibility.routes import route
from twin.mobility.network import meet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.accessibility.rides import Transit
    from twin.mobility.accessibility.routes import Route
    from twin.mobility.tables import Access, ModeNetwork

    Floats = NDArray[np.float64]
    Modes = Mapping[str, ModeNetwork]

HIGH_STRESS = 3  # of STRESS: from here on many people do not want to ride
LEG_COLUMNS = ["option", "number", "leg", "minutes", "km", "line", "from_stop", "to_stop"]
COLUMNS = ["minutes", "km", "cost_eur", "co2e_g", "stress_share", "transfers"]


@dataclass(frozen=True, eq=False)
class Option:
    """What one mode offers; nothing but the mode where there is no way."""

    mode: str
    legs: tuple[Leg, ...] = ()
    minutes: float = np.inf
    km: float = np.nan
    cost_eur: float = np.nan
    co2e_g: float = np.nan
    stress_share: float = np.nan  # of the length, on streets of level 3 and 4; bike only
    transfers: float = np.nan


@dataclass(frozen=True, eq=False)
class Options:
    """All modes, in the order walk, bike, transit, car, as far as they were asked for."""

    by_mode: Mapping[str, Option]
    crs: object

    def table(self) -> pd.DataFrame:
        """Return a row a mode with minutes, km, cost, CO2e, share with high stress, transfers."""
        rows = {m: [getattr(o, name) for name in COLUMNS] for m, o in self.by_mode.items()}
        return pd.DataFrame.from_dict(rows, orient="index", columns=COLUMNS, dtype=float)

    def legs(self) -> gpd.GeoDataFrame:
        """Return a row a leg: option, leg (walk, bike, car or class of line), times, geometry."""
        rows = [
            {
                "option": option.mode, "number": number, "leg": leg.mode, "minutes": leg.minutes,
                "km": leg.km, "line": leg.line_id, "from_stop": leg.from_stop,
                "to_stop": leg.to_stop, "geometry": leg.geometry,
            }
            for option in self.by_mode.values()
            for number, leg in enumerate(option.legs, 1)
        ]  # fmt: skip
        names = [*LEG_COLUMNS, "geometry"]
        return gpd.GeoDataFrame(
            pd.DataFrame(rows, columns=names), geometry="geometry", crs=self.crs
        )


def trip(  # noqa: PLR0913  all that a trip may meet
    networks: Modes,
    times: Mapping[str, ArrayLike],
    a_xy: Sequence[float],
    b_xy: Sequence[float],
    given: Assumptions,
    *,
    stress: pd.Series[float] | None = None,
    transit: Transit | None = None,
    departure_s: int = 8 * 3600,
    parking_eur: float | None = None,
    crs: object = None,
) -> Options:
    """
    Return what each mode offers for one trip.

    Parameters
    ----------
    networks
        By mode walk, bike, car; a mode that is not in it is not answered.
    times
        Seconds by link where not those of the network: a congested time for cars. Closed: inf.
    a_xy, b_xy
        Places [m] in the CRS of the streets, within `network.meet_distance` of a street.
    stress
        Level of traffic stress by street id, for the share of the bike's way with level 3 or 4.
    transit
        Timetable, stops and lines (`Transit`); needs the walking network. None: no transit.
    departure_s
        Seconds after midnight, for the timetable.
    parking_eur
        At B; `accessibility.parking_eur` where not given.

    Raises
    ------
    ModelError
        A point lies too far from every street of every mode; both points are named.
    """
    xy = np.array([a_xy, b_xy], float)
    ends = {mode: meet(net, xy, pd.Index(["a", "b"]), given) for mode, net in networks.items()}
    check_points(ends, xy, given)
    found = {
        mode: _on_streets(networks[mode], times.get(mode), (ends[mode], xy), given, more)
        for mode, more in (("walk", {}), ("bike", {"stress": stress}))
        if mode in networks
    }
    if transit is not None and "walk" in networks:
        walk = networks["walk"]
        found["transit"] = _by_transit(walk, transit, (ends["walk"], xy), departure_s, given)
    if "car" in networks:
        price = given["accessibility.parking_eur"] if parking_eur is None else parking_eur
        option = _on_streets(networks["car"], times.get("car"), (ends["car"], xy), given, {})
        found["car"] = dataclasses.replace(option, cost_eur=option.cost_eur + price)
    return Options(found, crs)


def check_points(ends: Mapping[str, Access], xy: Floats, given: Assumptions) -> None:
    """Raise one `ModelError` for points too far from the streets of every mode."""
    met = np.any([access.street >= 0 for access in ends.values()], axis=0)
    wrong = [f"{x:.0f} {y:.0f}" for x, y in xy[~met]]
    if wrong:
        template = "There is no street within {metres} m of {points}."
        hint = "Choose points inside the city, near a street or path."
        metres = given["network.meet_distance"]
        raise ModelError(template, hint=hint, metres=metres, points=", ".join(wrong))


def _on_streets(
    network: ModeNetwork,
    times: ArrayLike | None,
    ends: tuple[Access, Floats],
    given: Assumptions,
    more: Mapping[str, pd.Series[float] | None],
) -> Option:
    """Return what walking, riding or driving oneself offers."""
    mode = network.mode
    seconds = network.time_s if times is None else np.asarray(times, np.float64)
    extra = network.cost - network.time_s  # stress, climbing, streets for residents only
    found = route(network, seconds, *ends, costs=np.maximum(seconds + extra, 0.0))
    if found is None:
        return Option(mode)
    minutes = found.seconds / 60 + _minutes_besides(mode, given)
    km = found.metres / 1000
    leg = Leg(mode, minutes, km, found.line)
    cost = km * given["accessibility.car_eur_km"] if mode == "car" else 0.0
    grams = km * given[f"accessibility.co2e_g_pkm.{mode}"]
    share = _stress_share(network, found, more.get("stress"))
    return Option(mode, (leg,), minutes, km, cost, grams, share)


def _minutes_besides(mode: str, given: Assumptions) -> float:
    """Return the minutes for parking and unlocking."""
    if mode == "car":
        return given["accessibility.parking_minutes"]
    return given["accessibility.bike_minutes"] if mode == "bike" else 0.0


def _stress_share(network: ModeNetwork, found: Route, stress: pd.Series[float] | None) -> float:
    """Return the share of the way that runs on streets of high stress; missing where not known."""
    if stress is None or not found.metres_by_street.sum() > 0:
        return float("nan")
    level = stress.reindex(network.street_ids[found.streets]).to_numpy(float)
    high = found.metres_by_street[level >= HIGH_STRESS].sum()
    return float(high / found.metres_by_street.sum())


def _by_transit(
    network: ModeNetwork,
    transit: Transit,
    ends: tuple[Access, Floats],
    departure_s: int,
    given: Assumptions,
) -> Option:
    """Return what public transport offers; the first wait counts, as the departure is given."""
    legs = transit_legs(network, transit, *ends, departure_s, given)
    if not legs:
        return Option("transit")
    minutes = (legs[-1].arrival_s - departure_s) / 60
    rides = [leg for leg in legs if leg.mode != "walk"]
    by_class = given.by_class("accessibility.co2e_g_pkm")
    grams = sum(leg.km * by_class.get(leg.mode, by_class["other"]) for leg in rides)
    km, fare = sum(leg.km for leg in legs), given["accessibility.fare_eur"]
    return Option("transit", legs, minutes, km, fare, grams, transfers=len(rides) - 1)


def compare_trips(before: Options, after: Options) -> pd.DataFrame:
    """
    Return a row a mode and figure: before, after, difference (missing where one has no way).

    Minutes of a mode without a way are inf.
    """
    old, new = before.table(), after.table()
    modes = old.index.union(new.index, sort=False)
    index = pd.MultiIndex.from_product([modes, COLUMNS], names=["mode", "figure"])
    was, becomes = (table.reindex(modes).to_numpy(float).ravel() for table in (old, new))
    both = np.isfinite(was) & np.isfinite(becomes)
    change = np.subtract(becomes, was, out=np.full(len(was), np.nan), where=both)
    return pd.DataFrame({"before": was, "after": becomes, "difference": change}, index)
