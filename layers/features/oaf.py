"""Features of an OGC API Features service, following its links from page to page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry import shape

from layers.features.gml import flipped
from layers.features.service import FeatureLayer, FeatureService, ask_json, check_total, join
from layers.features.srs import LON_LAT, box_around, choose_srs, parse_srs
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from layers.source_data import Area

PAGE = 1000
LARGEST_PAGE = 10_000  # what services allow at most, as a rule
MOST_PAGES = 100_000


def read_oaf_layer(
    service: FeatureService,
    layer: FeatureLayer,
    *,
    area: Area | None,
    crs: str,
    page: int | None,
    say: Callable[[int, int | None], None],
) -> gpd.GeoDataFrame:
    """
    Return all features of a collection, in the wanted CRS where it is offered, else in degrees.

    Raises `SourceError` where fewer features arrive than were announced, or links run in a circle.
    """
    name = choose_srs([s for s in layer.srs if parse_srs(s)[0] == crs], crs)
    params = {"f": "json", "limit": str(page or PAGE)}
    if name:
        params["crs"] = name
    if area is not None:
        params["bbox"] = ",".join(f"{v:.9f}" for v in box_around(area, LON_LAT))
    url = join(service.url, f"collections/{layer.name}/items")
    frame, total = _pages(service, layer, url, params, srs=name, say=say)
    if total is not None and len(frame) < total <= LARGEST_PAGE:
        # some services know no offset and give the first page again and again
        whole = {**params, "limit": str(total)}
        frame, total = _pages(service, layer, url, whole, srs=name, say=say)
    if total is not None and len(frame) < total:
        template = "{layer}: {got} of {total} features arrived; the service leaves some out."
        hint = "Ask for a smaller area, or download the file instead."
        raise SourceError(template, hint=hint, layer=layer.name, got=len(frame), total=total)
    return frame


def _pages(
    service: FeatureService,
    layer: FeatureLayer,
    url: str,
    params: dict[str, str],
    *,
    srs: str,
    say: Callable[[int, int | None], None],
) -> tuple[gpd.GeoDataFrame, int | None]:
    """Follow the links to the end; return each feature once, and how many were announced."""
    seen: set[str] = set()
    features: list[dict[str, Any]] = []
    total = None
    while url and len(seen) < MOST_PAGES:
        if url in seen:
            template = "{layer}: the links of the service run in a circle."
            raise SourceError(template, hint="Report it to the operator.", layer=layer.name)
        seen.add(url)
        answer = ask_json(url, params, manners=service.manners)
        found = _features(answer, url)
        features += found
        announced = answer.get("numberMatched")
        total = announced if isinstance(announced, int) else total
        check_total(layer.name, total)
        say(len(features), total)
        url, params = _following(answer, url) if found else "", {}
    frame = _frame(features, srs)
    again = (frame["feature_id"] != "") & frame["feature_id"].duplicated()
    return frame[~again].reset_index(drop=True), total


def _features(answer: Mapping[str, Any], url: str) -> list[dict[str, Any]]:
    features = answer.get("features")
    if isinstance(features, list) and all(isinstance(f, dict) for f in features):
        return features
    template = "{url} refuses: {words}."
    words = str(answer.get("description") or answer.get("detail") or answer.get("title") or "?")
    hint = "Check the address, the layer and the area asked for."
    raise SourceError(template, hint=hint, url=url, words=words.rstrip("."))


def _following(answer: Mapping[str, Any], url: str) -> str:
    for link in answer.get("links") or ():
        if isinstance(link, dict) and link.get("rel") == "next" and link.get("href"):
            return urljoin(url, str(link["href"]))
    return ""


def _frame(features: list[dict[str, Any]], srs: str) -> gpd.GeoDataFrame:
    """Return rows with fields in small letters, easting or longitude first."""
    crs, turned = parse_srs(srs) if srs else (LON_LAT, False)
    shapes = np.array([_shape(feature.get("geometry")) for feature in features], dtype=object)
    if turned and len(shapes):
        shapes = flipped(shapes)
    rows = [
        {str(k).lower(): v for k, v in (feature.get("properties") or {}).items()}
        for feature in features
    ]
    table = pd.DataFrame(rows, index=range(len(features)))
    table["feature_id"] = [str(feature.get("id") or "") for feature in features]
    return gpd.GeoDataFrame(table.astype("str"), geometry=shapes, crs=crs)


def _shape(geometry: object) -> shapely.Geometry | None:
    """Return a shape, None for one that cannot be drawn."""
    if not isinstance(geometry, dict):
        return None
    try:
        return shape(geometry)
    except (
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
        IndexError,
        shapely.errors.ShapelyError,
    ):
        return None
