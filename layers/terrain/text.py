"""Heights as text, one point a line (`.xyz`), turned once into a GeoTIFF that windows can read."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np
import pandas as pd
import rasterio
from rasterio.transform import from_origin

from layers.source import sha256_of
from layers.terrain.tile import missing_crs, named_crs
from layers.web import disk_errors
from twin.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NODATA = -9999.0
ROWS_AT_ONCE = 1_000_000
MOST_POINTS = 100_000_000  # 10 km x 10 km at 1 m; beyond, memory ends
MOST_CELLS_PER_POINT = 50  # a grid that empty is no grid
FORMAT = 2  # goes up with every change of what is written, so that older files are not used


def convert_xyz(path: Path, cache: Path, *, member: str = "", crs: str | None = None) -> Path:
    """
    Return a GeoTIFF with the heights of a text file, made where it is not in `cache` yet.

    Parameters
    ----------
    path
        `.xyz` or `.xyz.gz`: x, y, height, separated by blanks, commas, semicolons or tabs,
        in any order of the points. Points are the centres of cells.
    member
        Name of the text inside the zip `path`.
    crs
        Counts where the file name states none.

    Raises
    ------
    SourceError
        No numbers, no regular grid, no CRS.
    """
    label = member.rpartition("/")[2] or path.name
    kind = f"-{crs.replace(':', '')}" if crs else ""
    key = f"{sha256_of(path)[:16]}-{FORMAT}{kind}-{label}"
    target = cache / f"{key}.tif"
    if target.exists():
        return target
    x, y, z = _read_points(path, member, label)
    west, north, cell, heights = grid_of(x, y, z, path=path)
    code = named_crs(label, float(x.mean()), float(y.mean())) or crs
    if code is None:
        raise missing_crs(path)
    with disk_errors(target):
        cache.mkdir(parents=True, exist_ok=True)
        stage = target.with_name(f"{target.stem}.{os.getpid()}.part.tif")
        try:
            _write(stage, heights, (west, north, cell), code)
            stage.replace(target)
        finally:
            stage.unlink(missing_ok=True)
    return target


def grid_of(
    x: NDArray[np.float64], y: NDArray[np.float64], z: NDArray[np.float32], *, path: Path
) -> tuple[float, float, float, NDArray[np.float32]]:
    """
    Return west and north edge, cell size and rows (north first) of points on a regular grid.

    Cells without a point are -9999; a point given twice counts once, the first time.

    >>> x, y, z = np.array([0., 2, 0]), np.array([0., 0, 2]), np.array([5., 6, 7], "f4")
    >>> west, north, cell, rows = grid_of(x, y, z, path=None)
    >>> west, north, cell, rows.tolist()
    (-1.0, 3.0, 2.0, [[7.0, -9999.0], [5.0, 6.0]])
    """
    cell = min(_step(x, path), _step(y, path))
    left, low = float(x.min()), float(y.min())
    column, row = np.rint((x - left) / cell), np.rint((y - low) / cell)
    off = (abs(column * cell + left - x) > cell / 20) | (abs(row * cell + low - y) > cell / 20)
    columns, rows = int(column.max()) + 1, int(row.max()) + 1
    if off.any() or columns * rows > MOST_CELLS_PER_POINT * len(x):
        raise _no_grid(path)
    heights = np.full((rows, columns), NODATA, dtype=np.float32)
    at = (rows - 1 - row.astype(int))[::-1], column.astype(int)[::-1]
    heights[at] = z[::-1]  # of equal places the last written stays: the first of the file
    return left - cell / 2, low + (rows - 0.5) * cell, cell, heights


def _step(values: NDArray[np.float64], path: Path) -> float:
    """Return the spacing of sorted coordinates: the most frequent one, to 1 mm."""
    places = np.unique(np.round(values, 3))
    if len(places) < 2:
        raise _no_grid(path)
    steps, counts = np.unique(np.round(np.diff(places), 3), return_counts=True)
    return float(steps[counts.argmax()])


def _no_grid(path: Path) -> SourceError:
    template = "The points in {path} do not lie on a regular grid."
    hint = "Use the grid of the terrain model (DGM1), not the measured points."
    return SourceError(template, hint=hint, path=path)


def _read_points(
    path: Path, member: str, label: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float32]]:
    """Return x, y and height of every line."""
    parts: list[pd.DataFrame] = []
    count = 0
    try:
        with _opened(path, member) as file:
            separator, skip = _layout(file, path)
            text = io.TextIOWrapper(file, "ascii", errors="replace")
            reader = pd.read_csv(
                text, sep=separator, header=None, usecols=[0, 1, 2], skiprows=skip,
                names=["x", "y", "z"], dtype="float64", chunksize=ROWS_AT_ONCE, engine="c",
            )  # fmt: skip
            for part in reader:
                count += len(part)
                if count > MOST_POINTS:
                    raise _too_many(path)
                parts.append(part.astype({"z": "float32"}))
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, pd.errors.ParserError) as error:
        raise _no_points(path, label, str(error)) from error
    points = pd.concat(parts).dropna(subset=["x", "y"]) if parts else pd.DataFrame()
    if points.empty:
        raise _no_points(path, label, "no lines")
    zone_first = float(points["x"].min()) > 10_000_000  # 32370000.5: the zone before the metres
    x = points["x"].to_numpy() - (points["x"].iloc[0] // 1_000_000 * 1_000_000 if zone_first else 0)
    return x, points["y"].to_numpy(), points["z"].fillna(NODATA).to_numpy("float32")


def _opened(path: Path, member: str) -> BinaryIO:
    if member:
        with zipfile.ZipFile(path) as archive:
            return io.BufferedReader(cast("io.RawIOBase", archive.open(member)))
    if path.suffix.lower() == ".gz":
        return io.BufferedReader(cast("io.RawIOBase", gzip.open(path)))
    return path.open("rb")


def _layout(file: BinaryIO, path: Path) -> tuple[str, int]:
    """Return the separator and the lines before the first number, leaving the file at its start."""
    start: bytes = file.peek(4096)[:4096]  # type: ignore[attr-defined]
    lines = start.decode("ascii", "replace").splitlines()
    for number, line in enumerate(lines[:10]):
        for separator in (";", ",", r"\s+"):
            words = line.split() if separator == r"\s+" else line.split(separator)
            if _are_numbers(words):
                return separator, number
    raise _no_points(path, path.name, lines[0][:40] if lines else "no lines")


def _are_numbers(words: list[str]) -> bool:
    try:
        return len([float(word) for word in words[:3]]) == 3
    except ValueError:
        return False


def _no_points(path: Path, label: str, reason: str) -> SourceError:
    template = "{path} holds no readable heights: {label} ({reason})."
    hint = "A line must read `x y height`; the file may be cut off, download it again."
    return SourceError(template, hint=hint, path=path, label=label, reason=reason.strip())


def _too_many(path: Path) -> SourceError:
    template = "{path} holds more than {count} points."
    hint = "Split it into tiles or turn it into a GeoTIFF with `gdal_translate`."
    return SourceError(template, hint=hint, path=path, count=f"{MOST_POINTS:,}")


def _write(
    path: Path, heights: NDArray[np.float32], place: tuple[float, float, float], crs: str
) -> None:
    west, north, cell = place
    with rasterio.open(
        path, "w", driver="GTiff", height=heights.shape[0], width=heights.shape[1], count=1,
        dtype="float32", crs=crs, transform=from_origin(west, north, cell, cell), nodata=NODATA,
        compress="deflate", predictor=3, zlevel=1, tiled=True,
    ) as file:  # fmt: skip
        file.write(heights, 1)
