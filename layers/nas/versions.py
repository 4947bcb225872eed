"""Rows of one class of object: each object once, in its newest version, with its outline."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from layers.alkis import plain_id
from layers.nas.crs import city_crs, epsg, to_crs
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from layers.nas.raw import RawNas


def rows_of(raw: RawNas, kinds: Sequence[str]) -> pd.DataFrame:
    """Return the current objects of some classes, index their id, column `kind` their class."""
    found = [{"kind": kind, **row} for kind in kinds for row in raw.rows.get(kind, ())]
    frame = pd.DataFrame(found, columns=None if found else ["kind", "id", "begin"])
    frame["id"] = plain_id(frame["id"])
    nameless = frame["id"] == ""
    if nameless.any():
        raw.note("no_id", count=int(nameless.sum()))
        frame = frame[~nameless]
    return _newest(_without_taken_back(frame, raw), raw).set_index("id")


def _without_taken_back(frame: pd.DataFrame, raw: RawNas) -> pd.DataFrame:
    """Drop what an update file deletes or ends: a version (id and time stamp) or an object."""
    if not raw.ended or frame.empty:
        return frame
    version = frame["id"] + frame["begin"].str.replace(r"[-:]", "", regex=True)
    gone = version.isin(raw.ended) | frame["id"].isin(raw.ended)
    if gone.any():
        raw.note("taken_back", frame.loc[gone, "id"].iloc[0], int(gone.sum()))
    return frame[~gone]


def _newest(frame: pd.DataFrame, raw: RawNas) -> pd.DataFrame:
    """Keep one row an object; among equal versions the file order must not matter."""
    twice = frame["id"].duplicated(keep=False)
    if not twice.any():
        return frame
    some = frame[twice]
    order = _drawn(some, raw)
    for name in sorted(set(some.columns) - {"outline", "crs"}):
        order = order + "|" + some[name].astype("str").fillna("")
    some = some.assign(order=order).sort_values(["id", "begin", "order"])
    newest = some.drop_duplicates("id", keep="last")
    same = some.duplicated(["id", "begin"], keep="last")
    older = len(some) - len(newest) - int(same.sum())
    if older:
        raw.note("older_versions", str(newest["id"].iloc[0]), older)
    if same.any():
        raw.note("same_object", str(some.loc[same, "id"].iloc[0]), int(same.sum()))
    return pd.concat([frame[~twice], newest.drop(columns="order")])


def _drawn(some: pd.DataFrame, raw: RawNas) -> pd.Series:
    """Return the outlines as text, to tell two versions of the same time apart."""
    if "outline" not in some:
        return pd.Series("", index=some.index)
    ends = raw.outlines
    words = []
    for number in some["outline"].fillna(-1).astype("int64"):
        if number < 0:
            words.append("")
            continue
        ring = ends.patch_ends[ends.area_ends[number]]
        start = 2 * ends.ring_ends[ring]
        last = ends.patch_ends[ends.area_ends[number + 1]]
        words.append(ends.xy[start : 2 * ends.ring_ends[last]].tobytes().hex())
    return pd.Series(words, index=some.index)


class Shapes:
    """All outlines of the files in the one system of the city, looked up by number."""

    def __init__(self, raw: RawNas) -> None:
        self.raw = raw
        self.codes = np.array([epsg(name) for name in raw.systems] or [0])
        which = np.frombuffer(raw.outlines.crs, dtype=np.int32)
        self.code_of = self.codes[which]
        shapes = raw.outlines.shapes()
        self.crs = self._choose(shapes)
        self.shapes = self._in_city(shapes)

    def of(self, rows: pd.DataFrame) -> NDArray[np.object_]:
        """Return the outlines of rows; None where one has none."""
        found = np.full(len(rows), None, dtype=object)
        if "outline" in rows:
            has = rows["outline"].notna().to_numpy()
            found[has] = self.shapes[rows["outline"][has].astype("int64").to_numpy()]
        return found

    def points(self, rows: pd.DataFrame) -> NDArray[np.object_]:
        """Return the points of rows; None where one has none."""
        found = np.full(len(rows), None, dtype=object)
        if "x" not in rows:
            return found
        code = np.where(rows["crs"].isna(), 0, self.codes[rows["crs"].fillna(0).astype("int64")])
        xy = rows[["x", "y"]].astype("float64").to_numpy()
        for source in np.unique(code[code > 0]):
            here = code == source
            moved, _ = to_crs(xy[here], int(source), self.crs)
            found[here] = shapely.points(np.round(moved, 3))
        return found

    def _choose(self, shapes: NDArray[np.object_]) -> str:
        known = np.flatnonzero(self.code_of > 0)
        if not len(known):
            if len(shapes):
                template = "The files name no coordinate system that is known ({systems})."
                hint = "ETRS89_UTM32, ETRS89_UTM33 and the Gauß-Krüger systems of DHDN are read."
                raise SourceError(template, hint=hint, systems=", ".join(self.raw.systems))
            return "EPSG:25832"
        first = known[0]
        xy = shapely.get_coordinates(shapes[first])[:1]
        lonlat, _ = to_crs(xy, int(self.code_of[first]), "EPSG:4326")
        middle = (float(lonlat[0, 0]), float(lonlat[0, 1]))
        return city_crs(dict(Counter(self.code_of.tolist())), middle)

    def _in_city(self, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
        found = shapes.copy()
        for source in np.unique(self.code_of):
            here = np.flatnonzero(self.code_of == source)
            if source == 0:
                found[here] = None
                self.raw.note("unknown_crs", ", ".join(self.raw.systems), len(here))
                continue
            xy, count = shapely.get_coordinates(shapes[here]), len(here)
            moved, swapped = to_crs(xy, int(source), self.crs)
            found[here] = shapely.set_coordinates(shapes[here], np.round(moved, 3))
            if swapped:
                self.raw.note("swapped_axes", f"EPSG:{source}", count)
            if f"EPSG:{source}" != self.crs:
                self.raw.note("reprojected", f"EPSG:{source}", count)
        return self._sound(found)

    def _sound(self, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
        """Join patches that touch, repair what crosses itself, give single areas as Polygon."""
        bad = ~shapely.is_valid(shapes) & ~shapely.is_missing(shapes)
        joined = shapely.make_valid(shapes[bad], method="structure", keep_collapsed=False)
        single = shapely.get_num_geometries(shapes[bad]) == 1
        if single.any():
            self.raw.note("repaired_outline", count=int(single.sum()))
        shapes[bad] = shapely.union_all(joined[:, None], axis=1) if len(joined) else joined
        shapes[shapely.is_empty(shapes)] = None
        alone = shapely.get_num_geometries(shapes) == 1
        shapes[alone] = shapely.get_geometry(shapes[alone], 0)
        return shapes
