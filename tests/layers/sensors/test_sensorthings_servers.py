"""What servers do differently, and what goes wrong at them."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from itertools import pairwise

import pytest

from layers.sensors.records import Refusal
from tests.layers.sensors.feeding import eventually
from tests.layers.sensors.mosquitto import Broker
from tests.layers.sensors.sta_reading import Kept, ms, read, source
from tests.layers.sensors.sta_server import Served, World
from tests.layers.sensors.sta_worlds import BEGIN, OM, bern, made_network, made_series, stamp
from twin.errors import SourceError

POINT = {"type": "Point", "coordinates": [7.15, 50.81]}


@pytest.fixture(scope="module")
def served():
    server = Served()
    yield server
    server.close()


@pytest.fixture(scope="module")
def other():
    """Give another server, which nobody must ask."""
    server = Served()
    yield server
    server.close()


def stream(ident=1, name="Lufttemperatur", unit="°C", **more):
    """Give a Datastream with all that belongs to it."""
    return {
        "@iot.id": ident, "name": f"{name} {ident}", "observationType": f"{OM}Measurement",
        "unitOfMeasurement": {"name": "", "symbol": unit, "definition": ""},
        "ObservedProperty": {"name": name, "definition": ""},
        "Thing": {"@iot.id": ident, "name": f"Mast {ident}", "Locations": [{"location": POINT}]},
        **more,
    }  # fmt: skip


def rows(results, minutes=10, late=0, first=0):
    """Give observations; `late`: minutes until a result is told."""
    wait = timedelta(minutes=late)
    times = [BEGIN + timedelta(minutes=minutes * (first + n)) for n in range(len(results))]
    return [
        {"phenomenonTime": stamp(at), "resultTime": stamp(at + wait), "result": result}
        for at, result in zip(times, results, strict=True)
    ]


def world(streams=None, observations=None, **more):
    """Give a world of some datastreams."""
    found = streams if streams is not None else [stream()]
    given = observations if observations is not None else {"1": rows(range(60))}
    kept = {("Datastreams", ident): list(values) for ident, values in given.items()}
    return World(entities={"Things": [], "Datastreams": found}, observations=kept, **more)


def values(kept, key="sta/1"):
    return [value for _, value in kept.of(key)]


@pytest.mark.parametrize(
    "given",
    [
        {"version": "v1.0"},
        {"cannot": {"resultFormat"}},
        {"cannot": {"resultFormat", "select", "orderby"}},
        {"cannot": {"resultFormat", "select", "orderby", "filter", "expand"}},
        {"ignores": {"resultFormat", "@iot.count"}},
        {"ignores": {"filter"}},
        {"ignores": {"orderby", "filter", "select"}},
        {"ignores": {"nextLink"}},
        {"ignores": {"nextLink", "@iot.count", "resultFormat"}, "most": 25},
        {"next_relative": True},
        {"next_host": "inner.example:8080"},
    ],
    ids=range(11),
)
def test_a_server_that_can_do_little_gives_all_the_same(served, given):
    served.world = world(**given)
    kept, one = Kept(), source(served.url.rpartition("/")[0], page=25)
    assert read(one, kept) is None
    assert values(kept) == [float(n) for n in range(60)]
    served.world.observations["Datastreams", "1"] += rows([60, 61], first=60)
    assert read(one, kept) is None
    assert values(kept) == [float(n) for n in range(62)]
    assert kept.doubles == kept.revised == 0
    assert not kept.refused


def test_newest_first_without_a_filter_is_not_read_to_the_end_again(served):
    falling = rows(range(200), minutes=60)[::-1]
    served.world = world(observations={"1": falling}, ignores={"filter", "orderby"})
    kept, one = Kept(), source(served.url, page=20)
    read(one, kept)
    assert len(kept.values) == 200
    served.world.observations["Datastreams", "1"].insert(0, rows([7], minutes=60, first=200)[0])
    served.world.asked.clear()
    read(one, kept)
    assert values(kept)[-1] == 7
    assert len(served.world.asked) <= 4  # a day is looked at again for what comes late


def test_a_link_to_another_host_is_never_followed(served, other):
    served.world = world(next_host=f"127.0.0.1:{other.port}", most=20)
    other.world = world()
    kept = Kept()
    read(source(served.url), kept)
    assert len(kept.values) == 60  # the same is asked at the host that is known
    assert not other.world.asked
    assert "are not followed" in kept.states[-1][1]
    away = f'{{"value": [], "@iot.nextLink": "http://127.0.0.1:{other.port}/secret"}}'
    served.world.fault("Observations", lambda a: a.say(200, away))
    read(source(served.url), Kept())
    served.world.fault(
        "Observations", lambda a: a.say(302, "", Location=f"http://127.0.0.1:{other.port}/v1.1")
    )
    assert "which is not followed" in str(read(source(served.url), Kept()))
    assert not other.world.asked


@pytest.mark.parametrize("link", ["same", "back", "growing"])
def test_a_server_that_leads_in_a_circle_is_left(served, link):
    served.world = world()
    page = rows(range(10))

    def circle(answer):
        at = len(served.world.asked) if link == "growing" else 3
        target = served.url + ("/Datastreams(1)/Observations?$skip=" + str(at))
        to = f"{served.url}/Datastreams(1)/Observations?a=1" if link == "back" else target
        answer.tell({"value": page, "@iot.nextLink": to})

    served.world.fault("Observations", circle, times=50)
    kept = Kept()
    assert read(source(served.url), kept) is None
    assert values(kept) == [float(n) for n in range(10)]
    assert "in a circle" in kept.states[-1][1]
    assert len(served.world.asked) < 20


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda a: a.say(200, "<html>Wartung</html>", "text/html"), "a web page"),
        (lambda a: a.say(200, '{"value": [{"phenomenonTime": "2024-'), "broke off in the middle"),
        (lambda a: a.say(200, "[" * 200_000), "cannot be read"),
        (lambda a: a.say(200, '{"value": 7}'), "gives no list"),
        (lambda a: a.say(200, "7"), "does not answer as a SensorThings server"),
        (lambda a: a.say(500, "{}"), "busy or out of order"),
        (lambda a: a.say(429, "{}", Retry_After="3600"), "busy or out of order"),
        (lambda a: a.connection.close(), "o connection|broke off|answer"),
        (lambda a: a.say(200, b" " * 5_000_000), "more than 4000000 bytes"),
    ],
    ids=["html", "cut", "deep", "no list", "number", "500", "429", "closed", "large"],
)
def test_faults_are_told_and_pass(served, answer, said):
    served.world = world()
    served.world.fault("Observations", answer, times=30)
    kept, one = Kept(), source(served.url)
    error = read(one, kept)
    assert error is not None
    state, why = kept.states[-1]
    assert state == "waiting"
    assert any(part in why for part in said.split("|")), why
    assert not kept.values
    served.world.faults.clear()
    assert read(one, kept) is None
    assert len(kept.values) == 60
    assert not one._server.lacks - {"multi"}  # nothing is held against it


def test_retry_after_is_kept(served):
    served.world = world()
    one = source(served.url, every_s=60)
    served.world.fault("Observations", lambda a: a.say(429, "{}", Retry_After="1234"), times=9)
    assert one._pause(1, read(one, Kept())) == 1234
    served.world.faults.clear()
    waits = []
    one._server.manners = one._server.manners.__class__(
        attempts=3, longest_wait_s=30, sleep=waits.append
    )
    served.world.fault("Observations", lambda a: a.say(429, "{}", Retry_After="17"))
    kept = Kept()
    assert read(one, kept) is None
    assert (waits, len(kept.values)) == ([17.0], 60)


def test_one_stream_that_fails_does_not_keep_the_others_back(served):
    streams = [stream(n) for n in range(1, 5)]
    served.world = world(streams, {str(n): rows([n, n]) for n in range(1, 5)})
    served.world.fault(r"Datastreams\(2\)/Obs", lambda a: a.say(404, "{}"), times=99)
    kept = Kept()
    assert read(source(served.url), kept) is None
    assert {key for key, _ in kept.values} == {"sta/1", "sta/3", "sta/4"}
    assert "HTTP 404" in kept.states[-1][1]


def test_a_wrong_login_is_no_matter_of_waiting(served, tmp_path):
    (tmp_path / "secret").write_text("geheim\n", "utf-8")
    served.world = world(login="Basic c3RhZHQ6Z2VoZWlt")  # stadt:geheim
    with pytest.raises(SourceError, match="401"):
        read(source(served.url), Kept())
    kept = Kept()
    read(source(served.url, user="stadt", password={"file": str(tmp_path / "secret")}), kept)
    assert len(kept.values) == 60


def test_ids_are_quoted_as_the_server_does(served):
    idents = [7, "11117-temperature", "it's/a #1", "0f9c1d9e-7b0a-11ee-b962-0242ac120002"]
    idents[3:] = [idents[3]]
    streams = [stream(ident) for ident in idents]
    streams[3]["@iot.selfLink"] = f"{served.url}/Datastreams({idents[3]})"
    served.world = world(streams, {})
    read(source(served.url), Kept())
    asked = {url.partition("/v1.1/")[2].partition("/Observations")[0]
             for url in served.world.asked if "/Observations" in url}  # fmt: skip
    assert asked == {
        "Datastreams(7)", "Datastreams('11117-temperature')", "Datastreams('it''s/a #1')",
        f"Datastreams({idents[3]})",
    }  # fmt: skip


def test_a_multidatastream_is_as_many_streams_as_it_has_values(served):
    multi = {
        "@iot.id": 5, "name": "Klima", "observationType": f"{OM}ComplexObservation",
        "multiObservationDataTypes": [f"{OM}Measurement"] * 3,
        "unitOfMeasurements": [{"name": "Degree Celsius", "symbol": "°C", "definition": ""},
                               {"name": "percent", "symbol": "%", "definition": ""},
                               {"name": "", "symbol": "hPa", "definition": ""}],
        "ObservedProperties": [{"name": "Lufttemperatur"}, {"name": "Luftfeuchte"},
                               {"name": "Luftdruck"}],
        "Thing": {"@iot.id": 9, "name": "Rathaus", "Locations": [{"location": POINT}]},
    }  # fmt: skip
    served.world = world([], {})
    served.world.entities["MultiDatastreams"] = [multi]
    served.world.observations["MultiDatastreams", "5"] = rows(
        [[20.5, 60, 1013], [21, None, 1012], [21.5, "viel", 1011], 7]
    )
    kept = Kept()
    read(source(served.url), kept)
    keys = sorted(kept.streams)
    assert [kept.streams[key].property for key in keys] == [
        "air_temperature", "relative_humidity", "air_pressure",
    ]  # fmt: skip
    assert [values(kept, key) for key in keys] == [[20.5, 21, 21.5, 7], [60], [1013, 1012, 1011]]
    assert sorted(refusal.reason for refusal in kept.refused) == [
        "no_number", "no_value", "no_value", "no_value",
    ]  # fmt: skip


def test_what_cannot_be_true_is_refused_once_and_by_reason(served):
    odd = rows([1, None, "text", "21,5", True, float("nan"), [1], 3])
    odd += [{"phenomenonTime": "1970-01-01T00:00:00Z", "result": 1, "resultTime": stamp(BEGIN)},
            {"phenomenonTime": "2099-01-01T00:00:00Z", "result": 1},
            {"phenomenonTime": "gestern", "result": 1}, {"result": 1}]  # fmt: skip
    served.world = world(observations={"1": odd}, ignores={"filter", "orderby"})
    kept, one = Kept(), source(served.url)
    read(one, kept)
    read(one, kept)
    assert values(kept) == [1, 21.5, 1, 3]
    assert sorted(refusal.reason for refusal in kept.refused) == [
        "no_number", "no_number", "no_time", "no_time", "no_value", "not_finite", "time_future",
        "time_past",
    ]  # fmt: skip


def test_a_clock_that_is_ahead_hides_nothing(served):
    served.world = world(observations={"1": rows([1, 2])})
    now = BEGIN.timestamp() + 1_200
    ahead = {"phenomenonTime": stamp(BEGIN + timedelta(hours=20)), "result": 99}
    served.world.observations["Datastreams", "1"].append(ahead)
    kept, one = Kept(), source(served.url, now=now)
    read(one, kept)
    served.world.observations["Datastreams", "1"] += rows([3, 4], first=2)
    read(one, kept)
    assert values(kept) == [1, 2, 3, 4, 99]


def test_what_is_told_hours_later_is_read_by_its_result_time(served):
    """Times go by: every hour the server has what was told until then."""
    told = rows(range(24), minutes=60, late=90)
    told[7]["resultTime"] = stamp(BEGIN + timedelta(hours=20))  # much later than those after it
    served.world = world(observations={"1": []})
    kept, one = Kept(), source(served.url)
    for hour in range(28):
        now = stamp(BEGIN + timedelta(hours=hour))
        served.world.observations["Datastreams", "1"] = [r for r in told if r["resultTime"] <= now]
        one._clock = one._sync._clock = lambda now=now: ms(now) / 1000
        assert read(one, kept) is None
    assert values(kept) == [float(n) for n in range(24)]


def test_intervals_are_kept_by_their_begin_and_are_means(served):
    hours = [stamp(BEGIN + timedelta(hours=n)) for n in range(6)]
    told = [
        {"phenomenonTime": f"{begin}/{end}", "result": n}
        for n, (begin, end) in enumerate(pairwise(hours))
    ]
    served.world = world(observations={"1": told})
    kept = Kept()
    read(source(served.url), kept)
    assert [at for at, _ in kept.of("sta/1")] == [
        ms(stamp(BEGIN)) + n * 3_600_000 for n in range(5)
    ]
    assert (kept.streams["sta/1"].statistic, kept.streams["sta/1"].interval_s) == ("mean", 3600)


def test_times_without_a_zone_are_local_where_it_is_said(served):
    served.world = world(
        observations={"1": [{"phenomenonTime": "2024-11-01T08:00:00", "result": 4}]}
    )
    kept = Kept()
    read(source(served.url, zone="Europe/Berlin"), kept)
    assert kept.of("sta/1") == [(ms("2024-11-01T07:00:00Z"), 4)]


@pytest.mark.parametrize("is_whole", [True, False])
def test_many_streams_are_asked_for_at_once(served, is_whole):
    """With one question for a hundred where the server can, else one by one."""
    streams = [stream(n) for n in range(40)]
    served.world = world(
        streams, {str(n): rows([n, n + 1]) for n in range(40)},
        cannot=set() if is_whole else {"expand"},
    )  # fmt: skip
    kept, one = Kept(), source(served.url)
    read(one, kept)
    for n in range(40):
        served.world.observations["Datastreams", str(n)] += rows([n + 2], first=2)
    served.world.observations["Datastreams", "3"] += rows(range(30), first=3)
    served.world.asked.clear()
    read(one, kept)
    assert len(served.world.asked) <= (5 if is_whole else 45)
    assert all(values(kept, f"sta/{n}")[:3] == [n, n + 1, n + 2] for n in range(40))
    assert len(kept.of("sta/3")) == 33
    assert kept.doubles == kept.revised == 0


def test_a_flood_of_streams_ends_at_the_limit(served):
    served.world = world([stream(n) for n in range(12)], {})
    kept = Kept()
    read(source(served.url, most_streams=5), kept)
    assert len(kept.streams) <= 5
    assert [refusal.reason for refusal in kept.refused] == ["too_many_streams"] * 7


def test_check_says_what_is_not_understood(served):
    streams = [
        stream(1, unit=None),
        stream(2, "Ladestatus", observationType=f"{OM}CategoryObservation"),
        stream(3, "Stimmung", unit="Punkte", observationType=f"{OM}CategoryObservation"),
        stream(4, "Temperature", unit="%"),
        stream(5, "Quelldichte", unit="kg/m3"),
        {**stream(6), "Thing": {"@iot.id": 6, "name": "Ohne Ort", "Locations": []}},
    ]
    streams[1]["unitOfMeasurement"] = None
    served.world = world(streams, {"1": rows([20]), "2": rows(["CHARGING", "AVAILABLE"])})
    found = source(served.url, unknown_unit="refuse").check(5)
    notes = "\n".join(map(str, found.notes))
    assert "No unit, or none that is known: Lufttemperatur 1 (–)" in notes
    assert "The results are words: Stimmung 3" in notes
    assert "Quelldichte → quelldichte" in notes
    assert "Without a place on the map: Ohne Ort" in notes
    assert found.refused == (Refusal("sta", "unit", "Lufttemperatur 1: -"),)
    assert {s.property for s in found.streams} >= {"charging_used", "quelldichte"}
    assert [r.value for r in found.readings if r.stream == "sta/2"] == [0.0]
    kept = source(served.url).check(5)
    assert next(s for s in kept.streams if s.key == "sta/1").unit == "1"


def test_the_configuration_says_what_a_property_means(served):
    streams = [stream(1, "Wert A", unit=None), stream(2, "Zustand", unit=None), stream(3, "Wert B")]
    streams[1]["observationType"] = f"{OM}CategoryObservation"
    served.world = world(streams, {"1": rows([2.5]), "2": rows(["auf", "zu"]), "3": rows([1])})
    kept = Kept()
    meanings = {
        "Wert A": {"property": "water_level", "unit": "m"}, "wert b": False,
        "Zustand": {"property": "gate_open", "categories": {"auf": 1, "zu": 0}},
    }  # fmt: skip
    read(source(served.url, properties=meanings), kept)
    assert kept.streams["sta/1"].unit == "cm"
    assert values(kept) == [250]
    assert values(kept, "sta/2") == [1, 0]
    assert "sta/3" not in kept.streams


def test_new_observations_come_by_mqtt_at_once(served, tmp_path):
    served.world = world()
    broker = Broker(tmp_path).start()
    kept, stop = Kept(), threading.Event()
    one = source(served.url, every_s=600, mqtt={"host": "127.0.0.1", "port": broker.port})
    thread = threading.Thread(target=one.run, args=(kept, stop))
    thread.start()
    try:
        eventually(lambda: len(kept.values) == 60)
        message = '{"phenomenonTime": "2024-11-02T00:00:00Z", "result": 77, "@iot.id": 1}'

        def has_come():
            broker.publish(("v1.1/Datastreams(1)/Observations", message))
            time.sleep(0.1)
            return values(kept)[-1] == 77

        eventually(has_come)
        broker.publish(("v1.1/Datastreams(1)/Observations", "{nonsense"))
        eventually(lambda: [r.reason for r in kept.refused] == ["not_json"])
    finally:
        stop.set()
        thread.join(10)
        broker.stop()
    assert not thread.is_alive()
    assert kept.cursors["stream:Datastreams(1)"]["at"] == ms(stamp(BEGIN + timedelta(minutes=590)))


def test_the_place_may_stand_in_a_feature_of_interest(served):
    network = made_network(1)
    series = made_series([one["@iot.id"] for one in network["Datastreams"]], 2)
    feature = {
        "feature": {"type": "Polygon", "coordinates": [[[7, 50], [7.2, 50], [7.2, 50.2], [7, 50]]]}
    }
    for one in series["Observations"]:
        one["FeatureOfInterest"] = feature
    served.world = bern({**network, "Locations": []}, series)
    kept = Kept()
    read(source(served.url), kept)
    found = kept.streams["sta/12000-humidity"]
    assert (found.lon, found.lat) == (
        pytest.approx(7.1333, abs=0.001),
        pytest.approx(50.0667, abs=0.001),
    )
