"""What of results can be drawn: columns for the map, scales, what measures add to the scene."""

import gzip
import hashlib
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, Field

from dash_app import views
from dash_app.accounts.errors import AccessError
from dash_app.api import buildings, reach
from dash_app.api.asking import Desk, Hash, Who, Words, Year, answer_of, aside
from dash_app.api.context import Context
from dash_app.api.problems import RESPONSES, NotFoundError, ProblemRoute
from dash_app.views import View, label_of
from dash_app.workspace.privacy import allowed_view, shown_view
from dash_app.workspace.runs import baseline_of
from dash_app.workspace.viewer import Viewer
from twin.errors import TwinError
from twin.simulate.results import YearResults

router = APIRouter(tags=["views"], route_class=ProblemRoute)

BINARY, JSON = "application/octet-stream", "application/json"
MOST_SIDES = 8


class ViewOut(BaseModel):
    """One thing that results say on the map."""

    name: str
    label: str
    unit: str
    group: Literal["energy", "mobility"]
    topic: str
    topic_label: str
    table: str
    kind: Literal["classed", "category", "flow"]
    better: Literal["up", "down", "neither"]
    fine: bool = Field(description="Of single buildings: for people who may see them")
    hourly: bool
    height: bool
    help: str
    words: dict[str, str] = Field(description="Words of a category, and how they are read")


class ViewsOut(BaseModel):
    """The views that whoever asks may see."""

    views: list[ViewOut]


class ScaleOut(BaseModel):
    """Limits and colours of a view, the same for all that is drawn with them."""

    table: str
    column: str
    label: str
    unit: str
    kind: Literal["classed", "continuous", "category"]
    breaks: list[float | str] = Field(description="Inner limits, or the words of a category")
    colours: list[str]
    nodata: str
    counts: list[int] = Field(description="Rows by class of the last of `of`")
    missing: int
    low: float | None = None
    high: float | None = None


ViewName = Annotated[str, Path(max_length=60, pattern="^[a-z0-9_]+$")]
Other = Annotated[
    str | None,
    Query(min_length=8, max_length=64, pattern="^[0-9a-f]+$", description="Hash to compare with"),
]
Hour = Annotated[int | None, Query(ge=0, le=23, description="Hour of the day")]
Version = Annotated[
    str, Query(max_length=80, description="Any word: the answer may then be kept for ever")
]
COLUMN: dict[int | str, dict[str, Any]] = {
    200: {"content": {BINARY: {"schema": {"type": "string", "format": "binary"}}}}
}


def views_router(desk: Context) -> APIRouter:
    """Return the addresses of views, scenes, ways and flows; include it before `api_router`."""

    def bind(request: Request) -> None:
        request.state.desk = desk

    whole = APIRouter(prefix="/api", dependencies=[Depends(bind)], responses=RESPONSES)
    whole.include_router(router)
    whole.include_router(reach.router)
    whole.include_router(buildings.router)
    return whole


@router.get("/views")
def listed(who: Who, desk: Desk, t: Words) -> ViewsOut:
    """Return what can be drawn of results, in the order it is offered."""
    found = [
        ViewOut(
            **{name: getattr(view, name) for name in (
                "name", "group", "topic", "table", "kind", "better", "fine", "hourly", "height",
            )},
            label=label_of(view, t), unit=t.unit(view.unit), help=t.text(view.help),
            topic_label=t.text(views.TOPICS[view.topic]),
            words={word: views.word_of(view, word, t) for word in views.order_of(view)},
        )
        for view in views.VIEWS.values()
        if allowed_view(view, who, desk.settings)
    ]  # fmt: skip
    return ViewsOut(views=found)


@router.get("/views/{hash_}/{year}/{view}", response_class=Response, responses=COLUMN)
async def column(  # noqa: PLR0913 - parameters of the address
    request: Request,
    hash_: Hash,
    year: Year,
    view: ViewName,
    desk: Desk,
    who: Who,
    *,
    minus: Other = None,
    hour: Hour = None,
    v: Version = "",
) -> Response:
    """
    Return the values of a view by row of its table, as `/map/.../column` does.

    With `minus` what `hash` has more than that run. Where `withheld` is 1 too few addresses share a
    value.
    """
    chosen = view_of(desk, who, view)
    found = await answer_of(desk, who, hash_, year)
    other = await answer_of(desk, who, minus, year) if minus else None

    def work() -> bytes:
        seen, away = seen_values(desk, who, chosen, found, hour=hour, minus=other)
        return views.encode(seen, away)

    return packed(request, await aside(work), BINARY, keep=bool(v))


def seen_values(
    desk: Context,
    who: Viewer,
    view: View,
    found: YearResults,
    *,
    hour: int | None = None,
    minus: YearResults | None = None,
) -> tuple[Any, Any]:
    """Return the values of a view, or its difference, as somebody may see them, and the flags."""
    each = views.values(view, found, desk.city, hour)
    towns = [found.state.city]
    if minus is not None:
        each = views.change(view, each, views.values(view, minus, desk.city, hour))
        towns.append(minus.state.city)
    return shown_view(view, each, desk.city, who, desk.settings, *towns)


@router.get("/scales/{view}")
async def scale(  # noqa: PLR0913 - parameters of the address
    view: ViewName,
    desk: Desk,
    who: Who,
    t: Words,
    of: Annotated[str, Query(max_length=600, pattern="^[0-9a-f,]+$", description="Hashes of runs")],
    year: Annotated[int, Query(ge=1990, le=2150)],
    *,
    theme: Literal["light", "dark"] = "light",
    minus: Other = None,
    hour: Hour = None,
) -> ScaleOut:
    """
    Return one scale for some runs, today's besides; with `minus` for their differences to it.

    Limits rest on today, so that they stay where they are while a scenario is edited.
    """
    chosen = view_of(desk, who, view)
    hashes = list(dict.fromkeys(part for part in of.split(",") if part))[:MOST_SIDES]
    sides = [await answer_of(desk, who, one, year) for one in hashes]
    other = await answer_of(desk, who, minus, year) if minus else None

    def work() -> ScaleOut:
        runs = sides if other else [*_today(desk, hashes, year), *sides]
        series = [seen_values(desk, who, chosen, run, hour=hour, minus=other)[0] for run in runs]
        made = views.scale_of(chosen, series, theme, difference=other is not None, hour=hour)
        told = made.to_json() | {"label": label_of(chosen, t), "unit": t.unit(chosen.unit_at(hour))}
        return ScaleOut.model_validate(told)

    return await aside(work)


def _today(desk: Context, hashes: list[str], year: int) -> list[YearResults]:
    """Return the baseline of the first run, where it is there already."""
    scenario = desk.engine.scenario(hashes[0]) if hashes else None
    if scenario is None:
        return []
    base = baseline_of(scenario, desk.city).hash
    results = desk.engine.peek(base)
    there = results is not None and year in results.years and base not in hashes
    return [results.years[year]] if results is not None and there else []


@router.get("/scene/{hash_}/{year}", response_class=Response)
async def scene(
    request: Request, hash_: Hash, year: Year, desk: Desk, who: Who, *, v: Version = ""
) -> Response:
    """Return what a scenario adds to the map (in degrees) and takes away (rows of tables)."""
    found = await answer_of(desk, who, hash_, year)
    told = await aside(views.scene, found, desk.city)
    return packed(request, reach.dumped(told), JSON, keep=bool(v))


def view_of(desk: Context, who: Viewer, name: str) -> View:
    """Return a view by its name, if there is one and whoever asks may see it."""
    view = views.VIEWS.get(name)
    if view is None:
        template = "There is no view called {name}."
        raise NotFoundError(template, hint="/api/views lists them.", name=name)
    if not allowed_view(view, who, desk.settings):
        raise not_fine()
    return view


def not_fine() -> TwinError:
    """Return why somebody may not see values of single buildings."""
    template = "Values of single buildings are for people who are signed in."
    hint = "The same is to be had by block."
    return AccessError(template, hint=hint, status=403)


def packed(request: Request, body: bytes, media_type: str, *, keep: bool) -> Response:
    """
    Return an answer, compressed where the browser takes it, or 304 where it has it already.

    It depends on who asks, so nobody but the browser may keep it.
    """
    etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    lasting = "private, max-age=31536000, immutable" if keep else "private, no-cache"
    headers: dict[str, str] = {
        "ETag": etag, "Cache-Control": lasting, "Vary": "Accept-Encoding, Cookie",
    }  # fmt: skip
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, 3, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type=media_type, headers=headers)
