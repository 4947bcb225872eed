"""Roof planes out of a footprint and a roof shape, where nobody has measured the roof."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Values = NDArray[np.float64]


class Bodies(NamedTuple):
    """
    Roofs as rectangles with the area of their footprint; arrays of one length.

    The planes face `facing_deg` and the three directions at right angles.
    """

    run_m: Values  # extent of the footprint along `facing_deg`
    width_m: Values  # across it
    facing_deg: Values  # downslope of the first plane
    rise_m: Values  # height of the roof

    def take(self, rows: NDArray[np.intp]) -> Bodies:
        """Return some of the roofs."""
        return Bodies(*(values[rows] for values in self))


class Facet(NamedTuple):
    """One plane of each of n roofs, seen from above; arrays of length n."""

    turn_deg: float  # from `facing_deg`
    plan_m2: Values
    slope: Values  # rise per run
    along_m: Values  # length of eaves and ridge together
    verges_m: Values  # run of both other edges together, in plan
    middle_m: Values  # from the middle of the footprint to that of the plane


def bodies(shapes: NDArray[Any], facing_deg: Values, rise_m: Values) -> Bodies:
    """
    Return footprints as rectangles of the same area, in the direction of the smallest around them.

    Parameters
    ----------
    shapes
        Polygons of the footprints.
    facing_deg
        Known downslope direction; NaN: the ridge runs along the longer side, and the first plane
        faces the half of the sky from east over north to west (for a roof of one plane the
        cautious guess).
    rise_m
        Height of the roof.
    """
    around = shapely.oriented_envelope(shapes)
    around = np.where(shapely.get_type_id(around) == 3, around, shapely.envelope(shapes))
    thin = shapely.get_type_id(around) != 3  # a footprint without area
    around[thin] = shapely.envelope(shapely.buffer(shapes[thin], 0.1))
    corner = shapely.get_coordinates(around).reshape(-1, 5, 2)[:, :3]
    side = np.diff(corner, axis=1)
    length = np.hypot(side[..., 0], side[..., 1])
    filled = shapely.area(shapes) / np.maximum(length[:, 0] * length[:, 1], 1e-9)
    length = length * np.sqrt(np.maximum(filled, 0))[:, None]
    course = np.degrees(np.arctan2(side[..., 0], side[..., 1])) % 180
    unknown = np.isnan(facing_deg)
    off = abs((course - np.where(unknown, 0, facing_deg)[:, None] + 90) % 180 - 90)
    first = np.where(unknown, length[:, 0] <= length[:, 1], off[:, 0] <= off[:, 1])
    rows, at = np.arange(len(side)), np.where(first, 0, 1)
    guess = course[rows, at]
    guess = np.where((guess > 90) & (guess < 270), guess + 180, guess) % 360
    facing = np.where(unknown, guess, facing_deg) % 360
    return Bodies(length[rows, at], length[rows, 1 - at], facing, np.asarray(rise_m, float))


def flat(roof: Bodies, _: Assumptions) -> list[Facet]:
    """Return the one level plane."""
    zero = np.zeros_like(roof.run_m)
    return [
        Facet(0, roof.run_m * roof.width_m, zero, 2 * roof.width_m, 2 * roof.run_m, zero)
    ]  # fmt: skip


def skillion(roof: Bodies, _: Assumptions) -> list[Facet]:
    """Return the one plane that falls over the whole run."""
    plan, slope = roof.run_m * roof.width_m, _slope(roof.rise_m, roof.run_m)
    zero = np.zeros_like(plan)
    return [Facet(0, plan, slope, 2 * roof.width_m, 2 * roof.run_m, zero)]


def gabled(roof: Bodies, _: Assumptions) -> list[Facet]:
    """Return two planes that meet in a ridge over the middle."""
    return [_side(roof, turn, roof.run_m / 2) for turn in (0, 180)]


def saltbox(roof: Bodies, _: Assumptions) -> list[Facet]:
    """Return two planes, the ridge at a third of the run."""
    return [_side(roof, 0, roof.run_m * 2 / 3), _side(roof, 180, roof.run_m / 3)]


def _side(roof: Bodies, turn: float, run: Values) -> Facet:
    plan, slope = run * roof.width_m, _slope(roof.rise_m, run)
    return Facet(turn, plan, slope, 2 * roof.width_m, 2 * run, (roof.run_m - run) / 2)


def hipped(roof: Bodies, _: Assumptions) -> list[Facet]:
    """Return four planes of one slope; the ridge runs along the longer side."""
    return _hips(roof, 1.0)


def half_hipped(roof: Bodies, _: Assumptions) -> list[Facet]:
    """Return two large planes and hips from half the height of the roof on."""
    return _hips(roof, 0.5)


def _hips(roof: Bodies, share: float) -> list[Facet]:
    """Return planes whose hips take the upper `share` of the height; all of one slope."""
    short, long = np.minimum(roof.run_m, roof.width_m), np.maximum(roof.run_m, roof.width_m)
    reach = share * short / 2  # of the hip, in plan
    hip = reach * reach  # triangle with a base of twice its reach
    main = (short * long - 2 * hip) / 2
    slope = _slope(roof.rise_m, short / 2)
    main_edges = (long + np.maximum(long - 2 * reach, 0), 2 * short / 2)
    found = []
    for turn in (0, 90, 180, 270):
        long_side = (roof.width_m >= roof.run_m) == (turn % 180 == 0)
        found.append(
            Facet(
                turn,
                np.where(long_side, main, hip),
                slope,
                np.where(long_side, main_edges[0], 2 * reach),
                np.where(long_side, main_edges[1], 2 * reach),
                np.where(long_side, short / 4, long / 2 - reach * 2 / 3),
            )
        )
    return found


def pyramidal(roof: Bodies, _: Assumptions) -> list[Facet]:
    """Return four planes that meet in a point."""
    found = []
    for turn in (0, 90, 180, 270):
        run, width = (
            (roof.run_m, roof.width_m) if turn % 180 == 0 else (roof.width_m, roof.run_m)
        )  # fmt: skip
        plan = run * width / 4
        found.append(Facet(turn, plan, _slope(roof.rise_m, run / 2), width, run, run / 3))
    return found


def mansard(roof: Bodies, given: Assumptions) -> list[Facet]:
    """Return a steep and a shallow plane on either side of the ridge."""
    half = roof.run_m / 2
    low = given["solar.mansard_break"] * roof.rise_m
    steep = np.minimum(low / np.tan(np.radians(given["solar.mansard_tilt"])), 0.4 * half)
    found = []
    for turn in (0, 180):
        for rise, run, middle in (
            (low, steep, half - steep / 2),
            (roof.rise_m - low, half - steep, (half - steep) / 2),
        ):
            slope = _slope(rise, run)
            found.append(Facet(turn, run * roof.width_m, slope, 2 * roof.width_m, 2 * run, middle))
    return found


def _slope(rise: Values, run: Values) -> Values:
    return np.asarray(rise / np.maximum(run, 1e-6))


SHAPES: dict[str, Callable[[Bodies, Assumptions], list[Facet]]] = {
    "flat": flat, "gabled": gabled, "hipped": hipped, "half_hipped": half_hipped,
    "pyramidal": pyramidal, "skillion": skillion, "mansard": mansard, "gambrel": mansard,
    "round": gabled, "dome": pyramidal, "onion": pyramidal, "saltbox": saltbox, "other": flat,
}  # fmt: skip
"""How each of `twin.classes.ROOF_TYPES` is parted into planes."""
