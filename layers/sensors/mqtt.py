"""
MQTT: readings from a broker, acknowledged once they are kept.

QoS 1 with a session that the broker keeps: what comes while nobody listens is sent later, what was
not acknowledged is sent again. A message is acknowledged when the store has it for good, or when
it is refused, so that one that cannot be read does not come back for ever. The broker sends at
most `most_unsaved` messages ahead (MQTT 5; with 3.1.1 the broker has its own bound).

A message without a time of its own stands at its receipt. Should it come again after a break, that
first moment counts: it is kept with the cursor until the acknowledgement is out.
"""

from __future__ import annotations

import hashlib
import platform
import time
from typing import TYPE_CHECKING

from layers.project_store import default_store
from layers.sensors.mqtt_check import checked, new_reader
from layers.sensors.mqtt_config import MqttConfig
from layers.sensors.mqtt_faults import LinkError, unsteady
from layers.sensors.mqtt_link import Link, Pauses, Terms
from layers.sensors.mqtt_marks import Marks
from layers.sensors.records import Delivery
from twin.sentences import say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from threading import Event

    from layers.sensors.common import Checked, Sink
    from layers.sensors.mqtt_inbox import Incoming
    from layers.sensors.mqtt_marks import Mark
    from layers.sensors.mqtt_read import Reader
    from layers.sensors.records import Datastream, Reading, Refusal
    from twin.sentences import Sentence

__all__ = ["MqttConfig", "MqttSource", "client_id_of"]

MOST_BATCH = 1_000  # messages in one delivery
PATIENCE_S = 0.2
IDLE_S = 0.25
GRACE_S = 3.0
HELD_S = 30.0  # a connection that lasted so long has worked
LOSSES = 3  # broken so often within a moment: perhaps somebody else has our name
CURSOR, SUBSCRIBED = "unacknowledged", "subscribed"


def client_id_of(config: MqttConfig, place: str = "") -> str:
    """
    Return the name under which the broker keeps our messages: the same after each start.

    `place` is the database; two workers on one database are one too many and push each other out.
    """
    if config.client_id:
        return config.client_id
    where = place or f"{platform.node()}:{default_store()}"
    digest = hashlib.blake2s(f"{config.name}\0{where}".encode(), digest_size=8)
    return f"twin{digest.hexdigest()}"  # 20 letters and digits: any broker takes that


class MqttSource:
    """Listens to a broker; see `layers.sensors.common.Source`."""

    def __init__(
        self,
        config: MqttConfig,
        *,
        clock: Callable[[], float] = time.time,
        place: str = "",
        pauses: Pauses | None = None,
    ) -> None:
        self._config = config
        self._clock = clock
        self._client_id = client_id_of(config, place)
        self._pauses = pauses or Pauses()
        self._version = "5" if config.version == "auto" else config.version
        self._known: dict[str, Datastream] = {}
        self._reader: Reader | None = None
        self._marks = Marks()
        self._before: tuple[str, ...] = ()  # topics the broker knows of an earlier configuration
        self._losses = 0
        self._has_listened = False

    @property
    def name(self) -> str:
        """Name of the source in the configuration."""
        return self._config.name

    def streams_known(self, streams: Mapping[str, Datastream]) -> None:
        """Say which datastreams of this source are in the store already."""
        self._known.update(streams)
        if self._reader is not None:
            self._reader.streams_known(streams)

    def run(self, sink: Sink, stop: Event) -> None:
        """Listen until `stop` is set; whatever breaks is told and tried again."""
        sink.state("starting")
        self._marks = Marks(sink.cursor(CURSOR))
        self._before = tuple((sink.cursor(SUBSCRIBED) or {}).get("topics", ()))
        while not stop.is_set():
            began = time.monotonic()
            try:
                self._listen(sink, stop)
            except LinkError as error:
                self._after(error, sink, stop, lasted=time.monotonic() - began)
        sink.state("stopped")

    def _after(self, error: LinkError, sink: Sink, stop: Event, *, lasted: float) -> None:
        """Tell why a connection ended and wait for the next one."""
        self._marks.broken()
        if stop.is_set() or self._turns(error):
            return
        if lasted > HELD_S:
            self._pauses.reset()
        error = self._pushed_out(error, lasted)
        sink.state(error.state, error.why)
        stop.wait(self._pauses.next(is_fault=error.is_fault))

    def _turns(self, error: LinkError) -> bool:
        """Take the older version of MQTT at once where the broker does not know the newer one."""
        if self._config.version != "auto" or error.was_open:
            return False
        before, is_newer = self._version, self._version == "5"
        self._version = "3.1.1" if is_newer and error.other_version else "5"
        return self._version == "3.1.1" and before == "5"

    def _pushed_out(self, error: LinkError, lasted: float) -> LinkError:
        """Say what it may mean where a connection is made and at once lost, again and again."""
        is_lost = error.was_open and lasted < HELD_S and not error.is_fault
        self._losses = self._losses + 1 if is_lost else 0
        return unsteady(self._config, self._client_id) if self._losses >= LOSSES else error

    def _listen(self, sink: Sink, stop: Event) -> None:
        """Connect and hand over what comes, until the end of the connection or of all."""
        reader = self._reader or new_reader(self._config)
        if self._reader is None:
            reader.streams_known(self._known)
            self._reader = reader
        config = self._config
        topics = config.subscribed
        left = tuple(topic for topic in self._before if topic not in topics)
        terms = Terms(self._client_id, self._version, qos=config.qos, topics=topics, left=left)
        link = Link(config, terms, clock=self._clock)
        link.open(stop)
        sink.state("connected", next(iter(self._notes(link)), None))
        self._has_listened = True
        try:
            while not stop.is_set() and not link.has_ended:
                if self._before != topics and link.is_subscribed:
                    sink.put(Delivery(config.name, cursor=(SUBSCRIBED, {"topics": list(topics)})))
                    self._before = topics
                messages = link.inbox.take(MOST_BATCH, patience_s=PATIENCE_S, first_s=IDLE_S)
                if messages and not stop.is_set():
                    sink.put(self._delivery(messages, reader, link))
                elif not messages:
                    self._rest(sink)
        finally:
            link.close(GRACE_S if stop.is_set() else 0.0)
        if not stop.is_set():
            raise link.ending()

    def _notes(self, link: Link) -> tuple[Sentence, ...]:
        """Return what somebody should know, the worst first."""
        if not self._has_listened or link.knows_us or not self._config.session_expiry_s:
            return link.notes()
        host = self._config.host
        return (say("{host} has not kept what came during the break.", host=host), *link.notes())

    def _rest(self, sink: Sink) -> None:
        """Use a quiet moment to clear what need not be kept any longer."""
        self._marks.rest()
        if self._marks.is_to_clear:
            sink.put(Delivery(self._config.name, cursor=(CURSOR, self._marks.cursor() or {})))

    def _delivery(self, messages: list[Incoming], reader: Reader, link: Link) -> Delivery:
        """Return messages as one delivery, acknowledged when it is kept."""
        readings: list[Reading] = []
        streams: dict[str, Datastream] = {}
        refused: list[Refusal] = []
        marks: list[Mark] = []
        self._marks.forget()
        for given in messages:
            message = self._marks.first(given)
            if message is given and reader.is_timeless:
                message = self._marks.stamped(given)
            found = reader.read(message)
            readings += found.readings
            refused += [one._replace(again=message.is_again) for one in found.refused]
            streams |= {stream.key: stream for stream in found.streams}
            if message.qos and found.is_timeless:
                marks.append(self._marks.note(message))
        mids = [message.mid for message in messages if message.qos == 1]
        link.hand_over(mids)
        cursor = self._marks.cursor()

        def done() -> None:
            if link.acknowledge(mids):
                self._marks.settle(marks)

        return Delivery(
            source=self._config.name,
            readings=tuple(readings),
            streams=tuple(streams.values()),
            refused=tuple(refused),
            cursor=None if cursor is None else (CURSOR, cursor),
            done=done,
        )

    def check(self, seconds: float) -> Checked:
        """
        Listen for a moment under another name, which the broker forgets at once.

        Raises
        ------
        SourceError
            It cannot be reached, or does not let us in.
        """
        return checked(self._config, seconds, clock=self._clock)
