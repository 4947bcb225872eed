"""All views: what can be drawn of results, in the order they are offered."""

from __future__ import annotations

from typing import Any

from dash_app.views import energy, mobility
from dash_app.views.view import View

CARRIER_WORDS = {
    "gas": "Gas",
    "oil": "Oil and coal",
    "district_heat": "Heat network",
    "heat_pump": "Electricity and heat pump",
    "biomass": "Wood and other biomass",
}
STRESS_WORDS = {
    "1": "1: also for children",
    "2": "2: for most adults",
    "3": "3: for practised cyclists",
    "4": "4: for the fearless",
}
FACILITY_WORDS = {
    "school": "school",
    "kindergarten": "kindergarten",
    "daily_needs": "shop for daily needs",
    "health": "doctor or pharmacy",
    "park": "park",
    "leisure": "leisure",
    "stop": "stop",
    "jobs": "workplaces",
}
MODE_WORDS = {"walk": "on foot", "bike": "by bicycle", "car": "by car"}
"""English names of kinds and modes inside labels; both are translated where a label is made."""

PART = (10.0, 25.0, 50.0, 75.0, 90.0)
"""Limits of shares that fill the whole range [%]."""


ALONG = "From the middle of the zone, along streets and ways."


def _energy(name: str, label: str, unit: str, topic: str, make: Any, **more: Any) -> View:
    return View(name, label, unit, "energy", topic, **{"table": "blocks", "make": make, **more})


def _mobility(name: str, label: str, unit: str, topic: str, make: Any, **more: Any) -> View:
    return View(name, label, unit, "mobility", topic, **{"make": make, **more})


HEAT = (
    _energy(
        "heat_density", "Heat density", "MWh/(ha·a)", "heat", energy.heat_density,
        help="Useful heat for rooms and hot water over the area of the block.",
        better="down", height=True,
        breaks=(70.0, 175.0, 415.0, 1050.0),
    ),
    _energy(
        "heat_line_density", "Heat line density", "kWh/(m·a)", "heat", energy.heat_line_density,
        help="Useful heat of the houses along a street over its length, as the heat plan asks.",
        table="streets", height=False,
        breaks=(700.0, 1500.0, 2000.0, 3000.0, 5000.0),
    ),
    _energy(
        "heat_demand_m2", "Heat demand by area", "kWh/(m²·a)", "heat", energy.demand_per_m2,
        help="Useful heat over the heated area of the block.", better="down",
    ),
    _energy(
        "building_type", "Predominant building type", "", "heat", energy.building_type,
        help="The type of building with most heated area in the block.",
        kind="category", palette="words", word_context="buildings.size_class",
    ),
    _energy(
        "age_class", "Predominant age class", "", "heat", energy.age_class,
        help="The age class with most heated area in the block.",
        kind="category", palette="ordered", word_context="buildings.age_class",
    ),
    _energy(
        "refurbished", "Refurbished area", "%", "heat", energy.refurbished,
        help="Share of the heated area that has been refurbished.",
        palette="good", better="up", breaks=PART,
    ),
    _energy(
        "heat_demand_building", "Heat demand of each building", "kWh/(m²·a)", "heat",
        energy.demand_of_building, help="Useful heat over the heated area of each building.",
        table="buildings", fine=True, better="down", breaks=(50.0, 75.0, 100.0, 150.0, 200.0),
    ),
)  # fmt: skip

SUPPLY = (
    _energy(
        "carrier", "Predominant carrier", "", "supply", energy.carrier,
        help="What gives the block most of its heat.",
        kind="category", palette="words", words=CARRIER_WORDS,
    ),
    *(
        _energy(
            f"share_{key}", label, "%", "supply", energy.share_of(key),
            help="Share in final energy for heat, ambient heat included.",
            palette=palette, better=better, breaks=PART,
        )
        for key, label, palette, better in (
            ("gas", "Share of gas", "heat", "down"),
            ("oil", "Share of oil and coal", "heat", "down"),
            ("district_heat", "Share of heat networks", "good", "neither"),
            ("heat_pump", "Share of electricity and heat pumps", "good", "neither"),
            ("biomass", "Share of wood and other biomass", "good", "neither"),
        )
    ),
    _energy(
        "renewable_share", "Renewable share of heat", "%", "supply", energy.renewable_share,
        help="Renewable part of final energy for heat, with the mix of electricity and networks.",
        palette="good", better="up", breaks=PART,
    ),
    _energy(
        "network_connected", "On a heat network", "%", "supply", energy.connected,
        help="Share of the heated area that a heat network supplies.",
        palette="good", breaks=PART,
    ),
    _energy(
        "ghg", "Greenhouse gas", "t CO₂e/(ha·a)", "supply", energy.ghg,
        help="Of heat and appliances, with upstream chains and the national electricity mix.",
        better="down",
    ),
    _energy(
        "heat_system_building", "Heating of each building", "", "supply",
        energy.system_of_building, help="What heats each building.",
        table="buildings", fine=True, kind="category", palette="words",
        word_context="stock.system",
    ),
    _energy(
        "ghg_building", "Greenhouse gas of each building", "t CO₂e/a", "supply",
        energy.ghg_building, help="Of heat and appliances, with upstream chains.",
        table="buildings", fine=True, better="down",
    ),
)  # fmt: skip

SUN_AND_MONEY = (
    _energy(
        "pv_potential", "Solar power: what roofs could yield", "MWh/(ha·a)", "sun",
        energy.pv_potential, help="Yield of all suitable roofs over the area of the block.",
        palette="sun",
    ),
    _energy(
        "pv_yield", "Solar power: yield", "MWh/(ha·a)", "sun", energy.pv_yield,
        help="Yield of the plants that stand, over the area of the block.",
        palette="sun", better="up",
    ),
    _energy(
        "pv_used", "Solar power: used part of the roofs", "%", "sun", energy.pv_used,
        help="Built power over what suitable roofs could carry.",
        palette="sun", better="up", breaks=PART,
    ),
    _energy(
        "pv_potential_building", "Solar power: what each roof could yield", "MWh/a", "sun",
        energy.potential_of_building, help="Yield of all suitable planes of the roof.",
        table="buildings", fine=True, palette="sun",
    ),
    _energy(
        "pv_building", "Solar power: yield of each building", "MWh/a", "sun",
        energy.pv_building, help="Yield of the plant on each building.",
        table="buildings", fine=True, palette="sun", better="up",
    ),
    _energy(
        "electricity_peak", "Highest electricity load", "kW", "power", energy.peak,
        help="Highest hour of what the block draws, charging cars included and own solar power "
        "taken off; at an hour: on the day of the city's highest load.",
        better="down", hourly=True,
    ),
    _energy(
        "transformer_load", "Load of the transformer area", "%", "power",
        energy.transformer_of_building,
        help="Likely peak over what a transformer of this area may carry. The areas are assumed, "
        "not those of the grid operator.",
        table="buildings", fine=True, better="down", breaks=(50.0, 75.0, 90.0, 100.0, 120.0),
    ),
    _energy(
        "energy_cost", "Yearly cost of energy", "€/(m²·a)", "money", energy.heat_cost,
        help="Energy, operation and what is invested spread over its years, over heated area.",
        better="down",
    ),
    _energy(
        "energy_cost_building", "Yearly cost of each building", "€/(m²·a)", "money",
        energy.cost_building,
        help="Energy, operation and what is invested spread over its years, over heated area.",
        table="buildings", fine=True, better="down",
    ),
)  # fmt: skip

TRAFFIC = (
    _mobility(
        "car_flow", "Car traffic", "vehicles/24 h", "car", mobility.car_flow,
        help="Cars and lorries of both directions on a weekday, or in the hour chosen.",
        table="streets", kind="flow", palette="flow", better="down", people=False, hourly=True,
        breaks=(1000.0, 3000.0, 8000.0, 15000.0),
        hour_breaks=(100.0, 300.0, 800.0, 1500.0),
    ),
    _mobility(
        "traffic_speed", "Speed in traffic", "%", "car", mobility.speed,
        help="Speed in the busiest hour of that on the empty street; the slower direction.",
        table="streets", palette="low_is_bad", better="up", people=False,
        breaks=(40.0, 60.0, 75.0, 90.0, 97.0),
    ),
    _mobility(
        "traffic_load", "Volume over capacity", "%", "car", mobility.load,
        help="Vehicles over capacity in the busiest hour; the fuller direction.",
        table="streets", better="down", people=False, breaks=(25.0, 50.0, 75.0, 90.0, 100.0),
    ),
    _mobility(
        "traffic_ghg", "Greenhouse gas of traffic", "kg CO₂e/(m·a)", "car",
        mobility.traffic_ghg, help="Of cars and lorries, by metre of street, both directions.",
        table="streets", better="down", people=False,
        breaks=(10.0, 50.0, 150.0, 400.0, 1000.0),
    ),
    _mobility(
        "cycling_stress", "Stress for cyclists", "", "bike", mobility.stress,
        help="How much a street asks of cyclists: by its cycle path, traffic and speed limit.",
        table="streets", kind="category", palette="stress", better="down", people=False,
        words=STRESS_WORDS,
    ),
    _mobility(
        "cycling_gaps", "Gaps in the cycle network", "residents/m", "bike",
        mobility.cycling_gaps,
        help="Stretches that would join most people to calm streets for each metre made calm.",
        table="streets", people=False,
    ),
    _mobility(
        "bike_flow", "Bicycle traffic", "bicycles/24 h", "bike", mobility.bike_flow,
        help="Cyclists of both directions on a weekday, on ways by time, gradient and stress.",
        table="streets", kind="flow", palette="flow", better="up", people=False,
        breaks=(50.0, 200.0, 500.0, 1000.0),
    ),
    _mobility(
        "transit_frequency", "Departures at stops", "1/d", "transit", mobility.departures,
        help="Departures on a typical weekday, all lines and directions, or in the hour chosen.",
        table="stops", palette="good", better="up", people=False, hourly=True,
        breaks=(20.0, 40.0, 80.0, 160.0, 320.0), hour_breaks=(1.0, 2.0, 4.0, 8.0, 16.0),
    ),
    _mobility(
        "line_departures", "Departures by line", "1/d", "transit", mobility.line_departures,
        help="Departures on a typical weekday, both directions.",
        table="lines", palette="good", better="up", people=False,
        breaks=(20.0, 40.0, 80.0, 120.0, 200.0),
    ),
    _mobility(
        "line_passengers", "Passengers by line", "1/d", "transit", mobility.passengers,
        help="Passengers on a weekday, by trips inside the town.",
        table="lines", palette="good", better="up", people=False,
    ),
    *(
        _mobility(
            f"centre_{mode}", label, "min", "transit" if mode == "transit" else "near",
            mobility.minutes_to_centre(mode),
            help=help_,
            table="zones", better="down", open_end=True, mode=mode,
            breaks=(10.0, 15.0, 20.0, 30.0, 45.0),
        )
        for mode, label, help_ in (
            ("transit", "Minutes to the centre by public transport",
             "From door to door, waiting and the way to the stop included."),
            ("bike", "Minutes to the centre by bicycle", ALONG),
            ("car", "Minutes to the centre by car", ALONG),
        )
    ),
)  # fmt: skip

PEOPLE = (
    *(
        _mobility(
            f"mode_share_{key}", label, "%", "trips", mobility.mode_share(*modes),
            help="Of the trips of residents on a weekday.", table="zones",
            palette=palette, better=better, mode=key,
        )
        for key, modes, label, palette, better in (
            ("walk", ("walk",), "Share of trips on foot", "good", "up"),
            ("bike", ("bike",), "Share of trips by bicycle", "good", "up"),
            ("transit", ("transit",), "Share of trips by public transport", "good", "up"),
            ("car", ("car", "passenger"), "Share of trips by car", "heat", "down"),
        )
    ),
    _mobility(
        "trips", "Trips of residents", "1/d", "trips", mobility.trips,
        help="All trips of the residents of a zone on a weekday.", table="zones",
    ),
    _mobility(
        "fifteen_minutes", "City of 15 minutes", "%", "near", mobility.fifteen,
        help="Kinds of facilities within 15 minutes on foot or by bicycle, mean of residents.",
        table="blocks", palette="good", better="up", breaks=(50.0, 60.0, 70.0, 80.0, 90.0),
    ),
    _mobility(
        "fifteen_minutes_building", "City of 15 minutes, each building", "%", "near",
        mobility.fifteen_of_building,
        help="Kinds of facilities within 15 minutes on foot or by bicycle.",
        table="buildings", fine=True, palette="good", better="up",
        breaks=(50.0, 60.0, 70.0, 80.0, 90.0),
    ),
    _mobility(
        "noise_residents", "Residents in traffic noise", "%", "noise",
        mobility.noisy_residents,
        help="Share of residents with more than 65 dB(A) by day at the loudest wall.",
        table="blocks", better="down", breaks=(1.0, 5.0, 10.0, 25.0, 50.0),
    ),
    *(
        _mobility(
            f"noise_{time}_building", label, "dB(A)", "noise", mobility.noise_of(f"{time}_db"),
            help="Level of street traffic at the loudest wall.",
            table="buildings", fine=True, better="down", breaks=limits,
        )
        for time, label, limits in (
            ("day", "Traffic noise by day, each building", (50.0, 55.0, 60.0, 65.0, 70.0)),
            ("night", "Traffic noise at night, each building", (40.0, 45.0, 50.0, 55.0, 60.0)),
        )
    ),
)  # fmt: skip

STEPS = {"walk": (5.0, 10.0, 15.0, 20.0, 30.0)} | dict.fromkeys(
    ("bike", "car"), (2.0, 5.0, 10.0, 15.0, 20.0)
)


def _near(mode: str, kind: str) -> tuple[View, View]:
    """Return the views of minutes to one kind of facility by one mode: Baublöcke, buildings."""
    same: dict[str, Any] = {
        "better": "down", "open_end": True, "mode": mode, "facility": kind,
        "breaks": STEPS[mode],
    }  # fmt: skip
    return (
        _mobility(
            f"near_{kind}_{mode}", "Minutes to the nearest: {facility}, {mode}", "min", "near",
            mobility.minutes_to(mode, kind), table="blocks",
            help="Mean of the residents of the block, along streets and ways.", **same,
        ),
        _mobility(
            f"near_{kind}_{mode}_building",
            "Minutes to the nearest: {facility}, {mode}, each building", "min", "near",
            mobility.minutes_of_building(mode, kind), table="buildings", fine=True,
            help="From each building along streets and ways.", **same,
        ),
    )  # fmt: skip


NEAR = tuple(view for kind in FACILITY_WORDS for mode in MODE_WORDS for view in _near(mode, kind))

VIEWS: dict[str, View] = {
    view.name: view for view in (*HEAT, *SUPPLY, *SUN_AND_MONEY, *TRAFFIC, *PEOPLE, *NEAR)
}
"""All views by name, in the order they are offered under their topics."""
