"""Kinds of measures in the form: which belong together, what excludes what, how one begins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dash_app.components.measure_form.fields import has_pace
from twin.measures import MEASURES, BuildingMeasure, Measure
from twin.measures.area_change import AreaMeasure
from twin.measures.street_base import StreetMeasure
from twin.measures.transit_base import LinesMeasure
from twin.sentences import Sentence, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twin.city import City
    from twin.scenario import Scenario


@dataclass(frozen=True)
class Option:
    """One of several ways to say something: the fields it takes and what it sets besides."""

    name: str
    label: Sentence
    paths: tuple[str, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=dict)
    start: Mapping[str, Any] = field(default_factory=dict)  # where nothing was there before


@dataclass(frozen=True)
class Group:
    """Options that exclude one another."""

    name: str
    label: Sentence
    options: tuple[Option, ...]


FAMILIES: tuple[tuple[str, ...], ...] = (
    ("retrofit", "heating_change", "behaviour"),
    ("photovoltaics", "battery"),
    ("heat_network", "network_sources"),
    ("new_development", "demolition", "use_change"),
    ("speed_limit", "cycle_street", "modal_filter", "one_way", "street_closure"),
    ("lanes", "cycle_facility", "junction_control", "new_link"),
    ("parking", "car_sharing", "mobility_hub", "charging_points"),
    ("transit_headway", "transit_priority", "transit_line", "transit_line_removed", "transit_stop"),
    ("energy_price", "grid_mix", "electric_fleet", "work_from_home"),
    ("place_moved",),
)
"""Kinds that stand beside one another on the switch."""


def family_of(kind: str) -> tuple[str, ...]:
    """Return the kinds related to one, itself included."""
    return next(kinds for kinds in FAMILIES if kind in kinds)


def time_group(kind: str) -> Group | None:
    """Return how the work is spread over the years; None where it is done at once."""
    if not has_pace(kind):
        return None
    return Group(
        "time", say("Pace"),
        (
            Option("once", say("At once")),
            Option("until", say("Until a year"), ("end_year",)),
            Option("pace", say("Every year"), ("pace_percent",)),
        ),
    )  # fmt: skip


def value_group(kind: str) -> Group | None:
    """Return the values of a kind that exclude one another, the usual one first."""
    label, absolute, relative = say("Given as"), say("Value"), say("Factor")
    pairs: dict[str, tuple[tuple[Sentence, str], ...]] = {
        "speed_limit": ((absolute, "speed_kmh"), (relative, "factor")),
        "battery": ((say("For each kWp"), "kwh_per_kwp"), (say("Each"), "kwh")),
        "new_development": ((say("Dwellings"), "dwellings"), (say("Floor area"), "floor_area_m2")),
        "behaviour": ((say("Difference"), "delta_k"), (say("Temperature"), "set_point_c")),
        "energy_price": ((relative, "factor"), (absolute, "value")),
        "work_from_home": ((say("Share in percent"), "share_percent"), (relative, "factor")),
        "transit_headway": ((say("Minutes"), "headway_min"), (relative, "factor")),
        "transit_priority": (
            (say("Percent"), "saved_percent"), (say("Seconds"), "saved_s_per_stop"),
        ),
        "photovoltaics": (
            (say("Share of the roof"), "roof_percent"), (say("Each building"), "kwp_per_building"),
        ),
        "lanes": (
            (say("Lanes"), "lanes"), (say("Factor"), "lanes_factor"),
            (say("Capacity"), "capacity_vehh"), (say("Capacity, factor"), "capacity_factor"),
        ),
    }  # fmt: skip
    if kind not in pairs:
        return None
    options = tuple(Option(path, words, (path,)) for words, path in pairs[kind])
    return Group("value", label, options)


def where_of(kind: str) -> tuple[str | Group, ...]:
    """Return what the form asks about places: paths, and groups of paths that exclude others."""
    model = MEASURES[kind]
    if issubclass(model, (BuildingMeasure, StreetMeasure)):
        return ("select",)
    if issubclass(model, AreaMeasure):
        return (_area(),)
    if issubclass(model, LinesMeasure):
        return ("lines", "classes")
    return _WHERE.get(kind, ())


def _area() -> Group:
    return Group(
        "where", say("Where"),
        (
            Option("around", say("Around a place"), ("around",),
                   start={"around": {"place": "centre", "radius_m": 500}}),
            Option("area", _DRAWN, ("area",)),
            Option("districts", say("Districts"), ("districts",)),
            Option("everywhere", say("Whole town")),
        ),
    )  # fmt: skip


_DRAWN = say("Drawn area")
_MOVE, _CLOSE, _NEW = say("Move"), say("Close"), say("New")

_WHERE: Mapping[str, tuple[str | Group, ...]] = {
    "modal_filter": (
        Group("where", say("Where"), (
            Option("points", say("At points"), ("points",)),
            Option("streets", say("On streets"), ("select",)),
        )),
    ),
    "heat_network": (
        Group("where", say("Where"), (
            Option("area", _DRAWN, ("area",)),
            Option("streets", say("Along streets"), ("streets",)),
            Option("auto", say("Found automatically"), ("auto",),
                   start={"auto": {"threshold_kwh_m": 1500}}),
        )),
    ),
    "new_development": ("area",),
    "new_link": ("line",),
    "junction_control": ("points", "nodes"),
    "transit_line": (
        Group("where", say("Where"), (
            Option("line", say("Drawn line"), ("line",)),
            Option("stops", say("Stops by name"), ("stops",)),
        )),
    ),
    "place_moved": (
        Group("what", say("What happens"), (
            Option("move", _MOVE, ("place", "to")),
            Option("close", _CLOSE, ("place",), {"closed": True}),
            Option("new", _NEW, ("place_class", "name", "to"), start={"place_class": "school"}),
        )),
    ),
    "transit_stop": (
        Group("what", say("What happens"), (
            Option("new", _NEW, ("to", "name", "transit_class", "lines")),
            Option("move", _MOVE, ("stop", "to")),
            Option("close", _CLOSE, ("stop",), {"closed": True}),
        )),
    ),
}  # fmt: skip

_STARTS: Mapping[str, Mapping[str, Any]] = {
    "heating_change": {"to": "air_heat_pump"},
    "heat_network": {"sources": {"air_heat_pump": 0.6, "biomass": 0.4}},
    "network_sources": {"sources": {"air_heat_pump": 0.6, "biomass": 0.4}},
    "use_change": {"use": "residential"},
    "energy_price": {"assumption": "balance.price_gas_*", "factor": 1.2},
    "grid_mix": {"path": {"2030": 180, "2045": 20}},
    "electric_fleet": {"path_percent": {"2030": 30, "2045": 95}},
    "speed_limit": {"speed_kmh": 30},
    "battery": {"kwh_per_kwp": 1},
    "behaviour": {"delta_k": -1},
    "new_development": {"dwellings": 40},
    "lanes": {"lanes": 1},
    "cycle_facility": {"facility": "protected_lane"},
    "junction_control": {"control": "roundabout"},
    "parking": {"price_eur": 2},
    "car_sharing": {"cars": 20},
    "mobility_hub": {"shared_bikes": 20, "shared_cars": 5},
    "charging_points": {"points": 20},
    "work_from_home": {"share_percent": 25},
    "transit_headway": {"headway_min": 10, "classes": ["bus"]},
    "transit_priority": {"saved_percent": 8, "classes": ["bus"]},
}
"""Values that a kind begins with where its model leaves them open."""


def begin(kind: str, scenario: Scenario, city: City | None = None) -> dict[str, Any]:
    """Return a new measure of a kind with sensible values and an id the scenario does not have."""
    found: dict[str, Any] = {"kind": kind, "id": free_id(kind, scenario), **_STARTS.get(kind, {})}
    found["start_year"] = max(2026, scenario.stages[0] + 1)
    if len(scenario.stages) > 1:
        found["start_year"] = min(found["start_year"], scenario.stages[-1])
    if issubclass(MEASURES[kind], AreaMeasure):
        found |= _area().options[0].start
    if kind == "network_sources":
        found["network_id"] = next(iter(networks_in(scenario)), "")
    return found


def networks_in(scenario: Scenario) -> tuple[str, ...]:
    """Return the short names of the heat networks that a scenario builds."""
    measures: list[Measure] = list(scenario.measures)
    names = [getattr(m, "network", "") for m in measures if m.is_a == "heat_network"]
    return tuple(dict.fromkeys(str(name) for name in names))


def free_id(kind: str, scenario: Scenario) -> str:
    """Return an id for a new measure: its kind and the next number."""
    taken = {measure.id for measure in scenario.measures}
    stem = kind.replace("_", "-")
    number = 1
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"
