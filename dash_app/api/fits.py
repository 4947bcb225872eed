"""Measurement and model as data; counts on the map; the matrix fitted to counts."""

import math
import tempfile
from collections.abc import Mapping
from pathlib import Path as File
from typing import Annotated, Any, Literal

import pandas as pd
from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from dash_app import views
from dash_app.api.asking import Desk, Hash, Planner, Who, Words, Year, answer_of, aside
from dash_app.api.context import Context
from dash_app.api.problems import NotFoundError, ProblemRoute
from dash_app.i18n import Translator
from dash_app.sensing.adjusting import Progress
from dash_app.sensing.fits import Comparison, Scene, Traffic
from dash_app.sensing.fits_climate import ClimateFit
from dash_app.sensing.fits_energy import EnergyFit
from dash_app.sensing.fits_traffic import deviation
from dash_app.workspace.viewer import Viewer
from layers.matrices import write_matrices
from twin.errors import ModelError
from twin.simulate.results import YearResults

router = APIRouter(prefix="/fits", tags=["fits"], route_class=ProblemRoute)

Kind = Annotated[Literal["traffic", "climate", "energy"], Path(description="What is compared")]
Format = Annotated[Literal["csv", "omx"], Path(description="Of the matrix")]
BINARY = "application/octet-stream"


class FitOut(BaseModel):
    """How well a run fits what was measured."""

    kind: str
    hash: str
    year: int
    said: list[str] = Field(description="What is to be said of it, in words")
    summary: dict[str, float | None] = Field(description="Numbers by name")
    rows: list[dict[str, Any]] = Field(description="A row a counter, station or load")
    left_out: list[str] = Field(description="What could not be compared, and why")


class AdjustedOut(BaseModel):
    """Where the adjustment of the matrix stands."""

    state: Literal["none", "running", "done", "failed", "stopped"]
    share: float = Field(description="Part that is done, 0 to 1")
    counts: int = Field(description="Counted directions")
    problem: str = ""
    summary: dict[str, float | None] = {}
    rows: list[dict[str, Any]] = []


@router.get("/{kind}/{hash_}/{year}")
async def fit(kind: Kind, hash_: Hash, year: Year, desk: Desk, who: Who, t: Words) -> FitOut:
    """Return how a run fits what was measured, as far as whoever asks may see both."""
    found = await answer_of(desk, who, hash_, year)
    made = await aside(desk.fits.get, kind, scene_of(desk, who, hash_, found))
    return FitOut(kind=kind, hash=hash_, year=year, **plain(t, made))


@router.get("/traffic/{hash_}/{year}/column", response_class=Response)
async def column(request: Request, hash_: Hash, year: Year, desk: Desk, who: Who) -> Response:
    """Return by street by how much the model is above what was counted [%]; as a view."""
    from dash_app.api.views import packed  # noqa: PLC0415 - it includes the router of ways

    found = await answer_of(desk, who, hash_, year)
    made = await aside(desk.fits.get, "traffic", scene_of(desk, who, hash_, found))
    counted = made.counted if isinstance(made, Traffic) else None
    values = pd.Series(float("nan"), desk.city.streets.index)
    if counted is not None:
        values = deviation(counted, desk.city)
    return packed(request, views.encode(values), BINARY, keep=False)


@router.get("/traffic/{hash_}/{year}/counts.csv", response_class=Response)
async def counts(hash_: Hash, year: Year, desk: Desk, who: Planner) -> Response:
    """Return the counted directions as `twin run --counts` takes them."""
    counted = await _counted(desk, who, hash_, year)
    table = counted[["street", "vehicles_day", "weight"]].round({"vehicles_day": 1})
    table.insert(1, "direction", "one")  # else a count would be halved for both of them
    return _file(table.to_csv(index=False).encode(), "text/csv; charset=utf-8", "counts.csv")


@router.post("/traffic/{hash_}/{year}/adjusted")
async def adjust(hash_: Hash, year: Year, desk: Desk, who: Planner, t: Words) -> AdjustedOut:
    """Begin to fit the matrix of vehicles to the counts; ask again for how far it is."""
    found = await answer_of(desk, who, hash_, year)
    counted = await _counted(desk, who, hash_, year)
    if not len(counted):
        template = "No counter has told a whole weekday on a street of this town."
        raise ModelError(template, hint="Wait for a day of counts, or give counters their street.")
    started = desk.adjusting.start(adjusting_key(hash_, year), found, counted)
    return told(t, started)


@router.get("/traffic/{hash_}/{year}/adjusted")
def adjusted(hash_: Hash, year: Year, desk: Desk, who: Planner, t: Words) -> AdjustedOut:
    """Return how far the adjustment is, and what came of it."""
    return told(t, desk.adjusting.progress(adjusting_key(hash_, year)))


@router.delete("/traffic/{hash_}/{year}/adjusted")
def stop(hash_: Hash, year: Year, desk: Desk, who: Planner, t: Words) -> AdjustedOut:
    """Stop the adjustment after the step it is in."""
    return told(t, desk.adjusting.cancel(adjusting_key(hash_, year)))


@router.get("/traffic/{hash_}/{year}/adjusted/matrix.{form}", response_class=Response)
async def matrix(hash_: Hash, year: Year, form: Format, desk: Desk, who: Planner) -> Response:
    """Return the adjusted matrices of cars and lorries, as `twin run --matrix` takes them."""
    result = desk.adjusting.progress(adjusting_key(hash_, year)).result
    if result is None:
        template = "There is no adjusted matrix of this run."
        raise NotFoundError(template, hint="Have it adjusted first.")

    def written() -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = File(folder) / f"matrix.{form}"
            write_matrices(path, result.vehicles, result.zones)
            return path.read_bytes()

    body = await aside(written)
    media = "text/csv; charset=utf-8" if form == "csv" else BINARY
    return _file(body, media, f"matrix.{form}")


def scene_of(desk: Context, who: Viewer, hash_: str, year: YearResults) -> Scene:
    """Return what a comparison is made of."""
    return Scene(desk.sensing, desk.city, desk.settings, who, hash_, year)


def adjusting_key(hash_: str, year: int) -> str:
    """Return what an adjustment is known by."""
    return f"{hash_}/{year}"


def told(t: Translator, progress: Progress) -> AdjustedOut:
    """Return where an adjustment stands as plain values."""
    result = progress.result
    return AdjustedOut(
        state=progress.state, share=round(progress.share, 3), counts=progress.counts,
        problem=t.error(progress.problem) if progress.problem else "",
        summary=numbers(result.summary) if result else {},
        rows=records(result.table) if result else [],
    )  # fmt: skip


def plain(t: Translator, made: Comparison) -> dict[str, Any]:
    """Return a comparison as plain values and sentences."""
    if isinstance(made, Traffic):
        return _traffic(t, made)
    return _climate(t, made) if isinstance(made, ClimateFit) else _energy(t, made)


def _traffic(t: Translator, made: Traffic) -> dict[str, Any]:
    counted, loads = made.counted, made.loads
    said, summary, rows, left_out = [], {}, [], []
    if counted is not None:
        fit_ = counted.fit
        said.append(t.sentence(fit_.verdict.said))
        by_day = {f"day_{key}": value for key, value in vars(fit_.by_day).items()}
        summary = {"good_percent": fit_.good_percent, **vars(fit_.by_hour), **by_day}
        table = fit_.counters.assign(
            name=[counted.names.get(int(n), "") for n in fit_.counters.index]
        )
        rows = records(table.reset_index())
        left_out += [t.sentence(one) for one in counted.left_out]
    if loads is not None:
        said.append(t.sentence(loads.fit.said))
        summary |= {"load_rank": loads.fit.rank, "load_shape": loads.fit.shape,
                    "load_hours": float(loads.hours)}  # fmt: skip
        rows += records(loads.fit.segments.rename_axis("number").reset_index())
        left_out += [t.sentence(one) for one in loads.left_out]
    return {"said": said, "summary": numbers(summary), "rows": rows, "left_out": left_out}


def _climate(t: Translator, made: ClimateFit) -> dict[str, Any]:
    rows = []
    for one in made.stations:
        days = one.degree_days
        values = {
            "bias_k": one.fit.bias, "hours": float(one.fit.hours), "gt": days.gt,
            "gt_reference": days.gt_reference, "hgt": days.hgt,
            "hgt_reference": days.hgt_reference, "days": float(days.days),
            "lacking": float(days.lacking),
        }  # fmt: skip
        rows.append({"number": one.number, "name": one.name, **numbers(values),
                     "said": [t.sentence(one.fit.said), t.sentence(days.said)]})  # fmt: skip
    heat = vars(made.heat) if made.heat else {}
    said = rows[0]["said"] if rows else []
    return {"said": said, "summary": numbers(heat), "rows": rows, "left_out": []}


def _energy(t: Translator, made: EnergyFit) -> dict[str, Any]:
    rows = []
    for one in made.loads:
        weather = one.corrected
        values = {
            **vars(one.fit.by_hour), "observed_kwh": one.fit.energy_kwh[0],
            "modelled_kwh": one.fit.energy_kwh[1], "observed_peak_kw": one.fit.peak_kw[0],
            "modelled_peak_kw": one.fit.peak_kw[1],
            "without_weather_kwh": weather.corrected if weather else math.nan,
        }  # fmt: skip
        rows.append({"number": one.number, "name": one.name, "kind": one.kind, "block": one.block,
                     "assumed": one.assumed, **numbers(values),
                     "said": t.sentence(one.fit.verdict.said)})  # fmt: skip
    left_out = [t.sentence(one) for one in made.left_out]
    return {"said": [row["said"] for row in rows], "summary": {}, "rows": rows,
            "left_out": left_out}  # fmt: skip


def numbers(values: Mapping[str, float]) -> dict[str, float | None]:
    """Return numbers with four digits; None for what is none."""
    return {name: _number(value) for name, value in values.items()}


def _number(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.4g}") if math.isfinite(value) else None
    return value


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as plain values."""
    rows: list[dict[str, Any]] = table.astype(object).to_dict("records")  # type: ignore[assignment]
    return [{str(name): _number(value) for name, value in row.items()} for row in rows]


async def _counted(desk: Context, who: Viewer, hash_: str, year: int) -> pd.DataFrame:
    found = await answer_of(desk, who, hash_, year)
    made = await aside(desk.fits.get, "traffic", scene_of(desk, who, hash_, found))
    if not isinstance(made, Traffic) or made.counted is None:
        template = "No counter of vehicles is connected."
        raise ModelError(template, hint="docs/sensors.md says how to connect one.")
    return made.counted.counts


def _file(body: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"',
               "Cache-Control": "private, no-cache"}  # fmt: skip
    return Response(body, media_type=media_type, headers=headers)
