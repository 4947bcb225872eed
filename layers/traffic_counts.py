"""
Counts of traffic from tables, and the streets they were taken on.

A table (CSV) needs a column with vehicles in 24 hours (`vehicles_day`, `kfz_24h`, `dtv` ...) and
one way to find the street: `street` (its id), `lon` and `lat`, or `road` (number or name) with
`place` (a district). Optional are `direction` (`both`, which is usual, `one`, or the bearing in
degrees), `year`, `heavy_percent`, `weight`, `kind`. Forecasts and what is no number are left out
and named.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.assumption_files.text_table import column_names, numbers, read_text_table
from twin.errors import SourceError
from twin.sentences import say

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from twin.sentences import Sentence

    Floats = NDArray[np.float64]

SPELLINGS = {
    "vehicles_day": ("kfz_24h", "dtv", "dtvw", "dtv_kfz", "kfz", "vehicles", "count", "value"),
    "street": ("link_id", "street_id", "strassen_id"),
    "lon": ("longitude", "laenge", "lng"),
    "lat": ("latitude", "breite"),
    "road": ("ref", "name", "strasse", "straße", "street_name", "road_name"),
    "place": ("from", "ort", "ortsteil", "district", "stadtteil"),
    "direction": ("richtung", "bearing"),
    "year": ("jahr",),
    "heavy_percent": ("heavy_pct", "sv_anteil", "lkw_anteil", "heavy"),
    "weight": ("gewicht",),
    "kind": ("art", "type"),
}
NUMBERS = ("vehicles_day", "lon", "lat", "year", "heavy_percent", "weight")
NOT_COUNTED = re.compile(r"forecast|prognos|model|relief|entlast", re.IGNORECASE)
REACH_M = 50.0
ACROSS_M = 80.0
TURNED = -0.7  # cosine between opposite carriageways, at most


@dataclass(frozen=True, eq=False)
class PlacedCounts:
    """
    Counts on streets, one row a direction, and what could not be used and why.

    `table`: `count` (number of the line in the file, from 1), `street`, `vehicles_day`, and where
    the file has them `year`, `heavy_percent`, `weight`. A count of both directions is halved.
    """

    table: pd.DataFrame
    left_out: tuple[Sentence, ...]


def read_counts(path: Path) -> pd.DataFrame:
    """
    Return the lines of a table of counts under our column names; index is the line, from 1.

    Raises
    ------
    SourceError
        The file cannot be read, or lacks the vehicles or any way to find the street.
    """
    raw = read_text_table(path)
    raw.columns = [name.rstrip("_") for name in raw.columns]  # `from_` of road_counts.csv
    found = column_names(raw, SPELLINGS)
    where = "street" in found or {"lon", "lat"} <= set(found) or "road" in found
    if "vehicles_day" not in found or not where:
        template = "{path} is no table of counts; it has {found}."
        hint = "Give vehicles_day, and street, lon and lat, or road and place."
        columns = ", ".join(map(str, raw.columns[:12]))
        raise SourceError(template, hint=hint, path=path, found=columns)
    table = raw[list(found.values())].set_axis(list(found), axis=1)
    spelt = table["vehicles_day"]
    style = raw.attrs["style"]
    parsed = {name: numbers(table[name], otherwise=style) for name in NUMBERS if name in table}
    table = table.assign(**parsed, spelt=spelt)
    return table.set_axis(pd.RangeIndex(1, len(table) + 1, name="count"), axis=0)


def place_counts(
    counts: pd.DataFrame,
    streets: gpd.GeoDataFrame,
    *,
    districts: gpd.GeoDataFrame | None = None,
    latest_only: bool = True,
) -> PlacedCounts:
    """
    Return counts on the streets of the town.

    A point takes the nearest street for cars within 50 m, one of its road where `road` says which.
    A road alone is not enough: `place` must name a district it passes, whose longest stretch of
    that road is taken. Of several years on a street the latest stays (`latest_only`).
    """
    motor = streets[streets["allow_car"].to_numpy(bool)]
    lines, left_out = [], []
    for number, row in counts.iterrows():
        reason = _unusable(row)
        street = -1 if reason else _find(row, motor, districts)
        if street < 0:
            label = " ".join(str(row[key]) for key in ("road", "place") if key in row).strip()
            why = reason or _not_found(row)
            left_out.append(say("Line {line}, {label}: {why}", line=number, label=label, why=why))
            continue
        lines += _directions(int(str(number)), row, street, motor)
    table = pd.DataFrame(lines, columns=["count", "street", "vehicles_day"])
    for name in ("year", "heavy_percent", "weight"):
        if name in counts:
            table[name] = counts[name].reindex(table["count"]).to_numpy()
    if latest_only and "year" in table:
        newest = table.sort_values("year", kind="stable").drop_duplicates("street", keep="last")
        older = sorted(set(table["count"]) - set(newest["count"]))
        left_out += [
            say("Line {line}: a later count of the street is used", line=number) for number in older
        ]
        table = newest.sort_values(["count", "street"]).reset_index(drop=True)
    return PlacedCounts(table, tuple(left_out))


def _unusable(row: pd.Series) -> Sentence | None:
    """Return why a line is no count, none where it is one."""
    if not np.isfinite(row["vehicles_day"]):
        return say("{value} is no number", value=row["spelt"])
    if row["vehicles_day"] < 0:
        return say("{value} vehicles are fewer than none", value=row["spelt"])
    if "kind" in row and NOT_COUNTED.search(str(row["kind"])):
        return say("not counted but {kind}", kind=row["kind"])
    return None


def _not_found(row: pd.Series) -> Sentence:
    if row.get("street"):
        return say("there is no street {street} for cars", street=row["street"])
    if _has_point(row):
        return say("no street for cars within {distance} m", distance=REACH_M)
    return say("a road is found only with lon and lat, or with a district as place")


def _has_point(row: pd.Series) -> bool:
    return {"lon", "lat"} <= set(row.index) and bool(np.isfinite(row["lon"] + row["lat"]))


def _find(row: pd.Series, motor: gpd.GeoDataFrame, districts: gpd.GeoDataFrame | None) -> int:
    """Return the row of the street a count was taken on, -1 for none."""
    if row.get("street"):
        return int(motor.index.get_indexer([row["street"]])[0])
    road = _of_road(motor, str(row.get("road", "")))
    if _has_point(row):
        point = gpd.GeoSeries(gpd.points_from_xy([row["lon"]], [row["lat"]]), crs=4326)
        distance = shapely.distance(motor.geometry.to_numpy(), point.to_crs(motor.crs).iloc[0])
        for chosen, reach in ((road, 2 * REACH_M), (np.ones(len(motor), bool), REACH_M)):
            near = np.where(chosen, distance, np.inf)
            if len(near) and near.min() <= reach:
                return int(near.argmin())
        return -1
    return _in_district(row, motor, road, districts)


def _of_road(motor: gpd.GeoDataFrame, road: str) -> NDArray[np.bool_]:
    """Mark streets with this number or name; "L332 (old)" is L 332."""
    wanted = _plain(re.sub(r"\(.*?\)", "", road))
    if not wanted:
        return np.zeros(len(motor), bool)
    names = motor["name"].fillna("").astype(str).map(_plain) == wanted
    refs = (
        motor["ref"]
        .fillna("")
        .astype(str)
        .map(lambda text: wanted in {_plain(part) for part in text.split(";")})
    )
    marked: NDArray[np.bool_] = (names | refs).to_numpy(bool)
    return marked


def _plain(text: str) -> str:
    folded = text.casefold().replace("strasse", "str")  # casefold writes ss for ß
    return re.sub(r"[\s\-_.]+", "", folded)


def _in_district(
    row: pd.Series, motor: gpd.GeoDataFrame, road: NDArray[np.bool_],
    districts: gpd.GeoDataFrame | None,
) -> int:  # fmt: skip
    """Return the longest stretch of a road in the district that `place` names, -1 for none."""
    named = {_plain(part) for part in re.split("[/,;]", str(row.get("place", ""))) if part.strip()}
    if districts is None or not named or not road.any():
        return -1
    area = districts[districts["name"].map(lambda name: _plain(str(name)) in named)]
    if area.empty:
        return -1
    middle = shapely.line_interpolate_point(motor.geometry.to_numpy(), 0.5, normalized=True)
    inside = shapely.covers(area.union_all(), middle) & road
    length = np.where(inside, motor["length_m"].to_numpy(float), -1.0)
    return int(length.argmax()) if inside.any() else -1


def _directions(
    number: int, row: pd.Series, street: int, motor: gpd.GeoDataFrame
) -> list[tuple[int, str, float]]:
    """Return the streets of a count with their vehicles: both directions, or the one it names."""
    opposite = _opposite(street, motor)
    spelt = str(row.get("direction", "")).strip().casefold()
    value, chosen = float(row["vehicles_day"]), street
    bearing = pd.to_numeric(spelt.replace(",", "."), errors="coerce") if spelt else np.nan
    if np.isfinite(bearing):
        ahead = np.array([np.sin(np.radians(bearing)), np.cos(np.radians(bearing))])
        if opposite >= 0 and _heading(motor, opposite) @ ahead > _heading(motor, street) @ ahead:
            chosen = opposite
        return [(number, str(motor.index[chosen]), value)]
    if opposite < 0 or spelt in {"one", "one-way", "eine"}:
        return [(number, str(motor.index[street]), value)]
    return [(number, str(motor.index[side]), value / 2.0) for side in (street, opposite)]


def _heading(motor: gpd.GeoDataFrame, street: int) -> Floats:
    """Return the direction from the first to the last corner, length 1."""
    corners = shapely.get_coordinates(motor.geometry.iloc[street])
    way = corners[-1] - corners[0]
    unit: Floats = way / max(float(np.hypot(*way)), 1e-9)
    return unit


def _opposite(street: int, motor: gpd.GeoDataFrame) -> int:
    """Return the other direction: the street back or the carriageway beside it, -1 for none."""
    back = motor["reverse_id"].iloc[street]
    if pd.notna(back):
        return int(motor.index.get_indexer([back])[0])
    label = next(
        (motor[key].iloc[street] for key in ("ref", "name") if pd.notna(motor[key].iloc[street])),
        "",
    )
    named = [_of_road(motor, part) for part in str(label).split(";")]
    same = np.logical_or.reduce(named) & motor["reverse_id"].isna().to_numpy()
    middle = motor.geometry.iloc[street].interpolate(0.5, normalized=True)
    distance = np.where(same, shapely.distance(motor.geometry.to_numpy(), middle), np.inf)
    ahead = _heading(motor, street)
    for other in np.argsort(distance, kind="stable"):
        if distance[other] > ACROSS_M:
            break
        if _heading(motor, int(other)) @ ahead <= TURNED:
            return int(other)
    return -1
