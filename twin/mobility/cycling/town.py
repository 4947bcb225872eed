"""How calm a town is to cycle in, and what would join its islands: the whole chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.mobility.cycling.gaps import missing_links
from twin.mobility.cycling.islands import Islands, low_stress_islands, reachable

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.tables import Access, ModeNetwork


@dataclass(frozen=True, eq=False)
class CalmTown:
    """
    Islands of low stress, the ranked list of missing links, and the residents they serve.

    `calm` is the number of residents, in full equivalents, who find what they cycle for without
    stress; `calm` over `residents` is the share of everyday destinations in reach.
    """

    islands: Islands
    links: pd.DataFrame
    calm: float
    residents: float


def calm_town(  # noqa: PLR0913  six tables meet here
    network: ModeNetwork,
    lts: pd.Series[float],
    access: Access,
    people: pd.DataFrame,
    xy: NDArray[np.float64],
    given: Assumptions,
    *,
    shut: pd.Series[bool] | None = None,
) -> CalmTown:
    """
    Return islands, missing links and calm residents of a town.

    Parameters
    ----------
    network, lts
        Of bicycles; level by street id (`stress`).
    access, people, xy
        Buildings in one order: where they meet the network, `residents` and `jobs`, place [m].
    shut
        Junctions that are barriers (`barriers`).
    """
    islands = low_stress_islands(
        network, lts, access, people[["residents", "jobs"]], given, shut=shut
    )
    residents = people["residents"].to_numpy(float)
    gain = reachable(islands, xy, residents, people["jobs"].to_numpy(float), given)
    links = missing_links(network, islands, gain, given)
    return CalmTown(islands, links, float(np.trace(gain)), float(np.nansum(residents)))
