"""
A synthetic reference year for a town that brings no weather file.

Months are those of the test reference year of Köln, moved to the place; days and hours are drawn
from one fixed sequence of numbers, so that the same place has the same year on every machine and a
place next door nearly the same. It is no forecast and no measurement: every value is labelled
`estimated:reference_climate`, and a file of the place is better.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import ndtr

from layers.weather.hours import hours_of, keys_of
from layers.weather.sequence import course_of_year, days_to_hours, normals, with_memory
from layers.weather.sun import extraterrestrial, split_global, sun_at
from twin.assumptions import assumptions
from twin.schema import TABLES
from twin.validation import conform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]

LABEL = "estimated:reference_climate"
YEAR, OFFSET_H = 2015, 1.0  # written down as the test reference years are: in 2015, CET all year
KOELN = (50.93, 6.96, 0.049)  # °, °, km above sea: where the monthly figures come from
GERMANY = (47.0, 5.5, 55.2, 15.2)  # south, west, north, east [°]: where the year holds
STEFAN_BOLTZMANN = 5.670374e-8  # W/(m² K⁴)
MONTHS = tuple(f"{month:02d}" for month in range(1, 13))
HOURS_OF_DAY = tuple(f"{hour:02d}" for hour in range(24))


def reference_weather(
    latitude: float,
    longitude: float,
    *,
    height_m: float = float("nan"),
    given: Assumptions | None = None,
) -> pd.DataFrame:
    """
    Return a typical year of a German town as table WEATHER, 8,760 hours.

    Parameters
    ----------
    latitude, longitude
        Degrees, within `GERMANY`; the corrections do not hold outside.
    height_m
        Above sea; an assumed one where not known.
    given
        Assumptions of the theme `reference_weather`; those of the files where left out.

    Source: monthly figures derived from DWD TRY2015 Köln, corrections from the 15 stations of
    TRY2010; beam and diffuse after Erbs, Klein and Duffie (1982).
    """
    known = given or assumptions()
    height = height_m if np.isfinite(height_m) else known["reference_weather.unknown_height"]
    place = np.array([round(latitude, 2), round(longitude, 2), round(height, -1) / 1000])
    starts = hours_of(YEAR)
    clearness = _daily_clearness(place, known)
    temperature = _temperature(place, clearness, known)
    light, sun = _light(starts, place, clearness, known)
    air = _air(temperature, clearness, known)
    columns = {
        "temperature_c": np.round(temperature, 1) + 0.0,  # never -0.0
        "temperature_source": LABEL,
        **light,
        **air,
        "wind_ms": np.round(_wind(place, known), 1),
        "wind_source": LABEL,
        **sun,
    }
    frame = pd.DataFrame(columns, index=keys_of(starts, OFFSET_H))
    table: pd.DataFrame = conform(TABLES["weather"], frame, crs="")
    return table


def _monthly(known: Assumptions, name: str) -> Floats:
    return known.array(f"reference_weather.{name}", MONTHS)


def _hourly(known: Assumptions, name: str) -> Floats:
    return known.array(f"reference_weather.{name}", HOURS_OF_DAY)


def _summer() -> Floats:
    """Return 0 in the middle of January, 1 in the middle of July, for each day."""
    share: Floats = (1 - np.cos(2 * np.pi * (np.arange(365) - 15) / 365)) / 2
    return share


def _daily_clearness(place: Floats, known: Assumptions) -> Floats:
    """
    Return the share of extraterrestrial irradiance that each day gets [-].

    Days are spread evenly between their monthly bounds: observed clearness has no peak at its
    mean. `_light` then meets the monthly total exactly.
    """
    theme = "reference_weather"
    mean = course_of_year(_monthly(known, "clearness") * _factor("clearness", place, known))
    spread = course_of_year(_monthly(known, "clearness_deviation"))
    drawn = with_memory(normals("clearness", 365), known[f"{theme}.clearness_memory"])
    days = mean + spread * np.sqrt(3) * (2 * ndtr(drawn) - 1)
    low, high = known[f"{theme}.least_clearness"], known[f"{theme}.most_clearness"]
    return np.asarray(np.clip(days, low, high))


def _factor(what: str, place: Floats, known: Assumptions) -> float:
    """Return a figure at the place over that at Köln; its logarithm is linear in the place."""
    names = (f"{what}_by_latitude", f"{what}_by_longitude", f"{what}_by_height")
    slope = np.array([known[f"reference_weather.{name}"] for name in names])
    return float(np.exp(slope @ (place - np.array(KOELN))))


def _temperature(place: Floats, clearness: Floats, known: Assumptions) -> Floats:
    """Return the air temperature of each hour [°C]; monthly means are met exactly."""
    theme = "reference_weather"
    slopes = [_monthly(known, name) for name in ("by_latitude", "by_longitude", "by_height")]
    away = place - np.array(KOELN)
    moved = sum(slope * step for slope, step in zip(slopes, away, strict=True))
    monthly = _monthly(known, "temperature") + moved - known[f"{theme}.inner_city"]
    summer = _summer()
    cold, warm = known[f"{theme}.clear_and_cold"], known[f"{theme}.clear_and_warm"]
    tie = cold + (warm - cold) * summer
    bright = normals("clearness", 365)
    drawn = tie * bright + np.sqrt(1 - tie**2) * normals("temperature", 365)
    spell = with_memory(drawn, known[f"{theme}.temperature_memory"])
    line = days_to_hours(spell)
    line = line / course_of_year(_deviation(line.mean(axis=1)))[:, None]
    usual = _monthly(known, "temperature_deviation")
    line = line * course_of_year(usual * _factor("temperature_deviation", place, known))[:, None]
    hours = days_to_hours(course_of_year(monthly)) + line + _day_and_night(place, clearness, known)
    short = monthly - _by_month(hours.mean(axis=1))
    return (hours + course_of_year(short)[:, None]).ravel()


def _day_and_night(place: Floats, clearness: Floats, known: Assumptions) -> Floats:
    """Return the deviation of each hour from the mean of its day [K], (365, 24); sums are zero."""
    theme, summer = "reference_weather", _summer()
    winter_slope = known[f"{theme}.range_when_clear_winter"]
    summer_slope = known[f"{theme}.range_when_clear_summer"]
    slope = winter_slope + (summer_slope - winter_slope) * summer
    usual = course_of_year(_by_month(clearness))
    monthly = _monthly(known, "daily_range") * _factor("daily_range", place, known)
    spread = course_of_year(monthly) * (1 + slope * (clearness / usual - 1))
    shapes = np.outer(1 - summer, _hourly(known, "winter_day"))
    shapes += np.outer(summer, _hourly(known, "summer_day"))
    shapes -= shapes.mean(axis=1, keepdims=True)
    return np.asarray(shapes * np.maximum(spread, 0.5)[:, None])


def _light(
    starts: pd.DatetimeIndex, place: Floats, clearness: Floats, known: Assumptions
) -> tuple[dict[str, object], dict[str, object]]:
    """Return the columns of irradiance, and those of the sun."""
    elevation, azimuth = sun_at(
        starts, lat=place[0], lon=place[1], offset_h=OFFSET_H, height_m=place[2] * 1000
    )
    above = np.maximum(np.sin(np.radians(elevation)), 0) * extraterrestrial(starts)
    above = above.reshape(365, 24)
    hours = _hourly_clearness(elevation, clearness, known)
    wanted = _monthly(known, "clearness") * _factor("clearness", place, known)
    ghi = np.round(_to_monthly_totals(hours, above, wanted, known).ravel(), 0)
    dni, dhi = split_global(ghi, elevation, starts)
    light = {"ghi_wm2": ghi, "dni_wm2": np.round(dni, 1), "dhi_wm2": np.round(dhi, 1)}
    labels = {"ghi_source": LABEL, "dni_source": LABEL, "dhi_source": LABEL}
    sun = {"sun_elevation_deg": np.round(elevation, 4), "sun_azimuth_deg": np.round(azimuth, 4)}
    sun["sun_azimuth_deg"] %= 360
    return {**light, **labels}, {**sun}


def _to_monthly_totals(hours: Floats, above: Floats, wanted: Floats, known: Assumptions) -> Floats:
    """Return irradiance whose months reach the wanted clearness, no hour brighter than can be."""
    most = known["reference_weather.most_clearness_of_an_hour"]
    total = wanted * _sum_by_month(above.sum(axis=1))
    for _ in range(8):  # what the brightest hours cannot take, the others get
        got = _sum_by_month((hours * above).sum(axis=1))
        hours = np.minimum(hours * (total / got)[_months()][:, None], most)
    return hours * above


def _hourly_clearness(elevation: Floats, clearness: Floats, known: Assumptions) -> Floats:
    """
    Return the clearness of each hour, (365, 24): clouds pass, and a low sun shines through more.

    On clear days the path through the air counts, `1 - a exp(-elevation / b)`; on dull days the
    passing of clouds does.
    """
    theme = "reference_weather"
    clear = np.clip((clearness - 0.2) / 0.5, 0, 1)[:, None]
    loss = known[f"{theme}.low_sun_loss"]
    path = 1 - loss * np.exp(-np.maximum(elevation, 0) / known[f"{theme}.low_sun_decay"])
    path = 1 - clear * (1 - path.reshape(365, 24))
    dull, bright = known[f"{theme}.cloud_passing"], known[f"{theme}.cloud_passing_clear"]
    spread = dull + (bright - dull) * clear**2
    drawn = with_memory(normals("clouds", 8760), known[f"{theme}.cloud_memory"])
    passing = np.maximum(1 + spread * drawn.reshape(365, 24), 0.15)
    weight = np.maximum(np.sin(np.radians(elevation)), 0).reshape(365, 24)
    share = path * passing
    share *= (weight.sum(axis=1) / (weight * share).sum(axis=1))[:, None]
    return np.asarray(clearness[:, None] * share)


def _air(temperature: Floats, clearness: Floats, known: Assumptions) -> dict[str, object]:
    """
    Return humidity, cloud cover and long-wave irradiance of the sky.

    The vapour pressure stays the day over while the temperature moves (Magnus formula, WMO);
    long-wave irradiance after Brunt with cloud, fitted to TRY2015 Köln.
    """
    theme = "reference_weather"
    saturated = 6.112 * np.exp(17.62 * temperature / (243.12 + temperature))
    usual = course_of_year(_by_month(clearness))
    share = course_of_year(_monthly(known, "vapour"))
    share = share + known[f"{theme}.vapour_by_clearness"] * (clearness - usual)
    daily = np.clip(share, 0.25, 0.98) * saturated.reshape(365, 24).mean(axis=1)
    vapour = np.minimum(np.repeat(daily, 24), saturated)
    cloud = known[f"{theme}.cloud_without_sun"] + known[f"{theme}.cloud_by_clearness"] * clearness
    cloud = cloud + known[f"{theme}.cloud_by_clearness_squared"] * clearness**2
    cover = np.repeat(np.clip(cloud, 0, 1), 24)
    sky = known[f"{theme}.clear_sky_emissivity"]
    sky = sky + known[f"{theme}.clear_sky_emissivity_vapour"] * np.sqrt(vapour)
    sky = sky + (1 - sky) * known[f"{theme}.cloud_emissivity"] * cover**1.5
    longwave = sky * STEFAN_BOLTZMANN * (temperature + 273.15) ** 4
    return {
        "longwave_wm2": np.round(longwave, 0),
        "humidity_percent": np.round(100 * vapour / saturated, 0),
        "cloud_share": np.round(cover * 8) / 8,
    }


def _wind(place: Floats, known: Assumptions) -> Floats:
    """Return the wind speed of each hour [m/s], 10 m above ground."""
    theme = "reference_weather"
    drawn = with_memory(normals("wind", 365), known[f"{theme}.wind_memory"])
    lively = known[f"{theme}.wind_variation"]
    monthly = _monthly(known, "wind") * _factor("wind", place, known)
    days = np.exp(lively * drawn - lively**2 / 2)
    days = days / course_of_year(_by_month(days)) * course_of_year(monthly)
    return np.outer(days, _hourly(known, "wind_day")).ravel()


def _months() -> NDArray[np.int64]:
    months: NDArray[np.int64] = hours_of(YEAR)[::24].month.to_numpy().astype(np.int64) - 1
    return months


def _sum_by_month(days: Floats) -> Floats:
    return np.bincount(_months(), weights=days, minlength=12).astype(np.float64)


def _by_month(days: Floats) -> Floats:
    return _sum_by_month(days) / np.bincount(_months(), minlength=12)


def _deviation(days: Floats) -> Floats:
    """Return the root mean square by month of what has no mean."""
    return np.sqrt(_by_month(days**2))
