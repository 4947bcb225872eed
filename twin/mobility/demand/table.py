"""The table of zones and gates that every model of demand reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from twin.classes import PURPOSES, SIZE_CLASSES
from twin.mobility.demand.jobs import SECTORS, jobs_of
from twin.mobility.demand.places import CENTRE_CLASSES, attractions, place_counts
from twin.mobility.demand.zoning import covered_share, nearest_zone

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.state import AreaChange

    Floats = NDArray[np.float64]

__all__ = ["GROUPS", "zone_table"]

GROUPS = ("employed", "pupil", "child", "other")
"""Groups of persons: in work; from 6 years on in school or training; below 6; all others."""


def zone_table(  # noqa: PLR0913, PLR0917 - one for each table it is made of
    zones: gpd.GeoDataFrame,
    stock: pd.DataFrame,
    zone_of: pd.Series[str],
    places: gpd.GeoDataFrame,
    gates: pd.DataFrame,
    given: Assumptions,
    area_changes: Sequence[AreaChange] = (),
    *,
    points: gpd.GeoSeries | None = None,
    base: pd.DataFrame | None = None,
    stops: gpd.GeoDataFrame | None = None,
) -> pd.DataFrame:
    """
    Return what the models of demand need of each zone and then of each gate.

    Columns: `residents` and by group `employed`, `pupil`, `child`, `other`; `cars`;
    `can_drive_<group>` (share with a car at hand); `jobs`, `jobs_<sector>`; `attraction_<purpose>`
    (only the relation counts); `parking_eur` a stay, `parking_search_min`; `hub_minutes` saved by a
    mobility hub; `x`, `y` [m]; `is_gate`, `weight` (capacity used of the gate's roads, veh/h),
    `outside_km` beyond it, `through` (vehicles a day that leave by it on their way through the
    town), `through_heavy` (lorries among them) and `through_kmh` (speed it expects). A gate has no
    people of its own.

    Parameters
    ----------
    zone_of
        Zone id by building, see `zone_of`; buildings of `stock` missing there count nowhere.
    gates
        See `twin.mobility.network.gates`: index gate id; x, y, weight.
    area_changes
        Parking prices, shared cars and mobility hubs; `points` of the buildings let them count by
        people, else by ground.
    base
        Stock of today, see `jobs_of`.
    stops
        Adds `rail_stops` by zone: where trips by train leave the town.
    """
    row = zones.index.get_indexer(zone_of.reindex(stock.index).to_numpy())
    known = row >= 0
    used, row = stock[known], row[known].astype(np.intp)
    jobs = jobs_of(stock, given, base=base).to_numpy()[known]
    table = _people(used, row, zones, given)
    _add(table, _jobs(used, row, jobs, len(zones)))
    counts = place_counts(places, nearest_zone(places.geometry.to_numpy(), zones), len(zones))
    parts = {str(name): table[name].to_numpy(float) for name in table}
    parts["education_area"] = _area_of(row, used, len(zones), lambda s: s["use"] == "education")
    found = attractions(counts, parts, given)
    _add(table, {f"attraction_{purpose}": found[purpose] for purpose in PURPOSES})
    _add(table, _parking(zones, counts, given))
    middle = shapely.point_on_surface(zones.geometry.to_numpy())
    table["x"], table["y"] = shapely.get_x(middle), shapely.get_y(middle)
    spots = None if points is None else points.reindex(used.index)
    weight = (row, used["residents"].to_numpy("float64", na_value=0.0) + jobs)
    for change in area_changes:
        _apply(table, change, covered_share(zones, change.area, spots, weight), given)
    for group in GROUPS:
        table[f"can_drive_{group}"] = _can_drive(table, group, given)
    if stops is not None:
        table["rail_stops"] = _rail_stops(zones, stops)
    return _with_gates(table, gates, given)


def _rail_stops(zones: gpd.GeoDataFrame, stops: gpd.GeoDataFrame) -> Floats:
    rail = stops[stops["class"].isin(["rail", "light_rail"]).to_numpy()]
    row = nearest_zone(shapely.point_on_surface(rail.geometry.to_numpy()), zones)
    return sums(row, np.ones(len(rail)), len(zones))


def _add(table: pd.DataFrame, columns: dict[str, Floats]) -> None:
    for name, values in columns.items():
        table[name] = values


def sums(row: NDArray[np.intp], values: Floats, n: int) -> Floats:
    """Return the sum of values by row (n,)."""
    return np.bincount(row, values, n).astype(np.float64)


def _area_of(
    row: NDArray[np.intp], stock: pd.DataFrame, n: int, which: Callable[[pd.DataFrame], pd.Series]
) -> Floats:
    area = stock["heated_area_m2"].to_numpy("float64", na_value=0.0)
    return sums(row, area * which(stock).to_numpy(bool), n)


def _people(
    stock: pd.DataFrame, row: NDArray[np.intp], zones: gpd.GeoDataFrame, given: Assumptions
) -> pd.DataFrame:
    """Return residents by group and their cars; the groups have the same shares in every zone."""
    n = len(zones)
    residents = stock["residents"].to_numpy("float64", na_value=0.0)
    kind = pd.Index(SIZE_CLASSES).get_indexer(pd.Index(stock["size_class"], dtype=object))
    rate = given.array("demand.cars_per_resident", SIZE_CLASSES)
    each = np.where(kind >= 0, rate[kind], given["demand.motorisation"])
    table = pd.DataFrame({"residents": sums(row, residents, n)}, index=zones.index)
    share = given.array("demand.group_share", GROUPS)
    for group, part in zip(GROUPS, share / share.sum(), strict=True):
        table[group] = table["residents"] * part
    table["cars"] = sums(row, residents * each, n)
    return table


def _jobs(stock: pd.DataFrame, row: NDArray[np.intp], jobs: Floats, n: int) -> dict[str, Floats]:
    use = stock["use"].astype(object)
    found = {
        f"jobs_{sector}": sums(row, jobs * use.isin(uses).to_numpy(), n)
        for sector, uses in SECTORS.items()
    }
    return {"jobs": sums(row, jobs, n), **found}


def _parking(
    zones: gpd.GeoDataFrame, counts: pd.DataFrame, given: Assumptions
) -> dict[str, Floats]:
    """Return price and search of today: they rise with shops and services by hectare."""
    hectares = np.maximum(shapely.area(zones.geometry.to_numpy()) / 1e4, 0.5)
    kinds = [kind for kind in CENTRE_CLASSES if kind in counts]
    density = counts[kinds].to_numpy().sum(axis=1) / hectares
    low, high = given.array("demand.centre_places_ha", ("none", "full"))
    dense = np.clip((density - low) / max(high - low, 1e-9), 0, 1)
    least, most = given["demand.parking_search_least"], given["demand.parking_search_centre"]
    return {
        "parking_eur": dense * given["demand.parking_eur_centre"],
        "parking_search_min": least + dense * max(most - least, 0.0),
        "hub_minutes": np.zeros(len(zones)),
    }


def _apply(table: pd.DataFrame, change: AreaChange, share: Floats, given: Assumptions) -> None:
    """Lay one change of an area over the zones; a later one goes on top."""
    values = change.values
    if change.kind == "parking":
        _park(table, values.get("price_eur"), values.get("supply_factor"), share)
    people = share * table["residents"].to_numpy()
    if change.kind in ("car_sharing", "mobility_hub") and people.sum() > 0:
        shared = values.get("cars", values.get("shared_cars", 0.0)) * people / people.sum()
        most = given["demand.cars_replaced_most"] * table["cars"].to_numpy() * share
        table["cars"] -= np.minimum(shared * given["demand.cars_replaced"], most)
    if change.kind == "mobility_hub":
        vehicles = values.get("shared_bikes", 0.0) + values.get("shared_cars", 0.0)
        enough = min(1.0, vehicles * given["demand.hub_users"] / max(people.sum(), 1e-9))
        saved = share * enough * given["demand.hub_minutes"]
        table["hub_minutes"] = np.maximum(table["hub_minutes"].to_numpy(), saved)


def _park(table: pd.DataFrame, price: float | None, supply: float | None, share: Floats) -> None:
    if price is not None:
        table["parking_eur"] = (1 - share) * table["parking_eur"] + share * price
    if supply is not None:
        longer = 1 / max(supply, 0.05)  # half the places: search doubles
        table["parking_search_min"] *= 1 - share + share * longer


def _can_drive(table: pd.DataFrame, group: str, given: Assumptions) -> Floats:
    """Return the share of a group with a car at hand: follows the cars of the zone."""
    people = table["residents"].to_numpy()
    cars = table["cars"].to_numpy() / np.maximum(people, 1e-9)
    relative = np.where(people > 0, cars / given["demand.motorisation"], 1.0)
    return np.clip(given[f"demand.car_available.{group}"] * relative, 0.0, 0.97)


def _with_gates(table: pd.DataFrame, gates: pd.DataFrame, given: Assumptions) -> pd.DataFrame:
    """Return zones and gates in one table."""
    outer = pd.DataFrame(0.0, index=pd.Index(gates.index, dtype=object), columns=table.columns)
    outer["x"], outer["y"] = gates["x"].to_numpy(float), gates["y"].to_numpy(float)
    outer["parking_eur"] = given["demand.outside_parking_eur"]
    both = pd.concat([table, outer]) if len(gates) else table.copy()
    both["is_gate"] = np.arange(len(both)) >= len(table)
    weight = gates["weight"].to_numpy(float) if len(gates) else np.zeros(0)
    both["weight"] = np.concatenate([np.zeros(len(table)), weight])
    of_gates = _of_gates(gates, weight, given)
    for name, values in of_gates.items():
        both[name] = np.concatenate([np.zeros(len(table)), values])
    both.index.name = "zone_id"
    return both


def _of_gates(gates: pd.DataFrame, weight: Floats, given: Assumptions) -> dict[str, Floats]:
    """Return what follows from the class of a gate's road; secondary where it is not known."""
    known = given.by_class("demand.outside_km")
    name = gates["class"].astype(object) if "class" in gates else pd.Series(None, gates.index)
    kinds = [kind if kind in known else "secondary" for kind in name]
    return {
        "outside_km": given.array("demand.outside_km", kinds),
        "through": weight * given.array("demand.through_per_weight", kinds),
        "through_heavy": given.array("demand.through_heavy", kinds),
        "through_kmh": given.array("demand.through_speed_kmh", kinds),
    }
