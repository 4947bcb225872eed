"""
Official boundaries of municipalities, districts, blocks or traffic zones from any vector file.

Column names of German offices are known (VG250: GEN, AGS; town files: Stadtteil, NAME, Nr). What a
file holds is told by `kind`, else by its name, layer and columns: Baublock, Verkehrszelle, else
districts. The administrative level of a district comes from a column `admin_level`, else from the
length of its AGS (8 digits: municipality, 8; 5: Kreis, 6; 2: Land, 4), else from the words
Gemeinde (8), Stadtbezirk (9), Stadtteil or Ortsteil (10), statistisch or Quartier (11); else 10.
"""

from __future__ import annotations

import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from layers.source import sha256_of, source_record
from layers.source_data import SourceData
from twin.crs import utm_crs
from twin.errors import SourceError
from twin.provenance import Finding
from twin.schema import TABLES
from twin.validation import conform

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from layers.source_data import Area, Progress
    from twin.provenance import Source

    Kind = Literal["districts", "blocks", "zones"]

ENDINGS = (".geojson", ".json", ".gpkg", ".shp", ".fgb")
NAMES = (
    "gen", "name", "stadtteil", "stadtteilname", "stadtbezirk", "ortsteil", "ortsteilname",
    "bezirk", "bezeichnung", "bez_name", "gemeinde", "gemeindename", "stt_name", "label", "nam",
)  # fmt: skip
KEYS = (
    "ags", "ags_0", "ars", "rs", "gemeindeschluessel", "schluessel", "key", "nummer", "nr",
    "stadtteil_nr", "blocknr", "block_nr", "baublock", "block", "zelle", "zone", "zone_id",
    "verkehrszelle", "block_id", "district_id", "gml_id", "id", "fid", "objectid",
)  # fmt: skip
PEOPLE = ("ewz", "einwohner", "residents", "population", "bevoelkerung")
LEVELS = (
    (r"stadtbezirk", 9), (r"stadtteil|ortsteil|ortschaft", 10),
    (r"statistisch|quartier|viertel", 11), (r"gemeinde|municipal|vg250_gem", 8),
)  # fmt: skip
KINDS: tuple[tuple[str, Kind, tuple[str, ...]], ...] = (
    (r"baubl|block", "blocks", ("baublock", "blocknr", "block_nr", "block_id")),
    (r"verkehrsz|verkehrsbezirk|zone|zellen", "zones", ("zelle", "verkehrszelle", "zone_id")),
)  # in names of files and layers, and columns that only such files have
HINTS = r"boundar|grenze|gemeinde|municipal|vg250|" + "|".join(
    [*(words for words, _ in LEVELS), *(words for words, _, _ in KINDS)]
)
BY_DIGITS = {8: 8, 12: 8, 9: 7, 5: 6, 3: 5, 2: 4}
WATER_FACES = (1, 2)  # GF of VG250: sea and Bodensee; 3 and 4 are land
HINT = "Give polygons as GeoJSON, GeoPackage or Shapefile."


def looks_like_boundaries(path: Path) -> bool:
    """Tell by ending, name and columns whether a file holds boundaries."""
    try:
        return any(_is_boundary(source, layer) for source, layer in _layers(path))
    except (OSError, SourceError, zipfile.BadZipFile, DataSourceError, DataLayerError):
        return False


def read_boundaries(
    paths: Sequence[Path],
    *,
    kind: Kind | None = None,
    area: Area | None = None,
    progress: Progress | None = None,
) -> SourceData:
    """
    Read boundaries into `districts`, `blocks` or `zones`, labelled `registered`.

    Parameters
    ----------
    kind
        What all files hold; told by their names and columns where left out.
    area
        Only areas that touch it are read.

    Returns
    -------
    Keys are the official ones (`ags:05382068`, `block:0412`), else the name; areas of one key are
    united. A file without a CRS is taken by the size of its coordinates, and that is noted.

    Raises
    ------
    SourceError
        A file cannot be read, holds no polygons, or its CRS cannot be told.
    """
    say = progress or (lambda _step, _share: None)
    found: list[tuple[Kind, gpd.GeoDataFrame]] = []
    notes: list[Finding] = []
    for done, path in enumerate(sorted(paths)):
        say("Read boundaries", done / len(paths))
        for source, layer in _read_layers(path):
            raw, seen = _read(source, layer, path)
            notes += seen
            found.append((kind or _kind_of(f"{path.stem} {layer}", raw), raw))
    found = [(k, _touching(frame, area)) for k, frame in found]
    found = [(k, frame) for k, frame in found if len(frame)]
    if not found:
        template = "The boundary files hold no polygon for this place."
        raise SourceError(template, hint=HINT)
    crs = _crs_of([frame for _, frame in found], area)
    tables = _tables(found, crs=crs)
    say("Done", 1.0)
    record = _source(paths, tuple(tables), vg250=any(_is_vg250(f) for _, f in found))
    found_notes = (*notes, *_generalised(record, tables))
    return SourceData("", crs, tables, record, found_notes, kind="boundaries")


def _layers(path: Path) -> Iterator[tuple[str, str]]:
    """Give the polygon layers of a file, or of the files in a ZIP."""
    for source in _sources(path):
        for name, geometry in pyogrio.list_layers(source):
            if geometry is None or "Polygon" in geometry or geometry == "Unknown":
                yield source, str(name)


def _sources(path: Path) -> list[str]:
    if path.suffix.casefold() != ".zip":
        return [str(path)] if path.suffix.casefold() in ENDINGS else []
    with zipfile.ZipFile(path) as archive:
        names = sorted(n for n in archive.namelist() if n.casefold().endswith(ENDINGS))
    return [f"/vsizip/{path.resolve()}/{name}" for name in names]


def _is_boundary(source: str, layer: str) -> bool:
    name = f"{Path(source).name} {layer}".casefold()
    info = pyogrio.read_info(source, layer=layer)
    fields = {str(f).casefold() for f in info["fields"]}
    return {"gen", "ags"} <= fields or "admin_level" in fields or bool(re.search(HINTS, name))


def _read_layers(path: Path) -> list[tuple[str, str]]:
    try:
        layers = list(_layers(path))
    except (OSError, zipfile.BadZipFile, DataSourceError, DataLayerError) as error:
        template = "The boundaries {path} cannot be read: {error}."
        raise SourceError(template, hint=HINT, path=path, error=error) from error
    if not layers:
        template = "{path} holds no polygons."
        raise SourceError(template, hint=HINT, path=path)
    return layers


def _read(source: str, layer: str, path: Path) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Return one layer with valid polygons in a CRS that fits its coordinates."""
    try:
        raw = gpd.read_file(source, layer=layer)
    except (DataSourceError, DataLayerError, OSError, ValueError) as error:
        template = "The boundaries {path} cannot be read: {error}."
        raise SourceError(template, hint=HINT, path=path, error=error) from error
    if not isinstance(raw, gpd.GeoDataFrame):
        return gpd.GeoDataFrame(geometry=[], crs="EPSG:4326"), []
    raw.columns = [c if c == raw.geometry.name else str(c).casefold() for c in raw.columns]
    raw = raw.rename_geometry("geometry") if raw.geometry.name != "geometry" else raw
    raw, notes = _polygons(raw)
    if len(raw):
        raw, more = _with_crs(raw, path)
        notes += more
    raw.attrs["source"] = f"{path.stem} {layer}"  # its words may tell the level
    return raw, notes


def _polygons(raw: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Repair areas and leave out what is none."""
    shapes = shapely.force_2d(raw.geometry.array)
    bad = ~shapely.is_valid(shapes) & ~shapely.is_missing(shapes)
    shapes = shapely.buffer(np.where(bad, shapely.make_valid(shapes), shapes), 0)
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    notes = [
        Finding("boundary_repaired", "districts", int(bad.sum()), "{count} boundaries crossed "
                "themselves and were repaired."),
        Finding("boundary_empty", "districts", int(empty.sum()), "{count} entries of the "
                "boundaries hold no area and were left out.", "warning"),
    ]  # fmt: skip
    whole = raw.set_geometry(gpd.GeoSeries(shapes, index=raw.index, crs=raw.crs))[~empty]
    return whole, [n for n in notes if n.count]


RANGES = (
    # x from, to, y from, to: degrees; UTM 32 and 33 with and without zone; Gauß-Krüger 2 to 5
    (5, 16, 47, 56, "EPSG:4326"),
    (250_000, 950_000, 5_200_000, 6_150_000, "EPSG:25832"),
    (32_250_000, 32_950_000, 5_200_000, 6_150_000, "EPSG:4647"),
    (33_250_000, 33_950_000, 5_200_000, 6_150_000, "EPSG:5650"),
    (2_400_000, 2_700_000, 5_200_000, 6_150_000, "EPSG:31466"),
    (3_300_000, 3_700_000, 5_200_000, 6_150_000, "EPSG:31467"),
    (4_300_000, 4_700_000, 5_200_000, 6_150_000, "EPSG:31468"),
    (5_300_000, 5_700_000, 5_200_000, 6_150_000, "EPSG:31469"),
)


def _with_crs(raw: gpd.GeoDataFrame, path: Path) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Trust the CRS of a file unless its coordinates say otherwise; swap swapped axes."""
    west, south, east, north = raw.total_bounds
    in_degrees = max(abs(west), abs(east)) <= 180 and max(abs(south), abs(north)) <= 90
    if raw.crs is not None and raw.crs.is_geographic == in_degrees:
        if raw.crs.is_geographic and _fits(south, north, west, east) == "EPSG:4326":
            message = "The boundaries of {count} areas had longitude and latitude swapped."
            swapped = raw.set_geometry(gpd.GeoSeries(_swap(raw), index=raw.index, crs=raw.crs))
            return swapped, [Finding("boundary_axes", "districts", len(raw), message, "warning")]
        return raw, []
    code = _fits(west, east, south, north)
    if not code:
        template = "The coordinates of {path} fit no CRS used in Germany: {x}, {y}."
        hint = "Save it with its CRS (a .prj beside a Shapefile), or as GeoPackage."
        raise SourceError(template, hint=hint, path=path, x=west, y=south)
    message = "The CRS of {count} boundaries was taken from the size of their coordinates."
    known = raw.set_crs(code, allow_override=True)
    return known, [Finding("boundary_crs", "districts", len(raw), message, "warning", (code,))]


def _fits(west: float, east: float, south: float, north: float) -> str:
    fits = (
        code
        for x0, x1, y0, y1, code in RANGES
        if x0 <= west <= east <= x1 and y0 <= south <= north <= y1
    )
    return next(fits, "")


def _swap(raw: gpd.GeoDataFrame) -> NDArray[Any]:
    return np.asarray(shapely.transform(raw.geometry.array, lambda xy: xy[:, ::-1]))


def _touching(frame: gpd.GeoDataFrame, area: Area | None) -> gpd.GeoDataFrame:
    if area is None or frame.empty:
        return frame
    shape = area.within(frame.crs.to_string())
    inside = shapely.area(shapely.intersection(frame.geometry.array, shape)) > 0
    return frame[inside]


def _kind_of(name: str, raw: gpd.GeoDataFrame) -> Kind:
    """
    Return what a layer holds, by its name and columns.

    >>> import geopandas
    >>> _kind_of("Baubloecke_2024", geopandas.GeoDataFrame(geometry=[]))
    'blocks'
    """
    columns = set(raw.columns)
    by_name = [kind for words, kind, _ in KINDS if re.search(words, name.casefold())]
    by_column = [kind for _, kind, own in KINDS if columns & set(own)]
    return next(iter([*by_name, *by_column]), "districts")


def _is_vg250(frame: gpd.GeoDataFrame) -> bool:
    return {"gen", "bez", "ags"} <= set(frame.columns)


def _crs_of(frames: list[gpd.GeoDataFrame], area: Area | None) -> str:
    if area is not None and area.crs.startswith(("EPSG:258", "EPSG:326", "EPSG:327")):
        return area.crs
    bounds = np.array([frame.to_crs("EPSG:4326").total_bounds for frame in frames])
    west, south = bounds[:, :2].min(axis=0)
    east, north = bounds[:, 2:].max(axis=0)
    return utm_crs((west + east) / 2, (south + north) / 2)


def _tables(found: list[tuple[Kind, gpd.GeoDataFrame]], *, crs: str) -> dict[str, gpd.GeoDataFrame]:
    """Return the standard table of each kind."""
    kinds = sorted({kind for kind, _ in found})
    tables: dict[str, gpd.GeoDataFrame] = {}
    for kind in kinds:
        parts = [_standard(kind, frame.to_crs(crs)) for k, frame in found if k == kind]
        whole = pd.concat(parts)
        # of one key in two files the entry that covers more stands, whatever file came first
        whole = whole.sort_values(["area_m2", "name"], ascending=[False, True])
        whole = whole[~whole.index.duplicated()]
        tables[kind] = conform(TABLES[kind], whole, crs=crs)
    return tables


def _standard(kind: Kind, raw: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return one layer with the columns of the schema, areas of one key united."""
    if "gf" in raw and _is_vg250(raw):
        raw = raw[~pd.to_numeric(raw["gf"], errors="coerce").isin(WATER_FACES)]
    name = _first(raw, NAMES)
    ids = _first(raw, KEYS)
    keys = _keys(kind, ids, name, raw)
    shapes = gpd.GeoSeries(raw.geometry.array).groupby(keys.to_numpy()).agg(shapely.union_all)
    named = name.groupby(keys).first().reindex(shapes.index)
    people = pd.to_numeric(_first(raw, PEOPLE), errors="coerce").groupby(keys).max()
    people = people.where(people >= 0).reindex(shapes.index)
    precise = shapely.set_precision(shapes.to_numpy(), 0.001)
    frame = gpd.GeoDataFrame(
        {
            "name": named.fillna(pd.Series(shapes.index, index=shapes.index)),
            "area_m2": shapely.area(precise).round(1),
            "boundary_source": "registered",
            "residents": people,
            "residents_source": pd.Series("registered", index=shapes.index).where(people.notna()),
        },
        index=shapes.index,
        geometry=precise,
        crs=raw.crs,
    )
    if kind == "districts":
        frame["level"] = _levels(raw, ids).groupby(keys).first().reindex(frame.index)
    return frame


def _first(raw: gpd.GeoDataFrame, columns: tuple[str, ...]) -> pd.Series[Any]:
    """Return the first of the columns that a layer has, as text without blanks around."""
    for column in columns:
        if column in raw:
            text = raw[column].astype("str").str.strip().str.removesuffix(".0")
            found: pd.Series[Any] = text.where(text != "").astype("str")
            return found
    return pd.Series(None, index=raw.index, dtype="str")


def _keys(
    kind: Kind, ids: pd.Series[Any], name: pd.Series[Any], raw: gpd.GeoDataFrame
) -> pd.Series[str]:
    """Return the official key, else the name, else the place of the middle."""
    has_ags = any(c in raw for c in ("ags", "ags_0"))
    prefix = "ags" if has_ags and kind == "districts" else kind.removesuffix("s")
    middle = shapely.centroid(raw.geometry.array)
    place = [
        f"{x:.0f}_{y:.0f}"
        for x, y in zip(shapely.get_x(middle), shapely.get_y(middle), strict=True)
    ]
    best = ids.fillna(name).fillna(pd.Series(place, index=raw.index))
    keys: pd.Series[str] = (prefix + ":" + best).astype("str")
    return keys


def _levels(raw: gpd.GeoDataFrame, ids: pd.Series[Any]) -> pd.Series[float]:
    """Return the administrative level, see the head of the module."""
    level = pd.Series(np.nan, index=raw.index)
    if "admin_level" in raw:
        level = pd.to_numeric(raw["admin_level"], errors="coerce")
    if any(c in raw for c in ("ags", "ags_0")):
        digits = ids.where(ids.str.fullmatch(r"\d+").fillna(False))
        level = level.fillna(digits.str.len().map(BY_DIGITS))
    words = " ".join([str(raw.attrs.get("source", "")), *map(str, raw.columns)]).casefold()
    by_word = next((value for pattern, value in LEVELS if re.search(pattern, words)), 10)
    return level.fillna(float(by_word)).clip(2, 11)


def _source(paths: Sequence[Path], tables: tuple[str, ...], *, vg250: bool) -> Source:
    """Return the record of VG250 where all columns say so, else of files as given."""
    newest = max(path.stat().st_mtime for path in paths)
    return source_record(
        "vg250" if vg250 else "boundaries",
        retrieved=datetime.fromtimestamp(newest, UTC).date().isoformat(),
        sha256=sha256_of(paths[0]) if len(paths) == 1 else "",
        tables=tables,
    )


def _generalised(source: Source, tables: dict[str, gpd.GeoDataFrame]) -> list[Finding]:
    if source.key != "vg250":
        return []
    message = "{count} boundaries are generalised for 1 : 250,000; they may be off by 100 m."
    name, table = next(iter(tables.items()))
    return [Finding("boundary_generalised", name, len(table), message)]
