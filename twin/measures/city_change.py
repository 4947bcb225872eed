"""Buildings taken out of a city and put into it, in every table that knows them."""

from __future__ import annotations

import dataclasses
from collections import ChainMap
from typing import TYPE_CHECKING

import pandas as pd

from twin.hashing import hash_parts, hash_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twin.city import City


def without_buildings(city: City, ids: pd.Index[str]) -> City:
    """
    Return the city without some whole buildings, their parts, roofs, envelopes and addresses.

    Places in them lose their building. The hash of a table comes from its old one and the ids, not
    from its contents.
    """
    buildings = city.buildings
    gone = buildings.index[buildings.index.isin(ids) | buildings["part_of"].isin(ids).to_numpy()]
    left = {"buildings": buildings[~buildings.index.isin(gone)]}
    left["envelopes"] = city.envelopes[~city.envelopes.index.isin(gone)]
    for name in ("roofs", "addresses"):
        table = city.tables[name]
        left[name] = table[~table["building_id"].isin(gone).to_numpy()]
    places = city.places
    left["places"] = places.assign(
        building_id=places["building_id"].mask(places["building_id"].isin(gone))
    )
    return derived(city, left, hash_parts(["without", *sorted(ids)]))


def with_rows(city: City, rows: Mapping[str, pd.DataFrame]) -> City:
    """Return the city with more rows in some tables; the rows have all columns of theirs."""
    tables = {}
    for name, more in rows.items():
        table = city.tables[name]
        more = more.astype({k: v for k, v in table.dtypes.items() if k != "geometry"})
        tables[name] = pd.concat([table, more[table.columns]]) if len(table) else more
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
