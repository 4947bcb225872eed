"""Files of city models: which they are, what lies packed in them, what is refused."""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, cast

from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAD = 65_536  # bytes looked at to tell what a file is
PACKED_RATIO = 300  # city models pack 10 to 40 times; beyond this it is an attack or a mistake
PACKED_FREE = 200_000_000  # bytes unpacked before the ratio counts
ENDINGS = (".gml", ".xml", ".citygml", ".json", ".jsonl")
MARKS = (b"/citygml/", b'"CityJSON"', b'"CityJSONFeature"')
BROKEN_PACKS = (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)


def looks_like_citymodel(path: Path) -> bool:
    """Tell by ending and first bytes whether a file holds CityGML or CityJSON, packed or not."""
    name = path.name.lower().removesuffix(".gz")
    if not name.endswith((*ENDINGS, ".zip")):
        return False
    try:
        return any(_is_citymodel(stream) for _, stream in members(path, limit=3))
    except (SourceError, OSError, *BROKEN_PACKS):
        return False


def _is_citymodel(stream: IO[bytes]) -> bool:
    head = stream.read(HEAD).replace(b"\0", b"")  # without the zeros of UTF-16
    return any(mark in head for mark in MARKS)


def members(path: Path, *, limit: int | None = None) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield name and stream of every file in `path`: itself unpacked, or what a zip holds."""
    name = path.name.lower()
    if name.endswith(".zip"):
        with zipfile.ZipFile(path) as pack:
            chosen = [i for i in pack.infolist() if _is_wanted(i.filename)]
            for info in sorted(chosen, key=lambda i: i.filename)[:limit]:
                _refuse_bomb(path, info.file_size, info.compress_size)
                with pack.open(info) as stream:
                    yield info.filename, stream
    elif name.endswith(".gz"):
        with gzip.open(path) as stream:
            yield path.name, cast("IO[bytes]", _Guarded(stream, path))
    else:
        with path.open("rb") as stream:
            yield path.name, stream


def _is_wanted(name: str) -> bool:
    return name.lower().endswith(ENDINGS) and "__MACOSX" not in name


class _Guarded:
    """A stream that refuses to unpack without end."""

    def __init__(self, stream: gzip.GzipFile, path: Path) -> None:
        self.stream, self.path, self.done = stream, path, 0
        self.packed = path.stat().st_size

    def read(self, size: int = -1) -> bytes:
        """Read on, or raise `SourceError` where the file grows beyond measure."""
        chunk = self.stream.read(size if size >= 0 else PACKED_FREE)
        while size < 0 and (more := self.stream.read(PACKED_FREE)):
            chunk += more
            _refuse_bomb(self.path, len(chunk), self.packed)
        self.done += len(chunk)
        _refuse_bomb(self.path, self.done, self.packed)
        return chunk

    def readline(self) -> bytes:
        """Read a line."""
        line = self.stream.readline()
        self.done += len(line)
        _refuse_bomb(self.path, self.done, self.packed)
        return line


def _refuse_bomb(path: Path, size: int, packed: int) -> None:
    if size > PACKED_FREE and size > PACKED_RATIO * max(packed, 1):
        template = "{path} unpacks to far more than a city model does; it is refused."
        hint = "Fetch it again from the official address, or unpack it yourself."
        raise SourceError(template, hint=hint, path=path.name)


def refuse_declarations(head: bytes, name: str) -> None:
    """Raise `SourceError` where the start of an XML file declares a document type or entities."""
    if re.search(rb"<!\s*(?:DOCTYPE|ENTITY)", head.replace(b"\0", b""), re.IGNORECASE):
        template = "{path} declares a document type or entities, which city models never need."
        hint = "It is refused for safety; fetch it again from the official address."
        raise SourceError(template, hint=hint, path=name)


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Turn what goes wrong while a file is opened or unpacked into one `SourceError`."""
    try:
        yield
    except FileNotFoundError as error:
        raise SourceError("{path} does not exist.", path=name) from error
    except BROKEN_PACKS as error:
        template = "{path} is a damaged or cut off archive."
        raise SourceError(template, hint="Fetch it again.", path=name) from error
    except OSError as error:
        template = "{path} cannot be read: {error}."
        raise SourceError(template, path=name, error=error.strerror or error) from error
