"""
Units of measurement by their UCUM codes.

Reading codes is left to ucumvert (the UCUM grammar of the Regenstrief Institute, on pint).
Annotations in braces, `{vehicle}`, count as one, as UCUM says, but two different ones are not
converted into each other.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from layers.sensors.properties import PROPERTIES
from twin.errors import SourceError

if TYPE_CHECKING:
    from ucumvert import PintUcumRegistry

WRITTEN: dict[str, str] = {
    "": "1", "°C": "Cel", "degC": "Cel", "C": "Cel", "Grad Celsius": "Cel", "Degree Celsius": "Cel",
    "°F": "[degF]", "K": "K", "%RH": "%", "% RH": "%", "µg/m³": "ug/m3", "μg/m³": "ug/m3",
    "µg/m3": "ug/m3", "W/m²": "W/m2", "W/m^2": "W/m2", "m³/s": "m3/s", "m³": "m3", "°": "deg",
    "ppm": "[ppm]", "kWh": "kW.h", "Wh": "W.h", "MWh": "MW.h", "h": "h", "dB(A)": "dB",
    "lux": "lx", "Lux": "lx", "mbar": "mbar", "km/h": "km/h", "kmh": "km/h", "l/h": "L/h",
    "Anzahl": "1", "Stück": "1", "count": "1",
}  # fmt: skip
"""Spellings of everyday and the codes they mean."""

USUAL = frozenset({"1", *(known.unit for known in PROPERTIES.values())})
"""Codes that are right for sure: reading them with the grammar would take a second at the start."""

BRACES = re.compile(r"\{([^{}]*)\}")


@lru_cache(maxsize=1)
def _registry() -> PintUcumRegistry:
    from ucumvert import PintUcumRegistry  # noqa: PLC0415 - takes half a second

    return PintUcumRegistry()


def unit_code(text: str | None) -> str:
    """
    Return the UCUM code that a text means.

    >>> unit_code("°C"), unit_code("W/m2"), unit_code(None)
    ('Cel', 'W/m2', '1')

    Raises
    ------
    SourceError
        It is neither a code nor a spelling known here.
    """
    stripped = (text or "").strip()
    code = WRITTEN.get(stripped, stripped)
    if code in USUAL:
        return code
    try:
        _parsed(code)
    except Exception as error:  # ucumvert, lark and pint each have their own
        template = "{unit} is no unit known here."
        hint = "Write it as UCUM does: Cel, km/h, ug/m3, kW.h or %; 1 for what is counted."
        raise SourceError(template, hint=hint, unit=stripped) from error
    return code


@lru_cache(maxsize=512)
def _parsed(code: str) -> object:
    return _registry().from_ucum(code)


@lru_cache(maxsize=512)
def conversion(given: str, wanted: str) -> tuple[float, float]:
    """
    Return factor and offset that lead from one unit to another: wanted = factor * given + offset.

    >>> round(conversion("km/h", "m/s")[0], 4)
    0.2778
    >>> round(conversion("[degF]", "Cel")[1], 4)
    -17.7778

    Raises
    ------
    SourceError
        A code that is none, or two units of different kinds.
    """
    given, wanted = unit_code(given), unit_code(wanted)
    is_counted = "1" in {given, wanted} and _is_count(given) and _is_count(wanted)
    if given == wanted or is_counted:
        return 1.0, 0.0
    registry = _registry()
    clash = BRACES.findall(given) != BRACES.findall(wanted)
    try:
        if clash:
            raise ValueError  # refused in the same words as below
        ends = [
            registry.Quantity(number, _parsed(given)).to(_parsed(wanted)).magnitude
            for number in (0.0, 1.0)
        ]
    except Exception as error:
        template = "{given} cannot be converted to {wanted}."
        hint = "Give the unit in which the source really reports."
        raise SourceError(template, hint=hint, given=given, wanted=wanted) from error
    factor, offset = (float(f"{value:.12g}") for value in (ends[1] - ends[0], ends[0]))
    if not np.isfinite([factor, offset]).all():
        template = "{given} cannot be converted to {wanted}."
        hint = "Give the unit in which the source really reports."
        raise SourceError(template, hint=hint, given=given, wanted=wanted)
    return factor, offset


def _is_count(code: str) -> bool:
    return code == "1" or bool(BRACES.fullmatch(code))
