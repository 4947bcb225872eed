"""Sensors over the API: what is told to whom, in which words, and what is asked in vain."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

from tests.dash_app.api.conftest import problem
from tests.dash_app.sensing.conftest import sensed_town  # noqa: F401 - a fixture
from tests.dash_app.sensing.town import DEVICE, PLANNER, PUBLIC

if TYPE_CHECKING:
    from tests.dash_app.sensing.town import Town

ADDRESSES = (
    "/api/sensors", "/api/sensors/1", "/api/sensors/day", "/api/observations?step=hour",
    "/api/observations?format=csv", "/api/feeds", "/api/sensors?at=2026-11-22T12:00",
)  # fmt: skip


@pytest.fixture
def here(sensed_town: Town) -> Town:  # noqa: F811
    return sensed_town


def by_name(answer: dict[str, list[dict[str, object]]]) -> dict[str, dict[str, object]]:
    return {str(row["name"]): row for row in answer["sensors"]}


def test_a_sensor_says_value_age_and_state(here: Town) -> None:
    found = by_name(here.json("/api/sensors?lang=en"))
    warm = found["warm"]
    assert (warm["value"], warm["text"], warm["unit"]) == (31.0, "31\u202f°C", "Cel")
    assert (warm["at"], warm["local"]) == ("2026-11-22T14:20:00Z", "2026-11-22T15:20:00+01:00")
    assert warm["state"] == "alert"
    assert str(warm["words"]).startswith("alert: above 30\u202f°C")
    assert found["silent"]["state"] == "silent"
    assert found["silent"]["age_s"] == 900 * 60
    odd = found["=1+1 <script>alert(1)</script>"]
    assert (odd["state"], odd["flags"]) == ("flagged", ["range"])
    assert found["never"]["state"] == "silent"
    assert found["never"]["value"] is None
    assert found["segment"]["lon"] == pytest.approx(7.11)
    assert found["segment"]["line"] == [[[7.1, 50.8], [7.12, 50.8]]]
    # the interval of the segment has ended five minutes after its begin
    assert found["segment"]["age_s"] == 0


def test_as_it_stood_then(here: Town) -> None:
    then = by_name(here.json("/api/sensors?at=2026-11-22T12:03"))
    assert then["warm"]["at"] == "2026-11-22T11:00:00Z"
    assert then["warm"]["value"] == 20.0
    assert then["warm"]["state"] == "ok"
    assert then["Haus 3"]["state"] == "silent"
    assert here.json("/api/sensors?at=2001-01-01T00:00")["sensors"][0]["value"] is None


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_public_learns_nothing_of_what_is_inside(here: Town, address: str) -> None:
    text = here.get(address, PUBLIC).text
    for hidden in (DEVICE, "xyzzy", "town/", "Haus 3", '"hidden"', 'device":"'):
        assert hidden not in text, hidden
    assert "warm" in text or "feeds" in address or "/day" in address


def test_who_works_here_sees_everything(here: Town) -> None:
    mine, theirs = here.json("/api/sensors"), here.json("/api/sensors", PUBLIC)
    assert mine["total"] == 9
    assert set(by_name(mine)) - set(by_name(theirs)) == {"Haus 3", "hidden"}
    assert by_name(mine)["warm"]["inside"] == {
        "key": "town/warm", "source": "town", "device": DEVICE, "public": True,
    }  # fmt: skip
    number = here.number("hidden")
    problem(here.get(f"/api/sensors/{number}", PUBLIC), 404)
    problem(here.get(f"/api/observations?sensor={number}", PUBLIC), 404)
    assert here.json(f"/api/sensors/{number}")["value"] == 17.0


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("property=no2", {"hidden"}),
        ("q=SCRIPT", {"=1+1 <script>alert(1)</script>"}),
        ("bbox=7.149,50.8,7.1505,50.82", {"warm"}),
        ("numbers=1,2,999", {"warm", "people"}),
        ("q=%25", set()),
        ("limit=1&offset=1", {"people"}),
    ],
)
def test_filters(here: Town, query: str, names: set[str]) -> None:
    assert set(by_name(here.json(f"/api/sensors?{query}"))) == names


@pytest.mark.parametrize(
    "query",
    ["at=yesterday", "at=0001-01-01T00:00", "at=2026-11-22", "bbox=1,2,3", "bbox=nan,0,1,1",
     "bbox=9,50,7,51", "numbers=1;2", "numbers=-1", "limit=0"],
)  # fmt: skip
def test_what_cannot_be_read_is_named(here: Town, query: str) -> None:
    found = problem(here.get(f"/api/sensors?{query}"), 422)
    assert query.partition("=")[0] in json.dumps(found)


def test_nothing_new_is_told_shortly(here: Town) -> None:
    first = here.get("/api/sensors")
    again = here.get("/api/sensors", **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert here.get("/api/sensors", PUBLIC).headers["etag"] != first.headers["etag"]


def test_one_sensor_in_full(here: Town) -> None:
    found = here.json("/api/sensors/1?lang=en")
    assert (found["first"], found["last"]) == ("2026-11-21T12:25:00Z", "2026-11-22T14:20:00Z")
    assert (found["low"], found["high"], found["licence"]) == (-45.0, 50.0, "CC BY 4.0")
    assert found["range_text"] == "−45 to 50\u202f°C"
    assert found["rule"] == ""
    people = here.number("people")
    assert "multiples of 5" in here.get(f"/api/sensors/{people}?lang=en", PUBLIC).json()["rule"]


def test_values_by_page(here: Town) -> None:
    path = "/api/observations?sensor=1&since=2026-11-22T13:00Z&until=2026-11-22T14:00Z"
    found = here.json(path + "&limit=5&offset=10")
    assert found["total"] == 12
    assert [row["time"] for row in found["observations"]] == [
        "2026-11-22T13:50:00Z", "2026-11-22T13:55:00Z",
    ]  # fmt: skip
    assert found["observations"][0]["local"] == "2026-11-22T14:50:00+01:00"
    hour = here.json(path + "&step=hour")["observations"]
    assert [(row["value"], row["count"]) for row in hour] == [(20.0, 12)]


def test_as_csv_no_name_is_computed(here: Town) -> None:
    number = here.number("odd")
    by_accept = here.get(f"/api/observations?sensor={number}", accept="text/csv")
    by_name_ = here.get(f"/api/observations?sensor={number}&format=csv")
    assert by_accept.text == by_name_.text
    assert by_accept.headers["content-type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(by_accept.text))
    assert row["name"] == "'=1+1 <script>alert(1)</script>"
    assert float(row["value"]) == -3.5
    assert (row["time"], row["flags"]) == ("2026-11-22T14:10:00Z", "range")


def test_too_much_at_once_is_refused(here: Town) -> None:
    from dash_app.api.observations import check_size  # noqa: PLC0415
    from dash_app.sensing.moments import EARLIEST, LATEST  # noqa: PLC0415
    from twin.errors import ModelError  # noqa: PLC0415

    streams = here.context.sensing.streams(PLANNER)
    check_size(streams, EARLIEST, LATEST, "raw")
    many = dict.fromkeys(range(4000), streams[1])
    check_size(many, EARLIEST, LATEST, "hour")
    with pytest.raises(ModelError, match="at once"):
        check_size(many, EARLIEST, LATEST, "raw")


def test_feeds_tell_the_public_names_and_states_alone(here: Town) -> None:
    from layers.sensors.records import Delivery, Refusal  # noqa: PLC0415
    from twin.sentences import say  # noqa: PLC0415

    refused = (Refusal("town", "not_json", f"message of {DEVICE}"),) * 2
    store = here.store.observations
    store.write([Delivery("town", refused=refused), Delivery("bare")])
    store.set_state("town", "waiting", say("The request is no JSON."))
    (feed,) = here.json("/api/feeds?lang=en", PUBLIC)["feeds"]
    assert (feed["name"], feed["state"], feed["refused"], feed["why"]) == (
        "town",
        "waiting",
        [],
        "",
    )
    bare, mine = here.json("/api/feeds?lang=en")["feeds"]
    assert (bare["name"], mine["why"]) == ("bare", "The request is no JSON.")
    assert [(one["reason"], one["count"]) for one in mine["refused"]] == [("not_json", 2)]


def test_a_town_without_sensors_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    from tests.dash_app.sensing.town import town  # noqa: PLC0415

    empty = town(tmp_path_factory.mktemp("empty"), (), ())
    for path in ("/api/sensors", "/api/observations", "/api/feeds"):
        assert empty.json(f"{path}?lang=en")["note"] == "No sensors are connected to this city yet."
    assert empty.json("/api/sensors/day")["numbers"] == []
    empty.context.engine.close()
    empty.store.close()
