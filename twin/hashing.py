"""Content hashes of tables: same content, same hash, on any machine and after any round trip."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable

_MISSING = b"\xff"  # no valid UTF-8 text contains it


def hash_parts(parts: Iterable[str]) -> str:
    """Return the hash of a sequence of short texts, e.g. of other hashes. Order counts."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(part.encode() + b"\x00")
    return digest.hexdigest()


def hash_table(table: pd.DataFrame) -> str:
    """
    Return the content hash of a table: column names, index, values and geometry, in row order.

    The order of columns does not count, the order of rows does. Cost is linear in the size.
    """
    digest = hashlib.blake2b(digest_size=16)
    digest.update(str(table.index.name).encode() + _text_bytes(table.index))
    for name in sorted(table.columns):
        digest.update(name.encode() + b"\x00")
        digest.update(_column_bytes(table[name]))
    return digest.hexdigest()


def _column_bytes(column: pd.Series[Any]) -> bytes:
    if isinstance(column, gpd.GeoSeries):
        crs = column.crs.to_string() if column.crs else ""
        return crs.encode() + b"".join(shapely.to_wkb(column.array, byte_order=1))
    if pd.api.types.is_bool_dtype(column.dtype):
        return column.to_numpy(dtype=np.uint8).tobytes()
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(dtype="<f8", na_value=np.nan, copy=True)
        values[np.isnan(values)] = np.nan  # one bit pattern for "missing"
        return (values + 0.0).tobytes()  # -0.0 becomes 0.0
    return _text_bytes(column)


def _text_bytes(values: pd.Series[Any] | pd.Index[Any]) -> bytes:
    array = values.astype(object).to_numpy()
    missing = pd.isna(array)
    return b"\x00".join(
        _MISSING if gone else str(value).encode()
        for value, gone in zip(array, missing, strict=True)
    )
