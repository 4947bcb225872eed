"""Runs, results, differences over the API: the figures of a plain run, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from tests.dash_app.api.conftest import content, problem
from tests.small_town import small_town
from twin.compare import difference
from twin.indicators import INDICATORS, indicator_table

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from tests.dash_app.api.conftest import Desk

Answered = tuple[Any, Any, Any, Any]


def rows_of(client: TestClient, address: str) -> list[dict[str, Any]]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["rows"]
    return found


def test_a_run_waits_and_says_under_which_hash(desk: Desk) -> None:
    told = desk.run(content=content(), year=2025)
    assert told["hash"] == desk.full
    assert 2025 in told["years"]
    assert told["stages"] == [2025, 2030]
    assert not told["superseded"]
    assert told["problem"] is None
    assert desk.client.get(f"/api/runs/{desk.full}").json()["stages"] == [2025, 2030]


def test_a_run_of_nothing_is_today(desk: Desk) -> None:
    assert desk.run(content=content(), today=True, year=2030)["hash"] == desk.base


def test_a_draft_replaces_its_measure_or_comes_last(desk: Desk) -> None:
    plan = content()
    walls = {**plan["measures"][0], "standard": "usual"}
    told = desk.run(content=plan, measure=walls, year=2030)
    assert (
        told["hash"]
        == desk.run(content={**plan, "measures": [walls, *plan["measures"][1:]]}, year=2030)["hash"]
    )
    last = plan["measures"][2]
    short = {**plan, "measures": plan["measures"][:2]}
    assert desk.run(content=short, measure=last, year=2030)["hash"] == desk.full


def test_what_is_no_scenario_is_said_field_by_field(client: TestClient) -> None:
    broken = content()
    broken["measures"][0]["standard"] = "palace"
    broken["measures"][1]["start_year"] = 1
    document = problem(client.post("/api/runs", json={"content": broken}), 422)
    places = {fault["place"] for fault in document["faults"]}
    assert places == {"measures.1.standard", "measures.2.start_year"}


def test_a_scenario_that_cannot_be_worked_out_says_why(desk: Desk) -> None:
    nowhere = {"kind": "retrofit", "id": "x", "select": {"ids": ["nobody"]}}
    told = desk.run(content=content(), measure=nowhere, year=2030)
    assert told["state"] == "failed"
    assert told["years"] == []
    (fault,) = told["problem"]["faults"]
    assert "nobody" in fault["text"]
    again = problem(desk.client.get(f"/api/results/{told['hash']}/2030"), 422)
    assert again["faults"] == told["problem"]["faults"]


@pytest.mark.parametrize(
    "body",
    [
        {"year": 1}, {"token": "x" * 81}, {"wait_s": 61}, {"surprise": 1}, {"version": 0},
        {"measure": []}, {"content": 5}, [], "x", {"content": {"stages": [3]}},
    ],
)  # fmt: skip
def test_nonsense_is_refused(client: TestClient, body: Any) -> None:
    problem(client.post("/api/runs", json=body), 422)
    problem(client.post("/api/runs", content=b"{"), 422)


def test_a_year_that_is_no_stage(desk: Desk) -> None:
    assert desk.run(content=content(), year=2031)["state"] == "failed"
    problem(desk.client.get(f"/api/results/{desk.full}/2031"), 422)


def test_a_hash_nobody_asked_for(client: TestClient) -> None:
    assert client.get("/api/runs/0123456789").json()["state"] == "unknown"
    problem(client.get("/api/results/0123456789/2030"), 404)
    problem(client.get("/api/results/..%2f/2030"), 404)
    problem(client.get("/api/results/XYZXYZXYZ/2030"), 422)


def test_indicators_are_those_of_a_plain_run(desk: Desk, answered: Answered) -> None:
    results = answered[3]
    table = indicator_table(results, levels=("city",)).xs(2030, level="year")
    rows = rows_of(desk.client, f"/api/results/{desk.full}/2030/indicators")
    assert {row["indicator"] for row in rows} <= set(INDICATORS)
    assert [row["indicator"] for row in rows] == list(table.index.get_level_values("indicator"))
    assert [row["value"] for row in rows] == pytest.approx(table["value"].tolist())


def test_pages_of_blocks_are_the_whole(desk: Desk) -> None:
    address = f"/api/results/{desk.full}/2030/indicators?level=block"
    whole = desk.client.get(address + "&limit=20000").json()
    assert whole["total"] == len(whole["rows"]) > 100
    parts: list[Any] = []
    while len(parts) < whole["total"]:
        parts += rows_of(desk.client, f"{address}&limit=150&offset={len(parts)}")
    assert parts == whole["rows"]
    area = whole["rows"][0]["area"]
    one = rows_of(desk.client, f"{address}&area={area}&indicator=heat_demand")
    assert [(row["area"], row["indicator"]) for row in one] == [(area, "heat_demand")]


def test_a_difference_is_that_of_the_model(desk: Desk, answered: Answered) -> None:
    _, _, base, full = answered
    table = difference(base, full).xs(("city", 2030), level=("level", "year"))
    rows = rows_of(desk.client, f"/api/compare/{desk.full}/{desk.base}/2030")
    found = pd.DataFrame(rows).set_index("indicator")["change"].astype(float)
    expected = table["change"].droplevel("area")
    pd.testing.assert_series_equal(found, expected.loc[found.index], check_names=False)
    back = rows_of(desk.client, f"/api/compare/{desk.base}/{desk.full}/2030")
    swapped = {row["indicator"]: row["before"] for row in back}
    assert swapped == {row["indicator"]: row["after"] for row in rows}


def test_a_figure_says_where_it_comes_from(desk: Desk) -> None:
    address = f"/api/explain/{desk.full}/2030/final_energy"
    told = desk.client.get(address).json()
    (row,) = rows_of(
        desk.client, f"/api/results/{desk.full}/2030/indicators?indicator=final_energy"
    )
    assert told["value"] == row["value"]
    assert told["formula"]
    assert told["assumptions"]
    assert all(abs(sum(one["shares"].values()) - 1) < 1e-6 for one in told["inputs"])
    german, english = (desk.client.get(f"{address}?lang={lang}").json()["label"] for lang in
                       ("de", "en"))  # fmt: skip
    assert german != english
    problem(desk.client.get(f"/api/explain/{desk.full}/2030/happiness"), 404)
    problem(desk.client.get(f"{address}?level=block&area=nowhere"), 422)


def test_ranges_come_when_somebody_asks(desk: Desk) -> None:
    names = desk.context.engine
    assert not desk.client.get(f"/api/runs/{desk.full}").json()["ranges"]
    table = pd.DataFrame(
        {"low": [-1.0], "high": [2.0]},
        pd.MultiIndex.from_tuples(
            [("final_energy", 2030, "stock.set_point")], names=["indicator", "year", "assumption"]
        ),
    )
    names._spreads[desk.full] = names._spreads[desk.base] = table
    try:
        assert desk.client.get(f"/api/runs/{desk.full}").json()["ranges"]
        told = desk.client.get(f"/api/explain/{desk.full}/2030/final_energy").json()
        assert told["low"] == pytest.approx(told["value"] - 1)
        assert told["high"] == pytest.approx(told["value"] + 2)
        rows = rows_of(desk.client, f"/api/compare/{desk.full}/{desk.base}/2030")
        assert {row["holds"] for row in rows if row["indicator"] == "final_energy"} == {True}
    finally:
        names._spreads.clear()


def test_the_public_sees_today_but_nothing_private(desk: Desk) -> None:
    public = desk.as_public()
    assert public.get(f"/api/results/{desk.base}/2030").status_code == 200
    for address in (
        f"/api/results/{desk.full}/2030",
        f"/api/results/{desk.full}/2030/indicators",
        f"/api/compare/{desk.full}/{desk.base}/2030",
        f"/api/compare/{desk.base}/{desk.full}/2030",
        f"/api/explain/{desk.full}/2030/final_energy",
        f"/api/runs/{desk.full}",
    ):
        assert problem(public.get(address), 404)["type"].endswith("unknown-run")
    problem(public.post("/api/runs", json={"content": content()}), 401)
    problem(public.post("/api/runs", json={"measure": {}}), 401)
    problem(public.post(f"/api/runs/{desk.base}/ranges"), 401)


def test_the_public_gets_no_figures_of_small_blocks(desk: Desk) -> None:
    address = f"/api/results/{desk.base}/2030/indicators?level=block&limit=20000"
    whole = rows_of(desk.client, address)
    public = rows_of(desk.as_public(), address)
    assert len(whole) == len(public)
    away = {row["area"] for row in public if row["withheld"]}
    assert away
    assert all(row["value"] is None for row in public if row["area"] in away)
    assert all(row["value"] is not None for row in whole)
    area = sorted(away)[0]
    told = desk.client.get(f"/api/explain/{desk.base}/2030/heat_demand?level=block&area={area}")
    assert told.json()["value"] is None
    assert told.json()["withheld"]
    assert told.json()["inputs"] == []
    rows = rows_of(desk.client, f"/api/compare/{desk.base}/{desk.base}/2030?level=block&limit=9999")
    names = ("before", "after", "change", "percent", "low", "high", "holds")
    hidden = [row for row in rows if row["area"] in away]
    assert hidden
    assert all(row[name] is None for row in hidden for name in names)


def test_buildings_of_the_summary_are_those_of_the_city(desk: Desk) -> None:
    told = desk.client.get(f"/api/results/{desk.full}/2030").json()
    assert told["buildings"] == len(small_town().buildings)
    assert told["measures"] == 3
