"""From the content of a file or an answer to readings, part by part, each with its cursor."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from layers.assumption_files.text_table import ONLY
from layers.sensors.columns import Folds
from layers.sensors.formats import sensor_community, uba
from layers.sensors.json_text import loads
from layers.sensors.mapping import Found
from layers.sensors.message import read_message
from layers.sensors.records import Refusal
from layers.sensors.rows import read_rows
from layers.sensors.table_text import (
    BROKEN,
    Head,
    Marker,
    Piece,
    Shape,
    broken_off,
    has_line,
    is_continued,
    pieces,
    read_head,
    read_some,
    sum_of,
    table_of,
)
from layers.sensors.values import RefusedError
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Mapping as Words

    from layers.sensors.mapping import Mapping
    from layers.sensors.table_config import TableConfig
    from layers.sensors.table_text import Content

AT_ONCE = 5_000
"""Readings of one delivery, about."""

ENDINGS = {
    ".csv": "csv", ".txt": "csv", ".tsv": "csv", ".dat": "csv", ".json": "json", ".geojson": "json",
    ".ndjson": "ndjson", ".jsonl": "ndjson", ".parquet": "parquet", ".xlsx": "xlsx",
}  # fmt: skip


class Part(NamedTuple):
    """What was read, and where to go on once it is kept."""

    found: Found
    cursor: dict[str, Any]
    sample: pd.DataFrame | None = None  # first rows, for a dry run


class Beside(NamedTuple):
    """What is needed beside the content."""

    received: int  # milliseconds UTC
    stations: Words[str, uba.Station] = {}


def read_content(
    config: TableConfig, content: Content, cursor: Words[str, Any], beside: Beside
) -> Iterator[Part]:
    """
    Yield what is new in a content.

    Raises
    ------
    SourceError
        It cannot be read, or lacks columns; what came before was yielded.
    RefusedError
        It is too large, or not what it should be.
    """
    kind = config.content or kind_of(content)
    if kind in {"csv", "ndjson"}:
        yield from _lines(config, content, cursor, beside, kind)
        return
    whole = _whole(config, content, kind)
    done = int(cursor.get("done", 0)) if cursor.get("sum") == sum_of(whole) else 0
    if kind == "json":
        yield from _message(config, whole, done, beside)
    else:
        yield from _binary(config, content, (whole, kind, done), beside)


def kind_of(content: Content) -> str:
    """
    Return how a content is written, by its first bytes and its name.

    Raises
    ------
    RefusedError
        It is a web page, or empty.
    """
    with content.open() as stream:
        try:
            start = read_some(stream, 65_536)
        except BROKEN as error:
            raise broken_off(content.name) from error
    plain = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:4] in {b"PAR1", b"PK\x03\x04"}:
        return "parquet" if start[:1] == b"P" and start[1:2] == b"A" else "xlsx"
    if plain[:1] == b"<":
        raise RefusedError("unknown_format", f"{content.name} is a web page (HTML or XML), no data")
    name = content.name.lower().removesuffix(".gz").partition("?")[0]
    by_name = next((kind for ending, kind in ENDINGS.items() if name.endswith(ending)), "")
    if plain[:1] in {b"{", b"["} and by_name != "csv":
        lines = plain.split(b"\n", 2)
        is_list = len(lines) > 1 and lines[0].rstrip().endswith(b"}") and lines[1][:1] == b"{"
        return "ndjson" if is_list or by_name == "ndjson" else "json"
    return by_name if by_name in {"csv", "ndjson", "json"} else "csv"


def unreadable_content(config: TableConfig, error: RefusedError) -> SourceError:
    """Return in words why a whole content was refused."""
    name = config.name
    if error.detail.startswith("nested"):
        template = "{source} gives JSON that is nested too deeply to be data."
        return SourceError(template, hint="Check the address.", source=name)
    if error.reason == "too_large":
        template = "{source} gives too much at once; at most {most} bytes are read."
        hint = "Raise most_bytes if it has to be so."
        return SourceError(template, hint=hint, source=name, most=config.most_bytes)
    if error.reason == "not_json":
        template = "{source} gives no valid JSON."
        return SourceError(template, hint="Look at it in a browser.", source=name)
    template = "{source} gives a web page or something else, no data that can be read here."
    hint = "Check the address; a server that is being mended often answers so."
    return SourceError(template, hint=hint, source=name)


def _lines(
    config: TableConfig, content: Content, cursor: Words[str, Any], beside: Beside, kind: str
) -> Iterator[Part]:
    shape = Shape(
        config.separator, config.encoding, config.skip_lines, config.names, config.comment
    )
    is_table = kind == "csv"
    if not has_line(content):
        return
    head = read_head(content, shape) if is_table else Head((), "", "utf-8", 0, 1)
    if head.encoding.startswith("utf-16"):
        content, head = _in_utf8(config, content, shape)
    at, line, folds = head.at, head.line, Folds()
    mapping = _mapping_of(config, content, head) if is_table else None
    if mapping is not None:  # columns that lack are told even where there is no row yet
        nothing = Piece(b"", line, at, line)
        _rows(config, mapping, (content, head, nothing, folds), beside)
    if "at" in cursor and is_continued(content, cursor):
        at, line = int(cursor["at"]), int(cursor["line"])
        folds = Folds({key: (t, bool(b)) for key, (t, b) in cursor.get("folds", {}).items()})
    marker = Marker(content, at, line)
    for piece in pieces(content, at, line, config.most_bytes, head.separator):
        sample = None
        if mapping is not None:
            found, sample = _rows(config, mapping, (content, head, piece, folds), beside)
        else:
            found = _messages(config, piece, beside)
        if piece.too_large:
            detail = f"{piece.too_large} lines before line {piece.line} are too long"
            refusals = (Refusal(config.name, "too_large", detail),) * piece.too_large
            found = found._replace(refused=found.refused + refusals)
        behind = marker.after(piece)
        folds.forget(max((reading.at for reading in found.readings), default=0))
        yield Part(found, {**behind, "folds": dict(folds.last)} if folds.last else behind, sample)


def _in_utf8(config: TableConfig, content: Content, shape: Shape) -> tuple[Content, Head]:
    """Return a text in UTF-16 as one in UTF-8; it is read as a whole for that."""
    text = _whole(config, content, "csv").decode("utf-16", "replace").encode()
    turned = type(content)(content.name, lambda: io.BytesIO(text), len(text), content.stamp)
    return turned, read_head(turned, shape._replace(encoding="utf-8"))


def _mapping_of(config: TableConfig, content: Content, head: Head) -> Mapping:
    """Return how the rows are read; the decimal sign as the beginning of each column has it."""
    mapping = config.mapping
    if config.format == "sensor_community":
        mapping = sensor_community.archive(head.names)
    if mapping is None:
        template = "{path} is no file of this format; its columns are {found}."
        found = ", ".join(head.names[:15])
        raise SourceError(template, hint="Check format.", path=content.name, found=found)
    open_ones = {v.path for v in mapping.values if not (v.decimal or mapping.decimal)}
    if head.separator == "," or not open_ones & set(head.names):
        return mapping
    first = next(pieces(content, head.at, head.line, config.most_bytes, head.separator), None)
    table = None if first is None else table_of(first, head)[0]
    if table is None or not any(has_comma(table[path]) for path in open_ones & set(table)):
        return mapping
    values = tuple(
        value.model_copy(update={"decimal": ","})
        if value.path in open_ones & set(table) and has_comma(table[value.path])
        else value
        for value in mapping.values
    )
    return mapping.model_copy(update={"values": values})


def has_comma(column: pd.Series[Any]) -> bool:
    """
    Return whether a column writes decimals with a comma: some cells must, none has a point there.

    >>> has_comma(pd.Series(["1.204", "17,5"])), has_comma(pd.Series(["1.204", "31"]))
    (True, False)
    """
    texts = column.astype(str).str.strip()
    commas, points = (texts.str.fullmatch(ONLY[style]).any() for style in ("comma", "point"))
    return bool(commas) and not points


def _rows(
    config: TableConfig,
    mapping: Mapping,
    work: tuple[Content, Head, Piece, Folds],
    beside: Beside,
) -> tuple[Found, pd.DataFrame]:
    content, head, piece, folds = work
    table, odd = table_of(piece, head)
    if config.format == "sensor_community":
        table = sensor_community.prepared(table)
    found = read_rows(
        mapping,
        table,
        source=config.name,
        received=beside.received,
        path=content.name,
        folds=folds,
    )
    lines = tuple(
        Refusal(config.name, "unknown_format", f"row {number}: {why}"[:300]) for number, why in odd
    )
    return found._replace(refused=found.refused + lines), table


def _messages(config: TableConfig, piece: Piece, beside: Beside) -> Found:
    """Read a piece of lines of which each is a JSON text."""
    parts = []
    for number, line in enumerate(piece.text.split(b"\n"), piece.line):
        if not line.strip():
            continue
        try:
            message = loads(line, config.most_bytes)
        except RefusedError as error:
            detail = f"row {number}: {error.detail}"[:300]
            parts.append(Found(refused=(Refusal(config.name, error.reason, detail),)))
        else:
            parts.append(read_json(config, message, beside))
    return joined(parts)


def joined(parts: list[Found]) -> Found:
    """Return several findings as one; of a stream the last description stays."""
    streams = {stream.key: stream for part in parts for stream in part.streams}
    return Found(
        tuple(streams.values()),
        tuple(reading for part in parts for reading in part.readings),
        tuple(refusal for part in parts for refusal in part.refused),
    )


def read_json(config: TableConfig, message: Any, beside: Beside) -> Found:
    """Return what a JSON text says, by format or mapping."""
    source, received = config.name, beside.received
    if config.format == "sensor_community":
        return sensor_community.read(message, source=source, received=received)
    if config.format == "uba":
        return uba.read(message, source=source, received=received, stations=beside.stations)
    mapping = config.mapping
    if mapping is None:
        return Found()
    rows = "[*]" if isinstance(message, list) else ""
    if isinstance(message, dict) and message.get("type") == "FeatureCollection":
        rows = "features[*]"
    return read_message(mapping, message, source=source, received=received, rows=rows)


def _whole(config: TableConfig, content: Content, kind: str) -> bytes:
    most = config.most_bytes if kind == "json" else config.most_file_bytes
    with content.open() as stream:
        try:
            data = stream.read(most + 1)
        except BROKEN as error:
            raise broken_off(content.name) from error
    if len(data) > most:
        detail = f"{content.name} is larger than {most} bytes; raise most_bytes to read it"
        raise RefusedError("too_large", detail)
    return data


def _message(config: TableConfig, data: bytes, done: int, beside: Beside) -> Iterator[Part]:
    found = read_json(config, loads(data, config.most_bytes), beside)
    total = len(found.readings)
    state = sum_of(data)
    for begin in range(done, max(total, done + 1), AT_ONCE):
        end = min(begin + AT_ONCE, total)
        is_first = begin == done
        is_last = end >= total
        yield Part(
            Found(
                found.streams if is_first else (),
                found.readings[begin:end],
                found.refused if is_last and done < max(total, 1) else (),
            ),
            {"sum": state, "done": max(end, 1)},
        )


def _binary(
    config: TableConfig, content: Content, work: tuple[bytes, str, int], beside: Beside
) -> Iterator[Part]:
    data, kind, done = work
    if config.mapping is None:
        raise RefusedError("unknown_format", f"{content.name} is {kind}")
    folds = Folds()
    row = 0
    for table in _tables(data, kind, content.name, max(1, AT_ONCE // len(config.mapping.values))):
        table.index = pd.RangeIndex(row + 2, row + 2 + len(table))
        row += len(table)
        if row <= done:
            continue
        found = read_rows(
            config.mapping,
            table,
            source=config.name,
            received=beside.received,
            path=content.name,
            folds=folds,
        )
        yield Part(found, {"sum": sum_of(data), "done": row}, table)


def _tables(data: bytes, kind: str, name: str, size: int) -> Iterator[pd.DataFrame]:
    try:
        if kind == "parquet":
            import pyarrow.parquet as pq  # noqa: PLC0415 - slow to load

            for batch in pq.ParquetFile(io.BytesIO(data)).iter_batches(size):
                yield batch.to_pandas()
            return
        table = pd.read_excel(io.BytesIO(data), dtype=object)
    except ImportError as error:
        template = "{path} is a spreadsheet; this installation reads none."
        raise SourceError(template, hint="Save it as CSV.", path=name) from error
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:  # pyarrow's too
        template = "{path} cannot be read as {kind} ({reason})."
        reason = str(error).splitlines()[0][:100] if str(error) else type(error).__name__
        raise SourceError(template, path=name, kind=kind, reason=reason) from error
    for begin in range(0, len(table), size):
        yield table.iloc[begin : begin + size]
