"""Counted traffic against the flows of the model: by hour, by day, on the map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.errors import ModelError
from twin.mobility.counts import geh
from twin.observed.count_days import HOURS
from twin.observed.fit import GOOD_GEH, Fit, Verdict, fit_of, geh_verdict
from twin.sentences import Sentence, listed, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from twin.observed.count_days import CountProfile

MOTOR = ("car", "truck")
SURE_DAYS = 5
"""Days of counting from which on a count weighs fully in the adjustment (own rule)."""
LEAST_COUNT = 100.0  # vehicles a day; smaller counts do not weigh more, as in twin.mobility.counts


@dataclass(frozen=True, eq=False)
class CountFit:
    """
    Counted against modelled traffic of a weekday.

    `hours`: a row a counter and hour (`counter`, `street`, `hour`, `counted`, `modelled`
    [vehicles/h], `geh`, `is_good`). `counters` (index counter): `street`, `both`, `hours`,
    `counted_day`, `modelled_day` [vehicles over the counted hours], `deviation`,
    `deviation_percent`, `geh_mean`, `good_percent`, and `days` where told. `streets` (index street,
    both directions where both were counted): `deviation_percent`, `geh_mean`, for the map.
    """

    hours: pd.DataFrame
    counters: pd.DataFrame
    streets: pd.DataFrame
    by_hour: Fit
    by_day: Fit
    good_percent: float  # of the hours, GEH below 5
    verdict: Verdict
    left_out: tuple[Sentence, ...]


def hourly_flows(traffic: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """
    Return modelled vehicles an hour of a weekday, by street (index) and hour (columns 0 to 23).

    Parameters
    ----------
    traffic
        `car` and `truck` [vehicles a weekday] by street, the answer `traffic` of `simulate`.
    shares
        `twin.mobility.demand.hour_shares(given)`: the profiles `car` and `truck`.

    Notes
    -----
    The assignment is one of the busiest hour; other hours have its ways and directions and their
    own share of the day.
    """
    total = sum(
        traffic[name].to_numpy(float)[:, None] * shares[name].to_numpy(float)[None, :]
        for name in MOTOR
        if name in traffic
    )
    return pd.DataFrame(total, traffic.index, pd.RangeIndex(HOURS, name="hour"))


def counted_hours(
    profiles: Mapping[str, CountProfile], places: pd.DataFrame, *, kind: str = "weekday"
) -> pd.DataFrame:
    """
    Return the hours of counters as `compare_counts` takes them.

    Parameters
    ----------
    profiles
        By counter.
    places
        By counter: `street`, and `both` (it counts both directions). Others are left out.
    """
    rows = [
        pd.DataFrame({
            "counter": counter, "street": places["street"].loc[counter],
            "both": bool(places["both"].loc[counter]), "hour": profile.hours.index,
            "vehicles": profile.hours[kind].to_numpy(float), "days": profile.days[kind],
        })
        for counter, profile in profiles.items()
        if counter in places.index
    ]  # fmt: skip
    names = ["counter", "street", "both", "hour", "vehicles", "days"]
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=names)


def compare_counts(
    counted: pd.DataFrame, flows: pd.DataFrame, *, reverse: pd.Series | None = None
) -> CountFit:
    """
    Return how the flows of the model fit what was counted, hour by hour.

    Parameters
    ----------
    counted
        A row a counter and hour: `counter`, `street`, `hour` (0 to 23), `vehicles`; `both` where
        it counts both directions, `days` it was counted on. Hours without a value are left out.
    flows
        Vehicles an hour by street and hour, see `hourly_flows`.
    reverse
        By street the one of the other direction (`reverse_id` of the streets table).

    Raises
    ------
    ModelError
        A column is missing, an hour is none, or vehicles are fewer than none.
    """
    table = _checked(counted)
    known = table["street"].isin(flows.index)
    strange = table.loc[~known, "counter"].unique()
    left_out = []
    if len(strange):
        said = say(
            "On no street with modelled traffic ({count}): {counters}",
            count=len(strange),
            counters=listed(map(str, strange)),
        )
        left_out.append(said)
    empty = set(table.loc[known, "counter"]) - set(table.loc[known].dropna()["counter"])
    if empty:
        names = listed(sorted(map(str, empty)))
        left_out.append(
            say("Without a counted hour ({count}): {counters}", count=len(empty), counters=names)
        )
    table = table[known].dropna(subset=["vehicles"]).reset_index(drop=True)
    hours = _hours(table, flows, reverse)
    counters = _counters(hours)
    good = 100.0 * float(hours["is_good"].mean()) if len(hours) else float("nan")
    return CountFit(
        hours,
        counters,
        _streets(counters, reverse),
        fit_of(hours["counted"].to_numpy(), hours["modelled"].to_numpy()),
        fit_of(counters["counted_day"].to_numpy(), counters["modelled_day"].to_numpy()),
        good,
        geh_verdict(hours["geh"].to_numpy()),
        tuple(left_out),
    )


def _checked(counted: pd.DataFrame) -> pd.DataFrame:
    faults = [
        f"no column {name}"
        for name in ("counter", "street", "hour", "vehicles")
        if name not in counted
    ]
    if not faults:
        if not counted["hour"].isin(range(HOURS)).all():
            faults.append("an hour that is not 0 to 23")
        if (counted["vehicles"] < 0).any():
            faults.append("vehicles below 0")
        if counted.duplicated(["counter", "hour"]).any():
            faults.append("an hour of a counter twice")
    if faults:
        template = "The counts cannot be compared: {faults}."
        hint = "Give a row for each counter and hour of the day."
        raise ModelError(template, hint=hint, faults="; ".join(faults))
    both = counted["both"].astype(bool) if "both" in counted else False
    days = counted["days"].astype(float) if "days" in counted else 1.0
    return counted[["counter", "street", "hour"]].assign(
        vehicles=counted["vehicles"].astype(float), both=both, days=days
    )


def _hours(table: pd.DataFrame, flows: pd.DataFrame, reverse: pd.Series | None) -> pd.DataFrame:
    """Return counted and modelled flow of each hour with its GEH."""
    hour = table["hour"].to_numpy(int)
    values = flows.to_numpy(float)
    modelled = values[flows.index.get_indexer(pd.Index(table["street"])), hour]
    if reverse is not None and len(table):
        back = flows.index.get_indexer(pd.Index(_other_side(table["street"], reverse)))
        other = np.where(back >= 0, values[back, hour], 0.0)
        modelled = modelled + np.where(table["both"], other, 0.0)
    counted = table["vehicles"].to_numpy(float)
    each = geh(modelled, counted)
    return table.drop(columns="vehicles").assign(
        counted=counted, modelled=modelled, geh=each, is_good=each < GOOD_GEH
    )


def _other_side(streets: pd.Series, reverse: pd.Series) -> NDArray[np.object_]:
    return streets.map(reverse).to_numpy(object)


def _counters(hours: pd.DataFrame) -> pd.DataFrame:
    """Return days, deviations and GEH of each counter over the hours it has."""
    found = hours.groupby("counter", sort=True).agg(
        street=("street", "first"),
        both=("both", "first"),
        days=("days", "first"),
        hours=("hour", "size"),
        counted_day=("counted", "sum"),
        modelled_day=("modelled", "sum"),
        geh_mean=("geh", "mean"),
        good_percent=("is_good", "mean"),
    )
    off = found["modelled_day"] - found["counted_day"]
    return found.assign(
        good_percent=100.0 * found["good_percent"].astype(float),
        deviation=off,
        deviation_percent=100.0 * off / found["counted_day"].where(found["counted_day"] > 0),
    )


def _streets(counters: pd.DataFrame, reverse: pd.Series | None) -> pd.DataFrame:
    """Return the deviation of each counted street; of several counters on one their mean."""
    each = counters[["street", "deviation_percent", "geh_mean"]]
    if reverse is not None and len(counters):
        twice = each[counters["both"].to_numpy(bool)]
        other = twice.assign(street=_other_side(twice["street"], reverse)).dropna(subset=["street"])
        each = pd.concat([each, other])
    return each.groupby("street")[["deviation_percent", "geh_mean"]].mean()


def adjustment_table(
    profiles: Mapping[str, CountProfile], places: pd.DataFrame, *, reverse: pd.Series | None = None
) -> pd.DataFrame:
    """
    Return counts as the adjustment of the matrix takes them (`twin.simulate.Observed`).

    A row a direction: `counter`, `street`, `vehicles_day` (of a weekday), `weight`. A count of both
    directions is halved, as in `layers.traffic_counts`. The weight is that of GEH, 1 / count, and
    grows with the days counted up to five. Counters without a whole weekday are left out, several
    on one street are averaged by their days.
    """
    rows = [
        (counter, street, vehicles, profile.days["weekday"])
        for counter, profile in profiles.items()
        if counter in places.index and np.isfinite(profile.dtvw)
        for street, vehicles in _sides(places, counter, profile.dtvw, reverse)
    ]
    table = pd.DataFrame(rows, columns=["counter", "street", "vehicles_day", "days"])
    table["part"] = table["vehicles_day"] * table["days"]
    found = table.groupby("street", sort=True).agg(
        counter=("counter", lambda names: ", ".join(map(str, names))),
        part=("part", "sum"),
        days=("days", "sum"),
    )
    vehicles = (found["part"] / found["days"]).astype(float)
    sure = np.minimum(found["days"].astype(float) / SURE_DAYS, 1.0)
    return pd.DataFrame(
        {
            "counter": found["counter"],
            "vehicles_day": vehicles,
            "weight": sure / vehicles.clip(lower=LEAST_COUNT),
        }
    ).reset_index()


def _sides(
    places: pd.DataFrame, counter: str, vehicles: float, reverse: pd.Series | None
) -> list[tuple[str, float]]:
    """Return the streets of a counter with their part of its vehicles."""
    street = str(places["street"].loc[counter])
    is_both = reverse is not None and bool(places["both"].loc[counter])
    other = reverse.get(street) if is_both and reverse is not None else None
    if other is None or pd.isna(other):
        return [(street, vehicles)]
    return [(street, vehicles / 2.0), (str(other), vehicles / 2.0)]
