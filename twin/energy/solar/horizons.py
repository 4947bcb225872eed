"""What stands between roofs and the sky: horizon angles and sky view out of a surface model."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numba
import numpy as np
from scipy.ndimage import maximum_filter

from twin.errors import ModelError
from twin.schema.sun import HORIZON_AZIMUTHS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.raster import Raster

    Values = NDArray[np.float64]

FINE, COARSE = 8, 32  # cells along the blocks whose highest cell is known beforehand
NOTHING = np.float32(-1e9)  # height of cells nobody knows
SPREAD = (-0.3, 0.0, 0.3)  # where on a plane one looks from, along its contour by root of area
PARTS = 64


class Eyes(NamedTuple):
    """Where one looks from, and the plane that is not looked at; arrays of one length."""

    x: Values
    y: Values
    z: Values  # height above sea [m]
    azimuth_deg: Values  # of the own plane; any where level
    tilt_deg: Values
    start_m: Values  # nearer things are the building itself


class Ground(NamedTuple):
    """A surface as the loop reads it."""

    cells: NDArray[np.float32]
    fine: NDArray[np.float32]  # highest of the 3 x 3 blocks of FINE cells around
    coarse: NDArray[np.float32]
    west: float
    north: float
    cell_m: float


def horizons(
    planes: pd.DataFrame, surface: Raster, given: Assumptions, *, bare: bool = False
) -> tuple[NDArray[np.float32], Values]:
    """
    Return the horizon of roof planes and how much of the sky's light it leaves them.

    Looked for from three points along the contour of each measured plane and averaged; from the
    middle of an estimated one, past its own building. What rises no more
    than `solar.horizon_tolerance` above the extended plane is the roof itself or flush with it;
    light from there would come from behind the modules.

    Parameters
    ----------
    planes
        Table of `roof_planes`.
    surface
        Heights above sea with buildings and trees; ideally of 1 m.
    bare
        The raster is the ground without buildings (a terrain model): hills only.

    Returns
    -------
    angles
        (n, 36) degrees above level in HORIZON_AZIMUTHS, at least 0; NaN where the raster knows
        nothing of the roof.
    sky_view
        (n,) diffuse light of an even sky that comes past the horizon, of what the plane would get
        without one.
    """
    _refuse_bad_cells(surface)
    eyes = _eyes(planes, surface, given, bare=bare)
    reach = int(given["solar.horizon_reach"] / surface.cell_m)
    tangent = look_around(eyes, _ground(surface), reach, given["solar.horizon_tolerance"])
    angles = np.degrees(np.arctan(tangent))
    view = sky_view(angles, eyes.azimuth_deg, eyes.tilt_deg)
    count = len(planes)
    known = ~np.isnan(eyes.z).reshape(len(SPREAD), count).any(axis=0)
    angles = angles.reshape(len(SPREAD), count, 36).mean(axis=0)
    view = view.reshape(len(SPREAD), count).mean(axis=0)
    angles[~known], view[~known] = np.nan, np.nan
    return angles.astype(np.float32), view


def _eyes(planes: pd.DataFrame, surface: Raster, given: Assumptions, *, bare: bool) -> Eyes:
    """Return three points on each plane, the first of all planes first."""
    x, y, azimuth, tilt, area, own, height, above = (
        planes[name].to_numpy("float64")
        for name in (
            "x", "y", "azimuth_deg", "tilt_deg", "area_m2", "own_m", "height_m", "above_m",
        )
    )  # fmt: skip
    azimuth = np.nan_to_num(azimuth)
    aside = np.array(SPREAD)[:, None] * np.where(own > 0, 0.0, np.sqrt(area))
    contour = np.radians(azimuth + 90)
    seen = surface.sample(x, y)
    from_raster = seen + above if bare else seen
    z = np.where(np.isnan(height) | np.isnan(seen), from_raster, height)
    start = np.maximum(own, given["solar.horizon_start"])
    return Eyes(
        (x + aside * np.sin(contour)).ravel(),
        (y + aside * np.cos(contour)).ravel(),
        *(np.tile(v, len(SPREAD)) for v in (z, azimuth, tilt, start)),
    )


def look_around(eyes: Eyes, ground: Ground, reach: int, tolerance_m: float) -> Values:
    """
    Return the tangent of the horizon from each eye in 36 directions, (n, 36), at least 0.

    Rays go cell by cell up to `reach` cells. Blocks whose highest cell would not rise above what
    is found already are passed over, so the answer is the same as of looking at every cell.
    Deterministic for any number of threads.
    """
    found = np.zeros((len(eyes.x), len(HORIZON_AZIMUTHS)))
    cuts = np.linspace(0, len(eyes.x), PARTS + 1).astype(int).tolist()
    limits = (reach, float(tolerance_m))
    with ThreadPoolExecutor(numba.get_num_threads()) as pool:
        jobs = [pool.submit(_look, a, b, eyes, ground, (*limits, found)) for a, b in pairwise(cuts)]
        for job in jobs:
            job.result()
    return found


@numba.njit(cache=True, nogil=True)
def _look(first: int, last: int, eyes: Eyes, ground: Ground, rest: Any) -> None:
    """Fill the lines `first` to `last` of the tangents."""
    reach, tolerance, found = rest
    for i in range(first, last):
        facing = np.radians(eyes.azimuth_deg[i])
        fall = np.tan(np.radians(eyes.tilt_deg[i])) * ground.cell_m  # of the own plane a cell
        if np.isnan(eyes.z[i]):
            continue
        begin = max(int(np.ceil(eyes.start_m[i] / ground.cell_m)), 1)
        for direction in range(36):
            turn = np.radians(direction * 10.0)
            ray = (
                (eyes.x[i] - ground.west) / ground.cell_m,
                (ground.north - eyes.y[i]) / ground.cell_m,
                eyes.z[i],
                np.sin(turn),
                -np.cos(turn),
                -fall * np.sin(facing),
                fall * np.cos(facing),
            )
            found[i, direction] = _ray(ray, ground, begin, reach, tolerance)


@numba.njit(cache=True, nogil=True)
def _ray(ray: Any, ground: Ground, begin: int, reach: int, tolerance: float) -> float:
    """
    Return the steepest tangent along one ray, to the centres of the cells it meets.

    `ray` is x, y [cells], z [m], the step in x and y, and the rise of the own plane a cell in both.
    """
    x, y, z, dx, dy, rise_x, rise_y = ray
    rows, columns = ground.cells.shape
    best = 0.0
    k = begin
    while k <= reach:
        column, row = int(np.floor(x + k * dx)), int(np.floor(y + k * dy))
        if column < 0 or row < 0 or column >= columns or row >= rows:
            break
        away = (k - 1) * ground.cell_m  # at least so far are the centres of all cells to come
        if ground.coarse[row // 32, column // 32] - z <= best * away:
            k += 32
        elif ground.fine[row // 8, column // 8] - z <= best * away:
            k += 8
        else:
            rise = ground.cells[row, column] - z
            if rise > best * away:
                east, south = column + 0.5 - x, row + 0.5 - y
                own = rise_x * east + rise_y * south
                if rise > own + tolerance:
                    best = max(best, rise / (ground.cell_m * np.sqrt(east**2 + south**2)))
            k += 1
    return best


def _ground(surface: Raster) -> Ground:
    cells = np.where(np.isnan(surface.cells), NOTHING, surface.cells).astype(np.float32)
    return Ground(
        cells, _highest(cells, FINE), _highest(cells, COARSE),
        float(surface.west), float(surface.north), float(surface.cell_m),
    )  # fmt: skip


def _highest(cells: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Return for each block the highest cell of it and its eight neighbours."""
    rows, columns = -(-cells.shape[0] // size), -(-cells.shape[1] // size)
    whole = np.full((rows * size, columns * size), NOTHING, np.float32)
    whole[: cells.shape[0], : cells.shape[1]] = cells
    blocks = whole.reshape(rows, size, columns, size).max(axis=(1, 3))
    highest: NDArray[np.float32] = maximum_filter(blocks, 3, mode="nearest")
    return highest


def sky_view(angles_deg: Values, azimuth_deg: Values, tilt_deg: Values) -> Values:
    """
    Return the light of an even sky on planes past a horizon, as a share of that without one.

    The sum over 36 directions f of the integral from the horizon h to the zenith of
    cos(incidence) cos(height): cos t cos²h / 2 + sin t cos(f - a) (pi / 4 - h / 2 - sin 2h / 4),
    where h is at least the plane's own horizon atan(-tan t cos(f - a)).

    Parameters
    ----------
    angles_deg
        (n, 36) horizon.
    azimuth_deg, tilt_deg
        (n,) a and t of the planes.
    """
    tilt = np.radians(np.asarray(tilt_deg, float))[:, None]
    facing = np.cos(np.radians(np.array(HORIZON_AZIMUTHS) - np.asarray(azimuth_deg)[:, None]))
    own = np.maximum(np.arctan(-np.tan(tilt) * facing), 0.0)

    def light(edge: Values) -> Values:
        level = np.cos(tilt) * np.cos(edge) ** 2 / 2
        aslant = np.sin(tilt) * facing * (np.pi / 4 - edge / 2 - np.sin(2 * edge) / 4)
        return np.asarray((level + aslant).sum(axis=1))

    with_horizon = light(np.maximum(np.radians(angles_deg), own))
    return np.asarray(np.clip(with_horizon / light(own), 0.0, 1.0))


def _refuse_bad_cells(surface: Raster) -> None:
    if not (surface.cell_m > 0 and surface.cells.size):
        template = "The surface model is empty."
        raise ModelError(template, hint="Give a raster of heights above sea.")
