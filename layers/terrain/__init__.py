"""Terrain, surface and height-above-ground models: GeoTIFF, ASCII grid, xyz text, SRTM `.hgt`."""

from __future__ import annotations

import hashlib
import re
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely

from layers.source import cache_folder, sha256_of, source_record
from layers.source_data import SourceData
from layers.terrain.mosaic import TileSurface, make_grids, overlaps, to_crs
from layers.terrain.text import convert_xyz
from layers.terrain.tile import DRIVERS, HGT_SIZES, Tile, open_tile, scan
from twin.crs import utm_crs
from twin.errors import SourceError
from twin.provenance import Finding, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from layers.source_data import Area, Progress

Kind = Literal["terrain", "surface", "above_ground"]
Scan = tuple[int, int, float, float]

__all__ = ["TileSurface", "kind_of_file", "looks_like_terrain", "read_terrain"]

RASTERS = tuple(DRIVERS)
TEXTS = (".xyz", ".xyz.gz")
MOST_MEMBERS = 20_000


def read_terrain(
    paths: Iterable[Path],
    *,
    kind: Kind | None = None,
    area: Area | None = None,
    crs: str | None = None,
    cache_dir: Path | None = None,
    progress: Progress | None = None,
) -> SourceData:
    """
    Read height models: nothing but their frames and one look at every cell.

    Parameters
    ----------
    paths
        `.tif`, `.asc`, `.hgt`, `.xyz`, `.xyz.gz` or a `.zip` of such files, in any order.
    kind
        What the heights are. Where left out, file names tell: `ndom…` is height above ground,
        `dom…`, `bdom…`, `dsm…` the surface, everything else terrain.
    area
        Tiles that do not touch it are left out.
    crs
        Counts for files that state none.
    cache_dir
        Where text files are kept as GeoTIFF; the cache folder of the platform where left out.

    Returns
    -------
    `surfaces` by kind; no tables. Heights stay on disk.

    Raises
    ------
    SourceError
        A file is empty, cut off, no grid of heights, or without CRS; or none lies in the area.
    """
    say = progress or (lambda _step, _share: None)
    files = sorted(set(paths), key=lambda path: (path.name, str(path)))
    cache = cache_folder(cache_dir) / "terrain"
    tiles: dict[str, list[Tile]] = {}
    for number, path in enumerate(files):
        say("Open height models", 0.5 * number / len(files))
        for tile in _tiles_in(path, cache, crs):
            tiles.setdefault(kind or kind_of_file(tile.name), []).append(tile)
    wanted = {name: [t for t in found if _touches(t, area)] for name, found in tiles.items()}
    wanted = {name: found for name, found in sorted(wanted.items()) if found}
    if not wanted:
        raise _nothing(files)
    looked: dict[Tile, Scan] = {}
    total = sum(map(len, wanted.values()))
    for tile in [tile for found in wanted.values() for tile in found]:
        say("Check height models", 0.5 + 0.5 * len(looked) / total)
        looked[tile] = scan(tile)
    data = _translate(wanted, looked, files)
    say("Done", 1.0)
    return data


def kind_of_file(name: str) -> Kind:
    """
    Return what a file name says the heights are.

    >>> kind_of_file("ndom50_32370_5631_1_nw_2025.tif"), kind_of_file("dom1_32_370_5631_1_nw.tif")
    ('above_ground', 'surface')
    >>> kind_of_file("dgm1_32_370_5631_1_nw_2022.tif"), kind_of_file("N50E011.hgt")
    ('terrain', 'terrain')
    """
    word = name.lower()
    if re.match(r"(ndom|ndsm|chm)", word):
        return "above_ground"
    return "surface" if re.match(r"b?(dom|dsm)\d*[_\-.]", word) else "terrain"


def looks_like_terrain(path: Path) -> bool:
    """Whether a file is a height model, by its ending and first bytes."""
    name = path.name.lower()
    try:
        if name.endswith((".tif", ".tiff")):
            with path.open("rb") as file:
                return file.read(4) in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
        if name.endswith(".asc"):
            with path.open("rb") as file:
                return file.read(64).lower().lstrip().startswith((b"ncols", b"nrows"))
        if name.endswith(".zip"):
            with zipfile.ZipFile(path) as archive:
                return any(map(_is_height_file, archive.namelist()[:MOST_MEMBERS]))
    except (OSError, zipfile.BadZipFile):
        return False
    return name.endswith((".hgt", *TEXTS))


def _is_height_file(name: str) -> bool:
    return name.lower().endswith((*RASTERS, *TEXTS)) and "__macosx" not in name.lower()


def _tiles_in(path: Path, cache: Path, crs: str | None) -> list[Tile]:
    """Return the grids of one file; a zip may hold several."""
    if not path.is_file() or not path.stat().st_size:
        template = "{path} is missing or empty."
        raise SourceError(template, hint="Download it again.", path=path)
    name = path.name.lower()
    if name.endswith(".zip"):
        return [_tile(path, cache, crs, member=member) for member in _members(path)]
    if not _is_height_file(name):
        template = "{path} is no height model that can be read here."
        hint = "GeoTIFF (.tif), ASCII grid (.asc), text (.xyz, .xyz.gz), SRTM (.hgt), or a .zip."
        raise SourceError(template, hint=hint, path=path)
    return [_tile(path, cache, crs)]


def _members(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = sorted(filter(_is_height_file, archive.namelist()[:MOST_MEMBERS]))
            damaged = next(
                (n for n in names if n.lower().endswith(".hgt") and not _whole(archive, n)), ""
            )
    except (OSError, zipfile.BadZipFile) as error:
        raise SourceError(
            "{path} is no readable zip file.", hint="Download it again.", path=path
        ) from error
    if damaged:
        raise _not_srtm(path)
    if not names:
        template = "{path} holds no height model."
        hint = "Expected .tif, .asc, .xyz or .hgt inside the zip file."
        raise SourceError(template, hint=hint, path=path)
    return names


def _whole(archive: zipfile.ZipFile, name: str) -> bool:
    return archive.getinfo(name).file_size in HGT_SIZES


def _tile(path: Path, cache: Path, crs: str | None, *, member: str = "") -> Tile:
    label = member.rpartition("/")[2] or path.name
    if label.lower().endswith(TEXTS):
        return open_tile(convert_xyz(path, cache, member=member, crs=crs), name=label, crs=crs)
    if label.lower().endswith(".hgt") and not member and path.stat().st_size not in HGT_SIZES:
        raise _not_srtm(path)
    return open_tile(path, member=member, crs=crs)


def _not_srtm(path: Path) -> SourceError:
    template = "{path} is no whole SRTM tile: its size is wrong."
    hint = "A tile has 1,201 or 3,601 rows and columns of two bytes; download it again."
    return SourceError(template, hint=hint, path=path)


def _touches(tile: Tile, area: Area | None) -> bool:
    if area is None:
        return True
    here = to_crs(tile.bounds, tile.crs, area.crs)
    return bool(shapely.box(*here).intersects(area.shape))


def _nothing(files: Sequence[Path]) -> SourceError:
    if not files:
        return SourceError("No height model was given.", hint="Name at least one file.")
    template = "None of the {count} height models lies in the area, e.g. {path}."
    hint = "Check that they cover the place and that their coordinate system is right."
    return SourceError(template, hint=hint, count=len(files), path=files[0])


def _translate(
    tiles: Mapping[str, Sequence[Tile]], looked: Mapping[Tile, Scan], files: Sequence[Path]
) -> SourceData:
    """Put checked tiles together as surfaces, and count what is odd in them (pure)."""
    findings: list[Finding] = []
    surfaces, report = {}, {}
    for kind, found in tiles.items():
        filled = [tile for tile in found if looked[tile][0]]
        findings += _findings_of(kind, found, looked)
        if not filled:
            continue
        grids = tuple(make_grids(filled))
        surfaces[kind] = TileSurface(grids)
        pairs = [pair for grid in grids for pair in overlaps(grid)]
        if pairs:
            message = "{count} pairs of height model tiles overlap; the first by name counts."
            names = tuple(" / ".join(pair) for pair in sorted(pairs)[:5])
            findings.append(Finding("tiles_overlap", kind, len(pairs), message, "info", names))
        report[kind] = _figures(filled, looked)
    if not surfaces:
        template = "The height models hold no height at all, e.g. {path}."
        raise SourceError(template, hint="Download them again.", path=files[0])
    main = next(surfaces[k] for k in ("terrain", "surface", "above_ground") if k in surfaces)
    source = _source(files, [tile for found in tiles.values() for tile in found])
    seen = tuple(findings)
    return SourceData(
        "", _projected(main), {}, source, seen, surfaces=surfaces, report=report, kind="terrain"
    )


def _figures(tiles: Sequence[Tile], looked: Mapping[Tile, Scan]) -> dict[str, float]:
    cells = sum(tile.columns * tile.rows for tile in tiles)
    return {
        "tiles": len(tiles),
        "cell_m": round(min(tile.cell_m for tile in tiles), 3),
        "lowest_m": round(float(np.min([looked[tile][2] for tile in tiles])), 2),
        "highest_m": round(float(np.max([looked[tile][3] for tile in tiles])), 2),
        "unknown_share": round(1 - sum(looked[tile][0] for tile in tiles) / cells, 4),
    }


def _findings_of(kind: str, tiles: Sequence[Tile], looked: Mapping[Tile, Scan]) -> list[Finding]:
    findings = []
    absurd = [tile.name for tile in tiles if looked[tile][1]]
    if absurd:
        count = sum(looked[tile][1] for tile in tiles)
        message = "{count} cells hold no possible height (below -500 m or above 9,000 m)."
        where = tuple(sorted(absurd)[:5])
        findings.append(Finding("height_impossible", kind, count, message, "warning", where))
    holes = sorted(tile.name for tile in tiles if 0 < looked[tile][0] < tile.rows * tile.columns)
    if holes:
        message = "{count} of {total} height model tiles have gaps; the height there is unknown."
        findings.append(
            Finding("tile_gaps", kind, len(holes), message, "info", tuple(holes[:5]),
                    total=len(tiles))
        )  # fmt: skip
    empty = sorted(tile.name for tile in tiles if not looked[tile][0])
    if empty:
        message = "{count} of {total} height model tiles are empty."
        findings.append(
            Finding("tile_empty", kind, len(empty), message, "warning", tuple(empty[:5]),
                    total=len(tiles))
        )  # fmt: skip
    return findings


def _source(files: Sequence[Path], tiles: Sequence[Tile]) -> Source:
    """Return the record of the finest tiles: NRW by its file names, SRTM, or another survey."""
    names = [tile.name for tile in sorted(tiles, key=lambda t: (t.cell_m, t.name))]
    if re.search(r"_nw(_\d{4})?\.", names[0].lower()):
        key = "geobasis_nrw"
    else:
        key = "srtm" if names[0].lower().endswith(".hgt") else "height_model"
    years = [found[1] for name in names if (found := re.search(r"_nw_((?:19|20)\d\d)\.", name))]
    digest = hashlib.sha256("".join(sorted(map(sha256_of, files))).encode()).hexdigest()
    read_at = max(datetime.fromtimestamp(path.stat().st_mtime, UTC) for path in files)
    return source_record(
        key,
        date=f"{max(years)}-01-01" if years else "",
        retrieved=read_at.date().isoformat(),
        sha256=digest,
    )


def _projected(surface: TileSurface) -> str:
    """Return the projected CRS that suits the tiles."""
    west, south, east, north = surface.bounds("EPSG:4326")
    if surface.crs.startswith("EPSG:258"):
        return surface.crs
    return utm_crs((west + east) / 2, (south + north) / 2)
