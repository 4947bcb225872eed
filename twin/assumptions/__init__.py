"""
Every constant the models assume, with value, range, unit and source.

The figures stand in the TOML files beside this module, one a theme. What `city.toml` holds is used
when a city is built and keeps its plain name; every other file puts its own name in front:
`set_point` in `heat.toml` is the assumption `heat.set_point`.
"""

from __future__ import annotations

import dataclasses
import math
import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from twin.errors import TwinError
from twin.hashing import hash_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

PLAIN = "city"
"""The theme whose names carry no theme."""


class AssumptionError(TwinError):
    """An assumption is asked for or set that is not there, or set to no number."""


@dataclass(frozen=True)
class Assumption:
    """One assumed constant; `low` and `high` bound what is plausible."""

    name: str
    value: float
    low: float
    high: float
    unit: str
    status: Literal["published", "derived", "practice", "own", "unverified", "user"]
    source: str

    def __post_init__(self) -> None:
        """Refuse a value outside its own range."""
        if not self.low <= self.value <= self.high:
            msg = f"assumption {self.name!r}: {self.value} is not in {self.low} to {self.high}"
            raise ValueError(msg)


class Assumptions:
    """
    A set of assumptions that a model is given; asking for one that is not in it is an error.

    Models take one and read values by full name: `given["heat.set_point"]`. A scenario's own
    values come in by `replaced`, the share of one stage by `of`, one end of a range by `at_end`.
    """

    def __init__(self, entries: Mapping[str, Assumption]) -> None:
        self.entries: Mapping[str, Assumption] = MappingProxyType(dict(entries))
        self._parts: dict[frozenset[str], Assumptions] = {}

    def __getitem__(self, name: str) -> float:
        """Return the value of one assumption."""
        return self.entry(name).value

    def __contains__(self, name: object) -> bool:
        """Tell whether there is an assumption of this name."""
        return name in self.entries

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return iter(self.entries)

    def __len__(self) -> int:
        """Count the assumptions."""
        return len(self.entries)

    def entry(self, name: str) -> Assumption:
        """Return one assumption with its range and source."""
        if name not in self.entries:
            template = "There is no assumption called {name}."
            hint = "`twin assumptions list` shows all."
            raise AssumptionError(template, hint=hint, name=name)
        return self.entries[name]

    def by_class(self, name: str) -> dict[str, float]:
        """Return the values of an assumption that has one for each class, by class."""
        found = self._by_prefix.get(name)
        if found is None:
            return {"": self[name]}  # asks for `name` only to say that it is missing
        return dict(found)

    @cached_property
    def _by_prefix(self) -> dict[str, dict[str, float]]:
        """Values by the parts of their names before and after each dot: no search when asked."""
        found: dict[str, dict[str, float]] = {}
        for key, entry in self.entries.items():
            for place in (place for place, letter in enumerate(key) if letter == "."):
                found.setdefault(key[:place], {})[key[place + 1 :]] = entry.value
        return found

    def at(self, name: str, year: float) -> float:
        """Return the value in a year of an assumption given by years, linear between them."""
        values = self.by_class(name)
        years = sorted(values, key=float)
        return float(np.interp(year, [float(y) for y in years], [values[y] for y in years]))

    def of(self, themes: Iterable[str]) -> Assumptions:
        """
        Return only the assumptions of these themes (`heat`, `solar`): what a stage may read.

        `city` stands for those that carry no theme.
        """
        wanted = frozenset(themes)
        if wanted not in self._parts:  # asked for by every stage of every run
            plain = PLAIN in wanted
            part = {
                name: entry
                for name, entry in self.entries.items()
                if (head := name.partition(".")[0]) in wanted or (plain and head not in _themes())
            }
            self._parts[wanted] = Assumptions(part)
        return self._parts[wanted]

    def replaced(self, values: Mapping[str, float | Assumption]) -> Assumptions:
        """
        Return a set with some values exchanged.

        A plain number is the user's own value: it keeps the unit, gets the status `user`, and the
        range widens where the number lies outside. Unknown names and what is no finite number
        raise one `AssumptionError`.
        """
        if not values:
            return self
        changed = {name: self._replacement(name, value) for name, value in values.items()}
        return Assumptions({**self.entries, **changed})

    def _replacement(self, name: str, value: float | Assumption) -> Assumption:
        if isinstance(value, Assumption):
            return value
        entry = self.entry(name)
        if not math.isfinite(value):
            template = "Assumption {name}: {value} is no number."
            hint = "Give a number in {unit}, usually {low} to {high}."
            raise AssumptionError(template, hint=hint, **_facts(entry, value))
        low, high = min(entry.low, value), max(entry.high, value)
        return dataclasses.replace(entry, value=value, low=low, high=high, status="user")

    def at_end(self, name: str, end: Literal["low", "high"]) -> Assumptions:
        """Return a set with one assumption, or all classes of it, at one end of its range."""
        moved = {
            key: dataclasses.replace(entry, value=getattr(entry, end))
            for key, entry in self.entries.items()
            if key == name or key.startswith(f"{name}.")
        }
        if not moved:
            self.entry(name)
        return Assumptions({**self.entries, **moved})

    @cached_property
    def hash(self) -> str:
        """Hash of the values: two sets with equal hash give equal results."""
        return hash_parts(f"{k}={float(v.value)!r}" for k, v in sorted(self.entries.items()))

    def array(self, name: str, classes: Iterable[str]) -> NDArray[np.float64]:
        """Return the values by class in the order of `classes`, e.g. of a category's codes."""
        values = self.by_class(name)
        return np.array([values[kind] for kind in classes], float)


def _facts(entry: Assumption, value: float) -> dict[str, Any]:
    return {
        "name": entry.name, "value": value, "unit": entry.unit, "low": entry.low,
        "high": entry.high,
    }  # fmt: skip


@cache
def _themes() -> frozenset[str]:
    """Return the names of the files, each a theme that stands in front of its assumptions."""
    names = (file.name for file in files("twin.assumptions").iterdir())
    return frozenset(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


@cache
def assumptions() -> Assumptions:
    """
    Return all assumptions as the files give them.

    An entry with one value a class gives one assumption for each, called `entry.class`.

    >>> assumptions().entry("storey_height.detached").unit
    'm'
    """
    found: dict[str, Assumption] = {}
    for file in sorted(files("twin.assumptions").iterdir(), key=lambda path: path.name):
        if file.name.endswith(".toml"):
            theme = file.name.removesuffix(".toml")
            prefix = "" if theme == PLAIN else f"{theme}."
            found.update(_read(file.read_text(encoding="utf-8"), prefix))
    return Assumptions(found)


def _read(text: str, prefix: str) -> dict[str, Assumption]:
    found = {}
    for short, entry in tomllib.loads(text).items():
        name = prefix + short
        by_class = entry.pop("by", None)
        if by_class is None:
            found[name] = Assumption(name=name, **entry)
            continue
        for kind, (value, low, high) in by_class.items():
            full = f"{name}.{kind}"
            found[full] = Assumption(full, value, low, high, **entry)
    return found


def assumed(name: str) -> float:
    """Return the value of one assumption."""
    return assumptions()[name]


def assumed_by_class(name: str) -> dict[str, float]:
    """
    Return the values of an assumption that has one for each class.

    >>> assumed_by_class("roof_pitch")["garage"]
    0
    """
    return assumptions().by_class(name)
