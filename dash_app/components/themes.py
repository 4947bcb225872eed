"""What belongs together among the many columns of a building."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twin.schema import Column

THEMES: dict[str, tuple[str, ...]] = {
    "Use and age": ("use", "size_class", "function", "year_built", "age_class"),
    "Homes and people": (
        "residents", "dwellings", "living_area_m2", "floor_area_m2", "storeys",
    ),
    "Heating and energy": ("heating", "energy_carrier"),
    "Shape": (
        "height_m", "min_height_m", "roof_type", "roof_height_m", "roof_direction_deg",
        "footprint_m2", "ground_m", "has_parts",
    ),
}  # fmt: skip
"""Heading, then the columns below it in order."""

REST = "Other values"


def by_theme(columns: Sequence[Column]) -> list[tuple[str, list[Column]]]:
    """Return the columns of a building below their headings; those without one come last."""
    named = {column.name: column for column in columns}
    groups = [
        (theme, [named.pop(name) for name in names if name in named])
        for theme, names in THEMES.items()
    ]
    return [(theme, own) for theme, own in (*groups, (REST, list(named.values()))) if own]
