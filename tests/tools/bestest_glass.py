"""Panes of a window: what they let through at each angle, and how they insulate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.energy.sky import pane_modifier

if TYPE_CHECKING:
    from tests.tools.bestest_case import Pane, Window

STEFAN_BOLTZMANN = 5.670374e-8
MEAN_K = 275.0  # mean temperature of the gap between -18 and 21 °C
CLEAR = {"panes": 1, "category": 4}


@dataclass(frozen=True)
class Glass:
    """U-value [W/(m²·K)], and transmittance and g by the cosine of incidence."""

    u: float
    cosines: np.ndarray
    transmittance: np.ndarray
    g: np.ndarray

    def at(self, cosine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return transmittance and g at angles of incidence."""
        return (np.interp(cosine, self.cosines, self.transmittance),
                np.interp(cosine, self.cosines, self.g))  # fmt: skip

    def diffuse(self) -> tuple[float, float]:
        """Return transmittance and g for even light from the half-space."""
        theta = (np.arange(900) + 0.5) * np.pi / 1800
        weight = np.sin(2 * theta) / np.sin(2 * theta).sum()
        direct, total = self.at(np.cos(theta))
        return float((direct * weight).sum()), float((total * weight).sum())


def glass_of(window: Window, *, inside: float, outside: float) -> Glass:
    """
    Return the glass of a window between two surface coefficients [W/(m²·K)].

    Panes by Fresnel's equations and Bouguer's law from their values at right angles (coated panes
    follow clear glass in proportion), light thrown between them summed up; heat absorbed in a pane
    comes inside by the share of the resistance that lies outside of it (ISO 9050, EN 410).
    """
    cosines = np.linspace(0, 1, 181)
    if not window.panes:
        return _given(window, cosines)
    gaps = [
        _gap_resistance(window, a, b)
        for a, b in zip(window.panes[:-1], window.panes[1:], strict=True)
    ]
    sheets = [pane.thickness_m / pane.conductivity_w_mk for pane in window.panes]
    u = 1 / (1 / outside + sum(sheets) + sum(gaps) + 1 / inside)
    direct, absorbed = _stack([_optics(pane, cosines) for pane in window.panes])
    g = direct.copy()
    for i, share in enumerate(absorbed):
        before = 1 / outside + sum(sheets[:i]) + sum(gaps[:i]) + sheets[i] / 2
        g += share * u * before
    return Glass(u, cosines, direct, g)


def _given(window: Window, cosines: np.ndarray) -> Glass:
    modifier = pane_modifier(cosines, panes=2, category=4)
    direct = window.transmittance if window.transmittance is not None else 0.9 * window.g
    return Glass(window.u_w_m2k, cosines, direct * modifier, window.g * modifier)


def _gap_resistance(window: Window, outer: Pane, inner: Pane) -> float:
    """Return the resistance of a still gap with radiation; EN 673 without convection."""
    if window.gap_resistance_m2k_w is not None:
        return window.gap_resistance_m2k_w
    emission = 1 / outer.emissivity_back + 1 / inner.emissivity_front - 1
    radiative = 4 * STEFAN_BOLTZMANN * MEAN_K**3 / emission
    return 1 / (radiative + window.gas_conductivity_w_mk / window.gap_m)


def _optics(pane: Pane, cosines: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return transmittance and reflectance from front and back of one pane by angle."""
    back = pane.reflectance_front if pane.reflectance_back is None else pane.reflectance_back
    if abs(back - pane.reflectance_front) < 1e-9:
        through, thrown = uncoated(pane.transmittance, pane.reflectance_front, cosines)
        return through, thrown, thrown
    through = pane.transmittance * pane_modifier(cosines, **CLEAR)
    grown = 1 - pane_modifier(cosines, **CLEAR)  # reflectance grows to 1 at grazing angles
    front = pane.reflectance_front + (1 - pane.reflectance_front) * grown
    rear = back + (1 - back) * grown
    limit = 1 - through
    return through, np.minimum(front, limit), np.minimum(rear, limit)


def uncoated(
    transmittance: float, reflectance: float, cosines: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """
    Return transmittance and reflectance of a plain sheet by angle from those at right angles.

    Refractive index and absorption follow from the two values; both polarisations.
    Source: Fresnel's equations; inversion as in Rubin et al. (1998), LBNL-41694.
    """
    beta = transmittance**2 - reflectance**2 + 2 * reflectance + 1
    at_face = (beta - np.sqrt(beta**2 - 4 * (2 - reflectance) * reflectance)) / (
        2 * (2 - reflectance)
    )
    index = (1 + np.sqrt(at_face)) / (1 - np.sqrt(at_face))
    normal = (reflectance - at_face) / (at_face * transmittance)  # internal transmittance
    cosine = np.maximum(cosines, 1e-6)
    inner = np.sqrt(1 - (1 - cosine**2) / index**2)
    kept = normal ** (1 / inner)
    through, thrown = np.zeros_like(cosine), np.zeros_like(cosine)
    for face in (
        ((cosine - index * inner) / (cosine + index * inner)) ** 2,
        ((index * cosine - inner) / (index * cosine + inner)) ** 2,
    ):
        round_trip = 1 - (face * kept) ** 2
        passed = (1 - face) ** 2 * kept / round_trip
        through += passed / 2
        thrown += face * (1 + kept * passed) / 2
    return through, thrown


def _stack(
    panes: list[tuple[np.ndarray, np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the transmittance of panes one behind the other and what each absorbs."""
    count = len(panes)
    nothing = np.zeros_like(panes[0][0])
    # reflectance and transmittance of everything behind pane i, as seen from it
    behind_thrown = [nothing] * (count + 1)
    for i in range(count - 1, -1, -1):
        through, front, back = panes[i]
        loop = 1 - back * behind_thrown[i + 1]
        behind_thrown[i] = front + through**2 * behind_thrown[i + 1] / loop
    absorbed, light = [], np.ones_like(nothing)
    for i, (through, front, back) in enumerate(panes):
        loop = 1 - back * behind_thrown[i + 1]
        returns = light * through * behind_thrown[i + 1] / loop
        absorbed.append(light * (1 - front - through) + returns * (1 - back - through))
        light = light * through / loop
    return light, absorbed
