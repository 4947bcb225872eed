"""What a state brings into the chain, in parts that change apart from each other."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import ChainMap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from twin.hashing import hash_parts
from twin.schema import STOCK
from twin.simulate.stage import Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.city import City
    from twin.state import AreaChange, NetworkPlan, State

VIEWS = {
    "shell": (
        "use", "size_class", "age_class", "heated_area_m2", "dwellings", "residents",
        "refurbishment", "refurbished_year", "set_point_c", "block_id", "district_id",
    ),
    "systems": (
        "use", "size_class", "age_class", "heated_area_m2", "dwellings", "refurbishment",
        "system", "system_year", "network_id", "block_id",
    ),
    "residents": (
        "use", "size_class", "heated_area_m2", "dwellings", "residents", "block_id", "district_id",
    ),
    "plants": ("use", "dwellings", "pv_kwp", "pv_year", "battery_kwh", "block_id"),
}  # fmt: skip
"""Columns of the stock by what they matter for: heat, its supply, solar power, mobility."""

NUMBERS = tuple(column.name for column in STOCK.columns)
"""The stock without the labels that say where its values come from."""

CITY_PARTS = {
    "weather": ("weather",),
    "envelopes": ("envelopes",),
    "roof_city": ("buildings", "roofs", "horizons", "weather"),
    "block_city": ("buildings", "blocks", "districts"),
    "building_shapes": ("buildings",),
    "zone_shapes": ("zones",),
    "street_tables": ("streets", "nodes", "turns", "street_points"),
    "place_tables": ("places", "landuse", "stops"),
    "transit_tables": ("stops", "lines", "trips", "stop_times", "transfers"),
    "district_shapes": ("districts",),
    "census_counts": ("census_counts",),
}
"""Tables of the city by who reads them."""


_CARS_ONLY = (
    "speed_kmh", "speed_source", "lanes", "lanes_source", "capacity_vehh", "capacity_source",
    "car_access",
)  # fmt: skip
HIDDEN = {
    "motor": ("cycle_facility",),
    "bike": _CARS_ONLY,
    "walk": (*_CARS_ONLY, "cycle_facility", "surface"),
    "heard": (*_CARS_ONLY, "cycle_facility", "surface", "gradient_percent", "gradient_source"),
}
"""Columns of the streets that a mode, or the way of sound to walls, is not given."""


DRAWN = ("from_node", "to_node", "way_id", "length_m")
"""Columns of the streets that change where a street is cut, moved or built."""


@dataclass(frozen=True, eq=False)
class Streets:
    """Streets with the columns of one mode, and what lies on them."""

    streets: gpd.GeoDataFrame
    nodes: gpd.GeoDataFrame
    turns: pd.DataFrame
    street_points: pd.DataFrame


def parts_of(
    state: State, *, before: Part | None = None, since: int | None = None, streets: bool = True
) -> dict[str, Part]:
    """
    Return the parts of a state with the hashes they are known by.

    Parameters
    ----------
    before
        Part `stock` of the stage before, which tells what was invested since.
    since
        Year of the stage before.
    streets
        Whether what modes read of the streets is wanted; energy does without.
    """
    since = state.year if since is None else since
    parts = _views(state.stock)
    for name, tables in CITY_PARTS.items():
        parts[name] = _of_city(state.city, tables)
    if streets:
        parts |= _streets_by_mode(state.city)
    parts["street_city"] = _of_city(_streets_of_today(state), ("buildings", "streets", "nodes"))
    plans = tuple(state.networks[key] for key in sorted(state.networks))
    return parts | {
        "stock_before": before or parts["stock"],
        "year": Part(state.year, str(state.year)),
        "since": Part(since, str(since)),
        "plans": Part(plans, hash_parts(map(_drawn_key, plans))),
        "area_changes": Part(state.area_changes, hash_parts(map(_drawn_key, state.area_changes))),
    }


def _drawn_key(plan: NetworkPlan | AreaChange) -> str:
    """Return everything a plan says; a shape prints itself cut short, so it goes in as WKB."""
    area = "" if plan.area is None else shapely.to_wkb(plan.area, hex=True)
    return f"{dataclasses.replace(plan, area=None)!r} {area}"


def frame_key(frame: pd.DataFrame) -> str:
    """Return a hash of a table: index, names and values; good for one process."""
    return hash_parts(key for pair in _column_keys(frame).items() for key in pair)


def _column_keys(frame: pd.DataFrame) -> dict[str, str]:
    """Return a hash for the index (named "") and for each column."""
    keys = {name: _digest(_bytes(frame[name])) for name in frame.columns}
    return {"": _digest("\x00".join(frame.index.to_numpy(object)).encode()), **keys}


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _bytes(values: pd.Series[Any]) -> bytes:
    if isinstance(values.dtype, pd.CategoricalDtype):
        words = "\x00".join(map(str, values.cat.categories)).encode()
        return words + values.cat.codes.to_numpy().tobytes()
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.to_numpy(float, na_value=np.nan).tobytes()
    return "\x00".join(values.to_numpy(object, na_value="\x01")).encode()


def _views(stock: pd.DataFrame) -> dict[str, Part]:
    """Return the views of a stock; each column is hashed once."""
    keys = _column_keys(stock[list(NUMBERS)])
    return {
        name: Part(stock[list(columns)], hash_parts([keys[""], *(keys[c] for c in columns)]))
        for name, columns in {**VIEWS, "stock": NUMBERS}.items()
    }


def _streets_by_mode(city: City) -> dict[str, Part]:
    """Return what each mode reads of the streets, so that Tempo 30 does not touch who walks."""
    streets, around = city.streets, ("nodes", "turns", "street_points")
    keys = _column_keys(pd.DataFrame(streets.drop(columns="geometry")))
    crossed = [city.crs, *(city.hashes[name] for name in around)]
    found = {}
    for mode, hidden in HIDDEN.items():
        seen = [name for name in keys if name not in hidden]
        table = streets.drop(columns=list(hidden))
        key = hash_parts([*crossed, *(keys[name] for name in seen)])
        found[f"{mode}_streets"] = Part(Streets(table, *(city.tables[n] for n in around)), key)
    lines = hash_parts([*crossed[:2], keys[""], *(keys[name] for name in DRAWN)])
    found["street_lines"] = Part(streets[["geometry"]], lines)
    return found


def _streets_of_today(state: State) -> City:
    """Return the city with the streets of the baseline: pipes do not follow a speed limit."""
    city, before = state.city, state.baseline or state.city
    names = ("streets", "nodes")
    if all(city.hashes[name] == before.hashes[name] for name in names):
        return city
    tables = ChainMap({name: before.tables[name] for name in names}, city.tables)  # type: ignore[arg-type]
    hashes = {**city.hashes, **{name: before.hashes[name] for name in names}}
    return dataclasses.replace(city, tables=tables, hashes=hashes)


def _of_city(city: City, tables: Sequence[str]) -> Part:
    key = hash_parts([city.crs, *(city.hashes[table] for table in tables)])
    return Part(city.tables[tables[0]] if len(tables) == 1 else city, key)


def codes_of(values: pd.Series[str], known: pd.Index[str]) -> NDArray[np.int32]:
    """Return the place of each value in `known`, one past its end where it is not in it."""
    places = known.get_indexer(pd.Index(values))
    return np.where(places < 0, len(known), places).astype(np.int32)
