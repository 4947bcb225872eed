"""The weather station of the DWD nearest to a municipality that measures temperature and sun."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pyproj import Transformer

from layers.source import download
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from layers.fetch.municipalities import Municipality
    from layers.web import Manners

LINE = re.compile(
    r"^\s*(?P<id>\d{1,5})\s+(?P<since>\d{8})\s+(?P<until>\d{8})\s+-?\d+\s+"
    r"(?P<lat>\d+\.\d+)\s+(?P<lon>\d+\.\d+)\s+(?P<name>.+?)\s{2,}",
    re.MULTILINE,
)
YEARS_BACK = 20_000  # two years in YYYYMMDD: a station that fell silent before is no use


@dataclass(frozen=True)
class Station:
    """A station in a list of the DWD."""

    id: str  # five digits
    name: str
    lon: float
    lat: float
    until: int  # YYYYMMDD


def stations_in(text: str) -> dict[str, Station]:
    """
    Return the stations of a list by id.

    >>> line = "02667 19600101 20251231   92  50.8646  7.1575 Köln-Bonn      Nordrhein-Westfalen"
    >>> stations_in(line)["02667"].name
    'Köln-Bonn'
    """
    return {
        m["id"].zfill(5): Station(
            m["id"].zfill(5), m["name"], float(m["lon"]), float(m["lat"]), int(m["until"])
        )
        for m in LINE.finditer(text)
    }


def nearest_station(
    town: Municipality, lists: Sequence[str], *, staging: Path, manners: Manners
) -> Station:
    """Return the nearest station that stands in every list and still measures."""
    found: list[dict[str, Station]] = []
    for url in lists:
        entry = download(
            url, source="dwd_station", cache_dir=staging, manners=manners, max_age_days=30
        )
        found.append(stations_in(entry.path.read_bytes().decode("latin-1")))
    newest = max((s.until for stations in found for s in stations.values()), default=0)
    ids = set.intersection(*(set(_alive(stations, newest)) for stations in found)) if found else ()
    if not ids:
        template = "The lists of weather stations name none that measures temperature and sun."
        raise SourceError(template, hint="Give a test reference year instead.")
    return min((found[0][key] for key in ids), key=lambda s: (_distance(s, town), s.id))


def _alive(stations: dict[str, Station], newest: int) -> list[str]:
    return [key for key, station in stations.items() if station.until >= newest - YEARS_BACK]


def _distance(station: Station, town: Municipality) -> float:
    west, south, east, north = town.bounds
    x, y = Transformer.from_crs("EPSG:4326", "EPSG:25832", always_xy=True).transform(
        station.lon, station.lat
    )
    return float(np.hypot(x - (west + east) / 2, y - (south + north) / 2))
