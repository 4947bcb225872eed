"""Which files a table is read from, and whether they are the ones of last time."""

from __future__ import annotations

import glob
import gzip
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from layers.sensors.table_text import Content, is_continued
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

SETTLED_S = 3.0
"""A file that was not touched for so long is not being written just now."""

MOST_FILES = 50_000


def files_of(pattern: str) -> list[Path]:
    """
    Return the files of a pattern by name.

    Raises
    ------
    SourceError
        There is none, or there are too many.
    """
    plain = Path(pattern)
    root = Path(plain.anchor or ".")
    inside = str(plain.relative_to(plain.anchor) if plain.anchor else plain)
    found = [plain] if plain.is_file() else list(root.glob(inside))
    files = sorted(path for path in found if path.is_file())
    if not files:
        template = "There is no file {path}."
        hint = "Check the name; it is looked for again."
        raise SourceError(template, hint=hint, path=pattern)
    if len(files) > MOST_FILES:
        template = "{path} means more than {most} files."
        raise SourceError(template, hint="Name fewer.", path=pattern, most=MOST_FILES)
    return files


def content_of(path: Path) -> Content:
    """
    Return a file as a content.

    Raises
    ------
    SourceError
        It cannot be read.
    """
    try:
        told = path.stat()
        with path.open("rb") as stream:
            is_packed = stream.read(2) == b"\x1f\x8b"
    except OSError as error:
        raise unreadable(path, error) from error
    is_whole = is_packed or time.time() - told.st_mtime > SETTLED_S
    stamp = f"{told.st_mtime_ns}-{is_whole}"

    def opened() -> BinaryIO:
        return gzip.open(path) if is_packed else path.open("rb")  # type: ignore[return-value]

    return Content(str(path), opened, told.st_size, stamp, is_whole)


def unreadable(path: Path, error: OSError) -> SourceError:
    """Return what to tell about a file that the system does not give."""
    template = "{path} cannot be read ({reason})."
    reason = error.strerror or str(error)
    return SourceError(template, hint="Check its permissions.", path=path, reason=reason)


def moved_away(path: Path, cursor: Mapping[str, Any]) -> Content | None:
    """
    Return the file that was read last under this name, where it has another name now.

    Programs that write without end put `counts.csv` aside as `counts.csv.1` or `counts-1.csv`.
    """
    beside = sorted(path.parent.glob(f"{glob.escape(path.stem)}*"))[:200]
    for other in beside:
        if other == path or not other.is_file() or not cursor.get("at"):
            continue
        try:
            content = content_of(other)
            if is_continued(content, cursor):
                return content
        except (SourceError, OSError):
            continue
    return None
