"""Storeys, roof and height where no source gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from layers.estimate.labels import ACCESSORY, by_class, label
from layers.estimate.use import higher_than
from twin.assumptions import assumed

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray


def fill_storeys(buildings: gpd.GeoDataFrame, group: pd.Series[str]) -> gpd.GeoDataFrame:
    """Storeys from the tagged height, else from known neighbours of the class, else the class."""
    known = buildings["storeys"]
    storey_height = by_class("storey_height", group)
    pitch = by_class("roof_pitch", group)
    roof = buildings["roof_height_m"].fillna(_gable_height(buildings, pitch))
    from_height = ((buildings["height_m"] - roof) / storey_height).round().clip(lower=1)
    is_hall = group.isin(["religious", "industrial", "storage", "sport", "agriculture", *ACCESSORY])
    from_height = from_height.mask(is_hall)
    from_neighbours = _median_of_neighbours(buildings, known.fillna(from_height), group)
    storeys = known.fillna(from_height).fillna(from_neighbours).fillna(by_class("storeys", group))
    ground = np.select(
        [from_height.notna(), from_neighbours.notna()],
        ["estimated:height", "estimated:neighbours"],
        default="estimated:class",
    )
    source = label(buildings, "storeys", "storeys_source", ground)
    return buildings.assign(storeys=storeys, storeys_source=source)


def _median_of_neighbours(
    buildings: gpd.GeoDataFrame, value: pd.Series[float], group: pd.Series[str], *, least: int = 3
) -> pd.Series[float]:
    """Median of up to five nearest known values of the same class within the assumed radius."""
    result = np.full(len(buildings), np.nan)
    centre = shapely.centroid(buildings.geometry.array)
    xy = np.column_stack([shapely.get_x(centre), shapely.get_y(centre)])
    values = value.to_numpy(dtype=float)
    for kind in group.unique():
        rows = np.flatnonzero(group == kind)
        known, missing = rows[~np.isnan(values[rows])], rows[np.isnan(values[rows])]
        if len(known) < least or not len(missing):
            continue
        _, near = cKDTree(xy[known]).query(
            xy[missing], k=5, distance_upper_bound=assumed("neighbour_radius")
        )
        found = np.append(values[known], np.nan)[near]
        enough = (~np.isnan(found)).sum(axis=1) >= least
        result[missing[enough]] = np.nanmedian(found[enough], axis=1)
    return pd.Series(np.floor(result), index=buildings.index)


def fill_roof(buildings: gpd.GeoDataFrame, group: pd.Series[str]) -> gpd.GeoDataFrame:
    """Roof shape from the class, flat above the assumed width; roof height from its pitch."""
    pitch = by_class("roof_pitch", group)
    width, fill = _width_and_fill(buildings)
    pitched = (pitch > 0) & (width <= assumed("pitched_roof_width_limit"))
    tower = higher_than(buildings, assumed("pitched_roof_storeys_limit"))
    pitched &= ~tower | (group == "religious")
    guess = np.select([~pitched, fill >= 0.86], ["flat", "gabled"], default="hipped")
    roof = buildings["roof_type"].astype("str")
    shape = roof.fillna(pd.Series(guess, index=buildings.index, dtype="str"))
    lifted = shape != "flat"
    usual = pitch.where(pitch > 0, 30.0)
    height = pd.Series(_rise(width, usual), index=buildings.index).where(lifted, 0.0)
    # a roof as high as the tagged building leaves no walls: at most half of it
    above = buildings["height_m"] - buildings["min_height_m"].fillna(0.0)
    height = np.minimum(height, above.fillna(np.inf) / 2)
    return buildings.assign(
        roof_type=shape.astype(buildings["roof_type"].dtype),
        roof_type_source=label(buildings, "roof_type", "roof_type_source", "estimated:class"),
        roof_height_m=buildings["roof_height_m"].fillna(height.round(2)),
        roof_height_source=label(
            buildings, "roof_height_m", "roof_height_source", "estimated:class"
        ),
    )


def _width_and_fill(buildings: gpd.GeoDataFrame) -> tuple[NDArray[Any], NDArray[Any]]:
    """Shorter side of the smallest rectangle around each footprint [m], share it fills [-]."""
    box = shapely.oriented_envelope(buildings.geometry.array)
    area, around = shapely.area(box), shapely.length(box)
    half = around / 4
    width = half - np.sqrt(np.maximum(half**2 - area, 0))
    fill = shapely.area(buildings.geometry.array) / np.maximum(area, 1e-9)
    return width, fill


def _rise(width: NDArray[Any], pitch: pd.Series[float]) -> NDArray[Any]:
    """Height in metres of a gable of that pitch over that width."""
    return width / 2 * np.tan(np.radians(pitch.to_numpy()))


def _gable_height(buildings: gpd.GeoDataFrame, pitch: pd.Series[float]) -> pd.Series[float]:
    width, _ = _width_and_fill(buildings)
    rise = np.where(width <= assumed("pitched_roof_width_limit"), _rise(width, pitch), 0.0)
    flat = buildings["roof_type"].eq("flat").to_numpy()
    return pd.Series(np.where(flat, 0.0, rise), index=buildings.index)


def fill_height(buildings: gpd.GeoDataFrame, group: pd.Series[str]) -> gpd.GeoDataFrame:
    """Height from storeys and roof; its label follows the ground of the storeys."""
    eaves = buildings["storeys"].clip(lower=1) * by_class("storey_height", group)
    estimate = (eaves + buildings["roof_height_m"]).round(2)
    ground = buildings["storeys_source"]
    said = ground.where(ground.str.startswith("estimated"), "estimated:storeys")
    known = ground.str.startswith(("tagged", "registered", "measured"))
    said = said.mask(known, "estimated:levels")  # the storeys are known, their height is assumed
    source = label(buildings, "height_m", "height_source", said)
    lowest = buildings["min_height_m"].fillna(0.0).clip(lower=0.0)
    height = buildings["height_m"].fillna(estimate)
    return buildings.assign(
        min_height_m=np.minimum(lowest, (height - 0.5).clip(lower=0.0)),
        height_m=height.clip(lower=0.5),
        height_source=source,
    )
