"""How much memory answers hold: the arrays in them, each counted once however many share it."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import fields, is_dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable

OBJECT = 150
"""Bytes of what an entry of an object array points to: a text, a small geometry."""

LEAST = 4096
"""Arrays below this are not worth counting [bytes]."""

PLAIN = (str, int, float, bool, type(None), pd.RangeIndex)
"""What holds no memory worth counting; a range makes its numbers only when it is asked."""


def arrays_in(answer: Any) -> dict[int, int]:
    """
    Return the memory blocks that an answer holds: bytes by what stands for them.

    Looks into tables, mappings, sequences and dataclasses; tables that a mapping loads only when
    asked for stay where they are.
    """
    found: dict[int, int] = {}
    waiting, seen = [answer], set()
    while waiting:
        value = waiting.pop()
        if type(value) is np.ndarray:  # there are thousands of them
            _count(value, found)
        elif not isinstance(value, PLAIN) and id(value) not in seen:
            seen.add(id(value))
            waiting += _inside(value, found)
    return found


def _count(array: np.ndarray[Any, Any], found: dict[int, int]) -> None:
    base = array.base
    while type(base) is np.ndarray:
        array, base = base, base.base
    size = array.nbytes + (OBJECT * array.size if array.dtype == object else 0)
    if size >= LEAST:
        found[id(array)] = size


def _inside(value: Any, found: dict[int, int]) -> Iterable[Any]:
    """Return what a value is made of."""
    if isinstance(value, pd.DataFrame | pd.Series):
        return [*(block.values for block in value._mgr.blocks), *value.axes]
    if isinstance(value, pd.Index | pd.api.extensions.ExtensionArray):
        return _extension(value, found)
    return _members(value)


def _extension(value: Any, found: dict[int, int]) -> Iterable[Any]:
    """Look into arrays of pandas: texts, categories, geometries, numbers that may be missing."""
    chunks = getattr(value, "_pa_array", None)
    if chunks is not None:
        for chunk in chunks.chunks:
            found |= {b.address: b.size for b in chunk.buffers() if b and b.size >= LEAST}
        return []
    inner = [getattr(value, name, None) for name in ("_data", "_ndarray", "_codes", "_mask")]
    return [part for part in inner if part is not None]


def _members(value: Any) -> Iterable[Any]:
    if isinstance(value, dict | MappingProxyType):
        return list(value.values())
    if isinstance(value, ChainMap):
        return list(value.maps)
    if isinstance(value, tuple | list):
        return list(value)
    if is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, item.name, None) for item in fields(value)]
    return []
