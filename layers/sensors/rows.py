"""Reading a table by a mapping: all rows at once, with the same rules as for one message."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layers.sensors.columns import (
    Folds,
    Parsed,
    by_unique,
    doubled_hours,
    each,
    hashable,
    is_missing,
    number_column,
    plain,
)
from layers.sensors.mapping import Found, Mapping, Value
from layers.sensors.message import (
    DECIMALS,
    Device,
    factors,
    is_none,
    locate,
    make_stream,
    meets,
)
from layers.sensors.paths import NOTHING, path_of
from layers.sensors.records import Flag, Reading, Refusal
from layers.sensors.values import (
    RefusedError,
    clean,
    milliseconds,
)
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

    from layers.sensors.mapping import Limits, Scalar
    from layers.sensors.records import Datastream, Reason

    Bools = NDArray[np.bool_]

MOST_TOLD = 20
"""Faults of one kind in a column that are told with their row; the others are only counted."""


class _Table:
    """The columns of a table by the paths of a mapping."""

    def __init__(self, mapping: Mapping, table: pd.DataFrame, path: str) -> None:
        self.mapping = mapping
        self.table = table
        self.names = {p: self._name(p) for p in _paths(mapping)}
        if lost := [p for p, name in self.names.items() if name is None]:
            template = "{path} lacks the columns {lost}; it has {found}."
            hint = "Write the names in the mapping as the file does."
            found = ", ".join(clean(name, 40) for name in table.columns[:15])
            values = {"path": path, "lost": ", ".join(lost), "found": found}
            raise SourceError(template, hint=hint, **values)

    def _name(self, path: str) -> Hashable | None:
        if path in self.table.columns:
            return path
        steps = path_of(path)
        single = steps[0] if len(steps) == 1 else None
        return single if isinstance(single, str) and single in self.table.columns else None

    def column(self, path: str) -> pd.Series[Any]:
        """Return a column."""
        return self.table[self.names[path]]

    def cells(self, path: str, rows: NDArray[np.intp]) -> list[Any]:
        """Return some cells of a column."""
        return self.column(path).iloc[rows].tolist()


def _text(cell: Any) -> str:
    """Return a cell as text; empty where there is nothing in it."""
    if is_missing(cell):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return clean(cell)


def read_rows(
    mapping: Mapping,
    table: pd.DataFrame,
    *,
    source: str,
    received: int,
    path: str = "",
    folds: Folds | None = None,
) -> Found:
    """
    Return what the rows of a table say.

    The index of the table is the number of the row that people are told; `received` and the
    present in milliseconds.

    Raises
    ------
    SourceError
        It lacks a column that the mapping names.
    """
    columns = _Table(mapping, table, path)
    if table.empty:
        return Found()
    codes, lasts = _groups(columns, mapping.stream, mapping.device)
    devices = _devices(columns, codes, lasts)
    times = _times(columns, received, folds or Folds())
    flags = _flags(columns)
    streams: dict[str, Datastream] = {}
    readings: list[Reading] = []
    refused: list[Refusal] = []
    for value in mapping.values:
        keys = [""] * len(devices)
        made = {}
        for code, device in enumerate(devices):
            if isinstance(device, Device):
                made[code] = make_stream(mapping, value, device, source=source)
                keys[code] = made[code].key
        told, values, faults = _value(columns, value, times, codes, devices)
        where = codes[told]
        streams |= {made[code].key: made[code] for code in np.unique(where).tolist()}
        moments, told_flags = times.values[told].tolist(), flags[told].tolist()
        named = map(keys.__getitem__, where.tolist())
        cells = zip(named, moments, values, told_flags, repeat(received), strict=False)
        readings.extend(map(Reading._make, cells))
        refused.extend(_refusals(faults, table.index, value.path, source))
    return Found(tuple(streams.values()), tuple(readings), tuple(refused))


def _paths_of_device(mapping: Mapping) -> list[str]:
    where = mapping.location
    named = [*mapping.stream, mapping.device, mapping.name, mapping.street, mapping.direction]
    named += [where.lon, where.lat, where.height, where.geometry]
    named += [mapping.places.of] if mapping.places else []
    return [path for path in dict.fromkeys(named) if path]


def _paths(mapping: Mapping) -> list[str]:
    named = [*_paths_of_device(mapping), mapping.time.path, mapping.time.clock]
    named += mapping.suspect
    for value in mapping.values:
        named += [value.path, value.unit_path, *value.when]
    return [path for path in dict.fromkeys(named) if path]


def _groups(
    columns: _Table, paths: tuple[str, ...], *more: str
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which group each row is of, and the last row of each group."""
    codes = np.zeros(len(columns.table), np.intp)
    for path in (*paths, *more):
        if path:
            column = columns.column(path)
            inner = pd.factorize(hashable(column))[0]
            codes = pd.factorize(codes * (inner.max() + 2) + inner + 1)[0]
    lasts = np.zeros(codes.max() + 1, np.intp)
    lasts[codes] = np.arange(len(codes))
    return codes, lasts


def _devices(
    columns: _Table, codes: NDArray[np.intp], lasts: NDArray[np.intp]
) -> list[Device | RefusedError]:
    rows = _rows_with_place(columns, codes, lasts)
    cells = {path: columns.cells(path, rows) for path in _paths_of_device(columns.mapping)}
    devices: list[Device | RefusedError] = []
    for place in range(len(rows)):
        try:
            devices.append(_device(columns.mapping, cells, place))
        except RefusedError as error:
            devices.append(error)
    return devices


def _rows_with_place(
    columns: _Table, codes: NDArray[np.intp], lasts: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Return the last row of each group, or the last that says where it is."""
    path = columns.mapping.location.lon or columns.mapping.location.geometry
    if not path:
        return lasts
    column = columns.column(path)
    there = (column.notna() & (column.astype(str).str.strip() != "")).to_numpy(bool)
    rows = lasts.copy()
    rows[codes[there]] = np.flatnonzero(there)
    return rows


def _device(mapping: Mapping, cells: dict[str, list[Any]], place: int) -> Device:
    def text(path: str) -> str:
        return _text(cells[path][place]) if path else ""

    parts = tuple(text(path) for path in mapping.stream)
    device = text(mapping.device)
    if not any(parts) and not device and (mapping.stream or mapping.device):
        raise RefusedError("unknown_stream", "the row does not say which device it is of")
    placed = locate(mapping, parts, text, lambda path: cells[path][place])
    told: dict[str, Any] = {
        name: found
        for name in ("name", "street", "direction")
        if (found := text(getattr(mapping, name)))
    }
    return Device(parts, device, placed._replace(**told))


def _flags(columns: _Table) -> NDArray[np.intp]:
    """Return the flag of each row: what the source says itself of its value."""
    doubtful = np.zeros(len(columns.table), bool)
    for path, condition in columns.mapping.suspect.items():
        doubtful |= _meeting(columns.column(path), condition)
    return np.where(doubtful, int(Flag.SUSPECT), 0)


def _times(columns: _Table, received: int, folds: Folds) -> Parsed:
    time = columns.mapping.time
    size = len(columns.table)
    if not time.path:
        return Parsed(np.full(size, received - time.shift_ms), np.full(size, -1, np.intp), ())
    column = columns.column(time.path)
    if time.clock:
        column = (
            column.astype(str).str.strip()
            + " "
            + columns.column(time.clock).astype(str).str.strip()
        )

    def moment(cell: object) -> int:
        if is_missing(cell):
            raise RefusedError("no_time", f"nothing in {time.path}")
        return milliseconds(plain(cell), time.zone, time.form, now=received, since=time.since)

    codes, unique = pd.factorize(hashable(column), use_na_sentinel=False)
    parsed = each(unique, moment, np.int64)
    at = parsed.values[codes]
    fault = parsed.fault[codes]
    if doubled := doubled_hours(unique, parsed, time.zone, time.form):
        rows = np.flatnonzero(np.isin(codes, list(doubled)))
        for row, name in zip(rows.tolist(), _series(columns, rows), strict=True):
            first, later = doubled[int(codes[row])]
            at[row] = later if folds.is_second(name, first) else first
    return Parsed(at - time.shift_ms, fault, parsed.faults)


def _series(columns: _Table, rows: NDArray[np.intp]) -> list[str]:
    """Return what tells the series of these rows apart, for which the order of rows counts."""
    mapping = columns.mapping
    paths = [*mapping.stream, mapping.device, *(p for value in mapping.values for p in value.when)]
    named = [path for path in dict.fromkeys(paths) if path]
    cells = [columns.cells(path, rows) for path in named]
    return ["|".join(map(_text, row)) for row in zip(*cells, strict=True)] or [""] * len(rows)


def _value(
    columns: _Table,
    value: Value,
    times: Parsed,
    codes: NDArray[np.intp],
    devices: list[Device | RefusedError],
) -> tuple[NDArray[np.intp], list[float], list[tuple[Reason, str, NDArray[np.intp]]]]:
    """Return the rows that have a value, the values, and the rows that are refused."""
    mapping = columns.mapping
    column = columns.column(value.path)
    rows = np.flatnonzero(_wanted(columns, value, column))
    faults: list[tuple[Reason, str, NDArray[np.intp]]] = []

    def without(fault: NDArray[np.intp], why: tuple[tuple[Reason, str], ...]) -> NDArray[np.bool_]:
        codes_of = np.unique(fault[fault >= 0]).tolist()
        faults.extend((*why[code], rows[fault == code]) for code in codes_of)
        return fault < 0

    lost = tuple(
        (d.reason, d.detail) if isinstance(d, RefusedError) else ("fault", "") for d in devices
    )
    is_lost = np.array([isinstance(device, RefusedError) for device in devices])
    numbers = number_column(column.iloc[rows], value, mapping.decimal)
    kept = without(numbers.fault, numbers.faults)
    factor, offset, units = _factors(columns, value, rows)
    kept &= without(np.where(kept, units.fault, -1), units.faults)
    kept &= without(np.where(kept, times.fault[rows], -1), times.faults)
    kept &= without(np.where(kept & is_lost[codes[rows]], codes[rows], -1), lost)
    read = numbers.values
    if value.unit_path or value.own_factors != (1.0, 0.0):
        read = np.round(read * factor + offset, DECIMALS)
    return rows[kept], read[kept].tolist(), faults


def _wanted(columns: _Table, value: Value, column: pd.Series[Any]) -> NDArray[np.bool_]:
    """Return the rows that have something there and meet the conditions."""
    mapping = columns.mapping
    wanted = ~by_unique(column, lambda cell: is_missing(cell) or is_none(mapping, plain(cell)))
    for path, condition in value.when.items():
        wanted &= _meeting(columns.column(path), condition)
    return wanted


def _meeting(column: pd.Series[Any], wanted: Scalar | tuple[Scalar, ...] | Limits) -> Bools:
    return by_unique(
        column, lambda cell: meets(NOTHING if is_missing(cell) else plain(cell), wanted)
    )


def _factors(
    columns: _Table, value: Value, rows: NDArray[np.intp]
) -> tuple[NDArray[np.float64] | float, NDArray[np.float64] | float, Parsed]:
    none = Parsed(np.zeros(0), np.full(len(rows), -1, np.intp), ())
    if not value.unit_path:
        return *value.own_factors, none
    codes, unique = pd.factorize(columns.column(value.unit_path).iloc[rows], use_na_sentinel=False)

    def both(cell: object) -> complex:
        return complex(*factors(value, "" if is_missing(cell) else clean(cell)))

    parsed = each(unique, both, np.complex128)
    pairs = parsed.values[codes]
    return pairs.real, pairs.imag, Parsed(pairs, parsed.fault[codes], parsed.faults)


def _refusals(
    faults: list[tuple[Reason, str, NDArray[np.intp]]], index: pd.Index[Any], path: str, source: str
) -> list[Refusal]:
    refused: list[Refusal] = []
    told: dict[str, int] = {}
    for reason, detail, rows in faults:
        for row in rows.tolist():
            told[reason] = told.get(reason, 0) + 1
            if told[reason] > MOST_TOLD:
                refused.append(Refusal(source, reason))
                continue
            words = clean(f"row {index.take([row])[0]}, {path}: {detail}", 300)
            refused.append(Refusal(source, reason, words))
    return refused
