"""The figures of matching for the quality report: rates, differences, histograms; all JSON."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.matching.compare import first_of_each_source
from layers.matching.findings import amid_official, only_known_to
from layers.matching.ties import RELATIONS
from layers.matching.trust import family

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from layers.matching.parts import Parts
    from layers.matching.pool import Pool
    from layers.matching.ties import Stage, Ties

    Floats = NDArray[np.float64]

AREA_EDGES = (-50, -30, -20, -15, -10, -5, -2, 2, 5, 10, 15, 20, 30, 50)
HEIGHT_EDGES = (-10, -5, -4, -3, -2, -1, -0.5, 0.5, 1, 2, 3, 4, 5, 10)
OVERLAP_EDGES = (0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100)


def figures_of(
    pool: Pool,
    ties: Ties,
    parts: Parts,
    inside: Mapping[str, list[str]],
    attributes: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """
    Return what the quality report shows of matching.

    `sources`, `stock`: counts and areas [m²]; `stages`: how each source met the stock; `areas`,
    `overlaps`, `heights`: histograms of pairs of sources, in per cent of the more trusted
    footprint, per cent of the joint footprint, and metres; `attributes`: where values come from.
    """
    area = np.asarray(shapely.area(pool.shapes))
    return {
        "sources": {
            name: _counted(pool, area, place, inside[name])
            for place, name in enumerate(pool.sources)
        },
        "stock": _stock(pool, ties, parts, area),
        "stages": [_stage(pool, stage, area) for stage in ties.stages],
        **_footprints(pool, ties, area),
        "heights": _heights(pool, ties),
        "attributes": {c: dict(entry) for c, entry in attributes.items() if entry["from"]},
    }


def _counted(pool: Pool, area: Floats, place: int, inside: list[str]) -> dict[str, Any]:
    rows = pool.outlines(place)
    return {
        "buildings": len(rows),
        "parts": int((pool.is_part & (pool.source == place)).sum()),
        "area_m2": round(float(area[rows].sum()), 1),
        "overlap_inside": len(inside),
    }


def _stock(pool: Pool, ties: Ties, parts: Parts, area: Floats) -> dict[str, Any]:
    """Count the stock, by the sources that know a building and by those that alone do."""
    known = np.zeros((len(ties.owner), len(pool.sources)), dtype=bool)
    known[ties.stock, pool.source[ties.row]] = True
    sets, number = np.unique(known, axis=0, return_counts=True)
    families = np.array([family(name) for name in pool.sources], dtype=object)
    by: dict[str, int] = {}
    for one, count in zip(sets, number, strict=True):
        words = " ".join(sorted(set(families[one])))
        by[words] = by.get(words, 0) + int(count)
    own = area[ties.owner]
    only = {
        name: {
            "buildings": len(stock),
            "area_m2": round(float(own[stock].sum()), 1),
            "examples": [str(key) for key in sorted(pool.keys[ties.owner[stock]])[:5]],
        }
        for name, stock in only_known_to(pool, ties).items()
    }
    other, amid = amid_official(pool, ties)
    return {
        "buildings": len(ties.owner),
        "parts": int(parts.kept.sum()),
        "parts_gave_way": int((~parts.kept).sum()),
        "area_m2": round(float(own.sum()), 1),
        "known_by": dict(sorted(by.items())),
        "only": only,
        "not_official": len(other),
        "not_official_amid_official": len(amid),
    }


def _stage(pool: Pool, stage: Stage, area: Floats) -> dict[str, Any]:
    """Count how one source met the stock; rates are shares of its buildings, 0 to 1."""
    rows = pool.outlines(stage.source)
    tied, first = np.unique(stage.pairs.right, return_index=True)
    relation = np.bincount(stage.relation[first], minlength=len(RELATIONS))
    total = float(area[rows].sum())
    met = len(np.unique(stage.pairs.left))
    return {
        "source": pool.sources[stage.source],
        "buildings": len(rows),
        "matched": len(tied),
        "rate": round(len(tied) / len(rows), 4) if len(rows) else None,
        "area_rate": round(float(area[tied].sum()) / total, 4) if total else None,
        "by_key": stage.by_key,
        "relations": {name: int(n) for name, n in zip(RELATIONS, relation, strict=True)},
        "stock_before": stage.before,
        "stock_matched": met,
        "stock_rate": round(met / stage.before, 4) if stage.before else None,
        "partial": len(stage.partial),
        "shift_m": [stage.shift.east, stage.shift.north],
        "shift_buildings": stage.shift.buildings,
    }


def _footprints(pool: Pool, ties: Ties, area: Floats) -> dict[str, Any]:
    """Compare footprints that are one to one, for each source with each owner's source."""
    areas, overlaps = [], []
    for stage in ties.stages:
        single = stage.relation == 0
        row, owner = stage.pairs.right[single], ties.owner[stage.pairs.left[single]]
        ours, theirs, shared = area[owner], area[row], stage.pairs.area[single]
        more = 100 * (theirs - ours) / ours
        joint = np.minimum(100 * shared / np.maximum(ours + theirs - shared, 1e-9), 100)
        for place in np.unique(pool.source[owner]):
            pick = pool.source[owner] == place
            names = {"source": pool.sources[stage.source], "against": pool.sources[place]}
            areas.append({**names, **histogram(more[pick], AREA_EDGES, "%")})
            overlaps.append({**names, **histogram(joint[pick], OVERLAP_EDGES, "%")})
    return {"areas": areas, "overlaps": overlaps}


def _heights(pool: Pool, ties: Ties) -> list[dict[str, Any]]:
    """Compare the heights that two sources know of the same building, for every two sources."""
    height = pool.table["height_m"].to_numpy(dtype=float)
    tie = first_of_each_source(pool, ties, ~np.isnan(height[ties.row]))
    known = np.full((len(ties.owner), len(pool.sources)), np.nan)
    known[ties.stock[tie], pool.source[ties.row[tie]]] = height[ties.row[tie]]
    result = []
    for one, other in combinations(range(len(pool.sources)), 2):
        apart = known[:, other] - known[:, one]
        apart = apart[~np.isnan(apart)]
        if len(apart):
            names = {"source": pool.sources[other], "against": pool.sources[one]}
            result.append({**names, **histogram(apart, HEIGHT_EDGES, "m")})
    return result


def histogram(values: Floats, edges: tuple[float, ...], unit: str) -> dict[str, Any]:
    """
    Return counts between `edges`, what lies outside, and the middle of the values.

    >>> import numpy as np
    >>> histogram(np.array([-3.0, 0.0, 0.4, 9.0]), (-1, 0.5, 1), "m")["counts"]
    [2, 0]
    """
    counts, _ = np.histogram(values, bins=edges)
    return {
        "unit": unit,
        "count": len(values),
        "edges": [float(edge) for edge in edges],
        "counts": [int(n) for n in counts],
        "below": int((values < edges[0]).sum()),
        "above": int((values > edges[-1]).sum()),
        "median": round(float(np.median(values)), 3) if len(values) else None,
        "mean": round(float(values.mean()), 3) if len(values) else None,
        "mean_absolute": round(float(np.abs(values).mean()), 3) if len(values) else None,
    }
