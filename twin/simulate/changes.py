"""Stages of what a scenario changes for people: who is cut off, who gains, who loses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from twin.classes import MODES
from twin.mobility.accessibility import cut_off, cut_off_facilities, gains, groups
from twin.mobility.demand.costs import costs_of
from twin.mobility.effects import Benefit, car_cost_km, users_benefit
from twin.mobility.network import meet
from twin.sentences import say
from twin.simulate.stage import Stage

if TYPE_CHECKING:
    import geopandas as gpd

    from twin.assumptions import Assumptions
    from twin.mobility.tables import Demand, ModeNetwork, Skims
    from twin.sentences import Sentence
    from twin.simulate.reach import Reached
    from twin.simulate.travel import Travel, TravelInputs

NEEDED = ("health", "school", "kindergarten", "daily_needs")
"""Facilities whose last access by car is not lost in silence."""


@dataclass(frozen=True, eq=False)
class Today:
    """What a scenario is compared with."""

    reached: Reached | None
    car_network: ModeNetwork | None
    travel: Travel | None
    travel_inputs: TravelInputs | None


def _said(
    today: Today,
    reached: Reached | None,
    car_network: ModeNetwork | None,
    travel: Travel | None,
    residents: pd.DataFrame,
    given: Assumptions,
) -> tuple[Sentence, ...]:
    """Return what must be said of mobility: who and what is cut off, trips without a way."""
    found = []
    before = today.reached
    if before is not None and reached is not None and before is not reached:
        for mode in [mode for mode in reached.minutes if mode in before.minutes]:
            pair = before.minutes[mode], reached.minutes[mode]
            cuts = cut_off(*pair, residents["residents"], mode=mode)
            found += [cut.sentence for cut in cuts[:1]]  # the worst: the others hit the same houses
        found += _shut_facilities(today, reached, car_network, given)
    if travel is not None:
        lost = sum(travel.demand.unserved.values()) + travel.equilibrium.unserved["no_path"]
        if not travel.equilibrium.converged:
            gap = travel.equilibrium.gap
            found.append(
                say(
                    "Traffic was not brought to its equilibrium (gap {gap}): single streets may be "
                    "wrong.",
                    gap=gap,
                )
            )
        if lost >= 1:
            found.append(say("{count} trips a weekday have no way.", count=round(lost)))
    return tuple(found)


def _shut_facilities(
    today: Today, reached: Reached, car_network: ModeNetwork | None, given: Assumptions
) -> list[Sentence]:
    if car_network is None or today.car_network is None or car_network is today.car_network:
        return []
    table = reached.facilities[reached.facilities["kind"].isin(NEEDED)]
    points = table[["x", "y"]].to_numpy(float)
    old, new = (
        (network, meet(network, points, table.index, given))
        for network in (today.car_network, car_network)
    )
    return [cut.sentence for cut in cut_off_facilities(table, old, new)]


def _gains(
    today: Today,
    reached: Reached | None,
    residents: pd.DataFrame,
    building_shapes: gpd.GeoDataFrame,
    census_counts: pd.DataFrame,
    given: Assumptions,
) -> pd.DataFrame:
    """Return who reaches what faster or slower than today; index (mode, kind, by, group)."""
    before = today.reached
    if before is None or reached is None:
        return pd.DataFrame()
    cells = building_shapes.get("cell_id")
    people = groups(residents, given, cells=cells, census_counts=census_counts)
    tables = {
        mode: gains(before.minutes[mode], minutes, people, given)
        for mode, minutes in reached.minutes.items()
        if mode in before.minutes
    }
    return pd.concat(tables, names=["mode"])


def _benefit(
    today: Today,
    travel: Travel | None,
    travel_inputs: TravelInputs | None,
    year: int,
    given: Assumptions,
) -> Benefit | None:
    """Return what travellers gain in time and money against today, by the rule of half."""
    if today.travel is None or travel is None:
        return None
    if today.travel_inputs is None or travel_inputs is None:
        return None
    before = _case(today.travel, today.travel_inputs, given)
    after = _case(travel, travel_inputs, given)
    return users_benefit(before, after, given, eur_km={"car": car_cost_km(given, year)})


def _case(travel: Travel, inputs: TravelInputs, given: Assumptions) -> tuple[Demand, Skims]:
    """Return trips and what they take, the way beyond the gates included."""
    costs = costs_of(inputs.ground.zones, travel.skims, given)
    minutes = dict(zip(MODES, costs.minutes, strict=True))
    km = dict(zip(MODES, costs.km, strict=True))
    return travel.demand, replace(travel.skims, minutes=minutes, km=km)


CHANGE_STAGES = (
    Stage(
        "said",
        _said,
        ("today", "reached", "car_network", "travel", "residents"),
        ("network", "accessibility"),
        bears=("reached", "car_network", "travel"),
    ),
    Stage(
        "gains",
        _gains,
        ("today", "reached", "residents", "building_shapes", "census_counts"),
        ("accessibility",),
    ),
    Stage(
        "benefit",
        _benefit,
        ("today", "travel", "travel_inputs", "year"),
        ("effects", "fleet", "balance", "demand"),
    ),
)
