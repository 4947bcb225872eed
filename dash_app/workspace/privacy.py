"""
The only place that decides what somebody may see.

Everybody sees results by Baublock or coarser, where at least `min_addresses` addresses share a
value and none smaller follows from sums (`withholding`). Single buildings, and what is known or
estimated about people in them, are for viewers with `fine`. Traffic on streets, stops and lines,
and the cells of the census as it was published, are no personal data. What is not known here is
withheld.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from dash_app.workspace.addresses import counted_buildings, keys_of
from dash_app.workspace.withholding import (
    NOWHERE,
    Withheld,
    withheld_against,
    withheld_alone,
    withheld_areas,
)
from twin.assumptions import assumptions
from twin.energy.heat_grid import connect_points
from twin.energy.heat_grid.streets import section_of_links
from twin.schema import TABLES

if TYPE_CHECKING:
    from dash_app.settings import Settings
    from dash_app.workspace.viewer import Role, Viewer
    from twin.city import City

SENSITIVE: dict[str, tuple[str, ...]] = {
    "buildings": ("dwellings", "residents", "heating", "energy_carrier", "living_area_m2"),
}
"""Columns of single buildings that are for viewers with `fine`; their sources go with them."""

COUNTED: dict[str, tuple[str, ...]] = dict.fromkeys(
    ("blocks", "districts", "zones"), ("residents", "dwellings", "buildings")
)
"""Columns of areas that are withheld where few addresses are."""

AREAS = ("city", "districts", "blocks", "zones", "streets")
"""What has addresses to count; of the other tables nothing about people is public."""

OPEN = ("cells", "stops", "lines")
"""Tables whose values are public as they stand."""

LEVELS = {"city": "city", "district": "districts", "block": "blocks", "zone": "zones"}
"""Levels of indicators and the table of their areas."""


class ViewLike(Protocol):
    """What must be known of a view: its table, and whether it speaks of people or buildings."""

    @property
    def table(self) -> str:
        """Table whose rows have the values."""

    @property
    def people(self) -> bool:
        """Whether it speaks of buildings and people."""

    @property
    def fine(self) -> bool:
        """Whether it is for viewers with `fine` only."""


def fine_of(role: Role, settings: Settings) -> bool:
    """Return whether somebody in this role may see single buildings; for `Viewer.fine`."""
    return role in {"planner", "admin"} and settings.privacy.building_level


def fine_allowed(viewer: Viewer, settings: Settings) -> bool:
    """Return whether a viewer may see single buildings."""
    return viewer.fine and fine_of(viewer.role, settings)


def allowed_view(view: ViewLike, viewer: Viewer, settings: Settings | None = None) -> bool:
    """Return whether a viewer may see a view at all."""
    return not view.fine or _fine(viewer, settings)


def hidden_columns(table: str, viewer: Viewer, settings: Settings | None = None) -> tuple[str, ...]:
    """Return the columns of a table that a viewer may not see in any row."""
    if _fine(viewer, settings):
        return ()
    names = SENSITIVE.get(table, ())
    described = TABLES[table].columns if table in TABLES else ()
    sources = tuple(c.source for c in described if c.name in names and c.source)
    return (*names, *sources)


def visible_columns(
    table: str, viewer: Viewer, settings: Settings | None = None
) -> tuple[str, ...]:
    """Return the columns of a standard table that a viewer may see, in their order."""
    hidden = hidden_columns(table, viewer, settings)
    return tuple(name for name in TABLES[table].column_names if name not in hidden)


def withheld(city: City, table: str, settings: Settings) -> pd.Series[bool]:
    """
    Return for each row of a table whether its sums are withheld from the public.

    `table` is one of `AREAS`; the index is that of the city's table ("city" alone for the city). Of
    `streets` both directions are one section, with the addresses that it would connect.
    """
    limit = settings.privacy.min_addresses
    if table == "streets":
        return _streets(city, limit)
    if table == "zones":
        return _zones(city, limit)
    found = _areas(city, limit)
    if table == "city":
        return pd.Series([found.city], ["city"])
    keys = found.blocks if table == "blocks" else found.districts
    ids = city.tables[table].index
    return pd.Series(ids.isin(list(keys)), ids)


def shown(
    values: pd.Series[Any],
    table: str,
    city: City,
    viewer: Viewer,
    settings: Settings,
    *,
    people: bool = True,
) -> tuple[pd.Series[Any], pd.Series[bool]]:
    """
    Return values as a viewer may see them, missing where withheld, and which are withheld.

    Parameters
    ----------
    values
        Index: ids of `table`; an id that the city does not know is withheld.
    people
        Whether the values speak of buildings and people; traffic, for one, does not. Of single
        buildings nothing is public in either case.

    Examples
    --------
    `values, away = shown(values, "blocks", city, viewer, settings)`
    """
    away = _away(values.index, table, (city, viewer, settings), people=people)
    return (values.where(~away) if away.any() else values), away


def shown_view(
    view: ViewLike,
    values: pd.Series[Any],
    city: City,
    viewer: Viewer,
    settings: Settings,
    *towns: City,
) -> tuple[pd.Series[Any], pd.Series[bool]]:
    """
    Return the values of a view as a viewer may see them, and which are withheld.

    `towns` are the cities of the scenarios the values are of: where one has torn houses down, what
    is left must be enough, too.
    """
    seen, away = shown(values, view.table, city, viewer, settings, people=view.people)
    if fine_allowed(viewer, settings) or not view.people or view.table not in COUNTED:
        return seen, away
    for town in towns:
        if town.hashes["buildings"] != city.hashes["buildings"]:
            now = withheld(town, view.table, settings)
            away |= now.reindex(away.index).fillna(value=False).to_numpy(bool)
    return seen.where(~away), away


def row_for(
    viewer: Viewer,
    table: str,
    row: pd.Series[Any],
    *,
    city: City | None = None,
    settings: Settings | None = None,
) -> pd.Series[Any]:
    """
    Return one row of a table as a viewer may see it, with missing values where withheld.

    `row.name` is its id. Without `city` and `settings` the counts of areas are withheld.
    """
    hidden = list(hidden_columns(table, viewer, settings))
    if table in COUNTED and not _fine(viewer, settings):
        few = city is None or settings is None
        if city is not None and settings is not None:
            few = bool(withheld(city, table, settings).get(row.name, True))
        hidden += _counted(table) if few else []
    there = [name for name in hidden if name in row.index]
    if not there:
        return row
    seen = row.astype(object)
    seen[there] = None
    return seen


def table_for(viewer: Viewer, table: str, city: City, settings: Settings) -> pd.DataFrame:
    """Return a table of the city as a viewer may see it: same rows and columns, some missing."""
    frame = city.tables[table]
    if fine_allowed(viewer, settings):
        return frame
    return _public_table(city, table, settings.privacy.min_addresses)


def city_for(viewer: Viewer, city: City, settings: Settings) -> City:
    """
    Return the city as a viewer may see it; for maps, tables and exports of the city itself.

    It has another hash than the whole one, so that addresses which hold the hash of what they
    serve never mix the two. Same rows, same columns, same order: only values are missing.
    """
    if fine_allowed(viewer, settings):
        return city
    return _public_city(city, settings.privacy.min_addresses)


def shown_indicators(
    table: pd.DataFrame, city: City, viewer: Viewer, settings: Settings
) -> pd.DataFrame:
    """
    Return a table of indicators, values or differences, with what is withheld missing.

    Parameters
    ----------
    table
        Index with levels `level` and `area`; all numeric columns are values. A column `withheld`
        is added. Levels that are not known are withheld.
    """
    level = table.index.get_level_values("level").to_numpy(object)
    area = table.index.get_level_values("area").to_numpy(object)
    away = np.full(len(table), not fine_allowed(viewer, settings))
    if away.any():
        for name, known in LEVELS.items():
            rows = level == name
            hidden = withheld(city, known, settings)
            away[rows] = hidden.reindex(area[rows]).fillna(value=True).to_numpy(bool)
    numbers = table.select_dtypes("number").columns
    seen = table.astype(dict.fromkeys(numbers, float)) if away.any() else table.copy()
    seen.loc[away, numbers] = np.nan
    return seen.assign(withheld=away)


def coarse_people(
    people: pd.Series[float], city: City, viewer: Viewer, settings: Settings
) -> pd.Series[float]:
    """
    Return residents by building as they may be summed up over areas that somebody draws.

    For viewers without `fine` the residents of a Baublock are spread evenly over its buildings in
    use, those of withheld Baublöcke over all of these in the city, so that no choice of area tells
    more than the Baublöcke do. Index as given; the sum is kept.
    """
    if fine_allowed(viewer, settings):
        return people
    used = counted_buildings(city)
    block = used["block"].reindex(people.index).fillna(NOWHERE).to_numpy(object)
    hidden = withheld(city, "blocks", settings)
    away = hidden.reindex(block).fillna(value=True).to_numpy(bool)
    group = np.where(away, NOWHERE, block)
    inside = used["used"].reindex(people.index).fillna(value=False).to_numpy(bool)
    weight = pd.Series(np.where(inside, 1.0, 0.0), people.index)
    weight = weight.where(weight.groupby(group).transform("sum") > 0, 1.0)
    mean = people.groupby(group).transform("sum") / weight.groupby(group).transform("sum")
    return mean * weight


def _fine(viewer: Viewer, settings: Settings | None) -> bool:
    return viewer.fine and viewer.may_edit if settings is None else fine_allowed(viewer, settings)


def _away(
    ids: pd.Index[str], table: str, who: tuple[City, Viewer, Settings], *, people: bool
) -> pd.Series[bool]:
    city, viewer, settings = who
    every = table == "buildings" or (people and table not in (*OPEN, *AREAS))
    if fine_allowed(viewer, settings) or (not people and not every) or table in OPEN:
        return pd.Series(data=False, index=ids)
    if every:
        return pd.Series(data=True, index=ids)
    return withheld(city, table, settings).reindex(ids).fillna(value=True).astype(bool)


def _counted(table: str) -> list[str]:
    columns = [c for c in TABLES[table].columns if c.name in COUNTED[table]]
    return [name for c in columns for name in (c.name, c.source) if name]


@lru_cache(maxsize=64)
def _public_table(city: City, table: str, limit: int) -> pd.DataFrame:
    frame = city.tables[table]
    names = [*SENSITIVE.get(table, ())]
    described = TABLES[table].columns
    names += [c.source for c in described if c.name in names and c.source]
    blanked = {name: frame[name].where(np.zeros(len(frame), bool)) for name in names}
    if table in COUNTED:
        away = _zones(city, limit) if table == "zones" else _in_table(city, table, limit)
        blanked |= {n: frame[n].where(~away.to_numpy(bool)) for n in _counted(table) if n in frame}
    return frame.assign(**blanked) if blanked else frame


@lru_cache(maxsize=4)
def _public_city(city: City, limit: int) -> City:
    changed = {t: _public_table(city, t, limit) for t in (*SENSITIVE, *COUNTED) if t in city.tables}
    return city.replace(**changed)


def _in_table(city: City, table: str, limit: int) -> pd.Series[bool]:
    found = _areas(city, limit)
    ids = city.tables[table].index
    return pd.Series(ids.isin(list(found.blocks if table == "blocks" else found.districts)), ids)


@lru_cache(maxsize=8)
def _areas(city: City, limit: int) -> Withheld:
    return withheld_areas(counted_buildings(city), limit)


@lru_cache(maxsize=8)
def _zones(city: City, limit: int) -> pd.Series[bool]:
    zone = pd.DataFrame(city.buildings)["zone_id"].reindex(counted_buildings(city).index)
    return _grouped(city, keys_of(zone), city.zones.index, limit)


@lru_cache(maxsize=8)
def _streets(city: City, limit: int) -> pd.Series[bool]:
    """Return the withheld sections; their sums must not tell more beside those of Baublöcke."""
    links = city.streets
    if not len(links):
        return pd.Series(dtype=bool, index=links.index)
    counted, section = counted_buildings(city), section_of_links(links)
    joined = connect_points(city.buildings.loc[counted.index], links, assumptions())
    key = keys_of(joined["section_id"])
    away = _grouped(city, key, pd.Index(section.unique()), limit)
    areas, used = _areas(city, limit), counted["used"].to_numpy(bool)
    rest = "rest of " + counted["district"].where(~counted["district"].isin(areas.districts), "")
    hidden = counted["block"].isin([*areas.blocks, NOWHERE])
    column = pd.Series(key, counted.index)
    column = column.where(column.isin(away.index[~away]), NOWHERE)
    row = counted["block"].where(~hidden, rest)
    more = withheld_against(row[used], column[used], counted["addresses"][used], limit)
    away |= away.index.isin(list(more))
    return pd.Series(away.reindex(section).to_numpy(bool), links.index)


def _grouped(
    city: City, key: np.ndarray[Any, Any], ids: pd.Index[str], limit: int
) -> pd.Series[bool]:
    """Return which areas of one kind are withheld; `key` says where each building belongs."""
    counted = counted_buildings(city).astype({"used": np.int64})
    key = np.where(pd.Index(key).isin(ids), key, NOWHERE)
    table = counted.groupby(key)[["addresses", "used"]].agg({"addresses": "sum", "used": "max"})
    table = table.reindex([NOWHERE, *ids], fill_value=0)
    found = withheld_alone(table["addresses"], table["used"].astype(bool), limit)
    return found.drop(NOWHERE)
