"""One page of a table: filtered, sorted, cut. What the browser sends is checked here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dash_app.search import fold
from dash_app.state import PICKABLE
from twin.schema import TABLES, Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twin.city import City

PAGE_SIZE = 25
MAX_TEXT = 80

SHOWN: dict[str, tuple[str, ...]] = {
    "buildings": ("name", "street", "housenumber", "use", "size_class", "age_class", "storeys",
                  "height_m", "roof_type", "footprint_m2", "floor_area_m2", "residents"),
    "streets": ("name", "class", "length_m", "speed_kmh", "lanes", "car_access", "cycle_facility",
                "surface"),
    "addresses": ("street", "housenumber", "postcode", "locality"),
}  # fmt: skip
"""Columns a person reads first; the other tables show all of theirs."""


@dataclass(frozen=True)
class Asked:
    """What part of which table is asked for."""

    table: str = "buildings"
    page: int = 1
    sort: str = ""  # column, "" keeps the order of the table
    down: bool = False
    column: str = ""  # that is filtered, "" for none
    text: str = ""  # contained in a text, or a category
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Page:
    """Rows of one page, and of how many."""

    asked: Asked
    rows: pd.DataFrame
    total: int  # rows that pass the filter
    all: int  # rows of the table

    @property
    def pages(self) -> int:
        """Number of pages, at least one."""
        return max(1, -(-self.total // PAGE_SIZE))


def columns_of(table: str) -> list[Column]:
    """Return the columns that the table view shows."""
    schema = TABLES[table]
    names = SHOWN.get(table)
    if names:
        return [schema.column(name) for name in names]
    hidden = {"building_id", "part_of"}
    return [column for column in schema.columns if column.name not in hidden]


def checked(data: Any) -> Asked:
    """
    Return what the browser asks for, with the default wherever it asks for nonsense.

    >>> checked({"table": "secrets", "page": -3, "sort": "password"})
    Asked(table='buildings', page=1, sort='', down=False, column='', text='', low=None, high=None)
    """
    data = data if isinstance(data, dict) else {}
    table = _one_of(data.get("table"), PICKABLE) or "buildings"
    names = [column.name for column in columns_of(table)]
    return Asked(
        table=table,
        page=max(1, min(int(_number(data.get("page")) or 1), 1_000_000)),
        sort=_one_of(data.get("sort"), names),
        down=data.get("down") is True,
        column=_one_of(data.get("column"), names),
        text=str(data.get("text") or "")[:MAX_TEXT],
        low=_number(data.get("low")),
        high=_number(data.get("high")),
    )


def page_of(city: City, asked: Asked) -> Page:
    """Return the page; one behind the last gives the last."""
    frame = pd.DataFrame(city.tables[asked.table], copy=False)
    keep = np.ones(len(frame), dtype=bool)
    if asked.column:
        keep = _passes(frame[asked.column], TABLES[asked.table].column(asked.column), asked)
    rows = np.flatnonzero(keep)
    if asked.sort:
        values = frame[asked.sort].iloc[rows].reset_index(drop=True)
        values = values.astype(object) if values.dtype == "category" else values
        order = values.sort_values(ascending=not asked.down, na_position="last", kind="stable")
        rows = rows[order.index.to_numpy()]
    last = max(1, -(-len(rows) // PAGE_SIZE))
    asked = Asked(**{**asked.__dict__, "page": min(asked.page, last)})
    start = (asked.page - 1) * PAGE_SIZE
    return Page(asked, frame.iloc[rows[start : start + PAGE_SIZE]], len(rows), len(frame))


def _passes(values: pd.Series[Any], column: Column, asked: Asked) -> np.ndarray:
    if column.type == "number":
        low = -np.inf if asked.low is None else asked.low
        high = np.inf if asked.high is None else asked.high
        if asked.low is None and asked.high is None:
            return np.ones(len(values), dtype=bool)
        return values.between(low, high).to_numpy(dtype=bool)
    if not asked.text:
        return np.ones(len(values), dtype=bool)
    if column.type == "flag":
        return (values == (asked.text == "yes")).to_numpy(dtype=bool)
    if column.type == "category":
        return (values == asked.text).to_numpy(dtype=bool)
    wanted = fold(asked.text)
    known = {text: wanted in fold(str(text)) for text in values.dropna().unique()}
    return values.map(known).eq(True).to_numpy(dtype=bool)


def _one_of(value: Any, allowed: Sequence[str]) -> str:
    return value if isinstance(value, str) and value in allowed else ""


def _number(value: Any) -> float | None:
    try:
        number = float(str(value).replace(",", "."))
    except ValueError:
        return None
    return number if np.isfinite(number) else None
