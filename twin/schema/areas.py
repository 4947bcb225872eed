"""Tables of areas that people and buildings are counted in."""

from __future__ import annotations

from twin.classes import CENSUS_THEMES
from twin.schema.columns import POLYGON, Table, category, number, text

DISTRICTS = Table(
    name="districts",
    key="district_id",
    label="Districts",
    geometry=POLYGON,
    columns=(
        text("name", "Name", required=True),
        number("level", "Administrative level", "", 2, 11, required=True),  # 8 municipality
        number("area_m2", "Area", "m²", 0, 1e13, required=True),
        text("boundary_source", "Source of the boundary", required=True),
        number("residents", "Residents", "", 0, 1e8, source="residents_source"),
    ),
)


def _area(name: str, key: str, label: str) -> Table:
    """Return a table of areas that buildings are summed up in."""
    return Table(
        name=name,
        key=key,
        label=label,
        geometry=POLYGON,
        columns=(
            text("name", "Name"),
            number("area_m2", "Area", "m²", 0, 1e10, required=True),
            text("boundary_source", "Source of the boundary", required=True),
            text("district_id", "District"),
            number("buildings", "Buildings", "", 0, 1e6),
            number("dwellings", "Dwellings", "", 0, 1e6, source="dwellings_source"),
            number("residents", "Residents", "", 0, 1e7, source="residents_source"),
        ),
    )


BLOCKS = _area("blocks", "block_id", "Blocks")
ZONES = _area("zones", "zone_id", "Traffic zones")

CELLS = Table(
    name="cells",
    key="cell_id",
    label="Census cells",
    geometry=POLYGON,  # a square of the European grid, slightly turned in the city's CRS
    columns=(
        number("size_m", "Size", "m", 100, 100_000, required=True),
        number("residents", "Residents", "", 0, 1e7, source="residents_source"),
        number("dwellings", "Dwellings", "", 0, 1e6, source="dwellings_source"),
        number("buildings", "Buildings", "", 0, 1e6, source="buildings_source"),
    ),
)

CENSUS_COUNTS = Table(
    name="census_counts",
    key="count_id",  # cell_id:theme:class
    label="Census counts",
    geometry=(),
    columns=(
        text("cell_id", "Census cell", required=True),
        category("theme", "Theme", CENSUS_THEMES, required=True),
        text("class", "Class", required=True),  # a word of the theme, see `twin.classes`
        number("count", "Count", "", 0, 1e7, required=True),
    ),
)
