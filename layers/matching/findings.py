"""What matching noticed, as counted entries of the quality report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely
from scipy.spatial import cKDTree

from layers.matching.trust import family
from twin.assumptions import assumed
from twin.provenance import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from layers.matching.parts import Parts
    from layers.matching.pool import Pool
    from layers.matching.ties import Ties

OFFICIAL = ("nas", "cadastre", "lod2", "lod1")

ONLY = {
    "osm": "{count} of {total} buildings are known to OpenStreetMap alone.",
    "cadastre": "{count} of {total} buildings are known to the cadastre alone.",
    "nas": "{count} of {total} buildings are known to the cadastre (NAS) alone.",
    "lod2": "{count} of {total} buildings are known to the city model alone.",
    "lod1": "{count} of {total} buildings are known to the city model (LoD1) alone.",
    "model_town": "{count} of {total} buildings are known to the model town alone.",
}
ONLY_ELSE = "{count} of {total} buildings are known to one further source alone."


def findings_of(
    pool: Pool,
    ties: Ties,
    parts: Parts,
    inside: Mapping[str, list[str]],
    figures: Mapping[str, Mapping[str, Any]],
) -> list[Finding]:
    """Return everything noticed, most general first."""
    return [
        *_alone(pool, ties),
        *_new_or_gone(pool, ties),
        *_shifts(pool, ties),
        *_conflicts(figures),
        *_oddities(pool, ties, parts, inside),
    ]


def _found(
    code: str,
    seen: Iterable[str],
    message: str,
    *,
    severity: Literal["info", "warning"] = "info",
    total: int | None = None,
) -> list[Finding]:
    seen = list(seen)
    if not seen:
        return []
    return [
        Finding(
            f"match_{code}", "buildings", len(seen), message, severity,
            examples=tuple(sorted(dict.fromkeys(seen))[:5]), total=total,
        )
    ]  # fmt: skip


def only_known_to(pool: Pool, ties: Ties) -> dict[str, NDArray[np.intp]]:
    """Return for each source the buildings of the stock that no other source has."""
    source = pool.source[ties.row]
    number = len(ties.owner)
    known = np.zeros((number, len(pool.sources)), dtype=bool)
    known[ties.stock, source] = True
    single = known.sum(axis=1) == 1
    return {
        name: np.flatnonzero(single & known[:, place]) for place, name in enumerate(pool.sources)
    }


def _alone(pool: Pool, ties: Ties) -> list[Finding]:
    if len(pool.sources) == 1:
        return []
    total = len(ties.owner)
    return [
        entry
        for name, stock in only_known_to(pool, ties).items()
        for entry in _found(
            f"only_{family(name)}",
            pool.keys[ties.owner[stock]],
            ONLY.get(family(name), ONLY_ELSE),
            total=total,
        )
    ]


def amid_official(pool: Pool, ties: Ties) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """
    Return buildings of the stock that no official source has, and those of them amid official ones.

    Amid means that the centre of an official building is within the assumed reach.
    """
    official = np.array([family(name) in OFFICIAL for name in pool.sources])
    centre = shapely.get_coordinates(shapely.centroid(pool.shapes[ties.owner]))
    is_official = np.zeros(len(ties.owner), dtype=bool)
    is_official[ties.stock[official[pool.source[ties.row]]]] = True
    other = np.flatnonzero(~is_official)
    if not is_official.any() or not len(other):
        return other[:0], other[:0]
    near, _ = cKDTree(centre[is_official]).query(
        centre[other], distance_upper_bound=assumed("match_coverage_reach")
    )
    return other, other[np.isfinite(near)]


def _new_or_gone(pool: Pool, ties: Ties) -> list[Finding]:
    other, amid = amid_official(pool, ties)
    return _found(
        "new_or_gone",
        pool.keys[ties.owner[amid]],
        "{count} of {total} buildings that no official source knows stand amid official ones: "
        "newer than these, demolished, or not surveyed.",
        severity="warning",
        total=len(other),
    )


def _shifts(pool: Pool, ties: Ties) -> list[Finding]:
    """Report sources that lie half a metre off or more; how far stands in the examples."""
    entries = []
    for stage in ties.stages:
        east, north = stage.shift.east, stage.shift.north
        if np.hypot(east, north) < 0.5:
            continue
        entries.append(
            Finding(
                "match_shift", "buildings", stage.shift.buildings,
                "{count} of {total} buildings agree that their source lies half a metre or more "
                "off the more trusted ones; this was allowed for.",
                "warning",
                examples=(f"{pool.sources[stage.source]}: {east:+.2f} m E, {north:+.2f} m N",),
                total=len(pool.outlines(stage.source)),
            )
        )  # fmt: skip
    return entries


def _conflicts(figures: Mapping[str, Mapping[str, Any]]) -> list[Finding]:
    message = "{column}: sources contradict each other at {count} of {total} buildings."
    return [
        Finding(
            f"match_conflict_{column}", "buildings", entry["conflicts"], message, "info",
            examples=tuple(entry["examples"]), total=entry["compared"], column=column,
        )
        for column, entry in figures.items()
        if entry["conflicts"]
    ]  # fmt: skip


def _oddities(
    pool: Pool, ties: Ties, parts: Parts, inside: Mapping[str, list[str]]
) -> list[Finding]:
    """Report what is odd within one source or between two."""
    lost = pool.table["part_of"].notna().to_numpy() & ~pool.is_part
    return [
        *_found(
            "overlap_inside",
            [key for keys in inside.values() for key in keys],
            "{count} of {total} buildings overlap another building of the same source; all stay.",
            severity="warning", total=int((~pool.is_part).sum()),
        ),
        *_found(
            "key_twice",
            [key for keys in pool.twice.values() for key in keys],
            "{count} keys of buildings come twice in one source; one building stays for each.",
            severity="warning",
        ),
        *_found(
            "empty",
            pool.empty,
            "{count} buildings have no footprint and are left out.",
            severity="warning",
        ),
        *_found(
            "key_astray",
            [key for stage in ties.stages for key in stage.key_astray],
            "{count} buildings have the same key in two sources at different places; "
            "they are kept apart.",
            severity="warning",
        ),
        *_found(
            "partial",
            [key for stage in ties.stages for key in stage.partial],
            "{count} buildings stand partly on a building of a more trusted source, but too little "
            "to be the same; both stay.",
        ),
        *_found(
            "parts_gave_way",
            pool.keys[parts.row[~parts.kept]],
            "{count} of {total} building parts give way to those of a more trusted source.",
            total=len(parts.row),
        ),
        *_found(
            "part_alone",
            pool.keys[lost],
            "{count} building parts name an outline that is not there; they stand for themselves.",
            severity="warning",
        ),
    ]  # fmt: skip
