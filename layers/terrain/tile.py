"""One file of heights: what grid it is, checked once, then read by windows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyproj
import rasterio
from rasterio.errors import RasterioError
from rasterio.windows import Window

from twin.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from rasterio.io import DatasetReader

LOWEST, HIGHEST = -500.0, 9000.0  # m; what lies outside is no height on this earth
DRIVERS = {".tif": "GTiff", ".tiff": "GTiff", ".asc": "AAIGrid", ".hgt": "SRTMHGT"}
HGT_SIZES = (2 * 1201**2, 2 * 3601**2, 2 * 1801 * 3601, 2 * 3601 * 1801)  # bytes
SCAN_ROWS = 1024
METRES_PER_DEGREE = 111_320.0  # of latitude, at the equator: enough to rank cells by size


@dataclass(frozen=True)
class Tile:
    """
    One georeferenced grid, north up.

    `name` decides where tiles overlap, so it holds no folder. `west`, `north` are outer edges and
    `cell_x`, `cell_y` the size of a cell, all in units of `crs`.
    """

    name: str
    address: str  # what GDAL opens
    driver: str
    crs: str
    west: float
    north: float
    cell_x: float
    cell_y: float
    columns: int
    rows: int

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Outer edges: west, south, east, north, in units of `crs`."""
        east = self.west + self.columns * self.cell_x
        return self.west, self.north - self.rows * self.cell_y, east, self.north

    @property
    def cell_m(self) -> float:
        """Size of the longer edge of a cell [m]."""
        scale = METRES_PER_DEGREE if pyproj.CRS(self.crs).is_geographic else 1.0
        return max(self.cell_x, self.cell_y) * scale

    def read(self, column: int, row: int, columns: int, rows: int) -> NDArray[np.float32]:
        """
        Return the heights of a window inside the tile; NaN where the file knows none.

        Values below -500 m or above 9000 m count as unknown. Raises `SourceError` where the
        file breaks off.
        """
        return usable(self.read_raw(column, row, columns, rows))

    def read_raw(self, column: int, row: int, columns: int, rows: int) -> NDArray[np.float32]:
        """Return a window as it stands in the file, NaN for its own nodata."""
        try:
            with rasterio.open(self.address, driver=self.driver) as file:
                band = file.read(1, window=Window(column, row, columns, rows), masked=True)
                scale, offset = file.scales[0], file.offsets[0]
        except (RasterioError, OSError) as error:
            raise _broken(self.name, error) from error
        values: NDArray[np.float32] = band.astype("float32").filled(np.nan)
        return values if (scale, offset) == (1.0, 0.0) else values * scale + offset


def usable(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return heights with what cannot be one made unknown."""
    return np.where((values >= LOWEST) & (values <= HIGHEST), values, np.float32(np.nan))


def open_tile(path: Path, *, member: str = "", name: str = "", crs: str | None = None) -> Tile:
    """
    Return the grid of a raster file, or of a member of a zip.

    Parameters
    ----------
    member
        Name inside the zip `path`, "" where `path` is the raster itself.
    name
        What the tile is called; the file name where left out.
    crs
        Counts where neither the file nor its name states one.

    Raises
    ------
    SourceError
        No raster, several bands, rotated, no CRS.
    """
    label = name or member.rpartition("/")[2] or path.name
    driver = DRIVERS[_ending(member or path.name)]
    address = f"/vsizip/{path.resolve()}/{member}" if member else str(path)
    try:
        with rasterio.open(address, driver=driver) as file:
            return _tile_of(file, path, label, (address, driver, crs))
    except (RasterioError, OSError) as error:
        raise _broken(str(path), error) from error


def _tile_of(file: DatasetReader, path: Path, label: str, how: tuple[str, str, str | None]) -> Tile:
    address, driver, crs = how
    grid = file.transform
    if file.count != 1:
        template = "{path} has {count} bands; a height model has one."
        hint = "It may be an aerial picture."
        raise SourceError(template, hint=hint, path=path, count=file.count)
    if grid.b or grid.d or grid.a <= 0 or grid.e >= 0:
        template = "The grid of {path} is turned."
        hint = "Lay it north up with `gdalwarp`."
        raise SourceError(template, hint=hint, path=path)
    west, north = grid.c, grid.f
    middle = (west + file.width * grid.a / 2, north + file.height * grid.e / 2)
    found = crs_text(file.crs.to_wkt()) if file.crs else None
    code = found or named_crs(label, *middle) or crs
    if code is None:
        raise missing_crs(path)
    sizes = (grid.a, -grid.e, file.width, file.height)
    return Tile(label, address, driver, code, west, north, *sizes)


def crs_text(wkt: str) -> str | None:
    """
    Return the horizontal part of a CRS as an EPSG code, else as text; None for a local one.

    >>> crs_text(pyproj.CRS("EPSG:25832+7837").to_wkt())
    'EPSG:25832'
    """
    crs = pyproj.CRS(wkt)
    parts = crs.sub_crs_list if crs.is_compound else [crs]
    flat = parts[0]
    if not (flat.is_projected or flat.is_geographic):
        return None
    code = flat.to_epsg(min_confidence=60)
    return f"EPSG:{code}" if code else str(flat.to_wkt())


TILE_NAME = re.compile(r"(?<!\d)(3[1-3])_?(\d{3})_(\d{4})(?!\d)")


def named_crs(name: str, x: float, y: float) -> str | None:
    """
    Return the CRS that a file name of a German surveying office states: `…_32_370_5631_…`.

    The kilometres in the name must be those of the coordinates (`x`, `y` inside the tile, which
    may be up to 10 km wide), or the name means something else.

    >>> named_crs("dgm1_32_370_5631_1_nw.xyz", 370_500, 5_631_500)
    'EPSG:25832'
    >>> named_crs("ndom50_32370_5631_1_nw_2025.tif", 370_500, 5_631_500)
    'EPSG:25832'
    >>> named_crs("dgm1_32_370_5631_1_nw.xyz", 7.1, 50.8)
    """
    found = TILE_NAME.search(name)
    if found is None:
        return None
    east, north = int(found[2]) * 1000, int(found[3]) * 1000
    if not (0 <= x - east <= 10_000 and 0 <= y - north <= 10_000):
        return None
    return f"EPSG:258{found[1]}"


def missing_crs(path: Path) -> SourceError:
    """Return the error for heights that could lie anywhere."""
    template = "{path} does not say in which coordinate system it lies."
    hint = (
        "Keep the official file name (…_32_370_5631_…), or turn it into a GeoTIFF with its"
        " coordinate system, e.g. `gdal_translate -a_srs EPSG:25832`."
    )
    return SourceError(template, hint=hint, path=path)


def scan(tile: Tile) -> tuple[int, int, float, float]:
    """
    Read a tile once from top to bottom.

    Returns cells with a height, cells with an impossible one, lowest and highest [m] (NaN where
    it holds none). Raises `SourceError` where the file breaks off: better now than in the middle
    of a build.
    """
    known, absurd, low, high = 0, 0, np.inf, -np.inf
    for row in range(0, tile.rows, SCAN_ROWS):
        raw = tile.read_raw(0, row, tile.columns, min(SCAN_ROWS, tile.rows - row))
        raw = raw[~np.isnan(raw)]
        good = raw[(raw >= LOWEST) & (raw <= HIGHEST)]
        known, absurd = known + len(good), absurd + len(raw) - len(good)
        if len(good):
            low, high = min(low, float(good.min())), max(high, float(good.max()))
    return (known, absurd, low, high) if known else (0, absurd, np.nan, np.nan)


def _ending(name: str) -> str:
    return "." + name.rpartition(".")[2].lower()


def _broken(path: str, error: Exception) -> SourceError:
    template = "{path} cannot be read as a grid of heights ({reason})."
    hint = "It may be cut off or another kind of file; download it again."
    reason = str(error.__cause__ or error).strip().rstrip(".")
    return SourceError(template, hint=hint, path=path, reason=reason)
