"""The city over the API: pages of features, boxes, what the public does not get."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
import shapely

from dash_app.workspace.privacy import SENSITIVE
from tests.dash_app.api.conftest import problem
from tests.small_town import small_town
from twin.schema import TABLES

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from tests.dash_app.api.conftest import Desk

CITY = small_town()


def test_the_city_tells_what_it_is(client: TestClient) -> None:
    (city,) = client.get("/api/cities").json()["cities"]
    assert city == client.get(f"/api/cities/{CITY.hash}").json()
    assert city["rows"]["buildings"] == len(CITY.buildings)
    west, south, east, north = city["bounds"]
    x, y = CITY.buildings.geometry.iloc[0].centroid.coords[0]
    lon, lat = shapely.get_coordinates(
        CITY.buildings.geometry.iloc[[0]].centroid.to_crs("EPSG:4326").to_numpy()
    )[0]
    assert west <= lon <= east
    assert south <= lat <= north
    assert x > 100_000 < y


def test_another_city_is_not_here(client: TestClient) -> None:
    problem(client.get("/api/cities/0123"), 404)


def test_pages_give_every_row_once(client: TestClient) -> None:
    found, address = [], "/api/layers/streets?limit=100"
    while address:
        page = client.get(address).json()
        assert page["numberReturned"] == len(page["features"])
        found += [feature["id"] for feature in page["features"]]
        address = page["next"]
    assert found == [str(key) for key in CITY.streets.index]
    assert page["numberMatched"] == len(found)


def test_every_table_can_be_read(client: TestClient) -> None:
    layers = client.get("/api/layers").json()["layers"]
    assert [layer["name"] for layer in layers] == [name for name in TABLES if name in CITY.tables]
    for layer in layers:
        page = client.get(f"/api/layers/{layer['name']}", params={"limit": 3})
        assert page.status_code == 200, layer["name"]
        assert page.json()["numberMatched"] == layer["rows"]


def test_a_box_gives_what_touches_it(client: TestClient) -> None:
    frame = CITY.buildings.to_crs("EPSG:4326")
    west, south, east, north = frame.geometry.iloc[:5].total_bounds
    box = ",".join(f"{value:.9f}" for value in (west, south, east, north))
    page = client.get("/api/layers/buildings", params={"limit": 1000, "bbox": box}).json()
    ids = {feature["id"] for feature in page["features"]}
    inside = frame.index[frame.intersects(shapely.box(west, south, east, north))]
    assert set(map(str, inside)) <= ids
    assert len(ids) < len(CITY.buildings)
    assert len(ids) <= len(inside) + 15  # boxes of a turned projection are a little larger


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=1001", "offset=-1", "limit=x", "bbox=1,2,3", "bbox=8,50,7,51",
        "bbox=0,0,0,91", "bbox=nan,0,1,1", "bbox=1e5,0,1,1", "bbox=';--",
    ],
)  # fmt: skip
def test_nonsense_is_refused_in_words(client: TestClient, query: str) -> None:
    problem(client.get(f"/api/layers/buildings?{query}"), 422)


def test_a_box_elsewhere_is_empty_and_past_the_end_as_well(client: TestClient) -> None:
    for query in ("bbox=-60,-40,-59,-39", "offset=100000000", "bbox=-180,-90,180,90&offset=9999"):
        page = client.get(f"/api/layers/buildings?{query}").json()
        assert page["features"] == []
        assert page["next"] is None


def test_a_box_of_the_world_is_every_row(client: TestClient) -> None:
    page = client.get("/api/layers/buildings?bbox=6,49,9,52&limit=1").json()
    assert page["numberMatched"] == len(CITY.buildings)


def test_an_unknown_table_and_a_table_without_places(client: TestClient) -> None:
    problem(client.get("/api/layers/secrets"), 404)
    assert "bbox" in problem(client.get("/api/layers/weather?bbox=6,49,9,52"), 422)["detail"]


def test_values_are_those_of_the_table(client: TestClient) -> None:
    (feature,) = client.get("/api/layers/buildings?limit=1&offset=3").json()["features"]
    row = CITY.buildings.iloc[3]
    assert feature["id"] == row.name
    assert feature["properties"]["residents"] == pytest.approx(row["residents"])
    ring = feature["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    assert all(math.isfinite(value) for point in ring for value in point)


def test_the_public_gets_no_people_in_single_buildings(desk: Desk) -> None:
    public = desk.as_public()
    page = public.get("/api/layers/buildings?limit=1000").json()
    hidden = {*SENSITIVE["buildings"], "residents_source", "heating_source"}
    assert not [f["id"] for f in page["features"] if hidden & set(f["properties"])]
    layers = {layer["name"]: layer for layer in public.get("/api/layers").json()["layers"]}
    assert not hidden & {column["name"] for column in layers["buildings"]["columns"]}


def test_the_public_gets_no_counts_of_small_blocks(desk: Desk) -> None:
    whole = desk.client.get("/api/layers/blocks?limit=1000").json()["features"]
    public = desk.as_public().get("/api/layers/blocks?limit=1000").json()["features"]
    assert len(public) == len(whole)
    few = [one["properties"]["residents"] for one in public]
    assert None in few
    assert all(one["properties"]["residents"] is not None for one in whole)
