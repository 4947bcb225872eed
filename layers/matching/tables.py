"""Merges the other tables of several sources: addresses, land use, water, districts, the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import shapely

from layers.matching.compare import plain
from layers.matching.overlap import overlapping
from layers.matching.trust import ranked, trust
from twin.assumptions import assumed
from twin.provenance import Finding, kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray


class Merged(NamedTuple):
    """One table out of several, what was noticed, and for each source old id -> new id."""

    table: pd.DataFrame
    findings: list[Finding]
    new_ids: dict[str, pd.Series[Any]]


LABELS = {
    "landuse": "land_source",
    "districts": "boundary_source",
    "blocks": "boundary_source",
    "zones": "boundary_source",
    "trees": "position_source",
}
"""Column that says how firm the rows of a table are."""

GAVE_WAY = {
    "addresses": "{count} of {total} addresses are known to a more trusted source as well; "
    "that one stays.",
    "landuse": "{count} of {total} areas give way to land use of a more trusted source.",
    "water": "{count} of {total} areas of water give way to those of a more trusted source.",
    **dict.fromkeys(
        ("parcels", "blocks", "zones"),
        "{count} of {total} areas are known to a more trusted source as well; that one stays.",
    ),
    "districts": "{count} of {total} districts are known to a more trusted source as well; "
    "that one stays.",
}


def merge_table(name: str, tables: Mapping[str, pd.DataFrame]) -> Merged:
    """
    Merge one standard table of several sources.

    Parameters
    ----------
    name
        Of the table in the schema; buildings have `layers.matching.match_buildings`.
    tables
        Source key to its table, conformed, all in one CRS. Neither order counts.

    Returns
    -------
    The merged table by key; findings; the new id of every row of every source (that of the row
    that stands for it where it gave way).
    """
    same = {
        "addresses": _same_address,
        "landuse": _covered,
        "water": _covered,
        **dict.fromkeys(("parcels", "blocks", "zones"), _covered),
        "districts": _same_district,
    }.get(name)
    names = _in_order(name, tables)
    kept = tables[names[0]]
    ids = {names[0]: _identity(kept)}
    findings: list[Finding] = []
    gone: list[str] = []
    for source in names[1:]:
        table = tables[source]
        stands_for = same(kept, table) if same and len(kept) and len(table) else _nobody(table)
        twice = stands_for.isna() & table.index.isin(kept.index)
        findings += _found(name, "key_twice", table.index[twice], _TWICE, len(table))
        gone += list(table.index[stands_for.notna()])
        ids[source] = stands_for.fillna(_identity(table))
        kept = _filled(name, kept, table, stands_for)
        new = table[stands_for.isna() & ~twice]
        kept = pd.concat([kept, new]) if len(kept) and len(new) else kept if len(kept) else new
    total = sum(len(table) for table in tables.values())
    findings += _found(name, "gave_way", gone, GAVE_WAY.get(name, ""), total)
    return Merged(kept.sort_index(), findings, ids)


_TWICE = "{count} of {total} rows have a key that a more trusted source uses as well; left out."


FIRMEST = ("registered", "measured", "tagged", "estimated", "unknown")


def _in_order(name: str, tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Return the sources: registered before tagged before estimated, then by the order of trust."""
    label = LABELS.get(name)

    def firmness(source: str) -> int:
        if not label:
            return 0
        kinds = set(tables[source][label].dropna().astype("str").map(kind_of))
        return min((FIRMEST.index(k) for k in kinds if k in FIRMEST), default=len(FIRMEST))

    return sorted(ranked(tables, trust().order), key=firmness)


def _identity(table: pd.DataFrame) -> pd.Series[Any]:
    return pd.Series(table.index.astype("str"), index=table.index, dtype="str")


def _nobody(table: pd.DataFrame) -> pd.Series[Any]:
    return pd.Series(None, index=table.index, dtype="str")


def _found(
    table: str, code: str, seen: pd.Index[Any] | list[str], message: str, total: int
) -> list[Finding]:
    keys = sorted(str(key) for key in seen)
    if not keys:
        return []
    severity: Any = "warning" if code == "key_twice" else "info"
    return [
        Finding(
            f"merge_{code}", table, len(keys), message, severity,
            examples=tuple(keys[:5]), total=total,
        )
    ]  # fmt: skip


FILL = {
    "addresses": ("postcode", "locality", "building_id"),
    "districts": ("residents", "residents_source"),
}
"""What a row that stays takes over from one that gives way, where it says nothing itself."""


def _filled(
    name: str, kept: pd.DataFrame, table: pd.DataFrame, stands_for: pd.Series[Any]
) -> pd.DataFrame:
    donors = stands_for.dropna().sort_index()
    if name not in FILL or donors.empty:
        return kept
    first = donors[~donors.duplicated()]
    found = table.loc[first.index].set_axis(pd.Index(first, dtype="str"))
    columns = list(FILL[name])
    more = found[columns].reindex(kept.index)
    return kept.assign(**{column: kept[column].fillna(more[column]) for column in columns})


def _same_address(kept: gpd.GeoDataFrame, table: gpd.GeoDataFrame) -> pd.Series[Any]:
    """Return for each address the one that stays: same street and number, near each other."""
    ours, theirs = _address_key(kept), _address_key(table)
    both = ours.merge(theirs, on="key", suffixes=("_kept", ""))
    far = shapely.distance(
        np.asarray(kept.geometry.array)[both["row_kept"]],
        np.asarray(table.geometry.array)[both["row"]],
    )
    both = both.assign(far=far)[far <= assumed("match_address_reach")]
    both = both.sort_values(["row", "far", "row_kept"], kind="stable").drop_duplicates("row")
    return _partners(kept, table, both["row_kept"].to_numpy(), both["row"].to_numpy())


def _address_key(table: pd.DataFrame) -> pd.DataFrame:
    known = (table["street"].notna() & table["housenumber"].notna()).to_numpy()
    named = table[known]
    key = plain(named["street"]) + " " + plain(named["housenumber"])
    return pd.DataFrame({"key": pd.Series(key, dtype="str"), "row": np.flatnonzero(known)})


def _partners(
    kept: pd.DataFrame, table: pd.DataFrame, ours: NDArray[np.intp], theirs: NDArray[np.intp]
) -> pd.Series[Any]:
    """Return the key of the kept partner of each row."""
    keys = np.full(len(table), None, dtype=object)
    keys[theirs] = kept.index.to_numpy(dtype=object)[ours]
    return pd.Series(keys, index=table.index, dtype="str")


def _covered(kept: gpd.GeoDataFrame, table: gpd.GeoDataFrame) -> pd.Series[Any]:
    """Return for each area the kept one that covers its representative point; lines have none."""
    areas = np.flatnonzero(shapely.get_dimensions(table.geometry.array) == 2)
    base = np.flatnonzero(shapely.get_dimensions(kept.geometry.array) == 2)
    points = shapely.point_on_surface(np.asarray(table.geometry.array)[areas])
    tree = shapely.STRtree(np.asarray(kept.geometry.array)[base])
    row, found = tree.query(points, predicate="intersects")
    order = np.lexsort((kept.index.to_numpy(dtype=object)[base[found]], row))
    first = np.unique(row[order], return_index=True)[1]
    return _partners(kept, table, base[found[order][first]], areas[row[order][first]])


def _same_district(kept: gpd.GeoDataFrame, table: gpd.GeoDataFrame) -> pd.Series[Any]:
    """Return for each district the kept one of its level with its name, or its outline."""
    left, right = np.asarray(kept.geometry.array), np.asarray(table.geometry.array)
    pairs = overlapping(left, right, share=assumed("match_overlap_share"))
    level = kept["level"].to_numpy()[pairs.left] == table["level"].to_numpy()[pairs.right]
    name = plain(kept["name"])[pairs.left] == plain(table["name"])[pairs.right]
    joint = shapely.area(left)[pairs.left] + shapely.area(right)[pairs.right] - pairs.area
    outline = pairs.area / joint >= assumed("match_same_outline")
    same = level & (name | outline)
    order = np.lexsort((pairs.left[same], -pairs.area[same], pairs.right[same]))
    row, first = np.unique(pairs.right[same][order], return_index=True)
    return _partners(kept, table, pairs.left[same][order][first], row)
