"""
Fills in what no source says about buildings and trees, and labels every value it fills.

Nothing known is touched. Each estimate takes the best ground there is and says which one in the
`*_source` column: `estimated:height`, `estimated:neighbours`, `estimated:landuse`,
`estimated:shape`, `estimated:class`. Values by class stand in `twin/assumptions.toml`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from twin.assumptions import assumed, assumed_by_class
from twin.classes import AGE_CLASSES
from twin.schema import BUILDINGS

if TYPE_CHECKING:
    from numpy.typing import NDArray

LIVING = ("residential", "mixed")
ACCESSORY = ("garage", "shed")

USE_BY_LANDUSE = {
    "residential": "residential",
    "commercial": "commercial",
    "industrial": "industrial",
    "retail": "retail",
    "public": "public",
    "education": "education",
    "health": "health",
    "farmyard": "agriculture",
    "allotments": "shed",
    "sport": "sport",
    "railway": "transport",
    "military": "public",
    "landfill": "utility",
}
"""What a building of unknown use on such land is taken for."""


def estimate_buildings(buildings: gpd.GeoDataFrame, landuse: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """
    Return `buildings` with use, type, storeys, roof, height, floor area and people filled in.

    Parameters
    ----------
    buildings, landuse
        Standard tables in one projected CRS; unknown values missing (use: `unknown`).

    Returns
    -------
    Same index and columns. Parts of buildings get a volume, but no floor area, dwellings or
    residents: their outline has them.
    """
    if buildings.empty:
        return buildings
    done = buildings.assign(footprint_m2=shapely.area(buildings.geometry.array).round(2))
    done = _fill_use(done, landuse)
    done = _fill_size_class(done)
    group = _group(done)
    done = _fill_storeys(done, group)
    done = _fill_roof(done, group)
    done = _fill_height(done, group)
    done = _fill_floor_area(done, group)
    return _within_schema(_fill_people(_fill_age_class(done)))


def _within_schema(buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Keep estimates for giants (a field tagged as a house) within what the schema allows."""
    limited = [c for c in BUILDINGS.columns if c.source and c.high is not None]
    return buildings.assign(**{c.name: buildings[c.name].clip(c.low, c.high) for c in limited})


def estimate_trees(trees: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return `trees` with height and crown diameter [m] of the usual street tree filled in."""
    height = trees["height_m"].fillna(assumed("tree_height"))
    crown = trees["crown_m"].fillna((height * assumed("tree_crown_share")).round(1))
    return trees.assign(
        leaf=trees["leaf"].fillna("unknown"),
        height_m=height,
        height_source=_label(trees, "height_m", "height_source", "estimated:class"),
        crown_m=crown,
        crown_source=_label(trees, "crown_m", "crown_source", "estimated:height"),
        position_source=trees["position_source"].fillna("unknown"),
    )


def _label(
    table: pd.DataFrame, value: str, source: str, label: str | NDArray[Any] | pd.Series[Any]
) -> pd.Series[Any]:
    """Keep the source of known values, put `label` where the value was missing."""
    known = table[value].notna()
    filled = table[source].where(known, label)
    return filled.where(~known | filled.notna(), "unknown").astype("str")


def _fill_use(buildings: gpd.GeoDataFrame, landuse: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Unknown use: from the land it stands on, else small ones are sheds, else it stays unknown."""
    use = buildings["use"].astype("str").fillna("unknown")
    unknown = use == "unknown"
    by_land = pd.Series(np.nan, index=buildings.index, dtype="str")
    if unknown.any() and len(landuse):
        points = buildings.loc[unknown, ["geometry"]].set_geometry(
            buildings.loc[unknown].representative_point()
        )
        land = landuse[landuse["class"].isin(USE_BY_LANDUSE)]
        hit = gpd.sjoin(points, land[["class", "area_m2", "geometry"]], predicate="within")
        hit = hit.sort_values("area_m2", kind="stable")  # the smallest area says most
        found = hit.loc[~hit.index.duplicated(), "class"].astype("str").map(USE_BY_LANDUSE)
        by_land = by_land.where(~by_land.index.isin(found.index), found.reindex(by_land.index))
    small = buildings["footprint_m2"] < assumed("small_building")
    in_housing = by_land.isin(["residential"]) | by_land.isna()
    shed = unknown & small & in_housing
    land_says = unknown & ~shed & by_land.notna()
    new_use = use.mask(shed, "shed").mask(land_says, by_land)
    source = buildings["use_source"].astype("str").mask(unknown, "unknown")
    source = source.mask(shed, "estimated:shape").mask(land_says, "estimated:landuse")
    return buildings.assign(
        use=new_use.astype(buildings["use"].dtype), use_source=source.fillna("unknown")
    )


def _fill_size_class(buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Type of a residential building from its footprint and whether it touches another."""
    living = buildings["use"].isin(LIVING)
    area = buildings["footprint_m2"]
    attached = _touches_another(buildings, living)
    houses = np.where(
        attached,
        area <= assumed("terraced_footprint_limit"),
        area <= assumed("detached_footprint_limit"),
    )
    houses &= ~_higher_than(buildings, assumed("house_storeys_limit")).to_numpy()
    kind = np.where(houses, np.where(attached, "terraced", "detached"), "apartments")
    kind = np.where(living, kind, "non_residential")
    unknown_use = buildings["use"] == "unknown"
    guess = pd.Series(kind, index=buildings.index, dtype="str").mask(unknown_use, np.nan)
    text = buildings["size_class"].astype("str")
    source = _label(buildings, "size_class", "size_class_source", "estimated:shape")
    return buildings.assign(
        size_class=text.fillna(guess).astype(buildings["size_class"].dtype),
        size_class_source=source.mask(text.isna() & unknown_use, np.nan),
    )


def _higher_than(buildings: gpd.GeoDataFrame, storeys: float) -> pd.Series[bool]:
    """Tell which buildings are known to have more storeys, by count or by height to the ridge."""
    ridge = (storeys + 1.5) * assumed_by_class("storey_height")["detached"]
    by_height = buildings["storeys"].isna() & (buildings["height_m"] > ridge)
    higher: pd.Series[bool] = by_height | (buildings["storeys"] > storeys)
    return higher


def _touches_another(buildings: gpd.GeoDataFrame, among: pd.Series[bool]) -> NDArray[np.bool_]:
    """Tell which buildings stand wall to wall (within 0.2 m) with another one in `among`."""
    result = np.zeros(len(buildings), dtype=bool)
    whole = among.to_numpy() & buildings["part_of"].isna().to_numpy()
    rows = np.flatnonzero(whole)
    geometry = buildings.geometry.array[rows]
    left, right = shapely.STRtree(geometry).query(geometry, predicate="dwithin", distance=0.2)
    result[rows[left[left != right]]] = True
    return result


def _group(buildings: pd.DataFrame) -> pd.Series[str]:
    """Return the class that the assumptions know: type for housing, use for the rest."""
    housing = buildings["use"].eq("residential") & buildings["size_class"].notna()
    kind = buildings["size_class"].astype("str").where(housing, buildings["use"].astype("str"))
    return kind.where(kind != "non_residential", buildings["use"].astype("str")).astype("str")


def _by_class(name: str, group: pd.Series[str]) -> pd.Series[float]:
    return group.map(assumed_by_class(name)).astype("float64")


def _fill_storeys(buildings: gpd.GeoDataFrame, group: pd.Series[str]) -> gpd.GeoDataFrame:
    """Storeys from the tagged height, else from known neighbours of the class, else the class."""
    known = buildings["storeys"]
    storey_height = _by_class("storey_height", group)
    pitch = _by_class("roof_pitch", group)
    roof = buildings["roof_height_m"].fillna(_gable_height(buildings, pitch))
    from_height = ((buildings["height_m"] - roof) / storey_height).round().clip(lower=1)
    is_hall = group.isin(["religious", "industrial", "storage", "sport", "agriculture", *ACCESSORY])
    from_height = from_height.mask(is_hall)
    from_neighbours = _median_of_neighbours(buildings, known.fillna(from_height), group)
    storeys = known.fillna(from_height).fillna(from_neighbours).fillna(_by_class("storeys", group))
    label = np.select(
        [from_height.notna(), from_neighbours.notna()],
        ["estimated:height", "estimated:neighbours"],
        default="estimated:class",
    )
    source = _label(buildings, "storeys", "storeys_source", label)
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


def _fill_roof(buildings: gpd.GeoDataFrame, group: pd.Series[str]) -> gpd.GeoDataFrame:
    """Roof shape from the class, flat above the assumed width; roof height from its pitch."""
    pitch = _by_class("roof_pitch", group)
    width, fill = _width_and_fill(buildings)
    pitched = (pitch > 0) & (width <= assumed("pitched_roof_width_limit"))
    tower = _higher_than(buildings, assumed("pitched_roof_storeys_limit"))
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
        roof_type_source=_label(buildings, "roof_type", "roof_type_source", "estimated:class"),
        roof_height_m=buildings["roof_height_m"].fillna(height.round(2)),
        roof_height_source=_label(
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


def _fill_height(buildings: gpd.GeoDataFrame, group: pd.Series[str]) -> gpd.GeoDataFrame:
    """Height from storeys and roof; its label follows the ground of the storeys."""
    eaves = buildings["storeys"].clip(lower=1) * _by_class("storey_height", group)
    estimate = (eaves + buildings["roof_height_m"]).round(2)
    ground = buildings["storeys_source"]
    label = ground.where(ground.str.startswith("estimated"), "estimated:storeys")
    tagged = ground.str.startswith(("tagged", "registered", "measured"))
    label = label.mask(tagged, ground.str.partition(":")[0] + ":levels")
    source = _label(buildings, "height_m", "height_source", label)
    lowest = buildings["min_height_m"].fillna(0.0).clip(lower=0.0)
    height = buildings["height_m"].fillna(estimate)
    return buildings.assign(
        min_height_m=np.minimum(lowest, (height - 0.5).clip(lower=0.0)),
        height_m=height.clip(lower=0.5),
        height_source=source,
    )


def _fill_floor_area(buildings: gpd.GeoDataFrame, group: pd.Series[str]) -> gpd.GeoDataFrame:
    whole = buildings["part_of"].isna() & ~group.isin(ACCESSORY)
    area = (buildings["footprint_m2"] * buildings["storeys"].clip(lower=1)).where(whole).round(1)
    label = pd.Series("estimated:storeys", index=buildings.index).where(whole)
    return buildings.assign(
        floor_area_m2=buildings["floor_area_m2"].fillna(area),
        floor_area_source=_keep(buildings, "floor_area_m2", "floor_area_source", label),
    )


def _keep(table: pd.DataFrame, value: str, source: str, label: pd.Series[Any]) -> pd.Series[Any]:
    """Like `_label`, where the estimate itself may stay missing."""
    return table[source].where(table[value].notna(), label).astype("str")


def _fill_age_class(buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Age class from the year built; a building of unknown year stays unknown."""
    edges = [-np.inf, *(int(name.partition("_")[0]) - 1 for name in AGE_CLASSES[1:]), np.inf]
    found = pd.cut(buildings["year_built"], edges, labels=list(AGE_CLASSES)).astype("str")
    return buildings.assign(
        age_class=buildings["age_class"]
        .astype("str")
        .fillna(found)
        .astype(buildings["age_class"].dtype),
        age_class_source=_keep(
            buildings, "age_class", "age_class_source", buildings["year_built_source"]
        ),
    )


def _fill_people(buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Dwellings from living area, residents from dwellings; only an order of magnitude."""
    homes = buildings["use"].isin(LIVING) & buildings["part_of"].isna()
    living_area = buildings["floor_area_m2"] * assumed("gross_to_living_area")
    flats = (living_area / assumed("living_area_per_dwelling")).round().clip(lower=1)
    house = buildings["size_class"].isin(["detached", "terraced"])
    dwellings = flats.mask(house, flats.clip(upper=2)).where(homes)
    all_dwellings = buildings["dwellings"].fillna(dwellings)
    residents = (all_dwellings * assumed("residents_per_dwelling")).round(2)
    label = pd.Series("estimated:floor_area", index=buildings.index).where(homes)
    by_dwellings = pd.Series("estimated:dwellings", index=buildings.index)
    large = buildings["size_class_source"].eq("estimated:shape") & (
        all_dwellings >= assumed("large_apartments_dwellings")
    )
    return buildings.assign(
        size_class=buildings["size_class"].mask(large & homes, "large_apartments"),
        dwellings=all_dwellings,
        dwellings_source=_keep(buildings, "dwellings", "dwellings_source", label),
        residents=buildings["residents"].fillna(residents),
        residents_source=_keep(
            buildings, "residents", "residents_source", by_dwellings.where(all_dwellings.notna())
        ),
    )
