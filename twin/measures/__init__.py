"""Every measure the twin knows. Adding one means: write the class, name it in `AnyMeasure`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, get_args

from pydantic import Field

from twin.measures.area_change import CarSharing, ChargingPoints, MobilityHub, Parking
from twin.measures.base import NEVER, SOURCE, Begun, BuildingMeasure, Measure
from twin.measures.cycling import CycleFacility, CycleStreet
from twin.measures.development import NewDevelopment
from twin.measures.fleet import ElectricFleet, WorkFromHome
from twin.measures.heat import HeatingChange, HeatNetwork, NetworkSources
from twin.measures.junctions import JunctionControl
from twin.measures.modal_filter import ModalFilter
from twin.measures.new_link import NewLink
from twin.measures.places import PlaceMoved
from twin.measures.prices import EnergyPrice, GridMix
from twin.measures.retrofit import Behaviour, Demolition, Retrofit, UseChange
from twin.measures.solar import Battery, Photovoltaics
from twin.measures.streets import Lanes, OneWay, SpeedLimit, StreetClosure
from twin.measures.transit import TransitHeadway, TransitLineRemoved, TransitPriority
from twin.measures.transit_line import TransitLine
from twin.measures.transit_stop import TransitStop

if TYPE_CHECKING:
    from collections.abc import Mapping

AnyMeasure = Annotated[
    Retrofit | HeatingChange | HeatNetwork | NetworkSources | Photovoltaics | Battery
    | NewDevelopment | Demolition | UseChange | Behaviour | EnergyPrice | GridMix
    | SpeedLimit | StreetClosure | ModalFilter | OneWay | Lanes | NewLink
    | CycleFacility | CycleStreet | JunctionControl
    | Parking | CarSharing | MobilityHub | ChargingPoints
    | ElectricFleet | WorkFromHome | PlaceMoved
    | TransitHeadway | TransitLine | TransitLineRemoved | TransitStop | TransitPriority,
    Field(discriminator="kind"),
]  # fmt: skip

MEASURES: Mapping[str, type[Measure]] = {
    model.model_fields["kind"].default: model for model in get_args(get_args(AnyMeasure)[0])
}
"""Measures by kind."""

__all__ = [
    "MEASURES", "NEVER", "SOURCE", "AnyMeasure", "Battery", "Begun", "Behaviour",
    "BuildingMeasure", "CarSharing", "ChargingPoints", "CycleFacility", "CycleStreet",
    "Demolition", "ElectricFleet", "EnergyPrice", "GridMix", "HeatNetwork", "HeatingChange",
    "JunctionControl", "Lanes", "Measure", "MobilityHub", "ModalFilter", "NetworkSources",
    "NewDevelopment", "NewLink", "OneWay", "Parking", "Photovoltaics", "PlaceMoved", "Retrofit",
    "SpeedLimit", "StreetClosure", "TransitHeadway", "TransitLine", "TransitLineRemoved",
    "TransitPriority", "TransitStop", "UseChange", "WorkFromHome",
]  # fmt: skip
