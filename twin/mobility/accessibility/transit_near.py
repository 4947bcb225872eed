"""Minutes by public transport to the nearest facility of each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.mobility.accessibility.nearest import nearest_minutes
from twin.mobility.paths.threads import in_rows
from twin.mobility.transit import reach_places, stop_access

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.tables import Access, ModeNetwork
    from twin.mobility.transit import StopAccess, Timetable

    Floats = NDArray[np.float64]


def minutes_from_stops(  # noqa: PLR0913  a timetable, a network and two sides
    timetable: Timetable,
    network: ModeNetwork,
    stops: Access,
    facilities: Access,
    kinds: Sequence[str] | pd.Series[str],
    given: Assumptions,
    *,
    hours: tuple[float, float] | None = None,
) -> pd.DataFrame:
    """
    Return the minutes from each stop by vehicle to the nearest facility of each kind.

    Median over the departures of a window (`transit.window`), one a minute, waiting included; for
    every departure the stop to get off at is the best one, from there on foot, at most
    `transit.longest_access`. inf where half of the departures do not get there, and at stops where
    nothing halts.

    Parameters
    ----------
    network, stops, facilities
        The walking network, where stops (a row for each of the timetable) and facilities meet it.
    """
    on_foot = nearest_minutes(network, network.time_s, stops, facilities, kinds).minutes
    near = on_foot.where(on_foot <= given["transit.longest_access"], np.inf)
    stop, kind = np.nonzero(np.isfinite(near.to_numpy()))
    walks = pd.DataFrame(
        {"place": kind, "stop": stop, "seconds": near.to_numpy(float)[stop, kind] * 60}
    )
    places = stop_access(timetable, walks, near.shape[1])
    found = np.full(near.shape, np.inf)
    served = np.flatnonzero(timetable.served)

    def rows(first: int, last: int) -> None:
        for row in served[first:last]:
            door = np.full(timetable.stops, np.inf)
            door[row] = 0.0
            found[row] = reach_places(timetable, door, places, given, hours=hours)[0]

    in_rows(rows, len(served), least=8)
    return pd.DataFrame(found, timetable.stop_ids, near.columns)


def transit_minutes(
    access: StopAccess, from_stops: pd.DataFrame, walk: pd.DataFrame
) -> pd.DataFrame:
    """
    Return the minutes from each point to the nearest facility of each kind, riding where it helps.

    Parameters
    ----------
    access
        Stops near each point on foot (`twin.mobility.transit.access_along_streets`).
    from_stops
        Minutes from each stop on (`minutes_from_stops`).
    walk
        Minutes on foot all the way, by point (index) and kind: the ride counts where it is faster.

    The stop to board at is the one with the least sum of walk and median minutes; who looks up the
    timetable may choose better, so that these are upper bounds.
    """
    onward = from_stops.reindex(columns=walk.columns).fillna(np.inf).to_numpy(float)
    minutes = walk.to_numpy(np.float64).copy()
    some = np.flatnonzero(np.diff(access.offsets))
    if len(some):
        ride = access.seconds[:, None] / 60 + onward[access.stop]
        best = np.minimum.reduceat(ride, access.offsets[some], axis=0)
        minutes[some] = np.minimum(minutes[some], best)
    return pd.DataFrame(minutes.astype(np.float32), walk.index, walk.columns)
