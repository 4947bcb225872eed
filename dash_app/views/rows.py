"""From results to the rows of the baseline: sums by Baublock, pieces of streets put together."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from twin.city import City
    from twin.simulate.results import YearResults

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

CUT = "~"
"""What stands between the id of a street and the number of a piece cut from it."""


def block_sums(found: YearResults, city: City, values: Mapping[str, ArrayLike]) -> pd.DataFrame:
    """
    Return sums by Baublock of values by building of the stock of the year, which keep its order.

    Index: blocks of the baseline; 0 where a Baublock has no building. Missing values count as 0.
    """
    place = _block_places(found, city)
    there = place >= 0
    count = len(city.blocks)
    columns = {
        name: np.bincount(
            place[there], np.nan_to_num(np.asarray(column, np.float64)[there]), minlength=count
        )
        for name, column in values.items()
    }
    return pd.DataFrame(columns, city.blocks.index)


def largest(
    found: YearResults, city: City, words: pd.Series[Any], weight: pd.Series[float] | Floats
) -> pd.Series[Any]:
    """Return by Baublock the word with most weight, of equals the first by alphabet."""
    codes, names = pd.factorize(words, sort=True)
    place, size = _block_places(found, city), np.nan_to_num(np.asarray(weight, np.float64))
    there = (place >= 0) & (codes >= 0) & (size > 0)
    width = max(len(names), 1)
    flat = np.bincount(
        place[there] * width + codes[there], size[there], minlength=len(city.blocks) * width
    )
    table = flat.reshape(len(city.blocks), width)
    best = np.array([*names, None], object)
    chosen = np.where(table.sum(axis=1) > 0, table.argmax(axis=1), len(names))
    return pd.Series(best[chosen], city.blocks.index, dtype=object)


def per_hectare(city: City, values: pd.Series[float]) -> pd.Series[float]:
    """Return values over the area of their Baublock [ha]."""
    hectares = city.blocks["area_m2"] / 10_000
    density: pd.Series[float] = values / hectares.where(hectares > 0)
    return density


def ratio(top: pd.Series[float], bottom: pd.Series[float], factor: float = 1.0) -> pd.Series[float]:
    """Return top over bottom, missing where there is nothing below."""
    part: pd.Series[float] = top / bottom.where(bottom > 0) * factor
    return part


def _block_places(found: YearResults, city: City) -> Ints:
    """Return the row of the Baublock of each building of the stock, -1 for none."""
    keys = found.buildings["block_id"].astype("category").cat
    of_words = city.blocks.index.get_indexer(pd.Index(keys.categories.astype(object)))
    codes: Ints = np.append(of_words, -1)[keys.codes.to_numpy()]
    return codes


def building_rows(found: YearResults, city: City, values: pd.Series[Any]) -> pd.Series[Any]:
    """
    Return values of the stock for every building of the baseline; a part has those of its whole.

    Missing where a measure took the building away, or where nobody lives or heats.
    """
    place = values.index.get_indexer(_whole_ids(city))
    taken = values.to_numpy()[np.maximum(place, 0)] if len(values) else np.full(len(place), np.nan)
    column = pd.Series(taken, city.buildings.index)
    return column.where(place >= 0)


@lru_cache(maxsize=4)
def _whole_ids(city: City) -> pd.Index[Any]:
    part_of = city.buildings["part_of"].astype(object)
    own = pd.Series(city.buildings.index, city.buildings.index, dtype=object)
    return pd.Index(own.where(part_of.isna(), part_of))


class StreetRows(NamedTuple):
    """Where the streets of a scenario lie in the table of the baseline."""

    place: Ints  # row of the baseline of each street of the scenario, -1 for new ones
    length_m: Floats  # of each street of the scenario
    back: Ints  # row of the opposite link of each row of the baseline, -1 for none


@lru_cache(maxsize=16)
def street_rows(city: City, now: City) -> StreetRows:
    """Return the rows; a piece that a measure cut (`id~1`) belongs to the row of its street."""
    base, streets = city.streets.index, now.streets
    place = np.arange(len(base)) if now is city else base.get_indexer(streets.index)
    if (place < 0).any():
        names = streets.index.to_numpy(object)
        for row in np.flatnonzero(place < 0):  # the few that the scenario drew or cut
            place[row] = base.get_indexer([_whole(str(names[row]))])[0]
    return StreetRows(place, streets["length_m"].to_numpy(float), opposite_rows(city))


@lru_cache(maxsize=4)
def opposite_rows(city: City) -> Ints:
    """Return the row of the opposite link of each street, -1 for none."""
    found: Ints = city.streets.index.get_indexer(pd.Index(city.streets["reverse_id"]))
    return found


def _whole(name: str) -> str:
    """
    Return the id of the street a piece was cut from, and again cut from.

    >>> _whole("osm:w1:0:f~2~1")
    'osm:w1:0:f'
    """
    return name.partition(CUT)[0] if CUT in name else name


def street_mean(found: YearResults, city: City, values: Floats) -> Floats:
    """Return the mean of pieces by their length for each row of the baseline; missing: gone."""
    rows = street_rows(city, found.state.city)
    there = (rows.place >= 0) & np.isfinite(values)
    place, length = rows.place[there], np.maximum(rows.length_m[there], 1e-3)
    count = len(city.streets)
    top = np.bincount(place, values[there] * length, minlength=count)
    bottom = np.bincount(place, length, minlength=count)
    mean: Floats = np.divide(top, bottom, out=np.full(count, np.nan), where=bottom > 0)
    return mean


def of_streets(found: YearResults, table: pd.DataFrame, column: str) -> Floats:
    """Return a column of an answer in the order of the streets of the scenario."""
    streets = found.state.city.streets
    if len(table) == len(streets) and table.index.equals(streets.index):
        return table[column].to_numpy(np.float64)
    return table[column].reindex(streets.index).to_numpy(np.float64)


def both_ways(city: City, values: Floats) -> Floats:
    """Return what both directions of a street have together; missing only where both are."""
    back = opposite_rows(city)
    other = np.where(back >= 0, values[back], np.nan)
    both: Floats = np.nan_to_num(values) + np.nan_to_num(other)
    return np.where(np.isnan(values) & np.isnan(other), np.nan, both)


def worse_way(city: City, values: Floats, *, high: bool) -> Floats:
    """Return the higher (or lower) value of both directions."""
    back = opposite_rows(city)
    other = np.where(back >= 0, values[back], np.nan)
    pick = np.fmax if high else np.fmin
    chosen: Floats = pick(values, other)
    return chosen


def on_streets(city: City, values: Floats | NDArray[np.object_]) -> pd.Series[Any]:
    """Return values with the ids of the streets of the baseline."""
    return pd.Series(values, city.streets.index)
