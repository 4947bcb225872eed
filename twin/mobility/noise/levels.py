"""Levels at the walls of buildings, and who lives above which limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numba import njit

from twin.mobility.noise.emission import TIMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.noise.spread import Spread

    Floats = NDArray[np.float64]

QUANTA = 4096.0
"""Energies are added up in whole parts of 1/4096 of 0 dB, so that no order changes the sum."""

SENSITIVE_USES = ("education", "health")
SENSITIVE_PLACES = ("school", "kindergarten", "hospital", "care")
KINDS = {
    "residential": "residential", "mixed": "mixed", "religious": "mixed", "culture": "mixed",
    "public": "mixed", "hospitality": "mixed", "agriculture": "mixed", "unknown": "mixed",
    "other": "mixed", "office": "commercial", "retail": "commercial", "commercial": "commercial",
    "industrial": "commercial",
}  # fmt: skip
"""Kind of area by the use of a building; all others are no place to be protected."""


def facade_levels(spread: Spread, emission: pd.DataFrame) -> pd.DataFrame:
    """
    Return levels [dB(A)] by building: `day_db`, `night_db` at the loudest wall, `quiet_night_db`.

    Parameters
    ----------
    spread
        Of the same streets, `spread_of`.
    emission
        `noise_emission`: LW' by street id; streets it lacks are silent.

    Equal bit for bit in any order of streets; missing where nothing is heard.
    """
    power = np.zeros((len(spread.lines.ids), len(TIMES)))
    on = spread.lines.line >= 0
    place = emission.index.get_indexer(spread.lines.streets[on])
    for column, time in enumerate(TIMES):
        level = emission[f"{time}_db"].to_numpy(float)
        given_off = np.where(place >= 0, 10.0 ** (0.1 * np.append(level, -np.inf)[place]), 0.0)
        # two directions at most: a sum of two does not depend on their order
        power[:, column] = np.bincount(
            spread.lines.line[on], given_off, minlength=len(spread.lines.ids)
        )
    loud, quiet = _add_up(
        spread.values, spread.blocks, spread.heard, spread.line, spread.receivers.offsets, power
    )
    table = {"day_db": loud[:, 0], "night_db": loud[:, 1], "quiet_night_db": quiet[:, 1]}
    levels = {name: _decibels(energy) for name, energy in table.items()}
    return pd.DataFrame(levels, index=spread.receivers.ids)


def _decibels(energy: NDArray[np.int64]) -> Floats:
    level = np.full(len(energy), np.nan)
    heard = energy > 0
    level[heard] = 10.0 * np.log10(energy[heard] / QUANTA)
    return level


@njit(cache=True)
def _add_up(  # pragma: no cover
    values: NDArray[np.float32], blocks: NDArray[np.int64], heard: NDArray[np.int64],
    line: NDArray[np.int32], points: NDArray[np.int32], power: Floats,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:  # fmt: skip
    """Return the energy of the loudest and the quietest point of each building by time."""
    count = len(heard) - 1
    loud = np.zeros((count, 2), np.int64)
    quiet = np.full((count, 2), np.iinfo(np.int64).max)
    for building in range(count):
        lines = heard[building + 1] - heard[building]
        for point in range(points[building + 1] - points[building]):
            begin = blocks[building] + point * lines
            for time in range(2):
                total = np.int64(0)
                for place in range(lines):
                    part = values[begin + place] * power[line[heard[building] + place], time]
                    total += np.int64(np.rint(part * QUANTA))
                loud[building, time] = max(loud[building, time], total)
                quiet[building, time] = min(quiet[building, time], total)
    return loud, quiet


def area_kinds(buildings: pd.DataFrame, places: pd.DataFrame) -> pd.Series[str]:
    """
    Return the kind of area by 16. BImSchV of each building, from its use; missing for sheds.

    The law goes by the development plan, which is not known here: a dwelling is taken to stand in
    a residential area, a building of mixed use in a mixed one.
    """
    use = buildings["use"].astype(str)
    kind = use.map(KINDS).astype(object)
    inside = places.loc[places["class"].isin(SENSITIVE_PLACES), "building_id"].dropna()
    sensitive = use.isin(SENSITIVE_USES) | buildings.index.isin(inside)
    return kind.mask(sensitive, "hospital_school")


def noise_exposure(
    levels: pd.DataFrame, kinds: pd.Series[str], residents: pd.Series[float], given: Assumptions
) -> pd.DataFrame:
    """
    Return buildings and residents above the limits, a row a kind of area and `health`.

    A resident counts where the loudest wall of the building is above the limit. Columns:
    `limit_day`, `limit_night` [dB(A)], `buildings` and `residents` in all, and `buildings_day`,
    `buildings_night`, `residents_day`, `residents_night` above. The row `health` holds all
    buildings with a kind against `noise.health_day` and `noise.health_night`.
    """
    people = residents.reindex(levels.index).fillna(0.0)
    kind = kinds.reindex(levels.index)
    limits = {time: given.by_class(f"noise.limit_{time}") for time in TIMES}
    rows = {
        name: _above(levels, people, kind == name, {time: limits[time][name] for time in TIMES})
        for name in limits["day"]
    }
    health = {time: given[f"noise.health_{time}"] for time in TIMES}
    rows["health"] = _above(levels, people, kind.notna(), health)
    return pd.DataFrame.from_dict(rows, orient="index")


def _above(
    levels: pd.DataFrame,
    people: pd.Series[float],
    counted: pd.Series[bool],
    limits: dict[str, float],
) -> dict[str, float]:
    row: dict[str, float] = {f"limit_{time}": limits[time] for time in TIMES}
    row["buildings"] = int(counted.sum())
    row["residents"] = float(people[counted].sum())
    for time in TIMES:
        # levels are rounded up to whole dB before they are compared (16. BImSchV, Anlage 1)
        loud = counted & (np.ceil(levels[f"{time}_db"].round(6)) > limits[time])
        row[f"buildings_{time}"] = int(loud.sum())
        row[f"residents_{time}"] = float(people[loud].sum())
    return row
