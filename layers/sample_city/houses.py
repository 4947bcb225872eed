"""Who builds what where: estates along the streets until every district has its houses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from layers.sample_city.figures import type_counts
from layers.sample_city.lots import (
    STANDING,
    Runs,
    closed_units,
    footprints,
    units_on,
    without_overlap,
)

if TYPE_CHECKING:
    import geopandas as gpd

Array = np.ndarray[Any, Any]

ESTATE = {
    "detached": (12, 0.60), "semi": (12, 0.62), "terraced": (22, 0.62), "multi_3_6": (9, 0.26),
    "multi_7_12": (4, 0.55), "multi_13": (2, 0.60), "garages": (8, 0.55),
}  # fmt: skip
"""Houses built at a time, and where between the old centre (0) and the edge (1)."""

CLOSED_WITHIN_M = {"Troisdorf-Mitte": 430.0, "Spich": 230.0, "Sieglar": 200.0, "Oberlar": 170.0}
"""Around these centres houses stand wall to wall along the pavement."""

FRESH_PASSES, PASSES = 5, 14


def build_homes(
    districts: gpd.GeoDataFrame, runs: Runs, frontage: pd.DataFrame, land: Array, rng: Any
) -> tuple[pd.DataFrame, Array]:
    """
    Place exactly the houses of the figures, oldest ground first.

    `frontage` has a row per run: district, growth, core_m, street (has one), taken. Returns units
    (kind, district, run, growth, closed, ...) and footprints. Garages in rows come with them.
    """
    need = type_counts(districts).reset_index(drop=True)
    need["garages"] = ((need["terraced"] + 2 * need["multi_3_6"]) * 0.22).astype(int)
    usable = frontage["street"] & ~frontage["taken"] & (runs.length > 13)
    untouched = usable.copy()
    done: list[pd.DataFrame] = []
    shapes = np.array([], object)
    for number in range(PASSES):
        free, stretch = frontage[untouched], 1.0
        if number >= FRESH_PASSES:  # fill the gaps that corners and odd angles left
            free, stretch = frontage[usable].assign(growth=rng.random(usable.sum())), 8.0
        choice = _share_out(need, free, runs, rng, stretch=stretch)
        units, new = _place(choice, frontage, runs, (land, shapes), rng)
        if len(units):
            chosen = _wanted(units, need)
            done.append(units[chosen])
            shapes = np.concatenate([shapes, new[chosen]])
            built = pd.crosstab(done[-1]["district"], done[-1]["type"])
            need = need - built.reindex(index=need.index, columns=need.columns, fill_value=0)
        untouched &= ~frontage.index.isin(choice.index)
        if not need.to_numpy().any():
            break
    return pd.concat(done, ignore_index=True), shapes


def _place(
    choice: pd.Series[Any],
    frontage: pd.DataFrame,
    runs: Runs,
    around: tuple[Array, Array],
    rng: Any,
) -> tuple[pd.DataFrame, Array]:
    """Line up houses on the chosen runs and keep those with room; `around`: land, other houses."""
    land, placed = around
    units = _line_up(choice, frontage, runs, rng)
    if units.empty:
        return units, np.array([], object)
    shapes = footprints(runs, units, rng)
    fits = _inside(shapes, land[runs.land[units["run"]]])
    units, shapes = units[fits].reset_index(drop=True), shapes[fits]
    keep = without_overlap(shapes, units["growth"].to_numpy(), placed)
    return units[keep].reset_index(drop=True), shapes[keep]


def _wanted(units: pd.DataFrame, need: pd.DataFrame) -> Array:
    """Tell which units are still needed, those on the oldest ground first."""
    order = units.sort_values("growth").groupby(["district", "type"]).cumcount().sort_index()
    left = need.to_numpy()[
        units["district"].to_numpy(), need.columns.get_indexer(pd.Index(units["type"]))
    ]
    wanted: Array = order.to_numpy() < left
    return wanted


def _share_out(
    need: pd.DataFrame, free: pd.DataFrame, runs: Runs, rng: Any, *, stretch: float = 1.0
) -> pd.Series[Any]:
    """Give each free run a type: estates in order of growth laid along the frontage."""
    parts = []
    for district, group in free.groupby("district"):
        estates = _estates(need.iloc[int(str(district))], rng)
        if estates.empty:
            continue
        own = group.sort_values("growth", kind="stable")
        length = np.maximum(runs.length[own.index] - 9.0, 4.0)
        middle = np.cumsum(length) - length / 2
        ends = estates["length"].cumsum().to_numpy() * stretch
        slot = np.searchsorted(ends, middle)
        hit = slot < len(ends)
        parts.append(
            pd.Series(estates["type"].to_numpy()[slot[hit]], index=own.index[hit], dtype=object)
        )
    return pd.concat(parts) if parts else pd.Series(dtype=object)


def _estates(need: pd.Series[Any], rng: Any) -> pd.DataFrame:
    """Split what a district needs into estates, ordered from the centre to the edge."""
    rows = []
    for kind, count in need.items():
        size, place = ESTATE[str(kind)]
        number = int(np.ceil(count / size)) if count > 0 else 0
        share = np.full(number, count / max(number, 1))
        key = place + rng.normal(0, 0.27, number)
        frontage = STANDING[str(kind)].frontage_m
        rows.append(pd.DataFrame({"type": kind, "key": key, "length": share * frontage * 1.05}))
    return pd.concat(rows).sort_values("key", kind="stable")


def _line_up(choice: pd.Series[Any], frontage: pd.DataFrame, runs: Runs, rng: Any) -> pd.DataFrame:
    """Line up the units of every run; blocks of flats in old centres stand closed."""
    chosen = frontage.loc[choice.index]
    closed = (choice == "multi_3_6") & (chosen["core_m"] < chosen["closed_m"])
    standing = choice.mask(closed, "closed")
    kinds = [kind for kind in STANDING if kind != "closed" and (standing == kind).any()]
    parts = [units_on(runs, standing.index[standing == k].to_numpy(), k, rng) for k in kinds]
    if closed.any():
        parts.append(closed_units(runs, standing.index[closed].to_numpy(), rng))
    units = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if units.empty:
        return units
    units["type"] = units["kind"].replace({"closed": "multi_3_6"})
    own = frontage.loc[units["run"]]
    for column in ("district", "growth", "core_m", "field", "piece"):
        units[column] = own[column].to_numpy()
    old = (units["core_m"] < 190) & (units["type"].isin(["detached", "multi_3_6"]))
    old &= units["kind"] != "closed"
    units.loc[old, "setback"] *= 0.25
    return units


def _inside(shapes: Array, ground: Array) -> Array:
    """Tell which shapes lie wholly on their own plot ground."""
    shapely.prepare(ground)
    result: Array = shapely.covers(ground, shapely.buffer(shapes, -0.02, join_style="mitre"))
    return result & shapely.is_valid(shapes)


def build_halls(
    runs: Runs, frontage: pd.DataFrame, land: Array, rng: Any
) -> tuple[pd.DataFrame, Array]:
    """Fill the industrial areas with halls along their streets."""
    parts = [
        units_on(runs, frontage.index[frontage["kind"] == kind].to_numpy(), kind, rng)
        for kind in ("industry_medium", "industry_large")
    ]
    units = pd.concat(parts, ignore_index=True)
    if units.empty:
        return units.assign(
            type="", district=0, growth=0.0, core_m=0.0, field=0, piece=0
        ), np.array([], object)
    units["type"] = units["kind"]
    for column in ("district", "growth", "core_m", "field", "piece"):
        units[column] = frontage.loc[units["run"], column].to_numpy()
    shapes = footprints(runs, units, rng)
    fits = _inside(shapes, land[runs.land[units["run"]]])
    units, shapes = units[fits].reset_index(drop=True), shapes[fits]
    keep = without_overlap(shapes, rng.random(len(shapes)), np.array([], object))
    return units[keep].reset_index(drop=True), shapes[keep]


def build_annexes(
    homes: pd.DataFrame, runs: Runs, taken: Array, land: Array, rng: Any
) -> tuple[pd.DataFrame, Array]:
    """Put garages beside houses and sheds and barns behind them, where there is room."""
    alone = homes["type"].isin(["detached", "semi"]).to_numpy() & (rng.random(len(homes)) < 0.78)
    garden = homes["type"].isin(["detached", "semi", "terraced"]) & (rng.random(len(homes)) < 0.42)
    barn = (homes["type"] == "detached") & (homes["core_m"] < 260)
    barn &= rng.random(len(homes)) < 0.55
    parts = [
        _annex(homes, runs, np.flatnonzero(alone), "garage", rng),
        _annex(homes, runs, np.flatnonzero(barn), "barn", rng),
        _annex(homes, runs, np.flatnonzero(garden & ~barn), "shed", rng),
    ]
    units = pd.concat([p[0] for p in parts], ignore_index=True)
    shapes = np.concatenate([p[1] for p in parts])
    fits = _inside(shapes, land[runs.land[units["run"]]])
    units, shapes = units[fits].reset_index(drop=True), shapes[fits]
    rank = units["type"].map({"garage": 0, "barn": 1, "shed": 2}).to_numpy()
    keep = without_overlap(shapes, rank + rng.random(len(shapes)), taken)
    return units[keep].reset_index(drop=True), shapes[keep]


def _annex(
    homes: pd.DataFrame, runs: Runs, who: Array, kind: str, rng: Any
) -> tuple[pd.DataFrame, Array]:
    """Rectangles in the frame of each house: `x` along the street, `y` into the plot."""
    home = homes.iloc[who]
    n = len(home)
    s, width = home["s"].to_numpy(), home["width"].to_numpy()
    a, b = runs.place(s), runs.place(s + width)
    along = (b - a) / np.maximum(np.hypot(*(b - a).T), 1e-9)[:, None]
    inward = np.column_stack([-along[:, 1], along[:, 0]])
    front, depth = home["setback"].to_numpy(), home["depth"].to_numpy()
    side = np.where((home["joined"] == 2) & (home["unit"] == 0), -1.0, 1.0)
    if kind == "garage":
        w, d = rng.uniform(2.9, 3.3, n), rng.uniform(5.6, 7.5, n)
        w = np.where(rng.random(n) < 0.1, w * 1.8, w)  # for two cars
        x = side * (width / 2 * np.where(home["joined"] == 1, 1.12, 1.0) + w / 2 + 0.15)
        y = front + rng.uniform(0.5, 1.0, n) * depth * 0.6 + d / 2
    elif kind == "barn":
        w, d = rng.uniform(8, 14, n), rng.uniform(7, 10, n)
        x, y = rng.uniform(-2, 2, n), front + depth + rng.uniform(5, 11, n) + d / 2
    else:
        w, d = rng.uniform(2.2, 4.2, n), rng.uniform(2.0, 3.2, n)
        x, y = rng.uniform(-0.4, 0.4, n) * width, front + depth + rng.uniform(6, 17, n)
    centre = (a + b) / 2 + along * x[:, None] + inward * y[:, None]
    du, dv = along * (w / 2)[:, None], inward * (d / 2)[:, None]
    ring = np.stack([centre - du - dv, centre + du - dv, centre + du + dv, centre - du + dv], 1)
    units = home.assign(type=kind, kind=kind, width=w, depth=d, joined=1, setback=y - d / 2)
    return units.reset_index(drop=True), np.asarray(shapely.polygons(ring))
