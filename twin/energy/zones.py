"""
Thermal zones out of the stock: envelope of the real building, properties of its archetype.

Outer walls, roof and slab come from the city's envelopes, U-values, windows and leaks from TABULA;
walls to neighbours lose nothing. The envelope bounds the gross volume; of a building that is heated
in part only, it counts in the proportion of its heated area to what the volume holds, see
`archetypes.envelope_slack`. Where there is no envelope (new buildings), the archetype's own areas
for each m² of heated area stand in, with a quarter of the facade to each side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.classes import BUILDING_USES, REFURBISHMENT
from twin.energy.archetypes import Archetypes, archetypes, bucket_of
from twin.energy.archetypes.classes import SIZES
from twin.energy.operative import night_hours, with_air_set_points
from twin.energy.places import places
from twin.energy.zone import Zones
from twin.errors import ModelError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]
    Kinds = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]

__all__ = ["Facts", "facts_of", "make_zones", "temperature_reduction"]

AIR_WH_M3K = 0.34  # heat capacity of air for each m³, TABULA and ISO 13790
OUTER_RESISTANCE = 0.04  # R_se, m²K/W, ISO 6946
SIDES = ("north", "east", "south", "west")
HOUSING = ("residential", "mixed")


@dataclass(frozen=True, eq=False)
class Surfaces:
    """Areas of the envelope that lose heat, of n buildings [m²]."""

    walls: Floats  # (n, 4) outer facade by side, with windows and doors
    roof: Floats
    floor: Floats


@dataclass(frozen=True, eq=False)
class Facts:
    """What a heated building is, by number: places in the tables of archetypes and uses."""

    stock: pd.DataFrame
    kinds: Kinds  # size, bucket of age, state
    use: NDArray[np.intp]  # place in BUILDING_USES
    housing: NDArray[np.bool_]
    area: Floats  # heated [m²]

    def by_use(self, name: str, given: Assumptions) -> Floats:
        """Return an assumption that has a value for each use, by building."""
        return given.array(name, BUILDING_USES)[self.use]


def make_zones(stock: pd.DataFrame, envelopes: pd.DataFrame, given: Assumptions) -> Zones:
    """
    Return the thermal zones of all heated buildings, in the order of the stock.

    Parameters
    ----------
    stock
        Follows `twin.schema.STOCK`; rows with `heated_area_m2` 0 have no zone.
    envelopes
        Table `envelopes` of the city; buildings missing in it take the archetype's areas.

    Returns
    -------
    Zones
        Apertures hold frame, shading and g-value at right angles; the angle of the sun is in the
        climate. Set-points are those of the air, see `with_air_set_points`; for housing they hold
        TABULA's temperature reduction F_red.

    Raises
    ------
    ModelError
        Heated areas or room temperatures that cannot be, with the ids of the buildings.
    """
    facts = facts_of(stock)
    types = archetypes(given)
    surfaces = _surfaces(facts, envelopes, types, given)
    losses = _losses(facts, surfaces, types)
    air = _ventilation(facts, types, given)
    mass = _mass_area(facts, surfaces, types, given)
    set_point, set_back = _temperatures(facts, losses["bridged"], given)
    zones = Zones(
        ids=facts.stock.index,
        floor_area_m2=facts.area,
        opaque_w_k=losses["opaque"],
        window_w_k=losses["window"],
        ventilation_w_k=air,
        capacity_j_k=facts.area * given["archetypes.heat_capacity"] * 3600,
        mass_area_m2=mass,
        surface_area_m2=mass * given["archetypes.surface_area"] / given["archetypes.mass_area"],
        window_apertures_m2=_window_apertures(facts, surfaces, types, given),
        opaque_apertures_m2=_opaque_apertures(facts, surfaces, types, given),
        gains_w=facts.area * facts.by_use("archetypes.gains", given),
        set_point_c=set_point,
        set_back_k=set_back,
    )
    return with_air_set_points(zones, given)


def facts_of(stock: pd.DataFrame) -> Facts:
    """Return the heated buildings of the stock by number; faults of all are raised at once."""
    _check(stock)
    heated = stock[stock["heated_area_m2"].to_numpy(float) > 0]
    kinds = (
        places(heated["size_class"], SIZES, SIZES.index("apartments")),
        bucket_of(heated["age_class"], heated.get("year_built")),
        places(heated["refurbishment"], REFURBISHMENT, 0),
    )
    use = places(heated["use"], BUILDING_USES, BUILDING_USES.index("unknown"))
    housing = heated["use"].isin(HOUSING).to_numpy(bool)
    return Facts(heated, kinds, use, housing, heated["heated_area_m2"].to_numpy(float))


def temperature_reduction(transmission: Floats, at_1: Floats, at_4: Floats) -> Floats:
    """
    Return TABULA's F_red, by which the mean difference to outdoors is less than 20 °C tells.

    Parameters
    ----------
    transmission
        Heat transfer by transmission for each m² of reference area [W/(m²K)].
    at_1, at_4
        F_red at 1 and from 4 W/(m²K) on. Below 1 the line runs through 1 at 0.5 and on: rooms of
        well insulated houses are warmer than 20 °C.
    """
    poor = at_1 + (np.minimum(transmission, 4) - 1) * (at_4 - at_1) / 3
    good = 1 + (at_1 - 1) * (transmission - 0.5) / 0.5
    return np.where(transmission < 1, good, poor)


def _check(stock: pd.DataFrame) -> None:
    area = stock["heated_area_m2"].to_numpy("float64", na_value=np.nan)
    warm = stock["set_point_c"].to_numpy("float64", na_value=np.nan)
    wrong = ~((area >= 0) & (area <= 5_000_000)) | ~((warm >= 5) & (warm <= 30))
    if wrong.any():
        ids = ", ".join(map(str, stock.index[wrong][:10]))
        template = "{count} buildings have an impossible heated area or room temperature: {ids}."
        hint = "Allowed are 0 to 5,000,000 m² and 5 to 30 °C; correct the buildings or the measure."
        raise ModelError(template, hint=hint, count=int(wrong.sum()), ids=ids)


def _surfaces(
    facts: Facts, envelopes: pd.DataFrame, types: Archetypes, given: Assumptions
) -> Surfaces:
    """Return the surfaces of the heated part: from the envelope where known, else the type."""
    names = [*(f"wall_{side}_m2" for side in SIDES), "roof_m2", "ground_m2", "volume_m3"]
    place = envelopes.index.get_indexer(facts.stock.index)
    table = envelopes[names].to_numpy(float) if len(envelopes) else np.zeros((1, len(names)))
    known = (place >= 0) & (table[place, -1] > 0)
    walls, roof, floor, volume = np.split(table[place], [4, 5, 6], axis=1)
    roof, floor, volume = roof[:, 0], floor[:, 0], volume[:, 0]
    slope = types.slope_share[facts.kinds]
    roof = floor + slope * np.maximum(roof - floor, 0)
    scale = _heated_part(facts, volume, given)
    own = np.repeat((facts.area * types.facade_ratio[facts.kinds] / 4)[:, None], 4, axis=1)
    return Surfaces(
        np.where(known[:, None], walls * scale[:, None], own),
        np.where(known, roof * scale, facts.area * types.roof_ratio[facts.kinds]),
        np.where(known, floor * scale, facts.area * types.floor_ratio[facts.kinds]),
    )


def _heated_part(facts: Facts, volume: Floats, given: Assumptions) -> Floats:
    """Return the share of the envelope that counts: 1 unless far less is heated than fits in."""
    held = np.maximum(volume, 1) / facts.by_use("archetypes.volume_per_area", given)
    return np.minimum(facts.area / held / given["archetypes.envelope_slack"], 1)


def _facade(facts: Facts, surfaces: Surfaces, types: Archetypes) -> tuple[Floats, Floats, Floats]:
    """Return the areas of windows, doors and the rest of the facade [m²]."""
    north, east, south, west = surfaces.walls.T
    facade = north + east + south + west
    windows = facade * types.window_share[facts.kinds]
    doors = facade * types.door_share[facts.kinds]
    return windows, doors, facade - windows - doors


def _mass_area(facts: Facts, surfaces: Surfaces, types: Archetypes, given: Assumptions) -> Floats:
    """Return A_m [m²]: by floor area as in the norm, at least the opaque envelope."""
    opaque = _facade(facts, surfaces, types)[2] + surfaces.roof + surfaces.floor
    return np.maximum(facts.area * given["archetypes.mass_area"], opaque)


def _losses(facts: Facts, surfaces: Surfaces, types: Archetypes) -> dict[str, Floats]:
    """Return the heat transfer [W/K] of opaque parts and of windows with doors, and of both."""
    windows, doors, walls = _facade(facts, surfaces, types)
    opaque = (
        walls * types.wall_bridged_u[facts.kinds]
        + surfaces.roof * types.roof_bridged_u[facts.kinds]
        + surfaces.floor * types.floor_bridged_u[facts.kinds]
    )
    light = (
        windows * types.window_bridged_u[facts.kinds] + doors * types.door_bridged_u[facts.kinds]
    )
    return {"opaque": opaque, "window": light, "bridged": opaque + light}


def _ventilation(facts: Facts, types: Archetypes, given: Assumptions) -> Floats:
    """Return the heat transfer by air [W/K], mean of the day: leaks of the type, use by use."""
    height = facts.by_use("archetypes.clear_height", given)
    height = np.where(facts.housing, given["archetypes.room_height"], height)
    flow = facts.by_use("archetypes.air_flow_use", given)
    lived = given["archetypes.air_change_use"] * given["archetypes.room_height"]
    flow = np.where(facts.housing, lived, flow)
    leaks = types.infiltration_1_h[facts.kinds] * height
    return AIR_WH_M3K * (leaks + flow) * facts.area


def _temperatures(facts: Facts, losses: Floats, given: Assumptions) -> tuple[Floats, Floats]:
    """
    Return operative set-point by day [°C] and set-back at night [K].

    Housing: the mean lies below the room temperature by (1 - F_red) of the difference to the mean
    of the heating season; a share of it comes at night, the rest all day.
    """
    wanted = facts.stock["set_point_c"].to_numpy(float)
    reduction = temperature_reduction(losses / facts.area, *_reduction_ends(facts, given))
    lower = (1 - reduction) * (wanted - given["archetypes.outdoor_temperature"])
    at_night = np.maximum(lower, 0) * given["archetypes.night_share"]
    others = facts.by_use("archetypes.set_back", given)
    set_point = np.where(facts.housing, wanted - lower + at_night, wanted)
    return set_point, np.where(facts.housing, at_night * 24 / night_hours(given), others)


def _reduction_ends(facts: Facts, given: Assumptions) -> tuple[Floats, Floats]:
    ends = [given.array(f"archetypes.reduction_at_{h}", SIZES)[facts.kinds[0]] for h in (1, 4)]
    return ends[0], ends[1]


def _window_apertures(
    facts: Facts, surfaces: Surfaces, types: Archetypes, given: Assumptions
) -> Floats:
    """Return the collecting area of windows by plane [m²]: glass x shading x g-value."""
    glass = types.window_share[facts.kinds] * (1 - given["archetypes.frame_share"])
    factor = glass * given["archetypes.shading_vertical"] * types.g[facts.kinds]
    return np.column_stack([surfaces.walls * factor[:, None], np.zeros(len(factor))])


def _opaque_apertures(
    facts: Facts, surfaces: Surfaces, types: Archetypes, given: Assumptions
) -> Floats:
    """Return the collecting area of walls and roof by plane [m²]: absorptance x R_se x U x A."""
    taken = given["heat.solar_absorptance"] * OUTER_RESISTANCE
    share = 1 - types.window_share[facts.kinds] - types.door_share[facts.kinds]
    wall = taken * given["archetypes.shading_vertical"] * share * types.wall_u[facts.kinds]
    roof = taken * given["archetypes.shading_horizontal"] * types.roof_u[facts.kinds]
    return np.column_stack([surfaces.walls * wall[:, None], surfaces.roof * roof])
