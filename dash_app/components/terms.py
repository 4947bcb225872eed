"""What the parts of figures and the assumptions are called on screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dash_app.i18n import Translator

SUMS: dict[str, tuple[str, str, float]] = {
    "space_kwh": ("Heat for rooms", "MWh/a", 1e-3),
    "hot_water_kwh": ("Hot water", "MWh/a", 1e-3),
    "seasonal_kwh": ("Heat for rooms, seasonal method", "MWh/a", 1e-3),
    "heated_area_m2": ("Heated area", "m²", 1.0),
    "refurbished_m2": ("Refurbished heated area", "m²", 1.0),
    "connected_m2": ("Connected heated area", "m²", 1.0),
    "final_kwh": ("Final energy", "MWh/a", 1e-3),
    "all_heat_kwh": ("Final energy for heat with ambient heat", "MWh/a", 1e-3),
    "renewable_heat_kwh": ("Renewable heat", "MWh/a", 1e-3),
    "appliance_kwh": ("Electricity for appliances", "MWh/a", 1e-3),
    "heat_electricity_kwh": ("Electricity for heat", "MWh/a", 1e-3),
    "heat_gas_kwh": ("Natural gas for heat", "MWh/a", 1e-3),
    "heat_oil_kwh": ("Heating oil for heat", "MWh/a", 1e-3),
    "heat_coal_kwh": ("Coal for heat", "MWh/a", 1e-3),
    "heat_biomass_kwh": ("Biomass for heat", "MWh/a", 1e-3),
    "heat_green_gas_kwh": ("Climate-neutral gas for heat", "MWh/a", 1e-3),
    "heat_green_oil_kwh": ("Climate-neutral oil for heat", "MWh/a", 1e-3),
    "heat_district_heat_kwh": ("District heat", "MWh/a", 1e-3),
    "heat_ambient_heat_kwh": ("Ambient heat", "MWh/a", 1e-3),
    "pv_kwp": ("Photovoltaics installed", "kWp", 1.0),
    "pv_kwh": ("Solar power generated", "MWh/a", 1e-3),
    "self_use_kwh": ("Solar power used in the building", "MWh/a", 1e-3),
    "co2e_t": ("Greenhouse gas", "t CO2e/a", 1.0),
    "co2e_heat_t": ("Greenhouse gas of heat", "t CO2e/a", 1.0),
    "residents": ("Residents", "", 1.0),
    "residents_met": ("Residents", "", 1.0),
    "investment_eur": ("Investment", "million EUR", 1e-6),
    "energy_cost_eur": ("Energy costs", "million EUR/a", 1e-6),
    "annual_cost_eur": ("Annual costs", "million EUR/a", 1e-6),
    "imports_eur": ("Fossil energy bought from outside", "million EUR/a", 1e-6),
    "trips_walk": ("Trips on foot", "", 1.0),
    "trips_bike": ("Trips by bicycle", "", 1.0),
    "trips_transit": ("Trips by public transport", "", 1.0),
    "trips_car": ("Trips driving a car", "", 1.0),
    "trips_passenger": ("Trips riding along", "", 1.0),
    "km_car": ("Kilometres driven", "km", 1.0),
    "travel_minutes": ("Minutes under way", "min", 1.0),
    "vkm_car": ("Cars", "vehicle-km", 1.0),
    "vkm_truck": ("Lorries", "vehicle-km", 1.0),
    "delay_h": ("Time lost", "h", 1.0),
    "calm_m": ("Calm streets", "km", 1e-3),
    "cycled_m": ("Streets open to bicycles and cars", "km", 1e-3),
    "traffic_t": ("Greenhouse gas of traffic", "t CO2e/a", 1.0),
    "charging_kwh": ("Electricity for cars", "MWh/a", 1e-3),
    "near_daily_needs": ("Residents within reach of daily needs", "", 1.0),
    "near_school": ("Residents within reach of a school", "", 1.0),
    "near_stop": ("Residents within reach of a stop", "", 1.0),
    "near_all": ("Residents within reach of everything", "", 1.0),
    "loud_day": ("Residents above the level by day", "", 1.0),
    "loud_night": ("Residents above the level at night", "", 1.0),
}
"""Label, unit and factor of the sums that indicators are made of."""

ASSUMED = {
    "stock.set_point": "Room temperature when used",
    "stock.reference_per_living": "Reference area for each m² of living area",
    "stock.prebound": "Measured over calculated heat",
    "stock.hot_water_housing": "Hot water in housing",
    "archetypes.air_change_use": "Air change by airing",
    "supply.efficiency": "Efficiency of heating systems",
    "supply.field_factor": "Heat pumps in the field against the test",
    "supply.heating_cost_a": "Cost of heating systems",
    "electricity.household_house": "Electricity of a household",
    "electricity.resident": "Electricity of a further resident",
    "solar.losses": "Losses of photovoltaic systems",
    "grid.pipe_cost_factor": "Cost of heat pipes",
    "balance.emission": "Emission factors of fuels",
    "balance.co2_price": "CO2 price",
    "balance.emission_electricity_direct": "Emission factor of the national electricity mix",
    "balance.price_gas_household": "Gas price of households",
    "balance.price_electricity_heat_household": "Price of electricity for heat pumps",
    "balance.price_electricity_household": "Electricity price of households",
    "balance.retrofit_cost_usual": "Cost of a usual refurbishment",
    "balance.pv_cost_a": "Cost of photovoltaics",
    "balance.interest": "Interest rate",
    "demand.trips_per_mobile": "Trips of a mobile person a day",
    "demand.through_per_weight": "Through traffic at the gates",
    "demand.outside_km": "Length of ways beyond the edge of town",
    "network.walk_speed": "Walking speed",
    "fleet.consumption": "Consumption of cars",
    "fleet.electric_share": "Electric share of car kilometres",
    "effects.week_factor": "Mean day of the year over mean weekday",
}
"""Assumptions that move figures most, and what they are called; others go by their name."""

THEMES = {
    "stock": "Building stock",
    "archetypes": "Building types",
    "heat": "Heat demand",
    "supply": "Heating systems",
    "grid": "Heat networks",
    "solar": "Solar power",
    "electricity": "Electricity",
    "balance": "Prices and emission factors",
    "network": "Streets and ways",
    "assignment": "Traffic on streets",
    "demand": "Trips",
    "transit": "Public transport",
    "accessibility": "Accessibility",
    "cycling": "Cycling",
    "noise": "Noise",
    "fleet": "Vehicles",
    "effects": "Effects of traffic",
    "timetable": "Timetable",
}
"""What the themes of assumptions are called."""


def assumption_label(t: Translator, name: str) -> str:
    """
    Return what people call an assumption, with its class or year where it has several.

    >>> from dash_app.i18n import translator
    >>> assumption_label(translator("en"), "supply.efficiency.gas_boiler")
    'Efficiency of heating systems: gas boiler'
    """
    known = next((key for key in ASSUMED if f"{name}.".startswith(f"{key}.")), "")
    if known:
        rest = [t.word(part) for part in name.removeprefix(known).split(".") if part]
        return ": ".join([t.text(ASSUMED[known]), *rest])
    head, _, rest_of = name.partition(".")
    if not rest_of:
        return t.word(head)
    return ": ".join(t.word(part) for part in rest_of.split("."))


def theme_label(t: Translator, theme: str) -> str:
    """Return what people call a theme of assumptions."""
    return t.text(THEMES[theme]) if theme in THEMES else t.word(theme)
