"""What a measure applies to, as people and files write it."""

from __future__ import annotations

import difflib
import math
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import shapely
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pyproj import Transformer
from shapely.geometry import shape

from twin.selection.columns import COLUMNS
from twin.sentences import Sentence, WrongValueError, listed, say

if TYPE_CHECKING:
    from twin.schema import Column

Position = tuple[float, ...]
Ring = tuple[Position, ...]

Operator = Literal["in", "not_in", "<", "<=", ">", ">=", "=="]
Value = float | str
"""A number or a word."""


class Part(BaseModel):
    """What scenario files are made of: frozen, and nothing unknown in it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Area(Part):
    """A drawn area: geometry of GeoJSON, longitude and latitude in degrees (EPSG:4326)."""

    type: Literal["Polygon", "MultiPolygon"]
    coordinates: tuple[Ring, ...] | tuple[tuple[Ring, ...], ...]

    @model_validator(mode="before")
    @classmethod
    def _unwrap(cls, value: Any) -> Any:
        """Take the geometry out of a GeoJSON feature."""
        if isinstance(value, dict) and value.get("type") == "Feature":
            return value.get("geometry")
        return value

    @model_validator(mode="after")
    def _drawable(self) -> Area:
        try:
            drawn = shape({"type": self.type, "coordinates": self.coordinates})
            west, south, east, north = drawn.bounds
        except (ValueError, TypeError, IndexError, shapely.errors.ShapelyError) as error:
            raise WrongValueError(
                say("The area is no {type}.", type=self.type),
                say("Give closed rings of at least four positions [longitude, latitude]."),
            ) from error
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            raise WrongValueError(
                say("The area is not in degrees: it reaches from {low} to {high}.",
                    low=min(west, south), high=max(east, north)),
                say("Give longitude and latitude (EPSG:4326), longitude first."),
            )  # fmt: skip
        if not drawn.is_valid or drawn.area == 0:
            raise WrongValueError(
                say("The area crosses itself or has no surface."), say("Draw it again.")
            )
        return self

    def geometry(self, crs: str) -> shapely.Geometry:
        """Return the area in a projected CRS."""
        drawn = shape({"type": self.type, "coordinates": self.coordinates})
        points = shapely.get_coordinates(drawn)
        projected = np.column_stack(_to(crs).transform(points[:, 0], points[:, 1]))
        return shapely.set_coordinates(drawn, projected)


@cache
def _to(crs: str) -> Transformer:
    return Transformer.from_crs("EPSG:4326", crs, always_xy=True)


class Condition(Part):
    """One condition on a column. What is not known meets no condition, `not_in` neither."""

    known: ClassVar = COLUMNS  # Mapping[str, Column]

    column: str
    op: Operator
    value: Value | tuple[Value, ...]

    @model_validator(mode="after")
    def _fits(self) -> Condition:
        column = self.known.get(self.column)
        if column is None:
            raise WrongValueError(*unknown_word("column", self.column, self.known))
        if self.op in ("<", "<=", ">", ">=") and column.type != "number":
            raise WrongValueError(
                say("{column} holds words; {op} compares numbers.",
                    column=self.column, op=self.op),
                say("Use in, not_in or ==."),
            )  # fmt: skip
        if self.op not in ("in", "not_in") and len(self.terms) != 1:
            raise WrongValueError(
                say("{op} takes one value, got {count}.", op=self.op, count=len(self.terms)),
                say("Use in or not_in for several."),
            )
        self._check_values(column)
        return self

    def _check_values(self, column: Column) -> None:
        if not self.terms:
            raise WrongValueError(say("No value is given for {column}.", column=column.name))
        if column.type in ("number", "flag"):
            wrong = [v for v in self.terms if not isinstance(v, float)]
            if wrong:
                hint = say("Give a number in {unit}.", unit=column.unit) if column.unit else None
                raise WrongValueError(
                    say("{column} holds numbers, got {values}.",
                        column=column.name, values=listed(wrong)), hint
                )  # fmt: skip
        elif column.values:
            unknown = [v for v in self.terms if v not in column.values]
            if unknown:
                raise WrongValueError(
                    say("{column} knows no {values}.", column=column.name, values=listed(unknown)),
                    say("Allowed: {allowed}.", allowed=tuple(column.values)),
                )

    @property
    def terms(self) -> tuple[Value, ...]:
        """The values, also where there is only one."""
        return self.value if isinstance(self.value, tuple) else (self.value,)


class Share(Part):
    """The part of what else is selected that has most or least of something, or any part."""

    known: ClassVar = COLUMNS  # Mapping[str, Column]

    percent: float = Field(ge=0, le=100)
    by: str = "heat_demand_kwh_m2"
    order: Literal["highest", "lowest", "random"] = "highest"

    @field_validator("by")
    @classmethod
    def _countable(cls, value: str) -> str:
        numbers = {name: column for name, column in cls.known.items() if column.type == "number"}
        if value not in numbers:
            raise WrongValueError(*unknown_word("column of numbers", value, numbers))
        return value


class Selector(Part):
    """
    Which buildings are meant: everything that is given must hold; nothing given means all.

    The share is taken last, of those that the rest selects and that have a value to sort by.
    """

    ids: tuple[str, ...] = ()
    area: Area | None = None
    districts: tuple[str, ...] = ()  # ids or names
    blocks: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()
    share: Share | None = None


def unknown_word(what: str, word: str, known: Any) -> tuple[Sentence, Sentence]:
    """Return what to say about a word that is not known, with the nearest known ones."""
    near = difflib.get_close_matches(word, list(known), n=4, cutoff=0.5)
    fault = say("There is no {what} called {word}.", what=_what(what), word=word)
    if near:
        return fault, say("Perhaps: {near}.", near=tuple(near))
    return fault, say("Known: {known}.", known=listed(sorted(known), 12))


def _what(what: str) -> Sentence:
    return {
        "column": say("column"),
        "column of numbers": say("column of numbers"),
        "assumption": say("assumption"),
        "kind of measure": say("kind of measure"),
    }[what]


def is_number(value: object) -> bool:
    """Tell whether something can be compared as a number."""
    return isinstance(value, (int, float)) and math.isfinite(value)
