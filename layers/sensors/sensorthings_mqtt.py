"""New observations at once, where a SensorThings server tells them by MQTT."""

from __future__ import annotations

import json
import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from layers.sensors.json_text import loads
from layers.sensors.mqtt_config import MqttConfig
from layers.sensors.mqtt_faults import LinkError
from layers.sensors.mqtt_link import Link, Terms
from layers.sensors.records import Delivery, Refusal
from layers.sensors.sensorthings_read import Row, readings_of, timed
from layers.sensors.values import RefusedError
from twin.sentences import say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from threading import Event

    from layers.sensors.common import Sink
    from layers.sensors.mqtt_inbox import Incoming
    from layers.sensors.records import Datastream, Reading
    from layers.sensors.sensorthings_config import SensorThingsConfig
    from layers.sensors.sensorthings_read import Timed
    from layers.sensors.sensorthings_things import Wanted
    from layers.sensors.sensorthings_web import Server

UPDATES = "receive-updates-via-mqtt"
MOST_BATCH = 1_000
SLICE_S = 0.25
GRACE_S = 2.0
MOST_SEARCHED = 200_000


def offered(server: Server) -> tuple[str, int] | None:
    """Return host and port where a server says that it tells new observations, None if nowhere."""
    settings = server.about.get("serverSettings")
    for endpoint in _endpoints(settings):
        parts = urlsplit(endpoint if "://" in endpoint else f"mqtt://{endpoint}")
        try:
            if parts.scheme in {"mqtt", "tcp", "mqtts", "ssl"} and parts.hostname:
                is_safe = parts.scheme in {"mqtts", "ssl"}
                return parts.hostname, parts.port or (8883 if is_safe else 1883)
        except ValueError:
            continue
    return None


def _endpoints(settings: Any) -> list[str]:
    """Return the addresses that stand in the section about updates by MQTT."""
    if not isinstance(settings, dict) or len(json.dumps(settings)) > MOST_SEARCHED:
        return []
    found: list[str] = []
    for name, section in settings.items():
        if UPDATES in str(name) and isinstance(section, dict):
            told = section.get("endpoints")
            found += [o for o in told if isinstance(o, str)] if isinstance(told, list) else []
    return found


class Subscription:
    """A connection with the broker of a server, kept up while there is nothing to ask."""

    def __init__(
        self,
        server: Server,
        config: SensorThingsConfig,
        clock: Callable[[], float],
        streams_of: Callable[[Wanted, Sequence[Timed]], list[Datastream]],
    ) -> None:
        self._server, self._config, self._clock = server, config, clock
        self._streams_of = streams_of
        self._link: Link | None = None
        self._topics: dict[str, Wanted] = {}
        self._next_try = 0.0
        self._pause_s = 5.0

    def listen(self, sink: Sink, stop: Event, wanted: Sequence[Wanted], seconds: float) -> None:
        """Hand over what comes for some seconds; without MQTT, just wait."""
        end = time.monotonic() + seconds
        while not stop.is_set() and (left := end - time.monotonic()) > 0:
            is_open = self._config.mqtt is not None and self._is_open(stop, wanted)
            if not is_open or self._link is None:
                stop.wait(min(left, self._wait_s()))
                continue
            self._take(sink, self._link)

    def close(self, stop: Event) -> None:
        """End the connection."""
        if self._link is not None:
            self._link.close(GRACE_S if stop.is_set() else 0.0)
            self._link = None

    def _wait_s(self) -> float:
        if self._config.mqtt is None:
            return 3_600.0
        return max(0.1, self._next_try - time.monotonic())

    def _is_open(self, stop: Event, wanted: Sequence[Wanted]) -> bool:
        """Return whether it listens; connect where that is due."""
        topics = self._topics_of(wanted)
        if self._link is not None and (self._link.is_over.is_set() or topics != self._topics):
            self._link.close(0.0)
            self._link = None
        if self._link is not None:
            return True
        if not topics or time.monotonic() < self._next_try:
            self._next_try = max(self._next_try, time.monotonic() + 1.0)
            return False
        try:
            self._link = self._opened(topics, stop)
        except LinkError as error:
            self._server.notes["mqtt"] = error.why
            self._next_try = time.monotonic() + self._pause_s
            self._pause_s = min(300.0, 2 * self._pause_s)
            return False
        self._topics, self._pause_s = topics, 5.0
        self._server.notes.pop("mqtt", None)
        return True

    def _topics_of(self, wanted: Sequence[Wanted]) -> dict[str, Wanted]:
        """Return the topics of datastreams; an id with a sign that topics cannot have is left."""
        told = self._config.mqtt.prefix if self._config.mqtt is not None else ""
        prefix = told.strip("/") or self._server.version
        paths = ((unquote(one.path), one) for one in wanted)
        return {
            f"{prefix}/{path}/Observations": one
            for path, one in paths
            if not set(path) & set("+#/")
        }

    def _opened(self, topics: dict[str, Wanted], stop: Event) -> Link:
        given = self._config.mqtt
        host, port = self._place()
        config = MqttConfig(
            name=self._config.name, host=host, port=port, topics=tuple(topics),
            user=given.user if given else "", password=given.password if given else None,
            tls=given.tls if given else None, most_bytes=self._config.most_bytes,
        )  # fmt: skip
        name = f"twin{secrets.token_hex(8)}"
        for version in ("5", "3.1.1"):
            terms = Terms(name, version, is_lasting=False, qos=1, topics=tuple(topics))
            link = Link(config, terms, clock=self._clock)
            try:
                link.open(stop)
            except LinkError as error:
                if error.other_version and version == "5":
                    continue
                raise
            return link
        raise AssertionError  # the last version returns or raises

    def _place(self) -> tuple[str, int]:
        """Return host and port: as configured, or what the server says of its own host."""
        given, own = self._config.mqtt, urlsplit(self._config.url).hostname or ""
        if given is not None and given.host:
            return given.host, given.port
        host, port = offered(self._server) or (own, 0)
        if host.lower() != own.lower():
            why = say(
                "{host} tells new observations at {other}; give it as mqtt.host to listen there.",
                host=own, other=host[:100],
            )  # fmt: skip
            raise LinkError(why, is_fault=True)
        return own, (given.port if given is not None else 0) or port

    def _take(self, sink: Sink, link: Link) -> None:
        """Hand over what has come; it is acknowledged once it is kept."""
        messages = link.inbox.take(MOST_BATCH, patience_s=0.2, first_s=SLICE_S)
        if not messages:
            return
        readings: list[Reading] = []
        refused: list[Refusal] = []
        streams: dict[str, Datastream] = {}
        for message in messages:
            wanted = self._topics.get(message.topic)
            if wanted is None:
                continue
            try:
                one = timed(self._row(message), self._config, message.received)
            except RefusedError as error:
                refused.append(Refusal(self._config.name, error.reason, error.detail))
                continue
            found = readings_of(wanted, [one], self._config.name)
            streams |= {stream.key: stream for stream in self._streams_of(wanted, [one])}
            readings += found[0]
            refused += found[1]
        mids = [message.mid for message in messages if message.qos == 1]
        link.hand_over(mids)
        sink.put(
            Delivery(
                self._config.name, tuple(readings), tuple(streams.values()), tuple(refused),
                done=lambda: _acknowledge(link, mids),
            )
        )  # fmt: skip

    def _row(self, message: Incoming) -> Row:
        if message.payload is None:
            detail = f"{message.topic}: {message.size} bytes"
            raise RefusedError("too_large", detail)
        found = loads(message.payload, self._config.most_bytes)
        if not isinstance(found, dict):
            raise RefusedError("no_value", message.topic)
        return Row(found.get("phenomenonTime"), found.get("result"), found.get("resultTime"))


def _acknowledge(link: Link, mids: Sequence[int]) -> None:
    link.acknowledge(mids)
