"""
The building stock today: what is known of each building, and what stands in where it is not.

Every value says where it comes from. What the city knows keeps its label; what is drawn from shares
is drawn by building id (`twin.energy.draws`) and labelled so. No building is left out: what nobody
heats has a heated area of 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twin.assumptions import assumptions
from twin.classes import AGE_CLASSES, BUILDING_USES, REFURBISHMENT, SIZE_CLASSES
from twin.energy.draws import blended, drawn, pick
from twin.energy.generators import installed, systems
from twin.energy.places import places
from twin.errors import ModelError
from twin.schema import STOCK
from twin.validation import conform

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.city import City

    Floats = NDArray[np.float64]

__all__ = ["initial_stock", "new_stock_rows", "with_demand"]

HOUSING = ("residential", "mixed")
HOUSES = {"detached": 2.0, "terraced": 1.0, "apartments": 12.0}
"""Most dwellings of the size classes; buildings of more are large apartments."""


def initial_stock(city: City, given: Assumptions) -> pd.DataFrame:
    """
    Return the stock of a city: a row for each whole building, in the order of its table.

    Parts of buildings have no row; their outline stands for them. Missing age, refurbishment and
    heating are drawn from shares of district, town and country.

    Raises
    ------
    ModelError
        Buildings with areas that cannot be; it names them.
    """
    buildings = city.buildings
    whole = buildings[buildings["part_of"].isna()]
    rows = whole.sort_index()
    _check(rows)
    stock = pd.DataFrame(index=rows.index)
    stock["use"], stock["use_source"] = rows["use"], rows["use_source"]
    stock["size_class"], stock["size_class_source"] = _sizes(rows)
    stock["block_id"], stock["district_id"] = rows["block_id"], rows["district_id"]
    stock["heated_area_m2"], stock["heated_area_source"] = _heated(rows, given)
    stock["dwellings"], stock["residents"] = _people(rows, stock, given)
    stock["year_built"] = rows["year_built"]
    stock["age_class"], stock["age_class_source"] = _ages(rows, stock, given)
    stock["refurbishment"], stock["refurbishment_source"] = _refurbished(stock, given)
    stock["system"], stock["system_source"] = systems(rows, stock, city.tables.get("blocks"), given)
    stock["system_year"], stock["system_year_source"] = installed(stock, given)
    return _finished(stock, given, whole.index)


def new_stock_rows(  # noqa: PLR0913 - one for each thing a new building must say
    ids: pd.Index[str],
    *,
    use: Any,
    size_class: Any,
    heated_area_m2: Any,
    dwellings: Any,
    residents: Any,
    year: int,
    system: Any,
    refurbishment: Any = "existing",
    given: Assumptions | None = None,
) -> pd.DataFrame:
    """
    Return rows of the stock for buildings that a measure adds; one value for all, or one each.

    They are built, and their heating installed, in `year`. Without envelope in the city they take
    the one of their archetype, see `make_zones`.
    """
    stock = pd.DataFrame(index=pd.Index(ids, dtype="str", name=STOCK.key))
    values = {
        "use": use, "size_class": size_class, "heated_area_m2": heated_area_m2,
        "dwellings": dwellings, "residents": residents, "system": system,
        "refurbishment": refurbishment,
    }  # fmt: skip
    for name, value in values.items():
        stock[name] = value
    stock["year_built"], stock["system_year"] = float(year), float(year)
    stock["age_class"] = _age_class_of(year)
    for name in STOCK.column_names:
        if name.endswith("_source"):
            stock[name] = "estimated:measure"
    return _finished(stock, given or assumptions(), stock.index)


def with_demand(calculated: pd.Series[float], own: pd.Series[float] | None) -> pd.Series[float]:
    """
    Return calculated heat demand [kWh/a] with another survey's own figures where it has them.

    The hook for demand by building from elsewhere, such as LANUK's: figures below zero or missing
    do not count, buildings that the stock does not know are passed over.
    """
    if own is None:
        return calculated
    taken = own.reindex(calculated.index)
    return calculated.where(~(taken >= 0), taken)


def _check(rows: gpd.GeoDataFrame) -> None:
    """Raise one error that names every building whose areas cannot be."""
    bad = pd.Series(data=False, index=rows.index)
    for name in ("footprint_m2", "floor_area_m2", "living_area_m2"):
        value = rows[name].to_numpy("float64", na_value=0.0)
        bad |= (value < 0) | (value > 5_000_000)
    bad |= rows["living_area_m2"].fillna(0) > 3 * rows["floor_area_m2"].fillna(np.inf)
    if bad.any():
        ids = ", ".join(map(str, bad.index[bad][:10]))
        template = "{count} buildings have areas that cannot be: {ids}."
        hint = "Areas are 0 to 5,000,000 m², living area no more than three times the floor area."
        raise ModelError(template, hint=hint, count=int(bad.sum()), ids=ids)


def _text(values: Any, choices: tuple[str, ...], index: pd.Index[str]) -> pd.Series[Any]:
    return pd.Series(pd.Categorical(values, categories=choices), index)


def _labels(known: Any, source: pd.Series[str], otherwise: Any) -> NDArray[np.object_]:
    """Keep the labels of what is known; a known value without label is unknown in its source."""
    return np.where(known, source.astype(object).fillna("unknown"), otherwise)


def _sizes(rows: gpd.GeoDataFrame) -> tuple[pd.Series[Any], NDArray[np.object_]]:
    """Return size class and label: missing ones by dwellings, or by a use that is no housing."""
    known = rows["size_class"].notna().to_numpy()
    lived = rows["use"].isin(HOUSING).to_numpy()
    flats = rows["dwellings"].to_numpy("float64", na_value=1.0)
    guess = np.select(
        [~lived, flats <= HOUSES["detached"], flats <= HOUSES["apartments"]],
        ["non_residential", "detached", "apartments"],
        "large_apartments",
    )
    values = np.where(known, rows["size_class"].astype(object), guess)
    label = np.where(lived, "estimated:dwellings", "estimated:use")
    return _text(values, SIZE_CLASSES, rows.index), _labels(known, rows["size_class_source"], label)


def _heated(rows: gpd.GeoDataFrame, given: Assumptions) -> tuple[Floats, NDArray[np.object_]]:
    """Return heated reference area [m²]: from living area, floor area, or footprint x storeys."""
    use = places(rows["use"], BUILDING_USES)
    share = given.array("stock.heated_share", BUILDING_USES)[use]
    living, floor, storeys, footprint = (
        rows[name].to_numpy("float64", na_value=np.nan)
        for name in ("living_area_m2", "floor_area_m2", "storeys", "footprint_m2")
    )
    lived = (rows["use"] == "residential").to_numpy() & (living > 0)
    gross = np.where(floor > 0, floor, footprint * np.where(storeys > 0, storeys, 1))
    area = np.where(
        lived,
        living * given["stock.reference_per_living"],
        gross * given["stock.reference_per_gross"],
    )
    small = area < given["stock.least_heated"]
    label = np.select(
        [share == 0, small, lived, floor > 0],
        ["estimated:use", "estimated:small", "estimated:living_area", "estimated:floor_area"],
        "estimated:storeys",
    )
    return np.where(small, 0.0, np.round(area * share, 2)), label.astype(object)


def _people(
    rows: gpd.GeoDataFrame, stock: pd.DataFrame, given: Assumptions
) -> tuple[Floats, Floats]:
    """Return dwellings and residents: known ones, else from the area of housing."""
    lived = stock["use"].isin(HOUSING).to_numpy()
    flat = given["living_area_per_dwelling"] * given["stock.reference_per_living"]
    guess = np.where(lived, np.maximum(np.rint(stock["heated_area_m2"] / flat), 1), 0)
    dwellings = rows["dwellings"].to_numpy("float64", na_value=np.nan)
    dwellings = np.where(np.isnan(dwellings), guess, dwellings)
    residents = rows["residents"].to_numpy("float64", na_value=np.nan)
    each = given["residents_per_dwelling"]
    return dwellings, np.where(np.isnan(residents), np.round(dwellings * each, 1), residents)


def _ages(
    rows: gpd.GeoDataFrame, stock: pd.DataFrame, given: Assumptions
) -> tuple[pd.Series[Any], NDArray[np.object_]]:
    """Return age class and label; unknown ones are drawn from shares of their size class."""
    codes = places(rows["age_class"], AGE_CLASSES)
    year = rows["year_built"].to_numpy("float64", na_value=np.nan)
    by_year = (codes < 0) & np.isfinite(year)
    found = np.searchsorted(_first_years(), year, side="right") - 1
    codes = np.where(by_year, np.clip(found, 0, None), codes)
    area = np.asarray(pd.factorize(rows["district_id"], sort=True)[0], np.intp)
    kind = places(stock["size_class"], SIZE_CLASSES)
    shares = np.zeros((len(rows), len(AGE_CLASSES)))
    for number, name in enumerate(SIZE_CLASSES):
        own = kind == number
        wider = given.array(f"stock.age_shares_{name}", AGE_CLASSES)
        weight = given["stock.age_prior_buildings"]
        shares[own] = blended(codes[own], area[own], wider, weight)
    picked = np.where(codes >= 0, codes, pick(shares, drawn(rows.index, "age")))
    label = _labels(~by_year, rows["age_class_source"], rows["year_built_source"].fillna("unknown"))
    label = np.where(codes >= 0, label, "estimated:age_shares")
    return _text(np.array(AGE_CLASSES)[picked], AGE_CLASSES, rows.index), label


def _first_years() -> Floats:
    return np.array([0.0, *(float(name[:4]) for name in AGE_CLASSES[1:])])


def _age_class_of(year: float) -> str:
    return AGE_CLASSES[int(np.searchsorted(_first_years(), year, side="right")) - 1]


def _refurbished(
    stock: pd.DataFrame, given: Assumptions
) -> tuple[pd.Series[Any], NDArray[np.object_]]:
    """Return the state of the envelope, drawn by age class: a higher share only adds buildings."""
    age = places(stock["age_class"], AGE_CLASSES)
    advanced = given.array("stock.refurbished_advanced", AGE_CLASSES)[age]
    usual = given.array("stock.refurbished_usual", AGE_CLASSES)[age]
    number = drawn(stock.index, "refurbishment")
    state = np.where(number < advanced, 2, np.where(number < advanced + usual, 1, 0))
    label = np.full(len(stock), "estimated:refurbishment_shares", object)
    return _text(np.array(REFURBISHMENT)[state], REFURBISHMENT, stock.index), label


def _finished(stock: pd.DataFrame, given: Assumptions, order: pd.Index[str]) -> pd.DataFrame:
    """Return the stock with all its columns, in order, types and labels of the schema."""
    use = places(stock["use"], BUILDING_USES)
    missing: dict[str, Any] = {
        "set_point_c": given.array("stock.set_point", BUILDING_USES)[use],
        "pv_kwp": 0.0,
        "battery_kwh": 0.0,
        "pv_source": "unknown",
    }
    full = stock.assign(**{name: value for name, value in missing.items() if name not in stock})
    finished: pd.DataFrame = conform(STOCK, full, crs="").loc[order]
    return finished
