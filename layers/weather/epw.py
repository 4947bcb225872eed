"""EnergyPlus weather files (`.epw`) of any place."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pandas as pd

from layers.weather.raw import RawWeather, typical_starts, without
from twin.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

HEADER = 8  # lines
FIELDS = {
    0: "year", 1: "month", 2: "day", 3: "hour", 6: "temperature_c", 8: "humidity_percent",
    9: "pressure_hpa", 12: "longwave_wm2", 13: "ghi_wm2", 14: "dni_wm2", 15: "dhi_wm2",
    20: "wind_direction_deg", 21: "wind_ms", 22: "cloud_share",
}  # fmt: skip
MISSING = {
    "temperature_c": 99.9, "humidity_percent": 999, "pressure_hpa": 999_999, "longwave_wm2": 9999,
    "ghi_wm2": 9999, "dni_wm2": 9999, "dhi_wm2": 9999, "wind_direction_deg": 999, "wind_ms": 999,
    "cloud_share": 99,
}  # fmt: skip
PER_UNIT = {"pressure_hpa": 100.0, "cloud_share": 10.0}  # Pa, tenths


def read_epw(path: Path, text: str) -> RawWeather:
    """
    Read the text of an EPW file.

    Hour 1 to 24 ends then, in the standard time that the header states. A typical year is put
    together from months of several years; its hours are written in the newest of them.
    Source: EnergyPlus, Auxiliary Programs, "EnergyPlus Weather File (EPW) Data Dictionary".

    Raises
    ------
    SourceError
        Header or lines do not follow the format, or it has several values an hour.
    """
    lines = text.splitlines()
    location = [word.strip() for word in (lines[0] if lines else "").split(",")]
    try:
        lat, lon, zone, height = (float(word) for word in location[6:10])
    except ValueError:
        lat = lon = zone = height = float("nan")
    if location[0].upper() != "LOCATION" or not (-90 <= lat <= 90 and -15 <= zone <= 15):
        template = "{path} is no EPW file: its first line names no place."
        hint = "It must read LOCATION, city, …, latitude, longitude, time zone, height."
        raise SourceError(template, hint=hint, path=path)
    _refuse_parts_of_hours(lines, path)
    table = _numbers(lines[HEADER:], path)
    starts, findings = typical_starts(table["month"], table["day"], table["hour"])
    columns = {
        name: without(table[name], code) / PER_UNIT.get(name, 1.0) for name, code in MISSING.items()
    }
    hours = pd.DataFrame(columns).set_axis(starts, axis=0)
    years = table["year"].dropna()
    newest, oldest = int(years.max()), int(years.min())
    names = [part for part in location[1:4] if part and part != "-"]
    return RawWeather(
        place=", ".join(names),
        lat=lat,
        lon=lon,
        height_m=height,
        offset_h=zone,
        # a made-up year gets one that has 8,760 hours
        year=newest - 1 if newest > oldest and newest % 4 == 0 else newest,
        hours=hours[hours.index.notna()],
        source="epw",
        how="measured:epw",
        note=f"EPW, {location[4]}, {oldest}-{newest}",
        findings=findings,
    )


def _refuse_parts_of_hours(lines: list[str], path: Path) -> None:
    period = next((line for line in lines[:HEADER] if line.upper().startswith("DATA PERIODS")), "")
    words = period.split(",")
    if len(words) < 3:
        template = "{path} is cut off: its header has no DATA PERIODS."
        raise SourceError(template, hint="Download it again.", path=path)
    if words[2].strip() != "1":
        template = "{path} holds {count} values an hour; one is needed."
        hint = "Take the hourly file of the same place."
        raise SourceError(template, hint=hint, path=path, count=words[2].strip())


def _numbers(lines: list[str], path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(
            io.StringIO("\n".join(lines)), header=None, usecols=list(FIELDS), dtype="float64"
        )
    except (ValueError, pd.errors.ParserError) as error:
        template = "{path} holds a line that is no hour of an EPW file ({reason})."
        hint = "The file may be cut off or edited; download it again."
        raise SourceError(template, hint=hint, path=path, reason=error) from error
    return table.rename(columns=FIELDS)
