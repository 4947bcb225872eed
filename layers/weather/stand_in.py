"""What stands in where no source of a city holds weather."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pyproj import Transformer

from layers.source import source_record
from layers.weather.reference import GERMANY, reference_weather
from twin.provenance import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from twin.provenance import Source

Tables = dict[str, "pd.DataFrame"]


def stand_in(
    tables: Mapping[str, pd.DataFrame], *, crs: str
) -> tuple[Tables, list[Finding], tuple[Source, ...]]:
    """
    Return the tables with weather, what was noticed, and the record of the year that stands in.

    Weather that a source brought stays. Without any, the synthetic reference year of the town's
    place and height is taken; it holds for Germany, elsewhere the table stays empty and the
    finding says so.
    """
    if len(tables["weather"]):
        return dict(tables), [], ()
    latitude, longitude = place_of(tables, crs=crs)
    south, west, north, east = GERMANY
    if not (south <= latitude <= north and west <= longitude <= east):
        message = "No weather file, and the synthetic reference year holds for Germany only."
        return dict(tables), [Finding("no_weather", "weather", 0, message, "warning")], ()
    year = reference_weather(latitude, longitude, height_m=height_of(tables))
    message = "No weather file: a synthetic reference year stands in."
    seen = Finding("reference_weather", "weather", len(year), message, "warning", total=len(year))
    record = source_record("reference_weather", tables=("weather",))
    return {**tables, "weather": year}, [seen], (record,)


def place_of(tables: Mapping[str, pd.DataFrame], *, crs: str) -> tuple[float, float]:
    """Return latitude and longitude of the middle of the town, the median of its buildings."""
    things = tables["buildings"] if len(tables["buildings"]) else tables["nodes"]
    bounds = things.geometry.bounds.to_numpy()
    east, north = np.nanmedian((bounds[:, :2] + bounds[:, 2:]) / 2, axis=0)
    longitude, latitude = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(
        east, north
    )
    return float(latitude), float(longitude)


def height_of(tables: Mapping[str, pd.DataFrame]) -> float:
    """Return the median ground level of the buildings [m above sea], NaN where none is known."""
    known = tables["buildings"]["ground_m"].dropna()
    return float(known.median()) if len(known) else float("nan")
