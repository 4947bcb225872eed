"""The published figures the model town is calibrated to, one row a district."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

AGE_PERIODS = {
    "age_before_1919": (1860, 1918), "age_1919_1948": (1919, 1948), "age_1949_1978": (1949, 1978),
    "age_1979_1986": (1979, 1986), "age_1987_1990": (1987, 1990), "age_1991_1995": (1991, 1995),
    "age_1996_2000": (1996, 2000), "age_2001_2004": (2001, 2004), "age_2005_2008": (2005, 2008),
    "age_2009_2011": (2009, 2011),
}  # fmt: skip
"""Census columns and the years in them; houses older than 1860 are not told apart."""

TYPES = {
    "detached": ("type_detached_1dw_by_difference", "type_detached_2dw", "type_other"),
    "semi": ("type_semi_detached_1dw", "type_semi_detached_2dw"),
    "terraced": ("type_terraced_1dw", "type_terraced_2dw"),
    "multi_3_6": ("type_multi_3_6",),
    "multi_7_12": ("type_multi_7_12",),
    "multi_13": ("type_multi_13plus",),
}
"""How a house stands on its plot, and the census columns that stand so."""

ORDER = (
    "Müllekoven", "Bergheim", "Eschmar", "Sieglar", "Rotter See", "Kriegsdorf", "Oberlar",
    "Troisdorf-West", "Friedrich-Wilhelms-Hütte", "Troisdorf-Mitte", "Spich", "Altenrath",
)  # fmt: skip
"""From the village at the river mouth upstream: a small town takes the first of these."""


def read_table(name: str) -> pd.DataFrame:
    """Return one table of figures in this package; `data/troisdorf` holds the same file."""
    with files("layers.sample_city").joinpath(name).open(encoding="utf-8") as file:
        return pd.read_csv(file)


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    """Give the rows one after another, values by column name."""
    return iter(frame.itertuples())


def read_districts() -> pd.DataFrame:
    """
    Return name, x, y (EPSG:25832), residents and census counts of the 12 districts.

    Bergheim and Müllekoven share one census row; it is divided by inhabitants.
    """
    places = read_table("stadtteile.csv").set_index("name").loc[list(ORDER)]
    census = read_table("census2011_by_district.csv").set_index("district")
    columns = [c for c in map(str, census) if c.startswith(("age_", "type_", "residential_"))]
    people = places["pop_latest"]
    pair = ["Bergheim", "Müllekoven"]
    rows = {name: census.loc[name, columns] for name in ORDER if name not in pair}
    shared = census.loc["Bergheim + Müllekoven", columns].astype(int)
    first = (shared * people["Bergheim"] / people[pair].sum()).round().astype(int)
    first = _level(first)
    rows |= {"Bergheim": first, "Müllekoven": shared - first}
    counts = pd.DataFrame(rows).T.loc[list(ORDER)].astype(int)
    frame = pd.DataFrame(
        {
            "name": list(ORDER),
            "x": places["utm32_e"].to_numpy(float),
            "y": places["utm32_n"].to_numpy(float),
            "residents": people.to_numpy(int),
        },
        index=[f"model:district_{i + 1}" for i in range(len(ORDER))],
    )
    return frame.join(counts.set_index(frame.index))


def _level(counts: pd.Series[Any]) -> pd.Series[Any]:
    """Let ages and types sum to the same number of buildings after rounding."""
    counts = counts.copy()
    total = counts["residential_buildings"]
    for prefix in ("age_", "type_"):
        group = counts[counts.index.str.startswith(prefix)]
        counts[str(group.idxmax())] += total - group.sum()
    return counts


def scale_down(districts: pd.DataFrame, homes: int) -> pd.DataFrame:
    """Take the first districts until `homes` residential buildings; the last one in part."""
    before = districts["residential_buildings"].cumsum() - districts["residential_buildings"]
    chosen = districts[before < homes].copy()
    left = homes - int(before[chosen.index[-1]])
    last = chosen.iloc[-1]
    share = min(left / last["residential_buildings"], 1.0)
    for prefix in ("age_", "type_"):
        columns = [c for c in map(str, chosen) if c.startswith(prefix)]
        target = round(last["residential_buildings"] * share)
        chosen.loc[str(last.name), columns] = whole_shares(last[columns].to_numpy(float), target)
    chosen.loc[str(last.name), "residential_buildings"] = round(
        last["residential_buildings"] * share
    )
    chosen.loc[str(last.name), "residents"] = round(last["residents"] * share)
    return chosen


def whole_shares(weights: np.ndarray[Any, Any], total: int) -> np.ndarray[Any, Any]:
    """
    Share `total` in whole numbers by `weights`, largest remainders first.

    >>> whole_shares(np.array([1.0, 1.0, 2.0]), 5)
    array([1, 1, 3])
    """
    exact = weights / weights.sum() * total
    whole: np.ndarray[Any, Any] = np.floor(exact + 1e-9).astype(int)
    rest = total - whole.sum()
    order = np.argsort(-(exact - whole), kind="stable")
    whole[order[:rest]] += 1
    return whole


def type_counts(districts: pd.DataFrame) -> pd.DataFrame:
    """Return houses to build by district and way of standing (`TYPES`)."""
    return pd.DataFrame({kind: districts[list(cols)].sum(axis=1) for kind, cols in TYPES.items()})


def periods(names: Sequence[str] = tuple(AGE_PERIODS)) -> np.ndarray[Any, Any]:
    """Return first and last year of the census periods as an (n, 2) array."""
    return np.array([AGE_PERIODS[name] for name in names])
