"""Building parts follow their outline into the stock; no volume is there twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from layers.matching.overlap import shared_area
from layers.matching.trust import ranked, trust
from twin.assumptions import assumed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from layers.matching.pool import Pool
    from layers.matching.ties import Ties

    Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Parts:
    """Which parts stay, and the building of the stock that each part belongs to."""

    row: Rows  # pool rows of all parts
    stock: Rows  # their building in the stock
    kept: NDArray[np.bool_]
    has_parts: NDArray[np.bool_]  # for each building of the stock


def tie_parts(pool: Pool, ties: Ties) -> Parts:
    """
    Give each part to the building of the stock it mostly lies on.

    Where several sources know parts of a building, the most trusted one keeps them. The parts
    stand for the volume of a building (`has_parts`) that only its own source describes as that
    source says, of all others where they cover the assumed share of the footprint.
    """
    row, stock, area = _places(pool, ties)
    order = ranked(pool.sources, trust().parts, trust().order)
    place = np.array([order.index(name) for name in pool.sources], dtype=np.intp)[pool.source[row]]
    best = np.full(len(ties.owner), len(order), dtype=np.intp)
    np.minimum.at(best, stock, place)
    kept = place == best[stock]
    covered = np.bincount(stock[kept], weights=area[kept], minlength=len(ties.owner))
    ground = np.maximum(shapely.area(pool.shapes[ties.owner]), 1e-9)
    has_parts = covered / ground >= assumed("match_part_cover")
    said = pool.table["has_parts"].to_numpy(dtype=bool)[ties.owner]
    ours = np.zeros(len(ties.owner), dtype=bool)
    ours[stock[kept]] = pool.outline[row[kept]] == ties.owner[stock[kept]]
    has_parts = np.where(ours, said & (covered > 0), has_parts)
    return Parts(row, stock, kept, has_parts)


def _places(pool: Pool, ties: Ties) -> tuple[Rows, Rows, NDArray[np.float64]]:
    """Return each part, its building and the area on it [m²]."""
    parts = np.flatnonzero(pool.is_part)
    order = np.argsort(ties.row, kind="stable")
    start = np.searchsorted(ties.row[order], pool.outline[parts], side="left")
    number = np.searchsorted(ties.row[order], pool.outline[parts], side="right") - start
    row = np.repeat(parts, number)
    within = np.arange(len(row)) - np.repeat(np.cumsum(number) - number, number)
    stock = ties.stock[order][np.repeat(start, number) + within]
    area = shared_area(pool.shapes[row], pool.shapes[ties.owner[stock]])
    order = np.lexsort((stock, -area, row))
    row, stock, area = row[order], stock[order], area[order]
    first = np.unique(row, return_index=True)[1]
    return row[first], stock[first], area[first]
