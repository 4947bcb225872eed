"""Ties every building of every source to the buildings of the stock: by key, then by overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from layers.matching.overlap import (
    Pairs,
    Shift,
    moved,
    overlapping,
    shared_area,
    systematic_shift,
)
from twin.assumptions import assumed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from layers.matching.pool import Pool

    Rows = NDArray[np.intp]
    Shapes = NDArray[np.object_]

RELATIONS = ("one_to_one", "one_to_many", "many_to_one", "many_to_many")
"""Buildings of the source to buildings of the stock that are tied together."""


@dataclass(frozen=True)
class Ties:
    """
    Which building of which source is (part of) which building of the stock.

    One tie for every pair: `stock` and `row` (position in the pool) with the area they share [m²].
    The building that gives the stock its footprint, `owner`, is tied to it as well.
    """

    owner: Rows  # pool row of each building of the stock
    stock: Rows
    row: Rows
    area: NDArray[np.float64]
    firm: NDArray[np.bool_]  # by key, or the owner itself: whatever the overlap
    stages: tuple[Stage, ...]  # one a source, the first excluded


@dataclass(frozen=True)
class Stage:
    """How one source met the stock that the more trusted ones had made."""

    source: int
    before: int  # buildings of the stock that it met
    pairs: Pairs  # left: stock, right: pool row
    keyed: int  # so many of the pairs, the first ones, go by the same key
    by_key: int  # buildings of the source in them
    key_astray: tuple[str, ...]  # same key, far apart
    partial: tuple[str, ...]  # kept, though they share some ground with the stock
    relation: NDArray[np.int8]  # for each pair, position in RELATIONS
    shift: Shift


def tie(pool: Pool) -> Ties:
    """
    Tie all sources, one after the other in the order of trust.

    The stock begins as the most trusted source. Each further source is tied to it; what finds no
    partner becomes a building of the stock itself, for the sources after it to meet. Who is tied
    together is a component of the graph of overlaps; the division into buildings of the more
    trusted source stays, whatever the relation.
    """
    owner = pool.outlines(0)
    aliases = _aliases(pool)
    stock_of = np.full(len(pool.keys), -1, dtype=np.intp)
    stock_of[owner] = np.arange(len(owner))
    stages: list[Stage] = []
    for source in range(1, len(pool.sources)):
        stage = _stage(pool, source, owner, stock_of, aliases)
        stages.append(stage)
        stock_of[_main(stage.pairs)[0]] = _main(stage.pairs)[1]
        rows = pool.outlines(source)
        alone = rows[~np.isin(rows, stage.pairs.right)]
        stock_of[alone] = len(owner) + np.arange(len(alone))
        owner = np.concatenate([owner, alone])
    own = np.asarray(shapely.area(pool.shapes[owner]))
    firm = [np.arange(len(stage.pairs.left)) < stage.keyed for stage in stages]
    return Ties(
        owner=owner,
        stock=np.concatenate([np.arange(len(owner)), *(s.pairs.left for s in stages)]),
        row=np.concatenate([owner, *(s.pairs.right for s in stages)]),
        area=np.concatenate([own, *(s.pairs.area for s in stages)]),
        firm=np.concatenate([np.ones(len(owner), dtype=bool), *firm]),
        stages=tuple(stages),
    )


def _main(pairs: Pairs) -> tuple[Rows, Rows]:
    """Return for each row of the source the building of the stock it mostly lies on."""
    order = np.lexsort((pairs.left, -pairs.area, pairs.right))
    rows, first = np.unique(pairs.right[order], return_index=True)
    return rows, pairs.left[order][first]


def _stage(pool: Pool, source: int, owner: Rows, stock_of: Rows, aliases: pd.DataFrame) -> Stage:
    """Tie the whole buildings of one source to the stock."""
    rows = pool.outlines(source)
    shapes = pool.shapes
    shift = systematic_shift(shapes[owner], shapes[rows])
    placed = moved(shapes[rows], shift)
    stock, row, astray = _same_key(pool, rows, stock_of, aliases)
    position = np.searchsorted(rows, row)
    keyed = Pairs(stock, row, shared_area(shapes[owner[stock]], placed[position]))
    free = np.setdiff1d(np.arange(len(rows)), position)
    share = assumed("match_overlap_share")
    near = overlapping(shapes[owner], placed[free], share=share)
    near = _without_neighbours(near, shapes[owner], placed[free])
    right = rows[free[near.right]]
    pairs = Pairs(
        np.concatenate([keyed.left, near.left]),
        np.concatenate([keyed.right, right]),
        np.concatenate([keyed.area, near.area]),
    )
    alone = np.setdiff1d(free, free[near.right])
    grazing = overlapping(shapes[owner], placed[alone], share=assumed("match_cover_share"))
    return Stage(
        source=source,
        before=len(owner),
        pairs=pairs,
        keyed=len(row),
        by_key=len(np.unique(row)),
        key_astray=astray,
        partial=tuple(pool.keys[rows[alone[np.unique(grazing.right)]]]),
        relation=_relations(pairs, len(owner)),
        shift=shift,
    )


def _without_neighbours(pairs: Pairs, left: Shapes, right: Shapes) -> Pairs:
    """
    Drop ties between two footprints that each have their like on the other side.

    Two footprints are like each other when they share most of what both cover and neither shares
    more with another one. What overlaps besides does so because a source draws things on top of
    each other. An annex without a like of its own stays tied to the outline that takes it in.
    """
    if not len(pairs.left):
        return pairs
    joint = shapely.area(left)[pairs.left] + shapely.area(right)[pairs.right] - pairs.area
    alike = pairs.area / np.maximum(joint, 1e-9)
    place = np.arange(len(alike))
    by_left = np.lexsort((pairs.right, -alike, pairs.left))
    by_right = np.lexsort((pairs.left, -alike, pairs.right))
    best_left = by_left[np.unique(pairs.left[by_left], return_index=True)[1]]
    best_right = by_right[np.unique(pairs.right[by_right], return_index=True)[1]]
    like = np.isin(place, best_left) & np.isin(place, best_right)
    like &= alike >= assumed("match_same_outline")
    settled = np.isin(pairs.right, pairs.right[like]) & np.isin(pairs.left, pairs.left[like])
    return pairs.only(like | ~settled)


def _relations(pairs: Pairs, stock: int) -> NDArray[np.int8]:
    """Return for each pair how many buildings of each side its component has."""
    if not len(pairs.left):
        return np.array([], dtype=np.int8)
    rows, right = np.unique(pairs.right, return_inverse=True)
    size = stock + len(rows)
    graph = coo_array((np.ones(len(right)), (pairs.left, stock + right)), shape=(size, size))
    label = connected_components(graph, directed=False)[1]
    tied = label[np.unique(pairs.left)]
    stocks = np.bincount(tied, minlength=label.max() + 1)[label[pairs.left]]
    others = np.bincount(label[stock:], minlength=label.max() + 1)[label[pairs.left]]
    return np.select(
        [(stocks == 1) & (others == 1), others == 1, stocks == 1], [0, 1, 2], default=3
    ).astype(np.int8)


def _aliases(pool: Pool) -> pd.DataFrame:
    """Return every id a whole building goes by, its own and those in other registers."""
    rows = np.flatnonzero(~pool.is_part)
    own = pd.DataFrame({"alias": pool.keys[rows], "row": rows})
    others = pool.table["other_ids"].iloc[rows].dropna()
    split = others.str.split().explode()
    more = pd.DataFrame({"alias": split.to_numpy(dtype=object), "row": split.index.to_numpy()})
    return pd.concat([own, more], ignore_index=True).drop_duplicates()


def _same_key(
    pool: Pool, rows: Rows, stock_of: Rows, aliases: pd.DataFrame
) -> tuple[Rows, Rows, tuple[str, ...]]:
    """Return stock and row of those that go by the same id, and ids that are far apart."""
    known = aliases[stock_of[aliases["row"].to_numpy()] >= 0]
    ours = aliases[np.isin(aliases["row"].to_numpy(), rows)]
    both = known.merge(ours, on="alias", suffixes=("_known", ""))
    met = both["row_known"].to_numpy(dtype=np.intp)
    row = both["row"].to_numpy(dtype=np.intp)
    apart = shapely.distance(pool.shapes[met], pool.shapes[row])
    far = apart > assumed("match_same_key_reach")
    unique = np.unique(np.column_stack([stock_of[met[~far]], row[~far]]), axis=0)
    astray = tuple(sorted(set(both["alias"].to_numpy(dtype=object)[far])))
    return unique[:, 0].astype(np.intp), unique[:, 1].astype(np.intp), astray
