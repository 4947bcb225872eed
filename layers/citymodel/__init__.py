"""City models of level of detail 1 and 2: read tiles (I/O), translate them (pure)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from layers.citymodel.citygml import read_citygml
from layers.citymodel.cityjson import read_cityjson
from layers.citymodel.files import looks_like_citymodel, members, readable
from layers.citymodel.reference import outline_in
from layers.citymodel.translate import roofs_by_side, translate
from layers.source import sha256_of, source_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from layers.citymodel.raw import Tile
    from layers.source_data import Area, Progress, SourceData
    from twin.provenance import Source

__all__ = [
    "looks_like_citymodel", "read_citymodel", "read_tiles", "roofs_by_side", "translate",
]  # fmt: skip


def read_citymodel(
    paths: Sequence[Path], *, area: Area | None = None, progress: Progress | None = None
) -> SourceData:
    """
    Read city model tiles into the tables buildings, roofs, envelopes (gross) and addresses.

    Parameters
    ----------
    paths
        CityGML 1.0, 2.0, 3.0 (`.gml`, `.xml`), CityJSON 1.0 to 2.0 (`.json`, `.jsonl`), each also
        `.gz` or in a `.zip`; in any order.
    area
        Only buildings whose middle lies in it; tiles elsewhere are skipped unread.

    Raises
    ------
    SourceError
        A file is missing, cut off, not a city model, without CRS or refused for safety, or none
        of them holds a building.
    """
    first = (lambda step, share: progress(step, 0.7 * share)) if progress else None
    rest = (lambda step, share: progress(step, 0.7 + 0.3 * share)) if progress else None
    tiles = read_tiles(paths, area=area, progress=first)
    return translate(tiles, _source(paths, tiles), area=area, progress=rest)


def read_tiles(
    paths: Sequence[Path], *, area: Area | None = None, progress: Progress | None = None
) -> list[Tile]:
    """Read files one after the other, sorted by name; memory holds one building and the result."""
    ordered = sorted(set(paths), key=lambda path: (path.name, str(path)))
    tiles = []
    for number, path in enumerate(ordered):
        if progress:
            progress("Read city model tiles", number / len(ordered))
        with readable(path.name):
            tiles += [tile for tile in _tiles_of(path, area) if not tile.skipped]
    return tiles


def _tiles_of(path: Path, area: Area | None) -> Iterator[Tile]:
    def wanted(box: tuple[float, float, float, float], crs_name: str) -> bool:
        return area is None or outline_in(box, crs_name, path.name, area.crs).intersects(area.shape)

    for name, stream in members(path):
        plain = name.lower().removesuffix(".gz")
        if plain.endswith((".json", ".jsonl")):
            yield read_cityjson(stream, name)
        else:
            yield read_citygml(stream, name, wanted=wanted)


def _source(paths: Sequence[Path], tiles: Sequence[Tile]) -> Source:
    """Return the record of the source: Geobasis NRW by its ids, else an unnamed city model."""
    ids = [tile.model.objects["object_id"].astype("str") for tile in tiles]
    state = sum(int(column.str.startswith("DENW").sum()) for column in ids)
    total = sum(int(tile.model.objects["parent"].lt(0).sum()) for tile in tiles)
    key = "geobasis_nrw" if state and state >= total / 2 else "citymodel"
    sums = sorted(sha256_of(path) for path in set(paths))
    newest = max(path.stat().st_mtime for path in paths)
    return source_record(
        key,
        retrieved=datetime.fromtimestamp(newest, UTC).date().isoformat(),
        sha256=sums[0] if len(sums) == 1 else hashlib.sha256("".join(sums).encode()).hexdigest(),
    )
