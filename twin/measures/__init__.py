"""Every measure the twin knows. Adding one means: write the class, name it here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from twin.measures.base import NEVER, SOURCE, Begun, BuildingMeasure, Measure
from twin.measures.development import NewDevelopment
from twin.measures.heat import HeatingChange, HeatNetwork, NetworkSources
from twin.measures.prices import EnergyPrice, GridMix
from twin.measures.retrofit import Behaviour, Demolition, Retrofit, UseChange
from twin.measures.solar import Battery, Photovoltaics

if TYPE_CHECKING:
    from collections.abc import Mapping

AnyMeasure = Annotated[
    Retrofit | HeatingChange | HeatNetwork | NetworkSources | Photovoltaics | Battery
    | NewDevelopment | Demolition | UseChange | Behaviour | EnergyPrice | GridMix,
    Field(discriminator="kind"),
]  # fmt: skip

MEASURES: Mapping[str, type[Measure]] = {
    model.model_fields["kind"].default: model
    for model in (
        Retrofit, HeatingChange, HeatNetwork, NetworkSources, Photovoltaics, Battery,
        NewDevelopment, Demolition, UseChange, Behaviour, EnergyPrice, GridMix,
    )
}  # fmt: skip
"""Measures by kind."""

__all__ = [
    "MEASURES", "NEVER", "SOURCE", "AnyMeasure", "Battery", "Begun", "Behaviour",
    "BuildingMeasure", "Demolition", "EnergyPrice", "GridMix", "HeatNetwork", "HeatingChange",
    "Measure", "NetworkSources", "NewDevelopment", "Photovoltaics", "Retrofit", "UseChange",
]  # fmt: skip
