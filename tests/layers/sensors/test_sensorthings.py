"""SensorThings against a server that nobody here wrote, and against the given real answers."""

from __future__ import annotations

import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

import pytest
import requests

from layers.project_store import open_store
from layers.sensors.config import read_config
from layers.sensors.sources import make_source
from layers.sensors.worker import Worker
from tests.layers.sensors.feeding import eventually
from tests.layers.sensors.mosquitto import free_port
from tests.layers.sensors.sta_reading import BrokenError, Kept, ms, read, source
from tests.layers.sensors.sta_server import Served
from tests.layers.sensors.sta_worlds import (
    bern,
    hamburg,
    hydro,
    hydro_rows,
    made_counts,
    made_network,
    made_series,
    made_thing,
    sample,
)


@pytest.fixture(scope="module")
def real():
    """Give the address of hydroserver in a process of its own."""
    if find_spec("sensorthings") is None:  # it cannot be imported here: Django is not set up
        pytest.skip("needs hydroserver-sensorthings")
    port = free_port()
    program = Path(__file__).with_name("sta_server_hydro.py")
    with subprocess.Popen(
        [sys.executable, str(program), str(port)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            assert process.stdout.readline() == b"ready\n"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def served():
    server = Served()
    yield server
    server.close()


def give(address, entities, method="PUT"):
    requests.request(method, f"{address}/given", json=entities, timeout=10).raise_for_status()


def expected(series, source_name="sta"):
    """Give what must be kept of a series: each value of the file, by stream and time."""
    return {
        (f"{source_name}/{one['Datastream']['@iot.id']}", ms(one["phenomenonTime"])): one["result"]
        for one in series["Observations"]
    }


def ids(network):
    return [one["@iot.id"] for one in network["Datastreams"]]


# a real server


def test_everything_of_a_real_server_is_read_page_by_page(real):
    network = made_network()
    series = made_series(ids(network), 45)
    give(real, hydro(network, series))
    kept = Kept()
    assert read(source(f"{real}/sta", page=10), kept) is None
    assert kept.values == expected(series)
    assert kept.doubles == kept.revised == 0
    assert kept.states[-1] == ("connected", "")
    stream = kept.streams["sta/12001-temperature"]
    assert (stream.property, stream.unit, stream.name) == (
        "air_temperature", "Cel", "Platz 1 / Süd",
    )  # fmt: skip
    assert (stream.lon, stream.lat, stream.device) == (7.151, 50.81, "12001")
    assert stream.interval_s == 1_200


def test_what_is_new_at_a_real_server_comes_once_also_after_a_restart(real):
    network = made_network(1)
    first, more = made_series(ids(network), 12), made_series(ids(network), 5, first=12)
    give(real, hydro(network, first))
    kept = Kept()
    one = source(f"{real}/sta/v1.1")
    read(one, kept)
    give(real, {"observations": hydro_rows(more)}, "POST")
    read(one, kept)
    assert kept.values == expected(first) | expected(more)
    assert kept.doubles == 0
    still_more = made_series(ids(network), 5, first=17)
    give(real, {"observations": hydro_rows(still_more)}, "POST")
    read(source(f"{real}/sta/v1.1"), kept)
    assert kept.values == expected(first) | expected(more) | expected(still_more)
    assert kept.doubles <= 2 * len(ids(network))  # the few of the overlap


def test_check_of_a_real_server_tells_last_values_and_keeps_nothing(real):
    network = made_network(2)
    give(real, hydro(network, made_series(ids(network), 7)))
    found = source(f"{real}/sta").check(10)
    assert {(r.stream, r.value) for r in found.readings} == {
        (f"sta/{ident}", 6 * 0.5 + place) for place, ident in enumerate(ids(network))
    }
    assert len(found.streams) == 4
    assert not found.refused


def test_a_real_server_is_asked_only_for_the_streams_chosen(real):
    network = made_network(3)
    series = made_series(ids(network), 4)
    give(real, hydro(network, series))
    kept = Kept()
    box = (7.1505, 50, 7.1515, 51)
    read(source(f"{real}/sta", bbox=box, observed=["temperature"]), kept)
    assert set(kept.streams) == {"sta/12001-temperature"}
    filtered = Kept()
    read(source(f"{real}/sta", filter="name eq 'Humidity of Platz 2 / Süd'"), filtered)
    assert set(filtered.streams) == {"sta/12002-humidity"}


def test_the_network_of_bern_at_a_real_server(real):
    network, series = sample("sta_bern_network.json"), sample("sta_bern_timeseries_11117.json")
    give(real, hydro(network, series))
    kept = Kept()
    read(source(f"{real}/sta", page=100, things=["Ittigen*"]), kept)
    assert kept.values == expected(series)
    assert kept.doubles == kept.revised == 0


# the given real answers, as they are


def test_the_network_of_bern_is_read_as_it_is(served):
    network, series = sample("sta_bern_network.json"), sample("sta_bern_timeseries_11117.json")
    last = {"Observations": network.pop("Observations")}
    served.world = bern(network, last)
    kept = Kept()
    assert read(source(served.url, now=ms("2025-06-06T00:00:00Z") / 1000), kept) is None
    assert kept.values == expected(last)
    assert len(kept.streams) == 126
    for place in network["Locations"]:
        for word, unit in (("temperature", "Cel"), ("humidity", "%")):
            stream = kept.streams[f"sta/{place['@iot.id']}-{word}"]
            assert [stream.lon, stream.lat] == place["location"]["coordinates"]
            assert (stream.name, stream.unit) == (place["name"].strip(), unit)
            assert stream.property == {"temperature": "air_temperature"}.get(
                word, "relative_humidity"
            )
    served.world = bern(network, series)
    kept = Kept()
    assert read(source(served.url, things=["11117"], page=50), kept) is None
    assert kept.values == expected(series)
    assert (len(kept.streams), kept.doubles, kept.refused) == (2, 0, [])


@pytest.mark.parametrize("is_real", [True, False])
def test_a_bicycle_counter_of_hamburg_is_read_as_it_is(served, is_real):
    thing = sample("sta_hamburg_thing_7648.json") if is_real else made_thing()
    counts = made_counts()
    served.world = hamburg(thing, counts)
    kept = Kept()
    assert read(source(f"{served.url}/Things(7648)", page=15), kept) is None
    assert kept.of("sta/16183") == [
        (ms(one["phenomenonTime"].partition("/")[0]), one["result"]) for one in counts
    ]
    stream = kept.streams["sta/16183"]
    area = thing["Datastreams"][0]["observedArea"]["coordinates"]
    assert (stream.property, stream.unit, stream.statistic) == ("bicycles", "{bicycle}", "count")
    assert [stream.lon, stream.lat] == pytest.approx(area)
    assert (stream.people, stream.interval_s, stream.name) == (True, 300, thing["name"])


# from the configuration to the store


def test_a_configuration_alone_leads_from_a_server_into_the_store(served, tmp_path):
    network = made_network(2)
    series = made_series(ids(network), 30)
    served.world = bern(network, series)
    (tmp_path / "sensors.toml").write_text(
        f'[store]\ndatabase = "twin.db"\n[health]\non = false\n[worker]\nwait_s = 0.02\n'
        f'[[source]]\nname = "climate"\nkind = "sensorthings"\nurl = "{served.url}"\n'
        f'since = 2024-10-01\nlicence = "CC BY 4.0"\npage = 7\nevery_s = 10\n', "utf-8",
    )  # fmt: skip
    config = read_config(tmp_path / "sensors.toml")
    store = open_store(config.store.where)
    worker = Worker(store, [make_source(one) for one in config.sources], config)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        wanted = expected(series, "climate")

        last = max(at for _, at in wanted)

        def is_all():
            told = store.observations.latest()
            return len(told) == 4 and told["at"].min().timestamp() * 1000 == last

        eventually(is_all)
        found = {
            (row.stream.key, int(at.timestamp() * 1000)): value
            for row in store.observations.streams()
            for at, value in store.observations.series(row.number)["value"].items()
        }
        assert found == wanted
        assert {row.stream.licence for row in store.observations.streams()} == {"CC BY 4.0"}
    finally:
        worker.stop()
        thread.join()
        store.close()


# after a break


@pytest.mark.parametrize("lost", [2, 5, 9])
def test_a_worker_that_is_killed_loses_and_doubles_nothing(served, lost):
    network = made_network(2)
    series = made_series(ids(network), 60)
    served.world = bern(network, series)
    kept = Kept()
    kept.breaks_at = lost
    with pytest.raises(BrokenError):
        read(source(served.url, page=10), kept)
    assert 0 <= len(kept.values) < len(expected(series))
    kept.breaks_at = None
    read(source(served.url, page=10), kept)
    assert kept.values == expected(series)
    assert kept.revised == 0
    assert kept.doubles <= 4  # those at the seam, which the store takes once


def test_a_server_that_was_away_is_told_and_read_on_without_a_gap(served):
    network = made_network(1)
    served.world = bern(network, made_series(ids(network), 10))
    kept = Kept()
    one = source(served.url)
    read(one, kept)
    served.world.fault("Observations", lambda a: a.say(503, "down"), times=50)
    error = read(one, kept)
    assert error is not None
    assert kept.states[-1] == (
        "waiting", f"127.0.0.1:{served.port} is busy or out of order (HTTP 503).",
    )  # fmt: skip
    served.world = bern(network, made_series(ids(network), 40))
    assert read(one, kept) is None
    assert kept.values == expected(made_series(ids(network), 40))
    assert kept.states[-1][0] == "connected"


def test_run_reads_again_and_again_and_ends_at_once(served):
    network = made_network(1)
    served.world = bern(network, made_series(ids(network), 3))
    kept, stop = Kept(), threading.Event()
    thread = threading.Thread(target=source(served.url).run, args=(kept, stop))
    thread.start()
    try:
        eventually(lambda: kept.states[-1:] == [("connected", "")])
    finally:
        stop.set()
        thread.join(5)
    assert not thread.is_alive()
    assert kept.values == expected(made_series(ids(network), 3))
