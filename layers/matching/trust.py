"""The order of trust: which source is believed about which column, read from `trust.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from twin.schema import BUILDINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True)
class ColumnTrust:
    """How one column, and those that come `with` it, are chosen among the sources."""

    column: str
    kind: Literal["intensive", "single", "extensive"]
    companions: tuple[str, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)  # ranked sources, each with its reason
    tolerance: float | None = None  # None: conflicts are not counted
    relative: float | None = None
    is_text: bool = False  # compared as people read it
    general: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return every column that is taken together, labels of their sources included."""
        names = (self.column, *self.companions)
        labels = (BUILDINGS.column(name).source for name in names)
        return (*names, *(label for label in labels if label))

    @property
    def is_compared(self) -> bool:
        """Tell whether conflicts are counted."""
        return self.is_text or self.tolerance is not None or self.relative is not None


@dataclass(frozen=True)
class Trust:
    """The general order, the order for building parts, and the rule for each column."""

    order: Mapping[str, str]
    parts: Mapping[str, str]
    columns: tuple[ColumnTrust, ...]


def family(key: str) -> str:
    """
    Return the kind of a source: two cadastres of two counties are `cadastre:1` and `cadastre:2`.

    >>> family("cadastre:2"), family("osm")
    ('cadastre', 'osm')
    """
    return key.partition(":")[0]


def ranked(keys: Iterable[str], order: Iterable[str], then: Iterable[str] = ()) -> list[str]:
    """
    Return source keys, most trusted first; unknown ones last, by name.

    >>> ranked(["osm", "survey", "lod2"], ["lod2", "osm"])
    ['lod2', 'osm', 'survey']
    """
    places = {name: place for place, name in enumerate(dict.fromkeys([*order, *then]))}
    return sorted(keys, key=lambda key: (places.get(family(key), len(places)), key))


@cache
def trust() -> Trust:
    """
    Return the written order of trust.

    >>> next(iter(trust().order)), [c.column for c in trust().columns if c.kind == "extensive"][:2]
    ('nas', ['floor_area_m2', 'living_area_m2'])
    """
    text = files("layers.matching").joinpath("trust.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    columns = tuple(_column(name, entry) for name, entry in data["columns"].items())
    return Trust(data["order"], data["parts"], columns)


def _column(name: str, entry: dict[str, object]) -> ColumnTrust:
    said = dict(entry)
    tolerance = said.get("tolerance")
    general: dict[str, list[str]] = said.get("general", {})  # type: ignore[assignment]
    return ColumnTrust(
        column=name,
        kind=said["kind"],  # type: ignore[arg-type]
        companions=tuple(said.get("with", ())),  # type: ignore[arg-type]
        reasons=said.get("order", {}),  # type: ignore[arg-type]
        tolerance=float(tolerance) if isinstance(tolerance, int | float) else None,
        relative=said.get("relative"),  # type: ignore[arg-type]
        is_text=tolerance == "text",
        general={word: tuple(words) for word, words in general.items()},
    )
