"""Tables behind an address: asked politely, with limits, from a server that misbehaves."""

from __future__ import annotations

import gzip
import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from layers.sensors.table import TableSource
from layers.sensors.table_web import MANNERS, address
from tests.layers.sensors.feeding import eventually
from tests.layers.sensors.tables import NOW_MS, Kept, config, look

ROWS = "time;s;v\n2024-05-01T00:00:00Z;a;1,5\n"


class Server:
    """Answers what a test lays down, and remembers what was asked."""

    def __init__(self, port: int = 0) -> None:
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.asked: list[dict[str, str]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def do_GET(self) -> None:
                server.asked.append({"path": self.path, **dict(self.headers.items())})
                answers = server.answers
                status, headers, body = answers.pop(0) if len(answers) > 1 else answers[0]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/counts"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()


@contextmanager
def running(port=0):
    server = Server(port)
    try:
        yield server
    finally:
        server.http.shutdown()
        server.http.server_close()


@pytest.fixture(scope="module")
def one():
    with running() as server:
        yield server


@pytest.fixture
def server(one):
    one.answers, one.asked = [], []
    return one


def answer(body, status=200, **headers):
    data = body if isinstance(body, bytes) else body.encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, {"Content-Length": str(len(data)), **names}, data


def test_it_asks_only_for_what_changed_also_after_a_new_start(server):
    made, kept = config(url=server.url), Kept()
    server.answers = [
        answer(ROWS, ETag='"1"', Last_Modified="Wed, 01 May 2024 00:00:00 GMT"),
        answer("", 304),
        answer(ROWS + "2024-05-01T00:01:00Z;a;2,5\n", ETag='"2"'),
    ]
    for _ in range(3):
        assert look(made, kept) == ""
    assert [asked.get("If-None-Match") for asked in server.asked] == [None, '"1"', '"1"']
    assert server.asked[1]["If-Modified-Since"] == "Wed, 01 May 2024 00:00:00 GMT"
    assert "troisdorf-twin" in server.asked[0]["User-Agent"]
    assert sorted(kept.values.values()) == [1.5, 2.5]
    assert kept.doubled == 0  # a table that only grew is read on


def test_an_answer_that_was_not_read_to_its_end_is_asked_for_again(server, monkeypatch):
    monkeypatch.setattr("layers.sensors.table_read.AT_ONCE", 2)
    rows = [{"time": f"2024-05-01T00:0{n}:00Z", "s": "a", "v": n} for n in range(6)]
    server.answers = [answer(json.dumps(rows), ETag='"1"')]
    made, kept = config(url=server.url), Kept(killed_after=1)
    with pytest.raises(KeyboardInterrupt):
        look(made, kept)
    kept.killed_after = None
    look(made, kept)
    assert "If-None-Match" not in server.asked[1]
    assert sorted(kept.values.values()) == list(range(6))
    assert kept.doubled == 0


def test_values_without_a_time_are_of_the_moment_and_asked_for_each_time(server):
    mapping = {"values": [{"path": "free", "property": "free_spaces"}]}
    server.answers = [answer('{"free": 7}', ETag='"1"')]
    made, kept = config(url=server.url, mapping=mapping), Kept()
    clock = iter((1_700_000_000, 1_700_000_300))
    of = TableSource(made, clock=lambda: next(clock))
    for _ in range(2):
        look(made, kept, of)
    assert [at for _, at in kept.values] == [1_700_000_000_000, 1_700_000_300_000]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (answer("", 404), "does not know"),
        (answer("", 401), "refuses"),
        (answer("", 400), "with HTTP 400"),
        (answer("", 500), "busy or out of order"),
        (answer("", 302, Location="file:///etc/passwd"), "not followed"),
        (answer("", 302, Location="ftp://example.org/a"), "not followed"),
        (answer("", 302, Location="/counts"), "in a circle"),
        ((200, {"Content-Length": "1000"}, b"time;s;v\n"), "broke off"),
        (answer("x" * 30_000), "at most 20000 bytes"),
        (answer(gzip.compress(b" " * 5_000_000), Content_Encoding="gzip"), "too much at once"),
        (answer(gzip.compress(b"[" + b" " * 5_000_000 + b"]")), "too much at once"),
        (answer("<!DOCTYPE html><h1>Wartung</h1>"), "web page"),
        (answer('{"error": "quota"}', Content_Type="application/json"), ""),
    ],
)
def test_a_server_that_misbehaves_is_told_in_one_sentence_and_nothing_falls(server, given, words):
    server.answers = [given]
    made, kept = config(url=f"{server.url}?key=SECRET", most_bytes=20_000), Kept()
    said = look(made, kept)
    assert words in said
    assert "SECRET" not in said
    assert kept.values == {}
    assert bool(said) or kept.reasons == ["no_value"]
    server.answers = [answer(ROWS)]
    assert look(made, kept) == ""
    assert list(kept.values.values()) == [1.5]


def test_a_server_that_is_away_is_waited_for():
    with running() as server:
        url = server.url
    kept = Kept()
    assert "No connection" in look(config(url=url), kept)
    assert kept.refused == []


def test_a_server_that_comes_back_is_read_on(monkeypatch):
    monkeypatch.setattr("layers.sensors.table.FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr("layers.sensors.table.LONGEST_PAUSE_S", 0.05)
    with running() as server:
        port = server.http.server_port
    kept, stop = Kept(), threading.Event()
    of = TableSource(config(url=server.url, every_s=3600), clock=lambda: NOW_MS / 1000)
    thread = threading.Thread(target=of.run, args=(kept, stop))
    thread.start()
    try:
        eventually(lambda: len(kept.states) > 3, "that it tries again")
        with running(port) as back:
            back.answers = [answer("", 503), answer(ROWS)]
            eventually(lambda: kept.values, "that it reads when the server is back")
            eventually(lambda: kept.states[-1][0] == "connected", "that it says so")
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()
    waits = [state for state, _ in kept.states]
    assert waits[:4] == ["waiting"] * 4
    assert list(kept.values.values()) == [1.5]


def test_a_redirect_to_another_host_does_not_get_the_password(server, monkeypatch):
    monkeypatch.setenv("FEED_TOKEN", "s3cret")
    with running() as other:
        other.answers = [answer(ROWS)]
        server.answers = [answer("", 307, Location=other.url)]
        kept = Kept()
        assert look(config(url=server.url, token={"env": "FEED_TOKEN"}), kept) == ""
        assert server.asked[0]["Authorization"] == "Bearer s3cret"
        assert "Authorization" not in other.asked[0]
    assert list(kept.values.values()) == [1.5]


def test_pauses_grow_while_it_fails_and_keep_what_the_server_asks(server):
    server.answers = [answer("", 503, Retry_After="1234")]
    made = config(url=server.url, every_s=3600)
    of = TableSource(made, clock=lambda: NOW_MS / 1000)
    trouble = of.look(Kept(), threading.Event())
    assert of._pause(1, trouble) == 1234
    assert [of._pause(n, trouble._replace(wait_s=0)) for n in (1, 2, 3, 50)] == [15, 30, 60, 900]
    assert of._pause(0, None) == 3600
    assert MANNERS.attempts == 1  # waiting is done where it can be stopped


def test_dates_in_an_address_are_local_days():
    made = config(url="https://x.example/?from={today-1}&to={today}", zone="Europe/Berlin")
    late = int(datetime(2024, 5, 31, 22, 30, tzinfo=UTC).timestamp() * 1000)
    assert address(made, late) == "https://x.example/?from=2024-05-31&to=2024-06-01"


def test_a_dry_run_of_an_address(server):
    server.answers = [answer(ROWS)]
    found = TableSource(config(url=server.url), clock=lambda: NOW_MS / 1000).check(5)
    assert len(found.readings) == 1
    assert "columns are time, s, v" in str(found.notes[0])
