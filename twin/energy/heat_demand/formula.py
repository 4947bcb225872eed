"""
The room as five resistances and one capacity: simple hourly method of ISO 13790, Annex C.

Nodes are the room air, the surfaces and the mass. Differences to the norm: sun and sky on opaque
parts act as a sol-air temperature outside (ISO 52016-1, 6.5.6), not as a gain inside, and part of
the transmitted sun goes to the air. Everything is linear between two switchings of the heating, so
an hour is two sums of products: the air temperature without heating, and the mass afterwards. Here
is how the coefficients follow from a room; the hour itself is `combined` and `needed` of `kernel`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

HOUR = 3600.0  # s
TERMS = ("mass", "outdoor", "sun", "wall", "sky", "constant")
"""What a temperature depends on: mass before [°C], outdoor air [°C], sun through windows [W], sun
that takes effect on opaque parts [W], air minus sky [K], and 1 for the gains that are constant."""


@dataclass(frozen=True, eq=False)
class Room:
    """Parameters of n rooms; arrays of length n."""

    opaque_w_k: Floats  # H_op
    window_w_k: Floats  # H_w
    ventilation_w_k: Floats  # H_ve
    surface_to_air_w_k: Floats  # H_is
    mass_to_surface_w_k: Floats  # H_ms
    capacity_j_k: Floats  # C_m
    mass_share: Floats  # of radiation inside: what falls on the mass, the rest on surfaces
    lost_gains: Floats  # of what falls on surfaces: share of all that panes let out again
    lost_sun: Floats
    convective_gains: Floats  # share of internal gains that goes to the air at once
    convective_sun: Floats
    gains_w: Floats
    wall_sky_w_k: Floats  # what opaque parts lose to a sky 1 K colder than the air
    window_sky_w_k: Floats


@dataclass(frozen=True, eq=False)
class Response:
    """How n rooms answer within an hour; `air` and `mass` are (6, n) in the order of TERMS."""

    air: Floats  # mean air temperature of the hour without heating [K per unit of the term]
    mass: Floats  # mass temperature at its end without heating
    air_per_w: Floats  # (n,) by what 1 W of heating raises the one [K/W]
    mass_per_w: Floats  # and the other


def outer_conductance(opaque_w_k: Floats, mass_to_surface_w_k: Floats) -> Floats:
    """Return H_em, from outdoors to the mass [W/K]: H_op less the way from mass to surface."""
    return opaque_w_k * mass_to_surface_w_k / (mass_to_surface_w_k - opaque_w_k)


def response(room: Room) -> Response:
    """
    Return the linear answer of rooms within an hour.

    With the mean mass temperature of the hour m = (before + after) / 2 the balances are

    - air:     H_is (s - a) + H_ve (e - a) + P_air + q = 0
    - surface: H_is (a - s) + H_w (e - s) + H_ms (m - s) + P_surface = 0
    - mass:    C (after - before) / 3600 = H_ms (s - m) + H_em (e + P_wall / H_op - m) + P_mass

    Source: ISO 13790:2008, C.3 (Crank-Nicolson), equations C.1 to C.11.
    """
    one = np.ones_like(room.opaque_w_k)
    radiant_gains = (1 - room.convective_gains) * room.gains_w
    radiant_sun = 1 - room.convective_sun
    shown_gains = (1 - room.mass_share - room.lost_gains) * radiant_gains
    shown_sun = (1 - room.mass_share - room.lost_sun) * radiant_sun
    nothing = np.zeros_like(one)
    # heat to each node by TERMS: mass, outdoor, sun, wall, sky, constant
    to_air = [nothing, nothing, room.convective_sun, nothing, nothing,
              room.convective_gains * room.gains_w]  # fmt: skip
    to_surface = [nothing, nothing, shown_sun, nothing, -room.window_sky_w_k,
                  shown_gains]  # fmt: skip
    to_mass = [nothing, nothing, room.mass_share * radiant_sun, nothing, nothing,
               room.mass_share * radiant_gains]  # fmt: skip
    on_wall = [nothing, nothing, nothing, one, -room.wall_sky_w_k, nothing]
    return _solved(room, np.array([to_air, to_surface, to_mass, on_wall]))


def _solved(room: Room, heat: Floats) -> Response:
    """Eliminate air and surface from the balances; `heat` is (4 nodes, 6 terms, n)."""
    to_air, to_surface, to_mass, on_wall = heat
    outer = outer_conductance(room.opaque_w_k, room.mass_to_surface_w_k)
    air_sum = room.surface_to_air_w_k + room.ventilation_w_k
    reach = room.surface_to_air_w_k / air_sum  # share of heat to the air that reaches surfaces
    direct = reach * room.ventilation_w_k + room.window_w_k  # H_tr,2
    node = direct + room.mass_to_surface_w_k
    through = room.mass_to_surface_w_k / node
    inner = through * direct  # H_tr,3
    outdoor = np.zeros_like(to_air)
    outdoor[1] = 1.0
    before = np.zeros_like(to_air)
    before[0] = 1.0
    store, half = room.capacity_j_k / HOUR, (inner + outer) / 2
    gains = through * (reach * to_air + to_surface) + to_mass + on_wall * outer / room.opaque_w_k
    mass = (before * (store - half) + outdoor * (inner + outer) + gains) / (store + half)
    mass_per_w = through * reach / (store + half)
    surface = reach * to_air + to_surface + outdoor * direct
    surface = (surface + room.mass_to_surface_w_k * (before + mass) / 2) / node
    air = reach * surface + (outdoor * room.ventilation_w_k + to_air) / air_sum
    surface_per_w = (reach + room.mass_to_surface_w_k * mass_per_w / 2) / node
    return Response(air, mass, reach * surface_per_w + 1 / air_sum, mass_per_w)
