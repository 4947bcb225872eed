"""Layers of any origin in one CRS, each object once, with outlines one can count on."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Transformer

from layers.alkis import plain_id
from layers.cadastre.findings import finding
from layers.features.gml import flipped
from twin.crs import utm_crs
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from layers.cadastre.files import Layer
    from layers.source_data import Area
    from twin.provenance import Finding

GERMANY = (5.5, 47.0, 15.6, 55.3)  # degrees, with a margin
OFFICIAL = ("EPSG:25831", "EPSG:25832", "EPSG:25833")
EASTERN = ("DEBB", "DEBE", "DEMV", "DESN")
"""Länder that keep their cadastre in UTM zone 33; all others use zone 32."""
TABLES = {"landuse_of_parcels": "landuse", "units": "districts", "tracts": "districts"}
"""Table of the city that a kind of layer ends in, where it is not the same word."""
SMALLEST_M2 = 0.01


def prepare(
    layers: Sequence[Layer], *, area: Area | None = None
) -> tuple[dict[str, gpd.GeoDataFrame], str, list[Finding]]:
    """
    Return one frame a kind in one CRS, the CRS, and what was noticed.

    Frames are keyed by the plain id and sorted by it, so that the order of files does not matter.
    Raises `SourceError` where a layer has no CRS and nothing tells which it is.
    """
    found: list[Finding] = []
    placed = [(layer.kind, _placed(layer, found)) for layer in layers]
    crs = _common_crs([frame for _, frame in placed], area)
    found += _mixed(placed)
    kinds = sorted({kind for kind, _ in placed})
    frames = {}
    for kind in kinds:
        parts = [frame.to_crs(crs) for name, frame in placed if name == kind]
        frame = pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]
        frames[kind] = _cleaned(kind, frame, area, found)
    return frames, crs, found


def _cleaned(
    kind: str, frame: gpd.GeoDataFrame, area: Area | None, found: list[Finding]
) -> gpd.GeoDataFrame:
    table = TABLES.get(kind, kind)
    frame = _keyed(frame, table, found)
    frame = _sound(frame, table, found)
    if area is not None and len(frame):
        shape = area.within(frame.crs.to_string())
        shapely.prepare(shape)
        frame = frame[shapely.intersects(shape, frame.geometry.array)]
    return frame


def _placed(layer: Layer, found: list[Finding]) -> gpd.GeoDataFrame:
    """Return a layer with a CRS and easting first."""
    frame, table = layer.frame, TABLES.get(layer.kind, layer.kind)
    if frame.empty:
        return frame if frame.crs is not None else frame.set_crs("EPSG:25832")
    if frame.crs is None:
        frame = frame.set_crs(_guessed_crs(layer))
        message = "{count} layers name no coordinate system; it follows from the ids of the Land."
        found += finding("no_crs", table, [layer.name], message)
    code = CRS(frame.crs).to_authority()
    frame = frame.set_crs(":".join(code), allow_override=True) if code else frame
    shapes = np.asarray(frame.geometry.array, dtype=object)
    if _is_swapped(shapes, frame.crs.to_string()):
        message = "The axes of {count} layers are exchanged (northing first); put right."
        found += finding("swapped_axes", table, [layer.name], message)
        frame = frame.set_geometry(flipped(shapes), crs=frame.crs)
    return frame


def _guessed_crs(layer: Layer) -> str:
    """Return the CRS of the Land that the ids name, if the coordinates lie in Germany then."""
    ids = layer.frame["id"].dropna().astype("str").str.extract(r"(DE[A-Z]{2})")[0].dropna()
    if len(ids):
        crs = "EPSG:25833" if Counter(ids).most_common(1)[0][0] in EASTERN else "EPSG:25832"
        shapes = np.asarray(layer.frame.geometry.array, dtype=object)
        if _lies_in(_middle(shapes), crs) or _is_swapped(shapes, crs):
            return crs
    template = "{layer} names no coordinate system, and nothing tells which it is."
    hint = "Put its .prj file beside it, or export it again with EPSG:25832."
    raise SourceError(template, hint=hint, layer=layer.name)


def _is_swapped(shapes: NDArray[Any], crs: str) -> bool:
    """Return whether the coordinates lie in Germany only with their axes exchanged."""
    middle = _middle(shapes)
    return not _lies_in(middle, crs) and _lies_in(middle[::-1], crs)


def _middle(shapes: NDArray[Any]) -> NDArray[np.float64]:
    xy = shapely.get_coordinates(shapes)
    return np.median(xy, axis=0) if len(xy) else np.array([np.nan, np.nan])


def _lies_in(point: NDArray[np.float64], crs: str) -> bool:
    west, south, east, north = _germany(crs)
    return bool(west <= point[0] <= east and south <= point[1] <= north)


@cache
def _germany(crs: str) -> tuple[float, float, float, float]:
    transformer = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    west, south, east, north = transformer.transform_bounds(*GERMANY)
    return west, south, east, north


def _common_crs(frames: Sequence[gpd.GeoDataFrame], area: Area | None) -> str:
    """Return the official CRS most objects have, else the UTM zone they lie in."""
    if area is not None and area.crs in OFFICIAL:
        return area.crs
    counts: Counter[str] = Counter()
    for frame in frames:
        counts[frame.crs.to_string()] += len(frame)
    official = [(n, crs) for crs, n in counts.items() if crs in OFFICIAL and n]
    if official:
        return max(official)[1]
    largest = max(frames, key=len)
    if largest.empty:
        return OFFICIAL[1]
    middle = _middle(np.asarray(largest.geometry.array, dtype=object))
    lon, lat = Transformer.from_crs(largest.crs, "EPSG:4326", always_xy=True).transform(*middle)
    return utm_crs(lon, lat)


def _mixed(placed: Sequence[tuple[str, gpd.GeoDataFrame]]) -> list[Finding]:
    names = sorted({frame.crs.to_string() for _, frame in placed if len(frame)})
    message = "The layers come in {count} coordinate systems; all are brought into one."
    return finding("mixed_crs", "buildings", names if len(names) > 1 else (), message)


def _keyed(frame: gpd.GeoDataFrame, table: str, found: list[Finding]) -> gpd.GeoDataFrame:
    """Return rows by plain id, each once: of two versions the newer one stays."""
    shapes = np.asarray(frame.geometry.array, dtype=object)
    ids = plain_id(frame["id"])
    bare = ids.isna().to_numpy()
    if bare.any():
        ids = ids.mask(bare, _made_up(shapes, frame.index))
        message = "{count} of {total} objects have no official id; they are known by their outline."
        found += finding("no_id", table, ids[bare], message, total=len(ids))
    order = pd.DataFrame({"id": ids, "date": frame["date"].fillna("")}, index=frame.index)
    if ids.duplicated().any():
        order["words"] = pd.util.hash_pandas_object(_words(frame), index=False)
        order["shape"] = shapely.to_wkb(shapely.normalize(shapes))
    order = order.sort_values(
        list(order.columns), ascending=[True, *[False] * (order.shape[1] - 1)]
    )
    again = order["id"].duplicated()
    message = "{count} of {total} objects come twice with the same id; the newest one counts."
    found += finding("twice", table, order["id"][again], message, severity="info", total=len(ids))
    kept = order.index[~again]
    return frame.loc[kept].set_axis(order["id"][~again].to_numpy(), axis=0)


def _words(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    return pd.DataFrame(frame.drop(columns=frame.geometry.name)).fillna("").astype("str")


def _made_up(shapes: NDArray[Any], index: pd.Index) -> pd.Series[Any]:
    """Return keys from the place of an outline, the same in every order of files."""
    middle = shapely.centroid(shapes)
    x, y = np.nan_to_num(shapely.get_x(middle)), np.nan_to_num(shapely.get_y(middle))
    names = [f"alkis:{east:.1f}:{north:.1f}" for east, north in zip(x, y, strict=True)]
    return pd.Series(names, index=index, dtype="str")


def _sound(frame: gpd.GeoDataFrame, table: str, found: list[Finding]) -> gpd.GeoDataFrame:
    """Return rows with valid areas on the millimetre; the rest is counted."""
    shapes = shapely.force_2d(np.asarray(frame.geometry.array, dtype=object))
    none = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    broken = ~none & ~shapely.is_valid(shapes)
    shapes[broken] = shapely.make_valid(shapes[broken], method="structure", keep_collapsed=False)
    shapes = _areas_only(_rounded(shapes, ~none))
    lost = ~none & ~(shapely.area(shapes) > SMALLEST_M2)
    total = len(frame)
    message = "{count} of {total} objects have no outline and are left out."
    found += finding("no_outline", table, frame.index[none], message, total=total)
    message = "{count} of {total} outlines cross themselves and are repaired."
    found += finding("repaired", table, frame.index[broken & ~lost], message, total=total)
    message = "{count} of {total} outlines enclose nothing and are left out."
    found += finding("no_area", table, frame.index[lost], message, total=total)
    return frame.set_geometry(shapes, crs=frame.crs)[~none & ~lost]


def _rounded(shapes: NDArray[Any], present: NDArray[np.bool_]) -> NDArray[Any]:
    """Return shapes on the millimetre; the few that rounding breaks are snapped with care."""
    exact = shapes[present]
    done = shapely.transform(exact, lambda xy: xy.round(3))
    broken = ~shapely.is_valid(done)
    done[broken] = shapely.set_precision(exact[broken], 0.001)
    shapes[present] = done
    return shapes


def _areas_only(shapes: NDArray[Any]) -> NDArray[Any]:
    """Return polygons, a multipolygon only where there are several."""
    kind = shapely.get_type_id(shapes)
    mixed = kind == 7  # a collection: lines and points of it are dropped
    shapes[mixed] = [
        shapely.union_all([p for p in shapely.get_parts(shape) if p.geom_type == "Polygon"])
        for shape in shapes[mixed]
    ]
    single = (shapely.get_type_id(shapes) == 6) & (shapely.get_num_geometries(shapes) == 1)
    shapes[single] = shapely.get_geometry(shapes[single], 0)
    return shapes


def same_municipality(keys: pd.Series[Any], wanted: str) -> pd.Series[bool]:
    """
    Return whether keys name a municipality, however they are written.

    Eight digits (AGS), twelve (Regionalschlüssel, with the Verband in between), leading zeros
    lost, any separators.

    >>> same_municipality(pd.Series(["05382068", "053820068068", "5382068", None]), "05382068")
    ... # doctest: +NORMALIZE_WHITESPACE
    0     True
    1     True
    2     True
    3    False
    dtype: bool
    """
    target = municipality_key(wanted)
    known = {key: municipality_key(key) == target for key in keys.dropna().unique()}
    return keys.map(known).astype(object).fillna(False).astype(bool)


def municipality_key(text: str) -> str:
    """
    Return the eight digits of the Amtlicher Gemeindeschlüssel.

    >>> municipality_key("05 3 82 0068 068"), municipality_key("5382068.0")
    ('05382068', '05382068')
    """
    digits = re.sub(r"\D", "", re.sub(r"\.0+$", "", str(text)))
    if len(digits) > 9:
        digits = digits.zfill(12)
        return digits[:5] + digits[9:12]
    return digits.zfill(8)
