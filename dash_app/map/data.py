"""What the map of one city consists of, made when first asked for and kept."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from dash_app.map import base, buildings, columns, labels, layers, overlays, terrain
from dash_app.map.frame import Frame
from dash_app.map.grid import Grid
from dash_app.map.roofs import Roofs
from dash_app.map.style import style_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pydeck
    from numpy.typing import NDArray

    from twin.city import City

FORMAT = 4
"""Goes up when the same city would be sent differently; it is part of every address."""

BUILDING_TILE_M, GROUND_TILE_M, TREE_TILE_M = 1000.0, 4000.0, 2000.0
BINARY, JSON = "application/octet-stream", "application/json"


@dataclass(frozen=True)
class Part:
    """One answer, compressed once."""

    media_type: str
    body: bytes  # gzip
    etag: str

    @classmethod
    def of(cls, data: bytes, media_type: str) -> Part:
        """Compress `data`."""
        digest = hashlib.blake2b(data, digest_size=12).hexdigest()
        return cls(media_type, gzip.compress(data, 6, mtime=0), f'"{digest}"')


class MapData:
    """
    The tiles, columns and index of a city; every part is encoded once, on first use.

    Making one costs nothing: geometry is read when the first part is asked for. Safe to use from
    several threads.
    """

    def __init__(self, city: City, extra: Sequence[pydeck.Layer] = ()) -> None:
        self.city = city
        self.extra = tuple(extra)
        self._parts: dict[str, Part] = {}
        self._lock = Lock()

    @property
    def root(self) -> str:
        """Address under which this city's parts stand; it holds the content hash."""
        return f"/map/{self.city.hash[:20]}-{FORMAT}"

    def warm(self) -> None:
        """Encode what the first view needs, nearest first; meant for a thread beside the server."""
        described = json.loads(gzip.decompress(self.index().body))
        self.labels()
        lon, lat = described["camera"]["lon"], described["camera"]["lat"]
        middle = self.frame.from_lonlat(np.array(lon), np.array(lat))

        def distance(tile: dict[str, Any]) -> float:
            low, high = np.array(tile["box"][:2]), np.array(tile["box"][2:])
            return float(np.linalg.norm(np.clip(middle, low, high) - middle))

        for kind, make, reach in (
            ("ground", self.ground, 4000.0), ("buildings", self.near, 3000.0),
        ):  # fmt: skip
            for tile in sorted(described["tiles"][kind], key=distance):
                if distance(tile) < reach:
                    make(tile["key"])

    def _once(self, name: str, make: Callable[[], bytes], media_type: str) -> Part:
        if name not in self._parts:
            with self._lock:
                if name not in self._parts:
                    self._parts[name] = Part.of(make(), media_type)
        return self._parts[name]

    @cached_property
    def _box(self) -> np.ndarray[Any, Any]:
        """Bounds of the city in its CRS: its buildings, or else its streets."""
        for name in ("buildings", "streets", "landuse", "districts"):
            if len(self.city.tables[name]):
                return np.asarray(self.city.tables[name].total_bounds, dtype=float)
        return np.array([500_000.0, 5_600_000.0, 501_000.0, 5_601_000.0])

    @cached_property
    def frame(self) -> Frame:
        """The metric frame, anchored in the middle of the city."""
        x, y = (self._box[:2] + self._box[2:]) / 2
        return Frame.around(self.city.crs, (float(x), float(y)))

    @cached_property
    def building_grid(self) -> Grid:
        """Buildings in tiles of one kilometre."""
        table = self.city.buildings
        rows = buildings.drawn_rows(table)
        return Grid.of(table.geometry.array, size=BUILDING_TILE_M, rows=rows)

    @cached_property
    def tree_grid(self) -> Grid:
        """Trees in tiles of two kilometres."""
        return Grid.of(self.city.trees.geometry.array, size=TREE_TILE_M)

    @cached_property
    def ground_tiles(self) -> base.Ground:
        """Ground features in tiles of four kilometres."""
        return base.Ground.of(self.city, size=GROUND_TILE_M)

    @cached_property
    def _volumes(self) -> Any:
        return self.city.buildings[buildings.DRAWN]

    @cached_property
    def roofs(self) -> Roofs:
        """Real roofs, of the buildings that have one."""
        return Roofs.of(self.city)

    def near(self, key: str) -> Part:
        """Return one building tile in full detail; `KeyError` where there is none."""
        rows = self.building_grid.rows_of(key)
        return self._once(
            f"near/{key}",
            lambda: buildings.encode_near(self._volumes, rows, self.frame, self.roofs),
            BINARY,
        )

    def far(self, key: str) -> Part:
        """Return one building tile as seen from afar; `KeyError` where there is none."""
        rows = self.building_grid.rows_of(key)
        return self._once(
            f"far/{key}", lambda: buildings.encode_far(self._volumes, rows, self.frame), BINARY
        )

    def ground(self, key: str) -> Part:
        """Return one ground tile; `KeyError` where there is none."""
        if key not in self.ground_tiles:
            raise KeyError(key)
        return self._once(
            f"ground/{key}", lambda: base.encode_ground(self.ground_tiles, key, self.frame), BINARY
        )

    def trees(self, key: str) -> Part:
        """Return one tile of trees; `KeyError` where there is none."""
        rows = self.tree_grid.rows_of(key)
        return self._once(
            f"trees/{key}", lambda: base.encode_trees(self.city.trees, rows, self.frame), BINARY
        )

    @cached_property
    def overlay_grids(self) -> dict[str, Grid]:
        """Tiles of what can be laid over the ground, by table; tables without rows are left out."""
        tables = {name: self.city.tables[name] for name in overlays.TILE_M}
        return {
            name: Grid.of(table.geometry.array, size=overlays.TILE_M[name])
            for name, table in tables.items()
            if len(table)
        }

    def overlay(self, name: str, key: str) -> Part:
        """Return one tile of an overlay; `KeyError` where there is none."""
        rows = self.overlay_grids[name].rows_of(key)
        table = self.city.tables[name]
        return self._once(
            f"overlay/{name}/{key}",
            lambda: overlays.encode_overlay(name, table, rows, self.frame),
            BINARY,
        )

    def terrain(self) -> Part:
        """Return the shaded relief; `KeyError` where the city has no terrain."""
        raster = self.city.rasters["terrain"]
        return self._once("terrain", lambda: terrain.encode_terrain(raster, self.frame), BINARY)

    def column(self, table: str, name: str) -> Part:
        """Return one column; `KeyError` or `ValueError` where it cannot be shown."""
        frame = self.city.tables[table]
        return self._once(
            f"column/{table}/{name}", lambda: columns.encode_column(frame, name, table), BINARY
        )

    def feature(self, table: str, row: int) -> Part:
        """Return key, label and place of one feature; `IndexError` where there is none."""
        found = columns.feature_json(self.city, table, row, self.frame)
        return Part.of(_dump(found), JSON)

    def find(self, table: str, key: str) -> Part:
        """Return the same by key; `KeyError` where there is none."""
        row: Any = self.city.tables[table].index.get_loc(key)
        return self.feature(table, int(row))

    def keys(self, table: str) -> Part:
        """Return the ids of a table in its order; `KeyError` where there is no such table."""
        return self._once(f"ids/{table}", lambda: _dump(columns.keys_json(self.city, table)), JSON)

    def labels(self) -> Part:
        """Return the upright labels, the stops and the borders of districts."""

        def make() -> bytes:
            words = {"labels": labels.labels_json(self.city, self.frame)}
            return _dump(words | labels.marks_json(self.city, self.frame))

        return self._once("labels", make, JSON)

    def index(self) -> Part:
        """Return what there is to draw, how, and from where."""
        return self._once("index", lambda: _dump(self._describe()), JSON)

    def _describe(self) -> dict[str, Any]:
        ground = _merged([grid.describe(self.frame) for grid in self.ground_tiles.grids.values()])
        info = self.city.info
        corners = self.frame.from_city(self._box.reshape(2, 2)).round().astype(int)
        return {
            "format": FORMAT,
            "root": self.root,
            "name": self.city.name,
            "data_date": info.data_date,
            "model_town": info.model_town,
            "attribution": list(dict.fromkeys(source.attribution for source in info.sources)),
            "anchor": [self.frame.lon, self.frame.lat],
            "box": corners.reshape(-1).tolist(),
            "camera": self._camera(),
            "rows": {name: len(self.city.tables[name]) for name in ("buildings", "streets")},
            "tiles": {
                "buildings": self.building_grid.describe(self.frame),
                "ground": ground,
                "trees": self.tree_grid.describe(self.frame),
            },
            "overlays": {
                name: {
                    "from_zoom": overlays.FROM_ZOOM.get(name, 0.0),
                    "tiles": grid.describe(self.frame),
                }
                for name, grid in self.overlay_grids.items()
            },
            "terrain": "terrain" in self.city.rasters,
            "style": style_json(),
            "deck": layers.deck_json(self.extra),
        }

    def _camera(self) -> dict[str, float]:
        """Look at the heart of the city, close enough to see roofs."""
        table = self.city.buildings
        if len(table):
            x, y = heart(shapely.bounds(table.geometry.array), table["height_m"].to_numpy())
        else:
            x, y = ((self._box[:2] + self._box[2:]) / 2).tolist()
        lon, lat = self.frame.degrees(x, y)
        view = {"zoom": 15.2, "pitch": 50.0, "bearing": -20.0}
        return {"lon": round(lon, 5), "lat": round(lat, 5), **view}


def heart(box: NDArray[np.float64], height: NDArray[np.float64]) -> tuple[float, float]:
    """
    Return the middle (easting, northing) of the square kilometre with most building volume.

    Large halls count as 1,000 m² only, so that a works area does not pass for the centre.
    """
    middle = (box[:, :2] + box[:, 2:]) / 2
    size = np.minimum((box[:, 2:] - box[:, :2]).prod(axis=1), 1000.0) * height
    cell = np.floor(middle / 500).astype(np.int64)
    cell -= cell.min(axis=0)
    sums = np.zeros(cell.max(axis=0) + 3)
    np.add.at(sums, (cell[:, 0] + 1, cell[:, 1] + 1), size)
    around = sum(np.roll(sums, (dx, dy), (0, 1)) for dx in (-1, 0, 1) for dy in (-1, 0, 1))
    best = np.unravel_index(int(np.argmax(around)), sums.shape)
    near = (np.abs(cell + 1 - np.array(best)) <= 1).all(axis=1)
    x, y = np.average(middle[near], axis=0, weights=size[near])
    return float(x), float(y)


def _merged(tiles: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Join tiles of the same key: boxes grow, counts add up."""
    found: dict[str, dict[str, Any]] = {}
    for tile in (tile for group in tiles for tile in group):
        known = found.get(tile["key"])
        if known is None:
            found[tile["key"]] = dict(tile)
            continue
        low = np.minimum(known["box"][:2], tile["box"][:2])
        high = np.maximum(known["box"][2:], tile["box"][2:])
        known["box"] = [*low.tolist(), *high.tolist()]
        known["count"] += tile["count"]
    return list(found.values())


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
