"""Messages of a broker as readings: by the network they come from, or by a mapping."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from layers.sensors.json_text import loads
from layers.sensors.lorawan import network_of, read_uplink
from layers.sensors.lorawan_read import LorawanReader
from layers.sensors.mapping import Found
from layers.sensors.records import Refusal
from layers.sensors.values import RefusedError, clean

if TYPE_CHECKING:
    from collections.abc import Mapping as Table

    from layers.sensors.mqtt_config import MqttConfig
    from layers.sensors.mqtt_inbox import Incoming
    from layers.sensors.records import Datastream, Reading

MOST_DETAIL = 300
SAME_PLACE_M = 100.0
SHORT_TEXT = 64  # a message that is no JSON but may be a bare value
DEGREE_M = 111_320.0
KEPT = "kept by the broker, and without a time of its own: nobody knows since when"


class Read(NamedTuple):
    """What a message says; `is_timeless`: its values stand at the moment it came."""

    streams: tuple[Datastream, ...] = ()
    readings: tuple[Reading, ...] = ()
    refused: tuple[Refusal, ...] = ()
    is_timeless: bool = False


class Reader:
    """
    Turns messages into readings.

    Remembers which datastreams there are, so that each is told once and no more come than are
    allowed. Never raises: what cannot be read is a refusal with its reason.
    """

    def __init__(self, config: MqttConfig, *, salt: str = "") -> None:
        self._config = config
        self._lorawan = LorawanReader(config, salt=salt)
        self._known: dict[str, Datastream | None] = {}  # None: before this start, place unknown
        self._told: dict[str, Datastream] = {}
        self._has_time = config.mapping is not None and bool(config.mapping.time.path)

    @property
    def is_timeless(self) -> bool:
        """Whether what the mapping reads stands at the moment it came."""
        return self._config.mapping is not None and not self._has_time

    @property
    def unread(self) -> tuple[str, ...]:
        """Names of values that came and mean nothing here."""
        return tuple(sorted(self._lorawan.unread))

    def streams_known(self, streams: Table[str, Datastream]) -> None:
        """Say which datastreams of this source are there already."""
        self._known.update(streams)

    def read(self, message: Incoming) -> Read:
        """Return new or changed datastreams, readings and refusals of a message."""
        try:
            found, is_timeless = self._found(message)
        except RefusedError as error:
            return self._refused(error, message)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            return self._refused(RefusedError("fault", reason), message)
        return self._admitted(found, is_timeless=is_timeless)

    def _refused(self, error: RefusedError, message: Incoming) -> Read:
        detail = clean(f"{message.topic}: {error.detail}", MOST_DETAIL)
        return Read(refused=(Refusal(self._config.name, error.reason, detail),))

    def _found(self, message: Incoming) -> tuple[Found, bool]:
        """Return what a message says, and whether it has no time of its own."""
        config = self._config
        if message.payload is None:
            detail = f"{message.size} bytes, at most {config.most_bytes} are read"
            raise RefusedError("too_large", detail)
        if not message.payload:
            if message.is_kept:
                return Found(), False
            raise RefusedError("no_value", "empty message")
        content = self._content(message.payload)
        network = network_of(content)
        if config.format == "json" or (network is None and config.mapping is not None):
            return self._mapped(content, message), not self._has_time
        wanted = network if config.format == "auto" else config.format
        if wanted is None:
            raise RefusedError("unknown_format", "of no network, and there is no mapping")
        uplink = read_uplink(wanted, content, topic=message.topic, received=message.received)
        if uplink is None:
            return Found(), False
        if message.is_kept and not uplink.has_time:
            raise RefusedError("no_time", KEPT)
        return self._lorawan.read(uplink, received=message.received), not uplink.has_time

    def _content(self, payload: bytes) -> Any:
        """Return what is in a message; one that is a bare word is read where a mapping asks."""
        config = self._config
        try:
            return loads(payload, config.most_bytes)
        except RefusedError as error:
            is_bare = len(payload) <= SHORT_TEXT and payload.lstrip()[:1] not in (b"{", b"[", b'"')
            if error.reason != "not_json" or config.mapping is None or not is_bare:
                raise
            text = payload.decode("utf-8", "replace").strip()
            if not text.isprintable() or "\ufffd" in text:
                raise
            return text

    def _mapped(self, content: Any, message: Incoming) -> Found:
        mapping = self._config.mapping
        if mapping is None:
            raise RefusedError("unknown_format", "there is no mapping")
        if message.is_kept and not self._has_time:
            raise RefusedError("no_time", KEPT)
        return mapping.read(
            content,
            source=self._config.name,
            received=message.received,
            context={"topic": message.topic.split("/")},
        )

    def _admitted(self, found: Found, *, is_timeless: bool) -> Read:
        """Return what is taken: no more datastreams than allowed, each told when it is new."""
        new: dict[str, Datastream] = {}
        too_many: set[str] = set()
        for stream in found.streams:
            key = stream.key
            if key not in self._known and key not in new and self._is_full(len(new)):
                too_many.add(key)
                continue
            kept = self._with_place(stream)
            told = self._told.get(key)
            if told is not kept and told != kept:
                new[key] = kept
        self._known.update(new)
        self._told.update(new)
        if not too_many:
            return Read(tuple(new.values()), found.readings, found.refused, is_timeless)
        readings = tuple(one for one in found.readings if one.stream not in too_many)
        detail = f"at most {self._config.most_streams}: {sorted(too_many)[0]}"[:MOST_DETAIL]
        more = tuple(Refusal(self._config.name, "too_many_streams", detail) for _ in too_many)
        return Read(tuple(new.values()), readings, (*found.refused, *more), is_timeless)

    def _is_full(self, coming: int) -> bool:
        return len(self._known) + coming >= self._config.most_streams

    def _with_place(self, stream: Datastream) -> Datastream:
        """Return a datastream with the place known before, where it has none or hardly moved."""
        before = self._told.get(stream.key) or self._known.get(stream.key)
        if before is None or before.lon is None or before.lat is None:
            return stream
        if stream.lon is not None and stream.lat is not None:
            east = (stream.lon - before.lon) * DEGREE_M * math.cos(math.radians(before.lat))
            north = (stream.lat - before.lat) * DEGREE_M
            if math.hypot(east, north) > SAME_PLACE_M:
                return stream
        return _placed(stream, before)


def _placed(stream: Datastream, before: Datastream) -> Datastream:
    if (stream.lon, stream.lat) == (before.lon, before.lat):
        return stream
    return replace(stream, lon=before.lon, lat=before.lat)
