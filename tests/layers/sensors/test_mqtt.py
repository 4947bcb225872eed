"""The source at a real broker: nothing lost and nothing double, whatever breaks meanwhile."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from layers.sensors import mqtt, mqtt_link, mqtt_marks
from layers.sensors.mqtt import MqttConfig, MqttSource
from layers.sensors.mqtt_link import Link, Pauses, Terms
from tests.conftest import shared
from tests.layers.sensors.lorawan_messages import chirpstack, ttn, up
from tests.layers.sensors.mosquitto import (
    PASSWORD,
    USER,
    Broker,
    Kept,
    Running,
    certificates,
    free_port,
    password_file,
    until,
)
from twin.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

VERSIONS = ["5", "3.1.1"]
MAPPING: dict[str, Any] = {
    "stream": "$topic[1]",
    "time": {"path": "t"},
    "values": [{"path": "free", "property": "free_spaces"}],
}
UNTIMED: dict[str, Any] = {**MAPPING, "time": {}}
BEGIN = 1_789_891_200_000


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    made = Broker(tmp_path_factory.mktemp("broker")).start()
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    """A worker that dies does not wait for acknowledgements that never come."""
    monkeypatch.setattr(mqtt, "GRACE_S", 0.1)


def source(broker: Broker, name: str, **more: Any) -> MqttSource:
    given: dict[str, Any] = {
        "name": name, "host": "127.0.0.1", "port": broker.port, "topics": [f"{name}/#"],
        "mapping": MAPPING, "client_id": f"{name}-{broker.port}", **more,
    }  # fmt: skip
    return MqttSource(MqttConfig(**given), pauses=Pauses(0.05, 0.1, 0.05, 0.1))


def message(name: str, number: int, free: Any = None) -> tuple[str, str]:
    """Give a message whose time and value tell its number."""
    content = {"free": number if free is None else free, "t": BEGIN + number * 1000}
    return f"{name}/P1/state", json.dumps(content)


def expected(name: str, numbers: range) -> dict[tuple[str, int], float]:
    return {(f"{name}/P1/free_spaces", BEGIN + n * 1000): float(n) for n in numbers}


def test_real_messages_through_a_real_broker(broker):
    real = json.loads(shared("data/sensors/lorawan_iobroker_messages.json").read_text("utf-8"))
    lht52 = json.loads(shared("data/sensors/ttn_v3_uplink_dragino_lht52.json").read_text("utf-8"))
    sent = [(f"lora/{one['topic']}", json.dumps(one["payload"])) for one in real]
    sent.append(("lora/v3/piegn@ttn/devices/lht52-temp-1/up", json.dumps(lht52)))
    with Running(source(broker, "lora", mapping=None), Kept()) as kept:
        broker.publish(*sent)
        until(lambda: len(kept.values) == 16 and kept.refused, "all values")
    assert kept.reasons() == ["no_value"]  # the relay box
    assert not [key for key in kept.streams if "a840" in key or "70b3" in key]


@pytest.mark.parametrize("version", [*VERSIONS, "auto"])
def test_own_messages_of_all_kinds_through_a_real_broker(broker, version):
    name = f"all{version.replace('.', '')}"
    with Running(source(broker, name, version=version), Kept()) as kept:
        broker.publish(
            message(name, 1),
            (f"{name}/v3/a/devices/b/up", json.dumps(ttn(decoded={"TempC_SHT": 21.5}))),
            (f"{name}/{up()}", json.dumps(chirpstack(decoded={"humidity": 40}))),
        )
        until(lambda: len(kept.values) == 3, "three values")
    assert sorted(kept.values.values()) == [1.0, 21.5, 40.0]
    assert [state for state, _ in kept.states] == ["starting", "connected", "stopped"]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_was_not_kept_comes_again_and_what_was_does_not(broker, version):
    name = f"again{version.replace('.', '')}"
    with Running(source(broker, name, version=version), Kept(says_done=False)) as dead:
        broker.publish(*(message(name, n) for n in range(10)))
        until(lambda: len(dead.values) == 10, "the messages")
        for done in dead.open[:1]:
            done()
    acknowledged = len(dead.written) if len(dead.open) == 1 else None
    broker.publish(*(message(name, n) for n in range(10, 15)))  # nobody listens
    with Running(source(broker, name, version=version), Kept()) as kept:
        until(lambda: len(kept.values) >= 5, "what came meanwhile")
        broker.publish(message(name, 15))
        until(lambda: (f"{name}/P1/free_spaces", BEGIN + 15_000) in kept.values, "the last")
    assert {**dead.values, **kept.values} == expected(name, range(16))
    assert len(kept.written) == len(set(kept.written))
    if acknowledged == 10:
        assert kept.values == expected(name, range(10, 16))
    with Running(source(broker, name, version=version), Kept()) as empty:
        broker.publish(message(name, 99))
        until(lambda: empty.values, "a message")
    assert empty.values == expected(name, range(99, 100))


def test_a_message_without_a_time_keeps_its_first_one_when_it_comes_again(broker, monkeypatch):
    monkeypatch.setattr(mqtt_marks, "SETTLED_S", 0.05)
    first = Kept(says_done=False)  # kept by the store, killed before it could say so
    with Running(source(broker, "untimed", mapping=UNTIMED), first):
        broker.publish(("untimed/P1/x", '{"free": 5}'), ("untimed/P1/x", '{"free": 5}'))
        until(lambda: len(first.written) == 2, "two messages")
    second = Kept()
    second.cursors = first.cursors
    with Running(source(broker, "untimed", mapping=UNTIMED), second):
        until(lambda: len(second.written) == 2, "both again")
        until(lambda: second.cursors["unacknowledged"] == {}, "a quiet moment")
    assert sorted(second.written) == sorted(first.written)
    assert len(set(first.written)) == 2


def test_late_double_and_disordered_messages_stand_at_their_own_times(broker):
    with Running(source(broker, "disorder"), Kept()) as kept:
        order = [5, 1, 3, 3, 5, 2, 4, 0, 1]
        broker.publish(*(message("disorder", n) for n in order))
        until(lambda: len(kept.written) == len(order), "all of them")
    assert kept.values == expected("disorder", range(6))


def test_garbage_is_refused_once_and_does_not_come_back(broker):
    garbage: list[tuple[str, Any]] = [
        ("bad/P1/x", b"\xff\x00\xfe"), ("bad/P1/x", b""), ("bad/P1/x", b"{" * 5_000),
        ("bad/P1/x", b'{"free":' + b"[" * 400 + b"]" * 400 + b"}"), ("bad/P1/x", b'{"free": "x"}'),
        ("bad/P1/x", b'{"free": 1, "free": 2}'), ("bad/P1/x", b'"' + b"a" * 10_000_000 + b'"'),
        ("bad/P1/x", b'{"free": 1, "t": "2099-01-01"}'), ("bad/P1/x", b'{"free": 1}'),
    ]  # fmt: skip
    with Running(source(broker, "bad"), Kept()) as kept:
        broker.publish(*garbage, message("bad", 1))
        until(lambda: kept.values, "the good one")
    assert sorted(set(kept.reasons())) == [
        "no_number", "no_time", "no_value", "not_json", "time_future", "too_large",
    ]  # fmt: skip
    assert len(kept.refused) == len(garbage)
    with Running(source(broker, "bad"), Kept()) as later:
        broker.publish(message("bad", 2))
        until(lambda: later.values, "the next good one")
    assert not later.refused


def test_kept_messages_are_told_apart(broker):
    broker.publish(message("retain", 1), retain=True)
    untimed = source(broker, "retain", mapping=UNTIMED, client_id="retain-untimed")
    for version in VERSIONS:
        timed = source(broker, "retain", client_id=f"retain{version}", version=version)
        for _ in range(2):
            with Running(timed, Kept()) as kept:
                broker.publish(message("retain", 2))
                until(lambda kept=kept: len(kept.values) >= 1, "a message")
                until(lambda kept=kept: any(v == 2 for v in kept.values.values()), "the new one")
            assert set(kept.values.items()) <= set(expected("retain", range(1, 3)).items())
    with Running(untimed, Kept()) as kept:
        until(lambda: kept.refused, "a refusal")
    assert kept.reasons() == ["no_time"]
    broker.publish(("retain/P1/state", b""), retain=True)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_broker_restarts_and_nothing_is_missing(tmp_path, version):
    own = Broker(tmp_path).start()
    try:
        with Running(source(own, "restart", version=version), Kept()) as kept:
            own.publish(*(message("restart", n) for n in range(5)))
            until(lambda: len(kept.values) == 5, "the first ones")
            own.stop()
            until(lambda: kept.last[0] == "waiting", "the break to be noticed")
            own.start()
            own.publish(*(message("restart", n) for n in range(5, 10)))
            until(lambda: len(kept.values) == 10, "the others")
        assert kept.values == expected("restart", range(10))
        sentences = {why for state, why in kept.states if state == "waiting"}
        assert any("broke" in why for why in sentences)
    finally:
        own.stop()


@pytest.mark.parametrize("version", VERSIONS)
def test_topics_that_are_no_longer_wanted_are_left(broker, version):
    name, kept = f"left{version[0]}", Kept()
    with Running(source(broker, name, version=version), kept):
        broker.publish(message(name, 0))
        until(lambda: kept.values, "the first one")
    narrow = source(broker, name, version=version, topics=[f"{name}/P2/#"])
    with Running(narrow, kept):
        until(lambda: kept.last[0] == "connected", "the connection")
        wanted = (f"{name}/P2/state", message(name, 9)[1])
        broker.publish(message(name, 1), wanted, message(name, 2))
        until(lambda: len(kept.values) > 1, "what is wanted")
    assert {stream for stream, _ in list(kept.values)[1:]} == {f"{name}/P2/free_spaces"}
    assert kept.cursors["subscribed"] == {"topics": [f"{name}/P2/#"]}


def test_a_store_that_is_slow_makes_the_broker_wait(broker):
    class Slow(Kept):
        def __init__(self) -> None:
            super().__init__()
            self.gate = threading.Event()
            self.most = 0

        def put(self, delivery: Any) -> None:
            self.gate.wait(20)
            self.most = max(self.most, len(delivery.readings))
            super().put(delivery)

    slow = Slow()
    with Running(source(broker, "slow", version="5", most_unsaved=10), slow):
        broker.publish(*(message("slow", n) for n in range(100)))
        slow.gate.set()
        until(lambda: len(slow.values) == 100, "all")
    assert slow.values == expected("slow", range(100))
    assert slow.most <= 10


@pytest.mark.parametrize("version", VERSIONS)
def test_more_than_may_wait_was_kept_and_comes_before_the_answer(broker, version):
    """The answer to what is subscribed stands behind what was kept, which must not block it."""
    name = f"backlog{version.replace('.', '')}"
    few = source(broker, name, version=version, most_unsaved=5)
    with Running(few, Kept(says_done=False)) as dead:
        broker.publish(*(message(name, n) for n in range(5)))
        until(lambda: len(dead.values) == 5, "the messages")
    broker.publish(*(message(name, n) for n in range(5, 60)))
    with Running(source(broker, name, version=version, most_unsaved=5), Kept()) as kept:
        until(lambda: len(kept.values) == 60, "what the broker kept")
    assert kept.values == expected(name, range(60))
    assert [state for state, _ in kept.states] == ["starting", "connected", "stopped"]


def test_a_dry_run_takes_nothing_from_anybody(broker):
    listening = source(broker, "dry", topics=["$share/twin/dry/#"], version="5")
    with Running(listening, Kept()):
        pass  # from now on the broker keeps messages for it
    broker.publish(message("dry", 1), retain=True)
    checking = source(broker, "dry", topics=["$share/twin/dry/#", "dry/P1/#"])
    with Running(source(broker, "dry", client_id="other"), Kept()) as other:
        found = checking.check(0.5)
        until(lambda: other.values, "a message at the other")
    assert [one.value for one in found.readings] == [1.0, 1.0]  # once for each topic
    assert [stream.key for stream in found.streams] == ["dry/P1/free_spaces"]
    assert found.extra == {"messages": 2, "kept": 2}
    with Running(listening, Kept()) as kept:
        until(lambda: kept.values, "what was kept for it")
    assert kept.values == expected("dry", range(1, 2))
    silent = source(broker, "silent").check(0.1)
    assert [str(note) for note in silent.notes] == ["Nothing came from silent/# meanwhile."]
    broker.publish(("dry/P1/state", b""), retain=True)


@pytest.mark.parametrize("version", VERSIONS)
def test_two_workers_with_one_name_are_told(broker, version):
    name = f"twice{version.replace('.', '')}"
    one, two = (source(broker, name, version=version) for _ in range(2))
    with Running(one, Kept()) as first, Running(two, Kept()) as second:
        until(lambda: "failed" in dict(first.states) or "failed" in dict(second.states), "a word")
    told = dict(first.states) | dict(second.states)
    assert f"another program listens under the name {name}-{broker.port}" in told["failed"].lower()


def test_a_broker_that_says_that_another_came_is_believed():
    """Mosquitto 2.0.11 only closes the line; MQTT 5 has a word for it."""
    config = MqttConfig(name="a", host="h", topics=("#",), mapping=MAPPING)
    link = Link(config, Terms("mine", "5"))
    code = ReasonCode(PacketTypes.DISCONNECT, identifier=142)
    link._on_disconnect(link._client, None, None, code, None)
    ending = link.ending()
    assert ending.is_fault
    assert "Another program listens under the name mine" in str(ending.why)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_broker_that_forgets_us_says_so(tmp_path, version):
    own = Broker(tmp_path).start()
    try:
        with Running(source(own, "forgets", version=version), Kept()) as kept:
            own.stop()
            (tmp_path / "mosquitto.db").unlink()
            until(lambda: kept.last[0] == "waiting", "the break to be noticed")
            own.start()
            until(lambda: kept.last[0] == "connected", "the connection")
            assert kept.last[1] == "127.0.0.1 has not kept what came during the break."
    finally:
        own.stop()


def test_a_broker_that_is_not_there_is_waited_for(tmp_path):
    port = free_port()
    late = Broker(tmp_path, port=port)
    try:
        with Running(source(late, "late"), Kept(), waits=False) as kept:
            until(lambda: kept.last[0] == "waiting", "a word")
            assert kept.last[1] == (
                f"127.0.0.1:{port} cannot be reached: nothing answers at this port."
            )
            late.start()
            until(lambda: kept.last[0] == "connected", "the connection")
        nowhere = source(late, "nowhere", host="nowhere.invalid")
        with pytest.raises(SourceError, match="There is no computer"):
            nowhere.check(0.1)
    finally:
        late.stop()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """Give a broker that wants an encrypted connection and a password, and its papers."""
    folder = tmp_path_factory.mktemp("guarded")
    papers = certificates(folder)
    made = Broker(
        folder,
        f"password_file {password_file(folder)}",
        f"cafile {papers['ca']}", f"certfile {papers['cert']}", f"keyfile {papers['key']}",
    )  # fmt: skip
    made.start()
    yield made, papers
    made.stop()


@pytest.fixture
def word(monkeypatch):
    monkeypatch.setenv("TOWN_MQTT", PASSWORD)
    return {"user": USER, "password": {"env": "TOWN_MQTT"}}


@pytest.mark.parametrize("version", [*VERSIONS, "auto"])
def test_encrypted_and_with_a_password(guarded, word, version):
    broker, papers = guarded
    made = source(broker, "safe", version=version, tls={"ca": papers["ca"]}, **word)
    with Running(made, Kept()) as kept:
        assert kept.last == ("connected", "")


@pytest.mark.parametrize("version", [*VERSIONS, "auto"])
def test_a_wrong_password_is_told_and_tried_again_later(guarded, word, version, monkeypatch):
    broker, papers = guarded
    monkeypatch.setenv("TOWN_MQTT", "falsch")
    made = source(broker, "wrong", version=version, tls={"ca": papers["ca"]}, **word)
    with Running(made, Kept(), waits=False) as kept:
        until(lambda: kept.last[0] == "failed", "a refusal")
        assert kept.last[1] == "127.0.0.1 does not take user stadt or the password."
        monkeypatch.setenv("TOWN_MQTT", PASSWORD)
        until(lambda: kept.last[0] == "connected", "the right password")


def test_a_password_that_is_nowhere_is_told(guarded, word, monkeypatch):
    broker, papers = guarded
    monkeypatch.delenv("TOWN_MQTT")
    made = source(broker, "none", tls={"ca": papers["ca"]}, **word)
    with Running(made, Kept(), waits=False) as kept:
        until(lambda: kept.last[0] == "failed", "a refusal")
    assert "There is no password in TOWN_MQTT" in dict(kept.states)["failed"]


def with_papers(folder: Path, papers: dict[str, str]) -> Broker:
    made = Broker(
        folder, "allow_anonymous true", f"cafile {papers['ca']}", f"certfile {papers['cert']}",
        f"keyfile {papers['key']}",
    )  # fmt: skip
    return made.start()


@pytest.fixture
def foreign(tmp_path_factory):
    """Give two brokers with their papers: for another computer, and no longer valid."""
    folders = [tmp_path_factory.mktemp(name) for name in ("foreign", "old")]
    papers = [
        certificates(folders[0], host="other.example", name="other"),
        certificates(folders[1], is_old=True),
    ]
    made = [(with_papers(*both), both[1]) for both in zip(folders, papers, strict=True)]
    yield made
    for one, _ in made:
        one.stop()


def test_a_wrong_certificate_is_told_and_nothing_is_sent(guarded, foreign, word, tmp_path):
    broker = guarded[0]
    (other, other_papers), (old, expired) = foreign
    cases = [
        (
            broker,
            {"ca": other_papers["ca"]},
            "nobody who is known here has signed it",
        ),  # another authority
        (broker, {}, "nobody who is known here has signed it"),  # none that this computer knows
        (other, {"ca": other_papers["ca"]}, "made for another computer"),  # another name
        (old, {"ca": expired["ca"]}, "it has expired"),
        (broker, {"ca": str(tmp_path / "none.pem")}, "No such file"),
    ]
    for at, tls, told in cases:
        made = source(at, "tls", tls=tls, **word)
        with Running(made, Kept(), waits=False) as kept:
            until(lambda kept=kept: kept.last[0] == "failed", "a refusal")
        assert told in dict(kept.states)["failed"]
        with pytest.raises(SourceError, match=told):
            made.check(0.1)


def test_a_broker_that_wants_a_certificate_of_the_client(tmp_path):
    papers = certificates(tmp_path)
    own = Broker(
        tmp_path, "allow_anonymous true", f"cafile {papers['ca']}", f"certfile {papers['cert']}",
        f"keyfile {papers['key']}", "require_certificate true",
    ).start()  # fmt: skip
    try:
        mine = {"ca": papers["ca"], "certificate": papers["cert"], "key": papers["key"]}
        with Running(source(own, "mutual", tls=mine), Kept()) as kept:
            assert kept.last == ("connected", "")
        without = source(own, "mutual", tls={"ca": papers["ca"]})
        with pytest.raises(SourceError, match=r"closed the connection"):
            without.check(0.1)
        swapped = source(own, "mutual", tls={**mine, "key": papers["ca"]})
        with pytest.raises(SourceError, match=r"cannot be read"):
            swapped.check(0.1)
    finally:
        own.stop()


def test_a_client_that_speaks_plainly_to_an_encrypted_door_and_the_other_way_round(
    guarded, broker, word
):
    plain = source(guarded[0], "plain", version="5", **word)
    with pytest.raises(SourceError, match="closed the connection"):
        plain.check(0.1)
    with pytest.raises(SourceError, match=r"No encrypted connection|cannot be reached"):
        source(broker, "plain", version="5", tls={}).check(0.1)


def test_topics_that_the_broker_does_not_give_are_told(broker, monkeypatch):
    """Mosquitto grants all and withholds silently; so its answer is changed on the way in."""
    handle = paho.Client._handle_suback

    def refused(self: Any) -> None:
        packet = bytearray(self._in_packet["packet"])
        packet[-1] = 0x80
        self._in_packet["packet"] = packet
        handle(self)

    monkeypatch.setattr(paho.Client, "_handle_suback", refused)
    for version in VERSIONS:
        made = source(broker, "acl", version=version)
        with Running(made, Kept(), waits=False) as kept:
            until(lambda kept=kept: kept.last[0] == "failed", "a refusal")
        assert dict(kept.states)["failed"] == "The broker does not give us acl/#."
        made = source(broker, "acl", topics=["acl/a", "acl/b"], version=version)
        with Running(made, Kept()) as kept:
            assert kept.last == ("connected", "The broker does not give us acl/b.")


NO_ANSWERS = [
    b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x20\x7f" + b"x" * 127,
    b"\xff\xff\xff\xff\xff\x01", None,
]  # fmt: skip


@pytest.mark.parametrize("answer", NO_ANSWERS)
def test_a_door_behind_which_is_no_broker(answer, monkeypatch, broker):
    monkeypatch.setattr(mqtt_link, "ANSWER_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as door:
        guests = []

        def serve() -> None:
            with suppress(OSError):
                while True:
                    guests.append(door.accept()[0])
                    if answer is None:
                        guests[-1].close()
                    else:
                        guests[-1].sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        made = source(broker, "nobroker", port=door.getsockname()[1])
        with Running(made, Kept(), waits=False) as kept:
            until(lambda: len(kept.states) >= 3, "two tries")
        assert {state for state, _ in kept.states} == {"starting", "waiting", "stopped"}
        for guest in guests:
            guest.close()


class OlderDoor:
    """A door before a broker that knows only 3.1.1; it answers a newer greeting as 3.1.1 asks."""

    def __init__(self, port: int, *, says_why: bool) -> None:
        self._inside, self._says_why = port, says_why
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        self._open: list[socket.socket] = [self._door]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                guest, _ = self._door.accept()
                self._open.append(guest)
                greeting = guest.recv(1000)
                if greeting[greeting.index(b"MQTT") + 4] == 5:
                    guest.sendall(b"\x20\x02\x00\x01" if self._says_why else b"")
                    guest.close()
                    continue
                inside = socket.create_connection(("127.0.0.1", self._inside))
                self._open.append(inside)
                inside.sendall(greeting)
                for one, other in ((guest, inside), (inside, guest)):
                    threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    @staticmethod
    def _pass_on(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while some := one.recv(10_000):
                other.sendall(some)
            other.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        for one in self._open:
            one.close()


@pytest.mark.parametrize("says_why", [True, False])
def test_an_older_broker_is_spoken_to_in_the_older_version(broker, says_why):
    door = OlderDoor(broker.port, says_why=says_why)
    name = f"older{says_why:d}"
    try:
        with Running(source(broker, name, port=door.port), Kept()) as kept:
            assert [state for state, _ in kept.states] == ["starting", "connected"]
            broker.publish(message(name, 1))
            until(lambda: kept.values, "a message")
        assert source(broker, name, port=door.port).check(0.1).readings == ()
        made = source(broker, name, port=door.port, version="5")
        told = "does not speak MQTT 5" if says_why else "closed the connection"
        with pytest.raises(SourceError, match=told):
            made.check(0.1)
    finally:
        door.close()
