"""Writes everything that one model town's offices, map and operators would publish about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layers.sample_city import make_sample
from tests.town_files.cadastre import write_cadastre
from tests.town_files.census import write_census
from tests.town_files.citymodel import write_lod2
from tests.town_files.nas import write_nas
from tests.town_files.osm import write_osm
from tests.town_files.terrain import write_dgm1
from tests.town_files.transit import write_gtfs
from tests.town_files.weather import write_try

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORMATS = ("osm", "gpkg", "lod2", "dgm1", "census", "try", "gtfs", "nas")
TRY_FILE = "TRY2015_Musterstadt_Jahr.dat"
BORDER_M = 50.0  # terrain reaches this far beyond the outermost building


def write_town(
    folder: Path,
    *,
    buildings: int = 2000,
    seed: int = 1,
    formats: tuple[str, ...] = FORMATS,
    cell_m: float = 1.0,
) -> dict[str, list[Path]]:
    """
    Write the model town in every format asked for and return the files of each.

    All speak of the same houses, and differ as real sources do: the map (osm) lacks some and
    draws some as one, the cadastre (gpkg, shp, gml) lacks and cuts others, the city model (lod2)
    lacks the newest; outlines lie some decimetres apart. `cell_m` is the cell of the terrain.
    """
    tables = make_sample(buildings=buildings, seed=seed).tables
    return {name: _WRITERS[name](tables, folder / name, seed, cell_m) for name in formats}


def without_newest(buildings: Any) -> Any:
    """Return the buildings that were there when the city model was flown: one in 50 is newer."""
    keys = buildings.index.to_numpy(dtype=object)
    turn = pd.util.hash_array(keys, hash_key="lod2_citymodel_1") % np.uint64(50)
    return buildings[turn != 11]


def terrain_bounds(tables: Mapping[str, Any]) -> tuple[float, float, float, float]:
    """Return what the terrain covers: west, south, east, north."""
    west, south, east, north = tables["buildings"].total_bounds
    return west - BORDER_M, south - BORDER_M, east + BORDER_M, north + BORDER_M


def _osm(tables: Mapping[str, Any], folder: Path, _seed: int, _cell: float) -> list[Path]:
    return [write_osm(tables, _made(folder) / "musterstadt.osm.pbf")]


def _cadastre(kind: str) -> Any:
    def write(tables: Mapping[str, Any], folder: Path, seed: int, _cell: float) -> list[Path]:
        return [write_cadastre(dict(tables), _made(folder), kind=kind, seed=seed)]

    return write


def _nas(tables: Mapping[str, Any], folder: Path, _seed: int, _cell: float) -> list[Path]:
    return [write_nas(tables, _made(folder) / "musterstadt_nas.xml")]


def _lod2(tables: Mapping[str, Any], folder: Path, _seed: int, _cell: float) -> list[Path]:
    return write_lod2({**tables, "buildings": without_newest(tables["buildings"])}, folder)


def _dgm1(tables: Mapping[str, Any], folder: Path, _seed: int, cell: float) -> list[Path]:
    return write_dgm1(terrain_bounds(tables), folder, cell_m=cell)


def _census(tables: Mapping[str, Any], folder: Path, _seed: int, _cell: float) -> list[Path]:
    return write_census(dict(tables), folder)


def _try(_tables: Mapping[str, Any], folder: Path, _seed: int, _cell: float) -> list[Path]:
    return [write_try(_made(folder) / TRY_FILE)]


def _gtfs(tables: Mapping[str, Any], folder: Path, seed: int, _cell: float) -> list[Path]:
    return [write_gtfs(tables, _made(folder) / "musterstadt_gtfs.zip", seed=seed)]


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


_WRITERS: dict[str, Any] = {
    "osm": _osm,
    **{kind: _cadastre(kind) for kind in ("gpkg", "shp", "gml")},
    "nas": _nas,
    "lod2": _lod2,
    "dgm1": _dgm1,
    "census": _census,
    "try": _try,
    "gtfs": _gtfs,
}
