"""Makes the source that a configuration describes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from layers.sensors.mqtt import MqttSource
from layers.sensors.mqtt_config import MqttConfig
from layers.sensors.replay import ReplaySource
from layers.sensors.sensorthings import SensorThingsSource
from layers.sensors.sensorthings_config import SensorThingsConfig
from layers.sensors.table import TableSource
from layers.sensors.table_config import TableConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from layers.sensors.common import Source
    from layers.sensors.config import SourceConfig


def make_source(
    config: SourceConfig, *, clock: Callable[[], float] = time.time, place: str = ""
) -> Source:
    """
    Return the source of a configuration; nothing is opened or asked yet.

    Parameters
    ----------
    place
        Into which store it reads: two stores are two subscribers of a broker.
    """
    if isinstance(config, MqttConfig):
        return MqttSource(config, clock=clock, place=place)
    if isinstance(config, SensorThingsConfig):
        return SensorThingsSource(config, clock=clock)
    if isinstance(config, TableConfig):
        return TableSource(config, clock=clock)
    return ReplaySource(config, clock=clock)
