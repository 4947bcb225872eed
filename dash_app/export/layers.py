"""Layers for a GIS: the geometries of the city with the values of views."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyogrio

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dash_app.views import View
    from twin.city import City

    Seen = tuple[View, pd.Series[Any], pd.Series[bool]]
    """A view, its values as the viewer may see them, and which are withheld."""


def layers_of(city: City, seen: Sequence[Seen]) -> dict[str, gpd.GeoDataFrame]:
    """Return by table its geometries, with a column of values for each view, in the city's CRS."""
    found: dict[str, gpd.GeoDataFrame] = {}
    for view, values, away in seen:
        if view.table not in found:
            found[view.table] = _bare(city, view.table)
        layer = found[view.table]
        hidden = away.reindex(layer["id"], fill_value=False).to_numpy(bool)
        column = values.reindex(layer["id"]).mask(hidden)
        if column.dtype == object:
            column = column.where(column.notna(), None)
        found[view.table] = layer.assign(
            **{view.name: column.to_numpy(), f"{view.name}_withheld": hidden}
        )
    return found


def _bare(city: City, table: str) -> gpd.GeoDataFrame:
    frame = city.tables[table]
    columns: dict[str, Any] = {"id": frame.index.astype(str).to_numpy()}
    if "name" in frame:
        columns["name"] = frame["name"].to_numpy(object)
    return gpd.GeoDataFrame(columns, geometry=frame.geometry.to_numpy(), crs=city.crs)


def as_gpkg(layers: Mapping[str, gpd.GeoDataFrame], about: Mapping[str, str]) -> bytes:
    """Return a GeoPackage: one layer a table, and a table `about` without geometry."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "layers.gpkg"
        for name, layer in layers.items():
            pyogrio.write_dataframe(layer, path, layer=name, driver="GPKG")
        told = pd.DataFrame({"key": list(about), "value": list(about.values())})
        pyogrio.write_dataframe(told, path, layer="about", driver="GPKG")
        return path.read_bytes()


def as_parquet(layer: gpd.GeoDataFrame) -> bytes:
    """Return one layer as GeoParquet."""
    out = BytesIO()
    layer.to_parquet(out, index=False)
    return out.getvalue()
