"""A dry run at a broker: under a name that is forgotten, nothing acknowledged, nothing kept."""

from __future__ import annotations

import secrets
import threading
import time
from typing import TYPE_CHECKING, Any

from layers.sensors.common import Checked
from layers.sensors.mqtt_faults import LinkError
from layers.sensors.mqtt_link import Link, Terms
from layers.sensors.mqtt_read import Reader
from twin.errors import SourceError
from twin.sentences import listed, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from layers.sensors.mqtt_config import MqttConfig
    from layers.sensors.records import Datastream, Reading, Refusal
    from twin.sentences import Sentence

MOST_READINGS = 20_000  # of a dry run
SLICE_S = 0.1


def new_reader(config: MqttConfig) -> Reader:
    """
    Return a reader of the messages that a configuration describes.

    Raises
    ------
    LinkError
        The salt, or the table of places of the mapping, cannot be read.
    """
    try:
        salt = config.salt.read() if config.salt else ""
        if config.mapping is not None:
            config.mapping.located()
    except SourceError as error:
        raise LinkError(say(error.template, **error.values), is_fault=True) from error
    return Reader(config, salt=salt)


def checked(config: MqttConfig, seconds: float, *, clock: Callable[[], float]) -> Checked:
    """
    Return what comes within some seconds.

    A shared subscription is taken without its group, so that nobody misses a message for it.

    Raises
    ------
    SourceError
        The broker cannot be reached, or does not let us in.
    """
    link, reader = _opened(config, clock)
    streams: dict[str, Datastream] = {}
    readings: list[Reading] = []
    refused: list[Refusal] = []
    messages = kept = 0
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end and len(readings) < MOST_READINGS and not link.has_ended:
            for message in link.inbox.take(1_000, patience_s=SLICE_S, first_s=SLICE_S):
                found = reader.read(message)
                messages, kept = messages + 1, kept + message.is_kept
                streams |= {stream.key: stream for stream in found.streams}
                readings += found.readings
                refused += found.refused
    finally:
        link.close(0.0)
    notes = (*link.notes(), *_notes(config, messages, reader.unread))
    extra = {"messages": messages, "kept": kept}
    return Checked(tuple(streams.values()), tuple(readings), tuple(refused), notes, extra)


def _opened(config: MqttConfig, clock: Callable[[], float]) -> tuple[Link, Reader]:
    """Return a connection in one of the versions of MQTT, and a reader."""
    versions = ("5", "3.1.1") if config.version == "auto" else (config.version,)
    topics = tuple(dict.fromkeys(_unshared(topic) for topic in config.subscribed))
    for version in versions:
        name = f"twincheck{secrets.token_hex(5)}"
        terms = Terms(name, version, is_lasting=False, qos=0, topics=topics)
        try:
            reader = new_reader(config)
            link = Link(config, terms, clock=clock)
            link.open(threading.Event())
        except LinkError as error:
            if error.other_version and version != versions[-1]:
                continue
            if isinstance(error.__cause__, SourceError):
                raise error.__cause__ from None  # it also says what to do
            values: dict[str, Any] = dict(error.why.values)
            raise SourceError(error.why.template, **values) from error
        return link, reader
    raise AssertionError  # the last version returns or raises


def _unshared(topic: str) -> str:
    return topic.split("/", 2)[2] if topic.startswith("$share/") else topic


def _notes(config: MqttConfig, messages: int, unread: tuple[str, ...]) -> list[Sentence]:
    found = []
    if not messages:
        found.append(say("Nothing came from {topics} meanwhile.", topics=listed(config.subscribed)))
    if unread:
        found.append(
            say(
                "Values that are not read, unless fields says what they are: {names}.",
                names=listed(unread, 12),
            )
        )
    return found
