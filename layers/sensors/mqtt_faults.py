"""Why a broker cannot be reached, does not let us in, or is lost, in sentences."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

from twin.sentences import Sentence, say

if TYPE_CHECKING:
    from paho.mqtt.reasoncodes import ReasonCode

    from layers.sensors.common import State
    from layers.sensors.mqtt_config import MqttConfig

UNKNOWN_VERSION = (1, 132)
WRONG_PASSWORD = (4, 5, 134, 135)
WRONG_CLIENT = (2, 133)
BANNED = 138


class LinkError(Exception):
    """A connection that could not be made or has ended; `is_fault`: waiting alone mends nothing."""

    def __init__(
        self,
        why: Sentence,
        *,
        is_fault: bool = False,
        other_version: bool = False,
        was_open: bool = False,
    ) -> None:
        self.why = why
        self.is_fault = is_fault
        self.other_version = other_version  # the broker may speak another one
        self.was_open = was_open
        super().__init__(str(why))

    @property
    def state(self) -> State:
        """Return the state of the source that follows."""
        return "failed" if self.is_fault else "waiting"


def taken_over(client_id: str) -> LinkError:
    """Return what to say where two programs call themselves the same."""
    why = say(
        "Another program listens under the name {client}: both push each other out. Give one of"
        " them its own client_id.",
        client=client_id,
    )
    return LinkError(why, is_fault=True)


def unsteady(config: MqttConfig, client_id: str) -> LinkError:
    """Return what to say of a connection that is made and at once lost, again and again."""
    why = say(
        "The connection with {host} breaks again and again; perhaps another program listens under"
        " the name {client}. Give one of them its own client_id.",
        host=config.host,
        client=client_id,
    )
    return LinkError(why, is_fault=True)


def refusal(code: ReasonCode, config: MqttConfig, *, version: str, client_id: str) -> LinkError:
    """Return why a broker does not let us in."""
    if code.value in UNKNOWN_VERSION:
        why = say("{host} does not speak MQTT {version}.", host=config.host, version=version)
        return LinkError(why, is_fault=True, other_version=version == "5")
    if code.value in WRONG_PASSWORD:
        why = say("{host} does not take user {user} or the password.", host=config.host,
                  user=config.user or "–")  # fmt: skip
        return LinkError(why, is_fault=True)
    if code.value in WRONG_CLIENT:
        why = say("{host} does not take the name {client}; give another client_id.",
                  host=config.host, client=client_id)  # fmt: skip
        return LinkError(why, is_fault=True)
    why = say("{host} does not let us in: {reason}.", host=config.host, reason=str(code))
    return LinkError(why, is_fault=code.value == BANNED)


def unreachable(error: Exception, config: MqttConfig) -> LinkError:
    """Return why no connection came about."""
    where = f"{config.host}:{config.door}"
    if isinstance(error, ssl.SSLCertVerificationError):
        why = say(
            "The certificate of {where} is not to be trusted: {reason}.",
            where=where,
            reason=_doubt(error),
        )
        return LinkError(why, is_fault=True)
    if isinstance(error, ssl.SSLError):
        why = say(
            "No encrypted connection with {where}: {reason}.",
            where=where,
            reason=error.reason or str(error),
        )
        return LinkError(why, is_fault=True)
    if isinstance(error, socket.gaierror):
        return LinkError(say("There is no computer {host} in the network.", host=config.host))
    return LinkError(say("{where} cannot be reached: {reason}.", where=where, reason=_why(error)))


def _why(error: Exception) -> Sentence | str:
    """Return why a computer cannot be reached."""
    if isinstance(error, ConnectionRefusedError):
        return say("nothing answers at this port")
    if isinstance(error, TimeoutError):
        return say("no answer in time")
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _doubt(error: ssl.SSLCertVerificationError) -> Sentence | str:
    """Return why a certificate is not trusted; the numbers are those of OpenSSL."""
    if error.verify_code == 10:
        return say("it has expired")
    if error.verify_code in (18, 19, 20, 21):
        return say("nobody who is known here has signed it")
    if error.verify_code in (62, 64):
        return say("it was made for another computer")
    return error.verify_message or error.reason or str(error)
