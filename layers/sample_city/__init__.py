"""
The embedded default city: a generated model town calibrated to published figures of Troisdorf.

Nobody may mistake it for survey data: streets, houses, names and trees are invented. Published
are the district points, the inhabitants and the residential buildings by age and type (census
2011), see `data/troisdorf`; courses of roads and rivers are drawn freehand through known points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from layers.sample_city.figures import read_districts, scale_down
from layers.sample_city.landscape import CRS
from layers.sample_city.town import make_town
from layers.source_data import SourceData
from twin.errors import SourceError
from twin.provenance import Finding, Source
from twin.schema import TABLES
from twin.validation import conform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from layers.source_data import Progress

__all__ = ["make_sample"]

NAME = "Musterstadt"
TITLE = "Musterstadt nach Troisdorfer Kennzahlen, keine Vermessung"
BUILDINGS_PER_HOME = 1.75
"""Buildings for one residential building: garages, sheds, halls, schools come on top."""

TOWN_SPACING_M = (13_500.0, 15_000.0)
VARIANTS = 4
"""A region repeats this many different towns."""


def make_sample(
    *, buildings: int | None = None, seed: int = 1, progress: Progress | None = None
) -> SourceData:
    """
    Generate the model town.

    Parameters
    ----------
    buildings
        About how many buildings; the town of the published figures where left out. Fewer take
        the first districts only, more repeat the town as a region.
    seed
        The same seed gives the same town.

    Raises
    ------
    SourceError
        `buildings` is not between 50 and 2,000,000.
    """
    say = progress or (lambda _step, _share: None)
    if buildings is not None and not 50 <= buildings <= 2_000_000:
        template = "A model town of {count} buildings cannot be made."
        raise SourceError(template, hint="Ask for 50 to 2,000,000.", count=buildings)
    districts = read_districts()
    full = int(districts["residential_buildings"].sum())
    homes = full if buildings is None else round(buildings / BUILDINGS_PER_HOME)
    if homes <= full * 1.05:
        tables = _one_town(districts, min(homes, full), seed, "model:", say)
    else:
        tables = _region(districts, homes / full, seed, say)
    say("Done", 1.0)
    return SourceData(
        name=NAME,
        crs=CRS,
        tables=tables,
        source=_source(),
        findings=(_notice(len(tables["buildings"])),),
        model_town=True,
    )


def _one_town(
    districts: pd.DataFrame, homes: int, seed: int, prefix: str, say: Progress
) -> dict[str, Any]:
    full = int(districts["residential_buildings"].sum())
    radius = None
    if homes < full:
        districts = scale_down(districts, homes)
        largest = int(districts["residential_buildings"].max())
        radius = 420.0 + 30.0 * float(np.sqrt(largest))
    raw = make_town(districts, seed=seed, prefix=prefix, radius_m=radius, say=say)
    return {
        name: conform(table, raw.get(name, pd.DataFrame(index=[])), crs=CRS)
        for name, table in TABLES.items()
    }


def _region(districts: pd.DataFrame, towns: float, seed: int, say: Progress) -> dict[str, Any]:
    """Repeat a few different towns on a grid; the last one is a small town."""
    whole = int(towns)
    variants = min(VARIANTS, whole)
    full = int(districts["residential_buildings"].sum())
    made = []
    for i in range(variants):
        say("Lay out streets", i / variants * 0.7)
        made.append(_one_town(districts, full, seed + i, "model:", lambda _s, _x: None))
    rest = round((towns - whole) * full)
    columns = int(np.ceil(np.sqrt(whole + 1)))
    parts = [_moved(made[i % variants], i, columns) for i in range(whole)]
    if rest >= 60:
        small = _one_town(districts, rest, seed + 99, "model:", lambda _s, _x: None)
        parts.append(_moved(small, whole, columns))
    say("Put the towns together", 0.8)
    return {name: _join([part.pop(name) for part in parts], name) for name in list(TABLES)}


def _moved(tables: Mapping[str, Any], number: int, columns: int) -> dict[str, Any]:
    """Return the tables of a town shifted to its place, keys and references renamed."""
    dx = (number % columns) * TOWN_SPACING_M[0]
    dy = (number // columns) * TOWN_SPACING_M[1]
    prefix = f"model:{number + 1}:"
    result = {}
    for name, table in tables.items():
        moved = table.copy()
        moved.index = prefix + moved.index.str.removeprefix("model:")
        for column in moved.columns:
            if column.endswith(("_id", "_node")) or column in ("part_of", "from_link", "to_link"):
                moved[column] = prefix + moved[column].str.removeprefix("model:")
        if isinstance(moved, gpd.GeoDataFrame) and (dx or dy):
            moved = moved.set_geometry(moved.geometry.translate(dx, dy))
        result[name] = moved
    return result


def _join(parts: list[Any], name: str) -> Any:
    joined = pd.concat(parts)
    joined.index.name = TABLES[name].key
    return joined.sort_index()


def _source() -> Source:
    return Source(
        key="model_town",
        title=TITLE,
        licence="CC0-1.0",
        licence_url="https://creativecommons.org/publicdomain/zero/1.0/",
        attribution=(
            "Musterstadt, erzeugt, keine Vermessung; Kennzahlen: Zensus 2011, Statistische Ämter "
            "des Bundes und der Länder (dl-de/by-2-0), und veröffentlichte Einwohnerzahlen"
        ),
        date="2011-05-09",
        tables=tuple(TABLES),
        note=(
            "Model town after published figures of Troisdorf, not a survey. Streets, houses, "
            "names and trees are invented; inhabitants, ages and types of residential buildings "
            "by district follow the figures, some of them general knowledge, unverified."
        ),
    )


def _notice(count: int) -> Finding:
    message = "All {count} buildings are generated: a model town, no survey."
    return Finding("model_town", "buildings", count, message, "info", total=count)
