"""Messages that come in: plain JSON by a mapping, garbage, bombs, floods, kept ones."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.sensors.mqtt_config import MqttConfig
from layers.sensors.mqtt_inbox import Incoming
from layers.sensors.mqtt_marks import Marks
from layers.sensors.mqtt_read import Read, Reader
from layers.sensors.records import Datastream
from tests.layers.sensors.lorawan_messages import ttn

NOW = 1_790_000_000_000
MAPPING: dict[str, Any] = {
    "stream": "$topic[1]",
    "values": [{"path": "free", "property": "free_spaces"}],
}


def config(**more: Any) -> MqttConfig:
    given = {"mapping": MAPPING, **more}
    return MqttConfig(name="parking", host="localhost", topics=("#",), **given)


def incoming(payload: bytes | None, topic: str = "parking/P3/state", **more: Any) -> Incoming:
    return Incoming(topic, payload, NOW, len(payload or b""), **more)


def read(payload: bytes | None, *, kept: bool = False, **more: Any) -> Read:
    return Reader(config(**more)).read(incoming(payload, is_kept=kept))


def reasons(found: Read) -> list[str]:
    return [refusal.reason for refusal in found.refused]


def test_plain_json_by_a_mapping_with_the_place_in_the_topic():
    found = read(b'{"free": 17}')
    assert [(one.stream, one.at, one.value) for one in found.readings] == [
        ("parking/P3/free_spaces", NOW, 17.0)
    ]
    assert found.is_timeless
    timed = {**MAPPING, "time": {"path": "t"}}
    found = read(b'{"free": 17, "t": "2026-09-20T08:00:00Z"}', mapping=timed)
    assert not found.is_timeless
    assert found.readings[0].at == 1_789_891_200_000


@pytest.mark.parametrize(("payload", "value"), [(b"23", 23.0), (b" 23,5\n", 23.5), (b"1e1", 10.0)])
def test_a_bare_number_is_a_message_too(payload, value):
    mapping = {"stream": "$topic[1]", "values": [{"path": "@", "property": "free_spaces"}]}
    assert [one.value for one in read(payload, mapping=mapping).readings] == [value]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"\xff\xfe\x00garbage", "not_json"),
        (b"{'free': 1}", "not_json"),
        (b'{"free": 1, "free": 2}', "not_json"),
        (b'{"free": 1', "not_json"),
        (b"[" * 100_000, "too_large"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, "too_large"),
        (b"", "no_value"),
        (b"null", "no_value"),
        (b'{"other": 1}', "no_value"),
        (b'{"free": "many"}', "no_number"),
        (b'{"free": NaN}', "not_finite"),
        (b'{"free": 1e999}', "not_finite"),
        (b'{"free": ' + b"9" * 5_000 + b"}", "not_finite"),
        (None, "too_large"),
        (b'{"free": 1, "x": "' + b"a" * 2_000 + b'"}', "too_large"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(payload, reason):
    found = read(payload, most_bytes=1_900 if payload and b"aaa" in payload else 4_000_000)
    assert (reasons(found), found.readings) == ([reason], ())
    assert all(len(one.detail) <= 300 and one.detail.isprintable() for one in found.refused)


def test_without_a_mapping_only_networks_are_known():
    found = Reader(MqttConfig(name="a", host="h", topics=("#",))).read(incoming(b'{"free": 1}'))
    assert reasons(found) == ["unknown_format"]
    strict = Reader(MqttConfig(name="a", host="h", format="chirpstack"))
    assert reasons(strict.read(incoming(json.dumps(ttn(decoded={"co2": 5})).encode()))) == [
        "unknown_format"
    ]


def test_what_the_broker_has_kept_is_read_only_with_a_time_of_its_own():
    assert reasons(read(b'{"free": 17}', kept=True)) == ["no_time"]
    timed = {**MAPPING, "time": {"path": "t"}}
    found = read(b'{"free": 17, "t": 1789891200}', kept=True, mapping=timed)
    assert len(found.readings) == 1
    assert read(b"", kept=True) == Read()  # a kept message was deleted


def test_a_flood_of_topics_ends_at_the_number_of_streams_that_is_allowed():
    reader = Reader(config(most_streams=3))
    known = Datastream("parking/P0/free_spaces", "parking", "P0", "free_spaces", "{space}")
    reader.streams_known({known.key: known})
    told = [reader.read(incoming(b'{"free": 1}', f"parking/P{n}/x")) for n in range(6)]
    assert [len(found.readings) for found in told] == [1, 1, 1, 0, 0, 0]
    assert [reasons(found) for found in told[3:]] == [["too_many_streams"]] * 3
    again = reader.read(incoming(b'{"free": 2}', "parking/P1/x"))
    assert (len(again.readings), again.streams) == (1, ())


NAMES = st.sampled_from(
    ["end_device_ids", "device_id", "uplink_message", "decoded_payload", "received_at", "devEui",
     "deviceInfo", "object", "time", "rxInfo", "temperature", "battery", "lat", "lon", "free",
     "normalized_payload", "locations", "user", "batteryLevel", "location", "soil", "depth", "tags"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(message=JSON, raw=st.binary(max_size=40))
def test_no_message_whatever_makes_it_fall_over(message, raw):
    for payload in (json.dumps(message).encode(), raw):
        for topic in ("a/b", "application/1/device/2/event/up", ""):
            for wanted in ("auto", "ttn", "chirpstack", "json"):
                reader = Reader(config(format=wanted))
                found = reader.read(incoming(payload, topic))
                assert "fault" not in reasons(found), found


def test_the_first_receipt_of_a_message_is_remembered_until_it_is_surely_acknowledged():
    def message(text: str, at: int, *, again: bool = False) -> Incoming:
        return Incoming("t", text.encode(), at, qos=1, is_again=again)

    marks = Marks()
    assert marks.cursor() is None  # nothing to keep where all messages have times
    marks.note(message("5", 100))
    marks.note(message("5", 200))
    kept = marks.cursor()
    assert list(kept.values()) == [[100, 200]]

    after_a_kill = Marks(kept)
    again = [after_a_kill.first(message("5", at, again=True)).received for at in (900, 901, 902)]
    assert again == [100, 200, 902]  # the third is a new one
    assert after_a_kill.first(message("5", 950)).received == 950

    after_a_kill.rest()
    assert after_a_kill.cursor() == {}
    assert after_a_kill.cursor() is None

    marks.broken()
    assert marks.first(message("5", 300, again=True)).received == 100


def test_messages_of_one_topic_never_share_a_moment():
    marks = Marks()
    stamps = [marks.stamped(incoming(b"1", topic)).received - NOW for topic in "aabab"]
    assert stamps == [0, 1, 0, 2, 1]
