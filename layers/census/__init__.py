"""
Census grid of 100 m and 1 km: read files (I/O), translate them to the standard tables (pure).

`distribute` hands the cells' figures to the single buildings.
"""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from layers.census.distribute import distribute
from layers.census.files import RawCensus, looks_like_census, read_files
from layers.census.translate import GRID, translate
from layers.source import sha256_of, source_record
from layers.source_data import SourceData

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from layers.source_data import Area, Progress
    from twin.provenance import Source

__all__ = ["distribute", "looks_like_census", "read_census", "translate"]

DATES = {2011: "2011-05-09", 2022: "2022-05-15"}


def read_census(
    paths: Sequence[Path], *, area: Area | None = None, progress: Progress | None = None
) -> SourceData:
    """
    Read files of the German census grid into `cells` and `census_counts`.

    Parameters
    ----------
    paths
        CSV or ZIP of the census 2011 or 2022 as downloaded, or parquet and CSV with cell centres
        in EPSG:3035; 100 m and 1 km together where both are given.
    area
        Only cells that touch it are read; the tables are in its CRS where that is projected.

    Returns
    -------
    Cells keep the official id (`CRS3035RES100mN…E…`); suppressed and missing figures stay missing
    and are counted in the findings.

    Raises
    ------
    SourceError
        A file is missing, damaged or no census grid, or holds no cell of the area.
    """
    say = progress or (lambda _step, _share: None)
    paths = sorted(paths)
    bounds = area.within(GRID).bounds if area is not None else None
    raws: list[RawCensus] = []
    for done, path in enumerate(paths):
        say("Read the census grid", 0.8 * done / len(paths))
        raws += read_files(path, bounds=bounds)
    say("Place the census cells", 0.8)
    census = translate(raws, area=area)
    say("Done", 1.0)
    return SourceData(
        name="",
        crs=census.crs,
        tables={"cells": census.cells, "census_counts": census.counts},
        source=_source(paths, census.years),
        findings=census.findings,
        report={"census": census.report},
        kind="census",
    )


def _source(paths: Sequence[Path], years: tuple[int, ...]) -> Source:
    """Return the record of the newest census used; a second one is named in its note."""
    digests = sorted(sha256_of(path) for path in paths)
    whole = hashlib.sha256("".join(digests).encode()).hexdigest()
    read_at = max(datetime.fromtimestamp(path.stat().st_mtime, UTC) for path in paths)
    source = source_record(
        f"census_{years[-1]}",
        date=DATES[years[-1]],
        retrieved=read_at.date().isoformat(),
        sha256=digests[0] if len(paths) == 1 else whole,
        tables=("cells", "census_counts"),
    )
    if len(years) == 1:
        return source
    older = source_record(f"census_{years[0]}")
    attribution = f"{source.attribution}; {older.attribution}"
    return dataclasses.replace(source, attribution=attribution, note=f"Partly: {older.title}")
