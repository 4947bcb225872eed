"""
Heat by building from an office or utility, summed to Baublöcke.

LANUK's heat demand per building (NRW) and tables of utilities come as CSV, GeoPackage, Shapefile
or GeoJSON with building ids or coordinates. What comes out is by block only, and only where enough
buildings stand behind a figure that nobody can be told from it (WPG section 10: five).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from layers.assumption_files.imported import Imported, Skipped, skipped
from layers.assumption_files.text_table import column_names, numbers
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from twin.assumptions import Assumptions
    from twin.city import City

LEAST_BUILDINGS = 5
REACH_M = 3.0
"""A point this near to a footprint means it: coordinates of addresses stand at the door."""

HIGHEST_KWH_A = 2e8
"""More than any single building in Germany uses (a large hospital: some 5e7)."""

LEAST_SHARE = 0.8
"""Part of the heated floor area of a block that a file has to know."""

MEASURED, DEMAND = "measured:block", "registered:heat_demand"

GEO = (".gpkg", ".shp", ".geojson", ".json", ".fgb", ".parquet")


def read_heat_file(path: Path, spellings: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """
    Return the features of a geographic file as a table: known columns and a point of each.

    Raises
    ------
    SourceError
        It cannot be read, has no coordinate system, or lacks a column of heat.
    """
    try:
        if path.suffix.lower() == ".parquet":
            frame = gpd.read_parquet(path)
        else:
            frame = gpd.read_file(path, layer=_layer(path, spellings))
    except Exception as error:  # pyogrio and pyarrow raise kinds of their own
        template = "{path} cannot be read as a table of buildings ({reason})."
        reason = str(error).splitlines()[0]
        raise SourceError(template, hint="Check the file.", path=path, reason=reason) from error
    names = column_names(frame, spellings)
    if "heat_kwh_a" not in names:
        template = "{path} lacks the columns {lost}; it has {found}."
        lost, found = spellings["heat_kwh_a"][0], ", ".join(map(str, frame.columns[:12]))
        hint = "Export it with these columns."
        raise SourceError(template, hint=hint, path=path, lost=lost, found=found)
    table = pd.DataFrame(frame[list(names.values())].set_axis(list(names), axis=1).astype(str))
    table.attrs["label"] = label_of(names["heat_kwh_a"])
    if not isinstance(frame, gpd.GeoDataFrame) or frame.geometry.isna().all():
        return table
    if frame.crs is None:
        template = "{path} does not say its coordinate system."
        raise SourceError(template, hint="Save it with one, e.g. EPSG:25832.", path=path)
    points = frame.geometry.representative_point().to_crs(4326)
    placed = table.assign(longitude=points.x.astype(str), latitude=points.y.astype(str))
    placed.attrs = table.attrs
    return placed


def _layer(path: Path, spellings: Mapping[str, Sequence[str]]) -> str:
    """Return the first layer with a column of heat, else the first."""
    layers = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    for name in layers:
        fields = pyogrio.read_info(path, layer=name)["fields"]
        if "heat_kwh_a" in column_names(pd.DataFrame(columns=fields), spellings):
            return name
    return layers[0]


def import_heat_use(
    raw: pd.DataFrame,
    path: Path,
    city: City,
    given: Assumptions,
    *,
    least: int = LEAST_BUILDINGS,
) -> Imported:
    """
    Return heat [kWh/a] by block of a city, for blocks with at least `least` buildings in the file.

    Blocks of which the file knows less than `LEAST_SHARE` of the heated floor area are left out:
    the sum would not be that of the block, and calibration takes it for that. Buildings are found
    by id (with or without its prefix), else by the coordinates: the footprint a point lies in or
    nearly touches. Several rows of one building add up.

    Returns
    -------
    Table with block_id, heat_kwh, buildings (in the file), known_share (part of the block's heated
    floor area that stands in the file), source (label) and file.

    Raises
    ------
    SourceError
        Neither ids nor coordinates, or nothing in the file lies in this city.
    """
    heat = numbers(raw["heat_kwh_a"], otherwise=raw.attrs.get("style", "point"))
    sound = heat.between(0, HIGHEST_KWH_A)
    building = _by_id(raw, city)
    building = _whole(building.where(building.notna(), _by_place(raw, city, path)), city)
    if building.isna().all():
        template = "No row of {path} is a building of {city}."
        hint = "Check ids or coordinates; coordinates need the system of the city ({crs})."
        raise SourceError(template, hint=hint, path=path, city=city.name, crs=city.crs)
    use = heat[sound].groupby(building[sound]).sum()
    table, hidden = _by_block(use, city, given, least)
    lost = (
        *skipped("{count} values are no possible heat of a building.", raw["heat_kwh_a"][~sound]),
        *skipped("{count} rows are no building of this city.", _spelt(raw)[building.isna()]),
        *hidden,
    )
    source = f"Heat by building: {path.name}"
    table = table.assign(source=raw.attrs.get("label", DEMAND), file=path.name)
    return Imported("heat_use", source, (), lost, table=table, unit="kWh/a", rows=len(raw))


def label_of(column: str) -> str:
    """
    Return the source label of heat by the name of its column: consumption is measured.

    Demand (Wärmebedarf) is what an office has calculated.

    >>> label_of("Wärmeverbrauch [kWh/a]"), label_of("Wärmebedarf")
    ('measured:block', 'registered:heat_demand')
    """
    spelt = column.casefold()
    return MEASURED if "verbrauch" in spelt or "consumption" in spelt else DEMAND


def read_measured_heat(path: Path) -> pd.DataFrame:
    """
    Return an imported table for `twin.energy.calibration`: `heat_kwh` and `source` by block_id.

    Raises
    ------
    SourceError
        No such file, or not one that the import has written.
    """
    try:
        table = pd.read_csv(path, dtype={"block_id": str, "source": str})
        return table.set_index("block_id")[["heat_kwh", "source"]]
    except (OSError, ValueError, KeyError) as error:
        template = "{path} cannot be read as heat by block ({reason})."
        hint = "Import the heat by building again with `twin assumptions import`."
        raise SourceError(template, hint=hint, path=path, reason=error) from error


def _by_id(raw: pd.DataFrame, city: City) -> pd.Series[str]:
    """Return the building of each row by its id; ids count without what stands before a colon."""
    if "building_id" not in raw:
        return pd.Series(None, raw.index, dtype=object)
    ids = pd.Series(city.buildings.index, city.buildings.index)
    bare = ids.str.rpartition(":")[2]
    known = pd.concat([ids, ids.set_axis(bare)[~bare.duplicated(keep=False).to_numpy()]])
    known = known[~known.index.duplicated()]
    return raw["building_id"].map(known).astype(object)


def _whole(building: pd.Series[str], city: City) -> pd.Series[str]:
    """Return the building that a part belongs to, others as they are."""
    part_of = city.buildings["part_of"].dropna()
    return building.map(part_of).where(building.isin(part_of.index), building).astype(object)


def _by_place(raw: pd.DataFrame, city: City, path: Path) -> pd.Series[str]:
    nothing = pd.Series(None, raw.index, dtype=object)
    for east, north, crs in (("x", "y", city.crs), ("longitude", "latitude", "EPSG:4326")):
        if {east, north} <= set(raw):
            x, y = (numbers(raw[name], otherwise="point") for name in (east, north))
            there = x.notna() & y.notna()
            points = gpd.GeoSeries.from_xy(x[there], y[there], index=raw.index[there], crs=crs)
            return nothing.fillna(_nearest(points.to_crs(city.crs), city)).astype(object)
    if "building_id" not in raw:
        template = "{path} has neither building ids nor coordinates."
        hint = "Add gml_id, or x and y in the system of the city."
        raise SourceError(template, hint=hint, path=path)
    return nothing


def _nearest(points: gpd.GeoSeries, city: City) -> pd.Series[str]:
    footprints = city.buildings.geometry
    place, found = footprints.sindex.nearest(points, return_all=False, max_distance=REACH_M)
    return pd.Series(footprints.index[found], points.index[place])


def _by_block(
    use: pd.Series[float], city: City, given: Assumptions, least: int
) -> tuple[pd.DataFrame, list[Skipped]]:
    blocks = city.buildings["block_id"].reindex(use.index)
    sums = use.groupby(blocks.to_numpy()).agg(["sum", "size"])
    area = _heated_area(city, given)
    known = area.reindex(use.index).groupby(blocks.to_numpy()).sum()
    whole = area.groupby(city.buildings["block_id"]).sum().reindex(sums.index)
    enough = sums["size"] >= least
    share = (known / whole.where(whole > 0)).fillna(1.0).round(3)
    shown = enough & (share >= LEAST_SHARE)
    table = pd.DataFrame(
        {
            "block_id": sums.index,
            "heat_kwh": np.round(sums["sum"].to_numpy()),
            "buildings": sums["size"].to_numpy(),
            "known_share": share.to_numpy(),
        }
    )[shown.to_numpy()].reset_index(drop=True)
    few = "{count} blocks have too few buildings in the file; their heat is not shown."
    part = "{count} blocks stand in the file only in part; their heat is left out."
    hidden = skipped(few, sums.index[~enough]) + skipped(part, sums.index[enough & ~shown])
    return table, hidden


def _heated_area(city: City, given: Assumptions) -> pd.Series[float]:
    """Return the floor area [m²] that is usually heated in buildings of each one's use."""
    buildings = city.buildings
    share = buildings["use"].astype(object).map(given.by_class("stock.heated_share"))
    floor: pd.Series[float] = buildings["footprint_m2"] * buildings["storeys"].fillna(1.0)
    area = floor * share.astype(float)
    whole: pd.Series[float] = area.where(buildings["part_of"].isna(), 0.0)
    return whole.fillna(0.0)


def _spelt(raw: pd.DataFrame) -> pd.Series[str]:
    if "building_id" in raw:
        return raw["building_id"]
    east, north = ("x", "y") if "x" in raw else ("longitude", "latitude")
    return raw[east] + " " + raw[north]
