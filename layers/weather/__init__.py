"""Weather of one year: test reference years, EPW files, stations of the DWD."""

from __future__ import annotations

import hashlib
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layers.source import sha256_of, source_record
from layers.source_data import SourceData
from layers.weather.dat import read_try
from layers.weather.epw import read_epw
from layers.weather.hours import keys_of, whole_year
from layers.weather.raw import BEAM, RawWeather, text_of
from layers.weather.station import is_station_zip, read_station
from layers.weather.sun import beam_from_horizontal, split_global, sun_at
from twin.errors import SourceError
from twin.provenance import Finding
from twin.schema import TABLES
from twin.validation import conform

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from layers.source_data import Progress
    from twin.provenance import Source

__all__ = ["looks_like_weather", "read_raw", "read_weather", "translate"]

LOW_SUN, FILLED, ERBS = "estimated:low_sun", "estimated:interpolated", "estimated:erbs"


def read_weather(
    paths: Iterable[Path], *, year: int | None = None, progress: Progress | None = None
) -> SourceData:
    """
    Read the weather of one place and year into the hourly standard table.

    Parameters
    ----------
    paths
        One `.dat` (test reference year) or `.epw` (also in a `.zip`), or the `.zip` files of one
        station of the DWD.
    year
        Of a station; the newest complete one where left out.

    Raises
    ------
    SourceError
        A file is unreadable, the files do not belong together, or hours are missing for longer
        than six hours.
    """
    say = progress or (lambda _step, _share: None)
    files = sorted(set(paths), key=lambda path: (path.name, str(path)))
    say("Read the weather", 0.0)
    raw = read_raw(files, year=year)
    say("Place the sun and part its light", 0.4)
    digest = hashlib.sha256("".join(sorted(map(sha256_of, files))).encode()).hexdigest()
    read_at = max(datetime.fromtimestamp(path.stat().st_mtime, UTC) for path in files)
    height = f", {raw.height_m:.0f} m" if np.isfinite(raw.height_m) else ""
    record = source_record(raw.source)
    source = source_record(
        raw.source,
        date=raw.date,
        retrieved=read_at.date().isoformat(),
        sha256=digest if len(files) > 1 else sha256_of(files[0]),
        tables=("weather",),
        note=f"{raw.place}{height}: {raw.note}. {record.note}".rstrip(),
    )
    data = translate(raw, source)
    say("Done", 1.0)
    return data


def read_raw(files: Sequence[Path], *, year: int | None = None) -> RawWeather:
    """Return the hours as the files have them, told apart by their content."""
    for path in files:
        if not path.is_file() or not path.stat().st_size:
            template = "{path} is missing or empty."
            raise SourceError(template, hint="Download it again.", path=path)
    if files and all(map(is_station_zip, files)):
        return read_station(files, year=year)
    if len(files) != 1:
        template = "{count} weather files do not make one year."
        hint = "Give one .dat or .epw file, or the .zip files of one DWD station."
        raise SourceError(template, hint=hint, count=len(files))
    path = files[0]
    epw = _epw_text(path)
    if epw is not None:
        return read_epw(path, epw)
    if path.suffix.lower() == ".zip" or b"\0" in path.read_bytes()[:4096]:
        template = "{path} is no weather file that can be read here."
        hint = "Test reference year (.dat), EPW (.epw) or zip files of DWD stations."
        raise SourceError(template, hint=hint, path=path)
    return read_try(path)


def looks_like_weather(path: Path) -> bool:
    """Whether a file holds weather, by its ending and first bytes."""
    name = path.name.lower()
    if name.endswith(".zip"):
        return is_station_zip(path) or _zipped_epw(path) is not None
    if not name.endswith((".epw", ".dat")):
        return False
    try:
        with path.open("rb") as file:
            start = file.read(8192)
    except OSError:
        return False
    if name.endswith(".epw"):
        return start.removeprefix(b"\xef\xbb\xbf")[:8].upper() == b"LOCATION"
    return b"Art des TRY" in start or (b"MM DD HH" in b" ".join(start.split()))


def _zipped_epw(path: Path) -> str | None:
    """Return the name of the only EPW file in a zip."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(".epw")]
    except (OSError, zipfile.BadZipFile):
        return None
    return names[0] if len(names) == 1 else None


def _epw_text(path: Path) -> str | None:
    if path.suffix.lower() == ".epw":
        return text_of(path.read_bytes())
    inside = _zipped_epw(path) if path.suffix.lower() == ".zip" else None
    if inside is None:
        return None
    with zipfile.ZipFile(path) as archive:
        return text_of(archive.read(inside))


def translate(raw: RawWeather, source: Source) -> SourceData:
    """Turn hours as a file has them into the standard table (pure)."""
    needed = (
        ("temperature_c", BEAM, "dhi_wm2") if BEAM in raw.hours else ("temperature_c", "ghi_wm2")
    )
    hours, filled, seen = whole_year(raw.hours, raw.year, needed=needed, place=raw.place)
    starts = pd.DatetimeIndex(hours.index)
    elevation, azimuth = sun_at(
        starts, lat=raw.lat, lon=raw.lon, offset_h=raw.offset_h, height_m=raw.height_m
    )
    light, cut = _light(hours, filled, raw, elevation)
    columns: dict[str, Any] = {
        **{str(name): hours[name] for name in hours if name not in (BEAM, *light)},
        **light,
        "temperature_source": np.where(filled["temperature_c"], FILLED, raw.how),
        "sun_elevation_deg": np.round(elevation, 4),
        "sun_azimuth_deg": np.round(azimuth, 4) % 360,
    }
    if "wind_ms" in hours:
        label = pd.Series(np.where(filled["wind_ms"], FILLED, raw.how), index=hours.index)
        columns["wind_source"] = label.where(hours["wind_ms"].notna())
    frame = pd.DataFrame(columns, index=hours.index).set_axis(keys_of(starts, raw.offset_h), axis=0)
    table = conform(TABLES["weather"], frame, crs="")
    findings = (*raw.findings, *seen, *_cut_findings(table, cut))
    return SourceData(
        "",  # a station's name is no city's; the note of the source has it
        "",
        {"weather": table},
        source,
        findings,
        report=_report(raw, table),
        kind="weather",
    )


def _light(
    hours: pd.DataFrame, filled: pd.DataFrame, raw: RawWeather, elevation: NDArray[np.float64]
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.bool_]]:
    """
    Return global, beam and diffuse irradiance with their labels, and the hours whose beam was cut.

    What the file gives stays; the beam follows from what reaches the horizontal, and where only
    the global irradiance is known, Erbs parts it.
    """
    starts, nothing = pd.DatetimeIndex(hours.index), np.full(len(hours), np.nan)

    def column(name: str) -> NDArray[np.float64]:
        return hours[name].to_numpy("float64", copy=True) if name in hours else nothing.copy()

    def was_filled(*names: str) -> NDArray[np.bool_]:
        return filled[[name for name in names if name in filled]].any(axis=1).to_numpy()

    ghi, dni, dhi, beam = (column(n) for n in ("ghi_wm2", "dni_wm2", "dhi_wm2", BEAM))
    ghi = np.where(np.isnan(ghi), beam + dhi, ghi)
    given = ~np.isnan(dni) & ~np.isnan(dhi)
    dhi = np.where(given, dhi, np.minimum(dhi, ghi))  # two instruments differ by a few watts
    parted, cut = beam_from_horizontal(ghi - dhi, elevation, starts, height_m=raw.height_m)
    cut &= ~given
    erbs_dni, erbs_dhi = split_global(ghi, elevation, starts)
    erbs = ~given & np.isnan(dhi)
    how = raw.how if raw.how.startswith("estimated") else "measured:horizontal"
    any_ = was_filled("ghi_wm2", "dni_wm2", "dhi_wm2", BEAM)
    own = was_filled(*(("ghi_wm2",) if "ghi_wm2" in hours else (BEAM, "dhi_wm2")))
    labels = {
        "ghi_source": np.select([own], [FILLED], raw.how),
        "dni_source": np.select([any_, erbs, cut, given], [FILLED, ERBS, LOW_SUN, raw.how], how),
        "dhi_source": np.select([erbs, any_], [ERBS, FILLED], raw.how),
    }
    light = {
        "ghi_wm2": ghi,
        "dni_wm2": np.select([given, erbs], [dni, erbs_dni], parted),
        "dhi_wm2": np.where(erbs, erbs_dhi, dhi),
    }
    return {**{name: np.round(values, 3) for name, values in light.items()}, **labels}, cut


def _cut_findings(table: pd.DataFrame, cut: NDArray[np.bool_]) -> list[Finding]:
    if not cut.any():
        return []
    message = "{count} of {total} hours have the sun so low that their beam irradiance is cut."
    where = tuple(table.index[cut][:5])
    return [
        Finding("beam_cut", "weather", int(cut.sum()), message, "info", where, total=len(table))
    ]


def _report(raw: RawWeather, table: pd.DataFrame) -> dict[str, object]:
    """Return the figures by which a planner knows the year."""
    beam = table["dni_wm2"] * np.sin(np.radians(table["sun_elevation_deg"].clip(lower=0)))
    return {
        "place": raw.place,
        "lat": round(raw.lat, 4),
        "lon": round(raw.lon, 4),
        "height_m": round(raw.height_m, 1) if np.isfinite(raw.height_m) else None,
        "year": raw.year,
        "utc_offset_h": raw.offset_h,
        "mean_temperature_c": round(float(table["temperature_c"].mean()), 2),
        "ghi_kwh_m2": round(float(table["ghi_wm2"].sum()) / 1000, 1),
        "dhi_kwh_m2": round(float(table["dhi_wm2"].sum()) / 1000, 1),
        "beam_horizontal_kwh_m2": round(float(beam.sum()) / 1000, 1),
    }
