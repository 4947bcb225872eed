"""What `sensors.toml` may say of a broker, and how it is told what it may not."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode
from pydantic import ValidationError

from layers.sensors import mqtt_config
from layers.sensors.mqtt import client_id_of
from layers.sensors.mqtt_config import MqttConfig, topic_fault
from layers.sensors.mqtt_link import Link, Pauses, Terms

GIVEN: dict[str, Any] = {"name": "klima", "host": "broker.example", "topics": ["a/+/b", "c/#"]}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"topics": ["a#", "b/#/c", "d+/e"]}, "a#: # stands alone"),
        ({"topics": ["a#", "b/#/c", "d+/e"]}, "d+/e: + stands alone"),
        ({"topics": []}, "no topic to subscribe to"),
        ({"topics": [""]}, "empty"),
        ({"topics": ["$share/a+b/c"]}, "$share/group/topic"),
        ({"host": "mqtt://broker.example"}, "no name of a computer"),
        ({"format": "json"}, "need a mapping"),
        ({"password": {"env": "X"}}, "no user"),
        ({"user": "a", "password": "geheim"}, "does not stand in the file itself"),
        ({"tls": {"certificate": "a.pem"}}, "belong together"),
        ({"tls": {"verify": False}}, "verify"),
        ({"tls_insecure": True}, "tls_insecure"),
        ({"port": 70_000}, "65535"),
        ({"qos": 2}, "qos"),
        ({"devices": [{"device": "x", "lon": 7.0}]}, "lon and lat belong together"),
        ({"devices": [{"device": "x", "fields": {"T": {"property": "air_temperature",
                                                       "unit": "kg"}}}]}, "cannot be converted"),
        ({"devices": [{"device": "x", "fields": {"T": {"property": "co2", "when": {"a": 1}}}}]},
         "when"),
    ],
)  # fmt: skip
def test_faults_are_told_in_plain_words(changes, told):
    with pytest.raises(ValidationError) as caught:
        MqttConfig.model_validate({**GIVEN, **changes})
    assert told in str(caught.value)


def test_what_is_not_told_has_sensible_values():
    config = MqttConfig(**GIVEN)
    assert (config.door, config.qos, config.version) == (1883, 1, "auto")
    assert MqttConfig(**GIVEN, tls=True).door == 8883
    ttn = MqttConfig(name="a", host="eu1.cloud.thethings.network", format="ttn", user="app@ttn")
    assert ttn.subscribed == ("v3/app@ttn/devices/+/up",)
    chirpstack = MqttConfig(name="a", host="localhost", format="chirpstack")
    assert chirpstack.subscribed == ("application/+/device/+/event/+",)
    one = MqttConfig(name="a", host="localhost", topics="a/b")
    assert one.subscribed == ("a/b",)
    assert topic_fault("$share/twin/a/#") is None
    assert topic_fault("Straße/+/Zähler") is None


def test_a_certificate_is_looked_for_beside_the_file(tmp_path):
    given = {**GIVEN, "tls": {"ca": "ca.pem"}}
    config = MqttConfig.model_validate(given, context={"folder": tmp_path})
    assert config.tls is not None
    assert config.tls.ca == str(tmp_path / "ca.pem")


def test_the_name_at_the_broker_stays_and_differs_by_source_and_database():
    config = MqttConfig(**GIVEN)
    assert client_id_of(config, "a.sqlite") == client_id_of(config, "a.sqlite")
    other = MqttConfig(**{**GIVEN, "name": "luft"})
    ids = {client_id_of(config, "a"), client_id_of(config, "b"), client_id_of(other, "a")}
    assert len(ids) == 3
    assert all(one.isalnum() and len(one) <= 23 for one in ids)  # what every broker has to take
    assert client_id_of(MqttConfig(**GIVEN, client_id="mine")) == "mine"


def test_the_example_of_the_module_is_a_configuration():
    text = mqtt_config.__doc__.split("```")[1].removeprefix("toml\n")
    climate, parking = tomllib.loads(text)["source"]
    lora = MqttConfig.model_validate(climate)
    assert (lora.door, lora.subscribed) == (8883, ("v3/climate@ttn/devices/+/up",))
    assert MqttConfig.model_validate(parking).mapping.values[0].property == "free_spaces"


def test_pauses_grow_to_a_bound_and_faults_are_tried_more_seldom():
    pauses = Pauses()
    grown = [pauses.next(is_fault=False) for _ in range(40)]
    for pause, middle in zip(grown, [1, 2, 4, 8, 16, 32, *[60] * 34], strict=True):
        assert 0.8 * middle <= pause <= 1.2 * middle
    assert len(set(grown[10:])) > 10  # many clients do not come back at the same moment
    pauses.reset()
    assert 24 <= pauses.next(is_fault=True) <= 36
    assert max(pauses.next(is_fault=True) for _ in range(20)) <= 360


def test_what_somebody_should_know_of_a_connection(monkeypatch):
    monkeypatch.setenv("TOWN_MQTT", "geheim")
    secret = {"user": "stadt", "password": {"env": "TOWN_MQTT"}}
    once = ReasonCode(PacketTypes.SUBACK, identifier=0)

    def notes(host: str, **more: Any) -> str:
        config = MqttConfig(**{**GIVEN, "host": host, **more})
        link = Link(config, Terms("x", "5", topics=config.subscribed))
        link._on_subscribe(link._client, None, 1, [once], None)
        return " ".join(str(note) for note in link.notes())

    assert "unencrypted" in notes("broker.example", **secret)
    assert "unencrypted" not in notes("broker.example", **secret, tls=True)
    assert "unencrypted" not in notes("127.0.0.1", **secret)
    assert "what comes during a break is lost" in notes("broker.example")
