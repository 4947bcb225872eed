"""All buildings of all sources in one table, in an order that does not depend on how they came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.matching.trust import ranked, trust
from twin.schema import BUILDINGS
from twin.validation import conform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Pool:
    """Buildings of all sources, most trusted source first, by key within each source."""

    sources: tuple[str, ...]
    table: gpd.GeoDataFrame  # rows by position, columns of `buildings`
    keys: NDArray[np.object_]
    source: NDArray[np.intp]  # position in `sources`
    is_part: NDArray[np.bool_]
    outline: NDArray[np.intp]  # of a part: row of its outline; -1 for all others
    twice: Mapping[str, tuple[str, ...]]  # keys that a source holds more than once
    empty: tuple[str, ...]  # keys of buildings without a footprint, which are left out
    crs: str

    @property
    def shapes(self) -> NDArray[np.object_]:
        """Return the footprints."""
        return np.asarray(self.table.geometry.array, dtype=object)

    def outlines(self, source: int) -> NDArray[np.intp]:
        """Return the rows of a source that are whole buildings."""
        return np.flatnonzero((self.source == source) & ~self.is_part)


def make_pool(sources: Mapping[str, gpd.GeoDataFrame]) -> Pool:
    """Put the buildings of all sources in one table; keys that come twice in a source stay once."""
    names = tuple(ranked(sources, trust().order))
    crs = _common_crs(sources)
    tables, twice, empty = [], {}, []
    for name in names:
        table = _conformed(sources[name], crs)
        shapes = np.asarray(table.geometry.array, dtype=object)
        bare = shapely.is_missing(shapes) | shapely.is_empty(shapes)
        empty += [str(key) for key in table.index[bare]]
        table, again = _once(table[~bare])
        tables.append(table)
        if again:
            twice[name] = again
    whole = pd.concat(tables)
    keys = whole.index.astype(object).to_numpy()
    source = np.repeat(np.arange(len(names)), [len(table) for table in tables])
    outline = _outlines(whole["part_of"], keys, source)
    table = gpd.GeoDataFrame(whole.reset_index(drop=True), geometry="geometry", crs=crs)
    return Pool(names, table, keys, source, outline >= 0, outline, twice, tuple(empty), crs)


def _conformed(table: gpd.GeoDataFrame, crs: str) -> gpd.GeoDataFrame:
    """Return the table as the schema wants it, sorted; most come like that already."""
    names = [*BUILDINGS.column_names, "geometry"]
    ready = list(table.columns) == names and table.index.name == BUILDINGS.key
    if ready and table["use"].dtype == "category" and table.index.is_monotonic_increasing:
        return table
    return conform(BUILDINGS, table, crs=crs)


def _common_crs(sources: Mapping[str, gpd.GeoDataFrame]) -> str:
    """Return the CRS of all tables; that they agree is the duty of who reads them."""
    found = [table.crs for table in sources.values()]
    if any(crs is None or crs != found[0] for crs in found):
        msg = f"match_buildings needs tables in one CRS, got {sorted(map(str, found))}"
        raise ValueError(msg)
    return str(found[0])


def _once(table: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """Keep one row for each key, the same one in whatever order the rows came."""
    if table.index.is_unique:
        return table, ()
    again = table.index[table.index.duplicated()].unique()
    shape = shapely.to_wkb(table.geometry.array)
    content = pd.util.hash_pandas_object(pd.DataFrame(table.drop(columns="geometry")), index=True)
    order = np.lexsort((content.to_numpy(), shape, table.index.to_numpy()))
    table = table.iloc[order]
    return table[~table.index.duplicated()], tuple(str(key) for key in again)


def _outlines(
    part_of: pd.Series[Any], keys: NDArray[np.object_], source: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Return for each part the row of its outline in the same source, -1 where there is none."""
    result = np.full(len(keys), -1, dtype=np.intp)
    rows = np.flatnonzero(part_of.notna())
    if not len(rows):
        return result
    place = pd.Series(
        np.arange(len(keys)), index=pd.MultiIndex.from_arrays([source, pd.Index(keys, dtype="str")])
    )
    wanted = pd.MultiIndex.from_arrays([source[rows], part_of.iloc[rows].astype("str")])
    result[rows] = place.reindex(wanted).fillna(-1).to_numpy(dtype=np.intp)
    return result
