"""The examples of docs/sensors.md can be used as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from layers.sensors.config import read_config
from layers.sensors.mqtt_config import MqttConfig
from layers.sensors.properties import PROPERTIES
from layers.sensors.replay import ReplayConfig
from layers.sensors.sensorthings_config import SensorThingsConfig
from layers.sensors.table_config import TableConfig

TEXT = (Path(__file__).parents[3] / "docs" / "sensors.md").read_text("utf-8")
EXAMPLES = [
    text for text in re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL) if "[[source]]" in text
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_right(tmp_path, example):
    (tmp_path / "sensors.toml").write_text(example, "utf-8")
    assert read_config(tmp_path / "sensors.toml").sources


@pytest.mark.parametrize("model", [SensorThingsConfig, MqttConfig, TableConfig, ReplayConfig])
def test_every_key_is_explained(model):
    told = set(re.findall(r"[a-z0-9_]+", TEXT))
    assert set(model.model_fields) - told == set()


def test_every_property_is_named():
    assert set(PROPERTIES) - set(re.findall(r"[a-z0-9_]+", TEXT)) == set()
