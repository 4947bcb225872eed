"""
Reading text tables (CSV, lines of JSON) piece by piece, from where the last look ended.

A cursor says how far a file was read (`at`, in bytes after unpacking, and `line`) and by what it is
known again: sums of its first bytes and of those before `at`. Where these differ it is another file
and is read anew. A last line without its end waits, as somebody may still be writing it.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.csv as arrow_csv

from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PIECE = 256 * 1024
HEAD = 4_096
TAIL = 1_024
LONGEST_CELL = 50  # lines
SEPARATOR = re.compile(r"sep=(.)", re.IGNORECASE)
BROKEN = (EOFError, zlib.error, gzip.BadGzipFile)
"""What unpacking raises where a file ends too early or is none."""

MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16",
}  # fmt: skip


@dataclass(frozen=True)
class Content:
    """
    A file or an answer of a server.

    `open` gives it from its begin, unpacked; `stamp` changes when it does; `is_whole`: nobody is
    writing it any more, the last line counts even without its end.
    """

    name: str
    open: Callable[[], BinaryIO]
    size: int
    stamp: str
    is_whole: bool = True


class Shape(NamedTuple):
    """How a text table is written; empty: as its first lines tell."""

    separator: str = ""
    encoding: str = ""
    skip_lines: int = 0
    names: tuple[str, ...] = ()
    comment: str = ""


class Head(NamedTuple):
    """What the first lines of a text table tell."""

    names: tuple[str, ...]
    separator: str
    encoding: str
    at: int  # bytes before the first row
    line: int  # number of the first row


class Piece(NamedTuple):
    """Some whole lines."""

    text: bytes
    line: int  # number of the first
    at: int  # bytes before the next piece
    next_line: int
    too_large: int = 0  # lines that were left out before it


def unpacked(raw: BinaryIO) -> BinaryIO:
    """Return a stream that unpacks gzip, told by its first bytes."""
    start = raw.read(2)
    raw.seek(0)
    if start == b"\x1f\x8b":
        return gzip.GzipFile(fileobj=raw, mode="rb")  # type: ignore[return-value]
    return raw


def read_some(stream: BinaryIO, size: int) -> bytes:
    """Return so many bytes, fewer at the end or where a packed file breaks off."""
    parts: list[bytes] = []
    while size > 0:
        try:
            new: bytes = stream.read1(size)  # type: ignore[attr-defined]
        except BROKEN:
            if not parts:
                raise
            break
        if not new:
            break
        parts.append(new)
        size -= len(new)
    return b"".join(parts)


def sum_of(data: bytes) -> str:
    """Return a short sum of bytes."""
    return hashlib.blake2b(data, digest_size=12).hexdigest()


def is_continued(content: Content, cursor: Mapping[str, Any]) -> bool:
    """Return whether a content begins as the one that a cursor is of."""
    at, length = int(cursor.get("at", 0)), int(cursor.get("length", 0))
    try:
        with content.open() as stream:
            if sum_of(read_some(stream, min(at, HEAD))) != cursor.get("head"):
                return False
            stream.seek(at - length)
            return sum_of(read_some(stream, length)) == cursor.get("tail")
    except BROKEN:
        return False


class Marker:
    """Makes the cursor behind each piece, without reading anything again."""

    def __init__(self, content: Content, at: int, line: int) -> None:
        self.at, self.line = at, line
        with content.open() as stream:
            self.head = read_some(stream, HEAD)
            stream.seek(max(0, at - TAIL))
            self.tail = read_some(stream, min(at, TAIL))

    def after(self, piece: Piece) -> dict[str, Any]:
        """Return the cursor behind a piece; before its last line where that has no end yet."""
        text = piece.text
        if not text or text.endswith(b"\n"):
            self.tail = (b"" if piece.too_large else self.tail) + text
            self.tail = self.tail[-TAIL:]
            self.at, self.line = piece.at, piece.next_line
        elif (cut := text.rfind(b"\n") + 1) > 0:
            self.tail = (self.tail + text[:cut])[-TAIL:]
            self.at, self.line = piece.at - len(text) + cut, piece.next_line - 1
        return {
            "at": self.at,
            "line": self.line,
            "head": sum_of(self.head[: min(self.at, HEAD)]),
            "tail": sum_of(self.tail),
            "length": len(self.tail),
        }


def has_line(content: Content) -> bool:
    """Return whether there is a first line that nobody is still writing."""
    if content.is_whole:
        return content.size > 0
    with content.open() as stream:
        return b"\n" in read_some(stream, PIECE)


def read_head(content: Content, shape: Shape) -> Head:
    """
    Return what the first lines tell: names, separator, encoding.

    Raises
    ------
    SourceError
        There is no line with names, or it is no text.
    """
    with content.open() as stream:
        try:
            start = read_some(stream, PIECE)
        except BROKEN as error:
            raise broken_off(content.name) from error
    encoding = shape.encoding or encoding_of(start)
    lines = start.split(b"\n")
    at = number = 0
    for line in lines if not shape.names else lines[: shape.skip_lines]:
        text = line.decode(encoding, "replace").strip("\r \ufeff")
        at, number = at + len(line) + 1, number + 1
        if told := SEPARATOR.fullmatch(text):  # as Excel writes it
            shape = shape._replace(separator=shape.separator or told[1])
            continue
        is_told = number > shape.skip_lines and text.strip()
        if not shape.names and is_told and not (shape.comment and text.startswith(shape.comment)):
            separator = shape.separator or max(";\t,|", key=text.count)
            names = _names(next(csv.reader([text], delimiter=separator)))
            return Head(names, separator, encoding, min(at, len(start)), number + 1)
    if not shape.names:
        template = "{path} has no line with the names of its columns."
        raise SourceError(template, hint="Check whether it is a table.", path=content.name)
    sample = start.decode(encoding, "replace").partition("\n")[0]
    separator = shape.separator or max(";\t,|", key=sample.count)
    return Head(shape.names, separator, encoding, at, number + 1)


def encoding_of(start: bytes) -> str:
    """Return how letters are written: UTF-8 if it can be, else as in old spreadsheets."""
    for mark, encoding in MARKS.items():
        if start.startswith(mark):
            return encoding
    try:
        start[: start.rfind(b"\n") + 1 or len(start)].decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _names(cells: list[str]) -> tuple[str, ...]:
    """Return names of columns, each once."""
    names: list[str] = []
    for cell in cells:
        name = plain = cell.strip()
        number = 1
        while name in names:
            name, number = f"{plain}.{number}", number + 1
        names.append(name)
    return tuple(names)


def broken_off(name: str) -> SourceError:
    """Return the error for a packed file that ends too early."""
    template = "{path} cannot be unpacked to its end; what came before is read."
    hint = "It was not copied completely, or is damaged; copy it again."
    return SourceError(template, hint=hint, path=name)


def pieces(
    content: Content, at: int, line: int, most_bytes: int, separator: str = ""
) -> Iterator[Piece]:
    """
    Yield whole lines from a place on; a line longer than `most_bytes` is left out and counted.

    Raises
    ------
    SourceError
        A packed file ends too early; what came before was yielded.
    """
    with content.open() as stream:
        rest = b""
        skipped = too_large = 0
        for read in _reads(stream, at, content.name):
            new = read
            if skipped:  # in the middle of a line that is too long
                end = new.find(b"\n") + 1
                skipped += end or len(new)
                if not end:
                    continue
                at, line, too_large, skipped = at + skipped, line + 1, too_large + 1, 0
                new = new[end:]
            rest += new
            if cut := _cut(rest, separator):
                text, rest = rest[:cut], rest[cut:]
                at, following = at + cut, line + text.count(b"\n")
                yield Piece(text, line, at, following, too_large)
                line, too_large = following, 0
            elif len(rest) > most_bytes:
                skipped, rest = len(rest), b""
    end, too_large = (
        (len(rest) + skipped, too_large + bool(skipped)) if content.is_whole else (0, too_large)
    )
    if end or too_large:
        yield Piece(rest if end else b"", line, at + end, line + bool(end), too_large)


def _reads(stream: BinaryIO, at: int, name: str) -> Iterator[bytes]:
    try:
        stream.seek(at)
        while new := read_some(stream, PIECE):
            yield new
    except BROKEN as error:
        raise broken_off(name) from error


def _cut(text: bytes, separator: str) -> int:
    """
    Return where the last whole row ends; a line may end inside quotes without ending its row.

    Quotes count where a cell begins with them. One that is never closed holds up a few lines, then
    it is no longer taken for one. Without separator every line is a row.
    """
    last = text.rfind(b"\n") + 1
    if not separator or b'"' not in text or not last:
        return last
    sign = re.escape(separator.encode())
    closed = re.compile(rb'(?:^|(?<=[\n%s]))"(?:[^"]|"")*"(?!")' % sign)
    masked = closed.sub(lambda found: b"x" * len(found[0]), text)
    opened = re.search(rb'(?:^|[\n%s])"' % sign, masked)
    if opened is None:
        return masked.rfind(b"\n") + 1
    cut = masked.rfind(b"\n", 0, opened.start() + 1) + 1
    return last if not cut and text.count(b"\n") > LONGEST_CELL else cut


def table_of(piece: Piece, head: Head) -> tuple[pd.DataFrame, list[tuple[int, str]]]:
    """
    Return the rows of a piece as texts, by the number of their line, and the lines that are none.

    A row with fewer or more cells than names is none: nobody knows which cell is lacking.
    """
    text = piece.text.decode(head.encoding.removesuffix("-sig"), "replace")
    table = _quickly(text.encode(), head)
    if table is not None:
        return table.set_axis(pd.RangeIndex(piece.line, piece.line + len(table)), axis=0), []
    return _carefully(text, head, piece.line)


def _quickly(text: bytes, head: Head) -> pd.DataFrame | None:
    """Return the rows where each line is one, whole and not empty; none where some are not."""
    lines = text.count(b"\n") + (not text.endswith(b"\n"))
    try:
        table = arrow_csv.read_csv(
            io.BytesIO(text),
            arrow_csv.ReadOptions(column_names=list(head.names), use_threads=False),
            arrow_csv.ParseOptions(delimiter=head.separator, newlines_in_values=True),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(head.names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    if table.num_rows != lines or len(set(head.names)) != len(head.names):
        return None
    frame: pd.DataFrame = table.to_pandas()
    return frame


def _carefully(text: str, head: Head, line: int) -> tuple[pd.DataFrame, list[tuple[int, str]]]:
    """Return the sound rows with their lines and the odd ones; slower, and for any text."""
    lines = list(io.StringIO(text, newline="\n"))
    rows: list[tuple[int, list[str]]] = []
    odd: list[tuple[int, str]] = []
    width = len(head.names)
    for begin, end, row in _parsed(lines, head.separator):
        if len(row) != width and end - begin > 1:  # a quote that was never closed took them all
            single = [_parsed([one], head.separator) for one in lines[begin:end]]
            cells = [(begin + n, row) for n, found in enumerate(single) for *_, row in found]
        else:
            cells = [(begin, row)]
        for number, one in cells:
            if len(one) == width:
                rows.append((line + number, one))
            elif any(cell.strip() for cell in one):
                odd.append((line + number, f"{len(one)} cells where {width} are expected"))
    columns = list(zip(*(row for _, row in rows), strict=True)) if rows else [()] * width
    pairs = zip(head.names, columns, strict=True)
    table = pd.DataFrame({name: pd.Series(list(column), dtype="str") for name, column in pairs})
    numbers = pd.Index([number for number, _ in rows], dtype="int64")
    return table.set_axis(numbers, axis=0), odd


def _parsed(lines: list[str], separator: str) -> list[tuple[int, int, list[str]]]:
    """Return rows with the numbers of their first line and of the one behind it."""
    reader = csv.reader(lines, delimiter=separator)
    found: list[tuple[int, int, list[str]]] = []
    while True:
        begin = reader.line_num
        try:
            row = next(reader)
        except StopIteration:
            return found
        except csv.Error as error:  # a cell that is too long
            row = [str(error)]
        found.append((begin, reader.line_num, row))
