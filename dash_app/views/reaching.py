"""What can be reached, how a trip goes, who drives over a street: in one year of a scenario."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dash_app.views.rows import both_ways, on_streets, street_mean, street_rows
from twin.errors import ModelError
from twin.mobility.accessibility import Transit, trip
from twin.mobility.assignment import link_times, select_link
from twin.mobility.network import meet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.city import City
    from twin.mobility.accessibility import Options
    from twin.mobility.tables import Access, ModeNetwork
    from twin.mobility.transit import Timetable
    from twin.simulate.results import YearResults

    Floats = NDArray[np.float64]

MODES = ("walk", "bike", "car")


@dataclass(frozen=True, eq=False)
class RunTown:
    """
    A year of a scenario as `reach_town` asks questions of a town: what is there is not made again.

    `people` are residents by building of the stock, as the viewer may have them summed up. Cars
    drive in the traffic of the busiest hour.
    """

    found: YearResults
    people: pd.Series[float]

    @property
    def city(self) -> City:
        """The city as the scenario has it."""
        return self.found.state.city

    @property
    def given(self) -> Assumptions:
        """All assumptions of the scenario."""
        return self.found.answers.given

    @property
    def stock(self) -> pd.DataFrame:
        """Residents by building."""
        return self.people.to_frame("residents")

    @property
    def facilities(self) -> pd.DataFrame:
        """Everything people want to reach; jobs are estimated by building and left out."""
        table: pd.DataFrame = self.found.answers["facility_table"]
        return table[table["kind"] != "jobs"]

    @property
    def networks(self) -> dict[str, ModeNetwork]:
        """Networks by mode."""
        return {mode: network_of(self.found, mode) for mode in MODES}

    @property
    def timetable(self) -> Timetable | None:
        """A weekday; none where the city has no trips."""
        service = self.found.answers["service"]
        return None if service is None else service.timetable

    def homes(self, mode: str) -> Access:
        """Return where the buildings of the stock meet a network."""
        met: Access = self.found.answers[f"{mode}_met"]
        return met

    def entrances(self, mode: str) -> Access:
        """Return where the facilities meet a network."""
        at = self.facilities[["x", "y"]].to_numpy(float)
        return meet(self.networks[mode], at, self.facilities.index, self.given)

    def stops(self, timetable: Timetable) -> Access:
        """Return where the stops of the timetable meet the walking network."""
        at = np.column_stack([timetable.x, timetable.y])
        return meet(self.networks["walk"], at, timetable.stop_ids, self.given)


def network_of(found: YearResults, mode: str) -> ModeNetwork:
    """
    Return the network of a mode, that of cars with the times of the busiest hour.

    Raises
    ------
    ModelError
        The city has no streets.
    """
    network: ModeNetwork | None = found.answers[f"{mode}_network"]
    if network is None:
        template = "{city} has no streets to move on."
        hint = "Build the city with a source of streets, e.g. an OpenStreetMap extract."
        raise ModelError(template, hint=hint, city=found.state.city.name)
    travel = found.answers["travel"]
    if mode != "car" or travel is None:
        return network
    return replace(network, time_s=link_times(travel.equilibrium, network))


def trip_of(found: YearResults, a: Floats, b: Floats, departure_s: int) -> Options:
    """Return what each mode offers for one trip, cars in the traffic of the busiest hour."""
    service, stress = found.answers["service"], found.answers["stress"]
    city = found.state.city
    transit = None if service is None else Transit(service.timetable, city.lines)
    plain = {mode: found.answers[f"{mode}_network"] for mode in MODES}
    times = {"car": network_of(found, "car").time_s}
    return trip(
        plain, times, a.tolist(), b.tolist(), found.answers.given,
        stress=None if stress is None else stress["lts"], transit=transit,
        departure_s=departure_s, crs=city.crs,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class OverStreet:
    """Who drives over a street: vehicles a weekday, both directions."""

    vehicles: float  # over the street itself
    flow: pd.Series[Any]  # by street of the baseline, of these vehicles
    origins: pd.Series[float]  # by zone or gate
    destinations: pd.Series[float]
    through: float  # share that begins and ends outside the town
    inside: float  # share that begins and ends in it


def over_street(found: YearResults, city: City, street: str) -> OverStreet:
    """
    Return the vehicles that drive over a street of the baseline or of the scenario.

    Raises
    ------
    ModelError
        There is no such street, or the city has no trips.
    """
    travel, network = found.answers["travel"], found.answers["car_network"]
    if travel is None or network is None:
        template = "{city} has no trips: it lacks streets or traffic zones."
        raise ModelError(template, hint="Build it again with streets.", city=city.name)
    chosen = _rows_of(found, city, street)
    users = select_link(travel.equilibrium, chosen)
    by_street = np.zeros(len(network.street_ids))
    problem = travel.equilibrium.problem
    there = problem.street >= 0
    np.add.at(by_street, problem.street[there], users.flow.sum(axis=0)[there])
    by_street /= travel.peak_share
    now = pd.Series(by_street, network.street_ids).reindex(found.state.city.streets.index)
    each = np.asarray(now, np.float64)
    flow = on_streets(city, both_ways(city, street_mean(found, city, each)))
    pairs = sum(users.demand.values(), np.zeros((problem.zones, problem.zones)))
    ids = travel.skims.ids
    gate = ~ids.isin(found.state.city.zones.index)
    total = max(float(pairs.sum()), 1e-9)
    return OverStreet(
        float(pairs.sum()) / travel.peak_share,
        flow.where(flow > 0),
        pd.Series(pairs.sum(axis=1) / travel.peak_share, ids),
        pd.Series(pairs.sum(axis=0) / travel.peak_share, ids),
        float(pairs[np.ix_(gate, gate)].sum()) / total,
        float(pairs[np.ix_(~gate, ~gate)].sum()) / total,
    )


def _rows_of(found: YearResults, city: City, street: str) -> NDArray[np.int64]:
    """Return the rows of a street in the scenario, in both directions, with its pieces."""
    streets = found.state.city.streets
    rows = street_rows(city, found.state.city)
    place = city.streets.index.get_indexer([street])[0]
    if place >= 0:
        wanted = [place, rows.back[place]]
        mine = np.flatnonzero(np.isin(rows.place, [row for row in wanted if row >= 0]))
    elif street in streets.index:
        back = streets["reverse_id"].loc[street]
        mine = np.flatnonzero(streets.index.isin([street, back]))
    else:
        mine = np.zeros(0, np.int64)
    if not len(mine):
        template = "There is no street {street} in this scenario."
        raise ModelError(template, hint="Choose a street on the map.", street=street)
    return mine
