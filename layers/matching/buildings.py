"""One building stock out of the buildings of several sources."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layers.matching.attributes import Chosen, choose
from layers.matching.figures import figures_of
from layers.matching.findings import findings_of
from layers.matching.overlap import overlapping
from layers.matching.parts import Parts, tie_parts
from layers.matching.pool import Pool, make_pool
from layers.matching.ties import Ties, tie
from layers.matching.trust import family
from twin.assumptions import assumed
from twin.schema import BUILDINGS
from twin.validation import conform

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.provenance import Finding

SHARES = ["source", "old_id", "new_id", "share"]


@dataclass(frozen=True)
class Matched:
    """
    One building stock, and how the buildings of each source went into it.

    Attributes
    ----------
    buildings
        Standard table; `known_by` and `other_ids` name the sources and ids of each building.
    new_ids
        For each source the id in the stock of each of its buildings and parts. A building that
        was divided goes to the one it mainly lies on, a part that gave way to its building.
    divided
        For each source the ids that were divided among several buildings of the stock. What lies
        in them (addresses, places, roof planes) is better tied again by its place.
    shares
        Of those: `source`, `old_id`, `new_id` and the share (0 to 1) of a sum that goes there.
    findings, report
        What was noticed; figures ready for JSON.
    """

    buildings: gpd.GeoDataFrame
    new_ids: Mapping[str, pd.Series[Any]]
    findings: tuple[Finding, ...] = ()
    report: Mapping[str, Any] = field(default_factory=dict)
    divided: Mapping[str, frozenset[str]] = field(default_factory=dict)
    shares: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=SHARES))


def match_buildings(sources: Mapping[str, gpd.GeoDataFrame]) -> Matched:
    """
    Make one building stock of the `buildings` tables of several sources.

    Buildings with the same key are the same; the others are tied where they share at least the
    assumed part of the smaller footprint, after the offset of a whole source is allowed for. The
    most trusted source gives footprint, key and the division into buildings; every column comes
    from the source that `trust.toml` puts first among those that say something. Sums (dwellings,
    residents, areas) are split by the ground they stand on and added up, so that none is lost or
    counted twice. Buildings that one source alone knows stay.

    Parameters
    ----------
    sources
        Source key (`osm`, `cadastre`, `nas`, `lod2`, ..., also `cadastre:2`) to its table, all in
        one projected CRS. The order of the mapping and of the rows does not matter.

    Raises
    ------
    ValueError
        No table is given, or they have different CRS.
    """
    if not sources:
        msg = "match_buildings needs at least one table"
        raise ValueError(msg)
    if len(sources) == 1:
        return _single(*next(iter(sources.items())))
    pool = make_pool(sources)
    ties = tie(pool)
    chosen = choose(pool, ties)
    parts = tie_parts(pool, ties)
    rows = np.concatenate([ties.owner, parts.row[parts.kept]])
    keys = _unique_keys(pool, rows)
    buildings = _stock(pool, ties, chosen, parts, keys)
    inside = {name: _inside(pool, source) for source, name in enumerate(pool.sources)}
    return Matched(
        buildings=buildings,
        new_ids=_new_ids(pool, chosen, parts, keys),
        findings=tuple(findings_of(pool, ties, parts, inside, chosen.figures)),
        report=figures_of(pool, ties, parts, inside, chosen.figures),
        divided=_divided(pool, ties),
        shares=_shares(pool, ties, chosen, keys),
    )


def _single(name: str, table: gpd.GeoDataFrame) -> Matched:
    """Return the table of the only source; nothing but `known_by` changes."""
    known = table["known_by"].fillna(family(name)).astype("str")
    buildings = table.assign(known_by=known)
    pool = make_pool({name: table})
    ties = tie(pool)
    parts = tie_parts(pool, ties)
    inside = {name: _inside(pool, 0)}
    ids = pd.Series(table.index.astype("str"), index=table.index.astype("str"), dtype="str")
    return Matched(
        buildings=buildings,
        new_ids={name: ids},
        findings=tuple(findings_of(pool, ties, parts, inside, {})),
        report=figures_of(pool, ties, parts, inside, {}),
        divided={name: frozenset()},
    )


def _inside(pool: Pool, source: int) -> list[str]:
    """Return the keys of buildings that overlap another one of their own source."""
    rows = pool.outlines(source)
    shapes = pool.shapes[rows]
    pairs = overlapping(shapes, shapes, share=assumed("match_overlap_share"), itself=True)
    return list(pool.keys[rows[np.unique(np.concatenate([pairs.left, pairs.right]))]])


def _stock(
    pool: Pool, ties: Ties, chosen: Chosen, parts: Parts, keys: NDArray[np.object_]
) -> gpd.GeoDataFrame:
    """Return the buildings and the parts that stay, with their keys."""
    number = len(ties.owner)
    whole = pool.table.take(ties.owner).reset_index(drop=True)
    known_by, other_ids = _names(pool, ties, keys)
    whole = whole.assign(
        **chosen.columns,
        known_by=known_by,
        other_ids=other_ids,
        part_of=pd.Series(None, index=whole.index, dtype="str"),
        has_parts=parts.has_parts,
    )
    rows, stock = parts.row[parts.kept], parts.stock[parts.kept]
    families = np.array([family(name) for name in pool.sources], dtype=object)
    loose = pool.table.take(rows).assign(
        part_of=pd.array(keys[stock], dtype="str"),
        known_by=pd.array(families[pool.source[rows]], dtype="str"),
        has_parts=False,
    )
    together = pd.concat([whole, loose]) if len(rows) else whole
    together.index = pd.Index(keys[: number + len(rows)], dtype="str")
    return conform(BUILDINGS, together, crs=pool.crs)


def _unique_keys(pool: Pool, rows: NDArray[np.intp]) -> NDArray[np.object_]:
    """Return the keys of rows; one that two sources use for different things gets a prefix."""
    keys = pool.keys[rows].copy()
    taken = pd.Index(keys).duplicated()
    number = 1
    while taken.any():
        again = np.flatnonzero(taken)
        prefix = np.array(pool.sources, dtype=object)[pool.source[rows[again]]]
        ending = f":{number}" if number > 1 else ""
        keys[again] = prefix + ":" + pool.keys[rows[again]] + ending
        taken = pd.Index(keys).duplicated()
        number += 1
    return keys


def _names(
    pool: Pool, ties: Ties, keys: NDArray[np.object_]
) -> tuple[pd.Series[str], pd.Series[str]]:
    """Return for each building the sources that know it, and its ids elsewhere, both sorted."""
    number = len(ties.owner)
    families = np.array([family(name) for name in pool.sources], dtype=object)
    known = pd.DataFrame({"stock": ties.stock, "word": families[pool.source[ties.row]]})
    own = pd.DataFrame({"stock": ties.stock, "word": pool.keys[ties.row]})
    there = pool.table["other_ids"].iloc[ties.row].reset_index(drop=True).dropna().str.split()
    there = there.explode()
    more = pd.DataFrame({"stock": ties.stock[there.index], "word": there.to_numpy(dtype=object)})
    ids = pd.concat([own, more], ignore_index=True)
    ids = ids[ids["word"].to_numpy() != keys[ids["stock"].to_numpy()]]
    return _joined(known, number), _joined(ids, number)


def _joined(words: pd.DataFrame, number: int) -> pd.Series[str]:
    """Return the different words of each building, sorted, with spaces between."""
    words = words.drop_duplicates().sort_values(["stock", "word"])
    stock, word = words["stock"].to_numpy(), words["word"].to_numpy(dtype=object)
    place = words.groupby("stock").cumcount().to_numpy()
    result = np.full(number, None, dtype=object)
    result[stock[place == 0]] = word[place == 0]
    for later in range(1, place.max(initial=0) + 1):
        result[stock[place == later]] += " " + word[place == later]
    return pd.Series(result, dtype="str")


def _new_ids(
    pool: Pool, chosen: Chosen, parts: Parts, keys: NDArray[np.object_]
) -> dict[str, pd.Series[Any]]:
    """Return for each source the id in the stock of each of its rows."""
    new = keys[chosen.main]
    new[parts.row] = keys[parts.stock]
    kept = parts.row[parts.kept]
    new[kept] = keys[len(keys) - len(kept) :]
    ids = {}
    for source, name in enumerate(pool.sources):
        rows = pool.source == source
        ids[name] = pd.Series(new[rows], index=pd.Index(pool.keys[rows], dtype="str"), dtype="str")
    return ids


def _shares(pool: Pool, ties: Ties, chosen: Chosen, keys: NDArray[np.object_]) -> pd.DataFrame:
    """Return what share of each divided building goes where."""
    several = np.bincount(ties.row, minlength=len(pool.keys)) > 1
    torn = several[ties.row]
    row, stock = ties.row[torn], ties.stock[torn]
    names = np.array(pool.sources, dtype=object)[pool.source[row]]
    values = (names, pool.keys[row], keys[stock], chosen.weight[torn])
    return pd.DataFrame(dict(zip(SHARES, values, strict=True))).sort_values(
        SHARES[:3], ignore_index=True
    )


def _divided(pool: Pool, ties: Ties) -> dict[str, frozenset[str]]:
    """Return the ids that are tied to more than one building of the stock."""
    several = np.bincount(ties.row, minlength=len(pool.keys)) > 1
    return {
        name: frozenset(pool.keys[several & (pool.source == source)])
        for source, name in enumerate(pool.sources)
    }
