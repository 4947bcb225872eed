"""Tells what a file really is by its first bytes, and says plainly why it cannot be read."""

from __future__ import annotations

import bz2
import gzip
import zlib
from typing import TYPE_CHECKING

from twin.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

HEAD = 4096
GET_AGAIN = "Download the extract again (.osm.pbf, .osm, .osm.gz or .osm.bz2)."


def sniff_format(path: Path) -> str:
    """
    Return the osmium format of a file ("pbf", "osm", "osm.gz", "osm.bz2") by its content.

    Raises `SourceError` where the file is missing, a folder, empty, unreadable or something else.
    """
    head = _head(path)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        template = "{path} is a ZIP archive, not an OpenStreetMap file."
        raise SourceError(template, hint="Unpack it and give the file inside.", path=path)
    if head.startswith(b"\x1f\x8b"):
        return _inside(path, "osm.gz")
    if head.startswith(b"BZh"):
        return _inside(path, "osm.bz2")
    if head[4:15] == b"\x0a\x09OSMHeader":
        return "pbf"
    _need_osm_xml(path, head)
    return "osm"


def _head(path: Path) -> bytes:
    try:
        if path.is_dir():
            template = "{path} is a folder, not an OpenStreetMap file."
            hint = "Give the file itself (.osm.pbf, .osm, .osm.gz or .osm.bz2)."
            raise SourceError(template, hint=hint, path=path)
        with path.open("rb") as file:
            head = file.read(HEAD)
    except FileNotFoundError:
        template = "There is no file {path}."
        raise SourceError(template, hint="Check the name.", path=path) from None
    except OSError as error:
        template = "{path} cannot be opened: {reason}."
        hint = "Check the permissions of the file."
        raise SourceError(template, hint=hint, path=path, reason=error.strerror) from error
    if not head:
        raise SourceError("{path} is empty.", hint=GET_AGAIN, path=path)
    return head


def _inside(path: Path, name: str) -> str:
    """Check that a compressed file holds OpenStreetMap XML and return its format."""
    opener = gzip.open if name.endswith("gz") else bz2.open
    try:
        with opener(path, "rb") as file:
            head = file.read(HEAD)
    except (OSError, EOFError, zlib.error) as error:
        template = "{path} is damaged: it cannot be unpacked ({reason})."
        raise SourceError(template, hint=GET_AGAIN, path=path, reason=error) from error
    _need_osm_xml(path, head)
    return name


def _need_osm_xml(path: Path, head: bytes) -> None:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(b"<") and b"<osm" in text and b"<osmchange" not in text:
        return
    if text.startswith((b"<!doctype html", b"<html")):
        template = "{path} is a web page, not an OpenStreetMap file."
        hint = "The download gave a message instead of data; open the file in a browser to read it."
        raise SourceError(template, hint=hint, path=path)
    template = "{path} is not an OpenStreetMap file."
    hint = "Allowed are .osm.pbf, .osm, .osm.gz and .osm.bz2."
    raise SourceError(template, hint=hint, path=path)


def read_error(path: Path, error: Exception) -> SourceError:
    """Return what to tell people when osmium stops in the middle of a file."""
    template = "{path} is damaged or cut short and cannot be read to its end ({reason})."
    reason = str(error).rstrip(".") or type(error).__name__
    return SourceError(template, hint=GET_AGAIN, path=path, reason=reason)
