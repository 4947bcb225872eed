"""What may come in as NAS: plain, gzipped or zipped XML, without a DOCTYPE, within limits."""

from __future__ import annotations

import gzip
import lzma
import re
import zipfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMESPACE = b"www.adv-online.de/namespaces/adv/gid"
HEAD = 1 << 16  # the namespace of a NAS file is declared at its root
RATIO = 400  # NAS shrinks to a tenth to a thirtieth; beyond this it is a bomb
SMALL = 64 << 20  # bytes that may come out of any archive, however small
ENDINGS = (".xml", ".nas", ".gml")
BROKEN = (EOFError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, lzma.LZMAError)
PROLOG = re.compile(r"\ufeff?\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*", re.DOTALL)


def looks_like_nas(path: Path) -> bool:
    """Say whether a file is NAS by its first bytes; for archives, by those of their XML."""
    try:
        with opened(path) as streams:
            return any(NAMESPACE in stream.read(HEAD) for _, stream in streams)
    except (OSError, SourceError, *BROKEN, NotImplementedError, RuntimeError):
        return False


@contextmanager
def opened(path: Path) -> Iterator[Iterator[tuple[str, BinaryIO]]]:
    """
    Give the XML streams of a file, one after the other, with the name of each.

    Raises `SourceError` where the file is absent or damaged, also while it is read.
    """
    try:
        yield _streams(path)
    except BROKEN as error:
        raise damaged(path, str(error) or "it ends too early") from error
    except FileNotFoundError as error:
        template = "{path} is not there."
        raise SourceError(template, hint="Check the path.", path=path) from error
    except OSError as error:
        template = "{path} cannot be read: {reason}."
        raise SourceError(template, path=path, reason=error.strerror or str(error)) from error
    except (NotImplementedError, RuntimeError) as error:  # a password, an unknown packing
        raise damaged(path, str(error)) from error


def _streams(path: Path) -> Iterator[tuple[str, BinaryIO]]:
    with path.open("rb") as plain:
        magic = plain.read(4)
        plain.seek(0)
        if magic[:2] == b"\x1f\x8b":
            with gzip.open(plain) as unpacked:
                yield path.name, cast("BinaryIO", unpacked)
        elif magic == b"PK\x03\x04":
            yield from _members(path, plain)
        else:
            yield path.name, plain


def _members(path: Path, plain: BinaryIO) -> Iterator[tuple[str, BinaryIO]]:
    with zipfile.ZipFile(plain) as archive:
        found = sorted(n for n in archive.namelist() if n.lower().endswith(ENDINGS))
        if not found:
            template = "{path} holds no XML file."
            raise SourceError(template, hint="Give the archive that holds the NAS.", path=path)
        for name in found:
            with archive.open(name) as stream:
                yield f"{path.name}/{name}", cast("BinaryIO", stream)


def packed_size(path: Path) -> int:
    """Return the bytes on disk, of which the limit of what may come out is a multiple."""
    return path.stat().st_size


def check_head(head: bytes, path: Path) -> None:
    """Refuse what is no NAS, and XML that brings its own entities."""
    if NAMESPACE not in head:
        template = "{path} is not NAS: it names no GeoInfoDok namespace."
        hint = "Give the full ALKIS exchange file (AX_Flurstueck, AX_Gebaeude)."
        raise SourceError(template, hint=hint, path=path)
    wide = head[:2] in {b"\xff\xfe", b"\xfe\xff"}
    text = head.decode("utf-16" if wide else "latin-1", "replace")
    start = PROLOG.match(text)
    own_type = start is not None and text[start.end() : start.end() + 2] == "<!"
    if own_type or "<!ENTITY" in text:
        template = "{path} declares a document type or entities of its own, which is refused."
        hint = "Exchange files never need one; ask for a clean export."
        raise SourceError(template, hint=hint, path=path)


def damaged(path: Path, reason: str) -> SourceError:
    """Return the error for a file that breaks off or is not well-formed."""
    template = "{path} is damaged: {reason}."
    hint = "Download or export it again."
    return SourceError(template, hint=hint, path=path, reason=reason.strip(". \n"))


def check_size(done: int, path: Path) -> None:
    """Refuse an archive that swells beyond what real exchange files do."""
    if done > SMALL and done > RATIO * packed_size(path):
        template = "{path} swells to more than {ratio} times its size, which is refused."
        hint = "Unpack it by hand and look at it."
        raise SourceError(template, hint=hint, path=path, ratio=RATIO)
