"""What a scenario means for one building, told to those who may see it."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from pydantic import BaseModel

from dash_app.accounts.errors import AccessError
from dash_app.api.asking import Desk, Who, Words, answer_of
from dash_app.api.asking import Hash as HashPath
from dash_app.api.asking import Year as YearPath
from dash_app.api.problems import NotFoundError, ProblemRoute
from dash_app.api.reach import Id, Other, finite
from dash_app.i18n import Translator
from dash_app.workspace.privacy import fine_allowed
from twin.simulate.results import YearResults

router = APIRouter(tags=["views"], route_class=ProblemRoute)


class Figure(BaseModel):
    """One figure of one building, in both runs."""

    name: str
    label: str
    unit: str
    value: float | None
    before: float | None
    words: str


class BuildingOut(BaseModel):
    """What a scenario means for one building."""

    id: str
    year: int
    system: str
    system_before: str
    figures: list[Figure]


FIGURES = {
    "heat_kwh": ("Heat demand", "kWh/a"),
    "cost_eur": ("Yearly cost of energy and heating", "€/a"),
    "investment_eur": ("Investment", "€"),
    "co2e_t": ("Greenhouse gas", "t CO₂e/a"),
    "pv_kwh": ("Solar power: yield", "kWh/a"),
}
"""What is told of one building: label and unit."""


@router.get("/building/{hash_}/{year}")
async def building(  # noqa: PLR0913 - parameters of the address
    hash_: HashPath,
    year: YearPath,
    building: Annotated[Id, Query(alias="id")],
    desk: Desk,
    who: Who,
    t: Words,
    *,
    other: Other = None,
) -> BuildingOut:
    """Return what a scenario means for one building: heat, costs, greenhouse gas, in both runs."""
    if not fine_allowed(who, desk.settings):
        template = "Values of single buildings are for people who are signed in."
        hint = "The same is to be had by block."
        raise AccessError(template, hint=hint, status=403)
    found = await answer_of(desk, who, hash_, year)
    before = await answer_of(desk, who, other, year) if other else None
    now, old = _figures(found, building), _figures(before, building) if before else None
    if now is None and old is None:
        template = "There is no building {id} with results."
        raise NotFoundError(template, hint="Choose a building on the map.", id=building)
    return BuildingOut(
        id=building, year=year,
        system=_system(t, found, building),
        system_before=_system(t, before, building) if before else "",
        figures=[_figure(t, name, now or {}, old or {}) for name in FIGURES],
    )  # fmt: skip


def _figures(found: YearResults, key: str) -> dict[str, float] | None:
    if key not in found.buildings.index:
        return None
    row = found.buildings.loc[[key]].select_dtypes("number").iloc[0].to_dict()
    return {
        "heat_kwh": float(row["space_kwh"] + row["hot_water_kwh"]),
        "cost_eur": float(row["annual_cost_eur"]),
        **{name: float(row[name]) for name in ("investment_eur", "co2e_t", "pv_kwh")},
    }


def _system(t: Translator, found: YearResults, key: str) -> str:
    stock = found.state.stock["system"]
    return t.word(str(stock.loc[key]), "stock.system") if key in stock.index else ""


def _figure(t: Translator, name: str, now: dict[str, float], old: dict[str, float]) -> Figure:
    label, unit = FIGURES[name]
    value, before = finite(now.get(name, np.nan)), finite(old.get(name, np.nan))
    words = ""
    if value is not None and before is not None:
        if abs(value - before) <= 0.005 * max(abs(before), 1e-9):
            words = t.text("as before")
        else:
            less = value < before
            by = t.number(abs(value - before), t.unit(unit))
            words = (
                t.text("{amount} less", amount=by) if less else t.text("{amount} more", amount=by)
            )
    return Figure(name=name, label=t.text(label), unit=t.unit(unit), value=value, before=before,
                  words=words)  # fmt: skip
