"""`sensors.toml`: what it may say, and how everything that is wrong with it is told at once."""

from __future__ import annotations

import pytest

from layers.sensors.common import Common, Place, described
from layers.sensors.config import read_config, unusual_words
from layers.sensors.faults import ConfigError, shown
from layers.sensors.mqtt_config import MqttConfig
from layers.sensors.replay import ReplayConfig
from layers.sensors.sensorthings_config import SensorThingsConfig
from layers.sensors.sources import make_source
from layers.sensors.table_config import TableConfig
from tests.layers.sensors.feeding import stream
from twin.errors import SourceError

SOURCE = '[[source]]\nname = "day"\nkind = "replay"\nfile = "day.csv"\n'


@pytest.fixture
def read(tmp_path):
    def reading(text):
        (tmp_path / "sensors.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_config(tmp_path / "sensors.toml")

    return reading


def faults(read, text):
    with pytest.raises(ConfigError) as told:
        read(text)
    return [str(fault) for fault in told.value.faults] or [str(told.value)]


def test_what_is_left_out_has_its_usual_value(read, monkeypatch):
    monkeypatch.setenv("TWIN_STORE", "/somewhere/projects.sqlite")
    config = read(SOURCE)
    assert config.store.where == "/somewhere/projects.sqlite"
    assert (config.health.host, config.health.port) == ("127.0.0.1", 9109)
    assert config.retention.raw_days == 0  # nothing is deleted unasked
    assert config.sources[0].name == "day"


def test_every_kind_of_source_is_made(read):
    config = read(
        SOURCE + '[[source]]\nname = "s"\nkind = "sensorthings"\nurl = "https://x/v1.1"\n'
        '[[source]]\nname = "m"\nkind = "mqtt"\nhost = "broker"\ntopics = ["a/+"]\n'
        '[[source]]\nname = "air"\nkind = "table"\nformat = "sensor_community"\n'
        'url = "https://data.sensor.community/x"\n'
    )
    assert [type(one) for one in config.sources] == [
        ReplayConfig, SensorThingsConfig, MqttConfig, TableConfig,
    ]  # fmt: skip
    assert [make_source(one).name for one in config.sources] == ["day", "s", "m", "air"]


def test_relative_paths_are_beside_the_file(read, tmp_path):
    text = f'store.database = "kept/feeds.sqlite"\n{SOURCE}streams = "/far/away.toml"\n'
    config = read(text)
    assert config.store.where == str(tmp_path / "kept/feeds.sqlite")
    assert config.sources[0].file == str(tmp_path / "day.csv")
    assert config.sources[0].streams == "/far/away.toml"
    assert read(f'store.database = "postgresql://twin@db/twin"\n{SOURCE}').store.where == (
        "postgresql://twin@db/twin"
    )


def test_a_store_is_told_from_others_without_its_password(read):
    config = read(f'store.database = "postgresql://twin:secret@db/twin"\n{SOURCE}')
    assert config.store.identity == "postgresql://twin:***@db/twin"


def test_all_faults_are_told_at_once_with_place_value_and_what_is_allowed(read):
    found = faults(
        read,
        '[store]\ndatabse = "x"\n[retention]\nraw_days = -4\n[health]\nport = "abc"\n'
        '[[source]]\nname = "Demo Town"\nkind = "replay"\nfile = "day.csv"\nspeed = "fast"\n'
        '[[source]]\nname = "b"\nkind = "replay"\nsped = 3\nshift = "tomorrow"\n'
        "[source.expect.no2]\nlo = 3\n"
        '[[source]]\nname = "c"\nkind = "repaly"\n'
        '[[source]]\nname = "d"\n'
        '[[source]]\nname = "e"\nkind = "replay"\nfile = "x"\nat = { lon = 400, lat = 3 }\n'
        '[[source]]\nname = "k"\nkind = "table"\nfile = "k.csv"\n'
        'mapping = { stream = "s", time = { path = "t" }, '
        'values = [{ path = "b", property = "no2", unit = "furlong" }] }\n',
    )
    text = "\n".join(found)
    for part in (
        "store.databse is no setting; database is meant, perhaps",
        "retention.raw_days is -4; allowed are ≥ 0.",
        "health.port is abc; it should be a whole number.",
        "source[0].name is Demo Town; it should be a short name in small letters",
        "source[0].speed is fast; it should be a number.",
        "source[1].sped is no setting; speed is meant, perhaps",
        "source[1].shift is tomorrow; allowed are today, none.",
        "source[1].expect.no2.lo is no setting; low is meant, perhaps",
        "Source c: source[2].kind is repaly; allowed are sensorthings, mqtt, table, replay",
        "source[3].kind is missing.",
        "source[4].at.lon is 400; allowed are ≤ 180.",
        "source[5].mapping.values[0].unit: furlong is no unit known here.",
    ):
        assert part in text
    assert len(found) == 13


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no source"),
        ("source = 3", "each source begins with [[source]]"),
        ('[source]\nname = "x"\nkind = "replay"', "each source begins with [[source]]"),
        ("name = ", "is no valid TOML"),
        (b"\xff\xfe\x00", "is no UTF-8 text"),
        (SOURCE + SOURCE, "The name day is given to several sources"),
        ("a = " + "[" * 5000, "is no valid TOML"),
        (b"#" * 4_000_002, "it is too long"),
        (SOURCE + "[source.expect.no2]\nlow = nan\n", "source[0].expect.no2.low is nan; it should"),
        (SOURCE + "[source.expect.no2]\nlow = 3\nhigh = 2\n", "low is above high"),
        (SOURCE + '"\\u001b[2J' + "x" * 500 + '" = 1', "source[0]. [2Jxxxxx"),
        ('[[source]]\nkind = 3\nname = "x"', "source[0].kind is 3; allowed are"),
        (
            '[[source]]\nname = "m"\nkind = "mqtt"\nhost = "b"\ntopics = ["a"]\nuser = "u"\n'
            'password = "hunter2"\n',
            "A password does not stand in the file itself.",
        ),
    ],
)
def test_a_file_that_is_none_is_told_in_words(read, text, said):
    told = "\n".join(faults(read, text))
    assert said in told
    assert "hunter2" not in told
    assert "\x1b" not in told
    assert len(told) < 1_000


def test_a_file_that_is_missing_is_told(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        read_config(tmp_path / "none.toml")


def test_a_password_is_read_from_a_file_or_a_variable(read, tmp_path, monkeypatch):
    mqtt = '[[source]]\nname = "m"\nkind = "mqtt"\nhost = "b"\ntopics = ["a"]\nuser = "u"\n'
    (tmp_path / "secret").write_text("geheim\n")
    assert read(mqtt + 'password = { file = "secret" }').sources[0].password.read() == "geheim"
    monkeypatch.setenv("MQTT_PASSWORD", "auch geheim")
    given = read(mqtt + 'password = { env = "MQTT_PASSWORD" }').sources[0].password
    assert given.read() == "auch geheim"
    monkeypatch.delenv("MQTT_PASSWORD")
    with pytest.raises(SourceError, match="There is no password in MQTT_PASSWORD"):
        given.read()
    missing = read(mqtt + 'password = { file = "other" }').sources[0].password
    with pytest.raises(SourceError, match="other cannot be read"):
        missing.read()


def test_a_secret_is_not_repeated_in_a_fault():
    assert shown("hunter2", "source[0].password") == "***"
    assert shown("hunter2", "source[0].tls.key_password") == "***"
    assert shown("a\x1b[2Jb" * 50, "source[0].name").endswith("…")


def test_what_is_said_most_closely_of_a_sensor_holds():
    given = Common(
        name="air",
        at={
            "*": {"lon": 7.0, "lat": 50.0, "street": "B 8"},
            "dev7": {"lon": 7.1, "lat": 50.1},
            "air/a": {"name": "Markt"},
        },
        expect={"air_temperature": {"low": -10, "high": 30}, "air/a": {"high": 35}},
    )
    found = described(stream("air", device="dev7"), given)
    assert (found.lon, found.lat, found.street, found.name) == (7.1, 50.1, "B 8", "Markt")
    assert (found.low, found.high) == (-10, 35)
    other = described(stream("air", "b"), given)
    assert (other.lon, other.name, other.high) == (7.0, "b", 30)


def test_a_source_may_be_hidden_but_not_shown_against_its_will():
    assert not described(stream("a"), Common(name="a", public=False)).public
    assert not described(stream("a", public=False), Common(name="a")).public


def test_half_a_place_is_refused():
    with pytest.raises(ValueError, match="belong together"):
        Place(lon=7.0)


def test_a_word_that_is_none_is_told_with_the_nearest_one():
    found = [str(one) for one in unusual_words(["no2", "air_temprature", "happiness"])]
    assert len(found) == 2
    assert "air_temperature is meant, perhaps" in found[0]
    assert found[1].startswith("happiness is no property known here")
