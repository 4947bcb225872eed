"""
The one binary format of the map: named number columns behind a JSON header.

Layout, little-endian: `TWM1`, length of the header (uint32), header (JSON, padded with blanks to a
multiple of 8), columns, each padded to 8 bytes. The header holds `columns`, a list of
`{name, type, length, offset, delta, planes}`: with `delta` = n each value is the difference to the
value n places before (zigzag coded); with `planes` the bytes of a column are sorted by place (all
low bytes first), which lets gzip see the small numbers. `assets/map-decode.js` is the reader.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAGIC = b"TWM1"


@dataclass(frozen=True)
class Column:
    """One column to pack; `delta` is the stride of difference coding, 0 for none."""

    values: NDArray[Any]
    delta: int = 0


def quantise(values: Any, step: float) -> NDArray[np.int64]:
    """Return values as whole multiples of `step`; missing becomes 0."""
    scaled = np.round(np.nan_to_num(np.asarray(values, dtype=np.float64)) / step)
    return scaled.astype(np.int64)


def pack(header: dict[str, Any], columns: dict[str, Column]) -> bytes:
    """Return header and columns as bytes. Integer columns get the smallest type that holds them."""
    described: list[dict[str, Any]] = []
    body = bytearray()
    for name, column in columns.items():
        data, entry = _encode(column)
        described.append({"name": name, **entry, "offset": len(body)})
        body += data + b"\x00" * (-len(data) % 8)
    text = json.dumps({**header, "columns": described}, ensure_ascii=False).encode()
    text += b" " * (-(len(text) + 8) % 8)
    return MAGIC + len(text).to_bytes(4, "little") + text + bytes(body)


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return header and decoded columns of packed bytes (for tests and for analysts)."""
    size = int.from_bytes(data[4:8], "little")
    header = json.loads(data[8 : 8 + size])
    columns = {entry["name"]: _decode(data, 8 + size, entry) for entry in header["columns"]}
    return header, columns


def _encode(column: Column) -> tuple[bytes, dict[str, Any]]:
    values, delta = column.values, column.delta
    if values.dtype.kind == "f":
        data = values.astype("<f4")
        return data.tobytes(), {"type": "f4", "length": len(data), "delta": 0, "planes": False}
    whole = values.astype(np.int64)
    if delta:
        before = np.concatenate([np.zeros(min(delta, len(whole)), np.int64), whole[:-delta]])
        step = whole - before
        whole = (step << 1) ^ (step >> 63)  # zigzag: small numbers of either sign become small
    data = whole.astype(_smallest(whole))
    width = data.dtype.itemsize
    raw = data.view(np.uint8).reshape(-1, width).T.tobytes() if width > 1 else data.tobytes()
    kind = data.dtype.kind + str(width)
    return raw, {"type": kind, "length": len(data), "delta": delta, "planes": width > 1}


def _smallest(whole: NDArray[np.int64]) -> np.dtype[Any]:
    low, high = (int(whole.min()), int(whole.max())) if len(whole) else (0, 0)
    for name in ("u1", "<u2", "<i2", "<u4", "<i4"):
        limits = np.iinfo(np.dtype(name))
        if limits.min <= low and high <= limits.max:
            return np.dtype(name)
    msg = f"the map sends 32-bit numbers, got {low} to {high}"
    raise OverflowError(msg)


def _decode(data: bytes, start: int, entry: dict[str, Any]) -> NDArray[Any]:
    dtype = np.dtype("<" + entry["type"])
    offset, length = start + entry["offset"], entry["length"]
    raw = np.frombuffer(data, np.uint8, length * dtype.itemsize, offset)
    if entry["planes"]:
        raw = np.ascontiguousarray(raw.reshape(dtype.itemsize, -1).T).reshape(-1)
    values: NDArray[Any] = raw.view(dtype)
    if entry["delta"]:
        zigzag = values.astype(np.int64)
        step, places = (zigzag >> 1) ^ -(zigzag & 1), entry["delta"]
        values = np.empty(length, np.int64)
        for place in range(places):
            values[place::places] = np.cumsum(step[place::places])
    return values
