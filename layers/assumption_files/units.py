"""Units as files write them, and the factor between two of them."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from functools import cache
from importlib.resources import files

from twin.errors import TwinError


class UnitError(TwinError):
    """A unit that is not known, or one that cannot become another."""


PARTS = re.compile(r"[/()]|[^\s/()*·]+")


def factor(given: str, wanted: str) -> float:
    """
    Return what a value in the unit `given` is multiplied by to be in the unit `wanted`.

    Raises `UnitError` where one of them is unknown or they measure different things.

    >>> factor("EUR/MW", "€/kW"), factor("ct/kWh", "EUR/kWh"), factor("%", "kWh/kWh")
    (0.001, 0.01, 0.01)
    """
    if given.strip() == wanted.strip():
        return 1.0
    (size, base), (wanted_size, wanted_base) = _parsed(given), _parsed(wanted)
    if base != wanted_base:
        template = "{given} cannot be converted to {wanted}."
        hint = "Check the unit in the file."
        raise UnitError(template, hint=hint, given=given or "–", wanted=wanted or "–")
    return float(f"{size / wanted_size:.12g}")  # 0.001, not 0.0010000000000000002


@cache
def _symbols() -> dict[str, tuple[float, str]]:
    text = files("layers.assumption_files").joinpath("units.toml").read_text("utf-8")
    return {key: (float(v[0]), str(v[1])) for key, v in tomllib.loads(text)["symbols"].items()}


@cache
def _parsed(unit: str) -> tuple[float, frozenset[tuple[str, int]]]:
    """
    Return size and base units of a unit.

    What stands after a stroke divides, up to the next stroke; a bracket changes nothing in that:
    `EUR/(kW a)` and `EUR/kW/a` are the same.
    """
    size, powers, sign = 1.0, Counter[str](), 1
    for part in PARTS.findall(unit):
        if part == "/":
            sign = -1
        elif part not in "()":
            one, base = _symbol(part, unit)
            size *= one**sign
            powers[base] += sign
    return size, frozenset((base, power) for base, power in powers.items() if base and power)


def _symbol(part: str, unit: str) -> tuple[float, str]:
    symbols = _symbols()
    if part not in symbols:
        template = "The unit {unit} is not known."
        hint = "Known are for example €/kW, EUR/MWh, ct/kWh, kg/kWh, %, a."
        raise UnitError(template, hint=hint, unit=unit)
    return symbols[part]
