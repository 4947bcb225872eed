"""Horizons of roof planes out of a surface model, tile by tile, when a city is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.assumptions import assumptions
from twin.energy.solar.horizons import horizons
from twin.energy.solar.planes import planes_of
from twin.provenance import Finding
from twin.schema import HORIZONS
from twin.schema.sun import HORIZON_AZIMUTHS
from twin.validation import conform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from layers.source_data import Progress, Surface

    Tables = Mapping[str, pd.DataFrame]

FROM_SURFACE = "measured:surface"
TILE_M = 2000.0
FINEST_M, COARSEST_M = 1.0, 2.5
"""Finer rasters are averaged to 1 m; in coarser ones roofs and trees run into each other."""


def add_horizons(
    tables: Tables,
    surfaces: Mapping[str, Surface],
    *,
    crs: str,
    progress: Progress | None = None,
) -> tuple[dict[str, pd.DataFrame], list[Finding]]:
    """
    Return the tables with `horizons` of the roof planes that a surface model covers.

    Planes that carry no modules (sheds, slivers) are left out. Without a surface model of at most
    2.5 m the table stays empty, and roofs count as unshaded.

    Parameters
    ----------
    tables
        `buildings` and `roofs` in `crs`, with heights.
    surfaces
        By kind; only `surface` counts here.
    progress
        Told the step and the share done.
    """
    done, surface = dict(tables), surfaces.get("surface")
    if surface is None or not len(tables["buildings"]):
        return done, []
    if surface.cell_m > COARSEST_M:
        message = "The surface model is too coarse for the shade on roofs; they count as unshaded."
        return done, [Finding("surface_too_coarse", "horizons", 0, message, "info")]
    planes = planes_of(tables["buildings"], tables["roofs"], assumptions())
    planes = planes[planes["usable_share"] > 0]
    say = progress or (lambda _step, _share: None)
    done["horizons"] = _table(planes, surface, crs=crs, say=say)
    return done, _findings(planes, done["horizons"])


def _table(planes: pd.DataFrame, surface: Surface, *, crs: str, say: Progress) -> pd.DataFrame:
    """Look around from the planes of one tile after the other."""
    columns = [f"h{at:03d}" for at in HORIZON_AZIMUTHS]
    tile = np.floor(planes[["x", "y"]].to_numpy() / TILE_M).astype(int)
    tiles, which = np.unique(tile, axis=0, return_inverse=True)
    parts = [conform(HORIZONS, pd.DataFrame(index=[]), crs="")]
    for number, place in enumerate(tiles):
        say("Look for shade on the roofs", number / len(tiles))
        rows = planes[which.ravel() == number]
        angles, view = _one_tile(rows, place, surface, crs=crs)
        frame = pd.DataFrame(np.round(angles.astype(float), 1), rows.index, columns)
        frame["building_id"], frame["sky_view"] = rows["building_id"], np.round(view, 4)
        frame["horizon_source"] = FROM_SURFACE
        parts.append(frame[np.isfinite(view)])
    made: pd.DataFrame = conform(HORIZONS, pd.concat(parts).sort_index(), crs="")
    return made


def _one_tile(
    planes: pd.DataFrame, place: NDArray[np.int64], surface: Surface, *, crs: str
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return angles and sky view of the planes of one tile; NaN outside the surface model."""
    given = assumptions()
    margin = given["solar.horizon_reach"] + 50.0
    west, south = place * TILE_M - margin
    east, north = (place + 1) * TILE_M + margin
    around = surface.bounds(crs)
    west, south = max(west, around[0]), max(south, around[1])
    east, north = min(east, around[2]), min(north, around[3])
    if west >= east or south >= north:
        return np.full((len(planes), 36), np.nan, np.float32), np.full(len(planes), np.nan)
    cell = max(surface.cell_m, FINEST_M)
    raster = surface.read((west, south, east, north), crs=crs, cell_m=cell)
    return horizons(planes, raster, given)


def _findings(planes: pd.DataFrame, table: pd.DataFrame) -> list[Finding]:
    missing = planes.index[~planes.index.isin(table.index)]
    if not len(missing):
        return []
    message = "{count} of {total} roof planes lie where the surface model knows nothing; they count as unshaded."  # noqa: E501 - one sentence of the catalogue
    return [
        Finding("no_horizon", "horizons", len(missing), message, "info", tuple(missing[:5]),
                total=len(planes))
    ]  # fmt: skip
