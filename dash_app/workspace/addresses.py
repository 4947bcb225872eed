"""How many addresses a building counts for, wherever privacy counts them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dash_app.workspace.withholding import NOWHERE
from twin.assumptions import assumptions
from twin.energy.stock import initial_stock
from twin.errors import TwinError

if TYPE_CHECKING:
    from twin.city import City


@lru_cache(maxsize=8)
def counted_buildings(city: City) -> pd.DataFrame:
    """
    Return how many addresses each whole building counts for, and where it lies.

    Columns `block`, `district` (`NOWHERE` for none), `used` (lived in or heated) and `addresses`:
    the different addresses known of a building in use; one where none is known but somebody lives
    there, or where the city has no addresses at all.
    """
    buildings = pd.DataFrame(city.buildings)
    buildings = buildings[buildings["part_of"].isna().to_numpy()]
    lived, used = _in_use(city, buildings)
    known = _addresses(city).reindex(buildings.index).fillna(0).to_numpy(np.int64)
    one = lived if known.any() else used
    return pd.DataFrame(
        {
            "block": keys_of(buildings["block_id"]),
            "district": keys_of(buildings["district_id"]),
            "used": used,
            "addresses": np.where(used, np.maximum(known, one), 0),
        },
        index=buildings.index,
    )


def _in_use(
    city: City, buildings: pd.DataFrame
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return which buildings are lived in, and which are lived in or heated."""
    try:
        stock = initial_stock(city, assumptions()).reindex(buildings.index)
    except TwinError:  # areas that cannot be: every building may be somebody's
        everyone = np.ones(len(buildings), bool)
        return everyone, everyone
    lived = ((stock["dwellings"] > 0) | (stock["residents"] > 0)).to_numpy(bool)
    return lived, lived | (stock["heated_area_m2"] > 0).to_numpy(bool)


def _addresses(city: City) -> pd.Series[int]:
    """Return the number of different addresses by building."""
    points = pd.DataFrame(city.tables["addresses"])
    own = pd.DataFrame(city.buildings)[["street", "housenumber"]]
    own = own.rename_axis("building_id").reset_index()
    every = pd.concat([points[["building_id", "street", "housenumber"]], own], ignore_index=True)
    every = every[every["building_id"].notna() & every["housenumber"].notna()].astype(object)
    every = every.fillna("")
    for name in ("street", "housenumber"):
        every[name] = every[name].astype(str).str.casefold().str.replace(" ", "", regex=False)
    counts: pd.Series[int] = every.drop_duplicates()["building_id"].value_counts()
    return counts


def keys_of(values: pd.Series[Any]) -> np.ndarray[Any, Any]:
    """Return keys of areas, `NOWHERE` where there is none."""
    return values.astype(object).fillna(NOWHERE).to_numpy(object)
