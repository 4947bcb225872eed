"""The city of 15 minutes: what a building or cell has near it, what a district has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from twin.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

CELL_M = 100.0


def fifteen_minutes(
    minutes: pd.DataFrame, given: Assumptions, *, limit_min: float | None = None
) -> pd.DataFrame:
    """
    Return what each row has within a quarter of an hour (`accessibility.profile_minutes`).

    Parameters
    ----------
    minutes
        Minutes to the nearest facility, a row a building or cell, a column a kind of facility;
        inf where there is no way.
    limit_min
        Another limit than the assumption.

    Returns
    -------
    DataFrame
        Index of `minutes`; `kinds` within the limit (a number), `share` of the kinds, `worst_kind`
        and `worst_minutes` (of kinds equally far the first column).

    >>> near = pd.DataFrame({"school": [5.0, 20.0], "stop": [3.0, 30.0]}, index=["a", "b"])
    >>> from twin.assumptions import assumptions
    >>> fifteen_minutes(near, assumptions())["worst_kind"].tolist()
    ['school', 'stop']
    """
    limit = given["accessibility.profile_minutes"] if limit_min is None else limit_min
    values = minutes.to_numpy(float)
    if not values.shape[1]:
        template = "Minutes are needed for one kind of facility at least."
        raise ModelError(template, hint="The city holds no places, stops or parks.")
    kinds = (values <= limit).sum(axis=1)
    worst = np.argmax(values, axis=1)
    return pd.DataFrame(
        {
            "kinds": kinds,
            "share": kinds / values.shape[1],
            "worst_kind": minutes.columns.to_numpy(object)[worst],
            "worst_minutes": np.take_along_axis(values, worst[:, None], 1)[:, 0],
        },
        index=minutes.index,
    )


def profile_by_group(
    minutes: pd.DataFrame,
    people: pd.DataFrame,
    given: Assumptions,
    *,
    limit_min: float | None = None,
) -> pd.DataFrame:
    """
    Return for each group of residents how much of a town lies within the limit.

    `people` are persons by building (index) and group (columns, see `people.groups`). The answer
    has a row a group: `residents`, `share` (mean share of kinds, by residents), `all_kinds` (share
    of residents who have every kind), and `share_<kind>` (share who have this kind). Missing where
    nobody lives. Buildings of `people` that `minutes` lacks count as having nothing.
    """
    limit = given["accessibility.profile_minutes"] if limit_min is None else limit_min
    within = minutes.reindex(people.index).to_numpy(float) <= limit  # nothing known: False
    weight = whole_persons(people)
    whole = weight.sum(axis=0)
    with np.errstate(invalid="ignore"):
        each = (weight.T @ within.astype(np.int64)) / whole[:, None]
        every = (weight.T @ within.all(axis=1).astype(np.int64)) / whole
    table = pd.DataFrame(each, people.columns, [f"share_{kind}" for kind in minutes.columns])
    table.insert(0, "residents", whole / PERSON)
    table.insert(1, "share", each.mean(axis=1))
    table.insert(2, "all_kinds", every)
    return table


PERSON = 1000
"""Persons are counted in thousandths, so that sums do not depend on the order of buildings."""


def whole_persons(people: pd.DataFrame) -> NDArray[np.int64]:
    """Return persons as whole thousandths."""
    whole: NDArray[np.int64] = np.rint(people.to_numpy(float) * PERSON).astype(np.int64)
    return whole


def cell_of(buildings: gpd.GeoDataFrame) -> pd.Series[str]:
    """
    Return the cell of each building: the census cell where it has one, else one of a 100 m grid.

    Cells of the grid are called `x_y` after their lower left corner in the CRS of the city [m].
    """
    middle = shapely.get_coordinates(shapely.centroid(buildings.geometry.to_numpy()))
    corner = (np.floor(middle / CELL_M) * CELL_M).astype(np.int64).astype(str)
    made = pd.Series(corner[:, 0], buildings.index).str.cat(corner[:, 1], sep="_")
    known = buildings["cell_id"] if "cell_id" in buildings else pd.Series(index=buildings.index)
    return known.astype("object").where(known.notna(), made.astype("object"))


def by_cell(
    minutes: pd.DataFrame,
    buildings: gpd.GeoDataFrame,
    residents: pd.Series[float],
    *,
    cells: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """
    Return minutes by cell of 100 m: the mean of its buildings, by residents where anybody lives.

    Buildings without a way to a kind leave the mean of that kind, unless none of the cell has one;
    then it is inf. Geometry from `cells` where the cell is in it, else a square of the grid.
    """
    of = cell_of(buildings).reindex(minutes.index)
    lived = residents.reindex(minutes.index).fillna(0.0)
    anybody = lived.groupby(of).transform("sum") > 0
    weight = lived.where(anybody, 1.0).to_numpy(float)[:, None]
    values = minutes.to_numpy(float)
    there = np.isfinite(values)
    top = pd.DataFrame(np.where(there, values, 0.0) * weight, of, minutes.columns)
    base = pd.DataFrame(np.where(there, weight, 0.0), of, minutes.columns)
    top, base = top.groupby(level=0).sum(), base.groupby(level=0).sum()
    mean = (top / base.where(base > 0)).fillna(np.inf)
    mean.insert(0, "residents", lived.groupby(of).sum())
    return gpd.GeoDataFrame(mean, geometry=_squares(mean.index, cells), crs=buildings.crs)


def _squares(names: pd.Index[str], cells: gpd.GeoDataFrame | None) -> NDArray[np.object_]:
    shapes = np.full(len(names), None, dtype=object)
    if cells is not None and len(cells):
        place = cells.index.get_indexer(names)
        shapes[place >= 0] = cells.geometry.to_numpy()[place[place >= 0]]
    made = np.flatnonzero([shape is None for shape in shapes])
    corners = pd.Series(names[made], dtype="object").str.extract(r"^(-?\d+)_(-?\d+)$").astype(float)
    x, y = corners[0].to_numpy(), corners[1].to_numpy()
    known = np.isfinite(x)  # a census cell that the table of cells lacks has no shape
    x, y = x[known], y[known]
    shapes[made[known]] = shapely.box(x, y, x + CELL_M, y + CELL_M)
    return shapes
