"""Single objects in the simplified schema, for what a town does not have."""

from __future__ import annotations

import geopandas as gpd
import pyogrio
from shapely import box

E, N = 366_000.0, 5_626_000.0


def house(number: int, **said: object) -> dict[str, object]:
    """Return one building of 10 m by 10 m; `said` overrides its fields."""
    east = E + 20 * number
    return {
        "oid": f"DENW43AL0000{number:04d}BL",
        "aktualit": "2026-01-01",
        "gebnutzbez": "Gebäude",
        "funktion": "Wohngebäude",
        "gfkzshh": "31001_1000",
        "rellage": None,
        "name": None,
        "anzahlgs": 2,
        "gmdschl": "05382068",
        "lagebeztxt": f"Musterstraße {number}",
        "geometry": box(east, N, east + 10, N + 10),
        **said,
    }


def frame(*rows: dict[str, object], crs: str | None = "EPSG:25832") -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(list(rows), geometry="geometry", crs=crs)


def write(table: gpd.GeoDataFrame, path, layer: str = "GebauedeBauwerk"):
    """Write one layer into a GeoPackage (added where it exists) or a Shapefile."""
    pyogrio.write_dataframe(
        table, path, layer=layer, append=path.suffix == ".gpkg" and path.exists()
    )
    return path
