"""Scenarios over the API: made, edited, undone, shared; conflicts, faults, what the public gets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.dash_app.api.conftest import PLANNER, content, problem
from twin.scenario import load_scenario

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from tests.dash_app.api.conftest import Desk

PV = {"kind": "photovoltaics", "id": "more", "start_year": 2028}


def post(client: TestClient, address: str, body: Any, status: int = 200) -> dict[str, Any]:
    answer = client.post(f"/api/scenarios{address}", json=body)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def edit(client: TestClient, one: str, version: int, change: dict[str, Any]) -> dict[str, Any]:
    return post(client, f"/{one}/edits", {"expected_version": version, "edit": change})


def test_a_scenario_from_a_file_is_what_the_file_says(client: TestClient, scenario_id: str) -> None:
    found = client.get(f"/api/scenarios/{scenario_id}").json()
    assert found["name"] == "Warm walls"
    assert found["author"] == "Ada"
    made = load_scenario(found["content"])
    assert made.measures == load_scenario(content()).measures
    assert found["hash"] == made.hash
    listed = client.get("/api/scenarios").json()["scenarios"]
    assert [one["version"] for one in listed if one["id"] == scenario_id] == [1]


def test_the_ways_to_begin(client: TestClient, scenario_id: str) -> None:
    empty = post(client, "", {"name": "Leer"}, 201)
    assert empty["content"]["measures"] == []
    copy = post(client, "", {"name": "B", "duplicate_of": scenario_id}, 201)
    assert copy["hash"] == client.get(f"/api/scenarios/{scenario_id}").json()["hash"]
    examples = client.get("/api/templates").json()["templates"]
    assert examples
    made = post(client, "", {"template": examples[0]["key"]}, 201)
    assert made["name"] == examples[0]["name"]
    problem(client.post("/api/scenarios", json={"template": "nothing"}), 422)
    problem(client.post("/api/scenarios", json={"duplicate_of": "nothing"}), 404)
    elsewhere = content(baseline={"hash": "0" * 32, "name": "Entenhausen"})
    told = problem(client.post("/api/scenarios", json={"content": elsewhere}), 422)
    assert "Entenhausen" in told["detail"]
    assert post(client, "", {"content": elsewhere, "rebase": True}, 201)["name"] == "Warm walls"


def test_a_file_goes_out_and_comes_in_again(client: TestClient) -> None:
    name = 'Schönes "Dorf" <script>/../ 100 %'
    made = post(client, "", {"content": content(), "name": name}, 201)
    answer = client.get(f"/api/scenarios/{made['id']}/file")
    header = answer.headers["content-disposition"]
    assert header.startswith('attachment; filename="Sch-nes-Dorf-script-100.json"')
    assert header.isascii()
    back = post(client, "", {"content": answer.json()}, 201)
    assert (back["hash"], back["name"]) == (made["hash"], name)


def test_edit_undo_redo_are_bit_identical(client: TestClient, scenario_id: str) -> None:
    first = client.get(f"/api/scenarios/{scenario_id}").json()
    added = edit(client, scenario_id, 1, {"do": "add_measure", "measure": PV})
    assert (added["version"], added["undo"], added["redo"]) == (2, 1, None)
    assert added["message"]
    assert added["hash"] != first["hash"]
    undone = post(client, f"/{scenario_id}/undo", {"expected_version": 2})
    assert (undone["version"], undone["hash"], undone["redo"]) == (1, first["hash"], 2)
    assert added["message"] in undone["message"]
    again = post(client, f"/{scenario_id}/redo", {"expected_version": 1})
    assert (again["version"], again["hash"]) == (2, added["hash"])
    there = post(client, f"/{scenario_id}/go_to", {"expected_version": 2, "number": 1})
    assert there["hash"] == first["hash"]
    kept = post(client, f"/{scenario_id}/keep", {"expected_version": 1, "name": "Für den Rat"})
    assert "Für den Rat" in kept["message"]
    steps = client.get(f"/api/scenarios/{scenario_id}/versions").json()["versions"]
    assert [(s["number"], s["kept_as"], s["is_head"]) for s in steps] == [
        (1, "Für den Rat", True), (2, "", False),
    ]  # fmt: skip
    old = client.get(f"/api/scenarios/{scenario_id}?version=2").json()
    assert old["hash"] == added["hash"]
    problem(client.post(f"/api/scenarios/{scenario_id}/undo", json={"expected_version": 1}), 422)


def test_two_who_edit_see_both_sides(client: TestClient, scenario_id: str) -> None:
    edit(client, scenario_id, 1, {"do": "rename", "name": "Theirs"})
    body = {"expected_version": 1, "edit": {"do": "add_measure", "measure": PV}}
    answer = client.post(f"/api/scenarios/{scenario_id}/edits", json=body)
    told = problem(answer, 409)
    assert told["type"].endswith(":conflict")
    assert (told["base"]["number"], told["theirs"]["number"]) == (1, 2)
    assert told["theirs"]["name"] == "Theirs"
    assert told["mine"]["number"] is None
    assert [m["id"] for m in told["mine"]["content"]["measures"]][-1] == "more"
    assert len(told["difference"]["theirs"]) == len(told["difference"]["mine"]) == 1
    assert told["moved"]["author"] == "Ada"
    late = client.post(f"/api/scenarios/{scenario_id}/undo", json={"expected_version": 1})
    assert problem(late, 409)["mine"] is None
    assert client.get(f"/api/scenarios/{scenario_id}").json()["version"] == 2


@pytest.mark.parametrize(
    ("change", "places"),
    [
        ({"do": "fly"}, 1),
        ({"do": "rename"}, 1),
        ({"do": "rename", "name": "x" * 201}, 1),
        ({"do": "move_measure", "id": "walls", "place": -1, "more": 1}, 2),
        ({"do": "add_measure", "measure": {"kind": "retrofit", "id": "?"}}, 1),
        ({"do": "set_enabled", "id": "nobody", "enabled": False}, 0),
        ({"do": "set_stages", "stages": [2030, 2025]}, 1),
    ],
)
def test_edits_that_do_not_fit_are_refused_in_words(
    client: TestClient, scenario_id: str, change: dict[str, Any], places: int
) -> None:
    body = {"expected_version": 1, "edit": change}
    told = problem(client.post(f"/api/scenarios/{scenario_id}/edits", json=body), 422)
    assert len(told["faults"]) >= places
    assert client.get(f"/api/scenarios/{scenario_id}").json()["version"] == 1


def test_names_are_only_text(client: TestClient) -> None:
    name = "<img src=x onerror=alert(1)>\n{jinja} %s \\u0000"
    made = post(client, "", {"name": name}, 201)
    answer = client.get(f"/api/scenarios/{made['id']}")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["name"] == " ".join(name.split())
    assert "\x00" not in post(client, "", {"name": "a\x00b"}, 201)["name"]


def test_published_for_all_and_taken_back(desk: Desk, scenario_id: str) -> None:
    address = f"/api/scenarios/{scenario_id}"
    public = desk.as_public()
    problem(public.get(address), 404)
    desk.viewer = PLANNER
    assert desk.client.patch(address, json={"public": True}).json()["public"]
    public = desk.as_public()
    assert public.get(address).json()["name"] == "Warm walls"
    told = desk.run(scenario=scenario_id, year=2030)
    assert 2030 in told["years"]
    assert public.get(f"/api/results/{told['hash']}/2030/indicators").status_code == 200
    assert scenario_id in public.get("/api/scenarios").text
    desk.viewer = PLANNER
    desk.client.patch(address, json={"public": False})
    problem(desk.as_public().get(f"/api/results/{told['hash']}/2030/indicators"), 404)


def test_the_public_changes_nothing(desk: Desk, scenario_id: str) -> None:
    client = desk.client
    client.patch(f"/api/scenarios/{scenario_id}", json={"public": True})
    public = desk.as_public()
    body = {"expected_version": 1, "edit": {"do": "rename", "name": "x"}}
    for answer in (
        public.post("/api/scenarios", json={"name": "x"}),
        public.post(f"/api/scenarios/{scenario_id}/edits", json=body),
        public.post(f"/api/scenarios/{scenario_id}/undo", json={"expected_version": 1}),
        public.patch(f"/api/scenarios/{scenario_id}", json={"public": False}),
        public.delete(f"/api/scenarios/{scenario_id}"),
        public.put("/api/targets/ghg/2045", json={"value": 1}),
        public.post("/api/preview", json={"measure": PV}),
        public.post("/api/select", json={"table": "buildings"}),
    ):
        problem(answer, 401)
    assert public.get(f"/api/scenarios/{scenario_id}").json()["version"] == 1


def test_what_another_site_sends_changes_nothing(client: TestClient, scenario_id: str) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}):
        body = {"expected_version": 1, "edit": {"do": "rename", "name": "x"}}
        address = f"/api/scenarios/{scenario_id}/edits"
        problem(client.post(address, json=body, headers=headers), 403)


def test_deleted_is_said_and_can_be_taken_back(client: TestClient, scenario_id: str) -> None:
    address = f"/api/scenarios/{scenario_id}"
    assert client.delete(address).status_code == 204
    problem(client.get(address), 410)
    problem(client.post("/api/runs", json={"scenario": scenario_id}), 410)
    assert scenario_id not in client.get("/api/scenarios").text
    assert scenario_id in client.get("/api/scenarios?archived=true").text
    assert client.patch(address, json={"archived": False}).status_code == 200
    assert client.get(address).status_code == 200
    problem(client.get("/api/scenarios/0123abc"), 404)


def test_targets_of_the_town(client: TestClient) -> None:
    told = client.put("/api/targets/final_energy/2045", json={"value": 900.5}).json()
    assert told["targets"]["final_energy"] == {"2045": 900.5}
    assert client.get("/api/targets").json() == told
    for value in ("much", 1e300, None):
        answer = client.put("/api/targets/final_energy/2045", json={"value": value})
        assert answer.status_code == (200 if value is None else 422)
    assert client.get("/api/targets").json()["targets"] == {}
    problem(client.put("/api/targets/happiness/2045", json={"value": 1}), 422)


def test_others_are_told_of_changes(desk: Desk, scenario_id: str) -> None:
    heard: list[Any] = []
    news = desk.context.news
    tell, news.tell = news.tell, lambda name, **data: heard.append((name, data))  # type: ignore[method-assign]
    try:
        edit(desk.client, scenario_id, 1, {"do": "rename", "name": "Neu"})
    finally:
        news.tell = tell  # type: ignore[method-assign]
    (data,) = [data for name, data in heard if name == "scenario"]
    assert (data["id"], data["version"], data["author"]) == (scenario_id, 2, "Ada")
    json.dumps(data)


def test_a_draft_is_looked_at_before_it_counts(client: TestClient, scenario_id: str) -> None:
    body = {"scenario": scenario_id, "measure": PV, "year": 2030}
    told = client.post("/api/preview", json=body).json()
    assert told["valid"]
    assert told["count"] == len(told["ids"]) > 0
    wrong = {**body, "measure": {**PV, "start_year": "soon"}}
    told = client.post("/api/preview", json=wrong).json()
    assert not told["valid"]
    assert [p["field"] for p in told["problems"]] == ["start_year"]


def test_a_lasso_and_a_chain(client: TestClient) -> None:
    west, south, east, north = client.get("/api/cities").json()["cities"][0]["bounds"]
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    area = {"type": "Polygon", "coordinates": [ring]}
    told = client.post("/api/select", json={"table": "buildings", "area": area}).json()
    every = client.get("/api/layers/buildings?limit=1").json()["numberMatched"]
    assert told["count"] == every
    assert told["residents"] > 0
    streets = client.get("/api/layers/streets?limit=1000").json()["features"]
    ends = [streets[0]["geometry"]["coordinates"][0], streets[9]["geometry"]["coordinates"][0]]
    told = client.post("/api/chain", json={"from": ends[0], "to": ends[1]}).json()
    lengths = {one["id"]: one["properties"]["length_m"] for one in streets}
    assert told["length_m"] == pytest.approx(sum(lengths[one] for one in told["ids"]))
    problem(client.post("/api/chain", json={"from": [0, 0], "to": [1, 1]}), 422)
    problem(client.post("/api/chain", json={"from": [1e9, 0], "to": ["x"]}), 422)
    problem(client.post("/api/select", json={"table": "buildings", "area": {"type": "Dot"}}), 422)
    problem(client.post("/api/select", json={"table": "people"}), 422)


def test_times_without_observations_and_what_is_not_there_are_told(
    client: TestClient,
) -> None:
    told = client.get(
        "/api/observations?since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z"
    ).json()
    assert (told["total"], told["observations"]) == (0, [])
    problem(client.get("/api/observations?since=yesterday"), 422)
    problem(client.get("/api/nothing/here"), 404)
    answer = client.put("/api/scenarios")
    problem(answer, 405)
    assert answer.headers["allow"] == "GET, POST"


@pytest.mark.parametrize(("header", "word"), [("de", "Nicht"), ("en-GB", "Not")])
def test_faults_are_told_in_the_language_of_the_reader(
    client: TestClient, header: str, word: str
) -> None:
    answer = client.get("/api/nothing", headers={"Accept-Language": header})
    assert answer.headers["content-language"] == header[:2]
    assert answer.json()["title"].startswith(word)
