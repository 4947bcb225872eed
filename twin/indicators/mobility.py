"""The indicators of mobility, in the order in which they are shown."""

from __future__ import annotations

from twin.indicators.definition import Indicator

_STREETS = ("streets.speed_kmh", "streets.lanes")
_TRAVEL = ("network", "assignment", "demand", "transit", "accessibility")
_FLOWS = (*_TRAVEL, "fleet")

ALL_TRIPS = ("trips_walk", "trips_bike", "trips_transit", "trips_car", "trips_passenger")


def _share(name: str, label: str, what: str, top: tuple[str, ...]) -> Indicator:
    """Return the share of some modes in all trips of the residents."""
    return Indicator(
        name,
        label,
        "%",
        f"Trips of residents {what} on a weekday / all their trips: generation by group and "
        "purpose, gravity, logit calibrated to the survey",
        top=top,
        bottom=ALL_TRIPS,
        factor=100,
        inputs=("residents",),
        themes=_TRAVEL,
        group="mobility",
        better="down" if "trips_car" in top else "up",
        decimals=1,
    )


def _reached(name: str, label: str, formula: str, top: str) -> Indicator:
    """Return the share of residents who reach something."""
    return Indicator(
        name,
        label,
        "%",
        formula,
        top=(top,),
        bottom=("residents_met",),
        factor=100,
        inputs=("residents",),
        themes=("network", "accessibility"),
        group="access",
        better="up",
        decimals=1,
    )


MOBILITY = (
    _share("mode_walk", "Trips on foot", "on foot", ("trips_walk",)),
    _share("mode_bike", "Trips by bicycle", "by bicycle", ("trips_bike",)),
    _share("mode_transit", "Trips by public transport", "by public transport", ("trips_transit",)),
    _share("mode_car", "Trips by car", "by car, driving or riding along",
           ("trips_car", "trips_passenger")),
    Indicator(
        "car_km",
        "Kilometres driven per resident and weekday",
        "km",
        "Car trips of residents x length of the way, ways out of town included / residents",
        top=("km_car",),
        bottom=("residents_met",),
        inputs=("residents",),
        themes=_TRAVEL,
        group="mobility",
        decimals=1,
    ),
    Indicator(
        "travel_minutes",
        "Time under way per resident and weekday",
        "min",
        "Trips of residents x door-to-door time by mode / residents",
        top=("travel_minutes",),
        bottom=("residents_met",),
        inputs=("residents",),
        themes=_TRAVEL,
        group="mobility",
        better="neither",
        decimals=1,
    ),
    Indicator(
        "traffic_km",
        "Traffic on the streets of the town",
        "1,000 vehicle-km per weekday",
        "Vehicles on each street in user equilibrium x its length, through traffic included",
        top=("vkm_car", "vkm_truck"),
        factor=1e-3,
        inputs=_STREETS,
        themes=_TRAVEL,
        group="mobility",
        levels=("city", "district"),
    ),
    Indicator(
        "delay",
        "Time lost in traffic in the busiest hour",
        "h",
        "Vehicles of the busiest hour x (time in traffic - time on empty streets)",
        top=("delay_h",),
        inputs=_STREETS,
        themes=_TRAVEL,
        group="mobility",
        levels=("city", "district"),
    ),
    Indicator(
        "calm_streets",
        "Streets that are calm to cycle on",
        "%",
        "Length of streets with level of traffic stress 1 or 2 / length of all public streets "
        "open to bicycles and cars",
        top=("calm_m",),
        bottom=("cycled_m",),
        factor=100,
        inputs=_STREETS,
        themes=("network", "cycling"),
        group="mobility",
        better="up",
        levels=("city", "district"),
        decimals=1,
    ),
    _reached(
        "access_daily_needs",
        "Residents with daily needs within 15 minutes on foot",
        "Residents of buildings whose nearest shop for daily needs is within 15 minutes on foot / "
        "residents",
        "near_daily_needs",
    ),
    _reached(
        "access_school",
        "Residents with a school within 15 minutes on foot",
        "Residents of buildings whose nearest school is within 15 minutes on foot / residents",
        "near_school",
    ),
    _reached(
        "access_stop",
        "Residents with a stop within 10 minutes on foot",
        "Residents of buildings whose nearest stop is within 10 minutes on foot / residents",
        "near_stop",
    ),
    _reached(
        "fifteen_minutes",
        "Residents with everything within 15 minutes",
        "Residents of buildings that reach every kind of facility within 15 minutes on foot or by "
        "bicycle / residents",
        "near_all",
    ),
    Indicator(
        "noise_day",
        "Residents above 65 dB(A) by day",
        "persons",
        "RLS-19: emission of each street by traffic, speed and gradient, screened by buildings on "
        "its way to the loudest facade",
        top=("loud_day",),
        inputs=("residents", *_STREETS),
        themes=(*_TRAVEL, "noise"),
        group="noise",
    ),
    Indicator(
        "noise_night",
        "Residents above 55 dB(A) at night",
        "persons",
        "RLS-19: emission of each street by traffic, speed and gradient, screened by buildings on "
        "its way to the loudest facade",
        top=("loud_night",),
        inputs=("residents", *_STREETS),
        themes=(*_TRAVEL, "noise"),
        group="noise",
    ),
    Indicator(
        "emissions_traffic",
        "Greenhouse gas of traffic",
        "t CO2e/a",
        "Vehicle-km on the streets of the town x consumption of the fleet of the year x emission "
        "factors with upstream chains (BISKO, territory)",
        top=("traffic_t",),
        inputs=_STREETS,
        themes=_FLOWS,
        group="climate",
        levels=("city", "district"),
    ),
    Indicator(
        "charging",
        "Electricity for cars",
        "MWh/a",
        "Kilometres of electric cars x consumption with losses, charged at home, at work and in "
        "public",
        top=("charging_kwh",),
        factor=1e-3,
        inputs=("residents",),
        themes=_FLOWS,
        group="electricity",
        better="neither",
    ),
)  # fmt: skip
"""Sums over buildings (`residents_met` are those whose building meets a street) or streets."""

OF_STREETS = ("vkm_car", "vkm_truck", "delay_h", "calm_m", "cycled_m", "traffic_t")
"""Columns that are counted where the street lies."""

OF_BUILDINGS = tuple(sorted({c for i in MOBILITY for c in (*i.top, *i.bottom)} - set(OF_STREETS)))
"""Columns that are counted where people live."""
