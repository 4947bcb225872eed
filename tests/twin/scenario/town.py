"""A town of forty houses on two streets, small enough to know every answer."""

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import box

from tests.conftest import CRS, make_tables
from twin.assumptions import assumptions
from twin.city import City
from twin.scenario import Scenario, load_scenario
from twin.schema import BLOCKS, BUILDINGS, ENVELOPES, STOCK
from twin.state import State
from twin.validation import conform

E, N = 370_000.0, 5_631_000.0
IDS = [f"h{n:02d}" for n in range(40)]


def make_city() -> City:
    """Houses h00 to h19 north of the first street, h20 to h39 north of them; h39 is a shed."""
    tables = make_tables()
    n = np.arange(40)
    west, south = E + 5 + (n % 20) * 9.5, N + 10 + (n // 20) * 40
    buildings = gpd.GeoDataFrame(
        {
            "has_parts": False,
            "use": np.where(n == 39, "shed", "residential"),
            "use_source": "tagged",
            "size_class": np.where(n == 39, "non_residential", "detached"),
            "size_class_source": "estimated",
            "height_m": 6.0,
            "height_source": "tagged",
            "min_height_m": 0.0,
            "roof_type": "gabled",
            "roof_type_source": "estimated",
            "footprint_m2": 64.0 + n,
            "floor_area_m2": 128.0 + 2 * n,
            "floor_area_source": "estimated",
            "year_built": np.where(n % 4 == 0, 1900.0 + n, np.nan),
            "year_built_source": [None if k % 4 else "tagged" for k in range(40)],
            "district_id": "d1",
            "block_id": np.where(n < 20, "bl1", "bl2"),
        },
        index=IDS,
        geometry=box(west, south, west + 8, south + 8),
        crs=CRS,
    )
    tables["buildings"] = conform(BUILDINGS, buildings, crs=CRS)
    tables["envelopes"] = conform(ENVELOPES, make_envelopes(), crs=CRS)
    blocks = gpd.GeoDataFrame(
        {"area_m2": 8000.0, "boundary_source": "tagged", "district_id": "d1"},
        index=["bl1", "bl2"],
        geometry=[box(E, N + 1, E + 200, N + 40), box(E, N + 40, E + 200, N + 80)],
        crs=CRS,
    )
    tables["blocks"] = conform(BLOCKS, blocks, crs=CRS)
    tables["places"] = tables["places"].assign(building_id=["h00"])
    return City("Dorf", CRS, tables)


def make_envelopes() -> pd.DataFrame:
    walls = {f"wall_{side}_m2": 48.0 for side in ("north", "east", "south", "west")}
    data = {**walls, "party_wall_m2": 0.0, "roof_m2": 64.0, "ground_m2": 64.0, "volume_m3": 384.0}
    return pd.DataFrame({**data, "envelope_source": "estimated"}, index=pd.Index(IDS))


AGES = ("until_1918", "1949_1968", "1969_1983", "2010_2016")


def make_stock() -> pd.DataFrame:
    """Every fourth house is of one age; ten heat with oil; h39 is not heated."""
    n = np.arange(40)
    data = {
        "use": np.where(n == 39, "shed", "residential"),
        "size_class": np.where(n == 39, "non_residential", "detached"),
        "age_class": np.array(AGES)[n % 4],
        "heated_area_m2": np.where(n == 39, 0.0, 100.0 + n),
        "dwellings": np.where(n == 39, 0.0, 1.0),
        "residents": np.where(n == 39, 0.0, 2.0),
        "refurbishment": np.where(n == 38, "advanced", "existing"),
        "system": np.where(n == 39, "none", np.where(n < 10, "oil_boiler", "gas_boiler")),
        "system_year": np.where(n == 39, np.nan, 2000.0),
        "set_point_c": 20.0,
        "pv_kwp": np.where(n == 1, 5.0, 0.0),
        "battery_kwh": 0.0,
        "district_id": "d1",
        "block_id": np.where(n < 20, "bl1", "bl2"),
    }
    sources = {c.source: "estimated" for c in STOCK.columns if c.source}
    return conform(STOCK, pd.DataFrame({**data, **sources}, index=IDS), crs=CRS)


def make_state() -> State:
    city = make_city()
    return State(2025, city, make_stock(), assumptions(), baseline=city)


def scenario(*measures: dict[str, object], **more: object) -> Scenario:
    """Return a scenario of measures; their ids are m1, m2 … where they name none."""
    named = [{"id": f"m{place}", **m} for place, m in enumerate(measures, start=1)]
    return load_scenario({"format": 2, "name": "Test", "measures": named, **more})


def area(west: float, south: float, east: float, north: float) -> dict[str, object]:
    """Return a GeoJSON rectangle around a part of the town, given in metres from its origin."""
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    points = gpd.GeoSeries.from_xy(
        [E + x for x, _ in corners], [N + y for _, y in corners], crs=CRS
    ).to_crs("EPSG:4326")
    return {"type": "Polygon", "coordinates": [[[p.x, p.y] for p in points]]}
