"""The example buildings of the typology as zones: what the models are compared on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.energy.archetypes.typology import transmission_of, typology
from twin.energy.operative import night_hours, with_air_set_points
from twin.energy.zone import ORIENTATIONS, Zones
from twin.energy.zones import AIR_WH_M3K, temperature_reduction

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]

__all__ = ["typology_zones"]

INSIDE_C = 20.0  # theta_i of all variants


def typology_zones(given: Assumptions) -> Zones:
    """
    Return the 187 variants of TABULA as zones, with its own areas and boundary conditions.

    Sun on walls and roofs is left out, as in TABULA. The mean room temperature is that of F_red,
    parted into day and night like that of any other housing (`archetypes.night_share`).
    """
    table = typology()
    area = table["reference_area_m2"].to_numpy(float)
    transmission = transmission_of(table)
    windows = _window_loss(table)
    lower = (1 - _reduction(table, transmission / area)) * (
        INSIDE_C - given["archetypes.outdoor_temperature"]
    )
    at_night = np.maximum(lower, 0) * given["archetypes.night_share"]
    leaks = table["infiltration_1_h"].to_numpy(float) + given["archetypes.air_change_use"]
    opaque_area = _opaque_area(table)
    mass = np.maximum(area * given["archetypes.mass_area"], opaque_area)
    zones = Zones(
        ids=pd.Index(table.index, dtype="str"),
        floor_area_m2=area,
        opaque_w_k=transmission - windows,
        window_w_k=windows,
        ventilation_w_k=AIR_WH_M3K * leaks * given["archetypes.room_height"] * area,
        capacity_j_k=area * given["archetypes.heat_capacity"] * 3600,
        mass_area_m2=mass,
        surface_area_m2=mass * given["archetypes.surface_area"] / given["archetypes.mass_area"],
        window_apertures_m2=_apertures(table, given),
        opaque_apertures_m2=np.zeros((len(table), len(ORIENTATIONS))),
        gains_w=area * given["archetypes.gains.residential"],
        set_point_c=INSIDE_C - lower + at_night,
        set_back_k=at_night * 24 / night_hours(given),
    )
    return with_air_set_points(zones, given)


def _reduction(table: pd.DataFrame, transmission: Floats) -> Floats:
    ends = (table[f"reduction_at_{place}"].to_numpy(float) for place in (1, 4))
    return temperature_reduction(transmission, *ends)


def _window_loss(table: pd.DataFrame) -> Floats:
    """Return the heat transfer of windows and doors with their thermal bridges [W/K]."""
    bridges = table["thermal_bridge_u"].to_numpy(float)
    elements = ("window1", "window2", "door1")
    parts = [
        table[f"{name}_m2"].to_numpy(float) * (table[f"{name}_u"].to_numpy(float) + bridges)
        for name in elements
    ]
    return np.asarray(parts[0] + parts[1] + parts[2], np.float64)


def _opaque_area(table: pd.DataFrame) -> Floats:
    names = ("roof1", "roof2", "wall1", "wall2", "wall3", "floor1", "floor2")
    return np.asarray(sum(table[f"{name}_m2"].to_numpy(float) for name in names), float)


def _apertures(table: pd.DataFrame, given: Assumptions) -> Floats:
    """Return the collecting area of the windows by plane [m²]: glass x shading x g-value."""
    shading = [
        given[f"archetypes.shading_{'horizontal' if plane == 'horizontal' else 'vertical'}"]
        for plane in ORIENTATIONS
    ]
    glass = np.column_stack([table[f"glass_{plane}_m2"].to_numpy(float) for plane in ORIENTATIONS])
    through = (1 - given["archetypes.frame_share"]) * table["g"].to_numpy(float)
    return np.asarray(glass * np.array(shading) * through[:, None], np.float64)
