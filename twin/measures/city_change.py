"""Buildings taken out of a city and put into it, in every table that knows them."""

from __future__ import annotations

import dataclasses
from collections import ChainMap
from typing import TYPE_CHECKING, Any

import pandas as pd

from twin.hashing import hash_parts, hash_table
from twin.selection.resolve import member

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from twin.city import City


def without_buildings(city: City, ids: pd.Index[str]) -> City:
    """
    Return the city without some whole buildings, their parts, roofs, envelopes and addresses.

    Places in them lose their building. The hash of a table comes from its old one and the ids, not
    from its contents.
    """
    buildings = city.buildings
    out = member(buildings.index, ids) | ids_in(buildings["part_of"], ids)
    gone = buildings.index[out]
    left = {"buildings": buildings[~out]}
    left["envelopes"] = city.envelopes[~member(city.envelopes.index, gone)]
    for name in ("roofs", "addresses"):
        table = city.tables[name]
        left[name] = table[~ids_in(table["building_id"], gone)]
    inside = city.places["building_id"]
    left["places"] = city.places.assign(building_id=inside.mask(ids_in(inside, gone)))
    return derived(city, left, hash_parts(["without", *sorted(ids)]))


def ids_in(column: pd.Series[Any], ids: pd.Index[str]) -> NDArray[np.bool_]:
    """Tell where a column holds one of some ids, faster than `isin` does for many."""
    found: NDArray[np.bool_] = ids.get_indexer(pd.Index(column)) >= 0
    return found


def with_rows(city: City, rows: Mapping[str, pd.DataFrame]) -> City:
    """Return the city with more rows in some tables; the rows have all columns of theirs."""
    tables = {}
    for name, more in rows.items():
        table = city.tables[name]
        typed = more.astype({k: v for k, v in table.dtypes.items() if k != "geometry"})
        tables[name] = pd.concat([table, typed[table.columns]]) if len(table) else typed
        tables[name].index.name = table.index.name
    return derived(city, tables, hash_parts(["with", *(hash_table(rows[k]) for k in sorted(rows))]))


def derived(city: City, tables: Mapping[str, pd.DataFrame], change: str) -> City:
    """Return the city with tables exchanged, the hash of each made of the old one and a change."""
    hashes = {name: hash_parts([city.hashes[name], change]) for name in tables}
    return dataclasses.replace(
        city,
        tables=ChainMap(dict(tables), city.tables),  # type: ignore[arg-type]
        hashes={**city.hashes, **hashes},
    )
