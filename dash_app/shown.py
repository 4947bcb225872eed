"""A city and what the page derives from it once, on first use."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import shapely
from pyproj import Transformer

from dash_app.i18n import DEFAULT_LANG
from dash_app.search import SearchIndex, build_index
from dash_app.state import Camera, Pick, home_camera
from twin.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from twin.city import City


def _not_sensed() -> bool:
    return False


@dataclass(frozen=True)
class Shown:
    """A city and what the page derives from it once, on first use."""

    city: City
    lang: str = DEFAULT_LANG  # of an address that names none
    sensed: Callable[[], bool] = _not_sensed  # whether who looks may see sensors

    @cached_property
    def index(self) -> SearchIndex:
        """The search index."""
        return build_index(self.city)

    @cached_property
    def home(self) -> Camera:
        """The camera of a plain address."""
        return home_camera(self.city)

    @cached_property
    def to_degrees(self) -> Transformer:
        """From the CRS of the city to longitude and latitude."""
        return Transformer.from_crs(self.city.crs, "EPSG:4326", always_xy=True)

    def place_of(self, pick: Pick) -> dict[str, float] | None:
        """Return where a row stands, as `{lon, lat}`; None for rows without geometry."""
        table = self.city.tables[pick.table]
        if not TABLES[pick.table].geometry:
            return None
        point = shapely.point_on_surface(table.geometry.loc[pick.id])
        lon, lat = self.to_degrees.transform(point.x, point.y)
        return {"lon": round(lon, 6), "lat": round(lat, 6)}
