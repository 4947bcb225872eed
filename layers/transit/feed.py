"""Opens a GTFS feed (zip or folder) and reads its tables as text, streamed and filtered."""

from __future__ import annotations

import csv
import io
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NEEDED = ("stops.txt", "routes.txt", "trips.txt", "stop_times.txt")
KNOWN = (
    *NEEDED, "agency.txt", "calendar.txt", "calendar_dates.txt", "frequencies.txt", "shapes.txt",
    "transfers.txt", "feed_info.txt",
)  # fmt: skip
BLOCK = 1 << 22  # bytes of a table in memory at once
DAMAGED = (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError)


@dataclass(frozen=True)
class Feed:
    """Where the tables of a feed lie; `skipped` counts lines that are no rows, by table."""

    path: Path
    files: dict[str, str]  # table -> member of the zip or path of the file
    name: str = ""
    skipped: dict[str, int] = field(default_factory=dict)
    recoded: dict[str, str] = field(default_factory=dict)  # table -> encoding that is not UTF-8

    def has(self, table: str) -> bool:
        """Tell whether the feed holds a table."""
        return table in self.files


def looks_like_transit(path: Path) -> bool:
    """
    Tell whether a zip or folder holds the tables of a GTFS feed, by their names only.

    In a zip they may lie one folder deep; a folder above that of a feed is none itself.
    """
    try:
        files = _tables_in(path)
    except DAMAGED:
        return False
    if path.is_dir() and any(Path(file).parent != path for file in files.values()):
        return False
    return {"stops.txt", "trips.txt", "stop_times.txt"} <= set(files)


def open_feed(path: Path, *, name: str = "") -> Feed:
    """Find the tables of a feed; a `SourceError` names everything that is missing."""
    if not path.exists():
        template = "{path} does not exist."
        raise SourceError(template, hint="Check the path.", path=path)
    try:
        files = _tables_in(path)
    except DAMAGED as error:
        raise _damaged(path) from error
    missing = [table for table in NEEDED if table not in files]
    if not {"calendar.txt", "calendar_dates.txt"} & set(files):
        missing.append("calendar.txt")
    if missing:
        template = "{path} is no complete GTFS feed: it lacks {missing}."
        hint = "Ask the publisher for the whole feed, a zip with these tables."
        raise SourceError(template, hint=hint, path=path, missing=", ".join(missing))
    return Feed(path, files, name)


def read_table(
    feed: Feed,
    table: str,
    columns: tuple[str, ...],
    *,
    keep: Callable[[pa.RecordBatch], pd.DataFrame] | None = None,
    told: Callable[[float], None] | None = None,
) -> pd.DataFrame:
    """
    Return columns of one table as text, missing where empty; an absent table has no rows.

    Values and names of columns are freed of spaces around them. `keep` gets each batch and
    returns what to keep of it, so that large tables never lie in memory whole; it may be called
    anew from the first batch, where the text turns out not to be UTF-8. `told` gets the share
    done after each batch and may raise `KeyboardInterrupt`.
    """
    schema = pa.schema([(column, pa.string()) for column in columns])
    keep = keep or _as_frame
    if not feed.has(table):
        return keep(_nothing(schema))
    try:
        encoding = _encoding(feed, table)
        try:
            return _stream(feed, table, schema, encoding=encoding, keep=keep, told=told)
        except (pa.ArrowInvalid, UnicodeDecodeError) as error:
            if "UTF" not in str(error).upper():
                raise
            feed.recoded[table] = "latin-1"
            feed.skipped.pop(table, None)
            return _stream(feed, table, schema, encoding="latin-1", keep=keep, told=told)
    except (*DAMAGED, pa.ArrowInvalid, UnicodeError, csv.Error) as error:
        raise _damaged(feed.path, table) from error


def _as_frame(batch: pa.RecordBatch) -> pd.DataFrame:
    frame: pd.DataFrame = batch.to_pandas().astype("str")
    return frame


def _nothing(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([], pa.string()) for _ in schema], schema=schema)


def _damaged(path: Path, table: str = "") -> SourceError:
    inside = f"{path}: {table}" if table else str(path)
    template = "{path} cannot be read: the file is damaged."
    return SourceError(template, hint="Download it again.", path=inside)


def _stream(
    feed: Feed,
    table: str,
    schema: pa.Schema,
    *,
    encoding: str,
    keep: Callable[[pa.RecordBatch], pd.DataFrame],
    told: Callable[[float], None] | None,
) -> pd.DataFrame:
    parts, size = [], _size(feed, table)
    with _opened(feed, table) as file:
        for number, raw in enumerate(_batches(feed, table, file, encoding=encoding), 1):
            parts.append(keep(_clean(raw, schema)))
            if told:
                told(min(number * BLOCK / size, 1.0))
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else keep(_nothing(schema))


def _batches(feed: Feed, table: str, file: IO[bytes], *, encoding: str) -> Iterator[pa.RecordBatch]:
    names, delimiter = _header(feed, table, encoding)
    if not names:
        return

    def skip(row: Any) -> str:
        # only whitespace is no row at all, everything else is counted
        if row.text is None or row.text.strip(" \t\r\n\x1a"):
            feed.skipped[table] = feed.skipped.get(table, 0) + 1
        return "skip"

    kinds = dict.fromkeys(names, pa.string())
    try:
        reader = pv.open_csv(
            file,
            read_options=pv.ReadOptions(
                column_names=names, skip_rows=1, block_size=BLOCK, encoding=encoding
            ),
            parse_options=pv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip
            ),
            convert_options=pv.ConvertOptions(column_types=kinds, strings_can_be_null=False),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error) or "Could not skip" in str(error):
            return  # a header at most
        raise
    yield from reader


def _clean(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return the columns of `schema`, without spaces around values, null where empty."""
    arrays = []
    for name in schema.names:
        if name in batch.schema.names:
            values = pc.utf8_trim_whitespace(batch.column(name))
            empty = pc.equal(pc.binary_length(values), 0)
            arrays.append(pc.if_else(empty, pa.scalar(None, pa.string()), values))
        else:
            arrays.append(pa.nulls(batch.num_rows, pa.string()))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _header(feed: Feed, table: str, encoding: str) -> tuple[list[str], str]:
    """Return the names of all columns, each once, and what separates them."""
    with _opened(feed, table) as file, io.TextIOWrapper(file, encoding, newline="") as text:
        line = text.readline().lstrip("\ufeff")
    if not line.strip():
        return [], ","
    delimiter = max(",;\t", key=line.count)
    found = [name.strip() for name in next(csv.reader([line], delimiter=delimiter))]
    return [
        name if name not in found[:i] else f"{name} {i}" for i, name in enumerate(found)
    ], delimiter


def _encoding(feed: Feed, table: str) -> str:
    with _opened(feed, table) as file:
        start = file.read(2)
    if start in (b"\xff\xfe", b"\xfe\xff"):
        feed.recoded[table] = "utf-16"
        return "utf-16"
    return "utf-8"


def _size(feed: Feed, table: str) -> int:
    """Return the bytes of a table out of its zip, 1 at least."""
    if feed.path.is_dir():
        return max(Path(feed.files[table]).stat().st_size, 1)
    with zipfile.ZipFile(feed.path) as archive:
        return max(archive.getinfo(feed.files[table]).file_size, 1)


@contextmanager
def _opened(feed: Feed, table: str) -> Iterator[IO[bytes]]:
    if feed.path.is_dir():
        with Path(feed.files[table]).open("rb") as file:
            yield file
        return
    with zipfile.ZipFile(feed.path) as archive, archive.open(feed.files[table]) as file:
        yield file


def _tables_in(path: Path) -> dict[str, str]:
    """Return the known tables by name, from the shallowest folder that holds `stops.txt`."""
    if path.is_dir():
        found = {
            str(file.relative_to(path)): str(file)
            for pattern in ("*.txt", "*/*.txt")
            for file in path.glob(pattern)
        }
    else:
        with zipfile.ZipFile(path) as archive:
            found = {name: name for name in archive.namelist() if not name.startswith("__MACOSX")}
    places = {PurePosixPath(name): where for name, where in found.items()}
    folders = sorted(
        (len(place.parts), str(place.parent), place.parent)
        for place in places
        if place.name.lower() == "stops.txt" and len(place.parts) <= 2
    )
    if not folders:
        return {}
    home = folders[0][2]
    inside = {p.name.lower(): where for p, where in places.items() if p.parent == home}
    return {table: inside[table] for table in KNOWN if table in inside}
