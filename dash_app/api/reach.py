"""How far one gets, how a trip goes, who drives over a street, what a building costs: examples."""

import json
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from pyproj import Transformer

from dash_app import views
from dash_app.api.asking import Desk, Who, Words, answer_of, aside
from dash_app.api.asking import Hash as HashPath
from dash_app.api.asking import Year as YearPath
from dash_app.api.context import Context
from dash_app.api.problems import ProblemRoute
from dash_app.i18n import Translator
from dash_app.reach_town import areas_of
from dash_app.views.reaching import OverStreet, RunTown, over_street, trip_of
from dash_app.views.scene import rings
from dash_app.workspace.privacy import coarse_people, shown
from dash_app.workspace.viewer import Viewer
from twin.errors import ModelError
from twin.mobility.accessibility import Options
from twin.simulate.results import YearResults

router = APIRouter(tags=["views"], route_class=ProblemRoute)

MOST_BANDS = 4
MOST_ZONES = 8
COARSE = 10
"""Residents in an area are told in steps of this many."""

PLACE: dict[str, Any] = {
    "max_length": 60,
    "pattern": r"^-?\d{1,3}(\.\d+)?,-?\d{1,2}(\.\d+)?$",
    "description": "longitude, latitude [°]",
}
Place = Annotated[str, Query(**PLACE)]
Start = Annotated[str, Query(alias="from", **PLACE)]
Run = Annotated[
    str,
    Query(min_length=8, max_length=64, pattern="^[0-9a-f]+$", description="Hash of a scenario"),
]
Other = Annotated[
    str | None,
    Query(min_length=8, max_length=64, pattern="^[0-9a-f]+$", description="Hash to compare with"),
]
Year = Annotated[int, Query(ge=1990, le=2150, description="Stage year")]
Id = Annotated[str, Query(min_length=1, max_length=200, description="Key of the row")]


class Band(BaseModel):
    """What is reached within some minutes."""

    minutes: float
    label: str
    residents: int = Field(description="From Baublöcke, where single buildings are not for all")
    facilities: dict[str, int]
    area_km2: float
    rings: list[list[list[float]]] = Field(description="Outlines and holes, longitude, latitude")
    other_residents: int | None = None
    other_facilities: dict[str, int] = {}
    other_rings: list[list[list[float]]] = []


class ReachOut(BaseModel):
    """How far one gets from a place."""

    at: tuple[float, float]
    mode: str
    year: int
    bands: list[Band]


class OptionOut(BaseModel):
    """What one mode offers for a trip; figures are missing where there is no way."""

    mode: str
    minutes: float | None
    km: float | None
    cost_eur: float | None
    co2e_g: float | None
    stress_share: float | None = Field(None, description="On streets of stress 3 and 4; bike only")
    transfers: float | None = None
    paths: list[list[list[float]]] = Field([], description="Legs, longitude, latitude")
    other_minutes: float | None = None
    other_km: float | None = None
    other_stress_share: float | None = None
    other_paths: list[list[list[float]]] = []
    words: str = Field("", description="The change in a sentence")


class TripOut(BaseModel):
    """One trip by all modes."""

    year: int
    options: list[OptionOut]


class ZoneFlow(BaseModel):
    """Vehicles from or to one zone, or one gate at the edge of the town."""

    id: str
    name: str
    gate: bool
    vehicles: float


class FlowOut(BaseModel):
    """Who drives over a street on a weekday, both directions."""

    street: str
    vehicles: float
    inside: float = Field(description="Share of trips inside the town")
    through: float = Field(description="Share of trips that only pass the town")
    origins: list[ZoneFlow]
    destinations: list[ZoneFlow]
    column: str = Field(description="Address of these vehicles by street, for the map")


@router.get("/reach")
async def reached(  # noqa: PLR0913 - parameters of the address
    at: Place,
    run: Run,
    year: Year,
    desk: Desk,
    who: Who,
    t: Words,
    *,
    mode: Literal["walk", "bike", "car", "transit"] = "walk",
    minutes: Annotated[str, Query(max_length=30, pattern=r"^\d+(,\d+)*$")] = "5,10,15",
    other: Other = None,
) -> ReachOut:
    """Return the areas reached from a place within minutes, and how many live in them."""
    limits = _limits(minutes)
    found = await answer_of(desk, who, run, year)
    before = await answer_of(desk, who, other, year) if other else None

    def work() -> ReachOut:
        xy = _xy(desk, at)
        bands = _bands(desk, who, found, (xy, mode, limits))
        beside = [] if before is None else _bands(desk, who, before, (xy, mode, limits))
        for band, old in zip(bands, beside, strict=False):
            band |= {f"other_{name}": old[name] for name in ("residents", "facilities", "rings")}
        named = [Band(**band, label=t.text("{count} min", count=band["minutes"])) for band in bands]
        return ReachOut(at=_lonlat(at), mode=mode, year=year, bands=named)

    return await aside(work)


def _bands(
    desk: Context, who: Viewer, found: YearResults, asked: tuple[Any, str, list[float]]
) -> list[dict[str, Any]]:
    people = coarse_people(found.buildings["residents"], desk.city, who, desk.settings)
    xy, mode, limits = asked
    areas, counts = areas_of(RunTown(found, people), xy, mode, limits)  # type: ignore[arg-type]
    to = Transformer.from_crs(desk.city.crs, "EPSG:4326", always_xy=True)
    kinds = [name for name in counts if name != "residents"]
    return [
        {
            "minutes": limit,
            "residents": int(round(float(row["residents"]) / COARSE) * COARSE),
            "facilities": {kind: int(row[kind]) for kind in kinds},
            "area_km2": round(float(area) / 1e6, 3),
            "rings": rings(shape.simplify(2.0), to),
        }
        for limit, row, area, shape in zip(
            limits, counts.to_dict("records"), areas["area_m2"], areas.geometry, strict=True
        )
    ]


@router.get("/trip")
async def trip(  # noqa: PLR0913 - parameters of the address
    start: Start,
    to: Place,
    run: Run,
    year: Year,
    desk: Desk,
    *,
    who: Who,
    t: Words,
    other: Other = None,
    departure: Annotated[int, Query(ge=0, le=23, description="Hour of the day")] = 8,
) -> TripOut:
    """Return one trip by all modes: minutes, kilometres, costs, the way; both runs compared."""
    found = await answer_of(desk, who, run, year)
    before = await answer_of(desk, who, other, year) if other else None

    def work() -> TripOut:
        ends = _xy(desk, start), _xy(desk, to)
        now = trip_of(found, *ends, departure * 3600)
        old = None if before is None else trip_of(before, *ends, departure * 3600)
        back = Transformer.from_crs(desk.city.crs, "EPSG:4326", always_xy=True)
        return TripOut(year=year, options=[
            _option(t, mode, (now, old), back) for mode in now.by_mode
        ])  # fmt: skip

    return await aside(work)


def _option(
    t: Translator, mode: str, pair: tuple[Options, Options | None], back: Transformer
) -> OptionOut:
    now, old = pair
    option = now.by_mode[mode]
    before = old.by_mode.get(mode) if old is not None else None
    names = ("minutes", "km", "cost_eur", "co2e_g", "stress_share", "transfers")
    figures = {name: finite(getattr(option, name)) for name in names}
    if before is not None:
        figures |= {
            f"other_{name}": finite(getattr(before, name))
            for name in ("minutes", "km", "stress_share")
        }
    return OptionOut(
        mode=mode,
        **figures,
        paths=[_line(leg.geometry, back) for leg in option.legs],
        other_paths=[_line(leg.geometry, back) for leg in before.legs] if before else [],
        words=_trip_words(t, figures) if before is not None else "",
    )


def _trip_words(t: Translator, figures: dict[str, Any]) -> str:
    """Return "9 to 6 min", or what else has become of a way."""
    now, old = figures["minutes"], figures["other_minutes"]
    if now is None or old is None:
        if now is None and old is None:
            return t.text("no way")
        return t.text("a new way") if old is None else t.text("no way any more")
    if round(now) == round(old):
        return t.text("{minutes} min, as before", minutes=round(now))
    return t.text("{before} to {after} min", before=round(old), after=round(now))


@router.get("/flow/{hash_}/{year}")
async def flow(
    request: Request, hash_: HashPath, year: YearPath, street: Id, desk: Desk, who: Who
) -> FlowOut:
    """Return who drives over a street: from where, to where, and through which other streets."""
    found = await answer_of(desk, who, hash_, year)
    used = await aside(over_street, found, desk.city, street)
    address = request.url.path + "/column?" + request.url.query
    return FlowOut(
        street=street, vehicles=round(used.vehicles, 1), inside=round(used.inside, 4),
        through=round(used.through, 4), column=address,
        origins=_zones(desk, who, used, used.origins),
        destinations=_zones(desk, who, used, used.destinations),
    )  # fmt: skip


@router.get("/flow/{hash_}/{year}/column", response_class=Response)
async def flow_column(
    request: Request, hash_: HashPath, year: YearPath, street: Id, desk: Desk, who: Who
) -> Response:
    """Return by street how many of the vehicles over one street drive there; as a view."""
    from dash_app.api.views import BINARY, packed  # noqa: PLC0415 - it includes this router

    found = await answer_of(desk, who, hash_, year)
    used = await aside(over_street, found, desk.city, street)
    return packed(request, views.encode(used.flow), BINARY, keep=False)


def _zones(
    desk: Context, who: Viewer, used: OverStreet, ends: "pd.Series[float]"
) -> list[ZoneFlow]:
    """Return the zones and gates with most vehicles; zones of few addresses are not named."""
    zones = desk.city.zones
    known = ends[ends.index.isin(zones.index)]
    seen, _ = shown(known, "zones", desk.city, who, desk.settings)
    gates = ends[~ends.index.isin(zones.index)]
    best = pd.concat([seen.dropna(), gates]).nlargest(MOST_ZONES)
    names = zones["name"].astype(object)
    return [
        ZoneFlow(
            id=str(key), name=str(names.get(key) or "") if key in zones.index else "",
            gate=key not in zones.index, vehicles=round(float(value), 1),
        )
        for key, value in best[best > 0].items()
    ]  # fmt: skip


def _limits(minutes: str) -> list[float]:
    found = sorted({float(part) for part in minutes.split(",")})
    if len(found) > MOST_BANDS or found[0] < 1 or found[-1] > 60:
        template = "The minutes {minutes} cannot be asked for."
        hint = "Give at most four whole numbers from 1 to 60, e.g. 5,10,15."
        raise ModelError(template, hint=hint, minutes=minutes)
    return found


def _lonlat(place: str) -> tuple[float, float]:
    lon, lat = (float(part) for part in place.split(","))
    return lon, lat


def _xy(desk: Context, place: str) -> Any:
    lon, lat = _lonlat(place)
    to = Transformer.from_crs("EPSG:4326", desk.city.crs, always_xy=True)
    x, y = to.transform(lon, lat) if abs(lat) <= 90 and abs(lon) <= 180 else (np.inf, np.inf)
    if not np.isfinite([x, y]).all():
        template = "{place} is no place on Earth."
        raise ModelError(template, hint="Give longitude and latitude in degrees.", place=place)
    return np.array([x, y])


def _line(line: Any, back: Transformer) -> list[list[float]]:
    if line is None or line.is_empty:
        return []
    xy = np.array(line.coords)
    lon, lat = back.transform(xy[:, 0], xy[:, 1])
    found: list[list[float]] = np.round(np.column_stack([lon, lat]), 6).tolist()
    return found


def finite(value: float) -> float | None:
    """Return a number to three decimals, None for none."""
    return round(float(value), 3) if np.isfinite(value) else None


def dumped(value: Any) -> bytes:
    """Return JSON as short as it can be."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
