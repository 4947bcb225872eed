"""The room model once more, one room and hour at a time, by solving its three balances."""

import numpy as np

from twin.energy.climate import Climate
from twin.energy.sky import sky_view
from twin.energy.zone import ORIENTATIONS, Zones


def room_year(  # noqa: PLR0915 - plain on purpose: the norm's equations one after the other
    zones: Zones, i: int, climate: Climate, given
) -> dict[str, np.ndarray]:
    """Return heat [W] and temperatures [°C] of zone i, float64, hour by hour."""
    z = {name: getattr(zones, name)[i] for name in vars(zones)}
    area, h_ms = z["surface_area_m2"], given["heat.mass_to_surface"] * z["mass_area_m2"]
    h_is, h_op = given["heat.surface_to_air"] * area, z["opaque_w_k"]
    h_em = 1 / (1 / h_op - 1 / h_ms)
    h_w, h_ve, c = z["window_w_k"], z["ventilation_w_k"], z["capacity_j_k"] / 3600
    to_mass = z["mass_area_m2"] / area
    lost = h_w / (given["heat.mass_to_surface"] * area)
    radiative = given["heat.radiative_coefficient"]
    views = np.array([sky_view(0 if o == "horizontal" else 90) for o in ORIENTATIONS])
    night = 1.0 * np.isin(np.arange(24), [22, 23, 0, 1, 2])
    night[3:6] = 5 / 6, 3 / 6, 1 / 6
    wins = climate.window_wm2 @ z["window_apertures_m2"]
    walls = climate.irradiance_wm2 @ z["opaque_apertures_m2"]
    sky_wall = radiative * (z["opaque_apertures_m2"] / given["heat.solar_absorptance"]) @ views
    sky_win = radiative * 0.04 * views[0] * h_w
    f_gain, f_sun = given["heat.convective_gains"], given["heat.convective_sun"]
    out = {name: np.zeros(8760) for name in ("heat", "air", "surface", "mass", "before")}
    mass = 18.0
    for step in range(8760 - 21 * 24, 2 * 8760):
        h = step % 8760
        t_e, sky = climate.temperature_c[h], climate.sky_k[h]
        radiant = (1 - f_gain) * z["gains_w"] + (1 - f_sun) * wins[h]
        p_air = f_gain * z["gains_w"] + f_sun * wins[h]
        p_surface = (1 - to_mass - lost) * radiant - sky_win * sky
        p_mass = to_mass * radiant + h_em / h_op * (walls[h] - sky_wall * sky)

        # unknowns: air, surface, mass after; heat is given or the air temperature is
        matrix = np.array(
            [
                [h_is + h_ve, -h_is, 0],
                [-h_is, h_is + h_w + h_ms, -h_ms / 2],
                [0, -h_ms, c + (h_ms + h_em) / 2],
            ]
        )
        right = np.array(
            [
                h_ve * t_e + p_air,
                h_w * t_e + p_surface + h_ms * mass / 2,
                (c - (h_ms + h_em) / 2) * mass + h_em * t_e + p_mass,
            ]
        )
        air, surface, after = np.linalg.solve(matrix, right)
        wanted = z["set_point_c"] - night[h % 24] * z["set_back_k"]
        heat = 0.0
        if air < wanted:  # fix the air, ask for the heat
            fixed = matrix.copy()
            fixed[:, 0] = -1, 0, 0
            heat, surface, after = np.linalg.solve(fixed, right - matrix[:, 0] * wanted)
            air = wanted
        for name, value in zip(out, (heat, air, surface, after, mass), strict=True):
            out[name][h] = value
        mass = after
    balance = out["heat"] + z["gains_w"] + wins + walls - (sky_wall + sky_win) * climate.sky_k
    balance = balance - lost * ((1 - f_gain) * z["gains_w"] + (1 - f_sun) * wins)
    # outdoors loses only its part of what falls on opaque parts: the sol-air share of H_em / H_op
    surplus = (h_em / h_op - 1) * (walls - sky_wall * climate.sky_k)
    mean = (out["mass"] + out["before"]) / 2
    losses = h_ve * (out["air"] - climate.temperature_c)
    losses = losses + h_w * (out["surface"] - climate.temperature_c)
    losses = losses + h_em * (mean - climate.temperature_c)
    out["rest"] = balance + surplus - losses - c * (out["mass"] - out["before"])
    return out
