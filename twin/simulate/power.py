"""Stages of electricity: loads by Baublock, sun on roofs, what a building uses of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.energy.electricity import (
    LoadProfiles,
    appliance_parts,
    electricity_hours,
    load_profiles,
    profiles_of_parts,
)
from twin.energy.electricity.transformers import (
    ASSUMED,
    area_hours,
    transformer_areas,
    transformer_peaks,
)
from twin.energy.heat_demand import parameters, room_heat
from twin.energy.solar import allocate, dispatch, potential, pv_hours, roof_planes
from twin.energy.supply import HeatSeries, hot_water_series, space_series
from twin.rowwise import HOURS, Inputs, Kernel, Rows, run_rows
from twin.simulate.kernels import add_plants, own_loads
from twin.simulate.parts import codes_of
from twin.simulate.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.city import City
    from twin.energy.climate import Climate
    from twin.energy.zone import Zones
    from twin.simulate.traffic import CarLoad

    Floats = NDArray[np.float64]
    Power = NDArray[np.float32]
    Watts = NDArray[np.int32]

AT_ONCE = 512
"""Buildings whose hours are held in memory at the same time: 8760 x 4 bytes x 3 each."""


def _appliances(shell: pd.DataFrame, given: Assumptions) -> pd.DataFrame:
    return appliance_parts(shell, given)


def _profiles(hot_water_shape: Floats, series: HeatSeries, given: Assumptions) -> LoadProfiles:
    """Return the profiles of appliances, then one for the hot water of each kind of generator."""
    usual = load_profiles()
    shapes = series.values.astype(float) * hot_water_shape
    totals = shapes.sum(axis=1, keepdims=True)
    shapes = np.divide(shapes, totals, out=np.zeros_like(shapes), where=totals > 0)
    names = (*usual.names, *(f"hot_water:{name}" for name in series.names))
    return LoadProfiles(names, np.vstack([usual.values, shapes]))


@dataclass(frozen=True, eq=False)
class Loads:
    """Yearly electricity by building and what it is for, and the profile each follows."""

    kwh: Floats  # (n, 3): households, other, hot water
    profile: Watts  # (n, 3) row of the profiles
    profiles: LoadProfiles


def _loads(
    appliances: pd.DataFrame,
    profiles: LoadProfiles,
    series: HeatSeries,
    heat_table: pd.DataFrame,
    systems: pd.DataFrame,
    given: Assumptions,
) -> Loads:
    water = heat_table["hot_water_electric_kwh"].to_numpy()
    first = len(profiles.names) - len(series.names)
    own = profiles_of_parts(systems)
    of_water = hot_water_series(systems, given) + first
    return Loads(
        np.column_stack([appliances.to_numpy(float), water]),
        np.column_stack([own, of_water]).astype(np.int32),
        profiles,
    )


@dataclass(frozen=True, eq=False)
class BlockLoad:
    """Electricity by Baublock and hour [W]; the last group is for buildings in none."""

    lines: Mapping[int, Watts]
    loads: Loads  # what it was made of
    pumps: Mapping[int, Watts]
    groups: Watts
    ids: pd.Index[str]


def _block_load(
    loads: Loads,
    heat: Rows,
    systems: pd.DataFrame,
    block_city: City,
    given: Assumptions,
    before: BlockLoad | None,
) -> BlockLoad:
    """Return electricity by Baublock and hour; Baublöcke that are as before keep their hours."""
    known = block_city.blocks.index
    count = len(known) + 1
    groups = codes_of(systems["block_id"], known)
    pumps = {g - count: line for g, line in heat.sums.items() if count <= g < 2 * count}
    past = before if before is not None and _same_rows(before, loads, systems.index) else None
    changed = np.ones(count, bool) if past is None else _changed(past, loads, groups, pumps)
    place = np.cumsum(changed) - 1
    here = changed[groups]
    power = electricity_hours(
        loads.kwh[here], loads.profile[here], loads.profiles,
        place[groups[here]].astype(np.int32), count=int(changed.sum()),
    )  # fmt: skip
    lines = {} if past is None else dict(past.lines)
    for group in np.flatnonzero(changed).tolist():
        lines[group] = power[place[group]] + pumps.get(group, np.int32(0))
    return BlockLoad(lines, loads, pumps, groups, systems.index)


def _same_rows(before: BlockLoad, loads: Loads, ids: pd.Index[str]) -> bool:
    return before.loads.profiles is loads.profiles and before.ids.equals(ids)


def _changed(
    past: BlockLoad, loads: Loads, groups: Watts, pumps: Mapping[int, Watts]
) -> NDArray[np.bool_]:
    """Tell which Baublöcke have other buildings, loads or heat pumps than before."""
    count = len(past.lines)
    rows = (loads.kwh != past.loads.kwh).any(axis=1) | (groups != past.groups)
    rows |= (loads.profile != past.loads.profile).any(axis=1)
    changed = np.zeros(count, bool)
    changed[groups[rows]] = True
    changed[past.groups[rows]] = True
    for group in {*pumps, *past.pumps}:
        changed[group] |= pumps.get(group) is not past.pumps.get(group)
    return changed


def stacked(sums: Mapping[int, Watts], first: int, count: int) -> Watts:
    """Return `count` hourly sums from number `first` on, zeros where there is none."""
    table = np.zeros((count, HOURS), np.int32)
    for group, line in sums.items():
        if first <= group < first + count:
            table[group - first] = line
    return table


@dataclass(frozen=True, eq=False)
class Roofs:
    """Roof planes of the city and what each could carry."""

    city: City
    planes: pd.DataFrame
    potential: pd.DataFrame


def _roofs(roof_city: City, given: Assumptions) -> Roofs:
    planes = roof_planes(roof_city, given)
    found = potential(planes, roof_city.weather, _horizons(roof_city), given)
    return Roofs(roof_city, planes, found)


def _horizons(city: City) -> pd.DataFrame | None:
    table = city.tables.get("horizons")
    return table if table is not None and len(table) else None


@dataclass(frozen=True, eq=False)
class Hours:
    """What the hours of a building are made with; compared by identity."""

    climate: Climate
    series: HeatSeries
    profiles: LoadProfiles
    roofs: Roofs
    given: Assumptions

    def same_as(self, other: Hours) -> bool:
        """Tell whether both would give the same hours."""
        return self.given.hash == other.given.hash and all(
            getattr(self, name) is getattr(other, name)
            for name in ("climate", "series", "profiles", "roofs")
        )


@dataclass(frozen=True, eq=False)
class Prosumers:
    """
    Buildings with photovoltaics.

    `rows.table` has generation, own use, feed-in and import of each; `rows.sums` what its plant
    takes off the load of its Baublock (groups 0 to n) and what it makes (n + 1 to 2n + 1).
    """

    rows: Rows
    hours: Hours


def _prosumers(  # noqa: PLR0913, PLR0917 - called by name
    plants: pd.DataFrame,
    loads: Loads,
    zones: Zones,
    climate: Climate,
    calibration: pd.DataFrame,
    series: HeatSeries,
    systems: pd.DataFrame,
    roofs: Roofs,
    block_city: City,
    given: Assumptions,
    before: Prosumers | None,
) -> Prosumers:
    """Let the plants and batteries of all buildings that have them serve their own loads."""
    place = np.flatnonzero(plants["pv_kwp"].to_numpy() > 0)
    ids = plants.index[place]
    zone = zones.ids.get_indexer(ids)
    electric = space_series(systems.iloc[place], given)
    pumped = (zone >= 0) & (electric != series.names.index("zero"))
    factor = calibration["factor"].reindex(ids, fill_value=0.0).to_numpy()
    rooms = zones.take(np.where(zone >= 0, zone, 0)) if len(zones) else zones
    inputs = {
        "battery_kwh": plants["battery_kwh"].to_numpy(float)[place],
        "kwp": plants["pv_kwp"].to_numpy(float)[place],
        "building": ids.to_numpy(object),
        "kwh": loads.kwh[place],
        "profile": loads.profile[place],
        "series": np.where(pumped, electric, -1).astype(np.int32),
        "rooms": np.where(pumped[:, None], parameters(rooms, given, factor), np.float32(0)),
    }
    known = block_city.blocks.index
    block = codes_of(plants["block_id"].iloc[place], known)
    groups = np.column_stack([block, len(known) + 1 + block]).astype(np.int32)
    hours = Hours(climate, series, loads.profiles, roofs, given)
    past = before.rows if before is not None and before.hours.same_as(hours) else None
    return Prosumers(run_rows(ids, inputs, groups, _kernel(hours), before=past), hours)


def _kernel(hours: Hours) -> Kernel:
    def run(inputs: Inputs, sums: Watts) -> pd.DataFrame:
        tables = []
        for start in range(0, len(inputs["kwp"]), AT_ONCE):
            part = {name: values[start : start + AT_ONCE] for name, values in inputs.items()}
            table, watts = _part(part, hours)
            add_plants(sums, part["groups"], *watts)
            tables.append(table)
        return pd.concat(tables, ignore_index=True) if tables else _nothing(hours)

    return run


def _nothing(hours: Hours) -> pd.DataFrame:
    """Return the table of no building at all."""
    empty = np.zeros((0, HOURS), np.float32)
    return dispatch(empty, empty, np.zeros(0), hours.given)[0].assign(pv_kwh=0.0, unplaced_kwp=0.0)


def _part(inputs: Inputs, hours: Hours) -> tuple[pd.DataFrame, tuple[Power, Power, Power]]:
    """Work some buildings out: their table, and their hours of net, load and sun [W]."""
    load = _own_loads(inputs, hours)
    sun, unplaced = _own_sun(inputs, hours)
    table, net = dispatch(load, sun, inputs["battery_kwh"], hours.given)
    table = table.assign(pv_kwh=sun.sum(axis=1, dtype=float) / 1000, unplaced_kwp=unplaced)
    return table, (net, load, sun)


def _own_loads(inputs: Inputs, hours: Hours) -> Power:
    """Return the electricity of each building by hour [W]."""
    pumped = np.flatnonzero(inputs["series"] >= 0)
    place = np.full(len(inputs["series"]), -1, np.int32)
    place[pumped] = np.arange(len(pumped))
    heat = room_heat(inputs["rooms"][pumped], hours.climate, hours.given)
    per_heat = hours.series.values[inputs["series"][pumped]]
    kwh, profile = inputs["kwh"], inputs["profile"]
    return own_loads(kwh, profile, hours.profiles.values, heat, place, per_heat)


def _own_sun(inputs: Inputs, hours: Hours) -> tuple[Power, Floats]:
    """Return the solar power of each building by hour [W], and what its roof has no place for."""
    ids = pd.Index(inputs["building"])
    roofs = hours.roofs
    mine = roofs.potential[roofs.potential["building_id"].isin(ids)]
    put = allocate(pd.Series(inputs["kwp"], ids), mine)
    weather = roofs.city.weather
    names, watts = pv_hours(put.kwp, roofs.planes, weather, _horizons(roofs.city), hours.given)
    power = np.zeros((len(ids), HOURS), np.float32)
    power[ids.get_indexer(names)] = watts
    return power, np.asarray(put.unplaced.reindex(ids, fill_value=0.0), np.float64)


def _transformer_areas(
    base_stock: pd.DataFrame, block_city: City, given: Assumptions
) -> pd.Series[str]:
    """Return the assumed area of each building of the baseline, the same in every year."""
    return transformer_areas(block_city, base_stock, given)


def _transformers(  # noqa: PLR0913, PLR0917 - called by name
    transformer_area: pd.Series[str],
    systems: pd.DataFrame,
    loads: Loads,
    block_load: BlockLoad,
    car_load: CarLoad,
    prosumers: Prosumers,
    block_city: City,
    given: Assumptions,
) -> pd.DataFrame:
    """Return peak and backfeed of each transformer area; index transformer_id."""
    areas = pd.Index(sorted(transformer_area.dropna().unique()))
    area = areas.get_indexer(transformer_area.reindex(systems.index))
    known = block_city.blocks.index
    block, count = codes_of(systems["block_id"], known), len(known) + 1
    there = area >= 0  # what a measure builds has no area yet and counts in none
    weight, kwp = loads.kwh.sum(axis=1), prosumers.rows.inputs["kwp"]
    power = pd.Series(kwp, prosumers.rows.ids).reindex(systems.index, fill_value=0.0).to_numpy()
    sun = stacked(prosumers.rows.sums, count, count)
    share = {"blocks": block[there], "areas": area[there], "count": len(areas)}
    homes = systems["dwellings"].to_numpy(float)[there]
    dwellings = np.bincount(area[there], homes, minlength=len(areas)).astype(np.float64)
    return transformer_peaks(
        area_hours(
            stacked(block_load.lines, 0, count) + car_load.all(), weight=weight[there], **share
        ),
        area_hours(sun, weight=power[there], **share),
        areas=areas,
        dwellings=dwellings,
        given=given,
    ).assign(area_source=ASSUMED)


POWER_STAGES = (
    Stage("appliances", _appliances, ("shell",), ("electricity",)),
    Stage("profiles", _profiles, ("hot_water_shape", "series")),
    Stage(
        "loads",
        _loads,
        ("appliances", "profiles", "series", "heat_table", "systems"),
        ("supply",),
    ),
    Stage(
        "block_load",
        _block_load,
        ("loads", "heat", "systems", "block_city"),
        growing=True,
    ),
    Stage("roofs", _roofs, ("roof_city",), ("solar",)),
    Stage(
        "prosumers",
        _prosumers,
        ("plants", "loads", "zones", "climate", "calibration", "series", "systems", "roofs",
         "block_city"),
        ("heat", "supply", "solar"),
        growing=True,
    ),
    Stage("transformer_area", _transformer_areas, ("base_stock", "block_city"), ("electricity",)),
    Stage(
        "transformers",
        _transformers,
        ("transformer_area", "systems", "loads", "block_load", "car_load", "prosumers",
         "block_city"),
        ("electricity",),
    ),
)  # fmt: skip
