"""Classes that estimates go by, and the label every estimate leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twin.assumptions import assumed_by_class

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


LIVING = ("residential", "mixed")
ACCESSORY = ("garage", "shed")


def label(
    table: pd.DataFrame, value: str, source: str, ground: str | NDArray[Any] | pd.Series[Any]
) -> pd.Series[Any]:
    """Keep the source of known values, put `ground` where the value was missing."""
    known = table[value].notna()
    filled = table[source].where(known, ground)
    return filled.where(~known | filled.notna(), "unknown").astype("str")


def keep(table: pd.DataFrame, value: str, source: str, ground: pd.Series[Any]) -> pd.Series[Any]:
    """Like `label`, where the estimate itself may stay missing."""
    return table[source].where(table[value].notna(), ground).astype("str")


def group(buildings: pd.DataFrame) -> pd.Series[str]:
    """Return the class that the assumptions know: type for housing, use for the rest."""
    housing = buildings["use"].eq("residential") & buildings["size_class"].notna()
    kind = buildings["size_class"].astype("str").where(housing, buildings["use"].astype("str"))
    return kind.where(kind != "non_residential", buildings["use"].astype("str")).astype("str")


def by_class(name: str, group: pd.Series[str]) -> pd.Series[float]:
    """Return the assumption `name` of the class of each building."""
    return group.map(assumed_by_class(name)).astype("float64")
