"""Stages that answer when asked: gaps for cyclists, who rides which line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from twin.mobility.cycling import barriers, calm_town
from twin.mobility.demand import hour_shares, transit_inside
from twin.mobility.transit import boardings, zone_access
from twin.simulate.stage import Stage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.city import City
    from twin.mobility.cycling import CalmTown
    from twin.mobility.tables import Access, ModeNetwork
    from twin.mobility.transit import Boardings
    from twin.simulate.reach import Service
    from twin.simulate.streets import People
    from twin.simulate.travel import Travel, TravelInputs


def _calm_town(  # noqa: PLR0913, PLR0917 - called by name
    street_tables: City,
    stress: pd.DataFrame | None,
    bike_network: ModeNetwork | None,
    bike_met: Access | None,
    residents: pd.DataFrame,
    jobs: pd.Series[float],
    positions: NDArray[np.float64],
    given: Assumptions,
) -> CalmTown | None:
    """Return islands of low stress and the links that would join most people per metre."""
    if stress is None or bike_network is None or bike_met is None:
        return None
    city, levels = street_tables, stress["lts"]
    shut = barriers(city.streets, city.nodes, levels, given, city.street_points)
    people = pd.DataFrame({"residents": residents["residents"], "jobs": jobs}, residents.index)
    return calm_town(bike_network, levels, bike_met, people, positions, given, shut=shut)


def _passengers(
    travel: Travel | None,
    travel_inputs: TravelInputs | None,
    service: Service | None,
    people: People | None,
    given: Assumptions,
) -> Boardings | None:
    """Return passengers of a weekday by line, stop and section; none without a timetable."""
    if travel is None or travel_inputs is None or service is None or people is None:
        return None
    zones = travel_inputs.ground.zones
    trips = transit_inside(zones, travel.skims, travel.demand.trips["transit"])
    access = zone_access(
        service.timetable, service.access, people.place, people.weight, zones.count
    )
    shares = hour_shares(given)["work"].to_numpy()
    return boardings(service.timetable, trips, access, shares, given)


RIDER_STAGES = (
    Stage(
        "calm_town",
        _calm_town,
        ("street_tables", "stress", "bike_network", "bike_met", "residents", "jobs", "positions"),
        ("cycling", "network"),
    ),
    Stage(
        "passengers",
        _passengers,
        ("travel", "travel_inputs", "service", "people"),
        ("transit", "demand", "network"),
    ),
)
