"""Turns counts as published into the standard tables `cells` and `census_counts` (pure)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from layers.census.files import COLUMNS
from layers.census.themes import vocabulary
from twin.crs import utm_crs
from twin.errors import SourceError
from twin.provenance import Finding
from twin.schema import CELLS, CENSUS_COUNTS
from twin.validation import conform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.census.files import RawCensus
    from layers.source_data import Area

GRID = "EPSG:3035"  # ETRS89-LAEA, the European grid
TOTALS = ("residents", "dwellings", "buildings")
REGISTERED = "registered:census"


@dataclass
class Census:
    """Standard tables of the grid, what was noticed, and the years they come from."""

    cells: gpd.GeoDataFrame
    counts: pd.DataFrame
    crs: str
    findings: tuple[Finding, ...]
    years: tuple[int, ...]
    report: dict[str, Any] = field(default_factory=dict)


def translate(raws: Sequence[RawCensus], *, area: Area | None = None) -> Census:
    """
    Return the tables of all files together.

    Of two years the newer counts, theme by theme and size by size. Where a total is published
    nowhere, the sum of a complete theme stands in for it (`estimated:class_sum`); it misses the
    suppressed classes. Cells without any figure are left out.

    Raises
    ------
    SourceError
        No count is left (in the area).
    """
    tally: Counter[str] = sum((raw.tally for raw in raws), Counter())
    counts = pd.concat([raw.counts for raw in raws] or [pd.DataFrame(columns=COLUMNS)])
    if area is not None:
        counts = _inside(counts, area)
    if counts.empty:
        template = "The census files hold no count for this place."
        hint = "Check that they are grid files of 100 m or 1 km that cover it."
        raise SourceError(template, hint=hint)
    counts = _newest(counts, tally)
    counts = _one_of_each(counts, tally)
    counts["cell_id"] = _cell_ids(counts)
    crs = _crs_of(counts, area)
    cells = _cells_table(counts, crs=crs)
    findings = (*_findings(tally, raws), *_incomplete(counts))
    years = tuple(sorted(set(counts["year"])))
    return Census(cells, _counts_table(counts, crs=crs), crs, findings, years, _report(cells))


def _inside(counts: pd.DataFrame, area: Area) -> pd.DataFrame:
    """Keep the counts of cells that touch the area."""
    squares = counts[["size_m", "x", "y"]].drop_duplicates()
    x, y, size = (squares[c].to_numpy(dtype=float) for c in ("x", "y", "size_m"))
    shape = area.within(GRID)
    shapely.prepare(shape)
    touched = shapely.intersects(shape, shapely.box(x, y, x + size, y + size))
    return counts.merge(squares[touched], on=["size_m", "x", "y"])


def _newest(counts: pd.DataFrame, tally: Counter[str]) -> pd.DataFrame:
    """Keep the newest year of each theme and size, so that no cell mixes two censuses."""
    newest = counts.groupby(["size_m", "theme"])["year"].transform("max")
    older = counts["year"] < newest
    tally["older"] += int(older.sum())
    return counts[~older]


def _one_of_each(counts: pd.DataFrame, tally: Counter[str]) -> pd.DataFrame:
    """Keep one of several values for the same: the better column, then the larger value."""
    same = ["size_m", "x", "y", "theme", "class"]
    ordered = counts.sort_values([*same, "rank", "count"], ascending=[True] * 6 + [False])
    double = ordered.duplicated(same)
    first = ordered.groupby(same)[["rank", "count"]].transform("first")
    other = (ordered["count"] != first["count"]) & (ordered["rank"] == first["rank"])
    tally["contradicting"] += int((double & other).sum())
    return ordered[~double].reset_index(drop=True)


def _cell_ids(counts: pd.DataFrame) -> pd.Series[str]:
    """Return the official id, in the long form of both censuses."""
    n, e, size = (counts[c].astype("int64").astype(str) for c in ("y", "x", "size_m"))
    return "CRS3035RES" + size + "mN" + n + "E" + e


def _crs_of(counts: pd.DataFrame, area: Area | None) -> str:
    """Return the CRS of the area where it is a projected one, else the UTM zone of the middle."""
    if area is not None and area.crs.startswith(("EPSG:258", "EPSG:326", "EPSG:327")):
        return area.crs
    to_degrees = Transformer.from_crs(GRID, "EPSG:4326", always_xy=True)
    east = (counts["x"].min() + counts["x"].max()) / 2
    north = (counts["y"].min() + counts["y"].max()) / 2
    return utm_crs(*to_degrees.transform(east, north))


def squares(
    x: np.ndarray[Any, Any], y: np.ndarray[Any, Any], size_m: np.ndarray[Any, Any], *, crs: str
) -> np.ndarray[Any, Any]:
    """Return the cells with south-west corner x, y [m, EPSG:3035] in `crs`: corners, to 1 mm."""
    to_city = Transformer.from_crs(GRID, crs, always_xy=True)
    steps = ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
    corners = [to_city.transform(x + dx * size_m, y + dy * size_m) for dx, dy in steps]
    return np.asarray(shapely.polygons(np.array(corners).transpose(2, 0, 1).round(3)))


def _cells_table(counts: pd.DataFrame, *, crs: str) -> gpd.GeoDataFrame:
    cells = counts.drop_duplicates("cell_id").set_index("cell_id")[["size_m", "x", "y"]]
    x, y, size = (cells[c].to_numpy(dtype=float) for c in ("x", "y", "size_m"))
    frame = gpd.GeoDataFrame(
        {"size_m": size}, index=cells.index, geometry=squares(x, y, size, crs=crs)
    )
    for total in TOTALS:
        rows = counts[(counts["theme"] == total) & (counts["class"] == "")]
        published = rows.set_index("cell_id")["count"].reindex(frame.index)
        summed = _class_sum(counts, total).reindex(frame.index)
        frame[total] = published.fillna(summed)
        source = pd.Series(REGISTERED, index=frame.index).where(published.notna())
        summed_up = published.isna() & summed.notna()
        frame[f"{total}_source"] = source.mask(summed_up, "estimated:class_sum")
    return conform(CELLS, frame, crs=crs)


def _class_sum(counts: pd.DataFrame, unit: str) -> pd.Series[float]:
    """Sum the classes of complete themes where a size of cells has no total; the largest sum."""
    of_unit = counts["theme"].str.startswith(f"{unit}_")
    has_total = counts.loc[counts["theme"] == unit, "size_m"].unique()
    rows = counts[of_unit & ~counts["size_m"].isin(has_total)]
    sums = [
        group.groupby("cell_id")["count"].sum()
        for (_, theme), group in rows.groupby(["size_m", "theme"])
        if not _absent(str(theme), group)
    ]
    if not sums:
        return pd.Series(dtype="float64")
    largest: pd.Series[float] = pd.concat(sums).groupby(level=0).max()
    return largest


def _absent(theme: str, rows: pd.DataFrame) -> set[str]:
    """Return the classes of a theme that no cell has."""
    return vocabulary(theme, year=int(rows["year"].iloc[0])) - set(rows["class"])


def _counts_table(counts: pd.DataFrame, *, crs: str) -> pd.DataFrame:
    rows = counts[counts["class"] != ""]
    keys = rows["cell_id"] + ":" + rows["theme"] + ":" + rows["class"]
    table: pd.DataFrame = conform(CENSUS_COUNTS, rows.set_index(pd.Index(keys)), crs=crs)
    return table


MESSAGES = {
    "suppressed": "{count} census figures are suppressed or marked as absent; they are not zero.",
    "missing": "{count} census figures are empty; they are not zero.",
    "uncertain": "{count} census figures are marked as uncertain by the office.",
    "odd": "{count} census figures are no whole numbers and were left out.",
    "bad_cell": "{count} census rows name no cell of the grid and were left out.",
    "older": "{count} census figures of an older year stand back behind a newer one.",
    "contradicting": "{count} census figures contradict another file; the larger one counts.",
    "coarse": "{count} census files of cells of 10 km are too coarse and were left out.",
    "coarse_rows": "{count} census rows of cells of 10 km are too coarse and were left out.",
    "unused": "{count} columns or features of the census files are not used.",
}
WARN = {"odd", "bad_cell", "contradicting"}


def _findings(tally: Counter[str], raws: Sequence[RawCensus]) -> list[Finding]:
    shown: dict[str, list[str]] = {}
    for raw in raws:
        for kind, examples in raw.examples.items():
            shown.setdefault(kind, []).extend(examples)
    unused = sorted(set(shown.get("unused", [])))
    number = {**tally, "unused": len(unused)}
    shown = {**{k: sorted(v) for k, v in shown.items()}, "unused": unused}
    return [
        Finding(
            f"census_{kind}",
            "census_counts",
            number[kind],
            message,
            "warning" if kind in WARN else "info",
            tuple(shown.get(kind, [])[:5]),
        )
        for kind, message in MESSAGES.items()
        if number.get(kind)
    ]


def _incomplete(counts: pd.DataFrame) -> list[Finding]:
    """Name themes of which whole classes are nowhere: their shares would mislead."""
    classes = counts[counts["class"] != ""]
    absent = {
        f"{theme}: {word}"
        for (_, theme), rows in classes.groupby(["size_m", "theme"])
        for word in _absent(str(theme), rows)
    }
    lost = sorted(absent)
    if not lost:
        return []
    message = "{count} census classes occur in no cell: none exist here, or the files lack them."
    return [Finding("census_absent", "census_counts", len(lost), message, "info", tuple(lost[:5]))]


def _report(cells: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return number of cells and totals by size of cell."""
    by_size = cells.groupby("size_m")[list(TOTALS)].sum(min_count=1)
    return {
        f"{int(size)}_m": {"cells": int((cells["size_m"] == size).sum()), **row.dropna().to_dict()}
        for size, row in by_size.iterrows()
    }
