"""
Matrices of trips from other traffic models: CSV (long or wide) and OMX, read and written.

Long: a header with `from`, `to` and one column a matrix, a line a pair of zones (pairs that are
missing are 0). Wide: the first column names the zone of the row, the header those of the columns.
OMX (Open Matrix 0.2, HDF5): matrices below `data`, zone names in one of `lookup`.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import h5py  # type: ignore[import-untyped]
import numpy as np
import pandas as pd

from layers.assumption_files.text_table import column_names, numbers, read_text_table
from layers.assumption_files.toml_file import write_whole
from twin.errors import SchemaError, SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Raw = tuple[NDArray[np.object_], dict[str, Floats]]

OMX = (".omx", ".h5", ".hdf5")
HDF5 = b"\x89HDF\r\n\x1a\n"
PAIR = {
    "from": ("from_zone", "origin", "o", "orig", "von", "quelle", "von_bezirk", "start"),
    "to": ("to_zone", "destination", "d", "dest", "nach", "ziel", "nach_bezirk", "ende"),
}
SHOWN = 5


def read_matrices(
    path: Path,
    zones: Sequence[str] | pd.Index[str],
    *,
    only: str | None = None,
    lookup: str | None = None,
    names: Mapping[str, str] | None = None,
    by_order: bool = False,
) -> dict[str, Floats]:
    """
    Return the matrices of a file by name, rows and columns in the order of our zones.

    Parameters
    ----------
    zones
        Ids of the zones (and gates) of the town, in order.
    only
        Read this matrix alone.
    lookup
        Lookup of an OMX file that holds the zone names; else the one that fits.
    names
        Our zone for each zone of the file; several that mean one of ours are added up.
    by_order
        Take the zones of the file as ours in their order, where there are as many.

    Raises
    ------
    SourceError
        The file cannot be read, or has no such matrix.
    SchemaError
        Another zone system, a matrix that is not square, values that are negative or no numbers;
        every fault is named.
    """
    ours = pd.Index(zones)
    is_omx = _is_hdf5(path)
    spelt, matrices = _read_omx(path, ours, lookup) if is_omx else _read_csv(path)
    if only is not None:
        if only not in matrices:
            template = "{path} holds no matrix {name}; it has {found}."
            found = ", ".join(matrices) or "-"
            raise SourceError(template, hint="Check the name.", path=path, name=only, found=found)
        matrices = {only: matrices[only]}
    place, faults = _places(spelt, ours, names or {}, by_order=by_order)
    for name, matrix in matrices.items():
        faults += _value_faults(name, matrix, spelt)
    if faults:
        template = "{path} does not fit the town:"
        raise SchemaError(template, faults=faults, path=path)
    return {name: _ordered(matrix, place, len(ours)) for name, matrix in matrices.items()}


def _is_hdf5(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(len(HDF5))
    except OSError as error:
        template = "{path} cannot be read ({reason})."
        reason = error.strerror or str(error)
        raise SourceError(template, hint="Check the name.", path=path, reason=reason) from error
    if path.suffix.lower() in OMX and start != HDF5:
        template = "{path} is no OMX file (HDF5)."
        raise SourceError(template, hint="Export it again as OMX or CSV.", path=path)
    return start == HDF5


def _read_omx(path: Path, ours: pd.Index[str], lookup: str | None) -> Raw:
    """Return zone names and matrices of an OMX file."""
    try:
        with h5py.File(path, "r") as file:
            data = file.get("data")
            matrices = {
                name: np.asarray(part[()])
                for name, part in (data.items() if isinstance(data, h5py.Group) else ())
                if isinstance(part, h5py.Dataset) and part.ndim == 2
            }
            group = file.get("lookup")
            tables = {
                name: np.array([_text(value) for value in part[()]], object)
                for name, part in (group.items() if isinstance(group, h5py.Group) else ())
                if isinstance(part, h5py.Dataset) and part.ndim == 1
            }
    except (OSError, RuntimeError, ValueError) as error:
        template = "{path} cannot be read as OMX ({reason})."
        raise SourceError(
            template, hint="Export it again, or as CSV.", path=path, reason=error
        ) from error
    if not matrices:
        template = "{path} holds no matrix below /data."
        raise SourceError(template, hint="Export the matrices with the file.", path=path)
    as_numbers = {name: _as_numbers(matrix) for name, matrix in matrices.items()}
    size = max(len(matrix) for matrix in matrices.values())
    return _zone_names(path, tables, ours, lookup, size), as_numbers


def _as_numbers(matrix: NDArray[np.generic]) -> Floats:
    """Return a matrix as floats; what is no number becomes missing."""
    try:
        return matrix.astype(float)
    except (TypeError, ValueError):
        return np.full(matrix.shape, np.nan)


def _text(value: object) -> str:
    """Return a zone name as text; whole numbers without their decimal point."""
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace").rstrip("\x00").strip()
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _zone_names(
    path: Path,
    tables: Mapping[str, NDArray[np.object_]],
    ours: pd.Index[str],
    lookup: str | None,
    size: int,
) -> NDArray[np.object_]:
    """Return the names of the zones: the lookup asked for, that which fits best, else 1 to n."""
    if lookup is not None and lookup not in tables:
        template = "{path} holds no zone names {name}; it has {found}."
        found = ", ".join(tables) or "-"
        raise SourceError(template, hint="Check the name.", path=path, name=lookup, found=found)
    fitting = {name: table for name, table in tables.items() if len(table) == size}
    if lookup is not None:
        return tables[lookup]
    if not fitting:
        return np.array([str(number) for number in range(1, size + 1)], object)
    best = max(fitting, key=lambda name: int(np.isin(fitting[name], ours.to_numpy(object)).sum()))
    return fitting[best]


def _read_csv(path: Path) -> Raw:
    """Return zone names and matrices of a text table, long or wide."""
    table = read_text_table(path)
    found = column_names(table, PAIR)
    if {"from", "to"} <= set(found):
        return _long(path, table, found)
    return _wide(path, table)


def _long(path: Path, table: pd.DataFrame, found: Mapping[str, str]) -> Raw:
    values = [name for name in table.columns if name not in found.values()]
    if not values:
        template = "{path} has columns for zones, but none with trips."
        hint = "Give a third column with the value of each pair."
        raise SourceError(template, hint=hint, path=path)
    start, end = table[found["from"]], table[found["to"]]
    again = pd.DataFrame({"from": start, "to": end}).duplicated()
    if again.any():
        first = again.to_numpy().argmax()
        template = "{path} names {count} pairs of zones twice, e.g. {start} to {end}."
        raise SourceError(
            template, hint="Add them up first.", path=path, count=int(again.sum()),
            start=start.iloc[first], end=end.iloc[first],
        )  # fmt: skip
    spelt = pd.unique(pd.concat([start, end]))
    index = pd.Index(spelt)
    place = (index.get_indexer(start), index.get_indexer(end))
    matrices: dict[str, Floats] = {}
    for name in values:
        matrix: Floats = np.zeros((len(spelt), len(spelt)))
        matrix[place] = numbers(table[name], otherwise=table.attrs["style"]).to_numpy()
        matrices[str(name)] = matrix
    return np.asarray(spelt, object), matrices


def _wide(path: Path, table: pd.DataFrame) -> Raw:
    rows = table.iloc[:, 0].to_numpy(object)
    columns = np.array([str(name) for name in table.columns[1:]], object)
    if set(rows) != set(columns) or len(rows) != len(columns) or len(set(rows)) != len(rows):
        template = (
            "{path} is no matrix of zones: {rows} rows and {columns} columns that do not name the "
            "same zones once each."
        )
        hint = "Give from, to and value in each line, or zones in the first column and the header."
        raise SourceError(template, hint=hint, path=path, rows=len(rows), columns=len(columns))
    texts = pd.Series(table.iloc[:, 1:].to_numpy(object).ravel(), dtype=str)
    values = numbers(texts, otherwise=table.attrs["style"]).to_numpy()
    order = pd.Index(columns).get_indexer(rows)
    matrix: Floats = np.asarray(values, np.float64).reshape(len(rows), -1)[:, order]
    return rows, {path.stem: matrix}


def _places(
    spelt: NDArray[np.object_], ours: pd.Index[str], names: Mapping[str, str], *, by_order: bool
) -> tuple[NDArray[np.intp], list[str]]:
    """Return the row of ours for each zone of the file, and what does not fit."""
    if by_order:
        if len(spelt) == len(ours):
            return np.arange(len(ours)), []
        return np.arange(0), [f"{len(spelt)} zones in the file, {len(ours)} in the town"]
    wanted = pd.Index([names.get(name, name) for name in spelt])
    place = ours.get_indexer(wanted)
    surplus, missing = spelt[place < 0], ours.difference(wanted)
    faults = []
    if len(surplus):
        faults.append(f"{len(surplus)} of {len(spelt)} zones are not in the town: {_some(surplus)}")
    if len(missing):
        faults.append(f"{len(missing)} of {len(ours)} zones of the town are missing in the file: "
                      f"{_some(missing)}")  # fmt: skip
    doubled = pd.Index(spelt)
    if doubled.has_duplicates:
        faults.append(f"zones named twice: {_some(doubled[doubled.duplicated()])}")
    return place, faults


def _some(names: Sequence[str] | NDArray[np.object_] | pd.Index[str]) -> str:
    shown = ", ".join(str(name) for name in names[:SHOWN])
    return f"{shown}, ..." if len(names) > SHOWN else shown


def _value_faults(name: str, matrix: Floats, spelt: NDArray[np.object_]) -> list[str]:
    """Return what is wrong with the values of a matrix."""
    if matrix.shape != (len(spelt), len(spelt)):
        return [f"{name}: {matrix.shape[0]} rows and {matrix.shape[1]} columns for "
                f"{len(spelt)} zones"]  # fmt: skip
    faults = []
    for wrong, what in ((~np.isfinite(matrix), "no numbers"), (matrix < 0, "negative")):
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            pair = f"{spelt[row]} to {spelt[column]}"
            faults.append(f"{name}: {int(wrong.sum())} values are {what}, e.g. {pair}")
    return faults


def _ordered(matrix: Floats, place: NDArray[np.intp], count: int) -> Floats:
    """Return a matrix in the order of our zones; zones that mean the same one are added up."""
    result = np.zeros((count, count))
    np.add.at(result, (place[:, None], place[None, :]), matrix)
    return result


def write_matrices(
    path: Path, matrices: Mapping[str, Floats], zones: Sequence[str] | pd.Index[str]
) -> None:
    """
    Write matrices as OMX (ending .omx) or as a long CSV; the file appears whole or not at all.

    The CSV leaves out pairs without trips, but for those inside a zone, so that every zone occurs.
    OMX gets the lookup `zone_id` with our names, and `zone` with 1 to n for tools that want
    numbers.
    """
    ours = pd.Index(zones)
    faults = [
        f"{name}: {' x '.join(map(str, matrix.shape))}"
        for name, matrix in matrices.items()
        if matrix.shape != (len(ours), len(ours))
    ]
    if faults or not matrices:
        template = "Matrices of {count} zones cannot be written to {path}:"
        raise SchemaError(template, faults=faults or ["none given"], count=len(ours), path=path)
    in_omx = path.suffix.lower() in OMX
    write_whole(path, _as_omx(matrices, ours) if in_omx else _as_csv(matrices, ours))


def _as_csv(matrices: Mapping[str, Floats], zones: pd.Index[str]) -> bytes:
    values = np.stack(list(matrices.values()))
    used = (values != 0).any(axis=0) | np.eye(len(zones), dtype=bool)
    start, end = np.nonzero(used)
    columns = {name: matrix[start, end] for name, matrix in matrices.items()}
    table = pd.DataFrame({"from": zones[start], "to": zones[end], **columns})
    return table.to_csv(index=False, lineterminator="\n").encode()


def _as_omx(matrices: Mapping[str, Floats], zones: pd.Index[str]) -> bytes:
    size = len(zones)
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file.attrs["OMX_VERSION"] = np.bytes_("0.2")
        file.attrs["SHAPE"] = np.array([size, size], np.int32)
        data = file.create_group("data")
        for name, matrix in matrices.items():
            data.create_dataset(
                name, data=np.asarray(matrix, float), chunks=(max(1, min(size, 256)),) * 2,
                compression="gzip", compression_opts=1,
            )  # fmt: skip
        lookup = file.create_group("lookup")
        spelt = np.array([name.encode("utf-8") for name in zones.astype(str)])
        lookup.create_dataset("zone_id", data=spelt)
        lookup.create_dataset("zone", data=np.arange(1, size + 1, dtype=np.uint32))
    return content.getvalue()
