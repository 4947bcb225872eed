"""
Somebody from the street tries to get a value of one building through every door of the server.

One house of the town is given figures nobody else has. Every address of the API, of the map and of
the page is then asked for it, with its key wherever a key may stand, and no answer may hold one of
these figures, nor one of the results for this house, in whatever notation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from dash_app.app import create_app
from dash_app.map.binary import unpack
from dash_app.settings import Settings
from dash_app.views import VIEWS
from dash_app.workspace.engine import baseline_of
from dash_app.workspace.privacy import withheld
from dash_app.workspace.viewer import Viewer
from layers.project_store import open_store
from tests.small_town import small_town
from twin.scenario import Scenario
from twin.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from httpx import Response

    from twin.city import City

PLANTED = {"residents": 4321.7}
YEAR = 2025
WRITTEN = tuple(
    map(re.compile, (r"\d+(?:\.\d+)?", r"[\d.,]+", r"\d{1,3}(?:[\u202f\xa0 ]\d{3})+(?:[.,]\d+)?"))
)
"""Numbers as programs, people of both languages and those with narrow spaces write them."""
MOST = 65
"""Ways to fill in one address that are tried at most."""


@dataclass(eq=False)
class Door:
    """The server, the house, and what must not be told."""

    app: FastAPI
    city: City
    house: str
    block: str
    street: str
    run: str
    figures: list[float]

    @cached_property
    def client(self) -> TestClient:
        return TestClient(self.app, base_url="https://testserver", raise_server_exceptions=False)

    @cached_property
    def forms(self) -> set[str]:
        """The figures as German, English or a program writes them."""
        return {form for figure in self.figures for form in notations(figure)}

    def found_in(self, answer: Response) -> str:
        """Return the figure that an answer holds, "" for none."""
        if answer.content.startswith(b"TWM1"):
            _, columns = unpack(answer.content)
            for name, values in columns.items():
                numbers = values.astype(float)
                for figure in self.figures:
                    if np.isclose(numbers, figure, rtol=2e-6, atol=0).any():
                        return f"{name}: {figure}"
            return ""
        text = answer.text
        written = {token.strip(".,") for mark in WRITTEN for token in mark.findall(text)}
        return next(iter(written & self.forms), "")


def notations(figure: float) -> Iterator[str]:
    """Return a number with 6 decimals down to none, with each mark for decimals and thousands."""
    for digits in range(7):
        for comma in (f"{figure:,.{digits}f}",):
            yield comma
            yield comma.replace(",", "")
            for thousands in (".", "\u202f", "\xa0", " "):
                yield comma.replace(",", "_").replace(".", ",").replace("_", thousands)
    yield repr(figure)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    plain = small_town()
    settings = Settings(mode="shared", https=False)
    away = withheld(plain, "blocks", settings)
    lived = plain.buildings[(plain.buildings["residents"] > 0) & plain.buildings["part_of"].isna()]
    house = str(lived.index[lived["block_id"].isin(away.index[~away])][0])
    table = plain.buildings.copy()
    for name, value in PLANTED.items():
        table.loc[house, name] = value
    city = plain.replace(buildings=table)
    store = open_store(tmp_path_factory.mktemp("door") / "projects.sqlite")
    app = create_app(city, settings=settings, store=store)
    engine = app.state.desk.engine
    base = baseline_of(Scenario(stages=(YEAR,)), city)
    run = engine.start(base, wait=True)
    assert run.problem is None
    row = engine.peek(run.hash).years[YEAR].buildings.loc[[house]].select_dtypes("number").iloc[0]
    odd = [float(v) for v in row if np.isfinite(v) and abs(v) > 1000 and v != round(v)]
    assert len(odd) > 5
    street = str(city.streets.index[0])
    block = str(city.buildings["block_id"][house])
    yield Door(app, city, house, block, street, run.hash, [*PLANTED.values(), *odd])
    engine.close()
    store.close()


def place_of(door: Door) -> str:
    point = door.city.buildings.to_crs(4326).geometry[door.house].representative_point()
    return f"{point.x:.6f},{point.y:.6f}"


def few_views() -> list[str]:
    """Return all views, of those to each kind of facility one."""
    return [name for name in VIEWS if not name.startswith("near_") or "school_walk" in name]


def values_of(door: Door) -> dict[str, list[Any]]:
    """Return what is filled in for parameters by their name."""
    row = int(door.city.buildings.index.get_loc(door.house))
    at = place_of(door)
    return {
        "hash": [door.run], "hash_": [door.run], "other": [door.run], "run": [door.run],
        "of": [door.run], "year": [YEAR], "view": few_views(), "table": ["buildings", *TABLES],
        "name": list(TABLES["buildings"].column_names), "column": ["residents"],
        "key": [door.house, door.block], "row": [row], "id": [door.house], "building": [door.house],
        "street": [door.street], "area": [door.block], "level": ["block"], "at": [at],
        "from": [at], "to": [at], "mode": ["walk"], "minutes": ["5"], "limit": [1000],
        "q": [door.house], "text": [door.house], "ids": [door.house], "lang": ["de"],
        "indicator": ["heat_demand", "final_energy"], "format": ["csv"], "bbox": [""],
    }  # fmt: skip


def addresses(door: Door) -> Iterator[tuple[str, str]]:
    """Return methods and addresses of everything in the OpenAPI document, filled in."""
    known = values_of(door)
    for path, methods in door.app.openapi()["paths"].items():
        for method, described in methods.items():
            params = described.get("parameters", [])
            names = re.findall(r"{(\w+)}", path)
            choices = [known.get(name, ["1"]) for name in names]
            query = {
                p["name"]: known[p["name"]][0]
                for p in params
                if p["in"] == "query" and known.get(p["name"], [""])[0] != ""
            }
            for chosen in list(product(*choices))[:MOST]:
                filled = path
                for name, value in zip(names, chosen, strict=True):
                    filled = filled.replace(f"{{{name}}}", str(value))
                yield method, filled + "?" + "&".join(f"{k}={v}" for k, v in query.items())


def body_of(door: Door) -> dict[str, Any]:
    """Return a request body that asks for the house in every way bodies know."""
    return {
        "table": "buildings", "ids": [door.house], "run": door.run, "year": YEAR, "level": "block",
        "scenario": "1", "measure": {"kind": "retrofit", "id": "m", "start_year": YEAR,
                                     "standard": "usual", "select": {"ids": [door.house]}},
        "select": {"ids": [door.house]}, "where": [{"column": "residents", "op": ">", "value": 0}],
    }  # fmt: skip


def asked(door: Door, *beginnings: str) -> Iterator[tuple[str, Response]]:
    """Ask every address, or those with a beginning."""
    for method, address in addresses(door):
        if address.startswith("/api/events"):  # never ends, and tells of runs only
            continue
        if beginnings and not address.startswith(beginnings):
            continue
        more = {} if method == "get" else {"json": body_of(door)}
        yield address, door.client.request(method, address, **more)


def test_no_address_tells_a_figure_of_one_house(door: Door):
    told, tried, answered = [], 0, 0
    for address, answer in asked(door):
        tried += 1
        answered += answer.status_code == 200
        hit = door.found_in(answer)
        if hit:
            told.append((address, hit))
    assert tried > 300
    assert answered > 100
    assert not told


def callbacks(door: Door) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return every callback of the page that the server answers, asked for the house."""
    asked_for = {
        "table": "buildings", "id": door.house, "column": "residents", "sort": "residents",
        "down": True, "text": door.house, "lang": "de", "page": 1, "theme": "heat_demand_building",
        "view": "energy", "year": YEAR, "a": door.run, "shown": "base", "level": "block",
        "area": door.block, "indicator": "heat_demand", "panel": "explain",
        "pick": {"table": "buildings", "id": door.house}, "low": 1000,
        "inspect": {"table": "buildings", "id": door.house}, "name": "inspector",
    }  # fmt: skip
    for entry in door.client.get("/_dash-dependencies").json():
        if entry.get("clientside_function"):
            continue
        out = entry["output"]
        names = out[2:-2].split("...") if out.startswith("..") else [out]
        outputs = [dict(zip(("id", "property"), n.rsplit(".", 1), strict=True)) for n in names]
        for search in (f"?pick=buildings:{door.house}&colour=residents", ""):
            parts = [
                [{**one, "value": search if one["property"] == "search" else asked_for}
                 for one in entry[kind]]
                for kind in ("inputs", "state")
            ]  # fmt: skip
            yield out, {
                "output": out, "outputs": outputs if len(outputs) > 1 else outputs[0],
                "inputs": parts[0], "state": parts[1],
                "changedPropIds": [f"{one['id']}.{one['property']}" for one in parts[0]],
            }  # fmt: skip


def test_no_callback_of_the_page_tells_a_figure_of_one_house(door: Door):
    tried, answered = 0, 0
    for out, payload in callbacks(door):
        answer = door.client.post("/_dash-update-component", json=payload)
        tried += 1
        answered += answer.status_code == 200
        assert not door.found_in(answer), out
    assert tried > 5
    assert answered > 3


@pytest.mark.parametrize(
    "address",
    ["/", "/?pick=buildings:{house}&colour=residents", "/tip/buildings/{house}?column=residents",
     "/tip/buildings/{house}?column=dwellings&lang=en", "/explore?pick=buildings:{house}"],
)  # fmt: skip
def test_no_page_tells_a_figure_of_one_house(door: Door, address: str):
    answer = door.client.get(address.format(house=door.house))
    assert not door.found_in(answer)


def test_whoever_may_see_buildings_is_told(door: Door, monkeypatch: pytest.MonkeyPatch):
    """The test can fail: the same questions of a planner are answered with these figures."""
    planner = Viewer("planner", "Ada", "a", fine=True)
    desk = door.app.state.desk
    object.__setattr__(desk, "viewer_of", lambda _: planner)
    try:
        doors = (f"/api/views/{door.run}/{YEAR}/pv_potential", "/api/building/", "/api/layers/b")
        hits = {
            address.partition("?")[0]
            for address, answer in asked(door, *doors)
            if door.found_in(answer)
        }
    finally:
        from dash_app.accounts.access import viewer_of  # noqa: PLC0415

        object.__setattr__(desk, "viewer_of", viewer_of)
    assert any("/layers/buildings" in address for address in hits)
    assert any("/building/" in address for address in hits)
