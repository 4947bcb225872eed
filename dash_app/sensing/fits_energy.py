"""Measured loads of heat and electricity against their Baublock, yield of the sun against roofs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import pandas as pd

from dash_app.sensing.places import places_of
from layers.sensors.quality import DOUBTFUL
from layers.sensors.units import conversion
from twin.errors import TwinError
from twin.observed.count_days import full_hours
from twin.observed.loads import LoadFit, block_hours, compare_load
from twin.observed.weather import (
    Corrected,
    base_of_summer,
    corrected_demand,
    degree_days_over,
    reference_means,
)
from twin.sentences import Sentence, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dash_app.sensing.seen import Seen
    from twin.city import City
    from twin.simulate.results import YearResults

Kind = Literal["heat", "electricity", "pv"]

KINDS: Mapping[str, Kind] = {
    "heat_power": "heat",
    "heat_energy": "heat",
    "heat_meter": "heat",
    "electric_power": "electricity",
    "electric_energy": "electricity",
    "electric_meter": "electricity",
    "pv_power": "pv",
}
"""What a measured property is compared with."""

LEAST_HOURS = 7 * 24
"""Hours on days as warm as days of the model, for heat to be compared by temperature."""


@dataclass(frozen=True, eq=False)
class MeasuredLoad:
    """One measured load, what of the model it is compared with, and how well that fits."""

    number: int
    name: str
    kind: Kind
    block: str  # key of the Baublock; "" for the sun
    fit: LoadFit
    assumed: bool = False  # that it measures the whole Baublock is concluded from its place
    corrected: Corrected | None = None  # heat without the weather


@dataclass(frozen=True, eq=False)
class EnergyFit:
    """Loads that can be compared, and why others cannot."""

    loads: tuple[MeasuredLoad, ...]
    left_out: tuple[Sentence, ...]


def loads_of(streams: Mapping[int, Seen]) -> dict[int, Seen]:
    """Return the streams of heat, electricity and solar power."""
    return {number: one for number, one in streams.items() if one.stream.property in KINDS}


def energy_fit(
    streams: Mapping[int, Seen],
    hours: pd.DataFrame,
    year: YearResults,
    city: City,
    *,
    hidden: pd.Series[bool],
    daily_c: pd.Series[float] | None = None,
) -> EnergyFit:
    """
    Return how measured loads fit the hours of the model.

    Parameters
    ----------
    hours
        As the store rolls them up: `number`, `at`, `mean`, `sum`, `n`, `flags`.
    hidden
        By Baublock: whether its loads are withheld from the viewer.
    daily_c
        Daily means of a station in the running year, for heat without the weather.
    """
    places = places_of({n: one.stream for n, one in streams.items()}, city)
    found: list[MeasuredLoad] = []
    left_out: list[Sentence] = []
    grouped = dict(list(hours.groupby("number")))
    for number, one in streams.items():
        told = _compared(
            one, grouped.get(number), (year, city, hidden), places.loc[number].to_dict(), daily_c
        )
        if isinstance(told, MeasuredLoad):
            found.append(_weathered(told, grouped[number], one, city, daily_c))
        elif told is not None:
            left_out.append(told)
    return EnergyFit(tuple(found), tuple(left_out))


def _compared(
    one: Seen,
    table: pd.DataFrame | None,
    model: tuple[YearResults, City, pd.Series[bool]],
    place: Mapping[Any, Any],
    daily_c: pd.Series[float] | None,
) -> MeasuredLoad | Sentence | None:
    """Return the comparison of one load, or why there is none."""
    year, city, hidden = model
    name, kind = one.stream.name, KINDS[one.stream.property]
    if table is None:
        return say("{name} has no hour in this time.", name=name)
    try:
        measured, doubtful = _kw(one, table.set_index("at").sort_index())
        if kind == "pv":
            return _sun(one, measured, doubtful, year)
        told = one.stream.extra.get("block")
        block = str(told) if told in city.blocks.index else str(place["block"])
        if not block:
            return say("{name} lies in no Baublock.", name=name)
        if bool(hidden.get(block, True)):
            return say("The Baublock of {name} has too few addresses to be shown.", name=name)
        column = {"heat": "heat", "electricity": "net"}[kind]
        modelled = block_hours(cast("Mapping[str, Any]", year.answers), block)[column]
        fit = compare_load(measured, modelled, by_weekday=kind == "electricity", doubtful=doubtful)
        if kind == "heat" and daily_c is not None and len(city.weather):
            weather = daily_c, reference_means(city.weather)
            alike = compare_load(measured, modelled, doubtful=doubtful, weather=weather)
            fit = alike if alike.hours >= LEAST_HOURS else fit
    except TwinError as error:
        return Sentence(error.template, error.values)
    return MeasuredLoad(one.number, name, kind, block, fit, assumed=block != told)


def _sun(
    one: Seen, measured: pd.Series[float], doubtful: pd.Series[bool], year: YearResults
) -> MeasuredLoad | Sentence:
    """Compare a plant with the mean of the modelled plants of the town, by its power."""
    own = one.stream.extra.get("kwp")
    if not isinstance(own, (int, float)) or isinstance(own, bool) or not own > 0:
        template = "The power of {name} is not told; write kwp to it in the configuration."
        return Sentence(template, {"name": one.stream.name})
    plants = year.answers["prosumers"].rows.inputs["kwp"]
    total = float(np.sum(plants))
    if total <= 0:
        return say("The model has no solar plant in this year to compare {name} with.",
                   name=one.stream.name)  # fmt: skip
    modelled = year.hourly["pv_w"].astype(float) / 1000 / total * float(own)
    fit = compare_load(measured, modelled, by_weekday=False, doubtful=doubtful)
    return MeasuredLoad(one.number, one.stream.name, "pv", "", fit)


def _kw(one: Seen, own: pd.DataFrame) -> tuple[pd.Series[float], pd.Series[bool]]:
    """Return the mean power of each hour [kW], and which hours are doubted."""
    statistic, unit = one.stream.statistic, one.stream.unit
    wanted = "kW" if statistic in {"value", "mean"} else "kW.h"
    factor, offset = conversion(unit, wanted)
    if statistic == "count":
        values = full_hours(own, one.stream.interval_s)
    else:
        values = own["sum" if statistic == "meter" else "mean"].astype(float)
    flags = own["flags"].to_numpy(np.int64)
    return values * factor + offset, pd.Series((flags & DOUBTFUL) != 0, own.index)


def _weathered(
    load: MeasuredLoad,
    table: pd.DataFrame,
    one: Seen,
    city: City,
    daily_c: pd.Series[float] | None,
) -> MeasuredLoad:
    """Add heat as it would have been with the weather of the reference, where days allow it."""
    if load.kind != "heat" or daily_c is None or not len(city.weather):
        return load
    measured, doubtful = _kw(one, table.set_index("at").sort_index())
    local = pd.DatetimeIndex(measured.index).tz_convert("Etc/GMT-1").tz_localize(None).normalize()
    daily = measured[~doubtful].groupby(local[~doubtful.to_numpy()]).agg(["sum", "count"])
    whole = daily.loc[daily["count"] >= 21, "sum"]
    same = daily_c.reindex(whole.index).dropna()
    if not len(same):
        return load
    days = degree_days_over(same, reference_means(city.weather))
    base, _ = base_of_summer(whole, daily_c)
    kwh = float(whole[same.index].sum())
    rest = min(base * len(same), kwh) if np.isfinite(base) else 0.0
    try:
        corrected = corrected_demand(kwh, days.gt, days.gt_reference, base_kwh=rest)
    except TwinError:
        return load
    return MeasuredLoad(load.number, load.name, load.kind, load.block, load.fit, load.assumed,
                        corrected)  # fmt: skip
