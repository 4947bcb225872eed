"""What the fields of measures are called, what they mean, and how far a slider goes."""

# ruff: noqa: E501 - a table: one line a field

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from twin.sentences import Sentence, say

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Words:
    """
    Words of a field and what is usual.

    `low` and `high` are the ends of the slider, not limits: those come from the model.
    """

    label: Sentence
    help: Sentence | None = None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    step: float | None = None
    more: bool = False  # belongs under "More"
    context: str = ""  # catalogue context of the words of a choice
    first: float | None = None  # where a number starts that the model leaves open


_FACTOR = say("Factor on today's value")
_FACTOR_HELP = say("1 leaves it as it is, 0.5 halves it, 2 doubles it.")
_DRAWN = say("Drawn area")

FIELDS: Mapping[str, Words] = {
    # -- every measure
    "id": Words(say("Short name in files"), say("Letters, digits, dots and dashes; unique in the scenario."), more=True),
    "enabled": Words(say("Switched on"), say("Switched off it stays in the list and does nothing."), more=True),
    "note": Words(say("Name or note"), say("For people; it changes no number.")),
    "start_year": Words(say("Applies from"), say("The year in which the work begins."), low=2025, high=2045, step=1),
    "pace_percent": Words(say("Share done each year"), say("So many percent of what is chosen follow every year, until all is done."), "%", 0.5, 20, 0.5, first=3),
    "end_year": Words(say("Done by"), say("Equal parts are done each year until then."), low=2025, high=2045, step=1, first=2035),
    "order": Words(say("Who comes first"), say("Matters where not everything is done at once."), context="measure.order", more=True),
    "kind": Words(say("Kind")),
    # -- selections
    "select": Words(say("Selection"), say("Everything that is given must hold; nothing given means the whole town.")),
    "select.ids": Words(say("Chosen one by one")),
    "select.names": Words(say("Streets by name"), say("Every section of this name.")),
    "select.area": Words(_DRAWN),
    "select.around": Words(say("Around a place")),
    "select.line": Words(say("Along a drawn line")),
    "select.within_m": Words(say("Distance from the line"), None, "m", 5, 50, 1, more=True),
    "select.districts": Words(say("Districts")),
    "select.blocks": Words(say("Blocks")),
    "select.classes": Words(say("Street classes"), None, context="streets.class", more=True),
    "select.where": Words(say("Conditions"), say("Each condition narrows the selection; what is not known meets none.")),
    "select.share": Words(say("Only a share of these"), say("The share is taken last, of those that everything else selects."), more=True),
    "select.share.percent": Words(say("Share in percent"), None, "%", 0, 100, 1, more=True, first=50),
    "select.share.by": Words(say("Sorted by"), more=True),
    "select.share.order": Words(say("Which of them"), None, context="share.order", more=True),
    "select.both_directions": Words(say("Both directions"), say("The opposite lane of each street comes along."), more=True),
    "area": Words(_DRAWN),
    "around": Words(say("Around a place")),
    "around.radius_m": Words(say("Radius"), None, "m", 100, 3000, 50, first=500),
    "around.place": Words(say("Place"), say("Name of a place of the town, or its centre.")),
    "around.point": Words(say("Point on the map")),
    "districts": Words(say("Districts")),
    "line": Words(say("Drawn line")),
    "points": Words(say("Points on streets")),
    "nodes": Words(say("Junctions")),
    "to": Words(say("New spot")),
    "streets": Words(say("Streets of the network")),
    # -- buildings
    "standard": Words(say("Standard"), say("Usual: as the building law asks for; advanced: about an efficiency house 55."), context="stock.refurbishment"),
    "heating_change.to": Words(say("New heating"), say("What the buildings are heated with afterwards."), context="stock.system"),
    "outside_networks": Words(say("Leave out areas of heat networks"), say("Buildings that a network serves or will serve keep their heating.")),
    "roof_percent": Words(say("Share of the roof used"), say("Of what each roof can carry."), "%", 5, 100, 5),
    "kwp_per_building": Words(say("Power of each building"), say("Roofs that carry less are covered fully."), "kWp", 1, 30, 1, first=10),
    "target_kwp": Words(say("Stop at"), say("Roofs follow in their order until this power is reached."), "kWp", more=True),
    "minimum_yield_kwh_kwp": Words(say("Least yield"), say("Roof planes that yield less are left out."), "kWh/kWp", 0, 1100, 10, more=True),
    "battery_kwh_per_kwp": Words(say("Battery"), say("Set up together with the modules."), "kWh/kWp", 0, 2, 0.1),
    "kwh_per_kwp": Words(say("Battery for each kWp"), None, "kWh/kWp", 0.2, 3, 0.1, first=1),
    "kwh": Words(say("Battery of each building"), None, "kWh", 2, 30, 1, first=8),
    "dwellings": Words(say("Dwellings"), None, "", 1, 500, 1, first=40),
    "floor_area_m2": Words(say("Floor area"), say("Gross, of all storeys together."), "m²", 200, 50_000, 100, first=2000),
    "use": Words(say("Use"), None, context="buildings.use"),
    "size_class": Words(say("Building type"), None, context="buildings.size_class"),
    "storeys": Words(say("Storeys"), say("Left open: what is usual for the type."), "", 1, 12, 1, more=True),
    "system": Words(say("Heating"), None, context="stock.system"),
    "new_development.standard": Words(say("Standard"), say("Existing: what the law asks for in its year."), context="stock.refurbishment", more=True),
    "heated": Words(say("Heated"), say("Left open it stays as it is."), more=True),
    "set_point_c": Words(say("Room temperature"), None, "°C", 15, 24, 0.5, first=19),
    "delta_k": Words(say("Change of the room temperature"), say("Minus one means one degree less."), "K", -4, 2, 0.5, first=-1),
    # -- heat networks
    "network_id": Words(say("Network"), say("Short name of the network; a later measure extends it under the same name.")),
    "name": Words(say("Name")),
    "auto": Words(say("Find the streets automatically"), say("Streets that hang together and have a high heat line density make a network.")),
    "auto.threshold_kwh_m": Words(say("Heat line density from"), None, "kWh/(m·a)", 500, 4000, 100),
    "auto.minimum_mwh": Words(say("Least heat of a network"), None, "MWh/a", 0, 10_000, 100, more=True),
    "connection_percent": Words(say("Connected"), say("Share of the buildings served that are connected in the end."), "%", 5, 100, 5),
    "sources": Words(say("What feeds the network"), say("Shares of the yearly heat; together 100 %."), "%", context="network.source"),
    "flow_c": Words(say("Flow temperature"), None, "°C", 30, 110, 5, more=True, first=75),
    "return_c": Words(say("Return temperature"), None, "°C", 15, 70, 5, more=True, first=45),
    # -- prices and paths
    "assumption": Words(say("Price or assumption"), say("A name from the list of assumptions; an asterisk stands for any ending.")),
    "factor": Words(_FACTOR, _FACTOR_HELP, "", 0, 3, 0.05, first=1),
    "value": Words(say("New value"), say("In the unit of the assumption.")),
    "path": Words(say("Emission factor by year"), say("Between the years it runs in a straight line, after the last it stays."), "g CO2e/kWh"),
    "path_percent": Words(say("Electric share by year"), say("Of the kilometres driven; between the years it runs in a straight line."), "%"),
    "share_percent": Words(say("Workdays at home"), say("Of all workdays of employed people."), "%", 0, 60, 1, first=25),
    # -- streets
    "speed_kmh": Words(say("Speed limit"), None, "km/h", 5, 100, 5, first=30),
    "modes": Words(say("Closed to"), None, context="mode"),
    "new_link.modes": Words(say("Open to"), say("Nothing ticked: as usual for the class."), context="mode", more=True),
    "buses_pass": Words(say("Buses pass")),
    "bearing_deg": Words(say("Direction that stays"), say("0 is north, 90 east. Left open: the direction that was chosen on the map."), "°", 0, 360, 5, more=True),
    "bikes_both_ways": Words(say("Bicycles both ways")),
    "buses_both_ways": Words(say("Buses both ways"), more=True),
    "lanes": Words(say("Lanes each way"), None, "", 1, 6, 1, first=1),
    "lanes_factor": Words(say("Lanes, factor"), _FACTOR_HELP, "", 0.1, 3, 0.1, first=1),
    "capacity_vehh": Words(say("Capacity each way"), say("Left open it follows class and lanes."), "1/h", 100, 4000, 50, first=800),
    "capacity_factor": Words(say("Capacity, factor"), _FACTOR_HELP, "", 0.1, 3, 0.05, first=0.8),
    "street_class": Words(say("Class"), None, context="streets.class"),
    "both_directions": Words(say("Both directions")),
    "cycle_facility": Words(say("Cycle facility"), None, context="streets.cycle_facility", more=True),
    "joins_crossings": Words(say("Joins streets it crosses"), say("Otherwise it passes over them as a bridge."), more=True),
    "facility": Words(say("Cycle facility"), None, context="streets.cycle_facility"),
    "takes_lane": Words(say("Takes a lane from cars"), say("One lane stays in any case.")),
    "cars": Words(say("Shared cars"), None, "", 1, 300, 1, first=20),
    "cycle_street.cars": Words(say("Motor traffic"), say("With residents only, those who live or have business there may drive in."), context="cycle_street.cars"),
    "control": Words(say("Control"), None, context="nodes.control"),
    "new_link.speed_kmh": Words(say("Speed limit"), say("Left open: what is usual for the class."), "km/h", 5, 130, 5, more=True),
    "new_link.capacity_vehh": Words(say("Capacity each way"), say("Left open it follows class and lanes."), "1/h", 100, 4000, 50, more=True),
    "new_link.lanes": Words(say("Lanes each way"), None, "", 1, 4, 1, more=True),
    # -- areas
    "price_eur": Words(say("Price of a stay"), None, "€", 0, 10, 0.5, first=2),
    "supply_factor": Words(say("Parking spaces, factor"), say("0.9 means a tenth fewer."), "", 0, 1.5, 0.05, first=0.9),
    "shared_bikes": Words(say("Shared bicycles"), None, "", 0, 100, 1),
    "shared_cars": Words(say("Shared cars"), None, "", 0, 30, 1),
    "charging_points.points": Words(say("Charging points"), None, "", 1, 500, 1, first=20),
    "kw": Words(say("Power of each"), None, "kW", 3.7, 300, 0.1),
    # -- places
    "place": Words(say("Place"), say("Name or short name of a place of the town.")),
    "closed": Words(say("Closes")),
    "place_class": Words(say("Kind of place"), None, context="places.class"),
    # -- public transport
    "lines": Words(say("Lines"), say("By number or name; none means all.")),
    "classes": Words(say("Means of transport"), None, context="stops.class"),
    "headway_min": Words(say("Headway"), None, "min", 2, 60, 1, first=10),
    "from_hour": Words(say("From hour"), None, "h", 0, 26, 0.5, more=True),
    "to_hour": Words(say("Until hour"), say("After midnight hours go on: 25 is one o'clock."), "h", 0, 30, 0.5, more=True),
    "transit_class": Words(say("Means of transport"), None, context="stops.class"),
    "stops": Words(say("Stops in their order")),
    "stop": Words(say("Stop"), say("Name or short name of a stop of the town.")),
    "transit_stop.lines": Words(say("Lines that halt"), say("None named: those that pass by."), more=True),
    "transit_line.speed_kmh": Words(say("Mean speed"), say("Halts included; left open: what the streets allow."), "km/h", 8, 60, 1, more=True),
    "saved_percent": Words(say("Travel time saved"), None, "%", 1, 30, 1, first=8),
    "saved_s_per_stop": Words(say("Time saved at each stop"), None, "s", 1, 60, 1, first=10),
}  # fmt: skip
"""By path, or kind and path where a kind says it in its own words."""


def words_of(kind: str, path: str) -> Words | None:
    """Return the words of a field of a kind, None where there are none."""
    return FIELDS.get(f"{kind}.{path}") or FIELDS.get(path)
