"""What can be taken along: maps on paper, tables of indicators, layers for a GIS."""

import dataclasses
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pandas as pd
from fastapi import APIRouter, Depends, Query, Request, Response

from dash_app import views
from dash_app.api.asking import Desk, Who, Words, answer_of, aside
from dash_app.api.context import Context
from dash_app.api.export_asked import Bbox, Compared, Hash, Hour, OptionalHash, Stage, bounds_of
from dash_app.api.problems import RESPONSES, NotNowError, ProblemRoute
from dash_app.api.views import Other, seen_values, view_of
from dash_app.export.kept import Pictures
from dash_app.export.layers import as_gpkg, as_parquet, layers_of
from dash_app.export.legend import class_words, heading
from dash_app.export.tables import Origin, about_rows, as_csv, as_xlsx, readable
from dash_app.i18n import Translator
from dash_app.views import View
from dash_app.workspace.privacy import fine_allowed, shown_indicators
from dash_app.workspace.runs import baseline_of, is_baseline, unknown_run
from dash_app.workspace.viewer import PUBLIC, Viewer
from twin.compare import difference, ranking
from twin.errors import ModelError, TwinError
from twin.indicators import Level
from twin.simulate.results import Results, YearResults

if TYPE_CHECKING:
    from dash_app.export.paper import Sheet

router = APIRouter(tags=["export"], route_class=ProblemRoute)

Size = Annotated[Literal["A4", "A3", "A2", "A1", "A0"], Query(description="Size of the paper")]
ViewQuery = Annotated[str | None, Query(max_length=60, pattern="^[a-z0-9_]+$")]
ViewsQuery = Annotated[
    str, Query(min_length=1, max_length=600, pattern="^[a-z0-9_,]+$", description="Names, by comma")
]
Pixels = Annotated[int, Query(ge=64, le=2400, description="Pixels")]
MOST_VIEWS = 12

FORMS = {
    "pdf": "application/pdf",
    "png": "image/png",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "gpkg": "application/geopackage+sqlite3",
    "parquet": "application/vnd.apache.parquet",
}


def _sent(*forms: str) -> dict[int | str, dict[str, Any]]:
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"content": {FORMS[form].partition(";")[0]: schema for form in forms}}}


def export_router(desk: Context) -> APIRouter:
    """Return the addresses under `/api/export`."""
    pictures = Pictures()

    def bind(request: Request) -> None:
        request.state.desk = desk
        request.state.pictures = pictures

    whole = APIRouter(prefix="/api/export", dependencies=[Depends(bind)], responses=RESPONSES)
    whole.include_router(router)
    return whole


def _pictures(request: Request) -> Pictures:
    pictures: Pictures = request.state.pictures
    if pictures.busy:
        template = "Many maps are being drawn at the moment."
        raise NotNowError(template, hint="Ask again in a moment.")
    return pictures


Drawing = Annotated[Pictures, Depends(_pictures)]


@dataclasses.dataclass(frozen=True, eq=False)
class Asked:
    """A year of a scenario, and of what it is compared with, for one viewer."""

    desk: Context
    who: Viewer
    hash: str = ""
    found: YearResults | None = None
    minus: str = ""
    other: YearResults | None = None
    hour: int | None = None


@router.get("/map.pdf", response_class=Response, responses=_sent("pdf"))
@router.get("/map.png", response_class=Response, responses=_sent("png"))
async def paper_map(  # noqa: PLR0913 - parameters of the address
    request: Request,
    desk: Desk,
    who: Who,
    t: Words,
    pictures: Drawing,
    *,
    hash_: OptionalHash = None,
    year: Stage = None,
    view: ViewQuery = None,
    minus: Other = None,
    hour: Hour = None,
    size: Size = "A4",
    portrait: bool = False,
    bbox: Bbox = None,
) -> Response:
    """
    Return a map on paper: with the values of `view` in `year`, or the plain city without.

    With `minus` what `hash` has more than that run.
    """
    form = request.url.path.rpartition(".")[2]
    asked, chosen, year = await _found(desk, who, (hash_, minus), year, hour=hour, view=view)
    bounds = bounds_of(desk.city, bbox)

    def work() -> bytes:
        from dash_app.export.paper import draw  # noqa: PLC0415 - Matplotlib, when it is needed

        sheet = _sheet(t, asked, chosen, year)
        sheet = dataclasses.replace(sheet, size=size, portrait=portrait, bounds=bounds)
        return pictures.draw(lambda: draw(t, sheet, form=form))

    return _file(await aside(work), form, _named(desk, "map", view or "", year, size))


@router.get("/static.png", response_class=Response, responses=_sent("png"))
async def static(  # noqa: PLR0913 - parameters of the address
    desk: Desk,
    who: Who,
    t: Words,
    pictures: Drawing,
    *,
    hash_: OptionalHash = None,
    year: Stage = None,
    view: ViewQuery = None,
    width: Pixels = 1200,
    height: Pixels = 800,
) -> Response:
    """Return the map alone, for browsers that cannot draw it; without `hash` the plain city."""
    asked, chosen, year = await _found(desk, who, (hash_, None), year, view=view)
    fine = fine_allowed(who, desk.settings)
    key = (hash_ if chosen else None, year if chosen else None, view, width, height, fine)

    def work() -> bytes:
        from dash_app.export.paper import plain  # noqa: PLC0415

        return pictures.kept(key, lambda: plain(_sheet(t, asked, chosen, year), width, height))

    headers = {"Cache-Control": "private, max-age=3600", "Vary": "Cookie"}
    return Response(await aside(work), headers=headers, media_type=FORMS["png"])


@router.get("/indicators.csv", response_class=Response, responses=_sent("csv"))
@router.get("/indicators.xlsx", response_class=Response, responses=_sent("xlsx"))
async def indicators(  # noqa: PLR0913 - parameters of the address
    request: Request,
    hash_: Hash,
    desk: Desk,
    who: Who,
    t: Words,
    *,
    other: Compared = None,
    year: Stage = None,
    level: Level = "city",
) -> Response:
    """
    Return the indicators of one year before and after, as a table.

    Before is `other`, today without measures where left out.
    """
    form = request.url.path.rpartition(".")[2]
    await _allowed(desk, who, hash_)
    before = other if other is not None else await aside(_today, desk, who, hash_)
    asked, _, year = await _found(desk, who, (hash_, before), year)
    if year is None:  # of nothing that was run
        raise unknown_run(hash_)
    stage = year

    def work() -> bytes:
        table = _changed(asked, stage, level)
        seen = shown_indicators(table, desk.city, who, desk.settings)
        told = readable(t, seen, desk.city)
        return as_csv(t, told) if form == "csv" else as_xlsx(t, told, desk.city, origin())

    def origin() -> Origin:
        names = (_name(t, desk, who, one) for one in (hash_, before))
        return Origin(next(names), hash_, next(names), before, stage)

    return _file(await aside(work), form, _named(desk, "indicators", level, year))


@router.get("/layers.gpkg", response_class=Response, responses=_sent("gpkg"))
@router.get("/layer.parquet", response_class=Response, responses=_sent("parquet"))
async def layers(  # noqa: PLR0913 - parameters of the address
    request: Request,
    hash_: Hash,
    views_: Annotated[ViewsQuery, Query(alias="views")],
    desk: Desk,
    who: Who,
    t: Words,
    *,
    year: Stage = None,
) -> Response:
    """Return geometries of the city with the values of views; GeoParquet holds one layer."""
    form = request.url.path.rpartition(".")[2]
    names = list(dict.fromkeys(name for name in views_.split(",") if name))
    if not 0 < len(names) <= MOST_VIEWS:
        template = "The address names {count} views; from 1 to {most} can be had at once."
        raise ModelError(template, count=len(names), most=MOST_VIEWS)
    chosen = [view_of(desk, who, name) for name in names]
    if form == "parquet" and len({view.table for view in chosen}) > 1:
        template = "These views are of several tables; a Parquet file holds one."
        raise ModelError(template, hint="Ask for each alone, or for layers.gpkg.")
    asked, _, year = await _found(desk, who, (hash_, None), year, view=names[0])

    def work() -> bytes:
        found = layers_of(desk.city, [(view, *_values(asked, view)) for view in chosen])
        if form == "parquet":
            return as_parquet(next(iter(found.values())))
        origin = Origin(_name(t, desk, who, hash_), hash_, "", "", year or 0)
        told = {name: text for name, text in about_rows(t, desk.city, origin) if name and text}
        told |= {view.name: heading(t, view, None, difference=False) for view in chosen}
        return as_gpkg(found, told)

    return _file(await aside(work), form, _named(desk, "layers", year))


async def _allowed(desk: Context, who: Viewer, hash_: str) -> None:
    """Refuse a run that is not known, or not for this viewer."""
    scenario = desk.engine.scenario(hash_)
    await answer_of(desk, who, hash_, scenario.stages[-1] if scenario else 0)


def _today(desk: Context, who: Viewer, hash_: str) -> str:
    """Return the hash of today with the stages of a run; it is worked out where it is not."""
    scenario = desk.engine.scenario(hash_)
    if scenario is None:
        raise unknown_run(hash_)
    base = baseline_of(scenario, desk.city)
    if who.may_edit and desk.engine.scenario(base.hash) is None:
        desk.engine.start(base)
    return base.hash


async def _found(
    desk: Context,
    who: Viewer,
    hashes: tuple[str | None, str | None],
    year: int | None,
    *,
    hour: int | None = None,
    view: str | None = None,
) -> tuple[Asked, View | None, int | None]:
    """Return what is asked for, the view and the year; the last stage where none is named."""
    hash_, minus = hashes
    chosen = view_of(desk, who, view) if view else None
    if hash_ is None:
        if chosen is not None or minus is not None:
            template = "Values belong to a run; the address names none."
            raise ModelError(template, hint="Add hash=, as POST /api/runs tells it.")
        return Asked(desk, who), None, None
    scenario = desk.engine.scenario(hash_)
    year = year if year is not None or scenario is None else scenario.stages[-1]
    found = await answer_of(desk, who, hash_, year or 0)
    other = await answer_of(desk, who, minus, year or 0) if minus else None
    why = views.problem_of(chosen, found, desk.city) if chosen else ""
    if why:
        raise ModelError(why)
    return Asked(desk, who, hash_, found, minus or "", other, hour), chosen, year


def _values(asked: Asked, view: View) -> tuple[Any, Any]:
    assert asked.found is not None
    return seen_values(asked.desk, asked.who, view, asked.found, hour=asked.hour, minus=asked.other)


def _sheet(t: Translator, asked: Asked, view: View | None, year: int | None) -> "Sheet":
    """Return what is drawn, with the colours and limits that the screen has."""
    from dash_app.export.paper import Sheet  # noqa: PLC0415

    city = asked.desk.city
    if asked.found is None:
        return Sheet(city, city.name, t.text("Today", context="baseline"))
    title, words = city.name, _compared(t, asked, year)
    if view is None:
        return Sheet(city, title, words, scenario_hash=asked.hash)
    differs = asked.other is not None
    values, away = _values(asked, view)
    series = [values] if differs else [*_first(asked, view, year), values]
    scale = views.scale_of(view, series, "light", difference=differs, hour=asked.hour)
    return Sheet(
        city=city,
        title=f"{city.name} · {views.label_of(view, t)}",
        subtitle=words if asked.hour is None else f"{words}, {t.time(60 * asked.hour)}",
        values=values,
        withheld=away,
        table=view.table,
        scale=scale,
        legend=heading(t, view, asked.hour, difference=differs),
        words=tuple(class_words(t, view, scale, signed=differs)),
        flow=view.kind == "flow",
        scenario_hash=asked.hash,
    )


def _first(asked: Asked, view: View, year: int | None) -> list[Any]:
    """Return the values of today, on which limits rest, where they are at hand."""
    scenario = asked.desk.engine.scenario(asked.hash)
    base = baseline_of(scenario, asked.desk.city).hash if scenario else ""
    results = asked.desk.engine.peek(base) if base != asked.hash else None
    if results is None or year is None or year not in results.years:
        return []
    return [seen_values(asked.desk, asked.who, view, results.years[year], hour=asked.hour)[0]]


def _compared(t: Translator, asked: Asked, year: int | None) -> str:
    name = _name(t, asked.desk, asked.who, asked.hash)
    if not asked.minus:
        return t.text("{name}, {year}", name=name, year=str(year))
    other = _name(t, asked.desk, asked.who, asked.minus)
    template = "{name} compared with {other}, {year}"
    return t.text(template, name=name, other=other, year=str(year))


def _name(t: Translator, desk: Context, who: Viewer, hash_: str) -> str:
    """Return the name of a scenario; to the public that of the published one alone."""
    scenario = desk.engine.scenario(hash_)
    if scenario is None or is_baseline(scenario):
        return t.text("Today", context="baseline")
    names = [scenario.name] if who.may_edit else _public_names(desk, hash_)
    return next((name for name in names if name), t.text("Scenario without name"))


def _public_names(desk: Context, hash_: str) -> list[str]:
    names = []
    for key, number in desk.versions.of(hash_):
        try:
            names.append(desk.projects.open(key, number, viewer=PUBLIC)[1].name)
        except TwinError:
            continue
    return names


def _changed(asked: Asked, year: int, level: Level) -> pd.DataFrame:
    """Return what is before and after, and the range of the change of the city where known."""
    engine, hashes = asked.desk.engine, (asked.minus, asked.hash)
    before, after = (_one_year(engine.peek(one), one, year) for one in hashes)
    table = difference(before, after)
    table = table[table.index.get_level_values("level") == level]
    first, second = (engine.spread(one) for one in hashes)
    if level != "city" or first is None or second is None or not first.index.equals(second.index):
        return table
    ends = ranking(before, after, (first, second)).xs(year, level="year")[["low", "high"]]
    ends = ends.reindex(table.index.get_level_values("indicator"))
    return table.assign(low=ends["low"].to_numpy(), high=ends["high"].to_numpy())


def _one_year(results: Results | None, hash_: str, year: int) -> Results:
    if results is None or year not in results.years:  # it had to make room
        raise unknown_run(hash_)
    return dataclasses.replace(results, years={year: results.years[year]})


def _named(desk: Context, *parts: object) -> str:
    text = "-".join(str(part) for part in (desk.city.name, *parts) if part)
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:80] or "export"


def _file(body: bytes, form: str, name: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.{form}"',
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body, headers=headers, media_type=FORMS[form])
