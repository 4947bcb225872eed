"""What buildings can be asked for: columns of the stock and of the city, and derived ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from twin.classes import AGE_CLASSES
from twin.energy.seasonal import seasonal_demand
from twin.energy.solar import building_potential, city_potential
from twin.hashing import hash_parts
from twin.schema import BUILDINGS, STOCK, Column
from twin.schema.columns import number, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.city import City
    from twin.state import State

DERIVED = (
    number("heat_demand_kwh", "Heat demand", "kWh/a", 0, 1e12),
    number("heat_demand_kwh_m2", "Heat demand per area", "kWh/(m²·a)", 0, 1e6),
    number("pv_potential_kwp", "Photovoltaic potential", "kWp", 0, 1e6),
    number("pv_yield_kwh_kwp", "Photovoltaic yield", "kWh/kWp", 0, 3000),
)


def _known() -> dict[str, Column]:
    found: dict[str, Column] = {}
    for table in (BUILDINGS, STOCK):
        for column in table.columns:
            found[column.name] = column
            if column.source:
                found[column.source] = text(column.source, f"Source: {column.label}")
    return found | {column.name: column for column in DERIVED}


COLUMNS: Mapping[str, Column] = _known()
"""Every column a selection may name; where stock and buildings share one, the stock counts."""

_CONTEXT = {column.name: table.name for table in (STOCK, BUILDINGS) for column in table.columns}


def context(column: str) -> str:
    """Return the catalogue context of the words of a column: `stock.system`."""
    return f"{_CONTEXT[column]}.{column}" if column in _CONTEXT else ""


def middle_year(age_class: str) -> float:
    """
    Return the middle of an age class; the open one before 1919 stands for 1900.

    >>> middle_year("1969_1983"), middle_year("until_1918")
    (1976.0, 1900.0)
    """
    first, _, last = age_class.partition("_")
    return 1900.0 if first == "until" else (int(first) + int(last)) / 2


def column_values(state: State, column: str, rows: NDArray[np.intp]) -> pd.Series[Any]:
    """
    Return a column of `COLUMNS` for some rows of the stock.

    Where the year built is not known the middle of the age class stands for it. Heat demand is that
    of the seasonal method in kWh/a, missing where nothing is heated.
    """
    if column == "year_built":
        return _year_built(state, rows)
    if column.startswith("heat_demand_kwh"):
        return heat_demand(state, rows, per_area=column.endswith("_m2"))
    if column.startswith("pv_potential") or column.startswith("pv_yield"):
        name = "kwp" if column == "pv_potential_kwp" else "yield_kwh_kwp"
        found: pd.Series[Any] = roof_potential(state, rows)[name]
        return found
    if column in state.stock:
        return state.stock[column].iloc[rows]
    return _of_buildings(state, column, rows)


def _of_buildings(state: State, column: str, rows: NDArray[np.intp]) -> pd.Series[Any]:
    ids = state.stock.index[rows]
    buildings = state.city.buildings
    found: pd.Series[Any] = buildings[column].iloc[buildings.index.get_indexer(ids)]
    return found.set_axis(ids)


def _year_built(state: State, rows: NDArray[np.intp]) -> pd.Series[Any]:
    known = "year_built" in state.stock
    years = (
        state.stock["year_built"].iloc[rows] if known else _of_buildings(state, "year_built", rows)
    )
    ages = state.stock["age_class"].iloc[rows].astype("str")
    return years.fillna(ages.map({age: middle_year(age) for age in AGE_CLASSES}).astype(float))


def heat_demand(state: State, rows: NDArray[np.intp], *, per_area: bool = False) -> pd.Series[Any]:
    """Return the yearly heat demand [kWh/a or kWh/(m²·a)] of some rows by the seasonal method."""
    stock = state.stock.iloc[rows]
    area = stock["heated_area_m2"]
    heated = stock[(area > 0).to_numpy()]
    demand = seasonal_demand(heated, state.city.envelopes, state.assumptions)
    if per_area:
        demand = demand / heated["heated_area_m2"]
    return demand if len(heated) == len(stock) else demand.reindex(stock.index)


@dataclass(frozen=True)
class _Roofs:
    """What the potential of all planes depends on, by hash, and where to work it out from."""

    key: str
    city: City = field(compare=False)
    given: Assumptions = field(compare=False)


@lru_cache(maxsize=4)
def _planes(of: _Roofs) -> pd.DataFrame:
    return city_potential(of.city, of.given)


@lru_cache(maxsize=8)
def _by_building(of: _Roofs, minimum_yield: float) -> pd.DataFrame:
    found: pd.DataFrame = building_potential(
        of.city, of.given, min_yield=minimum_yield, planes_potential=_planes(of)
    )
    return found


def roof_potential(
    state: State, rows: NDArray[np.intp], *, minimum_yield: float = 0.0
) -> pd.DataFrame:
    """
    Return what the roofs of some rows can carry: kwp [kWp] and yield_kwh_kwp [kWh/(kWp·a)].

    Planes that yield less than the minimum are left out. Roofs are those of the baseline; for
    buildings that a measure has built, and for cities without weather, the footprint counts with
    the assumptions `measures.roof_kwp_per_m2` and `measures.roof_yield_kwh_kwp`.
    """
    ids = state.stock.index[rows]
    city = state.baseline or state.city
    if not len(city.weather):
        return _rough_potential(state, rows, minimum_yield)
    tables = [city.hashes[name] for name in sorted(city.hashes) if name in _ROOF_TABLES]
    given = state.assumptions.of(["solar"])
    roofs = _Roofs(hash_parts([*tables, given.hash]), city, state.assumptions)
    found = _by_building(roofs, minimum_yield)
    place = found.index.get_indexer(ids)
    known = found[["kwp", "yield_kwh_kwp"]].iloc[place].fillna(0.0).set_axis(ids)
    if (place >= 0).all():
        return known
    rough = _rough_potential(state, rows, minimum_yield)
    return known.where(pd.Series(place >= 0, index=ids), rough)


_ROOF_TABLES = ("buildings", "roofs", "weather", "horizons", "terrain", "surface")


def _rough_potential(state: State, rows: NDArray[np.intp], minimum_yield: float) -> pd.DataFrame:
    usual = state.assumptions["measures.roof_yield_kwh_kwp"]
    share = state.assumptions["measures.roof_kwp_per_m2"] if usual >= minimum_yield else 0.0
    kwp = _of_buildings(state, "footprint_m2", rows) * share
    return pd.DataFrame({"kwp": kwp, "yield_kwh_kwp": usual})
