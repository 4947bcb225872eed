"""Rows picked out: against shapely by hand, lassos of every shape, what cannot be read."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from dash_app.workspace.choose import TABLES, ChoiceError, choose, lasso
from tests.dash_app.drafts import HOUSES, ROAD, town
from twin.assumptions import assumptions
from twin.scenario import today
from twin.selection import Area

if TYPE_CHECKING:
    from twin.state import State


@cache
def state() -> State:
    return today(town(), assumptions(), year=2025)


def degrees(points: Any) -> list[list[float]]:
    back = Transformer.from_crs(town().crs, "EPSG:4326", always_xy=True)
    return np.column_stack(back.transform(*np.asarray(points).T)).tolist()


def middle() -> np.ndarray:
    west, south, east, north = town().streets.total_bounds
    return np.array([(west + east) / 2, (south + north) / 2])


def circle(radius: float, points: int = 10_000, wobble: float = 0.0) -> dict[str, Any]:
    turn = np.linspace(0, 2 * np.pi, points)
    far = radius * (1 + wobble * np.random.default_rng(0).normal(size=points))
    ring = middle() + np.column_stack([np.cos(turn) * far, np.sin(turn) * far])
    return {"type": "Polygon", "coordinates": [degrees(ring)]}


def test_a_lasso_of_ten_thousand_points_chooses_what_lies_in_it() -> None:
    found = choose(state(), {"table": "buildings", "area": circle(400)})
    centre = shapely.get_coordinates(shapely.centroid(town().buildings.geometry.array))
    away = np.hypot(*(centre - middle()).T)
    stock = state().stock.index
    expected = set(town().buildings.index[away < 400]) & set(stock)
    near = set(town().buildings.index[np.abs(away - 400) < 1.5])
    assert set(found.ids) ^ expected <= near
    assert found.count == len(found.ids) > 10
    assert found.residents == pytest.approx(state().stock.loc[found.ids, "residents"].sum())


def test_a_measure_takes_the_lasso_as_it_comes_back() -> None:
    """Few positions, within a metre, valid."""
    area = lasso(circle(400), town().crs)
    assert len(area["coordinates"][0]) < 200
    drawn = Area.model_validate(area).geometry(town().crs)
    assert shapely.area(drawn) == pytest.approx(np.pi * 400**2, rel=0.01)
    again = choose(state(), {"table": "streets", "area": area})
    assert set(again.ids) == set(choose(state(), {"table": "streets", "area": circle(400)}).ids)


def test_a_shaky_hand_still_makes_a_small_area() -> None:
    area = lasso(circle(600, wobble=0.05), town().crs)
    positions = shapely.get_num_coordinates(shapely.from_geojson(_json(area)))
    assert positions <= 1500


def _json(area: dict[str, Any]) -> str:
    return str(area).replace("'", '"')


def test_a_lasso_that_crosses_itself_means_all_it_goes_round() -> None:
    eight = middle() + np.array([(-200, -200), (200, 200), (200, -200), (-200, 200), (-200, -200)])
    area = lasso({"type": "Polygon", "coordinates": [degrees(eight)]}, town().crs)
    size = shapely.area(Area.model_validate(area).geometry(town().crs))
    assert size == pytest.approx(2 * 0.5 * 400 * 200, rel=0.01)


def test_holes_stay_holes() -> None:
    outer, inner = (middle() + np.array([(-r, -r), (r, -r), (r, r), (-r, r), (-r, -r)])
                    for r in (300, 100))  # fmt: skip
    drawn = {"type": "Polygon", "coordinates": [degrees(outer), degrees(inner)]}
    area = Area.model_validate(lasso(drawn, town().crs)).geometry(town().crs)
    assert shapely.area(area) == pytest.approx(600**2 - 200**2, rel=0.01)


@pytest.mark.parametrize(
    "area",
    [
        "x", 3, {"type": "Point", "coordinates": [7, 50]}, {"type": "Polygon"}, {"type": "Polygon",
        "coordinates": []}, {"type": "Polygon", "coordinates": [[]]},
        {"type": "Polygon", "coordinates": [[[7, 50], [7, 50]]]},
        {"type": "Polygon", "coordinates": [[[7, 50], [7.1, 50], [7.2, 50], [7, 50]]]},
        {"type": "Polygon", "coordinates": [[[7, 50], ["a", 50], [7.2, 50.1], [7, 50]]]},
        {"type": "Polygon", "coordinates": [[[700, 50], [7, 50], [7.2, 50.1], [700, 50]]]},
        {"type": "Polygon", "coordinates": [[[float("nan"), 50], [7, 50], [7.2, 51], [7, 50]]]},
        {"type": "Polygon", "coordinates": [[[7, 50]] * 300_000]},
        {"type": "Feature", "geometry": None},
        {"type": "Polygon", "coordinates": [[[7], [8], [9]]]},
    ],
)  # fmt: skip
def test_what_is_no_area_is_refused_in_words(area: Any) -> None:
    with pytest.raises(ChoiceError) as caught:
        choose(state(), {"table": "buildings", "area": area})
    assert re.search("area|selection", str(caught.value))


def test_everything_given_must_hold() -> None:
    where = [{"column": "use", "op": "in", "value": ["residential"]}]
    ids = choose(state(), {"table": "buildings", "ids": HOUSES, "where": where}).ids
    stock = state().stock.loc[HOUSES]
    assert set(ids) == set(stock.index[stock["use"] == "residential"])


def test_both_directions_of_a_street_are_one() -> None:
    found = choose(state(), {"table": "streets", "ids": ROAD})
    assert found.count == len(ROAD)
    assert len(found.ids) == 2 * len(ROAD)
    assert found.length_m == pytest.approx(town().streets.loc[ROAD, "length_m"].sum())


def test_wrong_conditions_are_named_with_their_place() -> None:
    where = [{"column": "use", "op": "in", "value": ["castle"]}, {"column": "x", "op": "<"}]
    with pytest.raises(ChoiceError) as caught:
        choose(state(), {"table": "buildings", "where": where})
    assert {fault.field.rpartition(".")[0] or fault.field for fault in caught.value.faults} >= {
        "select.where"
    }


@pytest.mark.parametrize("table", TABLES)
def test_every_table_can_be_picked_from(table: str) -> None:
    found = choose(state(), {"table": table, "area": circle(5000, 100)})
    assert found.count <= len(town().tables[table])
    assert table in {"lines", "zones"} or found.count > 0


def test_an_unknown_table_is_refused() -> None:
    for table in ("secrets", None, 3):
        with pytest.raises(ChoiceError, match="Tables are"):
            choose(state(), {"table": table})
