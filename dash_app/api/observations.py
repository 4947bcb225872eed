"""What sensors have measured: the city holds none yet, and says so."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from dash_app.api.asking import Words
from dash_app.api.problems import ProblemRoute

router = APIRouter(tags=["observations"], route_class=ProblemRoute)


class Observation(BaseModel):
    """One value of one sensor."""

    sensor: str
    property: str
    unit: str
    time: datetime
    value: float
    quality: str


class Observations(BaseModel):
    """Values of sensors, page by page."""

    total: int
    observations: list[Observation]
    note: str = Field(description="In words")


Text = Annotated[str | None, Query(max_length=100)]


@router.get("/observations")
def observations(  # noqa: PLR0913 - parameters of the address
    t: Words,
    *,
    sensor: Text = None,
    property_: Annotated[str | None, Query(alias="property", max_length=100)] = None,
    since: Annotated[AwareDatetime | None, Query(description="With time zone")] = None,
    until: Annotated[AwareDatetime | None, Query(description="With time zone")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=100_000_000)] = 0,
) -> Observations:
    """Return what sensors have measured; the city holds no observations yet."""
    note = t.text("No sensors are connected to this city yet.")
    return Observations(total=0, observations=[], note=note)
