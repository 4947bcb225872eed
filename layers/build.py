"""From sources to a city: tie the tables together, estimate what is missing, check, report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from layers.districts import add_districts
from layers.estimate import estimate_buildings, estimate_trees
from layers.quality import completeness
from twin.city import City
from twin.errors import SourceError
from twin.provenance import CityInfo, Finding
from twin.schema import TABLES
from twin.validation import conform, validate_all

if TYPE_CHECKING:
    import geopandas as gpd

    from layers.source_data import Progress, SourceData


def build_city(data: SourceData, *, name: str = "", progress: Progress | None = None) -> City:
    """
    Turn one translated source into a validated city.

    Parameters
    ----------
    data
        What an adapter read; it is not changed.
    name
        Name of the city; the source's own where left out.
    progress
        Told the step and the share done.

    Raises
    ------
    SourceError
        The source holds neither buildings nor streets.
    SchemaError
        The adapter handed in tables that break the schema, with every fault.
    """
    say = progress or (lambda _step, _share: None)
    tables = {
        key: conform(table, data.tables.get(key, pd.DataFrame(index=[])), crs=data.crs)
        for key, table in TABLES.items()
    }
    if tables["buildings"].empty and tables["streets"].empty:
        template = "{source} holds neither buildings nor streets."
        hint = "Check that it is an extract of a place, not of one theme."
        raise SourceError(template, hint=hint, source=data.source.title)
    say("Tie addresses, places and districts to buildings", 0.1)
    tables = _tie(tables)
    say("Estimate what no source says", 0.4)
    tables["buildings"] = estimate_buildings(tables["buildings"], tables["landuse"])
    tables["trees"] = estimate_trees(tables["trees"])
    tables["districts"] = _count_residents(tables["districts"], tables["buildings"])
    say("Check every table", 0.8)
    validate_all(tables, crs=data.crs)
    findings = (*data.findings, *_gaps(tables), *completeness(tables))
    info = CityInfo(data.source.date, (data.source,), findings, data.model_town)
    city = City(name or data.name or data.source.title, data.crs, tables, info)
    say("Done", 1.0)
    return city


def _tie(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Fill the keys that tie addresses and places to buildings and buildings to districts."""
    buildings = tables["buildings"]
    whole = buildings[buildings["part_of"].isna()]
    addresses = _with_building(tables["addresses"], whole)
    places = _with_building(tables["places"], whole)
    buildings = _with_address(buildings, addresses)
    districts = add_districts(tables["districts"], places, whole)
    buildings = _with_district(buildings, districts)
    tied = {"buildings": buildings, "addresses": addresses, "places": places}
    return {**tables, **tied, "districts": districts}


def _with_building(points: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Name the building each point lies in, where it names none itself."""
    free = points["building_id"].isna().to_numpy()
    if not free.any() or buildings.empty:
        return points
    row, found = buildings.sindex.query(points.geometry.array[free], predicate="intersects")
    first = np.unique(row, return_index=True)[1]  # lowest key where buildings overlap
    keys = points["building_id"].astype(object).to_numpy(copy=True)
    keys[np.flatnonzero(free)[row[first]]] = buildings.index.to_numpy()[found[first]]
    return points.assign(building_id=pd.array(keys, dtype="str"))


ADDRESS = ["street", "housenumber", "postcode", "locality"]


def _with_address(buildings: gpd.GeoDataFrame, addresses: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give a building without an address the first one that lies in it."""
    inside = addresses.dropna(subset=["building_id"]).sort_values(["street", "housenumber"])
    first = inside.drop_duplicates("building_id").set_index("building_id")[ADDRESS]
    first = first.reindex(buildings.index)
    bare = buildings["street"].isna() & buildings["housenumber"].isna()
    return buildings.assign(**{c: buildings[c].mask(bare, first[c]) for c in ADDRESS})


def _with_district(buildings: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Name the smallest district each building lies in (highest administrative level)."""
    bare = buildings["district_id"].isna().to_numpy()
    if districts.empty or not bare.any():
        return buildings
    ranked = districts.sort_values(["level", "area_m2"], ascending=[False, True], kind="stable")
    points = shapely.point_on_surface(buildings.geometry.array)
    row, found = ranked.sindex.query(points, predicate="intersects")
    order = np.lexsort((found, row))
    row, found = row[order], found[order]
    first = np.unique(row, return_index=True)[1]
    keys = np.full(len(buildings), None, dtype=object)
    keys[row[first]] = ranked.index.to_numpy()[found[first]]
    ids = pd.Series(keys, index=buildings.index, dtype="str")
    return buildings.assign(district_id=buildings["district_id"].fillna(ids))


def _count_residents(districts: gpd.GeoDataFrame, buildings: pd.DataFrame) -> gpd.GeoDataFrame:
    """Sum the estimated residents of the buildings where a district has no figure of its own."""
    counted = buildings.groupby("district_id", observed=True)["residents"].sum().round(0)
    bare = districts["residents"].isna()
    found = counted.reindex(districts.index)
    filled = bare & found.notna()
    return districts.assign(
        residents=districts["residents"].mask(filled, found),
        residents_source=districts["residents_source"].mask(filled, "estimated:buildings"),
    )


def _gaps(tables: dict[str, pd.DataFrame]) -> list[Finding]:
    """Name whole themes that the source lacks."""
    messages = {
        "buildings": "The source holds no buildings.",
        "streets": "The source holds no streets.",
        "districts": "The source holds no districts.",
    }
    return [
        Finding(f"no_{name}", name, 0, message, "fault" if name != "districts" else "warning")
        for name, message in messages.items()
        if tables[name].empty
    ]
