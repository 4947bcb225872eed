"""The building stock as the energy model sees it and scenarios change it."""

from __future__ import annotations

from twin.classes import AGE_CLASSES, BUILDING_USES, HEAT_SYSTEMS, REFURBISHMENT, SIZE_CLASSES
from twin.schema.columns import Table, category, number, text

STOCK = Table(
    name="stock",
    key="building_id",
    label="Building stock",
    geometry=(),
    columns=(
        category("use", "Use", BUILDING_USES, required=True, source="use_source"),
        category("size_class", "Building type", SIZE_CLASSES, source="size_class_source"),
        category("age_class", "Age class", AGE_CLASSES, source="age_class_source"),
        number("year_built", "Year built", "", 500, 2200),  # counts where it lies in the class
        # energy reference area: conditioned floor area; 0 where nothing is heated
        number(
            "heated_area_m2",
            "Heated area",
            "m²",
            0,
            5_000_000,
            required=True,
            source="heated_area_source",
        ),
        number("dwellings", "Dwellings", "", 0, 5_000, required=True),
        number("residents", "Residents", "", 0, 10_000, required=True),
        category(
            "refurbishment",
            "State of refurbishment",
            REFURBISHMENT,
            required=True,
            source="refurbishment_source",
        ),
        number("refurbished_year", "Refurbished in", "", 1900, 2200),  # by a measure
        category("system", "Heating system", HEAT_SYSTEMS, required=True, source="system_source"),
        number("system_year", "Heating installed in", "", 1900, 2200, source="system_year_source"),
        number("set_point_c", "Room temperature", "°C", 5, 30, required=True),
        text("network_id", "Heat network"),
        number("pv_kwp", "Photovoltaics", "kWp", 0, 100_000, required=True, source="pv_source"),
        number("pv_year", "Photovoltaics installed in", "", 1980, 2200),
        number("battery_kwh", "Battery", "kWh", 0, 100_000, required=True),
        text("block_id", "Block"),
        text("district_id", "District"),
    ),
)
