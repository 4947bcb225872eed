"""While a measure is being drawn: what it would reach, streets between clicks, rows in a lasso."""

import math
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from dash_app.accounts.errors import AccessError
from dash_app.api.asking import Desk, Editor, Words
from dash_app.api.context import Context
from dash_app.api.problems import ProblemRoute
from dash_app.i18n import Translator
from dash_app.workspace.chains import chain
from dash_app.workspace.choose import choose
from dash_app.workspace.engine import baseline_of
from dash_app.workspace.met import met_state
from dash_app.workspace.preview import Preview, preview
from dash_app.workspace.preview_words import preview_words
from dash_app.workspace.privacy import fine_allowed
from dash_app.workspace.viewer import Viewer
from twin.city import City
from twin.scenario import STAGES, Scenario

router = APIRouter(tags=["drafts"], route_class=ProblemRoute)

MOST_POINTS = 200

Lon = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Lat = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Place = tuple[Lon, Lat]
RowId = Annotated[str, Field(min_length=1, max_length=120)]
Ids = Annotated[list[RowId], Field(max_length=100_000)]


class DraftedIn(BaseModel):
    """In which scenario something is drafted; without `scenario` in the city of today."""

    model_config = ConfigDict(extra="forbid")

    scenario: str | None = Field(None, max_length=64)
    version: int | None = Field(None, ge=1, le=2**31 - 1)
    year: int | None = Field(None, ge=1990, le=2150)


class PreviewIn(DraftedIn):
    """A measure as far as it is drafted."""

    measure: dict[str, Any]


class RemarkOut(BaseModel):
    """What is wrong with a draft, or worth knowing; `field` is the way to it in the measure."""

    level: Literal["error", "warning"]
    field: str
    text: str
    hint: str = ""
    code: str = ""


class FigureOut(BaseModel):
    """One of the four figures of the form, in words."""

    name: str
    label: str
    value: str
    unit: str
    note: str


class ChosenOut(BaseModel):
    """Something the draft names; removing it takes `values` out of the list at `path`."""

    path: str
    values: list[Any] | None = Field(description="Null: the field itself goes")
    label: str
    detail: str


class PreviewOut(BaseModel):
    """What a measure would reach; figures are null where they make no sense or are withheld."""

    valid: bool
    table: str
    count: int
    done: int | None = Field(description="Of these until the year")
    ids: list[str]
    length_m: float | None
    residents: float | None
    cost_eur: float | None
    withheld: bool
    summary: str = Field(description="The measure in one sentence")
    problems: list[RemarkOut]
    figures: list[FigureOut]
    chosen: list[ChosenOut]


class ChainIn(DraftedIn):
    """Two or more clicks, each a place (longitude, latitude) or the id of a street."""

    points: list[Place | RowId] = Field([], max_length=MOST_POINTS)
    from_: Place | RowId | None = Field(None, alias="from")
    to: Place | RowId | None = None
    mode: Literal["any", "car", "bike", "walk"] = "any"


class LineString(BaseModel):
    """A line in degrees."""

    type: Literal["LineString"]
    coordinates: list[tuple[float, float]]


class ChainOut(BaseModel):
    """Streets that hang together, in the order they are passed."""

    ids: list[str]
    names: list[str]
    geometry: LineString
    length_m: float


class SelectIn(DraftedIn):
    """What rows are asked for; all that is given must hold."""

    table: str = Field(max_length=40)
    area: dict[str, Any] | None = Field(None, description="GeoJSON Polygon or MultiPolygon [°]")
    ids: Ids | None = None
    districts: Ids | None = None
    blocks: Ids | None = None
    names: Ids | None = None
    classes: Ids | None = None
    where: list[dict[str, Any]] | None = Field(None, max_length=20)
    both_directions: bool | None = None


class SelectOut(BaseModel):
    """Rows picked out."""

    table: str
    ids: list[str]
    count: int = Field(description="Both directions of a street count as one")
    residents: float | None
    length_m: float | None
    area: dict[str, Any] | None = Field(description="The area as a measure takes it")


@router.post("/preview")
def drafted(body: PreviewIn, desk: Desk, who: Editor, t: Words) -> PreviewOut:
    """Return what a measure being drafted would reach, cost and run into."""
    scenario = _scenario(desk, who, body)
    results = desk.engine.peek(scenario.hash)
    found = preview(desk.city, scenario, body.measure, body.year, viewer=who, results=results)
    return _previewed(t, found, desk.city)


@router.post("/chain")
def streets_between(body: ChainIn, desk: Desk, who: Editor) -> ChainOut:
    """Return the shortest chain of streets from click to click."""
    ends = [point for point in (body.from_, body.to) if point is not None]
    points = [*ends[:1], *body.points, *ends[1:]]
    city = _met(desk, who, body).city
    found = chain(city, points, body.mode)
    return ChainOut(
        ids=list(found.ids),
        names=list(found.names),
        geometry=LineString.model_validate(found.line),
        length_m=found.length_m,
    )


@router.post("/select")
def rows(body: SelectIn, desk: Desk, who: Editor) -> SelectOut:
    """Return the rows of a table that lie in an area, are named, or meet conditions."""
    fine = fine_allowed(who, desk.settings)
    if body.where and body.table == "buildings" and not fine:
        template = "Single buildings are not shown here, so they cannot be asked for by values."
        raise AccessError(template, hint="Choose Baublöcke or districts.")
    asked = body.model_dump(exclude={"scenario", "version", "year"}, exclude_none=True)
    found = choose(_met(desk, who, body), asked)
    return SelectOut(
        table=found.table,
        ids=[str(key) for key in found.ids],
        count=found.count,
        residents=_finite(found.residents) if fine else None,
        length_m=_finite(found.length_m),
        area=found.area,
    )


def _scenario(desk: Context, who: Viewer, body: DraftedIn) -> Scenario:
    if body.scenario is None:
        return baseline_of(Scenario(stages=STAGES), desk.city)
    _, scenario = desk.projects.open(body.scenario, body.version, viewer=who)
    return scenario


def _met(desk: Context, who: Viewer, body: DraftedIn) -> Any:
    """Return the state of the town that something drafted now would meet."""
    scenario = _scenario(desk, who, body)
    year = scenario.stages[-1] if body.year is None else body.year
    results = desk.engine.peek(scenario.hash)
    return met_state(desk.city, scenario, "", year, results=results).state


def _previewed(t: Translator, found: Preview, city: City) -> PreviewOut:
    extent, words = found.extent, preview_words(t, found, city)
    return PreviewOut(
        valid=found.valid,
        table=found.table,
        count=found.count,
        done=found.done,
        ids=words["ids"],
        length_m=_finite(extent.length_m),
        residents=_finite(extent.residents),
        cost_eur=_finite(found.cost_eur),
        withheld=found.withheld,
        summary=words["title"],
        problems=[RemarkOut(**problem) for problem in words["problems"]],
        figures=[FigureOut(**figure) for figure in words["figures"]],
        chosen=[ChosenOut(**entry) for entry in words["chosen"]],
    )


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None
