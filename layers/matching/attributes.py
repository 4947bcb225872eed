"""Fills each column of the stock from the source that is believed most about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from layers.matching.compare import conflicts, differ, first_of_each_source
from layers.matching.extensive import handed_down
from layers.matching.trust import ColumnTrust, ranked, trust
from twin.assumptions import assumed
from twin.schema import BUILDINGS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from layers.matching.pool import Pool
    from layers.matching.ties import Ties

    Rows = NDArray[np.intp]

ACCESSORY = ("garage", "shed")
"""Uses of buildings that nobody lives or works in; they get no share of a sum beside a house."""


@dataclass(frozen=True)
class Chosen:
    """The filled columns and what was seen on the way."""

    columns: dict[str, pd.Series[Any]]  # by position of the building in the stock
    main: Rows  # for each pool row the building of the stock it stands for; -1 none
    weight: NDArray[np.float64]  # for each tie the share of a sum of its row that goes there
    figures: dict[str, dict[str, Any]]  # by column: from which source, how many conflicts


def choose(pool: Pool, ties: Ties) -> Chosen:
    """Choose the value of every column for every building of the stock."""
    by_column = {rule.column: rule for rule in trust().columns}
    talk = _talking(pool, ties)
    use = _pick_use(pool, ties, by_column["use"], talk)
    columns = _taken(pool, by_column["use"], use)
    figures = {"use": _figures(pool, ties, by_column["use"], use, talk)}
    accessory = columns["use"].isin(ACCESSORY).to_numpy()
    main, weight = _main(pool, ties, accessory)
    mainly = talk & (main[ties.row] == ties.stock)
    for rule in trust().columns:
        if rule.column == "use":
            continue
        if rule.kind == "extensive":
            sums = handed_down(pool, ties, rule, weight)
            columns |= sums.columns
            figures[rule.column] = sums.figures
            continue
        among = mainly if rule.kind == "single" else talk
        row = _pick(pool, ties, rule, among)
        columns |= _taken(pool, rule, row)
        if rule.is_compared:
            figures[rule.column] = _figures(pool, ties, rule, row, among)
    return Chosen(columns, main, weight, figures)


def _talking(pool: Pool, ties: Ties) -> NDArray[np.bool_]:
    """Tell which ties cover enough of their building to say something about it."""
    ground = ties.area[: len(ties.owner)]
    large = ties.area >= assumed("match_cover_share") * ground[ties.stock]
    talking: NDArray[np.bool_] = ties.firm | large
    return talking


def _main(pool: Pool, ties: Ties, accessory: NDArray[np.bool_]) -> tuple[Rows, NDArray[np.float64]]:
    """
    Return the building each pool row mainly lies on, and the share of a sum each tie gets.

    Garages and sheds count only where the row lies on nothing else.
    """
    rows = len(pool.keys)
    side = accessory[ties.stock]
    real = np.bincount(ties.row[~side], weights=ties.area[~side], minlength=rows)
    counted = np.where(side & (real[ties.row] > 0), 0.0, ties.area)
    whole = np.bincount(ties.row, weights=counted, minlength=rows)[ties.row]
    number = np.bincount(ties.row, minlength=rows)[ties.row]
    weight = np.where(whole > 0, counted / np.where(whole > 0, whole, 1.0), 1.0 / number)
    order = np.lexsort((ties.stock, -weight, ties.row))
    tied, first = np.unique(ties.row[order], return_index=True)
    main = np.full(rows, -1, dtype=np.intp)
    main[tied] = ties.stock[order][first]
    return main, weight


def says(pool: Pool, column: str) -> NDArray[np.bool_]:
    """Tell which pool rows say something: "unknown" is no answer."""
    values = pool.table[column]
    known: NDArray[np.bool_] = values.notna().to_numpy(dtype=bool)
    if values.dtype != "float64":
        known = known & (values.astype("str") != "unknown").to_numpy(dtype=bool)
    return known


def places_of(pool: Pool, rule: ColumnTrust) -> NDArray[np.intp]:
    """
    Return for each pool row how far behind in the order of trust it stands, 0 first.

    What a source itself estimated stands behind everything that others know.
    """
    order = ranked(pool.sources, rule.reasons, trust().order)
    place = np.array([order.index(name) for name in pool.sources], dtype=np.intp)[pool.source]
    label = BUILDINGS.column(rule.column).source
    if label:
        guessed = pool.table[label].str.startswith("estimated").fillna(value=False)
        place = place + len(order) * guessed.to_numpy(dtype=bool)
    return place


def _pick(pool: Pool, ties: Ties, rule: ColumnTrust, among: NDArray[np.bool_]) -> Rows:
    """
    Return the pool row that each building takes the column from, -1 where none says anything.

    Rows that know the column itself come before those that only know a companion of it.
    """
    place = places_of(pool, rule)
    result = _first(ties, place, among & says(pool, rule.column)[ties.row])
    for companion in (*rule.companions, *([rule.column] if rule.column == "use" else [])):
        rest = among & (result < 0)[ties.stock] & pool.table[companion].notna().to_numpy()[ties.row]
        result = np.where(result < 0, _first(ties, place, rest), result)
    return result


def _first(ties: Ties, place: Rows, chosen: NDArray[np.bool_]) -> Rows:
    """Return the most trusted pool row of each building, larger overlap first among equals."""
    result = np.full(len(ties.owner), -1, dtype=np.intp)
    tie = np.flatnonzero(chosen)
    row = ties.row[tie]
    order = np.lexsort((row, -ties.area[tie], place[row], ties.stock[tie]))
    stock, first = np.unique(ties.stock[tie][order], return_index=True)
    result[stock] = row[order][first]
    return result


def _pick_use(pool: Pool, ties: Ties, rule: ColumnTrust, among: NDArray[np.bool_]) -> Rows:
    """Like `_pick`; a general word gives way to a special one for the same."""
    row = _pick(pool, ties, rule, among)
    words = pool.table["use"].astype("str").to_numpy(dtype=object)
    said = says(pool, "use")
    place = places_of(pool, rule)
    for general, special in rule.general.items():
        is_general = (row >= 0) & (words[row] == general)
        fits = said & (words != general) if "*" in special else np.isin(words, special)
        better = _first(ties, place, among & fits[ties.row] & is_general[ties.stock])
        row = np.where(better >= 0, better, row)
    return row


def _taken(pool: Pool, rule: ColumnTrust, row: Rows) -> dict[str, pd.Series[Any]]:
    """Return the columns of a rule, taken from the chosen rows."""
    return {name: pool.table[name].reindex(row).reset_index(drop=True) for name in rule.columns}


def _figures(
    pool: Pool, ties: Ties, rule: ColumnTrust, row: Rows, among: NDArray[np.bool_]
) -> dict[str, Any]:
    """Count which source the values come from, and where others say something else."""
    said = says(pool, rule.column)
    tie = first_of_each_source(pool, ties, among & said[ties.row])
    stock, other, winner = ties.stock[tie], ties.row[tie], row[ties.stock[tie]]
    against = (winner >= 0) & (pool.source[other] != pool.source[winner])
    stock, other, winner = stock[against], other[against], winner[against]
    values = pool.table[rule.column]
    apart = differ(rule, values.reindex(winner), values.reindex(other))
    chosen = row[(row >= 0) & said[row]]
    counts = np.bincount(pool.source[chosen], minlength=len(pool.sources))
    return {
        "from": {name: int(n) for name, n in zip(pool.sources, counts, strict=True) if n},
        "compared": len(np.unique(stock)),
        **conflicts(pool, ties, stock[apart]),
    }
