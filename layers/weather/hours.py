"""From hours as a file has them to one year: order, gaps, doubles, impossible values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from layers.weather.raw import ANY_YEAR, BEAM
from twin.errors import SourceError
from twin.provenance import Finding
from twin.schema import TABLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST_GAP = 6  # hours that are interpolated
WRONG_UNIT = 0.02  # share of impossible values from which the unit is at fault, not the values
YEAR = 8760  # hours; 29 February is left out
NIGHT_NOISE = -10.0  # W/m²; pyranometers read slightly below zero at night


def whole_year(
    hours: pd.DataFrame, year: int, *, needed: tuple[str, ...], place: str
) -> tuple[pd.DataFrame, pd.DataFrame, list[Finding]]:
    """
    Return the 8,760 hours of `year`, which of their values were interpolated, and what was odd.

    Doubled hours count once (the first), 29 February is left out, gaps of up to 6 hours are
    interpolated; wind directions and cloud cover take the value before.

    Raises
    ------
    SourceError
        A longer gap in a needed column, or values that only another unit explains.
    """
    findings: list[Finding] = []
    double = hours.index.duplicated()
    if double.any():
        message = "{count} hours stand twice in the weather; the first counts."
        findings.append(_finding("hour_twice", hours.index[double], message))
    hours = hours[~double].sort_index()
    leap = (hours.index.month == 2) & (hours.index.day == 29)  # type: ignore[attr-defined]
    if leap.any():
        message = "{count} hours of 29 February are left out."
        findings.append(_finding("leap_day", hours.index[leap], message, "info"))
    hours, odd = _possible(_in_year(hours[~leap], year), place)
    findings += odd
    full = hours.reindex(hours_of(year))
    for column in needed:
        _refuse_long_gap(full[column], place)
    done, interpolated = _interpolate(full)
    return done, interpolated, findings + _gap_findings(full, interpolated)


def _in_year(hours: pd.DataFrame, year: int) -> pd.DataFrame:
    """Return hours of `ANY_YEAR` as those of `year`; others as they are."""
    index = pd.DatetimeIndex(hours.index)
    if not len(index) or year == ANY_YEAR or not (index.year == ANY_YEAR).all():
        return hours
    days = pd.DataFrame({"year": year, "month": index.month, "day": index.day})
    starts = pd.to_datetime(days).astype("datetime64[us]") + pd.to_timedelta(index.hour, unit="h")
    return hours.set_axis(pd.DatetimeIndex(starts), axis=0)


def hours_of(year: int) -> pd.DatetimeIndex:
    """
    Return the starts of the 8,760 hours of a year without 29 February.

    >>> len(hours_of(2015)), len(hours_of(2016))
    (8760, 8760)
    """
    every = pd.date_range(f"{year}-01-01", f"{year}-12-31 23:00", freq="h", unit="us")
    return every[~((every.month == 2) & (every.day == 29))]


def keys_of(starts: pd.DatetimeIndex, offset_h: float) -> pd.Index:
    """
    Return hours as the standard writes them.

    >>> keys_of(pd.DatetimeIndex(["2015-01-01 00:00"]), 1.0)[0]
    '2015-01-01T00:00+01:00'
    >>> keys_of(pd.DatetimeIndex(["2015-01-01 00:00"]), -3.5)[0]
    '2015-01-01T00:00-03:30'
    """
    minutes = round(abs(offset_h) * 60)
    sign = "-" if offset_h < 0 else "+"
    return starts.strftime(f"%Y-%m-%dT%H:%M{sign}{minutes // 60:02d}:{minutes % 60:02d}")


def longest_gap(values: pd.Series[float]) -> tuple[int, pd.Timestamp | None]:
    """Return the length [h] of the longest run of missing values and where it begins."""
    missing = values.isna().to_numpy()
    if not missing.any():
        return 0, None
    edges = np.diff(np.concatenate([[0], missing.astype(int), [0]]))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    longest = int((ends - starts).argmax())
    begin: pd.Timestamp = values.index[starts[longest]]
    return int(ends[longest] - starts[longest]), begin


def _refuse_long_gap(values: pd.Series[float], place: str) -> None:
    length, begin = longest_gap(values)
    if begin is None or length <= LONGEST_GAP:
        return
    if length == len(values):
        template = "The weather of {place} holds no {column}."
        hint = "Add the file that does, or take another station or year."
        raise SourceError(template, hint=hint, place=place, column=values.name)
    template = "The weather of {place} lacks {count} hours of {column} from {begin} on."
    hint = "Gaps of up to 6 hours are filled; take another year, station or file."
    when = begin.strftime("%Y-%m-%d %H:%M")
    raise SourceError(
        template, hint=hint, place=place, count=length, column=values.name, begin=when
    )


def _possible(hours: pd.DataFrame, place: str) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the hours without impossible values; refuse a column in another unit."""
    clean, findings = {}, []
    for name, values in hours.items():
        low, high = _range(str(name))
        if low == 0 and str(name).endswith("_wm2"):
            values = values.mask((values < 0) & (values >= NIGHT_NOISE), 0.0)  # noqa: PLW2901
        odd = (values < low) | (values > high)
        if odd.sum() > WRONG_UNIT * max(1, values.notna().sum()):
            template = "{count} values of {column} in the weather of {place} lie outside {low} to {high} {unit}."  # noqa: E501 - one sentence of the catalogue
            hint = "Check the unit and the order of the columns."
            raise SourceError(
                template, hint=hint, count=int(odd.sum()), column=name,
                place=place, low=low, high=high, unit=_unit(str(name)),
            )  # fmt: skip
        if odd.any():
            message = "{count} values of {column} are impossible and count as missing."
            findings.append(
                _finding("value_impossible", hours.index[odd], message, column=str(name))
            )
        clean[name] = values.mask(odd)
    return pd.DataFrame(clean, index=hours.index), findings


def _range(name: str) -> tuple[float, float]:
    column = TABLES["weather"].column("ghi_wm2" if name == BEAM else name)
    return float(column.low or 0), float(column.high or 0)


def _unit(name: str) -> str:
    return TABLES["weather"].column("ghi_wm2" if name == BEAM else name).unit


def _interpolate(full: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fill gaps of up to 6 hours; say which values are new."""
    missing = full.isna()
    done = {}
    for name in full.columns:
        values, gap = full[name], missing[name].to_numpy()
        if name in ("wind_direction_deg", "cloud_share"):
            filled = values.ffill().bfill()
        else:
            filled = values.interpolate("linear", limit_direction="both")
        done[name] = filled.mask(_in_long_run(gap))
    table = pd.DataFrame(done, index=full.index)
    return table, missing & table.notna()


def _in_long_run(gap: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which places lie in a run of more than six missing values."""
    run = np.cumsum(np.concatenate([[True], gap[1:] != gap[:-1]]))
    length = np.bincount(run)[run]
    long: NDArray[np.bool_] = gap & (length > LONGEST_GAP)
    return long


def _gap_findings(full: pd.DataFrame, interpolated: pd.DataFrame) -> list[Finding]:
    findings = []
    for name in full.columns:
        new = interpolated[name].to_numpy()
        open_ = full[name].isna().to_numpy() & ~new
        if new.any():
            message = "{count} missing hours of {column} are interpolated."
            findings.append(
                _finding("hour_interpolated", full.index[new], message, column=str(name))
            )
        if open_.any() and not open_.all():
            message = "{count} hours of {column} are missing and stay so."
            findings.append(
                _finding("hour_missing", full.index[open_], message, "info", column=str(name))
            )
    return findings


def _finding(
    code: str, where: pd.Index, message: str, severity: str = "warning", *, column: str = ""
) -> Finding:
    examples = tuple(str(hour)[:16] for hour in where[:5])
    column = "dni_wm2" if column == BEAM else column  # what becomes of it in the table
    return Finding(
        code, "weather", len(where), message, severity, examples, column=column  # type: ignore[arg-type]
    )  # fmt: skip
