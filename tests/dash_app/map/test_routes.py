from __future__ import annotations

import gzip
import json

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from dash_app.map.binary import unpack
from dash_app.map.routes import bundle_router, bundle_url, index_url, map_router
from tests.conftest import make_toy_city


@pytest.fixture(scope="module")
def client():
    city = make_toy_city()
    app = FastAPI()
    app.include_router(map_router(city))
    app.include_router(bundle_router())
    with TestClient(app) as client:
        yield client


@pytest.fixture(scope="module")
def index(client):
    return client.get(index_url(make_toy_city())).json()


def test_the_index_names_what_there_is(client, index):
    assert index["name"] == "Toytown"
    assert index["attribution"] == ["made up for tests"]
    assert index["rows"]["buildings"] == 3
    assert sum(tile["count"] for tile in index["tiles"]["buildings"]) == 3
    assert {"light", "dark"} <= set(index["style"]["scene"])
    assert -90 < index["camera"]["lat"] < 90


def test_every_tile_of_the_index_can_be_had(client, index):
    for group, kinds in (
        ("buildings", ("near", "far")),
        ("ground", ("ground",)),
        ("trees", ("trees",)),
    ):
        for tile in index["tiles"][group]:
            for kind in kinds:
                answer = client.get(f"{index['root']}/{kind}/{tile['key']}")
                assert answer.headers["content-type"] == "application/octet-stream"
                assert unpack(answer.content)[0]["columns"]


def test_answers_are_compressed_immutable_and_known_again(client):
    answer = client.get(index_url(make_toy_city()))
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    again = client.get(
        index_url(make_toy_city()), headers={"If-None-Match": answer.headers["etag"]}
    )
    assert again.status_code == 304
    assert again.content == b""


def test_a_client_without_gzip_gets_plain_bytes(client):
    answer = client.get(index_url(make_toy_city()), headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in answer.headers
    assert json.loads(answer.content)["name"] == "Toytown"


@pytest.mark.parametrize(
    "part",
    [
        "near/1_1", "far/x", "ground/1_1", "trees/1_1", "column/buildings/beauty",
        "column/castles/height_m", "column/buildings/geometry", "feature/buildings/99",
        "feature/buildings/-1", "feature/turns/0", "ids/castles", "find/buildings/b99", "nothing",
    ],
)  # fmt: skip
def test_what_is_not_there_is_404_in_json(client, index, part):
    answer = client.get(f"{index['root']}/{part}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"


def test_keys_with_slashes_and_colons_are_found(client, index):
    found = client.get(f"{index['root']}/find/streets/w1:0:f").json()
    assert (found["id"], found["label"], found["row"]) == ("w1:0:f", "Am Bach", 1)
    assert client.get(f"{index['root']}/feature/streets/1").json() == found


def test_a_column(client, index):
    answer = client.get(f"{index['root']}/column/buildings/height_m")
    assert unpack(answer.content)[1]["value"].tolist() == [6.0, 9.0, 12.0]


def test_another_city_has_another_address():
    city = make_toy_city()
    taller = city.replace(buildings=city.buildings.assign(height_m=20.0))
    assert index_url(city) == index_url(make_toy_city())
    assert index_url(city) != index_url(taller)


def test_the_bundle_is_deck_of_the_installed_wheel(client):
    answer = client.get(bundle_url())
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["content-encoding"] == "gzip"
    assert "sourceMappingURL" not in answer.text[-200:]
    assert len(gzip.compress(answer.content, 6)) < 1_300_000
