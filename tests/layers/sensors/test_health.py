"""What the worker says of itself: to people, to watchdogs, to Prometheus, and to nobody else."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from dash_app.i18n import preferred_lang, translator
from layers.project_store import open_store
from layers.sensors.board import FeedStatus, WorkerStatus
from layers.sensors.config import Config, Health, Pace
from layers.sensors.health import page
from layers.sensors.records import Refusal
from layers.sensors.worker import Worker, start_worker
from tests.layers.sensors.feeding import Given, delivery, eventually
from twin.errors import SourceError
from twin.sentences import say

NOW = 1_790_000_000.0
ON = Config(health=Health(port=0), worker=Pace(wait_s=0.02))


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    """Give a worker with a source that goes on, one that failed, and something refused."""
    refused = (Refusal("good", "not_json", "device 70B3D57ED005 said <script>"),)
    first = replace(delivery("good", 0, 30, name="70B3D57ED005"), refused=refused)
    good = Given("good", [replace(delivery("good", 0, 30), refused=refused), first], ends=False)
    bad = Given("bad", error=SourceError("The password of {who} is wrong.", who="<b>town</b>"))
    path = tmp_path_factory.mktemp("health") / "feeds.sqlite"
    with open_store(path, check=None) as store:
        running = start_worker(
            ON, store, sources=[good, bad],
            words=lambda languages: translator(preferred_lang(languages)),
        )  # fmt: skip
        eventually(lambda: len(good.acknowledged) == 2)
        eventually(lambda: running.status.health == "failing")
        yield running
        running.stop()


def ask(worker, path, **headers):
    """Ask the page of a worker; give status, content and headers."""
    request = urllib.request.Request(worker.address + path, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers


def test_a_watchdog_hears_that_a_source_has_failed(worker):
    status, text, _ = ask(worker, "health")
    told = json.loads(text)
    assert status == 503
    assert told["status"] == "failing"
    sources = {one["name"]: one for one in told["sources"]}
    assert sources["good"]["state"] == "connected"
    assert sources["good"]["last_message"] is not None
    assert sources["bad"]["why"] == "The password of <b>town</b> is wrong."
    assert told["unsaved_readings"] == 0
    assert told["last_commit"] is not None


def test_prometheus_reads_what_it_counts(worker):
    status, text, headers = ask(worker, "metrics")
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain")
    found = {
        (one.name, *sorted(one.labels.values())): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }
    assert found["twin_feeds_readings_total", "good"] == 60
    assert found["twin_feeds_refused_total", "good", "not_json"] == 2
    assert found["twin_feeds_source_state", "bad", "failed"] == 1
    assert found["twin_feeds_source_state", "bad", "connected"] == 0
    assert found["twin_feeds_queue_readings",] == 0
    assert found["twin_feeds_commit_seconds_count",] >= 1


@pytest.mark.parametrize("path", ["", "health", "metrics"])
def test_no_page_names_a_device_or_loads_anything(worker, path):
    _, text, headers = ask(worker, path)
    assert "70B3D57ED005" not in text
    assert "<script" not in text
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_people_read_it_in_their_language(worker):
    _, german, _ = ask(worker, "", **{"Accept-Language": "de-DE,de;q=0.9"})
    _, english, _ = ask(worker, "", **{"Accept-Language": "en"})
    assert '<html lang="de">' in german
    assert "Sensor feeds" in english
    assert "Sensor feeds" not in german
    assert "&lt;b&gt;town&lt;/b&gt;" in english  # a text is a text


def test_a_foreign_page_cannot_read_along(worker):
    assert ask(worker, "health", Host="twin.example.org")[0] == 404
    assert ask(worker, "health", Host="localhost:9109")[0] == 503


@pytest.mark.parametrize("path", ["nothing", "../etc/passwd", "health/x", "%00"])
def test_there_is_nothing_else(worker, path):
    assert ask(worker, path)[0] == 404


def test_nothing_can_be_sent(worker):
    request = urllib.request.Request(worker.address, data=b"x" * 10, method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    with refused.value:
        assert refused.value.code == 501


def test_a_port_that_is_taken_is_told(worker):
    port = int(worker.address.rstrip("/").rpartition(":")[2])
    taken = Config(health=Health(port=port))
    with (
        open_store(worker.store.database.path, check=None) as store,
        pytest.raises(SourceError, match=rf"cannot be served at 127.0.0.1:{port}"),
    ):
        Worker(store, [Given("other")], taken).run()


def status(*feeds, **more):
    given = {"unsaved": 0, "most_unsaved": 10, "last_commit": NOW - 5, "trouble": None,
             "trouble_since": None, "started": NOW - 5000, "now": NOW}  # fmt: skip
    return WorkerStatus(feeds, **{**given, **more})


@pytest.mark.parametrize(
    ("state", "seconds", "expected"),
    [
        ("connected", 5000, "ok"),
        ("stopped", 5000, "ok"),
        ("waiting", 60, "waiting"),
        ("waiting", 601, "failing"),
        ("failed", 1, "failing"),
    ],
)
def test_a_source_that_is_away_is_given_some_time(state, seconds, expected):
    assert status(FeedStatus("a", state, NOW - seconds)).health == expected


@pytest.mark.parametrize(("seconds", "expected"), [(10, "waiting"), (61, "failing")])
def test_a_store_that_is_away_is_given_less(seconds, expected):
    away = status(trouble=say("Away"), trouble_since=NOW - seconds)
    assert away.health == expected


def test_ages_are_said_in_the_largest_unit_that_helps():
    feeds = [
        FeedStatus(name, "connected", NOW - age, last_message=NOW - age)
        for name, age in (("a", 100), ("b", 3000), ("c", 90_000), ("d", 900_000))
    ]
    text = page(status(*feeds, FeedStatus("e")), translator("en"))
    for part in ("100 s ago", "50 min ago", "25 h ago", "10 days ago", "never"):
        assert part in text
