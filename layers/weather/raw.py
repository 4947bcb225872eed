"""What every reader of weather hands on: hours as the file has them, in the standard's units."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from twin.provenance import Finding

BEAM = "beam_horizontal_wm2"
"""Direct irradiance on the horizontal, which the standard table holds as `dni_wm2`."""

ANY_YEAR = 2000
"""Holds 29 February, so that hours of a typical year can be told before they get their year."""


@dataclass(frozen=True)
class RawWeather:
    """
    One year of one place.

    `hours` is indexed by the start of the hour in local standard time (no zone attached), in the
    leap year `ANY_YEAR` where a typical year has none of its own; columns are those of
    `twin.schema.weather` and `beam_horizontal_wm2`, NaN where the file says nothing.
    """

    place: str
    lat: float  # °
    lon: float
    height_m: float  # above sea, NaN where the file does not say
    offset_h: float  # of local standard time from UTC
    year: int  # in which the hours are written down
    hours: pd.DataFrame
    source: str  # key of the source
    how: str  # label of its values: "measured:station", "estimated:climate_projection"
    note: str = ""
    date: str = ""  # ISO date of the newest data
    findings: tuple[Finding, ...] = field(default=())


def typical_starts(
    month: pd.Series[float], day: pd.Series[float], hour: pd.Series[float]
) -> tuple[pd.DatetimeIndex, tuple[Finding, ...]]:
    """
    Return the starts in `ANY_YEAR` of the hours that end at `hour` (1 to 24); NaT for no date.

    >>> one = pd.Series([2.0])
    >>> typical_starts(one, one * 14 + 1, one * 12)[0][0]
    Timestamp('2000-02-29 23:00:00')
    """
    parts = pd.DataFrame({"year": ANY_YEAR, "month": month, "day": day})
    dates = pd.to_datetime(parts, errors="coerce").astype("datetime64[us]")
    right = hour.between(1, 24) & (hour % 1 == 0)
    starts = pd.DatetimeIndex((dates + pd.to_timedelta(hour - 1, unit="h")).where(right))
    lost = np.asarray(starts.isna())
    if not lost.any():
        return starts, ()
    message = "{count} lines of the weather name no hour of the year and are left out."
    wrong = parts[lost].assign(hour=hour)[["month", "day", "hour"]].head(5)
    examples = tuple(" ".join(f"{value:g}" for value in row) for row in wrong.to_numpy())
    return starts, (Finding("no_hour", "weather", int(lost.sum()), message, "warning", examples),)


def text_of(content: bytes) -> str:
    """
    Return the text of a file in UTF-8, with or without its mark, or else in Latin-1.

    >>> text_of("Köln".encode("latin-1")), text_of("Köln".encode("utf-8-sig"))
    ('Köln', 'Köln')
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def without(values: pd.Series[float], *codes: float) -> pd.Series[float]:
    """Return numbers with the codes for "missing" as NaN."""
    return values.where(~values.isin(codes), np.nan)
