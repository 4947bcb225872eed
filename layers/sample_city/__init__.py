"""
The embedded default city: a generated model town calibrated to published figures of Troisdorf.

Nobody may mistake it for survey data: streets, houses, names and trees are invented. Published
are the district points, the inhabitants and the residential buildings by age and type (census
2011), see `data/troisdorf`; courses of roads and rivers are drawn freehand through known points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layers.sample_city.figures import read_districts, scale_down
from layers.sample_city.landscape import CRS
from layers.sample_city.lines import rail_routes
from layers.sample_city.region import make_region
from layers.sample_city.town import make_town
from layers.source_data import SourceData
from twin.errors import SourceError
from twin.provenance import Finding, Source
from twin.schema import TABLES
from twin.validation import conform

if TYPE_CHECKING:
    from layers.source_data import Progress

__all__ = ["make_sample"]

NAME = "Musterstadt"
TITLE = "Musterstadt nach Troisdorfer Kennzahlen, keine Vermessung"
BUILDINGS_PER_HOME = 1.94
"""Buildings for one residential building: garages, sheds, halls, schools come on top."""


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
        tables = _one_town(districts, min(homes, full), seed, say)
    else:
        say("Lay out streets", 0.05)
        tables = make_region(_one_town, districts, homes, seed)
    say("Done", 1.0)
    return SourceData(
        name=NAME,
        crs=CRS,
        tables=tables,
        source=_source(),
        findings=(_notice(len(tables["buildings"])),),
        model_town=True,
        kind="model_town",
        routes=rail_routes(tables["stops"]),
    )


def _one_town(
    districts: pd.DataFrame, homes: int, seed: int, say: Progress = lambda _step, _share: None
) -> dict[str, Any]:
    full = int(districts["residential_buildings"].sum())
    radius = None
    if homes < full:
        districts = scale_down(districts, homes)
        largest = int(districts["residential_buildings"].max())
        radius = 420.0 + 30.0 * float(np.sqrt(largest))
    raw = make_town(districts, seed=seed, prefix="model:", radius_m=radius, say=say)
    return {
        name: conform(table, raw.get(name, pd.DataFrame(index=[])), crs=CRS)
        for name, table in TABLES.items()
    }


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
        note=(
            "Model town after published figures of Troisdorf, not a survey. Streets, houses, "
            "names and trees are invented; inhabitants, ages and types of residential buildings "
            "by district follow the figures, some of them general knowledge, unverified."
        ),
    )


def _notice(count: int) -> Finding:
    message = "All {count} buildings are generated: a model town, no survey."
    return Finding("model_town", "buildings", count, message, "info", total=count)
