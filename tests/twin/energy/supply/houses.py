"""Stocks and climates small enough to work out by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from tests.conftest import shared
from twin.classes import AGE_CLASSES, BUILDING_USES, HEAT_SYSTEMS, REFURBISHMENT, SIZE_CLASSES

CLASSES = {
    "use": BUILDING_USES,
    "size_class": SIZE_CLASSES,
    "age_class": AGE_CLASSES,
    "refurbishment": REFURBISHMENT,
    "system": HEAT_SYSTEMS,
}
HOUSE = {
    "use": "residential",
    "size_class": "detached",
    "age_class": "1969_1983",
    "heated_area_m2": 150.0,
    "dwellings": 1.0,
    "refurbishment": "existing",
    "refurbished_year": np.nan,
    "system": "gas_boiler",
    "system_year": 2010.0,
    "pv_kwp": 0.0,
    "pv_year": np.nan,
    "battery_kwh": 0.0,
}


def make_stock(count=None, **columns):
    """Return houses like HOUSE with some columns changed, as many as the longest list."""
    longest = [len(v) for v in columns.values() if not np.isscalar(v) and v is not None]
    count = count or max(longest, default=1)
    frame = pd.DataFrame(
        HOUSE | columns, index=pd.Index([f"b{i}" for i in range(count)], name="building_id")
    )
    for name, classes in CLASSES.items():
        frame[name] = pd.Categorical(frame[name], categories=classes)
    return frame


def make_heat(stock, space=15_000.0, water=2_000.0, space_el=0.0, water_el=0.0):
    columns = {
        "space_kwh": space,
        "hot_water_kwh": water,
        "space_electric_kwh": space_el,
        "hot_water_electric_kwh": water_el,
    }
    return pd.DataFrame(columns, index=stock.index, dtype="float64")


def climate_of(temperature_c):
    return SimpleNamespace(temperature_c=np.asarray(temperature_c, dtype="float64"))


def made_up_climate():
    """Return a year of a cosine between -5 °C in January and 23 °C in July, days of ±4 K."""
    hour = np.arange(8760)
    year = 9.0 - 14.0 * np.cos(2 * np.pi * (hour / 24 - 15) / 365)
    return climate_of(year - 4.0 * np.cos(2 * np.pi * (hour % 24 - 3) / 24))


def cologne():
    """Return the air temperature of the test reference year 2015 of Cologne."""
    path = shared("data/weather/DWD_TRY2015_Koeln_509319069572_Jahr.dat")
    lines = path.read_text("latin-1").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("***")) + 1
    return climate_of([float(line.split()[5]) for line in lines[start : start + 8760]])
