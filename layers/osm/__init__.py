"""OpenStreetMap extracts: read a file (I/O), translate it to the standard tables (pure)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from layers.osm.read import read_raw
from layers.osm.translate import translate
from layers.source import source_record

if TYPE_CHECKING:
    from pathlib import Path

    from layers.source_data import Progress, SourceData

__all__ = ["looks_like_osm", "name_of", "read_osm", "read_raw", "translate"]

ENDINGS = (".pbf", ".osm", ".osm.gz", ".osm.bz2")


def looks_like_osm(path: Path) -> bool:
    """Tell whether a file is OpenStreetMap's, by its name, `.xml` by its first bytes."""
    if path.name.lower().endswith(ENDINGS):
        return True
    if path.suffix.lower() != ".xml" or not path.is_file():
        return False
    with path.open("rb") as file:
        return b"<osm " in file.read(1000)


def read_osm(path: Path, *, progress: Progress | None = None, name: str = "") -> SourceData:
    """
    Read an OpenStreetMap extract into the standard tables.

    Parameters
    ----------
    path
        `.osm.pbf`, `.osm`, `.osm.gz` or `.osm.bz2`, told apart by content.
    name
        What to call the place; taken from the file name where left out.

    Raises
    ------
    SourceError
        The file is missing, damaged or no OpenStreetMap file.
    """
    half = (lambda step, share: progress(step, share / 2)) if progress else None
    rest = (lambda step, share: progress(step, 0.5 + share / 2)) if progress else None
    raw = read_raw(path, progress=half)
    with path.open("rb") as file:
        checksum = hashlib.file_digest(file, "sha256").hexdigest()
    read_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    source = source_record(
        "osm",
        date=raw.date,
        retrieved=read_at.date().isoformat(),
        sha256=checksum,
    )
    return translate(raw, source, name=name or name_of(path), progress=rest)


def name_of(path: Path) -> str:
    """
    Return a readable name for an extract.

    >>> from pathlib import Path
    >>> name_of(Path("in/bad-honnef.osm.pbf"))
    'Bad Honnef'
    """
    stem = path.name.partition(".")[0].removesuffix("-latest")
    return stem.replace("-", " ").replace("_", " ").title()
