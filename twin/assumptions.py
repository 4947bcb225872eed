"""Every constant the models assume, with value, range, unit and source (`assumptions.toml`)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal


@dataclass(frozen=True)
class Assumption:
    """One assumed constant; `low` and `high` bound what is plausible."""

    name: str
    value: float
    low: float
    high: float
    unit: str
    status: Literal["published", "derived", "practice", "own", "unverified"]
    source: str

    def __post_init__(self) -> None:
        """Refuse a value outside its own range."""
        if not self.low <= self.value <= self.high:
            msg = f"assumption {self.name!r}: {self.value} is not in {self.low} to {self.high}"
            raise ValueError(msg)


@cache
def assumptions() -> dict[str, Assumption]:
    """
    Return all assumptions by name.

    An entry with one value a class gives one assumption for each, called `entry.class`.

    >>> assumptions()["storey_height.detached"].unit
    'm'
    """
    text = files("twin").joinpath("assumptions.toml").read_text(encoding="utf-8")
    found = {}
    for name, entry in tomllib.loads(text).items():
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
    return assumptions()[name].value


def assumed_by_class(name: str) -> dict[str, float]:
    """
    Return the values of an assumption that has one for each class.

    >>> assumed_by_class("roof_pitch")["garage"]
    0
    """
    prefix = f"{name}."
    return {
        key.removeprefix(prefix): entry.value
        for key, entry in assumptions().items()
        if key.startswith(prefix)
    }
