"""
Measured temperature: degree days, the weather year, heat demand without the weather.

A day is one of Central European Time without summer time, and the hour that begins at 0 o'clock is
its first: with hours told by their end this is the day of the DWD (01 to 24 o'clock CET).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.errors import ModelError
from twin.observed.fit import three_digits
from twin.observed.times import local_standard
from twin.sentences import Sentence, say

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

ROOM_C, LIMIT_C = 20.0, 15.0
MAIN_HOURS, LEAST_HOURS = (0, 6, 12, 18), 21  # begin, CET; they end at 0, 6, 12, 18 UTC
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
LEAST_DAYS, LEAST_SUMMER_DAYS = 14, 10  # of a comparison
SAME_PERCENT, SAME_K = 0.5, 0.05  # differences that are none
LITTLE = 0.1  # of the reference: with fewer degree days a correction says little


@dataclass(frozen=True)
class DegreeDays:
    """
    Degree days of a running year and of the weather year over the same days [K d].

    `ratio` is measured over reference: above 1 it was colder. `lacking` days have no mean and are
    left out on both sides.
    """

    gt: float  # Gradtagzahl Gt20/15
    gt_reference: float
    hgt: float  # Heizgradtage, limit 15
    hgt_reference: float
    days: int
    lacking: int
    first: date | None
    last: date | None
    said: Sentence

    @property
    def ratio(self) -> float:
        """Measured over reference; NaN where there is no reference."""
        return self.gt / self.gt_reference if self.gt_reference > 0 else float("nan")


@dataclass(frozen=True, eq=False)
class StationFit:
    """
    A station against the weather year.

    `months` (index 1 to 12): `observed`, `reference`, `bias` [°C, K] over the same hours of the
    year, `hours` that have both, `coverage` of the month. `quantiles` (index share): `observed`,
    `reference` [°C] of these hours. It is a typical year, not this one: that hours differ is no
    fault of it, a bias over years would be.
    """

    months: pd.DataFrame
    quantiles: pd.DataFrame
    bias: float
    hours: int
    said: Sentence


@dataclass(frozen=True)
class Corrected:
    """Heat demand as it would have been with the weather of the reference [kWh]."""

    measured: float
    corrected: float
    base: float  # of it hot water and what else does not depend on the weather
    factor: float  # of the rest
    said: Sentence | None = None  # what is to be minded


def daily_means(hours: pd.Series[float]) -> pd.DataFrame:
    """
    Return the mean temperature of each day after the rule of the DWD (since 2001).

    The mean of the 24 hours; with more than three missing that of four main hours, if all are
    there; else none.

    Parameters
    ----------
    hours
        °C by begin of the hour, with a time zone.

    Returns
    -------
    pandas.DataFrame
        By day (without zone): `mean_c`, `hours` that are there.
    """
    local = local_standard(hours.index)
    table = pd.DataFrame(
        {"day": local.normalize(), "hour": local.hour, "value": _finite(hours)}
    ).dropna(subset=["value"])
    by_day = table.groupby("day")["value"].agg(["mean", "count"])
    main = table[table["hour"].isin(MAIN_HOURS)].groupby("day")["value"].agg(["mean", "count"])
    main = main.reindex(by_day.index)
    of_four = main["mean"].where(main["count"] == len(MAIN_HOURS))
    found = pd.DataFrame(
        {
            "mean_c": by_day["mean"].where(by_day["count"] >= LEAST_HOURS, of_four),
            "hours": by_day["count"],
        }
    )
    if found.empty:
        return found
    days = pd.date_range(found.index.min(), found.index.max(), freq="D", name="day")
    return found.reindex(days).fillna({"hours": 0}).astype({"hours": int})


def degree_days(mean_c: pd.Series[float]) -> pd.DataFrame:
    """
    Return degree days of each day [K d]; days without a mean have none.

    `gt`: Gradtagzahl Gt20/15 = 20 - mean on days with a mean below 15 °C (VDI 2067, VDI 3807; the
    room is at 20 °C). `hgt`: Heizgradtage = 15 - mean on the same days (Destatis).

    >>> degree_days(pd.Series([14.0, 15.0, -5.0])).to_numpy().tolist()
    [[6.0, 1.0], [0.0, 0.0], [25.0, 20.0]]
    """
    heating = mean_c < LIMIT_C
    return pd.DataFrame(
        {
            "gt": (ROOM_C - mean_c).where(heating, 0.0).where(mean_c.notna()),
            "hgt": (LIMIT_C - mean_c).where(heating, 0.0).where(mean_c.notna()),
        }
    )


def degree_days_to_date(
    mean_c: pd.Series[float], reference_c: pd.Series[float], *, year: int | None = None
) -> DegreeDays:
    """
    Return the degree days of a running year beside those of the weather year to the same date.

    Parameters
    ----------
    mean_c
        Daily means of the station (`daily_means`), by day.
    reference_c
        Daily means of the weather year, of any year. 29 February is left out.
    year
        Without it the last year of the station.
    """
    here = _of_year(mean_c, year)
    return _degree_days(here, reference_c, begin=_first_day(here))


def degree_days_over(mean_c: pd.Series[float], reference_c: pd.Series[float]) -> DegreeDays:
    """
    Return the degree days of any days, also over the turn of a year, beside the weather year.

    Parameters as of `degree_days_to_date`; `lacking` counts from the first day to the last.
    """
    return _degree_days(mean_c, reference_c, begin=None)


def _degree_days(
    mean_c: pd.Series[float], reference_c: pd.Series[float], *, begin: pd.Timestamp | None
) -> DegreeDays:
    both = _same_days(mean_c, reference_c).dropna()
    own, other = (degree_days(both[name]).sum() for name in ("value", "reference"))
    numbers = {
        "gt": float(own["gt"]),
        "gt_reference": float(other["gt"]),
        "hgt": float(own["hgt"]),
        "hgt_reference": float(other["hgt"]),
    }
    there = pd.DatetimeIndex(mean_c.dropna().index)
    first = there.min() if len(there) else None
    return DegreeDays(
        **numbers,
        days=len(both),
        lacking=_span(first if begin is None else begin, there) - len(both),
        first=first.date() if first is not None else None,
        last=there.max().date() if len(there) else None,
        said=_told(numbers, len(both)),
    )


def degree_day_months(
    mean_c: pd.Series[float], reference_c: pd.Series[float], *, year: int | None = None
) -> pd.DataFrame:
    """
    Return degree days by month (index 1 to 12) of a year and of the weather year [K d].

    Columns `gt`, `gt_reference`, `hgt`, `hgt_reference`, `days`: of the days that both have.
    """
    both = _same_days(_of_year(mean_c, year), reference_c).dropna()
    own, other = (degree_days(both[name]) for name in ("value", "reference"))
    table = own.join(other.add_suffix("_reference")).assign(days=1)
    month = pd.DatetimeIndex(table.index).month.rename("month")
    return table.groupby(month)[["gt", "gt_reference", "hgt", "hgt_reference", "days"]].sum()


def _of_year(mean_c: pd.Series[float], year: int | None) -> pd.Series[float]:
    days = pd.DatetimeIndex(mean_c.index)
    wanted = (int(days.max().year) if len(days) else 0) if year is None else year
    return mean_c[days.year == wanted]


def _same_days(mean_c: pd.Series[float], reference_c: pd.Series[float]) -> pd.DataFrame:
    """Return `value` by day and `reference` of the same day of the year; no 29 February."""
    key, usual = _date_keys(mean_c.index)
    own, known = _date_keys(reference_c.index)
    usual_year = reference_c[known].groupby(own[known]).mean()
    return pd.DataFrame(
        {
            "value": mean_c.to_numpy(float)[usual],
            "reference": usual_year.reindex(key[usual]).to_numpy(float),
        },
        index=mean_c.index[usual],
    )


def _date_keys(days: pd.Index) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return month and day as one number (mmdd), and which are not 29 February."""
    times = pd.DatetimeIndex(days)
    key = (times.month * 100 + times.day).to_numpy(np.int64)
    return key, key != 229


def _told(numbers: dict[str, float], days: int) -> Sentence:
    gt, reference = numbers["gt"], numbers["gt_reference"]
    if days < LEAST_DAYS or reference <= 0:
        return say(
            "Days that can be compared: {count}; at least {least} are needed to judge.",
            count=days,
            least=LEAST_DAYS,
        )
    percent = 100.0 * (gt / reference - 1.0)
    told = {"gt": round(gt), "reference": round(reference), "days": days}
    if abs(percent) < SAME_PERCENT:
        return say("{gt} K·d in {days} days, as in the weather year ({reference} K·d).", **told)
    if percent >= 0:
        return say(
            "{gt} K·d in {days} days, {percent} % more than in the weather year ({reference} K·d):"
            " it was colder.",
            percent=three_digits(percent),
            **told,
        )
    return say(
        "{gt} K·d in {days} days, {percent} % less than in the weather year ({reference} K·d): it"
        " was milder.",
        percent=three_digits(-percent),
        **told,
    )


def _first_day(mean_c: pd.Series[float]) -> pd.Timestamp | None:
    """Return 1 January of the year of some days."""
    days = pd.DatetimeIndex(mean_c.index)
    return pd.Timestamp(days.max().year, 1, 1) if len(days) else None


def _span(first: pd.Timestamp | None, there: pd.DatetimeIndex) -> int:
    """Return the days from one to the last that has a mean, without 29 February."""
    if first is None or not len(there):
        return 0
    return int(_date_keys(pd.date_range(first, there.max()))[1].sum())


def corrected_demand(
    measured_kwh: float, degree_days_measured: float, degree_days_reference: float, *,
    base_kwh: float = 0.0,
) -> Corrected:  # fmt: skip
    """
    Return measured heat as it would have been with the weather of the reference.

    (measured - base) x Gt_reference / Gt_measured + base (VDI 3807 part 1); base is hot water and
    what else does not depend on the weather in the same time.

    >>> corrected_demand(1200, 3000, 3300, base_kwh=200).corrected
    1300.0

    Raises
    ------
    ModelError
        The base is above what was measured, or a number is below 0 or missing.
    """
    given = (measured_kwh, degree_days_measured, degree_days_reference, base_kwh)
    if not all(np.isfinite(value) and value >= 0 for value in given) or base_kwh > measured_kwh:
        template = (
            "Heat of {measured} kWh with {base} kWh that do not depend on the weather, {own} and"
            " {reference} degree days: this cannot be corrected."
        )
        hint = "Give numbers that are not negative, and a base within the heat measured."
        raise ModelError(
            template, hint=hint, measured=measured_kwh, base=base_kwh,
            own=degree_days_measured, reference=degree_days_reference,
        )  # fmt: skip
    if degree_days_measured == 0:
        none = say("There were no heating days; the heat is not corrected.")
        return Corrected(measured_kwh, measured_kwh, base_kwh, float("nan"), none)
    factor = degree_days_reference / degree_days_measured
    said: Sentence | None = None
    if not LITTLE <= factor <= 1.0 / LITTLE:
        said = say("The weather was too different from the weather year for a correction.")
    corrected = (measured_kwh - base_kwh) * factor + base_kwh
    return Corrected(measured_kwh, corrected, base_kwh, factor, said)


def base_of_summer(daily_kwh: pd.Series[float], mean_c: pd.Series[float]) -> tuple[float, int]:
    """
    Return the heat a day that does not depend on the weather [kWh], and of how many days.

    The median of days with a mean of 15 °C or more, on which nobody heats (VDI 3807: base load of
    the summer). With fewer than ten such days it is not known (NaN).
    """
    both = pd.concat(
        [daily_kwh.rename("kwh"), mean_c.rename("mean")], axis=1, join="inner"
    ).dropna()
    summer = both.loc[both["mean"] >= LIMIT_C, "kwh"]
    known = len(summer) >= LEAST_SUMMER_DAYS
    return (float(summer.median()) if known else float("nan")), len(summer)


def compare_station(hours: pd.Series[float], reference: pd.Series[float]) -> StationFit:
    """
    Return how a station differs from the weather year over the same hours of the year.

    Parameters
    ----------
    hours
        °C of the station by begin of the hour, with a time zone.
    reference
        `temperature_c` of the weather year, by `hour` as text or by time with a zone.
    """
    own, other = _by_hour(hours, "observed"), _by_hour(reference, "reference")
    both = own.join(other, how="inner").dropna()
    month = both.index.to_numpy() // 10_000
    means = both.groupby(month).agg(
        observed=("observed", "mean"), reference=("reference", "mean"), hours=("observed", "size")
    )
    of_month = other.groupby(other.index.to_numpy() // 10_000).size().reindex(means.index)
    means = means.assign(
        bias=means["observed"] - means["reference"], coverage=means["hours"] / of_month
    )
    columns = ["observed", "reference", "bias", "hours", "coverage"]
    bias = float((both["observed"] - both["reference"]).mean()) if len(both) else float("nan")
    return StationFit(
        means[columns].rename_axis("month"),
        both.quantile(list(QUANTILES)).rename_axis("share")
        if len(both)
        else pd.DataFrame(columns=["observed", "reference"], dtype=float),
        bias,
        len(both),
        _station_told(bias, len(both)),
    )


def _station_told(bias: float, hours: int) -> Sentence:
    if hours < 24 * LEAST_DAYS:
        return say(
            "Hours that can be compared: {count}; at least {least} are needed to judge.",
            count=hours,
            least=24 * LEAST_DAYS,
        )
    told = {"bias": three_digits(abs(bias)), "days": round(hours / 24)}
    if abs(bias) < SAME_K:
        return say("As warm as the weather year on average of the same {days} days.", **told)
    if bias >= 0:
        return say(
            "{bias} K warmer than the weather year on average of the same {days} days.", **told
        )
    return say("{bias} K colder than the weather year on average of the same {days} days.", **told)


def _by_hour(values: pd.Series[float], name: str) -> pd.DataFrame:
    """Return values by month, day and hour as one number (mmddhh); of several years the mean."""
    local = local_standard(values.index)
    key = (local.month * 10_000 + local.day * 100 + local.hour).to_numpy()
    usual = key // 100 != 229
    table = pd.DataFrame({name: _finite(values)[usual]}, pd.Index(key[usual], name="hour"))
    return table.groupby(level=0).mean()


def _finite(values: pd.Series[float]) -> NDArray[np.float64]:
    given = np.asarray(values, np.float64)
    return np.where(np.isfinite(given), given, np.nan)


def reference_means(weather: pd.DataFrame) -> pd.Series[float]:
    """Return the daily means of the weather year of a city [°C]."""
    means = daily_means(weather["temperature_c"])["mean_c"]
    return means.rename("reference_c")
