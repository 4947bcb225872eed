"""From a case to the parameters and the hours of the twin's room model, and through the year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tests.tools.bestest_case import CaseError
from tests.tools.bestest_glass import Glass, glass_of
from tests.tools.bestest_shading import diffuse_shares, sun_direction, sunlit
from twin.energy.climate import checked_hours, make_climate, sky_of
from twin.energy.heat_demand.formula import Response, Room, response
from twin.energy.heat_demand.kernel import combined, needed
from twin.energy.sky import PlaneSun, on_plane, sky_view

if TYPE_CHECKING:
    import pandas as pd

    from tests.tools.bestest_case import Case, Drive, Layer, Surface, Window
    from twin.assumptions import Assumptions

# convection [W/(m²·K)] of roofs, walls, floors, windows: ASHRAE 140-2020, tables 5-7 and 5-9
INSIDE = {"roof": 1.8, "wall": 2.2, "floor": 2.2, "window": 2.4}
OUTSIDE = {"roof": 14.4, "wall": 11.9, "floor": 0.8, "window": 8.0}
# radiation of black surfaces, ISO 52016-1:2017, table 25: 5.13 and 4.14 at 0.9 (general knowledge)
RADIATION_INSIDE, RADIATION_OUTSIDE = 5.7, 4.6
ROOM_FACTOR = 1.2  # surfaces see not themselves: ISO 13790 has 9.1 = 2.5 + 1.2 x 5.5
AIR_J_M3K = 1.2 * 1006  # at sea level
FALL_PER_M = 1.219755e-4  # of density with altitude: ASHRAE 140
DAY = 24 * 3600.0
WARM_UP = 60 * 24  # h


@dataclass(frozen=True)
class Built:
    """A room and what acts on it hour by hour."""

    room: Room  # one; ventilation 0
    sun_w: np.ndarray  # through windows
    wall_w: np.ndarray  # what acts on opaque parts, as a gain outside
    outdoor_c: np.ndarray
    sky_k: np.ndarray
    air_changes_w_k: np.ndarray
    heating_c: np.ndarray
    cooling_c: np.ndarray
    transmitted_kwh: dict[str, float]  # directly, by window
    u: dict[str, float]


@dataclass(frozen=True)
class Run:
    """Hours of a year."""

    heating_w: np.ndarray
    cooling_w: np.ndarray
    air_c: np.ndarray
    mass_c: np.ndarray


def build(case: Case, weather: pd.DataFrame, given: Assumptions) -> Built:
    """Turn a case into a room and its hours."""
    hours = checked_hours(weather)
    climate = make_climate(weather, given.replaced({"heat.albedo": case.albedo}))
    glasses = {name: _glass(window) for name, window in case.windows.items()}
    sun = {
        name: _through(case, window, glasses[name], hours) for name, window in case.windows.items()
    }
    volume_w_k = case.volume_m3 * air_capacity(case) / 3600
    changes = _hourly(case.infiltration, 0.0) + _hourly(case.ventilation, 0.0)
    return Built(
        room=_room(case, glasses, _convective_share(case, sun)),
        sun_w=sum((total for total, _ in sun.values()), np.zeros(len(hours))),
        wall_w=_on_walls(case, glasses, hours),
        outdoor_c=climate.temperature_c,
        sky_k=climate.sky_k,
        air_changes_w_k=changes * volume_w_k,
        heating_c=_hourly(case.heating, -np.inf),
        cooling_c=_hourly(case.cooling, np.inf),
        transmitted_kwh={name: float(direct.sum()) / 1000 for name, (_, direct) in sun.items()},
        u={**{name: u_of(part, case) for name, part in case.surfaces.items()},
           **{name: glass.u for name, glass in glasses.items()}},
    )  # fmt: skip


def air_capacity(case: Case) -> float:
    """Return the heat capacity of air at the altitude of the case [J/(m³·K)]."""
    return float(AIR_J_M3K * np.exp(-FALL_PER_M * case.altitude_m))


def run(built: Built) -> Run:
    """Carry the room through the year, after the last two months as warm-up."""
    levels, which = np.unique(built.air_changes_w_k, return_inverse=True)
    answers = [_plain(response(aired(built.room, level))) for level in levels]
    count = len(built.outdoor_c)
    out = np.zeros((4, count))
    mass = 18.0
    for step in range(count - WARM_UP, 2 * count):
        h = step % count
        air_by, mass_by, air_per_w, mass_per_w = answers[which[h]]
        terms = (mass, built.outdoor_c[h], built.sun_w[h], built.wall_w[h], built.sky_k[h])
        air = combined.py_func(terms, air_by)
        heat = needed.py_func(built.heating_c[h], air, 1 / air_per_w, 0.0)
        cold = needed.py_func(air, built.cooling_c[h], 1 / air_per_w, 0.0)
        mass = combined.py_func(terms, mass_by) + (heat - cold) * mass_per_w
        out[:, h] = heat, cold, air + (heat - cold) * air_per_w, mass
    return Run(*out)


def _plain(answer: Response) -> tuple[list[float], list[float], float, float]:
    return (answer.air[:, 0].tolist(), answer.mass[:, 0].tolist(), float(answer.air_per_w[0]),
            float(answer.mass_per_w[0]))  # fmt: skip


def aired(room: Room, level: float) -> Room:
    """Return a room with an exchange of air [W/K]."""
    return Room(**{**vars(room), "ventilation_w_k": np.array([level])})


def _convective_share(case: Case, sun: dict[str, tuple[np.ndarray, np.ndarray]]) -> float:
    """Return the share of the sun that goes to the air: what warm panes give off by convection."""
    whole = sum(total.sum() for total, _ in sun.values())
    given_off = 0.0
    for name, (total, direct) in sun.items():
        convection, radiation = _inside(case.windows[name])
        given_off += (total - direct).sum() * convection / (convection + radiation)
    return float(given_off / whole) if whole > 0 else 0.0


def _room(case: Case, glasses: dict[str, Glass], convective_sun: float) -> Room:
    """Return the network of the whole room: conductances, capacity, shares of radiation."""
    areas = _inner_areas(case)
    total = sum(area for area, _, _ in areas)
    convection = sum(area * c for area, c, _ in areas) / total
    radiation = ROOM_FACTOR * sum(area * r for area, _, r in areas) / total
    to_mass = convection + radiation
    kappa = [(net_area(case, n), heat_capacity(case.constructions[s.construction]))
             for n, s in case.surfaces.items()]  # fmt: skip
    walls = sum(area * k for area, k in kappa)
    mass_area = min(walls**2 / sum(area * k**2 for area, k in kappa), total)
    capacity = walls + case.volume_m3 * air_capacity(case)  # the air stores as well
    windows = {n: w for n, w in case.windows.items() if not w.opaque}
    window_w_k = sum(w.area_m2 * glasses[n].u for n, w in windows.items())
    opaque = [(net_area(case, n) * u_of(s, case), s) for n, s in case.surfaces.items()]
    shut = {n: w for n, w in case.windows.items() if w.opaque}
    opaque_w_k = sum(uA for uA, s in opaque if s.boundary != "adiabatic")
    opaque_w_k += sum(w.area_m2 * glasses[n].u for n, w in shut.items())
    wall_sky = sum(uA * _sky_share(s) for uA, s in opaque if s.boundary == "outdoor")
    wall_sky += sum(w.area_m2 * glasses[n].u * _window_sky(w, case) for n, w in shut.items())
    window_sky = sum(w.area_m2 * glasses[n].u * _window_sky(w, case) for n, w in windows.items())
    if mass_area * to_mass < 1.05 * opaque_w_k:
        raise CaseError("The mass inside is too small for what the opaque parts let through.")
    values = {
        "opaque_w_k": opaque_w_k,
        "window_w_k": window_w_k,
        "ventilation_w_k": 0.0,
        "surface_to_air_w_k": total * convection * to_mass / radiation,
        "mass_to_surface_w_k": mass_area * to_mass,
        "capacity_j_k": capacity,
        "mass_share": mass_area / total,
        "lost_gains": window_w_k / (to_mass * total),
        "lost_sun": _lost_sun(case, glasses, total),
        "convective_gains": case.gains.convective,
        "convective_sun": convective_sun,
        "gains_w": case.gains.watts,
        "wall_sky_w_k": wall_sky,
        "window_sky_w_k": window_sky,
    }
    return Room(**{name: np.array([float(value)]) for name, value in values.items()})


def _lost_sun(case: Case, glasses: dict[str, Glass], total: float) -> float:
    """Return the share of the sun that is thrown out again: even light in a closed room."""
    clear = sum(
        w.area_m2 * glasses[n].diffuse()[0] for n, w in case.windows.items() if not w.opaque
    )
    glass = sum(w.area_m2 for w in case.windows.values() if not w.opaque)
    kept = case.inside_absorptance * (total - glass)
    return (1 - case.inside_absorptance) * clear / (kept + clear)


def _inner_areas(case: Case) -> list[tuple[float, float, float]]:
    """Return area, convection and radiation inside of every surface and window."""
    found = []
    for name, part in case.surfaces.items():
        found.append((net_area(case, name), _convection(part), _radiation(part)))
    for window in case.windows.values():
        inside = _inside(window)
        found.append((window.area_m2, inside[0], inside[1]))
    return found


def net_area(case: Case, name: str) -> float:
    """Return the area of a surface without its windows."""
    glass = sum(w.area_m2 for w in case.windows.values() if w.surface == name)
    return case.surfaces[name].area_m2 - glass


def _convection(part: Surface) -> float:
    given = part.convection_inside_w_m2k
    return INSIDE[_kind(part)] if given is None else given


def _kind(part: Surface) -> str:
    return "roof" if part.tilt_deg < 60 else "wall" if part.tilt_deg <= 120 else "floor"


def _radiation(part: Surface) -> float:
    return RADIATION_INSIDE * part.emissivity_inside


def _outside(part: Surface) -> tuple[float, float]:
    given = part.convection_outside_w_m2k
    convection = OUTSIDE[_kind(part)] if given is None else given
    return convection, RADIATION_OUTSIDE * part.emissivity_outside


def _inside(window: Window) -> tuple[float, float]:
    convection = window.convection_inside_w_m2k or INSIDE["window"]
    emissivity = window.emissivity_inside
    if emissivity is None:
        emissivity = window.panes[-1].emissivity_back if window.panes else 0.84
    return convection, RADIATION_INSIDE * emissivity


def _window_outside(window: Window) -> tuple[float, float]:
    emissivity = window.emissivity_outside
    if emissivity is None:
        emissivity = window.panes[0].emissivity_front if window.panes else 0.84
    convection = window.convection_outside_w_m2k or OUTSIDE["window"]
    return convection, RADIATION_OUTSIDE * emissivity


def _glass(window: Window) -> Glass:
    inside, outside = sum(_inside(window)), sum(_window_outside(window))
    return glass_of(window, inside=inside, outside=outside)


def u_of(part: Surface, case: Case) -> float:
    """Return the U-value of an opaque surface [W/(m²·K)]; 0 where nothing passes."""
    if part.boundary == "adiabatic":
        return 0.0
    layers = sum(layer.resistance for layer in case.constructions[part.construction])
    outside = 0.0 if part.boundary == "ground" else 1 / sum(_outside(part))
    return 1 / (outside + layers + 1 / (_convection(part) + _radiation(part)))


def _sky_share(part: Surface) -> float:
    """Return the part of the loss that a sky 1 K colder than the air brings on top."""
    convection, radiation = _outside(part)
    return float(sky_view(part.tilt_deg) * radiation / (convection + radiation))


def _window_sky(window: Window, case: Case) -> float:
    convection, radiation = _window_outside(window)
    view = sky_view(case.surfaces[window.surface].tilt_deg)
    return float(view * diffuse_shares(window)[0] * radiation / (convection + radiation))


def heat_capacity(layers: list[Layer]) -> float:
    """
    Return the areal heat capacity inside [J/(m²·K)] for the day.

    Source: ISO 13786:2007, 7.2.4 (heat transfer matrix, kappa = T / 2 pi |(Z11 - 1) / Z12|),
    without surface resistances.
    """
    whole = np.eye(2, dtype=complex)
    for layer in reversed(layers):  # from inside to outside
        whole = _matrix(layer) @ whole
    return float(DAY / (2 * np.pi) * abs((whole[0, 0] - 1) / whole[0, 1]))


def _matrix(layer: Layer) -> np.ndarray:
    stored = layer.density_kg_m3 * layer.specific_heat_j_kgk
    if layer.thickness_m is None or stored <= 0:
        return np.array([[1, -layer.resistance], [0, 1]], complex)
    depth = np.sqrt(layer.conductivity_w_mk * DAY / (np.pi * stored))
    z = (1 + 1j) * layer.thickness_m / depth
    scale = layer.conductivity_w_mk * (1 + 1j) / depth
    return np.array([[np.cosh(z), -np.sinh(z) / scale], [-scale * np.sinh(z), np.cosh(z)]])


def _through(
    case: Case, window: Window, glass: Glass, hours: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Return what comes in through a window, all and directly, hour by hour [W]."""
    if window.opaque:
        return np.zeros(len(hours)), np.zeros(len(hours))
    surface = case.surfaces[window.surface]
    sun = _sun_on(surface, hours, case)
    lit, sky, ground = np.ones(len(hours)), *diffuse_shares(window)
    if window.overhang is not None or window.fins is not None:
        elevation = hours["sun_elevation_deg"].to_numpy("float64")
        azimuth = hours["sun_azimuth_deg"].to_numpy("float64")
        up = (elevation > 0) & (sun.cos_incidence > 0)
        ray = sun_direction(elevation[up], azimuth[up], surface.azimuth_deg)
        lit[up] = sunlit(window, *ray)
    beam, around = sun.beam * lit, (sun.dome + sun.horizon) * sky + sun.ground * ground
    direct, total = glass.at(sun.cos_incidence)
    even_direct, even_total = glass.diffuse()
    area = window.area_m2 * (1 - window.frame_share)
    return (area * (beam * total + around * even_total),
            area * (beam * direct + around * even_direct))  # fmt: skip


def _sun_on(surface: Surface, hours: pd.DataFrame, case: Case) -> PlaneSun:
    return on_plane(
        sky_of(hours), tilt_deg=surface.tilt_deg, azimuth_deg=surface.azimuth_deg,
        albedo=case.albedo,
    )  # fmt: skip


def _on_walls(case: Case, glasses: dict[str, Glass], hours: pd.DataFrame) -> np.ndarray:
    """Return the gain outside [W] that sun, and ground of another temperature than air, are."""
    gain = np.zeros(len(hours))
    outdoor = hours["temperature_c"].to_numpy("float64")
    for name, part in case.surfaces.items():
        loss = u_of(part, case) * net_area(case, name)
        if part.boundary == "ground":
            gain += loss * (part.ground_c - outdoor)
        elif part.boundary == "outdoor":
            falls = _sun_on(part, hours, case).total
            gain += loss * part.absorptance / sum(_outside(part)) * falls
            for key, window in case.windows.items():
                if window.surface == name and window.opaque:
                    share = window.absorptance / sum(_window_outside(window))
                    gain += glasses[key].u * window.area_m2 * share * falls
    return gain


def _hourly(drive: Drive, off: float) -> np.ndarray:
    """Return the mean of each hour of the year; hours in which it is off at all have `off`."""
    minute = (np.arange(24 * 60) + 0.5) / 60
    value = np.full(len(minute), off if drive.value is None else drive.value)
    for span in drive.spans:
        length = (span.end - span.start) % 24 or 24.0
        since = (minute - span.start) % 24
        until = span.value if span.until is None else span.until
        value = np.where(since < length, span.value + (until - span.value) * since / length, value)
    return np.tile(value.reshape(24, 60).mean(axis=1), 365)
