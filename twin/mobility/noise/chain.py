"""From streets, flows and buildings to the level at every building."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from twin.mobility.noise.emission import noise_emission
from twin.mobility.noise.levels import facade_levels
from twin.mobility.noise.receivers import building_heights, facade_points
from twin.mobility.noise.sources import sound_lines
from twin.mobility.noise.spread import spread_of

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from twin.assumptions import Assumptions
    from twin.mobility.noise.receivers import Heights, Receivers
    from twin.mobility.noise.spread import Spread


def sound_spread(
    streets: gpd.GeoDataFrame,
    nodes: pd.DataFrame,
    buildings: gpd.GeoDataFrame,
    given: Assumptions,
    *,
    screened: bool = True,
    before: Spread | None = None,
) -> Spread:
    """
    Return how the sound of the streets reaches the buildings, whatever drives on them.

    All of `buildings` (`height_m`) stand in the way and are listened at. `before` is a spread of
    the same buildings, e.g. of the baseline: only buildings that hear a street which has moved,
    come or gone, or whose junction has changed, are computed anew; bits are equal.
    """
    lines = sound_lines(streets, nodes, given)
    points, heights = _stood(buildings, given, before)
    return spread_of(lines, points, heights, given, screened=screened, before=before)


def _stood(
    buildings: gpd.GeoDataFrame, given: Assumptions, before: Spread | None
) -> tuple[Receivers, Heights]:
    """Return points and heights of buildings; those of before where nothing has changed."""
    spacing = given["noise.facade_spacing_m"]
    if before is not None and before.receivers.spacing_m == spacing:
        old, shapes = before.receivers, buildings.geometry.to_numpy()
        if (
            old.ids.equals(buildings.index)
            and bool(shapely.equals_identical(old.shapes, shapes).all())
            and np.array_equal(before.heights.height_m, buildings["height_m"], equal_nan=True)
        ):
            return old, before.heights
    return facade_points(buildings, given), building_heights(buildings)


def noise_at_buildings(
    streets: gpd.GeoDataFrame,
    nodes: pd.DataFrame,
    flows: pd.DataFrame,
    buildings: gpd.GeoDataFrame,
    given: Assumptions,
    *,
    spread: Spread | None = None,
) -> pd.DataFrame:
    """
    Return `day_db`, `night_db` and `quiet_night_db` by building, see `facade_levels`.

    `spread` of another case of the same buildings spares most of the work.
    """
    found = sound_spread(streets, nodes, buildings, given, before=spread)
    return facade_levels(found, noise_emission(streets, flows, given))
