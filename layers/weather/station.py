"""Weather stations of the DWD: the zip files of its open data, put together to one year."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pvlib

from layers.weather.hours import hours_of, longest_gap
from layers.weather.raw import RawWeather, text_of, without
from twin.errors import SourceError
from twin.provenance import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Height = Callable[[pd.DatetimeIndex, NDArray[np.float64]], NDArray[np.float64]]

CET = pd.Timedelta(hours=1)  # from UTC
PRODUCT = re.compile(r"produkt_.*\.txt$", re.IGNORECASE)
GEOGRAPHY = re.compile(r"Metadaten_Geographie_.*\.txt$", re.IGNORECASE)
MOST_BYTES = 500_000_000  # of one unpacked file; 30 years of 10 minutes have 100 MB
HOURLY = {
    "TT_TU": "temperature_c", "RF_TU": "humidity_percent", "F": "wind_ms",
    "D": "wind_direction_deg", "P0": "pressure_hpa", "V_N": "cloud_share",
}  # fmt: skip
SUN_HOURLY = {"FG_LBERG": "ghi_wm2", "FD_LBERG": "dhi_wm2", "ATMO_LBERG": "longwave_wm2"}
SUN_10_MIN = {"GS_10": "ghi_wm2", "DS_10": "dhi_wm2", "LS_10": "longwave_wm2"}
JOULE_PER_CM2 = 1e4  # J/m²
NEEDED = ("temperature_c", "ghi_wm2")
COVERED = 0.8  # share of an hour that must have been measured


def read_station(paths: Sequence[Path], *, year: int | None = None) -> RawWeather:
    """
    Read the zip files of one station and take the newest year without long gaps.

    Parameters
    ----------
    paths
        `stundenwerte_TU_…` (temperature, humidity), `stundenwerte_ST_…` or
        `10minutenwerte_SOLAR_…` (sun), `stundenwerte_FF_…` (wind), `_P0_`, `_N_`; older and newer
        ones of the same kind together.
    year
        The year to take, complete or not; the newest complete one where left out.

    Notes
    -----
    All times are UTC and name the end of what was measured; the hour before belongs to them.
    Hourly sums of the sun (`ST`) are hours of true solar time: `MESS_DATUM` is their end in UTC,
    at an odd minute, and each is shared out to the two clock hours it touches, by the height of
    the sun in them, which keeps the sum. `MESS_DATUM_WOZ`, the same end in solar time, is not
    used. Ten-minute values before 2000
    are in CET.

    Raises
    ------
    SourceError
        No station data, several stations, no temperature or sun, no place, no complete year.
    """
    tables, geography = [], []
    for path in sorted(paths, key=lambda p: p.name):
        found, places = _unzip(path)
        tables += found
        geography += places
    ids = sorted({int(part["STATIONS_ID"].iloc[0]) for part in tables if len(part)})
    if len(ids) != 1:
        template = "The weather files belong to {count} stations: {ids}."
        hint = "Give the files of one station."
        names = ", ".join(f"{key:05d}" for key in ids)
        raise SourceError(template, hint=hint, count=len(ids), ids=names)
    place = _place(geography, ids[0], paths)
    hours, twice = _hours(tables, _sun_height(float(place["lat"]), float(place["lon"])))
    for column, kind in zip(NEEDED, ("stundenwerte_TU", "stundenwerte_ST"), strict=True):
        if column not in hours or hours[column].isna().all():
            template = "The files of station {id} hold no {column}."
            hint = "Add {kind}_….zip of the same station."
            raise SourceError(template, hint=hint, id=f"{ids[0]:05d}", column=column, kind=kind)
    chosen = year or _newest_complete(hours)
    hours = hours[pd.DatetimeIndex(hours.index).year == chosen]
    return RawWeather(
        place=str(place["name"]),
        lat=float(place["lat"]),
        lon=float(place["lon"]),
        height_m=float(place["height"]),
        offset_h=1.0,
        year=chosen,
        hours=hours,
        source="dwd_station",
        how="measured:station",
        note=f"station {ids[0]:05d}, {chosen}",
        date=f"{chosen}-12-31",
        findings=twice,
    )


def is_station_zip(path: Path) -> bool:
    """Whether a zip file holds measurements of a DWD station."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(PRODUCT.search(n) or GEOGRAPHY.search(n) for n in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def _unzip(path: Path) -> tuple[list[pd.DataFrame], list[pd.DataFrame]]:
    """Return the tables of measurements and of places in a zip file."""
    tables: list[pd.DataFrame] = []
    places: list[pd.DataFrame] = []
    try:
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                wanted = tables if PRODUCT.search(name) else places
                if wanted is tables or GEOGRAPHY.search(name):
                    wanted.append(_table(archive, name))
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, pd.errors.ParserError) as error:
        template = "{path} holds no readable measurements of a weather station ({reason})."
        hint = "Use the zip files of opendata.dwd.de as they are; download them again."
        raise SourceError(template, hint=hint, path=path, reason=error) from error
    return tables, places


def _table(archive: zipfile.ZipFile, name: str) -> pd.DataFrame:
    if archive.getinfo(name).file_size > MOST_BYTES:
        msg = f"{name} is too large"
        raise ValueError(msg)
    text = text_of(archive.read(name))
    table = pd.read_csv(io.StringIO(text), sep=";", skipinitialspace=True, dtype="str")
    table.columns = table.columns.str.strip()
    key = "STATIONS_ID" if "STATIONS_ID" in table else "Stations_id"
    table = table[table[key].str.strip().str.fullmatch(r"\d+").fillna(False).astype(bool)]
    if PRODUCT.search(name) and "MESS_DATUM" not in table:
        msg = f"{name} has no MESS_DATUM"
        raise ValueError(msg)
    return table


def _place(
    tables: Sequence[pd.DataFrame], station: int, paths: Sequence[Path]
) -> dict[str, float | str]:
    """Return the place the station stood at last."""
    every = [t[t["Stations_id"].astype(int) == station] for t in tables]
    every = [table for table in every if len(table)]
    if not every:
        template = "None of the weather files says where station {id} stands, e.g. {path}."
        hint = "Add stundenwerte_TU_….zip; it holds Metadaten_Geographie."
        raise SourceError(template, hint=hint, id=f"{station:05d}", path=sorted(paths)[0])
    last = pd.concat(every).sort_values("von_datum", kind="stable").iloc[-1]
    return {
        "name": str(last["Stationsname"]).strip(),
        "lat": float(last["Geogr.Breite"]),
        "lon": float(last["Geogr.Laenge"]),
        "height": float(last["Stationshoehe"]),
    }


def _hours(
    tables: Sequence[pd.DataFrame], height: Height
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Return all hours of all tables by their start in CET; of double ones the first known."""
    series: dict[str, list[pd.Series[float]]] = {}
    for table in tables:
        for name, values in _columns(table, height).items():
            series.setdefault(name, []).append(values)
    columns, twice = {}, 0
    for name, parts in series.items():
        every = pd.concat(parts).dropna()
        double = every.index.duplicated()
        twice += int(double.sum())
        columns[name] = every[~double].sort_index()
    hours = pd.DataFrame(columns)
    if not twice:
        return hours, ()
    message = "{count} values of the station stand in several files; the first counts."
    return hours, (Finding("value_twice", "weather", twice, message, "info"),)


def _columns(table: pd.DataFrame, height: Height) -> dict[str, pd.Series[float]]:
    """Return the values of one table by the start of their hour in CET."""
    ends = _times(table["MESS_DATUM"])
    if "GS_10" in table:
        return {name: _of_ten(table[code], ends) for code, name in SUN_10_MIN.items()}
    if "FG_LBERG" in table:
        return {
            name: _of_solar_hours(table[code], ends, None if code == "ATMO_LBERG" else height)
            for code, name in SUN_HOURLY.items()
            if code in table
        }
    found = {}
    for code, name in HOURLY.items():
        if code in table:
            values = _number(table[code]).set_axis(ends - pd.Timedelta(hours=1) + CET)
            if code == "V_N":
                values = without(values, -1, 9) / 8
            found[name] = values[values.index.notna()]
    return found


def _of_ten(values: pd.Series[str], ends: pd.DatetimeIndex) -> pd.Series[float]:
    """Return hourly means [W/m²] of sums over ten minutes [J/cm²]."""
    utc = ends.where(ends >= pd.Timestamp(2000, 1, 1), ends - CET)
    hour = (utc - pd.Timedelta(minutes=10)).floor("h") + CET
    watt = _number(values).set_axis(hour) * JOULE_PER_CM2 / 600
    watt = watt[~ends.duplicated()]
    grouped = watt.groupby(level=0)
    return grouped.mean().where(grouped.count() >= COVERED * 6)


def _of_solar_hours(
    values: pd.Series[str], ends: pd.DatetimeIndex, height: Height | None
) -> pd.Series[float]:
    """
    Return means [W/m²] of clock hours of sums over hours that end at an odd minute [J/cm²].

    What lies in two clock hours is shared out by how high the sun stood in each part (`height`),
    so that none of it falls into the night, or evenly where that does not matter.
    """
    watt = _number(values).to_numpy() * JOULE_PER_CM2 / 3600
    known = ~np.isnan(watt) & ends.notna() & ~ends.duplicated()
    ends, watt = ends[known], watt[known]
    late = np.asarray(ends.minute) / 60  # share after the full hour
    hour = ends.floor("h")
    after = late
    if height is not None:
        first = height(hour - pd.to_timedelta(1 - late, unit="h"), 1 - late)
        second = height(hour, late)
        both = first + second
        after = np.divide(second, both, out=late.copy(), where=both > 0)
    parts = pd.DataFrame(
        {
            "hour": np.concatenate([hour - pd.Timedelta(hours=1), hour]),
            "sum": np.concatenate([watt * (1 - after), watt * after]),
            "share": np.concatenate([1 - late, late]),
        }
    )
    total = parts[parts["share"] > 0].groupby("hour").sum()
    mean = (total["sum"] / total["share"]).where(total["share"] >= COVERED)
    return mean.set_axis(pd.DatetimeIndex(mean.index) + CET)


def _sun_height(lat: float, lon: float) -> Height:
    """
    Return a function of starts (UTC) and lengths [h] that integrates the sine of the elevation.

    Spencer (1971) for declination and equation of time, by pvlib: good to half a minute, quick
    for thirty years of hours.
    """
    solar = pvlib.solarposition

    def integral(starts: pd.DatetimeIndex, hours: NDArray[np.float64]) -> NDArray[np.float64]:
        day = starts.day_of_year.to_numpy()
        declination = solar.declination_spencer71(day)
        correction = lon / 15 + solar.equation_of_time_spencer71(day) / 60
        clock = starts.hour.to_numpy() + starts.minute.to_numpy() / 60
        total = np.zeros(len(starts))
        for step in (0.125, 0.375, 0.625, 0.875):
            angle = np.radians(15 * (clock + step * hours + correction - 12))
            zenith = solar.solar_zenith_analytical(np.radians(lat), angle, declination)
            total += np.maximum(np.cos(zenith), 0)
        return total / 4 * hours

    return integral


def _number(values: pd.Series[str]) -> pd.Series[float]:
    return without(pd.to_numeric(values, errors="coerce").astype("float64"), -999, -9999)


def _times(text: pd.Series[str]) -> pd.DatetimeIndex:
    """Return times written as 2015010113, 201501011310 or 2015010113:24."""
    digits = text.str.strip().str.replace(":", "", regex=False).str.pad(12, "right", "0")
    parsed = pd.to_datetime(digits, format="%Y%m%d%H%M", errors="coerce")
    return pd.DatetimeIndex(parsed.astype("datetime64[us]"))


def _newest_complete(hours: pd.DataFrame) -> int:
    """Return the newest year whose gaps are short, else the one with the shortest longest gap."""
    years = pd.DatetimeIndex(hours.index).year
    gaps = {}
    for year in sorted(set(years), reverse=True):
        full = hours[years == year].reindex(hours_of(year))
        gaps[year] = max(longest_gap(full[column])[0] for column in NEEDED)
        if gaps[year] <= 6:
            break
    return int(min(gaps, key=lambda year: (max(gaps[year], 6), -year)))
