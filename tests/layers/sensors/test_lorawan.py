"""Messages of LoRaWAN networks: values, units, times, places, and whose names stay private."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from layers.sensors.lorawan_fields import KNOWN, meaning
from layers.sensors.mqtt_config import MqttConfig
from layers.sensors.mqtt_inbox import Incoming
from layers.sensors.mqtt_read import Read, Reader
from layers.sensors.properties import PROPERTIES
from layers.sensors.records import Flag
from layers.sensors.units import conversion, unit_code
from tests.conftest import shared
from tests.layers.sensors.lorawan_messages import AT, chirpstack, ttn, up

NOW = int(datetime(2026, 3, 28, 8, 26, 5, tzinfo=UTC).timestamp() * 1000)
AT_MS = int(datetime(2026, 3, 28, 8, 26, 1, 821000, tzinfo=UTC).timestamp() * 1000)


def config(**more: Any) -> MqttConfig:
    return MqttConfig(name="klima", host="localhost", topics=("#",), **more)


def read(
    message: Any,
    topic: str = "v3/stadt@ttn/devices/x/up",
    reader: Reader | None = None,
    **more: Any,
) -> Read:
    text = json.dumps(message).encode()
    return (reader or Reader(config(**more))).read(Incoming(topic, text, NOW, len(text)))


def values(found: Read) -> dict[str, float]:
    return {one.stream.rsplit("/", 1)[1]: one.value for one in found.readings}


# The expected figures are read off the messages by eye; who wrote them is not us.
REAL = {
    "0": {},  # down/ack
    "1": {},  # command/down
    "2": {},  # a relay box: currents and switches, nothing with a usual name
    "6": {"battery_level": 85.826775},  # status
    "7": {"battery": 3.078},  # door contact
    "12": {"battery": 3.6, "illuminance": 258.0},
    "13": {"soil_moisture": 41.8, "soil_conductivity": 61.0, "soil_temperature": -0.4},
    "14": {
        "relative_humidity": 30.47,
        "battery": 3.5,
        "probe_temperature": 22.7,
        "air_temperature": 23.06,
    },
    "15": {
        "air_temperature": 13.3,
        "relative_humidity": 64.0,
        "battery": 3.12,
        "battery_level": 100.0,
    },
}


def test_real_messages_of_both_networks_are_read_by_config_alone():
    messages = json.loads(shared("data/sensors/lorawan_iobroker_messages.json").read_text("utf-8"))
    reader = Reader(config())
    found = [read(m["payload"], m["topic"], reader) for m in messages]
    assert {number: values(found[int(number)]) for number in REAL} == REAL
    assert [one.reason for each in found for one in each.refused] == ["no_value"]  # relay box
    assert sum(len(each.readings) for each in found) == 15
    names = "a84041162183f8fb 70b3d52dd300ed31 70b3d52dd301b3cc shlm-luxsensor-001 Rika Flurtüre"
    for stream in (stream for each in found for stream in each.streams):
        assert stream.device
        told = f"{stream.key} {stream.name} {dict(stream.extra)}".lower()
        assert not [name for name in [*names.split(), stream.device] if name.lower() in told]
        assert stream.lon is None  # gateways have places in these messages, devices none
    moment = datetime(2026, 3, 28, 8, 26, 1, 821000, tzinfo=UTC)
    assert found[15].readings[0].at == moment.timestamp() * 1000


def test_a_real_status_uplink_of_dragino_gives_its_battery_in_volts():
    text = shared("data/sensors/ttn_v3_uplink_dragino_lht52.json").read_text("utf-8")
    assert values(read(json.loads(text))) == {"battery": 3.054}


@pytest.mark.parametrize("network", ["ttn", "chirpstack"])
def test_the_same_values_from_both_networks(network):
    decoded = {"TempC_SHT": "21.50", "Hum_SHT": 44.1, "BatV": 3.05, "Work_mode": "LHT65"}
    message = ttn(decoded=decoded) if network == "ttn" else chirpstack(decoded=decoded)
    found = read(message, up() if network == "chirpstack" else "x")
    expected = {"air_temperature": 21.5, "relative_humidity": 44.1, "battery": 3.05}
    assert values(found) == expected
    assert {one.at for one in found.readings} == {AT_MS}
    assert {stream.unit for stream in found.streams} == {"Cel", "%", "V"}
    assert {one.received for one in found.readings} == {NOW}
    assert not found.refused


@pytest.mark.parametrize(
    ("decoded", "expected"),
    [
        ({"temperature": 21.5, "humidity": 40, "light": 120, "co2": 650, "vdd": 3635},
         {"air_temperature": 21.5, "relative_humidity": 40, "illuminance": 120, "co2": 650,
          "battery": 3.635}),  # Elsys
        ({"battery": 92, "temperature": 30.8, "pressure": 1004.7, "tvoc": 7, "pm2_5": 12},
         {"battery_level": 92, "air_temperature": 30.8, "air_pressure": 1004.7, "tvoc": 7,
          "pm2_5": 12}),  # Milesight
        ({"air_temperature": {"displayName": "Air temperature", "unit": "°C", "value": 9.5},
          "barometric_pressure": {"displayName": "…", "unit": "Pa", "value": 99_800}},
         {"air_temperature": 9.5, "air_pressure": 998.0}),  # Decentlab
        ({"Bat": "3.3 V", "TempC_DS18B20": "12.5 °C", "water_SOIL": "30.1 %",
          "conduct_SOIL": "120 uS/cm"},
         {"battery": 3.3, "probe_temperature": 12.5, "soil_moisture": 30.1,
          "soil_conductivity": 120}),  # Dragino, older
        ({"temperature_1": 20.0, "temperature_2": 22.0, "relative_humidity_3": 50},
         {"air_temperature-1": 20.0, "air_temperature-2": 22.0, "relative_humidity-3": 50}),  # LPP
        ({"messages": [[{"measurementId": "4097", "type": "Air Temperature",
                         "measurementValue": 8.5},
                        {"type": "Barometric Pressure", "measurementValue": 100_120}]]},
         {"air_temperature": 8.5, "air_pressure": 1001.2}),  # Sensecap
        ({"data": {"temperature": 4.0}, "board": {"temperature": 30.0}, "battery": 25},
         {"air_temperature": 4.0, "battery_level": 25}),
        ({"temp": "68 °F"}, {"air_temperature": 20.0}),
        ({"light": True, "battery_voltage": 3000}, {"battery": 3.0}),
    ],
)  # fmt: skip
def test_names_of_many_decoders(decoded, expected):
    assert values(read(ttn(decoded=decoded))) == pytest.approx(expected)


def test_every_known_name_has_a_unit_that_can_become_that_of_its_property():
    for known in KNOWN.values():
        if known.unit:
            ours = PROPERTIES.get(known.property)
            assert conversion(known.unit, ours.unit if ours else known.unit)
            assert unit_code(known.unit)
    assert meaning("pm10").property == "pm10"  # no channel 10 of pm
    assert meaning("light_level") is None  # a class, no lux


def test_normalised_values_fill_what_the_decoder_leaves_open():
    normal = [
        {"air": {"temperature": 13.3, "relativeHumidity": 64}, "battery": 3.1},
        {"soil": {"depth": 10, "moisture": 31, "ec": 0.5}},
        {"soil": {"depth": 30, "moisture": 35}},
        {"time": "2026-03-28T08:00:00Z", "air": {"temperature": 11}},
    ]
    found = read(ttn(decoded={"temperature": 13.3}, normalized_payload=normal))
    told = {(one.stream.rsplit("/")[-1], one.at): one.value for one in found.readings}
    before = int(datetime(2026, 3, 28, 8, tzinfo=UTC).timestamp() * 1000)
    assert told == {
        ("air_temperature", AT_MS): 13.3,
        ("relative_humidity", AT_MS): 64.0,
        ("battery", AT_MS): 3.1,
        ("soil_moisture-10cm", AT_MS): 31.0,
        ("soil_conductivity-10cm", AT_MS): pytest.approx(500.0),
        ("soil_moisture-30cm", AT_MS): 35.0,
        ("air_temperature", before): 11.0,
    }
    body = {"f_cnt": 3, "received_at": AT, "normalized_payload": {"air": {"co2": 500}}}
    own = {**ttn(), "uplink_normalized": body}
    del own["uplink_message"]
    assert values(read(own)) == {"co2": 500.0}


def test_what_is_not_meant_for_us_is_neither_read_nor_refused():
    joined = {**ttn(), "join_accept": {"session_key_id": "x"}}
    no_values = ttn()
    for part in ("frm_payload", "f_port"):
        del no_values["uplink_message"][part]
    for message in (joined, no_values):
        assert read(message) == Read()
    for kind in ("join", "ack", "txack", "log"):
        assert read(chirpstack(), up(kind=kind)) == Read()
    assert (
        read({"devEui": "a84041f621857cd2", "data": "AA"}, "application/1/device/2/command/down")
        == Read()
    )
    assert read({"gatewayId": "50", "stats": {}}, "eu868/gateway/50/event/stats") == Read()


def test_an_uplink_nobody_has_decoded_is_refused_with_advice():
    (refused,) = read(ttn()).refused
    assert refused.reason == "no_value"
    assert "payload formatter" in refused.detail
    (refused,) = read(ttn(decoded={"OPEN": 1})).refused
    assert refused.reason == "no_value"
    assert "OPEN" in refused.detail


@pytest.mark.parametrize(
    ("value", "reason"),
    [("warm", "no_number"), (None, "no_value"), ([1, 2], "no_number"), ("NaN", "not_finite"),
     (float("inf"), "not_finite"), (10**400, "not_finite"), ("3 kg", "unit")],
)  # fmt: skip
def test_a_value_that_is_none_is_refused_and_the_others_are_read(value, reason):
    found = read(ttn(decoded={"temperature": value, "humidity": 40}))
    assert [one.reason for one in found.refused] == [reason]
    assert values(found) == {"relative_humidity": 40}


def test_bombs_and_letters_that_are_none_end_in_a_refusal_or_a_clean_name():
    found = read(ttn(decoded={f"v{number}": 1 for number in range(600)}))
    assert [one.reason for one in found.refused] == ["too_large"]
    profile = {"deviceProfileName": "Kli\ud800ma\u0000\n<b>"}
    (stream,) = read(chirpstack(decoded={"co2\ud800": 5}, info=profile), up()).streams
    assert (stream.name + str(dict(stream.extra))).isprintable()
    assert stream.name.encode()


@pytest.mark.parametrize(
    ("at", "reason"),
    [("1970-01-01T00:00:01Z", "time_past"), ("2099-01-01T00:00:00Z", "time_future"),
     ("gestern", "no_time")],
)  # fmt: skip
def test_times_that_cannot_be(at, reason):
    for message, topic in ((ttn(decoded={"co2": 500}, at=at), "x"),
                           (chirpstack(decoded={"co2": 500}, at=at), up())):  # fmt: skip
        found = read(message, topic)
        assert ([one.reason for one in found.refused], found.readings) == ([reason], ())


def test_without_a_time_an_uplink_stands_at_its_receipt():
    message = chirpstack(decoded={"co2": 500})
    del message["time"]
    found = read(message, up())
    assert found.is_timeless
    assert found.readings[0].at == NOW
    assert not read(chirpstack(decoded={"co2": 500}), up()).is_timeless


def test_wrong_clocks_are_told_and_the_time_of_the_network_counts():
    own = read(ttn(decoded={"co2": 500, "Systimestamp": 1_500_000_000}))
    assert (own.readings[0].at, own.readings[0].flags) == (AT_MS, Flag.SKEW)
    right = read(ttn(decoded={"co2": 500, "Systimestamp": AT_MS // 1000 - 30}))
    assert right.readings[0].flags == 0
    info = [{"gwTime": "2026-03-28T07:00:00Z", "nsTime": "2026-03-28T08:26:01Z"}]
    gateway = read(chirpstack(decoded={"co2": 500}, at="2026-03-28T07:00:00Z", rxInfo=info), up())
    assert gateway.readings[0].at == AT_MS // 1000 * 1000
    assert gateway.readings[0].flags == Flag.SKEW
    simulated = read({**ttn(decoded={"co2": 500}), "simulated": True})
    assert simulated.readings[0].flags == Flag.SUSPECT


def test_a_frame_sent_again_is_the_same_reading():
    reader = Reader(config())
    first = read(ttn(decoded={"co2": 500}), reader=reader)
    again = read(ttn(decoded={"co2": 500}, at="2026-03-28T08:26:04Z"), reader=reader)
    assert [one.at for one in again.readings] == [one.at for one in first.readings]
    assert not again.streams  # told once
    later = read(ttn(decoded={"co2": 501}, at="2026-03-28T08:26:05Z", f_cnt=8), reader=reader)
    assert later.readings[0].at > first.readings[0].at
    counted_anew = read(ttn(decoded={"co2": 500}, at="2026-03-28T09:26:05Z"), reader=reader)
    assert counted_anew.readings[0].at > later.readings[0].at


def test_places_are_those_of_the_device_never_of_the_gateway():
    def place(message: Any, topic: str = "x", **more: Any) -> tuple[Any, Any]:
        stream = read(message, topic, **more).streams[0]
        return stream.lon, stream.lat

    decoded = {"co2": 500}
    assert place(ttn(decoded=decoded)) == (None, None)
    user = {"user": {"latitude": 50.81, "longitude": 7.15, "source": "SOURCE_REGISTRY"},
            "frm-payload": {"latitude": 1, "longitude": 1}}  # fmt: skip
    assert place(ttn(decoded=decoded, locations=user)) == (7.15, 50.81)
    assert place(chirpstack(decoded=decoded), up()) == (None, None)
    tags = {"tags": {"lat": "50.81", "lon": "7.15"}}
    assert place(chirpstack(decoded=decoded, info=tags), up()) == (7.15, 50.81)
    gps = {"co2": 500, "latitude": 50.8, "longitude": 7.1}
    assert place(chirpstack(decoded=gps), up()) == (7.1, 50.8)
    for nonsense in ({"latitude": 0, "longitude": 0}, {"latitude": 91, "longitude": 7}):
        assert place(ttn(decoded={"co2": 5, **nonsense})) == (None, None)
    listed = [{"device": "A8404146C184579B", "lon": 7.2, "lat": 50.9, "name": "Rathaus"}]
    assert place(ttn(decoded=decoded, locations=user), devices=listed) == (7.2, 50.9)
    at = {"klima-1": {"lon": 7.3, "lat": 50.7}}
    assert place(ttn(decoded=decoded), at=at) == (7.3, 50.7)


def test_a_device_that_moves_tells_its_new_place_once_and_trembling_is_none():
    reader = Reader(config())

    def moved(lat: float, f_cnt: int) -> list[float | None]:
        places = {"frm-payload": {"latitude": lat, "longitude": 7.15}}
        found = read(ttn(decoded={"co2": 1}, locations=places, f_cnt=f_cnt), reader=reader)
        return [stream.lat for stream in found.streams]

    assert moved(50.81, 1) == [50.81]
    assert moved(50.8101, 2) == []  # 11 m
    assert moved(50.82, 3) == [50.82]
    assert read(ttn(decoded={"co2": 1}, f_cnt=4), reader=reader).streams == ()  # without a fix


def test_devices_of_the_configuration_say_names_fields_and_units():
    devices = [
        {"device": "klima-*", "fields": {"OPEN": {"property": "gate_open", "booleans": True},
                                         "T1": {"property": "soil_temperature", "unit": "°F"},
                                         "T2": "soil_temperature", "humidity": False,
                                         "level.mm": {"property": "water_level", "unit": "mm"},
                                         "state": {"property": "free_spaces",
                                                   "categories": {"free": 1, "taken": 0}}}},
        {"device": "klima-1", "name": "Rathaus", "short": "rathaus", "public": False,
         "fields": {"T2": "co2"}},
    ]  # fmt: skip
    decoded = {"OPEN": True, "T1": 50, "T2": 12, "humidity": 44, "temperature": 7,
               "level": {"mm": 1234}, "state": "free"}  # fmt: skip
    found = read(ttn(decoded=decoded), devices=devices)
    assert values(found) == pytest.approx(
        {"gate_open": 1, "soil_temperature-T1": 10, "soil_temperature-T2": 12,
         "air_temperature": 7, "water_level": 123.4, "free_spaces": 1}
    )  # fmt: skip
    assert {stream.key.split("/")[1] for stream in found.streams} == {"rathaus"}
    assert not any(stream.public for stream in found.streams)
    assert {stream.name for stream in found.streams} == {"Rathaus", "Rathaus T1", "Rathaus T2"}
    only = [{"device": "klima-1", "only_fields": True, "fields": {"T2": "soil_temperature"}}]
    assert values(read(ttn(decoded=decoded), devices=only)) == {"soil_temperature": 12}


def test_a_count_of_an_interval_stands_at_its_begin():
    told = {"property": "vehicles", "interval_s": 300}
    devices = [{"device": "*", "fields": {"n": told, "t": {**told, "property": "co2"}}}]
    found = read(ttn(decoded={"n": 12, "t": 500}), devices=devices)
    begins = {one.stream.rsplit("/", 1)[1]: AT_MS - one.at for one in found.readings}
    assert begins == {"vehicles": 300_000, "co2": 0}
    assert {stream.interval_s for stream in found.streams} == {300}


def test_an_entry_for_many_devices_tells_them_apart_and_so_do_two_applications():
    reader = Reader(config(devices=[{"device": "klima-*", "name": "Klima", "short": "k"}]))
    other = ttn(decoded={"co2": 1})
    other["end_device_ids"] |= {"application_ids": {"application_id": "andere"}}
    messages = [ttn("klima-1", {"co2": 1}), ttn("klima-2", {"co2": 1}), other]
    streams = [read(message, reader=reader).streams[0] for message in messages]
    assert len({stream.key for stream in streams}) == 3
    assert len({stream.name for stream in streams}) == 3
    assert all(stream.name.startswith("Klima ") for stream in streams)
    own = Reader(config(devices=[{"device": "KLIMA-1", "name": "Rathaus"}]))
    assert read(messages[0], reader=own).streams[0].name == "Rathaus"


def test_only_listed_devices_where_the_configuration_says_so():
    listed = {"listed_only": True, "devices": [{"device": "dragino*"}]}
    profile = chirpstack(decoded={"co2": 1})
    assert read(profile, up(), **listed).readings  # by its profile
    assert [one.reason for one in read(ttn(decoded={"co2": 1}), **listed).refused] == [
        "unknown_stream"
    ]


def test_short_names_stay_the_same_and_a_salt_changes_them():
    message = ttn(decoded={"co2": 1})
    text = json.dumps(message).encode()
    keys = {
        Reader(config(), salt=salt).read(Incoming("x", text, NOW)).streams[0].key
        for salt in ("", "", "pepper")
    }
    assert len(keys) == 2
    own = read(chirpstack(decoded={"co2": 1}), up(), device_names=True).streams[0]
    assert own.name == "Kinderzimmer Rika"  # only when somebody asks for it


def test_chirpstack_3_is_read_as_well():
    message = {
        "applicationName": "stadt", "deviceName": "s1", "deviceProfileName": "Dragino",
        "devEUI": "qEBB9iGFfNI=", "fCnt": 1, "fPort": 2, "data": "AA==",
        "rxInfo": [{"time": "2026-03-28T08:26:01.821Z", "location": {"latitude": 1}}],
        "objectJSON": '{"TempC_SHT": 21.5}',
    }  # fmt: skip
    found = read(message, "application/1/device/a84041f621857cd2/event/up")
    assert values(found) == {"air_temperature": 21.5}
    assert (found.readings[0].at, found.streams[0].device) == (AT_MS, "a84041f621857cd2")


@pytest.mark.parametrize(
    "message",
    [{"end_device_ids": {}}, {"end_device_ids": {"device_id": 3}, "uplink_message": {"x": 1}},
     {"deviceInfo": {}, "object": {}}, {"end_device_ids": [], "deviceInfo": 7}],
)  # fmt: skip
def test_half_messages_are_refused(message):
    found = read(message, up())
    assert not found.readings
    assert [one.reason for one in found.refused] == ["unknown_format"]
