"""A city at one moment: a frozen set of validated tables and rasters in one projected CRS."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from twin.hashing import hash_parts, hash_table
from twin.provenance import CityInfo
from twin.schema import SCHEMA_VERSION, TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd

    from twin.raster import Raster


@dataclass(frozen=True, eq=False)
class City:
    """
    The baseline every scenario starts from.

    Build one with `layers.build.build_city` or open one with `layers.city_store.open_city`; both
    hand in validated tables. `tables` may load lazily, `hashes` then comes from the store. Two
    cities with the same `hash` hold the same values in every table and raster; name, dates and
    sources do not count.
    """

    name: str
    crs: str  # EPSG code of a projected CRS in metres
    tables: Mapping[str, pd.DataFrame]
    info: CityInfo = field(default_factory=CityInfo)
    hashes: Mapping[str, str] = field(default_factory=dict)  # by name of table or raster
    rasters: Mapping[str, Raster] = field(default_factory=dict)  # by name in `twin.raster.RASTERS`

    def __post_init__(self) -> None:
        """Freeze the mappings and hash the tables and rasters that come without a hash."""
        hashes = {
            name: self.hashes.get(name) or hash_table(self.tables[name]) for name in self.tables
        }
        for name in self.rasters:
            hashes[name] = self.hashes.get(name) or self.rasters[name].hash
        object.__setattr__(self, "hashes", MappingProxyType(hashes))

    def __getattr__(self, name: str) -> gpd.GeoDataFrame:
        """Give a table by its name: `city.buildings`."""
        if name in TABLES and name in self.__dict__.get("tables", {}):
            return self.tables[name]
        msg = f"a city has no table or attribute {name!r}"
        raise AttributeError(msg)

    @cached_property
    def hash(self) -> str:
        """Content hash over schema version, CRS, every table and every raster."""
        tables = (f"{name}={self.hashes[name]}" for name in sorted(self.hashes))
        return hash_parts([str(SCHEMA_VERSION), self.crs, *tables])

    def replace(self, **tables: pd.DataFrame) -> City:
        """
        Return a city with some tables exchanged; the others are shared, not copied.

        The caller validates what it hands in (`twin.validation.validate`).
        """
        if unknown := sorted(set(tables) - set(self.tables)):
            msg = f"unknown tables: {unknown}"
            raise KeyError(msg)
        hashes = {name: value for name, value in self.hashes.items() if name not in tables}
        return dataclasses.replace(self, tables={**self.tables, **tables}, hashes=hashes)
