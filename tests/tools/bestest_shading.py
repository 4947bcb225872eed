"""Which part of a window boards leave in the sun, by geometry, point by point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tests.tools.bestest_case import Window

POINTS = 24  # a side: 576 points a window


def sunlit(window: Window, right: np.ndarray, up: np.ndarray, out: np.ndarray) -> np.ndarray:
    """
    Return the share of a window that a direction reaches.

    A ray from each point of the window towards the sun is cut with the plane of each board: it is
    stopped where it meets the board between wall and outer edge.

    Parameters
    ----------
    right, up, out
        (n,) unit vectors towards the sun: to the right as seen from outside, upwards, outwards.
    """
    side = (np.arange(POINTS) + 0.5) / POINTS
    x, y = np.meshgrid(side * window.width_m, side * window.height_m)
    x, y = x.ravel()[None, :], y.ravel()[None, :]
    rx, ry, rz = right[:, None], up[:, None], out[:, None]
    dark = np.zeros((len(right), POINTS**2), bool)
    board = window.overhang
    if board is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            way = (window.height_m + board.gap_m - y) / ry
        meets = x + way * rx
        dark |= (ry > 0) & (way * rz <= board.depth_m) & (meets >= -board.left_m) & (
            meets <= window.width_m + board.right_m
        )  # fmt: skip
    fins = window.fins
    for sign, name in ((-1, "left"), (1, "right")):
        if fins is None or fins.sides not in ("both", name):
            continue
        place = -fins.gap_m if sign < 0 else window.width_m + fins.gap_m
        with np.errstate(divide="ignore", invalid="ignore"):
            way = (place - x) / rx
        meets = y + way * ry
        dark |= (rx * sign > 0) & (way * rz <= fins.depth_m) & (meets >= -fins.below_m) & (
            meets <= window.height_m + fins.above_m
        )  # fmt: skip
    return 1 - dark.mean(axis=1)


def sun_direction(
    elevation_deg: np.ndarray, azimuth_deg: np.ndarray, facing_deg: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the direction of the sun as `sunlit` wants it, for a vertical window."""
    elevation, turn = np.radians(elevation_deg), np.radians(azimuth_deg - facing_deg)
    # who looks at a south window from outside looks north and has the west on the left
    return -np.cos(elevation) * np.sin(turn), np.sin(elevation), np.cos(elevation) * np.cos(turn)


def diffuse_shares(window: Window) -> tuple[float, float]:
    """Return the share of an even sky, and of an even ground, that the boards leave."""
    if window.overhang is None and window.fins is None:
        return 1.0, 1.0
    # directions that carry equal light: even over the unit disk of the projected half-space
    ring, turn = np.meshgrid((np.arange(24) + 0.5) / 24, (np.arange(48) + 0.5) / 48 * 2 * np.pi)
    radius = np.sqrt(ring.ravel())
    right, up = radius * np.cos(turn.ravel()), radius * np.sin(turn.ravel())
    lit = sunlit(window, right, up, np.sqrt(1 - radius**2))
    return float(lit[up > 0].mean()), float(lit[up < 0].mean())
