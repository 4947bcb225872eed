"""Features of a WFS, page by page, and no less than it announces."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from layers.features.gml import BrokenXmlError, GmlPage, read_gml
from layers.features.service import FeatureLayer, FeatureService, ask, check_total
from layers.features.srs import LON_LAT, box_around, choose_srs, parse_srs
from layers.web import TryAgainError, half_an_answer, patiently
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from layers.source_data import Area

    Bounds = tuple[float, float, float, float]

PAGE = 5000
SMALLEST_TILE_M = 5.0
ID_FIELDS = ("oid", "objid", "fid", "id")
MOST_PAGES = 100_000


def read_wfs_layer(
    service: FeatureService,
    layer: FeatureLayer,
    *,
    area: Area | None,
    crs: str,
    page: int | None,
    say: Callable[[int, int | None], None],
) -> gpd.GeoDataFrame:
    """
    Return all features of a layer in the wanted CRS where it is offered, else in the layer's own.

    Pages are asked for where the service knows paging. Where it gives too few at once and cannot
    be paged, the area is cut in four until each part fits.

    Raises `SourceError` where fewer features arrive than were announced.
    """
    srs = choose_srs(layer.srs, crs)
    reader = _Reader(service, layer, srs, page or min(service.largest_page or PAGE, PAGE), say)
    bounds = reader.bounds(area)
    if service.paging and service.version == "2.0.0":
        return reader.by_pages(bounds)
    return reader.at_once(bounds)


class _Reader:
    """What all requests for one layer share."""

    def __init__(
        self,
        service: FeatureService,
        layer: FeatureLayer,
        srs: str,
        page: int,
        say: Callable[[int, int | None], None],
    ) -> None:
        self.service, self.layer, self.srs, self.page, self.say = service, layer, srs, page, say
        self.crs = parse_srs(srs)[0] or LON_LAT
        self.with_namespace = False
        self.sorted_by = ""

    def bounds(self, area: Area | None) -> Bounds | None:
        """Return the box to ask for in the CRS of the answer."""
        return None if area is None else box_around(area, self.crs)

    def by_pages(self, bounds: Bounds | None) -> gpd.GeoDataFrame:
        """
        Ask for page after page until as many came as the service counts.

        It is asked for the number before as well: with a box in another CRS than that of the data
        MapServer calls the rows of one page the number of all.
        """
        announced = self.count_if_possible(bounds)
        whole, announced = self.all_pages(bounds, announced)
        field = next((name for name in ID_FIELDS if name in whole), "")
        if announced is not None and len(whole) < announced and field:
            self.sorted_by = field  # without an order pages may repeat and leave out
            whole, announced = self.all_pages(bounds, announced)
        if announced is not None and len(whole) < announced:
            raise _too_few(self.layer.name, len(whole), announced)
        return whole

    def all_pages(
        self, bounds: Bounds | None, announced: int | None
    ) -> tuple[gpd.GeoDataFrame, int | None]:
        """Return what all pages hold, each id once, and how many features were announced."""
        frames: list[gpd.GeoDataFrame] = []
        got = 0
        for _ in range(MOST_PAGES):
            answer = self.ask(bounds, COUNT=str(self.page), STARTINDEX=str(got))
            if not frames:
                announced = max(filter(None, (announced, answer.matched)), default=None)
                check_total(self.layer.name, announced)
            frames.append(self.frame(answer))
            got += answer.returned
            self.say(got, announced)
            known = answer.matched is not None and got >= max(announced or 0, answer.matched)
            if known or not answer.returned:  # where nobody knows, an empty page is the end
                break
        return _joined(frames), announced

    def at_once(self, bounds: Bounds | None) -> gpd.GeoDataFrame:
        """Ask for everything; where too little comes, for each quarter of the area."""
        total = self.count(bounds)
        check_total(self.layer.name, total)
        whole = self.quarters(bounds, total)
        if total is not None and len(whole) < total:
            raise _too_few(self.layer.name, len(whole), total)
        return whole

    def quarters(self, bounds: Bounds | None, expected: int | None) -> gpd.GeoDataFrame:
        answer = self.ask(bounds)
        frame = self.frame(answer)
        total = expected if expected is not None else answer.matched
        limit = self.service.largest_page
        full = limit is not None and answer.returned >= limit  # some count no more than they give
        cut_off = full or (total is not None and answer.returned < total)
        if not cut_off:
            self.say(answer.returned, total)
            return frame
        box = bounds or self.own_bounds()
        if box is None or max(box[2] - box[0], box[3] - box[1]) < self.smallest():
            raise _too_few(self.layer.name, answer.returned, total or answer.returned + 1)
        counted = (self.count(tile) if limit is None else None for tile in _quarters(box))
        parts = [self.quarters(*part) for part in zip(_quarters(box), counted, strict=True)]
        return _joined([frame, *parts])

    def smallest(self) -> float:
        return SMALLEST_TILE_M * (1e-5 if self.crs == LON_LAT or "4326" in self.crs else 1.0)

    def own_bounds(self) -> Bounds | None:
        """Return the box of the whole layer as the service describes it, a little wider."""
        if self.layer.bounds is None:
            return None
        transformer = Transformer.from_crs("EPSG:4326", self.crs, always_xy=True)
        west, south, east, north = transformer.transform_bounds(*self.layer.bounds)
        width, height = 0.01 * (east - west), 0.01 * (north - south)
        return west - width, south - height, east + width, north + height

    def count(self, bounds: Bounds | None) -> int | None:
        """Return how many features there are (resultType=hits)."""
        return self.ask(bounds, RESULTTYPE="hits").matched

    def count_if_possible(self, bounds: Bounds | None) -> int | None:
        """Return the number of features, None where the service will not say it."""
        try:
            return self.count(bounds)
        except SourceError as error:
            if "words" in error.values or "status" in error.values:  # it refuses to count
                return None
            raise

    def ask(self, bounds: Bounds | None, **more: str) -> GmlPage:
        """
        Ask for one page, again where it breaks off.

        Some services know a prefix only with its namespace, others refuse that parameter: it is
        added once a request without it was refused.
        """
        try:
            return self._ask(bounds, more)
        except SourceError as error:
            if self.with_namespace or not self.layer.namespace or "words" not in error.values:
                raise
            self.with_namespace = True
            try:
                return self._ask(bounds, more)
            except SourceError:
                raise error from None

    def _ask(self, bounds: Bounds | None, more: dict[str, str]) -> GmlPage:
        params = {**self.params(bounds), **more}
        manners = self.service.manners

        def once() -> GmlPage:
            body = ask(self.service.url, params, manners=manners)
            try:
                return read_gml(io.BytesIO(body), name=self.service.url, srs=self.srs)
            except BrokenXmlError as error:
                raise TryAgainError(half_an_answer(self.service.url)) from error

        return patiently(once, manners=replace(manners, attempts=min(manners.attempts, 3)))

    def params(self, bounds: Bounds | None) -> dict[str, str]:
        two = self.service.version == "2.0.0"
        params = {"SERVICE": "WFS", "VERSION": self.service.version, "REQUEST": "GetFeature"}
        params["TYPENAMES" if two else "TYPENAME"] = self.layer.name
        if self.layer.srs and self.srs != self.layer.srs[0]:  # its own needs not be named
            params["SRSNAME"] = self.srs
        if bounds is not None:
            params["BBOX"] = _box(bounds, self.srs)
        if self.sorted_by:
            params["SORTBY"] = self.sorted_by
        if self.with_namespace:
            prefix = self.layer.name.rpartition(":")[0]
            sign = "," if two else "="
            word = "NAMESPACES" if two else "NAMESPACE"
            params[word] = f"xmlns({prefix}{sign}{self.layer.namespace})"
        return params

    def frame(self, answer: GmlPage) -> gpd.GeoDataFrame:
        """Return the rows of a page in the CRS asked for."""
        frames = [frame for frame in answer.frames.values() if len(frame)]
        if not frames:
            return gpd.GeoDataFrame({"gml_id": []}, geometry=[], crs=self.crs)
        frame = max(frames, key=len)
        return frame.set_crs(self.crs) if frame.crs is None else frame.to_crs(self.crs)


def _box(bounds: Bounds, srs: str) -> str:
    """
    Return a bounding box in the order of axes that its CRS has, with the name of the CRS.

    >>> _box((7, 50, 8, 51), "urn:ogc:def:crs:EPSG::4326")
    '50,7,51,8,urn:ogc:def:crs:EPSG::4326'
    """
    west, south, east, north = bounds
    crs, turned = parse_srs(srs)
    numbers = (south, west, north, east) if turned else (west, south, east, north)
    name = srs or crs
    return ",".join([*(f"{number:.10g}" for number in numbers), name])


def _quarters(box: Bounds) -> Iterator[Bounds]:
    west, south, east, north = box
    x, y = (west + east) / 2, (south + north) / 2
    yield from ((west, south, x, y), (x, south, east, y), (west, y, x, north), (x, y, east, north))


def _joined(frames: list[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Return all rows, each id once: pages and parts of an area may overlap."""
    full = [frame for frame in frames if len(frame)]
    if not full:
        return frames[0]
    whole = pd.concat(full, ignore_index=True)
    ids = whole["gml_id"] if "gml_id" in whole else pd.Series("", index=whole.index)
    again = (ids.fillna("") != "") & ids.duplicated()
    if (ids.fillna("") == "").all():
        again = pd.Series(shapely.to_wkb(np.asarray(whole.geometry.array))).duplicated() & (
            whole.drop(columns="geometry").duplicated()
        )
    return whole[~again.to_numpy()].reset_index(drop=True)


def _too_few(layer: str, got: int, total: int) -> SourceError:
    template = "{layer}: {got} of {total} features arrived; the service leaves some out."
    hint = "Ask for a smaller area, or download the file instead."
    return SourceError(template, hint=hint, layer=layer, got=got, total=total)
