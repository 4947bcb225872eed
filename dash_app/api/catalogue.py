"""What the program knows: measures, indicators, assumptions."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from dash_app.api.asking import Words
from dash_app.api.problems import ProblemRoute
from twin.assumptions import assumptions
from twin.indicators import INDICATORS
from twin.measures import MEASURES
from twin.scenario import scenario_schema

router = APIRouter(tags=["catalogue"], route_class=ProblemRoute)


class MeasureKind(BaseModel):
    """One kind of measure."""

    kind: str
    label: str
    schema_: dict[str, Any] = Field(alias="schema", description="JSON Schema of the measure")


class MeasureKinds(BaseModel):
    """All kinds of measures."""

    measures: list[MeasureKind]


class IndicatorOut(BaseModel):
    """What an indicator is."""

    name: str
    label: str
    unit: str
    formula: str
    better: str = Field(description="`up`, `down` or `neither`")
    group: str
    levels: list[str] = Field(description="Areas that it is known for")


class Indicators(BaseModel):
    """All indicators, in the order they are shown in."""

    indicators: list[IndicatorOut]


class AssumptionOut(BaseModel):
    """One assumption; `low` and `high` bound what is plausible."""

    name: str
    value: float
    low: float
    high: float
    unit: str
    status: str
    source: str


class AssumptionList(BaseModel):
    """Assumptions that ship with the program."""

    assumptions: list[AssumptionOut]


@router.get("/measures")
def measures(t: Words) -> MeasureKinds:
    """Return every kind of measure with its JSON Schema."""
    kinds = [
        MeasureKind(kind=kind, label=t.word(kind, "measure"), schema=model.model_json_schema())
        for kind, model in MEASURES.items()
    ]
    return MeasureKinds(measures=kinds)


@router.get("/scenario-schema")
def schema() -> dict[str, Any]:
    """Return the JSON Schema of scenario files."""
    return scenario_schema()


@router.get("/indicators")
def indicators(t: Words) -> Indicators:
    """Return every indicator with unit and formula."""
    found = [
        IndicatorOut(
            name=name, label=t.text(one.label), unit=t.unit(one.unit), formula=t.text(one.formula),
            better=one.better, group=one.group, levels=list(one.levels),
        )
        for name, one in INDICATORS.items()
    ]  # fmt: skip
    return Indicators(indicators=found)


@router.get("/assumptions")
def assumption_list(
    theme: Annotated[str | None, Query(max_length=60, description="e.g. `heat`")] = None,
) -> AssumptionList:
    """Return the assumptions with their ranges and sources."""
    given = assumptions().of([theme]) if theme else assumptions()
    found = [AssumptionOut(**vars(entry)) for entry in given.entries.values()]
    return AssumptionList(assumptions=found)
