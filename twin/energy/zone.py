"""A thermal zone as the hourly model sees it: n buildings side by side, one value each."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Values = NDArray[np.float64]

ORIENTATIONS = ("north", "east", "south", "west", "horizontal")
"""Planes on which the sun is known to the model; columns of the apertures."""


@dataclass(frozen=True, eq=False)
class Zones:
    """
    Parameters of n zones; arrays of length n, apertures (n, 5) in the order of ORIENTATIONS.

    Unheated buildings have no row. The g-value of `window_apertures_m2` is that at right angles,
    without a factor for slanting sun: `Climate.window_wm2` follows the sun hour by hour. The
    absorptance of `opaque_apertures_m2` is `heat.solar_absorptance`: the model concludes from
    them what the outside radiates to the sky, so without apertures it does not.
    """

    ids: pd.Index[str]  # building_id
    floor_area_m2: Values  # conditioned
    opaque_w_k: Values  # transmission through opaque parts, thermal bridges, ground (reduced)
    window_w_k: Values  # transmission through windows and doors
    ventilation_w_k: Values  # infiltration and use, mean of the day
    capacity_j_k: Values  # C_m, effective heat capacity
    mass_area_m2: Values  # A_m
    surface_area_m2: Values  # A_tot, all surfaces facing the zone
    window_apertures_m2: Values  # effective collecting area: area x frame x shading x g
    opaque_apertures_m2: Values  # effective collecting area of walls and roof: a x R_se x U x A
    gains_w: Values  # internal heat gains, mean of the day
    set_point_c: Values
    set_back_k: Values  # how much lower the set-point is at night

    def __len__(self) -> int:
        """Count the zones."""
        return len(self.ids)

    def take(self, rows: NDArray[np.intp]) -> Zones:
        """Return some of the zones, in the order of `rows`."""
        return Zones(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})
