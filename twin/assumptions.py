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
    status: Literal["published", "derived", "practice", "own"]
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

    >>> assumptions()["storey_height_residential"].unit
    'm'
    """
    text = files("twin").joinpath("assumptions.toml").read_text(encoding="utf-8")
    return {name: Assumption(name=name, **entry) for name, entry in tomllib.loads(text).items()}


def assumed(name: str) -> float:
    """Return the value of one assumption."""
    return assumptions()[name].value
