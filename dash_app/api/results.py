"""Results of scenarios: indicators, differences, where a figure comes from."""

import dataclasses
from typing import Annotated, Any

import pandas as pd
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from dash_app.api.asking import Desk, Hash, Who, Words, Year, answer_of, aside
from dash_app.api.city import plain
from dash_app.api.context import Context
from dash_app.api.problems import NotFoundError, ProblemRoute
from dash_app.i18n import Translator
from dash_app.workspace.privacy import shown_indicators
from dash_app.workspace.runs import unknown_run
from dash_app.workspace.viewer import Viewer
from twin.compare import difference, ranking
from twin.errors import ModelError
from twin.indicators import INDICATORS, WHOLE, Explanation, Level, explain, indicator_table
from twin.indicators.ranges import with_bounds
from twin.simulate.results import Results

router = APIRouter(tags=["results"], route_class=ProblemRoute)

MOST_ROWS = 20_000


class Row(BaseModel):
    """One indicator of one area; `withheld` where too few addresses share it."""

    indicator: str
    level: Level
    area: str
    value: float | None
    unit: str
    low: float | None = Field(None, description="Once the ranges are worked out")
    high: float | None = None
    withheld: bool = False


class Rows(BaseModel):
    """Indicators of one year, page by page."""

    hash: str
    year: int
    total: int
    rows: list[Row]


class ChangedRow(BaseModel):
    """One indicator of one area in two scenarios."""

    indicator: str
    level: Level
    area: str
    before: float | None
    after: float | None
    change: float | None
    percent: float | None
    unit: str
    low: float | None = Field(None, description="Of the change, once both ranges are worked out")
    high: float | None = None
    holds: bool | None = Field(None, description="Whether the sign of the change is certain")
    withheld: bool = False


class ChangedRows(BaseModel):
    """What `hash` changes against `other`."""

    hash: str
    other: str
    year: int
    total: int
    rows: list[ChangedRow]


class Summary(BaseModel):
    """What there is of one year of a scenario."""

    hash: str
    year: int
    name: str
    data_date: str
    years: list[int] = Field(description="Stage years that are there")
    measures: int = Field(description="Measures that are switched on")
    buildings: int
    notes: list[str] = Field(description="What is worth knowing, in words")
    failed: dict[str, str] = Field(description="Steps of the models that failed, and why")


class ShareOut(BaseModel):
    """One column that a figure rests on, and how firm it is known."""

    column: str
    label: str
    shares: dict[str, float] = Field(description="By kind of source; sum 1")


class AssumptionUsed(BaseModel):
    """One assumption that a figure rests on."""

    name: str
    value: float
    low: float
    high: float
    unit: str
    status: str
    source: str


class DriverOut(BaseModel):
    """What an assumption does to a figure at either end of its range."""

    name: str
    at_low: float
    at_high: float


class ExplanationOut(BaseModel):
    """Where a figure comes from."""

    name: str
    label: str
    level: Level
    area: str
    year: int
    value: float | None
    unit: str
    formula: str
    inputs: list[ShareOut]
    assumptions: list[AssumptionUsed]
    data_date: str
    low: float | None = None
    high: float | None = None
    drivers: list[DriverOut] = []
    withheld: bool = False


LevelQuery = Annotated[Level | None, Query(description="Only this level of areas")]
AreaQuery = Annotated[str | None, Query(max_length=100, description="Only this area")]
NameQuery = Annotated[str | None, Query(max_length=60, description="Only this indicator")]
Limit = Annotated[int, Query(ge=1, le=MOST_ROWS)]
Offset = Annotated[int, Query(ge=0, le=100_000_000)]


@router.get("/results/{hash_}/{year}")
async def summary(hash_: Hash, year: Year, desk: Desk, who: Who, t: Words) -> Summary:
    """Return what there is of one year; waits where it is still being worked out."""
    found = await answer_of(desk, who, hash_, year)
    results = _results(desk, hash_)
    said = [t.sentence(one) for one in found.said]
    said += [t.finding(finding) for _, finding in found.findings]
    return Summary(
        hash=hash_,
        year=year,
        name=results.scenario.name if who.may_edit else "",
        data_date=results.data_date,
        years=list(results.years),
        measures=sum(measure.enabled for measure in results.scenario.measures),
        buildings=len(found.state.stock),
        notes=[t.sentence(note.sentence) for note in results.notes] + said,
        failed={step: t.error(fault) for step, fault in found.failed.items()},
    )


@router.get("/results/{hash_}/{year}/indicators")
async def indicators(  # noqa: PLR0913 - parameters of the address
    hash_: Hash,
    year: Year,
    desk: Desk,
    who: Who,
    *,
    level: LevelQuery = "city",
    indicator: NameQuery = None,
    area: AreaQuery = None,
    limit: Limit = 1000,
    offset: Offset = 0,
) -> Rows:
    """Return the indicators of one year: of the city, or by district or Baublock."""
    await answer_of(desk, who, hash_, year)

    def work() -> Rows:
        results = _one_year(_results(desk, hash_), year)
        table = indicator_table(results, levels=(level or "city",))
        spread = desk.engine.spread(hash_)
        if spread is not None and level == "city":
            table = with_bounds(table, spread)
        table = _chosen(table, indicator, area)
        page = table.iloc[offset : offset + limit]
        seen = shown_indicators(page, desk.city, who, desk.settings)
        rows = [Row(**record) for record in _records(seen)]
        return Rows(hash=hash_, year=year, total=len(table), rows=rows)

    return await aside(work)


@router.get("/compare/{hash_}/{other}/{year}")
async def compare(  # noqa: PLR0913 - parameters of the address
    hash_: Hash,
    other: Hash,
    year: Year,
    desk: Desk,
    who: Who,
    *,
    level: LevelQuery = "city",
    indicator: NameQuery = None,
    area: AreaQuery = None,
    limit: Limit = 1000,
    offset: Offset = 0,
) -> ChangedRows:
    """Return what `hash` changes against `other`: `before` is `other`, `after` is `hash`."""
    for one in (other, hash_):
        await answer_of(desk, who, one, year)

    def work() -> ChangedRows:
        before, after = (_one_year(_results(desk, one), year) for one in (other, hash_))
        table = difference(before, after)
        table = table[table.index.get_level_values("level") == (level or "city")]
        table = _chosen(_held(desk, (before, after), (other, hash_), table), indicator, area)
        page = table.iloc[offset : offset + limit]
        certain = page.pop("holds") if "holds" in page else None
        seen = shown_indicators(page, desk.city, who, desk.settings)
        if certain is not None:
            seen["holds"] = certain.where(~seen["withheld"])
        rows = [ChangedRow(**record) for record in _records(seen)]
        return ChangedRows(hash=hash_, other=other, year=year, total=len(table), rows=rows)

    return await aside(work)


@router.get("/explain/{hash_}/{year}/{indicator}")
async def explanation(  # noqa: PLR0913 - parameters of the address
    hash_: Hash,
    year: Year,
    indicator: Annotated[str, Path(max_length=60)],
    desk: Desk,
    who: Who,
    t: Words,
    *,
    level: Annotated[Level, Query()] = "city",
    area: Annotated[str, Query(max_length=100)] = WHOLE,
) -> ExplanationOut:
    """Return where a figure comes from."""
    _known(indicator)
    if level not in INDICATORS[indicator].levels:
        template = "This indicator is not known by {level}."
        levels = ", ".join(INDICATORS[indicator].levels)
        raise ModelError(template, hint="Known are: {levels}.", level=level, levels=levels)
    await answer_of(desk, who, hash_, year)

    def work() -> ExplanationOut:
        results = _one_year(_results(desk, hash_), year)
        spread = desk.engine.spread(hash_)
        told = explain(results, indicator, year, level=level, area=area, spread=spread)
        return _explained(desk, who, t, told)

    return await aside(work)


def _known(indicator: str) -> None:
    if indicator not in INDICATORS:
        template = "There is no indicator called {name}."
        raise NotFoundError(template, hint="/api/indicators lists them.", name=indicator)


def _results(desk: Context, hash_: str) -> Results:
    found = desk.engine.peek(hash_)
    if found is None:  # it had to make room since it was asked for
        raise unknown_run(hash_)
    return found


def _one_year(results: Results, year: int) -> Results:
    if year not in results.years:
        raise unknown_run(results.scenario.hash)
    return dataclasses.replace(results, years={year: results.years[year]})


def _chosen(table: pd.DataFrame, indicator: str | None, area: str | None) -> pd.DataFrame:
    if indicator is not None:
        _known(indicator)
        table = table[table.index.get_level_values("indicator") == indicator]
    if area is not None:
        table = table[table.index.get_level_values("area") == area]
    return table


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return plain(table.reset_index().drop(columns="year"))


def _held(
    desk: Context, pair: tuple[Results, Results], hashes: tuple[str, str], table: pd.DataFrame
) -> pd.DataFrame:
    """Add the range of each change of the city, and whether its sign is certain, where known."""
    first, second = (desk.engine.spread(hash_) for hash_ in hashes)
    is_city = (table.index.get_level_values("level") == "city").all()
    if first is None or second is None or not is_city or not first.index.equals(second.index):
        return table
    (year,) = pair[0].years
    found = ranking(*pair, (first, second)).xs(year, level="year")
    found = found.reindex(table.index.get_level_values("indicator"))
    return table.assign(**{name: found[name].to_numpy() for name in ("low", "high", "holds")})


def _explained(desk: Context, who: Viewer, t: Translator, told: Explanation) -> ExplanationOut:
    values = told.as_dict()
    index = pd.MultiIndex.from_tuples(
        [(told.name, told.level, told.area, told.year)],
        names=["indicator", "level", "area", "year"],
    )
    row = shown_indicators(pd.DataFrame({"value": [told.value]}, index), desk.city, who,
                           desk.settings).iloc[0]  # fmt: skip
    withheld = bool(row["withheld"])
    if withheld:
        values |= {"low": None, "high": None, "drivers": [], "inputs": []}
    value = None if withheld or pd.isna(row["value"]) else float(row["value"])
    words = {
        "label": t.text(told.label), "formula": t.text(told.formula), "unit": t.unit(told.unit),
        "value": value, "withheld": withheld,
        "inputs": [{**one, "label": t.text(one["label"])} for one in values["inputs"]],
    }  # fmt: skip
    return ExplanationOut.model_validate({**values, **words})
