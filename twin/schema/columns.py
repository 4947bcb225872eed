"""What a column and a table of the standard are, and short ways to write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["text", "category", "number", "flag"]


@dataclass(frozen=True)
class Column:
    """One column. `number` is float64, NaN where missing; `text`, `category` may be missing."""

    name: str
    type: ColumnType
    label: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] = ()
    required: bool = False  # no missing values
    source: str = ""  # name of the companion column that says where each value comes from


@dataclass(frozen=True)
class Table:
    """One table: key, allowed geometry types (none: a plain table) and columns."""

    name: str
    key: str
    label: str
    geometry: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def column_names(self) -> list[str]:
        """Names of all columns in order, companions included, geometry not."""
        return [name for column in self.columns for name in (column.name, column.source) if name]

    def column(self, name: str) -> Column:
        """Return the column called `name`; `KeyError` where there is none."""
        found = next((c for c in self.columns if c.name == name), None)
        if found is None:
            msg = f"table {self.name!r} has no column {name!r}"
            raise KeyError(msg)
        return found


def text(name: str, label: str, **kw: object) -> Column:
    """Return a column of words."""
    return Column(name, "text", label, **kw)  # type: ignore[arg-type]


def category(name: str, label: str, values: tuple[str, ...], **kw: object) -> Column:
    """Return a column of one word out of `values`."""
    return Column(name, "category", label, values=values, **kw)  # type: ignore[arg-type]


def flag(name: str, label: str) -> Column:
    """Return a column of yes and no, never missing."""
    return Column(name, "flag", label, required=True)


def number(name: str, label: str, unit: str, low: float, high: float, **kw: object) -> Column:
    """Return a column of numbers between `low` and `high`, both allowed."""
    return Column(name, "number", label, unit, low, high, **kw)  # type: ignore[arg-type]


POLYGON = ("Polygon", "MultiPolygon")
LINE = ("LineString",)
LINES = ("LineString", "MultiLineString")
POINT = ("Point",)

ADDRESS_COLUMNS = (
    text("street", "Street"),
    text("housenumber", "House number"),
    text("postcode", "Postcode"),
    text("locality", "Locality"),
)
