"""
One connection to an MQTT broker, from the first byte to the last.

Each connection has a client object of its own: an acknowledgement that comes late, after the
connection has broken, goes nowhere and cannot be taken for that of another message.
"""

from __future__ import annotations

import random
import ssl
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from paho.mqtt.client import Client, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from layers.sensors.common import said
from layers.sensors.mqtt_faults import LinkError, refusal, taken_over, unreachable
from layers.sensors.mqtt_inbox import SLICE_S, Inbox, Incoming
from twin.errors import SourceError
from twin.sentences import Sentence, listed, say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from threading import Event

    from paho.mqtt.client import MQTTMessage
    from paho.mqtt.reasoncodes import ReasonCode

    from layers.sensors.mqtt_config import MqttConfig

ANSWER_S = 15.0  # for the answer to a connection and to a subscription
REACH_S = 8.0  # for the first step of it
NEW_ONLY = 1  # kept messages are sent when a subscription is new, not after every break

TAKEN_OVER = 142


@dataclass(frozen=True)
class Terms:
    """How a connection is made: what differs between listening and a dry run."""

    client_id: str
    version: str  # "5" or "3.1.1"
    is_lasting: bool = True  # the broker keeps what comes while nobody listens
    qos: int = 1
    topics: tuple[str, ...] = ()
    left: tuple[str, ...] = ()  # no longer wanted; a session that the broker keeps has them still


class _Closing(ssl.SSLSocket):
    """A socket that is closed when the other side is not to be trusted; paho leaves it open."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except (OSError, ValueError):
            self.close()
            raise


class Link:
    """A connection with its inbox; made by `opened`, ended by `close`."""

    def __init__(self, config: MqttConfig, terms: Terms, *, clock: Any = time.time) -> None:
        self._config = config
        self._terms = terms
        self._clock = clock
        self._answered = threading.Event()
        self._subscribed = threading.Event()
        self._refused: ReasonCode | None = None
        self._granted: list[ReasonCode] = []
        self._ended: ReasonCode | None = None
        self._open_acks = 0
        self._network: threading.Thread | None = None
        self._lock = threading.Lock()
        self.inbox = Inbox(config.most_unsaved)
        self.is_over = threading.Event()
        self.knows_us = False  # the broker has kept what came meanwhile
        self._client = self._made()

    def _made(self) -> Client:
        is_5 = self._terms.version == "5"
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._terms.client_id,
            clean_session=None if is_5 else not self._terms.is_lasting,
            protocol=MQTTv5 if is_5 else MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = REACH_S
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        return client

    def open(self, stop: Event) -> None:
        """
        Connect and subscribe.

        Raises
        ------
        LinkError
            It cannot be reached, or does not let us in, or gives us no topic.
        """
        self._enter()
        self._client.loop_start()
        try:
            self._wait(self._answered, stop)
            if self._refused is not None:
                terms = self._terms
                raise refusal(
                    self._refused, self._config, version=terms.version, client_id=terms.client_id
                )
            self._wait(self._subscribed, stop)
            if self._is_shut_out:
                raise self.ending()
        except LinkError:
            self.close(0.0)
            raise

    def _enter(self) -> None:
        config = self._config
        try:
            if config.user:
                secret = config.password.read() if config.password else None
                self._client.username_pw_set(config.user, secret)
            if config.tls is not None:
                self._client.tls_set_context(tls_context(config))
            self._client.connect(config.host, config.door, config.keepalive_s, **self._wishes())
        except SourceError as error:
            raise LinkError(said(error)[0], is_fault=True) from error
        except (OSError, ValueError) as error:
            raise unreachable(error, config) from error

    def _wishes(self) -> dict[str, Any]:
        """Return what MQTT 5 lets us wish for."""
        if self._terms.version != "5":
            return {}
        make: Any = Properties  # without types
        wished = make(PacketTypes.CONNECT)
        lasting = self._terms.is_lasting
        wished.SessionExpiryInterval = self._config.session_expiry_s if lasting else 0
        wished.ReceiveMaximum = self._config.most_unsaved
        return {"clean_start": not lasting, "properties": wished}

    def _wait(self, event: Event, stop: Event) -> None:
        end = time.monotonic() + ANSWER_S
        while not event.wait(0.05):
            if self.inbox.is_full:  # what was kept comes first; the answer stands behind it
                return
            if self.is_over.is_set():
                raise self.ending()
            if stop.is_set() or time.monotonic() > end:
                template = say("{host} does not answer.", host=self._config.host)
                raise LinkError(template, other_version=self._terms.version == "5")

    def _on_connect(
        self, client: Client, _data: Any, flags: Any, code: ReasonCode, _properties: Any
    ) -> None:
        if code.is_failure:
            self._refused = code
        else:
            self.knows_us = bool(flags.session_present)
            self._subscribe(client)
        self._network = threading.current_thread()
        self._answered.set()

    def _subscribe(self, client: Client) -> None:
        qos, topics = self._terms.qos, self._terms.topics
        if self._terms.left:
            client.unsubscribe(list(self._terms.left))
        if self._terms.version == "5":
            client.subscribe([(topic, self._options(topic)) for topic in topics])
        else:
            client.subscribe([(topic, qos) for topic in topics])

    def _options(self, topic: str) -> SubscribeOptions:
        is_shared = topic.startswith("$share/")
        is_once = self._terms.is_lasting and not is_shared
        return SubscribeOptions(self._terms.qos, retainHandling=NEW_ONLY if is_once else 0)

    def _on_subscribe(
        self, _client: Client, _data: Any, _mid: int, codes: list[ReasonCode], _properties: Any
    ) -> None:
        self._granted = list(codes)
        self._subscribed.set()

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        size = len(message.payload)
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        incoming = Incoming(
            topic=topic,
            payload=bytes(message.payload) if size <= self._config.most_bytes else None,
            received=int(self._clock() * 1000),
            size=size,
            mid=message.mid,
            qos=message.qos,
            is_again=bool(message.dup),
            is_kept=bool(message.retain),
        )
        self.inbox.put(incoming)

    def _on_disconnect(
        self, _client: Client, _data: Any, _flags: Any, code: ReasonCode, _properties: Any
    ) -> None:
        self._ended = self._ended or code  # the broker says why first, then the line is closed
        self.is_over.set()
        self.inbox.close()

    @property
    def has_ended(self) -> bool:
        """Whether nothing more comes: the line is closed, or the thread that reads it has died."""
        is_dead = self._network is not None and not self._network.is_alive()
        return self.is_over.is_set() or is_dead or self._is_shut_out

    @property
    def is_subscribed(self) -> bool:
        """Whether the broker has answered what we want, and with it what we no longer want."""
        return self._subscribed.is_set()

    @property
    def _is_shut_out(self) -> bool:
        return bool(self._granted) and all(code.is_failure for code in self._granted)

    def hand_over(self, mids: Sequence[int]) -> None:
        """Note that messages are about to be kept and will be acknowledged."""
        with self._lock:
            self._open_acks += len(mids)

    def acknowledge(self, mids: Sequence[int]) -> bool:
        """Tell the broker that messages are kept for good; False where the link has ended."""
        if not self.is_over.is_set():
            for mid in mids:
                self._client.ack(mid, 1)
        with self._lock:
            self._open_acks -= len(mids)
        return not self.is_over.is_set()

    def notes(self) -> tuple[Sentence, ...]:
        """Return what somebody should know of a connection that works."""
        found = []
        if any(code.is_failure for code in self._granted):
            found.append(self._not_given())
        if self._terms.qos == 1 and any(code.value == 0 for code in self._granted):
            found.append(
                say("The broker sends each message once only: what comes during a break is lost.")
            )
        if self._config.password and not self._config.tls and not is_here(self._config.host):
            found.append(say("The password goes to {host} unencrypted.", host=self._config.host))
        return tuple(found)

    def _not_given(self) -> Sentence:
        refused = [
            topic
            for topic, code in zip(self._terms.topics, self._granted, strict=False)
            if code.is_failure
        ]
        return say("The broker does not give us {topics}.", topics=listed(refused))

    def ending(self) -> LinkError:
        """Return why a connection has ended."""
        code, config = self._ended, self._config
        if self._is_shut_out:
            return LinkError(self._not_given(), is_fault=True)
        if code is not None and code.value == TAKEN_OVER:
            return taken_over(self._terms.client_id)
        if not self._answered.is_set():
            why = say("{host} closed the connection before it answered.", host=config.host)
            is_refused = config.tls is not None and bool(config.tls.certificate)
            return LinkError(why, is_fault=is_refused, other_version=self._terms.version == "5")
        why = say("The connection with {host} broke.", host=config.host)
        return LinkError(why, was_open=self._subscribed.is_set())

    def close(self, patience_s: float) -> None:
        """End it; before, wait for what is being kept to be acknowledged."""
        end = time.monotonic() + patience_s
        while self._open_acks > 0 and time.monotonic() < end and not self.is_over.is_set():
            time.sleep(SLICE_S)
        self.inbox.close()
        self._client.disconnect()
        self._client.loop_stop()
        self.is_over.set()


def is_here(host: str) -> bool:
    """Return whether a host is this computer."""
    return host in ("localhost", "::1") or host.startswith("127.")


def tls_context(config: MqttConfig) -> ssl.SSLContext:
    """
    Return how the connection is encrypted: at least TLS 1.2, name and certificate checked.

    Raises
    ------
    SourceError
        A file with a certificate or key cannot be read.
    """
    tls = config.tls
    if tls is None:
        return ssl.create_default_context()
    path = tls.ca
    try:
        context = ssl.create_default_context(cafile=tls.ca or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.sslsocket_class = _Closing
        if tls.certificate:
            path = f"{tls.certificate}, {tls.key}"
            secret = tls.key_password.read() if tls.key_password else ""
            context.load_cert_chain(tls.certificate, tls.key, password=secret)
    except (OSError, ValueError) as error:
        template = "The certificate in {path} cannot be read: {reason}."
        hint = "It has to be a PEM file that this user may read."
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(template, hint=hint, path=path, reason=reason) from error
    return context


@dataclass
class Pauses:
    """
    How long until the next try: longer each time, never quite the same.

    A fault that somebody has to mend (a password, a certificate) is tried again as well, more
    seldom: a certificate can be renewed without anybody telling us.
    """

    first_s: float = 1.0
    most_s: float = 60.0
    fault_s: float = 30.0
    most_fault_s: float = 300.0
    tries: int = 0

    def next(self, *, is_fault: bool) -> float:
        """Return seconds to wait before the next try."""
        first, most = (self.fault_s, self.most_fault_s) if is_fault else (self.first_s, self.most_s)
        pause = min(first * 2.0 ** min(self.tries, 30), most)
        self.tries += 1
        return pause * random.uniform(0.8, 1.2)

    def reset(self) -> None:
        """Begin anew, after a connection that held."""
        self.tries = 0
