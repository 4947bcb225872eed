"""The indicators, in the order in which they are shown."""

from __future__ import annotations

from twin.classes import CARRIERS
from twin.indicators.definition import Indicator
from twin.indicators.mobility import MOBILITY

_STOCK = ("use", "size_class", "age_class", "heated_area_m2", "refurbishment")
_SUPPLY = (*_STOCK, "system", "system_year")
_DEMAND = ("stock", "archetypes", "heat")
_FINAL = (*_DEMAND, "supply")
_MONEY = (*_FINAL, "electricity", "solar", "balance")

_CARRIER_LABELS = {
    "gas": "Natural gas for heat",
    "oil": "Heating oil for heat",
    "coal": "Coal for heat",
    "biomass": "Biomass for heat",
    "green_gas": "Climate-neutral gas for heat",
    "green_oil": "Climate-neutral oil for heat",
    "electricity": "Electricity for heat",
    "district_heat": "District heat",
    "ambient_heat": "Ambient heat",
}

_HEAT = (
    Indicator(
        "heat_demand",
        "Heat demand",
        "MWh/a",
        "Useful heat for rooms and hot water of all buildings: hourly 5R1C model x calibration, "
        "plus hot water",
        top=("space_kwh", "hot_water_kwh"),
        factor=1e-3,
        inputs=_STOCK,
        themes=_DEMAND,
    ),
    Indicator(
        "heat_demand_m2",
        "Heat demand per heated area",
        "kWh/(m²·a)",
        "Useful heat for rooms and hot water / heated area",
        top=("space_kwh", "hot_water_kwh"),
        bottom=("heated_area_m2",),
        inputs=_STOCK,
        themes=_DEMAND,
        decimals=1,
    ),
    Indicator(
        "heat_demand_seasonal",
        "Heat demand, second opinion",
        "MWh/a",
        "Heat for rooms by the seasonal method of TABULA x calibration, plus hot water",
        top=("seasonal_kwh", "hot_water_kwh"),
        factor=1e-3,
        inputs=_STOCK,
        themes=_DEMAND,
        better="neither",
    ),
    Indicator(
        "heat_peak",
        "Highest heat load",
        "MW",
        "Highest hour of the summed useful heat",
        peak="heat_kw",
        factor=1e-3,
        inputs=_STOCK,
        themes=_DEMAND,
        decimals=1,
    ),
    Indicator(
        "refurbished",
        "Refurbished heated area",
        "%",
        "Heated area in the state usual or advanced / heated area",
        top=("refurbished_m2",),
        bottom=("heated_area_m2",),
        factor=100,
        inputs=("refurbishment", "heated_area_m2"),
        themes=("stock",),
        better="up",
        decimals=1,
    ),
)

_CARRIERS = (
    Indicator(
        "final_energy",
        "Final energy",
        "MWh/a",
        "Final energy for heat of all carriers without ambient heat, plus electricity for "
        "appliances",
        top=("final_kwh",),
        factor=1e-3,
        inputs=_SUPPLY,
        themes=(*_FINAL, "electricity"),
        group="energy",
    ),
    *(
        Indicator(
            f"heat_{carrier}",
            _CARRIER_LABELS[carrier],
            "MWh/a",
            "Final energy for heat: useful heat / efficiency or annual performance factor",
            top=(f"heat_{carrier}_kwh",),
            factor=1e-3,
            inputs=_SUPPLY,
            themes=_FINAL,
            group="energy",
            better="neither" if carrier in ("ambient_heat", "district_heat") else "down",
        )
        for carrier in CARRIERS
    ),
    Indicator(
        "renewable_heat",
        "Renewable heat",
        "%",
        "Heat from ambient heat, biomass, climate-neutral fuels and the renewable part of "
        "district heat and electricity / final energy for heat with ambient heat",
        top=("renewable_heat_kwh",),
        bottom=("all_heat_kwh",),
        factor=100,
        inputs=_SUPPLY,
        themes=(*_FINAL, "grid", "balance"),
        group="energy",
        better="up",
        decimals=1,
    ),
    Indicator(
        "network_heat_share",
        "Heated area on a heat network",
        "%",
        "Heated area of connected buildings / heated area",
        top=("connected_m2",),
        bottom=("heated_area_m2",),
        factor=100,
        inputs=("system", "heated_area_m2"),
        themes=("stock",),
        group="energy",
        better="neither",
        decimals=1,
    ),
)

_ELECTRICITY = (
    Indicator(
        "electricity_demand",
        "Electricity demand",
        "MWh/a",
        "Electricity for appliances (BDEW profiles) and for heat",
        top=("appliance_kwh", "heat_electricity_kwh"),
        factor=1e-3,
        inputs=_SUPPLY,
        themes=(*_FINAL, "electricity"),
        group="electricity",
    ),
    Indicator(
        "pv_power",
        "Photovoltaics installed",
        "kWp",
        "Sum of the installed power",
        top=("pv_kwp",),
        inputs=("pv_kwp",),
        themes=("solar",),
        group="electricity",
        better="up",
    ),
    Indicator(
        "pv_yield",
        "Solar power generated",
        "MWh/a",
        "Hourly yield of every roof plane in use (Perez, PVWatts)",
        top=("pv_kwh",),
        factor=1e-3,
        inputs=("pv_kwp",),
        themes=("solar",),
        group="electricity",
        better="up",
    ),
    Indicator(
        "self_use",
        "Solar power used in the building",
        "%",
        "Solar power used at once or from the battery / solar power generated",
        top=("self_use_kwh",),
        bottom=("pv_kwh",),
        factor=100,
        inputs=("pv_kwp",),
        themes=("solar", "electricity"),
        group="electricity",
        better="up",
        decimals=1,
    ),
    Indicator(
        "import_peak",
        "Highest grid load",
        "MW",
        "Highest hour of demand less solar power in the building",
        peak="import_kw",
        factor=1e-3,
        inputs=_SUPPLY,
        themes=(*_FINAL, "electricity", "solar"),
        group="electricity",
        decimals=2,
    ),
    Indicator(
        "feed_in_peak",
        "Highest feed-in",
        "MW",
        "Highest hour of solar power over demand",
        peak="feed_in_kw",
        factor=1e-3,
        inputs=("pv_kwp",),
        themes=("electricity", "solar"),
        group="electricity",
        decimals=2,
    ),
)

_CLIMATE = (
    Indicator(
        "emissions",
        "Greenhouse gas of buildings",
        "t CO2e/a",
        "BISKO: final energy by carrier x factor with upstream chains, national electricity mix, "
        "not corrected for weather",
        top=("co2e_t",),
        inputs=_SUPPLY,
        themes=(*_FINAL, "electricity", "grid", "balance"),
        group="climate",
    ),
    Indicator(
        "emissions_heat",
        "Greenhouse gas of heat",
        "t CO2e/a",
        "BISKO: final energy for heat by carrier x factor with upstream chains",
        top=("co2e_heat_t",),
        inputs=_SUPPLY,
        themes=(*_FINAL, "grid", "balance"),
        group="climate",
    ),
    Indicator(
        "emissions_person",
        "Greenhouse gas per resident",
        "t CO2e/a",
        "Greenhouse gas / residents",
        top=("co2e_t",),
        bottom=("residents",),
        inputs=(*_SUPPLY, "residents"),
        themes=(*_FINAL, "electricity", "grid", "balance"),
        group="climate",
        decimals=2,
    ),
)

_COSTS = (
    Indicator(
        "investment",
        "Investment since the last stage",
        "million EUR",
        "Envelope, heating (replacement at the end of life included), photovoltaics, batteries "
        "and heat networks, prices of 2025",
        top=("investment_eur",),
        factor=1e-6,
        inputs=_SUPPLY,
        themes=(*_MONEY, "grid"),
        group="money",
        decimals=1,
        better="neither",
    ),
    Indicator(
        "energy_cost",
        "Energy costs",
        "million EUR/a",
        "Final energy x price of the year by carrier with CO2 price, less feed-in",
        top=("energy_cost_eur",),
        factor=1e-6,
        inputs=_SUPPLY,
        themes=(*_MONEY, "grid"),
        group="money",
        decimals=1,
    ),
    Indicator(
        "annual_cost",
        "Annual costs",
        "million EUR/a",
        "Annuity of heating, envelope measures, photovoltaics and batteries, plus energy and "
        "upkeep",
        top=("annual_cost_eur",),
        factor=1e-6,
        inputs=_SUPPLY,
        themes=(*_MONEY, "grid"),
        group="money",
        decimals=1,
    ),
    Indicator(
        "annual_cost_m2",
        "Annual costs per heated area",
        "EUR/(m²·a)",
        "Annual costs / heated area",
        top=("annual_cost_eur",),
        bottom=("heated_area_m2",),
        inputs=_SUPPLY,
        themes=(*_MONEY, "grid"),
        group="money",
        decimals=2,
    ),
    Indicator(
        "imports",
        "Fossil energy bought from outside",
        "million EUR/a",
        "Natural gas, oil and coal x their price without taxes and grid",
        top=("imports_eur",),
        factor=1e-6,
        inputs=_SUPPLY,
        themes=_MONEY,
        group="money",
        decimals=1,
    ),
)

INDICATORS: dict[str, Indicator] = {
    indicator.name: indicator
    for indicator in (*_HEAT, *_CARRIERS, *_ELECTRICITY, *_CLIMATE, *_COSTS, *MOBILITY)
}
"""Every indicator by name."""

GROUPS = {
    "heat": "Heat",
    "energy": "Final energy",
    "electricity": "Electricity",
    "climate": "Climate",
    "money": "Money",
    "mobility": "Mobility",
    "access": "Within reach",
    "noise": "Noise",
}
"""Headings in the order in which they are shown."""

SUMMED = tuple(sorted({c for i in INDICATORS.values() for c in (*i.top, *i.bottom)}))
"""Columns that indicators are made of."""
