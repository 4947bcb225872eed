"""The hot loop of photovoltaics: planes times hours with light, sixteen planes side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import numba
import numpy as np

from twin.rowwise import HOURS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.energy.solar.sun import Sun

LANES = 16
CHUNKS = 16
"""Hours are done in this many parts, one thread each; fixed, so that sums never depend on it."""


class Planes(NamedTuple):
    """What the loop knows of n planes; n is a multiple of LANES, the rest is padding."""

    values: NDArray[np.float32]  # (9, n), lines: see PLANE_LINES
    horizon: NDArray[np.float32]  # (36, n) [deg]
    group: NDArray[np.int32]  # (n,), line of `Wanted.sums`; -1 for none


PLANE_LINES = (
    "east", "north", "up",  # unit normal
    "sky", "rim", "ground",  # share of even sky, horizon band, ground that the plane sees
    "sky_entry", "ground_entry",  # share of their light that enters the glass
    "kwp",  # for the sums by group
)  # fmt: skip


class Plant(NamedTuple):
    """The chain from light to alternating current, per kWp."""

    entry: np.float32  # b0 of the incidence angle modifier
    per_kelvin: np.float32
    kept: np.float32  # 1 - losses, per 1000 W/m²
    rated: np.float32  # DC power of the inverter, kW/kWp
    efficiency: np.float32  # nominal over 0.9637
    limit: np.float32  # AC power of the inverter, kW/kWp


class Wanted(NamedTuple):
    """Where the results go."""

    year: NDArray[np.float64]  # (CHUNKS, 2, n): irradiation [Wh/m²] and AC energy [Wh/kWp]
    matrix: NDArray[np.float32]  # (n or 0, 8760) [W/kWp]
    sums: NDArray[np.int32]  # (groups, 8760) [W]


@numba.njit(cache=True, nogil=True)
def ac_power(good: Any, total: Any, air: Any, heating: Any, plant: Plant) -> Any:
    """
    Return the AC power [kW/kWp] of one plane in one hour, float32.

    Cell temperature T = air + total x heating, Faiman 2008 with heating = 1 / (u0 + u1 v); DC
    power P = good / 1000 (1 + g (T - 25)) and inverter (-0.0162 z - 0.0059 / z + 0.9858) P with
    z = P / rated, PVWatts v5 (Dobos 2014).

    Parameters
    ----------
    good, total
        Irradiance that enters the glass and that falls on it [W/m²].
    air
        Air temperature over 25 °C [K].
    heating
        Of the cell per irradiance [K·m²/W].
    """
    one = np.float32(1)
    dc = good * plant.kept * (one + plant.per_kelvin * (air + total * heating))
    z = dc / plant.rated
    curve = (np.float32(-0.0162) * z + np.float32(0.9858)) * z + np.float32(-0.0059)
    ac = min(plant.efficiency * plant.rated * curve, plant.limit)
    return max(ac, np.float32(0))


@numba.njit(cache=True, nogil=True, inline="always")
def _hour(k: int, inputs: Any, v: Any, hz: Any, done: Any) -> None:
    """
    Put irradiation [W/m²] and power [W/kWp] of sixteen planes in one hour into `done`.

    Irradiance E = beam cos+ + max(isotropic sky + brightening rim, 0) + ground, beam where the sun
    stands above the horizon (linear between 36 directions). Of the beam enters the glass what
    ASHRAE 93 lets in: 1 - b0 (1 / cos - 1).
    """
    _, sector, sun, _, plant = inputs
    light, power = done
    zero, one = np.float32(0), np.float32(1)
    east, north, up, elevation, right = sun[0, k], sun[1, k], sun[2, k], sun[3, k], sun[4, k]
    beam, even, bright, ground = sun[5, k], sun[6, k], sun[7, k], sun[8, k]
    air, heating, left = sun[9, k], sun[10, k], one - sun[4, k]
    s = sector[k]
    t = s + 1 if s < 35 else 0
    for j in range(16):
        cos = max(v[0, j] * east + v[1, j] * north + v[2, j] * up, zero)
        edge = hz[s, j] * left + hz[t, j] * right
        seen = beam if elevation > edge else zero
        enters = max((one + plant.entry) * cos - plant.entry, zero)
        sky = max(even * v[3, j] + bright * v[4, j], zero)
        below = ground * v[5, j]
        total = seen * cos + sky + below
        good = seen * enters + sky * v[6, j] + below * v[7, j]
        light[j] = total
        power[j] = np.float32(1000) * ac_power(good, total, air, heating, plant)


@numba.njit(cache=True, nogil=True)
def _hand_out(start: int, first: int, inputs: Any, tile: Any, wanted: Wanted) -> None:
    """Put the power of sixteen planes in the hours from `first` on where it is wanted."""
    hour, planes = inputs[0], inputs[3]
    for j in range(16):
        if len(wanted.matrix):
            for k in range(len(tile)):
                wanted.matrix[start + j, hour[first + k]] = tile[k, j]
        group = planes.group[start + j]
        if len(wanted.sums) and group >= 0:
            kwp = planes.values[8, start + j]
            for k in range(len(tile)):
                wanted.sums[group, hour[first + k]] += np.int32(np.rint(tile[k, j] * kwp))


@numba.njit(cache=True, nogil=True)
def _hours(chunk: int, first: int, last: int, inputs: Any, wanted: Wanted) -> None:
    """Add hours `first` to `last` of all planes to what is wanted."""
    planes = inputs[3]
    v, hz = np.empty((9, 16), np.float32), np.empty((36, 16), np.float32)
    done = (np.empty(16, np.float32), np.empty(16, np.float32))
    light, power = np.empty(16, np.float32), np.empty(16, np.float32)
    hourly = len(wanted.matrix) > 0 or len(wanted.sums) > 0
    tile = np.empty((last - first if hourly else 0, 16), np.float32)
    for start in range(0, planes.values.shape[1], 16):
        v[:] = planes.values[:, start : start + 16]
        hz[:] = planes.horizon[:, start : start + 16]
        light[:] = 0
        power[:] = 0
        for k in range(first, last):
            _hour(k, inputs, v, hz, done)
            for j in range(16):
                light[j] += done[0][j]
                power[j] += done[1][j]
            if hourly:
                tile[k - first] = done[1]
        _hand_out(start, first, inputs, tile, wanted)
        wanted.year[chunk, 0, start : start + 16] = light
        wanted.year[chunk, 1, start : start + 16] = power


def run(
    sun: Sun, planes: Planes, plant: Plant, *, matrix: bool = False, groups: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.int32]]:
    """
    Return irradiation and energy of the year, and on demand the hours.

    Returns
    -------
    year
        (2, n): irradiation [Wh/m²] and AC energy [Wh/kWp].
    matrix
        (n, 8760) [W/kWp], or (0, 8760).
    sums
        (groups, 8760) [W], whole watts of each plane with its kWp: exact in any order.
    """
    n = planes.values.shape[1]
    wanted = Wanted(
        np.zeros((CHUNKS, 2, n)),
        np.zeros((n if matrix else 0, HOURS), np.float32),
        np.zeros((groups, HOURS), np.int32),
    )
    inputs = (sun.hour, sun.sector, sun.values, planes, plant)
    cuts = np.linspace(0, len(sun.hour), CHUNKS + 1).astype(int).tolist()

    def part(chunk: int) -> None:
        _hours(chunk, cuts[chunk], cuts[chunk + 1], inputs, wanted)

    with ThreadPoolExecutor(numba.get_num_threads()) as pool:
        list(pool.map(part, range(CHUNKS)))
    return wanted.year.sum(axis=0), wanted.matrix, wanted.sums
