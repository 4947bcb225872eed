"""Who lives where: residents of buildings by district, age and car ownership."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]

AGES = ("until_17", "18_29", "30_49", "50_64", "65_120")
"""Classes of the theme residents_age of the census of 2022."""


def groups(
    stock: pd.DataFrame,
    given: Assumptions,
    *,
    cells: pd.Series[str] | None = None,
    census_counts: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """
    Return residents of each building by group.

    Parameters
    ----------
    stock
        Index building; columns residents, district_id, size_class.
    cells, census_counts
        Census cell of each building and the table of the city. Ages of a cell are those of all its
        buildings; where the census counts none, those of the whole town; without any counts there
        are no groups by age.

    Returns
    -------
    DataFrame
        Index of `stock`, columns (by, group): ("city", "all"), ("district", id), ("age", class of
        the census), ("car", "with" or "without": assumed by type of building,
        `accessibility.carfree`). Persons; the groups of one `by` sum to all, as far as known.
    """
    residents = stock["residents"].fillna(0.0).to_numpy(float)
    columns = {("city", "all"): residents}
    district = stock["district_id"].astype("object")
    for name in sorted(district.dropna().unique()):
        columns["district", name] = np.where(district == name, residents, 0.0)
    shares = _age_shares(stock.index, residents, cells, census_counts)
    for name, share in shares.items():
        columns["age", name] = residents * share
    without = residents * _carfree_share(stock, given)
    columns["car", "with"], columns["car", "without"] = residents - without, without
    names = pd.MultiIndex.from_tuples(columns, names=["by", "group"])
    return pd.DataFrame(np.column_stack(list(columns.values())), stock.index, names)


def _carfree_share(stock: pd.DataFrame, given: Assumptions) -> Floats:
    """Return the share of residents in households without a car; unknown types as apartments."""
    by_class = given.by_class("accessibility.carfree")
    share = stock["size_class"].astype("object").map(by_class)
    return np.asarray(share.fillna(by_class["apartments"]), np.float64)


def _age_shares(
    index: pd.Index[str],
    residents: Floats,
    cells: pd.Series[str] | None,
    counts: pd.DataFrame | None,
) -> dict[str, Floats]:
    """Return by age the share of it in each building; nothing where no census counts ages."""
    if cells is None or counts is None or not len(counts):
        return {}
    ages = counts[counts["theme"].astype("object") == "residents_age"]
    table = ages.pivot_table(index="cell_id", columns="class", values="count", aggfunc="sum")
    table = table.reindex(columns=list(AGES)).fillna(0.0)
    table = table[table.sum(axis=1) > 0]
    if table.empty:
        return {}
    cell = cells.reindex(index).astype("object")
    share = table.div(table.sum(axis=1), axis=0).reindex(cell.to_numpy(object))
    known = share.notna().all(axis=1).to_numpy()
    there = known & (residents > 0)
    lived = table.loc[sorted(set(cell[there]))] if there.any() else table
    whole = lived.sum() / lived.to_numpy().sum()
    return {str(name): np.where(known, share[name], whole[name]) for name in AGES}
