"""Measured load of heat or electricity, or yield of the sun, against the hours of the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from twin.energy.electricity.calendar import day_types
from twin.errors import ModelError
from twin.observed.count_days import full_hours
from twin.observed.fit import Fit, Verdict, fit_of, verdict
from twin.observed.times import local_standard
from twin.rowwise import HOURS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

SHARES = 101
NEAR_DAYS = (0, 1, -1, 2, -2, 3, -3)
DAYS = HOURS // 24
LIKE_DAYS, LIKE_K = 5, 1.0  # days of a temperature, and how far they may be from it on average
MODEL_YEAR = 2025
"""Whose weekdays the load profiles of the model have (`load_profiles`)."""


@dataclass(frozen=True, eq=False)
class LoadFit:
    """
    A measured load against the modelled one, over the hours that were measured.

    `day` (index hour, CET): mean of each hour [kW]. `duration` (index share of the hours, 0 to 1):
    the load that is exceeded in that share [kW]. `months` (index 1 to 12): `observed`, `modelled`
    [kWh], `hours`. All tables have the columns `observed` and `modelled`.
    """

    by_hour: Fit
    by_month: Fit
    verdict: Verdict
    day: pd.DataFrame
    duration: pd.DataFrame
    months: pd.DataFrame
    energy_kwh: tuple[float, float]  # observed, modelled
    peak_kw: tuple[float, float]
    hours: int
    lacking: int  # from the first to the last
    left_out: int  # doubtful
    in_weather: bool = False  # whether days of like temperature were compared
    unlike: int = 0  # hours of days that none of the model is like


def hourly_kw(
    table: pd.DataFrame,
    statistic: Literal["value", "mean", "count", "meter"],
    interval_s: float | None = None,
) -> pd.Series[float]:
    """
    Return the mean power of each hour [kW] from what the store has of it.

    Parameters
    ----------
    table
        By hour, as `ObservationStore.series(step="hour")` gives it: `mean`, `sum`, `n`; in kW for
        powers, in kWh for energies (`count`) and meters (`sum` is what went through in the hour).
    statistic
        Of the stream.
    """
    if statistic == "count":
        return full_hours(table, interval_s).rename("kw")
    column = "sum" if statistic == "meter" else "mean"
    return table[column].astype(float).rename("kw")


def compare_load(
    measured: pd.Series[float],
    modelled: pd.Series[float],
    *,
    by_weekday: bool = True,
    doubtful: pd.Series[bool] | None = None,
    weather: tuple[pd.Series[float], pd.Series[float]] | None = None,
    state: str = "NW",
) -> LoadFit:
    """
    Return how a modelled year of hours fits a measured load.

    Each measured hour meets the same hour of the same date of the model; for electricity, which
    follows the week, that of the nearest day of the same kind (weekday, Saturday, Sunday or
    holiday) within three days. Heat follows the weather: with the temperatures of both, an hour
    meets the mean of that hour on the five days of the model whose mean temperature is nearest
    (within 1 K). Without them scatter by the hour is not the model's fault alone.

    Parameters
    ----------
    measured
        kW by begin of the hour, with a time zone.
    modelled
        kW in 8,760 hours of Central European Time from 1 January 0 o'clock.
    doubtful
        Same index as `measured`: hours that are left out.
    weather
        Daily means measured (`daily_means`) and of the weather year (`reference_means`) [°C]; then
        `by_weekday` does not matter.

    Raises
    ------
    ModelError
        The model is not a year of hours.
    """
    if len(modelled) != HOURS:
        template = "The model has {count} hours; a year has 8,760."
        hint = "Take the hours of one year without 29 February."
        raise ModelError(template, hint=hint, count=len(modelled))
    there = pd.Series(np.isfinite(measured.to_numpy(float)), measured.index)
    kept = (
        there if doubtful is None else there & ~doubtful.reindex(measured.index, fill_value=False)
    )
    chosen = measured[kept]
    local = local_standard(chosen.index)
    if weather is None:
        found = _by_calendar(local, modelled, by_weekday=by_weekday, state=state)
    else:
        found = _by_temperature(local, modelled, *weather)
    table = pd.DataFrame({"observed": chosen.to_numpy(float), "modelled": found}, index=local)
    leap = (local.month == 2) & (local.day == 29) & (weather is None)
    unlike = int(table["modelled"].isna().sum() - leap.sum())
    table = table.dropna()
    local = pd.DatetimeIndex(table.index)
    months = table.groupby(local.month).sum().assign(hours=table.groupby(local.month).size())
    by_hour = fit_of(table["observed"].to_numpy(), table["modelled"].to_numpy())
    return LoadFit(
        by_hour,
        fit_of(months["observed"].to_numpy(), months["modelled"].to_numpy()),
        verdict(by_hour),
        table.groupby(local.hour).mean().rename_axis("hour"),
        duration_curve(table),
        months.rename_axis("month"),
        _two(table.sum()),
        _two(table.max()),
        len(table),
        _lacking(measured[there]),
        int(there.sum() - kept.sum()),
        weather is not None,
        unlike,
    )


def duration_curve(table: pd.DataFrame) -> pd.DataFrame:
    """Return for shares of the hours from 0 to 1 the load exceeded in them, by column."""
    shares = pd.Index(np.linspace(0.0, 1.0, SHARES), name="share")
    if not len(table):
        return pd.DataFrame(columns=table.columns, index=shares[:0], dtype=float)
    return pd.DataFrame(
        {name: np.quantile(table[name], 1.0 - shares.to_numpy()) for name in table}, shares
    )


def _by_calendar(
    local: pd.DatetimeIndex, modelled: pd.Series[float], *, by_weekday: bool, state: str
) -> Floats:
    """Return the modelled value of the same hour of the year or week; none on 29 February."""
    usual = ~((local.month == 2) & (local.day == 29))
    found = np.full(len(local), np.nan)
    day = _day_of_year(local[usual])
    if by_weekday and len(day):
        first = np.datetime64(f"{MODEL_YEAR}-01-01")
        of_model = day_types(first + np.arange(DAYS), state=state)
        own = day_types(local[usual].to_numpy().astype("datetime64[D]"), state=state)
        first_chosen = day
        for offset in reversed(NEAR_DAYS):  # the nearest has the last word
            near = (first_chosen + offset) % DAYS
            day = np.asarray(np.where(of_model[near] == own, near, day), np.int64)
    found[usual] = modelled.to_numpy(float)[day * 24 + local[usual].hour.to_numpy()]
    return found


def _by_temperature(
    local: pd.DatetimeIndex,
    modelled: pd.Series[float],
    measured_c: pd.Series[float],
    reference_c: pd.Series[float],
) -> Floats:
    """Return the mean modelled value of the hour on days as warm as the measured one."""
    reference = pd.DatetimeIndex(reference_c.index)
    there = ~((reference.month == 2) & (reference.day == 29)) & reference_c.notna().to_numpy()
    day, mean = _day_of_year(reference[there]), reference_c.to_numpy(float)[there]
    days, place = np.unique(local.normalize(), return_inverse=True)
    own = measured_c.reindex(pd.DatetimeIndex(days)).to_numpy(float)
    apart = np.abs(own[:, None] - mean[None, :])
    nearest = np.argsort(apart, axis=1, kind="stable")[:, :LIKE_DAYS]
    profiles = modelled.to_numpy(float).reshape(DAYS, 24)[day[nearest]].mean(axis=1)
    is_like = np.take_along_axis(apart, nearest, axis=1).mean(axis=1) <= LIKE_K
    found = np.where(is_like[:, None], profiles, np.nan)
    like: Floats = found[place, local.hour.to_numpy()]
    return like


def _day_of_year(local: pd.DatetimeIndex) -> Ints:
    """Return the place of days among 365, whatever their year; no 29 February."""
    parts = {"year": MODEL_YEAR, "month": local.month, "day": local.day}
    dates = pd.to_datetime(pd.DataFrame(parts, index=range(len(local))))
    place: Ints = np.asarray(dates.dt.day_of_year, np.int64) - 1
    return place


def _two(pair: pd.Series) -> tuple[float, float]:
    return float(pair["observed"]), float(pair["modelled"])


def _lacking(measured: pd.Series[float]) -> int:
    if not len(measured):
        return 0
    span = measured.index.max() - measured.index.min()
    return int(span / pd.Timedelta(1, "h")) + 1 - len(measured)


def block_hours(answers: Mapping[str, Any], block: str) -> pd.DataFrame:
    """
    Return the modelled hours of a Baublock [kW]: `heat`, `electricity`, `pv`, `net`.

    `electricity` is what buildings and cars use, `net` what the grid brings (below zero: takes).

    Parameters
    ----------
    answers
        `YearResults.answers` of `simulate`.

    Raises
    ------
    ModelError
        There is no such Baublock.
    """
    city = answers["block_city"]
    if block not in city.blocks.index:
        template = "There is no Baublock {block}."
        hint = "Give the id of one of the {count} Baublöcke of the town."
        raise ModelError(template, hint=hint, block=block, count=len(city.blocks))
    place = int(city.blocks.index.get_loc(block))
    none = np.zeros(HOURS)
    here = (answers["systems"]["block_id"] == block).to_numpy()
    water = float(answers["hot_water"].to_numpy(float)[here].sum()) * answers["hot_water_shape"]
    cars = answers["car_load"]
    used = answers["block_load"].lines[place] + (none if cars is None else cars[place])
    plants = answers["prosumers"].rows.sums
    net = used + plants.get(place, none)
    return pd.DataFrame(
        {
            "heat": answers["heat"].sums.get(place, none) / 1000 + water,
            "electricity": used / 1000,
            "pv": plants.get(len(city.blocks) + 1 + place, none) / 1000,
            "net": net / 1000,
        },
        index=city.weather.index,
    )
