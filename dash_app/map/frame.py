"""The flat frame the map is drawn in: metres east and north of one anchor, as deck.gl counts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

Floats = NDArray[np.float64]

WORLD = 512.0  # width of the Web Mercator square in deck.gl's common space
EARTH_M = 40.03e6  # deck.gl's mean circumference (@math.gl/web-mercator)


@dataclass(frozen=True)
class Frame:
    """
    Metres around an anchor that deck.gl's `meter-offsets` maps back to exact Web Mercator.

    deck.gl reads an offset (x, y) as `x * (a + b * y), y * a` in its common space. `from_lonlat`
    inverts just that, so positions agree with any other Web Mercator layer at every distance; a
    unit is a true metre near the anchor (0.3 % longer 15 km north of it at 51° N).
    """

    crs: str
    lon: float
    lat: float

    @classmethod
    def around(cls, crs: str, centre: tuple[float, float]) -> Frame:
        """Return the frame anchored at `centre` (easting, northing in `crs`), to 1e-5 degrees."""
        lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(*centre)
        return cls(crs, round(lon, 5), round(lat, 5))

    @cached_property
    def _to_degrees(self) -> Transformer:
        return Transformer.from_crs(self.crs, "EPSG:4326", always_xy=True)

    @cached_property
    def _units(self) -> tuple[float, float]:
        """Common units per metre at the anchor, and their growth per metre north."""
        cosine = np.cos(np.radians(self.lat))
        first = WORLD / EARTH_M / cosine
        growth = np.radians(1) * np.tan(np.radians(self.lat)) / cosine
        second = WORLD / EARTH_M * growth / (WORLD / 360 / cosine) * first
        return float(first), float(second)

    def from_lonlat(self, lon: Floats, lat: Floats) -> Floats:
        """Return frame metres (n, 2) of positions in degrees."""
        first, second = self._units
        here, there = world(np.float64(self.lon), np.float64(self.lat)), world(lon, lat)
        north = (there[..., 1] - here[1]) / first
        return np.stack([(there[..., 0] - here[0]) / (first + second * north), north], axis=-1)

    def from_city(self, xy: Any) -> Floats:
        """Return frame metres (n, 2) of eastings and northings (n, 2) in the city's CRS."""
        xy = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
        lon, lat = self._to_degrees.transform(xy[:, 0], xy[:, 1])
        return self.from_lonlat(np.asarray(lon), np.asarray(lat))

    def degrees(self, x: float, y: float) -> tuple[float, float]:
        """Return longitude and latitude of one easting and northing in the city's CRS."""
        lon, lat = self._to_degrees.transform(x, y)
        return float(lon), float(lat)


def world(lon: Any, lat: Any) -> Floats:
    """Return deck.gl common coordinates (…, 2) of degrees: 512 units around the world, y north."""
    x = WORLD * (np.asarray(lon) + 180) / 360
    sine = np.sin(np.radians(lat))
    y = WORLD * (0.5 + np.log((1 + sine) / (1 - sine)) / (4 * np.pi))
    return np.stack([x, y], axis=-1)
