"""A made-up year and made-up zones, so that the heat model is tested without any file."""

import numpy as np
import pandas as pd

from twin.energy.climate import Climate, make_climate
from twin.energy.zone import Zones


def make_weather(*, warmer_k: float = 0.0, latitude: float = 51.0) -> pd.DataFrame:
    """A clear and a dull day by turns, the sun by simple geometry, winter at the year's ends."""
    hour = np.arange(8760)
    day, clock = hour // 24, hour % 24 + 0.5
    declination = np.radians(-23.45 * np.cos(2 * np.pi * (day + 10) / 365))
    angle, lat = np.radians(15 * (clock - 12)), np.radians(latitude)
    sine = np.sin(lat) * np.sin(declination) + np.cos(lat) * np.cos(declination) * np.cos(angle)
    elevation = np.arcsin(sine)
    south = np.sin(elevation) * np.sin(lat) - np.sin(declination)
    azimuth = np.arccos(np.clip(south / (np.cos(elevation) * np.cos(lat)), -1, 1))
    azimuth = 180 + np.degrees(np.where(clock < 12, -azimuth, azimuth))
    clear = np.where(day % 2 == 0, 0.7, 0.0)
    beam = np.where(elevation > 0, 900 * clear * np.maximum(sine, 0) ** 0.3, 0)
    diffuse = np.where(elevation > 0, 200 * np.maximum(sine, 0), 0)
    temperature = 10 - 10 * np.cos(2 * np.pi * (day - 15) / 365)
    temperature = temperature - 4 * np.cos(2 * np.pi * (clock - 3) / 24) + warmer_k
    starts = pd.date_range("2015-01-01", periods=8760, freq="h")
    return pd.DataFrame(
        {
            "temperature_c": temperature,
            "ghi_wm2": beam * np.maximum(sine, 0) + diffuse,
            "dni_wm2": beam,
            "dhi_wm2": diffuse,
            "longwave_wm2": 5.67e-8 * (temperature + 273.15 - 10 - 5 * clear) ** 4,
            "sun_elevation_deg": np.degrees(elevation),
            "sun_azimuth_deg": azimuth,
        },
        index=pd.Index(starts.strftime("%Y-%m-%dT%H:%M+01:00"), name="hour"),
    )


def make_year(given, **changes) -> Climate:
    return make_climate(make_weather(**changes), given)


def make_zones(count: int, seed: int = 1) -> Zones:
    """Houses between a passive house and a draughty villa."""
    draw = np.random.default_rng(seed)
    area = draw.uniform(60, 900, count)
    u = draw.uniform(0.15, 1.8, count)
    windows = draw.uniform(0.1, 0.25, count) * area
    return Zones(
        ids=pd.Index([f"b{i}" for i in range(count)], name="building_id"),
        floor_area_m2=area,
        opaque_w_k=1.6 * area * u,
        window_w_k=windows * draw.uniform(0.8, 4.5, count),
        ventilation_w_k=0.34 * 2.5 * area * draw.uniform(0.3, 0.9, count),
        capacity_j_k=area * draw.uniform(110e3, 260e3, count),
        mass_area_m2=area * draw.uniform(2.5, 3.2, count),
        surface_area_m2=area * 4.5,
        window_apertures_m2=windows[:, None] * draw.uniform(0, 0.15, (count, 5)),
        opaque_apertures_m2=(area * u)[:, None] * 0.6 * 0.04 * draw.uniform(0.1, 0.5, (count, 5)),
        gains_w=area * draw.uniform(2, 5, count),
        set_point_c=draw.uniform(18, 22, count),
        set_back_k=draw.uniform(0, 5, count),
    )
