"""Test reference years of the DWD (`.dat`): the formats of 2010 and of 2015/2045."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyproj

from layers.weather.raw import BEAM, RawWeather, text_of, typical_starts, without
from twin.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

    from twin.provenance import Finding

LAMBERT = "EPSG:3034"  # ETRS89 / LCC Europe: Rechtswert, Hochwert of the 2015 format
COLUMNS = {
    "RW": "RW", "HW": "HW", "MM": "month", "DD": "day", "HH": "hour", "T": "temperature_c",
    "P": "pressure_hpa", "WR": "wind_direction_deg", "WG": "wind_ms", "N": "eighths",
    "RF": "humidity_percent", "B": BEAM, "D": "dhi_wm2", "A": "longwave_wm2",
}  # fmt: skip
PERIODS = {"1988-2007": 2010, "2021-2050": 2035, "1995-2012": 2015, "2031-2060": 2045}
"""Reference periods as the DWD counts them to the year in the name of the data set."""
CET = 1.0  # h; a test reference year knows no summer time


def read_try(path: Path) -> RawWeather:
    """
    Read a test reference year.

    `HH` 1 to 24 is the hour that ends then, in CET the whole year. `B` is direct and `D` diffuse
    irradiance on the horizontal, `A` long-wave from the sky. The place of the 2015 format is a
    Lambert projection (EPSG:3034), of the 2010 format degrees in the header.

    Raises
    ------
    SourceError
        No header, missing columns, lines that are no numbers, no place.
    """
    text = text_of(path.read_bytes()).replace("\r\n", "\n")
    head, names, body = _parts(text, path)
    table = _numbers(body, names, path)
    lat, lon = _place(head, table, path)
    height = re.search(r"(?:Hoehenlage|Höhenlage)\s*:\s*(?:aktuelle H\S+ )?:?\s*(-?\d+)", head)
    height = re.search(r"aktuelle H\S+:\s*(-?\d+)", head) or height
    height = height or re.search(r"(-?\d+)\s*Meter\s+(?:ue|ü)ber\s+NN", head)
    period = re.search(r"Bezugszeitraum\s*:\s*(\d{4}-\d{4})", head)
    span = period[1] if period else ""
    kind = re.search(r"Art des TRY\s*:\s*(.+)", head)
    projected = "Klimasimulation" in head or span in ("2021-2050", "2031-2060")
    station = re.search(r"Station\s*:\s*(\S+(?: \S+)*)", head)
    hours, findings = _hours(table)
    return RawWeather(
        place=station[1] if station else f"{lat:.3f}° N, {lon:.3f}° E",
        lat=lat,
        lon=lon,
        height_m=float(height[1]) if height else float("nan"),
        offset_h=CET,
        year=_year(path, span),
        hours=hours,
        source="dwd_try",
        how="estimated:climate_projection" if projected else "measured:try",
        note=", ".join(filter(None, ["TRY", kind[1].strip() if kind else "", span])),
        findings=findings,
    )


def _parts(text: str, path: Path) -> tuple[str, list[str], str]:
    """Return the header, the names of the columns and the lines of numbers."""
    found = re.search(r"^\*\*\*.*$", text, re.MULTILINE)
    if found is None:
        template = "{path} is no test reference year: the line *** before the numbers is missing."
        hint = "Use the .dat file as the DWD delivers it, with its header."
        raise SourceError(template, hint=hint, path=path)
    head = text[: found.start()].rstrip()
    names = head.rpartition("\n")[2].split()
    wanted = {"MM", "DD", "HH", "t", "B", "D"}
    if not wanted <= set(names):
        template = "{path} lacks the columns {names} of a test reference year."
        lost = ", ".join(sorted(wanted - set(names)))
        hint = "The line above *** must name them."
        raise SourceError(template, hint=hint, path=path, names=lost)
    return head, names, text[found.end() :]


def _numbers(body: str, names: list[str], path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(
            io.StringIO(body), sep=r"\s+", header=None, names=names, index_col=False,
            dtype="float64",
        )  # fmt: skip
    except (ValueError, pd.errors.ParserError) as error:
        template = "{path} holds a line that is not made of {count} numbers ({reason})."
        hint = "The file may be cut off or edited; download it again."
        raise SourceError(template, hint=hint, path=path, count=len(names), reason=error) from error
    # `t` and `T` never stand together, `p` and `P` neither
    renamed = {name: COLUMNS[name.upper()] for name in names if name.upper() in COLUMNS}
    return table.rename(columns=renamed)


def _place(head: str, table: pd.DataFrame, path: Path) -> tuple[float, float]:
    if {"RW", "HW"} <= set(table.columns) and len(table):
        transformer = pyproj.Transformer.from_crs(LAMBERT, "EPSG:4326", always_xy=True)
        lon, lat = transformer.transform(table["RW"].iloc[0], table["HW"].iloc[0])
        if 46 <= lat <= 56 and 5 <= lon <= 16:
            return float(lat), float(lon)
    degrees = r"(\d+)\s*(?:°|Grad)\s*(\d+)?\s*['’´]?\s*"
    found = re.search(rf"Lage\s*:\s*{degrees}N.*?{degrees}[OE]", head)
    if found is None:
        template = "{path} does not say where its weather was measured."
        hint = "Rechtswert and Hochwert or the line `Lage:` of the header are needed."
        raise SourceError(template, hint=hint, path=path)
    lat, lon = int(found[1]) + int(found[2] or 0) / 60, int(found[3]) + int(found[4] or 0) / 60
    return lat, lon


def _year(path: Path, span: str) -> int:
    """Return the year the hours are written in: of the data set, never a leap year."""
    named = re.search(r"TRY_?(20\d\d)", path.name)
    if span in PERIODS:
        year = PERIODS[span]
    elif named:
        year = int(named[1])
    else:
        year = sum(map(int, span.split("-"))) // 2 if span else 2015
    return year - 1 if year % 4 == 0 else year


def _hours(table: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    starts, findings = typical_starts(table["month"], table["day"], table["hour"])
    nothing = pd.Series(np.nan, index=table.index)
    columns = {
        "temperature_c": without(table["temperature_c"], 99.9, 999.9),
        BEAM: without(table[BEAM], 9999, -999),
        "dhi_wm2": without(table["dhi_wm2"], 9999, -999),
        "longwave_wm2": without(table.get("longwave_wm2", nothing), 9999, -999),
        "wind_ms": without(table.get("wind_ms", nothing), 99.9, 999.9),
        "wind_direction_deg": without(table.get("wind_direction_deg", nothing), 999),
        "humidity_percent": without(table.get("humidity_percent", nothing), 999),
        "pressure_hpa": without(table.get("pressure_hpa", nothing), 9999),
        "cloud_share": without(table.get("eighths", nothing), 9) / 8,
    }
    hours = pd.DataFrame(columns).set_axis(starts, axis=0)
    return hours[hours.index.notna()], findings
