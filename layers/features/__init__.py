"""Features of web services (WFS, OGC API Features) and of GML documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layers.features.gml import read_gml
from layers.features.oaf import read_oaf_layer
from layers.features.service import FeatureLayer, FeatureService, open_service
from layers.features.wfs import read_wfs_layer

if TYPE_CHECKING:
    import geopandas as gpd

    from layers.source_data import Area, Progress

__all__ = ["FeatureLayer", "FeatureService", "open_service", "read_gml", "read_layer"]


def read_layer(
    service: FeatureService,
    layer: FeatureLayer,
    *,
    area: Area | None = None,
    crs: str = "EPSG:25832",
    page: int | None = None,
    progress: Progress | None = None,
) -> gpd.GeoDataFrame:
    """
    Read all features of one layer of a web service.

    Parameters
    ----------
    area
        The box around it is asked for; everything where left out.
    crs
        Asked for where the service offers it; else its own CRS is asked for and reprojected here.
    page
        Features a request; what suits the service where left out.
    progress
        Told after every page; may raise `KeyboardInterrupt` to cancel.

    Returns
    -------
    gpd.GeoDataFrame
        Fields in small letters as text, geometry in `crs`.

    Raises
    ------
    SourceError
        The service refuses, breaks off again and again, or gives fewer features than it announces.
    """

    def say(got: int, total: int | None) -> None:
        if progress is not None:
            progress("Ask the service for features", min(got / total, 1.0) if total else 0.5)

    read = read_wfs_layer if service.kind == "wfs" else read_oaf_layer
    frame = read(service, layer, area=area, crs=crs, page=page, say=say)
    return frame.to_crs(crs)
