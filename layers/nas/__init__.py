"""NAS, the full ALKIS exchange format: read files as a stream (I/O), translate them (pure)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from layers.nas.door import looks_like_nas
from layers.nas.stream import read_files
from layers.nas.translate import translate
from layers.source import sha256_of, source_record
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.nas.raw import RawNas
    from layers.source_data import Area, Progress, SourceData
    from twin.provenance import Source

__all__ = ["looks_like_nas", "read_files", "read_nas", "translate"]


def read_nas(
    paths: Path | Sequence[Path],
    *,
    area: Area | None = None,
    municipality: str | None = None,
    progress: Progress | None = None,
) -> SourceData:
    """
    Read NAS files of GeoInfoDok 6 or 7 into buildings, parcels, addresses, land use and water.

    Files are streamed; persons, owners and books are never read.

    Parameters
    ----------
    paths
        `.xml`, `.xml.gz` or `.zip`, in any order; an object in several of them counts once.
    area
        Keep what touches it.
    municipality
        Keep what lies in the parcels of this municipality (eight digits of the AGS).
    progress
        Told the step and the share done.

    Raises
    ------
    SourceError
        A file is missing, damaged, no NAS, swells like a bomb or declares a document type.
    """
    files = [paths] if isinstance(paths, Path) else sorted(paths)
    if not files:
        raise SourceError("No NAS file is given.", hint="Name at least one file.")
    say = progress or (lambda _step, _share: None)
    raw = read_files(files, progress=lambda step, share: say(step, 0.85 * share))
    if not raw.rows:
        template = "{path} holds no object of the cadastre that is known here."
        hint = "It needs AX_Gebaeude or AX_Flurstueck; points and persons alone are not enough."
        raise SourceError(template, hint=hint, path=files[0])
    say("Translating the cadastre", 0.85)
    data = translate(raw, _source(files, raw), area=area, municipality=municipality)
    say("Translating the cadastre", 1.0)
    return data


def _source(files: Sequence[Path], raw: RawNas) -> Source:
    """Name the source by the Land that gave out the ids; only that of NRW is known as open."""
    sums = sorted(sha256_of(path) for path in files)
    digest = sums[0] if len(sums) == 1 else hashlib.sha256("".join(sums).encode()).hexdigest()
    ids = (str(row["id"]) for rows in raw.rows.values() for row in rows)
    nrw = all("DENW" in key for key in ids)
    newest = max(path.stat().st_mtime for path in files)
    return source_record(
        "geobasis_nrw" if nrw else "alkis",
        date=raw.newest[:10],
        retrieved=datetime.fromtimestamp(newest, UTC).date().isoformat(),
        sha256=digest,
        tables=("buildings", "parcels", "addresses", "landuse", "water", "districts"),
    )
