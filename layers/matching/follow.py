"""Lets the tables that name buildings follow them into the stock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from twin.schema import ENVELOPES

if TYPE_CHECKING:
    from collections.abc import Collection

    import geopandas as gpd

    from layers.matching.buildings import Matched


def renamed(
    table: pd.DataFrame, column: str, ids: pd.Series[Any], *, forget: Collection[str] = ()
) -> pd.DataFrame:
    """
    Return `table` with the ids in `column` replaced by the new ones.

    Ids that `ids` does not know, and those to `forget`, become missing.
    """
    old = table[column]
    new = old.map(ids).mask(old.isin(list(forget)))
    return table.assign(**{column: new.astype("str")})


def follow_points(table: gpd.GeoDataFrame, matched: Matched, *, source: str) -> gpd.GeoDataFrame:
    """
    Return addresses or places of one source with `building_id` of the stock.

    What lies in a building that was divided names none any more: its place says which one.
    """
    ids, divided = matched.new_ids[source], matched.divided[source]
    return renamed(table, "building_id", ids, forget=divided)


def follow_roofs(roofs: gpd.GeoDataFrame, matched: Matched, *, source: str) -> gpd.GeoDataFrame:
    """Return roof planes with `building_id` of the stock, by their place where it was divided."""
    table = renamed(roofs, "building_id", matched.new_ids[source])
    torn = np.flatnonzero(roofs["building_id"].isin(list(matched.divided[source])))
    if not len(torn):
        return table
    shares = matched.shares[matched.shares["source"] == source]
    near = matched.buildings.loc[sorted(set(shares["new_id"]))]
    points = shapely.force_2d(shapely.point_on_surface(np.asarray(roofs.geometry.array)[torn]))
    row, found = shapely.STRtree(near.geometry.array).query(points, predicate="intersects")
    order = np.lexsort((found, row))
    first = np.unique(row[order], return_index=True)[1]
    keys = table["building_id"].to_numpy(dtype=object).copy()
    keys[torn[row[order][first]]] = near.index.to_numpy(dtype=object)[found[order][first]]
    return table.assign(building_id=pd.array(keys, dtype="str"))


def follow_envelopes(envelopes: pd.DataFrame, matched: Matched, *, source: str) -> pd.DataFrame:
    """
    Return envelopes by building of the stock.

    Those of buildings that became one are added up; that of a divided building is split by the
    ground it covers. The areas of a source keep their sums.
    """
    shares = matched.shares[matched.shares["source"] == source]
    whole = envelopes[~envelopes.index.isin(matched.divided[source])]
    new = matched.new_ids[source].reindex(whole.index)
    torn = shares[shares["old_id"].isin(envelopes.index)]
    rows = envelopes.index.get_indexer(pd.Index([*whole.index, *torn["old_id"]]))
    factor = np.concatenate([np.ones(len(whole)), torn["share"].to_numpy(dtype=float)])
    index = pd.Index([*new, *torn["new_id"]], dtype="str", name=ENVELOPES.key)
    numbers = [column.name for column in ENVELOPES.columns if column.type == "number"]
    values = envelopes[numbers].iloc[rows].mul(factor, axis=0).set_axis(index)
    labels = envelopes["envelope_source"].iloc[rows].set_axis(index)
    sums = values[factor > 0].groupby(level=0, sort=True).sum(min_count=1)
    first = labels[factor > 0].groupby(level=0, sort=True).first()
    return sums.assign(envelope_source=first.astype("str"))[ENVELOPES.column_names]
