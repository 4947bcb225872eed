"""What a house is: age, storeys, roof, dwellings and people, calibrated to the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from layers.sample_city.figures import AGE_PERIODS, TYPES, periods, whole_shares

if TYPE_CHECKING:
    import geopandas as gpd

Array = np.ndarray[Any, Any]

AGE_CLASS_STARTS = np.array([0, 1919, 1949, 1969, 1984, 2002, 2010, 2017])
STOREY_M = {"home": 2.8, "old": 3.1}
SIZE_CLASS = {
    "detached": "detached", "semi": "terraced", "terraced": "terraced",
    "multi_3_6": "apartments", "multi_7_12": "apartments", "multi_13": "large_apartments",
}  # fmt: skip
"""XWärmeplan counts semi-detached houses with the rows (its class RH, as IWU does)."""

DWELLINGS = {"multi_3_6": (3, 6), "multi_7_12": (7, 12), "multi_13": (13, 32)}
PLACE_IN_TIME = {"multi_7_12": (0.3, 0.75), "multi_13": (0.42, 0.72), "terraced": (0.2, 1.0)}
"""Slabs belong to the 1950s to 1980s, rows came after the villages (share of all houses)."""


def furnish(homes: pd.DataFrame, districts: gpd.GeoDataFrame, rng: Any) -> pd.DataFrame:
    """
    Return `homes` with year_built, age_class, storeys, roof, height, dwellings and residents.

    In every district the census periods, the types and the inhabitants come out exactly.
    """
    homes = homes.copy()
    homes["year_built"] = _years(homes, districts, rng)
    edges = np.searchsorted(AGE_CLASS_STARTS, homes["year_built"], side="right") - 1
    names = ("until_1918", "1919_1948", "1949_1968", "1969_1983", "1984_2001", "2002_2009",
             "2010_2016", "2017_2029")  # fmt: skip
    homes["age_class"] = np.array(names, object)[edges]
    homes["size_class"] = homes["type"].map(SIZE_CLASS)
    homes["storeys"] = _storeys(homes, rng)
    homes = homes.assign(**_roofs(homes, rng))
    storey = np.where(homes["year_built"] < 1919, STOREY_M["old"], STOREY_M["home"])
    plinth = rng.uniform(0.2, 0.9, len(homes))
    homes["height_m"] = homes["storeys"] * storey + plinth + homes["roof_height_m"]
    homes["census_type"], homes["dwellings"] = _dwellings(homes, districts, rng)
    homes["residents"] = _residents(homes, districts, rng)
    return homes


def _years(homes: pd.DataFrame, districts: gpd.GeoDataFrame, rng: Any) -> Array:
    """Old ground holds old houses; each period gets exactly its census count."""
    years = np.zeros(len(homes))
    spans = periods()
    estate = rng.normal(0, 0.09, int(homes["field"].max()) + 1)[homes["field"]]
    for number, own in homes.groupby("district"):
        rank = own["growth"].rank(pct=True).to_numpy()
        low, high = np.array([PLACE_IN_TIME.get(kind, (0.0, 1.0)) for kind in own["type"]], float).T
        key = low + (high - low) * rank + estate[own.index] + rng.normal(0, 0.07, len(own))
        counts = districts.iloc[number][list(AGE_PERIODS)].to_numpy(int)
        counts = whole_shares(counts.astype(float), len(own))
        period = np.repeat(np.arange(len(spans)), counts)
        order = np.argsort(key, kind="stable")
        span = spans[period]
        years[own.index[order]] = rng.integers(span[:, 0], span[:, 1] + 1)
    return years


def _storeys(homes: pd.DataFrame, rng: Any) -> Array:
    kind, year = homes["type"], homes["year_built"]
    chance = rng.random(len(homes))
    block = homes["field"].to_numpy() % 3
    flats = 2 + (chance < 0.75) + ((homes["kind"] == "closed") & (chance < 0.5))
    storeys = np.select(
        [kind == "multi_13", kind == "multi_7_12", kind == "multi_3_6", kind == "terraced"],
        [5 + block + (chance < 0.4), 3 + (chance < 0.5), flats, 2],
        default=np.where((year > 1955) & (chance < 0.38), 1, 2),
    )
    return np.asarray(storeys, float)


def _roofs(homes: pd.DataFrame, rng: Any) -> dict[str, Any]:
    """Put flat roofs on slabs and some houses of the 1960s and 70s, pitched ones elsewhere."""
    n = len(homes)
    year, kind = homes["year_built"].to_numpy(), homes["type"].to_numpy()
    estate = rng.random(int(homes["field"].max()) + 1)[homes["field"]]
    chance = rng.random(n)
    modern = (year >= 1962) & (year <= 1982) & (estate < 0.3)
    flat = (kind == "multi_13") | ((kind == "multi_7_12") & (estate < 0.5)) | modern
    loose = (homes["joined"] == 1) & ~flat
    roof = np.where(flat, "flat", "gabled").astype(object)
    roof[loose & (chance < 0.14)] = "hipped"
    roof[loose & (chance > 0.93)] = "half_hipped"
    roof[(kind == "multi_3_6") & (year < 1919) & (chance < 0.3)] = "mansard"
    pitch = np.radians(np.where(year < 1949, rng.uniform(42, 50, n), rng.uniform(30, 42, n)))
    gable_front = loose & (homes["core_m"] < 260).to_numpy() & (estate < 0.45)
    span = np.where(gable_front, homes["width"], homes["depth"])
    rise = np.where(flat, 0.3, np.tan(pitch) * np.minimum(span, 13.5) / 2)
    turn = np.where(gable_front, 90.0, 0.0)
    return {
        "roof_type": roof,
        "roof_height_m": rise,
        "roof_direction_deg": (homes["facing_deg"] + turn) % 360,
    }


def _dwellings(homes: pd.DataFrame, districts: gpd.GeoDataFrame, rng: Any) -> tuple[Array, Array]:
    """Give each house a census type; one or two dwellings exactly as counted."""
    label = np.full(len(homes), "", object)
    for (number, kind), own in homes.groupby(["district", "type"]):
        columns = list(TYPES[str(kind)])
        counts = districts.iloc[number][columns].to_numpy(float)
        counts = whole_shares(counts, len(own))
        label[own.index] = rng.permutation(np.repeat(np.array(columns), counts))
    dwellings = np.where(pd.Series(label).str.endswith("2dw"), 2, 1)
    for kind, (low, high) in DWELLINGS.items():
        which = (homes["type"] == kind).to_numpy()
        dwellings[which] = rng.integers(low, high + 1, which.sum())
    return label, dwellings.astype(float)


def _residents(homes: pd.DataFrame, districts: gpd.GeoDataFrame, rng: Any) -> Array:
    """Share the published inhabitants over the dwellings of the district."""
    people = np.zeros(len(homes))
    for number, own in homes.groupby("district"):
        per_home = np.where(own["dwellings"] > 2, 0.85, 1.15) * rng.gamma(6, 1 / 6, len(own))
        weight = own["dwellings"].to_numpy() * per_home
        people[own.index] = whole_shares(weight, int(districts.iloc[number]["residents"]))
    return people


def facing(shapes: Array) -> Array:
    """Return where the first wall looks, in degrees from north (0 to 360): the street side."""
    xy = shapely.get_coordinates(shapely.get_exterior_ring(shapes))
    first = np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(shapes))[:-1]])
    dx, dy = (xy[first + 1] - xy[first]).T
    angle: Array = (
        np.degrees(np.arctan2(dy, -dx)) % 360
    )  # the outward normal (dy, -dx) of a left turn
    return angle
