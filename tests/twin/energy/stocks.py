"""Stocks of houses for the tests of the energy state, and a check against the schema."""

from __future__ import annotations

from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import box

from tests.conftest import CRS, make_toy_city
from twin.provenance import KINDS, kind_of
from twin.schema import STOCK, TABLES
from twin.validation import conform

HOUSE = {
    "use": "residential", "size_class": "detached", "age_class": "1958", "heated_area_m2": 150.0,
    "dwellings": 1.0, "residents": 2.0, "refurbishment": "existing", "system": "gas_boiler",
    "system_year": 2010.0, "set_point_c": 20.0, "pv_kwp": 0.0, "battery_kwh": 0.0,
    "block_id": "B1", "district_id": "d1",
}  # fmt: skip


def houses(count=1, **columns):
    """Return a stock of houses like HOUSE, some of its columns changed."""
    frame = pd.DataFrame({**HOUSE, "age_class": "1949_1968", **columns}, range(count))
    frame.index = pd.Index([f"b{i:05d}" for i in range(count)], dtype="str", name="building_id")
    return conform(STOCK, frame, crs="")


def cube(stock, *, wall=60.0, roof=90.0, ground=80.0, volume=500.0):
    """Return the same envelope for every house: four equal outer walls."""
    names = [f"wall_{side}_m2" for side in ("north", "east", "south", "west")]
    values = {
        **dict.fromkeys(names, wall), "party_wall_m2": 0.0, "roof_m2": roof, "ground_m2": ground,
        "volume_m3": volume, "envelope_source": "measured:lod2",
    }  # fmt: skip
    return pd.DataFrame(values, stock.index)


def town(count=300, *, blocks=10, **columns):
    """Return a city of houses in a row; blocks get sparser with their number."""
    e, n = 370_000.0, 5_631_000.0
    number = np.arange(count)
    raw = {
        "has_parts": False, "use": "residential", "use_source": "registered:alkis",
        "size_class": "detached", "size_class_source": "registered:alkis", "height_m": 8.0,
        "height_source": "measured:lod2", "min_height_m": 0.0, "storeys": 2.0,
        "storeys_source": "registered:alkis", "roof_type": "gabled",
        "roof_type_source": "measured:lod2", "footprint_m2": 100.0, "floor_area_m2": 200.0,
        "floor_area_source": "estimated:storeys", "living_area_m2": 150.0,
        "living_area_source": "estimated:floor_area", "dwellings": 1.0,
        "dwellings_source": "estimated:floor_area", "residents": 2.0,
        "residents_source": "estimated:dwellings", "district_id": "d1",
        "block_id": [f"B{i % blocks}" for i in number], **columns,
    }  # fmt: skip
    geometry = [box(e + 20 * i, n, e + 20 * i + 10, n + 10) for i in number]
    index = [f"h{i:05d}" for i in number]
    frame = gpd.GeoDataFrame(raw, index=index, geometry=geometry, crs=CRS)
    land = gpd.GeoDataFrame(
        {"name": None, "area_m2": [10_000.0 * (i + 1) for i in range(blocks)],
         "boundary_source": "estimated:streets"},
        index=[f"B{i}" for i in range(blocks)],
        geometry=[box(e, n - 100 * (i + 1), e + 100, n - 100 * i) for i in range(blocks)],
        crs=CRS,
    )  # fmt: skip
    return _toy().replace(
        buildings=conform(TABLES["buildings"], frame, crs=CRS),
        blocks=conform(TABLES["blocks"], land, crs=CRS),
    )


@cache
def _toy():
    return make_toy_city()


def check_stock(stock):
    """Fail unless the stock follows its schema: types, ranges, nothing required missing, labels."""
    assert stock.index.is_unique
    assert stock.index.name == STOCK.key
    assert list(stock.columns) == list(STOCK.column_names)
    for column in STOCK.columns:
        values = stock[column.name]
        known = values.dropna()
        assert not (column.required and len(known) < len(values)), column.name
        if column.type == "category":
            assert tuple(values.cat.categories) == column.values
        if column.type == "number" and len(known):
            assert column.low <= known.min() <= known.max() <= column.high, column.name
        if column.source:
            labels = stock.loc[values.notna(), column.source]
            assert labels.notna().all(), column.source
            assert set(labels.map(kind_of)) <= set(KINDS), column.source
