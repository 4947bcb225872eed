"""What travellers gain or lose between two cases: time and money by the rule of half."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.errors import ModelError
from twin.mobility.effects.kilometres import skim_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.tables import Demand, Skims

    Floats = NDArray[np.float64]
    Case = tuple[Demand, Skims]


@dataclass(frozen=True, eq=False)
class Benefit:
    """
    Gain of travellers a weekday, after against before; losses are negative.

    `by_mode`: `trips_before`, `trips_after`, `hours`, `time_eur` (hours x value of time),
    `money_eur`, `total_eur`, and trips that cannot be valued because their way is lost
    (`lost_way`, trips before) or new (`new_way`, trips after). `by_zone`: `hours`, `total_eur` by
    the zone a trip begins in.
    """

    by_mode: pd.DataFrame
    by_zone: pd.DataFrame


def users_benefit(
    before: Case,
    after: Case,
    given: Assumptions,
    *,
    eur_km: Mapping[str, float] | None = None,
    eur_trip: Mapping[str, tuple[Floats, Floats]] | None = None,
) -> Benefit:
    """
    Return the change of consumers' surplus, 1/2 x (trips before + after) x (cost before - after).

    The rule of half (Tressider et al. 1968; usual in assessments of the Federal plan) holds for
    changes that are small beside the cost; whoever changes mode or aim gains half of the change.

    Parameters
    ----------
    before, after
        Trips and skims of each case, on the same zones.
    eur_km
        Money a kilometre by mode, e.g. `{"car": car_cost_km(given, year)}`.
    eur_trip
        Money a trip from zone to zone by mode, before and after, e.g. parking.
    """
    (demand, skims), (demand_2, skims_2) = before, after
    _same_zones(before, after)
    rows, zones = {}, []
    for mode, trips in demand.trips.items():
        cost = eur_km.get(mode, 0.0) if eur_km else 0.0
        pair = eur_trip.get(mode) if eur_trip else None
        row, by_zone = _of_mode(
            (trips, demand_2.trips[mode]),
            (_minutes(skims, mode), _minutes(skims_2, mode)),
            _money((skims, skims_2), mode, cost, pair),
            given[f"effects.value_of_time.{mode}"],
        )
        rows[mode] = row
        zones.append(by_zone)
    table = pd.DataFrame(sum(zones), index=demand.ids, columns=["hours", "total_eur"])
    return Benefit(pd.DataFrame.from_dict(rows, orient="index"), table)


def _same_zones(before: Case, after: Case) -> None:
    ids = before[0].ids
    if not all(ids.equals(part.ids) for part in (*before, *after)):
        template = "The two cases have different zones: {before} and {after}."
        hint = "Compare cases of the same town and zone system."
        raise ModelError(template, hint=hint, before=len(ids), after=len(after[0].ids))


def _minutes(skims: Skims, mode: str) -> Floats:
    """Return the minutes of a mode; no way where a town has no timetable and rides lead out."""
    if mode == "transit" and mode not in skims.minutes:
        return np.full((len(skims.ids), len(skims.ids)), np.inf)
    return skim_of(skims.minutes, mode)


def _money(
    skims: tuple[Skims, Skims], mode: str, eur_km: float, eur_trip: tuple[Floats, Floats] | None
) -> tuple[Floats | float, Floats | float]:
    first, second = eur_trip or (0.0, 0.0)
    if eur_km == 0.0:
        return first, second
    return (
        skim_of(skims[0].km, mode) * eur_km + first,
        skim_of(skims[1].km, mode) * eur_km + second,
    )


def _of_mode(
    trips: tuple[Floats, Floats],
    minutes: tuple[Floats, Floats],
    money: tuple[Floats | float, Floats | float],
    value_of_time: float,
) -> tuple[dict[str, float], Floats]:
    """Return the sums of one mode, and hours and EUR by the zone of origin."""
    there = [np.isfinite(time) for time in minutes]
    both = there[0] & there[1]
    mean = np.where(both, (trips[0] + trips[1]) / 2.0, 0.0)
    faster = np.zeros_like(mean)
    np.subtract(minutes[0], minutes[1], out=faster, where=both)
    hours = mean * faster / 60.0
    cheaper = np.broadcast_to(np.asarray(money[0], float) - np.asarray(money[1], float), mean.shape)
    euros = mean * np.where(both, cheaper, 0.0)
    total = hours * value_of_time + euros
    row = {
        "trips_before": float(trips[0].sum()),
        "trips_after": float(trips[1].sum()),
        "hours": float(hours.sum()),
        "time_eur": float(hours.sum()) * value_of_time,
        "money_eur": float(euros.sum()),
        "total_eur": float(total.sum()),
        "lost_way": float(trips[0][there[0] & ~there[1]].sum()),
        "new_way": float(trips[1][there[1] & ~there[0]].sum()),
    }
    return row, np.column_stack([hours.sum(axis=1), total.sum(axis=1)])
