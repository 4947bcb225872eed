"""Weather for the tests: a year that a formula makes, and the real one beside the repository."""

import numpy as np
import pandas as pd

from layers.weather import read_weather
from layers.weather.sun import sun_at
from tests.conftest import shared

KOELN = "data/weather/DWD_TRY2015_Koeln_509319069572_Jahr.dat"
DENVER = "data/weather/ASHRAE140-2020_Denver_725650TYCST.epw"


def made_weather(*, lat=50.8, lon=7.15, seed=1):
    """Clear, broken and covered days in turn, by a simple clear sky."""
    starts = pd.date_range("2015-01-01", periods=8760, freq="h")
    elevation, azimuth = sun_at(starts, lat=lat, lon=lon, offset_h=1.0, height_m=60.0)
    up = np.maximum(np.sin(np.radians(elevation)), 0.0)
    rng = np.random.default_rng(seed)
    clear = np.repeat(rng.choice([1.0, 0.7, 0.3, 0.0], 365), 24)
    dni = np.where(up > 0.02, 950 * clear * 0.7 ** (1 / np.maximum(up, 0.05)) ** 0.678, 0.0)
    dhi = np.where(up > 0, 250 * (1.1 - clear) * up + 60 * up, 0.0)
    day = np.arange(8760) / 8760 * 2 * np.pi
    return pd.DataFrame(
        {
            "temperature_c": 10 - 9 * np.cos(day) + 4 * up,
            "ghi_wm2": dni * up + dhi,
            "dni_wm2": dni,
            "dhi_wm2": dhi,
            "wind_ms": 3.0 + rng.random(8760),
            "sun_elevation_deg": elevation,
            "sun_azimuth_deg": azimuth,
        },
        index=starts.strftime("%Y-%m-%dT%H:%M+01:00"),
    )


def real_weather(path=KOELN):
    return read_weather([shared(path)]).tables["weather"]
