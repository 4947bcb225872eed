"""Gives buildings one class each of what a cell counts: years built, type, heating, carrier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from layers.census.apportion import hashed, systematic
from layers.census.pots import Grid, matrix
from twin.assumptions import assumed
from twin.classes import AGE_CLASSES, CENSUS_AGES, CENSUS_AGES_2022
from twin.provenance import kind_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

LABEL = "estimated:census_cell"
OPEN_END = 2100

# along the line from the first building to the last; see `systematic`
AGES = tuple(sorted({*CENSUS_AGES, *CENSUS_AGES_2022}, key=lambda w: w.replace("until_", "")))
SIZES = {
    "terraced_1": "terraced", "terraced_2": "terraced", "semi_1": "terraced", "semi_2": "terraced",
    "detached_1": "detached", "detached_2": "detached", "multi_3_6": "apartments",
    "multi_7_12": "apartments", "multi_13": "large_apartments", "other": "",
}  # fmt: skip
"""XWärmeplan counts semi-detached houses with the rows, as IWU does."""
DWELLINGS = {
    "terraced_1": (1, 1), "terraced_2": (2, 2), "semi_1": (1, 1), "semi_2": (2, 2),
    "detached_1": (1, 1), "detached_2": (2, 2), "multi_3_6": (3, 6), "multi_7_12": (7, 12),
    "multi_13": (13, 5000),
}  # fmt: skip
"""Fewest and most dwellings of a class of the census."""
HEATING = ("district", "block", "flat", "central", "stove", "none")
CARRIERS = (
    "district_heat", "gas", "oil", "biogas", "electricity", "ambient", "wood", "coal", "none",
)  # fmt: skip
RANK = {"terraced": 0, "detached": 1, "apartments": 2, "large_apartments": 3}
OTHER = 4


def firm(stock: pd.DataFrame, value: str, source: str) -> NDArray[np.bool_]:
    """Tell where a better source than an estimate has spoken."""
    kinds = stock[source].astype("object").map(kind_of, na_action="ignore")
    found: NDArray[np.bool_] = (
        stock[value].notna() & kinds.isin(["registered", "measured", "tagged"])
    ).to_numpy()
    return found


def give_ages(stock: pd.DataFrame, grid: Grid, counts: pd.DataFrame) -> pd.DataFrame:
    """
    Give a year built within the class of the census; known years count into their class first.

    Neighbours in a street get neighbouring classes; the year within the class follows from the key
    of the building, spread evenly, so that classes cut otherwise get their share.
    """
    known = firm(stock, "year_built", "year_built_source")
    classed = firm(stock, "age_class", "age_class_source") & ~known
    year = stock["year_built"].mask(classed, _middle(stock["age_class"]))
    for theme in ("buildings_age", "dwellings_age"):
        table = matrix(grid, counts, theme, AGES)
        if _usable(grid, table, theme).any():
            break
    old = pd.Series(_class_of(year.where(known | classed), table), index=stock.index)
    place = _along_streets(stock)
    found = _give(stock, grid, theme, table, known=old.to_numpy(), order=place)
    new = found >= 0
    words = pd.Series(np.array(AGES)[np.maximum(found, 0)], index=stock.index)
    years = _year_within(words, hashed(stock.index)).where(new)
    return stock.assign(
        year_built=stock["year_built"].mask(new, years),
        year_built_source=stock["year_built_source"].mask(new, LABEL),
        age_class=_with_age(stock, years, new),
        age_class_source=stock["age_class_source"].mask(new, LABEL),
    )


def _with_age(
    stock: pd.DataFrame, years: pd.Series[float], new: NDArray[np.bool_]
) -> pd.Series[Any]:
    edges = [-np.inf, *(int(name.partition("_")[0]) - 1 for name in AGE_CLASSES[1:]), np.inf]
    ages = pd.cut(years, edges, labels=list(AGE_CLASSES)).astype("str")
    mixed = stock["age_class"].astype("str").mask(new, ages)
    return mixed.astype(stock["age_class"].dtype)


def _ends(words: pd.Series[str]) -> tuple[pd.Series[float], pd.Series[float]]:
    """Return first and last year of classes; the oldest begins as assumed, the last ends soon."""
    parts = words.str.replace("until_", f"{assumed('census_oldest_year'):.0f}_").str.split("_")
    first, last = parts.str[0].astype(float), parts.str[1].astype(float)
    return first, last.where(last != OPEN_END, first + 2)


def _year_within(words: pd.Series[str], share: NDArray[np.float64]) -> pd.Series[float]:
    first, last = _ends(words)
    return first + np.floor(share * (last - first + 1))


def _middle(age_class: pd.Series[Any]) -> pd.Series[float]:
    words = pd.Series(AGE_CLASSES, index=AGE_CLASSES, dtype="str")
    first, last = _ends(words)
    return age_class.astype("object").map(((first + last) / 2).round()).astype("float64")


def _class_of(year: pd.Series[float], table: NDArray[Any]) -> NDArray[np.int64]:
    """Return the class that holds a year: of the classes that the census in question has."""
    used = np.nan_to_num(table).sum(axis=0) > 0
    first, last = _ends(pd.Series(AGES, dtype="str"))
    last = last.where(~pd.Series(AGES).str.endswith(str(OPEN_END)), np.inf)
    first = first.where(~pd.Series(AGES).str.startswith("until"), -np.inf)
    value = year.to_numpy(dtype=float)[:, None]
    fits = (value >= first.to_numpy()) & (value <= last.to_numpy()) & used
    return np.where(fits.any(axis=1), fits.argmax(axis=1), -1).astype(np.int64)


def give_sizes(stock: pd.DataFrame, grid: Grid, counts: pd.DataFrame) -> pd.DataFrame:
    """
    Give a type of building; what it looked like before decides who gets which.

    Adds `census_class`, the word of the census, for the dwellings. The class `other` and buildings
    the cell says nothing about keep the type they had.
    """
    words = tuple(SIZES)
    table = matrix(grid, counts, "buildings_size", words)
    known = firm(stock, "size_class", "size_class_source")
    looks = np.asarray(stock["size_class"].astype("object").map(RANK).fillna(OTHER), dtype=int)
    order = [looks, stock["weight"].to_numpy()]
    old = np.where(known, _first_word(stock["size_class"], words), -1)
    seen = stock.assign(looks=looks)
    found = _give(seen, grid, "buildings_size", table, known=old, order=order)
    names = pd.Series(np.array(words)[np.maximum(found, 0)], index=stock.index).where(found >= 0)
    sizes = names.map(SIZES)
    new = (sizes.notna() & (sizes != "")).to_numpy()
    return stock.assign(
        size_class=stock["size_class"].astype("str").mask(new, sizes)
        .astype(stock["size_class"].dtype),
        size_class_source=stock["size_class_source"].mask(new, LABEL),
        census_class=names,
    )  # fmt: skip


def _first_word(size_class: pd.Series[Any], words: tuple[str, ...]) -> NDArray[np.int64]:
    """Return a census class for a type that is known already, to take it off that count."""
    of = {size: words.index(word) for word, size in reversed(SIZES.items())}
    return np.asarray(size_class.astype("object").map(of).fillna(-1), dtype=np.int64)


def give_heating(stock: pd.DataFrame, grid: Grid, counts: pd.DataFrame) -> pd.DataFrame:
    """Give type of heating and carrier by dwellings; the largest buildings come first."""
    for trait, words, value, source in (
        ("heating", HEATING, "heating", "heating_source"),
        ("carrier", CARRIERS, "energy_carrier", "carrier_source"),
    ):
        theme = f"dwellings_{trait}"
        table = matrix(grid, counts, theme, words)
        if not _usable(grid, table, theme).any():
            theme = f"buildings_{trait}"
            table = matrix(grid, counts, theme, words)
        known = firm(stock, value, source)
        codes = stock[value].astype("object").map({w: i for i, w in enumerate(words)}).fillna(-1)
        old = np.where(known, codes.to_numpy(dtype=np.int64), -1)
        order = [-stock["weight"].to_numpy()]
        found = _give(stock, grid, theme, table, known=old, order=order)
        new = found >= 0
        named = pd.Series(np.array(words)[np.maximum(found, 0)], index=stock.index)
        stock = stock.assign(
            **{
                value: stock[value].astype("str").mask(new, named).astype(stock[value].dtype),
                source: stock[source].mask(new, LABEL),
            }
        )
    return stock


def _usable(grid: Grid, table: NDArray[Any], theme: str) -> NDArray[np.bool_]:
    """Tell the cells that know both the classes and how many there are in all."""
    whole = grid.cells[theme.partition("_")[0]].to_numpy(dtype=float)
    found: NDArray[np.bool_] = ~np.isnan(table).all(axis=1) & ~np.isnan(whole)
    return found


def _give(
    stock: pd.DataFrame,
    grid: Grid,
    theme: str,
    table: NDArray[Any],
    *,
    known: NDArray[np.int64],
    order: list[NDArray[Any]],
) -> NDArray[np.int64]:
    """
    Return the column of `table` for each building, -1 where it is known or the cell does not tell.

    What the cell counts in all beyond its classes (suppressed ones) is one more class, "not told".
    `known` columns are taken off the counts first; used up counts begin anew. Where `stock`
    has `looks` (rank of the type a building seems to be), what is not told lies beside those it is
    likeliest about.
    """
    unit = theme.partition("_")[0]
    whole = grid.cells[unit].to_numpy(dtype=float)[:, None]
    usable = _usable(grid, table, theme)
    told = np.where(usable[:, None], table, np.nan)
    untold = np.maximum(whole - np.nansum(told, axis=1, keepdims=True), 0)
    rest, _ = grid.rest(np.where(usable[:, None], np.hstack([told, untold]), np.nan))
    cell = grid.where(usable)
    size = _size_of(stock, unit)
    left = rest.copy()
    done = (known >= 0) & (cell >= 0)
    np.subtract.at(left, (cell[done], known[done]), size[done])
    left = np.maximum(left, 0)
    left = np.where(left.sum(axis=1, keepdims=True) > 0, left, rest)
    found = np.full(len(stock), -1)
    rows = np.flatnonzero((known < 0) & (cell >= 0) & ~_is_firm(known, stock, theme))
    rows = rows[np.lexsort((rows, *[o[rows] for o in reversed(order)], cell[rows]))]
    start = hashed(grid.cells.index, salt=theme)
    line = np.arange(left.shape[1])
    if "looks" in stock:
        looks = stock["looks"].to_numpy()[rows]
        left, line = _untold_by_looks(left, cell[rows], looks)
    place = systematic(cell[rows], size[rows], left, start)
    found[rows] = np.where(place >= 0, line[place], -1)
    return np.where(found >= table.shape[1], -1, found)


def _untold_by_looks(
    left: NDArray[np.float64], cell: NDArray[np.int64], looks: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """
    Spread the last column, "not told", over the types of which a cell has more than it tells of.

    Returns the counts with a column "not told" after the classes of each type, and which column of
    `left` each of them was. Without it a suppressed class would push all others to wrong buildings.
    """
    untold = left.shape[1] - 1
    types = np.array([RANK.get(size, OTHER) for size in SIZES.values()])
    seen = np.zeros((len(left), OTHER + 1))
    np.add.at(seen, (cell, looks), 1)
    told = np.column_stack([left[:, :untold][:, types == t].sum(axis=1) for t in range(OTHER + 1)])
    scale = seen.sum(axis=1, keepdims=True) / np.maximum(left.sum(axis=1, keepdims=True), 1e-9)
    lack = np.maximum(seen - told * scale, 0)
    whole = lack.sum(axis=1, keepdims=True)
    share = np.where(whole > 0, lack / np.where(whole > 0, whole, 1), np.eye(OTHER + 1)[OTHER])
    columns, line = [], []
    for t in range(OTHER + 1):
        own = np.flatnonzero(types == t)
        columns += [left[:, own], left[:, [untold]] * share[:, [t]]]
        line += [*own, untold]
    return np.hstack(columns), np.array(line)


def _is_firm(known: NDArray[np.int64], stock: pd.DataFrame, theme: str) -> NDArray[np.bool_]:
    """Tell known values that no class of the census holds: they stay, and are not counted off."""
    value, source = {
        "age": ("year_built", "year_built_source"),
        "size": ("size_class", "size_class_source"),
        "heating": ("heating", "heating_source"),
        "carrier": ("energy_carrier", "carrier_source"),
    }[theme.partition("_")[2]]
    stays = firm(stock, value, source)
    if theme.endswith("_age"):
        stays = stays | firm(stock, "age_class", "age_class_source")
    return stays & (known < 0)


def _size_of(stock: pd.DataFrame, unit: str) -> NDArray[np.float64]:
    """Return what a building counts for: itself, or its dwellings."""
    if unit == "buildings":
        return np.ones(len(stock))
    return stock["dwellings"].fillna(1).clip(lower=0.5).to_numpy(dtype=float)


def _along_streets(stock: pd.DataFrame) -> list[NDArray[Any]]:
    """Return sort keys by which neighbours stand together: street, then a Z-shaped curve."""
    street = stock["street"].astype("str").fillna("").rank(method="dense").to_numpy()
    points = shapely.centroid(stock.geometry.array)
    x = ((shapely.get_x(points) / 5).astype(np.int64)) & 0x3FF
    y = ((shapely.get_y(points) / 5).astype(np.int64)) & 0x3FF
    curve = np.zeros(len(stock), dtype=np.int64)
    for bit in range(10):
        curve |= ((x >> bit) & 1) << (2 * bit) | ((y >> bit) & 1) << (2 * bit + 1)
    return [street, curve]
