"""Columns, scales, scenes, ways and flows over HTTP, for planners and for everybody."""

from __future__ import annotations

import gzip
import re

import numpy as np
import pytest

from dash_app.map.binary import unpack
from dash_app.settings import Settings
from dash_app.views import VIEWS, values
from dash_app.workspace.privacy import withheld
from tests.small_town import small_town

FINE = [name for name, view in VIEWS.items() if view.fine]


def column(client, hash_, view, **query):
    answer = client.get(f"/api/views/{hash_}/2030/{view}", params=query)
    assert answer.status_code == 200, answer.text
    return unpack(answer.content)


def ends(client) -> tuple[str, str]:
    """Return two places in the town."""
    west, south, east, north = client.get("/api/cities").json()["cities"][0]["bounds"]
    low, high = ((west + (east - west) * f, south + (north - south) * f) for f in (0.4, 0.6))
    return ",".join(f"{x:.5f}" for x in low), ",".join(f"{x:.5f}" for x in high)


def test_the_list_has_what_a_viewer_may_see_in_their_language(desk):
    german = desk.client.get("/api/views?lang=de").json()["views"]
    assert {view["name"] for view in german} == set(VIEWS)
    carrier = next(view for view in german if view["name"] == "age_class")
    assert carrier["words"]["1949_1968"] == "1949–1968"
    public = desk.as_public().get("/api/views?lang=en").json()["views"]
    assert {view["name"] for view in public} == set(VIEWS) - set(FINE)


def test_a_column_is_the_view(desk):
    city = small_town()
    found = desk.context.engine.peek(desk.full).years[2030]
    for name in ("heat_density", "car_flow", "heat_demand_building"):
        _, packed = column(desk.client, desk.full, name)
        expected = values(VIEWS[name], found, city).to_numpy(np.float32)
        np.testing.assert_array_equal(packed["value"], expected)
        assert not packed["withheld"].any()


def test_a_difference_is_one_less_the_other(desk):
    one, other = (
        column(desk.client, key, "heat_density")[1]["value"] for key in (desk.full, desk.base)
    )
    _, packed = column(desk.client, desk.full, "heat_density", minus=desk.base)
    np.testing.assert_allclose(packed["value"], one - other, rtol=1e-4, atol=1e-3)
    assert (packed["value"] < 0).any()


def test_an_hour_of_traffic_is_less_than_the_day(desk):
    day = column(desk.client, desk.full, "car_flow")[1]["value"]
    hour = column(desk.client, desk.full, "car_flow", hour=7)[1]["value"]
    assert 0 < np.nansum(hour) < np.nansum(day)


def test_everybody_sees_blocks_but_not_those_of_few_addresses(desk):
    away = withheld(small_town(), "blocks", Settings()).to_numpy()
    client = desk.as_public()
    for query in ({}, {"minus": desk.base}):
        _, packed = column(client, desk.base, "heat_density", **query)
        assert packed["withheld"].astype(bool).tolist() == away.tolist()
        assert np.isnan(packed["value"][away]).all()
        assert not np.isnan(packed["value"][~away]).any()


@pytest.mark.parametrize("view", FINE)
def test_nobody_else_sees_single_buildings(desk, view):
    client = desk.as_public()
    for address in (
        f"/api/views/{desk.base}/2030/{view}",
        f"/api/scales/{view}?of={desk.base}&year=2030",
    ):
        answer = client.get(address)
        assert answer.status_code == 403
        assert "Baublock" in answer.json()["detail"]


def test_scales_for_everybody_do_not_say_what_is_withheld(desk):
    address = f"/api/scales/heat_density?of={desk.base}&year=2030"
    full, seen = desk.client.get(address).json(), desk.as_public().get(address).json()
    away = withheld(small_town(), "blocks", Settings()).sum()
    assert seen["missing"] == full["missing"] + away
    _, packed = column(desk.client, desk.base, "heat_density")
    shown = packed["value"][~withheld(small_town(), "blocks", Settings()).to_numpy()]
    assert seen["low"] == pytest.approx(float(np.nanmin(shown)), rel=1e-5)
    assert seen["high"] == pytest.approx(float(np.nanmax(shown)), rel=1e-5)


def test_one_scale_serves_all_sides(desk):
    both = f"{desk.base},{desk.full}"
    scale = desk.client.get(f"/api/scales/heat_demand_m2?of={both}&year=2030&theme=dark").json()
    again = desk.client.get(
        f"/api/scales/heat_demand_m2?of={desk.full}&year=2030&theme=dark"
    ).json()
    assert scale["breaks"] == again["breaks"]
    assert len(scale["colours"]) == len(scale["breaks"]) + 1
    change = desk.client.get(
        f"/api/scales/heat_demand_m2?of={desk.full}&year=2030&minus={desk.base}"
    ).json()
    assert [-b for b in reversed(change["breaks"])] == change["breaks"]


def test_answers_may_be_kept_but_not_by_others(desk):
    address = f"/api/views/{desk.full}/2030/heat_density"
    first = desk.client.get(address)
    assert "private" in first.headers["cache-control"]
    again = desk.client.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "immutable" in desk.client.get(address + "?v=1").headers["cache-control"]
    plain = desk.client.get(address, headers={"Accept-Encoding": "identity"})
    assert plain.content == first.content
    assert first.headers["content-encoding"] == "gzip"
    assert len(gzip.compress(plain.content)) < len(plain.content) * 2


@pytest.mark.parametrize(
    "address",
    ["/api/views/{hash}/2030/nonsense", "/api/views/{none}/2030/heat_density",
     "/api/scales/nonsense?of={hash}&year=2030", "/api/scene/{none}/2030",
     "/api/flow/{none}/2030?street=x"],
)  # fmt: skip
def test_what_is_not_there_is_told_in_a_sentence(desk, address):
    answer = desk.client.get(address.format(hash=desk.full, none="0" * 16))
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "address",
    ["/api/views/{hash}/2030/heat_density?hour=24", "/api/views/{hash}/2030/heat_density?minus=x",
     "/api/reach?at=here&run={hash}&year=2030", "/api/reach?at=400,95&run={hash}&year=2030",
     "/api/reach?at=8,50&run={hash}&year=2030&minutes=0",
     "/api/reach?at=8,50&run={hash}&year=2030&minutes=1,2,3,4,5",
     "/api/reach?at=8,50&run={hash}&year=2030&minutes=500",
     "/api/trip?from=8,50&to=9,51&run={hash}&year=2030",
     "/api/flow/{hash}/2030?street=nonsense", "/api/views/{hash}/2031/heat_density"],
)  # fmt: skip
def test_nonsense_is_refused_in_a_sentence(desk, address):
    answer = desk.client.get(address.format(hash=desk.full))
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_a_scene_of_today_is_empty(desk):
    told = desk.client.get(f"/api/scene/{desk.base}/2030").json()
    assert told["links"] == told["buildings"] == told["pipes"] == []


def test_more_is_reached_in_more_minutes(desk):
    start, _ = ends(desk.client)
    query = {"at": start, "run": desk.full, "other": desk.base, "year": 2030, "minutes": "3,6,12"}
    for mode in ("walk", "bike", "car"):
        bands = desk.client.get("/api/reach", params={**query, "mode": mode}).json()["bands"]
        lived = [band["residents"] for band in bands]
        assert lived == sorted(lived)
        assert all(band["rings"] for band in bands)
        assert [band["other_residents"] for band in bands] == lived  # walls and roofs move nobody
        assert "jobs" not in bands[0]["facilities"]


def test_without_a_timetable_nobody_rides(desk):
    start, _ = ends(desk.client)
    query = {"at": start, "run": desk.full, "year": 2030, "mode": "transit"}
    answer = desk.client.get("/api/reach", params=query)
    assert answer.status_code == 422
    assert "Fahrplan" in answer.json()["detail"] or "timetable" in answer.json()["detail"]


def test_everybody_reaches_as_many_as_blocks_say(desk):
    start, _ = ends(desk.client)
    query = {"at": start, "run": desk.base, "year": 2030, "minutes": "60", "mode": "walk"}
    whole = desk.client.get("/api/reach", params=query).json()["bands"][0]["residents"]
    coarse = desk.as_public().get("/api/reach", params=query).json()["bands"][0]["residents"]
    assert coarse == pytest.approx(whole, rel=0.1)


def test_a_trip_is_told_for_each_mode_and_compared(desk):
    start, end = ends(desk.client)
    query = {
        "from": start,
        "to": end,
        "run": desk.full,
        "other": desk.base,
        "year": 2030,
        "lang": "en",
    }
    options = desk.client.get("/api/trip", params=query).json()["options"]
    assert [option["mode"] for option in options] == ["walk", "bike", "car"]
    walk, bike = options[0], options[1]
    assert walk["minutes"] > bike["minutes"] > 0
    assert walk["words"].endswith("min, as before")
    assert len(walk["paths"][0]) >= 2


def test_who_drives_over_a_street_is_the_traffic_on_it(desk):
    city = small_town()
    flow = values(VIEWS["car_flow"], desk.context.engine.peek(desk.full).years[2030], city)
    street = str(flow.idxmax())
    told = desk.client.get(f"/api/flow/{desk.full}/2030", params={"street": street}).json()
    assert told["vehicles"] == pytest.approx(flow.max(), rel=0.02)
    assert sum(zone["vehicles"] for zone in told["origins"]) <= told["vehicles"] * 1.001
    _, packed = unpack(desk.client.get(told["column"]).content)
    place = city.streets.index.get_loc(street)
    assert packed["value"][place] == pytest.approx(flow.max(), rel=0.02)
    assert (packed["value"][~np.isnan(packed["value"])] <= flow.max() * 1.02).all()


def test_one_building_is_told_to_planners_only(desk):
    found = desk.context.engine.peek(desk.full).years[2030]
    building = str(found.buildings.index[found.buildings["heated_area_m2"] > 0][0])
    address = f"/api/building/{desk.full}/2030"
    query = {"id": building, "other": desk.base, "lang": "en"}
    told = desk.client.get(address, params=query).json()
    heat = told["figures"][0]
    row = found.buildings.loc[building]
    assert heat["value"] == pytest.approx(row["space_kwh"] + row["hot_water_kwh"], rel=1e-4)
    assert heat["before"] > heat["value"]
    assert re.fullmatch(r"[\d,.]+\s*kWh/a less", heat["words"])
    assert desk.client.get(address, params={"id": "nobody"}).status_code == 404
    assert desk.as_public().get(address, params=query).status_code == 403


def test_a_run_that_is_not_published_is_not_there_for_everybody(desk):
    client = desk.as_public()
    start, end = ends(client)
    for address in (
        f"/api/views/{desk.full}/2030/heat_density", f"/api/scene/{desk.full}/2030",
        f"/api/reach?at={start}&run={desk.full}&year=2030",
        f"/api/trip?from={start}&to={end}&run={desk.full}&year=2030",
        f"/api/flow/{desk.full}/2030?street=x",
        f"/api/scales/heat_density?of={desk.full}&year=2030",
        f"/api/views/{desk.base}/2030/heat_density?minus={desk.full}",
    ):  # fmt: skip
        assert client.get(address).status_code == 404
